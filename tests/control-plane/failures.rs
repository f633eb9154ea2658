//! Servers and kubeconfigs that cannot be used: one clear line, the right exit code, no secret.

use std::sync::Arc;

use libtest_mimic::Trial;
use serde_json::json;

use super::Shared;
use super::fake::{Fake, http, object};
use super::harness::ControlPlane;
use super::kubeconfig::Written;
use super::plugin::{self, ask_by, assert_fails};
use super::process::Output;

/// Lists the trials of this file; most need no control plane.
pub(crate) fn trials(shared: &Arc<Shared>) -> Vec<Trial> {
    vec![
        shared.trial("failures::a_wrong_token_is_refused", wrong_token),
        shared.trial("failures::a_certificate_of_unknown_origin_is_refused", unknown_certificate),
        shared.trial("failures::an_unknown_context_is_named_and_no_token_is", unknown_context),
        plain("failures::a_port_nobody_listens_on_refuses", refused),
        plain("failures::a_name_that_does_not_resolve_is_told", unresolved),
        plain("failures::a_server_that_is_none_is_told_in_one_line", no_api_server),
        plain("failures::an_error_of_a_later_page_is_no_shorter_list", broken_page),
        plain("failures::a_list_that_expired_is_read_again", expired_page),
    ]
}

pub(crate) fn plain(name: &str, test: fn()) -> Trial {
    Trial::test(name, move || {
        test();
        Ok(())
    })
}

pub(crate) const SECRET: &str = "a-secret-that-nobody-may-see";
const UNAUTHORIZED: &str = "error: You must be logged in to the server (Unauthorized)\n";

/// Writes a kubeconfig with the secret as its token.
pub(crate) fn secretive(server: &str) -> Written {
    Written::of(server, None, SECRET, None)
}

/// Runs the plugin, which must not tell the token.
pub(crate) fn ask(kubeconfig: &Written, args: &[&str]) -> Output {
    let output = ask_by(&kubeconfig.path(), args);
    let told = format!("{output:?}");
    assert!(!told.contains(SECRET), "{told}");
    output
}

/// Both subcommands, which must fail alike.
const QUESTIONS: [&[&str]; 3] =
    [&["explain", "pod/x"], &["explain", "pod/x", "--to", "internet", "-o", "json"], &["list", "-A"]];

fn wrong_token(plane: &ControlPlane) {
    let kubeconfig = Written::of(&plane.url(), Some(&plane.certificate_authority()), SECRET, None);
    for question in QUESTIONS {
        assert_fails(&ask(&kubeconfig, question), 3, UNAUTHORIZED);
    }
}

fn unknown_certificate(plane: &ControlPlane) {
    let output = ask(&secretive(&plane.url()), &["list", "-A"]);
    assert_one_line(&output, 3, "Unable to connect to the server: ");
    assert!(output.stderr.contains("certificate"), "{output:#?}");
}

fn unknown_context(plane: &ControlPlane) {
    let output = plugin::ask(plane, "admin", &["list", "--context", "elsewhere"]);
    assert_fails(&output, 2, "error: context \"elsewhere\" does not exist\n");
    let kubeconfig = secretive(&plane.url());
    let output = ask(&kubeconfig, &["explain", "pod/x", "--context", "elsewhere"]);
    assert_fails(&output, 2, "error: context \"elsewhere\" does not exist\n");
}

fn refused() {
    // Port 1 is for a service that no machine has had for decades.
    let kubeconfig = secretive("https://127.0.0.1:1");
    for question in QUESTIONS {
        let sentence = "The connection to the server 127.0.0.1:1 was refused - did you specify the \
                        right host or port?\n";
        assert_fails(&ask(&kubeconfig, question), 3, sentence);
    }
}

fn unresolved() {
    let kubeconfig = secretive("https://nowhere.invalid:6443");
    let output = ask(&kubeconfig, &["list", "-A"]);
    assert_one_line(&output, 3, "Unable to connect to the server: ");
}

/// A web server, a proxy that is in trouble, an answer that is cut off, another protocol.
fn no_api_server() {
    let html = "<html>\n<head><title>Sign in</title></head>\n<body>Who are you?</body>\n</html>\n";
    let cut = r#"{"kind":"PodList","apiVersion":"v1","metadata":{"resourceVersion":"1"},"items":[{"met"#;
    let answers = [
        http("200 OK", "text/html", html),
        http("403 Forbidden", "text/html", html),
        http("404 Not Found", "text/html", html),
        http("502 Bad Gateway", "text/html", html),
        http("503 Service Unavailable", "text/plain", "\u{1b}[31mno\u{7} server\n\nis here"),
        http("302 Found", "text/html", html),
        http("200 OK", "application/json", cut),
        http("200 OK", "application/json", cut).replace("Length: ", "Length: 9"),
        http("200 OK", "application/json", "{}"),
        http("200 OK", "application/json", "null"),
        http("200 OK", "application/json", ""),
        object("200 OK", &json!({"kind": "Status", "apiVersion": "v1", "status": "Failure"})),
        "SSH-2.0-OpenSSH_10.0\r\n".to_owned(),
        String::new(),
    ];
    for answer in answers {
        let told = answer.clone();
        let server = Fake::start(move |_| told.clone());
        let kubeconfig = secretive(&server.url());
        for question in QUESTIONS {
            let output = ask(&kubeconfig, question);
            assert_eq!(output.code, Some(3), "{answer:?}: {output:#?}");
            assert_one_line(&output, 3, "");
        }
    }
}

fn broken_page() {
    let server = Fake::start(|path| match path.contains("continue=") {
        true => object("500 Internal Server Error", &status(500, "InternalError", "etcd is gone")),
        false => page(path, "next", &["one"]),
    });
    let kubeconfig = secretive(&server.url());
    for question in QUESTIONS {
        let sentence = "Error from server (InternalError): etcd is gone\n";
        assert_fails(&ask(&kubeconfig, question), 3, sentence);
    }
}

/// A continue token expires when the list took too long: the whole list is read once more.
fn expired_page() {
    let expired = std::sync::atomic::AtomicBool::new(false);
    let server = Fake::start(move |path| {
        let later = path.contains("continue=");
        if later && path.contains("/pods") && !expired.swap(true, std::sync::atomic::Ordering::SeqCst) {
            return object("410 Gone", &status(410, "Expired", "the token has expired"));
        }
        if later { page(path, "", &["two"]) } else { page(path, "next", &["one"]) }
    });
    let kubeconfig = secretive(&server.url());
    let output = ask(&kubeconfig, &["explain", "default/pod/one", "--to", "default/pod/two"]);
    assert!(output.stdout.starts_with("ALLOWED"), "{output:#?}");

    let server = Fake::start(move |path| match path.contains("continue=") {
        true => object("410 Gone", &status(410, "Expired", "the token has expired")),
        false => page(path, "next", &["one"]),
    });
    let kubeconfig = secretive(&server.url());
    let output = ask(&kubeconfig, &["list"]);
    assert_fails(&output, 3, "Error from server (Expired): the token has expired\n");
}

/// A page of a list; only pods have items.
fn page(path: &str, next: &str, names: &[&str]) -> String {
    if path == "/apis" {
        return object("200 OK", &json!({"kind": "APIGroupList", "apiVersion": "v1", "groups": []}));
    }
    let pod = |name: &&str| json!({"metadata": {"name": name, "namespace": "default"}});
    let items = if path.contains("/pods") { names.iter().map(pod).collect() } else { Vec::new() };
    let next = if path.contains("/pods") { next } else { "" };
    let list =
        json!({"kind": "List", "apiVersion": "v1", "metadata": {"continue": next}, "items": items});
    object("200 OK", &list)
}

fn status(code: u16, reason: &str, message: &str) -> serde_json::Value {
    json!({
        "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
        "message": message, "reason": reason, "code": code,
    })
}

/// Asserts that there is one line on standard error, which no terminal obeys, and no answer.
#[track_caller]
pub(crate) fn assert_one_line(output: &Output, code: i32, begin: &str) {
    let line = output.stderr.strip_suffix('\n').expect("a whole line");
    assert!(!line.contains(char::is_control), "{output:#?}");
    assert!(line.len() > 20 && line.len() < 300, "{output:#?}");
    assert!(line.starts_with(begin), "{output:#?}");
    assert_fails(output, code, &output.stderr);
}
