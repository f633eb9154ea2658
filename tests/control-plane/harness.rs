//! A real etcd and kube-apiserver on the loopback, and a kubectl that speaks to them.
//!
//! There are no controllers and no scheduler, and of a kubelet only what forwards ports: trials write
//! `status` themselves, a namespace that is deleted stays `Terminating`, and a pod bound to a node goes
//! only with `--grace-period=0 --force`.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};
use std::{fs, io};

use serde_json::{Value, json};
use tempfile::TempDir;

use super::assets::program;
use super::process::{Output, Server, free_ports, listens, run};
use super::tls::Identity;

/// Names the users that the API server knows, each with its groups.
pub(crate) const USERS: [(&str, &str); 10] = [
    ("admin", "system:masters"),
    // These have what every authenticated user has, until a trial binds a role to them.
    ("limited", ""),
    ("other", ""),
    ("without-nodes", ""),
    ("without-policies", ""),
    ("with-the-least", ""),
    ("of-one-namespace", ""),
    ("of-two-pods", ""),
    ("of-its-namespace", ""),
    ("without-forwards", ""),
];

const START_TIMEOUT: Duration = Duration::from_secs(90);
const POLL: Duration = Duration::from_millis(50);

/// Holds a running API server, and ends it when dropped.
pub(crate) struct ControlPlane {
    // Dropped in this order: the servers end before their folder goes.
    servers: Vec<Server>,
    folder: TempDir,
    assets: PathBuf,
    port: u16,
}

impl ControlPlane {
    /// Starts the programs of the folder and waits until the API server is ready.
    pub(crate) fn start(assets: &Path) -> Result<Self, String> {
        let mut attempts = 3;
        loop {
            attempts -= 1;
            match Self::try_start(assets) {
                // Nothing keeps a free port free until the server has bound it.
                Err(reason) if attempts > 0 && reason.contains("address already in use") => {}
                result => return result,
            }
        }
    }

    fn try_start(assets: &Path) -> Result<Self, String> {
        let said = |error: io::Error| format!("cannot start the control plane: {error}");
        let [etcd_port, port] = free_ports().map_err(said)?;
        let mut plane = Self {
            servers: Vec::new(),
            folder: tempfile::tempdir().map_err(said)?,
            assets: assets.to_owned(),
            port,
        };
        plane.write_users().map_err(said)?;

        let etcd_url = format!("http://127.0.0.1:{etcd_port}");
        plane.spawn("etcd", &etcd_flags(plane.folder.path(), &etcd_url))?;
        // The API server looks for etcd once a second only.
        plane.wait_until("etcd listens", |_| listens(etcd_port))?;
        let flags = apiserver_flags(plane.folder.path(), &etcd_url, port);
        plane.spawn("kube-apiserver", &flags)?;
        plane.wait_until("the API server listens", |_| listens(port))?;
        plane.wait_until("/readyz says ok", |plane| {
            plane.kubectl(&["get", "--raw=/readyz", "--request-timeout=5s"], None).stdout == "ok"
        })?;
        plane.wait_until("the default namespace exists", |plane| {
            plane.kubectl(&["get", "namespace", "default"], None).is_success()
        })?;
        Ok(plane)
    }

    /// Starts a stand-in of a kubelet that forwards ports of every pod to the loopback, and returns the
    /// port that it listens on.
    pub(crate) fn start_kubelet(&self) -> (Server, u16) {
        let [port] = free_ports().expect("a free port");
        let flags = [
            format!("--address=127.0.0.1:{port}"),
            format!("--tls-cert-file={}", self.certificate_authority().display()),
            format!("--tls-private-key-file={}", self.key().display()),
        ];
        let mut kubelet = Server::spawn("kubelet", &self.assets, self.folder.path(), &flags)
            .expect("a kubelet that starts");
        let start = Instant::now();
        while !listens(port) {
            let ended = kubelet.ended();
            let is_late = start.elapsed() > START_TIMEOUT;
            assert!(ended.is_none() && !is_late, "the kubelet does not listen{}", kubelet.tail());
            std::thread::sleep(POLL);
        }
        (kubelet, port)
    }

    /// Returns the address of the API server.
    pub(crate) fn url(&self) -> String {
        format!("https://127.0.0.1:{}", self.port)
    }

    /// Returns the peak memory of the API server so far, in bytes.
    pub(crate) fn peak(&self) -> u64 {
        self.servers.iter().filter(|server| server.name == "kube-apiserver").map(Server::peak).sum()
    }

    /// Returns the port of the API server.
    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// Waits until a user has a right: the server hears of new roles a moment later.
    #[track_caller]
    pub(crate) fn wait_for_right(&self, user: &str, right: &[&str]) {
        let start = Instant::now();
        let asked = [&["auth", "can-i"], right].concat();
        while !self.kubectl_as(user, &asked, None).is_success() {
            assert!(start.elapsed() < START_TIMEOUT, "{user} still may not {right:?}");
            std::thread::sleep(POLL);
        }
    }

    /// Returns the bearer token of the user.
    pub(crate) fn token(user: &str) -> String {
        format!("{user}-token")
    }

    /// Returns the certificate that vouches for the API server.
    pub(crate) fn certificate_authority(&self) -> PathBuf {
        // The file has the certificate of the server and, after it, that of its issuer.
        self.folder.path().join("apiserver.crt")
    }

    /// Returns the certificate and the key of the API server, for servers of a trial's own.
    pub(crate) fn identity(&self) -> Identity {
        Identity::read(&self.certificate_authority(), &self.key())
    }

    /// Returns the key of the API server's certificate.
    pub(crate) fn key(&self) -> PathBuf {
        self.folder.path().join("apiserver.key")
    }

    /// Returns the kubeconfig of one of the `USERS`.
    pub(crate) fn kubeconfig(&self, user: &str) -> PathBuf {
        self.folder.path().join(format!("{user}.kubeconfig"))
    }

    /// Prepares a program that reads the user's kubeconfig and nothing of the developer's own.
    pub(crate) fn command(&self, user: &str, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new(program);
        // By the environment, as kubectl refuses flags before the name of a plugin.
        command
            .env("KUBECONFIG", self.kubeconfig(user))
            .env("HOME", self.folder.path())
            .env("KUBERC", "off")
            .env_remove("KUBECACHEDIR");
        command
    }

    /// Prepares a kubectl for the user.
    pub(crate) fn kubectl_command(&self, user: &str) -> Command {
        self.command(user, self.kubectl_path())
    }

    /// Returns the path of kubectl.
    pub(crate) fn kubectl_path(&self) -> PathBuf {
        program(&self.assets, "kubectl")
    }

    /// Runs kubectl as the user.
    pub(crate) fn kubectl_as(&self, user: &str, args: &[&str], stdin: Option<&str>) -> Output {
        let mut command = self.kubectl_command(user);
        command.args(args);
        run(command, stdin)
    }

    /// Runs kubectl as `admin`.
    pub(crate) fn kubectl(&self, args: &[&str], stdin: Option<&str>) -> Output {
        self.kubectl_as("admin", args, stdin)
    }

    /// Applies the manifests.
    #[track_caller]
    pub(crate) fn apply(&self, yaml: &str) {
        self.kubectl(&["apply", "--filename=-"], Some(yaml)).expect_success();
    }

    /// Applies the `status` of each of the manifests, whose objects exist.
    #[track_caller]
    pub(crate) fn apply_status(&self, yaml: &str) {
        let args =
            ["apply", "--server-side", "--force-conflicts", "--subresource=status", "--filename=-"];
        self.kubectl(&args, Some(yaml)).expect_success();
    }

    /// Merges into the status of a pod.
    #[track_caller]
    pub(crate) fn set_pod_status(&self, namespace: &str, name: &str, status: &Value) {
        self.set_status(&[&format!("--namespace={namespace}"), "pod", name], status);
    }

    /// Merges into the status of a node.
    #[track_caller]
    pub(crate) fn set_node_status(&self, name: &str, status: &Value) {
        self.set_status(&["node", name], status);
    }

    #[track_caller]
    fn set_status(&self, object: &[&str], status: &Value) {
        let patch = json!({ "status": status }).to_string();
        let flags = ["--subresource=status", "--type=merge", "--patch", &patch];
        let args = [&["patch"], object, &flags].concat();
        self.kubectl(&args, None).expect_success();
    }

    /// Returns what `kubectl get … -o json` prints.
    #[track_caller]
    pub(crate) fn get(&self, args: &[&str]) -> Value {
        let args = [&["get", "--output=json"], args].concat();
        let json = self.kubectl(&args, None).expect_success();
        serde_json::from_str(&json).expect("kubectl prints JSON")
    }

    fn write_users(&self) -> io::Result<()> {
        let mut tokens = Vec::new();
        for (user, groups) in USERS {
            let token = Self::token(user);
            tokens.push(format!("{token},{user},{user},\"{groups}\""));
            let kubeconfig = json!({
                "apiVersion": "v1",
                "kind": "Config",
                "clusters": [{"name": "test", "cluster": {
                    "server": self.url(),
                    "certificate-authority": self.certificate_authority(),
                }}],
                "users": [{"name": user, "user": {"token": token}}],
                "contexts": [{"name": user, "context": {"cluster": "test", "user": user}}],
                "current-context": user,
            });
            fs::write(self.kubeconfig(user), kubeconfig.to_string())?;
        }
        fs::write(self.folder.path().join("tokens.csv"), tokens.join("\n"))
    }

    fn spawn(&mut self, name: &'static str, flags: &[String]) -> Result<(), String> {
        let server = Server::spawn(name, &self.assets, self.folder.path(), flags)
            .map_err(|error| format!("cannot start {name}: {error}"))?;
        self.servers.push(server);
        Ok(())
    }

    fn wait_until(&mut self, what: &str, done: impl Fn(&Self) -> bool) -> Result<(), String> {
        let start = Instant::now();
        while !done(self) {
            for server in &mut self.servers {
                if let Some(status) = server.ended() {
                    return Err(format!("{} ended: {status}{}", server.name, server.tail()));
                }
            }
            if start.elapsed() > START_TIMEOUT {
                let logs: String = self.servers.iter().map(Server::tail).collect();
                return Err(format!("waited in vain until {what}{logs}"));
            }
            std::thread::sleep(POLL);
        }
        Ok(())
    }
}

fn etcd_flags(folder: &Path, url: &str) -> Vec<String> {
    vec![
        format!("--data-dir={}", folder.join("etcd").display()),
        format!("--listen-client-urls={url}"),
        format!("--advertise-client-urls={url}"),
        "--listen-peer-urls=http://127.0.0.1:0".to_owned(),
        "--unsafe-no-fsync".to_owned(),
    ]
}

fn apiserver_flags(folder: &Path, etcd_url: &str, port: u16) -> Vec<String> {
    // The server makes this key with its certificate, before it reads it for the tokens of
    // service accounts: these tests need none, but it does not start without.
    let key = folder.join("apiserver.key");
    vec![
        format!("--etcd-servers={etcd_url}"),
        format!("--cert-dir={}", folder.display()),
        format!("--secure-port={port}"),
        "--bind-address=127.0.0.1".to_owned(),
        // Else it looks for a default route, which a machine without network lacks. Nobody
        // connects to it: it becomes the endpoint of the Service `kubernetes`.
        "--advertise-address=192.0.2.1".to_owned(),
        "--service-cluster-ip-range=10.96.0.0/16".to_owned(),
        "--authorization-mode=RBAC".to_owned(),
        format!("--token-auth-file={}", folder.join("tokens.csv").display()),
        // No controller makes the service accounts that it would ask of each pod.
        "--disable-admission-plugins=ServiceAccount".to_owned(),
        format!("--service-account-issuer=https://127.0.0.1:{port}/"),
        format!("--service-account-key-file={}", key.display()),
        format!("--service-account-signing-key-file={}", key.display()),
        "--allow-privileged=true".to_owned(),
    ]
}
