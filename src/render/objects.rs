//! Objects to apply.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::json;

use super::answer::Answer;
use super::format::{Format, Formats};
use super::look::Look;
use super::machine::{Syntax, write, yaml};

/// Objects to apply, as an answer.
#[derive(Clone, Copy, Debug)]
pub struct ObjectsToApply<'a, T>(pub &'a [T]);

impl<T: Serialize> Answer for ObjectsToApply<'_, T> {
    const FORMATS: Formats = Format::OF_FACTS;

    fn text(&self, out: &mut dyn Write, _: Look) -> io::Result<()> {
        self.data(out, Syntax::Yaml)
    }

    /// Writes the documents of a YAML stream; as JSON, one object as it is and others as a `List`.
    fn data(&self, out: &mut dyn Write, syntax: Syntax) -> io::Result<()> {
        match (syntax, self.0) {
            (Syntax::Yaml, objects) => documents(out, objects),
            (Syntax::Json, [object]) => write(out, object, syntax),
            (Syntax::Json, objects) => list(out, objects),
        }
    }
}

/// Writes objects as a `List` in JSON.
pub(crate) fn list(out: &mut dyn Write, objects: &[impl Serialize]) -> io::Result<()> {
    write(out, &json!({"apiVersion": "v1", "kind": "List", "items": objects}), Syntax::Json)
}

/// Writes objects as the documents of a YAML stream.
pub(crate) fn documents(out: &mut dyn Write, objects: &[impl Serialize]) -> io::Result<()> {
    for (index, object) in objects.iter().enumerate() {
        write!(out, "{}{}", if index == 0 { "" } else { "---\n" }, yaml(object)?)?;
    }
    Ok(())
}
