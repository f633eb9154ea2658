//! What was confirmed is what is written, all of it or nothing, and it can be taken back.

use std::io::{Read, Write};
use std::process::{Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Once};
use std::time::{Duration, Instant};

use libtest_mimic::Trial;
use serde_json::{Value, json};

use super::Shared;
use super::allow::{allow, assert_refused, ip, open, policies, server, shop};
use super::harness::ControlPlane;
use super::name_server::{NameServer, Reply};
use super::plugin::{PLUGIN, ask};
use super::process::Output;

/// Lists the trials of this file.
pub(crate) fn trials(shared: &Arc<Shared>) -> Vec<Trial> {
    vec![
        shared.trial("confirmed::an_isolation_that_is_gone_by_now_stops_the_write", isolation_gone),
        shared.trial("confirmed::a_policy_that_was_widened_is_asked_about_again", widened),
        shared.trial("confirmed::a_policy_that_was_deleted_takes_nothing_with_it", into_deleted),
        shared.trial("confirmed::another_owner_than_those_shown_is_asked_about", other_owner),
        shared.trial("confirmed::dns_stays_for_a_policy_that_needs_names_by_now", names_needed),
        shared.trial("confirmed::what_the_server_refuses_of_one_keeps_all_from_being_written", refused),
        shared.trial("confirmed::what_was_written_before_a_failure_is_told_with_its_undo", unfinished),
        shared.trial("confirmed::the_undo_restores_what_was_before", undone),
        shared.trial("confirmed::a_host_in_the_policy_of_another_is_taken_back", undone_into),
    ]
}

const URL: &str = "https://api.example.test";
const PATIENCE: Duration = Duration::from_secs(120);

/// Returns the names of the policies of a namespace, and what they say.
fn specs(plane: &ControlPlane, namespace: &str) -> Vec<(Value, Value)> {
    let all = policies(plane, namespace).into_iter();
    all.map(|own| (own["metadata"]["name"].clone(), own["spec"].clone())).collect()
}

fn isolation_gone(plane: &ControlPlane) {
    let namespace = shop(plane, "confirmed-gone");
    // The only policy that isolates the pod is deleted while its plan is being made.
    let (once, kubectl, kubeconfig) = (Once::new(), plane.kubectl_path(), plane.kubeconfig("admin"));
    let names = NameServer::start(move |_, _| {
        once.call_once(|| {
            let delete = ["delete", "networkpolicy", "web", "--namespace=confirmed-gone"];
            let ended = Command::new(&kubectl).env("KUBECONFIG", &kubeconfig).args(delete).output();
            assert!(ended.expect("kubectl").status.success());
        });
        Reply::Addresses(vec![ip("198.41.0.4")])
    });
    let output = allow(plane, &names, &namespace, &["pod/web", "--url", URL, "--yes"]);
    let text = "no other policy isolates web for egress any more";
    assert_refused(&output, 3, text);
    assert!(output.stderr.contains("hint: run it again to see the plan as it is now"), "{output:#?}");
    assert_eq!(policies(plane, &namespace).len(), 1, "nothing was written");
    let again = allow(plane, &names, &namespace, &["pod/web", "--url", URL, "--yes"]);
    assert_refused(&again, 5, "has no egress policy yet");
}

/// A run of the plugin on a terminal, at whose questions something else is done.
struct Talk {
    child: std::process::Child,
    heard: Receiver<String>,
    all: String,
}

impl Talk {
    fn begin(plane: &ControlPlane, names: &NameServer, arguments: &str) -> Self {
        // Who takes something back asks for no name.
        let resolver = match arguments.starts_with("allow-endpoint") {
            true => format!("--resolver {}", names.address),
            false => String::new(),
        };
        let line = format!("{PLUGIN} {arguments} {resolver}");
        let mut command = plane.command("admin", "script");
        command.args(["-qec", &line, "/dev/null"]).env("TERM", "dumb");
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().expect("script");
        let mut stdout = child.stdout.take().expect("its output");
        let (tell, heard) = channel();
        std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(read @ 1..) = stdout.read(&mut buffer) {
                let _ = tell.send(String::from_utf8_lossy(&buffer[..read]).into_owned());
            }
        });
        Self { child, heard, all: String::new() }
    }

    /// Waits until so many questions were asked.
    fn wait_for_question(&mut self, number: usize) {
        let start = Instant::now();
        while self.all.matches("[y/N]").count() < number {
            let left = PATIENCE.saturating_sub(start.elapsed());
            match self.heard.recv_timeout(left) {
                Ok(text) => self.all.push_str(&text),
                Err(error) => panic!("{error} after {}", self.all),
            }
        }
    }

    fn answer(&mut self, text: &str) {
        let stdin = self.child.stdin.as_mut().expect("its input");
        stdin.write_all(text.as_bytes()).and_then(|()| stdin.flush()).expect("a listener");
    }

    /// Waits for the end, and returns the exit code and all that was shown.
    fn end(mut self) -> (Option<i32>, String) {
        while let Ok(text) = self.heard.recv_timeout(PATIENCE) {
            self.all.push_str(&text);
        }
        (self.child.wait().expect("an end").code(), self.all)
    }
}

fn widened(plane: &ControlPlane) {
    let (namespace, names) = (shop(plane, "confirmed-widened"), server());
    let ask = format!("allow-endpoint pod/web -n {namespace} --url {URL} --into web --force-conflicts");
    let mut talk = Talk::begin(plane, &names, &ask);
    talk.wait_for_question(1);
    let patch = r#"{"spec": {"podSelector": {"matchLabels": {"app": null}}}}"#;
    let args = ["patch", "networkpolicy", "web", "--namespace", &namespace, "--type=merge", "-p", patch];
    plane.kubectl(&args, None).expect_success();
    talk.answer("y\n");
    talk.wait_for_question(2);
    talk.answer("n\n");
    let (code, shown) = talk.end();
    assert_eq!(code, Some(1), "{shown}");
    let text =
        format!("planned anew: NetworkPolicy {namespace}/web is for other pods or directions by now");
    assert!(shown.contains(&text), "{shown}");
    // The second plan says whom it is for.
    let note = format!("note: NetworkPolicy {namespace}/web is for pods of db, open too");
    assert!(shown.contains(&note), "{shown}");
    let web = specs(plane, &namespace).into_iter().find(|(name, _)| name == "web").expect("web");
    assert_eq!(web.1["egress"].as_array().map(Vec::len), Some(1), "nothing was written");
}

fn into_deleted(plane: &ControlPlane) {
    let (namespace, names) = (shop(plane, "confirmed-into"), server());
    // Who may not ask for names gets a policy for DNS too.
    let egress = r#"[{"op": "replace", "path": "/spec/egress", "value": []}]"#;
    let closed = ["patch", "networkpolicy", "web", "-n", &namespace, "--type=json", "-p", egress];
    plane.kubectl(&closed, None).expect_success();
    let ask = format!("allow-endpoint pod/web -n {namespace} --url {URL} --into web --force-conflicts");
    let mut talk = Talk::begin(plane, &names, &ask);
    talk.wait_for_question(1);
    plane.kubectl(&["delete", "networkpolicy", "web", "-n", &namespace], None).expect_success();
    talk.answer("y\n");
    let (code, shown) = talk.end();
    assert_eq!(code, Some(2), "{shown}");
    assert!(shown.contains("these 2 policies"), "{shown}");
    assert!(
        shown.contains(&format!("planned anew: NetworkPolicy {namespace}/web was deleted")),
        "{shown}"
    );
    assert!(shown.contains("there is no such policy"), "{shown}");
    assert_eq!(policies(plane, &namespace).len(), 1, "the policy for DNS would isolate the pod");
}

fn other_owner(plane: &ControlPlane) {
    let (namespace, names) = (shop(plane, "confirmed-owner"), server());
    let ask = format!("allow-endpoint pod/web -n {namespace} --url {URL} --into web --force-conflicts");
    let mut talk = Talk::begin(plane, &names, &ask);
    talk.wait_for_question(1);
    let sign = "argocd.argoproj.io/tracking-id=x";
    plane.kubectl(&["annotate", "networkpolicy", "web", "-n", &namespace, sign], None).expect_success();
    talk.answer("y\n");
    talk.wait_for_question(2);
    talk.answer("n\n");
    let (code, shown) = talk.end();
    assert_eq!(code, Some(1), "{shown}");
    let owner = "is looked after by Argo CD (annotation argocd.argoproj.io/tracking-id)";
    let text = format!("planned anew: NetworkPolicy {namespace}/web {owner} by now");
    assert!(shown.contains(&text), "{shown}");
    let web = specs(plane, &namespace).into_iter().find(|(name, _)| name == "web").expect("web");
    assert_eq!(web.1["egress"].as_array().map(Vec::len), Some(1), "nothing was written");
    // Who says so of an owner that he saw is not asked twice.
    let args = ["pod/web", "--url", URL, "--into", "web", "--force-conflicts", "--yes"];
    assert_eq!(allow(plane, &names, &namespace, &args).code, Some(0));
}

fn names_needed(plane: &ControlPlane) {
    let (namespace, names) = (shop(plane, "confirmed-names"), server());
    assert_eq!(allow(plane, &names, &namespace, &ISOLATE).code, Some(0));
    let blocks = |more: &str| {
        plane.apply(&format!(
            "{{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy,
               metadata: {{name: blocks, namespace: {namespace}}},
               spec: {{podSelector: {{}}, policyTypes: [Egress],
                 egress: [{{to: [{{ipBlock: {{cidr: 198.41.0.0/16}}}}]}}{more}]}}}}"
        ));
    };
    blocks("");
    let ask = format!("disallow-endpoint pod/open -n {namespace} --url {URL}");
    let mut talk = Talk::begin(plane, &names, &ask);
    talk.wait_for_question(1);
    assert!(talk.all.contains("these 2 policies"), "DNS goes too: {}", talk.all);
    blocks(", {to: [{podSelector: {}}]}");
    talk.answer("y\n");
    talk.wait_for_question(2);
    talk.answer("y\n");
    let (code, shown) = talk.end();
    assert_eq!(code, Some(0), "{shown}");
    let text = format!("planned anew: NetworkPolicy {namespace}/blocks was made, changed or deleted");
    assert!(shown.contains(&text), "{shown}");
    let left: Vec<String> = specs(plane, &namespace).iter().map(|(name, _)| name.to_string()).collect();
    assert!(left.iter().any(|name| name.contains("netpol-dns-")), "{left:?}");
    assert!(!left.iter().any(|name| name.contains("netpol-ep-")), "{left:?}");
}

/// Has the server refuse policies for DNS in a namespace, where this says so in CEL.
fn refuse_dns(plane: &ControlPlane, namespace: &str, unless: &str) {
    plane.apply(&format!(
        "
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata: {{name: {namespace}}}
spec:
  failurePolicy: Fail
  matchConstraints:
    resourceRules:
    - {{apiGroups: [networking.k8s.io], apiVersions: [v1], operations: [CREATE], resources: [networkpolicies]}}
  validations:
  - expression: \"{unless} || !object.metadata.name.startsWith('netpol-dns-')\"
    message: no policies for DNS here
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicyBinding
metadata: {{name: {namespace}}}
spec:
  policyName: {namespace}
  validationActions: [Deny]
  matchResources:
    namespaceSelector: {{matchLabels: {{kubernetes.io/metadata.name: {namespace}}}}}
"
    ));
    let probe = format!(
        "{{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy,
           metadata: {{name: netpol-dns-probe, namespace: {namespace}}},
           spec: {{podSelector: {{matchLabels: {{app: nobody}}}}}}}}"
    );
    // The server hears of it a moment later.
    let start = Instant::now();
    while plane.kubectl(&["create", "--filename=-"], Some(&probe)).is_success() {
        let delete = ["delete", "networkpolicy", "netpol-dns-probe", "-n", namespace];
        plane.kubectl(&delete, None).expect_success();
        assert!(start.elapsed() < PATIENCE, "the server still takes them");
        std::thread::sleep(Duration::from_millis(100));
    }
}

const ISOLATE: [&str; 5] = ["pod/open", "--url", URL, "--isolate", "--yes"];

fn refused(plane: &ControlPlane) {
    let (namespace, names) = (shop(plane, "confirmed-refused"), server());
    refuse_dns(plane, &namespace, "false");
    let output = allow(plane, &names, &namespace, &ISOLATE);
    assert_refused(&output, 3, "no policies for DNS here");
    assert!(!output.stderr.contains("created"), "{output:#?}");
    assert_eq!(policies(plane, &namespace).len(), 2, "nothing was written");
}

fn unfinished(plane: &ControlPlane) {
    let (namespace, names) = (shop(plane, "confirmed-unfinished"), server());
    let before = (open(plane, &namespace, "open"), specs(plane, &namespace));
    refuse_dns(plane, &namespace, "request.dryRun");
    let output = allow(plane, &names, &namespace, &ISOLATE);
    assert_refused(&output, 3, "no policies for DNS here");
    // What allows came first: no pod is left with DNS alone.
    assert!(output.stderr.contains("; before that: NetworkPolicy confirmed-unfinished/netpol-ep-"));
    let hint =
        output.stderr.split('`').find(|text| text.starts_with("kubectl delete")).expect("a command");
    let args: Vec<&str> = hint.split_whitespace().skip(1).collect();
    plane.kubectl(&args, None).expect_success();
    assert_eq!((open(plane, &namespace, "open"), specs(plane, &namespace)), before);
}

fn disallow(plane: &ControlPlane, namespace: &str, args: &[&str]) -> Output {
    ask(plane, "admin", &[&["disallow-endpoint", "-n", namespace], args].concat())
}

fn undone(plane: &ControlPlane) {
    let (namespace, names) = (shop(plane, "confirmed-undone"), server());
    let of = |pod| open(plane, &namespace, pod);
    let before = (of("open"), of("web"), specs(plane, &namespace));
    let postgres = format!("postgres://db.{namespace}.svc/orders");
    for args in [
        &ISOLATE[..],
        &["pod/open", "--url", URL, "--allow-rest", "--yes"],
        &["pod/open", "--url", &postgres, "--isolate", "--both-sides", "--yes"],
        &["pod/web", "--url", URL, "--yes"],
    ] {
        let output = allow(plane, &names, &namespace, args);
        assert_eq!(output.code, Some(0), "{output:#?}");
        assert!(policies(plane, &namespace).len() > 2);
        // What is told to take it back does.
        let undo =
            output.stderr.split('`').find(|text| text.contains(" disallow-endpoint ")).expect("one");
        let words: Vec<&str> = undo.split_whitespace().skip(2).collect();
        let undo = ask(plane, "admin", &words);
        assert_refused(&undo, 2, "give --yes");
        let written = policies(plane, &namespace);
        let undo = ask(plane, "admin", &[&words[..], &["--dry-run=server"]].concat());
        assert!(undo.code == Some(0) && undo.stderr.contains("deleted (server dry run)"), "{undo:#?}");
        assert_eq!(policies(plane, &namespace), written, "a dry run deletes nothing");
        let undo = ask(plane, "admin", &[&words[..], &["--yes"]].concat());
        assert_eq!(undo.code, Some(0), "{undo:#?}");
        assert_eq!((of("open"), of("web"), specs(plane, &namespace)), before, "{args:?}");
    }
    let nothing = disallow(plane, &namespace, &["pod/web", "--url", URL, "--yes"]);
    assert_refused(&nothing, 2, "allow-endpoint wrote nothing");
}

fn undone_into(plane: &ControlPlane) {
    let (namespace, names) = (shop(plane, "confirmed-undone-into"), server());
    let before = (open(plane, &namespace, "web"), specs(plane, &namespace));
    let into = ["pod/web", "--url", URL, "--into", "web", "--force-conflicts", "--yes"];
    assert_eq!(allow(plane, &names, &namespace, &into).code, Some(0));
    let undo = disallow(plane, &namespace, &["pod/web", "--url", URL, "--yes"]);
    assert_eq!(undo.code, Some(0), "{undo:#?}");
    assert_eq!((open(plane, &namespace, "web"), specs(plane, &namespace)), before);
    let web = policies(plane, &namespace).into_iter().find(|own| own["metadata"]["name"] == "web");
    let metadata = &web.expect("web")["metadata"];
    assert_eq!(metadata["labels"]["kubectl-netpol/endpoint"], Value::Null, "{metadata:#}");
    assert_eq!(metadata["annotations"]["kubectl-netpol/endpoints"], json!(null), "{metadata:#}");
}
