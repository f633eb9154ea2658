//! What tools render first, read as it lies there: charts, kustomizations, templates, and what controllers make.

use crate::run::{Folder, items};

const POD: &str = "apiVersion: v1\nkind: Pod\nmetadata: {name: a, namespace: x, labels: {app: a}}\n---\napiVersion: v1\nkind: Namespace\nmetadata: {name: x}\n";
const DEPLOYMENT: &str = "\
apiVersion: apps/v1
kind: Deployment
metadata: {name: api, namespace: x}
spec:
  selector: {matchLabels: {app: api}}
  template:
    metadata: {labels: {app: api}}
    spec: {containers: [{name: c, image: i}]}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: api, namespace: x}
spec: {podSelector: {matchLabels: {app: api}}}
";
const PATCH: &str = "\
apiVersion: apps/v1
kind: Deployment
metadata: {name: api, namespace: x}
spec: {template: {spec: {containers: [{name: c, resources: {}}]}}}
";
const POLICY_PATCH: &str = "\
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: api, namespace: x}
spec: {ingress: [{}]}
";
const TO_API: &str = "internet --to x/deploy/api -R -f .";

fn gaps(folder: &Folder, question: &str) -> Vec<String> {
    let answer = folder.json(&format!("explain {question}"));
    items(&answer["gaps"]).iter().map(|gap| gap.as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_chart_is_one_gap_with_the_command_that_renders_it() {
    let service = "kind: Service\nmetadata: {name: {{ .Values.name }}}\n";
    let policy = "{{ if .Values.on }}\nkind: NetworkPolicy\n{{ end }}\n";
    for (template, verdict) in [(service, "allow"), (policy, "depends")] {
        let folder = Folder::of(&[
            ("a.yaml", POD),
            ("my chart/Chart.yaml", "apiVersion: v2\nname: shop\nversion: 1.0.0\n"),
            ("my chart/values.yaml", "on: true\n"),
            ("my chart/templates/a.yaml", template),
            ("my chart/templates/b.yaml", service),
            ("my chart/charts/sub/Chart.yaml", "apiVersion: v2\nname: sub\n"),
            ("my chart/charts/sub/templates/c.yaml", service),
            ("my chart/crds/pod.yaml", &POD.replace("name: a", "name: b")),
        ]);
        let expected = "could not read ./my chart: a Helm chart: helm template shop './my chart' | kubectl netpol … -f - renders it";
        assert_eq!(gaps(&folder, "x/pod/a --to x/pod/b -R -f ."), [expected]);
        assert_eq!(folder.verdict("x/pod/a --to x/pod/b -R -f ."), verdict);
        let ended = folder.run("list -R -f . --strict");
        assert_eq!(ended.code, Some(2), "{}", ended.out);
        assert!(ended.err.starts_with("error: ./my chart: a Helm chart: "), "{}", ended.err);
        for named in ["my chart/templates", "my chart"] {
            let output = folder.command("list -f").arg(named).output().unwrap();
            let told = String::from_utf8(output.stderr).unwrap();
            let holds = |part| told.contains(part);
            assert!(holds("error: nothing was read: my chart") && holds("helm template shop"), "{told}");
        }
    }
}

#[test]
fn a_chart_of_plain_manifests_is_read() {
    let folder = Folder::of(&[
        ("Chart.yaml", "apiVersion: v2\nname: $(rm -rf x)\n"),
        ("templates/a.yaml", POD),
        ("templates/b.yaml", &POD.replace("name: a", "name: b")),
    ]);
    assert!(gaps(&folder, "x/pod/a --to x/pod/b -R -f .").is_empty());
    folder.write("templates/c.yaml", b"{{ include \"x\" . }}");
    // Nothing of a name goes into a command that is no word there.
    let ended = folder.run("list -R -f .");
    assert!(ended.err.contains("helm template NAME . |"), "{}", ended.err);
}

/// Files of a kustomization, what it is told to do, and the verdict.
type Tree = (&'static [(&'static str, &'static str)], &'static str, &'static str);

const TREES: [Tree; 9] = [
    // A patch that nobody lists.
    (&[("prod/kustomization.yaml", "namePrefix: a-\n"), ("prod/memory.yaml", PATCH)], "renames", "deny"),
    (&[("prod/kustomization.yaml", "resources: [../base]\n")], "", "deny"),
    (
        &[
            ("prod/kustomization.yaml", "resources: [../base]\npatches: [{path: memory.yaml}]\n"),
            ("prod/memory.yaml", PATCH),
        ],
        "patches",
        "deny",
    ),
    (
        &[
            (
                "prod/kustomization.yml",
                "resources: [../base]\npatchesStrategicMerge: [open.yaml]\nnamePrefix: a-\n",
            ),
            ("prod/open.yaml", POLICY_PATCH),
        ],
        "patches, renames",
        "depends",
    ),
    (
        &[(
            "prod/Kustomization",
            "resources: [../base]\npatches:\n- target: {kind: NetworkPolicy}\n  patch: |-\n    - {op: remove, path: /spec}\n",
        )],
        "patches",
        "depends",
    ),
    (
        &[
            (
                "prod/kustomization.yaml",
                "resources: [../base]\ncomponents: [../open]\nlabels: [{pairs: {a: b}}]\n",
            ),
            ("open/kustomization.yaml", "kind: Component\nresources: [policy.yaml]\n"),
            ("open/policy.yaml", POLICY_PATCH),
        ],
        "adds components, relabels",
        "depends",
    ),
    (
        &[(
            "prod/kustomization.yaml",
            "resources: ['https://example.com/x?ref=v1', ../base]\nnamespace: y\n",
        )],
        "renames, takes resources from elsewhere",
        "deny",
    ),
    (
        &[
            (
                "prod/kustomization.yaml",
                "resources: [../base]\nconfigMapGenerator: [{name: c, files: [a=b.yaml]}]\n",
            ),
            ("prod/b.yaml", POLICY_PATCH),
        ],
        "",
        "deny",
    ),
    (
        // What another kustomization applies is an object.
        &[
            ("prod/kustomization.yaml", "resources: [../base]\npatches: [{path: ../other/open.yaml}]\n"),
            ("other/kustomization.yaml", "resources: [open.yaml]\n"),
            (
                "other/open.yaml",
                "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: open, namespace: x}\nspec: {podSelector: {}, ingress: [{}]}\n",
            ),
        ],
        "patches",
        "depends",
    ),
];

#[test]
fn a_patch_is_no_object_and_never_replaces_one() {
    for (files, deeds, verdict) in TREES {
        let namespace = "apiVersion: v1\nkind: Namespace\nmetadata: {name: x}\n---\n";
        let base = format!("{namespace}{DEPLOYMENT}");
        let folder = Folder::of(files);
        folder.write("base/kustomization.yaml", b"resources: [app.yaml]\n");
        folder.write("base/app.yaml", base.as_bytes());
        let ended = folder.run(&format!("explain {TO_API} --strict"));
        assert!(!ended.err.contains("stands twice"), "{files:?}: {}", ended.err);
        let told = gaps(&folder, TO_API);
        let expected = format!(
            "could not read ./prod: a kustomization that {deeds}: kubectl netpol … -k ./prod renders it"
        );
        match deeds {
            "" => assert!(told.is_empty(), "{files:?}: {told:?}"),
            _ => assert!(told.contains(&expected), "{files:?}: {told:?}"),
        }
        assert_eq!(folder.verdict(TO_API), verdict, "{files:?}: {told:?}");
    }
}

#[test]
fn a_template_is_read_with_the_values_of_its_parameters() {
    let text = "\
apiVersion: template.openshift.io/v1
kind: Template
metadata: {name: t}
parameters:
- {name: APP, value: api}
- {name: COUNT, value: '2'}
- {name: SECRET, generate: expression}
objects:
- apiVersion: v1
  kind: Namespace
  metadata: {name: x}
- apiVersion: apps/v1
  kind: Deployment
  metadata: {name: '${APP}', namespace: x}
  spec:
    replicas: ${{COUNT}}
    selector: {matchLabels: {app: '${APP}'}}
    template:
      metadata: {labels: {app: '${APP}'}}
      spec: {containers: [{name: c, image: i, env: [{name: A, value: '${SECRET}'}]}]}
- apiVersion: networking.k8s.io/v1
  kind: NetworkPolicy
  metadata: {name: '${APP}-deny', namespace: x}
  spec: {podSelector: {matchLabels: {app: '${APP}'}}}
- apiVersion: v1
  kind: Service
  metadata: {name: '${OTHER}', namespace: x}
";
    let folder = Folder::of(&[("t.yaml", text)]);
    let answer = folder.json("explain internet --to x/deploy/api -f .");
    assert_eq!(answer["verdict"], "deny");
    assert_eq!(
        answer["gaps"][0],
        "could not read ./t.yaml:27: Service x/${OTHER}: metadata.name: a placeholder, ${OTHER}"
    );
    assert!(answer.to_string().contains("\"line\":21"), "{answer}");
}

#[test]
fn what_controllers_make_is_one_gap_a_kind() {
    let release = |name: &str| {
        format!(
            "---\napiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {{name: {name}, namespace: x}}\n"
        )
    };
    let prometheus =
        "---\napiVersion: monitoring.coreos.com/v1\nkind: Prometheus\nmetadata: {name: k8s}\n";
    let text = format!("{POD}{}{}{prometheus}", release("a"), release("b"));
    let folder = Folder::of(&[("a.yaml", &text), ("release.yaml", &release("c"))]);
    let expected = [
        "what 2 objects of kind HelmRelease.helm.toolkit.fluxcd.io make was not read: a controller makes it, and no file has it",
        "what 1 object of kind Prometheus.monitoring.coreos.com makes was not read: a controller makes it, and no file has it",
    ];
    assert_eq!(gaps(&folder, "x/pod/a --to internet -f a.yaml"), expected);
    let ended = folder.run("list -f release.yaml");
    let told = "error: nothing was read: release.yaml: no pod, workload or policy, only 1 \
                HelmRelease.helm.toolkit.fluxcd.io\nwhat 1 object of kind HelmRelease.helm.toolkit.fluxcd.io makes \
                was not read: a controller makes it, and no file has it\n";
    assert_eq!((ended.code, &*ended.out, &*ended.err), (Some(2), "", told));
}

#[test]
fn a_kind_in_a_group_that_has_none_is_refused_as_kubectl_refuses_it() {
    for (api_version, kind, right) in [
        ("apps/v1", "Pod", "v1"),
        ("v1", "Deployment", "apps/v1"),
        ("batch/v1", "StatefulSet", "apps/v1"),
        ("apps/v1", "Service", "v1"),
    ] {
        let text = format!(
            "apiVersion: {api_version}\nkind: {kind}\nmetadata: {{name: w, namespace: x}}\n\
             spec: {{template: {{spec: {{containers: []}}}}}}\n"
        );
        let folder = Folder::of(&[("a.yaml", POD), ("b.yaml", &text)]);
        let expected = format!(
            "b.yaml:1: {kind} x/w: apiVersion: no matches for kind \"{kind}\" in version \"{api_version}\"; use \
             {right}"
        );
        let ended = folder.run("list -f a.yaml -f b.yaml");
        assert_eq!((ended.code, ended.err), (Some(2), format!("error: {expected}\n")));
        assert_eq!(
            gaps(&folder, "x/pod/a --to internet -f ."),
            [format!("could not read ./{expected}")]
        );
    }
}

#[test]
fn owners_of_the_group_extensions_are_those_of_apps_and_one_without_a_kind_is_nobody() {
    let pod = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: api-1\n  namespace: x\n  labels: {app: api}\n  ownerReferences: [OWNER]\n";
    for (owner, ends) in [
        (
            "{apiVersion: extensions/v1beta1, kind: Deployment, name: api, uid: u, controller: true}",
            vec!["x/Deployment/api"],
        ),
        ("{apiVersion: v1, kind: '', name: nobody, uid: u, controller: true}", vec!["x/Deployment/api"]),
    ] {
        let text = format!("{DEPLOYMENT}---\n{}", pod.replace("OWNER", owner));
        let folder = Folder::of(&[("a.yaml", &text)]);
        assert_eq!(folder.ends("-f a.yaml"), ends, "{owner}");
    }
}

#[test]
fn a_placeholder_is_its_default_and_a_name_without_one_is_a_gap() {
    let text = DEPLOYMENT
        .replace("namespace: x", "namespace: '${NS:=x}'")
        .replace("spec:\n  selector", "spec:\n  replicas: ${COUNT:-2}\n  selector")
        .replace("{app: api}", "{app: '${APP:=api}'}");
    let other = text.replace("name: api,", "name: '${NAME}',").replace("${COUNT:-2}", "${COUNT}");
    let namespace = "apiVersion: v1\nkind: Namespace\nmetadata: {name: x}\n---\n";
    let folder = Folder::of(&[("a.yaml", &format!("{namespace}{text}")), ("b/b.yaml", &other)]);
    let question = "internet --to x/deploy/api -f .";
    let expected = [
        "6 placeholders are read as their defaults, and may be filled in otherwise: the first is at ./a.yaml:7",
    ];
    assert_eq!(gaps(&folder, question), expected);
    assert_eq!(folder.verdict(question), "deny");
    let told = gaps(&folder, "internet --to x/deploy/api -R -f .");
    assert!(
        told[0].contains("NetworkPolicy x/${NAME}: metadata.name: a placeholder, ${NAME}"),
        "{told:?}"
    );
    assert!(told[1].contains("Deployment x/${NAME}: metadata.name: a placeholder, ${NAME}"), "{told:?}");
    assert_eq!((told.len(), &*folder.verdict("internet --to x/deploy/api -R -f .")), (3, "depends"));
}
