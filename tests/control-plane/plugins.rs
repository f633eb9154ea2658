//! Network plugins: who enforces, recognised by its agent; their own kinds of policies, by the real
//! definitions of these kinds.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use libtest_mimic::Trial;
use serde_json::{Value, json};

use super::Shared;
use super::crds::{CILIUM, Module, NETWORK_POLICY_API};
use super::harness::ControlPlane;
use super::limits::put;
use super::plugin::{answer, ask};

/// Lists the trials of this file; each has a control plane alone, as what it does is everybody's.
pub(crate) fn trials(agents: &Arc<Shared>, kinds: &Arc<Shared>) -> Vec<Trial> {
    vec![
        agents.trial("plugins::the_agent_that_enforces_is_recognised", recognised),
        kinds.trial_with("plugins::real_policies_that_are_not_judged_are_gaps", download, real_kinds),
    ]
}

/// An agent, and what is said of it.
struct Row {
    agents: &'static [&'static str],
    says: &'static str,
}

const fn row(agents: &'static [&'static str], says: &'static str) -> Row {
    Row { agents, says }
}

/// As the manifests of these projects have them: namespace, name, labels, containers.
const CILIUM_AGENT: &str =
    "kube-system cilium k8s-app=cilium cilium-agent=example.test/cilium/cilium:v1.18.4";
const AWS_ON: &str = "kube-system aws-node k8s-app=aws-node aws-node=ecr.test/amazon-k8s-cni:v1.20.4 \
                      aws-eks-nodeagent=ecr.test/agent:v1.2.7,--enable-network-policy=true";
const AWS_OFF: &str = "kube-system aws-node k8s-app=aws-node aws-node=ecr.test/amazon-k8s-cni:v1.20.4 \
                       aws-eks-nodeagent=ecr.test/agent:v1.2.7,--enable-network-policy=false";
const FLANNEL: &str =
    "kube-flannel kube-flannel-ds app=flannel kube-flannel=example.test/flannel:v0.27.4";

const ROWS: [Row; 23] = [
    row(&[CILIUM_AGENT], "enforced by cilium (DaemonSet kube-system/cilium)"),
    row(
        &["cni cilium-of-helm k8s-app=cilium cilium-agent=example.test/cilium/cilium:v1.18.4"],
        "enforced by cilium (DaemonSet cni/cilium-of-helm)",
    ),
    row(
        &["kube-system anetd k8s-app=cilium cilium-agent=example.test/anetd:1.15"],
        "enforced by gke (DaemonSet kube-system/anetd)",
    ),
    row(
        &["kube-system anetd k8s-app=anetd cilium-agent=example.test/anetd:1.15"],
        "enforced by gke (DaemonSet kube-system/anetd)",
    ),
    row(
        &["calico-system calico-node k8s-app=calico-node calico-node=example.test/calico/node:v3.31.2"],
        "enforced by calico (DaemonSet calico-system/calico-node)",
    ),
    row(
        &["kube-system calico-node k8s-app=calico-node calico-node=example.test/calico/node:v3.31.2"],
        "enforced by calico (DaemonSet kube-system/calico-node)",
    ),
    row(
        &[
            "kube-system canal k8s-app=canal calico-node=example.test/calico/node:v3.31.2 kube-flannel=flannel:v0.27",
        ],
        "enforced by calico (DaemonSet kube-system/canal)",
    ),
    row(
        &[
            "kube-system antrea-agent app=antrea,component=antrea-agent antrea-agent=antrea/antrea-agent-ubuntu:v2.4.0",
        ],
        "enforced by antrea (DaemonSet kube-system/antrea-agent)",
    ),
    row(
        &[
            "openshift-ovn-kubernetes ovnkube-node app=ovnkube-node ovnkube-controller=example.test/ovn:4.20",
        ],
        "enforced by ovn-kubernetes (DaemonSet openshift-ovn-kubernetes/ovnkube-node)",
    ),
    row(
        &["ovn-kubernetes ovnkube-node app=ovnkube-node ovnkube-node=example.test/ovn-kubernetes:1.1"],
        "enforced by ovn-kubernetes (DaemonSet ovn-kubernetes/ovnkube-node)",
    ),
    row(
        &[AWS_ON],
        "enforced by aws (DaemonSet kube-system/aws-node, aws-eks-nodeagent runs with --enable-network-policy=true)",
    ),
    row(
        &[AWS_OFF],
        "policies are NOT enforced: aws (DaemonSet kube-system/aws-node, aws-eks-nodeagent does not run with --enable-network-policy=true)",
    ),
    row(
        &["kube-system aws-node k8s-app=aws-node aws-node=ecr.test/amazon-k8s-cni:v1.12"],
        "policies are NOT enforced: aws",
    ),
    row(
        &[
            "kube-system weave-net name=weave-net weave=weaveworks/weave-kube:2.8.1 weave-npc=weaveworks/weave-npc:2.8.1",
        ],
        "enforced by weave (DaemonSet kube-system/weave-net, container weave-npc)",
    ),
    row(
        &["kube-system weave-net name=weave-net weave=weaveworks/weave-kube:2.8.1"],
        "policies are NOT enforced: weave",
    ),
    row(
        &[
            "kube-system kube-router k8s-app=kube-router kube-router=example.test/cloudnativelabs/kube-router:v2.9.0,--run-firewall=true",
        ],
        "enforced by kube-router (DaemonSet kube-system/kube-router)",
    ),
    row(
        &[
            "kube-system kube-router k8s-app=kube-router kube-router=example.test/cloudnativelabs/kube-router:v2.9.0,--run-firewall=false",
        ],
        "policies are NOT enforced: kube-router",
    ),
    row(
        &["kube-system azure-npm app=azure-npm,k8s-app=azure-npm azure-npm=mcr.test/azure-npm:v1.6.33"],
        "enforced by azure-npm (DaemonSet kube-system/azure-npm)",
    ),
    row(
        &[
            "kube-system kube-network-policies app=kube-network-policies,k8s-app=kube-network-policies kube-network-policies=registry.k8s.io/knp:v1.0.0",
        ],
        "enforced by kube-network-policies (DaemonSet kube-system/kube-network-policies)",
    ),
    row(
        &[
            "kube-system kindnet app=kindnet,k8s-app=kindnet kindnet-cni=example.test/kindest/kindnetd:v20251116",
        ],
        "enforced by kindnet (DaemonSet kube-system/kindnet)",
    ),
    row(
        &[FLANNEL],
        "policies are NOT enforced: flannel (DaemonSet kube-flannel/kube-flannel-ds, which enforces no policies)",
    ),
    // One is chained behind another: who enforces is named.
    row(
        &[AWS_OFF, "kube-system calico-node k8s-app=calico-node calico-node=calico/node:v3.31.2"],
        "enforced by calico (DaemonSet kube-system/calico-node)",
    ),
    row(&[FLANNEL, AWS_ON, CILIUM_AGENT], "enforced by cilium (DaemonSet kube-system/cilium)"),
];

/// Reads `NAMESPACE NAME LABEL=VALUE,… CONTAINER=IMAGE,ARG…` as a DaemonSet.
fn daemon_set(text: &str) -> Value {
    let mut words = text.split_whitespace();
    let mut next = || words.next().expect("a word");
    let (namespace, name, labels) = (next(), next(), next());
    let labels: BTreeMap<&str, &str> =
        labels.split(',').map(|label| label.split_once('=').expect("a label")).collect();
    let container = |word: &str| {
        let mut parts = word.split(',');
        let (name, image) = parts.next().and_then(|part| part.split_once('=')).expect("an image");
        json!({"name": name, "image": image, "args": parts.collect::<Vec<_>>()})
    };
    let containers: Vec<Value> = words.map(container).collect();
    json!({
        "apiVersion": "apps/v1",
        "kind": "DaemonSet",
        "metadata": {"name": name, "namespace": namespace, "labels": labels},
        "spec": {
            "selector": {"matchLabels": labels},
            "template": {
                "metadata": {"labels": labels},
                "spec": {"hostNetwork": true, "containers": containers},
            },
        },
    })
}

fn recognised(plane: &ControlPlane) {
    put(plane, "certain");
    for name in ["calico-system", "openshift-ovn-kubernetes", "ovn-kubernetes", "kube-flannel", "cni"] {
        plane.apply(&format!("{{apiVersion: v1, kind: Namespace, metadata: {{name: {name}}}}}"));
    }
    let questions: [&[&str]; 3] = [
        &["list", "-A"],
        &["explain", "certain/pod/open"],
        &["explain", "certain/pod/open", "--to", "certain/pod/closed"],
    ];
    let caveats = |question: &[&str]| -> Vec<String> {
        let told = answer(plane, "admin", question);
        assert_eq!(told["gaps"], json!([]), "{question:?}");
        let caveats = told["caveats"].as_array().expect("caveats");
        caveats.iter().map(|caveat| caveat.as_str().expect("a text").to_owned()).collect()
    };
    let nobody = "no network plugin was recognised: policies may not be enforced";
    for question in questions {
        assert!(caveats(question).iter().any(|caveat| caveat == nobody), "{question:?}");
    }
    let mut wrong = Vec::new();
    for Row { agents, says } in ROWS {
        let sets: Vec<Value> = agents.iter().map(|agent| daemon_set(agent)).collect();
        plane.apply(&json!({"apiVersion": "v1", "kind": "List", "items": sets}).to_string());
        let checkup = ask(plane, "admin", &["doctor", "-o", "json"]).stdout;
        let checkup: Value = serde_json::from_str(&checkup).expect("doctor answers with JSON");
        let by_doctor = |key: &str| checkup["plugin"][key].as_str().unwrap_or_default();
        let by_doctor = format!("enforced by {} ({})", by_doctor("name"), by_doctor("evidence"));
        for question in questions {
            let told = caveats(question);
            let of_policies: Vec<&String> =
                told.iter().filter(|caveat| caveat.starts_with("policies are ")).collect();
            // Who enforces is told by doctor, once; that nobody does, by every answer.
            let is_said = match *of_policies {
                [] => says == by_doctor && checkup["plugin"]["enforces"] == true,
                [one] => one.contains(says) && says.starts_with("policies are NOT enforced"),
                _ => false,
            };
            if !is_said || told.contains(&nobody.to_owned()) {
                wrong.push(format!("{agents:?}: {question:?}: {told:#?}, not {says}"));
            }
        }
        // Who knows better says so.
        let args = [questions[2], &["--cni", "calico"]].concat();
        if caveats(&args).iter().any(|caveat| caveat.contains("DaemonSet")) {
            wrong.push(format!("{agents:?}: --cni does not override"));
        }
        let delete = ["delete", "daemonsets", "--all", "--all-namespaces"];
        plane.kubectl(&delete, None).expect_success();
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));

    // The flag stands for a plugin that leaves no trace, and brings its ways.
    let block = "{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: block, namespace: certain},
                 spec: {podSelector: {}, policyTypes: [Egress], egress: [{to: [{ipBlock: {cidr: 10.0.0.0/8}}]}]}}";
    plane.apply(block);
    let ways = |cni: &str| caveats(&["list", "-A", "--cni", cni]);
    let of_cilium =
        "cilium: an ipBlock matches no pod and no node unless policy-cidr-match-mode says so";
    assert!(ways("cilium").iter().any(|caveat| caveat == of_cilium), "{:?}", ways("cilium"));
    assert!(!ways("generic").iter().any(|caveat| caveat == of_cilium || caveat == nobody));
    let output = ask(plane, "admin", &["list", "--cni", "nobody's"]);
    assert_eq!((output.code, &*output.stdout), (Some(2), ""), "{output:#?}");
    assert!(output.stderr.contains("cilium") && output.stderr.contains("auto"), "{output:#?}");
}

/// Downloads the modules that the trial needs.
fn download() -> Result<(), String> {
    modules().iter().try_for_each(|module| module.download().map(drop))
}

fn modules() -> [&'static Module; 2] {
    [&NETWORK_POLICY_API, &CILIUM]
}

const CLUSTER_POLICY: &str = "
apiVersion: policy.networking.k8s.io/v1alpha2
kind: ClusterNetworkPolicy
metadata: {name: guard}
spec:
  tier: Admin
  priority: 10
  subject: {namespaces: {}}
  ingress:
  - {name: none, action: Deny, from: [{namespaces: {}}]}
";

const CILIUM_POLICY: &str = "
apiVersion: cilium.io/v2
kind: CiliumNetworkPolicy
metadata: {name: from-web, namespace: doubtful}
spec: {endpointSelector: {}, ingress: [{fromEndpoints: [{matchLabels: {app: web}}]}]}
";

const CILIUM_WIDE: &str = "
apiVersion: cilium.io/v2
kind: CiliumClusterwideNetworkPolicy
metadata: {name: everybody}
spec: {endpointSelector: {}, egress: [{toEntities: [cluster]}]}
";

fn real_kinds(plane: &ControlPlane) {
    for module in modules() {
        let folder = module.download().expect("the module");
        module.install(plane, &folder);
    }
    put(plane, "certain");
    put(plane, "doubtful");
    let [open, closed] = ["certain/pod/open", "certain/pod/closed"];
    let told = |args: &[&str]| answer(plane, "admin", args);
    let verdict = |source: &str, destination: &str| {
        told(&["explain", source, "--to", destination])["verdict"].clone()
    };
    let gaps = |args: &[&str]| told(args)["gaps"].clone();
    // Kinds without objects change nothing, and not all kinds of Cilium are policies.
    assert_eq!(gaps(&["list", "-A"]), json!([]));
    assert_eq!(verdict(closed, open), "allow");

    let unjudged = |kind: &str| format!("1 object of kind {kind} is not judged by this version");
    plane.apply(CILIUM_POLICY);
    let of_cilium = unjudged("CiliumNetworkPolicy.cilium.io");
    assert_eq!(gaps(&["list", "-A"]), json!([of_cilium]));
    assert_eq!(verdict(closed, open), "allow");
    assert_eq!(verdict("doubtful/pod/closed", "doubtful/pod/open"), "depends");
    assert_eq!(verdict("doubtful/pod/open", closed), "deny");

    plane.apply(CILIUM_WIDE);
    let wide = unjudged("CiliumClusterwideNetworkPolicy.cilium.io");
    assert_eq!(verdict(closed, open), "depends");
    assert_eq!(gaps(&["explain", closed, "--to", open]), json!([wide, of_cilium]));
    plane.kubectl(&["delete", "ccnp", "everybody"], None).expect_success();
    assert_eq!(verdict(closed, open), "allow");

    plane.apply(CLUSTER_POLICY);
    let cluster = unjudged("ClusterNetworkPolicy.policy.networking.k8s.io");
    assert_eq!(verdict(closed, open), "depends");
    assert_eq!(gaps(&["list", "-A"]), json!([of_cilium, cluster]));
    let list = told(&["list", "-A", "--pods"]);
    let rows = list["connections"].as_array().expect("rows");
    assert!(!rows.is_empty() && rows.iter().all(|row| row["verdict"] == "depends"), "{list:#}");

    without_rights(plane);
}

/// Who may not read policies of such a kind knows nothing for certain, and is told why.
fn without_rights(plane: &ControlPlane) {
    let role = "
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: no-others}
rules:
- {apiGroups: ['', apps, batch, networking.k8s.io, discovery.k8s.io], resources: ['*'], verbs: [get, list]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: no-others}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: no-others}
subjects: [{apiGroup: rbac.authorization.k8s.io, kind: User, name: no-others}]
";
    plane.apply(role);
    let start = Instant::now();
    let can = ["auth", "can-i", "list", "pods", "-A", "--as", "no-others"];
    while !plane.kubectl(&can, None).is_success() {
        assert!(start.elapsed() < Duration::from_secs(60));
        std::thread::sleep(Duration::from_millis(100));
    }
    let args = ["explain", "certain/pod/closed", "--to", "certain/pod/open", "--as", "no-others"];
    let told = answer(plane, "admin", &args);
    assert_eq!(told["verdict"], "depends");
    let gaps = told["gaps"].as_array().expect("gaps");
    for kind in [
        "ciliumclusterwidenetworkpolicies.cilium.io",
        "ciliumnetworkpolicies.cilium.io",
        "clusternetworkpolicies.policy.networking.k8s.io",
    ] {
        assert!(gaps.contains(&json!(format!("could not list {kind}: forbidden"))), "{gaps:#?}");
    }
    assert_eq!(gaps.len(), 3, "{gaps:#?}");
}
