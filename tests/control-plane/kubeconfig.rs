//! Kubeconfigs of a trial's own.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use tempfile::TempDir;

/// Holds a kubeconfig in a folder of its own.
pub(crate) struct Written {
    folder: TempDir,
}

impl Written {
    /// Writes any text.
    pub(crate) fn new(text: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        fs::write(folder.path().join("config"), text).expect("a written kubeconfig");
        Self { folder }
    }

    /// Writes one context, `test`.
    pub(crate) fn of(
        server: &str,
        certificate_authority: Option<&Path>,
        token: &str,
        namespace: Option<&str>,
    ) -> Self {
        let mut cluster = json!({"server": server});
        if let Some(path) = certificate_authority {
            cluster["certificate-authority"] = json!(path);
        }
        let mut context = json!({"cluster": "test", "user": "somebody"});
        if let Some(namespace) = namespace {
            context["namespace"] = json!(namespace);
        }
        let kubeconfig = json!({
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "test", "cluster": cluster}],
            "users": [{"name": "somebody", "user": {"token": token}}],
            "contexts": [{"name": "test", "context": context}],
            "current-context": "test",
        });
        Self::new(&kubeconfig.to_string())
    }

    /// Changes it.
    pub(crate) fn with(self, change: impl FnOnce(&mut Value)) -> Self {
        let text = fs::read_to_string(self.path()).expect("the kubeconfig can be read");
        let mut kubeconfig = serde_json::from_str(&text).expect("it is JSON");
        change(&mut kubeconfig);
        Self::new(&kubeconfig.to_string())
    }

    /// Returns the path of the file.
    pub(crate) fn path(&self) -> PathBuf {
        self.folder.path().join("config")
    }
}
