//! Tests against a real etcd and kube-apiserver.

#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    clippy::print_stdout,
    reason = "a test ends by a panic, and a long build says so, and figures"
)]

mod allow;
mod apply;
mod assets;
mod bench;
mod bounds;
mod bulk;
mod completion;
mod confirmed;
mod context;
mod crds;
mod cronjob;
mod diff;
mod endpoints;
#[path = "../cli/examples.rs"]
mod examples;
mod failures;
mod fake;
mod faults;
mod few_rights;
mod fix;
mod forward;
mod gateways;
mod harness;
mod help;
mod in_cluster;
mod installed;
mod kubeconfig;
mod kubectl;
mod kustomize;
mod lies;
mod limits;
mod live;
mod many;
#[path = "../dns/server.rs"]
#[expect(dead_code, reason = "these trials need less of it than the tests of names")]
mod name_server;
mod plugin;
mod plugins;
mod process;
mod progress;
mod proxies;
mod readme;
mod refresh;
mod relay;
mod rights;
mod secrets;
mod smoke;
mod snapshots;
mod starving;
mod tls;
mod ways;
mod yaml;
mod yaml_texts;

use std::process::ExitCode;
use std::sync::{Arc, OnceLock};

use harness::ControlPlane;
use libtest_mimic::{Arguments, Completion, Failed, Trial};

fn main() -> ExitCode {
    if let Some(code) = in_cluster::inside() {
        return code;
    }
    let arguments = Arguments::from_args();
    let shared = Arc::new(Shared::default());
    // Control planes for trials that look at all that a cluster has.
    let [
        cases,
        kinds,
        examples,
        helps,
        large,
        saved,
        huge,
        agents,
        others,
        least,
        routes,
        forwards,
        empty,
    ] = [(); 13].map(|()| Arc::new(Shared::default()));
    let trials = [
        live::trials(&cases),
        many::trials(&large),
        limits::trials(&shared, &kinds),
        context::trials(&shared),
        diff::trials(&shared),
        kubectl::trials(&shared),
        completion::trials(&shared),
        proxies::trials(&shared),
        failures::trials(&shared),
        rights::trials(&shared, &least),
        snapshots::trials(&saved),
        plugins::trials(&agents, &others),
        fix::trials(&shared),
        ways::trials(&shared),
        allow::trials(&shared),
        apply::trials(&shared),
        confirmed::trials(&shared),
        refresh::trials(&shared),
        faults::trials(&shared, &empty),
        progress::trials(&shared),
        starving::trials(&shared),
        cronjob::trials(&shared),
        gateways::trials(&routes),
        forward::trials(&forwards),
        installed::trials(),
        in_cluster::trials(),
        lies::trials(),
        bounds::trials(),
        few_rights::trials(),
        secrets::trials(),
        readme::trials(&examples),
        help::trials(&helps),
        endpoints::trials(&huge),
        bench::trials(&huge),
        smoke::trials(&shared),
        yaml::trials(&shared),
        kustomize::trials(&shared),
    ];
    let trials = trials.into_iter().flatten().collect();
    // The control planes end here: the trials have given them back by now.
    libtest_mimic::run(&arguments, trials).exit_code()
}

/// Holds the control plane of some trials, started by the first of them that runs.
#[derive(Default)]
struct Shared {
    plane: OnceLock<Plane>,
}

enum Plane {
    Running(Box<ControlPlane>),
    /// There is nothing to start.
    Missing(String),
    /// It was started in vain.
    Failed(String),
}

impl Shared {
    /// Makes a trial of a test, which uses namespaces of its own: trials run at the same time.
    fn trial(self: &Arc<Self>, name: &str, test: impl Fn(&ControlPlane) + Send + 'static) -> Trial {
        self.trial_with(name, || Ok(()), test)
    }

    /// Makes a trial of a test that needs something else too, which may not be there.
    fn trial_with(
        self: &Arc<Self>,
        name: &str,
        need: impl Fn() -> Result<(), String> + Send + 'static,
        test: impl Fn(&ControlPlane) + Send + 'static,
    ) -> Trial {
        let shared = Arc::clone(self);
        Trial::ignorable_test(name, move || {
            let missing = match (shared.plane.get_or_init(Plane::start), need()) {
                (Plane::Running(plane), Ok(())) => {
                    test(plane);
                    return Ok(Completion::Completed);
                }
                (Plane::Failed(reason), _) => return Err(Failed::from(reason)),
                (Plane::Missing(reason), _) => reason.clone(),
                (Plane::Running(_), Err(reason)) => reason,
            };
            match std::env::var("CI").is_ok_and(|ci| ci == "true") {
                true => Err(Failed::from(format!("not ignored, as CI=true: {missing}"))),
                false => Ok(Completion::ignored_with(missing)),
            }
        })
    }
}

impl Plane {
    fn start() -> Self {
        match assets::find() {
            Err(reason) => Self::Missing(reason),
            Ok(assets) => match ControlPlane::start(&assets) {
                Err(reason) => Self::Failed(reason),
                Ok(plane) => Self::Running(Box::new(plane)),
            },
        }
    }
}
