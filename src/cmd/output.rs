//! Where and how the answer is written.

use std::io::{self, BufWriter, IsTerminal, Write};

use serde::Serialize;

use super::global::{ColorWhen, Global};
use super::terminal::tell;
use crate::error::{Error, ExitCode};
use crate::render::{Format, Look, machine};

/// The columns of text that goes to no terminal.
const DEFAULT_WIDTH: usize = 80;
/// The columns of text on a very wide terminal: longer lines are hard to read.
const LARGEST_WIDTH: usize = 120;

/// Writes the answer to standard output; a reader that went away is success.
pub(crate) fn write(
    global: &Global,
    headers: bool,
    answer: impl FnOnce(&mut dyn Write, Format, Look) -> io::Result<()>,
) -> Result<(), Error> {
    let format = global.format();
    set_colour(global.color);
    let look = Look { width: width(), wide: format == Format::Wide, headers };
    let mut out = BufWriter::with_capacity(1 << 16, io::stdout().lock());
    match answer(&mut out, format, look).and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Error::usage(format!("cannot write the answer: {error}")))
        }
        _ => Ok(()),
    }
}

/// Writes objects to apply, as JSON where that is asked for and as YAML otherwise.
pub(crate) fn write_objects(global: &Global, objects: &[impl Serialize]) -> Result<(), Error> {
    write(global, true, |out, format, _| match format {
        Format::Json => machine::write_json_objects(out, objects),
        _ => machine::write_yaml_objects(out, objects),
    })
}

/// Tells on standard error what an answer of rows alone has no place for: its caveats and gaps.
pub(crate) fn tell_limits(caveats: &[String], gaps: &[String]) {
    let caveats = caveats.iter().map(|text| ("caveat", text));
    for (kind, text) in caveats.chain(gaps.iter().map(|text| ("gap", text))) {
        tell(&format!("{kind}: {text}"));
    }
}

/// Returns how a command ends whose expectation, if there is one, held or did not.
pub(crate) const fn outcome(as_expected: bool) -> ExitCode {
    if as_expected { ExitCode::Success } else { ExitCode::Unexpected }
}

fn set_colour(when: ColorWhen) {
    let auto = || {
        let plain = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty())
            || std::env::var("TERM").is_ok_and(|term| term == "dumb");
        io::stdout().is_terminal() && !plain
    };
    colored::control::set_override(match when {
        ColorWhen::Auto => auto(),
        ColorWhen::Always => true,
        ColorWhen::Never => false,
    });
}

fn width() -> usize {
    let terminal = terminal_size::terminal_size().map(|(width, _)| usize::from(width.0));
    terminal.filter(|_| io::stdout().is_terminal()).unwrap_or(DEFAULT_WIDTH).min(LARGEST_WIDTH)
}
