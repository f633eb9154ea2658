//! `allow-endpoint` on a real API server, with a name server that does as it is told.

use std::net::IpAddr;
use std::sync::Arc;

use hickory_proto::op::ResponseCode;
use hickory_proto::rr::RecordType;
use libtest_mimic::Trial;
use serde_json::{Value, json};

use super::Shared;
use super::harness::ControlPlane;
use super::name_server::{NameServer, Reply, service};
use super::plugin::{PLUGIN, answer, ask};
use super::process::{Output, run};
use super::rights::{grant, wait_until_may};

/// Lists the trials of this file.
pub(crate) fn trials(shared: &Arc<Shared>) -> Vec<Trial> {
    vec![
        shared.trial("allow::a_locked_down_workload_gets_one_host_and_nothing_else", one_host),
        shared.trial("allow::the_first_egress_policy_is_refused_with_what_it_would_cut", first_egress),
        shared.trial("allow::the_rest_stays_open_where_that_is_asked_for", rest),
        shared.trial("allow::nothing_is_written_without_consent", consent),
        shared.trial("allow::a_service_is_opened_by_its_pods_and_both_sides", both_sides),
        shared.trial("allow::another_managers_policy_is_taken_over_only_by_force", into),
        shared.trial("allow::a_policy_of_a_gitops_tool_is_refused", gitops),
        shared.trial("allow::what_name_servers_cannot_tell_or_must_not_is_not_written", refused),
        shared.trial("allow::srv_records_are_remembered_and_followed", srv),
        shared.trial("allow::srv_records_lead_to_no_service_that_nobody_named", srv_inside),
        shared.trial("allow::a_policy_of_that_name_by_somebody_else_stays", not_ours),
        shared.trial("allow::explain_judges_each_address_of_a_host", explain),
        shared.trial("allow::what_is_written_by_hand_opens_the_same", by_hand),
        shared.trial("allow::pods_behind_a_proxy_are_told_so", proxied),
        shared.trial("allow::a_terminal_is_asked_and_no_is_no", asked),
        shared.trial("allow::it_takes_the_rights_that_the_readme_says", rights),
        shared.trial("allow::default_deny_is_written_where_that_is_asked_for", default_deny),
    ]
}

/// Addresses of public name servers: documentation has none that may be opened.
const FIRST: &str = "198.41.0.4";
const SECOND: &str = "199.9.14.201";

/// A namespace that denies everything but DNS for `web`, and leaves `open` open; a database that lets
/// nobody in.
pub(crate) fn shop(plane: &ControlPlane, name: &str) -> String {
    let manifests = format!(
        "
apiVersion: v1
kind: Namespace
metadata: {{name: {name}}}
---
apiVersion: v1
kind: Pod
metadata: {{name: web, namespace: {name}, labels: {{app: web, side: a}}}}
spec: {{containers: [{{name: main, image: example.test/web}}]}}
---
apiVersion: v1
kind: Pod
metadata: {{name: open, namespace: {name}, labels: {{app: open}}}}
spec: {{containers: [{{name: main, image: example.test/open}}]}}
---
apiVersion: v1
kind: Pod
metadata: {{name: db, namespace: {name}, labels: {{app: db}}}}
spec: {{containers: [{{name: main, image: example.test/db, ports: [{{name: sql, containerPort: 5433}}]}}]}}
---
apiVersion: v1
kind: Service
metadata: {{name: db, namespace: {name}}}
spec: {{selector: {{app: db}}, ports: [{{name: sql, port: 5432, targetPort: sql}}]}}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {{name: web, namespace: {name}}}
spec:
  podSelector: {{matchLabels: {{app: web}}}}
  policyTypes: [Egress]
  egress:
  - {{to: [{{namespaceSelector: {{}}}}], ports: [{{protocol: UDP, port: 53}}, {{protocol: TCP, port: 53}}]}}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {{name: db, namespace: {name}}}
spec: {{podSelector: {{matchLabels: {{app: db}}}}, policyTypes: [Ingress]}}
"
    );
    plane.apply(&manifests);
    name.to_owned()
}

pub(crate) fn ip(text: &str) -> IpAddr {
    text.parse().expect("an address")
}

/// Starts a name server that knows hosts by what they are called.
pub(crate) fn server() -> NameServer {
    NameServer::start(|question, before| match question.name.split('.').next() {
        Some("failing") => Reply::Code(ResponseCode::ServFail),
        Some("nowhere") => Reply::Code(ResponseCode::NXDomain),
        Some("proxy") => Reply::Addresses(vec![ip("10.0.1.50")]),
        Some("private") => Reply::Addresses(vec![ip("10.9.8.7")]),
        Some("local") => Reply::Addresses(vec![ip("127.0.0.1")]),
        Some("many") => Reply::Addresses((0..=255).map(|low| IpAddr::from([11, 2, 3, low])).collect()),
        Some("too-many") => {
            let all = (0..=299_u16).map(|number| number.to_be_bytes());
            Reply::Addresses(all.map(|[high, low]| IpAddr::from([11, 2, high, low])).collect())
        }
        Some("_mongodb") if question.name.contains(".inside.") => {
            let target = "db.allow-srv-inside.svc.cluster.local";
            Reply::Records(vec![service(&question.name, target, 5432)])
        }
        Some("_mongodb") if question.kind == RecordType::SRV => {
            let members = if before == 0 { &["m1"][..] } else { &["m1", "m2"] };
            let target = |name: &&str| service(&question.name, &format!("{name}.example.test"), 27017);
            Reply::Records(members.iter().map(target).collect())
        }
        _ => Reply::Addresses(vec![ip(FIRST), ip(SECOND)]),
    })
}

pub(crate) fn allow(
    plane: &ControlPlane,
    server: &NameServer,
    namespace: &str,
    args: &[&str],
) -> Output {
    let resolver = server.address.to_string();
    let own = ["allow-endpoint", "-n", namespace, "--resolver", &resolver];
    ask(plane, "admin", &[&own, args].concat())
}

/// Lists the connections of a pod that are allowed now.
pub(crate) fn open(plane: &ControlPlane, namespace: &str, pod: &str) -> Vec<String> {
    let from = format!("pod/{pod}");
    let list = answer(plane, "admin", &["list", "-n", namespace, "--from", &from]);
    let name = |end: &Value| match end["name"].as_str() {
        Some(name) => name.to_owned(),
        None => end["cidrs"].to_string(),
    };
    let each = list["connections"].as_array().expect("connections").iter();
    // Other trials add pods to namespaces of their own.
    let near =
        |own: &&Value| own["destination"]["namespace"].as_str().is_none_or(|other| other == namespace);
    each.filter(near).map(|own| format!("{} {}", name(&own["destination"]), own["ports"])).collect()
}

pub(crate) fn policies(plane: &ControlPlane, namespace: &str) -> Vec<Value> {
    let list = plane.get(&["--namespace", namespace, "--show-managed-fields", "networkpolicies"]);
    list["items"].as_array().expect("items").clone()
}

/// Returns the only policy of a namespace whose name begins so.
fn ours(plane: &ControlPlane, namespace: &str, start: &str) -> Value {
    let all = policies(plane, namespace).into_iter();
    let own =
        all.filter(|own| own["metadata"]["name"].as_str().is_some_and(|name| name.starts_with(start)));
    let [own] = <[Value; 1]>::try_from(own.collect::<Vec<_>>()).expect("one policy");
    own
}

#[track_caller]
pub(crate) fn assert_refused(output: &Output, code: i32, text: &str) {
    assert_eq!(output.code, Some(code), "{output:#?}");
    assert!(output.stderr.contains(text), "{text}: {output:#?}");
}

fn one_host(plane: &ControlPlane) {
    let (namespace, server) = (shop(plane, "allow-one"), server());
    let before = open(plane, &namespace, "web");
    let url = "https://user:secret@api.example.test/path?token=secret";
    let output = allow(plane, &server, &namespace, &["pod/web", "--url", url, "--yes"]);
    assert_eq!(output.code, Some(0), "{output:#?}");
    assert!(!format!("{output:?}").contains("secret"), "{output:#?}");
    assert!(
        output.stdout.starts_with(&format!("{namespace}/pod/web -> api.example.test:443\n")),
        "{output:#?}"
    );
    let undo = "disallow-endpoint allow-one/pod/web --url https://api.example.test:443` takes it back\n";
    assert!(output.stderr.contains(" created\n") && output.stderr.ends_with(undo), "{output:#?}");
    let policy = ours(plane, &namespace, "netpol-ep-api-example-test-");
    assert_eq!(
        policy["spec"],
        json!({
            "podSelector": {"matchLabels": {"app": "web", "side": "a"}},
            "policyTypes": ["Egress"],
            "egress": [{
                "to": [{"ipBlock": {"cidr": "198.41.0.4/32"}}, {"ipBlock": {"cidr": "199.9.14.201/32"}}],
                "ports": [{"protocol": "TCP", "port": 443}],
            }],
        })
    );
    let managers = policy["metadata"]["managedFields"].as_array().expect("managers");
    assert_eq!(managers.len(), 1);
    assert_eq!(managers[0]["manager"], "kubectl-netpol");
    // Exactly what was intended is open beside what was.
    let after = open(plane, &namespace, "web");
    let new: Vec<&String> = after.iter().filter(|own| !before.contains(own)).collect();
    assert_eq!(new, [&format!("[\"{FIRST}/32\",\"{SECOND}/32\"] [\"TCP/443\"]")]);
    assert!(before.iter().all(|own| after.contains(own)));

    // A second time changes nothing, and a refresh neither.
    let again = allow(plane, &server, &namespace, &["pod/web", "--url", url, "--yes"]);
    assert_eq!(again.code, Some(0), "{again:#?}");
    assert!(again.stdout.contains("stays as it is") && again.stderr.is_empty(), "{again:#?}");
    let version = policy["metadata"]["resourceVersion"].clone();
    assert_eq!(ours(plane, &namespace, "netpol-ep-")["metadata"]["resourceVersion"], version);
    let resolver = server.address.to_string();
    let check = ["refresh-ips", "-n", &namespace, "--resolver", &resolver, "--check"];
    assert_eq!(ask(plane, "admin", &check).code, Some(0));
}

fn first_egress(plane: &ControlPlane) {
    let (namespace, server) = (shop(plane, "allow-first"), server());
    let url = "https://api.example.test";
    let output = allow(plane, &server, &namespace, &["pod/open", "--url", url, "--yes"]);
    assert_refused(&output, 5, "has no egress policy yet: its first one cuts all that it does not open");
    assert!(output.stdout.contains("becomes isolated for egress"), "{output:#?}");
    assert!(
        output.stdout.contains(&format!("~ {namespace}/pod/open -> {namespace}/pod/web ")),
        "{output:#?}"
    );
    assert_eq!(policies(plane, &namespace).len(), 2, "nothing was written");
    let printed = allow(plane, &server, &namespace, &["pod/open", "--url", url, "-o", "yaml"]);
    assert_refused(&printed, 5, "has no egress policy yet");
    assert_eq!(printed.stdout, "");

    let output = allow(plane, &server, &namespace, &["pod/open", "--url", url, "--yes", "--isolate"]);
    assert_eq!(output.code, Some(0), "{output:#?}");
    // It needs DNS, too, and nobody knows where that is.
    assert!(output.stdout.contains("where the cluster's DNS is was not found"), "{output:#?}");
    let after = open(plane, &namespace, "open");
    assert!(after.iter().all(|own| own.contains("443") || own.contains("TCP/53")), "{after:#?}");
    assert!(after.iter().any(|own| own.contains("TCP/443")), "{after:#?}");
}

fn rest(plane: &ControlPlane) {
    let (namespace, server) = (shop(plane, "allow-rest"), server());
    let before = open(plane, &namespace, "open");
    let args = ["pod/open", "--url", "https://api.example.test", "--yes", "--allow-rest"];
    let output = allow(plane, &server, &namespace, &args);
    assert_eq!(output.code, Some(0), "{output:#?}");
    assert!(output.stdout.contains("(loses nothing)"), "{output:#?}");
    assert_eq!(open(plane, &namespace, "open"), before);
    ours(plane, &namespace, "netpol-rest-open-");
}

fn consent(plane: &ControlPlane) {
    let (namespace, server) = (shop(plane, "allow-consent"), server());
    let url = ["pod/web", "--url", "https://api.example.test"];
    let output = allow(plane, &server, &namespace, &url);
    assert_refused(&output, 2, "give --yes");
    for dry in ["--dry-run=client", "--dry-run=server"] {
        let output = allow(plane, &server, &namespace, &[&url[..], &[dry]].concat());
        assert_eq!(output.code, Some(0), "{output:#?}");
        let told = if dry.ends_with("server") { "created (server dry run)\n" } else { "" };
        assert!(output.stderr.ends_with(told), "{output:#?}");
    }
    let printed = allow(plane, &server, &namespace, &[&url[..], &["-o", "yaml"]].concat());
    assert_eq!(printed.code, Some(0), "{printed:#?}");
    assert_eq!(policies(plane, &namespace).len(), 2, "nothing was written");
    // What is printed is what would be written.
    plane.kubectl(&["apply", "--server-side", "--filename=-"], Some(&printed.stdout)).expect_success();
    let output = allow(plane, &server, &namespace, &[&url[..], &["--yes"]].concat());
    assert!(output.stdout.contains("stays as it is"), "{output:#?}");

    // For every pod of the namespace only by its name, and it says so.
    let none = allow(plane, &server, &namespace, &["--url", "https://api.example.test", "--yes"]);
    assert_refused(&none, 2, "TARGET");
    let of_namespace = format!("ns/{namespace}");
    let whole = [&*of_namespace, "--url", "https://api.example.test", "--dry-run=client"];
    let output = allow(plane, &server, &namespace, &whole);
    assert_refused(&output, 5, &format!("ns/{namespace} has no egress policy yet"));
    assert!(output.stdout.starts_with(&format!("ns/{namespace} (every pod) -> ")), "{output:#?}");
}

fn both_sides(plane: &ControlPlane) {
    let (namespace, server) = (shop(plane, "allow-service"), server());
    let url = format!("postgres://u:p@db.{namespace}.svc.cluster.local/orders");
    let output = allow(plane, &server, &namespace, &["pod/web", "--url", &url, "--yes"]);
    assert_eq!(output.code, Some(0), "{output:#?}");
    let note = format!("{namespace}/svc/db denies it on its side: --both-sides opens that too");
    assert!(output.stdout.replace("\n         ", " ").contains(&note), "{output:#?}");
    let egress = &ours(plane, &namespace, "netpol-ep-")["spec"]["egress"];
    assert_eq!(egress[0]["ports"], json!([{"protocol": "TCP", "port": "sql"}]));
    assert_eq!(egress[0]["to"][0]["podSelector"], json!({"matchLabels": {"app": "db"}}));
    let ask_both = ["explain", "pod/web", "--to", "svc/db:5432", "-n", &namespace];
    assert_eq!(answer(plane, "admin", &ask_both)["verdict"], "deny");

    let output = allow(plane, &server, &namespace, &["pod/web", "--url", &url, "--yes", "--both-sides"]);
    assert_eq!(output.code, Some(0), "{output:#?}");
    assert_eq!(answer(plane, "admin", &ask_both)["verdict"], "allow");
    let to_other = ["explain", "pod/open", "--to", "svc/db:5432", "-n", &namespace];
    assert_eq!(answer(plane, "admin", &to_other)["verdict"], "deny");
    assert!(
        server.asked(&format!("db.{namespace}.svc.cluster.local"), super::name_server::Transport::Udp)
            == 0
    );
}

fn into(plane: &ControlPlane) {
    let (namespace, server) = (shop(plane, "allow-into"), server());
    let args = ["pod/web", "--url", "https://api.example.test", "--into", "web"];
    let yes = [&args[..], &["--yes"]].concat();
    let output = allow(plane, &server, &namespace, &yes);
    assert_refused(
        &output,
        5,
        "the field spec.egress of NetworkPolicy allow-into/web belongs to the manager",
    );
    let forced = [&yes[..], &["--force-conflicts"]].concat();
    let output = allow(plane, &server, &namespace, &forced);
    assert_eq!(output.code, Some(0), "{output:#?}");
    let policy = ours(plane, &namespace, "web");
    let egress = policy["spec"]["egress"].as_array().expect("rules");
    assert_eq!(egress.len(), 2);
    assert_eq!(egress[0]["ports"][0], json!({"protocol": "UDP", "port": 53}), "the rule that was read");
    assert_eq!(egress[1]["to"][0]["ipBlock"]["cidr"], format!("{FIRST}/32"));
    // Once it is ours, nobody has to be overruled.
    let other = ["pod/web", "--url", "https://other.example.test:8443", "--into", "web", "--yes"];
    let output = allow(plane, &server, &namespace, &other);
    assert_eq!(output.code, Some(0), "{output:#?}");
    assert_eq!(ours(plane, &namespace, "web")["spec"]["egress"].as_array().map(Vec::len), Some(3));

    let missing = ["pod/web", "--url", "https://api.example.test", "--into", "wep", "--yes"];
    assert_refused(&allow(plane, &server, &namespace, &missing), 2, "there is no such policy");
    // A policy for ingress alone would isolate for egress.
    let wrong = ["pod/db", "--url", "https://api.example.test", "--into", "db", "--yes"];
    assert_refused(&allow(plane, &server, &namespace, &wrong), 5, "does not govern egress");
}

fn gitops(plane: &ControlPlane) {
    let (namespace, server) = (shop(plane, "allow-gitops"), server());
    let mark = [
        "annotate",
        "--namespace",
        &namespace,
        "networkpolicy",
        "web",
        "argocd.argoproj.io/tracking-id=x",
    ];
    plane.kubectl(&mark, None).expect_success();
    let args = ["pod/web", "--url", "https://api.example.test", "--into", "web", "--yes"];
    let output = allow(plane, &server, &namespace, &args);
    assert_refused(&output, 5, "is looked after by Argo CD (annotation argocd.argoproj.io/tracking-id)");
    assert!(output.stderr.contains("ignoreDifferences"), "{output:#?}");
    let printed = allow(plane, &server, &namespace, &[&args[..5], &["-o", "yaml"]].concat());
    assert_eq!(printed.code, Some(0), "{printed:#?}");
    let forced = [&args[..], &["--force-conflicts"]].concat();
    assert_eq!(allow(plane, &server, &namespace, &forced).code, Some(0));
}

fn refused(plane: &ControlPlane) {
    let (namespace, server) = (shop(plane, "allow-refused"), server());
    let cluster = plane.get(&["--namespace", &namespace, "service", "db"]);
    let cluster = format!("https://{}", cluster["spec"]["clusterIP"].as_str().expect("an address"));
    let cases: &[(&str, i32, &str)] = &[
        ("https://failing.example.test", 4, "failing.example.test was not resolved: "),
        ("https://nowhere.example.test", 4, "name servers say that it has no address"),
        ("https://private.example.test", 5, "10.9.8.7: it is private: --allow-private opens it"),
        ("https://local.example.test", 5, "127.0.0.1: it is loopback space"),
        ("https://too-many.example.test", 5, "300 addresses are more than a list can follow"),
        ("https://169.254.169.254", 5, "169.254.169.254 is not opened"),
        ("https://*.example.test", 2, "a wildcard cannot be resolved"),
        ("https://none.allow-refused.svc", 2, "there is no Service none in namespace allow-refused"),
        (&cluster, 2, "has no port TCP/443; it has TCP/5432"),
    ];
    for (url, code, text) in cases {
        let output = allow(plane, &server, &namespace, &["pod/web", "--url", url, "--yes"]);
        assert_refused(&output, *code, text);
    }
    // One bad host of two: nothing is written.
    let two = [
        "pod/web",
        "--url",
        "https://api.example.test",
        "--url",
        "https://failing.example.test",
        "--yes",
    ];
    assert_refused(&allow(plane, &server, &namespace, &two), 4, "failing.example.test");
    assert_eq!(policies(plane, &namespace).len(), 2, "nothing was written");

    let args = ["pod/web", "--url", "https://private.example.test", "--allow-private", "--yes"];
    let output = allow(plane, &server, &namespace, &args);
    assert_eq!(output.code, Some(0), "{output:#?}");
    let args = ["pod/web", "--url", "https://many.example.test", "--yes"];
    let output = allow(plane, &server, &namespace, &args);
    assert_eq!(output.code, Some(0), "{output:#?}");
    assert!(output.stdout.contains("many.example.test has 256 addresses"), "{output:#?}");
}

fn srv_inside(plane: &ControlPlane) {
    let (namespace, server) = (shop(plane, "allow-srv-inside"), server());
    let url = "mongodb+srv://x.inside.example.test";
    let output = allow(plane, &server, &namespace, &["pod/web", "--url", url, "--yes"]);
    let why = "the SRV records of _mongodb._tcp.x.inside.example.test lead to Service \
               allow-srv-inside/db, which nobody named";
    assert_refused(&output, 5, why);
    assert_eq!(policies(plane, &namespace).len(), 2, "nothing was written");
}

fn srv(plane: &ControlPlane) {
    let (namespace, server) = (shop(plane, "allow-srv"), server());
    let args = ["pod/web", "--url", "mongodb+srv://u:p@cluster.example.test/x", "--yes"];
    let output = allow(plane, &server, &namespace, &args);
    assert_eq!(output.code, Some(0), "{output:#?}");
    let resolver = server.address.to_string();
    let refresh = ["refresh-ips", "-n", &namespace, "--resolver", &resolver];
    let output = ask(plane, "admin", &refresh);
    assert_eq!(output.code, Some(0), "{output:#?}");
    let policy = ours(plane, &namespace, "netpol-ep-cluster-example-test-");
    let egress = policy["spec"]["egress"].as_array().expect("rules");
    assert!(
        egress.len() == 2 && egress.iter().all(|rule| rule["ports"][0]["port"] == 27017),
        "{egress:#?}"
    );
}

fn not_ours(plane: &ControlPlane) {
    let (namespace, server) = (shop(plane, "allow-theirs"), server());
    let args = ["pod/web", "--url", "https://api.example.test", "-o", "json"];
    let printed = allow(plane, &server, &namespace, &args);
    let ours: Value = serde_json::from_str(&printed.stdout).expect("an object");
    let theirs = json!({
        "apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy",
        "metadata": {"name": ours["metadata"]["name"], "namespace": namespace},
        "spec": {"podSelector": {}, "policyTypes": ["Egress"]},
    });
    plane.apply(&theirs.to_string());
    let args = ["pod/web", "--url", "https://api.example.test", "--yes"];
    assert_refused(&allow(plane, &server, &namespace, &args), 5, "somebody else made");
}

fn default_deny(plane: &ControlPlane) {
    let namespace = shop(plane, "allow-default-deny");
    let own = format!("ns/{namespace}");
    let run = |args: &[&str]| ask(plane, "admin", &[&["default-deny", &own], args].concat());
    assert_refused(&run(&["--yes"]), 2, "--yes needs --apply");
    assert_refused(&run(&["--apply"]), 2, "give --yes");
    assert_eq!(run(&["--apply", "--dry-run=client"]).code, Some(0));
    let output = run(&["--apply", "--dry-run=server"]);
    assert!(output.stderr.contains(" created (server dry run)\n"), "{output:#?}");
    assert_eq!(policies(plane, &namespace).len(), 2, "nothing was written");

    let output = run(&["--apply", "--yes"]);
    assert_eq!(output.code, Some(0), "{output:#?}");
    let allowed =
        format!("NetworkPolicy {namespace}/allow-dns created\nNetworkPolicy {namespace}/default-deny");
    assert!(output.stderr.ends_with(&format!("{allowed} created\n")), "{output:#?}");
    let left = open(plane, &namespace, "open");
    assert!(left.iter().all(|own| own.contains("TCP/53")), "{left:#?}");
    let output = run(&["--apply", "--yes"]);
    assert!(output.stderr.ends_with("nothing to write: it is so already\n"), "{output:#?}");

    // Somebody else's policy of the same name is not replaced.
    let namespace = shop(plane, "allow-default-theirs");
    let theirs = json!({
        "apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy",
        "metadata": {"name": "allow-dns", "namespace": namespace},
        "spec": {"podSelector": {}, "policyTypes": ["Egress"]},
    });
    plane.apply(&theirs.to_string());
    let args = ["default-deny", &format!("ns/{namespace}"), "--apply", "--yes"];
    assert_refused(
        &ask(plane, "admin", &args),
        5,
        "allow-dns: there is one of that name that somebody else",
    );
    assert_eq!(policies(plane, &namespace).len(), 3, "nothing was written");
}

fn explain(plane: &ControlPlane) {
    let (namespace, server) = (shop(plane, "allow-explain"), server());
    let resolver = server.address.to_string();
    let url = "https://user:secret@api.example.test/path";
    let own = ["explain", "pod/web", "-n", &namespace, "--to", url, "--resolver", &resolver];
    let output = ask(plane, "admin", &own);
    assert_eq!(output.code, Some(0), "{output:#?}");
    assert!(
        output.stdout.starts_with("DENIED   allow-explain/pod/web -> api.example.test TCP/443\n"),
        "{output:#?}"
    );
    let command =
        "kubectl netpol allow-endpoint allow-explain/pod/web --url https://api.example.test:443";
    assert!(output.stdout.replace("\n         ", " ").contains(command), "{output:#?}");
    assert!(!output.stdout.contains("secret"), "{output:#?}");

    let args = ["pod/web", "--url", url, "--yes"];
    assert_eq!(allow(plane, &server, &namespace, &args).code, Some(0));
    let told = answer(plane, "admin", &own);
    assert_eq!((&told["verdict"], &told["command"]), (&json!("allow"), &Value::Null));
    let host = &told["hosts"][0];
    assert!(host["refreshed"].is_string(), "{told:#}");
    let policy = ours(plane, &namespace, "netpol-ep-");
    let policy = format!("{namespace}/{}", policy["metadata"]["name"].as_str().expect("a name"));
    let address =
        |ip: &str| json!({"address": ip, "verdict": "allow", "resolved": true, "remembered": [policy]});
    assert_eq!(host["addresses"], json!([address(FIRST), address(SECOND)]));
    let expect = ask(plane, "admin", &[&own[..], &["--expect", "deny"]].concat());
    assert_eq!(expect.code, Some(1), "{expect:#?}");

    // Another name server tells of one more, which nobody opened, and of one less.
    let other = NameServer::start(|_, _| Reply::Addresses(vec![ip(FIRST), ip("192.5.5.241")]));
    let resolver = other.address.to_string();
    let own = ["explain", "pod/web", "-n", &namespace, "--to", url, "--resolver", &resolver];
    let output = ask(plane, "admin", &own);
    assert!(output.stdout.starts_with("PARTLY"), "{output:#?}");
    for line in [
        "  192.5.5.241  denied\n".to_owned(),
        format!("  198.41.0.4   allowed remembered by {policy}\n"),
    ] {
        assert!(output.stdout.replace("\n      ", " ").contains(&line), "{line}: {output:#?}");
    }
    assert!(output.stdout.contains("not in the answers now"), "{output:#?}");
    let denied = "denied allow-explain/pod/web -> api.example.test (192.5.5.241)\n";
    assert!(output.stdout.contains(denied), "{output:#?}");
    let failing =
        ["explain", "pod/web", "-n", &namespace, "--to", "https://failing.example.test", "--resolver"];
    let resolver = server.address.to_string();
    let output = ask(plane, "admin", &[&failing[..], &[&resolver]].concat());
    assert_refused(&output, 4, "failing.example.test was not resolved: ");
}

/// An operator with a model provider, a proxy by a private name and one by a private address: the blocks
/// that people write after asking `nslookup`.
fn by_hand(plane: &ControlPlane) {
    const BY_HAND: &str = "
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: by-hand, namespace: allow-by-hand}
spec:
  podSelector: {matchLabels: {app: web}}
  policyTypes: [Egress]
  egress:
  - to: [{ipBlock: {cidr: 198.41.0.4/32}}, {ipBlock: {cidr: 199.9.14.201/32}}]
    ports: [{protocol: TCP, port: 443}]
  - to: [{ipBlock: {cidr: 10.0.1.50/32}}]
    ports: [{protocol: TCP, port: 8080}]
  - to: [{ipBlock: {cidr: 192.168.68.54/32}}]
    ports: [{protocol: TCP, port: 1234}]
";
    let server = server();
    let [by_hand, ours] = ["allow-by-hand", "allow-by-tool"].map(|name| shop(plane, name));
    plane.apply(BY_HAND);
    let private = ["pod/web", "--url", "http://proxy.example.test:8080/v1", "--yes"];
    assert_refused(&allow(plane, &server, &ours, &private), 5, "--allow-private opens it");
    // An address that the user typed is consent enough.
    let urls = ["--url", "https://api.example.test/v1", "--url", "http://192.168.68.54:1234/v1"];
    for args in
        [&[&["pod/web", "--yes"], &urls[..]].concat(), &[&private[..], &["--allow-private"]].concat()]
    {
        let output = allow(plane, &server, &ours, args);
        assert_eq!(output.code, Some(0), "{output:#?}");
    }
    let outside = |namespace: &str| {
        let all = open(plane, namespace, "web").into_iter();
        all.filter(|own| own.starts_with('[')).collect::<Vec<_>>()
    };
    assert_eq!(outside(&ours), outside(&by_hand));
    assert_eq!(outside(&ours).len(), 3);
}

fn proxied(plane: &ControlPlane) {
    let (namespace, server) = (shop(plane, "allow-proxied"), server());
    plane.apply(&format!(
        "
apiVersion: apps/v1
kind: Deployment
metadata: {{name: behind, namespace: {namespace}}}
spec:
  selector: {{matchLabels: {{app: web, side: b}}}}
  template:
    metadata: {{labels: {{app: web, side: b}}}}
    spec:
      dnsPolicy: Default
      containers:
      - name: main
        image: example.test/web
        env: [{{name: HTTPS_PROXY, value: 'http://user:secret@proxy.example.test:3128'}}]
"
    ));
    let url = ["deploy/behind", "--dry-run=client", "--url", "https://api.example.test"];
    let output = allow(plane, &server, &namespace, &url);
    let note = "its pods send requests to api.example.test:443 through proxy.example.test:3128";
    assert!(output.stdout.replace("\n        ", " ").contains(note), "{output:#?}");
    assert!(!output.stdout.contains("secret"), "{output:#?}");
    assert!(
        output.stdout.contains("note: its pods ask name servers of their own (dnsPolicy: Default)"),
        "{output:#?}"
    );
    let other = ["deploy/behind", "--dry-run=client", "--url", "api.example.test:5432"];
    assert!(!allow(plane, &server, &namespace, &other).stdout.contains("through"));
}

fn asked(plane: &ControlPlane) {
    let (namespace, server) = (shop(plane, "allow-asked"), server());
    let on_terminal = |args: &str, typed: &str| {
        let line =
            format!("{PLUGIN} allow-endpoint -n {namespace} --resolver {} {args}", server.address);
        let mut command = plane.command("admin", "script");
        command.args(["-qec", &line, "/dev/null"]).env("TERM", "dumb");
        run(command, Some(typed))
    };
    let new = "pod/web --url https://api.example.test";
    let output = on_terminal(new, "\n");
    assert_eq!(output.code, Some(1), "{output:#?}");
    let place = format!("cluster test ({}, context admin)", plane.url().replace("https://", ""));
    let question = format!("Write this policy for {namespace}/pod/web in {place}? [y/N]");
    assert!(output.stdout.contains(&question), "{output:#?}");
    assert!(output.stdout.contains("nothing was written"), "{output:#?}");
    assert_eq!(policies(plane, &namespace).len(), 2, "nothing was written");
    let output = on_terminal(new, "yes\n");
    assert!(output.code == Some(0) && output.stdout.contains(" created"), "{output:#?}");
    // A field of another manager is asked for by itself, before anything is sent.
    let into = "pod/web --url https://other.example.test --into web";
    let output = on_terminal(into, "n\n");
    assert_eq!(output.code, Some(5), "{output:#?}");
    let question = "belongs to the manager kubectl-client-side-apply. Take it over? [y/N]";
    assert!(output.stdout.contains(question), "{output:#?}");
    let output = on_terminal(into, "y\ny\n");
    assert!(output.code == Some(0) && output.stdout.contains("web configured"), "{output:#?}");
}

fn rights(plane: &ControlPlane) {
    let (namespace, server) = (shop(plane, "allow-rights"), server());
    let reads = json!([{"apiGroups": ["*"], "resources": ["*"], "verbs": ["list"]}]);
    let resolver = server.address.to_string();
    let verbs = ["get", "create", "patch"];
    let without = verbs.map(|missing| verbs.iter().filter(|verb| **verb != missing).collect::<Vec<_>>());
    for (number, verbs) in [verbs.iter().collect()].into_iter().chain(without).enumerate() {
        let user = format!("allow-rights-{number}");
        let writes = json!([
            {"apiGroups": ["networking.k8s.io"], "resources": ["networkpolicies"], "verbs": verbs}
        ]);
        grant(plane, &user, None, &reads);
        grant(plane, &user, Some(&namespace), &writes);
        wait_until_may(plane, &user, "list", "pods", &["-A"]);
        wait_until_may(plane, &user, verbs[0], "networkpolicies", &["-n", &namespace]);
        let url = format!("https://api{number}.example.test");
        let own = ["allow-endpoint", "pod/web", "-n", &namespace, "--url", &url, "--yes"];
        let output =
            ask(plane, "admin", &[&own[..], &["--resolver", &resolver, "--as", &user]].concat());
        match number {
            0 => assert_eq!(output.code, Some(0), "{output:#?}"),
            _ => assert_refused(&output, 3, "is forbidden"),
        }
    }
}
