//! Ends and namespaces that a question names: of what is not found it is told what could not be read.

use crate::ends::end::End;
use crate::ends::find::find_end;
use crate::ends::target::Target;
use crate::engine::network::Network;
use crate::error::Error;
use crate::model::gap::merged;

/// Looks one end up; gaps are told with a name that is not found.
///
/// # Errors
/// What is not there, or could not be looked up.
pub fn find(network: &Network<'_>, target: &Target, namespace: &str) -> Result<End, Error> {
    find_end(network, target, namespace).map_err(|error| {
        let gaps = || network.snapshot.gaps.iter().filter(|gap| gap.is_list());
        // Where its list could not be read, nobody knows whether it is there.
        let failed = match gaps().any(|gap| gap.hides_all(&error.list())) {
            true => Error::cluster(format!("{} cannot be looked up", error.what())),
            false => Error::usage(error),
        };
        merged(gaps()).into_iter().fold(failed, Error::hint)
    })
}

/// Refuses a namespace that does not exist: "no connections" would sound like a finding.
///
/// # Errors
/// That it is not there.
pub fn check_namespace(network: &Network<'_>, name: &str) -> Result<(), Error> {
    if network.snapshot.gaps.iter().any(|gap| gap.hides("namespaces")) {
        return Ok(());
    }
    find(network, &Target::Namespace(name.to_owned()), name).map(drop)
}
