//! Policies to apply, with findings as comments.

use std::io::{self, Write};

use super::answer::Answer;
use super::format::{Format, Formats};
use super::look::Look;
use super::machine::Syntax;
use super::objects;
use super::sanitize::sanitize;
use crate::report::default_deny::DefaultDeny;

impl Answer for DefaultDeny {
    const FORMATS: Formats = Format::OF_FACTS;

    fn text(&self, out: &mut dyn Write, _: Look) -> io::Result<()> {
        self.data(out, Syntax::Yaml)
    }

    fn data(&self, out: &mut dyn Write, syntax: Syntax) -> io::Result<()> {
        match syntax {
            Syntax::Json => objects::list(out, &self.policies),
            Syntax::Yaml => {
                comments(self).try_for_each(|line| writeln!(out, "{}", sanitize(&line)))?;
                objects::documents(out, &self.policies)
            }
        }
    }

    fn aside(&self, format: Format) -> Vec<String> {
        // JSON has no place for comments.
        let is_json = matches!(format, Format::Data(Syntax::Json));
        comments(self).filter(|_| is_json).collect()
    }
}

fn comments(base: &DefaultDeny) -> impl Iterator<Item = String> {
    base.findings.iter().map(|finding| format!("# {finding}"))
}
