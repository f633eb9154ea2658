//! `kubectl netpol allow-endpoint`.

use std::collections::BTreeSet;

use clap::{Args, ValueEnum};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;
use serde_json::Value;

use super::connection::parse_duration;
use super::explain::{find, parse_words};
use super::policies::{meant, parse_name};
use super::resolver::ResolverFlags;
use super::{input, output};
use crate::cluster::apply::{Force, Writer};
use crate::cluster::proxy;
use crate::cmd::global::Global;
use crate::diff::diff::Diff;
use crate::diff::joint::JointEnds;
use crate::diff::sides::Sides;
use crate::dns::resolve::Asking;
use crate::edit::classify::Mode;
use crate::edit::merge::Options;
use crate::edit::object;
use crate::edit::object::{DnsPlace, Pods};
use crate::edit::plan::{Learnt, Wanted};
use crate::edit::record::{GRACES, Record};
use crate::edit::special::own_addresses;
use crate::edit::url;
use crate::edit::url::Destination;
use crate::ends::end::End;
use crate::ends::naming::name_of;
use crate::ends::target::Target;
use crate::engine::network::Network;
use crate::error::{Error, ExitCode};
use crate::model::endpoint::PodId;
use crate::model::selector::Selector;
use crate::model::service::ServiceId;
use crate::model::special::AddressClass;
use crate::plan::allowance;
use crate::plan::learning::learn;
use crate::plan::opening;
use crate::plan::opening::Opening;
use crate::plan::writing;
use crate::plan::writing::{
    Change, Dry, Place, WriteFlags, check_owners, network_after, objects_after, refused, tell,
};
use crate::plan::{cilium, hosts, refreshed};
use crate::render::{Format, allowance as render, diff};
use crate::report::planned::applied;

/// Let a workload reach a host outside, or a Service, by a policy of its own.
///
/// TARGET is a workload or pod as in explain, or ns/NAME; without one, every pod of the namespace.
/// The host is resolved as its pods would, the policy is shown with every connection that it opens or
/// cuts, and it is written when you say so. refresh-ips keeps its addresses current.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  # Let a deployment call an API
  kubectl netpol allow-endpoint deploy/web --url https://api.example.com

  # A database by its connection string: nothing of the password is kept
  kubectl netpol allow-endpoint deploy/web \\
    --url postgres://user:password@db.example.com/orders

  # A first egress policy cuts everything else: keep that open
  kubectl netpol allow-endpoint deploy/web --allow-rest \\
    --url https://api.example.com

  # A Service, as policies for Git that are planned from manifests
  kubectl netpol allow-endpoint shop/deploy/web -f manifests/ -o yaml \\
    --url postgres://postgres.db.svc

  # In an existing policy, and the other side too
  kubectl netpol allow-endpoint deploy/web --url redis://cache.db \\
    --into web-egress --both-sides")]
pub struct AllowEndpointArgs {
    /// Whose connections, as TARGET or as TYPE NAME; the whole namespace where it is left out.
    #[arg(value_name = "TARGET", num_args = 0..=2)]
    target: Vec<String>,
    /// What to reach: a URL, or HOST:PORT; may be repeated.
    #[arg(long, value_name = "URL", required = true)]
    url: Vec<String>,
    /// Put the rules into this NetworkPolicy instead of one of their own.
    #[arg(long, value_name = "POLICY", value_parser = parse_name)]
    into: Option<String>,
    /// Accept that the pods' first egress policy cuts everything that it does not open.
    #[arg(long, conflicts_with = "allow_rest")]
    isolate: bool,
    /// Keep everything else open, where the pods have no egress policy yet.
    #[arg(long)]
    allow_rest: bool,
    /// Open the ingress of the pods behind a Service too, where a policy denies it.
    #[arg(long)]
    both_sides: bool,
    /// Open private addresses that a name leads to.
    #[arg(long)]
    allow_private: bool,
    /// Open addresses of this special class, such as link-local or documentation; may be repeated.
    #[arg(long, value_name = "CLASS")]
    allow_special: Vec<AddressClass>,
    /// For how long an address stays after it was last seen: 1h to 30d.
    #[arg(long, value_name = "TIME", default_value = "24h", value_parser = parse_grace)]
    grace: u64,
    /// Which kind of policy is written: auto is the one that fits the network plugin.
    #[arg(long, value_enum, value_name = "MODE", default_value_t = ModeChoice::Auto)]
    mode: ModeChoice,
    #[command(flatten)]
    resolver: ResolverFlags,
    #[command(flatten)]
    write: WriteFlags,
}

/// Which kind of policy is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum ModeChoice {
    /// A CiliumNetworkPolicy where Cilium runs, a NetworkPolicy elsewhere.
    Auto,
    /// A NetworkPolicy, whose addresses are refreshed.
    #[value(name = "networkpolicy")]
    NetworkPolicy,
    /// A CiliumNetworkPolicy with names, printed and not written.
    Cilium,
}

impl From<ModeChoice> for Mode {
    fn from(choice: ModeChoice) -> Self {
        match choice {
            ModeChoice::Auto => Self::Auto,
            ModeChoice::NetworkPolicy => Self::NetworkPolicy,
            ModeChoice::Cilium => Self::Cilium,
        }
    }
}

/// Runs the subcommand.
///
/// # Errors
/// Whatever keeps it from answering.
pub fn run(args: &AllowEndpointArgs, global: &Global) -> Result<ExitCode, Error> {
    let destinations = args.url.iter().map(|word| {
        // What was written may hold a password: it is not repeated.
        url::parse(word).map_err(|error| Error::usage(format!("--url: {error}")))
    });
    let destinations = destinations.collect::<Result<Vec<Destination>, Error>>()?;
    let target = (!args.target.is_empty()).then(|| parse_words(&args.target)).transpose()?;
    if let Some((_, Some(_))) = target {
        return Err(Error::usage("a port stands in --url, not at TARGET"));
    }
    let target = target.map(|(target, _)| target);
    let input = input::read(global, true, &target.iter().collect::<Vec<_>>())?;
    let target = target.unwrap_or_else(|| Target::Namespace(input.namespace.clone()));
    let before = Network::of(&input.snapshot);
    let end = find(&before, &target, &input.namespace)?;
    let subject = allowance::subject(&input.snapshot, &end).map_err(Error::usage)?;
    let pods = Pods {
        namespace: subject.namespace.as_str().into(),
        workload: subject.workload.map(Into::into),
        selector: subject.selector,
    };
    let mut question = Question {
        args,
        urls: &destinations,
        before: &before,
        target,
        end,
        pods,
        notes: subject.caveats,
    };
    let live = global.filename.is_empty();
    let live = live.then(|| global.connection.options(global.namespace.as_ref()));
    let asking = args.resolver.asking(&input.snapshot, live.as_ref())?;
    let openings = question.openings(&asking)?;
    let mode = Mode::from(args.mode).choose(input.snapshot.plugin.cni());
    if mode == Mode::Cilium && openings.iter().any(|own| !own.hosts.hosts.is_empty()) {
        return cilium::print(global, &input.snapshot, &openings);
    }
    let prints = matches!(global.format(), Format::Json | Format::Yaml);
    let is_copy = !global.filename.is_empty() || global.has_overlay();
    if is_copy && !prints && args.write.dry_run != Dry::Client {
        return Err(Error::usage("manifests are not written to: -o yaml prints the policies for Git")
            .hint("--dry-run=client shows the plan"));
    }
    let records: Vec<Record> = openings.iter().map(|own| own.hosts.record()).collect();
    let options = Options { own: own_addresses(&input.snapshot), ..Options::default() };
    let lesson = learn(&records, &asking, options)?;
    question.notes.extend(lesson.caveats);
    let writer = live.as_ref().map(Writer::open).transpose()?;
    let spec = writer.as_ref().and_then(|writer| question.pod_spec(writer)).unwrap_or_default();
    let notes = question.proxies(&spec).into_iter().chain(own_dns(&spec));
    question.notes.extend(notes);
    let place = writer.as_ref().map_or(Place::Files(&input.snapshot), Place::Cluster);
    let changes = question.changes(openings, &place, &lesson.learnt)?;
    question.finish(global, writer.as_ref(), &changes, &lesson.learnt)
}

/// Whose connections are to be opened, and what is known of them.
struct Question<'a, 'b> {
    args: &'a AllowEndpointArgs,
    urls: &'a [Destination],
    before: &'a Network<'b>,
    target: Target,
    end: End,
    pods: Pods,
    /// What the user should know, one sentence each.
    notes: Vec<String>,
}

impl Question<'_, '_> {
    /// Finds out what the URLs lead to.
    fn openings(&mut self, asking: &Asking) -> Result<Vec<Opening>, Error> {
        let consent = self.args.allow_special.iter().copied();
        let consent = consent.chain(self.args.allow_private.then_some(AddressClass::Private)).collect();
        let manner = opening::Manner {
            pods: &self.pods,
            into: self.args.into.as_deref(),
            consent: &consent,
            grace: self.args.grace,
        };
        let open = |url| opening::open(self.before.snapshot, url, &manner, asking);
        let openings = self.urls.iter().map(open).collect::<Result<Vec<Opening>, Error>>()?;
        let notes: BTreeSet<String> = openings.iter().flat_map(|own| own.notes.clone()).collect();
        self.notes.extend(notes);
        Ok(opening::joined(openings))
    }

    /// Reads the specification of the pods (core/v1 PodSpec).
    fn pod_spec(&self, writer: &Writer) -> Option<Value> {
        let (kind, name) = self.pods.workload.as_deref()?.split_once('/')?;
        writer.pod_spec(&self.pods.namespace, kind, name)
    }

    /// Says which URLs the pods would send through a proxy, so that they never talk to the host.
    fn proxies(&self, spec: &Value) -> BTreeSet<String> {
        let each = self.urls.iter().flat_map(|url| url.places.iter().map(|place| (&url.scheme, place)));
        let through = each.filter_map(|(scheme, place)| {
            let scheme = scheme.as_deref().filter(|scheme| matches!(*scheme, "http" | "https"))?;
            let proxy = proxy::of_pod(spec, &format!("{scheme}://{place}").parse().ok()?)?;
            // What stands before the host of a proxy may be a password.
            let proxy =
                url::parse(&proxy).ok().map_or_else(|| "a proxy".to_owned(), |own| opening::shown(&own));
            Some(format!(
                "its pods send requests to {place} through {proxy} (HTTPS_PROXY): open that instead"
            ))
        });
        through.collect()
    }

    /// Adds to an error which policy --into may have meant, where there is none of its name.
    fn named(&self, error: Error) -> Error {
        let Some(into) = self.args.into.as_deref() else { return error };
        let policies = self.before.snapshot.policies.iter();
        let here = policies.filter(|own| own.namespace.as_deref() == Some(&*self.pods.namespace));
        let here = here.map(|own| own.name.to_string()).collect();
        Error { message: error.message + &meant(into, here), ..error }
    }

    /// Plans every policy, in the order in which they are written: what keeps other things open first.
    fn changes(
        &mut self,
        openings: Vec<Opening>,
        place: &Place<'_>,
        learnt: &Learnt,
    ) -> Result<Vec<Change>, Error> {
        let services: BTreeSet<_> = openings.iter().flat_map(|own| own.services.clone()).collect();
        let by_name = openings.iter().any(|own| own.by_name);
        let mut changes = Vec::new();
        for opening in openings {
            let change = Change::plan(place, Wanted::Hosts(opening.hosts), learnt);
            changes.push(change.map_err(|error| self.named(error))?);
        }
        hosts::check(self.before.snapshot, &changes)?;
        self.notes.extend(hosts::many(&changes));
        self.check_into(&changes)?;
        let add = |changes: &mut Vec<Change>, object: Value| -> Result<(), Error> {
            let change = Change::plan(place, Wanted::Fixed(object), learnt)?;
            changes.insert(0, change);
            Ok(())
        };
        if self.args.allow_rest && self.cuts(&changes).is_some() {
            self.check_rest()?;
            add(&mut changes, object::rest(&self.pods))?;
        }
        if by_name && let Some(policy) = self.dns(&changes)? {
            add(&mut changes, policy)?;
        }
        for (service, port) in services {
            if allowance::has_node_backends(self.before.snapshot, service) {
                let (_, name) = opening::service_target(self.before.snapshot, service);
                let text = "in the network of their node, where no selector finds them";
                self.notes
                    .push(format!("pods of {name} are {text}: allow the addresses of the nodes too"));
            }
            if let Some(policy) = self.other_side(&changes, service, port)? {
                add(&mut changes, policy)?;
            }
        }
        Ok(changes)
    }

    /// Asks the cluster as it would be after some changes.
    fn after<T>(
        &self,
        changes: &[Change],
        ask: impl FnOnce(&Network<'_>, &End) -> T,
    ) -> Result<T, Error> {
        let after = network_after(self.before.snapshot, changes);
        Ok(ask(&after, &find(&after, &self.target, &self.pods.namespace)?))
    }

    /// Says whose first egress policy the changes have, so that they cut what it does not open: whoever a
    /// policy selects, whether asked for or not.
    fn cuts(&self, changes: &[Change]) -> Option<String> {
        let (snapshot, namespace) = (self.before.snapshot, &*self.pods.namespace);
        let after = network_after(snapshot, changes);
        let open = allowance::open_pods(self.before, namespace);
        let cut = open.difference(&allowance::open_pods(&after, namespace)).copied().collect();
        let source = name_of(&self.end.endpoint);
        let is_new = |change: &Change| change.live.is_none() && change.object().is_some();
        if allowance::governed(snapshot, &self.end).is_superset(&cut) {
            let unread = changes.iter().any(is_new)
                && allowance::may_isolate_unread(snapshot, namespace, &self.pods.selector);
            return (unread || !cut.is_empty()).then_some(source);
        }
        Some(allowance::workloads(snapshot, &cut))
    }

    /// Refuses to keep everything open for pods that a policy isolates already.
    fn check_rest(&self) -> Result<(), Error> {
        let (snapshot, namespace) = (self.before.snapshot, &*self.pods.namespace);
        let all = allowance::selected(snapshot, namespace, &self.pods.selector);
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
        let snapshot = self.before.snapshot;
        let meant = allowance::governed(snapshot, &self.end);
        for change in changes.iter().filter(|_| self.args.into.is_some()) {
            let live = change.live.as_ref();
            let selector = live.and_then(|live| live.pointer("/spec/podSelector")).cloned();
            let selector: LabelSelector =
                selector.and_then(|own| serde_json::from_value(own).ok()).unwrap_or_default();
            let (namespace, title) = (&*self.pods.namespace, writing::title(&change.wanted));
            let selects = allowance::selected(snapshot, namespace, &Selector::new(&selector));
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
    fn dns(&mut self, changes: &[Change]) -> Result<Option<Value>, Error> {
        if self.after(changes, allowance::dns_to_open)?.is_ok_and(|closed| closed.is_empty()) {
            return Ok(None);
        }
        // One of ours that is there already is written as a whole: what it opens stays in it.
        let mut rules = objects_after(changes);
        rules.extend(applied(None, &object::dns(&self.pods, &[])));
        let without = Network::with_policies(self.before.snapshot, &rules);
        let end = find(&without, &self.target, &self.pods.namespace)?;
        let places = match allowance::dns_to_open(&without, &end) {
            Ok(servers) => servers.into_iter().map(opening::dns_place).collect(),
            Err(allowance::UnknownDns) => {
                self.notes
                    .push("where the cluster's DNS is was not found: port 53 of everything".to_owned());
                vec![DnsPlace::Everywhere]
            }
        };
        Ok((!places.is_empty()).then(|| object::dns(&self.pods, &places)))
    }

    /// Builds the policy of the other side where it is asked for, and says where it is missing.
    fn other_side(
        &mut self,
        changes: &[Change],
        service: ServiceId,
        port: u16,
    ) -> Result<Option<Value>, Error> {
        let (target, name) = opening::service_target(self.before.snapshot, service);
        let beside = objects_after(changes);
        let built = self
            .after(changes, |after, end| allowance::other_side(after, end, (&target, port), &beside))?;
        match built {
            Ok(Some(policy)) if self.args.both_sides => Ok(Some(opening::managed(&policy))),
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

    /// Shows the plan; writes it, if it may be and is wanted.
    fn finish(
        self,
        global: &Global,
        writer: Option<&Writer>,
        changes: &[Change],
        learnt: &Learnt,
    ) -> Result<ExitCode, Error> {
        let flags = &self.args.write;
        let accepts = self.args.isolate || self.args.allow_rest;
        let cuts = self.cuts(changes).filter(|_| !accepts).map(|whose| {
            refused(format!(
                "{whose} has no egress policy yet: its first one cuts all that it does not open"
            ))
            .hint("--isolate accepts that; --allow-rest keeps everything else open")
        });
        let source = name_of(&self.end.endpoint);
        let prints = matches!(global.format(), Format::Json | Format::Yaml);
        if prints {
            cuts.map_or(Ok(()), Err)?;
            self.notes.iter().for_each(|note| tell(&format!("note: {note}")));
            let objects: Vec<Value> = changes.iter().map(|change| change.shown().whole).collect();
            output::write_objects(global, &objects)?;
            return Ok(ExitCode::Success);
        }
        self.show(global, &source, changes)?;
        cuts.map_or(Ok(()), Err)?;
        let due: Vec<&Change> = changes.iter().filter(|change| change.object().is_some()).collect();
        let Some(writer) = writer.filter(|_| flags.dry_run != Dry::Client && !due.is_empty()) else {
            return Ok(ExitCode::Success);
        };
        let mut force = Force::No;
        for change in &due {
            if check_owners(change, flags)? == Force::Yes {
                force = Force::Yes;
            }
        }
        let question = format!("Write {} for {source}?", policies(due.len()));
        let may_write = flags.may_write(&question);
        if !may_write.map_err(|error| error.hint("-o yaml prints the policies for Git"))? {
            tell("nothing was written");
            return Ok(ExitCode::Unexpected);
        }
        writing::write(writer, &due, learnt, force, flags)
    }

    fn show(&self, global: &Global, source: &str, changes: &[Change]) -> Result<(), Error> {
        let after = network_after(self.before.snapshot, changes);
        let networks = Sides { before: self.before, after: &after };
        let ends = JointEnds::build(networks);
        let hosts = changes.iter().flat_map(|change| refreshed::hosts(&change.planned.changes));
        let plan = render::Plan {
            source: match self.pods.workload {
                Some(_) => source.to_owned(),
                None => format!("{source} (every pod)"),
            },
            destinations: self.urls.iter().map(opening::shown).collect(),
            hosts: hosts.collect(),
            policies: changes.iter().map(Change::shown).collect(),
            notes: self.notes.clone(),
        };
        output::write(global, true, |out, _, look| {
            render::write(out, &plan, look)?;
            diff::write(out, &Diff::new(networks, &ends, None), look).map(|_| ())
        })
    }
}

/// Says that pods ask other name servers than those of the cluster.
fn own_dns(spec: &Value) -> Option<String> {
    let policy = spec.get("dnsPolicy")?.as_str()?;
    matches!(policy, "None" | "Default").then(|| {
        format!("its pods ask name servers of their own (dnsPolicy: {policy}), which may see other addresses and need a rule")
    })
}

fn policies(count: usize) -> String {
    if count == 1 { "this policy".to_owned() } else { format!("these {count} policies") }
}

/// Reads a time from one hour to thirty days, in minutes.
fn parse_grace(text: &str) -> Result<u64, String> {
    let days = text.strip_suffix('d').and_then(|days| days.parse::<u64>().ok());
    let minutes = match days {
        Some(days) => days.checked_mul(24 * 60),
        None => parse_duration(text).map(|time| time.as_secs() / 60),
    };
    minutes.filter(|minutes| GRACES.contains(minutes)).ok_or_else(|| "must be from 1h to 30d".to_owned())
}
