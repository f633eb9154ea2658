//! Files in which nothing lies that an answer could be about.

use crate::diff::sides::Sides;
use crate::error::Error;
use crate::model::gap::merged;
use crate::objects::census::Reading;
use crate::objects::object::Objects;

/// Refuses files that hold less than a command needs, with what lies there instead; in what was saved of
/// a cluster nothing is an answer.
pub(crate) fn check(least: Reading, objects: &Objects, paths: &[String]) -> Result<(), Error> {
    let passed_over = &objects.passed_over;
    let census = objects.census();
    if passed_over.is_of_cluster || (objects.reading() >= least && !census.is_empty()) {
        return Ok(());
    }
    let missing = match objects.reading() {
        _ if census.is_empty() => "no Kubernetes object".to_owned(),
        Reading::PoliciesAlone => format!("no pod or workload, only {census}"),
        _ => format!("no pod, workload or policy, only {census}"),
    };
    let error = Error::one_line(format!("nothing was read: {}: {missing}", paths.join(", ")));
    let error = match objects.reading() {
        Reading::PoliciesAlone => error.hint("give the workloads that they govern, with another -f"),
        _ => error,
    };
    Err(with_reasons(error, &[objects]))
}

/// Refuses two sides of which neither holds a pod or workload: policies alone make no difference.
pub(crate) fn check_sides(sides: &Sides<Objects>) -> Result<(), Error> {
    let sides = sides.each().list();
    if sides.iter().any(|objects| objects.reading() == Reading::Pods) {
        return Ok(());
    }
    let error = match sides.iter().any(|objects| objects.reading() == Reading::PoliciesAlone) {
        true => Error::usage("no pod or workload was read, so there is nothing to compare")
            .hint("give the workloads with the policies, or lay the policies of -f over a cluster"),
        false => {
            let [before, after] = sides.map(Objects::census);
            let only = format!("{before} before, {after} after");
            Error::usage(format!(
                "nothing was read: no pod, workload or policy on either side, only {only}"
            ))
        }
    };
    Err(with_reasons(error, &sides))
}

/// Adds what could not be read, and what to do.
fn with_reasons(error: Error, read: &[&Objects]) -> Error {
    let mut gaps = merged(read.iter().flat_map(|objects| &objects.gaps));
    gaps.dedup();
    let told = gaps.iter().map(|gap| format!("\n{}", gap.replace('\n', "\\n")));
    let error = error.followed_by(&told.collect::<String>());
    match read.iter().any(|objects| objects.passed_over.has_folders_below) {
        true => error.hint("-R reads the folders below too"),
        false => error,
    }
}
