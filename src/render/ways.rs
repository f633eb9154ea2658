//! The ways in to a target as rows of tables and edges of graphs.

use std::io::{self, Write};
use std::rc::Rc;

use super::answer::WriteRecord;
use super::exposure::{leads, noun, senders};
use super::markdown;
use super::records::end;
use super::text::word;
use crate::answer::endpoint::Endpoint;
use crate::answer::verdict::Verdict;
use crate::ends::naming::name_of;
use crate::ends::place::{LinePlace, PlaceExtent, title};
use crate::exposure::way::{ExposedPort, Exposure, Way};
use crate::report::summary;

/// The columns of records of sources beside those of connections.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Columns {
    /// Those for the ports of a Service.
    pub(crate) service: &'static [&'static str],
    /// Those for the rules that let sources in.
    pub(crate) rules: &'static [&'static str],
}

/// Names a way in where only a line is left for it: `load balancer shop/svc/web`.
fn name(exposure: &Exposure) -> String {
    let by = match exposure.way {
        Way::HostPort | Way::HostNetwork => format!("of {}", part(&exposure.by)),
        _ => name_of(&exposure.by),
    };
    let gateway = exposure.gateway.iter().map(|gateway| format!(" of {}", name_of(gateway)));
    format!("{} {by}{}", noun(exposure.way), gateway.collect::<String>())
}

/// Names a destination, and which of its pods are meant where not all are.
fn part(endpoint: &Endpoint) -> String {
    if endpoint.pods.is_empty() { name_of(endpoint) } else { title(endpoint) }
}

/// Divides the ports that are not closed by what is known of them.
fn open_ports(exposure: &Exposure) -> Vec<(Verdict, Vec<&ExposedPort>)> {
    let of = |verdict| {
        let own: Vec<_> = exposure.ports.iter().filter(|port| port.verdict == verdict).collect();
        (verdict, own)
    };
    let all = [Verdict::Allow, Verdict::Partial, Verdict::Depends].map(of);
    all.into_iter().filter(|(_, ports)| !ports.is_empty()).collect()
}

/// Hands over the ways in as further records: the object stands as the source, the way as its kind, and
/// the addresses that it lets in as its members.
pub(crate) fn records(
    record: &mut WriteRecord<'_>,
    exposures: &[Exposure],
    columns: Columns,
) -> io::Result<()> {
    for exposure in exposures {
        for (verdict, ports) in open_ports(exposure) {
            let verdict = match verdict {
                Verdict::Partial => "partial",
                Verdict::Depends => "depends",
                Verdict::Allow | Verdict::Deny => "allow",
            };
            let [name, namespace, _, _] = end(&exposure.by);
            let members = name_of(&exposure.sources).replace(", ", " ");
            let source = [name, namespace, exposure.way.name().to_owned(), members];
            let destination = end(&exposure.destination);
            let targets: Vec<&str> = ports.iter().map(|port| &*port.target).collect();
            let hop = |port: &&ExposedPort| {
                let own = port.service.as_ref()?;
                Some(format!("{own}->{}", port.target))
            };
            let hops = ports.iter().filter_map(hop).collect::<Vec<_>>().join(" ");
            let targets = targets.join(" ");
            let ends = source.iter().chain(&destination).map(String::as_str);
            let fields = ends.chain([&*targets, verdict]).chain(columns.service.iter().map(|_| &*hops));
            record(&fields.chain(columns.rules.iter().map(|_| "")).collect::<Vec<_>>())?;
        }
    }
    Ok(())
}

/// Writes the ways in as a table of their own; nothing where there is none.
pub(crate) fn write_markdown(out: &mut dyn Write, exposures: &[Exposure]) -> io::Result<()> {
    if exposures.is_empty() {
        return Ok(());
    }
    writeln!(out)?;
    markdown::header(out, &["Way in", "From", "At", "Through", "Destination", "Ports", "Verdict"])?;
    for exposure in exposures {
        let codes = |names: Vec<String>| {
            names.iter().map(|name| markdown::code(name)).collect::<Vec<_>>().join(", ")
        };
        let by = [&exposure.by].into_iter().chain(&exposure.gateway).map(part).collect();
        let at = exposure.addresses.iter().chain(&exposure.hosts).cloned().collect();
        let ports = exposure.ports.iter().map(|port| markdown::prose(&leads(port)));
        let cells = [
            format!("{} {}", noun(exposure.way), codes(by)),
            markdown::prose(&senders(exposure)),
            codes(at),
            codes(exposure.proxies.iter().map(name_of).collect()),
            markdown::code(&part(&exposure.destination)),
            ports.collect::<Vec<_>>().join(", "),
            word(exposure.verdict).to_owned(),
        ];
        markdown::row(out, &cells.iter().map(String::as_str).collect::<Vec<_>>())?;
    }
    Ok(())
}

/// Draws the ways in, each as a node outside of any namespace, with an edge to the target or the part
/// of it to which it leads.
pub(crate) fn edges<'a>(
    exposures: &'a [Exposure],
    (target, place): (&'a Endpoint, &'a Rc<LinePlace>),
) -> impl Iterator<Item = summary::SummaryLine> + 'a {
    let edge = move |exposure: &Exposure| {
        let extent = PlaceExtent::Unit { kind: exposure.by.kind.clone(), namespace: None };
        let source = Rc::new(LinePlace::Whole { title: name(exposure), extent });
        let destination = match exposure.destination == *target {
            true => Rc::clone(place),
            false => Rc::new(LinePlace::Part(exposure.destination.clone())),
        };
        let line = move |(verdict, ports): (Verdict, Vec<&ExposedPort>)| summary::SummaryLine {
            source: Rc::clone(&source),
            destination: Rc::clone(&destination),
            ports: ports.into_iter().map(leads).collect(),
            verdict,
        };
        open_ports(exposure).into_iter().map(line).collect::<Vec<_>>()
    };
    exposures.iter().flat_map(edge)
}
