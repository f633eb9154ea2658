//! Ways in from outside, as text.

use std::collections::BTreeSet;

use super::look::Look;
use super::text::{Label, Line, padded, word};
use crate::answer::caveat::Caveat;
use crate::answer::endpoint::Endpoint;
use crate::ends::naming::name_of;
use crate::ends::place::title;
use crate::exposure::way::{ExposedPort, Exposure, Way};

/// Names of one sort that are shown unless every detail is asked for.
const SHOWN: usize = 3;

/// Writes a section of the ways in; nothing where there is none.
pub fn lines(exposures: &[Exposure], look: Look) -> Vec<Line> {
    if exposures.is_empty() {
        return Vec::new();
    }
    let mut lines = vec![Line::default(), Line::new(0, 4).with(Label::Heading, "ways in")];
    let mut caveats: BTreeSet<&Caveat> = BTreeSet::new();
    for exposure in exposures {
        lines.push(first(exposure));
        lines.push(from(exposure, look));
        let many = exposure.ports.len() > 1;
        lines.extend(
            exposure.ports.iter().map(|own| if many { verdict(port(own), own) } else { port(own) }),
        );
        caveats.extend(&exposure.caveats);
    }
    let caveat =
        |caveat: &Caveat| Line::new(2, 7).with(Label::Caution, "caveat").plain(caveat.to_string());
    lines.extend(caveats.into_iter().map(caveat));
    lines
}

fn first(exposure: &Exposure) -> Line {
    let line = Line::new(2, 9)
        .with(Label::Verdict(exposure.verdict), padded(word(exposure.verdict), 8))
        .plain(way(exposure.way));
    let line = match exposure.way {
        Way::HostPort | Way::HostNetwork => line,
        _ => line.with(Label::Source, name_of(&exposure.by)),
    };
    let line = match &exposure.gateway {
        Some(gateway) => line.plain("of").with(Label::Source, name_of(gateway)),
        None => line,
    };
    let line = match &exposure.service {
        Some(service) => line.plain("->").with(Label::Source, name_of(service)),
        None => line,
    };
    line.plain(part(&exposure.destination))
}

/// Writes which pods are meant, where not all are.
fn part(destination: &Endpoint) -> String {
    match destination.pods.is_empty() {
        true => String::new(),
        false => format!("to {}", title(destination)),
    }
}

/// Names a way in of this kind.
pub(crate) const fn noun(own: Way) -> &'static str {
    match own {
        Way::Ingress => "Ingress",
        Way::Gateway => "route",
        _ => way(own),
    }
}

const fn way(way: Way) -> &'static str {
    match way {
        Way::LoadBalancer => "load balancer",
        Way::NodePort => "node port",
        Way::ExternalIP => "external address",
        Way::HostPort => "host port",
        Way::HostNetwork => "host network",
        Way::Ingress | Way::Gateway => "",
    }
}

/// Writes who gets in, where, and through which pods.
fn from(exposure: &Exposure, look: Look) -> Line {
    let sources = senders(exposure);
    let mut line = Line::new(4, 2).plain("from").plain(sources);
    line = match (exposure.way, exposure.addresses.is_empty()) {
        (_, false) => line.plain("at").plain(some(&exposure.addresses, look)),
        (Way::NodePort, true) => line.plain("at every node"),
        (Way::HostPort | Way::HostNetwork, true) => line.plain("at its node"),
        _ => line,
    };
    if !exposure.hosts.is_empty() {
        line = line.plain("as").plain(some(&exposure.hosts, look));
    }
    let proxies: Vec<String> = exposure.proxies.iter().map(name_of).collect();
    match (exposure.way, proxies.is_empty()) {
        (_, false) => line.plain("through").plain(some(&proxies, look)),
        (Way::Ingress | Way::Gateway, true) => line.plain("through a proxy that was not recognised"),
        _ => line,
    }
}

/// Names who gets in, as far as the way itself decides.
pub(crate) fn senders(exposure: &Exposure) -> String {
    let all = exposure.sources.cidrs.iter().all(|block| block.prefix_len() == 0);
    if all { "anywhere".to_owned() } else { name_of(&exposure.sources) }
}

fn some(names: &[String], look: Look) -> String {
    let shown = if look.wide { names.len() } else { SHOWN };
    let text = names.iter().take(shown).cloned().collect::<Vec<_>>().join(", ");
    match names.len().checked_sub(shown).filter(|rest| *rest > 0) {
        None => text,
        Some(rest) => format!("{text} and {rest} more"),
    }
}

fn port(port: &ExposedPort) -> Line {
    Line::new(4, 2).plain(leads(port))
}

/// Writes where a port leads: `TCP/30080 -> svc 80 -> TCP/8080`.
pub(crate) fn leads(port: &ExposedPort) -> String {
    let at = if port.at.is_empty() { "a port".to_owned() } else { port.at.join(", ") };
    let service = port.service.as_ref().map(|own| format!("svc {} -> ", own.trim_start_matches("TCP/")));
    format!("{at} -> {}{}", service.unwrap_or_default(), port.target)
}

fn verdict(line: Line, port: &ExposedPort) -> Line {
    line.with(Label::Verdict(port.verdict), word(port.verdict))
}
