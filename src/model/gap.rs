//! What could not be read or judged, why, and which answers that puts in doubt.

use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize, Serializer};

/// Something that could not be read, or is of a kind that cannot be judged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gap {
    /// What was not read.
    pub unread: Unread,
    /// Why not.
    pub reason: GapReason,
    /// Which answers it puts in doubt.
    pub scope: GapScope,
}

/// What was not read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Unread {
    /// Objects of a resource.
    Objects {
        /// The resource, with its group unless Kubernetes ships it: `pods`,
        /// `ciliumnetworkpolicies.cilium.io`.
        resource: Box<str>,
        /// Which of them.
        extent: Extent,
    },
    /// Which API groups there are.
    ApiGroups,
    /// Which resources an API group, or one version of it, has.
    ApiGroup(Box<str>),
    /// The Namespace of a name.
    Namespace(Box<str>),
    /// The labels of some namespaces.
    NamespaceLabels(Vec<Box<str>>),
    /// What some policies say.
    Policies {
        /// Their kind, with its group.
        kind: Box<str>,
        /// How many there are.
        count: usize,
    },
    /// Some fields of the objects of a kind.
    Fields {
        /// The kind, with its group unless Kubernetes ships it.
        kind: Box<str>,
        /// Their paths.
        fields: Vec<Box<str>>,
    },
    /// What so many objects of a kind make.
    Made {
        /// The kind, with its group.
        kind: Box<str>,
        /// How many there are.
        count: usize,
    },
    /// The values of so many placeholders in files, whose defaults stand for them.
    Placeholders {
        /// How many there are.
        count: usize,
        /// Where the first one is.
        first: Box<str>,
    },
    /// A document of a file, or all of it.
    Document {
        /// The file, with the line where it is known: `app/web.yaml:3`.
        place: Box<str>,
        /// The object, as far as it could be read: `Deployment shop/web`; empty for a file.
        object: Box<str>,
    },
    /// So many more documents and files.
    Documents(usize),
    /// Something that only the reason tells of.
    Unnamed,
}

/// Which objects of a resource were not read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Extent {
    /// All of them.
    Everywhere,
    /// Those of one namespace.
    In(Box<str>),
    /// All but those of some namespaces.
    Outside {
        /// The first of these namespaces.
        first: Vec<Box<str>>,
        /// How many others there are.
        more: usize,
    },
}

/// Why something was not read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum GapReason {
    /// The user may not read it.
    Forbidden,
    /// It is not there, or not installed.
    NotFound,
    /// It is of a kind that no rules are made of.
    NotJudged,
    /// The object that says it was not given.
    NotGiven,
    /// A controller makes it, and no file has it.
    MadeElsewhere,
    /// It is filled in when it is applied, whatever stands there.
    FilledLater,
    /// The snapshot file is of a program that did not read it.
    NotRecorded,
    /// Files stand for the cluster, and hold none.
    NotInFiles,
    /// It could not be understood: what is wrong with it.
    Unreadable(Box<str>),
}

/// Which answers a gap puts in doubt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum GapScope {
    /// None: something is missing from the answer, and what is there is right.
    Incomplete,
    /// Those that turn on policies for pods of these namespaces.
    Namespaces(BTreeSet<Box<str>>),
    /// Those that turn on policies for pods of any other namespace.
    OtherNamespaces(BTreeSet<Box<str>>),
    /// Those that turn on any policy.
    Cluster,
    /// Those about addresses: a pod that was not read may hold them.
    Addresses,
    /// None, but no answer may count pods: those that nothing asked for were not read.
    OtherPods,
}

impl GapScope {
    /// Tells whether answers are in doubt because a policy may be missing.
    pub const fn is_of_policies(&self) -> bool {
        matches!(self, Self::Namespaces(_) | Self::OtherNamespaces(_) | Self::Cluster)
    }
}

impl Unread {
    /// Returns all objects of a resource.
    pub fn all(resource: &str) -> Self {
        Self::Objects { resource: resource.into(), extent: Extent::Everywhere }
    }
}

impl Gap {
    /// Tells whether two gaps say the same, whichever answers they put in doubt.
    pub fn says_same(&self, other: &Self) -> bool {
        self.unread == other.unread && self.reason == other.reason
    }

    /// Tells whether it is something of files that could not be read and may be a policy.
    pub fn may_hide_policy(&self) -> bool {
        let is_of_files = matches!(self.unread, Unread::Document { .. } | Unread::Documents(_));
        is_of_files && self.scope.is_of_policies()
    }

    /// Tells whether objects of a resource were not read, if only in some namespaces.
    pub fn hides(&self, resource: &str) -> bool {
        matches!(&self.unread, Unread::Objects { resource: unread, .. } if **unread == *resource)
    }

    /// Tells whether no object of a resource was read.
    pub fn hides_all(&self, resource: &str) -> bool {
        self.hides(resource) && matches!(self.unread, Unread::Objects { extent: Extent::Everywhere, .. })
    }

    /// Tells whether objects of a resource in a namespace were not read, or may not have been.
    pub fn hides_in(&self, resource: &str, namespace: &str) -> bool {
        let Unread::Objects { resource: unread, extent } = &self.unread else { return false };
        let is_hidden = match extent {
            Extent::Everywhere => true,
            Extent::In(name) => **name == *namespace,
            // Of those that are only counted, this may be one or not.
            Extent::Outside { first, .. } => first.iter().all(|name| **name != *namespace),
        };
        **unread == *resource && is_hidden
    }

    /// Names the list that was not read, as the API does, and what of it; nothing where it is no list.
    fn list(&self) -> Option<(&str, &Extent)> {
        match &self.unread {
            Unread::Objects { resource, extent } => Some((resource, extent)),
            Unread::ApiGroups => Some(("API groups", &Extent::Everywhere)),
            Unread::ApiGroup(name) => Some((name, &Extent::Everywhere)),
            _ => None,
        }
    }

    /// Tells whether it is a list that was not read.
    pub fn is_list(&self) -> bool {
        self.list().is_some()
    }

    /// Words it, where it is a list with these names.
    fn worded(&self, lists: &str) -> String {
        let reason = &self.reason;
        match &self.unread {
            Unread::Objects { extent, .. } => format!("could not list {lists}{extent}: {reason}"),
            Unread::ApiGroups | Unread::ApiGroup(_) => format!("could not list {lists}: {reason}"),
            Unread::Namespace(name) => format!("could not read namespace {name}: {reason}"),
            Unread::NamespaceLabels(names) => {
                let noun = if names.len() == 1 { "namespace" } else { "namespaces" };
                format!("labels unknown, {reason}: {} {noun} {}", names.len(), shortened(names))
            }
            Unread::Policies { kind, count } => {
                let (noun, verb) = if *count == 1 { ("object", "is") } else { ("objects", "are") };
                format!("{count} {noun} of kind {kind} {verb} {reason}")
            }
            Unread::Fields { kind, fields } => {
                format!("could not read {} of {kind}: {reason}", fields.join(", "))
            }
            Unread::Made { kind, count } => {
                let (noun, verb) = if *count == 1 { ("object", "makes") } else { ("objects", "make") };
                format!("what {count} {noun} of kind {kind} {verb} was not read: {reason}")
            }
            Unread::Placeholders { count, first } => {
                let told = match count {
                    1 => "1 placeholder is read as its default".to_owned(),
                    _ => format!("{count} placeholders are read as their defaults"),
                };
                format!("{told}, {reason}: the first is at {first}")
            }
            Unread::Document { place, object } if object.is_empty() => {
                format!("could not read {place}: {reason}")
            }
            Unread::Document { place, object } => format!("could not read {place}: {object}: {reason}"),
            Unread::Documents(count) => {
                let noun = if *count == 1 { "document or file" } else { "documents and files" };
                format!("could not read {count} more {noun}: {reason}")
            }
            Unread::Unnamed => reason.to_string(),
        }
    }
}

/// Words gaps; lists that could not be read in the same way share a line.
pub fn merged<'a>(gaps: impl IntoIterator<Item = &'a Gap>) -> Vec<String> {
    let mut lines: Vec<(Vec<&str>, &Gap)> = Vec::new();
    for gap in gaps {
        let extent = |gap: &'a Gap| gap.list().map(|(_, extent)| extent);
        let is_alike =
            |known: &'a Gap| gap.is_list() && extent(known) == extent(gap) && known.reason == gap.reason;
        let name = gap.list().map(|(name, _)| name);
        match lines.iter_mut().find(|(_, known)| is_alike(known)) {
            Some((names, _)) => names.extend(name),
            None => lines.push((name.into_iter().collect(), gap)),
        }
    }
    lines.into_iter().map(|(names, gap)| gap.worded(&names.join(", "))).collect()
}

/// Writes the first names of a list, in parentheses.
fn shortened(names: &[Box<str>]) -> String {
    const SHOWN: usize = 5;
    let shown: Vec<&str> = names.iter().take(SHOWN).map(|name| &**name).collect();
    let more = names.len().saturating_sub(SHOWN);
    let rest = if more == 0 { String::new() } else { format!(" and {more} more") };
    format!("({}{rest})", shown.join(", "))
}

impl fmt::Display for Gap {
    /// Says what is missing and why, in one line without a full stop.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.worded(self.list().map_or("", |(name, _)| name)))
    }
}

/// An answer has the sentence.
impl Serialize for Gap {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl Extent {
    /// Returns what is outside some namespaces.
    pub fn outside(namespaces: &BTreeSet<Box<str>>) -> Self {
        const SHOWN: usize = 5;
        match namespaces.len() {
            0 => Self::Everywhere,
            count => Self::Outside {
                first: namespaces.iter().take(SHOWN).cloned().collect(),
                more: count.saturating_sub(SHOWN),
            },
        }
    }
}

impl fmt::Display for Extent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Everywhere => Ok(()),
            Self::In(namespace) => write!(f, " in namespace {namespace}"),
            Self::Outside { first, more } => {
                let noun = if first.len() == 1 { "namespace" } else { "namespaces" };
                write!(f, " outside {noun} {}", first.join(", "))?;
                if *more == 0 { Ok(()) } else { write!(f, " and {more} more") }
            }
        }
    }
}

impl fmt::Display for GapReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Forbidden => "forbidden",
            Self::NotFound => "not found",
            Self::NotJudged => "not judged by this version",
            Self::NotGiven => "no Namespace object was read",
            Self::MadeElsewhere => "a controller makes it, and no file has it",
            Self::FilledLater => "and may be filled in otherwise",
            Self::NotRecorded => "the snapshot does not record it",
            Self::NotInFiles => "the files hold none",
            Self::Unreadable(detail) => detail,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_type_of_a_gap_answers_whatever_its_sentence_says() {
        let detail = "could not list services: reworded";
        let reason = GapReason::Unreadable(detail.into());
        let gap = Gap { unread: Unread::all("pods"), reason, scope: GapScope::Addresses };
        assert!(gap.hides("pods") && gap.hides_all("pods") && gap.is_list());
        assert!(!gap.hides("services") && !gap.hides("pod"));
        let outside = |names: &[&str]| Gap {
            unread: Unread::Objects {
                resource: "pods".into(),
                extent: Extent::outside(&names.iter().map(|name| Box::from(*name)).collect()),
            },
            ..gap.clone()
        };
        assert!(gap.hides_in("pods", "a") && outside(&["a"]).hides_in("pods", "b"));
        assert!(!outside(&["a"]).hides_in("pods", "a") && !outside(&["a"]).hides_in("jobs", "b"));
        let (unread, reason) =
            (Unread::Unnamed, GapReason::Unreadable("could not list pods: no".into()));
        let gap = Gap { unread, reason, scope: GapScope::Incomplete };
        assert!(!gap.hides("pods") && !gap.is_list());
        assert_eq!(gap.to_string(), "could not list pods: no");
    }

    #[test]
    fn lists_that_are_missing_in_the_same_way_share_a_line() {
        let outside = |names: &[&str], resource: &str| Gap {
            unread: Unread::Objects {
                resource: resource.into(),
                extent: Extent::outside(&names.iter().map(|name| Box::from(*name)).collect()),
            },
            reason: GapReason::Forbidden,
            scope: GapScope::Incomplete,
        };
        let gaps = [
            outside(&["a"], "pods"),
            outside(&[], "nodes"),
            Gap { unread: Unread::Namespace("b".into()), ..outside(&[], "") },
            outside(&["a"], "jobs"),
            Gap { unread: Unread::Namespace("c".into()), ..outside(&[], "") },
            outside(&["a", "b", "c", "d", "e", "f", "g"], "services"),
        ];
        let expected = [
            "could not list pods, jobs outside namespace a: forbidden",
            "could not list nodes: forbidden",
            "could not read namespace b: forbidden",
            "could not read namespace c: forbidden",
            "could not list services outside namespaces a, b, c, d, e and 2 more: forbidden",
        ];
        assert_eq!(merged(&gaps), expected);
        assert_eq!(gaps[3].to_string(), "could not list jobs outside namespace a: forbidden");
    }
}
