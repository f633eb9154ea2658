//! Servers that lie, break off or never answer: no half of an answer, one line, exit code 3.

use std::io::Write;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use libtest_mimic::Trial;
use netpol::objects::meta::Meta;
use netpol::objects::object::PodObject;
use prost::Message;
use serde_json::json;

use super::failures::{ask, assert_one_line, plain, secretive};
use super::fake::{Fake, Request, object};
use super::plugin::assert_fails;
use super::process::Output;

/// Lists the trials of this file; none needs a control plane.
pub(crate) fn trials() -> Vec<Trial> {
    vec![
        plain("lies::a_good_page_in_protobuf_is_read", good),
        plain("lies::damaged_protobuf_is_no_answer", damaged),
        plain("lies::what_is_no_list_is_no_answer", no_list),
        plain("lies::a_list_that_expired_is_read_again_in_protobuf", expired),
        plain("lies::a_page_that_breaks_off_is_no_answer", broken_off),
        plain("lies::a_list_without_end_is_given_up", endless),
        plain("lies::a_silent_server_is_waited_for_as_long_as_was_said", silent),
        plain("lies::a_server_in_trouble_is_asked_again_but_not_for_ever", in_trouble),
        plain("lies::warnings_are_told_once", warnings),
    ]
}

const QUESTIONS: [&[&str]; 3] =
    [&["explain", "pod/one", "--to", "pod/two"], &["explain", "pod/one", "-o", "json"], &["list", "-A"]];

/// runtime.Unknown and what is in it.
#[derive(Clone, PartialEq, Message)]
struct Envelope {
    #[prost(message, required, tag = "1")]
    type_meta: TypeMeta,
    #[prost(bytes = "vec", tag = "2")]
    raw: Vec<u8>,
}

#[derive(Clone, PartialEq, Message)]
struct TypeMeta {
    #[prost(string, tag = "1")]
    api_version: String,
    #[prost(string, tag = "2")]
    kind: String,
}

#[derive(Clone, PartialEq, Message)]
struct List {
    #[prost(message, required, tag = "1")]
    metadata: ListMeta,
    #[prost(message, repeated, tag = "2")]
    items: Vec<PodObject>,
}

#[derive(Clone, PartialEq, Message)]
struct ListMeta {
    #[prost(string, tag = "3")]
    next: String,
}

pub(crate) fn protobuf(kind: &str, raw: Vec<u8>) -> Vec<u8> {
    let type_meta = TypeMeta { api_version: "v1".to_owned(), kind: kind.to_owned() };
    let mut body = b"k8s\0".to_vec();
    body.extend(Envelope { type_meta, raw }.encode_to_vec());
    body
}

pub(crate) fn pods(names: &[&str], next: &str) -> Vec<u8> {
    let pod = |name: &&str| {
        let (name, namespace) = ((*name).to_owned(), "default".to_owned());
        PodObject { metadata: Meta { name, namespace, ..Meta::default() }, ..PodObject::default() }
    };
    let metadata = ListMeta { next: next.to_owned() };
    protobuf("PodList", List { metadata, items: names.iter().map(pod).collect() }.encode_to_vec())
}

pub(crate) fn answered(body: &[u8]) -> Vec<u8> {
    let kind = "application/vnd.kubernetes.protobuf";
    let length = body.len();
    let head = format!("HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\n");
    [head.as_bytes(), b"Connection: close\r\n\r\n", body].concat()
}

pub(crate) fn is_pods(path: &str) -> bool {
    path.split('?').next().is_some_and(|path| path.ends_with("/pods"))
}

/// Answers everything but pods as an empty cluster does.
pub(crate) fn otherwise(path: &str) -> Vec<u8> {
    let answer = match path {
        "/apis" => json!({"kind": "APIGroupList", "apiVersion": "v1", "groups": []}),
        "/version" => json!({"gitVersion": "v1.36.3"}),
        path if path.starts_with("/api/v1/namespaces/default?")
            || path.ends_with("/namespaces/default") =>
        {
            json!({"kind": "Namespace", "apiVersion": "v1", "metadata": {"name": "default"}})
        }
        _ => json!({"kind": "List", "apiVersion": "v1", "metadata": {}, "items": []}),
    };
    object("200 OK", &answer).into_bytes()
}

/// Starts a server that lies about pods only.
pub(crate) fn of_pods(answer: impl Fn(&str) -> Vec<u8> + Send + Sync + 'static) -> Fake {
    Fake::start(move |path| if is_pods(path) { answer(path) } else { otherwise(path) })
}

fn ask_it(server: &Fake, args: &[&str]) -> Output {
    ask(&secretive(&server.url()), args)
}

/// Asserts that every question fails in one line that begins so.
#[track_caller]
fn assert_no_answer(server: &Fake, begin: &str) {
    for question in QUESTIONS {
        let output = ask_it(server, question);
        assert_eq!(output.code, Some(3), "{output:#?}");
        assert_one_line(&output, 3, begin);
    }
}

fn good() {
    let server = of_pods(|path| match path {
        path if path.contains("name%3Done") => answered(&pods(&["one"], "")),
        path if path.contains("name%3Dtwo") => answered(&pods(&["two"], "")),
        path if path.contains("continue=next") => answered(&pods(&["two"], "")),
        _ => answered(&pods(&["one"], "next")),
    });
    for question in QUESTIONS {
        let output = ask_it(&server, question);
        assert_eq!((output.code, &*output.stderr), (Some(0), ""), "{output:#?}");
    }
    // Protobuf was asked for first, JSON is what an old proxy may give.
    let accepts = server.take_requests().into_iter().filter(|request| is_pods(&request.path));
    for request in accepts {
        let accept = request.header("accept").concat();
        assert!(accept.starts_with("application/vnd.kubernetes.protobuf"), "{accept}");
        assert!(accept.ends_with("application/json"), "{accept}");
    }
}

fn damaged() {
    let whole = pods(&["one", "two"], "");
    let mut wrong_length = whole.clone();
    // The length of the envelope's first field.
    wrong_length[5] = 0xff;
    let bodies = [
        whole[..whole.len() - 1].to_vec(),
        whole[..whole.len() / 2].to_vec(),
        wrong_length,
        b"k8s\0".to_vec(),
        [b"k8s\0", &[0xff_u8; 64][..]].concat(),
        protobuf("PodList", vec![0xff; 64]),
        protobuf("PodList", b"not what it says".to_vec()),
        protobuf("Status", Vec::new()),
        protobuf("Pod", PodObject::default().encode_to_vec()),
        protobuf("", Vec::new()),
        vec![0x1f, 0x8b, 0xff],
    ];
    for body in bodies {
        let server = of_pods(move |_| answered(&body));
        assert_no_answer(&server, "Error from server: no Kubernetes API answers at 127.0.0.1:");
    }
}

fn no_list() {
    for list in [
        json!({"kind": "Table", "apiVersion": "meta.k8s.io/v1", "metadata": {}, "rows": []}),
        json!({"kind": "Pod", "apiVersion": "v1", "metadata": {"name": "one"}}),
        json!({"kind": "PodList", "apiVersion": "v1", "metadata": {}, "items": ["one"]}),
        json!({"kind": "PodList", "apiVersion": "v1", "metadata": {}, "items": {"one": {}}}),
        json!([]),
    ] {
        let body = object("200 OK", &list).into_bytes();
        let server = of_pods(move |_| body.clone());
        assert_no_answer(&server, "Error from server: no Kubernetes API answers at 127.0.0.1:");
    }
}

#[derive(Clone, PartialEq, Message)]
struct Status {
    #[prost(string, tag = "2")]
    status: String,
    #[prost(string, tag = "3")]
    message: String,
    #[prost(string, tag = "4")]
    reason: String,
    #[prost(int32, tag = "6")]
    code: i32,
}

fn refused(code: i32, reason: &str, message: &str) -> Vec<u8> {
    let status = Status {
        status: "Failure".to_owned(),
        message: message.to_owned(),
        reason: reason.to_owned(),
        code,
    };
    let body = protobuf("Status", status.encode_to_vec());
    let answer = answered(&body);
    let head = format!("HTTP/1.1 {code} Refused\r\n");
    [head.as_bytes(), &answer[b"HTTP/1.1 200 OK\r\n".len()..]].concat()
}

fn expired() {
    let times = AtomicUsize::new(0);
    let server = of_pods(move |path| match path.contains("continue=") {
        true if times.fetch_add(1, Ordering::SeqCst) == 0 => refused(410, "Expired", "too old"),
        true => answered(&pods(&["two"], "")),
        false => answered(&pods(&["one"], "next")),
    });
    let output = ask_it(&server, &["list", "-A", "--pods", "--to", "pod/two"]);
    assert!(output.stdout.contains("default/pod/one"), "{output:#?}");
    assert_eq!((output.code, &*output.stderr), (Some(0), ""), "{output:#?}");
    let paths = server.take_requests().into_iter().filter(|request| is_pods(&request.path));
    assert_eq!(paths.count(), 4);

    let server = of_pods(|path| match path.contains("continue=") {
        true => refused(410, "Expired", "too old"),
        false => answered(&pods(&["one"], "next")),
    });
    assert_fails(&ask_it(&server, &["list", "-A"]), 3, "Error from server (Expired): too old\n");
    let server = of_pods(|_| refused(401, "Unauthorized", "Unauthorized"));
    let sentence = "error: You must be logged in to the server (Unauthorized)\n";
    assert_fails(&ask_it(&server, &["list", "-A"]), 3, sentence);
}

/// The server dies in the middle of a page: the first, the second.
fn broken_off() {
    for second in [false, true] {
        for whole in [answered(&pods(&["one", "two"], "")), otherwise("/api/v1/pods")] {
            let cut = whole[..whole.len() - 3].to_vec();
            let server = of_pods(move |path| match second && !path.contains("continue=") {
                true => answered(&pods(&["one"], "next")),
                false => cut.clone(),
            });
            assert_no_answer(&server, "Unable to connect to the server: ");
        }
    }
}

fn endless() {
    let server = of_pods(|_| answered(&pods(&["one"], "next")));
    let output = ask_it(&server, &["list", "-A"]);
    assert_one_line(&output, 3, "Error from server: no Kubernetes API answers at 127.0.0.1:");
    let end = "the list has no end: a continue token came twice\n";
    assert!(output.stderr.ends_with(end), "{output:#?}");
}

fn silent() {
    let nothing = |_: &Request, _: &mut dyn Write| {
        std::thread::sleep(Duration::from_secs(300));
        Ok(())
    };
    // A byte now and then is no answer either.
    let drops = |_: &Request, out: &mut dyn Write| {
        out.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")?;
        for _ in 0..1000 {
            out.write_all(b" ")?;
            out.flush()?;
            std::thread::sleep(Duration::from_millis(300));
        }
        Ok(())
    };
    for server in [Fake::writing(nothing), Fake::writing(drops)] {
        for question in QUESTIONS {
            let begun = Instant::now();
            let output = ask_it(&server, &[question, &["--request-timeout=3s"]].concat());
            let sentence = "Unable to connect to the server: context deadline exceeded\n";
            assert_fails(&output, 3, sentence);
            // All that is asked is asked at the same time.
            assert!(begun.elapsed() < Duration::from_secs(6), "{:?}", begun.elapsed());
        }
    }
}

fn in_trouble() {
    // It says when to come again, and is well then.
    let times = AtomicUsize::new(0);
    let later = |code: &str, seconds: usize| {
        object(
            code,
            &json!({"kind": "Status", "code": 429, "reason": "TooManyRequests", "message": "busy"}),
        )
        .replace("Connection", &format!("Retry-After: {seconds}\r\nConnection"))
        .into_bytes()
    };
    let busy = later("429 Too Many Requests", 0);
    let server = of_pods(move |_| match times.fetch_add(1, Ordering::SeqCst) {
        0 => busy.clone(),
        _ => answered(&pods(&["one", "two"], "")),
    });
    let output = ask_it(&server, &["list", "-A"]);
    assert_eq!((output.code, &*output.stderr), (Some(0), ""), "{output:#?}");

    let busy = later("429 Too Many Requests", 0);
    let server = of_pods(move |_| busy.clone());
    let sentence = "Error from server (TooManyRequests): busy\n";
    assert_fails(&ask_it(&server, &["list", "-A"]), 3, sentence);
    let asked = server.take_requests().into_iter().filter(|request| is_pods(&request.path)).count();
    assert_eq!(asked, 3);

    // The pauses that it asks for are within the time that the user gives.
    let busy = later("429 Too Many Requests", 5);
    let server = of_pods(move |_| busy.clone());
    let begun = Instant::now();
    let output = ask_it(&server, &["list", "-A", "--request-timeout=3s"]);
    assert_fails(&output, 3, sentence);
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
}

fn warnings() {
    let warned = |path: &str| {
        let text = String::from_utf8(otherwise(path)).expect("text");
        let first = "Warning: 299 - \"v1 Pod is deprecated in v1.99+\"\r\n";
        let second = "Warning: 299 - \"say \\\"please\\\" twice\"\r\n";
        text.replace("Connection", &format!("{first}{second}Connection"))
    };
    let server = Fake::start(warned);
    let output = ask_it(&server, &["list", "-A"]);
    assert_eq!(output.code, Some(0), "{output:#?}");
    let lines: Vec<&str> = output.stderr.lines().collect();
    assert_eq!(lines.len(), 2, "{output:#?}");
    assert!(lines.contains(&"Warning: v1 Pod is deprecated in v1.99+"), "{output:#?}");
    assert!(lines.contains(&"Warning: say \"please\" twice"), "{output:#?}");
}
