//! What a user may read who may not read everything: namespace by namespace, with gaps for the rest.

use std::collections::BTreeSet;

use futures_util::stream::{self, StreamExt};

use super::api::Api;
use super::failure::{ClusterError, Failure};
use super::kinds::{self, Filter, Kind, NAMESPACE, Named};
use crate::model::gap::{Extent, Gap, GapReason, Unread};
use crate::objects::unread;

/// Requests that are under way at the same time.
const AT_ONCE: usize = 16;
/// A namespace that refuses so many kinds refuses all.
const ENOUGH_REFUSALS: usize = 2;

/// What was read, namespace by namespace.
#[derive(Default)]
pub(crate) struct Found {
    pub(crate) items: Vec<Named>,
    /// By kind, in the order asked: the namespaces in which it may be read.
    readable: Vec<BTreeSet<Box<str>>>,
}

/// Reads kinds that may not be read cluster-wide in each of some namespaces.
pub(crate) async fn by_namespace(
    api: &Api,
    kinds: &[Kind],
    namespaces: &[String],
) -> Result<Found, ClusterError> {
    let mut found = Found { readable: vec![BTreeSet::new(); kinds.len()], ..Found::default() };
    let reads = namespaces.iter().map(|namespace| in_namespace(api, kinds, namespace));
    let mut reads = stream::iter(reads).buffered(AT_ONCE);
    let mut names = namespaces.iter();
    while let Some(read) = reads.next().await {
        let own = read.map_err(|failure| api.error(failure))?;
        let name = names.next().map_or("", String::as_str);
        for (readable, items) in found.readable.iter_mut().zip(own) {
            if let Some(items) = items {
                readable.insert(name.into());
                found.items.extend(items);
            }
        }
    }
    Ok(found)
}

/// Reads kinds in one namespace; nothing of a kind that may not be read there.
async fn in_namespace(
    api: &Api,
    kinds: &[Kind],
    namespace: &str,
) -> Result<Vec<Option<Vec<Named>>>, Failure> {
    let (mut all, mut refusals) = (Vec::new(), 0);
    for kind in kinds {
        if refusals >= ENOUGH_REFUSALS && all.iter().all(Option::is_none) {
            all.push(None);
            continue;
        }
        let of_namespace = Filter { namespace: Some(namespace), ..Filter::default() };
        let read = match kind {
            // A role in a namespace lets its user read that Namespace by its name.
            kind if *kind == NAMESPACE => kinds::read_namespace(api, namespace).await,
            kind => kinds::read(api, kind, of_namespace).await,
        };
        all.push(match read {
            Ok(items) => Some(items),
            Err(failure) if failure.refusal().is_some() => None,
            Err(failure) => return Err(failure),
        });
        refusals += usize::from(all.last().is_some_and(Option::is_none));
    }
    Ok(all)
}

impl Found {
    /// Says what is missing of the kinds that were asked for.
    pub(crate) fn gaps(&self, refused: &[(Kind, GapReason)]) -> Vec<Gap> {
        let each = refused.iter().zip(&self.readable);
        each.map(|((kind, reason), readable)| gap(kind, reason.clone(), readable)).collect()
    }
}

/// Says that a kind could not be listed, but for some namespaces.
fn gap(kind: &Kind, reason: GapReason, readable: &BTreeSet<Box<str>>) -> Gap {
    let scope = unread::scope(kind.key(), readable);
    let unread = Unread::Objects { resource: kind.resource.into(), extent: Extent::outside(readable) };
    Gap { unread, reason, scope }
}
