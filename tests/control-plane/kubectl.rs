//! The same configuration makes kubectl and the plugin talk to the same server, as the same user,
//! about the same namespace. Both are run, and their requests are compared.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fmt::Debug;
use std::fs;
use std::panic::Location;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use libtest_mimic::Trial;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::Shared;
use super::fake::{Fake, Request, object};
use super::harness::ControlPlane;
use super::plugin::PLUGIN;
use super::process::{Output, run};

/// Lists the trials of this file.
pub(crate) fn trials(shared: &Arc<Shared>) -> Vec<Trial> {
    let trial = |name: &str, test: fn(&Scene<'_>)| {
        shared.trial(&format!("kubectl::{name}"), move |plane| {
            let scene = Scene::new(plane);
            test(&scene);
            let wrong = scene.wrong.into_inner();
            assert!(wrong.is_empty(), "{}", wrong.join("\n"));
        })
    };
    vec![
        trial("flags_choose_the_same_server_user_and_namespace", flags),
        trial("empty_flags_are_none", empty_flags),
        trial("odd_contexts_are_read_alike", contexts),
        trial("merged_files_are_read_alike", merged_files),
        trial("credentials_are_sent_alike", credentials),
        trial("certificates_are_checked_alike", certificates),
        trial("servers_are_reached_alike", servers),
        trial("credential_plugins_are_run_alike", credential_plugins),
        trial("time_limits_are_read_alike", time_limits),
        trial("the_environment_of_kube_is_not_obeyed", environment),
    ]
}

/// Servers, and a folder for kubeconfigs.
struct Scene<'a> {
    plane: &'a ControlPlane,
    one: Fake,
    two: Fake,
    /// Speaks no TLS.
    plain: Fake,
    folder: TempDir,
    /// What was not as expected.
    wrong: RefCell<Vec<String>>,
}

impl<'a> Scene<'a> {
    fn new(plane: &'a ControlPlane) -> Self {
        let identity = plane.identity();
        Self {
            plane,
            one: Fake::secure(&identity, nothing),
            two: Fake::secure(&identity, nothing),
            plain: Fake::start(nothing),
            folder: tempfile::tempdir().expect("a folder"),
            wrong: RefCell::default(),
        }
    }

    /// Returns a kubeconfig: `one` as alice in `a` unless another context is chosen.
    fn config(&self) -> Value {
        let authority = self.plane.certificate_authority();
        json!({
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [
                {"name": "one", "cluster": {"server": self.one.url(), "certificate-authority": authority}},
                {"name": "two", "cluster": {"server": self.two.url(), "certificate-authority": authority}},
                {"name": "plain", "cluster": {"server": self.plain.url()}},
            ],
            "users": [
                {"name": "alice", "user": {"token": "alice"}},
                {"name": "bob", "user": {"token": "bob"}},
            ],
            "contexts": [
                {"name": "first", "context": {"cluster": "one", "user": "alice", "namespace": "a"}},
                {"name": "second", "context": {"cluster": "two", "user": "bob", "namespace": "b"}},
                {"name": "plain", "context": {"cluster": "plain", "user": "alice", "namespace": "a"}},
            ],
            "current-context": "first",
        })
    }

    /// Writes a file into the folder.
    fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.folder.path().join(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("the folder");
        fs::write(&path, text).expect("a written file");
        path
    }

    /// Asserts what both do with a changed kubeconfig.
    #[track_caller]
    fn with(&self, change: impl FnOnce(&mut Value), args: &[&str], expected: &str) {
        let mut config = self.config();
        change(&mut config);
        let path = self.write("config", &config.to_string());
        self.check(path.as_os_str(), args, &[], expected);
    }

    /// Asserts what the plugin does where kubectl does otherwise.
    #[track_caller]
    fn alone(&self, change: impl FnOnce(&mut Value), args: &[&str], expected: &str) {
        let mut config = self.config();
        change(&mut config);
        let path = self.write("config", &config.to_string());
        self.check_plugin(path.as_os_str(), args, &[], expected);
    }

    /// Asserts what both do: `SERVER as USER in NAMESPACE`, or nothing.
    #[track_caller]
    fn check(&self, kubeconfig: &OsStr, args: &[&str], env: &[(&str, &str)], expected: &str) {
        let kubectl = self.plane.kubectl_path();
        let (asked, output) = self.run(&kubectl, &["get", "pods"], args, kubeconfig, env);
        self.compare("kubectl", args, &*asked, expected, &output);
        self.check_plugin(kubeconfig, args, env, expected);
    }

    #[track_caller]
    fn check_plugin(&self, kubeconfig: &OsStr, args: &[&str], env: &[(&str, &str)], expected: &str) {
        let question = ["explain", "x", "--to", "y"];
        let (asked, output) = self.run(Path::new(PLUGIN), &question, args, kubeconfig, env);
        self.compare("the plugin", args, &*asked, expected, &output);
        // It says why it asks nobody.
        let says = match expected {
            "" => matches!(output.code, Some(2 | 3)) && !output.stderr.is_empty(),
            _ => output.code == Some(2) && output.stderr.contains(" not found"),
        };
        self.compare("the plugin, with its words,", args, &says, &true, &output);
    }

    /// Notes a difference; the trial fails at its end.
    #[track_caller]
    fn compare<T: PartialEq + Debug + ?Sized>(
        &self,
        who: &str,
        args: &[&str],
        own: &T,
        expected: &T,
        output: &Output,
    ) {
        if own != expected {
            let (place, said) = (Location::caller(), &output.stderr);
            let what = format!("{place}: {who} {args:?}: {own:?}, not {expected:?}: {said}");
            self.wrong.borrow_mut().push(what);
        }
    }

    /// Runs a program, and returns what the servers were asked.
    fn run(
        &self,
        program: &Path,
        own: &[&str],
        args: &[&str],
        kubeconfig: &OsStr,
        env: &[(&str, &str)],
    ) -> (String, Output) {
        let home = tempfile::tempdir().expect("a folder");
        let mut command = Command::new(program);
        command.args(own).args(args).env("HOME", home.path()).env("KUBERC", "off");
        command.env("KUBECONFIG", kubeconfig).envs(env.iter().copied());
        // Not where relative paths would begin.
        command.current_dir(home.path());
        let output = run(command, None);
        (self.asked(), output)
    }

    /// Tells what the servers were asked since the last time.
    fn asked(&self) -> String {
        let (mut talks, mut namespaces) = (BTreeSet::new(), BTreeSet::new());
        for (name, server) in [("one", &self.one), ("two", &self.two), ("plain", &self.plain)] {
            for request in server.take_requests() {
                let path = request.path.split('?').next().unwrap_or_default();
                let begins = ["/api", "/version"].into_iter().filter_map(|root| path.find(root)).min();
                let prefix = &path[..begins.unwrap_or_default()];
                talks.insert(format!("{name}{prefix} as {}", who(&request)));
                let within = path.split_once("/namespaces/").map(|(_, rest)| rest);
                namespaces.extend(within.and_then(|rest| Some(rest.split_once('/')?.0.to_owned())));
            }
        }
        if talks.is_empty() {
            return String::new();
        }
        let namespaces: Vec<String> = namespaces.into_iter().collect();
        let talks: Vec<String> = talks.into_iter().collect();
        format!("{} in {}", talks.join(" and "), namespaces.join(" and "))
    }
}

/// Tells as whom a request was sent.
fn who(request: &Request) -> String {
    let mut who = request.header("authorization").join("+");
    if who.is_empty() {
        "nobody".clone_into(&mut who);
    }
    for name in ["impersonate-user", "impersonate-group", "impersonate-uid", "impersonate-extra-why"] {
        let short = name.trim_start_matches("impersonate-");
        who.extend(request.header(name).iter().map(|value| format!(" {short}={value}")));
    }
    if request.has_certificate {
        who.push_str(" certified");
    }
    who.replace("Bearer ", "")
}

/// Answers as a server that has nothing in it.
pub(crate) fn nothing(path: &str) -> String {
    let path = path.split('?').next().unwrap_or_default();
    let pods = json!({"name": "pods", "singularName": "pod", "namespaced": true, "kind": "Pod", "verbs": ["list", "get"]});
    let answer = match path.rsplit('/').next().unwrap_or_default() {
        "api" => json!({"kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": []}),
        "apis" => json!({"kind": "APIGroupList", "apiVersion": "v1", "groups": []}),
        "v1" => json!({"kind": "APIResourceList", "groupVersion": "v1", "resources": [pods]}),
        "version" => json!({"major": "1", "minor": "36", "gitVersion": "v1.36.3"}),
        "pods" => json!({"kind": "PodList", "apiVersion": "v1", "metadata": {}, "items": []}),
        _ => json!({"kind": "List", "apiVersion": "v1", "metadata": {}, "items": []}),
    };
    object("200 OK", &answer)
}

fn unchanged(_: &mut Value) {}

fn flags(scene: &Scene<'_>) {
    let (two, authority) = (scene.two.url(), scene.plane.certificate_authority());
    let authority = authority.to_string_lossy();
    let rows: &[(&[&str], &str)] = &[
        (&[], "one as alice in a"),
        (&["--context", "second"], "two as bob in b"),
        (&["--context=second", "-n", "c"], "two as bob in c"),
        (&["--cluster", "two"], "two as alice in a"),
        (&["--user", "bob"], "one as bob in a"),
        (&["--context", "second", "--cluster", "one", "--user", "alice"], "one as alice in b"),
        (&["--server", &two], "two as alice in a"),
        (&["-s", &two, "--token", "carol"], "two as carol in a"),
        (&["--token", "carol"], "one as carol in a"),
        (&["--as", "dave"], "one as alice user=dave in a"),
        (
            &["--as", "dave", "--as-group", "g", "--as-group", "h", "--as-uid", "7"],
            "one as alice user=dave group=g group=h uid=7 in a",
        ),
        (&["--as-group", "g"], ""),
        (&["--as-uid", "7"], ""),
        (&["--context", "elsewhere"], ""),
        (&["--cluster", "elsewhere"], ""),
        (&["--cluster", "elsewhere", "--server", &two], ""),
        (&["--user", "elsewhere"], ""),
        (&["--user", "elsewhere", "--token", "carol"], ""),
        (&["--kubeconfig", "/nowhere"], ""),
        (&["--context", "plain"], "plain as nobody in a"),
        (&["--context", "plain", "--token", "carol", "--as", "dave"], "plain as nobody user=dave in a"),
        (&["--context", "plain", "--certificate-authority", &authority], "plain as nobody in a"),
    ];
    for (args, expected) in rows {
        scene.with(unchanged, args, expected);
    }
}

/// Scripts pass variables that are not set.
fn empty_flags(scene: &Scene<'_>) {
    for flag in [
        "--context",
        "--cluster",
        "--user",
        "--server",
        "--token",
        "--namespace",
        "--kubeconfig",
        "--as",
        "--as-uid",
        "--certificate-authority",
        "--client-certificate",
        "--client-key",
        "--tls-server-name",
    ] {
        scene.with(unchanged, &[&format!("{flag}=")], "one as alice in a");
    }
}

fn contexts(scene: &Scene<'_>) {
    let two = scene.two.url();
    let set = |field: &'static str, value: Value| {
        move |config: &mut Value| config["contexts"][0]["context"][field] = value
    };
    let without = |field: &'static str| {
        move |config: &mut Value| {
            let context = config["contexts"][0]["context"].as_object_mut().expect("a context");
            context.remove(field);
        }
    };
    scene.with(set("namespace", json!("")), &[], "one as alice in default");
    scene.with(set("namespace", Value::Null), &[], "one as alice in default");
    scene.with(without("namespace"), &[], "one as alice in default");
    // `kubectl config set-context x --namespace=a` makes such a context.
    scene.with(without("cluster"), &["--cluster", "two"], "two as alice in a");
    scene.with(set("cluster", json!("")), &["--cluster", "two"], "two as alice in a");
    scene.with(set("cluster", json!("gone")), &["--cluster", "two"], "two as alice in a");
    let authority = scene.plane.certificate_authority();
    let authority = authority.to_string_lossy();
    let whole = ["--server", &*two, "--certificate-authority", &*authority];
    scene.with(without("cluster"), &whole, "two as alice in a");
    scene.with(set("cluster", json!("gone")), &whole, "two as alice in a");
    // kubectl would ask for a name and a password.
    scene.alone(without("user"), &[], "one as nobody in a");
    scene.alone(set("user", json!("gone")), &[], "one as nobody in a");
    scene.with(without("user"), &["--token", "carol"], "one as carol in a");
    let mut no_context = scene.config();
    no_context["contexts"] = Value::Null;
    no_context["current-context"] = json!("");
    let none = move |config: &mut Value| *config = no_context.clone();
    scene.alone(none.clone(), &["--cluster", "two"], "two as nobody in default");
    scene.with(none.clone(), &["--cluster", "two", "--user", "bob"], "two as bob in default");
    scene.with(none, &[&whole[..], &["--user", "bob", "-n", "c"]].concat(), "two as bob in c");
}

fn merged_files(scene: &Scene<'_>) {
    let good = scene.write("good", &scene.config().to_string());
    let mut other = scene.config();
    other["users"][0]["user"]["token"] = json!("mallory");
    other["current-context"] = json!("second");
    let other = scene.write("other", &other.to_string());
    let minimal = json!({"apiVersion": "v1", "kind": "Config", "current-context": ""});
    let no_current = scene.write("no-current", &minimal.to_string());
    let only_current = scene.write("only-current", "current-context: second\n");
    let empty = scene.write("empty", "");
    let comment = scene.write("comment", "# nothing\n");
    let gone = scene.folder.path().join("gone");
    let rows: [(&[&Path], &str); 11] = [
        (&[&gone, &good], "one as alice in a"),
        (&[&good, &gone], "one as alice in a"),
        (&[&no_current, &good], "one as alice in a"),
        (&[&only_current, &good], "two as bob in b"),
        (&[&good, &only_current], "one as alice in a"),
        (&[&empty, &good], "one as alice in a"),
        (&[&comment, &good], "one as alice in a"),
        (&[Path::new(""), &good], "one as alice in a"),
        (&[&good, &other], "one as alice in a"),
        (&[&other, &good], "two as bob in b"),
        (&[&good, &good], "one as alice in a"),
    ];
    for (paths, expected) in rows {
        let list = std::env::join_paths(paths).expect("a list of paths");
        scene.check(&list, &[], &[], expected);
    }
    let list = std::env::join_paths([&other, &good]).expect("a list of paths");
    scene.check(&list, &["--context", "first"], &[], "one as mallory in a");
    // The flag is for one file.
    let path = good.to_string_lossy();
    scene.check(other.as_os_str(), &["--kubeconfig", &path], &[], "one as alice in a");
}

fn user(value: Value) -> impl FnOnce(&mut Value) {
    move |config| config["users"][0]["user"] = value
}

fn credentials(scene: &Scene<'_>) {
    scene.write("secrets/token", "from-a-file\n");
    let (certificate, key) = (scene.plane.certificate_authority(), scene.plane.key());
    fs::copy(&certificate, scene.folder.path().join("secrets/own.crt")).expect("a certificate");
    fs::copy(&key, scene.folder.path().join("secrets/own.key")).expect("a key");
    let basic = "Basic YWxpY2U6c2VjcmV0";
    // Relative paths begin at the kubeconfig.
    let files = json!({"client-certificate": "secrets/own.crt", "client-key": "secrets/own.key"});
    let certified = "one as nobody certified in a";
    // kubectl would ask for a name and a password.
    scene.alone(user(json!({})), &[], "one as nobody in a");
    scene.with(user(json!({"tokenFile": "secrets/token"})), &[], "one as from-a-file in a");
    // A token that is in a file too may be renewed there.
    let both = json!({"tokenFile": "secrets/token", "token": "inline"});
    scene.with(user(both), &[], "one as from-a-file in a");
    let gone = json!({"tokenFile": "secrets/gone", "token": "inline"});
    scene.with(user(gone), &[], "one as inline in a");
    scene.with(user(json!({"tokenFile": "secrets/gone"})), &[], "");
    // A token that is given as a flag counts alone; kubectl prefers the file, or refuses.
    scene.alone(user(json!({"tokenFile": "secrets/token"})), &["--token", "carol"], "one as carol in a");
    let password = json!({"username": "alice", "password": "secret"});
    scene.with(user(password.clone()), &[], &format!("one as {basic} in a"));
    scene.alone(user(password), &["--token", "carol"], "one as carol in a");
    scene.with(user(files.clone()), &[], certified);
    scene.with(user(files.clone()), &["--token", "carol"], "one as carol certified in a");
    let key_only = json!({"client-key": "secrets/own.key"});
    scene.alone(user(key_only), &[], "one as nobody in a");
    let gone = json!({"client-certificate": "secrets/gone.crt", "client-key": "secrets/own.key"});
    scene.with(user(gone), &[], "");
    let (certificate, key) = (certificate.to_string_lossy(), key.to_string_lossy());
    let by_flags = ["--client-certificate", &*certificate, "--client-key", &*key];
    scene.with(user(json!({})), &by_flags, certified);
    let broken = json!({"client-certificate-data": "AAAA", "client-key-data": "AAAA"});
    scene.with(user(broken), &by_flags, certified);
    let on_behalf = json!({
        "token": "alice", "as": "dave", "as-uid": "7", "as-groups": ["g", "h"],
        "as-user-extra": {"why": ["because"]},
    });
    let told = "one as alice user=dave group=g group=h uid=7 extra-why=because in a";
    scene.with(user(on_behalf.clone()), &[], told);
    let args = ["--as", "erin", "--as-group", "i"];
    let told = "one as alice user=erin group=i uid=7 extra-why=because in a";
    scene.with(user(on_behalf), &args, told);
    scene.with(user(json!({"token": "alice", "as-groups": ["g"]})), &[], "");
}

fn certificates(scene: &Scene<'_>) {
    use base64::Engine;
    let authority = scene.plane.certificate_authority();
    let text = fs::read(&authority).expect("the certificate");
    let data = base64::engine::general_purpose::STANDARD.encode(text);
    fs::copy(&authority, scene.folder.path().join("own-ca.crt")).expect("a certificate");
    let by_name = scene.one.url().replace("127.0.0.1", "localhost");
    let cluster = |value: Value| {
        let server = scene.one.url();
        move |config: &mut Value| {
            let mut value = value;
            if value.get("server").is_none() {
                value["server"] = json!(server);
            }
            config["clusters"][0]["cluster"] = value;
        }
    };
    let one = "one as alice in a";
    let authority = authority.to_string_lossy();
    // Nobody vouches for it; and who does not is not told the token.
    scene.with(cluster(json!({})), &[], "");
    scene.with(cluster(json!({"certificate-authority": "own-ca.crt"})), &[], one);
    scene.with(cluster(json!({"certificate-authority-data": data})), &[], one);
    let both = json!({"certificate-authority": "gone.crt", "certificate-authority-data": data});
    scene.with(cluster(both), &[], "");
    scene.with(cluster(json!({"certificate-authority": "gone.crt"})), &[], "");
    scene.with(cluster(json!({"certificate-authority-data": "AAAA"})), &[], "");
    scene.with(cluster(json!({})), &["--certificate-authority", &authority], one);
    let other = json!({"certificate-authority-data": "AAAA"});
    scene.with(cluster(other), &["--certificate-authority", &authority], one);
    scene.with(cluster(json!({"insecure-skip-tls-verify": true})), &[], one);
    scene.with(cluster(json!({})), &["--insecure-skip-tls-verify"], one);
    scene.with(
        cluster(json!({"certificate-authority": "gone.crt"})),
        &["--insecure-skip-tls-verify"],
        one,
    );
    let both = json!({"insecure-skip-tls-verify": true, "certificate-authority-data": data});
    scene.with(cluster(both), &[], "");
    let unsafe_one = json!({"insecure-skip-tls-verify": true});
    scene.with(cluster(unsafe_one), &["--certificate-authority", &authority], one);
    let args = ["--insecure-skip-tls-verify=false"];
    scene.with(cluster(json!({"insecure-skip-tls-verify": true})), &args, one);
    // This name is not in the certificate, but the address and others are.
    scene.with(cluster(json!({"certificate-authority-data": data, "server": by_name})), &[], "");
    let mut told = json!({"certificate-authority-data": data, "server": by_name});
    told["tls-server-name"] = json!("kubernetes.default.svc");
    scene.with(cluster(told.clone()), &[], one);
    told["server"] = json!(scene.one.url());
    told["tls-server-name"] = json!("elsewhere.test");
    scene.with(cluster(told.clone()), &[], "");
    scene.with(cluster(told.clone()), &["--tls-server-name", "kubernetes"], one);
    // The name was for the server that is in the file.
    scene.with(cluster(told), &["--server", &scene.one.url()], one);
    let right = json!({"certificate-authority-data": data});
    scene.with(cluster(right), &["--tls-server-name", "elsewhere.test"], "");
}

fn servers(scene: &Scene<'_>) {
    let cluster = |index: usize, server: String| {
        move |config: &mut Value| config["clusters"][index]["cluster"]["server"] = json!(server)
    };
    let one = scene.one.url();
    // A proxy of many clusters, as Rancher's.
    scene.with(cluster(0, format!("{one}/k8s/clusters/c-1")), &[], "one/k8s/clusters/c-1 as alice in a");
    scene.with(
        cluster(0, format!("{one}/k8s/clusters/c-1/")),
        &[],
        "one/k8s/clusters/c-1 as alice in a",
    );
    scene.with(cluster(0, format!("{one}/")), &[], "one as alice in a");
    scene.with(cluster(0, one.replace("https://", "HTTPS://")), &[], "one as alice in a");
    // Without a scheme it is no TLS, whatever else is given.
    let address = format!("127.0.0.1:{}", scene.plain.port());
    scene.with(cluster(0, address.clone()), &[], "plain as nobody in a");
    scene.with(cluster(2, address.clone()), &["--context", "plain"], "plain as nobody in a");
    scene.with(unchanged, &["--context", "plain", "--server", &address], "plain as nobody in a");
    scene.with(cluster(0, "ftp://127.0.0.1".to_owned()), &[], "");
    scene.with(cluster(0, "https://".to_owned()), &[], "");
    scene.with(cluster(0, "https://exa mple".to_owned()), &[], "");
}

fn credential_plugins(scene: &Scene<'_>) {
    let script = "#!/bin/sh\n\
                  token=${TOKEN:-from-the-plugin}\n\
                  case $KUBERNETES_EXEC_INFO in *cluster-info*) token=it-knows-the-cluster;; esac\n\
                  case $1 in argument) token=with-an-argument;; esac\n\
                  echo '{\"apiVersion\":\"client.authentication.k8s.io/v1\",\"kind\":\"ExecCredential\",\
                  \"status\":{\"token\":\"'$token'\"}}'\n";
    let path = scene.write("bin/login", script);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("an executable file");
    }
    let exec = |own: Value| {
        let mut exec = json!({
            "apiVersion": "client.authentication.k8s.io/v1", "interactiveMode": "Never",
            "command": "bin/login",
        });
        let fields = exec.as_object_mut().expect("fields");
        fields.extend(own.as_object().expect("fields").clone());
        user(json!({"exec": exec}))
    };
    let told = "one as from-the-plugin in a";
    // A path begins at the kubeconfig, a bare name is looked up in the PATH.
    scene.with(exec(json!({})), &[], told);
    scene.with(exec(json!({"command": "./bin/login"})), &[], told);
    scene.with(exec(json!({"command": path})), &[], told);
    scene.with(exec(json!({"command": "login-that-is-nowhere"})), &[], "");
    scene.with(exec(json!({"args": ["argument"]})), &[], "one as with-an-argument in a");
    let own = json!({"env": [{"name": "TOKEN", "value": "of-the-environment"}]});
    scene.with(exec(own), &[], "one as of-the-environment in a");
    scene.with(exec(json!({})), &["--token", "carol"], "one as carol in a");
    scene.with(exec(json!({"interactiveMode": "IfAvailable"})), &[], told);
    // There is no terminal.
    scene.with(exec(json!({"interactiveMode": "Always"})), &[], "");
    scene.with(exec(json!({"apiVersion": "client.authentication.k8s.io/v1alpha9"})), &[], "");
    let informed = |config: &mut Value| {
        exec(json!({"provideClusterInfo": true}))(config);
        config["clusters"][0]["cluster"]["extensions"] = json!([{
            "name": "client.authentication.k8s.io/exec", "extension": {"kind": "cluster-info"},
        }]);
    };
    scene.with(informed, &[], "one as it-knows-the-cluster in a");
}

fn time_limits(scene: &Scene<'_>) {
    for good in ["30", "30s", "1m30s", "0", "0s", "60000ms", "1.5h", "+30s"] {
        let flag = format!("--request-timeout={good}");
        scene.with(unchanged, &[&flag], "one as alice in a");
    }
    for wrong in ["ten", "1d", "30 s", "1e3s", "s", ".s"] {
        let flag = format!("--request-timeout={wrong}");
        scene.with(unchanged, &[&flag], "");
    }
}

fn environment(scene: &Scene<'_>) {
    let config = scene.write("config", &scene.config().to_string());
    let two = scene.two.url();
    let env = [
        ("KUBE_RS_DEBUG_IMPERSONATE_USER", "mallory"),
        ("KUBE_RS_DEBUG_IMPERSONATE_GROUP", "system:masters"),
        ("KUBE_RS_DEBUG_OVERRIDE_URL", &*two),
    ];
    scene.check(config.as_os_str(), &[], &env, "one as alice in a");
}
