//! Kinds of other projects, installed from the Go modules that define them.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

use super::harness::ControlPlane;

/// A Go module, pinned by its checksum, with the manifests of its kinds.
pub(crate) struct Module {
    pub(crate) name: &'static str,
    pub(crate) version: &'static str,
    /// What go.sum has of it.
    pub(crate) sum: &'static str,
    /// Folders or files with the manifests.
    pub(crate) crds: &'static [&'static str],
}

pub(crate) const NETWORK_POLICY_API: Module = Module {
    name: "sigs.k8s.io/network-policy-api",
    version: "v0.2.0",
    sum: "h1:W/f0Y9VoeQdOWjX/h2gZyLH6gZ5LLEXmh/9wy9mQWKw=",
    crds: &["config/crd/standard/policy.networking.k8s.io_clusternetworkpolicies.yaml"],
};

pub(crate) const CILIUM: Module = Module {
    name: "github.com/cilium/cilium",
    version: "v1.18.4",
    sum: "h1:/HrbeMmk46UDkJs4uJemIqxB7wuZ+QRMNVscNYua5C8=",
    crds: &["pkg/k8s/apis/cilium.io/client/crds/v2"],
};

/// The standard channel, which lacks two kinds of routes, and the experimental one, which serves some
/// kinds in several versions. The kinds that are read, without the policy that keeps one channel from
/// being installed over the other.
pub(crate) const GATEWAY_API: Module = Module {
    name: "sigs.k8s.io/gateway-api",
    version: "v1.5.1",
    sum: "h1:RqVRIlkhLhUO8wOHKTLnTJA6o/1un4po4/6M1nRzdd0=",
    crds: &[
        "config/crd/standard/gateway.networking.k8s.io_gateways.yaml",
        "config/crd/standard/gateway.networking.k8s.io_grpcroutes.yaml",
        "config/crd/standard/gateway.networking.k8s.io_httproutes.yaml",
        "config/crd/standard/gateway.networking.k8s.io_referencegrants.yaml",
        "config/crd/standard/gateway.networking.k8s.io_tlsroutes.yaml",
    ],
};

pub(crate) const EXPERIMENTAL_GATEWAY_API: Module = Module {
    crds: &[
        "config/crd/experimental/gateway.networking.k8s.io_gateways.yaml",
        "config/crd/experimental/gateway.networking.k8s.io_grpcroutes.yaml",
        "config/crd/experimental/gateway.networking.k8s.io_httproutes.yaml",
        "config/crd/experimental/gateway.networking.k8s.io_referencegrants.yaml",
        "config/crd/experimental/gateway.networking.k8s.io_tcproutes.yaml",
        "config/crd/experimental/gateway.networking.k8s.io_tlsroutes.yaml",
        "config/crd/experimental/gateway.networking.k8s.io_udproutes.yaml",
    ],
    ..GATEWAY_API
};

impl Module {
    /// Downloads the module, unless Go has it, and returns its folder; or why there is none.
    pub(crate) fn download(&self) -> Result<PathBuf, String> {
        let module = format!("{}@{}", self.name, self.version);
        // Not within a Go module of ours: nothing else is looked at then.
        let run = Command::new("go")
            .args(["mod", "download", "-json", &module])
            .current_dir(std::env::temp_dir())
            .env("GOWORK", "off")
            .env("GOFLAGS", "-mod=mod")
            .stdin(Stdio::null())
            .output();
        let output = run.map_err(|error| format!("Go cannot be run: {error}"))?;
        let told: Value = serde_json::from_slice(&output.stdout)
            .map_err(|_| format!("go mod download: {}", String::from_utf8_lossy(&output.stderr)))?;
        match (told["Dir"].as_str(), told["Sum"].as_str()) {
            (Some(folder), Some(sum)) if sum == self.sum => Ok(PathBuf::from(folder)),
            (Some(_), sum) => Err(format!("{module} is not what it was: {sum:?}")),
            (None, _) => Err(format!("{module} cannot be downloaded: {}", told["Error"])),
        }
    }

    /// Installs the kinds, and waits until they are served.
    pub(crate) fn install(&self, plane: &ControlPlane, folder: &Path) {
        for crds in self.crds {
            // What such manifests say is too long for the annotation of a client's apply.
            let path = format!("--filename={}", folder.join(crds).display());
            plane.kubectl(&["apply", "--server-side", &path], None).expect_success();
        }
        let wait = ["wait", "--for=condition=Established", "crd", "--all", "--timeout=60s"];
        plane.kubectl(&wait, None).expect_success();
    }
}
