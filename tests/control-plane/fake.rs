//! A server on the loopback that answers what a trial wants, not what an API server would, and
//! remembers what it was asked.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use serde_json::Value;

use super::tls::Identity;

/// Holds a running server, and ends it when dropped.
pub(crate) struct Fake {
    address: SocketAddr,
    scheme: &'static str,
    ended: Arc<AtomicBool>,
    requests: Arc<Mutex<Vec<Request>>>,
    thread: Option<JoinHandle<()>>,
}

/// What a client asked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Request {
    pub(crate) method: String,
    pub(crate) path: String,
    /// The headers, their names in lower case.
    pub(crate) headers: Vec<(String, String)>,
    /// Whether the client showed a certificate.
    pub(crate) has_certificate: bool,
    pub(crate) body: Vec<u8>,
}

impl Request {
    /// Returns all values of a header.
    pub(crate) fn header(&self, name: &str) -> Vec<&str> {
        let own = self.headers.iter().filter(|(own, _)| own == name);
        own.map(|(_, value)| &**value).collect()
    }
}

/// Writes the answer to a request.
type Answer = dyn Fn(&Request, &mut dyn Write) -> io::Result<()> + Send + Sync;

impl Fake {
    /// Starts a server that writes what `answer` says to a request of that path, byte by byte.
    pub(crate) fn start<T: Into<Vec<u8>>>(answer: impl Fn(&str) -> T + Send + Sync + 'static) -> Self {
        Self::writing(move |request, out| out.write_all(&answer(&request.path).into()))
    }

    /// Starts a server whose answers `answer` writes itself.
    pub(crate) fn writing(
        answer: impl Fn(&Request, &mut dyn Write) -> io::Result<()> + Send + Sync + 'static,
    ) -> Self {
        Self::run(None, Arc::new(answer))
    }

    /// Starts a server that speaks TLS.
    pub(crate) fn secure<T: Into<Vec<u8>>>(
        identity: &Identity,
        answer: impl Fn(&str) -> T + Send + Sync + 'static,
    ) -> Self {
        let answer =
            move |request: &Request, out: &mut dyn Write| out.write_all(&answer(&request.path).into());
        Self::run(Some(identity.clone()), Arc::new(answer))
    }

    fn run(identity: Option<Identity>, answer: Arc<Answer>) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        let address = listener.local_addr().expect("its address");
        let scheme = if identity.is_some() { "https" } else { "http" };
        let (ended, requests) = (Arc::new(AtomicBool::new(false)), Arc::default());
        let (seen, told) = (Arc::clone(&ended), Arc::clone(&requests));
        let thread = std::thread::spawn(move || {
            while let Ok((connection, _)) = listener.accept() {
                if seen.load(Ordering::SeqCst) {
                    return;
                }
                let (identity, answer, told) =
                    (identity.clone(), Arc::clone(&answer), Arc::clone(&told));
                // Each by itself: one that is never answered keeps nobody else waiting. A client
                // that hangs up early is the trial's business.
                std::thread::spawn(move || serve(connection, identity.as_ref(), &*answer, &told));
            }
        });
        Self { address, scheme, ended, requests, thread: Some(thread) }
    }

    /// Returns the address of the server.
    pub(crate) fn url(&self) -> String {
        format!("{}://{}", self.scheme, self.address)
    }

    /// Returns the port of the server.
    pub(crate) fn port(&self) -> u16 {
        self.address.port()
    }

    /// Returns what was asked so far, and forgets it.
    pub(crate) fn take_requests(&self) -> Vec<Request> {
        std::mem::take(&mut *self.requests.lock().expect("the requests"))
    }
}

impl Drop for Fake {
    fn drop(&mut self) {
        self.ended.store(true, Ordering::SeqCst);
        // Wakes the thread.
        let _ = TcpStream::connect(self.address);
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

fn serve(
    connection: TcpStream,
    identity: Option<&Identity>,
    answer: &Answer,
    told: &Mutex<Vec<Request>>,
) -> io::Result<()> {
    // Some clients open connections that they never use.
    connection.set_read_timeout(Some(Duration::from_secs(60)))?;
    match identity {
        None => {
            exchange(&connection, false, answer, told)?;
            connection.shutdown(Shutdown::Both)
        }
        Some(identity) => {
            let mut stream = identity.accept(connection)?;
            while stream.conn.is_handshaking() {
                stream.conn.complete_io(&mut stream.sock)?;
            }
            let has_certificate = stream.conn.peer_certificates().is_some();
            exchange(&mut stream, has_certificate, answer, told)?;
            stream.conn.send_close_notify();
            stream.flush()
        }
    }
}

/// Reads one request and answers it.
fn exchange(
    mut stream: impl Read + Write,
    has_certificate: bool,
    answer: &Answer,
    told: &Mutex<Vec<Request>>,
) -> io::Result<()> {
    let mut reader = BufReader::new(&mut stream);
    let mut lines = reader.by_ref().lines();
    let first = lines.next().unwrap_or_else(|| Ok(String::new()))?;
    let mut words = first.split(' ').map(str::to_owned);
    let method = words.next().unwrap_or_default();
    let path = words.next().unwrap_or_default();
    let mut request = Request { method, path, has_certificate, ..Request::default() };
    for line in lines {
        let line = line?;
        match line.split_once(": ") {
            Some((name, value)) => request.headers.push((name.to_ascii_lowercase(), value.to_owned())),
            None => break,
        }
    }
    let length = request.header("content-length").first().and_then(|text| text.parse().ok());
    request.body = vec![0; length.unwrap_or_default()];
    reader.read_exact(&mut request.body)?;
    told.lock().expect("the requests").push(request.clone());
    answer(&request, &mut stream)
}

/// Writes an HTTP answer.
pub(crate) fn http(status: &str, kind: &str, body: &str) -> String {
    let length = body.len();
    format!(
        "HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\n\
         Connection: close\r\n\r\n{body}"
    )
}

/// Writes an HTTP answer that is a Kubernetes object.
pub(crate) fn object(status: &str, object: &Value) -> String {
    http(status, "application/json", &object.to_string())
}
