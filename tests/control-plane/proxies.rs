//! The plugin goes through the proxy that kubectl would go through, and past it where that would.

use std::collections::BTreeSet;
use std::fs;
use std::io::{self, BufRead, BufReader, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::Command;
use std::sync::{Arc, Mutex};

use libtest_mimic::Trial;
use serde_json::json;
use tempfile::TempDir;

use super::Shared;
use super::fake::Fake;
use super::harness::ControlPlane;
use super::kubectl::nothing;
use super::plugin::PLUGIN;
use super::process::{Output, run};

/// Lists the trials of this file.
pub(crate) fn trials(shared: &Arc<Shared>) -> Vec<Trial> {
    vec![
        shared.trial("proxies::the_environment_names_one_and_its_exceptions", environment),
        shared.trial("proxies::that_of_the_kubeconfig_has_no_exceptions", kubeconfig),
    ]
}

/// A proxy that leads everybody to one port, whatever they ask for, and remembers what that was.
pub(crate) struct Proxy {
    address: SocketAddr,
    asked: Arc<Mutex<BTreeSet<String>>>,
}

impl Proxy {
    pub(crate) fn start(port: u16) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        let address = listener.local_addr().expect("its address");
        let asked = Arc::default();
        let told = Arc::clone(&asked);
        // Ends with the tests: nobody connects to it any more.
        std::thread::spawn(move || {
            while let Ok((connection, _)) = listener.accept() {
                let told = Arc::clone(&told);
                std::thread::spawn(move || relay(connection, port, &told));
            }
        });
        Self { address, asked }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Returns the servers that were asked for, with the credentials, and forgets them.
    fn take_asked(&self) -> String {
        let asked = std::mem::take(&mut *self.asked.lock().expect("what was asked"));
        asked.into_iter().collect::<Vec<_>>().join(" and ")
    }
}

fn relay(mut client: TcpStream, port: u16, told: &Mutex<BTreeSet<String>>) -> io::Result<()> {
    let mut lines = BufReader::new(client.try_clone()?).lines();
    let first = lines.next().unwrap_or_else(|| Ok(String::new()))?;
    let mut credentials = String::new();
    for line in lines {
        let line = line?;
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("proxy-authorization: ") {
            credentials = format!(" {}", &line[line.len() - value.len()..]);
        }
        if line.is_empty() {
            break;
        }
    }
    let target = first.split(' ').nth(1).unwrap_or_default();
    // A request without TLS may be asked for as a whole.
    let whole = target.strip_prefix("http://").map(|rest| rest.split_once('/').unwrap_or((rest, "")));
    let server = whole.map_or(target, |(server, _)| server);
    told.lock().expect("what was asked").insert(format!("{server}{credentials}"));
    if let Some((_, path)) = whole {
        return client.write_all(nothing(&format!("/{path}")).as_bytes());
    }
    let server = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
    client.write_all(b"HTTP/1.1 200 OK\r\n\r\n")?;
    let (mut back, mut out) = (server.try_clone()?, client.try_clone()?);
    let answers = std::thread::spawn(move || {
        let _ = io::copy(&mut back, &mut out);
        out.shutdown(Shutdown::Both)
    });
    let _ = io::copy(&mut client, &mut &server);
    let _ = server.shutdown(Shutdown::Write);
    answers.join().map_or(Ok(()), |ended| ended)
}

/// Where a question goes, by a proxy's name for it: nothing where it goes past the proxy.
struct Scene<'a> {
    plane: &'a ControlPlane,
    secure: Fake,
    proxy: Proxy,
    folder: TempDir,
}

impl<'a> Scene<'a> {
    fn new(plane: &'a ControlPlane) -> Self {
        let secure = Fake::secure(&plane.identity(), nothing);
        let proxy = Proxy::start(secure.port());
        Self { plane, secure, proxy, folder: tempfile::tempdir().expect("a folder") }
    }

    #[track_caller]
    fn check(&self, server: &str, proxy: Option<&str>, env: &[(&str, &str)], expected: &str) {
        let mut cluster = json!({
            "server": server,
            "certificate-authority": self.plane.certificate_authority(),
            "tls-server-name": "kubernetes",
        });
        if let Some(proxy) = proxy {
            cluster["proxy-url"] = json!(proxy);
        }
        let config = json!({
            "clusters": [{"name": "x", "cluster": cluster}],
            "users": [{"name": "x", "user": {"token": "x"}}],
            "contexts": [{"name": "x", "context": {"cluster": "x", "user": "x"}}],
            "current-context": "x",
        });
        let path = self.folder.path().join("config");
        fs::write(&path, config.to_string()).expect("a written kubeconfig");
        let programs: [(&Path, &[&str]); 2] = [
            (&self.plane.kubectl_path(), &["get", "--raw=/version"]),
            (Path::new(PLUGIN), &["explain", "x"]),
        ];
        for (program, args) in programs {
            let output = self.run(program, args, env);
            let asked = self.proxy.take_asked();
            assert_eq!(asked, expected, "{program:?} {server} {env:?}: {output:#?}");
            let is_secure = server.starts_with("https");
            let was_asked = !self.secure.take_requests().is_empty();
            let expected = is_secure && (!expected.is_empty() || server == self.secure.url());
            assert_eq!(was_asked, expected, "{program:?} {server} {env:?}: {output:#?}");
        }
    }

    fn run(&self, program: &Path, args: &[&str], env: &[(&str, &str)]) -> Output {
        let mut command = Command::new(program);
        // An address that nobody has is not waited for.
        command.args(args).arg("--request-timeout=3s").env("HOME", self.folder.path());
        command.env("KUBERC", "off").env("KUBECONFIG", self.folder.path().join("config"));
        command.envs(env.iter().copied());
        run(command, None)
    }
}

fn environment(plane: &ControlPlane) {
    let scene = Scene::new(plane);
    let proxy = scene.proxy.url();
    let server = "https://api.nowhere.test:6443";
    let own = "api.nowhere.test:6443";
    scene.check(server, None, &[("HTTPS_PROXY", &proxy)], own);
    scene.check(server, None, &[("https_proxy", &proxy)], own);
    scene.check(server, None, &[("HTTPS_PROXY", proxy.trim_start_matches("http://"))], own);
    scene.check(server, None, &[("HTTPS_PROXY", ""), ("https_proxy", &proxy)], own);
    scene.check(server, None, &[("HTTP_PROXY", &proxy)], "");
    scene.check(server, None, &[("ALL_PROXY", &proxy)], "");
    scene.check(server, None, &[("HTTPS_PROXY", "http://127.0.0.1:1"), ("https_proxy", &proxy)], "");
    let known = proxy.replace("http://", "http://me:secr%40t@");
    let credentials = format!("{own} Basic bWU6c2VjckB0");
    scene.check(server, None, &[("HTTPS_PROXY", &known)], &credentials);
    scene.check("https://api.nowhere.test", None, &[("HTTPS_PROXY", &proxy)], "api.nowhere.test:443");
    let plain = "http://api.nowhere.test:8080";
    scene.check(plain, None, &[("HTTP_PROXY", &proxy)], "api.nowhere.test:8080");
    scene.check(plain, None, &[("HTTPS_PROXY", &proxy)], "");

    let exceptions = [
        ("api.nowhere.test", ""),
        ("api.nowhere.test,", ""),
        (",", own),
        ("other.test, api.nowhere.test ,x", ""),
        ("API.Nowhere.test", ""),
        ("nowhere.test", ""),
        (".nowhere.test", ""),
        ("*.nowhere.test", ""),
        (".api.nowhere.test", own),
        ("where.test", own),
        ("*", ""),
        ("api.nowhere.test:6443", ""),
        ("api.nowhere.test:443", own),
        ("10.0.0.0/8", own),
    ];
    for (exceptions, expected) in exceptions {
        scene.check(server, None, &[("HTTPS_PROXY", &proxy), ("NO_PROXY", exceptions)], expected);
    }
    scene.check(server, None, &[("HTTPS_PROXY", &proxy), ("no_proxy", "nowhere.test")], "");
    let address = "https://10.255.255.1:6443";
    for (exceptions, expected) in
        [("10.0.0.0/8", ""), ("10.255.255.1", ""), ("11.0.0.0/8,10.255.255.2", "10.255.255.1:6443")]
    {
        scene.check(address, None, &[("HTTPS_PROXY", &proxy), ("NO_PROXY", exceptions)], expected);
    }
    // The loopback is reached without any proxy of the environment.
    scene.check(&scene.secure.url(), None, &[("HTTPS_PROXY", &proxy)], "");
}

fn kubeconfig(plane: &ControlPlane) {
    let scene = Scene::new(plane);
    let proxy = scene.proxy.url();
    let server = "https://api.nowhere.test:6443";
    let own = "api.nowhere.test:6443";
    scene.check(server, Some(&proxy), &[], own);
    scene.check(server, Some(&proxy), &[("NO_PROXY", "*")], own);
    scene.check(server, Some(&proxy), &[("HTTPS_PROXY", "http://127.0.0.1:1")], own);
    let loopback = scene.secure.url();
    scene.check(&loopback, Some(&proxy), &[], loopback.trim_start_matches("https://"));
    scene.check(server, Some(""), &[("HTTPS_PROXY", &proxy)], own);
    for wrong in ["ftp://127.0.0.1:1", "127.0.0.1:1", "http://", "http://exa mple"] {
        scene.check(server, Some(wrong), &[("HTTPS_PROXY", &proxy)], "");
    }
}
