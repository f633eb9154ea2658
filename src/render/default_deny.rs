//! Policies to apply, with findings as comments.

use std::io::{self, Write};

use serde_json::json;

use super::machine;
use super::sanitize::sanitize;
use crate::report::default_deny::DefaultDeny;

/// Writes the policies as documents of a YAML stream.
///
/// # Errors
/// Those of the writer.
pub fn write_yaml(out: &mut dyn Write, base: &DefaultDeny) -> io::Result<()> {
    write_findings(out, base)?;
    machine::write_yaml_objects(out, &base.policies)
}

/// Writes the findings as comments.
///
/// # Errors
/// Those of the writer.
pub fn write_findings(out: &mut dyn Write, base: &DefaultDeny) -> io::Result<()> {
    base.findings.iter().try_for_each(|finding| writeln!(out, "# {}", sanitize(finding)))
}

/// Writes the policies as a List, without the findings.
///
/// # Errors
/// Those of the writer.
pub fn write_json(out: &mut dyn Write, base: &DefaultDeny) -> io::Result<()> {
    machine::write_json(out, &json!({"apiVersion": "v1", "kind": "List", "items": base.policies}))
}
