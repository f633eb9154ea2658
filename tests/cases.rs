//! Cases as data: every folder of `tests/cases` holds manifests and an `expect.txt` of questions.
//!
//! Each question is asked through the library and through the binary, which must agree; then the
//! answer is held against the expectation. `CONTRIBUTING.md` describes the lines of `expect.txt`.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test stops at what it did not expect"
)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use netpol::ends::find::find_end;
use netpol::ends::target;
use netpol::engine::network::Network;
use netpol::explain::connection;
use netpol::files::manifests::{self, ReadOptions};
use netpol::fix::proposal::{self, ConnectionQuestion};
use netpol::report::subject;
use serde_json::Value;

#[test]
fn every_case_is_answered_as_expected_by_the_library_and_by_the_binary() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
    let mut folders: Vec<PathBuf> =
        fs::read_dir(root).unwrap().map(|entry| entry.unwrap().path()).collect();
    folders.sort();
    let (mut questions, mut wrong) = (0, Vec::new());
    for folder in &folders {
        for question in questions_of(folder) {
            questions += 1;
            if let Err(problem) = check(folder, &question) {
                let name = folder.file_name().unwrap().to_string_lossy();
                wrong.push(format!("{name}: {question}\n    {problem}"));
            }
        }
    }
    assert!(folders.len() > 50 && questions > 400, "only {questions} questions were found");
    assert!(wrong.is_empty(), "{} of {questions} wrong:\n{}", wrong.len(), wrong.join("\n"));
}

fn questions_of(folder: &Path) -> Vec<String> {
    let text = fs::read_to_string(folder.join("expect.txt")).unwrap();
    let lines = text.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "));
    lines.filter(|line| !line.is_empty() && !line.starts_with('#')).collect()
}

fn check(folder: &Path, question: &str) -> Result<(), String> {
    let (what, rest) = question.split_once(' ').unwrap();
    match what {
        "allow" | "deny" | "partial" | "depends" => {
            let answer = explain(folder, rest);
            expect(answer["verdict"] == what, || format!("is {}", answer["verdict"]))
        }
        "fix" => {
            let (fix, connection) = rest.split_once(" : ").unwrap();
            let fix: Vec<&str> = fix.split(' ').collect();
            let answer = explain(folder, connection);
            let (opens, places) = fix.split_last().unwrap();
            let place = |change: &Value| {
                let text = |key: &str| change[key].as_str().unwrap_or_default().to_owned();
                format!("{}/{}", text("namespace"), text("name"))
            };
            let found: Vec<String> = list(&answer["fix"]["changes"]).iter().map(place).collect();
            let holds = found == *places && answer["fix"]["opens"] == opens.parse::<u64>().unwrap();
            expect(holds, || format!("is {} {}", answer["fix"], answer["noFix"]))
        }
        "no-fix" => {
            let answer = explain(folder, rest);
            let holds = answer["fix"].is_null() && !answer["noFix"].is_null();
            expect(holds, || format!("is {}", answer["fix"]))
        }
        "finding" | "no-finding" => {
            let (id, asked) = rest.split_once(' ').unwrap();
            let answer =
                if asked.contains(" -> ") { explain(folder, asked) } else { ask(folder, &[asked]) };
            let found = list(&answer["findings"]).iter().any(|finding| finding["id"] == id);
            expect(found == (what == "finding"), || format!("findings are {}", answer["findings"]))
        }
        "caveat" | "no-caveat" => {
            let (part, connection) = rest.split_once(' ').unwrap();
            let answer = explain(folder, connection);
            let part = part.replace('_', " ");
            let says = |caveat: &Value| caveat.as_str().unwrap().contains(&part);
            let found = list(&answer["caveats"]).iter().any(says);
            expect(found == (what == "caveat"), || format!("caveats are {}", answer["caveats"]))
        }
        "way" => {
            let [way, verdict, at, target, subject] = words(rest);
            let holds = |port: &Value| {
                port["verdict"] == *verdict
                    && port["target"] == *target
                    && list(&port["at"]).iter().any(|own| *own == *at)
            };
            in_a_way(folder, (&way, &subject), &|own| list(&own["ports"]).iter().any(holds))
        }
        "no-way" => {
            let [way, subject] = words(rest);
            let found = in_a_way(folder, (&way, &subject), &|_| true);
            if found.is_ok() { Err("is there".to_owned()) } else { Ok(()) }
        }
        "from" | "reached" | "through" => {
            let [way, wanted, subject] = words(rest);
            in_a_way(folder, (&way, &subject), &|own| {
                let proxies = list(&own["proxies"]).iter();
                let name = |key| move |proxy: &Value| proxy[key].as_str().unwrap().to_owned();
                let mut proxies =
                    proxies.map(|own| format!("{}/{}", name("namespace")(own), name("name")(own)));
                match what {
                    "from" => list(&own["sources"]["cidrs"]).iter().any(|cidr| *cidr == *wanted),
                    "through" => proxies.any(|proxy| proxy == wanted),
                    _ => [&own["addresses"], &own["hosts"]]
                        .into_iter()
                        .flat_map(list)
                        .any(|place| *place == *wanted),
                }
            })
        }
        "leads" => {
            let (ports, connection) = rest.split_once(" : ").unwrap();
            let [port, target] = words(ports);
            let answer = explain(folder, connection);
            let leads = |own: &Value| own["port"] == *port && own["target"] == *target;
            let groups = list(&answer["groups"]);
            let mut led = groups.iter().flat_map(|group| list(&group["servicePorts"]));
            expect(led.any(leads), || format!("groups are {}", answer["groups"]))
        }
        "behind" => {
            let (members, connection) = rest.split_once(" : ").unwrap();
            let (verdict, members) = members.split_once(' ').unwrap();
            let answer = explain(folder, connection);
            let named = |group: &Value| {
                let end = &group["destination"];
                let all =
                    ["pods", "ips", "families", "cidrs"].into_iter().flat_map(|key| list(&end[key]));
                group["verdict"] == *verdict
                    && all.collect::<Vec<_>>() == members.split(' ').collect::<Vec<_>>()
            };
            let found = list(&answer["groups"]).iter().any(named);
            expect(found, || format!("groups are {}", answer["groups"]))
        }
        "opens" | "opens-not" => {
            let (opened, subject) = rest.split_once(" : ").unwrap();
            let [half, kind, name, port] = words(opened);
            let answer = ask(folder, &[subject]);
            let is_it = |row: &Value| {
                let peer = &row["peer"];
                let named =
                    peer["name"] == *name || list(&peer["cidrs"]).iter().any(|own| *own == *name);
                peer["kind"] == *kind && named && list(&row["ports"]).iter().any(|own| *own == *port)
            };
            let found = list(&answer[&half]["allows"]).iter().any(is_it);
            expect(found == (what == "opens"), || format!("allows are {}", answer[&half]["allows"]))
        }
        "decides" => {
            let (place, connection) = rest.split_once(" : ").unwrap();
            let [half, policy, path] = words(place);
            let answer = explain(folder, connection);
            let decides = |group: &Value| is_rule(&group[&half]["decidedBy"], &policy, &path);
            expect(list(&answer["groups"]).iter().any(decides), || {
                format!("{half} is {}", halves(&answer, &half))
            })
        }
        "miss" | "no-miss" | "service-port" => {
            let field = if what == "service-port" { "servicePort" } else { "clause" };
            let (place, connection) = rest.split_once(" : ").unwrap();
            let [half, policy, path, clause] = words(place);
            let answer = explain(folder, connection);
            let rules = |group: &Value| -> Vec<Value> {
                let tiers = list(&group[&half]["tiers"]).iter();
                tiers.flat_map(|tier| list(&tier["rules"]).to_vec()).collect()
            };
            let missed = |rule: &Value| {
                is_rule(rule, &policy, &path)
                    && list(&rule["misses"]).iter().any(|miss| miss[field] == *clause)
            };
            let found = list(&answer["groups"]).iter().any(|group| rules(group).iter().any(missed));
            expect(found == (what != "no-miss"), || format!("{half} is {}", halves(&answer, &half)))
        }
        other => panic!("unknown expectation `{other}`"),
    }
}

/// Looks for a way in to a subject of which something holds.
fn in_a_way(
    folder: &Path,
    (way, subject): (&str, &str),
    holds: &dyn Fn(&Value) -> bool,
) -> Result<(), String> {
    let answer = ask(folder, &[subject]);
    let found = list(&answer["exposures"]).iter().any(|own| own["way"] == *way && holds(own));
    expect(found, || format!("exposures are {}", answer["exposures"]))
}

fn expect(holds: bool, instead: impl Fn() -> String) -> Result<(), String> {
    if holds { Ok(()) } else { Err(instead()) }
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[][..], Vec::as_slice)
}

fn words<const N: usize>(text: &str) -> [String; N] {
    text.split(' ').map(str::to_owned).collect::<Vec<_>>().try_into().unwrap()
}

fn halves(answer: &Value, half: &str) -> String {
    list(&answer["groups"])
        .iter()
        .map(|group| group[half].to_string())
        .collect::<Vec<_>>()
        .join("\n    ")
}

fn is_rule(rule: &Value, policy: &str, path: &str) -> bool {
    let text = |key: &str| rule[key].as_str().unwrap_or_default().to_owned();
    format!("{}/{}", text("namespace"), text("name")) == policy && text("path") == path
}

/// Asks `SOURCE -> DESTINATION [PORT]`.
fn explain(folder: &Path, connection: &str) -> Value {
    let (source, rest) = connection.split_once(" -> ").unwrap();
    match rest.split_once(' ') {
        None => ask(folder, &[source, "--to", rest]),
        Some((destination, port)) => ask(folder, &[source, "--to", destination, "--port", port]),
    }
}

/// Asks the library and the binary, and returns the answer they agree on.
fn ask(folder: &Path, arguments: &[&str]) -> Value {
    let by_library = ask_library(folder, arguments);
    let by_binary = ask_binary(folder, arguments);
    assert_eq!(by_library, by_binary, "library and binary differ for {arguments:?}");
    by_library
}

fn ask_library(folder: &Path, arguments: &[&str]) -> Value {
    let options = ReadOptions::of("default");
    let objects = manifests::read(&[folder.to_string_lossy().into_owned()], options).unwrap();
    let snapshot = objects.assemble();
    let network = Network::of(&snapshot);
    let end = |word: &str| find_end(&network, &target::parse(word).unwrap().target, "default").unwrap();
    match arguments {
        [subject] => serde_json::to_value(subject::explain(&network, &end(subject))).unwrap(),
        [source, "--to", destination, port @ ..] => {
            let port = port.last().map(|port| target::parse_port(port).unwrap());
            let answer = connection::explain(&network, &end(source), &end(destination), port.as_ref());
            let mut answer = answer.unwrap();
            let target = |word: &str| target::parse(word).unwrap().target;
            let (source, destination) = (&target(source), &target(destination));
            let question =
                ConnectionQuestion { source, destination, port: port.as_ref(), namespace: "default" };
            match proposal::propose(&network, question) {
                Ok(fix) => answer.fix = fix,
                Err(reason) => answer.no_fix = Some(reason),
            }
            serde_json::to_value(answer).unwrap()
        }
        _ => panic!("not a question: {arguments:?}"),
    }
}

fn ask_binary(folder: &Path, arguments: &[&str]) -> Value {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kubectl-netpol"));
    let output =
        command.arg("explain").args(arguments).args(["-o", "json", "-f"]).arg(folder).output().unwrap();
    let problem = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{}: {arguments:?}: {problem}", folder.display());
    serde_json::from_slice(&output.stdout).unwrap()
}
