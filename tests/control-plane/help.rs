//! The examples of every `--help` do on a cluster what they say, copied into a shell.

use std::fs;
use std::net::IpAddr;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use libtest_mimic::Trial;
use serde_json::json;
use tempfile::TempDir;

use super::Shared;
use super::examples::scripts;
use super::harness::ControlPlane;
use super::name_server::{NameServer, Reply};
use super::plugin::{PLUGIN, ask};
use super::process::{Output, run};

/// Lists the trials of this file; the control plane is for them alone, as the names of the examples
/// are theirs.
pub(crate) fn trials(alone: &Arc<Shared>) -> Vec<Trial> {
    vec![alone.trial("help::every_example_runs_in_a_shell_on_a_cluster", examples)]
}

/// What the examples name beside the manifests of `examples/shop`.
const BESIDE: &str = "
apiVersion: v1
kind: Namespace
metadata: {name: prod}
---
apiVersion: v1
kind: Namespace
metadata: {name: ops}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: backup, namespace: ops}
spec:
  selector: {matchLabels: {app: backup}}
  template: {metadata: {labels: {app: backup}}, spec: {containers: [{name: c, image: example/backup}]}}
---
apiVersion: v1
kind: Service
metadata: {name: api, namespace: shop}
spec: {selector: {app: api}, ports: [{name: http, port: 80, targetPort: http}]}
---
apiVersion: v1
kind: Service
metadata: {name: postgres, namespace: db}
spec: {selector: {app: postgres}, ports: [{port: 5432, targetPort: postgres}]}
---
apiVersion: v1
kind: Service
metadata: {name: cache, namespace: db}
spec: {selector: {app: postgres}, ports: [{port: 6379}]}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: web-egress, namespace: shop}
spec: {podSelector: {matchLabels: {app: web}}, policyTypes: [Egress]}
";

/// A policy that changes something, for what compares.
const NEW: &str = "
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: nobody, namespace: ops}
spec: {podSelector: {}}
";

/// The folder that the examples are run in, which is their home too.
struct Home {
    folder: TempDir,
    names: NameServer,
}

impl Home {
    fn new(plane: &ControlPlane) -> Self {
        let address: IpAddr = "198.41.0.4".parse().expect("an address");
        let names = NameServer::start(move |_, _| Reply::Addresses(vec![address]));
        let home = Self { folder: tempfile::tempdir().expect("a folder"), names };
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let shop = ["workloads.yaml", "policies.yaml"]
            .map(|name| fs::read_to_string(root.join("examples/shop").join(name)).expect("a manifest"));
        let shop = format!("{}---{BESIDE}", shop.join("---\n"));
        plane.kubectl(&["create", "namespace", "shop"], None).expect_success();
        plane.kubectl(&["create", "namespace", "db"], None).expect_success();
        plane.kubectl(&["create", "namespace", "monitoring"], None).expect_success();
        plane.apply(&shop);
        for path in ["manifests/a.yaml", "apps/a.yaml", "main/a.yaml", "branch/a.yaml"] {
            home.write(path, &shop);
        }
        for path in ["policies/a.yaml", "new-policy.yaml", "branch/b.yaml", "overlays/production/b.yaml"]
        {
            home.write(path, NEW);
        }
        for (overlay, own) in [("staging", "[a.yaml]"), ("production", "[a.yaml, b.yaml]")] {
            home.write(&format!("overlays/{overlay}/a.yaml"), &shop);
            home.write(
                &format!("overlays/{overlay}/kustomization.yaml"),
                &format!("resources: {own}\n"),
            );
        }
        home.write("kubeconfig", &kubeconfig(plane));
        for folder in [".local/bin", ".config/fish/completions"] {
            fs::create_dir_all(home.folder.path().join(folder)).expect("a folder");
        }
        for (program, name) in
            [(plane.kubectl_path().as_path(), "kubectl"), (Path::new(PLUGIN), "kubectl-netpol")]
        {
            let link = home.folder.path().join(".local/bin").join(name);
            std::os::unix::fs::symlink(program, link).expect("a link");
        }
        // Graphviz may be missing here, and has tests of its own.
        home.write(".local/bin/dot", "#!/bin/sh\nexec cat\n");
        home.run(plane, "chmod +x ~/.local/bin/dot").expect_success();
        home
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.folder.path().join(path);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(path, text).expect("a written file");
    }

    /// Runs a script as its reader would, with kubectl and the plugin on the PATH.
    fn run(&self, plane: &ControlPlane, script: &str) -> Output {
        let home = self.folder.path();
        let path = std::env::var_os("PATH").unwrap_or_default();
        let folders = std::iter::once(home.join(".local/bin")).chain(std::env::split_paths(&path));
        let mut command: Command = plane.command("admin", "bash");
        command
            .args(["-eo", "pipefail", "-c", script])
            .env("PATH", std::env::join_paths(folders).expect("a PATH"))
            .env("KUBECONFIG", home.join("kubeconfig"))
            .env("HOME", home)
            .current_dir(home);
        run(command, None)
    }
}

/// Returns a kubeconfig with the contexts that the examples name; the present one is in `shop`.
fn kubeconfig(plane: &ControlPlane) -> String {
    let context = |name: &str| json!({"name": name, "context": {"cluster": "test", "user": "admin", "namespace": "shop"}});
    let config = json!({
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "test", "cluster": {
            "server": plane.url(),
            "certificate-authority": plane.certificate_authority(),
        }}],
        "users": [{"name": "admin", "user": {"token": ControlPlane::token("admin")}}],
        "contexts": [context("staging"), context("production")],
        "current-context": "staging",
    });
    config.to_string()
}

fn examples(plane: &ControlPlane) {
    let home = Home::new(plane);
    let told = ask(plane, "admin", &["__complete", ""]).expect_success();
    let names = told.lines().filter_map(|line| line.split_once('\t').map(|(name, _)| name));
    let (mut tried, mut wrong) = (0, Vec::new());
    for own in names.filter(|name| *name != "help") {
        let help = ask(plane, "admin", &[own, "--help"]).expect_success();
        let scripts = scripts(&help);
        assert_eq!(scripts.len(), help.matches("\n  # ").count(), "{own}: an example is missed");
        for script in scripts {
            tried += 1;
            wrong.extend(try_one(plane, &home, own, &script));
        }
    }
    println!("{tried} examples of --help were run on a cluster");
    let readme = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md"));
    let named = in_sentences(&readme.expect("the README"));
    assert!(named.len() >= 6, "{named:#?}");
    for command in named {
        let own = command.split_whitespace().nth(2).unwrap_or_default();
        wrong.extend(try_one(plane, &home, own, &command));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
    assert!(tried >= 38, "{tried} examples");
}

/// Returns the commands that the README names and shows no answer of.
fn in_sentences(readme: &str) -> Vec<String> {
    // What an answer tells to do is for where it was given.
    let is_asked = |part: &&str| !part.starts_with("console live\n");
    let readme = readme.split("```").filter(is_asked).collect::<Vec<_>>().join("\n");
    let lines = readme.lines().filter(|line| line.starts_with("kubectl netpol ")).map(str::to_owned);
    let spans = readme.split('`').filter(|span| span.starts_with("kubectl netpol ")).map(str::to_owned);
    let mut commands: Vec<String> = lines.chain(spans).collect();
    // A span of its own in the middle of a block would be cut off there.
    commands.retain(|command| !command.contains('\n'));
    commands
}

/// Runs an example, and tells what is wrong with how it ended.
fn try_one(plane: &ControlPlane, home: &Home, own: &str, script: &str) -> Option<String> {
    if script.contains("--apply") {
        // A policy that somebody else made is not replaced, and the shop has one of that name.
        plane.kubectl(&["delete", "netpol", "default-deny", "-n", "shop"], None).expect_success();
    }
    let output = home.run(plane, &runnable(home, script));
    // What was written to a file is shown too.
    let file = script.split("> ").nth(1).and_then(|rest| rest.split_whitespace().next());
    let file = file.map(|path| home.folder.path().join(path.trim_start_matches("~/")));
    let written = file.map(|path| fs::read_to_string(path).unwrap_or_default());
    let shown = match (&written, own) {
        (Some(written), _) => written,
        // Its answer is the file, which the next example reads.
        (None, "snapshot") if output.stdout.is_empty() => &output.stderr,
        (None, _) => &output.stdout,
    };
    let fits = match own {
        // It says by its exit code what it found: a difference, a problem, something to write.
        "diff" | "doctor" => matches!(output.code, Some(0 | 1)),
        _ if script.contains("--expect")
            || script.contains("--check")
            || script.contains("| kubectl") =>
        {
            matches!(output.code, Some(0 | 1))
        }
        _ => output.code == Some(0),
    };
    let is_said = !shown.trim().is_empty() && !output.stderr.contains("error:");
    (!fits || !is_said).then(|| format!("{script}{output:#?}"))
}

/// Returns a script with what an example leaves to its reader: the answer to a question, and a name
/// server that is there. Nothing else is asked than the loopback.
fn runnable(home: &Home, script: &str) -> String {
    let resolver = home.names.address.to_string();
    let mut script = script.trim_end().replace("source <(", "cat <(");
    let has_resolver = script.contains("--resolver ");
    script = script.replace("10.96.0.10", &resolver);
    let resolves = ["netpol allow-endpoint", "netpol refresh-ips", "--to https://"];
    if resolves.iter().any(|part| script.contains(part)) && !has_resolver {
        script.push_str(&format!(" --resolver {resolver}"));
    }
    let writes = ["netpol allow-endpoint", "netpol disallow-endpoint"];
    let writes = writes.iter().any(|part| script.contains(part)) && !script.contains("-o yaml");
    if writes || script.contains("--apply") {
        script.push_str(" --yes");
    }
    script
}
