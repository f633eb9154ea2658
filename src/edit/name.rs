//! Names and labels of the objects that are written.

use super::record::{Key, Record};

/// The label of every object that has rules of ours: the hash of their hosts and ports.
pub const ENDPOINT: &str = "kubectl-netpol/endpoint";

/// The longest name of an object that may become a label (RFC 1123).
const LONGEST: usize = 63;

/// Returns the hash of hosts and ports, in ten digits of base 16.
pub fn hash(record: &Record) -> String {
    digits(fnv(&describe(record.entries.keys())))
}

/// Returns the name of the policy of a workload (`Deployment/web`; nothing for a whole namespace) and
/// its endpoints: `netpol-ep-api-example-com-0123456789`.
pub fn of_policy<'a>(workload: &str, endpoints: impl Iterator<Item = &'a Key> + Clone) -> String {
    let hash = digits(fnv(&format!("{workload}\n{}", describe(endpoints.clone()))));
    let first = endpoints.map(|key| key.host.to_string()).next().unwrap_or_default();
    named("netpol-ep-", &first, &hash)
}

/// Returns the name of a policy of a workload for something else: `netpol-dns-web-0123456789`.
pub fn of_purpose(purpose: &str, workload: &str) -> String {
    let (_, name) = workload.rsplit_once('/').unwrap_or(("", workload));
    named(&format!("netpol-{purpose}-"), name, &digits(fnv(workload)))
}

/// Joins a prefix, what fits of a name, and a hash.
fn named(prefix: &str, name: &str, hash: &str) -> String {
    let legal = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' };
    let room = LONGEST.saturating_sub(prefix.len() + hash.len() + 1);
    // The service and protocol of SRV records say less than the host behind them.
    let labels: Vec<&str> = name.split('.').filter(|label| !label.starts_with('_')).collect();
    let slug: String = labels.join("-").chars().map(legal).take(room).collect();
    match slug.trim_matches('-') {
        "" => format!("{prefix}{hash}"),
        slug => format!("{prefix}{slug}-{hash}"),
    }
}

fn describe<'a>(keys: impl Iterator<Item = &'a Key>) -> String {
    let ports = |key: &Key| key.ports.iter().map(ToString::to_string).collect::<Vec<_>>().join(",");
    keys.map(|key| format!("{} {}\n", key.host, ports(key))).collect()
}

fn digits(hash: u64) -> String {
    format!("{:010x}", hash >> 24)
}

/// The hash function FNV-1a: the same in every version, as names must be; secrets do not depend on it.
fn fnv(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}
