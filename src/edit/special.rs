//! Which addresses may be opened: the public ones, and what was consented to.
//!
//! Asked of every address at every refresh, since whoever holds a name chooses its addresses.

use std::collections::BTreeSet;
use std::net::IpAddr;

use crate::model::ips::IpSet;
use crate::model::special::{AddressClass, class_of, embedded};

/// The classes of addresses that were consented to for a host, beyond public ones.
pub type Consent = BTreeSet<AddressClass>;

/// How an address came here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AddressSource {
    /// The user typed it, which is consent to a private one.
    Literal,
    /// A name server gave it for a host without recorded addresses.
    FirstAnswer,
    /// A name server gave it for a host whose recorded addresses are as was consented to.
    LaterAnswer,
}

/// Why an address is not opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// It is the cluster's own.
    #[error("it is an address of this cluster: allow the Service or workload that has it")]
    Cluster,
    /// It is private, and nobody consented.
    #[error("it is private: --allow-private opens it")]
    Private,
    /// It is private, and the host was public before.
    #[error("it is private, and the host was public until now, as with DNS rebinding")]
    Rebound,
    /// It is of a class that the record consents to, and the user does not in this run.
    #[error("it is {0}: the record consents to that, and this run does not; {flag} does", flag = flag(*.0))]
    Unconfirmed(AddressClass),
    /// It is for something else than hosts.
    #[error("it is {0} space: --allow-special {0} opens it")]
    Special(AddressClass),
}

/// Tells whether an address may be opened; `own` are the addresses of the cluster itself.
///
/// # Errors
/// Why it may not.
pub fn check(ip: IpAddr, source: AddressSource, consent: &Consent, own: &IpSet) -> Result<(), Refusal> {
    if own.contains(embedded(ip).map_or(ip, IpAddr::V4)) {
        return Err(Refusal::Cluster);
    }
    match (class_of(ip), source) {
        (None, _) | (Some(AddressClass::Private), AddressSource::Literal) => Ok(()),
        (Some(class), _) if consent.contains(&class) => Ok(()),
        (Some(AddressClass::Private), AddressSource::FirstAnswer) => Err(Refusal::Private),
        (Some(AddressClass::Private), AddressSource::LaterAnswer) => Err(Refusal::Rebound),
        (Some(class), _) => Err(Refusal::Special(class)),
    }
}

/// Returns the flag that consents to a class.
pub fn flag(class: AddressClass) -> String {
    match class {
        AddressClass::Private => "--allow-private".to_owned(),
        class => format!("--allow-special {class}"),
    }
}
