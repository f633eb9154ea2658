//! Rules that probably do not do what was meant.

use std::collections::BTreeSet;

use super::unread;
use crate::answer::finding::Finding;
use crate::answer::rule_ref::RuleRef;
use crate::ends::dns::{asked_ports, classes_of};
use crate::engine::class::{ClassId, SubjectId};
use crate::engine::network::Network;
use crate::engine::row::{Row, row};
use crate::model::ips::IpSet;
use crate::model::labels::NAMESPACE_NAME_LABEL;
use crate::model::ports::{PortSet, Protocol};
use crate::model::service::TargetPort;
use crate::model::snapshot::PolicyObject;
use crate::model::special::internet;
use crate::policy::network_policy::isolates_ingress_unsaid;
use crate::policy::{
    Direction, IpBlock, Isolation, NamespaceSelection, PolicySource, Ports, Rule, Selection,
};
use crate::world::servers::{self, At, DNS_PORT, Port, Servers};

/// Checks the policies that apply to some subjects; each finding is told once.
pub fn of(network: &Network<'_>, subjects: &[SubjectId]) -> Vec<Finding> {
    let mut findings: Vec<Finding> = Vec::new();
    for subject in subjects {
        let check = PolicyCheck::new(network, *subject);
        let all = [
            check.selector_is_not_an_address(),
            check.open_to_every_pod(),
            check.egress_without_policy_types(),
            check.block_holds_cluster_addresses(),
            check.block_without_ports(),
            check.block_of_services(),
            check.dns_blocked(),
        ];
        for finding in all.into_iter().flatten() {
            if !findings.contains(&finding) {
                findings.push(finding);
            }
        }
    }
    findings
}

/// The policies of one subject.
struct PolicyCheck<'a, 'b> {
    network: &'a Network<'b>,
    egress: Row,
    rules: Vec<&'a Rule>,
    isolations: Vec<&'a Isolation>,
}

impl<'a, 'b> PolicyCheck<'a, 'b> {
    fn new(network: &'a Network<'b>, subject: SubjectId) -> Self {
        let both = || Direction::ALL.into_iter();
        let rules = both().flat_map(|direction| network.governing(subject, direction));
        let isolations = both().flat_map(|direction| network.isolating(subject, direction));
        Self {
            network,
            egress: row(network, Some(subject), Direction::Egress),
            rules: rules.map(|(id, _)| network.rule(id)).collect(),
            isolations: isolations.map(|(id, _)| network.isolation(id)).collect(),
        }
    }

    fn rules(&self, direction: Direction) -> impl Iterator<Item = &&'a Rule> {
        self.rules.iter().filter(move |rule| rule.direction == direction)
    }

    fn is_isolated(&self, direction: Direction) -> bool {
        self.isolations.iter().any(|isolation| isolation.direction == direction)
    }

    /// An empty selector in an egress rule, where nothing opens the API server or the internet.
    fn selector_is_not_an_address(&self) -> Vec<Finding> {
        let web = PortSet::port(Protocol::Tcp, 443).union(&PortSet::port(Protocol::Tcp, 6443));
        let opened = self.egress.allowed.blocks().any(|(classes, ports)| {
            !ports.intersection(&web).is_empty()
                && classes.iter().any(|class| self.network.subject_of(class).is_none())
        });
        if opened {
            return Vec::new();
        }
        let meant = |rule: &&&Rule| {
            !rule.ports.numbers().intersection(&web).is_empty()
                && rule.peers.selections().any(Selection::selects_all)
        };
        let rules = self.rules(Direction::Egress).filter(meant);
        rules
            .map(|rule| {
                let message = "an empty selector selects pods only: no rule opens the API server or \
                               the internet";
                finding("selector-is-not-an-address", message.to_owned(), rule)
            })
            .collect()
    }

    /// Ingress from every pod of every namespace beside a default deny.
    fn open_to_every_pod(&self) -> Vec<Finding> {
        let with_rules: BTreeSet<_> =
            self.rules(Direction::Ingress).map(|rule| &rule.source.policy).collect();
        let isolations = self.isolations.iter().filter(|own| own.direction == Direction::Ingress);
        let bare = isolations.map(|own| &own.source.policy).find(|policy| !with_rules.contains(policy));
        let Some(default_deny) = bare else { return Vec::new() };
        let every = |selection: &Selection| selection.selects_all() && selection.is_everywhere();
        let open = self.rules(Direction::Ingress).filter(|rule| rule.peers.selections().any(every));
        open.map(|rule| {
            let on =
                if rule.ports == Ports::Any { String::new() } else { format!(" on {}", rule.ports) };
            let message = format!(
                "every pod of every namespace is admitted{on}, in spite of {default_deny}; kubelet \
                 probes need no rule"
            );
            finding("open-to-every-pod", message, rule)
        })
        .collect()
    }

    /// A policy with egress rules and no policyTypes, which isolates ingress too.
    fn egress_without_policy_types(&self) -> Vec<Finding> {
        let isolations = self.isolations.iter().filter(|own| own.direction == Direction::Ingress);
        let silent = |own: &&&Isolation| {
            self.network
                .snapshot
                .policies
                .iter()
                .any(|policy| isolates_ingress_unsaid(policy) && is_source(policy, own))
        };
        let found = isolations.filter(silent).map(|own| Finding {
            id: "egress-without-policy-types",
            message: "policyTypes is absent: ingress is isolated too, and nothing is let in".to_owned(),
            rule: Some(RuleRef::isolation(&own.source)),
        });
        found.collect()
    }

    /// An address block that holds pods or nodes.
    fn block_holds_cluster_addresses(&self) -> Vec<Finding> {
        let holding = self.rules.iter().filter_map(|rule| {
            let (pods, nodes) = self.held(&rule.peers.addresses());
            let count = |count: usize, noun: &str| match count {
                0 => None,
                1 => Some(format!("1 {noun}")),
                _ => Some(format!("{count} {noun}s")),
            };
            let held: Vec<String> =
                [count(pods, "pod"), count(nodes, "node")].into_iter().flatten().collect();
            let message = format!("the ipBlock holds the addresses of {}", held.join(" and "));
            (!held.is_empty()).then(|| finding("block-holds-cluster-addresses", message, rule))
        });
        holding.collect()
    }

    /// Counts the pods and nodes that hold an address of a set.
    fn held(&self, ips: &IpSet) -> (usize, usize) {
        if ips.is_empty() {
            return (0, 0);
        }
        let snapshot = self.network.snapshot;
        let pods = snapshot.pods.values().filter(|pod| pod.is_managed());
        let pods = pods.filter(|pod| pod.ips.iter().any(|ip| ips.contains(*ip))).count();
        let nodes = snapshot.nodes.values();
        (pods, nodes.filter(|node| node.ips.iter().any(|ip| ips.contains(*ip))).count())
    }

    /// A block of private space, or with pods in it, that opens every port.
    fn block_without_ports(&self) -> Vec<Finding> {
        let open = self.rules.iter().filter(|rule| rule.ports == Ports::Any).filter(|rule| {
            let ips = rule.peers.addresses();
            let private = !ips.is_empty() && !ips.is_subset(&internet()) && ips != IpSet::everything();
            private || self.held(&ips) != (0, 0)
        });
        let message = "the ipBlock opens every port of the addresses in it";
        open.map(|rule| finding("block-without-ports", message.to_owned(), rule)).collect()
    }

    /// A block in the range of Services, whose addresses no packet carries any more where policies are asked.
    fn block_of_services(&self) -> Vec<Finding> {
        let services = &self.network.snapshot.ranges.services;
        let is_of_services = |rule: &&&Rule| {
            let mut blocks = rule.peers.blocks().map(IpBlock::addresses);
            blocks.any(|block| !block.is_empty() && block.is_subset(services))
        };
        let message = "the ipBlock lies in the range of Services, whose addresses are rewritten to those of \
                       pods before policies are asked (a few network plugins ask first)";
        let found = self.rules.iter().filter(is_of_services);
        found.map(|rule| finding("block-of-services", message.to_owned(), rule)).collect()
    }

    /// Isolated egress that reaches no name server.
    fn dns_blocked(&self) -> Vec<Finding> {
        if !self.is_isolated(Direction::Egress) {
            return Vec::new();
        }
        let servers = servers::dns(self.network.snapshot);
        // A rule may open them at name servers that were not read.
        let is_unread = |own: &Servers| classes_of(self.network, &own.at).is_empty();
        if servers.iter().all(is_unread) && (self.may_open_unread_dns() || self.opens_usual_dns()) {
            return Vec::new();
        }
        let closed: Vec<&Servers> = servers.iter().filter(|own| !self.reaches(own)).collect();
        // Where DNS is not known, 5353 is where that of OpenShift answers behind its Service.
        let usual = [DNS_PORT, 5353].map(|port| PortSet::port(Protocol::Udp, port));
        let message = match &*closed {
            [] if !servers.is_empty() || usual.iter().any(|port| self.opens(None, port)) => {
                return Vec::new();
            }
            [] => "no rule opens UDP/53: names cannot be resolved".to_owned(),
            all if all.len() == servers.len() => {
                format!("no rule opens {}: names cannot be resolved", listed(all))
            }
            some => {
                let text = "pods that ask there cannot resolve names";
                format!("no rule opens {}, where DNS answers too: {text}", listed(some))
            }
        };
        let message = format!("egress is isolated and {message}");
        vec![Finding { id: "dns-blocked", message, rule: None }]
    }

    fn may_open_unread_dns(&self) -> bool {
        let mut rules = self.rules(Direction::Egress);
        rules.any(|rule| opens_dns(rule) && unread::may_match(self.network, rule))
    }

    /// Tells whether a rule opens DNS to pods of the namespace where clusters have it, which is not among what
    /// was read.
    fn opens_usual_dns(&self) -> bool {
        let is_there = |name: &&str| self.network.snapshot.namespace(name).is_some();
        let missing: Vec<&str> =
            servers::DNS_NAMESPACES.into_iter().filter(|name| !is_there(name)).collect();
        let may_select = |selection: &Selection| match &selection.namespaces {
            NamespaceSelection::Named(name) => missing.contains(&&**name),
            NamespaceSelection::Matching(selector) => missing.iter().any(|name| {
                let mut asked = selector.requirements.iter();
                asked.all(|own| own.key != NAMESPACE_NAME_LABEL || own.matches(Some(name)))
            }),
        };
        let mut rules = self.rules(Direction::Egress);
        rules.any(|rule| opens_dns(rule) && rule.peers.selections().any(may_select))
    }

    /// Tells whether egress to some servers may be open; of servers that nobody is, whether to anybody.
    fn reaches(&self, servers: &Servers) -> bool {
        let classes = classes_of(self.network, &servers.at);
        match classes.is_empty() {
            true => self.opens(None, &numbers(&servers.ports)),
            false => classes
                .into_iter()
                .any(|class| self.opens(Some(class), &asked_ports(self.network, class, &servers.ports))),
        }
    }

    /// Tells whether egress to a class, or to any, may be open at one of some ports.
    fn opens(&self, to: Option<ClassId>, asked: &PortSet) -> bool {
        let regions = [&self.egress.allowed, &self.egress.unsure];
        let mut blocks = regions.into_iter().flat_map(|region| region.blocks());
        blocks.any(|(classes, ports)| {
            to.is_none_or(|class| classes.contains(class)) && !ports.intersection(asked).is_empty()
        })
    }
}

/// Tells whether a rule opens a port where DNS answers.
fn opens_dns(rule: &Rule) -> bool {
    let dns = PortSet::port(Protocol::Udp, DNS_PORT).union(&PortSet::port(Protocol::Udp, 5353));
    rule.ports == Ports::Any || !rule.ports.numbers().intersection(&dns).is_empty()
}

/// Returns the UDP ports of servers that have a number; that of DNS where none has.
fn numbers(ports: &BTreeSet<Port>) -> PortSet {
    let known = ports.iter().filter_map(|(protocol, port)| match port {
        TargetPort::Number(number) if *protocol == Protocol::Udp => Some(*number),
        _ => None,
    });
    let known = known.fold(PortSet::none(), |all, port| all.union(&PortSet::port(Protocol::Udp, port)));
    if known.is_empty() { PortSet::port(Protocol::Udp, DNS_PORT) } else { known }
}

/// Names servers by their ports, and those that only an address names by it: `UDP/53 to 10.96.0.10`.
fn listed(servers: &[&Servers]) -> String {
    let name = |servers: &&Servers| match &servers.at {
        At::Pods { .. } => numbers(&servers.ports).to_string(),
        At::Addresses(ips) => {
            let ips: Vec<String> = ips.iter().map(ToString::to_string).collect();
            format!("{} to {}", numbers(&servers.ports), ips.join(", "))
        }
    };
    servers.iter().map(name).collect::<Vec<_>>().join(", ")
}

fn finding(id: &'static str, message: String, rule: &Rule) -> Finding {
    Finding { id, message, rule: Some(RuleRef::rule(&rule.source, rule.action)) }
}

fn is_source(policy: &PolicyObject, isolation: &Isolation) -> bool {
    *isolation.source.policy == PolicySource::of(policy)
}
