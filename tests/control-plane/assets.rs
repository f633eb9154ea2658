//! Finds the programs of a control plane, or builds them.

use std::env::consts::EXE_SUFFIX;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::process::tail;

const PROGRAMS: [&str; 3] = ["etcd", "kube-apiserver", "kubectl"];

/// The program of our own build that Kubernetes has no binary of.
const KUBELET: &str = "kubelet";

/// Tells why there is no stand-in of a kubelet in the folder, where there is none.
pub(crate) fn need_kubelet() -> Result<(), String> {
    match std::env::var_os("KUBEBUILDER_ASSETS").is_none_or(|folder| folder.is_empty()) {
        true => Ok(()),
        false => Err("KUBEBUILDER_ASSETS has no kubelet that forwards to the loopback".to_owned()),
    }
}

/// Returns the folder that holds `etcd`, `kube-apiserver` and `kubectl`, or why there is none.
pub(crate) fn find() -> Result<PathBuf, String> {
    if let Some(folder) = std::env::var_os("KUBEBUILDER_ASSETS").filter(|folder| !folder.is_empty()) {
        let folder = PathBuf::from(folder);
        return match missing_program(&folder) {
            Some(program) => Err(format!("KUBEBUILDER_ASSETS has no {program}: {}", folder.display())),
            None => Ok(folder),
        };
    }
    build()
}

/// Returns the path of one program in the folder.
pub(crate) fn program(folder: &Path, name: &str) -> PathBuf {
    folder.join(format!("{name}{EXE_SUFFIX}"))
}

fn missing_program(folder: &Path) -> Option<&'static str> {
    PROGRAMS.into_iter().find(|name| !program(folder, name).is_file())
}

/// Builds the Go module beside this file, unless that has been done already.
fn build() -> Result<PathBuf, String> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("control-plane");
    fs::create_dir_all(&folder).map_err(|error| said("create the folder of the build", &error))?;
    // Test runners that start one process per test would otherwise build at the same time.
    let lock = File::create(folder.join("lock")).map_err(|error| said("make the lock", &error))?;
    lock.lock().map_err(|error| said("take the lock", &error))?;

    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/control-plane");
    let inputs = inputs(&source).map_err(|error| said("read the Go module", &error))?;
    let stamp = folder.join("inputs");
    let unchanged = fs::read_to_string(&stamp).is_ok_and(|built| built == inputs);
    if unchanged && missing_program(&folder).is_none() {
        return Ok(folder);
    }

    let fresh = folder.join("fresh");
    go_build(&source, &fresh, &version(&inputs)?)?;
    // Removed first and written last, so that a build that was interrupted is done again.
    let _ = fs::remove_file(&stamp);
    // Other processes may be running the old programs: these are replaced, never written to.
    for name in PROGRAMS.into_iter().chain([KUBELET]) {
        let path = program(&folder, name);
        let _ = fs::remove_file(&path);
        fs::hard_link(&fresh, &path)
            .or_else(|_| fs::copy(&fresh, &path).map(drop))
            .map_err(|error| said("name the programs", &error))?;
    }
    let _ = fs::remove_file(&fresh);
    fs::write(&stamp, inputs).map_err(|error| said("write the stamp", &error))?;
    Ok(folder)
}

fn said(what: &str, error: &io::Error) -> String {
    format!("cannot {what}: {error}")
}

fn inputs(source: &Path) -> io::Result<String> {
    ["go.mod", "main.go", "go.sum"]
        .map(|name| fs::read_to_string(source.join(name)))
        .into_iter()
        .collect()
}

/// Reads the version of Kubernetes from go.mod, which leads the inputs.
fn version(inputs: &str) -> Result<String, String> {
    inputs
        .lines()
        .find_map(|line| line.trim().strip_prefix("k8s.io/kubernetes "))
        .map(str::to_owned)
        .ok_or_else(|| "go.mod does not require k8s.io/kubernetes".to_owned())
}

fn go_build(source: &Path, output: &Path, version: &str) -> Result<(), String> {
    let package = "k8s.io/component-base/version";
    let mut parts = version.trim_start_matches('v').split('.');
    let major = parts.next().unwrap_or_default();
    let minor = parts.next().unwrap_or_default();
    // A plain `go build` leaves the version of the server at v0.0.0.
    let flags = format!(
        "-s -w -X {package}.gitVersion={version} -X {package}.gitMajor={major} \
         -X {package}.gitMinor={minor}"
    );
    let built = Command::new("go")
        .args(["build", "-buildvcs=false", "-ldflags", &flags, "-o"])
        .arg(output)
        .arg(".")
        .current_dir(source)
        .env("CGO_ENABLED", "0")
        .env("GOWORK", "off")
        .stdin(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .and_then(|go| {
            eprintln!("building kube-apiserver {version} for the tests: once, a few minutes");
            go.wait_with_output()
        });
    match built {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            Err("Go is not installed and KUBEBUILDER_ASSETS is not set".to_owned())
        }
        Err(error) => Err(said("run go build", &error)),
        Ok(built) if built.status.success() => Ok(()),
        Ok(built) => Err(format!("go build failed: {}", tail(&String::from_utf8_lossy(&built.stderr)))),
    }
}
