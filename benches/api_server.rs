//! An API server on the loopback that knows policies and nothing else, as far as a refresh asks it.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Result, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

/// Where policies are, by namespace and name.
const POLICIES: &str = "/apis/networking.k8s.io/v1/";

/// The policies, by their path, and how often each was written.
pub(crate) type Stored = Arc<Mutex<BTreeMap<String, (Value, usize)>>>;

/// Starts a server, which ends with the process.
pub(crate) fn start(policies: impl IntoIterator<Item = Value>) -> (SocketAddr, Stored) {
    let path = |policy: &Value| {
        let text = |field: &str| policy["metadata"][field].as_str().unwrap().to_owned();
        format!("{POLICIES}namespaces/{}/networkpolicies/{}", text("namespace"), text("name"))
    };
    let stored = policies.into_iter().map(|policy| (path(&policy), (policy, 0)));
    let stored: Stored = Arc::new(Mutex::new(stored.collect()));
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let (address, known) = (listener.local_addr().unwrap(), Arc::clone(&stored));
    std::thread::spawn(move || {
        for connection in listener.incoming().flatten() {
            let known = Arc::clone(&known);
            std::thread::spawn(move || serve(&connection, &known));
        }
    });
    (address, stored)
}

/// Answers the requests of one connection.
fn serve(connection: &TcpStream, stored: &Stored) -> Result<()> {
    let mut reader = BufReader::new(connection);
    let mut out = connection;
    loop {
        let mut first = String::new();
        if reader.read_line(&mut first)? == 0 {
            return Ok(());
        }
        let mut length = 0;
        loop {
            let mut line = String::new();
            reader.read_line(&mut line)?;
            let line = line.trim().to_ascii_lowercase();
            if line.is_empty() {
                break;
            }
            length = line.strip_prefix("content-length: ").map_or(length, |own| own.parse().unwrap());
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body)?;
        let mut words = first.split(' ');
        let (method, path) = (words.next().unwrap(), words.next().unwrap());
        let answer = answer(stored, method, path, &body).to_string();
        let head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length:";
        write!(out, "{head} {}\r\n\r\n{answer}", answer.len())?;
    }
}

fn answer(stored: &Stored, method: &str, path: &str, body: &[u8]) -> Value {
    let (place, query) = path.split_once('?').unwrap_or((path, ""));
    let mut stored = stored.lock().unwrap();
    if method == "PATCH" {
        let mut object: Value = serde_json::from_slice(body).unwrap();
        let (known, writes) = stored.get_mut(place).unwrap();
        assert_eq!(object["metadata"]["resourceVersion"], known["metadata"]["resourceVersion"]);
        object["metadata"]["resourceVersion"] = json!(format!("{}", *writes + 2));
        if !query.contains("dryRun") {
            (*known, *writes) = (object.clone(), *writes + 1);
        }
        return object;
    }
    match stored.get(place) {
        Some((known, _)) => known.clone(),
        None if place == "/version" => json!({ "gitVersion": "v1.36.0" }),
        None => {
            let is_asked = place == format!("{POLICIES}networkpolicies");
            let all = stored.values().filter(|_| is_asked);
            let items: Vec<Value> = all.map(|(own, _)| json!({ "metadata": own["metadata"] })).collect();
            json!({ "kind": "List", "apiVersion": "v1", "metadata": {}, "items": items })
        }
    }
}
