//! Stands before the API server, and does with each request what a trial wants.

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use http::request::Builder;
use http_body_util::BodyExt;
use kube::Client;
use kube::client::Body;
use serde_json::json;

use super::bulk::client;
use super::fake::{Fake, Request, object};
use super::harness::ControlPlane;
use super::kubeconfig::Written;

/// What becomes of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// It is passed on, and so is its answer.
    Pass,
    /// It is not passed on; this is the code of the answer.
    Fail(u16),
    /// It is not passed on, and the connection breaks.
    Break,
    /// It is passed on, and the connection breaks before the answer.
    Lose,
}

/// Holds a running relay, and ends it when dropped.
pub(crate) struct Relay {
    _server: Fake,
    /// Leads to the relay, as `admin`.
    pub(crate) kubeconfig: Written,
}

impl Relay {
    /// Starts a relay that asks for the fate of each request, the first of which is number 0, before it
    /// passes it on, and says when it has.
    pub(crate) fn start(
        plane: &ControlPlane,
        namespace: &str,
        fate: impl Fn(usize, &Request) -> Fate + Send + Sync + 'static,
        done: impl Fn(usize) + Send + Sync + 'static,
    ) -> Self {
        let (asked, kubeconfig) = (AtomicUsize::new(0), plane.kubeconfig("admin"));
        let server = Fake::writing(move |request, out| {
            if request.method.is_empty() {
                // A client that was killed before it asked.
                return Ok(());
            }
            let number = asked.fetch_add(1, Ordering::SeqCst);
            let fate = fate(number, request);
            let answer = match fate {
                Fate::Break => return Ok(()),
                Fate::Fail(code) => {
                    let status = json!({
                        "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
                        "message": "the relay fails", "reason": "InternalError", "code": code,
                    });
                    object(&format!("{code} Error"), &status).into_bytes()
                }
                Fate::Pass | Fate::Lose => send(&kubeconfig, request),
            };
            done(number);
            if fate == Fate::Lose { Ok(()) } else { out.write_all(&answer) }
        });
        let kubeconfig =
            Written::of(&server.url(), None, &ControlPlane::token("admin"), Some(namespace));
        Self { _server: server, kubeconfig }
    }
}

/// Sends a request as the user of a kubeconfig, and returns the answer.
pub(crate) fn send(kubeconfig: &Path, request: &Request) -> Vec<u8> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime").block_on(async { pass(&client(kubeconfig).await, request).await })
}

async fn pass(client: &Client, request: &Request) -> Vec<u8> {
    let start = Builder::new().method(&*request.method).uri(&request.path);
    let known = ["accept", "content-type"];
    let headers = request.headers.iter().filter(|(name, _)| known.contains(&&**name));
    let asked = headers.fold(start, |asked, (name, value)| asked.header(name, value));
    let asked = asked.body(Body::from(request.body.clone())).expect("a request");
    let (parts, body) = client.send(asked).await.expect("an answer").into_parts();
    let body = body.collect().await.expect("its body").to_bytes();
    let kind = parts.headers.get("content-type").and_then(|kind| kind.to_str().ok());
    let head = format!(
        "HTTP/1.1 {}\r\nContent-Type: {}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        parts.status,
        kind.unwrap_or_default(),
        body.len()
    );
    [head.as_bytes(), &body].concat()
}
