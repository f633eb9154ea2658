//! A document under way: what it is called, where its parts stand, what is in doubt without it.

use super::fault::{Fault, Problem};
use super::{hidden, misnamed};
use crate::model::gap::GapScope;
use crate::model::origin::Lines;
use crate::objects::meta::{Meta, group_of};
use crate::objects::object::ObjectKey;
use crate::policy::kinds::unjudged_groups;
use crate::policy::{self, KnownKind, PolicyKind, Scope};
use crate::yaml::tree::{self, Value, YamlNode};

/// A document under way, with all that its errors have to name.
#[derive(Clone, Copy)]
pub(super) struct Manifest<'a> {
    pub(super) file: &'a str,
    /// The lines of the whole file.
    pub(super) text: &'a [&'a str],
    pub(super) node: &'a YamlNode,
    pub(super) api_version: &'a str,
    pub(super) kind: &'a str,
    /// The namespace of objects that name none.
    pub(super) namespace: &'a str,
}

impl Manifest<'_> {
    pub(super) fn group(&self) -> &str {
        group_of(self.api_version)
    }

    /// Returns the row of a policy's kind.
    pub(super) fn policy(&self) -> Option<KnownKind> {
        policy::kind(self.group(), self.kind)
    }

    pub(super) fn has_pod_template(&self) -> bool {
        let containers = ["spec", "template", "spec", "containers"];
        let job = ["spec", "jobTemplate", "spec", "template", "spec", "containers"];
        self.node.at(&containers).or_else(|| self.node.at(&job)).is_some()
    }

    /// Returns the identity of the object.
    pub(super) fn key(&self, meta: &Meta) -> ObjectKey {
        let namespace = match (self.is_cluster_scoped(), meta.namespace.is_empty()) {
            (true, _) => "",
            (false, true) => self.namespace,
            (false, false) => &meta.namespace,
        };
        let name = if meta.name.is_empty() { &meta.generate_name } else { &meta.name };
        ObjectKey::new(self.group(), self.kind, namespace, name)
    }

    fn is_cluster_scoped(&self) -> bool {
        let is_other = matches!(
            (self.group(), self.kind),
            ("", "Namespace" | "Node") | ("networking.k8s.io", "IngressClass")
        );
        is_other || self.policy().is_some_and(|kind| kind.scope() == Scope::Cluster)
    }

    /// Returns a text of the metadata.
    pub(super) fn meta(&self, key: &str) -> Option<&str> {
        self.node.at(&["metadata", key]).and_then(YamlNode::text)
    }

    /// Names the object, as far as it says how it is called: `NetworkPolicy shop/web`.
    pub(super) fn title(&self) -> String {
        let name = self.meta("name").unwrap_or("(no name)");
        match self.meta("namespace") {
            Some(namespace) => format!("{} {namespace}/{name}", self.kind),
            None => format!("{} {name}", self.kind),
        }
    }

    /// Says what is wrong at a path.
    pub(super) fn problem(&self, path: &str, message: &str) -> Problem {
        let at = format!(":{}", self.node.line_of(path));
        let path = if path.is_empty() { String::new() } else { format!("{path}: ") };
        Problem { at, message: format!("{path}{message}") }
    }

    /// Says that the object cannot be used.
    pub(super) fn fault(&self, problems: Vec<Problem>) -> Fault {
        let (file, object) = (self.file.into(), self.title().into());
        Fault { file, object, problems, scope: self.scope() }
    }

    /// Writes `file:line: kind namespace/name: path: message`.
    pub(super) fn line(&self, path: &str, message: &str) -> String {
        self.fault(vec![self.problem(path, message)]).to_string()
    }

    /// Returns what is in doubt without the object.
    fn scope(&self) -> GapScope {
        let is_meant = || misnamed::meant(self.api_version, self.kind).is_some_and(|own| own.is_policy);
        match self.policy() {
            Some(kind) if kind.scope() == Scope::Cluster => GapScope::Cluster,
            Some(_) => self.scope_of_namespace(),
            None if self.kind.ends_with("List") => hidden::scope_of_tree(self.node),
            None if hidden::is_placeholder(self.kind) => GapScope::Cluster,
            None if is_meant() => self.scope_of_namespace(),
            None => GapScope::Incomplete,
        }
    }

    fn scope_of_namespace(&self) -> GapScope {
        match self.node.at(&["metadata", "namespace"]) {
            None => hidden::scope_in(self.namespace),
            Some(namespace) => hidden::scope_in(namespace.text().unwrap_or_default()),
        }
    }

    /// Maps the paths that answers point at to their lines: the object as a whole, and every rule.
    pub(super) fn lines(&self, kind: &PolicyKind) -> Lines {
        let mut lines = Lines::default();
        lines.insert("", self.node.line);
        for list in kind.rules {
            let steps: Vec<&str> = list.split('.').collect();
            self.rule_lines(self.node, "", &steps, &mut lines);
        }
        lines
    }

    /// Adds the lines of the items of a list, which is some steps below a node.
    fn rule_lines(&self, node: &YamlNode, path: &str, steps: &[&str], lines: &mut Lines) {
        let dotted =
            |step: &str| if path.is_empty() { step.to_owned() } else { format!("{path}.{step}") };
        if let Some((step, rest)) = steps.split_first()
            && let Some(below) = node.get(step)
        {
            let path = dotted(step);
            match below.items() {
                [] => self.rule_lines(below, &path, rest, lines),
                items => {
                    for (index, item) in items.iter().enumerate() {
                        let path = format!("{path}[{index}]");
                        if rest.is_empty() {
                            lines.insert(&path, tree::item_line(self.text, item));
                        }
                        self.rule_lines(item, &path, rest, lines);
                    }
                }
            }
        }
    }
}

/// Says what is in doubt without a document that is no object, because it has no kind or no version;
/// nothing where it is none of Kubernetes.
pub(super) fn scope_of_half(node: &YamlNode, namespace: &str) -> Option<GapScope> {
    let text = |key| node.get(key).and_then(YamlNode::text).unwrap_or_default();
    let (api_version, kind) = (text("apiVersion"), text("kind"));
    let group = group_of(api_version);
    let is_of_policies =
        policy::KINDS.iter().any(|row| row.group == group) || unjudged_groups().contains(group);
    let is_half = api_version.is_empty() != kind.is_empty() && matches!(node.value, Value::Map(_));
    let may_be = if kind.is_empty() { is_of_policies } else { misnamed::is_like_policy(kind) };
    let own = node.at(&["metadata", "namespace"]).and_then(YamlNode::text);
    (is_half && may_be).then(|| hidden::scope_in(own.unwrap_or(namespace)))
}

#[expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test ends there")]
#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_have_lines_in_lists_of_lists_too() {
        let text = "specs:\n- egress:\n  - to: []\n- ingress: []\n- egress:\n  - to: []\n  - to: []\n";
        let nodes = crate::yaml::document::parse(text).unwrap();
        let all: Vec<&str> = text.lines().collect();
        let node = &nodes[0];
        let document = Manifest { file: "", text: &all, node, api_version: "", kind: "", namespace: "" };
        let mut lines = Lines::default();
        document.rule_lines(node, "", &["specs", "egress"], &mut lines);
        let of = ["specs[0].egress[0]", "specs[2].egress[0]", "specs[2].egress[1].to"];
        assert_eq!(of.map(|path| lines.of(path)), [3, 6, 7]);
    }
}
