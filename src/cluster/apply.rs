//! Writes policies by server-side apply: what was read is what is changed, or nothing is.
//!
//! ```text
//! read -> plan -> dry run -> apply, with the uid and the version of what was read
//!   └─<─ changed in between: read again, plan again ─<─┘
//! ```
//! Other writers are held off by the version alone, so that any number of them may be at work. An object
//! that is not there yet is held by a version that none has: whoever creates it first is read by the others.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::sync::Semaphore;

use super::api::{Api, Extent, is_io};
use super::conflict::{self, Conflict, Refused};
use super::failure::Failure;
use super::kinds::{Filter, KINDS_READ, NETWORK_POLICY, escape};
use super::narrow;
use super::read::{ClusterError, ConnectOptions};
use crate::edit::guard::Checked;
use crate::objects::object::Objects;

/// The manager that the fields are written under, one name for every subcommand.
pub const MANAGER: &str = "kubectl-netpol";
/// How often an object is planned anew, where others change it in between.
pub(crate) const MOST_PLANS: u32 = 6;
/// Policies that are changed at the same time.
const AT_ONCE: usize = 8;
/// A version that no object has, as the store itself is the first thing that is written to it: an object
/// that was created in between is in conflict with it, and one that is not there is created.
const NO_VERSION: &str = "1";
/// The wait before the second plan; before each later one it is twice as long.
const PAUSE: Duration = Duration::from_millis(50);

/// Which policy.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct PolicyName {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
}

/// How far a change goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DryRun {
    /// It is written.
    None,
    /// The server checks it, and keeps nothing.
    Server,
}

/// What becomes of fields that belong to others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Force {
    /// They stay as they are, and the change is refused.
    No,
    /// They are taken over.
    Yes,
}

/// How a change is written.
#[derive(Clone, Copy, Debug)]
pub struct ApplyManner {
    /// How far it goes.
    pub dry_run: DryRun,
    /// What becomes of fields that belong to others.
    pub force: Force,
}

/// What became of a change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Applied {
    /// The object is as planned.
    Done {
        /// Whether it was not before.
        changed: bool,
    },
    /// Fields belong to others, who say otherwise; nothing was written.
    Conflict(Vec<Conflict>),
    /// Others changed it each time between reading and writing; nothing was written.
    Stale,
    /// It was deleted, or replaced by another of the same name; nothing was written.
    Gone,
}

/// Writes to one cluster.
pub struct Writer {
    pub(crate) api: Api,
    pub(crate) runtime: tokio::runtime::Runtime,
    turns: Semaphore,
}

/// Which object it is, alone of its metadata: what others wrote into that may be more than all the rest.
#[derive(Clone, PartialEq, prost::Message, Serialize, Deserialize)]
struct Named {
    #[prost(message, required, tag = "1")]
    metadata: NamedMeta,
}

#[derive(Clone, PartialEq, prost::Message, Serialize, Deserialize)]
#[serde(default)]
struct NamedMeta {
    #[prost(string, tag = "1")]
    name: String,
    #[prost(string, tag = "3")]
    namespace: String,
}

impl Writer {
    /// Connects; requests are sent only later.
    ///
    /// # Errors
    /// A kubeconfig that cannot be used.
    pub fn open(options: &ConnectOptions) -> Result<Self, ClusterError> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|error| ClusterError::Config(error.to_string()))?;
        // The client needs a runtime already when it is made.
        let api = runtime.block_on(async { Api::new(options) })?;
        Ok(Self { api, runtime, turns: Semaphore::new(AT_ONCE) })
    }

    /// Returns the namespace of names that give none.
    pub fn namespace(&self) -> &str {
        self.api.namespace()
    }

    /// Names the cluster, as a question about it does: `cluster prod (10.0.0.1:6443, context admin)`.
    pub fn place(&self) -> String {
        self.api.place()
    }

    /// Returns what the server warned of, each once.
    pub fn warnings(&self) -> Vec<String> {
        self.api.warnings()
    }

    /// Runs several reads and changes at the same time, to their end.
    pub fn run<T>(&self, work: impl Future<Output = T>) -> T {
        self.runtime.block_on(work)
    }

    /// Lists the policies that a label selector selects, of one namespace or of all.
    ///
    /// # Errors
    /// A server that cannot be reached, or refuses.
    pub fn list(&self, namespace: Option<&str>, labels: &str) -> Result<Vec<PolicyName>, ClusterError> {
        let path = NETWORK_POLICY.path(Filter { namespace, name: None, labels: Some(labels) });
        let name = |Named { metadata: NamedMeta { name, namespace } }| PolicyName { namespace, name };
        let listed = self.runtime.block_on(self.api.list(&path, Extent::Metadata, name));
        listed.map_err(|failure| self.api.error(failure))
    }

    /// Reads the pods and the policies of some namespaces, and the policies that are of none.
    ///
    /// # Errors
    /// A server that cannot be reached.
    pub fn objects_of(&self, namespaces: &[String]) -> Result<Objects, ClusterError> {
        let read = self.runtime.block_on(narrow::read_namespaces(&self.api, namespaces));
        // Of a namespace that is gone nothing is left.
        Ok(read?.unwrap_or_default())
    }

    /// Reads the specification of the pods of a workload (`Deployment`, `web`); nothing where it may not be
    /// read, or is of another kind than Kubernetes' own.
    pub fn pod_spec(&self, namespace: &str, kind: &str, name: &str) -> Option<Value> {
        let kind = KINDS_READ.iter().find(|own| own.kind == kind)?;
        let of_namespace = Filter { namespace: Some(namespace), name: None, labels: None };
        let path = format!("{}/{}", kind.path(of_namespace), escape(name));
        let object = self.runtime.block_on(self.get(&path)).ok()??;
        let templates = ["/spec/template/spec", "/spec/jobTemplate/spec/template/spec", "/spec"];
        templates.iter().find_map(|path| object.pointer(path)).cloned()
    }

    /// Reads a policy; nothing where there is none.
    ///
    /// # Errors
    /// A server that cannot be reached, or refuses.
    pub fn read(&self, name: &PolicyName) -> Result<Option<Value>, ClusterError> {
        let read = self.runtime.block_on(self.get(&path(name)));
        read.map_err(|failure| self.api.error(failure))
    }

    /// Changes a policy as `plan` says: given the live object, if there is one, it returns the one to
    /// apply, checked, or nothing where nothing is to be done.
    ///
    /// # Errors
    /// What the plan says; a server that cannot be reached, or refuses.
    pub fn apply<E: From<ClusterError>>(
        &self,
        name: &PolicyName,
        manner: ApplyManner,
        plan: impl FnMut(Option<&Value>) -> Result<Option<Checked>, E>,
    ) -> Result<Applied, E> {
        self.runtime.block_on(self.change(name, manner, plan))
    }

    /// Reads a policy beside others, again where the server is in trouble; nothing where there is none. Who
    /// manages its fields is left out: anybody may write under any name.
    ///
    /// # Errors
    /// A server that cannot be reached, or refuses.
    pub async fn look(&self, name: &PolicyName) -> Result<Option<Value>, ClusterError> {
        let path = path(name);
        for round in 1.. {
            let turn = self.turns.acquire().await;
            let read = self.get(&path).await;
            drop(turn);
            match read {
                Err(failure) if round < MOST_PLANS && is_passing(&failure) => {}
                Err(failure) => return Err(self.api.error(failure)),
                Ok(mut live) => {
                    let metadata = live.as_mut().and_then(|live| live.pointer_mut("/metadata"));
                    metadata.and_then(Value::as_object_mut).map(|own| own.remove("managedFields"));
                    return Ok(live);
                }
            }
            tokio::time::sleep(pause(round)).await;
        }
        Ok(None)
    }

    /// Changes a policy beside others, a few of which are read and written at the same time; `plan` is that of
    /// [`Self::apply`].
    ///
    /// # Errors
    /// What the plan says; a server that cannot be reached, or refuses.
    pub async fn change<E: From<ClusterError>>(
        &self,
        name: &PolicyName,
        manner: ApplyManner,
        mut plan: impl FnMut(Option<&Value>) -> Result<Option<Checked>, E>,
    ) -> Result<Applied, E> {
        let path = path(name);
        let mut first = None;
        let (mut last, mut is_lost) = (None, false);
        for round in 0..MOST_PLANS {
            if round > 0 {
                tokio::time::sleep(pause(round)).await;
            }
            // Whoever is read anew again and again waits for each turn as the others do.
            let _turn = self.turns.acquire().await;
            let live = match self.get(&path).await {
                Ok(live) => live,
                Err(failure) if is_passing(&failure) => {
                    last = Some(failure);
                    continue;
                }
                Err(failure) => return Err(self.api.error(failure).into()),
            };
            let known = first.get_or_insert_with(|| uid(live.as_ref()).map(str::to_owned));
            if known.is_some() && known.as_deref() != uid(live.as_ref()) {
                return Ok(Applied::Gone);
            }
            let Some(object) = plan(live.as_ref())? else {
                // An answer that was lost may have been a success.
                return Ok(Applied::Done { changed: is_lost });
            };
            let sent = self.send(&path, locked(object, live.as_ref()), live.as_ref(), manner).await;
            match sent {
                Ok(applied) => return Ok(applied),
                Err(failure) if is_passing(&failure) => {
                    (last, is_lost) = (Some(failure), true);
                }
                Err(failure) => match conflict::refused(&failure) {
                    Some(Refused::Owned(owned)) if live.is_some() => {
                        return Ok(Applied::Conflict(self.owners(&path, owned).await));
                    }
                    // What was not there and has owners now was created in between.
                    Some(Refused::Stale | Refused::Owned(_)) => {}
                    None => return Err(self.api.error(failure).into()),
                },
            }
        }
        // Whoever changes it all the time is told apart from a server that fails all the time.
        match last {
            Some(failure) => Err(self.api.error(failure).into()),
            None => Ok(Applied::Stale),
        }
    }

    pub(crate) async fn get(&self, path: &str) -> Result<Option<Value>, Failure> {
        match self.api.get_json(path).await {
            Ok(live) => Ok(Some(live)),
            Err(Failure::Status(status)) if status.code == 404 => Ok(None),
            Err(failure) => Err(failure),
        }
    }

    /// Sends an object, first as a dry run.
    async fn send(
        &self,
        path: &str,
        object: Value,
        live: Option<&Value>,
        manner: ApplyManner,
    ) -> Result<Applied, Failure> {
        // What is not there has no fields of others: if it is by now, they stay.
        let force = manner.force == Force::Yes && live.is_some();
        let query = format!("{path}?fieldManager={MANAGER}&fieldValidation=Strict&force={force}");
        let mut after: Value = self.api.apply(&format!("{query}&dryRun=All"), &object).await?;
        if manner.dry_run == DryRun::None {
            after = self.api.apply(&query, &object).await?;
        }
        Ok(Applied::Done { changed: live.is_none_or(|live| !is_same(live, &after)) })
    }

    /// Adds what the object says of the owners; nothing where it cannot be read any more.
    async fn owners(&self, path: &str, conflicts: Vec<Conflict>) -> Vec<Conflict> {
        let live = self.get(path).await.ok().flatten().unwrap_or_default();
        conflicts.into_iter().map(|conflict| conflict.dated(&live)).collect()
    }
}

pub(crate) fn path(name: &PolicyName) -> String {
    let of_namespace = Filter { namespace: Some(&name.namespace), name: None, labels: None };
    format!("{}/{}", NETWORK_POLICY.path(of_namespace), escape(&name.name))
}

fn uid(object: Option<&Value>) -> Option<&str> {
    object?.pointer("/metadata/uid")?.as_str()
}

/// Compares all but what every write changes; nothing is copied, as policies of others can be large.
fn is_same(one: &Value, other: &Value) -> bool {
    let written = ["managedFields", "resourceVersion", "generation"];
    let [one_meta, other_meta] = [one, other].map(|object| but(object.get("metadata"), &written));
    but(Some(one), &["metadata"]) == but(Some(other), &["metadata"]) && one_meta == other_meta
}

/// Returns the fields of an object but for some.
fn but<'a>(object: Option<&'a Value>, fields: &[&str]) -> BTreeMap<&'a str, &'a Value> {
    let all = object.and_then(Value::as_object).into_iter().flatten();
    all.map(|(field, value)| (field.as_str(), value))
        .filter(|(field, _)| !fields.contains(field))
        .collect()
}

/// Makes the object that goes to the wire: it applies to what was read, and to nothing else.
fn locked(object: Checked, live: Option<&Value>) -> Value {
    let mut object = object.into_object();
    if let Some(object) = object.as_object_mut() {
        object.remove("status");
        let metadata = object.entry("metadata").or_insert_with(|| json!({}));
        if let Some(metadata) = metadata.as_object_mut() {
            for field in ["managedFields", "creationTimestamp", "generation", "selfLink"] {
                metadata.remove(field);
            }
            for field in ["uid", "resourceVersion"] {
                metadata.remove(field);
                let read = live.and_then(|live| live.get("metadata")?.get(field));
                metadata.extend(read.map(|value| (field.to_owned(), value.clone())));
            }
            if live.is_none() {
                metadata.insert("resourceVersion".to_owned(), json!(NO_VERSION));
            }
        }
    }
    object
}

/// Tells whether the same may succeed a moment later; whether it has, only reading tells.
pub(crate) fn is_passing(failure: &Failure) -> bool {
    match failure {
        Failure::Status(status) => status.code == 429 || status.code >= 500,
        Failure::Foreign(code, _) => code.is_some_and(|code| code == 429 || code >= 500),
        // It broke; one that was never there is told at once.
        Failure::Connection(error @ (kube::Error::HyperError(_) | kube::Error::Service(_))) => {
            !is_io(error, ErrorKind::ConnectionRefused)
        }
        Failure::TooLarge | Failure::TimedOut | Failure::Connection(_) => false,
    }
}

/// Returns how long to wait, so that those who met once do not meet again.
pub(crate) fn pause(round: u32) -> Duration {
    let longest = PAUSE * 2_u32.saturating_pow(round);
    longest.mul_f64(0.5 + 0.5 * chance())
}

/// Returns some number from 0 to 1, another in each process and at each time.
fn chance() -> f64 {
    use std::hash::{BuildHasher, RandomState};
    let bits = u32::try_from(RandomState::new().hash_one(0) >> 32).unwrap_or_default();
    f64::from(bits) / f64::from(u32::MAX)
}
