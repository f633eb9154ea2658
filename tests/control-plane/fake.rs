//! A server on the loopback that answers what a trial wants: not what an API server would.

use std::io::{BufRead, BufReader, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;

use serde_json::Value;

/// Holds a running server, and ends it when dropped.
pub(crate) struct Fake {
    address: SocketAddr,
    ended: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Fake {
    /// Starts a server that writes what `answer` says to a request of that path, byte by byte.
    pub(crate) fn start(answer: impl Fn(&str) -> String + Send + 'static) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        let address = listener.local_addr().expect("its address");
        let ended = Arc::new(AtomicBool::new(false));
        let seen = Arc::clone(&ended);
        let thread = std::thread::spawn(move || {
            while let Ok((connection, _)) = listener.accept() {
                if seen.load(Ordering::SeqCst) {
                    return;
                }
                // A client that hangs up early is the trial's business.
                let _ = serve(connection, &answer);
            }
        });
        Self { address, ended, thread: Some(thread) }
    }

    /// Returns the address of the server, without TLS.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
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

fn serve(mut connection: TcpStream, answer: &dyn Fn(&str) -> String) -> std::io::Result<()> {
    let mut lines = BufReader::new(connection.try_clone()?).lines();
    let request = lines.next().unwrap_or_else(|| Ok(String::new()))?;
    for line in lines {
        if line?.is_empty() {
            break;
        }
    }
    let path = request.split(' ').nth(1).unwrap_or_default();
    connection.write_all(answer(path).as_bytes())?;
    connection.shutdown(Shutdown::Both)
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
