//! What the plugin answers about a live cluster is what it answers about the same manifests.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use libtest_mimic::Trial;
use serde_json::{Value, json};

use super::Shared;
use super::harness::ControlPlane;
use super::plugin::{answer, answer_from};

/// Lists the trials of this file; the control plane is for them alone, as they compare all of it.
pub(crate) fn trials(alone: &Arc<Shared>) -> Vec<Trial> {
    vec![alone.trial("live::cases_are_answered_as_from_their_files", cases)]
}

/// The cases that a plain API server cannot hold, and why.
const LEFT_OUT: [(&str, &str); 7] = [
    ("a-doubt-of-which-every-outcome-is-the-same", "a live namespace is always there"),
    ("a-service-of-both-families", "the server has one family of Service addresses"),
    (
        "a-service-without-families-sends-to-the-first-of-the-cluster",
        "the server writes a family into each",
    ),
    ("a-calico-policy-of-the-same-kind-is-not-judged", "its kind is not installed"),
    ("a-cilium-policy-puts-its-namespace-in-doubt", "its kind is not installed"),
    ("a-clusterwide-policy-puts-everything-in-doubt", "its kind is not installed"),
    ("a-namespace-that-was-not-read-has-unknown-labels", "a live namespace is always there"),
];

/// Everything that a case can have, except namespaces: these are never gone without a controller.
const KINDS: &str = "pods,services,endpointslices,ingresses,ingressclasses,networkpolicies,nodes,deployments,statefulsets,jobs,cronjobs";

/// The kinds of the Gateway API that cases have: plural, kind, version.
const GATEWAY_API: [(&str, &str, &str); 7] = [
    ("gateways", "Gateway", "v1"),
    ("httproutes", "HTTPRoute", "v1"),
    ("grpcroutes", "GRPCRoute", "v1"),
    ("tlsroutes", "TLSRoute", "v1alpha2"),
    ("tcproutes", "TCPRoute", "v1alpha2"),
    ("udproutes", "UDPRoute", "v1alpha2"),
    ("referencegrants", "ReferenceGrant", "v1beta1"),
];

/// Installs the Gateway API with whatever fields: here it matters how it is found and read.
fn install_gateway_api(plane: &ControlPlane) {
    let definition = |(plural, kind, version): (&str, &str, &str)| {
        let any = json!({"type": "object", "x-kubernetes-preserve-unknown-fields": true});
        json!({
            "apiVersion": "apiextensions.k8s.io/v1",
            "kind": "CustomResourceDefinition",
            "metadata": {
                "name": format!("{plural}.gateway.networking.k8s.io"),
                "annotations": {"api-approved.kubernetes.io": "unapproved, for tests"},
            },
            "spec": {
                "group": "gateway.networking.k8s.io",
                "scope": "Namespaced",
                "names": {"plural": plural, "singular": kind.to_lowercase(), "kind": kind},
                "versions": [{
                    "name": version, "served": true, "storage": true, "schema": {"openAPIV3Schema": any},
                }],
            },
        })
    };
    let list = json!({"apiVersion": "v1", "kind": "List", "items": GATEWAY_API.map(definition)});
    plane.apply(&list.to_string());
    let wait = ["wait", "--for=condition=Established", "crd", "--all", "--timeout=60s"];
    plane.kubectl(&wait, None).expect_success();
}

fn cases(plane: &ControlPlane) {
    install_gateway_api(plane);
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
    let entries = fs::read_dir(root).expect("the cases are there");
    let mut folders: Vec<PathBuf> =
        entries.map(|entry| entry.expect("the cases can be listed").path()).collect();
    folders.sort();
    let (mut asked, mut wrong) = (0, Vec::new());
    for folder in
        folders.iter().filter(|folder| LEFT_OUT.iter().all(|(name, _)| !folder.ends_with(name)))
    {
        put(plane, folder);
        let questions = questions(folder);
        asked += questions.len();
        wrong.extend(differences(plane, folder, &questions));
        remove_all(plane);
    }
    assert!(asked > 200, "only {asked} questions were found");
    assert!(wrong.is_empty(), "{} of {asked} differ:\n{}", wrong.len(), wrong.join("\n"));
}

/// Applies the manifests of a case, namespaces first, and writes their status.
pub(crate) fn put(plane: &ControlPlane, folder: &Path) {
    let mut documents = documents(folder);
    documents.sort_by_key(|document| !document.contains("\nkind: Namespace\n"));
    plane.apply(&documents.join("\n---\n"));
    documents.retain(|document| document.contains("\nstatus:"));
    if !documents.is_empty() {
        plane.apply_status(&documents.join("\n---\n"));
    }
}

fn documents(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).expect("the case is there");
    let paths = entries.map(|entry| entry.expect("the case can be listed").path());
    let manifests = paths.filter(|path| path.extension().is_some_and(|extension| extension == "yaml"));
    let mut texts = Vec::new();
    for path in manifests {
        let text = fs::read_to_string(path).expect("the manifest can be read");
        texts.extend(format!("\n{text}").split("\n---\n").map(|document| format!("\n{document}")));
    }
    texts
}

fn remove_all(plane: &ControlPlane) {
    let flags = ["--all", "--all-namespaces", "--force", "--grace-period=0"];
    let gateways = GATEWAY_API.map(|(plural, ..)| format!("{plural}.gateway.networking.k8s.io"));
    let kinds = format!("{KINDS},{}", gateways.join(","));
    plane.kubectl(&[&["delete", &kinds][..], &flags].concat(), None).expect_success();
}

/// Lists what to ask: both lists, and of what the case itself asks the first of each sort.
fn questions(folder: &Path) -> BTreeSet<String> {
    let text = fs::read_to_string(folder.join("expect.txt")).expect("the case has questions");
    let mut sorts = BTreeSet::new();
    let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    let first = lines.filter(|line| sorts.insert(line.split(' ').next()));
    let mut questions: BTreeSet<String> = first.map(question).collect();
    questions.insert("list --all-namespaces".to_owned());
    questions.insert("list --all-namespaces --pods".to_owned());
    questions
}

/// Turns `VERDICT SOURCE -> DESTINATION [PORT]`, `… : SOURCE -> …` or `finding ID SUBJECT` into
/// arguments.
fn question(line: &str) -> String {
    let words: Vec<&str> = line.split_whitespace().collect();
    let Some(arrow) = words.iter().position(|word| *word == "->") else {
        return format!("explain {}", words.last().expect("a subject"));
    };
    let (source, destination) = (words[arrow - 1], words[arrow + 1]);
    match words.get(arrow + 2) {
        None => format!("explain {source} --to {destination}"),
        Some(port) => format!("explain {source} --to {destination} --port {port}"),
    }
}

/// Asks all questions at the same time, and tells how the answers differ.
fn differences(plane: &ControlPlane, folder: &Path, questions: &BTreeSet<String>) -> Vec<String> {
    std::thread::scope(|scope| {
        let asked: Vec<_> = questions
            .iter()
            .map(|question| scope.spawn(move || difference(plane, folder, question)))
            .collect();
        asked.into_iter().filter_map(|asked| asked.join().expect("both answered")).collect()
    })
}

/// Asks a question of the cluster and of the files of a case, and tells how the answers differ.
pub(crate) fn difference(plane: &ControlPlane, folder: &Path, question: &str) -> Option<String> {
    // Only the cluster would say that no network plugin is there.
    let args: Vec<&str> = question.split(' ').chain(["--cni", "generic"]).collect();
    let mut live = answer(plane, "admin", &args);
    let mut files = answer_from(folder, &args);
    let of_object = |origin: &Value| origin["live"].as_str().is_some_and(|version| !version.is_empty());
    let of_line = |origin: &Value| origin["file"].is_string() && origin["line"].is_u64();
    forget_origins(&mut live, &of_object);
    forget_origins(&mut files, &of_line);
    forget_what_the_server_hides(&mut files);
    for answer in [&mut live, &mut files] {
        // The server writes its defaults into policies; `changes` say all that a fix adds.
        answer.pointer_mut("/fix").and_then(Value::as_object_mut).and_then(|fix| fix.remove("objects"));
    }
    (live != files).then(|| format!("{} {question}\nlive:  {live}\nfiles: {files}", folder.display()))
}

/// Takes out the one finding that only files can have: the API server writes `policyTypes` into
/// every policy, so that no live one lacks it.
fn forget_what_the_server_hides(files: &mut Value) {
    if let Some(Value::Array(findings)) = files.get_mut("findings") {
        findings.retain(|finding| finding["id"] != "egress-without-policy-types");
    }
}

/// Takes out where rules were read.
fn forget_origins(value: &mut Value, is_right: &dyn Fn(&Value) -> bool) {
    match value {
        Value::Object(fields) => {
            if let Some(origin) = fields.remove("origin") {
                assert!(is_right(&origin), "{origin}");
            }
            fields.values_mut().for_each(|value| forget_origins(value, is_right));
        }
        Value::Array(items) => items.iter_mut().for_each(|value| forget_origins(value, is_right)),
        _ => {}
    }
}
