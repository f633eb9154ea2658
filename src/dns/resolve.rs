//! Asks name servers for the addresses of hosts, as often as it takes to hear of all.
//!
//! Absolute names only: a pod's search list must not lead to another host. IPv4 and IPv6 are asked for
//! by themselves, since one that fails must not hide the other. A name server that hands out a few of
//! many addresses is asked until two rounds bring nothing new.

use std::collections::BTreeSet;
use std::net::IpAddr;

use futures_util::future::{join, join_all};
use hickory_resolver::proto::rr::{Name, RecordType};
use tokio::time::{Instant, sleep, timeout, timeout_at};

use crate::dns::patience::Patience;

pub use super::name_servers::{DnsPods, NameServers, ResolveError, is_in_pod};
use super::name_servers::{NameServer, ReachableServers};
use super::reply as dns_reply;
use super::reply::Reply;
use super::share::Share;
use crate::edit::host::HostName;
use crate::edit::outcome::{DnsAnswer, Outcome, Resolution};
use crate::edit::record::MOST_ADDRESSES;
use crate::model::ips::Family;

/// How often a name server is asked for one family of one host at most.
const MOST_ROUNDS: u32 = 8;
/// Addresses of one family that are heard of one host: as many are more than a policy follows.
const MOST_HEARD: usize = 2 * MOST_ADDRESSES;
/// After so many rounds without anything new, all is heard.
const QUIET_ROUNDS: u32 = 2;

/// Whom to ask, for what, and how long to wait.
#[derive(Clone, Debug)]
pub struct Asking {
    /// The name servers; every one is asked.
    pub servers: NameServers,
    /// The families that the cluster has.
    pub families: Vec<Family>,
    /// How long to wait.
    pub patience: Patience,
}

/// The hosts and ports that SRV records tell of, ascending.
pub type Targets = BTreeSet<(HostName, u16)>;

/// Runs questions to their end.
///
/// # Errors
/// What they say.
pub fn run<T>(questions: impl Future<Output = Result<T, ResolveError>>) -> Result<T, ResolveError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.map_err(|error| ResolveError::Failed(error.to_string()))?.block_on(questions)
}

/// Asks every name server for what SRV records tell of.
pub(crate) async fn targets(name: &HostName, servers: &[NameServer]) -> Result<Targets, ResolveError> {
    let absolute = absolute(name);
    let replies = join_all(servers.iter().map(|server| dns_reply::srv(&server.resolver, &absolute)));
    let mut said = "no such records".to_owned();
    let mut found = BTreeSet::new();
    for reply in replies.await {
        match reply {
            Ok(targets) => found.extend(targets),
            Err(failure) => said = failure,
        }
    }
    if found.is_empty() { Err(ResolveError::Srv(name.to_string(), said)) } else { Ok(found) }
}

fn absolute(name: &HostName) -> Name {
    // A host name is checked when it is made.
    let mut absolute = Name::from_ascii(name.as_str()).unwrap_or_default();
    absolute.set_fqdn(true);
    absolute
}

/// Asks for a host, and tells whether name servers that are asked beside know none of its addresses.
pub(crate) async fn resolve_both(
    host: &HostName,
    opened: &ReachableServers,
    asking: &Asking,
    share: &Share,
) -> (Resolution, bool) {
    let beside = async {
        let servers = if opened.gave_up.get() { &[] } else { &*opened.beside };
        // A comparison is not worth a long wait.
        let answers = timeout(asking.patience.answer, resolve_one(host, servers, asking, share)).await;
        opened.gave_up.set(opened.gave_up.get() || answers.is_err());
        answers.ok()
    };
    let (mut resolved, beside) = join(resolve_one(host, &opened.servers, asking, share), beside).await;
    let addresses = |resolved: &Resolution| resolved.addresses().collect::<BTreeSet<_>>();
    let (own, other) = (addresses(&resolved), beside.as_ref().map_or(BTreeSet::new(), addresses));
    let is_apart = !own.is_empty() && !other.is_empty() && own.is_disjoint(&other);
    for (vantage, why) in &opened.unheard {
        resolved.outcomes.extend(asking.families.iter().map(|family| Outcome {
            vantage: vantage.clone(),
            family: *family,
            answer: DnsAnswer::Failure(why.clone()),
        }));
    }
    (resolved, is_apart)
}

async fn resolve_one(
    host: &HostName,
    servers: &[NameServer],
    asking: &Asking,
    share: &Share,
) -> Resolution {
    let name = absolute(host);
    let end = Instant::now() + asking.patience.host;
    let questions = servers.iter().flat_map(|server| {
        let name = &name;
        asking.families.iter().map(move |family| async move {
            let question = Asked { server, name, family: *family };
            (question, question.ask(&asking.patience, end, share).await)
        })
    });
    let heard = join_all(questions).await;
    let rotates = heard.iter().any(|(_, heard)| heard.rotates());
    let outcomes = |(question, heard): (Asked<'_>, Heard)| {
        let (vantage, family) = (question.server.vantage.clone(), question.family);
        let each = heard.answers().into_iter();
        each.map(move |answer| Outcome { vantage: vantage.clone(), family, answer })
    };
    let outcomes = heard.into_iter().flat_map(outcomes).collect();
    Resolution { host: host.clone(), outcomes, rotates }
}

/// What one name server is asked.
#[derive(Clone, Copy)]
struct Asked<'a> {
    server: &'a NameServer,
    name: &'a Name,
    family: Family,
}

impl Asked<'_> {
    /// Asks in rounds, one after the other: a resolver takes the same question at the same time for one.
    async fn ask(self, patience: &Patience, end: Instant, share: &Share) -> Heard {
        let mut heard = Heard::default();
        loop {
            let reply = timeout_at(end, self.ask_once()).await;
            let reply = reply.unwrap_or_else(|_| Reply::failure("timeout"));
            let pause = reply.lives_for.filter(|time| *time <= patience.longest_pause);
            let pause = pause.unwrap_or_default().max(patience.pause);
            heard.take(reply);
            let is_given_up = heard.failing > 0 && !heard.is_all() && !share.retries();
            if heard.is_all() || is_given_up || Instant::now() + pause >= end {
                return heard;
            }
            sleep(pause).await;
        }
    }

    async fn ask_once(self) -> Reply {
        let kind = match self.family {
            Family::V4 => RecordType::A,
            Family::V6 => RecordType::AAAA,
        };
        let _turn = self.server.turns.acquire().await;
        if let Some(why) = self.server.refused() {
            return Reply::failure(&why);
        }
        let reply = dns_reply::addresses(&self.server.resolver, self.name, kind).await;
        match (&reply.answer, self.server.refused()) {
            (DnsAnswer::Failure(_), Some(why)) => Reply::failure(&why),
            _ => reply,
        }
    }
}

/// What was heard in some rounds.
#[derive(Default)]
struct Heard {
    addresses: BTreeSet<IpAddr>,
    /// The best of what was said instead of addresses.
    instead: Option<DnsAnswer>,
    rounds: u32,
    /// How many of the last answers brought nothing new.
    quiet: u32,
    /// How many of the last rounds failed.
    failing: u32,
}

impl Heard {
    fn take(&mut self, reply: Reply) {
        let known = self.addresses.len();
        self.rounds += 1;
        let failed = matches!(reply.answer, DnsAnswer::Failure(_));
        match reply.answer {
            DnsAnswer::Records(addresses) => {
                let room = MOST_HEARD - known;
                let new: Vec<IpAddr> =
                    addresses.into_iter().filter(|ip| !self.addresses.contains(ip)).collect();
                self.addresses.extend(new.into_iter().take(room));
            }
            other if weight(&other) > self.instead.as_ref().map_or(0, weight) => {
                self.instead = Some(other);
            }
            _ => {}
        }
        let brings = self.addresses.len() > known;
        (self.quiet, self.failing) = match (failed, brings) {
            (true, _) => (self.quiet, self.failing + 1),
            (false, true) => (0, 0),
            (false, false) => (self.quiet + 1, 0),
        };
    }

    fn is_all(&self) -> bool {
        self.quiet >= QUIET_ROUNDS
            || self.failing >= QUIET_ROUNDS
            || self.rounds >= MOST_ROUNDS
            || self.is_full()
    }

    fn is_full(&self) -> bool {
        self.addresses.len() >= MOST_HEARD
    }

    fn rotates(&self) -> bool {
        self.rounds >= MOST_ROUNDS && self.quiet == 0
    }

    /// Returns the addresses, and the failure that kept further ones from being heard.
    fn answers(self) -> Vec<DnsAnswer> {
        if self.addresses.is_empty() {
            return vec![self.instead.unwrap_or(DnsAnswer::NoData)];
        }
        let is_cut_short = self.quiet < QUIET_ROUNDS && (self.failing > 0 || self.rounds < MOST_ROUNDS);
        let is_cut_short = is_cut_short || self.is_full();
        let failure = match self.instead {
            _ if self.is_full() => DnsAnswer::Failure("too many addresses".into()),
            Some(failure @ DnsAnswer::Failure(_)) => failure,
            _ => DnsAnswer::Failure("timeout".into()),
        };
        let found = DnsAnswer::Records(self.addresses.into_iter().collect());
        [found].into_iter().chain(is_cut_short.then_some(failure)).collect()
    }
}

/// Orders what is said instead of addresses: a failure leaves all open, and a name that was there once
/// exists.
const fn weight(answer: &DnsAnswer) -> u8 {
    match answer {
        DnsAnswer::Records(_) => 0,
        DnsAnswer::NxDomain => 1,
        DnsAnswer::NoData => 2,
        DnsAnswer::Failure(_) => 3,
    }
}
