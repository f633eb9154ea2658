//! Whether what cannot be read may be a policy, and whose pods are in doubt then.

use super::misnamed;
use crate::model::gap::GapScope;
use crate::yaml::tree::{Value, YamlNode};

/// Tells whether a word is filled in by a tool later on, as `${NAME}`, `$(NAME)`, `{{ .Values.name }}` or
/// `{% if … %}`; no name and no label may hold such signs.
pub(crate) fn is_placeholder(word: &str) -> bool {
    let is_variable = |rest: &str| {
        let name = rest.split(')').next().filter(|name| name.len() < rest.len()).unwrap_or_default();
        !name.is_empty()
            && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-'))
    };
    ["${", "{{", "{%"].iter().any(|begin| word.contains(begin))
        || word.split("$(").skip(1).any(is_variable)
}

/// Returns what is in doubt without a text that cannot be read.
pub(crate) fn scope_of_text(text: &str) -> GapScope {
    if may_be_policy(text) { GapScope::Cluster } else { GapScope::Incomplete }
}

/// Returns what is in doubt without a document whose kind does not tell.
pub(crate) fn scope_of_tree(node: &YamlNode) -> GapScope {
    if holds_policy(node) { GapScope::Cluster } else { GapScope::Incomplete }
}

/// Returns what is in doubt without a policy that stands in a namespace.
pub(crate) fn scope_in(namespace: &str) -> GapScope {
    match namespace.is_empty() || is_placeholder(namespace) {
        true => GapScope::Cluster,
        false => GapScope::Namespaces([namespace.into()].into()),
    }
}

/// Tells whether a text looks like a template of Helm, or of a tool like it.
pub(crate) fn is_template(text: &str) -> bool {
    text.contains("{{")
}

/// Tells whether a text may hold an object of Kubernetes at all.
pub(crate) fn may_be_object(text: &str) -> bool {
    kinds(text).next().is_some() || text.contains("apiVersion") || includes(text)
}

/// Tells whether a text may hold a policy: by the kinds that stand in it, or because it does not say
/// which kinds it makes.
pub(crate) fn may_be_policy(text: &str) -> bool {
    let mut kinds = kinds(text).peekable();
    match kinds.peek() {
        None => includes(text),
        Some(_) => kinds.any(may_name_policy),
    }
}

/// Tells whether a template takes objects from elsewhere.
fn includes(text: &str) -> bool {
    // In the middle of a line it is a part of a value.
    let mut lines = text.lines().map(str::trim_start).filter(|line| line.starts_with("{{"));
    lines.any(|line| ["include", "template", "tpl", "toYaml"].iter().any(|word| line.contains(word)))
}

/// Tells whether a kind is that of a policy, or may be once it is filled in.
fn may_name_policy(kind: &str) -> bool {
    !kind.chars().all(char::is_alphanumeric) || misnamed::is_like_policy(kind)
}

/// Lists the values of all keys `kind` in a text of YAML or JSON; those that begin a mapping are none.
fn kinds(text: &str) -> impl Iterator<Item = &str> {
    text.match_indices("kind").filter_map(move |(at, word)| {
        let before = text.get(..at)?.chars().next_back();
        let is_key = before.is_none_or(|c| !c.is_alphanumeric() && !matches!(c, '_' | '-' | '.' | '/'));
        let behind = text.get(at + word.len()..)?;
        let value = behind.trim_start_matches(['"', '\'']).trim_start().strip_prefix(':')?;
        let value = value.trim_start().split(['\n', ',']).next().unwrap_or_default();
        let value = value.split(" #").next().unwrap_or_default().trim();
        let value = value.trim_end_matches('}').trim().trim_matches(['"', '\'']);
        (is_key && !value.is_empty() && !value.contains(": ") && !value.ends_with(':')).then_some(value)
    })
}

fn holds_policy(node: &YamlNode) -> bool {
    match &node.value {
        Value::List(items) => items.iter().any(holds_policy),
        Value::Map(fields) => fields.iter().any(|(key, node)| {
            let is_kind = **key == *"kind" && node.text().is_some_and(may_name_policy);
            is_kind || holds_policy(node)
        }),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_policy_is_seen_in_every_text_that_may_make_one() {
        for text in [
            "kind: NetworkPolicy\n  bad",
            "a: [\nkind: \"networkpolicy\" # it is",
            "{\"kind\":\"NetworkPolicy\",",
            "{apiVersion: v1, kind: NetworkPolicies}",
            "kind: NetworkPolcy",
            "- kind : CiliumClusterwideNetworkPolicy",
            "kind:\n  NetworkPolicy",
            "kind: {{ .Values.kind }}",
            "kind: ${KIND}",
            "kind: Service\n---\nkind: GlobalNetworkPolicy",
            "{{- include \"common.all\" . }}",
        ] {
            assert!(may_be_policy(text) && may_be_object(text), "{text}");
        }
    }

    #[test]
    fn what_says_its_kind_and_is_no_policy_hides_none() {
        for text in [
            "kind: Service\nmetadata: {name: {{ .Values.name }}}",
            "{{- include \"labels\" . }}\nkind: Deployment",
            "kind:\n  type: string\nmy-kind: NetworkPolicy",
            "mankind: NetworkPolicy",
            "branches: a\nbranches: b",
            "{{ if .Values.on }}",
            "title: '{{ template \"title\" . }}'",
        ] {
            assert!(!may_be_policy(text), "{text}");
        }
        assert!(!may_be_object("branches: a\nbranches: b"));
    }
}
