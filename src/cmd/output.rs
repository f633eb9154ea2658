//! Where and how the answer is written.

use std::io::{self, BufWriter, IsTerminal, Write};

use super::global::{ColorWhen, Global};
use super::terminal::tell;
use crate::answer::caveat::Caveat;
use crate::error::{Error, ExitCode};
use crate::render::answer::{self, Answer};
use crate::render::look::Look;

/// The columns of text that goes to no terminal.
const DEFAULT_WIDTH: usize = 80;
/// The columns of text on a very wide terminal: longer lines are hard to read.
const LARGEST_WIDTH: usize = 120;

/// Writes an answer to standard output; a reader that went away is success.
pub(crate) fn write(global: &Global, answer: &impl Answer) -> Result<(), Error> {
    write_table(global, answer, true)
}

/// Does the same, and leaves the header of tables out unless it is wanted.
pub(crate) fn write_table(global: &Global, answer: &impl Answer, headers: bool) -> Result<(), Error> {
    let format = global.format();
    let look = look(global, headers);
    let mut out = BufWriter::with_capacity(1 << 16, io::stdout().lock());
    answer.aside(format).iter().for_each(|line| tell(line));
    match answer::write(&mut out, answer, format, look).and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(unwritten(&error)),
        _ => Ok(()),
    }
}

/// Writes an answer for a person to standard error, beside one on standard output.
pub(crate) fn write_beside(global: &Global, answer: &impl Answer) -> Result<(), Error> {
    let mut text = Vec::new();
    answer.text(&mut text, look(global, true)).map_err(|error| unwritten(&error))?;
    // A closed standard error is no reason to end otherwise.
    let _ = io::stderr().write_all(&text);
    Ok(())
}

fn unwritten(error: &io::Error) -> Error {
    Error::usage(format!("cannot write the answer: {error}"))
}

/// Says how text looks where the answer goes.
fn look(global: &Global, headers: bool) -> Look {
    set_colour(global.color);
    let cuts = io::stdout().is_terminal();
    Look { width: width(), cuts, wide: global.format().is_wide(), headers }
}

/// Returns how a command ends whose expectation, if there is one, held or did not.
pub(crate) const fn outcome(as_expected: bool) -> ExitCode {
    if as_expected { ExitCode::Success } else { ExitCode::Unexpected }
}

/// Refuses to hold an answer against an expectation where there was nobody to judge.
pub(crate) fn check_judged(nobody: Option<&Caveat>) -> Result<(), Error> {
    nobody.map_or(Ok(()), |why| Err(Error::one_line(format!("nothing was judged: {why}"))))
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
