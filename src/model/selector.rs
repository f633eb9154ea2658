//! Label selectors (meta/v1 `LabelSelector`), kept as the user wrote them.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{LabelSelector, LabelSelectorRequirement};

/// A label selector: every requirement must hold; none at all selects everything.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Selector {
    /// The requirements, ascending, `matchLabels` and `matchExpressions` alike.
    pub requirements: Vec<Requirement>,
}

/// One condition on one label.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Requirement {
    /// The label's key.
    pub key: String,
    /// What is asked of its value.
    pub test: Test,
}

/// What a requirement asks of a label.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Test {
    /// The key is there and its value is one of these.
    In(BTreeSet<String>),
    /// The key is absent, or its value is none of these.
    NotIn(BTreeSet<String>),
    /// The key is there.
    Exists,
    /// The key is absent.
    DoesNotExist,
}

impl Selector {
    /// Reads the API type; an unknown operator (which the API server refuses) selects nothing.
    pub fn new(selector: &LabelSelector) -> Self {
        let labels = selector.match_labels.iter().flatten();
        let expressions = selector.match_expressions.iter().flatten();
        let mut requirements: Vec<_> = labels
            .map(|(key, value)| Requirement::equals(key, value))
            .chain(expressions.map(|expression| {
                let values: BTreeSet<_> = expression.values.iter().flatten().cloned().collect();
                let test = match expression.operator.as_str() {
                    "In" => Test::In(values),
                    "NotIn" => Test::NotIn(values),
                    "Exists" => Test::Exists,
                    "DoesNotExist" => Test::DoesNotExist,
                    _ => Test::In(BTreeSet::new()),
                };
                Requirement { key: expression.key.clone(), test }
            }))
            .collect();
        requirements.sort();
        requirements.dedup();
        Self { requirements }
    }

    /// Builds the selector of labels that must all be there.
    pub fn of_labels<'a>(labels: impl IntoIterator<Item = (&'a String, &'a String)>) -> Self {
        let each = labels.into_iter().map(|(key, value)| Requirement::equals(key, value));
        Self { requirements: each.collect() }
    }

    /// Tells whether the selector selects everything.
    pub fn is_empty(&self) -> bool {
        self.requirements.is_empty()
    }

    /// Lists the label keys that the selector asks for.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.requirements.iter().map(|requirement| &*requirement.key)
    }

    /// Tells whether labels satisfy the selector; `value` looks a key up.
    pub fn matches<'a>(&self, value: impl Fn(&str) -> Option<&'a str>) -> bool {
        self.requirements.iter().all(|requirement| requirement.matches(value(&requirement.key)))
    }

    /// Tells whether it selects everything that has some labels, whatever its others are.
    pub fn selects_all_with(&self, labels: &BTreeMap<String, String>) -> bool {
        self.requirements.iter().all(|requirement| {
            labels.get(&requirement.key).is_some_and(|value| requirement.matches(Some(value)))
        })
    }
}

impl From<&Selector> for LabelSelector {
    /// Writes the API type, single values as labels.
    fn from(selector: &Selector) -> Self {
        let mut labels = BTreeMap::new();
        let mut expressions = Vec::new();
        for Requirement { key, test } in &selector.requirements {
            let (operator, values) = match test {
                Test::In(values) if values.len() == 1 && !labels.contains_key(key) => {
                    labels.extend(values.iter().map(|value| (key.clone(), value.clone())));
                    continue;
                }
                Test::In(values) => ("In", Some(values)),
                Test::NotIn(values) => ("NotIn", Some(values)),
                Test::Exists => ("Exists", None),
                Test::DoesNotExist => ("DoesNotExist", None),
            };
            let values = values.filter(|values| !values.is_empty());
            expressions.push(LabelSelectorRequirement {
                key: key.clone(),
                operator: operator.to_owned(),
                values: values.map(|values| values.iter().cloned().collect()),
            });
        }
        Self {
            match_labels: (!labels.is_empty()).then_some(labels),
            match_expressions: (!expressions.is_empty()).then_some(expressions),
        }
    }
}

impl Requirement {
    /// Builds `key = value`.
    pub fn equals(key: &str, value: &str) -> Self {
        Self { key: key.to_owned(), test: Test::In(BTreeSet::from([value.to_owned()])) }
    }

    /// Tells whether a label with this value, or its absence, satisfies the requirement.
    pub fn matches(&self, value: Option<&str>) -> bool {
        match &self.test {
            Test::In(values) => value.is_some_and(|value| values.contains(value)),
            Test::NotIn(values) => value.is_none_or(|value| !values.contains(value)),
            Test::Exists => value.is_some(),
            Test::DoesNotExist => value.is_none(),
        }
    }
}

impl fmt::Display for Selector {
    /// Writes kubectl's `-l` syntax: `app=web,tier in (a,b),!old`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, requirement) in self.requirements.iter().enumerate() {
            let comma = if index == 0 { "" } else { "," };
            write!(f, "{comma}{requirement}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Requirement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = |values: &BTreeSet<String>| values.iter().cloned().collect::<Vec<_>>().join(",");
        match &self.test {
            Test::In(values) if values.len() == 1 => write!(f, "{}={}", self.key, list(values)),
            Test::In(values) => write!(f, "{} in ({})", self.key, list(values)),
            Test::NotIn(values) => write!(f, "{} notin ({})", self.key, list(values)),
            Test::Exists => f.write_str(&self.key),
            Test::DoesNotExist => write!(f, "!{}", self.key),
        }
    }
}
