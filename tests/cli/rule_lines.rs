//! Every rule remembers its own line: where its `- ` or its `{` stands.

use crate::run::Folder;

/// Two pods; the policy is laid beside them in a file of its own.
const PODS: &str = "\
apiVersion: v1
kind: Pod
metadata: {name: a}
---
apiVersion: v1
kind: Pod
metadata: {name: b}
";

/// The first four lines of every policy in YAML.
const HEAD: &str = "\
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: p}
spec:
";

/// What follows the head from line 5 on, and the line of every rule.
type Case = (&'static str, &'static str, &'static [(&'static str, u32)]);

const YAML: [Case; 12] = [
    (
        "block style",
        "  egress:\n  - to:\n    - podSelector: {}\n  - ports:\n    - port: 80\n",
        &[("spec.egress[0]", 6), ("spec.egress[1]", 8)],
    ),
    (
        "indented items",
        "  egress:\n    - ports: [{port: 80}]\n\n    - {}\n",
        &[("spec.egress[0]", 6), ("spec.egress[1]", 8)],
    ),
    (
        "a dash alone on its line",
        "  egress:\n  -\n    to:\n    - podSelector: {}\n  -\n    ports: [{port: 80}]\n",
        &[("spec.egress[0]", 6), ("spec.egress[1]", 9)],
    ),
    (
        "a dash with a comment and blank lines below it",
        "  egress:\n  - # the first\n\n    # still the first\n    to:\n    - podSelector: {}\n",
        &[("spec.egress[0]", 6)],
    ),
    (
        "comments between",
        "  egress:\n  # one\n  - ports: [{port: 80}]\n  # two\n  # - not: this\n  - ports: [{port: 81}]\n",
        &[("spec.egress[0]", 7), ("spec.egress[1]", 10)],
    ),
    (
        "flow style on one line",
        "  egress: [{ports: [{port: 80}]}, {ports: [{port: 81}]}]\n",
        &[("spec.egress[0]", 5), ("spec.egress[1]", 5)],
    ),
    (
        "flow style over lines",
        "  egress: [\n    {ports: [{port: 80}]},\n    {\n      ports: [{port: 81}]}\n  ]\n",
        &[("spec.egress[0]", 6), ("spec.egress[1]", 7)],
    ),
    (
        "an anchor on the dash's line",
        "  egress:\n  - &web\n    ports: [{port: 80}]\n  - *web\n  - <<: *web\n",
        &[("spec.egress[0]", 6), ("spec.egress[1]", 8), ("spec.egress[2]", 9)],
    ),
    (
        "a tag on the dash's line",
        "  egress:\n  - !!map\n    ports: [{port: 80}]\n",
        &[("spec.egress[0]", 6)],
    ),
    (
        "both directions",
        "  policyTypes: [Egress, Ingress]\n  ingress:\n  - from: [{podSelector: {}}]\n  egress:\n  - {}\n",
        &[("spec.egress[0]", 9), ("spec.ingress[0]", 7)],
    ),
    (
        "quoted keys and a block scalar above",
        "  podSelector: {}\n  \"egress\":\n  - \"ports\":\n    - port: 80\n  - ports:\n    - port: >-\n        http\n",
        &[("spec.egress[0]", 7), ("spec.egress[1]", 9)],
    ),
    (
        "the list on the dash of an empty rule",
        "  egress:\n  - {}\n  - ports: []\n",
        &[("spec.egress[0]", 6), ("spec.egress[1]", 7)],
    ),
];

#[test]
fn every_rule_in_yaml_has_the_line_of_its_dash() {
    for (name, body, lines) in YAML {
        check(name, "p.yaml", &format!("{HEAD}{body}"), lines);
    }
}

#[test]
fn lines_are_the_same_with_windows_line_ends_and_a_byte_order_mark() {
    for (name, body, lines) in YAML {
        check(name, "p.yaml", &format!("{HEAD}{body}").replace('\n', "\r\n"), lines);
        check(name, "p.yaml", &format!("\u{feff}{HEAD}{body}"), lines);
    }
}

#[test]
fn lines_count_from_the_start_of_the_file_in_later_documents_and_in_lists() {
    let first = "# a file\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\n---\n";
    let body = "  egress:\n  - ports: [{port: 80}]\n  -\n    ports: [{port: 81}]\n";
    let lines = [("spec.egress[0]", 12), ("spec.egress[1]", 13)];
    check("a later document", "p.yaml", &format!("{first}{HEAD}{body}"), &lines);

    let item = format!("{HEAD}{body}").replace('\n', "\n  ");
    let list = format!("apiVersion: v1\nkind: List\nitems:\n- {}\n", item.trim_end());
    check("an item of a List", "p.yaml", &list, &[("spec.egress[0]", 9), ("spec.egress[1]", 10)]);

    let list = list
        .replace("- apiVersion: networking.k8s.io/v1\n  kind: NetworkPolicy\n  metadata", "- metadata")
        .replace("v1\nkind: List", "networking.k8s.io/v1\nkind: NetworkPolicyList");
    check("an item of a typed list", "p.yaml", &list, &[("spec.egress[0]", 7), ("spec.egress[1]", 8)]);
}

#[test]
fn every_rule_in_json_has_the_line_of_its_brace() {
    let json = "{\n  \"apiVersion\": \"networking.k8s.io/v1\",\n  \"kind\": \"NetworkPolicy\",\n  \
                \"metadata\": {\"name\": \"p\"},\n  \"spec\": {\n\t\t\"egress\": [\n      {\n        \
                \"ports\": [{\"port\": 80}]\n      },\n      {\"ports\": [{\"port\": 81}]}\n    ]\n  }\n}\n";
    check("pretty", "p.json", json, &[("spec.egress[0]", 7), ("spec.egress[1]", 10)]);
    let one_line: String = json.split('\n').map(str::trim).collect();
    check("one line", "p.json", &one_line, &[("spec.egress[0]", 1), ("spec.egress[1]", 1)]);
    let before = "{\"apiVersion\": \"v1\", \"kind\": \"Pod\",\n \"metadata\": {\"name\": \"c\"}}\n\n";
    let after = format!("{before}{json}");
    check("behind another value", "p.json", &after, &[("spec.egress[0]", 10), ("spec.egress[1]", 13)]);
    let list = format!("{{\"apiVersion\": \"v1\", \"kind\": \"List\", \"items\": [\n{json}\n]}}\n");
    check("in a List", "p.json", &list, &[("spec.egress[0]", 8), ("spec.egress[1]", 11)]);
}

#[test]
fn a_policy_that_isolates_has_the_line_of_its_document() {
    let folder = Folder::of(&[
        ("pods.yaml", PODS),
        ("p.yaml", &format!("# deny\n---\n{HEAD}  policyTypes: [Ingress]\n")),
    ]);
    let answer = folder.json("explain pod/a --to pod/b -f .");
    let by = &answer["groups"][0]["ingress"]["tiers"][0]["isolatedBy"][0];
    assert_eq!((&by["origin"]["file"], &by["origin"]["line"]), (&"./p.yaml".into(), &3.into()));
}

fn check(name: &str, file: &str, text: &str, lines: &[(&str, u32)]) {
    let folder = Folder::of(&[("pods.yaml", PODS), (file, text)]);
    let found = folder.places(&format!("pod/a --to pod/b -f pods.yaml -f {file}"));
    let found: Vec<(String, String)> = found.into_iter().collect();
    let expected: Vec<(String, String)> =
        lines.iter().map(|(path, line)| ((*path).to_owned(), format!("{file}:{line}"))).collect();
    assert_eq!(found, expected, "{name}:\n{text}");
}
