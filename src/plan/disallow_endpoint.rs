//! Takes back what `allow-endpoint` opened: the rules of a host, its record, and what only it needed.

use std::collections::{BTreeMap, BTreeSet};

use super::allowance::{self, PolicySubject};
use super::change::{Change, PolicyPlace};
use super::changes::Changes;
use super::deletion::Deletion;
use super::needs::{Taken, needs_names, record_of, rules};
use super::opening;
use super::other_side::OtherSide;
use super::proposal::Proposal;
use crate::answer::caveat::Caveat;
use crate::cluster::apply::{PolicyName, Writer};
use crate::cluster::read::ConnectOptions;
use crate::edit::classify::{ClassError, HostClass, classify};
use crate::edit::host::Host;
use crate::edit::name;
use crate::edit::object::{self, Pods, on_the_wire};
use crate::edit::plan::{Learnt, Unwanted, WantedPolicy};
use crate::edit::record::{Entry, Key};
use crate::edit::standing;
use crate::edit::url::{Destination, UrlPlace};
use crate::ends::end::End;
use crate::ends::naming::name_of;
use crate::ends::target::Target;
use crate::engine::network::Network;
use crate::error::Error;
use crate::model::endpoint::PodId;
use crate::model::ports::ProtocolPort;
use crate::model::selector::Selector;
use crate::model::service::ServiceId;
use crate::model::snapshot::{PolicyObject, Snapshot};
use crate::policy::{Direction, network_policy};
use crate::report::planned::{Aim, Allowance};
use crate::world::pods::selected;
use crate::world::services::in_full;

/// Plans to take back what was opened for an end, on what is in a cluster or else in manifests.
///
/// # Errors
/// An end that no policy can be for, or a URL that nothing was written for.
pub fn plan(
    urls: &[Destination],
    before: &Network<'_>,
    (target, end): (&Target, &End),
    connection: Option<&ConnectOptions>,
) -> Result<Proposal, Error> {
    let snapshot = before.snapshot;
    let PolicySubject { pods, caveats } =
        allowance::subject(snapshot, end).map_err(|reason| Error::usage(reason.to_string()))?;
    let search = Search { snapshot, pods: &pods, meant: allowance::governed(snapshot, end) };
    let holders = search.all(urls, &name_of(&end.endpoint))?;
    let writer = connection.map(Writer::open).transpose()?;
    let place = writer.as_ref().map_or(PolicyPlace::Files(snapshot), PolicyPlace::Cluster);
    let mut changes = Changes::new(Learnt::default());
    for (policy, hosts) in holders.iter().filter_map(|(policy, keys)| Some((policy, keys.as_ref()?))) {
        let namespace = pods.namespace.clone();
        let unwanted = Unwanted { namespace, policy: policy.clone(), keys: hosts.clone() };
        changes.push(place, WantedPolicy::Without(unwanted))?;
    }
    let whole = holders.iter().filter(|(_, keys)| keys.is_none()).map(|(name, _)| name.clone());
    let gone: BTreeSet<String> = whole.chain(search.emptied(&changes)).collect();
    changes.all.retain(|change| !gone.contains(&change.name().name));
    for policy in search.deleted(gone, &holders) {
        let name = PolicyName { namespace: pods.namespace.to_string(), name: policy };
        changes.deleted.extend(Deletion::plan(place, name)?);
    }
    for (service, port) in services(snapshot, &pods, urls) {
        let side = OtherSide { source: target, namespace: &pods.namespace, service, port };
        for name in side.written(before, &changes) {
            changes.deleted.extend(Deletion::plan(place, name)?);
        }
    }
    let mut notes: Vec<String> = caveats.iter().map(Caveat::to_string).collect();
    notes.extend(search.others(&changes));
    notes.extend(opened(before, &changes, &pods));
    notes.extend(search.absent(urls));
    let answer = Allowance {
        aim: Aim::Disallow,
        source: name_of(&end.endpoint),
        destinations: urls.iter().map(opening::shown).collect(),
        hosts: changes.hosts(),
        policies: changes.shown(),
        notes,
    };
    let facts = changes.facts(snapshot);
    Ok(Proposal { answer, changes, facts, cuts: None, next: Vec::new(), writer })
}

/// The policies that have something of the URLs, by name: which hosts, or nothing where they go as a whole.
type Holders = BTreeMap<String, Option<BTreeSet<Key>>>;

/// Returns the hosts that are taken from policies that stay.
fn taken(holders: &Holders) -> Taken {
    holders.iter().filter_map(|(policy, keys)| Some((policy.clone(), keys.clone()?))).collect()
}

/// What is looked for among the policies of a namespace.
struct Search<'a> {
    snapshot: &'a Snapshot,
    pods: &'a Pods,
    /// The pods that are meant, as far as they are known.
    meant: BTreeSet<PodId>,
}

impl<'a> Search<'a> {
    /// Lists the policies of the namespace that govern egress, each with the selector of its pods.
    fn policies(&self) -> impl Iterator<Item = (&'a PolicyObject, Selector)> {
        let policies = self.snapshot.policies.iter();
        let here = policies.filter(|own| own.namespace.as_deref() == Some(&*self.pods.namespace));
        here.filter_map(|own| Some((own, network_policy::governed(own, Direction::Egress)?)))
    }

    /// Lists our own policies for these pods.
    fn own(&self) -> impl Iterator<Item = &'a PolicyObject> {
        let own = self
            .policies()
            .filter(|(own, selector)| own.metadata.is_managed() && *selector == self.pods.selector);
        own.map(|(own, _)| own)
    }

    fn all(&self, urls: &[Destination], source: &str) -> Result<Holders, Error> {
        for url in urls {
            if self.holders(std::slice::from_ref(url)).is_empty() {
                return Err(self.nothing(url, source));
            }
        }
        Ok(self.holders(urls))
    }

    fn holders(&self, urls: &[Destination]) -> Holders {
        let workload = self.pods.workload.as_deref().unwrap_or_default();
        let names: BTreeSet<String> =
            urls.iter().map(|url| name::of_policy(workload, opening::named(url).iter())).collect();
        let whole = self.own().filter(|own| names.contains(&*own.name) && self.is_of_alone(urls, own));
        let mut holders: Holders = whole.map(|own| (own.name.to_string(), None)).collect();
        for (policy, selector) in self.policies() {
            let Some(record) = record_of(policy) else { continue };
            let of_urls =
                |(key, entry): &(&Key, &Entry)| urls.iter().any(|url| self.is_of(url, key, entry));
            let keys: BTreeSet<Key> =
                record.entries.iter().filter(of_urls).map(|(key, _)| key.clone()).collect();
            let is_for_them = match policy.metadata.is_managed() {
                true => selector == self.pods.selector,
                false => self.selects_them(&selector),
            };
            if !keys.is_empty() && is_for_them {
                holders.entry(policy.name.to_string()).or_insert(Some(keys));
            }
        }
        holders
    }

    /// Tells whether a policy that is named after URLs has nothing but what they lead to. Rules for Services are
    /// not remembered: as many as may be of the URLs are taken to be, since what a hand added is not told apart.
    fn is_of_alone(&self, urls: &[Destination], own: &PolicyObject) -> bool {
        let record = record_of(own).unwrap_or_default();
        let is_of_urls =
            |(key, entry): (&Key, &Entry)| urls.iter().any(|url| self.is_of(url, key, entry));
        let is_remembered = |place: &&UrlPlace| {
            let is_place = |(key, entry): (&Key, &Entry)| self.is_at(place, key, entry);
            record.entries.iter().any(is_place)
        };
        let may_be_service = |place: &&UrlPlace| matches!(place, UrlPlace::Port(..));
        let others = urls.iter().flat_map(|url| &url.places).filter(may_be_service);
        let others = others.filter(|place| !is_remembered(place));
        let unremembered =
            rules(own).iter().filter(|rule| !object::is_of_hosts(&on_the_wire(rule), &record));
        record.entries.iter().all(is_of_urls) && unremembered.count() <= others.count()
    }

    /// Tells whether what is remembered of a host is of a place of a URL.
    fn is_at(&self, place: &UrlPlace, key: &Key, entry: &Entry) -> bool {
        match (place, entry.service) {
            (_, Some(port)) => self.is_service(place, key, port),
            (UrlPlace::Service(name), None) => entry.srv.as_ref() == Some(name),
            (UrlPlace::Port(host, port), None) => *host == key.host && key.ports.contains(port),
        }
    }

    /// Tells whether what is remembered of a host is of a URL.
    fn is_of(&self, url: &Destination, key: &Key, entry: &Entry) -> bool {
        let is_srv = |place: &UrlPlace| matches!(place, UrlPlace::Service(name) if entry.srv.as_ref() == Some(name));
        let has_port =
            |port: &ProtocolPort| url.places.contains(&UrlPlace::Port(key.host.clone(), *port));
        match entry.service {
            Some(port) => url.places.iter().any(|place| self.is_service(place, key, port)),
            None => url.places.iter().any(is_srv) || key.ports.iter().all(has_port),
        }
    }

    /// Tells whether a place is the port of a Service that is remembered by its own name.
    fn is_service(&self, place: &UrlPlace, key: &Key, port: ProtocolPort) -> bool {
        let UrlPlace::Port(Host::Name(name), own) = place else { return false };
        // One that is not there any more is found by its name too.
        let named = in_full(name.as_str(), &self.pods.namespace);
        let is_it = matches!(&key.host, Host::Name(host) if named.as_deref() == Some(host.as_str()));
        *own == port && is_it
    }

    fn selects_them(&self, selector: &Selector) -> bool {
        let selects = selected(self.snapshot, &self.pods.namespace, selector);
        !self.meant.is_empty() && selects.is_superset(&self.meant)
    }

    /// Lists the policies of ours that would open nothing any more.
    fn emptied(&self, changes: &Changes) -> Vec<String> {
        let opens_nothing =
            |change: &&Change| change.object().is_some_and(|object| standing::egress(object).is_empty());
        let names: BTreeSet<String> =
            changes.all.iter().filter(opens_nothing).map(|change| change.name().name).collect();
        let own = self.own().filter(|own| names.contains(&*own.name));
        own.map(|own| own.name.to_string()).collect()
    }

    /// Lists the policies that are deleted, in their order: where names are asked for first, so that no
    /// pod is left with that alone, and what keeps everything open last. Each stays while another policy
    /// needs it.
    fn deleted(&self, gone: BTreeSet<String>, holders: &Holders) -> Vec<String> {
        let dns = object::dns(self.pods, Vec::new()).metadata.name.unwrap_or_default();
        let rest = object::rest(self.pods).metadata.name.unwrap_or_default();
        let helpers = [dns.clone(), rest.clone()];
        let stays = |own: &PolicyObject| !gone.iter().chain(&helpers).any(|name| **name == *own.name);
        let others: Vec<&PolicyObject> = self
            .policies()
            .filter(|(own, selector)| stays(own) && self.governs_some(selector))
            .map(|(own, _)| own)
            .collect();
        let is_due = |name: &String| self.own().any(|own| *own.name == **name);
        let taken = taken(holders);
        let needs_names = others.iter().any(|own| needs_names(own, &taken));
        let dns = Some(dns).filter(|name| !needs_names && is_due(name));
        let rest = Some(rest).filter(|name| others.is_empty() && is_due(name));
        dns.into_iter().chain(gone).chain(rest).collect()
    }

    /// Tells whether a policy with this selector governs some of the pods.
    fn governs_some(&self, selector: &Selector) -> bool {
        let selects = selected(self.snapshot, &self.pods.namespace, selector);
        *selector == self.pods.selector || !selects.is_disjoint(&self.meant)
    }

    /// Says whom else a policy is for that loses a host.
    fn others(&self, changes: &Changes) -> Vec<String> {
        let names: BTreeSet<String> = changes.due().map(|change| change.name().name).collect();
        let changed =
            self.policies().filter(|(own, _)| names.contains(&*own.name) && !own.metadata.is_managed());
        let others = changed.filter_map(|(own, selector)| {
            let selects = selected(self.snapshot, &self.pods.namespace, &selector);
            let others = selects.difference(&self.meant).copied().collect();
            let others = allowance::workloads(self.snapshot, &others);
            let namespace = &self.pods.namespace;
            (!others.is_empty())
                .then(|| format!("NetworkPolicy {namespace}/{} is for pods of {others} too", own.name))
        });
        others.collect()
    }

    /// Says of which Services only their name is known, so that nothing of their side is found.
    fn absent(&self, urls: &[Destination]) -> Vec<String> {
        let absent = urls.iter().flat_map(|url| &url.places).filter_map(|place| {
            let UrlPlace::Port(host, _) = place else { return None };
            match classify(self.snapshot, &self.pods.namespace, host) {
                Err(ClassError::NoService(why)) => Some(why),
                _ => None,
            }
        });
        let text = "what --both-sides wrote for it in its namespace, if anything, is not found";
        absent.map(|why| format!("{why}: {text}")).collect()
    }

    /// Says that nothing was written for a URL, and what was for others.
    fn nothing(&self, url: &Destination, source: &str) -> Error {
        let shown = opening::shown(url);
        let text = format!("allow-endpoint wrote nothing that lets {source} reach {shown}");
        let has_it = |own: &PolicyObject| {
            record_of(own).is_some_and(|record| {
                record.entries.iter().any(|(key, entry)| self.is_of(url, key, entry))
            })
        };
        let others = self.policies().filter(|(own, _)| has_it(own));
        let others: Vec<&str> = others.map(|(own, _)| &*own.name).collect();
        match others.is_empty() {
            true => Error::usage(text).hint("explain SOURCE --to URL says what lets it through"),
            false => Error::usage(text)
                .hint(format!("{} has it for other pods: name these", others.join(", "))),
        }
    }
}

/// Lists the Services that URLs lead to, each with its port.
fn services(
    snapshot: &Snapshot,
    pods: &Pods,
    urls: &[Destination],
) -> BTreeSet<(ServiceId, ProtocolPort)> {
    let service = |place: &UrlPlace| {
        let UrlPlace::Port(host, port) = place else { return None };
        match classify(snapshot, &pods.namespace, host).map(|found| found.class) {
            Ok(HostClass::Service(id)) => Some((id, *port)),
            _ => None,
        }
    };
    urls.iter().flat_map(|url| &url.places).filter_map(service).collect()
}

/// Says whose egress nothing isolates any more.
fn opened(before: &Network<'_>, changes: &Changes, pods: &Pods) -> Option<String> {
    let after = changes.network(before.snapshot);
    let open = allowance::open_pods(&after, &pods.namespace);
    let opened = open.difference(&allowance::open_pods(before, &pods.namespace)).copied().collect();
    let whose = allowance::workloads(before.snapshot, &opened);
    let text = "has no egress policy any more: everything that it sends is open again";
    (!whose.is_empty()).then(|| format!("{whose} {text}"))
}
