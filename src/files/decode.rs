//! Documents as serde data, so that any type can be read from them.

use std::fmt;
use std::marker::PhantomData;

use serde::de::value::{MapDeserializer, SeqDeserializer, StrDeserializer};
use serde::de::{self, DeserializeOwned, DeserializeSeed, Deserializer, IntoDeserializer, Visitor};
use serde::forward_to_deserialize_any;

use crate::yaml::tree::{Field, Value, YamlNode};

/// A value that does not have the type its field has.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct DecodeError {
    /// The field path, empty for the whole value.
    pub(crate) path: String,
    /// What is wrong.
    pub(crate) problem: ValueError,
}

/// What keeps a value from being read.
#[derive(Debug, PartialEq, Eq)]
pub struct ValueError {
    /// What is wrong, in the words of serde.
    message: String,
    /// Whether a string is wanted, and quotes would make it one.
    needs_quotes: bool,
}

impl de::Error for ValueError {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self { message: message.to_string(), needs_quotes: false }
    }
}

impl std::error::Error for ValueError {}

impl fmt::Display for ValueError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hint = if self.needs_quotes { "; it needs quotes" } else { "" };
        write!(f, "{}{hint}", self.message)
    }
}

/// Reads a value of type `T`, and lists the paths of fields that the type does not have.
pub(crate) fn decode<T: DeserializeOwned>(node: &YamlNode) -> Result<(T, Vec<String>), DecodeError> {
    decode_seed(node, PhantomData)
}

/// Reads the value of a seed, and lists the paths of fields that its type does not have.
pub(crate) fn decode_seed<'de, T: DeserializeSeed<'de>>(
    node: &'de YamlNode,
    seed: T,
) -> Result<(T::Value, Vec<String>), DecodeError> {
    let mut unknown = Vec::new();
    let mut track = serde_path_to_error::Track::new();
    let tracked = serde_path_to_error::Deserializer::new(node, &mut track);
    // One type of callback for all `T`: with a closure each, the code for a pod would be made anew
    // for every kind that has a pod template.
    let mut note = |path: serde_ignored::Path<'_>| unknown.push(field_path(&path.to_string()));
    let mut note: &mut dyn FnMut(serde_ignored::Path<'_>) = &mut note;
    let read = seed.deserialize(serde_ignored::Deserializer::new(tracked, &mut note));
    match read {
        Ok(value) => Ok((value, unknown)),
        Err(problem) => Err(DecodeError {
            path: match track.path().to_string() {
                path if path == "." => String::new(),
                path => path,
            },
            problem,
        }),
    }
}

/// Turns `spec.?.egress.1.to` into `spec.egress[1].to`.
fn field_path(path: &str) -> String {
    let mut written = String::new();
    for step in path.split('.').filter(|step| *step != "?") {
        if step.bytes().all(|byte| byte.is_ascii_digit()) {
            written.push_str(&format!("[{step}]"));
        } else {
            let dot = if written.is_empty() { "" } else { "." };
            written.push_str(&format!("{dot}{step}"));
        }
    }
    written
}

impl<'de> Deserializer<'de> for &'de YamlNode {
    type Error = ValueError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ValueError> {
        match &self.value {
            Value::Null => visitor.visit_unit(),
            Value::Bool(value) => visitor.visit_bool(*value),
            Value::Int(value) => visitor.visit_i64(*value),
            Value::Float(value) => match integral(*value) {
                Some(value) => visitor.visit_i64(value),
                None => visitor.visit_f64(*value),
            },
            Value::String(value) => visitor.visit_borrowed_str(value),
            Value::List(items) => {
                let mut items = SeqDeserializer::new(items.iter());
                visitor.visit_seq(&mut items)
            }
            Value::Map(fields) => {
                // Null means absent, also for fields whose type has no null.
                let given = fields.iter().filter(|(_, node)| node.value != Value::Null);
                visitor.visit_map(entries(given))
            }
        }
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ValueError> {
        match &self.value {
            // A key with null is there: of a label the value is the empty string.
            Value::Map(fields) => visitor.visit_map(entries(fields.iter())),
            _ => self.deserialize_any(visitor),
        }
    }

    /// Reads a struct; an item of a list that is null is an empty one, as for the API server.
    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, ValueError> {
        match self.value {
            Value::Null => visitor.visit_map(entries([].iter())),
            _ => self.deserialize_any(visitor),
        }
    }

    /// Reads a string; null is the empty one.
    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ValueError> {
        match self.value {
            Value::Null => visitor.visit_borrowed_str(""),
            Value::Bool(_) | Value::Int(_) | Value::Float(_) => {
                // As it was written.
                let read = match self.value {
                    Value::Float(value) => visitor.visit_f64(value),
                    _ => self.deserialize_any(visitor),
                };
                read.map_err(|error: ValueError| ValueError { needs_quotes: true, ..error })
            }
            _ => self.deserialize_any(visitor),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ValueError> {
        match self.value {
            Value::Null => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, ValueError> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, ValueError> {
        match self.text() {
            Some(text) => visitor.visit_enum(text.into_deserializer()),
            None => Err(de::Error::custom("expected a string")),
        }
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str bytes byte_buf unit
        unit_struct seq tuple tuple_struct identifier ignored_any
    }
}

/// Returns the integer that a number is.
fn integral(value: f64) -> Option<i64> {
    const BOUND: f64 = 9_223_372_036_854_775_808.0;
    let is_integer = value.fract() == 0.0 && (-BOUND..BOUND).contains(&value);
    #[expect(clippy::cast_possible_truncation, reason = "it was compared with the bounds")]
    is_integer.then_some(value as i64)
}

/// Hands fields to a visitor.
fn entries<'a>(
    fields: impl Iterator<Item = &'a Field>,
) -> MapDeserializer<'a, impl Iterator<Item = (StrDeserializer<'a, ValueError>, &'a YamlNode)>, ValueError>
{
    MapDeserializer::new(fields.map(|(key, node)| (StrDeserializer::new(key), node)))
}

impl<'de> IntoDeserializer<'de, ValueError> for &'de YamlNode {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::yaml::document::parse;

    #[test]
    fn quotes_are_asked_for_where_they_make_a_string_whatever_the_problem_is_called() {
        let problem = |text: &str| {
            let nodes = parse(text).unwrap_or_default();
            let read = nodes.first().map(decode::<std::collections::BTreeMap<String, String>>);
            read.and_then(Result::err).map(|error| error.problem)
        };
        let asks = |text| problem(text).map(|problem| problem.needs_quotes);
        assert_eq!([asks("a: true"), asks("a: 1"), asks("a: 1.5")], [Some(true); 3]);
        assert_eq!([asks("a: [b]"), asks("a: {b: c}")], [Some(false); 2]);
        assert_eq!([asks("a: 'true'"), asks("a:")], [None; 2]);
        let reworded = ValueError { message: "reworded".to_owned(), needs_quotes: true };
        assert_eq!(reworded.to_string(), "reworded; it needs quotes");
        let foreign: ValueError = de::Error::custom("invalid type: boolean, expected a string");
        assert_eq!(foreign.to_string(), "invalid type: boolean, expected a string");
    }
}
