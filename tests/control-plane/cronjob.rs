//! What `refresh-ips --print-cronjob` prints is accepted, and its rights are enough and no more than that.

use std::sync::Arc;
use std::time::{Duration, Instant};

use libtest_mimic::Trial;
use serde_json::{Value, json};

use super::Shared;
use super::harness::ControlPlane;
use super::plugin::ask;
use super::process::Output;
use super::refresh::{SECOND, blocks, policy, remember, server};

/// Lists the trials of this file.
pub(crate) fn trials(shared: &Arc<Shared>) -> Vec<Trial> {
    vec![
        shared.trial("cronjob::its_rights_are_enough_in_one_namespace_and_none_is_spare", one_namespace),
        shared.trial("cronjob::its_rights_are_enough_in_all_namespaces_and_none_is_spare", everywhere),
        shared.trial("cronjob::dns_of_the_cluster_needs_its_endpoint_slices_too", of_the_cluster),
    ]
}

/// Returns what is printed, as documents.
fn printed(plane: &ControlPlane, args: &[&str]) -> Vec<Value> {
    let own = ["refresh-ips", "--print-cronjob", "--image", "example.test/netpol:1", "-o", "json"];
    let output = ask(plane, "admin", &[&own, args].concat()).expect_success();
    let list: Value = serde_json::from_str(&output).expect("a list");
    list["items"].as_array().expect("items").clone()
}

fn of_kind<'a>(objects: &'a [Value], kind: &str) -> Vec<&'a Value> {
    objects.iter().filter(|own| own["kind"] == kind).collect()
}

fn one_namespace(plane: &ControlPlane) {
    check(plane, "cronjob-one", &["-n", "cronjob-one"]);
}

fn everywhere(plane: &ControlPlane) {
    check(plane, "cronjob-all", &["-n", "cronjob-all", "-A", "-l", "team=cronjob-all"]);
}

fn of_the_cluster(plane: &ControlPlane) {
    let named = printed(plane, &["-n", "cronjob-dns", "--resolver", "192.0.2.1"]);
    let auto = printed(plane, &["-n", "cronjob-dns"]);
    let rules = |objects: &[Value]| {
        let rules = of_kind(objects, "ClusterRole")[0]["rules"].as_array().expect("rules").clone();
        rules.iter().map(|rule| rule["resources"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(rules(&named), [json!(["pods", "nodes", "services"])]);
    assert_eq!(rules(&auto), [json!(["pods", "nodes", "services"]), json!(["endpointslices"])]);
}

/// Applies what is printed, runs what the CronJob would run, by its ServiceAccount, and takes one right
/// away after the other.
fn check(plane: &ControlPlane, namespace: &str, scope: &[&str]) {
    let server = server();
    let name = remember(plane, namespace, &["api.example.test"]);
    let label =
        ["label", "--namespace", namespace, "networkpolicy", &name, &format!("team={namespace}")];
    plane.kubectl(&label, None).expect_success();
    let resolver = server.address.to_string();
    let objects = printed(plane, &[scope, &["--resolver", &resolver]].concat());
    for object in &objects {
        plane
            .kubectl(&["apply", "--server-side", "--filename=-"], Some(&object.to_string()))
            .expect_success();
    }
    let container = &of_kind(&objects, "CronJob")[0]["spec"]["jobTemplate"]["spec"]["template"]["spec"]
        ["containers"][0];
    assert_eq!(container["image"], "example.test/netpol:1");
    let args: Vec<String> = serde_json::from_value(container["args"].clone()).expect("arguments");
    let account = format!("system:serviceaccount:{namespace}:netpol-refresh-ips");
    let run = || {
        let words: Vec<&str> = args.iter().map(String::as_str).chain(["--as", &account]).collect();
        ask(plane, "admin", &words)
    };
    let current = |output: &Output| output.code == Some(0) && !output.stdout.contains("caveat:");
    wait(|| current(&run()), "the rights are enough");
    assert_eq!(blocks(&policy(plane, namespace, &name))[0].len(), 2);

    for role in objects.iter().filter(|own| own["rules"].is_array()) {
        for (rule, field, index) in rights(role) {
            let mut less = role.clone();
            let list = less["rules"][rule][field].as_array_mut().expect("a list");
            list.remove(index);
            if list.is_empty() {
                // A rule about nothing is refused.
                less["rules"].as_array_mut().expect("rules").remove(rule);
            }
            let what = format!("{} {field} {}", role["kind"], role["rules"][rule][field][index]);
            replace(plane, &less);
            // Something is to be written, so that every right is needed.
            outdate(plane, namespace, &name);
            wait(
                || {
                    !current(&{
                        outdate(plane, namespace, &name);
                        run()
                    })
                },
                &format!("{what} is needed"),
            );
            replace(plane, role);
        }
    }
    outdate(plane, namespace, &name);
    wait(|| current(&run()), "the rights are enough again");
    let after = blocks(&policy(plane, namespace, &name));
    assert!(after[0].contains(&format!("{SECOND}/32")), "{after:?}");
}

/// Lists every verb and resource of a role by its place.
fn rights(role: &Value) -> Vec<(usize, &'static str, usize)> {
    let mut places = Vec::new();
    for (index, rule) in role["rules"].as_array().expect("rules").iter().enumerate() {
        for field in ["verbs", "resources"] {
            let list = rule[field].as_array().expect("a list");
            places.extend((0..list.len()).map(|place| (index, field, place)));
        }
    }
    places
}

fn replace(plane: &ControlPlane, role: &Value) {
    plane.kubectl(&["replace", "--filename=-"], Some(&role.to_string())).expect_success();
}

/// Makes the policy what it was before the refresh.
fn outdate(plane: &ControlPlane, namespace: &str, name: &str) {
    remember(plane, namespace, &["api.example.test"]);
    assert_eq!(blocks(&policy(plane, namespace, name))[0].len(), 1);
}

/// Waits until the server has heard of changed rights.
#[track_caller]
fn wait(mut holds: impl FnMut() -> bool, what: &str) {
    let start = Instant::now();
    while !holds() {
        assert!(start.elapsed() < Duration::from_secs(60), "{what}");
        std::thread::sleep(Duration::from_millis(50));
    }
}
