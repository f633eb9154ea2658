//! Hosts whose name servers show a few of many addresses at a time, as a simulation of days and years: no
//! address that is in use leaves, and one that is not leaves in the end.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr};

use netpol::edit::host::{Host, HostName};
use netpol::edit::merge::{Options, Prune, merge};
use netpol::edit::outcome::{DnsAnswer, Outcome, Resolution, Vantage, VantageClass};
use netpol::edit::record::{ENOUGH_SETS, Entry, Key, Minute, Record};
use netpol::model::ips::Family;
use netpol::model::ports::ProtocolPort;

const DAY: u64 = 24 * 60;

/// A small generator of numbers (xorshift64*), the same in each run.
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        usize::try_from(self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33).unwrap() % end
    }
}

/// A name server and how it is asked.
#[derive(Clone, Copy, Debug)]
struct Pool {
    /// How many addresses are in use.
    size: usize,
    /// How many an answer has.
    shown: usize,
    /// How many answers are heard in a run: one of a name server that caches.
    rounds: usize,
    /// After how many minutes the next run is.
    every: u64,
}

fn ip(number: usize) -> IpAddr {
    Ipv4Addr::from_bits(0x0808_0000 + u32::try_from(number).unwrap()).into()
}

/// A host that is refreshed.
struct Simulation {
    pool: Pool,
    dice: Dice,
    record: Record,
    now: u64,
    /// The first address in use: those before are not any more.
    first: usize,
    /// The most sets of addresses that were shown while one in use was missing.
    worst: f64,
}

impl Simulation {
    fn new(pool: Pool, seed: u64) -> Self {
        let host = Host::Name(HostName::try_from("pool.example.com".to_owned()).unwrap());
        let entry = Entry::new(&host);
        let record =
            Record { entries: [(Key { host, ports: [ProtocolPort::tcp(443)].into() }, entry)].into() };
        Self { pool, dice: Dice(seed), record, now: 29_000_000, first: 0, worst: 0.0 }
    }

    fn entry(&self) -> &Entry {
        self.record.entries.values().next().unwrap()
    }

    /// Hears some answers, as the resolver does: until two rounds bring nothing new.
    fn heard(&mut self) -> BTreeSet<IpAddr> {
        let (mut all, mut quiet) = (BTreeSet::new(), 0);
        for _ in 0..self.pool.rounds {
            let before = all.len();
            let mut left: Vec<usize> = (0..self.pool.size).collect();
            for _ in 0..self.pool.shown.min(self.pool.size) {
                let chosen = left.swap_remove(self.dice.below(left.len()));
                all.insert(ip(self.first + chosen));
            }
            quiet = if all.len() > before { 0 } else { quiet + 1 };
            if quiet == 2 {
                break;
            }
        }
        all
    }

    /// Refreshes once, and returns what left although it is in use.
    fn run(&mut self, options: &Options) -> usize {
        self.now += self.pool.every;
        let answer = DnsAnswer::Records(self.heard().into_iter().collect());
        let vantage = Vantage { class: VantageClass::Cluster, server: "10.0.0.1:53".into() };
        let outcomes = vec![Outcome { vantage, family: Family::V4, answer }];
        let host = HostName::try_from("pool.example.com".to_owned()).unwrap();
        // That every round brought something new is not told: what answers show has to be enough.
        let resolution = Resolution { host, outcomes, rotates: false };
        let merged = merge(&self.record, &[resolution], Minute(self.now), options);
        let removed = &merged.changes.values().next().unwrap().removed;
        let used = self.first..self.first + self.pool.size;
        let lost = used.clone().filter(|number| removed.contains(&ip(*number))).count();
        self.record = merged.record;
        let (entry, known) = (self.entry(), self.entry().ips.len() as f64);
        let shown = |number| entry.ips.get(&ip(number)).copied().flatten().map_or(0, |own| own.shown);
        let worst = used.map(shown).max().unwrap_or_default() as f64 / known;
        self.worst = self.worst.max(worst);
        lost
    }

    fn runs(&mut self, days: u64) -> usize {
        let runs = days * DAY / self.pool.every;
        (0..runs).map(|_| self.run(&Options::default())).sum()
    }
}

/// Each pool with the days that it is watched: more than 10,000 together of each way to ask.
fn pools() -> Vec<(Pool, u64)> {
    let mut pools = Vec::new();
    for (size, shown) in
        [(4, 1), (4, 2), (8, 1), (8, 8), (16, 3), (40, 8), (64, 2), (100, 1), (256, 8), (256, 1)]
    {
        let pool = Pool { size, shown, rounds: 8, every: DAY };
        pools.push((pool, if size > 60 { 500 } else { 1_600 }));
        pools.push((Pool { rounds: 1, every: 60, ..pool }, if size > 50 { 10 } else { 50 }));
        pools.push((Pool { rounds: 8, every: 15, ..pool }, if size > 50 { 6 } else { 20 }));
    }
    pools
}

#[test]
fn no_address_in_use_leaves_in_ten_thousand_days() {
    let (mut days_of_all, mut worst) = (0, 0.0_f64);
    for ((pool, days), seed) in pools().into_iter().zip(1..) {
        let mut host = Simulation::new(pool, seed);
        assert_eq!(host.runs(days), 0, "{pool:?}");
        (days_of_all, worst) = (days_of_all + days, worst.max(host.worst));
    }
    assert!(days_of_all > 10_000);
    // By chance, the most that was seen is far from what it takes: each set more is e times as rare.
    assert!(worst < ENOUGH_SETS as f64 * 0.7, "one was missing for {worst:.1} sets");
}

#[test]
fn what_is_not_in_use_any_more_leaves_in_the_end() {
    let pool = Pool { size: 16, shown: 3, rounds: 8, every: 15 };
    let mut host = Simulation::new(pool, 7);
    host.runs(5);
    assert!(host.entry().rotates && host.entry().ips.len() == 16);
    host.first = 8;
    host.runs(2);
    assert_eq!(host.entry().ips.len(), 24, "it stays for three days at least");
    host.runs(3);
    let left: BTreeSet<IpAddr> = host.entry().ips.keys().copied().collect();
    assert_eq!(left, (8..24).map(ip).collect());
}

#[test]
fn prune_now_takes_three_runs_whatever_is_shown() {
    let pool = Pool { size: 4, shown: 4, rounds: 8, every: 15 };
    let mut host = Simulation::new(pool, 7);
    host.record.entries.values_mut().for_each(|entry| entry.rotates = true);
    host.run(&Options::default());
    host.first = 2;
    let now = Options { prune: Prune::Now, ..Options::default() };
    let left: Vec<usize> = (0..4)
        .map(|_| {
            host.run(&now);
            host.entry().ips.len()
        })
        .collect();
    assert_eq!(left, [6, 6, 4, 4]);
}
