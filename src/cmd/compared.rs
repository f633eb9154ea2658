//! The two snapshots that a diff compares.

use super::connection;
use super::global::Global;
use super::input::{files, remove, tell_beside};
use super::nothing;
use super::terminal::tell;
use crate::cluster::read as cluster;
use crate::cluster::read::{Cluster, ConnectOptions, Question};
use crate::diff::sides::Sides;
use crate::edit::recorded;
use crate::error::Error;
use crate::model::gap::{Gap, GapScope, merged};
use crate::model::snapshot::Snapshot;
use crate::objects::census::Reading;
use crate::objects::object::{Object, Objects};

/// Reads a base, the cluster where there is none, and lays `-f` and `--with` over a copy of it.
pub(crate) fn read_overlaid(global: &Global, base: &[String]) -> Result<Sides<Snapshot>, Error> {
    let given = connection::given(global.namespace.clone());
    let (before, namespace) = if base.is_empty() {
        let read = cluster(global, None)?;
        (read.objects, given.unwrap_or(read.namespace))
    } else {
        let namespace = given.unwrap_or_else(|| "default".to_owned());
        (files(base, global, &namespace)?, namespace)
    };
    let mut after = before.clone();
    if !global.filename.is_empty() {
        after = after.with(files(&global.filename, global, &namespace)?);
    }
    compared(global, Sides { before, after }, &namespace)
}

/// Reads two sources, each a path, `live` or `context:NAME`; `--with` and `--without` change the
/// newer one.
pub(crate) fn read_two(global: &Global, old: &str, new: &str) -> Result<Sides<Snapshot>, Error> {
    let given = connection::given(global.namespace.clone());
    let (before, old_namespace) = source(global, old)?;
    let (after, new_namespace) = source(global, new)?;
    let namespace = given.or(new_namespace).or(old_namespace);
    let namespace = namespace.unwrap_or_else(|| "default".to_owned());
    compared(global, Sides { before, after }, &namespace)
}

/// Changes the newer side as `--with` and `--without` say, and assembles both.
fn compared(
    global: &Global,
    mut objects: Sides<Objects>,
    namespace: &str,
) -> Result<Sides<Snapshot>, Error> {
    if !global.with.is_empty() {
        objects.after = objects.after.with(files(&global.with, global, namespace)?);
    }
    for word in &global.without {
        remove(&mut objects.after, word, namespace)?;
    }
    tell_beside(global, &objects.each().list());
    nothing::check_sides(&objects)?;
    tell_policies_alone(&objects);
    let mut snapshots = objects.map(Objects::assemble);
    snapshots.each_mut().map(|snapshot| {
        recorded::lay_over(snapshot);
        global.lay_over(snapshot);
    });
    Ok(snapshots)
}

/// Says where one side has policies and no workloads, so that every connection of the other one is gone.
fn tell_policies_alone(objects: &Sides<Objects>) {
    let sides = objects.each().list();
    let is = |reading| sides.iter().any(|own| own.reading() == reading);
    if is(Reading::PoliciesAlone) && is(Reading::Pods) {
        tell(
            "Warning: one side has policies and no workloads; what policies change is told by an overlay: \
             kubectl netpol diff -f POLICIES",
        );
    }
}

/// Reads one source: `live`, `context:NAME`, or a path. A cluster comes with its context's namespace.
fn source(global: &Global, word: &str) -> Result<(Objects, Option<String>), Error> {
    let context = word.strip_prefix("context:");
    if word != "live" && context.is_none() {
        let given = connection::given(global.namespace.clone());
        let namespace = given.as_deref().unwrap_or("default");
        return Ok((files(&[word.to_owned()], global, namespace)?, None));
    }
    let read = cluster(global, context).map_err(|error| error.of_source(word))?;
    Ok((read.objects, Some(read.namespace)))
}

/// Reads all of a cluster: that of a context, or the one that the flags name.
fn cluster(global: &Global, context: Option<&str>) -> Result<Cluster, Error> {
    let own = global.connection.options(global.namespace.as_ref());
    let context = context.map(str::to_owned).or_else(|| own.context.clone());
    let options = ConnectOptions { context, ..own };
    let read = cluster::read(&options, Question::Everything(&[]))?;
    check_pods(&read.objects)?;
    Ok(read)
}

/// Refuses a cluster none of whose pods may be read: against nothing, nothing would differ.
fn check_pods(objects: &Objects) -> Result<(), Error> {
    let is_unread = |gap: &Gap| gap.scope == GapScope::Addresses;
    let has_pods = objects.items.values().any(|object| matches!(object, Object::Pod(_)));
    if has_pods || !objects.gaps.iter().any(is_unread) {
        return Ok(());
    }
    Err(Error {
        hints: merged(&objects.gaps),
        ..Error::cluster("no pods were read, so there is nothing to compare")
    })
}
