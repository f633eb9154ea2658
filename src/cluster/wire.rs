//! The two wire forms of a list: JSON, and the protobuf of Kubernetes in its envelope.

use bytes::Bytes;
use kube::core::Status;
use prost::Message;
use serde::Deserialize;
use serde::de::DeserializeOwned;

/// What protobuf bodies begin with (apimachinery `runtime/serializer/protobuf`).
const MAGIC: &[u8] = b"k8s\0";

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

#[derive(Deserialize)]
#[serde(bound = "T: DeserializeOwned")]
struct JsonList<T> {
    #[serde(default)]
    metadata: ListMeta,
    // May be null, and is never absent: what has none is no list, and not an empty one.
    #[serde(deserialize_with = "Option::deserialize")]
    items: Option<Vec<T>>,
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
    Ok(Page { items: list.items.unwrap_or_default(), next: list.metadata.next })
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
