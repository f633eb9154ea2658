//! `default-deny`: what it prints, and that what it prints does what it says.

use serde_json::Value;

use crate::run::{Folder, SHOP, items};

/// CoreDNS behind port 5353, as its pods name it.
const DNS: &str = "\
---
apiVersion: v1
kind: Namespace
metadata: {name: kube-system}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: coredns, namespace: kube-system}
spec:
  selector: {matchLabels: {k8s-app: kube-dns}}
  template:
    metadata: {labels: {k8s-app: kube-dns}}
    spec:
      containers:
      - name: coredns
        image: example/coredns
        ports:
        - {name: dns, containerPort: 5353, protocol: UDP}
        - {name: dns-tcp, containerPort: 5353}
        - {name: metrics, containerPort: 9153}
";

fn folder() -> Folder {
    Folder::of(&[("shop.yaml", SHOP), ("all.yaml", &format!("{SHOP}{DNS}"))])
}

#[test]
fn dns_is_allowed_where_the_cluster_has_it_and_nothing_else_is() {
    let folder = folder();
    let base = folder.run("default-deny ns/shop -f all.yaml");
    assert_eq!(base.code, Some(0), "{}", base.err);
    folder.write("base.yaml", base.out.as_bytes());
    let verdict = |question: &str| folder.verdict(&format!("{question} -f all.yaml --with base.yaml"));
    assert_eq!(verdict("shop/deploy/api --to kube-system/deploy/coredns --port 5353/UDP"), "allow");
    assert_eq!(verdict("shop/deploy/api --to kube-system/deploy/coredns --port 5353"), "allow");
    assert_eq!(verdict("shop/deploy/api --to kube-system/deploy/coredns --port 9153"), "deny");
    assert_eq!(verdict("shop/deploy/api --to db/sts/postgres --port 5432"), "deny");
    assert_eq!(verdict("shop/deploy/api --to internet"), "deny");
    assert_eq!(verdict("db/sts/postgres --to shop/deploy/api"), "deny");
    assert_eq!(verdict("db/sts/postgres --to kube-system/deploy/coredns --port 9153"), "allow");
}

#[test]
fn the_output_is_a_manifest_and_its_diff_is_what_was_told() {
    let folder = folder();
    for format in ["yaml", "json"] {
        let base = folder.run(&format!("default-deny ns/shop -f all.yaml -o {format}"));
        let diff = folder.run_with_input("diff --base all.yaml -f -", &base.out);
        assert_eq!(diff.code, Some(1), "{}", diff.err);
        assert!(diff.out.contains("shop/deploy/api becomes isolated for egress"), "{}", diff.out);
        let lines = |text: &str| -> Vec<String> {
            text.lines().filter(|line| line.starts_with("  ")).map(str::to_owned).collect()
        };
        assert_eq!(lines(&diff.out), lines(&base.err));
    }
}

#[test]
fn nothing_outside_the_namespace_is_isolated() {
    let folder = folder();
    let base = folder.run("default-deny ns/shop --allow-same-namespace -f all.yaml");
    let ended = folder.run_with_input("diff --base all.yaml -f - -o json", &base.out);
    let answer: Value = serde_json::from_str(&ended.out).unwrap();
    let isolations = items(&answer["isolations"]);
    assert!(isolations.len() > 1);
    assert!(isolations.iter().all(|own| own["subject"]["namespace"] == "shop"), "{isolations:?}");
    let inside =
        |change: &&Value| ["source", "destination"].iter().all(|end| change[end]["namespace"] == "shop");
    let lost = items(&answer["changes"]).iter().filter(inside).filter(|own| own["change"] == "removed");
    assert_eq!(lost.count(), 0);
}

#[test]
fn an_unknown_dns_is_a_finding_and_port_53_is_allowed_everywhere() {
    let folder = folder();
    let base = folder.run("default-deny ns/shop -f shop.yaml");
    assert!(base.out.starts_with("# no DNS server was found"), "{}", base.out);
    folder.write("base.yaml", base.out.as_bytes());
    let question = "shop/deploy/api --to internet --port 53/UDP -f shop.yaml --with base.yaml";
    assert_eq!(folder.verdict(question), "allow");
}

#[test]
fn a_policy_that_would_be_replaced_is_a_finding() {
    let base = folder().run("default-deny ns/db -f all.yaml");
    assert!(base.out.contains("# NetworkPolicy db/default-deny exists, and would be replaced\n"));
}

#[test]
fn what_cannot_be_answered_is_one_clear_line() {
    let folder = folder();
    for (arguments, line) in [
        ("deploy/web", "error: `deploy/web` is not a namespace: use ns/NAME"),
        ("ns/nowhere", "error: namespace `nowhere` not found"),
        (
            "ns/shop --allow-apiserver",
            "error: --allow-apiserver: the address of the API server is not known",
        ),
    ] {
        let ended = folder.run(&format!("default-deny {arguments} -f shop.yaml"));
        assert_eq!((ended.code, ended.out.as_str()), (Some(2), ""), "{arguments}: {}", ended.err);
        assert!(ended.err.starts_with(line), "{arguments}: {}", ended.err);
    }
}
