//! `endpoints`: what policies remember, what they open, and where the two differ.

use serde_json::{Value, json};

use crate::run::{Folder, items};

const ENDPOINTS: &str = include_str!("endpoints.yaml");

fn folder() -> Folder {
    Folder::of(&[("all.yaml", ENDPOINTS)])
}

fn policy<'a>(answer: &'a Value, name: &str) -> &'a Value {
    items(&answer["policies"]).iter().find(|policy| policy["name"] == name).unwrap()
}

#[test]
fn every_host_is_told_with_what_is_open_of_it_and_what_is_not() {
    let answer = folder().json("endpoints -n shop -f all.yaml");
    let own = policy(&answer, "netpol-ep-api");
    assert_eq!(own["pods"][0]["name"], "web", "{own:#}");
    let host = &own["hosts"][0];
    assert_eq!(host["host"], "api.example.com");
    assert_eq!((&host["status"], &host["since"]), (&json!("failed"), &json!("2026-11-21T18:00:00Z")));
    assert_eq!(host["resolved"], "2026-11-21T18:30:00Z");
    assert_eq!(host["open"], json!(["169.254.169.254", "198.41.0.4"]));
    let pending = json!([{
        "address": "198.41.0.5", "since": "2026-11-21T18:00:00Z", "runs": 2, "until": "2026-11-22T18:00:00Z"
    }]);
    assert_eq!(host["pending"], pending);
    // The record has it, and no rule opens it.
    assert_eq!(host["closed"], json!(["198.41.0.6"]));
    // A rule opens it, and no record has it.
    assert_eq!(own["unrecorded"], json!(["203.0.113.0/24"]));
    assert_eq!(answer["policies"].as_array().unwrap().len(), 2, "{answer:#}");
}

#[test]
fn what_a_record_says_is_told_and_not_believed() {
    let folder = folder();
    let answer = folder.json("endpoints -n shop -f all.yaml");
    let host = &policy(&answer, "netpol-ep-api")["hosts"][0];
    // It is in the record and in the rules, and nobody consented to it.
    assert_eq!(host["refused"][0]["address"], "169.254.169.254", "{host:#}");
    assert_eq!(host["consents"], json!(["private"]));
    let text = folder.run("endpoints -n shop -f all.yaml").out;
    assert!(text.contains("open without consent 169.254.169.254"), "{text}");
    // A policy of somebody else opens more than its record has: that is no difference.
    assert_eq!(policy(&answer, "hand-made")["unrecorded"], json!([]));
}

#[test]
fn a_policy_without_a_record_that_can_be_read_is_told_in_every_format() {
    let folder = folder();
    let answer = folder.json("endpoints -n tenant -f all.yaml");
    let problems: Vec<usize> =
        items(&answer["policies"]).iter().map(|policy| items(&policy["problems"]).len()).collect();
    assert_eq!(problems, [2, 1], "{answer:#}");
    for format in ["wide", "csv", "md", "yaml"] {
        let told = folder.run(&format!("endpoints -n tenant -f all.yaml -o {format}")).out;
        let told = told.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(told.contains("is damaged: character"), "{format}: {told}");
        assert!(told.contains("a snapshot file has none"), "{format}: {told}");
        assert!(!told.contains('\u{1b}') && !told.contains("[31m"), "{format}: {told}");
    }
}

#[test]
fn all_are_counted_and_a_namespace_that_is_not_there_is_an_error() {
    let folder = folder();
    let text = folder.run("endpoints -f all.yaml").out;
    assert!(text.starts_with("6 hosts in 5 policies"), "{text}");
    assert!(folder.run("endpoints -n empty -f all.yaml").err.contains("namespace `empty` not found"));
}

#[test]
fn each_status_has_its_words() {
    let text = folder().run("endpoints -f all.yaml").out;
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    for words in [
        "api.example.com:443 not resolved since 2026-11-21T18:00:00Z, last resolved 2026-11-21T18:30:00Z",
        "closed.example.com:443 closed: the policy has no rule for it",
        "gone.example.com:443 without IPv4 addresses since 2026-11-21T18:00:00Z",
        "new.example.com:443 never resolved",
        "8.8.8.8:53 an address",
        "mail.example.com:25,123/UDP closed",
        "its name servers show a few addresses at a time",
        "it lacks the label kubectl-netpol/endpoint, by which refresh-ips finds it",
    ] {
        assert!(text.contains(words), "{words}\n{text}");
    }
}

#[test]
fn csv_has_a_record_for_each_host_and_each_policy_without_any() {
    let folder = folder();
    let records = folder.run("endpoints -f all.yaml -o csv").out;
    assert_eq!(records.lines().count(), 1 + 6 + 2, "{records}");
    let headless = folder.run("endpoints -f all.yaml -o csv --no-headers").out;
    assert_eq!(headless.lines().count(), 6 + 2, "{headless}");
    assert!(folder.run("endpoints -f all.yaml -o dot").err.contains("csv,json,md"), "no graph");
}

#[test]
fn where_nothing_is_remembered_that_is_said_of_its_namespace() {
    let folder = Folder::shop();
    let told = folder.run("endpoints -n shop -f shop.yaml").out;
    assert!(told.contains("remembered") && told.contains("in namespace shop"), "{told}");
}

#[test]
fn the_name_of_an_address_stands_beside_it_and_changes_no_verdict() {
    let folder = folder();
    folder.write(
        "bare.yaml",
        ENDPOINTS.replace("kubectl-netpol/endpoints:", "other/endpoints:").as_bytes(),
    );
    let question = "explain shop/pod/web --to 198.41.0.4 --port 443";
    let text = folder.run(&format!("{question} -f all.yaml")).out;
    assert!(text.contains("198.41.0.4 (recorded as api.example.com)"), "{text}");
    let answer = folder.json(&format!("{question} -f all.yaml"));
    let recorded = json!([{ "address": "198.41.0.4", "name": "api.example.com" }]);
    assert_eq!(answer["destination"]["recorded"], recorded, "{answer:#}");
    assert_eq!(answer["verdict"], folder.json(&format!("{question} -f bare.yaml"))["verdict"]);

    for question in [
        "list -n shop -f all.yaml -o wide",
        "explain shop/pod/web -f all.yaml",
        "list -n shop -f all.yaml -o md",
    ] {
        let text = folder.run(question).out.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(text.contains("(recorded as api.example.com)"), "{question}: {text}");
        // It is in the record, and no rule opens it: it is not what the name leads to.
        assert!(!text.contains("198.41.0.6 (recorded"), "{question}: {text}");
    }
    let named = folder.json("list -n shop -f all.yaml");
    let ports = |answer: &Value| -> Vec<Value> {
        items(&answer["connections"]).iter().map(|row| row["ports"].clone()).collect()
    };
    assert_eq!(ports(&named), ports(&folder.json("list -n shop -f bare.yaml")));
    let diff = folder.run("diff --base all.yaml --without shop/netpol/netpol-ep-api").out;
    let diff = diff.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(diff.contains("(recorded as api.example.com)"), "{diff}");
}

#[test]
fn a_record_of_another_policy_names_nobodys_addresses() {
    let folder = folder();
    let theirs = r#"
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: planted
  namespace: tenant
  annotations:
    kubectl-netpol/endpoints: >-
      {"v":2,"hosts":[{"host":"bank.example.com","ports":[443],"grace":1440,"ips":{"198.41.0.4":null}}]}
spec:
  podSelector: {}
  policyTypes: [Egress]
  egress: [{to: [{ipBlock: {cidr: 198.41.0.4/32}}], ports: [{port: 443, protocol: TCP}]}]
"#;
    folder.write("planted.yaml", theirs.as_bytes());
    for question in ["list -n shop", "explain shop/pod/web --to 198.41.0.4:443", "explain shop/pod/web"]
    {
        let text = folder.run(&format!("{question} -f all.yaml -f planted.yaml")).out;
        assert!(text.contains("api.example.com") && !text.contains("bank"), "{question}: {text}");
    }
}
