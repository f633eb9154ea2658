//! NetworkPolicies that the API server would refuse: each with its exact line.

use crate::run::Folder;

/// The first five lines of every policy here.
const HEAD: &str = "\
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: p, namespace: shop}
spec:
  podSelector: {}
";

/// What stands in the specification from line 6 on, and the complaints: line, path, problem.
type Case = (&'static str, &'static [(u32, &'static str, &'static str)]);

const SELECTORS: [Case; 8] = [
    (
        "  ingress:\n  - from:\n    - podSelector:\n        matchExpressions:\n        - {key: a, operator: Is, values: [b]}\n",
        &[(
            10,
            "spec.ingress[0].from[0].podSelector.matchExpressions[0].operator",
            "unknown operator `Is`; use In, NotIn, Exists or DoesNotExist",
        )],
    ),
    (
        "  ingress:\n  - from: [{podSelector: {matchExpressions: [{key: a, operator: In}]}}]\n",
        &[(
            7,
            "spec.ingress[0].from[0].podSelector.matchExpressions[0].values",
            "operator In needs values",
        )],
    ),
    (
        "  egress:\n  - to: [{namespaceSelector: {matchExpressions: [{key: a, operator: NotIn, values: []}]}}]\n",
        &[(
            7,
            "spec.egress[0].to[0].namespaceSelector.matchExpressions[0].values",
            "operator NotIn needs values",
        )],
    ),
    (
        "  ingress:\n  - from: [{podSelector: {matchExpressions: [{key: a, operator: Exists, values: [b]}]}}]\n",
        &[(
            7,
            "spec.ingress[0].from[0].podSelector.matchExpressions[0].values",
            "operator Exists takes no values",
        )],
    ),
    (
        "  ingress:\n  - from:\n    - podSelector:\n        matchLabels:\n          app: -web\n",
        &[(10, "spec.ingress[0].from[0].podSelector.matchLabels.app", "`-web` is not a label value")],
    ),
    (
        "  ingress:\n  - from: [{podSelector: {matchLabels: {Example.com/a/b: c}}}]\n",
        &[(
            7,
            "spec.ingress[0].from[0].podSelector.matchLabels",
            "`Example.com/a/b` is not a label key",
        )],
    ),
    (
        "  ingress:\n  - from: [{podSelector: {matchLabels: {app: yes}}}]\n",
        &[(
            7,
            "spec.ingress[0].from[0].podSelector.matchLabels.app",
            "invalid type: boolean `true`, expected a string; it needs quotes",
        )],
    ),
    (
        "  ingress:\n  - from: [{podSelector: {matchLabels: {app: 1.0}}}]\n",
        &[(
            7,
            "spec.ingress[0].from[0].podSelector.matchLabels.app",
            "invalid type: floating point `1.0`, expected a string; it needs quotes",
        )],
    ),
];

const PORTS: [Case; 11] = [
    (
        "  ingress:\n  - ports: [{port: 0}]\n",
        &[(7, "spec.ingress[0].ports[0].port", "`0` is not a port from 1 to 65535")],
    ),
    (
        "  ingress:\n  - ports: [{port: 65536}]\n",
        &[(7, "spec.ingress[0].ports[0].port", "`65536` is not a port from 1 to 65535")],
    ),
    (
        "  ingress:\n  - ports:\n    - port: 80\n      endPort: 79\n",
        &[(9, "spec.ingress[0].ports[0].endPort", "`79` is below port `80`")],
    ),
    (
        "  ingress:\n  - ports: [{port: 80, endPort: 65536}]\n",
        &[(7, "spec.ingress[0].ports[0].endPort", "`65536` is not a port from 1 to 65535")],
    ),
    (
        "  ingress:\n  - ports: [{port: http, endPort: 80}]\n",
        &[(7, "spec.ingress[0].ports[0].endPort", "may not stand beside the port name `http`")],
    ),
    (
        "  ingress:\n  - ports: [{endPort: 80}]\n",
        &[(7, "spec.ingress[0].ports[0].endPort", "needs a port")],
    ),
    (
        "  ingress:\n  - ports: [{port: HTTP}]\n",
        &[(7, "spec.ingress[0].ports[0].port", "`HTTP` is not a port name")],
    ),
    (
        "  ingress:\n  - ports: [{port: averyveryverylongname}]\n",
        &[(7, "spec.ingress[0].ports[0].port", "`averyveryverylongname` is not a port name")],
    ),
    (
        "  ingress:\n  - ports: [{port: \"80\"}]\n",
        &[(
            7,
            "spec.ingress[0].ports[0].port",
            "`80` is not a port name; a number stands without quotes",
        )],
    ),
    (
        "  ingress:\n  - ports: [{port: 80, protocol: tcp}]\n",
        &[(7, "spec.ingress[0].ports[0].protocol", "unknown protocol `tcp`; use TCP, UDP or SCTP")],
    ),
    (
        "  ingress:\n  - ports: [{port: 8.5}]\n",
        &[(
            7,
            "spec.ingress[0].ports[0].port",
            "invalid type: floating point `8.5`, expected IntOrString",
        )],
    ),
];

const PEERS: [Case; 8] = [
    (
        "  ingress:\n  - from: [{}]\n",
        &[(7, "spec.ingress[0].from[0]", "needs a podSelector, namespaceSelector or ipBlock")],
    ),
    (
        "  ingress:\n  - from: [null]\n",
        &[(7, "spec.ingress[0].from[0]", "needs a podSelector, namespaceSelector or ipBlock")],
    ),
    (
        "  egress:\n  - to: [{ipBlock: {cidr: 10.0.0.0/8}, podSelector: {}}]\n",
        &[(7, "spec.egress[0].to[0]", "may not have an ipBlock beside a selector")],
    ),
    (
        "  egress:\n  - to:\n    - ipBlock:\n        cidr: 10.0.0.0/8\n        except:\n        - 11.0.0.0/8\n        - 10.0.0.0/8\n",
        &[
            (
                11,
                "spec.egress[0].to[0].ipBlock.except[0]",
                "`11.0.0.0/8` is not inside the cidr `10.0.0.0/8`",
            ),
            (
                12,
                "spec.egress[0].to[0].ipBlock.except[1]",
                "`10.0.0.0/8` is not inside the cidr `10.0.0.0/8`",
            ),
        ],
    ),
    (
        "  egress:\n  - to: [{ipBlock: {cidr: 10.0.0.0}}]\n",
        &[(
            7,
            "spec.egress[0].to[0].ipBlock.cidr",
            "`10.0.0.0` is not a CIDR block such as 10.9.8.0/24",
        )],
    ),
    (
        "  egress:\n  - to: [{ipBlock: {cidr: 10.0.0.0/33}}]\n",
        &[(
            7,
            "spec.egress[0].to[0].ipBlock.cidr",
            "`10.0.0.0/33` is not a CIDR block such as 10.9.8.0/24",
        )],
    ),
    (
        "  egress:\n  - to: [{ipBlock: {except: [10.0.0.0/8]}}]\n",
        &[(7, "spec.egress[0].to[0].ipBlock.cidr", "`` is not a CIDR block such as 10.9.8.0/24")],
    ),
    (
        "  egress:\n  - to: {podSelector: {}}\n",
        &[(7, "spec.egress[0].to", "invalid type: map, expected a sequence")],
    ),
];

const FIELDS: [Case; 7] = [
    (
        "  policyTypes: [ingress]\n",
        &[(6, "spec.policyTypes[0]", "unknown policy type `ingress`; use Ingress or Egress")],
    ),
    (
        "  policyTypes: [Ingress, Egress, Ingress]\n",
        &[(6, "spec.policyTypes", "may not have more than two policy types")],
    ),
    ("  egres: []\n", &[(6, "spec.egres", "unknown field `egres`")]),
    (
        "  ingress:\n  - form: []\n    ports:\n    - prt: 1\n",
        &[
            (7, "spec.ingress[0].form", "unknown field `form`"),
            (9, "spec.ingress[0].ports[0].prt", "unknown field `prt`"),
        ],
    ),
    ("spek: {}\n", &[(6, "spek", "unknown field `spek`")]),
    ("  ingress: {}\n", &[(6, "spec.ingress", "invalid type: map, expected a sequence")]),
    (
        "  ingress:\n  - ports: [{port: 0}]\n  policyTypes: [x]\n",
        &[
            (7, "spec.ingress[0].ports[0].port", "`0` is not a port from 1 to 65535"),
            (8, "spec.policyTypes[0]", "unknown policy type `x`; use Ingress or Egress"),
        ],
    ),
];

#[test]
fn a_policy_that_the_api_server_would_refuse_is_refused_with_its_line() {
    for (body, complaints) in SELECTORS.iter().chain(&PORTS).chain(&PEERS).chain(&FIELDS) {
        let folder = Folder::of(&[("p.yaml", &format!("{HEAD}{body}"))]);
        let ended = folder.run("list -f p.yaml");
        let lines: Vec<String> = complaints
            .iter()
            .map(|(line, path, problem)| {
                format!("p.yaml:{line}: NetworkPolicy shop/p: {path}: {problem}\n")
            })
            .collect();
        assert_eq!(ended.err, format!("error: {}", lines.concat()), "for\n{body}");
        assert_eq!((ended.code, &*ended.out), (Some(2), ""), "for\n{body}");
    }
}

#[test]
fn a_key_that_stands_twice_is_refused_with_its_place() {
    let folder = Folder::of(&[
        ("a.yaml", &format!("{HEAD}  podSelector: {{app: x}}\n")),
        ("b.yaml", &format!("{HEAD}  ingress:\n  - ports: [{{port: 80, port: 81}}]\n")),
        ("c.json", "{\"apiVersion\": \"v1\",\n \"kind\": \"Pod\", \"kind\": \"Pod\"}"),
    ]);
    let ended = folder.run("list -f .");
    assert_eq!(
        ended.err,
        "error: nothing was read: .: no Kubernetes object\n\
         could not read ./a.yaml:6:3: duplicate mapping key: podSelector\n\
         could not read ./b.yaml:7:24: duplicate mapping key: port\n\
         could not read ./c.json:2:17: duplicate mapping key: kind\n"
    );
    assert_eq!(ended.code, Some(2));
    let ended = folder.run("list --strict -f .");
    assert_eq!(
        ended.err,
        "error: ./a.yaml:6:3: duplicate mapping key: podSelector\n\
         ./b.yaml:7:24: duplicate mapping key: port\n\
         ./c.json:2:17: duplicate mapping key: kind\n"
    );
    assert_eq!(ended.code, Some(2));
}

#[test]
fn a_block_with_host_bits_or_leading_zeros_is_masked_and_told() {
    let body =
        "  egress:\n  - to:\n    - ipBlock: {cidr: 10.1.2.3/8}\n    - ipBlock: {cidr: 011.0.0.0/8}\n";
    let pod = "---\napiVersion: v1\nkind: Pod\nmetadata: {name: a, namespace: shop}\n";
    let folder = Folder::of(&[("p.yaml", &format!("{HEAD}{body}{pod}"))]);
    let ended = folder.run("explain a -n shop --to 10.200.0.1 -f p.yaml --expect allow");
    assert_eq!(ended.code, Some(0));
    assert_eq!(
        ended.err,
        "Warning: p.yaml:8: NetworkPolicy shop/p: spec.egress[0].to[0].ipBlock.cidr: `10.1.2.3/8` is read as 10.0.0.0/8\n\
         Warning: p.yaml:9: NetworkPolicy shop/p: spec.egress[0].to[1].ipBlock.cidr: `011.0.0.0/8` is read as 11.0.0.0/8\n"
    );
    assert_eq!(folder.verdict("a -n shop --to 11.0.0.1 -f p.yaml"), "allow");
}

#[test]
fn errors_of_all_documents_and_files_are_told_together() {
    let bad = |name: &str| {
        format!(
            "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {{name: {name}}}\n\
             spec: {{policyTypes: [x]}}\n"
        )
    };
    let folder = Folder::of(&[
        ("a.yaml", &format!("{}---\n{}", bad("one"), bad("two"))),
        ("b.yaml", "apiVersion: v1\nkind: Pod\nmetadata:\n  name: web\n  labels: {app: yes}\n"),
        ("c.yaml", "a: [\n"),
    ]);
    let ended = folder.run("list -f a.yaml -f b.yaml -f c.yaml");
    assert_eq!(
        ended.err,
        "error: a.yaml:4: NetworkPolicy one: spec.policyTypes[0]: unknown policy type `x`; use Ingress or Egress\n\
         a.yaml:9: NetworkPolicy two: spec.policyTypes[0]: unknown policy type `x`; use Ingress or Egress\n\
         b.yaml:5: Pod web: metadata.labels.app: invalid type: boolean `true`, expected a string; it needs quotes\n\
         c.yaml:1:4: unclosed bracket '['\n"
    );
    assert_eq!((ended.code, &*ended.out), (Some(2), ""));
}

#[test]
fn an_object_without_a_name_or_of_an_old_version_is_refused() {
    let cases = [
        (
            "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nspec: {}\n",
            "error: p.yaml:1: NetworkPolicy (no name): metadata.name: a name is needed\n",
        ),
        (
            "apiVersion: networking.k8s.io/v1beta1\nkind: NetworkPolicy\nmetadata: {name: p}\n",
            "error: p.yaml:1: NetworkPolicy p: apiVersion: no such version `networking.k8s.io/v1beta1`; use networking.k8s.io/v1\n",
        ),
        (
            "apiVersion: v1\nkind: Pod\nmetadata:\n  name: p\n  lables: {a: b}\n",
            "error: p.yaml:5: Pod p: metadata.lables: unknown field `lables`\n",
        ),
    ];
    for (text, expected) in cases {
        let ended = Folder::of(&[("p.yaml", text)]).run("list -f p.yaml");
        assert_eq!((ended.code, &*ended.err), (Some(2), expected));
    }
}
