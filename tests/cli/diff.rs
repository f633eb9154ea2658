//! `diff`: what it compares, what it ends with, and what it refuses.

use serde_json::Value;

use crate::run::{Folder, SHOP, items};

/// A policy that isolates the API, and the web front end's with another port.
pub(crate) const OVERLAY: &str = "\
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: api, namespace: shop}
spec:
  podSelector: {matchLabels: {app: api}}
  policyTypes: [Egress]
  egress:
  - to: [{namespaceSelector: {matchLabels: {team: data}}}]
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: web, namespace: shop}
spec:
  podSelector: {matchLabels: {app: web}}
  policyTypes: [Ingress, Egress]
  ingress:
  - ports: [{port: http}]
  egress:
  - to:
    - namespaceSelector: {}
    ports:
    - {protocol: UDP, port: 53}
  - to:
    - podSelector: {matchLabels: {app: api}}
    ports:
    - port: 9001
";

/// The same policy, as a server writes it: defaults filled in, lists in another order.
const DEFAULTED: &str = "\
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: web, namespace: shop}
spec:
  podSelector: {matchLabels: {app: web}}
  policyTypes: [Egress, Ingress]
  egress:
  - to:
    - namespaceSelector: {}
    ports:
    - {protocol: UDP, port: 53}
  - to:
    - podSelector: {matchLabels: {app: api}}
    ports:
    - {protocol: TCP, port: 9000}
  ingress:
  - ports: [{port: http, protocol: TCP}]
";

fn folder() -> Folder {
    Folder::of(&[("shop.yaml", SHOP), ("new.yaml", OVERLAY), ("defaulted.yaml", DEFAULTED)])
}

/// Lists `change source -> destination: causes` of a diff that must find something.
fn changes(folder: &Folder, arguments: &str) -> Vec<String> {
    let ended = folder.run(&format!("diff {arguments} -o json"));
    assert_eq!(ended.code, Some(1), "{arguments}: {}", ended.err);
    let answer: Value = serde_json::from_str(&ended.out).unwrap();
    let text = |value: &Value| value.as_str().unwrap_or("outside").to_owned();
    let row = |change: &Value| {
        let causes = items(&change["causes"]).iter();
        let causes: Vec<String> =
            causes.map(|own| format!("{} {}", text(&own["cause"]), text(&own["name"]))).collect();
        let [source, destination] = ["source", "destination"].map(|end| text(&change[end]["name"]));
        format!("{} {source} -> {destination}: {}", text(&change["change"]), causes.join(", "))
    };
    items(&answer["changes"]).iter().map(row).collect()
}

#[test]
fn an_overlay_is_compared_with_its_base_and_names_its_policies() {
    assert_eq!(
        changes(&folder(), "--base shop.yaml -f new.yaml"),
        [
            "removed api -> agent: policy-added api",
            "removed api -> web: policy-added api",
            "removed api -> node-1: policy-added api",
            "removed api -> outside: policy-added api",
            "changed web -> api: policy-changed web",
        ]
    );
}

#[test]
fn two_sources_are_compared_as_they_are() {
    let folder = folder();
    folder.write("without.yaml", SHOP.replace("name: allow-api", "name: allow-others").as_bytes());
    assert_eq!(folder.run("diff shop.yaml without.yaml").code, Some(0));
    folder.write("without.yaml", SHOP.replace("- port: 9187", "- port: 9188").as_bytes());
    assert_eq!(
        changes(&folder, "shop.yaml without.yaml"),
        ["changed agent -> postgres: policy-changed allow-api"]
    );
}

#[test]
fn defaults_and_order_make_no_difference() {
    let folder = folder();
    for arguments in
        ["--base shop.yaml -f defaulted.yaml", "shop.yaml shop.yaml", "--base shop.yaml -f shop.yaml"]
    {
        let ended = folder.run(&format!("diff {arguments}"));
        assert_eq!(ended.code, Some(0), "{arguments}: {}", ended.out);
        assert!(
            ended.out.starts_with("No connection changes were found; see the gaps.\n"),
            "{}",
            ended.out
        );
    }
}

#[test]
fn what_is_taken_away_is_gone_on_the_newer_side_only() {
    let folder = folder();
    assert_eq!(
        changes(&folder, "--base shop.yaml --without db/netpol/allow-api"),
        [
            "removed agent -> postgres: policy-removed allow-api",
            "removed api -> postgres: policy-removed allow-api"
        ]
    );
    let ended = folder.run("diff shop.yaml shop.yaml --without db/netpol/allow-api");
    assert_eq!(ended.code, Some(1));
}

#[test]
fn a_forgotten_label_is_the_cause() {
    let folder = folder();
    let forgotten =
        SHOP.replace("    metadata: {labels: {app: api}}", "    metadata: {labels: {app: backend}}");
    folder.write("forgotten.yaml", forgotten.as_bytes());
    assert_eq!(
        changes(&folder, "shop.yaml forgotten.yaml"),
        ["removed api -> postgres: labels-changed api", "changed web -> api: labels-changed api"]
    );
    let relabelled = SHOP.replace("labels: {team: data}", "labels: {team: shop}");
    folder.write("relabelled.yaml", relabelled.as_bytes());
    assert_eq!(folder.run("diff shop.yaml relabelled.yaml").code, Some(0));
    let relabelled = SHOP.replace("labels: {team: shop}", "labels: {team: web}");
    folder.write("relabelled.yaml", relabelled.as_bytes());
    assert_eq!(
        changes(&folder, "shop.yaml relabelled.yaml"),
        ["removed api -> postgres: labels-changed shop"]
    );
}

#[test]
fn a_workload_that_is_new_or_gone_explains_its_connections() {
    let folder = folder();
    let rows = changes(&folder, "shop.yaml shop.yaml --without monitoring/ds/agent");
    assert!(rows.contains(&"removed agent -> postgres: workload-removed agent".to_owned()), "{rows:?}");
    assert!(rows.iter().all(|row| row.ends_with(": workload-removed agent")), "{rows:?}");
    folder.write("less.yaml", b"apiVersion: v1\nkind: Namespace\nmetadata: {name: shop}\n");
    let rows = changes(&folder, "less.yaml shop.yaml");
    assert!(
        rows.iter().all(|row| row.starts_with("added ") && row.contains(": workload-added ")),
        "{rows:?}"
    );
}

/// A workload whose pods are replaced, one of two that may do what the other may not.
#[test]
fn a_replaced_pod_is_compared_with_its_workload() {
    let folder = folder();
    let replaced = SHOP.replace("web-7d4b9-abcde", "web-7d4b9-zzzzz").replace("10.1.0.1", "10.1.0.9");
    folder.write("replaced.yaml", replaced.as_bytes());
    let ended = folder.run("diff shop.yaml replaced.yaml");
    assert_eq!(
        (ended.code, ended.out.lines().next()),
        (Some(0), Some("No connection changes were found; see the gaps."))
    );
}

#[test]
fn new_isolation_is_a_difference_even_where_it_cuts_nothing() {
    let folder = folder();
    let open = "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: open, namespace: shop}\n\
                spec: {podSelector: {matchLabels: {app: api}}, ingress: [{}]}\n";
    folder.write("open.yaml", open.as_bytes());
    let ended = folder.run("diff --base shop.yaml -f open.yaml");
    assert_eq!(ended.code, Some(1));
    assert!(
        ended.out.contains("shop/deploy/api becomes isolated for ingress (loses nothing)"),
        "{}",
        ended.out
    );
}

#[test]
fn an_unrelated_block_changes_nothing_outside() {
    let folder = folder();
    let block = "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: block, namespace: shop}\n\
                 spec:\n  podSelector: {matchLabels: {app: nobody}}\n  ingress: [{from: [{ipBlock: {cidr: 198.51.100.0/24}}]}]\n";
    folder.write("block.yaml", block.as_bytes());
    let ended = folder.run("diff --base shop.yaml -f block.yaml");
    assert_eq!(
        (ended.code, ended.out.lines().next()),
        (Some(0), Some("No connection changes were found; see the gaps."))
    );
}

#[test]
fn a_namespace_narrows_the_answer() {
    let folder = folder();
    assert_eq!(
        changes(&folder, "--base shop.yaml -f new.yaml -n monitoring"),
        ["removed api -> agent: policy-added api"]
    );
    let ended = folder.run("diff --base shop.yaml -f new.yaml -n nowhere");
    assert_eq!((ended.code, ended.out.as_str()), (Some(2), ""));
}

#[test]
fn what_cannot_be_compared_is_one_clear_line_and_no_answer() {
    let folder = folder();
    folder.write("empty.yaml", b"");
    folder.write("other.yaml", b"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\n");
    folder.write("policies.yaml", DEFAULTED.as_bytes());
    folder.write("no-manifests/README.md", b"");
    folder.write("damaged.json.gz", b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xffa");
    folder.write("broken.yaml", b"apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: x}\nspec: {podSelector: {}, policyTypes: [Sideways]}\n");
    for (arguments, line) in [
        ("", "error: nothing to compare: give -f, --without, or OLD and NEW"),
        ("missing.yaml shop.yaml", "error: missing.yaml: no such file or directory"),
        ("shop.yaml missing.yaml", "error: missing.yaml: no such file or directory"),
        ("empty.yaml shop.yaml", "error: empty.yaml: no Kubernetes object"),
        ("shop.yaml empty.yaml", "error: empty.yaml: no Kubernetes object"),
        ("--base empty.yaml -f shop.yaml", "error: empty.yaml: no Kubernetes object"),
        (
            "other.yaml no-manifests",
            "error: nothing was read: no pod, workload or policy on either side, only 1 ConfigMap before, no \
             Kubernetes object after",
        ),
        (
            "--base other.yaml -f other.yaml",
            "error: nothing was read: no pod, workload or policy on either",
        ),
        ("policies.yaml new.yaml", "error: no pod or workload was read, so there is nothing to compare"),
        ("--base policies.yaml -f new.yaml", "error: no pod or workload was read, so there is nothing"),
        ("no-manifests no-manifests", "error: nothing was read: no pod, workload or policy on either"),
        ("shop.yaml damaged.json.gz", "error: damaged.json.gz: the compressed file is damaged"),
        ("--base shop.yaml --without db/netpol/nothing", "error: --without"),
        ("shop.yaml context:nowhere", "error: context:nowhere: "),
        ("live shop.yaml", "error: live: "),
        ("--base shop.yaml -f broken.yaml", "error: broken.yaml:4"),
        ("shop.yaml new.yaml -f new.yaml", "error: OLD and NEW are compared as they are"),
    ] {
        let ended = folder.run(&format!("diff {arguments}"));
        assert_eq!((ended.code, ended.out.as_str()), (Some(2), ""), "{arguments}: {}", ended.err);
        assert!(ended.err.starts_with(line), "{arguments}: {}", ended.err);
    }
    let ended = folder.run("diff shop.yaml");
    assert_eq!((ended.code, ended.out.as_str()), (Some(2), ""));
    // One side that holds nothing is what was before the first commit.
    for arguments in ["other.yaml shop.yaml", "no-manifests shop.yaml", "--base other.yaml -f shop.yaml"]
    {
        let ended = folder.run(&format!("diff {arguments}"));
        assert_eq!((ended.code, ended.err.as_str()), (Some(1), ""), "{arguments}");
    }
}

#[test]
fn an_unknown_format_is_refused_before_anything_is_read() {
    let ended = folder().run("diff nothing.yaml nowhere.yaml -o svg");
    assert_eq!((ended.code, &*ended.out), (Some(2), ""));
    assert!(
        ended.err.ends_with("allowed formats are: csv,dot,json,md,mermaid,wide,yaml\n"),
        "{}",
        ended.err
    );
}

#[test]
fn markdown_folds_many_rows_and_escapes_names() {
    let folder = Folder::of(&[]);
    let mut all = String::new();
    for number in 0..60 {
        let labels = format!("{{app: \"a{number}\"}}");
        all += &format!(
            "apiVersion: v1\nkind: Pod\nmetadata: {{name: \"p{number:02}|<b>\", namespace: x, labels: {labels}}}\n---\n"
        );
        all += &format!(
            "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {{name: n{number}, namespace: x}}\n\
             spec: {{podSelector: {{matchLabels: {labels}}}, ingress: [{{ports: [{{port: {}}}]}}]}}\n---\n",
            number + 1
        );
    }
    folder.write("old.yaml", all.as_bytes());
    folder.write("new.yaml", all.replace("[{port: ", "[{port: 1").as_bytes());
    let ended = folder.run("diff old.yaml new.yaml -o md");
    assert_eq!(ended.code, Some(1), "{}", ended.err);
    assert!(ended.out.contains("<details>\n<summary>"), "{}", ended.out);
    assert!(
        ended.out.ends_with("</details>\n") || ended.out.contains("</details>\n\n"),
        "{}",
        ended.out
    );
    assert!(ended.out.contains("x/pod/p00&#124;&#60;b&#62;"), "{}", ended.out);
    assert!(!ended.out.contains("|<b>"), "{}", ended.out);
}
