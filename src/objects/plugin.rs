//! Recognises the agents of network plugins by their DaemonSets and by the server's version.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::{Deserializer, Error};
use serde_json::Value;

use super::object::WorkloadObject;
use crate::model::cni::{Agent, Cni};

/// An apps/v1 DaemonSet, which may be a network plugin's agent.
pub(crate) struct DaemonSetRead(pub(crate) Box<WorkloadObject>);

/// What of a DaemonSet tells whose agent it is.
#[derive(Deserialize)]
struct Facts {
    metadata: AgentMeta,
    #[serde(default)]
    spec: Spec,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct AgentMeta {
    name: String,
    namespace: String,
    labels: BTreeMap<String, String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Spec {
    template: AgentTemplate,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct AgentTemplate {
    spec: AgentPodSpec,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct AgentPodSpec {
    containers: Vec<AgentContainer>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct AgentContainer {
    name: String,
    image: String,
    command: Vec<String>,
    args: Vec<String>,
}

/// How to tell an agent: by the name of its DaemonSet or by a label.
struct Sign {
    cni: Cni,
    names: &'static [&'static str],
    label: (&'static str, &'static str),
}

const fn sign(cni: Cni, names: &'static [&'static str], label: (&'static str, &'static str)) -> Sign {
    Sign { cni, names, label }
}

/// The agents that are known. A policy-only Calico beside flannel is `canal`.
const SIGNS: [Sign; 12] = [
    sign(Cni::Cilium, &["cilium"], ("k8s-app", "cilium")),
    sign(Cni::Gke, &["anetd"], ("k8s-app", "anetd")),
    sign(Cni::Calico, &["calico-node", "canal"], ("k8s-app", "calico-node")),
    sign(Cni::Antrea, &["antrea-agent"], ("component", "antrea-agent")),
    sign(Cni::OvnKubernetes, &["ovnkube-node"], ("app", "ovnkube-node")),
    sign(Cni::KubeRouter, &["kube-router"], ("k8s-app", "kube-router")),
    sign(Cni::Weave, &["weave-net"], ("name", "weave-net")),
    sign(Cni::AzureNpm, &["azure-npm"], ("k8s-app", "azure-npm")),
    sign(Cni::KubeNetworkPolicies, &["kube-network-policies"], ("app", "kube-network-policies")),
    sign(Cni::Kindnet, &["kindnet"], ("app", "kindnet")),
    sign(Cni::Aws, &["aws-node"], ("k8s-app", "aws-node")),
    sign(Cni::Flannel, &["kube-flannel", "kube-flannel-ds"], ("app", "flannel")),
];

impl<'de> Deserialize<'de> for DaemonSetRead {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(deserializer)?;
        let facts = Facts::deserialize(&value).map_err(D::Error::custom)?;
        let mut workload = WorkloadObject::deserialize(value).map_err(D::Error::custom)?;
        workload.agent = recognise(&facts);
        Ok(Self(Box::new(workload)))
    }
}

fn recognise(facts: &Facts) -> Option<Agent> {
    let AgentMeta { name, namespace, labels } = &facts.metadata;
    let is_named = |sign: &&Sign| sign.names.contains(&&**name);
    let is_labelled = |sign: &&Sign| labels.get(sign.label.0).is_some_and(|own| own == sign.label.1);
    // A name says more: GKE's own agent has Cilium's label.
    let sign = SIGNS.iter().find(is_named).or_else(|| SIGNS.iter().find(is_labelled))?;
    let containers = &facts.spec.template.spec.containers;
    let (enforces, proof) = enforcement(sign.cni, containers);
    let version = containers.first().and_then(|container| tag(&container.image));
    let proof = proof.map(|proof| format!(", {proof}")).unwrap_or_default();
    let evidence = format!("DaemonSet {namespace}/{name}{proof}");
    Some(Agent { cni: sign.cni, evidence, version, enforces })
}

/// Tells whether an agent enforces policies, and what shows it where that depends.
fn enforcement(cni: Cni, containers: &[AgentContainer]) -> (bool, Option<String>) {
    let named = |name: &str| containers.iter().find(|container| container.name.contains(name));
    let says = |container: &AgentContainer, flag: &str| {
        container.command.iter().chain(&container.args).any(|arg| arg == flag)
    };
    match cni {
        Cni::Aws => {
            let flag = "--enable-network-policy=true";
            let on = named("aws-eks-nodeagent").is_some_and(|agent| says(agent, flag));
            let word = if on { "runs with" } else { "does not run with" };
            (on, Some(format!("aws-eks-nodeagent {word} {flag}")))
        }
        Cni::Flannel => match named("network-policies") {
            Some(container) => (true, Some(format!("container {}", container.name))),
            None => (false, Some("which enforces no policies".to_owned())),
        },
        Cni::Weave => match named("weave-npc") {
            Some(_) => (true, Some("container weave-npc".to_owned())),
            None => (false, Some("without the container weave-npc".to_owned())),
        },
        Cni::KubeRouter => {
            let off = containers.iter().any(|container| says(container, "--run-firewall=false"));
            (!off, off.then(|| "runs with --run-firewall=false".to_owned()))
        }
        _ => (true, None),
    }
}

/// Returns the tag of an image: `v1.16.1` of `example.test/cilium/cilium:v1.16.1@sha256:…`.
fn tag(image: &str) -> Option<String> {
    let image = image.split('@').next().unwrap_or_default();
    let (_, tag) = image.rsplit_once(':').filter(|(_, tag)| !tag.contains('/'))?;
    Some(tag.to_owned())
}

/// Recognises a plugin that is part of the server: K3s has kube-router's policies built in.
pub(crate) fn built_in(server_version: &str) -> Option<Agent> {
    server_version.contains("+k3s").then(|| Agent {
        cni: Cni::KubeRouter,
        evidence: format!("server version {server_version}: K3s enforces policies itself"),
        version: None,
        enforces: true,
    })
}
