//! Directories in which not everything can be read: the answer goes on, and says what it lacks.

use crate::run::{Ended, Folder, items};

/// A namespace with a pod that nothing may reach, and a client beside it.
const APP: &str = "\
apiVersion: v1
kind: Namespace
metadata: {name: shop}
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop, labels: {app: web}}
---
apiVersion: v1
kind: Pod
metadata: {name: client, namespace: shop}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: deny, namespace: shop}
spec: {podSelector: {matchLabels: {app: web}}}
---
apiVersion: v1
kind: Pod
metadata: {name: elsewhere, namespace: other}
---
apiVersion: v1
kind: Namespace
metadata: {name: other}
";

const POLICY: &str =
    "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: p, namespace: shop}\n";
const DENIED: &str = "client -n shop --to pod/web -R -f .";
const ELSEWHERE: &str = "other/pod/elsewhere --to internet -R -f .";

/// A file beside the app, its one gap, and the verdicts inside its namespace and elsewhere.
const ROWS: [(&str, &str, &str, [&str; 2]); 14] = [
    (
        "chart.yaml",
        "apiVersion: v1\nkind: Service\nmetadata:\n  name: {{ .Values.name }}\n",
        "could not read ./b/chart.yaml: it looks like a Helm template: helm template renders it",
        ["deny", "allow"],
    ),
    (
        "chart.yaml",
        "{{- if .Values.on }}\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\n{{- end }}\n",
        "could not read ./b/chart.yaml: it looks like a Helm template: helm template renders it",
        ["depends", "depends"],
    ),
    (
        "all.yaml",
        "{{- include \"common.all\" . }}\n",
        "could not read ./b/all.yaml: it looks like a Helm template: helm template renders it",
        ["depends", "depends"],
    ),
    (
        "bad.json",
        "{\"kind\": \"NetworkPolicy\", \"apiVersion\": ",
        "could not read ./b/bad.json:1:1: unclosed bracket '{'",
        ["depends", "depends"],
    ),
    (
        "typed.yaml",
        "POLICYspec: {podSelector: {}, policyTypes: [Ingres]}\n",
        "could not read ./b/typed.yaml:4: NetworkPolicy shop/p: spec.policyTypes[0]: unknown policy type \
         `Ingres`; use Ingress or Egress",
        ["depends", "allow"],
    ),
    (
        "fields.yaml",
        "POLICYspec: {podSelector: {}, ingres: [], egres: []}\n",
        "could not read ./b/fields.yaml:4: NetworkPolicy shop/p: spec.ingres: unknown field `ingres` (and 1 \
         more)",
        ["depends", "allow"],
    ),
    (
        "kind.yaml",
        "apiVersion: networking.k8s.io/v1\nkind: networkpolicies\nmetadata: {name: p, namespace: shop}\n",
        "could not read ./b/kind.yaml:1: networkpolicies shop/p: there is no kind `networkpolicies` of \
         apiVersion `networking.k8s.io/v1`; use kind NetworkPolicy of apiVersion networking.k8s.io/v1",
        ["depends", "allow"],
    ),
    (
        "half.yaml",
        "kind: NetworkPolicy\nmetadata: {name: p, namespace: shop}\n",
        "could not read ./b/half.yaml:1: NetworkPolicy shop/p: the field `apiVersion` is missing",
        ["depends", "allow"],
    ),
    (
        "half.yaml",
        "apiVersion: networking.k8s.io/v1\nmetadata: {name: p, namespace: '${NS}'}\n",
        "could not read ./b/half.yaml:1: ${NS}/p: the field `kind` is missing",
        ["depends", "depends"],
    ),
    (
        "named.yaml",
        "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: '${N}', namespace: shop}\n",
        "could not read ./b/named.yaml:3: NetworkPolicy shop/${N}: metadata.name: a placeholder, ${N}",
        ["depends", "allow"],
    ),
    (
        "kinds.yaml",
        "apiVersion: v1\nkind: ${KIND}\nmetadata: {name: p}\n",
        "could not read ./b/kinds.yaml:2: ${KIND} p: kind: a placeholder, ${KIND}",
        ["depends", "depends"],
    ),
    (
        "list.yaml",
        "apiVersion: v1\nkind: List\nitems: {a: {kind: NetworkPolicy}}\n",
        "could not read ./b/list.yaml:3: List (no name): items: a list is needed",
        ["depends", "depends"],
    ),
    (
        "pod.yaml",
        "apiVersion: v1\nkind: Pod\nmetadata: {name: x, namespace: shop, labels: {a: true}}\n",
        "could not read ./b/pod.yaml:3: Pod shop/x: metadata.labels.a: invalid type: boolean `true`, expected \
         a string; it needs quotes",
        ["deny", "allow"],
    ),
    (
        "cilium.yaml",
        "apiVersion: cilium.io/v2\nkind: CiliumClusterwideNetworkPolicy\nmetadata: {name: [a]}\n",
        "could not read ./b/cilium.yaml:3: CiliumClusterwideNetworkPolicy (no name): metadata.name: invalid \
         type: sequence, expected a string",
        ["depends", "depends"],
    ),
];

fn beside(name: &str, text: &str) -> Folder {
    let text = text.replace("POLICY", POLICY);
    Folder::of(&[("a.yaml", APP), (&format!("b/{name}"), &text)])
}

fn gaps(folder: &Folder, question: &str) -> Vec<String> {
    let answer = folder.json(&format!("explain {question}"));
    items(&answer["gaps"]).iter().map(|gap| gap.as_str().unwrap().to_owned()).collect()
}

#[test]
fn what_cannot_be_read_is_a_gap_and_what_may_be_a_policy_puts_its_namespace_in_doubt() {
    for (name, text, gap, [inside, elsewhere]) in ROWS {
        let folder = beside(name, text);
        assert_eq!(gaps(&folder, DENIED), [gap], "{text}");
        assert_eq!([folder.verdict(DENIED), folder.verdict(ELSEWHERE)], [inside, elsewhere], "{text}");
    }
}

#[test]
fn a_named_file_and_a_strict_reading_refuse_the_same() {
    for (name, text, gap, _) in ROWS {
        let folder = beside(name, text);
        let told = gap.strip_prefix("could not read ./b/").unwrap();
        let told = told.split(" (and").next().unwrap();
        for (arguments, place) in
            [(format!("list -f a.yaml -f b/{name}"), "b/"), ("list -R --strict -f .".to_owned(), "./b/")]
        {
            let Ended { code, out, err } = folder.run(&arguments);
            assert_eq!((code, &*out), (Some(2), ""), "{arguments}: {text}");
            assert!(err.starts_with(&format!("error: {place}{told}")), "{arguments}: {text}\n{err}");
        }
    }
}

#[test]
fn a_diff_that_may_hide_a_policy_is_never_without_differences() {
    for (name, text, _, [inside, elsewhere]) in ROWS {
        let folder = beside(name, text);
        let ended = folder.run("diff -R . .");
        let hides = inside == "depends" || elsewhere == "depends";
        let told = "could not be judged: what was not read may be a policy (see the gaps)\n";
        let expected = if hides { (Some(1), told) } else { (Some(0), "") };
        assert_eq!((ended.code, &*ended.err), expected, "{text}");
    }
}

#[test]
fn a_namespace_that_cannot_be_read_has_unknown_labels_though_it_is_read_elsewhere() {
    let policy = format!(
        "{POLICY}spec: {{podSelector: {{}}, ingress: [{{from: [{{namespaceSelector: {{matchLabels: {{team: x}}}}}}]}}]}}\n"
    );
    let bad = "---\napiVersion: v1\nkind: Namespace\nmetadata: {name: other, labels: {team: [x]}}\n";
    let folder = beside("namespace.yaml", &format!("{policy}{bad}"));
    let question = "other/pod/elsewhere --to shop/pod/web -R -f .";
    assert_eq!(folder.verdict(question), "depends");
    let told = gaps(&folder, question);
    assert!(told[0].contains("Namespace other: metadata.labels.team"), "{told:?}");
    assert!(told[1].starts_with("labels unknown") && told[1].contains("(other)"), "{told:?}");
}

#[test]
fn a_field_that_no_answer_reads_stops_nothing() {
    for (text, warning) in [
        (
            "apiVersion: v1\nkind: Pod\nmetadata: {name: x, namespace: shop}\nspec:\n  containers:\n  - name: c\n    livenessProbe: {periodSeconds: often}\n",
            "f.yaml:7: Pod shop/x: spec.containers[0].livenessProbe.periodSeconds: invalid type: string \
             \"often\", expected i32",
        ),
        ("apiVersion: v1\nkind: Node\nmetadata: {name: x, labels: {-a: b}}\n", ""),
    ] {
        let folder = Folder::of(&[("a.yaml", APP), ("f.yaml", text)]);
        let ended = folder.run("explain client -n shop --to pod/web --expect deny -f a.yaml -f f.yaml");
        let expected = if warning.is_empty() { String::new() } else { format!("Warning: {warning}\n") };
        assert_eq!((ended.code, ended.err), (Some(0), expected));
    }
}

#[test]
fn what_is_none_of_kubernetes_is_counted_in_one_line_and_named_where_asked() {
    let folder = Folder::of(&[
        ("a.yaml", APP),
        ("kep.yaml", "title: x\n"),
        ("vendor/.travis.yml", "branches: a\nbranches: b\n"),
        ("settings.json", "{\n // comments\n \"a\": 2,\n}\n"),
        (".github/b.yaml", "kind: NetworkPolicy\n  broken"),
        (".git/c.yaml", POLICY),
    ]);
    let told =
        "3 files hold no Kubernetes objects; 2 folders whose names begin with a dot were passed over\n";
    let ended = folder.run("explain client -n shop --to pod/web --expect deny -R -f .");
    assert_eq!((ended.code, &*ended.err), (Some(0), told));
    let ended = folder.run("list -R -f . -v 6");
    let mut lines: Vec<&str> = ended.err.lines().collect();
    lines.sort_unstable();
    let expected = [
        "./.git: its name begins with a dot",
        "./.github: its name begins with a dot",
        "./kep.yaml: no Kubernetes objects",
        "./settings.json: no Kubernetes objects",
        "./vendor/.travis.yml: no Kubernetes objects",
    ];
    assert_eq!(lines, expected);
    // One that is named is read.
    assert_eq!(folder.run("list -f .git -f a.yaml").code, Some(0));
    assert_eq!(gaps(&folder, "client -n shop --to pod/web -f a.yaml -f .github").len(), 1);
}

#[test]
fn of_many_gaps_the_first_ten_are_told_and_the_others_counted() {
    let bad = "apiVersion: v1\nkind: Pod\nmetadata: {name: x, labels: {a: 1}}\n";
    let folder = Folder::of(&[("a.yaml", APP), ("z.yaml", &format!("{POLICY}spec: {{x: 1}}\n"))]);
    (0..30).for_each(|index| folder.write(&format!("b{index:02}.yaml"), bad.as_bytes()));
    let told = gaps(&folder, "client -n shop --to pod/web -f .");
    assert_eq!(told.len(), 11, "{told:#?}");
    assert!(told[0].starts_with("could not read ./z.yaml:4: NetworkPolicy"), "{told:#?}");
    assert_eq!(told[10], "could not read 21 more documents and files: -v 6 names them");
    let ended = folder.run("list -f . -v 6");
    assert_eq!(
        ended.err.lines().filter(|line| line.contains(": Pod x: metadata.labels.a: ")).count(),
        21
    );
}

#[test]
fn files_that_hold_nothing_to_judge_are_no_answer() {
    let config = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\n---\napiVersion: v1\nkind: Secret\nmetadata: {name: s}\n";
    let policy = format!("{POLICY}spec: {{podSelector: {{}}}}\n---\n{config}");
    let folder = Folder::of(&[("config.yaml", config), ("policy.yaml", &policy), ("d/e/f.yaml", APP)]);
    for question in
        ["list", "explain internet --to 192.0.2.1", "explain ns/shop", "who-can-reach ns/shop"]
    {
        for (files, told) in [
            ("config.yaml", "config.yaml: no pod, workload or policy, only 1 ConfigMap, 1 Secret\n"),
            (
                "policy.yaml",
                "policy.yaml: no pod or workload, only 1 ConfigMap, 1 NetworkPolicy, 1 Secret\nhint: give the \
                 workloads that they govern, with another -f\n",
            ),
            ("d", "d: no Kubernetes object\nhint: -R reads the folders below too\n"),
        ] {
            let ended = folder.run(&format!("{question} -f {files}"));
            let expected = format!("error: nothing was read: {told}");
            assert_eq!(
                (ended.code, ended.out, ended.err),
                (Some(2), String::new(), expected),
                "{question}"
            );
        }
    }
    assert_eq!(folder.run("list -f policy.yaml --with d -R").code, Some(0));
}

#[cfg(unix)]
#[test]
fn what_may_not_be_opened_is_a_gap_that_may_hide_anything() {
    use std::os::unix::fs::symlink;
    let folder = Folder::of(&[("a.yaml", APP)]);
    symlink("nowhere.yaml", folder.path().join("link.yaml")).unwrap();
    symlink("loop.yaml", folder.path().join("loop.yaml")).unwrap();
    folder.write("b.yaml", b"kind: NetworkPolicy\xff\xfe");
    folder.write("c.yaml", b"\xff\xfe");
    let fifo = std::process::Command::new("mkfifo").arg(folder.path().join("pipe.yaml")).status();
    assert!(fifo.unwrap().success());
    let told = gaps(&folder, DENIED);
    assert_eq!(told[0], "could not read ./b.yaml: the file is not UTF-8 text");
    assert_eq!(told[1], "could not read ./link.yaml: no such file or directory");
    assert!(told[2].starts_with("could not read ./loop.yaml: "), "{told:?}");
    assert_eq!((told.len(), &*folder.verdict(DENIED)), (3, "depends"));
}
