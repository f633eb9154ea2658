//! What a name server replies, and what that says about the name.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::time::Duration;

use hickory_resolver::net::{DnsError, NetError, NoRecords};
use hickory_resolver::proto::op::ResponseCode;
use hickory_resolver::proto::rr::{Name, RData, Record, RecordType};

use super::transport::NameResolver;
use crate::edit::host::HostName;
use crate::edit::outcome::DnsAnswer;

/// What one question brought.
pub(crate) struct Reply {
    pub(crate) answer: DnsAnswer,
    /// For how long a cache repeats it.
    pub(crate) lives_for: Option<Duration>,
}

impl Reply {
    /// Says that nothing was learnt.
    pub(crate) fn failure(text: &str) -> Self {
        DnsAnswer::Failure(text.into()).into()
    }
}

impl From<DnsAnswer> for Reply {
    fn from(answer: DnsAnswer) -> Self {
        Self { answer, lives_for: None }
    }
}

/// Asks once for the addresses of a name.
pub(crate) async fn addresses(resolver: &NameResolver, name: &Name, kind: RecordType) -> Reply {
    let error = match resolver.lookup(name.clone(), kind).await {
        Ok(lookup) => return of_records(name, lookup.answers()),
        Err(error) => error,
    };
    let answer = of_error(&error);
    if answer == DnsAnswer::NoData && !is_vouched_for(&error) && has_alias(resolver, name).await {
        return Reply::failure("its CNAME records lead nowhere");
    }
    answer.into()
}

/// Asks once for the hosts and ports that SRV records tell of.
pub(crate) async fn srv(resolver: &NameResolver, name: &Name) -> Result<Vec<(HostName, u16)>, String> {
    let lookup = match resolver.lookup(name.clone(), RecordType::SRV).await {
        Ok(lookup) => lookup,
        Err(error) => {
            return match of_error(&error) {
                DnsAnswer::Failure(text) => Err(text.into()),
                DnsAnswer::NxDomain => Err("the name does not exist".to_owned()),
                DnsAnswer::NoData | DnsAnswer::Records(_) => Err("no such records".to_owned()),
            };
        }
    };
    let target = |record: &Record| match &record.data {
        // No port, or the root as target: the service is not there.
        RData::SRV(srv) if srv.port != 0 => {
            let host = srv.target.to_lowercase().to_ascii();
            let host = HostName::try_from(host.trim_end_matches('.').to_owned());
            host.ok().map(|host| (host, srv.port))
        }
        _ => None,
    };
    Ok(lookup.answers().iter().filter_map(target).collect())
}

/// Takes the addresses of the name and of those that it is an alias of, and no others: whoever answers
/// may add what it likes.
fn of_records(name: &Name, records: &[Record]) -> Reply {
    let mut names = BTreeSet::from([name]);
    // Records of a chain stand in any order: each pass follows it further.
    loop {
        let known = names.len();
        names.extend(
            records
                .iter()
                .filter_map(|record| match &record.data {
                    RData::CNAME(target) if names.contains(&record.name) => Some(&target.0),
                    _ => None,
                })
                .collect::<Vec<_>>(),
        );
        if names.len() == known {
            break;
        }
    }
    let own: Vec<&Record> = records.iter().filter(|record| names.contains(&record.name)).collect();
    let address = |record: &&Record| match &record.data {
        RData::A(ip) => Some(IpAddr::from(ip.0)),
        RData::AAAA(ip) => Some(IpAddr::from(ip.0)),
        _ => None,
    };
    let mut addresses: Vec<IpAddr> = own.iter().filter_map(address).collect();
    addresses.sort_unstable();
    addresses.dedup();
    let shortest = own.iter().map(|record| Duration::from_secs(record.ttl.into())).min();
    let answer = if addresses.is_empty() { DnsAnswer::NoData } else { DnsAnswer::Records(addresses) };
    Reply { answer, lives_for: shortest }
}

/// Says what an error says about the name: mostly nothing.
fn of_error(error: &NetError) -> DnsAnswer {
    let failure = |text: &str| DnsAnswer::Failure(text.into());
    match error {
        NetError::Dns(DnsError::NoRecordsFound(none)) => match none.response_code {
            ResponseCode::NXDomain => DnsAnswer::NxDomain,
            // It sends us to other name servers: it does not resolve names for others.
            ResponseCode::NoError if none.ns.is_some() && none.soa.is_none() => failure("referral"),
            ResponseCode::NoError => DnsAnswer::NoData,
            code => failure(&code_name(code)),
        },
        NetError::Dns(DnsError::ResponseCode(code)) => failure(&code_name(*code)),
        NetError::Timeout => failure("timeout"),
        NetError::Truncated => failure("truncated"),
        NetError::NoConnections => failure("no connection"),
        NetError::Io(error) => failure(&error.kind().to_string()),
        // Its text could repeat what was received.
        _ => failure("unreadable answer"),
    }
}

/// Names a response code as `dig` does.
fn code_name(code: ResponseCode) -> String {
    let name = match code {
        ResponseCode::ServFail => "SERVFAIL",
        ResponseCode::Refused => "REFUSED",
        ResponseCode::FormErr => "FORMERR",
        ResponseCode::NotImp => "NOTIMP",
        ResponseCode::NotAuth => "NOTAUTH",
        code => return format!("response code {}", u16::from(code)),
    };
    name.to_owned()
}

/// Tells whether an empty answer names the zone that it speaks for.
fn is_vouched_for(error: &NetError) -> bool {
    matches!(error, NetError::Dns(DnsError::NoRecordsFound(NoRecords { soa: Some(_), .. })))
}

/// Tells whether the name is an alias. One that ends in a loop, or goes on for too long, looks like
/// one without addresses.
async fn has_alias(resolver: &NameResolver, name: &Name) -> bool {
    let lookup = resolver.lookup(name.clone(), RecordType::CNAME).await;
    lookup
        .is_ok_and(|lookup| lookup.answers().iter().any(|record| matches!(record.data, RData::CNAME(_))))
}
