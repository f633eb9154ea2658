//! `default-deny`: what it prints, and that what it prints does what it says.

use serde_json::{Value, json};

use crate::run::{Folder, SHOP, items};

/// CoreDNS behind port 5353, as its pods name it.
const DNS: &str = "\
---
apiVersion: v1
kind: Namespace
metadata: {name: kube-system}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: coredns, namespace: kube-system}
spec:
  selector: {matchLabels: {k8s-app: kube-dns}}
  template:
    metadata: {labels: {k8s-app: kube-dns}}
    spec:
      containers:
      - name: coredns
        image: example/coredns
        ports:
        - {name: dns, containerPort: 5353, protocol: UDP}
        - {name: dns-tcp, containerPort: 5353}
        - {name: metrics, containerPort: 9153}
";

fn folder() -> Folder {
    Folder::of(&[("shop.yaml", SHOP), ("all.yaml", &format!("{SHOP}{DNS}"))])
}

#[test]
fn dns_is_allowed_where_the_cluster_has_it_and_nothing_else_is() {
    let folder = folder();
    let base = folder.run("default-deny ns/shop -f all.yaml");
    assert_eq!(base.code, Some(0), "{}", base.err);
    folder.write("base.yaml", base.out.as_bytes());
    let verdict = |question: &str| folder.verdict(&format!("{question} -f all.yaml --with base.yaml"));
    assert_eq!(verdict("shop/deploy/api --to kube-system/deploy/coredns --port 5353/UDP"), "allow");
    assert_eq!(verdict("shop/deploy/api --to kube-system/deploy/coredns --port 5353"), "allow");
    assert_eq!(verdict("shop/deploy/api --to kube-system/deploy/coredns --port 9153"), "deny");
    assert_eq!(verdict("shop/deploy/api --to db/sts/postgres --port 5432"), "deny");
    assert_eq!(verdict("shop/deploy/api --to internet"), "deny");
    assert_eq!(verdict("db/sts/postgres --to shop/deploy/api"), "deny");
    assert_eq!(verdict("db/sts/postgres --to kube-system/deploy/coredns --port 9153"), "allow");
}

#[test]
fn the_output_is_a_manifest_and_its_diff_is_what_was_told() {
    let folder = folder();
    for format in ["yaml", "json"] {
        let base = folder.run(&format!("default-deny ns/shop -f all.yaml -o {format}"));
        let diff = folder.run_with_input("diff --base all.yaml -f -", &base.out);
        assert_eq!(diff.code, Some(1), "{}", diff.err);
        assert!(diff.out.contains("shop/deploy/api becomes isolated for egress"), "{}", diff.out);
        let lines = |text: &str| -> Vec<String> {
            text.lines().filter(|line| line.starts_with("  ")).map(str::to_owned).collect()
        };
        assert_eq!(lines(&diff.out), lines(&base.err));
    }
}

#[test]
fn nothing_outside_the_namespace_is_isolated() {
    let folder = folder();
    let base = folder.run("default-deny ns/shop --allow-same-namespace -f all.yaml");
    let ended = folder.run_with_input("diff --base all.yaml -f - -o json", &base.out);
    let answer: Value = serde_json::from_str(&ended.out).unwrap();
    let isolations = items(&answer["isolations"]);
    assert!(isolations.len() > 1);
    assert!(isolations.iter().all(|own| own["subject"]["namespace"] == "shop"), "{isolations:?}");
    let inside =
        |change: &&Value| ["source", "destination"].iter().all(|end| change[end]["namespace"] == "shop");
    let lost = items(&answer["changes"]).iter().filter(inside).filter(|own| own["change"] == "removed");
    assert_eq!(lost.count(), 0);
}

#[test]
fn an_unknown_dns_is_a_finding_and_port_53_is_allowed_everywhere() {
    let folder = folder();
    let system = "apiVersion: v1\nkind: Namespace\nmetadata: {name: kube-system}\n";
    folder.write("system.yaml", system.as_bytes());
    let base = folder.run("default-deny ns/shop -f shop.yaml -f system.yaml");
    assert!(base.out.starts_with("# no DNS server was found"), "{}", base.out);
    folder.write("base.yaml", base.out.as_bytes());
    let question = "shop/deploy/api --to internet --port 53/UDP -f shop.yaml --with base.yaml";
    assert_eq!(folder.verdict(question), "allow");
}

/// A DNS Service and its metrics Service, before the manifests of its pods.
const DNS_SERVICE: &str = "\
---
apiVersion: v1
kind: Service
metadata: {name: kube-dns, namespace: kube-system}
spec:
  clusterIP: 10.96.0.10
  selector: {k8s-app: kube-dns}
  ports:
  - {name: dns, port: 53, protocol: UDP, targetPort: dns}
  - {name: dns-tcp, port: 53, targetPort: dns-tcp}
---
apiVersion: v1
kind: Service
metadata: {name: coredns-metrics, namespace: kube-system}
spec:
  clusterIP: None
  selector: {k8s-app: kube-dns}
  ports: [{port: 9153}]
";

/// Returns the egress rules of a policy of the base that `files` get, and the findings.
fn rules(files: &[&str], arguments: &str, policy: &str) -> (Value, Vec<String>) {
    let folder = Folder::of(&[("all.yaml", &[&[SHOP], files].concat().concat())]);
    let ended = folder.run(&format!("default-deny ns/shop -o json -f all.yaml {arguments}"));
    assert_eq!(ended.code, Some(0), "{}", ended.err);
    let list: Value = serde_json::from_str(&ended.out).unwrap();
    let own = items(&list["items"]).iter().find(|own| own["metadata"]["name"] == policy).unwrap();
    let findings = ended.err.lines().filter_map(|line| line.strip_prefix("# "));
    (own["spec"]["egress"].clone(), findings.map(str::to_owned).collect())
}

fn pods_of_dns(labels: &Value) -> Value {
    let namespace = json!({"matchLabels": {"kubernetes.io/metadata.name": "kube-system"}});
    json!([{"namespaceSelector": namespace, "podSelector": {"matchLabels": labels}}])
}

fn ports(tcp: &Value, udp: &Value) -> Value {
    json!([{"port": tcp, "protocol": "TCP"}, {"port": udp, "protocol": "UDP"}])
}

#[test]
fn a_service_of_dns_leads_to_the_ports_of_its_pods() {
    let to = pods_of_dns(&json!({"k8s-app": "kube-dns"}));
    let numbers = ports(&json!(5353), &json!(5353));
    let (found, findings) = rules(&[DNS, DNS_SERVICE], "", "allow-dns");
    assert_eq!(found, json!([{"to": to, "ports": numbers}]));
    assert_eq!(findings, Vec::<String>::new());
    // Without its pods only the names of the ports are known.
    let namespace = "---\napiVersion: v1\nkind: Namespace\nmetadata: {name: kube-system}\n";
    let (found, _) = rules(&[namespace, DNS_SERVICE], "", "allow-dns");
    assert_eq!(found, json!([{"to": to, "ports": ports(&json!("dns-tcp"), &json!("dns"))}]));
}

#[test]
fn a_well_known_service_selects_dns_by_other_labels() {
    let service = DNS_SERVICE.replace("name: kube-dns,", "name: coredns,");
    let [service, pods] =
        [&*service, DNS].map(|text| text.replace("k8s-app: kube-dns", "example.test/name: coredns"));
    let to = pods_of_dns(&json!({"example.test/name": "coredns"}));
    let (found, _) = rules(&[&pods, &service], "", "allow-dns");
    assert_eq!(found, json!([{"to": to, "ports": ports(&json!(5353), &json!(5353))}]));
}

#[test]
fn dns_outside_the_pod_network_is_named_by_address() {
    let cache = "\
---
apiVersion: v1
kind: Pod
metadata: {name: cache, namespace: kube-system, labels: {k8s-app: node-local-dns}}
spec: {hostNetwork: true, containers: [{name: main, image: example/cache}]}
status: {podIP: 192.168.1.1}
";
    let block = |ip: &str| json!({"ipBlock": {"cidr": ip}});
    let both = |port: u16| ports(&json!(port), &json!(port));
    let (found, findings) = rules(&[DNS, DNS_SERVICE, cache], "", "allow-dns");
    let to = pods_of_dns(&json!({"k8s-app": "kube-dns"}));
    let caches = [block("10.96.0.10/32"), block("169.254.20.10/32")];
    assert_eq!(found, json!([{"to": to, "ports": both(5353)}, {"to": caches, "ports": both(53)}]));
    assert_eq!(findings.len(), 1, "{findings:?}");

    let server = cache.replace("node-local-dns", "kube-dns");
    let direct = DNS_SERVICE.replace("targetPort: dns-tcp", "targetPort: 1053");
    let direct = direct.replace("targetPort: dns", "targetPort: 1053");
    let (found, _) = rules(&[&server, &direct], "", "allow-dns");
    let expected = json!([
        {"to": [block("10.96.0.10/32")], "ports": both(53)},
        {"to": [block("192.168.1.1/32")], "ports": both(1053)},
    ]);
    assert_eq!(found, expected);
}

/// The API server as a cluster tells of it.
const API_SERVER: &str = "\
---
apiVersion: v1
kind: Namespace
metadata: {name: default}
---
apiVersion: v1
kind: Service
metadata: {name: kubernetes, namespace: default}
spec: {clusterIP: 10.96.0.1, ports: [{name: https, port: 443, targetPort: 6443}]}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: kubernetes, namespace: default, labels: {kubernetes.io/service-name: kubernetes}}
addressType: IPv4
endpoints: [{addresses: [192.0.2.1]}, {addresses: [192.0.2.2]}]
ports: [{name: https, port: 6443}]
";

#[test]
fn the_api_server_is_allowed_where_its_service_leads() {
    let folder = Folder::of(&[("all.yaml", &[SHOP, API_SERVER].concat())]);
    let base = folder.run("default-deny ns/shop --allow-apiserver -f all.yaml");
    assert_eq!(base.code, Some(0), "{}", base.err);
    folder.write("base.yaml", base.out.as_bytes());
    let question = "-f all.yaml --with base.yaml";
    let verdict = |to: &str| folder.verdict(&format!("shop/deploy/api --to {to} {question}"));
    assert_eq!(verdict("192.0.2.1 --port 6443"), "allow");
    assert_eq!(verdict("192.0.2.2 --port 6443"), "allow");
    assert_eq!(verdict("default/svc/kubernetes --port 443"), "allow");
    assert_eq!(verdict("192.0.2.1 --port 443"), "deny");
    assert_eq!(verdict("192.0.2.3 --port 6443"), "deny");
    // Whoever does not ask for it does not get it.
    let base = folder.run("default-deny ns/shop -f all.yaml");
    assert!(!base.out.contains("6443") && !base.out.contains("10.96.0.1"), "{}", base.out);
}

#[test]
fn the_api_server_is_not_known_by_the_address_of_its_service_alone() {
    let (service, _) = API_SERVER.rsplit_once("---\n").unwrap();
    let folder = Folder::of(&[("all.yaml", &[SHOP, service].concat())]);
    let ended = folder.run("default-deny ns/shop --allow-apiserver -f all.yaml");
    assert_eq!((ended.code, &*ended.out), (Some(2), ""), "{}", ended.err);
    assert!(ended.err.contains("no EndpointSlice of Service default/kubernetes was read"));
}

#[test]
fn a_policy_that_would_be_replaced_is_a_finding() {
    let base = folder().run("default-deny ns/db -f all.yaml");
    assert!(base.out.contains("# NetworkPolicy db/default-deny exists, and would be replaced\n"));
}

#[test]
fn what_cannot_be_answered_is_one_clear_line() {
    let folder = folder();
    for (arguments, line) in [
        ("deploy/web", "error: `deploy/web` is not ns/NAME: did you mean `ns/web`?"),
        ("shop", "error: `shop` is not ns/NAME: did you mean `ns/shop`?"),
        ("ns/nowhere", "error: namespace `nowhere` not found"),
        (
            "ns/shop --allow-apiserver",
            "error: --allow-apiserver: the address of the API server is not known",
        ),
    ] {
        let ended = folder.run(&format!("default-deny {arguments} -f shop.yaml"));
        assert_eq!((ended.code, ended.out.as_str()), (Some(2), ""), "{arguments}: {}", ended.err);
        assert!(ended.err.starts_with(line), "{arguments}: {}", ended.err);
    }
}
