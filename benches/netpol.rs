//! The figures of `docs/performance.md`: time and peak memory of the engine and of the whole process.
//!
//! Each scenario runs in a process of its own, since the kernel counts peak memory per process.
//! Benchmarks report; nothing here fails for being slow.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::indexing_slicing,
    reason = "a benchmark prints, and stops at the first surprise"
)]

mod api_server;
mod generate;
mod refresh;

use std::fs;
use std::hint::black_box;
use std::io::Read;
use std::ops::ControlFlow;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use netpol::diff::joint::JointEnds;
use netpol::diff::network_diff::Diff;
use netpol::diff::sides::Sides;
use netpol::ends::find::find_end;
use netpol::ends::target::Target;
use netpol::engine::class::ClassId;
use netpol::engine::connection::judge;
use netpol::engine::network::Network;
use netpol::engine::row::row;
use netpol::model::ports::{PortSet, Protocol};
use netpol::policy::{self, Direction, Profile};
use netpol::report::reach::{SourceDetail, Sources, SourcesQuery, WhichSources};

/// Runs of each whole-process scenario; the median is told.
const RUNS: usize = 5;

fn main() {
    // Cargo calls benchmarks with --bench; a scenario calls this program with its name. So may a person:
    // `cargo bench -- plans`.
    match std::env::args().nth(1).as_deref() {
        Some("engine") => engine(),
        Some("plans") => refresh::plans(),
        Some("resolves") => refresh::resolves(),
        Some("starves") => refresh::starves(),
        _ => all(),
    }
}

fn all() {
    println!("{}", machine());
    println!("{:<68} {:>12} {:>10}", "what", "time", "peak");
    let own = std::env::current_exe().unwrap();
    for scenario in ["engine", "plans", "resolves", "starves"] {
        let output = Command::new(&own).arg(scenario).output().unwrap();
        print!("{}", String::from_utf8_lossy(&output.stdout));
    }
    let folder = std::env::temp_dir().join(format!("netpol-bench-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    for (policies, what) in [(true, "400 policies"), (false, "no policy")] {
        let file = folder.join("manifests.yaml");
        let manifests = generate::manifests(policies);
        fs::write(&file, &manifests).unwrap();
        let list = |format| process(&["list", "-o", format, "-f", &file.to_string_lossy()]);
        let run = list("json");
        let size = manifests.len() as f64 / 1e6;
        let pairs = run.lines.saturating_sub(2);
        report(
            &format!("list -o json: 3,000 workloads, {what}, {size:.1} MB, {pairs} pairs"),
            run.time,
            run.peak,
        );
        for format in ["md", "dot"].into_iter().filter(|_| policies) {
            let run = list(format);
            report(&format!("list -o {format}: the same {pairs} pairs"), run.time, run.peak);
        }
    }
    trees(&folder.join("tree"));
    fs::remove_dir_all(&folder).unwrap();
    let run = process(&["--help"]);
    report("--help", run.time, run.peak);
    let size = fs::metadata(env!("CARGO_BIN_EXE_kubectl-netpol")).unwrap().len();
    println!("{:<68} {:>9.1} MB", "binary size", size as f64 / 1e6);
}

/// Reads the same policies from a tree of many files and from one file.
fn trees(folder: &Path) {
    let (policies, files) = (3_218, 5_000);
    let tree = generate::tree(policies, files);
    for (name, text) in &tree {
        let path = folder.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    let one = folder.with_extension("yaml");
    fs::write(&one, tree.iter().map(|(_, text)| text.as_str()).collect::<Vec<_>>().join("---\n"))
        .unwrap();
    for (what, path) in
        [("a tree of 5,000 files, 3,218 policies", folder), ("the same in one file", &one)]
    {
        let run =
            process(&["explain", "ns-0/pod/app", "-R", "-o", "json", "-f", &path.to_string_lossy()]);
        report(&format!("explain: {what}"), run.time, run.peak);
    }
}

fn engine() {
    let snapshot = generate::snapshot();
    let rules = policy::translate(&snapshot);
    let start = Instant::now();
    let network = Network::build(&snapshot, Profile::of(&snapshot.plugin), rules);
    let built = start.elapsed();
    for direction in Direction::ALL {
        for subject in network.classes.subjects.ids() {
            black_box(row(&network, Some(subject), direction));
        }
    }
    let (pods, policies) = (snapshot.pods.len(), snapshot.policies.len());
    let size = format!("{pods} pods, {policies} policies, {} namespaces", snapshot.namespaces.len());
    let classes =
        format!("{} classes, {} rules", network.classes.classes.len(), network.rules.rules.len());
    report(&format!("network build: {size}"), built, peak("self"));
    report(
        &format!("network build and all rows, both directions ({classes})"),
        start.elapsed(),
        peak("self"),
    );
    diff(&network);
    let port = PortSet::port(Protocol::Tcp, 8080);
    let classes = network.classes.classes.len();
    let (count, start) = (100_000, Instant::now());
    for number in 0..count {
        let (source, destination) =
            (ClassId::new(number * 7 % classes), ClassId::new(number * 13 % classes));
        black_box(judge(&network, source, destination, &port, None));
    }
    report(
        "one connection on the built network (mean of 100,000)",
        start.elapsed() / count as u32,
        peak("self"),
    );
    who_can_reach(&network);
}

/// Asks for the sources of pods all over the cluster, as text shows them.
fn who_can_reach(network: &Network<'_>) {
    let (count, start) = (100, Instant::now());
    let mut sources = 0;
    for number in 0..count {
        let (_, pod) = network.snapshot.pods.iter().nth(number * 1_499).unwrap();
        let namespace = network.snapshot.namespaces.at(pod.namespace).name.to_string();
        let target = Target::Pod { namespace: Some(namespace), name: pod.name.to_string() };
        let target = find_end(network, &target, "default").unwrap();
        let query = SourcesQuery { target, port: None, only: None, detail: SourceDetail::Ports };
        let found = Sources::find(network, query).unwrap();
        sources += found.totals(WhichSources::All).allow.workloads;
        black_box(found.lines(WhichSources::All));
    }
    let mean = sources / count;
    report(
        &format!("who-can-reach on the built network: {mean} pods (mean of {count})"),
        start.elapsed() / count as u32,
        peak("self"),
    );
}

/// Compares the network with itself less one policy.
fn diff(before: &Network<'_>) {
    let mut snapshot = generate::snapshot();
    assert_eq!(&*snapshot.policies.remove(5).name, "deny-all");
    let after = Network::of(&snapshot);
    let start = Instant::now();
    let networks = Sides { before, after: &after };
    let ends = JointEnds::build(networks);
    let diff = Diff::new(networks, &ends, None);
    let mut changes = 0;
    let _ = diff.each(&mut |_| {
        changes += 1;
        ControlFlow::Continue(())
    });
    report(
        &format!("diff of a policy less on two built networks ({changes} changes)"),
        start.elapsed(),
        peak("self"),
    );
}

struct Run {
    time: Duration,
    peak: Option<u64>,
    lines: usize,
}

/// Runs the binary some times and returns the median time and the largest peak.
fn process(arguments: &[&str]) -> Run {
    let mut runs: Vec<Run> = (0..RUNS).map(|_| run(arguments)).collect();
    runs.sort_by_key(|run| run.time);
    let peak = runs.iter().filter_map(|run| run.peak).max();
    let median = runs.swap_remove(RUNS / 2);
    Run { peak, ..median }
}

fn run(arguments: &[&str]) -> Run {
    let start = Instant::now();
    let mut command = Command::new(env!("CARGO_BIN_EXE_kubectl-netpol"));
    let mut child = command.args(arguments).stdout(Stdio::piped()).spawn().unwrap();
    let pid = child.id().to_string();
    let mut out = child.stdout.take().unwrap();
    let (mut buffer, mut lines, mut seen) = (vec![0; 1 << 16], 0, None);
    loop {
        let count = out.read(&mut buffer).unwrap();
        if count == 0 {
            break;
        }
        // The peak only grows: what is seen last, while the last output is read, is the peak.
        seen = peak(&pid).max(seen);
        lines += buffer.iter().take(count).filter(|byte| **byte == b'\n').count();
    }
    assert!(child.wait().unwrap().success());
    Run { time: start.elapsed(), peak: seen, lines }
}

/// Returns the peak memory of a process in bytes, where the system tells it.
fn peak(pid: &str) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    line.split_whitespace().nth(1)?.parse::<u64>().ok().map(|kib| kib * 1024)
}

fn report(what: &str, time: Duration, peak: Option<u64>) {
    let peak = peak.map_or_else(|| "-".to_owned(), |bytes| format!("{:.0} MB", bytes as f64 / 1e6));
    println!("{what:<68} {:>12} {peak:>10}", format!("{time:.2?}"));
}

fn machine() -> String {
    let info = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = info.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    let model = model.map_or("unknown processor", |(_, name)| name);
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    format!("machine: {model}, {cores} cores, {}", std::env::consts::OS)
}
