//! What may stand in files, and what is read from it.

use crate::run::Folder;

const POD_A: &str = "apiVersion: v1\nkind: Pod\nmetadata: {name: a, namespace: x}\n";
const POD_B: &str = "apiVersion: v1\nkind: Pod\nmetadata: {name: b, namespace: x}\n";
const JSON_A: &str =
    r#"{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a", "namespace": "x"}}"#;
const JSON_B: &str =
    r#"{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "b", "namespace": "x"}}"#;

#[test]
fn two_pods_are_read_from_every_form_of_file() {
    let crlf = format!("{POD_A}---\n{POD_B}").replace('\n', "\r\n");
    let forms = [
        ("documents", "f.yaml", format!("{POD_A}---\n{POD_B}")),
        ("many separators", "f.yaml", format!("---\n# c\n---\n{POD_A}...\n---\n{POD_B}---\n")),
        ("a separator with a comment", "f.yaml", format!("--- # one\n{POD_A}--- # two\n{POD_B}")),
        ("windows line ends", "f.yaml", crlf),
        ("a byte order mark", "f.yaml", format!("\u{feff}{POD_A}---\n{POD_B}")),
        ("a JSON value after the other", "f.json", format!("{JSON_A}\n{JSON_B}")),
        ("JSON values without a space", "f.json", format!("\u{feff}{JSON_A}{JSON_B}")),
        ("JSON documents of YAML", "f.yaml", format!("{JSON_A}\n---\n{JSON_B}\n")),
        ("JSON in a .yml file, with tabs", "f.yml", format!("{{\n\t\"apiVersion\": \"v1\",\n\t\"kind\": \"List\",\n\t\"items\": [\n\t\t{JSON_A},\n\t\t{JSON_B}\n\t]\n}}\n")),
        ("a List", "f.yaml", format!("apiVersion: v1\nkind: List\nitems: [{JSON_A}, {JSON_B}]\n")),
        ("a list of a list", "f.yaml", format!("apiVersion: v1\nkind: List\nitems: [{{apiVersion: v1, kind: PodList, items: [{JSON_A}, {JSON_B}]}}]\n")),
        ("a typed list", "f.yaml", "apiVersion: v1\nkind: PodList\nitems:\n- metadata: {name: a, namespace: x}\n- metadata: {name: b, namespace: x}\n".to_owned()),
        ("anchors and aliases", "f.yaml", "apiVersion: v1\nkind: List\nitems:\n- &pod\n  apiVersion: v1\n  kind: Pod\n  metadata: &meta {name: a, namespace: &ns x}\n- apiVersion: v1\n  kind: Pod\n  metadata: {name: b, namespace: *ns}\n".to_owned()),
        ("merge keys", "f.yaml", "apiVersion: v1\nkind: List\nitems:\n- &pod\n  apiVersion: v1\n  kind: Pod\n  metadata: &meta {name: a, namespace: x}\n- <<: *pod\n  metadata: {<<: *meta, name: b}\n".to_owned()),
        ("tabs in brackets", "f.yaml", format!("{POD_A}spec: {{containers: [\n\t{{name: c,\n\timage: i}}\n]}}\t\n---\n{POD_B}")),
        ("quoted text at the indent of its key", "f.yaml", "apiVersion: v1\nkind: Pod\nmetadata:\n  name: a\n  namespace: x\n  annotations:\n    note: 'one\n    two'\n---\n".to_owned() + POD_B),
        ("many comments before a value", "f.yaml", format!("{POD_A}spec:\n  containers:\n{}  - name: c\n---\n{POD_B}", "  # c\n".repeat(40))),
        ("a JSON value before YAML", "f.yaml", format!("{JSON_A}\n---\n{POD_B}")),
        ("JSON with escapes and long keys", "f.json", format!("{}{JSON_B}", JSON_A.replace("}}", &format!(r#", "annotations": {{"{}": "\/ \ud83d\ude00"}}}}}}"#, "k".repeat(2000))))),
        ("null fields", "f.yaml", format!("{POD_A}spec: null\nstatus:\n---\n{POD_B}spec:\n  containers:\n  nodeName: ~\n")),
    ];
    for (name, file, text) in forms {
        let ended = Folder::of(&[(file, &text)]).run(&format!("list -f {file}"));
        assert_eq!(ended.err, "", "{name}:\n{text}");
        let folder = Folder::of(&[(file, &text)]);
        assert_eq!(folder.ends(&format!("-f {file}")), ["x/Pod/a", "x/Pod/b"], "{name}:\n{text}");
        let input = folder.run_with_input("list -f - -o json", &text);
        assert_eq!((input.code, &*input.err), (Some(0), ""), "{name}");
    }
}

#[test]
fn null_is_absent_in_every_kind_of_metadata() {
    let ingress = "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata:\n  name: i\n  namespace: x\n  \
                   labels:\n  annotations:\n  ownerReferences: ~\n---\n";
    let class = "apiVersion: networking.k8s.io/v1\nkind: IngressClass\nmetadata: {name: c, annotations: }\n---\n";
    let folder = Folder::of(&[("f.yaml", &format!("{ingress}{class}{POD_A}"))]);
    assert_eq!(
        (folder.ends("-f f.yaml"), folder.run("list -f f.yaml").err),
        (vec!["x/Pod/a".to_owned()], String::new())
    );
}

#[test]
fn a_number_is_the_integer_that_it_is() {
    let policy = "---\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: p, namespace: x}\n\
                  spec: {podSelector: {}, ingress: [{ports: [{port: 0x50}, {port: 1e3}, {port: 01750}]}]}\n";
    let folder = Folder::of(&[("f.yaml", &format!("{POD_A}{policy}"))]);
    for (port, expected) in [(80, "allow"), (1000, "allow"), (8080, "deny")] {
        let ended =
            folder.run(&format!("explain internet --to x/pod/a:{port} -f f.yaml --expect {expected}"));
        assert_eq!((ended.code, &*ended.err), (Some(0), ""), "{port}");
    }
}

#[test]
fn what_kubectl_would_leave_out_is_refused() {
    for (text, expected) in [
        (
            format!("{POD_A}...\n{POD_B}"),
            "f.yaml:5:1: kubectl reads nothing that stands here, behind the end",
        ),
        (
            format!("{{apiVersion: v1, kind: Pod, metadata: {{name: a}}}}\n{POD_B}"),
            "f.yaml:2:1: kubectl reads nothing",
        ),
        (format!("{POD_A}{POD_B}"), "f.yaml:4:1: duplicate mapping key: apiVersion"),
        (format!("%YAML 1.2\n---\n{POD_A}"), "f.yaml:1:1: a directive, which kubectl does not read"),
        (format!("{POD_A}--- {POD_B}"), "f.yaml:4:4: behind `---`, kubectl wants the line to end"),
        (format!("{POD_A}spec: {{nodeName: \"a\u{7}\"}}\n"), "f.yaml:4:20: a control character"),
    ] {
        let ended = Folder::of(&[("f.yaml", &text)]).run("list -f f.yaml");
        assert_eq!(ended.code, Some(2), "{text}");
        assert!(ended.err.contains(expected) && ended.err.lines().count() == 1, "{}", ended.err);
    }
}

#[test]
fn files_directories_and_standard_input_add_up() {
    let folder = Folder::of(&[
        ("one/a.yaml", POD_A),
        ("one/readme.txt", "no manifest"),
        ("one/below/b.yml", POD_B),
        ("one/below/deeper/c.json", &JSON_B.replace("\"b\"", "\"c\"")),
    ]);
    assert_eq!(folder.ends("-f one"), ["x/Pod/a"]);
    assert_eq!(folder.ends("-f one/below -f one"), ["x/Pod/a", "x/Pod/b"]);
    assert_eq!(folder.ends("-R -f one"), ["x/Pod/a", "x/Pod/b", "x/Pod/c"]);
    let ended = folder.run_with_input("list -f one -f - --no-headers", POD_B);
    assert!(ended.out.contains("x/pod/a ") && ended.out.contains("x/pod/b "), "{}", ended.out);
}

#[cfg(unix)]
#[test]
fn a_pipe_or_socket_in_a_directory_is_no_manifest() {
    let folder = Folder::of(&[("a.yaml", POD_A)]);
    let _socket = std::os::unix::net::UnixListener::bind(folder.path().join("b.yaml")).unwrap();
    assert_eq!(folder.ends("-f ."), ["x/Pod/a"]);
    std::os::unix::fs::symlink("nowhere", folder.path().join("c.yaml")).unwrap();
    let ended = folder.run("list -f . --strict");
    assert_eq!((ended.code, &*ended.err), (Some(2), "error: ./c.yaml: no such file or directory\n"));
}

#[cfg(unix)]
#[test]
fn a_link_to_a_directory_is_followed_once() {
    use std::os::unix::fs::symlink;
    let folder = Folder::of(&[("all/a.yaml", POD_A), ("elsewhere/b.yaml", POD_B)]);
    symlink("../elsewhere", folder.path().join("all/link")).unwrap();
    assert_eq!(folder.ends("-R -f all"), ["x/Pod/a", "x/Pod/b"]);
    assert_eq!(folder.ends("-f all"), ["x/Pod/a"]);
    // Back to itself, to the one above, and twice to one.
    symlink(".", folder.path().join("all/again")).unwrap();
    symlink("../elsewhere", folder.path().join("all/twice")).unwrap();
    symlink("../all", folder.path().join("elsewhere/up")).unwrap();
    let ended = folder.run("explain a -n x -R -f all");
    let expected = ["all/again", "all/twice", "all/link/up"]
        .map(|link| format!("Warning: {link}: skipped: it links to a directory that is read already\n"));
    let mut lines: Vec<&str> = ended.err.split_inclusive('\n').collect();
    let mut expected: Vec<&str> = expected.iter().map(String::as_str).collect();
    lines.sort_unstable();
    expected.sort_unstable();
    assert_eq!((ended.code, lines), (Some(0), expected));
}

#[test]
fn what_is_no_kubernetes_object_is_skipped_with_a_warning() {
    let text = format!("replicas: 1\n---\n- a\n- b\n---\njust text\n---\n# nothing\n---\n{POD_A}");
    let ended = Folder::of(&[("f.yaml", &text)]).run("explain a -n x -f f.yaml");
    assert_eq!(ended.code, Some(0));
    assert_eq!(
        ended.err,
        "Warning: f.yaml:1: skipped: not a Kubernetes object\n\
         Warning: f.yaml:3: skipped: not a Kubernetes object\n\
         Warning: f.yaml:6: skipped: not a Kubernetes object\n"
    );
}

#[test]
fn objects_of_other_kinds_are_passed_over_in_silence() {
    let text = format!(
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: s}}\ndata: {{anything: true}}\n---\n\
         apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n---\n{POD_A}"
    );
    let folder = Folder::of(&[("f.yaml", &text)]);
    assert_eq!(
        (folder.ends("-f f.yaml"), folder.run("list -f f.yaml").err),
        (vec!["x/Pod/a".to_owned()], String::new())
    );
}

#[test]
fn an_object_that_stands_twice_is_told_and_the_last_one_counts() {
    let with_label = POD_A.replace("namespace: x", "namespace: x, labels: {app: last}");
    let policy = "---\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: p, namespace: x}\nspec: {podSelector: {matchLabels: {app: last}}}\n";
    let folder = Folder::of(&[("f.yaml", &format!("{POD_A}---\n{with_label}{policy}"))]);
    let ended = folder.run("explain internet --to x/pod/a -f f.yaml --expect deny");
    assert_eq!(ended.code, Some(0));
    assert_eq!(
        ended.err,
        "Warning: f.yaml:5: Pod x/a: the same object stands twice, also in f.yaml:1; the last one counts\n"
    );
}

#[test]
fn a_workload_of_every_kind_stands_for_its_pods() {
    let template = "template: {metadata: {labels: {app: w}}, spec: {containers: [{name: c, image: i}]}}";
    let kinds = [
        ("apps/v1", "Deployment", format!("selector: {{matchLabels: {{app: w}}}}\n  {template}")),
        ("apps/v1", "StatefulSet", format!("serviceName: w\n  selector: {{}}\n  {template}")),
        ("apps/v1", "DaemonSet", format!("selector: {{}}\n  {template}")),
        ("apps/v1", "ReplicaSet", format!("selector: {{}}\n  {template}")),
        ("v1", "ReplicationController", format!("selector: {{app: w}}\n  {template}")),
        ("batch/v1", "Job", template.to_owned()),
        (
            "batch/v1",
            "CronJob",
            format!("schedule: '@daily'\n  jobTemplate:\n    spec:\n      {template}"),
        ),
        ("argoproj.io/v1alpha1", "Rollout", format!("strategy: {{}}\n  {template}")),
    ];
    for (api_version, kind, spec) in kinds {
        let text = format!(
            "apiVersion: {api_version}\nkind: {kind}\nmetadata: {{name: w, namespace: x}}\nspec:\n  {spec}\n\
             ---\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {{name: p, namespace: x}}\n\
             spec: {{podSelector: {{matchLabels: {{app: w}}}}, policyTypes: [Egress]}}\n"
        );
        let folder = Folder::of(&[("f.yaml", &text)]);
        let ended = folder.run(&format!("explain x/{kind}/w --to internet --expect deny -f f.yaml"));
        assert_eq!((ended.code, &*ended.err), (Some(0), ""), "{kind}: {}", ended.out);
        let shown = if kind == "Rollout" { "Rollout.argoproj.io" } else { kind };
        assert_eq!(folder.ends("-f f.yaml"), [format!("x/{shown}/w")]);
    }
}

#[test]
fn every_namespace_has_the_label_of_its_name() {
    let policy = "---\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: p, namespace: x}\n\
                  spec:\n  ingress:\n  - from: [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: z}}}]\n";
    let pods = format!("{POD_A}---\n{}", POD_B.replace("namespace: x", "namespace: z"));
    let namespaces = "---\napiVersion: v1\nkind: Namespace\nmetadata: {name: x}\n---\napiVersion: v1\nkind: Namespace\nmetadata: {name: z}\n";
    let known = Folder::of(&[("f.yaml", &format!("{pods}{policy}{namespaces}"))]);
    let answer = known.json("explain z/pod/b --to x/pod/a -f f.yaml");
    assert_eq!((answer["verdict"].as_str(), answer["gaps"].to_string()), (Some("allow"), "[]".into()));

    let unknown = Folder::of(&[("f.yaml", &format!("{pods}{policy}"))]);
    let answer = unknown.json("explain z/pod/b --to x/pod/a -f f.yaml");
    assert_eq!(answer["verdict"], "allow");
    // Nothing asks for other labels.
    assert_eq!(answer["gaps"].to_string(), "[]");
    let policy = policy.replace("kubernetes.io/metadata.name: z", "team: z");
    let answer = Folder::of(&[("f.yaml", &format!("{pods}{policy}"))])
        .json("explain z/pod/b --to x/pod/a -f f.yaml");
    assert_eq!(answer["gaps"][0], "labels unknown, no Namespace object was read: 2 namespaces (x, z)");
}

#[test]
fn objects_without_a_namespace_are_in_the_one_that_is_given() {
    let folder = Folder::of(&[("f.yaml", "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\n")]);
    assert_eq!(folder.ends("-f f.yaml"), ["default/Pod/a"]);
    assert_eq!(folder.ends("-f f.yaml -n team"), ["team/Pod/a"]);
}

#[test]
fn null_is_an_empty_value_where_the_api_server_makes_one_of_it() {
    let folder = |spec: &str| {
        let policy = format!(
            "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {{name: p, namespace: x}}\nspec:\n{spec}---\n"
        );
        Folder::of(&[("f.yaml", &format!("{policy}{POD_A}---\n{POD_B}"))])
    };
    // A field: absent. Ingress is isolated by default, and no rule lets anything in.
    let absent = folder("  podSelector:\n  ingress: null\n  egress: ~\n  policyTypes:\n");
    assert_eq!(absent.verdict("x/pod/a --to x/pod/b -f f.yaml"), "deny");
    // An item of a list: an empty rule, which allows everything.
    let item = folder("  ingress:\n  -\n");
    assert_eq!(item.verdict("x/pod/a --to x/pod/b -f f.yaml"), "allow");
    // A label: the empty string, not one requirement less.
    let label = folder("  ingress:\n  - from: [{podSelector: {matchLabels: {app: null}}}]\n");
    assert_eq!(label.verdict("x/pod/a --to x/pod/b -f f.yaml"), "deny");
}
