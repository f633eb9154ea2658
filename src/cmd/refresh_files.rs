//! `kubectl netpol refresh-ips -f`: the files themselves are refreshed, and no cluster is asked.

use serde_json::Value;

use super::flags::ResolverFlags;
use super::global::Global;
use super::terminal::{Terminal, tell};
use super::{input, output};
use crate::cluster::apply::PolicyName;
use crate::edit::as_written::without_server_fields;
use crate::edit::merge::Options;
use crate::error::{Error, ExitCode};
use crate::files::patch::{Rewrite, patch};
use crate::files::texts::{ManifestText, PolicyText};
use crate::plan::refresh_files::{FilePolicy, FilesRefresh, refresh, remembering};
use crate::render::objects::ObjectsToApply;
use crate::report::refresh::{PolicyOutcome, RefreshedPolicy, Standing};

/// What is asked for.
pub(super) struct FilesRequest<'a> {
    /// The policies; all with remembered hosts where none is named.
    pub(super) names: &'a [String],
    /// Whether policies of every namespace are meant, whatever `-n` says.
    pub(super) all_namespaces: bool,
    /// What is done.
    pub(super) act: Act,
    /// Which name servers are asked.
    pub(super) resolver: &'a ResolverFlags,
    /// How answers are merged, as far as flags say it.
    pub(super) merging: Options,
}

/// What is done with files that are not up to date.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Act {
    /// It is told, or their policies are printed as they are to be.
    Show,
    /// It is told, and an exit code says so too.
    Check,
    /// They are changed.
    Write,
}

/// The files, and the policies in them.
struct Files {
    texts: Vec<ManifestText>,
    /// Each with the number of its text.
    policies: Vec<(usize, PolicyText)>,
}

/// Refreshes the policies of files, which are printed, changed in their places, or only told.
pub(super) fn run(request: &FilesRequest<'_>, global: &Global) -> Result<ExitCode, Error> {
    if request.act == Act::Write && global.filename.iter().any(|path| path == "-") {
        return Err(Error::usage("standard input is not written to: -o yaml prints its policies"));
    }
    let (mut input, texts) = input::read_texts(global)?;
    if texts.is_empty() {
        let text = "a snapshot has no record of any host: name the manifests too, with another -f";
        return Err(Error::usage(text));
    }
    let files = Files::of(texts);
    let only = input.only.as_deref().filter(|_| !request.all_namespaces);
    let policies = remembering(files.list(&input.namespace, only), request.names)?;
    request.resolver.dns.lay_over(&mut input.snapshot)?;
    let asking = request.resolver.asking(&input.snapshot, None)?;
    let options = request.merging.clone().of_cluster(&input.snapshot);
    let mut refreshed = refresh(&policies, &mut input.snapshot, (&asking, options), &Terminal)?;
    if request.act == Act::Write {
        files.write(&policies, &mut refreshed);
    }
    tell_and_print(request.act, global, &refreshed)?;
    Ok(match refreshed.answer.standing() {
        Standing::NotWritten => ExitCode::Usage,
        Standing::Refused => ExitCode::Refused,
        Standing::Unresolved => ExitCode::Unresolved,
        Standing::Drift if request.act == Act::Check => ExitCode::Unexpected,
        Standing::Current if request.act == Act::Check && refreshed.is_partial => ExitCode::Unexpected,
        Standing::Drift | Standing::Current => ExitCode::Success,
    })
}

/// Writes the answer; as YAML or JSON, where nothing else was asked for, the policies as they are to be.
fn tell_and_print(act: Act, global: &Global, refreshed: &FilesRefresh) -> Result<(), Error> {
    if global.format().is_data() && act == Act::Show {
        output::write_beside(global, &refreshed.answer)?;
        let objects: Vec<Value> = refreshed.objects.iter().cloned().map(without_server_fields).collect();
        return output::write(global, &ObjectsToApply(&objects));
    }
    output::write(global, &refreshed.answer)?;
    let is_due = |policy: &RefreshedPolicy| policy.outcome == PolicyOutcome::Due;
    if act == Act::Show && refreshed.answer.policies.iter().any(is_due) {
        tell("note: nothing was written: --write changes the files, -o yaml prints the policies");
    }
    Ok(())
}

impl Files {
    fn of(texts: Vec<ManifestText>) -> Self {
        let each = texts.iter().enumerate();
        let policies =
            each.flat_map(|(index, text)| text.policies().into_iter().map(move |own| (index, own)));
        Self { policies: policies.collect(), texts }
    }

    /// Lists the policies, of one namespace where one is named.
    fn list(&self, namespace: &str, only: Option<&str>) -> Vec<FilePolicy> {
        let policy = |(number, (text, own)): (usize, &(usize, PolicyText))| {
            let text_of = |field| {
                own.object.pointer(field).and_then(Value::as_str).filter(|text| !text.is_empty())
            };
            let name = PolicyName {
                namespace: text_of("/metadata/namespace").unwrap_or(namespace).to_owned(),
                name: text_of("/metadata/name")?.to_owned(),
            };
            let file = format!("{}:{}", self.texts.get(*text)?.file, own.line);
            Some(FilePolicy { number, name, file, object: own.object.clone() })
        };
        let all = self.policies.iter().enumerate().filter_map(policy);
        all.filter(|own| only.is_none_or(|only| own.name.namespace == only)).collect()
    }

    /// Changes the files that hold a policy that is due; what becomes of each is told with its policies.
    fn write(&self, policies: &[FilePolicy], refreshed: &mut FilesRefresh) {
        for (index, text) in self.texts.iter().enumerate() {
            let mut here: Vec<(&mut RefreshedPolicy, Rewrite<'_>)> = Vec::new();
            let each = refreshed.answer.policies.iter_mut().zip(&refreshed.objects).zip(policies);
            for ((answer, after), policy) in each {
                let Some((own, placed)) = self.policies.get(policy.number) else { continue };
                if *own == index && answer.outcome == PolicyOutcome::Due {
                    let rewrite = Rewrite { place: &placed.place, before: &policy.object, after };
                    here.push((answer, rewrite));
                }
            }
            if here.is_empty() {
                continue;
            }
            let rewrites: Vec<Rewrite<'_>> = here.iter().map(|(_, rewrite)| rewrite.clone()).collect();
            let written = patch(&text.text, &rewrites).map_err(|error| error.to_string());
            let written = written.and_then(|new| text.replace(&new).map_err(|error| error.problem));
            for (answer, _) in here {
                match &written {
                    Ok(()) => answer.outcome = PolicyOutcome::Written,
                    Err(problem) => {
                        answer.outcome = PolicyOutcome::Failed;
                        answer.problem = Some(problem.clone());
                    }
                }
            }
        }
    }
}
