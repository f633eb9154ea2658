//! What `-o dot` prints is taken by Graphviz itself, which shows every name as it is.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test stops at what it did not expect"
)]

use std::collections::BTreeSet;
use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, ExitCode, Output, Stdio};

use libtest_mimic::{Arguments, Completion, Failed, Trial};
use serde_json::{Value, json};

/// Names that mean something to Graphviz, its HTML or its record labels.
const HOSTILE: [&str; 14] = [
    "a\"b",
    "a\\",
    "a\\\"b",
    "a\\N\\G",
    "a&b",
    "a&lt;b",
    "a&#60;b",
    "<b>a</b>",
    "a]; x -> y [label=\"z",
    "{a|b}",
    "// a",
    "/* a",
    "ünï",
    "graph",
];

const NAMESPACE: &str = "x\"}]; y -> z; \\G &amp;";

/// The questions, each with the names that its drawing must show.
const QUESTIONS: [(&str, &[&str]); 8] = [
    ("list -f hostile.json", &["pod/{name}", "ns/{namespace}", "all pods"]),
    ("list --pods -f hostile.json", &["pod/{name}", "ns/{namespace}"]),
    ("list -f shop.yaml", &["deploy/web", "ns/shop"]),
    ("who-can-reach whole/pod/a -f hostile.json", &["pod/{name}", "ns/{namespace}"]),
    ("who-can-reach ns/shop -f ways.yaml", &["load balancer shop/svc/web", "ns/infra"]),
    ("diff --base hostile.json -f closed.json", &["pod/{name}", "ns/{namespace}", "removed: any"]),
    ("diff --base shop.yaml --without shop/netpol/web", &["deploy/web", "ns/shop"]),
    ("diff hostile.json hostile.json", &["No connection changes were found; see the gaps."]),
];

fn main() -> ExitCode {
    let trials = vec![
        trial("every_drawing_is_taken_and_shows_names_as_they_are", drawings),
        trial("a_broken_drawing_is_refused", broken),
        Trial::test("every_subcommand_that_draws_is_asked", || {
            every_subcommand();
            Ok(())
        }),
    ];
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}

/// Makes a trial of a test that needs Graphviz; under `CI=true` it must be there.
fn trial(name: &str, test: fn()) -> Trial {
    Trial::ignorable_test(name, move || {
        if Command::new("dot").arg("-V").stderr(Stdio::null()).status().is_ok() {
            test();
            return Ok(Completion::Completed);
        }
        let missing = "Graphviz's dot is not installed";
        match std::env::var("CI").is_ok_and(|ci| ci == "true") {
            true => Err(Failed::from(format!("not ignored, as CI=true: {missing}"))),
            false => Ok(Completion::ignored_with(missing)),
        }
    })
}

fn object(version: &str, kind: &str, [namespace, name]: [&str; 2], role: &str) -> Value {
    let metadata = json!({"name": name, "namespace": namespace, "labels": {"role": role}});
    json!({"apiVersion": version, "kind": kind, "metadata": metadata})
}

/// A namespace of hostile pods that only one pod may talk to, one that may talk to nobody, and a
/// namespace that is whole. Few edges, as Graphviz itself fails at times to lay out many.
fn hostile() -> Vec<Value> {
    let pod = |name, role| object("v1", "Pod", [NAMESPACE, name], role);
    let mut objects: Vec<Value> = HOSTILE.iter().map(|name| pod(name, "hostile")).collect();
    objects.extend([pod("open", "open"), pod("alone", "alone")]);
    objects.extend(["a", "b", "c"].map(|name| object("v1", "Pod", ["whole", name], "any")));
    for (role, spec) in [
        (
            "hostile",
            json!({"ingress": [{"from": [{"podSelector": {"matchLabels": {"role": "open"}}}]}]}),
        ),
        ("alone", json!({"policyTypes": ["Ingress", "Egress"]})),
    ] {
        let mut policy = object("networking.k8s.io/v1", "NetworkPolicy", [NAMESPACE, role], "any");
        policy["spec"] = spec;
        policy["spec"]["podSelector"] = json!({"matchLabels": {"role": role}});
        objects.push(policy);
    }
    objects.push(object("cilium.io/v2", "CiliumNetworkPolicy", ["other", "any"], "any"));
    objects
}

/// Lets the hostile pods talk to nobody either.
fn closed() -> Vec<Value> {
    HOSTILE.iter().map(|name| object("v1", "Pod", [NAMESPACE, name], "alone")).collect()
}

fn drawings() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
    let list =
        |items: Vec<Value>| json!({"apiVersion": "v1", "kind": "List", "items": items}).to_string();
    write("hostile.json", &list(hostile()));
    write("closed.json", &list(closed()));
    write("shop.yaml", include_str!("cli/shop.yaml"));
    write("ways.yaml", include_str!("cli/ways.yaml"));
    for (question, names) in QUESTIONS {
        let output = netpol(folder.path(), &format!("{question} -o dot"));
        let drawing = String::from_utf8(output.stdout).unwrap();
        assert!(drawing.contains("digraph"), "{question}: {}", String::from_utf8_lossy(&output.stderr));
        let canonical = dot("-Tcanon", &drawing);
        let told = String::from_utf8_lossy(&canonical.stderr).into_owned();
        assert!(canonical.status.success() && told.is_empty(), "{question}: {told}\n{drawing}");

        let drawn = dot("-Tsvg", &drawing);
        let told = String::from_utf8_lossy(&drawn.stderr).into_owned();
        assert!(drawn.status.success(), "{question}: {told}\n{drawing}");
        let shown = texts(&String::from_utf8(drawn.stdout).unwrap());
        for wanted in names.iter().flat_map(|name| named(name)) {
            assert!(shown.contains(&wanted), "{question}: {wanted} is not in {shown:?}\n{drawing}");
        }
        // An edge that a name smuggled in would have an end that is no number.
        let ends = shown.iter().filter(|text| ["x", "y", "z"].contains(&&***text)).count();
        assert_eq!(ends, 0, "{question}: {shown:?}");
    }
}

/// Puts every hostile name into a text that has a place for it.
fn named(text: &str) -> Vec<String> {
    if !text.contains("{name}") {
        return vec![text.replace("{namespace}", NAMESPACE)];
    }
    HOSTILE.iter().map(|name| text.replace("{name}", name)).collect()
}

fn netpol(folder: &Path, arguments: &str) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kubectl-netpol"));
    command.args(arguments.split_whitespace()).current_dir(folder);
    command.env("KUBECONFIG", folder.join("none")).env("HOME", folder).output().unwrap()
}

fn dot(format: &str, drawing: &str) -> Output {
    let mut command = Command::new("dot");
    command.arg(format).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    let drawing = drawing.to_owned();
    let writer = std::thread::spawn(move || input.write_all(drawing.as_bytes()).unwrap());
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    output
}

/// Reads the texts of an SVG back, as a viewer shows them.
fn texts(svg: &str) -> BTreeSet<String> {
    let inner = svg.split("<text ").skip(1).filter_map(|rest| rest.split_once('>'));
    let inner = inner.filter_map(|(_, rest)| rest.split_once("</text>"));
    let entities = [
        ("&#160;", " "),
        ("&#45;", "-"),
        ("&#39;", "'"),
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&quot;", "\""),
        ("&amp;", "&"),
    ];
    let read = |text: &str| {
        entities.iter().fold(text.to_owned(), |text, (entity, own)| text.replace(entity, own))
    };
    inner.map(|(text, _)| read(text)).collect()
}

/// Graphviz tells of what it cannot read, so that the other trial can fail.
fn broken() {
    for drawing in ["digraph { a [label=\"b\"c\"]; }", "digraph { a [label=\"&nothing;\"]; "] {
        let output = dot("-Tcanon", drawing);
        assert!(!output.status.success() && !output.stderr.is_empty(), "{drawing}");
    }
}

fn every_subcommand() {
    let folder = tempfile::tempdir().unwrap();
    let complete = |words: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_kubectl-netpol"));
        let output = command.arg("__complete").args(words).current_dir(folder.path()).output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        let words = text.lines().filter(|line| !line.starts_with(':'));
        words.map(|line| line.split('\t').next().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let draws = |own: &String| complete(&[own, "-o", ""]).contains(&"dot".to_owned());
    let drawing: BTreeSet<String> = complete(&[""]).into_iter().filter(draws).collect();
    let asked = QUESTIONS.map(|(question, _)| question.split(' ').next().unwrap().to_owned());
    assert_eq!(drawing, BTreeSet::from(asked), "QUESTIONS has one of each");
}
