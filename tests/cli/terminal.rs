//! Every subcommand in every surrounding: colours, widths, pipes, closed outputs, hostile names.

#![cfg(target_os = "linux")]

use std::process::Command;

use crate::help::subcommands;
use crate::run::{Ended, Folder, SHOP};

/// A pod, a namespace and a policy whose names try to steer a terminal.
const HOSTILE: &str = r#"
apiVersion: v1
kind: Pod
metadata: {name: "a\e[31mred\nline\u202Eback", namespace: "x\e]0;title\a"}
---
apiVersion: v1
kind: Pod
metadata: {name: b, namespace: x}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: "deny\e[0m\nall\u2066", namespace: x}
spec: {podSelector: {}, ingress: [{from: [{podSelector: {}}]}]}
"#;

/// A subcommand, what is asked of the shop, what of the hostile names, and the exit code.
const TABLE: [(&str, &str, &str, i32); 13] = [
    ("explain", "shop/deploy/web --to db/sts/postgres -f shop.yaml", "x/pod/b -f hostile.yaml", 0),
    ("list", "-f shop.yaml", "-f hostile.yaml", 0),
    ("who-can-reach", "shop/deploy/api -f shop.yaml", "x/pod/b --why -f hostile.yaml", 0),
    ("diff", "--base shop.yaml --without shop/netpol/web", "shop.yaml hostile.yaml", 1),
    ("default-deny", "ns/shop -f shop.yaml", "ns/x -f hostile.yaml", 0),
    ("completion", "kubectl", "fish", 0),
    (
        "allow-endpoint",
        "shop/deploy/web --url https://198.41.0.4 --dry-run=client -f shop.yaml",
        "x/pod/b --url https://198.41.0.4 --dry-run=client -f hostile.yaml",
        0,
    ),
    (
        "disallow-endpoint",
        "shop/deploy/web --url https://198.41.0.4 --dry-run=client -f shop.yaml -f allowed.yaml",
        "x/pod/b --url https://198.41.0.4 --dry-run=client -f hostile.yaml",
        0,
    ),
    ("endpoints", "-f endpoints.yaml", "-f hostile.yaml", 0),
    ("version", "--client", "--client", 0),
    // These need a cluster, and say so.
    ("doctor", "", "", 2),
    ("refresh-ips", "", "", 2),
    ("snapshot", "out.json", "out.json", 2),
];

fn folder() -> Folder {
    let folder = Folder::of(&[
        ("shop.yaml", SHOP),
        ("hostile.yaml", HOSTILE),
        ("endpoints.yaml", include_str!("endpoints.yaml")),
    ]);
    let allowed =
        folder.run("allow-endpoint shop/deploy/web --url https://198.41.0.4 -o yaml -f shop.yaml");
    folder.write("allowed.yaml", allowed.out.as_bytes());
    folder
}

/// Runs a line of a shell in the folder; `netpol` is the plugin.
fn shell(folder: &Folder, line: &str) -> Ended {
    let command = folder.command("");
    let plugin = command.get_program().to_owned();
    let mut bash = Command::new("bash");
    bash.args(["-o", "pipefail", "-c", &format!("netpol() {{ \"$PLUGIN\" \"$@\"; }}\n{line}")]);
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => bash.env(name, value),
            None => bash.env_remove(name),
        };
    }
    let output = bash.env("PLUGIN", plugin).current_dir(folder.path()).output().unwrap();
    Ended::from(output)
}

/// Runs a line on a terminal of so many columns, and returns what it shows.
fn on_terminal(folder: &Folder, columns: usize, environment: &str, arguments: &str) -> String {
    let line = format!("stty rows 24 cols {columns}; {environment} \"$PLUGIN\" {arguments}");
    let ended = shell(folder, &format!("script -qec '{line}' /dev/null </dev/null"));
    ended.out.replace("\r\n", "\n")
}

#[test]
fn every_subcommand_is_in_the_table() {
    let mut known: Vec<&str> = TABLE.iter().map(|(own, ..)| *own).collect();
    let mut all = subcommands();
    known.sort_unstable();
    all.sort_unstable();
    assert_eq!(all, known);
}

#[test]
fn every_subcommand_keeps_to_its_surroundings() {
    let folder = folder();
    for (own, shop, hostile, code) in TABLE {
        let question = format!("{own} {shop}");
        let plain = shell(&folder, &format!("netpol {question}"));
        assert_eq!(plain.code, Some(code), "{question}: {}", plain.err);
        assert_eq!(plain.out.is_empty(), code == 2, "{question}");
        assert!(!plain.out.contains('\u{1b}') && !plain.err.contains('\u{1b}'), "{question}");

        // Only a terminal that has colours, and whose user wants them, is sent any.
        for environment in ["NO_COLOR=1 TERM=xterm", "TERM=dumb"] {
            let shown = on_terminal(&folder, 80, environment, &question);
            assert!(!shown.contains('\u{1b}'), "{question} with {environment}: {shown:?}");
        }
        let coloured = on_terminal(&folder, 80, "TERM=xterm", &question).contains('\u{1b}');
        let has_colours =
            !matches!(own, "completion" | "version" | "doctor" | "snapshot" | "refresh-ips");
        assert_eq!(coloured, has_colours, "{question}");

        // A narrow terminal breaks lines, at blanks.
        if own != "completion" {
            for line in on_terminal(&folder, 40, "TERM=dumb", &question).lines() {
                let fits = line.chars().count() <= 40 || line.split_whitespace().count() == 1;
                // Manifests are the same bytes for every reader.
                let words: Vec<&str> = line.split_whitespace().collect();
                let is_manifest = line.starts_with('#') || (words.len() == 2 && words[0].ends_with(':'));
                assert!(fits || code == 2 || is_manifest, "{question}: {line}");
            }
        }

        // Readers and outputs that go away are no failure, and a disk that is full is one.
        for line in [format!("netpol {question} | head -0"), format!("netpol {question} >&- 2>&-")] {
            let ended = shell(&folder, &line);
            assert_eq!(ended.code, Some(code), "{line}: {}", ended.err);
        }
        if code != 2 {
            let ended = shell(&folder, &format!("netpol {question} >/dev/full"));
            assert_eq!((ended.code, ended.err.lines().last().is_some()), (Some(2), true), "{question}");
        }

        // Names that steer a terminal are shown, not obeyed.
        let ended = shell(&folder, &format!("netpol {own} {hostile}"));
        let is_obeyed = |c: &char| (c.is_control() && *c != '\n') || "\u{202e}\u{2066}".contains(*c);
        let shown = format!("{}{}", ended.out, ended.err);
        assert_eq!(shown.chars().find(is_obeyed), None, "{own} {hostile}: {shown:?}");
    }
}
