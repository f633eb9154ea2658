//! Whether a host outside can be reached, as text: the verdict, and each of its addresses.

use std::io::{self, Write};

use super::answer::Answer;
use super::format::{Format, Formats};
use super::limits::limits;
use super::look::Look;
use super::machine::{self, Syntax};
use super::text::{Label, Line, headline, padded, write_lines};
use crate::report::host::{ExplainedAddress, ExplainedHost, HostExplanation};

impl Answer for HostExplanation {
    const FORMATS: Formats = Format::OF_EXPLANATIONS;

    fn text(&self, out: &mut dyn Write, look: Look) -> io::Result<()> {
        for (index, host) in self.hosts.iter().enumerate() {
            if index > 0 {
                writeln!(out)?;
            }
            host.explanation.text(out, look)?;
            write_lines(out, &addresses(host), look.width)?;
        }
        let mut lines = Vec::new();
        if let Some(command) = &self.command {
            lines.push(Line::default());
            lines.push(Line::new(0, 9).plain(padded("open", 8)).plain(command));
        }
        lines.extend(limits(&self.caveats, &[]));
        write_lines(out, &lines, look.width)
    }

    fn data(&self, out: &mut dyn Write, syntax: Syntax) -> io::Result<()> {
        machine::write(out, self, syntax)
    }
}

fn addresses(host: &ExplainedHost) -> Vec<Line> {
    // An address that stands for itself was told above.
    let itself = |own: &&ExplainedAddress| {
        own.address.to_string() != host.host || !own.remembered.is_empty() || host.addresses.len() > 1
    };
    if host.addresses.iter().filter(itself).count() == 0 {
        return Vec::new();
    }
    let widest =
        host.addresses.iter().map(|own| own.address.to_string().len()).max().unwrap_or_default();
    let mut lines = vec![Line::default(), Line::new(0, 2).plain("addresses of").plain(&host.host)];
    lines.extend(host.addresses.iter().map(|own| address(own, widest)));
    let refreshed = |date: &String| Line::new(2, 2).plain("last refreshed").plain(date);
    lines.extend(host.refreshed.iter().map(refreshed));
    lines
}

fn address(own: &ExplainedAddress, widest: usize) -> Line {
    let mut line = Line::new(2, 4)
        .plain(padded(&own.address.to_string(), widest))
        .with(Label::Verdict(own.verdict), headline(own.verdict).to_lowercase());
    if !own.remembered.is_empty() {
        let by: Vec<&str> = own.remembered.iter().map(String::as_str).collect();
        line = line.plain("remembered by").with(Label::Source, by.join(", "));
    }
    if own.resolved { line } else { line.with(Label::Caution, "not in the answers now") }
}
