//! A name server on the loopback, by UDP and TCP, that replies what a test wants.

use std::collections::HashMap;
use std::io::{Read, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use hickory_proto::op::{Message, MessageType, ResponseCode};
use hickory_proto::rr::rdata::{A, AAAA, CNAME, SOA, SRV};
use hickory_proto::rr::{Name, RData, Record, RecordType};

/// How a question came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Transport {
    Udp,
    Tcp,
}

/// A question, without the dot at the end of its name.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Question {
    pub(crate) name: String,
    pub(crate) kind: RecordType,
    pub(crate) transport: Transport,
}

/// What is replied.
pub(crate) enum Reply {
    /// Addresses of the name that was asked for; those of the other family are left out.
    Addresses(Vec<IpAddr>),
    /// Any records.
    Records(Vec<Record>),
    /// An empty answer that names its zone.
    NoData,
    /// An empty answer.
    Empty,
    Code(ResponseCode),
    /// An empty answer that says that there is more.
    Truncated,
    /// What would be replied otherwise, with some bytes changed after the number of the question: which, and how,
    /// this number says.
    Mangled(Box<Reply>, u64),
    Silence,
}

/// Says what to reply to a question that was asked so often before.
type Say = dyn Fn(&Question, usize) -> Reply + Send + Sync;

/// Holds a running server, and ends it when dropped.
pub(crate) struct NameServer {
    pub(crate) address: SocketAddr,
    ended: Arc<AtomicBool>,
    threads: Vec<JoinHandle<()>>,
    asked: Arc<Mutex<HashMap<Question, usize>>>,
}

impl NameServer {
    pub(crate) fn start(say: impl Fn(&Question, usize) -> Reply + Send + Sync + 'static) -> Self {
        Self::on(listen(), say)
    }

    /// Starts one on sockets that are bound already.
    pub(crate) fn on(
        (tcp, udp): (TcpListener, UdpSocket),
        say: impl Fn(&Question, usize) -> Reply + Send + Sync + 'static,
    ) -> Self {
        let address = tcp.local_addr().expect("its address");
        udp.set_read_timeout(Some(Duration::from_millis(50))).expect("a timeout");
        let (ended, asked) = (Arc::new(AtomicBool::new(false)), Arc::default());
        let desk = Desk { say: Arc::new(say), asked: Arc::clone(&asked) };
        let (by_udp, by_tcp) = (Arc::clone(&ended), Arc::clone(&ended));
        let other = desk.clone();
        let threads = vec![
            std::thread::spawn(move || desk.serve_udp(&Arc::new(udp), &by_udp)),
            std::thread::spawn(move || other.serve_tcp(&tcp, &by_tcp)),
        ];
        Self { address, ended, threads, asked }
    }

    /// Returns how many questions came for a name, by one transport.
    pub(crate) fn asked(&self, name: &str, transport: Transport) -> usize {
        let asked = self.asked.lock().expect("what was asked");
        let own = asked.iter().filter(|(own, _)| own.name == name && own.transport == transport);
        own.map(|(_, times)| times).sum()
    }
}

impl Drop for NameServer {
    fn drop(&mut self) {
        self.ended.store(true, Ordering::SeqCst);
        // Wakes the thread that accepts.
        let _ = TcpStream::connect(self.address);
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
    }
}

/// Binds the same port for both transports.
fn listen() -> (TcpListener, UdpSocket) {
    for _ in 0..100 {
        let tcp = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        if let Ok(udp) = UdpSocket::bind(tcp.local_addr().expect("its address")) {
            return (tcp, udp);
        }
    }
    panic!("no port is free for both");
}

#[derive(Clone)]
struct Desk {
    say: Arc<Say>,
    asked: Arc<Mutex<HashMap<Question, usize>>>,
}

impl Desk {
    fn serve_udp(&self, socket: &Arc<UdpSocket>, ended: &AtomicBool) {
        let mut packet = [0; 4096];
        while !ended.load(Ordering::SeqCst) {
            let Ok((length, client)) = socket.recv_from(&mut packet) else { continue };
            // Each by itself: one that is answered late keeps no other waiting.
            let (desk, socket, question) = (self.clone(), Arc::clone(socket), packet[..length].to_vec());
            std::thread::spawn(move || {
                let reply = desk.reply(&question, Transport::Udp);
                reply.map(|reply| socket.send_to(&reply, client))
            });
        }
    }

    fn serve_tcp(&self, listener: &TcpListener, ended: &AtomicBool) {
        while let Ok((connection, _)) = listener.accept() {
            if ended.load(Ordering::SeqCst) {
                return;
            }
            let desk = self.clone();
            std::thread::spawn(move || desk.converse(connection));
        }
    }

    fn converse(&self, mut connection: TcpStream) -> std::io::Result<()> {
        connection.set_read_timeout(Some(Duration::from_secs(10)))?;
        loop {
            let mut length = [0; 2];
            connection.read_exact(&mut length)?;
            let mut message = vec![0; u16::from_be_bytes(length).into()];
            connection.read_exact(&mut message)?;
            if let Some(reply) = self.reply(&message, Transport::Tcp) {
                let length = u16::try_from(reply.len()).expect("a reply that fits");
                connection.write_all(&[&length.to_be_bytes()[..], &reply].concat())?;
            }
        }
    }

    fn reply(&self, bytes: &[u8], transport: Transport) -> Option<Vec<u8>> {
        let request = Message::from_vec(bytes).expect("a question");
        let query = request.queries.first().expect("a question").clone();
        let name = query.name().to_ascii().to_lowercase();
        assert!(name.ends_with('.'), "{name} is not absolute");
        let name = name.trim_end_matches('.').to_owned();
        let question = Question { name, kind: query.query_type(), transport };
        let before = {
            let mut asked = self.asked.lock().expect("what was asked");
            let times = asked.entry(question.clone()).or_default();
            *times += 1;
            *times - 1
        };
        let mut message =
            Message::new(request.metadata.id, MessageType::Response, request.metadata.op_code);
        message.metadata.recursion_available = true;
        message.add_query(query.clone());
        let mut reply = (self.say)(&question, before);
        let mut seed = None;
        if let Reply::Mangled(inner, own) = reply {
            (reply, seed) = (*inner, Some(own));
        }
        match reply {
            Reply::Silence | Reply::Mangled(..) => return None,
            Reply::Code(code) => message.metadata.response_code = code,
            Reply::Truncated => message.metadata.truncation = true,
            Reply::Empty => {}
            Reply::NoData => {
                message.add_authority(zone());
            }
            Reply::Records(records) => {
                message.add_answers(records);
            }
            Reply::Addresses(addresses) => {
                let own = addresses.iter().filter(|ip| ip.is_ipv4() == (question.kind == RecordType::A));
                message.add_answers(own.map(|ip| address(&question.name, *ip)));
                if message.answers.is_empty() {
                    message.add_authority(zone());
                }
            }
        }
        let mut bytes = message.to_vec().expect("a reply");
        if let Some(seed) = seed {
            mangle(&mut bytes, seed);
            return Some(bytes);
        }
        let room = usize::from(request.max_payload());
        if transport == Transport::Tcp || bytes.len() <= room {
            return Some(bytes);
        }
        Some(message.truncate().to_vec().expect("a reply"))
    }
}

/// Changes, leaves out or adds some bytes.
fn mangle(bytes: &mut Vec<u8>, mut seed: u64) {
    let mut next = |end: usize| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(seed >> 33).expect("a number") % end
    };
    for _ in 0..=next(2) {
        let at = 2 + next(bytes.len() - 2);
        match next(8) {
            0 => bytes.truncate(at.max(12)),
            1 => bytes.insert(at, u8::try_from(next(256)).expect("a byte")),
            _ => bytes[at] = u8::try_from(next(256)).expect("a byte"),
        }
    }
}

/// Names the zone that an empty answer is about.
fn zone() -> Record {
    let zone = name_of("example.test");
    let soa = SOA::new(zone.clone(), zone.clone(), 1, 60, 60, 60, 60);
    Record::from_rdata(zone, 60, RData::SOA(soa))
}

pub(crate) fn name_of(name: &str) -> Name {
    Name::from_ascii(format!("{name}.")).expect("a name")
}

pub(crate) fn address(name: &str, ip: IpAddr) -> Record {
    let data = match ip {
        IpAddr::V4(ip) => RData::A(A(ip)),
        IpAddr::V6(ip) => RData::AAAA(AAAA(ip)),
    };
    Record::from_rdata(name_of(name), 0, data)
}

pub(crate) fn alias(name: &str, target: &str) -> Record {
    Record::from_rdata(name_of(name), 0, RData::CNAME(CNAME(name_of(target))))
}

pub(crate) fn service(name: &str, target: &str, port: u16) -> Record {
    Record::from_rdata(name_of(name), 0, RData::SRV(SRV::new(0, 0, port, name_of(target))))
}
