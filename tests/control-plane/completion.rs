//! Completion as its user meets it: through kubectl, and in the shells themselves.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use libtest_mimic::Trial;
use serde_json::json;
use tempfile::TempDir;

use super::Shared;
use super::fake::{Fake, object};
use super::harness::ControlPlane;
use super::kubeconfig::Written;
use super::plugin::PLUGIN;
use super::process::{Output, run};

/// Tells whether a program can be run.
fn installed(program: &str) -> Result<(), String> {
    let folders = std::env::var_os("PATH").unwrap_or_default();
    match std::env::split_paths(&folders).any(|folder| folder.join(program).is_file()) {
        true => Ok(()),
        false => Err(format!("{program} is not installed")),
    }
}

/// Returns where bash-completion is, without which kubectl's script for bash does nothing.
fn bash_completion() -> PathBuf {
    let given = std::env::var_os("BASH_COMPLETION");
    given.map_or_else(|| "/usr/share/bash-completion/bash_completion".into(), PathBuf::from)
}

/// Tells whether bash completes at all.
fn completing_bash() -> Result<(), String> {
    installed("bash")?;
    let path = bash_completion();
    let missing = || format!("bash-completion is not installed: no {}", path.display());
    path.is_file().then_some(()).ok_or_else(missing)
}

/// Lists the trials of this file.
pub(crate) fn trials(shared: &Arc<Shared>) -> Vec<Trial> {
    vec![
        shared.trial("completion::kubectl_is_told_live_names", live_names),
        shared.trial("completion::the_helper_script_does_the_same", helper),
        shared.trial("completion::who_may_read_nothing_is_told_no_name", forbidden),
        shared.trial("completion::a_dead_cluster_is_not_waited_for", dead),
        shared.trial("completion::metadata_is_asked_for_and_one_page_of_it", requests),
        shared.trial_with("completion::a_live_pod_completes_in_bash", completing_bash, in_bash),
        shared.trial_with("completion::a_live_pod_completes_in_zsh", || installed("zsh"), in_zsh),
        shared.trial_with("completion::a_live_pod_completes_in_fish", || installed("fish"), in_fish),
    ]
}

/// Holds the folder of a user who has set completion up.
struct Tools {
    folder: TempDir,
}

impl Tools {
    fn new(plane: &ControlPlane) -> Self {
        let tools = Self { folder: tempfile::tempdir().expect("a folder") };
        tools.link(&plane.kubectl_path(), "kubectl");
        tools.link(Path::new(PLUGIN), "kubectl-netpol");
        tools.link(Path::new(PLUGIN), "kubectl_complete-netpol");
        tools
    }

    fn link(&self, program: &Path, name: &str) {
        std::os::unix::fs::symlink(program, self.folder.path().join(name)).expect("a link");
    }

    /// Prepares a program that finds the user's first.
    fn command(&self, plane: &ControlPlane, user: &str, program: &str) -> Command {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let own = std::iter::once(self.folder.path().to_owned());
        let folders = own.chain(std::env::split_paths(&path));
        let mut command = plane.command(user, program);
        command.env("PATH", std::env::join_paths(folders).expect("a PATH")).env("TERM", "xterm");
        command
    }

    /// Asks kubectl what a line goes on with, as the shells' scripts do.
    fn complete(&self, plane: &ControlPlane, user: &str, line: &str) -> Output {
        let kubectl = self.folder.path().join("kubectl");
        let mut command = self.command(plane, user, &kubectl.to_string_lossy());
        command.arg("__complete").args(line.split(' '));
        run(command, None)
    }

    /// Returns the lines that kubectl answers with; the last one has the hints.
    #[track_caller]
    fn answer(&self, plane: &ControlPlane, line: &str) -> Vec<String> {
        let output = self.complete(plane, "admin", line);
        assert!(!output.stderr.to_lowercase().contains("error"), "{output:#?}");
        output.expect_success().lines().map(str::to_owned).collect()
    }
}

/// Objects for one trial; the names say which.
fn objects(namespace: &str) -> String {
    let at = format!("metadata: {{name: {namespace}-live, namespace: {namespace}}}");
    let containers = "containers: [{name: main, image: example.test/web, ports: [{name: http, containerPort: 8080}, {containerPort: 53, protocol: UDP}]}]";
    format!(
        "apiVersion: v1
kind: Namespace
metadata: {{name: {namespace}}}
---
apiVersion: v1
kind: Pod
{at}
spec: {{{containers}}}
---
apiVersion: apps/v1
kind: Deployment
{at}
spec:
  selector: {{matchLabels: {{app: web}}}}
  template: {{metadata: {{labels: {{app: web}}}}, spec: {{{containers}}}}}
---
apiVersion: v1
kind: Service
{at}
spec: {{ports: [{{name: web, port: 80, targetPort: http}}]}}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
{at}
spec: {{podSelector: {{}}}}
"
    )
}

fn live_names(plane: &ControlPlane) {
    plane.apply(&objects("live-names"));
    let tools = Tools::new(plane);
    for (line, expected) in [
        (
            "netpol expl",
            &[
                "explain\tExplain what policies apply to a workload, or why a connection is allowed or denied",
                ":4",
            ][..],
        ),
        (
            "netpol explain -n live-names live-n",
            &["live-names-live\tpod", "live-names/\tnamespace", ":6"],
        ),
        ("netpol explain -n live-names pod/", &["pod/live-names-live\tpod", ":4"]),
        ("netpol explain --namespace=live-names --to svc/", &["svc/live-names-live\tservice", ":4"]),
        ("netpol explain live-names/deploy/", &["live-names/deploy/live-names-live\tdeployment", ":4"]),
        ("netpol explain -n live-names deploy ", &["live-names-live\tdeployment", ":4"]),
        (
            "netpol list --to live-names/deploy/live-names-live:",
            &[
                "live-names/deploy/live-names-live:http\tTCP/8080",
                "live-names/deploy/live-names-live:8080\thttp",
                "live-names/deploy/live-names-live:53/UDP",
                ":4",
            ],
        ),
        (
            "netpol list --to live-names/pod/live-names-live:5",
            &["live-names/pod/live-names-live:53/UDP", ":4"],
        ),
        (
            "netpol list -n live-names --to svc/live-names-live --port ",
            &["web\tTCP/80", "80\tweb", ":4"],
        ),
        (
            "netpol list --without live-names/netpol/",
            &["live-names/netpol/live-names-live\tnetworkpolicy", ":4"],
        ),
        (
            "netpol allow",
            &[
                "allow-endpoint\tLet a workload reach a host outside, or a Service, by a policy of its own",
                ":4",
            ],
        ),
        (
            "netpol refresh",
            &["refresh-ips\tBring the addresses of remembered host names up to date", ":4"],
        ),
        ("netpol allow-endpoint -n live-names deploy/", &["deploy/live-names-live\tdeployment", ":4"]),
        ("netpol allow-endpoint -n live-names deploy ", &["live-names-live\tdeployment", ":4"]),
        (
            "netpol allow-endpoint -n live-names deploy/live-names-live --into ",
            &["live-names-live\tnetworkpolicy", ":4"],
        ),
        ("netpol allow-endpoint -n live-names --into=live", &["live-names-live\tnetworkpolicy", ":4"]),
        ("netpol allow-endpoint --resolver ", &["auto", "system", ":4"]),
        ("netpol allow-endpoint --resolver=s", &["system", ":4"]),
        ("netpol allow-endpoint --url ", &[":4"]),
        (
            "netpol allow-endpoint --mode c",
            &["cilium\tA CiliumNetworkPolicy with names, printed and not written", ":4"],
        ),
        (
            "netpol allow-endpoint --dry-run s",
            &["server\tThe server checks it, and keeps nothing", ":4"],
        ),
        ("netpol allow-endpoint --allow-special link", &["link-local", ":4"]),
        (
            "netpol allow-endpoint --both",
            &[
                "--both-sides\tOpen the ingress of the pods behind a Service too, where a policy denies it",
                ":4",
            ],
        ),
        ("netpol allow-endpoint -o ", &["json", "wide", "yaml", ":4"]),
        ("netpol refresh-ips -n live-names ", &["live-names-live\tnetworkpolicy", ":4"]),
        ("netpol refresh-ips -n live-names one ", &["live-names-live\tnetworkpolicy", ":4"]),
        ("netpol refresh-ips --resolver ", &["auto", "system", ":4"]),
        (
            "netpol default-deny ns/live-names --ap",
            &["--apply\tWrite the policies to the cluster", ":4"],
        ),
        ("netpol diff -f x -o m", &["md", "mermaid", ":4"]),
        ("netpol explain -n live-names deploy/live-names-live --to https://", &[":4"]),
        ("netpol list -n live-na", &["live-names\tnamespace", ":4"]),
        ("netpol default-deny ns/live-na", &["ns/live-names\tnamespace", ":4"]),
        ("netpol list --context ", &["admin\tcontext", ":4"]),
        ("netpol list --output=j", &["json", ":4"]),
        ("netpol list -f ", &[":0"]),
        ("netpol explain live-names/nothing/", &[":4"]),
    ] {
        assert_eq!(tools.answer(plane, line), expected, "{line:?}");
    }
    let shown = tools.answer(plane, "netpol explain -n live-names pod/live").join("\n");
    println!("kubectl __complete netpol explain -n live-names pod/live\n{shown}");
}

fn helper(plane: &ControlPlane) {
    plane.apply(&objects("complete-helper"));
    let tools = Tools::new(plane);
    let line = "netpol explain -n complete-helper pod/";
    let linked = tools.answer(plane, line);
    let mut command = tools.command(plane, "admin", PLUGIN);
    command.args(["completion", "kubectl"]);
    let script = run(command, None).expect_success();
    let path = tools.folder.path().join("kubectl_complete-netpol");
    fs::remove_file(&path).expect("the link goes");
    // Without any helper, kubectl offers files.
    assert_eq!(tools.answer(plane, line), [":0"]);
    fs::write(&path, script).expect("the script is written");
    let mut chmod = Command::new("chmod");
    chmod.arg("+x").arg(&path);
    run(chmod, None).expect_success();
    assert_eq!(tools.answer(plane, line), linked);
    assert_eq!(linked, ["pod/complete-helper-live\tpod", ":4"]);
}

fn forbidden(plane: &ControlPlane) {
    let tools = Tools::new(plane);
    for line in ["netpol explain -n kube-system pod/", "netpol list -n "] {
        let output = tools.complete(plane, "other", line);
        assert!(!output.stderr.to_lowercase().contains("forbidden"), "{output:#?}");
        assert_eq!(output.expect_success(), ":4\n", "{line}");
    }
}

fn dead(plane: &ControlPlane) {
    let tools = Tools::new(plane);
    // The one takes connections and says nothing, the other takes none.
    let silent = Fake::writing(|_, _| {
        std::thread::sleep(Duration::from_secs(3));
        Ok(())
    });
    for server in [silent.url(), "http://127.0.0.1:1".to_owned()] {
        let begun = Instant::now();
        let line = format!("netpol explain -s {server} int");
        assert_eq!(tools.answer(plane, &line), ["internet\tall public addresses", ":4"]);
        assert!(begun.elapsed() < Duration::from_secs(3), "{server}: {:?}", begun.elapsed());
    }
}

fn requests(_: &ControlPlane) {
    let fake = Fake::start(|_| {
        let pods = json!([{"metadata": {"name": "one"}}]);
        let list = json!({"kind": "PartialObjectMetadataList", "apiVersion": "meta.k8s.io/v1",
                          "metadata": {"continue": "more"}, "items": pods});
        object("200 OK", &list)
    });
    let kubeconfig = Written::of(&fake.url(), None, "token", Some("shop"));
    let mut command = Command::new(PLUGIN);
    command.args(["__complete", "explain", "pod/"]).env("KUBECONFIG", kubeconfig.path());
    let output = run(command, None);
    assert_eq!((&*output.stdout, &*output.stderr), ("pod/one\tpod\n:4\n", ""));
    let requests = fake.take_requests();
    let paths: Vec<&str> = requests.iter().map(|request| &*request.path).collect();
    assert_eq!(paths, ["/api/v1/namespaces/shop/pods?limit=500"]);
    let accept = requests.first().expect("a request").header("accept").join(",");
    assert!(
        accept.split(", ").take(2).all(|form| form.contains("as=PartialObjectMetadataList")),
        "{accept}"
    );
}

/// Runs a shell's script and returns what it prints.
#[track_caller]
fn in_shell(plane: &ControlPlane, namespace: &str, shell: &[&str], script: &str) -> String {
    plane.apply(&objects(namespace));
    let tools = Tools::new(plane);
    let (program, flags) = shell.split_first().expect("a shell");
    let mut command = tools.command(plane, "admin", program);
    let completions = Path::new(env!("CARGO_MANIFEST_DIR")).join("completions");
    command.args(flags).arg(script).env("COMPLETIONS", completions).env("NAMESPACE", namespace);
    command.env("BASH_COMPLETION", bash_completion());
    let output = run(command, None);
    println!("{}", output.stdout);
    assert!(output.is_success() && output.stderr.is_empty(), "{output:#?}");
    output.stdout
}

/// Sets what bash sets when TAB is pressed, and calls what it calls.
const BASH: &str = r#"
. "$BASH_COMPLETION"
tab() { # function, word…
  local function=$1; shift
  COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMP_LINE="$*" COMPREPLY=()
  COMP_POINT=${#COMP_LINE}
  "$function" "$1" "${@: -1}" "${@: -2:1}"
  printf '%s\n' "${COMPREPLY[@]}"
}
compopt() { :; } # knows interactive shells only
. <(kubectl completion bash)
tab __start_kubectl kubectl netpol explain -n "$NAMESPACE" pod/com
. "$COMPLETIONS/kubectl-netpol.bash"
tab _kubectl__netpol kubectl-netpol who
tab _kubectl__netpol kubectl-netpol who-can-reach --wh
tab _kubectl__netpol kubectl-netpol list --direction e
"#;

fn in_bash(plane: &ControlPlane) {
    let printed = in_shell(plane, "complete-bash", &["bash", "-c"], BASH);
    let lines: Vec<&str> = printed.lines().map(str::trim).collect();
    assert_eq!(lines, ["pod/complete-bash-live", "who-can-reach", "--why", "egress"]);
}

/// Types into a zsh of its own, and reads its screen.
const ZSH: &str = r#"
zmodload zsh/zpty
zpty inner zsh -f -i
type() { zpty -w -n inner "$1" }
wait() { # until it shows a text
  local line= all= tries=0
  while (( tries++ < 200 )); do
    if zpty -r -t inner line; then all+=$line; else sleep 0.05; fi
    if [[ $all == *$1* ]]; then return 0; fi
  done
  print -r -- "not shown: $1 in ${(q)all}"; exit 1
}
type $'PS1="> "; unsetopt beep; autoload -Uz compinit; compinit -u -D; echo re""ady\n'
wait ready
type $'source <(kubectl completion zsh); source $COMPLETIONS/_kubectl-netpol; compdef _kubectl kubectl; echo loa""ded\n'
wait loaded
type $'kubectl netpol explain -n $NAMESPACE pod/com\t'
wait "pod/$NAMESPACE-live"
type $'\C-ukubectl-netpol who\t'
wait who-can-reach
print "$NAMESPACE-live who-can-reach"
zpty -d inner
"#;

fn in_zsh(plane: &ControlPlane) {
    let printed = in_shell(plane, "complete-zsh", &["zsh", "-f", "-c"], ZSH);
    assert_eq!(printed.trim(), "complete-zsh-live who-can-reach");
}

const FISH: &str = "
kubectl completion fish | source
complete -C 'kubectl netpol explain -n '$NAMESPACE' pod/com'
complete -C 'kubectl netpol list --to='$NAMESPACE'/dep'
source $COMPLETIONS/kubectl-netpol.fish
complete -C 'kubectl-netpol who'
";

fn in_fish(plane: &ControlPlane) {
    let printed = in_shell(plane, "complete-fish", &["fish", "--no-config", "-c"], FISH);
    let words: Vec<&str> = printed.lines().filter_map(|line| line.split('\t').next()).collect();
    assert_eq!(words, ["pod/complete-fish-live", "--to=complete-fish/deploy/", "who-can-reach"]);
}
