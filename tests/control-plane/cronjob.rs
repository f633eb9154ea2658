//! What `refresh-ips --print-cronjob` prints is accepted, and its rights are enough and no more than that.

use std::sync::Arc;
use std::time::{Duration, Instant};

use libtest_mimic::Trial;
use netpol::edit::host::Host;
use netpol::edit::outcome::VantageClass;
use netpol::edit::record::{Entry, Key, Minute, Record};
use netpol::model::ports::ProtocolPort;
use serde_json::{Value, json};

use super::Shared;
use super::harness::ControlPlane;
use super::plugin::ask;
use super::process::Output;
use super::refresh::{FIRST, SECOND, blocks, ip, policy, remember, remember_all, server};

/// Lists the trials of this file.
pub(crate) fn trials(shared: &Arc<Shared>) -> Vec<Trial> {
    vec![
        shared.trial("cronjob::its_rights_are_enough_in_one_namespace_and_none_is_spare", one_namespace),
        shared.trial("cronjob::its_rights_are_enough_in_all_namespaces_and_none_is_spare", everywhere),
        shared.trial("cronjob::dns_of_the_cluster_needs_its_endpoint_slices_too", of_the_cluster),
        shared.trial(
            "cronjob::its_account_changes_egress_of_remembered_hosts_and_nothing_else",
            admission,
        ),
        shared.trial(
            "cronjob::it_reaches_the_api_server_and_its_name_servers_under_a_default_deny",
            way_out,
        ),
        shared.trial("cronjob::what_the_cluster_would_refuse_later_is_refused_at_once", refused),
        shared.trial("cronjob::doctor_tells_whether_it_runs_and_reaches_what_it_needs", examined),
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
    let namespace = "cronjob-one";
    let unseen = "an answer with such an address would not be refused";
    let caveats = check(plane, namespace, &["-n", namespace]);
    assert_eq!(caveats.len(), 1, "{caveats:#?}");
    for told in ["services, pods outside namespace cronjob-one: forbidden", "nodes: forbidden", unseen] {
        assert!(caveats[0].contains(told), "{told}: {caveats:#?}");
    }
    let objects = printed(plane, &["-n", namespace]);
    assert!(of_kind(&objects, "ClusterRole").is_empty(), "{objects:#?}");
}

fn everywhere(plane: &ControlPlane) {
    let caveats =
        check(plane, "cronjob-all", &["-A", "--in-namespace", "cronjob-all", "-l", "team=cronjob-all"]);
    assert_eq!(caveats, [""; 0]);
}

fn of_the_cluster(plane: &ControlPlane) {
    let named = printed(plane, &["-n", "cronjob-dns", "--resolver", "192.0.2.1"]);
    let auto = printed(plane, &["-n", "cronjob-dns"]);
    let places = |objects: &[Value]| {
        let places =
            of_kind(objects, "Role").into_iter().map(|role| role["metadata"]["namespace"].clone());
        places.collect::<Vec<_>>()
    };
    assert_eq!(places(&named), [json!("cronjob-dns")]);
    assert_eq!(places(&auto), [json!("cronjob-dns"), json!("kube-system")]);
    assert_eq!(
        of_kind(&auto, "Role")[1]["rules"],
        json!([
            { "apiGroups": [""], "resources": ["services"], "verbs": ["list"] },
            { "apiGroups": ["discovery.k8s.io"], "resources": ["endpointslices"], "verbs": ["list"] },
        ])
    );
}

fn way_out(plane: &ControlPlane) {
    let objects = printed(plane, &["-n", "cronjob-out", "--resolver", "192.0.2.1:5353"]);
    let pods = &of_kind(&objects, "CronJob")[0]["spec"]["jobTemplate"]["spec"]["template"];
    let policy = of_kind(&objects, "NetworkPolicy")[0];
    assert_eq!(policy["spec"]["podSelector"]["matchLabels"], pods["metadata"]["labels"]);
    assert_eq!(policy["spec"]["policyTypes"], json!(["Egress"]));
    let slice = plane.get(&["--namespace", "default", "endpointslice", "kubernetes"]);
    let api_server = json!({
        "to": [{ "ipBlock": { "cidr": format!("{}/32", slice["endpoints"][0]["addresses"][0].as_str().expect("an address")) } }],
        "ports": [{ "port": slice["ports"][0]["port"], "protocol": "TCP" }],
    });
    let dns = json!({
        "to": [{ "ipBlock": { "cidr": "192.0.2.1/32" } }],
        "ports": [{ "port": 5353, "protocol": "TCP" }, { "port": 5353, "protocol": "UDP" }],
    });
    let rules = policy["spec"]["egress"].as_array().expect("rules");
    assert!(rules.contains(&api_server) && rules.contains(&dns), "{rules:#?}");

    let cilium = printed(plane, &["-n", "cronjob-out", "--resolver", "192.0.2.1", "--cni", "cilium"]);
    assert!(of_kind(&cilium, "NetworkPolicy").is_empty());
    let policy = of_kind(&cilium, "CiliumNetworkPolicy")[0];
    assert_eq!(
        policy["spec"],
        json!({
            "endpointSelector": { "matchLabels": pods["metadata"]["labels"] },
            "egress": [
                { "toEntities": ["kube-apiserver"] },
                {
                    "toCIDR": ["192.0.2.1/32"],
                    "toPorts": [{ "ports": [
                        { "port": "53", "protocol": "TCP" },
                        { "port": "53", "protocol": "UDP" },
                    ] }],
                },
            ],
        })
    );
}

fn examined(plane: &ControlPlane) {
    let namespace = "cronjob-doctor";
    remember(plane, namespace, &["api.example.test"]);
    let doctor = || -> Value {
        let output = ask(plane, "admin", &["doctor", "-n", namespace, "-o", "json"]);
        serde_json::from_str(&output.stdout).expect("JSON")
    };
    let told = |checkup: &Value, list: &str, text: &str| {
        let lines = checkup[list].as_array().expect("a list").iter();
        lines.filter_map(Value::as_str).any(|line| line.contains(text) && line.contains(namespace))
    };
    let job = |checkup: &Value| {
        let jobs = checkup["jobs"].as_array().expect("jobs").iter();
        jobs.filter(|job| job["namespace"] == namespace).cloned().collect::<Vec<Value>>()
    };
    let before = doctor();
    assert!(told(&before, "notes", "refreshes the remembered hosts of"), "{before:#}");

    let objects = printed(plane, &["-n", namespace, "--resolver", "192.0.2.1"]);
    for object in objects {
        plane.apply(&object.to_string());
    }
    let deny = json!({
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": { "name": "deny", "namespace": namespace },
        "spec": { "podSelector": {}, "policyTypes": ["Egress"] },
    });
    plane.apply(&deny.to_string());
    let checkup = doctor();
    let [own] = &*job(&checkup) else { panic!("{checkup:#}") };
    assert_eq!((&own["state"], &own["allNamespaces"]), (&json!("new"), &json!(false)), "{own:#}");
    let need = |verdict| json!([{ "service": "default/svc/kubernetes", "port": "TCP/443", "verdict": verdict }]);
    assert_eq!(own["needs"], need("allow"), "{own:#}");
    assert!(!told(&checkup, "notes", "refreshes the remembered hosts of"), "{checkup:#}");

    // Without the policy that was printed with it, the default deny cuts it off.
    plane
        .kubectl(&["delete", "networkpolicy", "netpol-refresh-ips", "-n", namespace], None)
        .expect_success();
    let status = json!({
        "apiVersion": "batch/v1",
        "kind": "CronJob",
        "metadata": { "name": "netpol-refresh-ips", "namespace": namespace },
        "status": { "lastScheduleTime": "2026-01-02T00:00:00Z", "lastSuccessfulTime": "2026-01-01T00:00:00Z" },
    });
    plane.apply_status(&status.to_string());
    let checkup = doctor();
    let [own] = &*job(&checkup) else { panic!("{checkup:#}") };
    assert_eq!((&own["state"], &own["needs"]), (&json!("failing"), &need("deny")), "{own:#}");
    assert!(told(&checkup, "problems", "did not succeed when it ran last"), "{checkup:#}");
    assert!(told(&checkup, "problems", "policies keep"), "{checkup:#}");

    let patch = json!({ "spec": { "suspend": true, "jobTemplate": { "spec": { "template": { "spec": {
        "containers": [{ "name": "refresh-ips", "image": "Example/Netpol:1" }],
    } } } } } });
    let patch =
        ["patch", "cronjob", "netpol-refresh-ips", "-n", namespace, "--patch", &patch.to_string()];
    plane.kubectl(&patch, None).expect_success();
    let checkup = doctor();
    assert!(told(&checkup, "problems", "is suspended"), "{checkup:#}");
    assert!(told(&checkup, "problems", "it is no name of an image"), "{checkup:#}");
}

fn refused(plane: &ControlPlane) {
    let job = ["refresh-ips", "--print-cronjob"];
    let image = ["--image", "netpol:1"];
    let fault = |args: &[&str], text: &str| {
        let output = ask(plane, "admin", &[&job, args].concat());
        assert_eq!(output.code, Some(2), "{output:#?}");
        assert!(output.stderr.contains(text) && output.stdout.is_empty(), "{output:#?}");
    };
    fault(&["--image", "Net Pol"], "it is no name of an image");
    fault(&[&image[..], &["--schedule", "60 * * * *"]].concat(), "its minute `60` is none");
    fault(&[&image[..], &["-A"]].concat(), "-A --print-cronjob needs --in-namespace NAMESPACE");
}

/// Tries, as the account, what its Role would let it do.
fn admission(plane: &ControlPlane) {
    let namespace = "cronjob-limits";
    let ours = remember(plane, namespace, &["api.example.test"]);
    let other = json!({
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": { "name": "deny", "namespace": namespace },
        "spec": { "podSelector": {}, "policyTypes": ["Ingress", "Egress"] },
    });
    for object in printed(plane, &["-n", namespace]).iter().chain([&other]) {
        plane
            .kubectl(&["apply", "--server-side", "--filename=-"], Some(&object.to_string()))
            .expect_success();
    }
    let account = format!("system:serviceaccount:{namespace}:netpol-refresh-ips");
    let patch = |name: &str, patch: &Value| {
        let patch = patch.to_string();
        let words = ["patch", "--type=merge", "--namespace", namespace, "--as", &account];
        plane.kubectl(&[&words[..], &["networkpolicy", name, "--patch", &patch]].concat(), None)
    };
    let open = json!({ "spec": { "egress": [{}] } });
    let others = "only policies that remember hosts";
    wait(|| patch("deny", &open).stderr.contains(others), "the policy holds");

    let owner = json!({ "apiVersion": "v1", "kind": "ConfigMap", "name": "gone", "uid": "1" });
    let to = |block: &str| {
        let rule = json!({ "to": [{ "ipBlock": { "cidr": block } }], "ports": [{ "port": 443, "protocol": "TCP" }] });
        json!({ "spec": { "egress": [rule] } })
    };
    let anywhere = "only rules for ports of single addresses";
    let denied = [
        (json!({ "metadata": { "labels": { "kubectl-netpol/endpoint": null } } }), others),
        (json!({ "metadata": { "labels": { "team": "other" } } }), "no metadata"),
        (json!({ "metadata": { "annotations": { "team": "other" } } }), "no metadata"),
        (json!({ "metadata": { "ownerReferences": [owner] } }), "no metadata"),
        (json!({ "metadata": { "finalizers": ["example.test/stay"] } }), "no metadata"),
        (json!({ "spec": { "podSelector": { "matchLabels": { "app": "none" } } } }), "only egress"),
        (json!({ "spec": { "policyTypes": ["Ingress"] } }), "only egress"),
        (json!({ "spec": { "ingress": [{}] } }), "only egress"),
        (open, anywhere),
        (json!({ "spec": { "egress": [{ "to": [{ "podSelector": {} }] }] } }), anywhere),
        (to("0.0.0.0/0"), anywhere),
        (to("2000::/64"), anywhere),
    ];
    let before = policy(plane, namespace, &ours);
    for (change, why) in denied {
        let output = patch(&ours, &change);
        assert!(output.code == Some(1) && output.stderr.contains(why), "{change}: {output:#?}");
    }
    assert_eq!(policy(plane, namespace, &ours), before);
    patch(&ours, &to(&format!("{SECOND}/32"))).expect_success();
    patch(&ours, &json!({ "spec": { "egress": [] } })).expect_success();
}

/// Applies what is printed, runs what the CronJob would run, by its ServiceAccount, and takes one right
/// away after the other; returns the caveats of an answer with all of them.
fn check(plane: &ControlPlane, namespace: &str, scope: &[&str]) -> Vec<String> {
    let server = server();
    let name = remember_both(plane, namespace);
    plane.apply(&SERVICE.replace("NAMESPACE", namespace));
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
    wait(|| run().code == Some(0), "the rights are enough");
    let all = caveats(&run());
    let current = |output: &Output| output.code == Some(0) && caveats(output) == all;
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
    all
}

fn caveats(output: &Output) -> Vec<String> {
    let joined = output.stdout.replace("\n        ", " ");
    joined.lines().filter(|line| line.starts_with("caveat:")).map(str::to_owned).collect()
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
    remember_both(plane, namespace);
    assert_eq!(blocks(&policy(plane, namespace, name))[0].len(), 1);
}

/// A Service that selects no pods, which is followed to its EndpointSlices.
const SERVICE: &str = "
apiVersion: v1
kind: Service
metadata: {name: legacy, namespace: NAMESPACE}
spec: {ports: [{name: sql, port: 3306}]}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: legacy-1, namespace: NAMESPACE, labels: {kubernetes.io/service-name: legacy}}
addressType: IPv4
ports: [{name: sql, port: 3306, protocol: TCP}]
endpoints: [{addresses: [198.41.0.4]}]
";

/// Writes a policy that remembers a name and a Service, both with the first address.
fn remember_both(plane: &ControlPlane, namespace: &str) -> String {
    let entry = |host: &str, port, service, vantage| {
        let host = Host::parse(host).expect("a host");
        let mut entry = Entry { service, vantage: Some(vantage), ..Entry::new(&host) };
        (entry.ips, entry.ok) = ([(ip(FIRST), None)].into(), Some(Minute(u64::MAX / 4)));
        (Key { host, ports: [ProtocolPort::tcp(port)].into() }, entry)
    };
    let service = format!("legacy.{namespace}.svc");
    let hosts = [
        entry("api.example.test", 443, None, VantageClass::Named),
        entry(&service, 3306, Some(ProtocolPort::tcp(3306)), VantageClass::Cluster),
    ];
    remember_all(plane, namespace, &Record { entries: hosts.into() })
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
