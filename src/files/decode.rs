//! Documents as serde data, so that any type can be read from them.

use std::marker::PhantomData;

use serde::de::value::{MapDeserializer, SeqDeserializer, StrDeserializer};
use serde::de::{
    DeserializeOwned, DeserializeSeed, Deserializer, Error as _, IntoDeserializer, Visitor,
};
use serde::forward_to_deserialize_any;

use super::document::{Value, YamlNode};

/// A value that does not have the type its field has.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct DecodeError {
    /// The field path, empty for the whole value.
    pub(crate) path: String,
    /// What is wrong.
    pub(crate) message: String,
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
        Err(error) => Err(DecodeError {
            path: match track.path().to_string() {
                path if path == "." => String::new(),
                path => path,
            },
            message: error.to_string(),
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

type Error = serde::de::value::Error;

impl<'de> Deserializer<'de> for &'de YamlNode {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match &self.value {
            Value::Null => visitor.visit_unit(),
            Value::Bool(value) => visitor.visit_bool(*value),
            Value::Int(value) => visitor.visit_i64(*value),
            Value::Float(value) => visitor.visit_f64(*value),
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

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
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
    ) -> Result<V::Value, Error> {
        match self.value {
            Value::Null => visitor.visit_map(entries([].iter())),
            _ => self.deserialize_any(visitor),
        }
    }

    /// Reads a string; null is the empty one.
    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.value {
            Value::Null => visitor.visit_borrowed_str(""),
            _ => self.deserialize_any(visitor),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.value {
            Value::Null => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        match self.text() {
            Some(text) => visitor.visit_enum(text.into_deserializer()),
            None => Err(Error::custom("expected a string")),
        }
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str bytes byte_buf unit
        unit_struct seq tuple tuple_struct identifier ignored_any
    }
}

type Field = (Box<str>, YamlNode);

/// Hands fields to a visitor.
fn entries<'a>(
    fields: impl Iterator<Item = &'a Field>,
) -> MapDeserializer<'a, impl Iterator<Item = (StrDeserializer<'a, Error>, &'a YamlNode)>, Error> {
    MapDeserializer::new(fields.map(|(key, node)| (StrDeserializer::new(key), node)))
}

impl<'de> IntoDeserializer<'de, Error> for &'de YamlNode {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}
