//! What there is to say of where the cluster's DNS is.

use crate::answer::caveat::Caveat;
use crate::model::snapshot::Snapshot;
use crate::world::servers::{self, DNS_LABEL, SYSTEM, dns_claimants};
use crate::world::services::title;

/// Says that the cluster's DNS was not found, and where it was looked for.
pub fn unknown_dns() -> String {
    let (key, value) = DNS_LABEL;
    format!(
        "no DNS server was found (no Service of {SYSTEM} selects {key}={value}, no pod there has that \
         label)"
    )
}

/// Says which Service the user named as the cluster's DNS.
pub fn named_dns(snapshot: &Snapshot) -> Option<Caveat> {
    servers::named_dns(snapshot).map(Caveat::NamedDns)
}

/// Says which Services look like the cluster's DNS and are not taken for it.
pub fn dns_claims(snapshot: &Snapshot) -> impl Iterator<Item = Caveat> {
    dns_claimants(snapshot).map(|service| Caveat::DnsClaimant(title(snapshot, service).into()))
}
