//! The flag `--cni`.

use crate::model::cni::{Cni, NetworkPlugin};
use crate::model::snapshot::Snapshot;

/// Which network plugin answers are for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CniChoice {
    /// The one that is recognised.
    Auto,
    /// This one.
    Named(Cni),
}

impl CniChoice {
    /// Reads the value of the flag.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        if text == "auto" {
            return Ok(Self::Auto);
        }
        let names = || Cni::ALL.map(Cni::name).join(", ");
        let unknown = || format!("unknown network plugin; use auto, {}", names());
        Cni::parse(text).map(Self::Named).ok_or_else(unknown)
    }

    /// Puts the plugin that the user names in the place of the one that was recognised.
    pub(crate) fn lay_over(self, snapshot: &mut Snapshot) {
        if let Self::Named(cni) = self {
            snapshot.plugin = NetworkPlugin::Given(cni);
        }
    }
}
