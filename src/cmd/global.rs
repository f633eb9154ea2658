//! The flags that every subcommand has.

use clap::{Args, ValueEnum};

use super::connection::ConnectionFlags;
use super::ranges::RangeFlags;
use crate::cluster::read::ConnectOptions;
use crate::error::Error;
use crate::files::kustomize;
use crate::model::cni::{Cni, NetworkPlugin};
use crate::model::snapshot::Snapshot;
use crate::render::format::{Format, Formats};

/// The flags that every subcommand has.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Global flags")]
pub struct Global {
    /// The namespace of names that give none.
    #[arg(short, long, global = true, value_name = "NAME")]
    pub(crate) namespace: Option<String>,
    /// Read manifests instead of the cluster: a file, a directory, or - for standard input.
    #[arg(short, long, global = true, value_name = "PATH")]
    pub(crate) filename: Vec<String>,
    /// Read what kubectl kustomize prints for a directory instead of the cluster.
    ///
    /// The same as -f kustomize:DIR, which --with, --base and the sources of diff take too.
    #[arg(short, long, global = true, value_name = "DIR")]
    pub(crate) kustomize: Vec<String>,
    /// Read directories below the directories of -f and --with too.
    #[arg(short = 'R', long, global = true)]
    pub(crate) recursive: bool,
    /// Refuse files of directories that cannot be read; without it they are gaps of the answer.
    #[arg(long, global = true)]
    pub(crate) strict: bool,
    /// Lay manifests over what is read, as if they were applied.
    #[arg(long, global = true, value_name = "PATH")]
    pub(crate) with: Vec<String>,
    /// Take an object away, as if it were deleted: TYPE/NAME or NAMESPACE/TYPE/NAME.
    #[arg(long, global = true, value_name = "TYPE/NAME")]
    pub(crate) without: Vec<String>,
    /// How to write the answer: json, yaml or wide; connections also as csv, md, dot or mermaid.
    #[arg(short, long, global = true, value_name = "FORMAT")]
    output: Option<String>,
    /// When to use colour.
    #[arg(long, global = true, value_enum, default_value_t = ColorWhen::Auto, value_name = "WHEN")]
    pub(crate) color: ColorWhen,
    /// The network plugin whose rules hold: auto recognises it, generic is the Kubernetes API's own
    /// rules; or its name, such as cilium or calico.
    #[arg(long, global = true, value_name = "NAME", default_value = "auto", value_parser = CniChoice::parse)]
    cni: CniChoice,
    #[command(flatten)]
    ranges: RangeFlags,
    #[command(flatten)]
    pub(crate) connection: ConnectionFlags,
}

impl Global {
    /// Returns the same in a namespace that is named otherwise than by its flag, if one is.
    pub(crate) fn within(&self, namespace: Option<String>) -> Self {
        let global = self.clone();
        Self { namespace: namespace.or_else(|| self.namespace.clone()), ..global }
    }

    /// Puts the directories of -k among the manifests of -f.
    pub(crate) fn with_kustomizations(mut self) -> Self {
        let folders = self.kustomize.drain(..);
        self.filename.extend(folders.map(|folder| kustomize::path(&folder)));
        self
    }

    /// Tells whether anything is laid over what is read, or taken away from it.
    pub(crate) fn has_overlay(&self) -> bool {
        !self.with.is_empty() || !self.without.is_empty()
    }

    /// Lays over what was read what the user knows better.
    pub(crate) fn lay_over(&self, snapshot: &mut Snapshot) {
        self.cni.lay_over(snapshot);
        self.ranges.lay_over(snapshot);
    }

    /// Returns how the cluster is reached; nothing where manifests are read instead.
    pub(crate) fn cluster(&self) -> Option<ConnectOptions> {
        self.filename.is_empty().then(|| self.connection.options(self.namespace.as_ref()))
    }
}

/// When to use colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ColorWhen {
    /// On a terminal that has colours, unless `NO_COLOR` is set.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

impl Global {
    /// Returns the format that was asked for.
    pub(crate) fn format(&self) -> Format {
        self.output.as_deref().and_then(Format::named).unwrap_or(Format::Text)
    }

    /// Refuses a format that is not one of these, in kubectl's words.
    pub(crate) fn check_format(&self, formats: Formats) -> Result<(), Error> {
        let Some(word) = &self.output else { return Ok(()) };
        if formats.iter().any(|(known, _)| known == word) {
            return Ok(());
        }
        if formats.is_empty() {
            return Err(Error::usage("this subcommand has no output formats: leave out -o"));
        }
        let known: Vec<&str> = formats.iter().map(|(known, _)| *known).collect();
        Err(Error::usage(format!(
            "unable to match a printer suitable for the output format {word:?}, allowed formats are: {}",
            known.join(",")
        )))
    }
}

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
    fn lay_over(self, snapshot: &mut Snapshot) {
        if let Self::Named(cni) = self {
            snapshot.plugin = NetworkPlugin::Given(cni);
        }
    }
}
