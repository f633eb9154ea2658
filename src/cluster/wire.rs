//! The two wire forms of a list: JSON, and the protobuf of Kubernetes in its envelope.

use std::fmt;
use std::marker::PhantomData;

use bytes::Bytes;
use kube::core::Status;
use prost::Message;
use serde::Deserialize;
use serde::de::{DeserializeOwned, Deserializer, Error as _, SeqAccess, Visitor};

/// What protobuf bodies begin with (apimachinery `runtime/serializer/protobuf`).
const MAGIC: &[u8] = b"k8s\0";

/// Most objects of one answer. Pages are asked for; a server that knows none sends all it has.
const MOST_OBJECTS: usize = 200_000;

/// One page of a list.
#[derive(Debug)]
pub(crate) struct Page<T> {
    pub(crate) items: Vec<T>,
    /// Where the next page begins; empty after the last one.
    pub(crate) next: String,
}

/// runtime.Unknown, the envelope.
#[derive(Clone, PartialEq, Message)]
struct Unknown {
    #[prost(message, required, tag = "1")]
    type_meta: TypeMeta,
    #[prost(bytes = "bytes", tag = "2")]
    raw: Bytes,
}

#[derive(Clone, PartialEq, Message)]
struct TypeMeta {
    #[prost(string, tag = "2")]
    kind: String,
}

/// meta/v1 ListMeta.
#[derive(Clone, PartialEq, Message, Deserialize)]
#[serde(default)]
struct ListMeta {
    #[prost(string, tag = "3")]
    #[serde(rename = "continue")]
    next: String,
}

/// Any list; its items are decoded one by one.
#[derive(Clone, PartialEq, Message)]
struct ProtobufList {
    #[prost(message, required, tag = "1")]
    metadata: ListMeta,
    #[prost(bytes = "bytes", repeated, tag = "2")]
    items: Vec<Bytes>,
}

/// The same list, of which only the number of items is wanted: an item takes no memory.
#[derive(Clone, PartialEq, Message)]
struct Counted {
    #[prost(message, repeated, tag = "2")]
    items: Vec<()>,
}

#[derive(Deserialize)]
#[serde(bound = "T: DeserializeOwned")]
struct JsonList<T> {
    #[serde(default)]
    metadata: ListMeta,
    // May be null, and is never absent: what has none is no list, and not an empty one.
    #[serde(deserialize_with = "items")]
    items: Vec<T>,
}

/// Reads the items of a list, as long as it has not too many.
fn items<'de, D: Deserializer<'de>, T: DeserializeOwned>(from: D) -> Result<Vec<T>, D::Error> {
    from.deserialize_any(Items(PhantomData))
}

struct Items<T>(PhantomData<T>);

impl<'de, T: DeserializeOwned> Visitor<'de> for Items<T> {
    type Value = Vec<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_unit<E>(self) -> Result<Vec<T>, E> {
        Ok(Vec::new())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut from: A) -> Result<Vec<T>, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = from.next_element()? {
            items.push(item);
            check_count(items.len()).map_err(A::Error::custom)?;
        }
        Ok(items)
    }
}

fn check_count(objects: usize) -> Result<(), String> {
    match objects > MOST_OBJECTS {
        true => Err(format!("an answer has more than {MOST_OBJECTS} objects")),
        false => Ok(()),
    }
}

/// meta/v1 Status.
#[derive(Clone, PartialEq, Message)]
struct ProtobufStatus {
    #[prost(string, tag = "3")]
    message: String,
    #[prost(string, tag = "4")]
    reason: String,
    #[prost(int32, tag = "6")]
    code: i32,
}

/// Reads a page in JSON.
pub(crate) fn json<T: DeserializeOwned>(body: &[u8]) -> Result<Page<T>, String> {
    let list: JsonList<T> = serde_json::from_slice(body).map_err(|error| error.to_string())?;
    Ok(Page { items: list.items, next: list.metadata.next })
}

/// Reads a page in protobuf, or in JSON where the server has no protobuf.
pub(crate) fn either<T>(body: &Bytes) -> Result<Page<T>, String>
where
    T: DeserializeOwned + Message + Default,
{
    let Some(envelope) = open(body) else { return json(body) };
    let Unknown { type_meta, raw } = envelope.map_err(|error| error.to_string())?;
    if !type_meta.kind.ends_with("List") {
        return Err(format!("a {} is no list", type_meta.kind));
    }
    let counted = Counted::decode(raw.clone()).map_err(|error| error.to_string())?;
    check_count(counted.items.len())?;
    let list = ProtobufList::decode(raw).map_err(|error| error.to_string())?;
    let items: Result<Vec<T>, _> = list.items.into_iter().map(T::decode).collect();
    Ok(Page { items: items.map_err(|error| error.to_string())?, next: list.metadata.next })
}

/// Reads what a server says of a request that it refuses.
pub(crate) fn status(body: &Bytes) -> Option<Status> {
    let Some(envelope) = open(body) else {
        return serde_json::from_slice(body).ok().filter(|status: &Status| status.code > 0);
    };
    let Unknown { type_meta, raw } = envelope.ok()?;
    let read = ProtobufStatus::decode(raw).ok().filter(|_| type_meta.kind == "Status")?;
    let code = u16::try_from(read.code).unwrap_or_default();
    Some(Status { message: read.message, reason: read.reason, code, ..Status::default() })
}

/// Opens the envelope; nothing where the body is no protobuf.
fn open(body: &Bytes) -> Option<Result<Unknown, prost::DecodeError>> {
    body.starts_with(MAGIC).then(|| Unknown::decode(body.slice(MAGIC.len()..)))
}
