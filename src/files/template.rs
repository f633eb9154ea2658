//! Templates of OpenShift: their objects, with the values that their parameters have by themselves.

use crate::yaml::tree::{Value, YamlNode};
use std::collections::BTreeMap;

/// Lists the objects of a Template with its parameters filled in; nothing where it is none. A parameter
/// without a value stays as it stands.
pub(crate) fn objects(api_version: &str, kind: &str, node: &YamlNode) -> Option<Vec<YamlNode>> {
    if kind != "Template" || !matches!(api_version, "template.openshift.io/v1" | "v1") {
        return None;
    }
    let mut objects = node.get("objects")?.items().to_vec();
    let parameters = node.get("parameters").map(YamlNode::items).unwrap_or_default();
    let parameters = parameters.iter().filter_map(|own| Some((own.get("name")?.text()?, value(own)?)));
    let parameters: BTreeMap<&str, String> = parameters.collect();
    objects.iter_mut().for_each(|object| fill(object, &parameters));
    Some(objects)
}

fn value(parameter: &YamlNode) -> Option<String> {
    Some(match &parameter.get("value")?.value {
        Value::String(text) => text.to_string(),
        Value::Bool(value) => value.to_string(),
        Value::Int(value) => value.to_string(),
        Value::Float(value) => value.to_string(),
        _ => return None,
    })
}

fn fill(node: &mut YamlNode, parameters: &BTreeMap<&str, String>) {
    match &mut node.value {
        Value::List(items) => items.iter_mut().for_each(|item| fill(item, parameters)),
        Value::Map(fields) => fields.iter_mut().for_each(|(_, node)| fill(node, parameters)),
        Value::String(text) if text.contains("${") => {
            // A value in two braces is not quoted.
            let bare = text.strip_prefix("${{").and_then(|rest| rest.strip_suffix("}}"));
            if let Some(value) = bare.and_then(|name| parameters.get(name)) {
                node.value = typed(value);
                return;
            }
            let filled = parameters.iter().fold(text.to_string(), |text, (name, value)| {
                text.replace(&format!("${{{name}}}"), value)
            });
            *text = filled.into();
        }
        _ => {}
    }
}

/// Reads a word as YAML reads it where it has no quotes.
pub(super) fn typed(word: &str) -> Value {
    match (word.parse::<i64>(), word) {
        (Ok(number), _) => Value::Int(number),
        (_, "true" | "false") => Value::Bool(word == "true"),
        _ => Value::String(word.into()),
    }
}
