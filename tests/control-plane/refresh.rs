//! Remembered hosts are refreshed on a real API server, from a name server that does as it is told.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::Arc;

use hickory_proto::op::ResponseCode;
use libtest_mimic::Trial;
use netpol::cluster::apply::{ApplyManner, DryRun, Force, PolicyName, Writer};
use netpol::cluster::read::{ClusterError, ConnectOptions};
use netpol::edit::guard::{self, Plan};
use netpol::edit::host::{Host, HostName};
use netpol::edit::name::of_policy;
use netpol::edit::object::{Pods, dedicated};
use netpol::edit::outcome::VantageClass;
use netpol::edit::record::{ANNOTATION, Entry, Key, Minute, Record};
use netpol::model::ports::ProtocolPort;
use netpol::model::selector::Selector;
use netpol::model::special::AddressClass;
use serde_json::{Value, json};

use super::harness::ControlPlane;
use super::name_server::{NameServer, Reply};
use super::process::Output;
use super::{Shared, plugin};

/// Lists the trials of this file.
pub(crate) fn trials(shared: &Arc<Shared>) -> Vec<Trial> {
    vec![
        shared.trial("refresh::one_failing_host_loses_nothing_and_stops_no_other", failing),
        shared.trial("refresh::a_check_tells_drift_and_writes_nothing", check),
        shared.trial("refresh::a_host_that_turns_private_is_refused_and_stops_no_other", private),
        shared.trial(
            "refresh::what_a_hand_changed_in_a_policy_of_ours_stays_and_refreshing_goes_on",
            edited,
        ),
        shared.trial(
            "refresh::the_field_of_another_in_a_policy_of_others_is_taken_only_by_force",
            of_others,
        ),
        shared.trial("refresh::what_a_tenant_plants_in_a_record_opens_nothing", planted),
        shared.trial("refresh::a_damaged_record_is_told_and_stops_no_other", damaged),
        shared.trial("refresh::two_runs_at_once_both_succeed", two_at_once),
        shared.trial("refresh::rules_of_others_in_the_same_policy_stay", beside_others),
        shared.trial("refresh::an_address_that_somebody_took_away_stays_away_and_is_told", taken_away),
        shared.trial("refresh::a_service_without_pods_is_followed_to_its_slices", followed),
        shared.trial("refresh::where_nothing_is_remembered_nothing_is_done", nothing),
    ]
}

/// Addresses of public name servers: documentation has none that may be opened.
pub(crate) const FIRST: &str = "198.41.0.4";
pub(crate) const SECOND: &str = "199.9.14.201";

pub(crate) fn ip(text: &str) -> IpAddr {
    text.parse().expect("an address")
}

pub(crate) fn remember(plane: &ControlPlane, namespace: &str, hosts: &[&str]) -> String {
    remember_as(plane, namespace, hosts, VantageClass::Named)
}

/// Writes a policy that remembers some hosts with the first address, as name servers of a class gave it,
/// and returns its name.
pub(crate) fn remember_as(
    plane: &ControlPlane,
    namespace: &str,
    hosts: &[&str],
    class: VantageClass,
) -> String {
    let entry = |host: &&str| {
        let host = Host::Name(HostName::try_from((*host).to_owned()).expect("a host name"));
        let mut entry = Entry::new(&host);
        entry.vantage = Some(class);
        entry.ips = BTreeMap::from([(ip(FIRST), None)]);
        entry.ok = Some(Minute(u64::MAX / 4));
        (Key { host, ports: BTreeSet::from([ProtocolPort::tcp(443)]) }, entry)
    };
    remember_all(plane, namespace, &Record { entries: hosts.iter().map(entry).collect() })
}

/// Writes a policy that remembers and opens what a record says, and returns its name.
pub(crate) fn remember_all(plane: &ControlPlane, namespace: &str, record: &Record) -> String {
    plane.apply(&format!("{{apiVersion: v1, kind: Namespace, metadata: {{name: {namespace}}}}}"));
    let pods = Pods { namespace: namespace.into(), workload: None, selector: Selector::default() };
    let object = dedicated(&pods, &of_policy("", record.entries.keys()), record, &[])
        .expect("a record")
        .expect("a policy");
    let object = json!(object);
    let name = object["metadata"]["name"].as_str().expect("a name").to_owned();
    let options =
        ConnectOptions { kubeconfig: Some(plane.kubeconfig("admin")), ..ConnectOptions::default() };
    let writer = Writer::open(&options).expect("a writer");
    let place = PolicyName { namespace: namespace.to_owned(), name: name.clone() };
    let manner = ApplyManner { dry_run: DryRun::None, force: Force::No };
    let planned = guard::check(&object, Plan { record: Some(record), ..Plan::default() });
    let planned = planned.expect("as planned");
    let plan = |_: Option<&Value>| -> Result<_, ClusterError> { Ok(Some(planned.clone())) };
    writer.apply(&place, manner, plan).expect("applied");
    name
}

/// Starts a name server that knows the hosts of `example.test` by what they are called.
pub(crate) fn server() -> NameServer {
    NameServer::start(|question, _| match question.name.split('.').next() {
        Some("failing") => Reply::Code(ResponseCode::ServFail),
        Some("private") => Reply::Addresses(vec![ip("10.0.0.5"), ip(FIRST)]),
        Some("same") => Reply::Addresses(vec![ip(FIRST)]),
        _ => Reply::Addresses(vec![ip(FIRST), ip(SECOND)]),
    })
}

fn run(plane: &ControlPlane, server: &NameServer, namespace: &str, args: &[&str]) -> Output {
    let resolver = server.address.to_string();
    let own = ["refresh-ips", "-n", namespace, "--resolver", &resolver];
    plugin::ask(plane, "admin", &[&own, args].concat())
}

pub(crate) fn policy(plane: &ControlPlane, namespace: &str, name: &str) -> Value {
    plane.get(&["--namespace", namespace, "networkpolicy", name])
}

pub(crate) fn blocks(policy: &Value) -> Vec<Vec<String>> {
    let text = |peer: &Value| peer["ipBlock"]["cidr"].as_str().unwrap_or_default().to_owned();
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    list(&policy["spec"]["egress"])
        .iter()
        .map(|rule| list(&rule["to"]).iter().map(text).collect())
        .collect()
}

fn failing(plane: &ControlPlane) {
    let (namespace, server) = ("refresh-failing", server());
    let hosts = ["api.example.test", "failing.example.test"];
    let name = remember(plane, namespace, &hosts);
    let output = run(plane, &server, namespace, &[]);
    let expected = format!(
        "2 hosts in 1 policy, 1 added, 1 unresolved\n\
         \n\
         {namespace}/{name} was written\n  \
           api.example.test:443\n    \
             added {SECOND}\n    \
             kept {FIRST}\n  \
           failing.example.test:443\n    \
             not resolved, its addresses stay: {}: SERVFAIL\n    \
             kept {FIRST}\n",
        server.address
    );
    assert_eq!((&*output.stdout, output.code), (&*expected, Some(4)), "{output:#?}");
    let after = policy(plane, namespace, &name);
    assert_eq!(
        blocks(&after),
        [vec![format!("{FIRST}/32"), format!("{SECOND}/32")], vec![format!("{FIRST}/32")],]
    );
    assert_eq!(after["metadata"]["labels"]["app.kubernetes.io/managed-by"], "kubectl-netpol");
    assert_eq!(after["spec"]["policyTypes"], json!(["Egress"]));

    let again = run(plane, &server, namespace, &[]);
    assert_eq!(again.code, Some(4), "{again:#?}");
    let version = |policy: &Value| policy["metadata"]["resourceVersion"].clone();
    assert_eq!(version(&policy(plane, namespace, &name)), version(&after), "nothing was written");
}

fn check(plane: &ControlPlane) {
    let (namespace, server) = ("refresh-check", server());
    let name = remember(plane, namespace, &["api.example.test"]);
    let output = run(plane, &server, namespace, &["--check", "-o", "json"]);
    assert_eq!(output.code, Some(1), "{output:#?}");
    let answer: Value = serde_json::from_str(&output.stdout).expect("JSON");
    assert_eq!(answer["policies"][0]["outcome"], "due");
    assert_eq!(answer["policies"][0]["hosts"][0]["added"], json!([SECOND]));
    assert_eq!(blocks(&policy(plane, namespace, &name)), [[format!("{FIRST}/32")]]);

    let written = run(plane, &server, namespace, &[&*name]);
    assert_eq!(written.code, Some(0), "{written:#?}");
    let output = run(plane, &server, namespace, &["--check"]);
    let text = "1 host in 1 policy, all current\n";
    assert_eq!((&*output.stdout, output.code), (text, Some(0)), "{output:#?}");
}

fn private(plane: &ControlPlane) {
    let (namespace, server) = ("refresh-private", server());
    let name = remember(plane, namespace, &["api.example.test", "private.example.test"]);
    for args in [&["--check"][..], &[]] {
        let output = run(plane, &server, namespace, args);
        assert_eq!(output.code, Some(5), "{output:#?}");
        let refusal = "refused 10.0.0.5: it is private, and the host was public until now";
        assert!(output.stdout.contains(refusal), "{output:#?}");
    }
    let after = blocks(&policy(plane, namespace, &name));
    assert_eq!(after[0], [format!("{FIRST}/32"), format!("{SECOND}/32")]);
    assert_eq!(after[1], [format!("{FIRST}/32")]);
}

/// Tells whether a text is in an output, however its lines are broken.
fn tells(output: &Output, text: &str) -> bool {
    output.stdout.split_whitespace().collect::<Vec<_>>().join(" ").contains(text)
}

/// Changes the egress rules of a policy as somebody would by hand.
fn patch(plane: &ControlPlane, namespace: &str, name: &str, patch: &Value) {
    let patch = format!("--patch={patch}");
    let args = ["patch", "--namespace", namespace, "networkpolicy", name, "--type=json", &patch];
    plane.kubectl(&args, None).expect_success();
}

fn edited(plane: &ControlPlane) {
    let (namespace, server) = ("refresh-edited", server());
    let name = remember(plane, namespace, &["api.example.test"]);
    let theirs = json!({ "ipBlock": { "cidr": "192.5.5.241/32" } });
    let add = json!([{ "op": "add", "path": "/spec/egress/0/to/-", "value": theirs }]);
    patch(plane, namespace, &name, &add);
    let told = "belonged to the manager kubectl-patch, from whom it is taken; what is in it stays";
    let output = run(plane, &server, namespace, &["--check"]);
    assert_eq!(output.code, Some(1), "{output:#?}");
    assert!(tells(&output, "would be written") && tells(&output, told), "{output:#?}");
    let output = run(plane, &server, namespace, &[]);
    assert_eq!(output.code, Some(0), "{output:#?}");
    assert!(tells(&output, told), "{output:#?}");
    let all = [FIRST, SECOND, "192.5.5.241"].map(|ip| format!("{ip}/32"));
    assert_eq!(blocks(&policy(plane, namespace, &name)), [all]);
    let output = run(plane, &server, namespace, &[]);
    assert_eq!(output.stdout, "1 host in 1 policy, all current\n", "{output:#?}");
    // The whole field is applied by another manager: none of our rules is left, and none comes back.
    let theirs = json!({
        "apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {"podSelector": {}, "policyTypes": ["Egress"], "egress": [{
            "to": [{"ipBlock": {"cidr": "192.5.5.241/32"}}],
            "ports": [{"protocol": "TCP", "port": 53}],
        }]},
    });
    let args =
        ["apply", "--server-side", "--force-conflicts", "--field-manager=the-other", "--filename=-"];
    plane.kubectl(&args, Some(&theirs.to_string())).expect_success();
    for _ in 0..2 {
        let output = run(plane, &server, namespace, &[]);
        assert_eq!(output.code, Some(0), "{output:#?}");
        assert!(tells(&output, "closed: the policy has no rule for it"), "{output:#?}");
        assert_eq!(blocks(&policy(plane, namespace, &name)), [["192.5.5.241/32"]]);
    }
}

fn of_others(plane: &ControlPlane) {
    let (namespace, server) = ("refresh-of-others", server());
    let name = remember(plane, namespace, &["api.example.test"]);
    let label = "app.kubernetes.io/managed-by=somebody";
    let args = ["label", "--overwrite", "--namespace", namespace, "networkpolicy", &name, label];
    plane.kubectl(&args, None).expect_success();
    let theirs = json!({ "ipBlock": { "cidr": "192.5.5.241/32" } });
    let add = json!([{ "op": "add", "path": "/spec/egress/0/to/-", "value": theirs }]);
    patch(plane, namespace, &name, &add);
    let settles =
        format!("`kubectl netpol refresh-ips {name} -n {namespace} --force-conflicts` takes it over");
    for args in [&["--check"][..], &[]] {
        let output = run(plane, &server, namespace, args);
        assert_eq!(output.code, Some(3), "{output:#?}");
        let owner = ".spec.egress belongs to kubectl-patch (Update at 20";
        assert!(tells(&output, owner) && tells(&output, &settles), "{output:#?}");
    }
    let output = run(plane, &server, namespace, &[&name, "--force-conflicts"]);
    assert_eq!(output.code, Some(0), "{output:#?}");
    let all = [FIRST, SECOND, "192.5.5.241"].map(|ip| format!("{ip}/32"));
    let after = policy(plane, namespace, &name);
    assert_eq!(blocks(&after), [all]);
    assert_eq!(after["metadata"]["labels"]["app.kubernetes.io/managed-by"], "somebody");
}

/// Whoever may write a policy may write its record: what he plants there opens nothing.
fn planted(plane: &ControlPlane) {
    let (namespace, server) = ("refresh-planted", server());
    let name = remember(plane, namespace, &["private.example.test"]);
    let live = policy(plane, namespace, &name);
    let text = live["metadata"]["annotations"][ANNOTATION].as_str().expect("a record");
    let mut record = Record::parse(text).expect("a record");
    record.entries.values_mut().for_each(|entry| entry.allow = [AddressClass::Private].into());
    let host = Host::from(ip("169.254.169.254"));
    let mut entry = Entry::new(&host);
    entry.allow = [AddressClass::Metadata].into();
    record.entries.insert(Key { host, ports: BTreeSet::from([ProtocolPort::tcp(80)]) }, entry);
    let text = format!("{ANNOTATION}={}", record.write().expect("a record"));
    let args = ["annotate", "--overwrite", "--namespace", namespace, "networkpolicy", &name, &text];
    plane.kubectl(&args, None).expect_success();
    let output = run(plane, &server, namespace, &[]);
    assert_eq!(output.code, Some(5), "{output:#?}");
    for told in [
        "closed 169.254.169.254",
        "refused 10.0.0.5: it is private: the record consents to that, and this run does not",
        "its record consents to private addresses and this run does not: --allow-private",
    ] {
        assert!(tells(&output, told), "{told}: {output:#?}");
    }
    assert_eq!(policy(plane, namespace, &name)["spec"], live["spec"]);
    let consents = ["--allow-private", "--allow-special", "metadata"];
    let output = run(plane, &server, namespace, &consents);
    assert_eq!(output.code, Some(0), "{output:#?}");
    let all = ["10.0.0.5", FIRST].map(|ip| format!("{ip}/32"));
    assert_eq!(blocks(&policy(plane, namespace, &name)), [all], "a host that is closed stays so");
}

fn damaged(plane: &ControlPlane) {
    let (namespace, server) = ("refresh-damaged", server());
    let name = remember(plane, namespace, &["api.example.test"]);
    let sound = remember(plane, namespace, &["other.example.test"]);
    let text = format!("{ANNOTATION}={{\"v\":1,\"hosts\":[");
    let args = ["annotate", "--overwrite", "--namespace", namespace, "networkpolicy", &name, &text];
    plane.kubectl(&args, None).expect_success();
    let output = run(plane, &server, namespace, &[]);
    assert_eq!(output.code, Some(3), "{output:#?}");
    assert!(output.stdout.contains("the annotation kubectl-netpol/endpoints is damaged"), "{output:#?}");
    let damaged = policy(plane, namespace, &name);
    assert_eq!(blocks(&damaged), [[format!("{FIRST}/32")]]);
    assert_eq!(damaged["metadata"]["annotations"][ANNOTATION], "{\"v\":1,\"hosts\":[");
    assert_eq!(blocks(&policy(plane, namespace, &sound))[0].len(), 2);
}

fn two_at_once(plane: &ControlPlane) {
    let (namespace, server) = ("refresh-two", server());
    let names: Vec<String> = (0..5)
        .map(|number| remember(plane, namespace, &[&format!("api{number}.example.test")]))
        .collect();
    let outputs = std::thread::scope(|scope| {
        let both = [(); 2].map(|()| scope.spawn(|| run(plane, &server, namespace, &[])));
        both.map(|run| run.join().expect("it ended"))
    });
    for output in outputs {
        assert_eq!(output.code, Some(0), "{output:#?}");
    }
    for name in names {
        assert_eq!(blocks(&policy(plane, namespace, &name))[0].len(), 2);
    }
}

fn beside_others(plane: &ControlPlane) {
    let (namespace, server) = ("refresh-beside", server());
    let name = remember(plane, namespace, &["api.example.test"]);
    // Another writer's label and annotation, which are not ours to keep or to lose.
    for verb in ["label", "annotate"] {
        let args = [verb, "--namespace", namespace, "networkpolicy", &name, "team=shop"];
        plane.kubectl(&args, None).expect_success();
    }
    let output = run(plane, &server, namespace, &[]);
    assert_eq!(output.code, Some(0), "{output:#?}");
    let after = policy(plane, namespace, &name);
    assert_eq!(after["metadata"]["labels"]["team"], "shop");
    assert_eq!(after["metadata"]["annotations"]["team"], "shop");
    assert_eq!(blocks(&after)[0].len(), 2);
}

fn taken_away(plane: &ControlPlane) {
    let (namespace, server) = ("refresh-taken-away", server());
    let name = remember(plane, namespace, &["api.example.test"]);
    assert_eq!(run(plane, &server, namespace, &[]).code, Some(0));
    let away = json!([{ "op": "replace", "path": "/spec/egress/0/to", "value":
        [{ "ipBlock": { "cidr": format!("{SECOND}/32") } }] }]);
    patch(plane, namespace, &name, &away);
    for args in [&["--check"][..], &[], &[]] {
        let output = run(plane, &server, namespace, args);
        assert_eq!(output.code, Some(0), "{output:#?}");
        assert!(output.stdout.starts_with("1 host in 1 policy, 1 closed\n"), "{output:#?}");
        assert!(
            tells(
                &output,
                &format!("closed {FIRST} not in its rule any more; allow-endpoint opens it again")
            ),
            "{output:#?}"
        );
        assert_eq!(blocks(&policy(plane, namespace, &name)), [[format!("{SECOND}/32")]]);
    }
}

fn followed(plane: &ControlPlane) {
    let (namespace, server) = ("refresh-followed", server());
    let slice = |ip: &str| {
        plane.apply(&format!(
            "
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {{name: legacy-1, namespace: {namespace}, labels: {{kubernetes.io/service-name: legacy}}}}
addressType: IPv4
ports: [{{name: tn, port: 992, protocol: TCP}}]
endpoints: [{{addresses: [{ip}]}}]
"
        ));
    };
    plane.apply(&format!(
        "
apiVersion: v1
kind: Namespace
metadata: {{name: {namespace}}}
---
apiVersion: v1
kind: Service
metadata: {{name: legacy, namespace: {namespace}}}
spec: {{ports: [{{name: tn, port: 23, targetPort: 992}}]}}
---
apiVersion: v1
kind: Pod
metadata: {{name: web, namespace: {namespace}, labels: {{app: web}}}}
spec: {{containers: [{{name: main, image: example.test/web}}]}}
"
    ));
    slice("172.20.5.9");
    let resolver = server.address.to_string();
    let url = format!("telnet://legacy.{namespace}.svc:23");
    let allow = ["allow-endpoint", "pod/web", "-n", namespace, "--url", &url, "--resolver", &resolver];
    let output = plugin::ask(plane, "admin", &[&allow[..], &["--isolate", "--yes"]].concat());
    assert_eq!(output.code, Some(0), "{output:#?}");
    slice("172.20.5.10");
    // Whoever may write the slices chooses its addresses: private ones need consent.
    let output = run(plane, &server, namespace, &[]);
    assert_eq!(output.code, Some(5), "{output:#?}");
    assert!(tells(&output, "refused 172.20.5.10: it is private: the record consents"), "{output:#?}");
    let output = run(plane, &server, namespace, &["--allow-private"]);
    assert_eq!(output.code, Some(0), "{output:#?}");
    for told in
        [format!("legacy.{namespace}.svc:992 added 172.20.5.10"), "pending 172.20.5.9".to_owned()]
    {
        assert!(tells(&output, &told), "{told}: {output:#?}");
    }
    // What is printed for Git is what users write of it.
    let printed = [&allow[..], &["--isolate", "-o", "json"]].concat();
    let printed: Value =
        serde_json::from_str(&plugin::ask(plane, "admin", &printed).stdout).expect("JSON");
    let all = printed["items"].as_array().cloned().unwrap_or_else(|| vec![printed.clone()]);
    for object in all {
        let metadata = object["metadata"].as_object().expect("metadata").keys();
        let own = ["annotations", "labels", "name", "namespace"];
        assert!(metadata.into_iter().all(|field| own.contains(&&**field)), "{object:#}");
        assert_eq!(object["status"], Value::Null);
    }
}

fn nothing(plane: &ControlPlane) {
    let server = server();
    plane.apply("{apiVersion: v1, kind: Namespace, metadata: {name: refresh-nothing}}");
    let output = run(plane, &server, "refresh-nothing", &[]);
    assert_eq!((&*output.stdout, output.code), ("no hosts are remembered here\n", Some(0)));
    let output = run(plane, &server, "refresh-nothing", &["mine"]);
    let text = "error: no NetworkPolicy `mine` with remembered hosts in namespace `refresh-nothing`\n";
    plugin::assert_fails(&output, 2, text);
}
