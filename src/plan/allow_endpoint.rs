//! Opens endpoints for pods: what URLs lead to, the policies that open it, and what these cut.

use std::collections::BTreeSet;

use k8s_openapi::api::networking::v1::NetworkPolicy;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;
use serde_json::Value;

use super::allowance::{self, PolicySubject};
use super::change::{Change, PolicyPlace, refused};
use super::changes::Changes;
use super::console::Console;
use super::learning::learn;
use super::opening::{self, Opening};
use super::proposal::{Proposal, first_egress};
use super::{cilium, hosts, pod_spec};
use crate::answer::caveat::Caveat;
use crate::cluster::apply::Writer;
use crate::cluster::read::ConnectOptions;
use crate::dns::resolve::Asking;
use crate::edit::cilium::Mode;
use crate::edit::lead;
use crate::edit::merge::Options;
use crate::edit::object::{self, Pods, on_the_wire};
use crate::edit::plan::WantedPolicy;
use crate::edit::record::{Entry, Key, Record};
use crate::edit::url::Destination;
use crate::ends::dns;
use crate::ends::end::End;
use crate::ends::find::find_end;
use crate::ends::naming::name_of;
use crate::ends::not_found::meant;
use crate::ends::target::Target;
use crate::engine::network::Network;
use crate::error::Error;
use crate::model::endpoint::PodId;
use crate::model::ports::ProtocolPort;
use crate::model::selector::Selector;
use crate::model::service::ServiceId;
use crate::model::snapshot::{PolicyObject, Snapshot};
use crate::model::special::AddressClass;
use crate::policy::network_policy::write::of_object;
use crate::report::dns::{dns_claims, named_dns};
use crate::report::planned::{Aim, Allowance};
use crate::world::pods::selected;

/// What is asked for.
#[derive(Clone, Debug)]
pub struct Request {
    /// Where the connections lead.
    pub urls: Vec<Destination>,
    /// The policy that takes the rules; one of their own where it is absent.
    pub into: Option<String>,
    /// The classes of special addresses that the user consents to.
    pub consent: BTreeSet<AddressClass>,
    /// For how many minutes an address stays after it was last seen.
    pub grace: u64,
    /// What becomes of everything else.
    pub rest: Rest,
    /// Whether the ingress of the pods behind a Service is opened too.
    pub both_sides: bool,
    /// Which kind of policy is written.
    pub mode: Mode,
}

/// What becomes of everything else, where the pods have no egress policy yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rest {
    /// Nobody said it: nothing is written that cuts it.
    Unsaid,
    /// It is cut.
    Cut,
    /// It stays open.
    Open,
}

/// A plan in the making: what is asked for, and what is known of those who ask.
pub struct Planner<'a, 'b> {
    request: &'a Request,
    before: &'a Network<'b>,
    target: &'a Target,
    end: &'a End,
    pods: Pods,
    openings: Vec<Opening>,
    /// What the user should know, one sentence each.
    notes: Vec<String>,
}

impl<'a, 'b> Planner<'a, 'b> {
    /// Finds out who asks.
    ///
    /// # Errors
    /// An end that no policy can be for.
    pub fn new(
        request: &'a Request,
        before: &'a Network<'b>,
        (target, end): (&'a Target, &'a End),
    ) -> Result<Self, Error> {
        let PolicySubject { pods, caveats } =
            allowance::subject(before.snapshot, end).map_err(Error::usage)?;
        let notes = caveats.iter().map(Caveat::to_string).collect();
        Ok(Self { request, before, target, end, pods, openings: Vec::new(), notes })
    }

    /// Finds out what the URLs lead to; SRV records are asked for.
    ///
    /// # Errors
    /// A URL that leads nowhere.
    pub fn open(&mut self, asking: &Asking) -> Result<(), Error> {
        let manner = opening::OpeningManner {
            pods: &self.pods,
            into: self.request.into.as_deref(),
            consent: &self.request.consent,
            grace: self.request.grace,
        };
        let open = |url| opening::open(self.snapshot(), url, &manner, asking);
        let openings = self.request.urls.iter().map(open).collect::<Result<Vec<Opening>, Error>>()?;
        let notes: BTreeSet<String> =
            openings.iter().flat_map(|opening| opening.notes.clone()).collect();
        self.notes.extend(notes);
        self.openings = opening::joined(openings);
        Ok(())
    }

    /// Builds policies with names, where Cilium is to follow them; nothing elsewhere.
    ///
    /// # Errors
    /// What Cilium cannot follow.
    pub fn cilium(&self) -> Result<Option<Vec<Value>>, Error> {
        let mode = self.request.mode.choose(self.snapshot().plugin.cni());
        // A Service without pods is known by addresses, as one with pods by these.
        let is_outside = |(key, entry): (&Key, &Entry)| {
            entry.service.is_none() || lead::outside_name(self.snapshot(), key, entry).is_some()
        };
        let is_outside = |opening: &Opening| opening.hosts.hosts.iter().any(is_outside);
        if mode != Mode::Cilium || !self.openings.iter().any(is_outside) {
            return Ok(None);
        }
        let mut policies = cilium::policies(self.snapshot(), &self.openings)?;
        if let Some(whose) = self.cuts_of_new() {
            match self.request.rest {
                Rest::Unsaid => return Err(first_egress(&whose)),
                Rest::Cut => {}
                Rest::Open => {
                    self.check_rest()?;
                    policies.insert(0, on_the_wire(&object::rest(&self.pods)));
                }
            }
        }
        Ok(Some(policies))
    }

    /// Plans the policies on what is in a cluster, or else in manifests.
    ///
    /// # Errors
    /// A host that is not resolved or may not be opened, or a policy that cannot take the rules.
    pub fn plan(
        mut self,
        connection: Option<&ConnectOptions>,
        asking: &Asking,
        console: &dyn Console,
    ) -> Result<Proposal, Error> {
        let snapshot = self.snapshot();
        let records: Vec<Record> = self.openings.iter().map(|opening| opening.hosts.record()).collect();
        let options = Options { consent: self.request.consent.clone(), ..Options::default() };
        let options = options.of_cluster(snapshot);
        let lesson = learn(snapshot, &records, asking, options, console)?;
        let caveats = named_dns(snapshot).into_iter().chain(dns_claims(snapshot));
        self.notes.extend(caveats.chain(lesson.caveats).map(|caveat| caveat.to_string()));
        let writer = connection.map(Writer::open).transpose()?;
        let spec = writer.as_ref().and_then(|writer| self.pod_spec(writer)).unwrap_or_default();
        self.notes.extend(pod_spec::proxies(&spec, &self.request.urls));
        self.notes.extend(pod_spec::own_dns(&spec));
        let place = writer.as_ref().map_or(PolicyPlace::Files(snapshot), PolicyPlace::Cluster);
        let mut changes = Changes::new(lesson.learnt);
        self.fill(&mut changes, place)?;
        let context = connection.and_then(|options| options.context.as_deref());
        Ok(self.proposal(changes, context, writer))
    }

    const fn snapshot(&self) -> &'b Snapshot {
        self.before.snapshot
    }

    fn proposal(self, changes: Changes, context: Option<&str>, writer: Option<Writer>) -> Proposal {
        let cuts = self.cuts(&changes).filter(|_| self.request.rest == Rest::Unsaid);
        let source = name_of(&self.end.endpoint);
        let next = self.next(&source, context);
        let answer = Allowance {
            aim: Aim::Allow,
            source: match self.pods.workload {
                Some(_) => source.clone(),
                None => format!("{source} (every pod)"),
            },
            destinations: self.request.urls.iter().map(opening::shown).collect(),
            hosts: changes.hosts(),
            policies: changes.shown(),
            notes: self.notes,
        };
        let facts = changes.facts(self.before.snapshot);
        Proposal { answer, changes, facts, cuts, next, writer }
    }

    /// Says what may be done once it is written: how it is kept current, and how it is taken back.
    fn next(&self, source: &str, context: Option<&str>) -> Vec<String> {
        let context = context.map(|name| format!(" --context {name}")).unwrap_or_default();
        let has_names = self.openings.iter().any(|opening| opening.hosts.has_names());
        let refresh = format!("kubectl netpol refresh-ips -n {}{context}", self.pods.namespace);
        let refresh = has_names.then(|| format!("`{refresh}` keeps the addresses current"));
        let flags: Vec<String> = self.request.urls.iter().map(opening::flags).collect();
        let undo = format!("`kubectl netpol disallow-endpoint {source} {}{context}`", flags.join(" "));
        refresh.into_iter().chain([format!("{undo} takes it back")]).collect()
    }

    /// Reads the specification of the pods (core/v1 PodSpec).
    fn pod_spec(&self, writer: &Writer) -> Option<Value> {
        let (kind, name) = self.pods.workload.as_deref()?.split_once('/')?;
        writer.pod_spec(&self.pods.namespace, kind, name)
    }

    /// Adds to an error which policy --into may have meant, where there is none of its name.
    fn named(&self, error: Error) -> Error {
        let Some(into) = self.request.into.as_deref() else { return error };
        let policies = self.snapshot().policies.iter();
        let here = policies.filter(|policy| policy.namespace.as_deref() == Some(&*self.pods.namespace));
        let here = here.map(|policy| policy.name.to_string()).collect();
        error.followed_by(&meant(into, here))
    }

    /// Plans every policy, in the order in which they are written: what keeps other things open first, and
    /// where names are asked for last, so that no pod is left with that alone.
    fn fill(&mut self, changes: &mut Changes, place: PolicyPlace<'_>) -> Result<(), Error> {
        let services: BTreeSet<_> =
            self.openings.iter().flat_map(|opening| opening.services.clone()).collect();
        for opening in &self.openings {
            let wanted = WantedPolicy::Hosts(opening.hosts.clone());
            changes.push(place, wanted).map_err(|error| self.named(error))?;
        }
        hosts::check(self.snapshot(), &changes.all)?;
        self.notes.extend(hosts::many(&changes.all));
        self.notes.extend(hosts::claimed(self.snapshot(), &changes.all));
        self.check_into(&changes.all)?;
        if self.request.rest == Rest::Open && self.cuts(changes).is_some() {
            self.check_rest()?;
            changes.push_front(place, object::rest(&self.pods))?;
        }
        if self.openings.iter().any(|opening| opening.by_name)
            && let Some(policy) = self.dns(changes)?
        {
            changes.push(place, WantedPolicy::Fixed(Box::new(policy)))?;
        }
        for (service, port) in services {
            if allowance::has_node_backends(self.snapshot(), service) {
                let (_, name) = opening::service_target(self.snapshot(), service);
                let text = "in the network of their node, where no selector finds them";
                self.notes
                    .push(format!("pods of {name} are {text}: allow the addresses of the nodes too"));
            }
            if let Some(policy) = self.other_side(changes, service, port)? {
                changes.push_front(place, policy)?;
            }
        }
        Ok(())
    }

    /// Finds the end again in a network that differs in its policies.
    fn end_in(&self, network: &Network<'_>) -> Result<End, Error> {
        find_end(network, self.target, &self.pods.namespace).map_err(Error::usage)
    }

    /// Says whose first egress policy the changes have, so that they cut what it does not open: whoever a
    /// policy selects, whether asked for or not.
    fn cuts(&self, changes: &Changes) -> Option<String> {
        let (snapshot, namespace) = (self.snapshot(), &*self.pods.namespace);
        let after = changes.network(snapshot);
        let open = allowance::open_pods(self.before, namespace);
        let cut = open.difference(&allowance::open_pods(&after, namespace)).copied().collect();
        self.whose(&cut, changes.all.iter().any(Change::is_new))
    }

    /// Says the same of a policy of any kind that is new, and for these pods.
    fn cuts_of_new(&self) -> Option<String> {
        let namespace = &*self.pods.namespace;
        let selects = selected(self.snapshot(), namespace, &self.pods.selector);
        let open = allowance::open_pods(self.before, namespace);
        self.whose(&open.intersection(&selects).copied().collect(), true)
    }

    /// Names pods that become isolated, or may where a policy is new and its pods were not read.
    fn whose(&self, cut: &BTreeSet<PodId>, is_new: bool) -> Option<String> {
        let (snapshot, namespace) = (self.snapshot(), &*self.pods.namespace);
        if allowance::governed(snapshot, self.end).is_superset(cut) {
            let unread =
                is_new && allowance::may_isolate_unread(snapshot, namespace, &self.pods.selector);
            return (unread || !cut.is_empty()).then(|| name_of(&self.end.endpoint));
        }
        Some(allowance::workloads(snapshot, cut))
    }

    /// Refuses to keep everything open for pods that a policy isolates already.
    fn check_rest(&self) -> Result<(), Error> {
        let (snapshot, namespace) = (self.snapshot(), &*self.pods.namespace);
        let all = selected(snapshot, namespace, &self.pods.selector);
        let open = allowance::open_pods(self.before, namespace);
        let isolated = allowance::workloads(snapshot, &all.difference(&open).copied().collect());
        if isolated.is_empty() {
            return Ok(());
        }
        let text = format!("--allow-rest would open everything for {isolated} too");
        Err(refused(format!("{text}, whose egress a policy isolates already"))
            .hint("name a workload that has no egress policy yet"))
    }

    /// Refuses a policy that is not for the pods, and says whom else it is for.
    fn check_into(&mut self, changes: &[Change]) -> Result<(), Error> {
        let snapshot = self.snapshot();
        let meant = allowance::governed(snapshot, self.end);
        for change in changes.iter().filter(|_| self.request.into.is_some()) {
            let live = change.live.as_ref();
            let selector = live.and_then(|live| live.pointer("/spec/podSelector")).cloned();
            let selector: LabelSelector =
                selector.and_then(|own| serde_json::from_value(own).ok()).unwrap_or_default();
            let (namespace, title) = (&*self.pods.namespace, change.title());
            let selects = selected(snapshot, namespace, &Selector::new(&selector));
            let others = |one: &BTreeSet<PodId>, other: &BTreeSet<PodId>| {
                allowance::workloads(snapshot, &one.difference(other).copied().collect())
            };
            let missing = others(&meant, &selects);
            if !missing.is_empty() {
                return Err(Error::usage(format!("{title} does not select pods of {missing}"))
                    .hint("without --into they get a policy of their own"));
            }
            let more = others(&selects, &meant);
            self.notes.extend((!more.is_empty()).then(|| format!("{title} is for pods of {more} too")));
        }
        Ok(())
    }

    /// Builds the policy that lets the pods ask for names; nothing where they may.
    fn dns(&mut self, changes: &Changes) -> Result<Option<NetworkPolicy>, Error> {
        let snapshot = self.snapshot();
        let closed = |policies: &[PolicyObject]| {
            let network = Network::with_policies(snapshot, policies);
            Ok::<_, Error>(dns::to_open(&network, &self.end_in(&network)?))
        };
        let mut policies = changes.objects();
        if closed(&policies)?.is_ok_and(|closed| closed.is_empty()) {
            return Ok(None);
        }
        // One of ours that is there already is written as a whole: what it opens stays in it.
        policies.push(of_object(object::dns(&self.pods, Vec::new())));
        let rules: Vec<_> = match closed(&policies)? {
            Ok(servers) => servers.iter().map(object::dns_rule).collect(),
            Err(dns::UnknownDns) => {
                self.notes
                    .push("where the cluster's DNS is was not found: port 53 of everything".to_owned());
                vec![object::dns_everywhere()]
            }
        };
        Ok((!rules.is_empty()).then(|| object::dns(&self.pods, rules)))
    }

    /// Builds the policy of the other side where it is asked for, and says where it is missing.
    fn other_side(
        &mut self,
        changes: &Changes,
        service: ServiceId,
        port: ProtocolPort,
    ) -> Result<Option<NetworkPolicy>, Error> {
        let (target, name) = opening::service_target(self.snapshot(), service);
        let after = changes.network(self.snapshot());
        let source = self.end_in(&after)?;
        match allowance::other_side(&after, &source, (&target, port), &changes.objects()) {
            Ok(Some(policy)) if self.request.both_sides => Ok(Some(object::managed(policy))),
            Ok(Some(_)) => {
                self.notes.push(format!("{name} denies it on its side: --both-sides opens that too"));
                Ok(None)
            }
            Ok(None) => Ok(None),
            Err(reason) => {
                self.notes.push(format!("whether {name} lets it in is not certain: {reason}"));
                Ok(None)
            }
        }
    }
}
