//! Creates objects by the thousand, faster than kubectl would.

use std::path::Path;

use futures_util::stream::{self, StreamExt};
use http::{Method, Request};
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Client, Config};
use serde_json::Value;

use super::harness::ControlPlane;

/// Requests that are under way at the same time.
const AT_ONCE: usize = 12;

/// Creates objects in a collection, such as `/api/v1/namespaces/default/pods`, and then writes the
/// status that they have.
pub(crate) fn create(plane: &ControlPlane, collection: &str, objects: impl Iterator<Item = Value>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime").block_on(async {
        let client = client(&plane.kubeconfig("admin")).await;
        let created = stream::iter(objects.map(|object| one(&client, collection, object)));
        created.buffer_unordered(AT_ONCE).collect::<()>().await;
    });
}

/// Connects as the user of a kubeconfig.
pub(crate) async fn client(kubeconfig: &Path) -> Client {
    let file = Kubeconfig::read_from(kubeconfig).expect("the kubeconfig");
    let config = Config::from_custom_kubeconfig(file, &KubeConfigOptions::default()).await;
    let mut config = config.expect("a configuration");
    config.proxy_url = None;
    config.disable_compression = true;
    Client::try_from(config).expect("a client")
}

async fn one(client: &Client, collection: &str, object: Value) {
    send(client, Method::POST, collection, &object).await;
    if object.get("status").is_some() {
        let name = object["metadata"]["name"].as_str().expect("a name");
        send(client, Method::PUT, &format!("{collection}/{name}/status"), &object).await;
    }
}

async fn send(client: &Client, method: Method, path: &str, object: &Value) {
    let request = Request::builder().method(method).uri(path).header("content-type", "application/json");
    let request = request.body(object.to_string().into_bytes()).expect("a request");
    let _: Value = client.request(request).await.unwrap_or_else(|error| panic!("{path}: {error}"));
}
