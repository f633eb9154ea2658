//! Replies with bytes that no name server would send: each host ends in time, with an outcome of each family.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::net::IpAddr;
use std::time::{Duration, Instant};

use netpol::dns::patience::Patience;
use netpol::dns::resolve::{Asking, run};
use netpol::dns::session::Session;
use netpol::dns::share::{Share, ShareBounds};
use netpol::edit::host::HostName;
use netpol::edit::outcome::DnsAnswer;
use netpol::model::ips::Family;

use super::server::{NameServer, Reply, alias, service};
use super::{asking, host, nth};

const HOSTS: usize = 400;

fn number(name: &str) -> Option<u64> {
    name.trim_start_matches('h').split('.').next()?.parse().ok()
}

#[test]
fn any_reply_is_read_or_a_failure_in_time() {
    let server = NameServer::start(|question, before| {
        let Some(number) = number(&question.name) else { return Reply::Empty };
        let sound = match number % 4 {
            0 => Reply::Addresses(vec![nth(1), nth(2)]),
            1 => Reply::NoData,
            2 => Reply::Records(vec![
                alias(&question.name, "cdn.example.test"),
                super::server::address("cdn.example.test", nth(3)),
            ]),
            _ => Reply::Records(vec![service(&question.name, "x.example.test", 7)]),
        };
        Reply::Mangled(
            Box::new(sound),
            number * 97 + before as u64 + u64::from(question.name.len() as u32),
        )
    });
    let ms = Duration::from_millis;
    let patience =
        Patience { answer: ms(150), host: ms(600), pause: ms(1), longest_pause: Duration::ZERO };
    let asking = Asking { patience, ..asking(&[server.address]) };
    let (session, share) =
        (Session::new(asking), Share::new(ShareBounds { turns: 16, ..ShareBounds::alone() }));
    let hosts: BTreeSet<HostName> =
        (0..HOSTS).map(|number| host(&format!("h{number}.example.test"))).collect();
    let (begun, mut counts) = (Instant::now(), BTreeMap::<&str, usize>::new());
    let heard = run(session.addresses(&hosts, &share, || {})).expect("name servers");
    assert!(heard.iter().map(|own| &own.host).eq(&hosts));
    for own in &heard {
        let families: BTreeSet<Family> = own.outcomes.iter().map(|outcome| outcome.family).collect();
        assert!(families.into_iter().eq(Family::ALL), "{own:?}");
        for outcome in &own.outcomes {
            let is_of = |ip: &IpAddr| Family::of(*ip) == outcome.family;
            let end = match &outcome.answer {
                DnsAnswer::Records(ips) => {
                    assert!(!ips.is_empty() && ips.iter().all(is_of), "{own:?}");
                    "addresses"
                }
                DnsAnswer::NoData => "no data",
                DnsAnswer::NxDomain => "no such name",
                DnsAnswer::Failure(_) => "failures",
            };
            *counts.entry(end).or_default() += 1;
        }
    }
    // What tests print is kept back; this is not.
    let _ = writeln!(std::io::stderr(), "fuzzing DNS replies: {HOSTS} hosts, {counts:?}");
    assert!(
        counts.len() > 2 && begun.elapsed() < Duration::from_secs(60),
        "{counts:?} {:?}",
        begun.elapsed()
    );
}
