//! What completes on TAB: the scripts in `completions/`, and what kubectl is told.

use std::fs;
use std::net::TcpListener;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use crate::run::{Ended, Folder};

const SCRIPTS: [(&str, &str); 5] = [
    ("bash", "kubectl-netpol.bash"),
    ("zsh", "_kubectl-netpol"),
    ("fish", "kubectl-netpol.fish"),
    ("powershell", "_kubectl-netpol.ps1"),
    ("kubectl", "kubectl_complete-netpol"),
];

#[test]
fn the_scripts_in_completions_are_what_the_binary_prints() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("completions");
    let update = std::env::var_os("UPDATE_COMPLETIONS").is_some_and(|value| value == "1");
    for (shell, name) in SCRIPTS {
        let ended = Folder::of(&[]).run(&format!("completion {shell}"));
        assert_eq!((ended.code, &*ended.err), (Some(0), ""), "{shell}");
        if update {
            fs::create_dir_all(&root).unwrap();
            fs::write(root.join(name), &ended.out).unwrap();
        }
        let kept = fs::read_to_string(root.join(name)).unwrap_or_default();
        // The texts are long, and their difference says nothing here.
        assert!(kept == ended.out, "completions/{name}: UPDATE_COMPLETIONS=1 writes it anew");
    }
    assert_eq!(fs::read_dir(&root).unwrap().count(), SCRIPTS.len(), "a script is of no shell");
}

#[test]
fn an_unknown_shell_is_refused_with_those_that_are_known() {
    let ended = Folder::of(&[]).run("completion tcsh");
    assert_eq!((ended.code, &*ended.out), (Some(2), ""));
    let known = "[possible values: kubectl, bash, zsh, fish, powershell]";
    assert!(ended.err.contains("'tcsh'") && ended.err.contains(known), "{}", ended.err);
    assert_eq!(Folder::of(&[]).run("completion").code, Some(2));
}

/// Completes a line about the shop; a blank at its end begins a new word.
fn complete(folder: &Folder, line: &str) -> Ended {
    let mut command = folder.command("__complete");
    command.args(line.split(' '));
    patiently(&mut command)
}

/// Asks again where nothing is offered: on a busy machine, the time that completion may take can be over
/// before it has read anything.
fn patiently(command: &mut Command) -> Ended {
    let mut ended = Ended::from(command.output().unwrap());
    for _ in 0..3 {
        if ended.out.lines().count() > 1 {
            break;
        }
        ended = Ended::from(command.output().unwrap());
    }
    ended
}

/// Returns the words, and the hints of the last line.
fn words(folder: &Folder, line: &str) -> (Vec<String>, String) {
    let ended = complete(folder, line);
    assert_eq!((ended.code, &*ended.err), (Some(0), ""), "{line}");
    let mut lines: Vec<&str> = ended.out.lines().collect();
    let hints = lines.pop().unwrap().to_owned();
    let word = |line: &&str| line.split('\t').next().unwrap().to_owned();
    (lines.iter().map(word).collect(), hints)
}

#[test]
fn a_word_goes_on_with_what_may_stand_there() {
    let folder = Folder::shop();
    for (line, expected, hints) in [
        ("exp", &["explain"][..], ":4"),
        ("help who", &["who-can-reach"], ":4"),
        ("-n shop sna", &["snapshot"], ":4"),
        ("explain --t", &["--to", "--token", "--tls-server-name"], ":4"),
        ("explain --to a --t", &["--token", "--tls-server-name"], ":4"),
        ("explain --filename a --f", &["--from", "--fix-only", "--filename"], ":4"),
        ("list -o ", &["csv", "dot", "json", "md", "mermaid", "wide", "yaml"], ":4"),
        ("list --output=m", &["md", "mermaid"], ":4"),
        ("diff -o ", &["csv", "dot", "json", "md", "mermaid", "wide", "yaml"], ":4"),
        ("explain -o ", &["json", "wide", "yaml"], ":4"),
        ("default-deny -o ", &["json", "yaml"], ":4"),
        ("snapshot -o ", &[], ":4"),
        ("list --direction ", &["egress", "ingress"], ":4"),
        ("explain a --cni ci", &["cilium"], ":4"),
        ("completion ", &["kubectl", "bash", "zsh", "fish", "powershell"], ":4"),
        ("list -f ", &[], ":0"),
        ("snapshot ", &[], ":0"),
        ("diff old.yaml ", &[], ":0"),
        ("list surplus", &[], ":4"),
        ("list --nothing ", &[], ":4"),
        ("explain i -f shop.yaml --to int", &["internet"], ":4"),
        ("explain -f shop.yaml -n shop web-", &["web-7d4b9-abcde", "web-7d4b9-fghij"], ":4"),
        ("explain -f shop.yaml dep", &["deploy/"], ":6"),
        ("explain -f shop.yaml deployments", &["deployments/"], ":6"),
        ("explain -f shop.yaml mon", &["monitoring/"], ":6"),
        ("explain -f shop.yaml db/st", &["db/sts/"], ":6"),
        ("list -f shop.yaml --to=db/st", &["db/sts/"], ":4"),
        ("explain -f shop.yaml db/sts/", &["db/sts/postgres"], ":4"),
        ("explain -f shop.yaml -n shop deploy/", &["deploy/api", "deploy/web"], ":4"),
        ("explain -f shop.yaml -n shop deploy w", &["web"], ":4"),
        ("explain -f shop.yaml ns/", &["ns/db", "ns/monitoring", "ns/shop"], ":4"),
        ("explain -f shop.yaml ns/nobody/", &[], ":4"),
        ("who-can-reach -f shop.yaml db/sts/postgres:p", &["db/sts/postgres:postgres"], ":4"),
        ("who-can-reach -f shop.yaml db/sts/postgres:5", &["db/sts/postgres:5432"], ":4"),
        ("explain a -f shop.yaml --to db/sts/postgres --port 5", &["5432"], ":4"),
        ("who-can-reach sts postgres -n db -f shop.yaml --port 5", &["5432"], ":4"),
        ("default-deny -f shop.yaml ", &["ns/db", "ns/monitoring", "ns/shop"], ":4"),
        ("list -f shop.yaml -n ", &["db", "monitoring", "shop"], ":4"),
        ("list -f shop.yaml --without db/netpol/all", &["db/netpol/allow-api"], ":4"),
        ("list -f shop.yaml -n db --without netpol/allow-a", &["netpol/allow-api"], ":4"),
        ("allow-endpoint deploy/web -f shop.yaml -n db --into al", &["allow-api"], ":4"),
        ("allow-endpoint deploy/web --allow-special link", &["link-local"], ":4"),
        ("allow-endpoint deploy/web --resolver ", &["auto", "system"], ":4"),
        ("allow-endpoint deploy/web --dry-run ", &["none", "client", "server"], ":4"),
        ("disallow-endpoint deploy/web --dry-run ", &["none", "client", "server"], ":4"),
        ("disallow-endpoint -f shop.yaml -n shop deploy/we", &["deploy/web"], ":4"),
        ("refresh-ips -f shop.yaml -n shop we", &["web", "web-canary"], ":4"),
        ("diff --base shop.yaml --without db/net", &["db/netpol/"], ":6"),
        // Standard input is the user's terminal, and a file that is wrong is told on another day.
        ("list -f - -n s", &[], ":4"),
        ("list -f nowhere.yaml -n s", &[], ":4"),
        ("explain -f shop.yaml a\u{7f}b/", &[], ":4"),
    ] {
        let (found, told) = words(&folder, line);
        let expected: Vec<String> = expected.iter().map(|&word| word.to_owned()).collect();
        assert_eq!((found, &*told), (expected, hints), "{line:?}");
    }
    let (all, _) = words(&folder, "");
    assert!(all.contains(&"explain".to_owned()) && all.contains(&"help".to_owned()), "{all:?}");
    assert!(all.iter().all(|word| !word.starts_with('-')), "flags are offered unasked: {all:?}");
}

#[test]
fn every_subcommand_and_every_flag_is_offered_with_its_description() {
    let folder = Folder::of(&[]);
    let subcommands = words(&folder, "").0;
    assert!(subcommands.len() >= 10, "{subcommands:?}");
    for own in &subcommands {
        for line in [own.clone(), format!("{own} -")] {
            let ended = complete(&folder, &line);
            let lines = ended.out.lines().filter(|line| !line.starts_with(':'));
            for line in lines {
                let about = line.split_once('\t').map_or("", |(_, about)| about);
                assert!(!about.is_empty() && !about.ends_with('.'), "{line:?}");
            }
        }
        if own != "help" {
            assert!(
                words(&folder, &format!("{own} --n")).0.contains(&"--namespace".to_owned()),
                "{own}"
            );
        }
    }
}

#[test]
fn names_that_a_shell_would_act_on_are_not_offered() {
    let pod = |name: &str| {
        let name = serde_json::Value::from(name);
        format!("apiVersion: v1\nkind: Pod\nmetadata: {{name: {name}}}\n")
    };
    let hostile = ["a$(touch x)", "a`b`", "a b", "a\tb", "a\nb", "a;b", "a\u{1b}[31m", "a'b", "a*"];
    let texts: Vec<String> = hostile.iter().chain(&["a-good.one"]).map(|name| pod(name)).collect();
    let folder = Folder::of(&[("f.yaml", &texts.join("---\n"))]);
    assert_eq!(complete(&folder, "explain -f f.yaml pod/").out, "pod/a-good.one\tpod\n:4\n");
}

#[test]
fn contexts_are_those_of_the_kubeconfig() {
    let text =
        "{contexts: [{name: arn:aws:eks:eu-1:1:cluster/a, context: {}}, {name: b@c, context: {}}],
                 clusters: [{name: one}], users: [{name: u}]}";
    let folder = Folder::of(&[("config", text)]);
    for (line, expected) in [
        ("list --kubeconfig config --context ", &["arn:aws:eks:eu-1:1:cluster/a", "b@c"][..]),
        ("list --context= --kubeconfig config --cluster ", &["one"]),
        ("--kubeconfig=config list --user=", &["u"]),
        ("diff --kubeconfig config live context:b", &["context:b@c"]),
        ("list --kubeconfig nowhere --context ", &[]),
    ] {
        assert_eq!(words(&folder, line).0, expected, "{line}");
    }
}

#[test]
fn a_cluster_that_does_not_answer_is_not_waited_for() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let server = format!("https://{}", silent.local_addr().unwrap());
    let plugin = "users: [{name: u, user: {exec: {apiVersion: client.authentication.k8s.io/v1,
                  command: sh, args: ['-c', 'echo asked >&2; sleep 30'], interactiveMode: Always}}}]";
    for (users, context) in [("users: []", "{cluster: c}"), (plugin, "{cluster: c, user: u}")] {
        let text = format!(
            "{{clusters: [{{name: c, cluster: {{server: '{server}'}}}}], {users},
              contexts: [{{name: x, context: {context}}}], current-context: x}}"
        );
        let folder = Folder::of(&[("config", &text)]);
        let begun = Instant::now();
        // What is known without the cluster is told all the same.
        assert_eq!(words(&folder, "explain --kubeconfig config int").0, ["internet"], "{users}");
        assert!(begun.elapsed() < Duration::from_secs(3), "{users}: {:?}", begun.elapsed());
    }
}

#[test]
fn without_a_cluster_nothing_is_said() {
    let folder = Folder::of(&[("broken", "a: [")]);
    for line in
        ["list -n ", "list --kubeconfig broken -n ", "list --context nobody -n ", "list -s : -n "]
    {
        assert_eq!(
            complete(&folder, line),
            Ended { code: Some(0), out: ":4\n".into(), err: String::new() }
        );
    }
}

#[cfg(unix)]
#[test]
fn the_binary_answers_by_the_name_that_kubectl_calls() {
    use std::os::unix::process::CommandExt;
    let folder = Folder::shop();
    for called in
        ["kubectl_complete-netpol", "/a/b/kubectl_complete-netpol", "kubectl_complete-netpol.exe"]
    {
        let mut command = folder.command("explain -f shop.yaml mon");
        command.arg0(called);
        let ended = patiently(&mut command);
        assert_eq!(ended.out, "monitoring/\tnamespace\n:6\n", "{called}: {}", ended.err);
    }
}
