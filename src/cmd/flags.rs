//! Flags of several subcommands: which name servers are asked, and how a plan is written.

use clap::{Args, ValueEnum};

use crate::cluster::apply::{DryRun, Force};
use crate::cluster::read::ConnectOptions;
use crate::dns::resolve::Asking;
use crate::edit::special::{self, Consent};
use crate::error::Error;
use crate::model::snapshot::Snapshot;
use crate::model::special::AddressClass;
use crate::plan::name_servers;
use crate::plan::writing::Writing;

/// Which name servers are asked.
#[derive(Debug, Args)]
pub(crate) struct ResolverFlags {
    /// The name servers to ask: auto (those of the cluster), system (those of this machine), IP[:PORT].
    ///
    /// From outside, those of the cluster are asked by port-forward to each of their pods, which takes the
    /// rights to get and create pods/portforward in their namespace. Without, those of this machine are
    /// asked, or those named beside auto.
    #[arg(long, value_name = "WHICH", default_value = "auto")]
    resolver: Vec<String>,
}

impl ResolverFlags {
    /// Writes the flags as they were given; none where they are as always.
    pub(crate) fn words(&self) -> Vec<String> {
        let is_default = *self.resolver == ["auto"];
        let given = self.resolver.iter().filter(|_| !is_default);
        given.map(|word| format!("--resolver={word}")).collect()
    }

    /// Tells whether the cluster's own name servers are to be asked.
    pub(crate) fn is_auto(&self) -> bool {
        self.resolver.iter().any(|word| word == name_servers::AUTO)
    }

    /// Returns whom to ask; nobody is asked yet. Without a connection, as for manifests, no cluster is.
    pub(crate) fn asking(
        &self,
        snapshot: &Snapshot,
        connection: Option<&ConnectOptions>,
    ) -> Result<Asking, Error> {
        name_servers::asking(&self.resolver, snapshot, connection)
            .map_err(|error| Error::usage(format!("--resolver: {error}")))
    }
}

/// The classes of addresses that the user consents to.
#[derive(Debug, Args)]
pub(crate) struct ConsentFlags {
    /// Open private addresses that a name leads to.
    #[arg(long)]
    allow_private: bool,
    /// Open addresses of this special class, such as link-local or documentation; may be repeated.
    #[arg(long, value_name = "CLASS")]
    allow_special: Vec<AddressClass>,
}

impl ConsentFlags {
    /// Returns the classes.
    pub(crate) fn classes(&self) -> Consent {
        let private = self.allow_private.then_some(AddressClass::Private);
        self.allow_special.iter().copied().chain(private).collect()
    }

    /// Writes the flags as they were given.
    pub(crate) fn words(&self) -> Vec<String> {
        self.classes().into_iter().map(|class| special::flag(class).replace(' ', "=")).collect()
    }
}

/// The flags of commands that write.
#[derive(Debug, Args)]
pub(crate) struct WriteFlags {
    /// Write nothing: client only shows the plan, server lets the server check it too.
    #[arg(long, value_enum, value_name = "WHERE", default_value_t = Dry::None)]
    dry_run: Dry,
    /// Do not ask before writing.
    #[arg(short, long)]
    yes: bool,
    /// Change policies that other tools look after, and take over the fields of other managers.
    #[arg(long)]
    force_conflicts: bool,
}

/// How far a change goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Dry {
    /// It is written.
    None,
    /// It is shown.
    Client,
    /// The server checks it, and keeps nothing.
    Server,
}

impl WriteFlags {
    /// Returns the first flag that was given.
    pub(crate) fn given(&self) -> Option<&'static str> {
        let given = [
            ("--dry-run", self.dry_run != Dry::None),
            ("--yes", self.yes),
            ("--force-conflicts", self.force_conflicts),
        ];
        given.into_iter().find(|(_, is_given)| *is_given).map(|(flag, _)| flag)
    }

    /// Returns how the plan is written; nothing where it is only shown.
    pub(crate) fn writing(&self) -> Option<Writing> {
        let dry_run = match self.dry_run {
            Dry::None => DryRun::None,
            Dry::Client => return None,
            Dry::Server => DryRun::Server,
        };
        let force = if self.force_conflicts { Force::Yes } else { Force::No };
        Some(Writing { dry_run, force, yes: self.yes })
    }
}
