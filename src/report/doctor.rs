//! Whether answers about a cluster can be trusted: who enforces, what is where, what may be read.

use std::collections::BTreeMap;

use serde::Serialize;

use super::jobs::{JobsFound, RefreshJob};
use crate::answer::verdict::API_VERSION;
use crate::model::cni::NetworkPlugin;
use crate::model::gap::{Gap, GapScope};
use crate::model::rights::Right;
use crate::model::service::{Service, ServiceAddress};
use crate::model::snapshot::Snapshot;
use crate::policy::{KINDS, PolicyKind, Profile, Rules};
use crate::report::dns::{dns_claims, unknown_dns};
use crate::world::servers;

/// What was found about a cluster.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Checkup {
    /// `netpol/v1`.
    pub api_version: &'static str,
    /// `Checkup`.
    pub kind: &'static str,
    /// The server's version.
    pub server_version: String,
    /// The network plugin, and what shows it; absent where none was recognised.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub plugin: Option<Plugin>,
    /// How many policies can be judged, of those that were read; absent where none may be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policies: Option<usize>,
    /// How many these are of each kind.
    #[serde(skip)]
    pub by_kind: BTreeMap<&'static str, usize>,
    /// Where DNS is: Services, their addresses and ports, and how many backends are ready.
    pub dns: Vec<NeededService>,
    /// Where the API server is.
    pub api_server: Vec<NeededService>,
    /// The namespace of rights that are not given everywhere.
    pub namespace: String,
    /// What the user may do.
    pub rights: Vec<UserRight>,
    /// The CronJobs that refresh hosts, ascending by namespace and name.
    pub jobs: Vec<RefreshJob>,
    /// What makes answers doubtful; the exit code is 1 where there is any.
    pub problems: Vec<String>,
    /// What the answers of this user would carry.
    pub notes: Vec<String>,
    /// What could not be read.
    pub gaps: Vec<Gap>,
}

/// The network plugin.
#[derive(Clone, Debug, Serialize)]
pub struct Plugin {
    /// Its name.
    pub name: &'static str,
    /// What shows it.
    pub evidence: String,
    /// The tag of its image.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// Whether it enforces policies.
    pub enforces: bool,
    /// Where it differs from the Kubernetes API for the policies that are there.
    pub deviations: Vec<&'static str>,
}

/// A Service that everything needs.
#[derive(Clone, Debug, Serialize)]
pub struct NeededService {
    /// `kube-system/svc/kube-dns`.
    pub service: String,
    /// Its addresses.
    pub addresses: Vec<String>,
    /// Its ports and where they lead: `UDP/53 -> 53`.
    pub ports: Vec<String>,
    /// The backends that are ready; absent where they may not be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub backends: Option<Vec<String>>,
}

/// A right of the user.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct UserRight {
    /// The verb: `list`, `patch`.
    pub verb: &'static str,
    /// The resource.
    pub resource: &'static str,
    /// Whether it is given in every namespace.
    pub everywhere: bool,
    /// Whether it is given in the namespace.
    pub in_namespace: bool,
    /// The namespace, where it is another than that of all others.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub namespace: Option<&'static str>,
}

/// What answers cannot do without, beside policies.
pub const NEEDED: [&str; 2] = ["pods", "namespaces"];

/// Examines what was read of a cluster.
pub fn examine(
    snapshot: &Snapshot,
    rules: &Rules,
    rights: &[Right],
    namespace: &str,
    server_version: &str,
) -> Checkup {
    let place = |own: &Service| place(snapshot, own);
    let api = snapshot.services.values().filter(|own| servers::is_api_server(snapshot, own));
    let unjudged = snapshot.gaps.iter().any(|gap| gap.scope != GapScope::Incomplete);
    let has_policies = !snapshot.policies.is_empty() || unjudged;
    let hides = |kind: &&PolicyKind| snapshot.gaps.iter().any(|gap| gap.hides_all(kind.resource));
    let is_hidden = snapshot.policies.is_empty() && KINDS.iter().any(hides);
    let mut checkup = Checkup {
        api_version: API_VERSION,
        kind: "Checkup",
        server_version: server_version.to_owned(),
        plugin: plugin(&snapshot.plugin, rules),
        policies: (!is_hidden).then_some(snapshot.policies.len()),
        by_kind: BTreeMap::new(),
        dns: servers::dns_services(snapshot).map(place).collect(),
        api_server: api.map(place).collect(),
        namespace: namespace.to_owned(),
        rights: rights.iter().map(allowed).collect(),
        jobs: Vec::new(),
        problems: Vec::new(),
        notes: Vec::new(),
        gaps: snapshot.gaps.clone(),
    };
    for policy in &snapshot.policies {
        *checkup.by_kind.entry(policy.spec.kind().shown).or_default() += 1;
    }
    checkup.problems.extend(unenforced(&snapshot.plugin, has_policies));
    if checkup.dns.is_empty() && !snapshot.gaps.iter().any(|gap| gap.hides("services")) {
        match servers::dns(snapshot).is_empty() {
            true => checkup.problems.push(format!("{}: edits take --dns NS/svc/NAME", unknown_dns())),
            false => {
                checkup.notes.push("no Service leads to the DNS pods that their label tells".to_owned());
            }
        }
    }
    checkup.notes.extend(dns_claims(snapshot).map(|caveat| caveat.to_string()));
    let unready = checkup.dns.iter().filter(|own| own.backends.as_ref().is_some_and(Vec::is_empty));
    let unready = unready.map(|own| format!("{} has no backend that is ready", own.service));
    checkup.notes.extend(unready);
    limits(&mut checkup, rights);
    edits(&mut checkup, rights);
    for gap in snapshot.gaps.iter().filter(|gap| gap.scope != GapScope::Incomplete) {
        checkup.problems.push(gap.to_string());
    }
    checkup
}

impl Checkup {
    /// Takes in the CronJobs that refresh hosts, and what is to say of them.
    pub fn add_jobs(&mut self, found: JobsFound) {
        self.problems.extend(found.problems());
        self.notes.extend(found.notes());
        self.jobs = found.jobs;
    }
}

/// Says what the user may not list, and what that means.
fn limits(checkup: &mut Checkup, rights: &[Right]) {
    let resources = |is: &dyn Fn(&Right) -> bool| {
        let missing = rights.iter().filter(|right| right.verb == "list" && !right.everywhere);
        missing.filter(|right| is(right)).map(|right| right.resource).collect::<Vec<_>>().join(", ")
    };
    let is_policy = |right: &Right| KINDS.into_iter().any(|kind| kind.resource == right.resource);
    let is_needed = |right: &Right| NEEDED.contains(&right.resource) || is_policy(right);
    let partly = resources(&|right| right.in_namespace);
    let needed = resources(&|right| !right.in_namespace && is_needed(right));
    let others = resources(&|right| !right.in_namespace && !is_needed(right));
    if !needed.is_empty() {
        checkup.problems.push(format!("may not list {needed}: answers are in doubt"));
    }
    if !partly.is_empty() {
        let namespace = &checkup.namespace;
        let text =
            format!("may list {partly} in namespace {namespace} only: answers about others carry a gap");
        checkup.notes.push(text);
    }
    if !others.is_empty() {
        checkup.notes.push(format!("may not list {others}: answers carry a gap"));
    }
}

/// Says what the user may not do that edits do.
fn edits(checkup: &mut Checkup, rights: &[Right]) {
    let missing = rights.iter().filter(|right| right.verb != "list" && !right.in_namespace);
    let (forwards, writes): (Vec<&Right>, Vec<&Right>) =
        missing.partition(|right| right.namespace.is_some());
    if let Some(first) = writes.first() {
        let verbs: Vec<&str> = writes.iter().map(|right| right.verb).collect();
        let text =
            "allow-endpoint, disallow-endpoint, refresh-ips and default-deny --apply may fail there";
        let (verbs, resource, namespace) = (verbs.join(", "), first.resource, &checkup.namespace);
        checkup.notes.push(format!("may not {verbs} {resource} in namespace {namespace}: {text}"));
    }
    let forward = forwards.iter().filter_map(|right| right.namespace);
    checkup.notes.extend(forward.map(|namespace| {
        format!(
            "may not create pods/portforward in namespace {namespace}: from outside the cluster, hosts are \
             resolved by this machine's name servers"
        )
    }));
}

fn plugin(plugin: &NetworkPlugin, rules: &Rules) -> Option<Plugin> {
    let (name, evidence, version, enforces) = match plugin {
        NetworkPlugin::Unknown | NetworkPlugin::NotRecognised => return None,
        NetworkPlugin::Given(cni) => (cni.name(), "--cni".to_owned(), None, true),
        NetworkPlugin::Recognised(agent) => {
            (agent.cni.name(), agent.evidence.clone(), agent.version.clone(), agent.enforces)
        }
    };
    let rules: Vec<_> = rules.rules.values().collect();
    let deviations = Profile::of(plugin).deviations(plugin.version(), &rules);
    Some(Plugin { name, evidence, version, enforces, deviations })
}

/// Tells whether policies are there and nobody is known to enforce them.
fn unenforced(plugin: &NetworkPlugin, has_policies: bool) -> Option<String> {
    let problem = match plugin {
        NetworkPlugin::Given(_) => return None,
        NetworkPlugin::Recognised(agent) if agent.enforces => return None,
        NetworkPlugin::Recognised(agent) => format!("{} enforces no policies", agent.cni),
        NetworkPlugin::NotRecognised => "no enforcer was recognised".to_owned(),
        NetworkPlugin::Unknown => "who enforces them is not known".to_owned(),
    };
    has_policies.then(|| format!("policies exist, but {problem}"))
}

fn place(snapshot: &Snapshot, service: &Service) -> NeededService {
    let namespace = &snapshot.namespaces.at(service.namespace).name;
    let ports = service.ports.iter();
    let ports = ports.map(|port| format!("{}/{} -> {}", port.protocol, port.port, port.target));
    let is_read = !snapshot.gaps.iter().any(|gap| gap.hides_in("endpointslices", namespace));
    let backends = service.slices.iter().flat_map(|slice| slice.ips.iter().map(ToString::to_string));
    NeededService {
        service: format!("{namespace}/svc/{}", service.name),
        addresses: match &service.address {
            ServiceAddress::Own(ips) => ips.iter().map(ToString::to_string).collect(),
            ServiceAddress::Headless => Vec::new(),
            ServiceAddress::Name(name) => vec![name.to_string()],
        },
        ports: ports.collect(),
        backends: is_read.then(|| backends.collect()),
    }
}

fn allowed(right: &Right) -> UserRight {
    let Right { verb, resource, everywhere, in_namespace, namespace } = right.clone();
    UserRight { verb, resource, everywhere, in_namespace, namespace }
}
