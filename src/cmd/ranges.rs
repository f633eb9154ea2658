//! The ranges of the cluster, where the user names them.

use clap::Args;
use ipnet::IpNet;

use crate::model::ranges::Ranges;
use crate::model::snapshot::Snapshot;
use crate::policy::cidr::parse_cidr;

/// The flags.
#[derive(Clone, Debug, Args)]
pub(crate) struct RangeFlags {
    /// A range of the cluster in which pods have their addresses: one without an address lies there.
    #[arg(long, global = true, value_name = "CIDR", value_parser = parse)]
    pod_cidr: Vec<IpNet>,
    /// A range of the cluster in which Services have their addresses.
    #[arg(long, global = true, value_name = "CIDR", value_parser = parse)]
    service_cidr: Vec<IpNet>,
}

impl RangeFlags {
    /// Lays what the user says over what was read.
    pub(crate) fn lay_over(&self, snapshot: &mut Snapshot) {
        let set = |own: &[IpNet]| own.iter().copied().collect();
        snapshot.ranges = Ranges { pods: set(&self.pod_cidr), services: set(&self.service_cidr) };
    }
}

fn parse(text: &str) -> Result<IpNet, String> {
    parse_cidr(text).ok_or_else(|| "not a CIDR block such as 10.244.0.0/16".to_owned())
}
