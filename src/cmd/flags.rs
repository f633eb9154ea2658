//! Flags of several subcommands: which name servers are asked, and how a plan is written.

use clap::{Args, ValueEnum};

use crate::cluster::apply::{DryRun, Force};
use crate::cluster::read::ConnectOptions;
use crate::dns::resolve::{Asking, ResolveError};
use crate::edit::special::{self, Consent};
use crate::ends::target::{self, Target};
use crate::error::Error;
use crate::model::snapshot::Snapshot;
use crate::model::special::AddressClass;
use crate::plan::name_servers;
use crate::plan::writing::Writing;
use crate::world::servers::{DNS_NAMESPACES, leads_to_dns};
use crate::world::services::find;

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
    #[command(flatten)]
    pub(crate) dns: DnsFlags,
}

impl ResolverFlags {
    /// Writes the flags as they were given; none where they are as always.
    pub(crate) fn words(&self) -> Vec<String> {
        let is_default = *self.resolver == ["auto"];
        let given = self.resolver.iter().filter(|_| !is_default);
        self.dns.word().into_iter().chain(given.map(|word| format!("--resolver={word}"))).collect()
    }

    /// Returns the words for whom to ask.
    pub(crate) fn servers(&self) -> &[String] {
        &self.resolver
    }

    /// Returns whom to ask; nobody is asked yet. Without a connection, as for manifests, no cluster is.
    pub(crate) fn asking(
        &self,
        snapshot: &Snapshot,
        connection: Option<&ConnectOptions>,
    ) -> Result<Asking, Error> {
        name_servers::asking(&self.resolver, snapshot, connection)
            .map_err(|error| resolver_fault(&error))
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

/// Which Service is the cluster's DNS.
#[derive(Debug, Args)]
pub(crate) struct DnsFlags {
    /// The Service of the cluster's DNS, where it is none of kube-system's and not OpenShift's.
    #[arg(long, value_name = "NS/svc/NAME")]
    dns: Option<String>,
}

impl DnsFlags {
    /// Writes the flag as it was given; nothing where it was not.
    fn word(&self) -> Option<String> {
        self.dns.as_ref().map(|name| format!("--dns={name}"))
    }

    /// Lists the namespaces in which the cluster's DNS may be.
    pub(crate) fn namespaces(&self) -> Vec<String> {
        let named = self.dns.iter().filter_map(|word| word.split('/').next());
        DNS_NAMESPACES.into_iter().chain(named).map(str::to_owned).collect()
    }

    /// Lays the choice of the user over what was read.
    pub(crate) fn lay_over(&self, snapshot: &mut Snapshot) -> Result<(), Error> {
        let Some(word) = &self.dns else { return Ok(()) };
        let fault = |what: &str| Error::usage(format!("--dns: `{word}` {what}"));
        let read = target::parse(word).ok().filter(|read| read.port.is_none());
        let Some(Target::Service { namespace: Some(namespace), name }) = read.map(|read| read.target)
        else {
            return Err(fault("names no Service: use NAMESPACE/svc/NAME"));
        };
        let found = find(snapshot, &namespace, &name).ok_or_else(|| fault("was not found"))?;
        if !leads_to_dns(snapshot.services.at(found)) {
            return Err(fault("has no port 53"));
        }
        snapshot.dns = Some(found);
        Ok(())
    }
}

/// Says that a word is no name server.
pub(crate) fn resolver_fault(error: &ResolveError) -> Error {
    Error::usage(format!("--resolver: {error}"))
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
