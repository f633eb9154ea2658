//! Placeholders with a default, `${NAME:=default}` and `${NAME:-default}`, as Flux fills them in.

use super::hidden;
use super::template::typed;
use crate::yaml::tree::{Value, YamlNode};

/// The fields whose values are text, whatever they look like.
const TEXTS: [&str; 11] = [
    "name",
    "namespace",
    "key",
    "operator",
    "values",
    "protocol",
    "cidr",
    "except",
    "type",
    "kind",
    "value",
];
/// The fields all values below which are text.
const MAPS: [&str; 4] = ["labels", "matchLabels", "selector", "podSelector"];
/// The fields that no answer reads, in which shells and programs have placeholders of their own.
const UNREAD: [&str; 9] =
    ["data", "stringData", "binaryData", "command", "args", "env", "annotations", "volumes", "status"];
/// The counts of pods, which are not known without a default.
const COUNTS: [&str; 2] = ["replicas", "parallelism"];

/// What was filled in.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Filled {
    /// How many values.
    pub(super) count: usize,
    /// The line of the first.
    pub(super) line: u32,
}

/// Fills the defaults of placeholders in.
pub(super) fn fill(node: &mut YamlNode) -> Filled {
    let mut filled = Filled::default();
    below(node, "", false, &mut filled);
    filled
}

fn below(node: &mut YamlNode, key: &str, is_text: bool, filled: &mut Filled) {
    let line = node.line;
    match &mut node.value {
        Value::List(items) => items.iter_mut().for_each(|item| below(item, key, is_text, filled)),
        Value::Map(fields) => {
            let is_text = is_text || MAPS.contains(&key);
            let read = fields.iter_mut().filter(|(key, _)| !UNREAD.contains(&&**key));
            read.for_each(|(key, node)| below(node, key, is_text, filled));
        }
        Value::String(text) if text.contains("${") => {
            if let Some(value) = with_defaults(text) {
                if filled.count == 0 {
                    filled.line = line;
                }
                filled.count += 1;
                node.value = match is_text || TEXTS.contains(&key) {
                    true => Value::String(value.into()),
                    false if value.is_empty() => Value::Null,
                    false => typed(&value),
                };
            } else if COUNTS.contains(&key) && hidden::is_placeholder(text) {
                node.value = Value::Null;
            }
        }
        _ => {}
    }
}

/// Writes the defaults of placeholders in their place; nothing where none has one.
fn with_defaults(text: &str) -> Option<String> {
    let (mut written, mut rest, mut is_filled) = (String::new(), text, false);
    while let Some((before, behind)) = rest.split_once("${") {
        written.push_str(before);
        let (inside, after) = behind.split_once('}')?;
        let is_name =
            |name: &str| !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        let given = inside.split_once(":=").or_else(|| inside.split_once(":-"));
        match given.filter(|(name, _)| is_name(name)) {
            Some((_, default)) => {
                written.push_str(default);
                is_filled = true;
            }
            None => written.push_str(&format!("${{{inside}}}")),
        }
        rest = after;
    }
    written.push_str(rest);
    is_filled.then_some(written)
}

#[expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test ends there")]
#[cfg(test)]
mod tests {
    use super::*;
    use crate::yaml::document::parse;

    #[test]
    fn defaults_are_text_where_text_is_wanted_and_numbers_elsewhere() {
        let text = "spec:\n  replicas: ${n:=2}\n  parallelism: ${m}\n  labels: {a: '${v:-1}'}\n  name: ${x:=a}-${y}\n  \
                    env: [{value: '${z:=3}'}]\n  port: ${p:=}\n";
        let mut nodes = parse(text).unwrap();
        let filled = fill(&mut nodes[0]);
        assert_eq!((filled.count, filled.line), (4, 2));
        let at = |path: &[&str]| nodes[0].at(path).map(|node| node.value.clone());
        let string = |text: &str| Some(Value::String(text.into()));
        assert_eq!(at(&["spec", "replicas"]), Some(Value::Int(2)));
        assert_eq!(at(&["spec", "parallelism"]), None);
        assert_eq!(at(&["spec", "labels", "a"]), string("1"));
        assert_eq!(at(&["spec", "name"]), string("a-${y}"));
        assert_eq!(at(&["spec", "port"]), None);
        assert_eq!(
            nodes[0].get("spec").unwrap().get("env").unwrap().items()[0].at(&["value"]).unwrap().text(),
            Some("${z:=3}")
        );
    }
}
