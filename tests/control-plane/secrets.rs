//! Kubeconfigs that are odd, or wrong: read as kubectl reads them, and no secret of them is told.

use std::fs;
use std::path::Path;

use libtest_mimic::Trial;
use serde_json::{Value, json};

use super::failures::{SECRET, ask, assert_one_line, plain, secretive};
use super::fake::{Fake, object};
use super::kubeconfig::Written;
use super::plugin::{PLUGIN, ask_by, assert_fails};

/// Lists the trials of this file; none needs a control plane.
pub(crate) fn trials() -> Vec<Trial> {
    vec![
        plain("secrets::a_broken_kubeconfig_keeps_its_token", broken_kubeconfig),
        plain("secrets::a_missing_kubeconfig_is_named", missing_kubeconfig),
        plain("secrets::kubeconfigs_are_merged_as_kubectl_does", merged_kubeconfigs),
        plain("secrets::a_token_that_no_header_can_hold_is_refused", odd_token),
        plain("secrets::what_a_credential_plugin_prints_is_not_told", credential_plugins),
        plain("secrets::a_token_that_is_no_header_is_refused_in_kubectls_words", odd_tokens),
        plain("secrets::the_password_of_a_url_is_not_told", passwords),
    ]
}

fn broken_kubeconfig() {
    let broken = [
        // Not YAML after the token, a token of a wrong type, an unclosed text.
        format!("users:\n- name: somebody\n  user: {{token: {SECRET}\nclusters: ]"),
        format!("users:\n- name: somebody\n  user:\n    token: [{SECRET}]\n"),
        format!("apiVersion: v1\nusers:\n- name: somebody\n  user: {{token: \"{SECRET}"),
        format!("- {SECRET}\n"),
        format!("users: {SECRET}\n"),
    ];
    for text in broken {
        let output = ask(&Written::new(&text), &["explain", "pod/x"]);
        assert_one_line(&output, 2, "error: ");
        let output = ask(&Written::new(&text), &["list", "-o", "json"]);
        assert_one_line(&output, 2, "error: ");
    }
    let no_text = secretive("https://127.0.0.1:1");
    fs::write(no_text.path(), [0xff, 0xfe, 0x00, 0x9f]).expect("bytes");
    assert_one_line(&ask(&no_text, &["list"]), 2, "error: ");
}

fn missing_kubeconfig() {
    let beside = Written::new("");
    let output = ask_by(&beside.path().with_file_name("nothing"), &["list"]);
    assert_one_line(&output, 2, "error: ");
    assert!(output.stderr.contains("nothing"), "{output:#?}");
}

/// Returns a server with nothing in it.
fn empty_server() -> Fake {
    Fake::start(|path| match path {
        "/apis" => object("200 OK", &json!({"kind": "APIGroupList", "apiVersion": "v1", "groups": []})),
        _ => object("200 OK", &json!({"kind": "List", "apiVersion": "v1", "metadata": {}, "items": []})),
    })
}

fn merged_kubeconfigs() {
    let server = empty_server();
    let good = secretive(&server.url());
    let no_current = json!({"apiVersion": "v1", "kind": "Config", "current-context": ""});
    let no_current = Written::new(&no_current.to_string());
    let nothing = good.path().with_file_name("nothing");
    let [first, second] = [good.path(), no_current.path()];
    for list in
        [[&*nothing, &*first], [&*first, &*nothing], [&*second, &*first], [Path::new(""), &*first]]
    {
        let list = std::env::join_paths(list).expect("a list of paths");
        let output = ask_by(Path::new(&list), &["list", "-A"]);
        assert_eq!((output.code, &*output.stderr), (Some(0), ""), "{list:?}");
    }
    // The flag is for one file, which must be there.
    let path = nothing.to_string_lossy();
    let output = ask_by(&first, &["list", "--kubeconfig", &path]);
    assert_one_line(&output, 2, "error: ");
    let output = ask_by(&second, &["list"]);
    assert_fails(&output, 2, "error: no context is set: use --context, or -f to read manifests\n");
}

fn user(of: Value) -> impl FnOnce(&mut Value) {
    move |config| config["users"][0]["user"] = of
}

fn odd_token() {
    for token in [format!("{SECRET}\n"), format!("{SECRET}\u{0}"), format!("\r\nX: {SECRET}")] {
        let kubeconfig = secretive("https://127.0.0.1:1").with(user(json!({"token": token})));
        assert_one_line(&ask(&kubeconfig, &["list"]), 2, "error: ");
    }
}

/// A credential plugin prints a token on its standard output, and may fail all the same.
fn credential_plugins() {
    let pod = json!({
        "apiVersion": "v1", "kind": "Pod", "metadata": {"name": SECRET},
        "spec": {"containers": [{"name": "main", "image": "example.test/main"}]},
    });
    let written = Written::new(&pod.to_string());
    let path = written.path();
    let manifest = path.to_str().expect("a path in UTF-8");
    let plugins = [
        // It prints the secret: and it succeeds, it fails.
        (PLUGIN, vec!["explain", SECRET, "-f", manifest]),
        (PLUGIN, vec!["explain", SECRET, "--to", "internet", "--expect=deny", "-f", manifest]),
        // It cannot be run at all.
        ("there-is-no-such-program", vec![SECRET]),
    ];
    for (command, args) in plugins {
        let version = "client.authentication.k8s.io/v1";
        let exec = json!({
            "apiVersion": version, "command": command, "args": args, "interactiveMode": "Never",
        });
        let kubeconfig = secretive("https://127.0.0.1:1").with(user(json!({"exec": exec})));
        let output = ask(&kubeconfig, &["list"]);
        assert_one_line(&output, 3, "Unable to connect to the server: getting credentials: ");
    }
}

/// What a plugin prints may be no header: kubectl's words, and no token.
fn odd_tokens() {
    for token in
        [format!("{SECRET}\\n"), format!("{SECRET}\\u0000"), format!("a\\r\\nX-Other: {SECRET}")]
    {
        for expires in ["", r#","expirationTimestamp":"2999-01-01T00:00:00Z""#] {
            let version = "client.authentication.k8s.io/v1";
            let printed = format!(
                r#"{{"apiVersion":"{version}","kind":"ExecCredential","status":{{"token":"{token}"{expires}}}}}"#
            );
            let exec = json!({
                "apiVersion": version, "command": "printf", "args": ["%s", printed],
                "interactiveMode": "Never",
            });
            let kubeconfig = secretive("https://127.0.0.1:1").with(user(json!({"exec": exec})));
            let sentence = "Unable to connect to the server: net/http: invalid header field value for \
                            \"Authorization\"\n";
            assert_fails(&ask(&kubeconfig, &["list"]), 3, sentence);
        }
    }
}

fn passwords() {
    let kubeconfig = secretive(&format!("https://somebody:{SECRET}@127.0.0.1:1"));
    let sentence = "The connection to the server 127.0.0.1:1 was refused - did you specify the right \
                    host or port?\n";
    assert_fails(&ask(&kubeconfig, &["list"]), 3, sentence);
    for proxy in ["ftp", "http"] {
        let proxy = format!("{proxy}://somebody:{SECRET}@127.0.0.1:1");
        let through = |config: &mut Value| config["clusters"][0]["cluster"]["proxy-url"] = json!(proxy);
        let output = ask(&secretive("https://127.0.0.1:1").with(through), &["list"]);
        assert_one_line(&output, 3, "");
    }
}
