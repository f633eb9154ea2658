//! Trees like those of public repositories: the answer about the tree is that about what it renders to, or is not
//! certain and says why.

use std::collections::BTreeMap;

use crate::run::{Folder, items};

/// The namespaces of a tree; in each a server behind a policy and a client.
const NAMESPACES: [&str; 3] = ["shop", "billing", "search"];

/// What is laid beside the plain manifests of a tree: files, and the policy that only rendering them shows.
struct Layer {
    name: &'static str,
    files: &'static [(&'static str, &'static str)],
    /// The policies of the layer once it is rendered.
    rendered: &'static str,
    /// How many gaps it makes.
    gaps: usize,
    /// Whether what it may hide leaves verdicts open.
    hides: bool,
}

const OPEN: &str = "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: open, namespace: shop}\nspec: {podSelector: {}, ingress: [{}]}\n";

const LAYERS: [Layer; 12] = [
    Layer {
        name: "tools",
        files: &[
            (".github/workflows/ci.yaml", "on: push\njobs: {a: {}}\n"),
            (".vscode/settings.json", "{ // a comment\n}"),
            ("vendor/x/.travis.yml", "branches: a\nbranches: b\n"),
            ("kep.yaml", "title: x\nkind-of: y\n"),
        ],
        rendered: "",
        gaps: 0,
        hides: false,
    },
    Layer {
        name: "a chart",
        files: &[
            ("chart/Chart.yaml", "apiVersion: v2\nname: c\n"),
            ("chart/values.yaml", "a: {b: c}\n"),
            ("chart/templates/service.yaml", "kind: Service\nmetadata: {name: {{ .Release.Name }}}\n"),
        ],
        rendered: "",
        gaps: 1,
        hides: false,
    },
    Layer {
        name: "a chart with a policy",
        files: &[
            ("chart/Chart.yaml", "apiVersion: v2\nname: c\n"),
            (
                "chart/templates/policy.yaml",
                "{{ if .Values.on }}\nkind: NetworkPolicy\nmetadata: {name: open}\n{{ end }}\n",
            ),
        ],
        rendered: OPEN,
        gaps: 1,
        hides: true,
    },
    Layer {
        name: "an overlay with a patch",
        files: &[
            ("prod/kustomization.yaml", "resources: [../plain]\npatches: [{path: memory.yaml}]\n"),
            (
                "prod/memory.yaml",
                "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: server, namespace: shop}\nspec: {template: {spec: {containers: [{name: c}]}}}\n",
            ),
        ],
        rendered: "",
        gaps: 1,
        hides: false,
    },
    Layer {
        name: "an overlay with a component",
        files: &[
            ("prod/kustomization.yaml", "resources: [../plain]\ncomponents: [../open]\n"),
            ("open/kustomization.yaml", "kind: Component\nresources: [open.yaml]\n"),
            (
                "open/open.yaml",
                "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: open, namespace: shop}\nspec: {podSelector: {}, ingress: [{}]}\n",
            ),
        ],
        rendered: OPEN,
        gaps: 2,
        hides: true,
    },
    Layer {
        name: "an overlay that only lists",
        files: &[(
            "prod/kustomization.yaml",
            "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources: [../plain]\n",
        )],
        rendered: "",
        gaps: 0,
        hides: false,
    },
    Layer {
        name: "releases",
        files: &[
            (
                "releases/a.yaml",
                "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {name: a}\n",
            ),
            (
                "releases/b.yaml",
                "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {name: b}\n",
            ),
        ],
        rendered: "",
        gaps: 1,
        hides: false,
    },
    Layer {
        name: "placeholders",
        files: &[(
            "flux/open.yaml",
            "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: open, namespace: '${NS:=shop}'}\nspec: {podSelector: {matchLabels: {app: '${APP:-server}'}}, ingress: [{}]}\n",
        )],
        rendered: OPEN,
        gaps: 1,
        hides: false,
    },
    Layer {
        name: "placeholders without a value",
        files: &[(
            "flux/open.yaml",
            "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: open, namespace: shop}\nspec: {podSelector: {matchLabels: {app: '${APP}'}}, ingress: [{}]}\n",
        )],
        rendered: OPEN,
        gaps: 1,
        hides: true,
    },
    Layer {
        name: "a template",
        files: &[(
            "openshift/t.yaml",
            "apiVersion: template.openshift.io/v1\nkind: Template\nmetadata: {name: t}\nparameters: [{name: NS, value: shop}]\nobjects:\n- apiVersion: networking.k8s.io/v1\n  kind: NetworkPolicy\n  metadata: {name: open, namespace: '${NS}'}\n  spec: {podSelector: {}, ingress: [{}]}\n",
        )],
        rendered: OPEN,
        gaps: 0,
        hides: false,
    },
    Layer {
        name: "broken YAML",
        files: &[("broken/a.yaml", "kind: Service\n  name: [\n")],
        rendered: "",
        gaps: 1,
        hides: false,
    },
    Layer {
        name: "a broken policy",
        files: &[("broken/a.yaml", "kind: NetworkPolicy\n  name: [\n")],
        rendered: OPEN,
        gaps: 1,
        hides: true,
    },
];

/// Writes the plain manifests: which policies there are decides who may reach the servers.
fn plain() -> String {
    let app = |namespace: &str, name: &str| {
        format!(
            "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: {name}, namespace: {namespace}}}\nspec:\n  replicas: 1\n  \
             selector: {{matchLabels: {{app: {name}}}}}\n  template:\n    metadata: {{labels: {{app: {name}}}}}\n    spec: \
             {{containers: [{{name: c, image: i}}]}}\n---\n"
        )
    };
    let of = |namespace: &&str| {
        let deny = format!(
            "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {{name: deny, namespace: {namespace}}}\n\
             spec: {{podSelector: {{matchLabels: {{app: server}}}}}}\n---\n"
        );
        let space = format!("apiVersion: v1\nkind: Namespace\nmetadata: {{name: {namespace}}}\n---\n");
        [space, app(namespace, "server"), app(namespace, "client"), deny].concat()
    };
    NAMESPACES.iter().map(of).collect()
}

/// Asks for the verdict between the client and the server of each namespace, and for the gaps.
fn verdicts(folder: &Folder, files: &str) -> (BTreeMap<&'static str, String>, usize) {
    let mut gaps = 0;
    let ask = |namespace: &&'static str| {
        let to = format!("{namespace}/deploy/client --to {namespace}/deploy/server");
        let answer = folder.json(&format!("explain {to} {files}"));
        gaps = items(&answer["gaps"]).len();
        (*namespace, answer["verdict"].as_str().unwrap().to_owned())
    };
    let verdicts = NAMESPACES.iter().map(ask).collect();
    (verdicts, gaps)
}

/// Holds the answer about a tree of some layers against that about what they render to.
fn hold(layers: &[&Layer]) {
    let names: Vec<&str> = layers.iter().map(|layer| layer.name).collect();
    let folder = Folder::of(&[]);
    folder.write("tree/plain/kustomization.yaml", b"resources: [all.yaml]\n");
    folder.write("tree/plain/all.yaml", plain().as_bytes());
    let mut truth = plain();
    for (index, layer) in layers.iter().enumerate() {
        for (file, text) in layer.files {
            // Layers of the same kind stand beside each other, at the same depth.
            let (top, rest) = file.split_once('/').unwrap_or(("", file));
            let top = if top.starts_with('.') || top.is_empty() {
                top.to_owned()
            } else {
                format!("{top}{index}")
            };
            let text = text.replace("../open", &format!("../open{index}"));
            folder.write(&format!("tree/{top}/{rest}"), text.as_bytes());
        }
        truth.push_str(layer.rendered);
        truth.push_str("---\n");
    }
    folder.write("truth.yaml", truth.as_bytes());
    let (raw, gaps) = verdicts(&folder, "-R -f tree");
    let (rendered, _) = verdicts(&folder, "-f truth.yaml");
    let hides = layers.iter().any(|layer| layer.hides);
    for namespace in NAMESPACES {
        let is_right = raw[namespace] == rendered[namespace] || (hides && raw[namespace] == "depends");
        assert!(is_right, "{names:?}: {namespace}: {} of {}", raw[namespace], rendered[namespace]);
        // Nothing is left open without a reason.
        assert!(hides || raw[namespace] != "depends", "{names:?}: {namespace}");
    }
    // Placeholders and what controllers make share a gap.
    let expected: usize = layers.iter().map(|layer| layer.gaps).sum();
    assert!(gaps <= expected.min(12) && (gaps > 0) == (expected > 0), "{names:?}: {gaps} of {expected}");
    let ended = folder.run("diff tree tree -R");
    assert_eq!(ended.code, Some(i32::from(hides)), "{names:?}: {}", ended.err);
}

#[test]
fn a_tree_of_one_layer_or_two_is_answered_as_what_it_renders_to() {
    for (index, layer) in LAYERS.iter().enumerate() {
        hold(&[layer]);
        hold(&[layer, &LAYERS[(index * 5 + 3) % LAYERS.len()]]);
    }
    hold(&LAYERS.iter().collect::<Vec<_>>());
}
