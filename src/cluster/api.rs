//! Requests to an API server: lists in pages, a short retry, warnings kept.

use std::collections::{BTreeSet, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{ErrorKind, Write};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::header::{ACCEPT, CONTENT_TYPE, HeaderMap, RETRY_AFTER, WARNING};
use http::{Method, Request, StatusCode};
use kube::client::Body;
use prost::Message;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::body::Bodies;
use super::connect::{Access, connect};
use super::failure::{ClusterError, Failure};
use super::kubeconfig::ConnectOptions;
use super::wire::{self, Page};

/// Objects asked for in one request.
const PAGE: usize = 500;
/// Objects asked for at least, where so many are too large for one answer.
const SMALLEST_PAGE: usize = 5;
/// More than any cluster has, of any kind: a list that goes on is one that never ends.
const MOST_PAGES: usize = 10_000;
const MOST_OBJECTS: usize = 1_000_000;
/// How often a request is sent at most.
const TRIES: u32 = 3;
/// Longest wait that a server may ask for before the next try.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// As much of an answer that is no Kubernetes API's as an error may tell.
const BEGINNING: usize = 4 << 10;

const JSON: &str = "application/json";
/// JSON is YAML.
const APPLY: &str = "application/apply-patch+yaml";
const PROTOBUF: &str = "application/vnd.kubernetes.protobuf, application/json";
const METADATA: &str = "application/vnd.kubernetes.protobuf;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1, \
                        application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1, application/json";
const METADATA_JSON: &str =
    "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1, application/json";

/// How much of the objects of a list is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Extent {
    /// All of them.
    Whole,
    /// Their metadata only.
    Metadata,
}

/// An API server.
pub(crate) struct Api {
    connection: Access,
    json_only: bool,
    verbosity: u8,
    bodies: Bodies,
    warnings: Mutex<BTreeSet<String>>,
}

impl Api {
    /// Connects; requests are sent only later.
    pub(crate) fn new(options: &ConnectOptions) -> Result<Self, ClusterError> {
        Ok(Self {
            connection: connect(options)?,
            json_only: options.json_only,
            verbosity: options.verbosity,
            bodies: Bodies::default(),
            warnings: Mutex::default(),
        })
    }

    /// Returns the namespace of names that give none.
    pub(crate) fn namespace(&self) -> &str {
        &self.connection.namespace
    }

    /// Names the cluster by its entry of the kubeconfig, its server and the context.
    pub(crate) fn place(&self) -> String {
        let Access { server, context, cluster, .. } = &self.connection;
        let cluster =
            cluster.as_ref().map_or_else(|| "the cluster".to_owned(), |name| format!("cluster {name}"));
        match context {
            Some(context) => format!("{cluster} ({server}, context {context})"),
            None => format!("{cluster} ({server})"),
        }
    }

    /// Returns what the server warned of, each once.
    pub(crate) fn warnings(&self) -> Vec<String> {
        let told = self.warnings.lock().unwrap_or_else(PoisonError::into_inner);
        told.iter().cloned().collect()
    }

    /// Words a failure.
    pub(crate) fn error(&self, failure: Failure) -> ClusterError {
        failure.into_error(&self.connection.server)
    }

    /// Reads a list of a type that has both wire forms.
    pub(crate) async fn list<T, U>(
        &self,
        path: &str,
        part: Extent,
        wrap: impl FnMut(T) -> U,
    ) -> Result<Vec<U>, Failure>
    where
        T: DeserializeOwned + Message + Default,
    {
        let accept = match (part, self.json_only) {
            (Extent::Whole, false) => PROTOBUF,
            (Extent::Whole, true) => JSON,
            (Extent::Metadata, false) => METADATA,
            (Extent::Metadata, true) => METADATA_JSON,
        };
        self.pages(path, accept, |body| wire::either(body), wrap).await
    }

    /// Reads a list of a type that is read as JSON.
    pub(crate) async fn list_json<T: DeserializeOwned, U>(
        &self,
        path: &str,
        wrap: impl FnMut(T) -> U,
    ) -> Result<Vec<U>, Failure> {
        self.pages(path, JSON, |body| wire::json(body), wrap).await
    }

    /// Reads the metadata of the first objects of a list, as many as one request brings.
    pub(crate) async fn first<T>(&self, path: &str) -> Result<Vec<T>, Failure>
    where
        T: DeserializeOwned + Message + Default,
    {
        let separator = if path.contains('?') { '&' } else { '?' };
        let accept = if self.json_only { METADATA_JSON } else { METADATA };
        let page = self.get(&format!("{path}{separator}limit={PAGE}"), accept).await?;
        let page: Page<T> = wire::either(&page).map_err(|error| Failure::Foreign(None, error))?;
        Ok(page.items)
    }

    async fn pages<T, U>(
        &self,
        path: &str,
        accept: &str,
        decode: impl Fn(&Bytes) -> Result<Page<T>, String>,
        mut wrap: impl FnMut(T) -> U,
    ) -> Result<Vec<U>, Failure> {
        let separator = if path.contains('?') { '&' } else { '?' };
        let (mut items, mut next, mut limit) = (Vec::new(), String::new(), PAGE);
        let (mut tokens, mut has_expired) = (HashSet::new(), false);
        for _ in 0..MOST_PAGES {
            let page = self.get(&format!("{path}{separator}limit={limit}{next}"), accept).await;
            let page = match page {
                // The server has forgotten the version of the first page: once more, from there.
                Err(Failure::Status(status)) if status.code == 410 && !has_expired => {
                    has_expired = true;
                    items.clear();
                    next.clear();
                    tokens.clear();
                    continue;
                }
                // Whoever may write large objects must not keep others from an answer.
                Err(Failure::TooLarge) if limit > SMALLEST_PAGE => {
                    limit = (limit / 10).max(SMALLEST_PAGE);
                    continue;
                }
                page => decode(&page?).map_err(|error| Failure::Foreign(None, error))?,
            };
            items.extend(page.items.into_iter().map(&mut wrap));
            if page.next.is_empty() {
                return Ok(items);
            }
            if !tokens.insert(digest(&page.next)) {
                return Err(endless("a continue token came twice"));
            }
            if items.len() > MOST_OBJECTS {
                break;
            }
            let token: String = form_urlencoded::byte_serialize(page.next.as_bytes()).collect();
            next = format!("&continue={token}");
        }
        let bounds = format!("more than {MOST_OBJECTS} objects, or {MOST_PAGES} pages");
        Err(endless(&bounds))
    }

    /// Reads an object as JSON.
    pub(crate) async fn get_json<T: DeserializeOwned>(&self, path: &str) -> Result<T, Failure> {
        let body = self.get(path, JSON).await?;
        serde_json::from_slice(&body).map_err(|error| Failure::Foreign(None, error.to_string()))
    }

    /// Creates an object that is only a question, and returns the answer.
    pub(crate) async fn post<T: Serialize, U: DeserializeOwned>(
        &self,
        path: &str,
        question: &T,
    ) -> Result<U, Failure> {
        let question = serde_json::to_vec(question).unwrap_or_default();
        let body = self.request(Method::POST, path, JSON, question).await?;
        serde_json::from_slice(&body).map_err(|error| Failure::Foreign(None, error.to_string()))
    }

    /// Applies an object, and returns what it is then.
    pub(crate) async fn apply<T: Serialize, U: DeserializeOwned>(
        &self,
        path: &str,
        object: &T,
    ) -> Result<U, Failure> {
        let object = serde_json::to_vec(object).unwrap_or_default();
        let body = self.request(Method::PATCH, path, JSON, object).await?;
        serde_json::from_slice(&body).map_err(|error| Failure::Foreign(None, error.to_string()))
    }

    /// Deletes an object.
    pub(crate) async fn delete<T: Serialize>(&self, path: &str, options: &T) -> Result<(), Failure> {
        let options = serde_json::to_vec(options).unwrap_or_default();
        self.request(Method::DELETE, path, JSON, options).await.map(drop)
    }

    async fn get(&self, path: &str, accept: &str) -> Result<Bytes, Failure> {
        self.request(Method::GET, path, accept, Vec::new()).await
    }

    /// Sends a request, and again where the server asks for it or the connection broke.
    async fn request(
        &self,
        method: Method,
        path: &str,
        accept: &str,
        body: Vec<u8>,
    ) -> Result<Bytes, Failure> {
        let mut pause = Duration::from_millis(100);
        let mut tries = 1;
        let begun = Instant::now();
        loop {
            let once = self.send(method.clone(), path, accept, body.clone());
            let (failure, wanted) = match self.within_patience(once, begun).await {
                Ok(Reply::Good(body)) => return Ok(body),
                Ok(Reply::Bad { failure, retry_after }) => (failure, retry_after),
                Err(failure) => {
                    // Whether a change was made, its sender finds out.
                    let broke = !matches!(method, Method::PATCH | Method::DELETE)
                        && matches!(&failure, Failure::Connection(kube::Error::HyperError(_)));
                    (failure, broke.then_some(pause))
                }
            };
            let wanted = wanted.map(|wanted| wanted.max(pause).min(LONGEST_PAUSE));
            match wanted.filter(|wanted| self.patience_left(begun).is_none_or(|left| *wanted < left)) {
                Some(wanted) if tries < TRIES => {
                    tokio::time::sleep(wanted).await;
                    tries += 1;
                    pause *= 3;
                }
                _ => return Err(failure),
            }
        }
    }

    /// Returns how much longer a request may take, its further tries and the pauses before them included;
    /// nothing where it may take for ever.
    fn patience_left(&self, begun: Instant) -> Option<Duration> {
        self.connection.patience.map(|patience| patience.saturating_sub(begun.elapsed()))
    }

    async fn within_patience(
        &self,
        once: impl Future<Output = Result<Reply, kube::Error>>,
        begun: Instant,
    ) -> Result<Reply, Failure> {
        let answer = match self.patience_left(begun) {
            None => once.await,
            // A server that sends a byte now and then would be waited for without end.
            Some(patience) => {
                tokio::time::timeout(patience, once).await.map_err(|_| Failure::TimedOut)?
            }
        };
        answer.map_err(|error| {
            if is_io(&error, ErrorKind::TimedOut) {
                Failure::TimedOut
            } else {
                Failure::Connection(error)
            }
        })
    }

    async fn send(
        &self,
        method: Method,
        path: &str,
        accept: &str,
        body: Vec<u8>,
    ) -> Result<Reply, kube::Error> {
        let begun = Instant::now();
        let request = Request::builder().method(method.clone()).uri(path).header(ACCEPT, accept);
        let form = if method == Method::PATCH { APPLY } else { JSON };
        let request = if body.is_empty() { request } else { request.header(CONTENT_TYPE, form) };
        let request = request.body(Body::from(body)).map_err(kube::Error::HttpError)?;
        let response = self.connection.client().send(request).await?;
        let (parts, body) = response.into_parts();
        let body = self.bodies.read(body).await?;
        self.keep_warnings(&parts.headers);
        if self.verbosity >= 6 {
            let took = begun.elapsed().as_millis();
            let line = format!("{method} {path} {} in {took} milliseconds", parts.status);
            let _ = writeln!(std::io::stderr(), "{line}");
        }
        Ok(match body {
            Some(body) => Reply::of(parts.status, &parts.headers, body),
            None => Reply::Bad { failure: Failure::TooLarge, retry_after: None },
        })
    }

    /// Keeps the texts of `Warning: 299 - "text"`.
    fn keep_warnings(&self, headers: &HeaderMap) {
        for value in headers.get_all(WARNING).iter().filter_map(|value| value.to_str().ok()) {
            let text = value.split_once('"').and_then(|(_, rest)| rest.rsplit_once('"'));
            if let Some((text, _)) = text {
                let mut told = self.warnings.lock().unwrap_or_else(PoisonError::into_inner);
                told.insert(text.replace("\\\"", "\"").replace("\\\\", "\\"));
            }
        }
    }
}

fn endless(why: &str) -> Failure {
    Failure::Foreign(None, format!("the list has no end: {why}"))
}

/// Stands for a token, which may be long.
fn digest(token: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    token.hash(&mut hasher);
    hasher.finish()
}

/// What came back for one request.
enum Reply {
    Good(Bytes),
    Bad {
        failure: Failure,
        /// How long to wait, where the server asks for another try.
        retry_after: Option<Duration>,
    },
}

impl Reply {
    fn of(code: StatusCode, headers: &HeaderMap, body: Bytes) -> Self {
        if code.is_success() {
            return Self::Good(body);
        }
        let seconds = headers.get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.parse().ok());
        let asks = code == StatusCode::TOO_MANY_REQUESTS || code.is_server_error();
        let failure = match wire::status(&body) {
            Some(status) => Failure::Status(Box::new(status)),
            None => {
                let start = body.get(..BEGINNING).unwrap_or(&body);
                Failure::Foreign(Some(code.as_u16()), String::from_utf8_lossy(start).into_owned())
            }
        };
        Self::Bad { failure, retry_after: seconds.filter(|_| asks).map(Duration::from_secs) }
    }
}

/// Tells whether an error of this kind is behind it.
pub(crate) fn is_io(error: &kube::Error, kind: ErrorKind) -> bool {
    let mut source: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(cause) = source {
        if cause.downcast_ref::<std::io::Error>().is_some_and(|io| io.kind() == kind) {
            return true;
        }
        source = cause.source();
    }
    false
}
