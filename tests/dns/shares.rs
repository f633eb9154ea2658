//! Several namespaces ask the same name servers in one run: none of them keeps the others waiting.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use futures_util::future::{join, join_all};
use hickory_proto::op::ResponseCode;
use netpol::dns::resolve::run;
use netpol::dns::session::Session;
use netpol::dns::share::{Share, ShareBounds};
use netpol::edit::host::HostName;

use super::server::{NameServer, Reply, Transport};
use super::{asking, host, ip, nth};

const NEVER: &str = "never.test";

/// Names of somebody who wants others to wait.
fn hostile(count: usize) -> BTreeSet<HostName> {
    (0..count).map(|number| host(&format!("h{number}.{NEVER}"))).collect()
}

fn bounds() -> ShareBounds {
    ShareBounds { turns: 8, names: 1_000, retries: 0, time: Some(Duration::from_secs(60)) }
}

/// Starts a name server that never answers for hostile names.
fn server() -> NameServer {
    NameServer::start(|question, _| match question.name.ends_with(NEVER) {
        true => Reply::Silence,
        false => Reply::Addresses(vec![nth(1)]),
    })
}

#[test]
fn ten_thousand_names_that_never_answer_keep_nobody_waiting() {
    let server = server();
    let session = Session::new(asking(&[server.address]));
    let bounds = ShareBounds { time: Some(Duration::from_secs(4)), ..bounds() };
    let names = hostile(10_000);
    let begun = Instant::now();
    let (done, share) = (std::cell::Cell::new(0), Share::new(bounds));
    let bad = async {
        let heard = session.addresses(&names, &share, || {}).await?;
        assert_eq!(done.get(), 20, "the others were heard before");
        assert_eq!(heard.len() + share.unasked(), names.len());
        Ok(())
    };
    let good = join_all((0..20).map(|number| {
        let (session, done) = (&session, &done);
        async move {
            let names: BTreeSet<HostName> =
                (0..10).map(|own| host(&format!("h{own}.n{number}.example.test"))).collect();
            let heard = session.addresses(&names, &Share::new(bounds), || {}).await?;
            assert!(heard.len() == 10 && heard.iter().all(|own| own.addresses().eq([nth(1)])));
            done.set(done.get() + 1);
            Ok(())
        }
    }));
    let ended = run(async {
        let (bad, good) = join(bad, good).await;
        good.into_iter().chain([bad]).collect::<Result<(), _>>()
    });
    ended.expect("name servers");
    assert!(begun.elapsed() < Duration::from_secs(20), "{:?}", begun.elapsed());
}

#[test]
fn a_share_has_so_many_names_and_what_is_left_out_is_counted() {
    let server = NameServer::start(|_, _| Reply::Addresses(vec![nth(1)]));
    let session = Session::new(asking(&[server.address]));
    let share = Share::new(ShareBounds { names: 30, retries: 9, ..bounds() });
    let heard = run(session.addresses(&hostile(40), &share, || {})).expect("name servers");
    assert_eq!((heard.len(), share.unasked()), (30, 10));
    // What was heard is known to everybody, whatever is left to them.
    let names = heard.iter().map(|own| own.host.clone()).collect();
    let none = Share::new(ShareBounds { names: 0, ..bounds() });
    assert_eq!(run(session.addresses(&names, &none, || {})).expect("name servers"), heard);
    let srv = BTreeSet::from([host("_m._tcp.example.test")]);
    let found = run(session.services(&srv, &none)).expect("name servers");
    let told = found.values().filter_map(|own| Some(own.as_ref().err()?.to_string()));
    let text = "the SRV records of _m._tcp.example.test cannot be had: not asked in this run";
    assert_eq!((told.collect::<Vec<_>>(), none.unasked()), (vec![text.to_owned()], 1));
}

#[test]
fn what_fails_is_asked_again_as_often_as_the_share_has_retries() {
    let server = NameServer::start(|_, _| Reply::Code(ResponseCode::ServFail));
    let asked = |retries| {
        let session = Session::new(asking(&[server.address]));
        let share = Share::new(ShareBounds { retries, turns: 1, ..bounds() });
        let before = |name| server.asked(name, Transport::Udp) + server.asked(name, Transport::Tcp);
        let names = ["a.never.test", "b.never.test"];
        let then = names.map(before);
        run(session.addresses(&names.map(host).into(), &share, || {})).expect("name servers");
        [before(names[0]) - then[0], before(names[1]) - then[1]]
    };
    // Two families, each once, and twice where it may be.
    let [first, other] = asked(0);
    assert_eq!(asked(2), [first * 2, other]);
    assert_eq!(asked(9), [first * 2, other * 2]);
}

#[test]
fn a_name_that_tells_of_any_number_of_addresses_takes_no_more_memory_than_others() {
    let server = NameServer::start(|_, before| {
        let all = (0..600).map(|number| nth(before * 600 + number));
        Reply::Addresses(all.chain([ip("2001:db8::1")]).collect())
    });
    let session = Session::new(asking(&[server.address]));
    let share = Share::new(bounds());
    let heard = run(session.addresses(&hostile(1), &share, || {})).expect("name servers");
    let counts: Vec<usize> = heard.iter().map(|own| own.addresses().count()).collect();
    assert_eq!(counts, [513]);
    // They are not all there are, so that none leaves for not being among them.
    assert!(
        heard[0]
            .outcomes
            .iter()
            .any(|own| own.failure().is_some_and(|why| why.ends_with("too many addresses")))
    );
}
