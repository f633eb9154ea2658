//! How answers look: widths, colours, hostile names, closed pipes, help.

use std::io::Read;
use std::process::Stdio;

use netpol::ends::find::find_end;
use netpol::ends::target;
use netpol::ends::units::Level;
use netpol::engine::network::Network;
use netpol::explain::connection;
use netpol::files::manifests::{self, ReadOptions};
use netpol::render::answer::Answer;
use netpol::render::look::Look;
use netpol::report::list::List;
use netpol::report::query::ListQuery;
use netpol::report::subject;
use serde_json::Value;

use crate::run::{Folder, items};

const QUESTIONS: [&str; 13] = [
    "explain shop/deploy/api --to db/sts/postgres --port 5432",
    "explain shop/deploy/web --to db/sts/postgres --port 5432",
    "explain shop/deploy/web --to 203.0.113.9:443",
    "explain shop/deploy/web --to internet",
    "explain monitoring/ds/agent --to db/sts/postgres:9187",
    "explain node/node-1 --to shop/deploy/web",
    "explain shop/deploy/web",
    "explain db/sts/postgres",
    "list",
    "who-can-reach shop/deploy/api",
    "who-can-reach ns/shop --why",
    "who-can-reach internet:443",
    "who-can-reach db/sts/postgres:5432 --expect only=ns/shop",
];

/// A pod whose name, labels and port name try to steer a terminal.
const HOSTILE: &str = r#"
apiVersion: v1
kind: Pod
metadata: {name: "a\e[31mred\nline\u202Eback\u200Bzero\u0085next", namespace: "x\e]0;title\a"}
spec: {containers: [{name: c, ports: [{name: "p\e[2J\nq", containerPort: 80}]}]}
---
apiVersion: v1
kind: Pod
metadata: {name: b, namespace: x}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: "deny\e[0m\nall\u2066", namespace: x}
spec: {podSelector: {}, ingress: [{from: [{podSelector: {}}], ports: [{port: 81}]}]}
"#;

#[test]
fn no_line_of_text_is_wider_than_80_columns_without_a_terminal() {
    let folder = Folder::shop();
    for question in QUESTIONS {
        narrow(&folder.run(&format!("{question} -f shop.yaml")).out, 80, question);
    }
    for help in [
        "--help",
        "-h",
        "explain --help",
        "explain -h",
        "list --help",
        "list -h",
        "refresh-ips --help",
        "refresh-ips -h",
        "who-can-reach --help",
        "who-can-reach -h",
    ] {
        // The parser leaves blanks on empty lines of its help.
        let lines: Vec<String> =
            folder.run(help).out.lines().map(|line| line.trim_end().to_owned()).collect();
        narrow(&lines.join("\n"), 80, help);
    }
}

#[test]
fn text_fits_the_width_that_it_is_given() {
    let folder = Folder::shop();
    let path = folder.path().join("shop.yaml").to_string_lossy().into_owned();
    let options = ReadOptions::of("default");
    let snapshot = manifests::read(&[path], options).unwrap().assemble();
    let network = Network::of(&snapshot);
    let end = |word: &str| find_end(&network, &target::parse(word).unwrap().target, "default").unwrap();
    for width in [40, 60, 80, 120] {
        let look = Look { width, cuts: true, wide: false, headers: true };
        let mut out = Vec::new();
        for (from, to) in [("shop/deploy/web", "db/sts/postgres"), ("shop/deploy/web", "internet")] {
            let answer = connection::explain(&network, &end(from), &end(to), None).unwrap();
            answer.text(&mut out, look).unwrap();
        }
        subject::explain(&network, &end("shop/deploy/web")).text(&mut out, look).unwrap();
        let query = ListQuery {
            level: Level::Workloads,
            direction: None,
            from: None,
            to: None,
            port: None,
            namespace: None,
        };
        List::new(&network, query).text(&mut out, look).unwrap();
        // The paths of a temporary folder are words of any length.
        let text = String::from_utf8(out).unwrap().replace(&*folder.path().to_string_lossy(), "");
        narrow(&text, width, "the library");
    }
}

/// Refuses lines that are wider than allowed, unless they are one word.
fn narrow(text: &str, width: usize, what: &str) {
    for line in text.lines() {
        let words = line.split_whitespace().count();
        assert!(line.chars().count() <= width || words == 1, "{what}: wider than {width}: {line}");
        assert_eq!(line, line.trim_end(), "{what}: blanks at the end");
    }
}

#[test]
fn without_a_terminal_there_is_no_colour_and_a_flag_turns_it_on() {
    let folder = Folder::shop();
    for question in QUESTIONS {
        let question = format!("{question} -f shop.yaml");
        let plain = folder.run(&question).out;
        assert!(!plain.contains('\u{1b}'), "{question}");
        assert_eq!(folder.run(&format!("{question} --color never")).out, plain);
        let coloured = folder.run(&format!("{question} --color always")).out;
        assert_eq!(without_colours(&coloured), plain, "{question}");
        assert!(coloured.contains('\u{1b}'), "{question} has no colour");
        for (name, value) in [("NO_COLOR", "1"), ("TERM", "dumb"), ("CLICOLOR_FORCE", "1")] {
            let output = folder.command(&question).env(name, value).output().unwrap();
            assert_eq!(String::from_utf8(output.stdout).unwrap(), plain, "{question} with {name}");
        }
        for format in ["json", "yaml"] {
            let data = folder.run(&format!("{question} --color always -o {format}")).out;
            assert!(!data.contains('\u{1b}'), "{question} -o {format} is coloured");
        }
    }
}

/// Removes `ESC [ … m`.
fn without_colours(text: &str) -> String {
    let mut parts = text.split('\u{1b}');
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |kept, part| kept + part.split_once('m').unwrap().1)
}

#[test]
fn hostile_names_are_escaped_in_text_and_exact_in_data() {
    let folder = Folder::of(&[("f.yaml", HOSTILE)]);
    let pod = items(&folder.json("list -f f.yaml")["connections"])
        .iter()
        .find_map(|row| row["source"]["name"].as_str().filter(|name| name.starts_with("a\u{1b}")))
        .map(str::to_owned);
    assert_eq!(pod.as_deref(), Some("a\u{1b}[31mred\nline\u{202e}back\u{200b}zero\u{85}next"));
    for question in [
        "list -f f.yaml",
        "list --pods -o wide -f f.yaml",
        "explain x/pod/b -f f.yaml",
        "list -f f.yaml -o md",
        "list -f f.yaml -o dot",
        "list -f f.yaml -o mermaid",
        "list --pods -f f.yaml -o csv",
        "who-can-reach x/pod/b --why -f f.yaml",
        "who-can-reach x/pod/b --why -f f.yaml -o md",
        "who-can-reach internet -f f.yaml -o csv",
        "explain ns/x --to internet -f f.yaml",
        "explain x/pod/b --from internet -f f.yaml",
    ] {
        let ended = folder.run(question);
        assert_eq!(ended.code, Some(0), "{question}: {}", ended.err);
        // Records of csv end so.
        harmless(&ended.out.replace("\r\n", "\n"), question);
        harmless(&ended.err, question);
    }
}

/// A name with marks of direction, a control of eight bits, DEL, and a character beyond four digits.
const UNSEEN: &str = "m\u{61c}\u{9b}\u{7f}\u{202e}\u{2066}\u{ad}\u{e0041}n";

#[test]
fn what_steers_or_is_not_seen_is_escaped_in_every_format_and_exact_in_data() {
    let name = r#""m\u061c\u009b\u007f\u202e\u2066\u00ad\U000e0041n""#;
    let text = format!(
        "{{apiVersion: v1, kind: Pod, metadata: {{name: {name}, namespace: x}}}}\n---\n{HOSTILE}"
    );
    let folder = Folder::of(&[("f.yaml", &text)]);
    let unseen = |tail: &str| format!(r"m\u061c\u009b\u007f\u202e\u2066\u00ad{tail}n");
    // A document is written at once, or field by field and row by row; in one it is the policy's name.
    let policy = || [r"\nall\u2066"; 2].map(str::to_owned);
    let pod = || [unseen(r"\udb40\udc41"), unseen(r"\U000e0041")];
    for (question, [in_json, in_yaml], exact) in [
        ("list --pods -f f.yaml", pod(), UNSEEN),
        ("who-can-reach x/pod/b --why -f f.yaml", pod(), UNSEEN),
        ("diff --base f.yaml --without x/pod/b", pod(), UNSEEN),
        ("explain x/pod/b -f f.yaml", policy(), "all\u{2066}"),
        ("explain x/pod/b --from ns/x -f f.yaml", policy(), "all\u{2066}"),
    ] {
        let answer = |format: &str| folder.run(&format!("{question} -o {format}")).out;
        let [json, yaml] = [answer("json"), answer("yaml")];
        harmless(&json, question);
        harmless(&yaml, question);
        assert!(json.contains(&in_json), "{json}");
        assert!(yaml.contains(&in_yaml), "{yaml}");
        let json: Value = serde_json::from_str(&json).unwrap();
        assert!(json.to_string().contains(exact), "{question}");
        let yaml: Value = serde_saphyr::from_str(&yaml).unwrap();
        assert_eq!(json, yaml, "{question}");
        for format in ["wide", "md", "csv", "dot", "mermaid"] {
            let ended = folder.run(&format!("{question} -o {format}"));
            harmless(&ended.out.replace("\r\n", "\n"), question);
            harmless(&ended.err, question);
        }
    }
}

#[test]
fn hostile_names_in_changes_are_escaped_in_every_format() {
    let folder = Folder::of(&[("f.yaml", HOSTILE)]);
    for format in ["", "-o wide", "-o md", "-o csv", "-o dot", "-o mermaid"] {
        let question = format!("diff --base f.yaml --without x/pod/b {format}");
        let ended = folder.run(&question);
        assert_eq!(ended.code, Some(1), "{question}: {}", ended.err);
        // Whatever the format writes before the `n`, the line is not broken.
        assert!(
            ended.out.contains("nline") && ended.out.contains("31mred"),
            "{question}: {}",
            ended.out
        );
        harmless(&ended.out.replace("\r\n", "\n"), &question);
        harmless(&ended.err, &question);
    }
}

#[test]
fn hostile_text_in_an_error_is_escaped_and_stays_on_its_line() {
    let label = "apiVersion: v1\nkind: Pod\nmetadata: {name: \"p\\e[31m\\nerror: forged\", labels: {app: \"a\\e[2J\\nb\\u202E\"}}\n";
    let folder = Folder::of(&[
        ("label.yaml", label),
        ("f.yaml", HOSTILE),
        ("key.yaml", "\"a\\e[31m\": 1\n\"a\\e[31m\": 2\n"),
    ]);
    for (question, lines) in [
        ("list -f label.yaml", 1),
        ("explain x/pod/bb -f f.yaml", 1),
        ("explain ns/x] -f f.yaml", 1),
        ("list -f key.yaml", 1),
    ] {
        let ended = folder.run(question);
        assert_eq!(
            (ended.code, ended.err.lines().count()),
            (Some(2), lines),
            "{question}: {}",
            ended.err
        );
        harmless(&ended.err, question);
    }
}

#[test]
fn a_hostile_port_name_is_escaped_where_names_are_suggested() {
    let text = "apiVersion: v1\nkind: Pod\nmetadata: {name: a, namespace: x}\n\
                spec: {containers: [{name: c, ports: [{name: \"p\\e[2J\\nq\", containerPort: 80}]}]}\n";
    let ended =
        Folder::of(&[("f.yaml", text)]).run("explain internet --to x/pod/a --port http -f f.yaml");
    assert_eq!((ended.code, ended.err.lines().count()), (Some(2), 1), "{}", ended.err);
    harmless(&ended.err, "port names");
}

fn harmless(text: &str, what: &str) {
    let hostile = |c: &char| {
        (c.is_control() && *c != '\n') || "\u{202e}\u{200b}\u{2066}\u{61c}\u{ad}\u{e0041}".contains(*c)
    };
    assert_eq!(text.chars().find(hostile), None, "{what}: {text:?}");
    assert!(
        !text.lines().any(|line| line.starts_with("line") || line.starts_with("all")),
        "{what}: {text}"
    );
}

#[test]
fn a_reader_that_goes_away_is_success() {
    let folder = Folder::shop();
    for question in QUESTIONS
        .iter()
        .flat_map(|own| ["", "-o wide", "-o json", "-o yaml"].map(|o| format!("{own} -f shop.yaml {o}")))
        .chain(["md", "dot", "mermaid"].map(|o| format!("list -f shop.yaml -o {o}")))
        .chain(["--help".to_owned(), "explain --help".to_owned()])
    {
        let mut command = folder.command(&question);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        drop(child.stdout.take());
        let mut err = String::new();
        child.stderr.take().unwrap().read_to_string(&mut err).unwrap();
        assert_eq!((child.wait().unwrap().code(), &*err), (Some(0), ""), "{question}");
    }
}

#[test]
fn an_unknown_output_format_is_told_in_kubectls_words() {
    for (command, format, allowed) in [
        ("list", "tree", "csv,dot,json,md,mermaid,wide,yaml"),
        ("list", "", "csv,dot,json,md,mermaid,wide,yaml"),
        ("explain a", "csv", "json,wide,yaml"),
        ("explain a --to b", "dot", "json,wide,yaml"),
        ("explain a", "JSON", "json,wide,yaml"),
        ("who-can-reach a", "svg", "csv,dot,json,md,mermaid,wide,yaml"),
    ] {
        let ended = Folder::of(&[]).run(&format!("{command} --output={format}"));
        let expected = format!(
            "error: unable to match a printer suitable for the output format {format:?}, allowed formats are: {allowed}\n"
        );
        assert_eq!((ended.code, ended.err), (Some(2), expected));
    }
}

#[test]
fn a_typo_on_the_command_line_is_answered_with_a_suggestion() {
    for (arguments, suggestion) in [
        ("lst", "'list'"),
        ("explian deploy/web", "'explain'"),
        ("list --colour never", "'--color'"),
        ("list --al-namespaces", "'--all-namespaces'"),
        ("list --direction ingres", "'ingress'"),
        ("explain a --to b --expect alow", "'allow'"),
    ] {
        let ended = Folder::of(&[]).run(arguments);
        assert_eq!(ended.code, Some(2), "{arguments}");
        let tip = ended.err.lines().find(|line| line.contains("tip: a similar")).unwrap_or_default();
        assert!(tip.contains(suggestion), "{arguments}: {}", ended.err);
    }
}
