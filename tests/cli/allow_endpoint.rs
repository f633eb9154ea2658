//! `allow-endpoint` planned from manifests: for which pods, in which policy, and what is refused.

use crate::run::{Ended, Folder};

/// `web` is isolated, and a job that its selector selects too is not; `api` is another Service.
const SHOP: &str = "\
apiVersion: v1
kind: Namespace
metadata: {name: shop}
---
apiVersion: v1
kind: Namespace
metadata: {name: empty}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web, tier: prod}}
    spec: {containers: [{name: main, image: example.test/web}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: api, namespace: shop}
spec:
  selector: {matchLabels: {app: api}}
  template:
    metadata: {labels: {app: api, tier: prod}}
    spec: {containers: [{name: main, image: example.test/api}]}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: prod, namespace: shop, labels: {team: a}}
spec:
  podSelector: {matchLabels: {tier: prod}}
  policyTypes: [Ingress, Egress]
  ingress:
  - from: [{podSelector: {matchLabels: {app: web}}}]
    ports: [{port: http, protocol: TCP}]
  egress:
  - to: [{ipBlock: {cidr: 8.8.8.8/32}}]
    ports: [{port: 443, endPort: 444, protocol: TCP}]
---
apiVersion: v1
kind: Service
metadata: {name: tiers, namespace: shop}
spec: {selector: {tier: prod}, ports: [{port: 80}], clusterIP: 10.9.0.1}
---
apiVersion: v1
kind: Service
metadata: {name: api, namespace: shop}
spec: {selector: {app: api}, ports: [{name: http, port: 80}, {name: metrics, port: 9090}], clusterIP: 10.9.0.2}
";

/// A pod that the selector of `web` selects, and nothing isolates.
const JOB: &str = "\
---
apiVersion: v1
kind: Pod
metadata:
  name: job
  namespace: shop
  labels: {app: web, kind: job}
  ownerReferences: [{apiVersion: batch/v1, kind: Job, name: job, uid: '1', controller: true}]
spec: {containers: [{name: main, image: example.test/job}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: other, namespace: shop}
spec:
  selector: {matchLabels: {app: other}}
  template:
    metadata: {labels: {app: other}}
    spec: {containers: [{name: main, image: example.test/other}]}
";

const DNS: &str = "\
---
apiVersion: v1
kind: Namespace
metadata: {name: kube-system}
---
apiVersion: v1
kind: Service
metadata: {name: kube-dns, namespace: kube-system}
spec:
  selector: {k8s-app: kube-dns}
  ports: [{name: dns, port: 53, protocol: UDP}, {name: dns-tcp, port: 53}]
  clusterIP: 10.9.0.10
---
apiVersion: v1
kind: Pod
metadata: {name: coredns, namespace: kube-system, labels: {k8s-app: kube-dns}}
spec: {containers: [{name: main, image: example.test/dns}]}
status: {phase: Running, podIP: 10.1.0.53, podIPs: [{ip: 10.1.0.53}]}
";

const NODE_LOCAL: &str = "\
apiVersion: v1
kind: Pod
metadata: {name: cache, namespace: kube-system, labels: {k8s-app: node-local-dns}}
spec: {nodeName: n1, hostNetwork: true, containers: [{name: main, image: example.test/dns}]}
status: {phase: Running, podIP: 192.168.1.9, podIPs: [{ip: 192.168.1.9}], hostIP: 192.168.1.9}
";

fn folder() -> Folder {
    Folder::of(&[
        ("shop.yaml", SHOP),
        ("open.yaml", &format!("{SHOP}{JOB}")),
        ("dns.yaml", &format!("{SHOP}{DNS}")),
        ("node-local.yaml", NODE_LOCAL),
    ])
}

fn plan(folder: &Folder, arguments: &str) -> Ended {
    folder.run(&format!("allow-endpoint --dry-run=client {arguments}"))
}

fn refused(folder: &Folder, arguments: &str, code: i32, text: &str) {
    let ended = plan(folder, arguments);
    assert_eq!(ended.code, Some(code), "{arguments}: {}{}", ended.out, ended.err);
    assert!(ended.err.contains(text), "{arguments}: {}", ended.err);
}

#[test]
fn whoever_a_policy_selects_is_not_isolated_unasked() {
    let folder = folder();
    let url = "--url https://9.9.9.9";
    let text = "shop/deploy/other has no egress policy yet";
    assert_eq!(plan(&folder, &format!("shop/deploy/web -f shop.yaml {url}")).code, Some(0));
    refused(&folder, &format!("shop/deploy/other -f open.yaml {url}"), 5, text);
    // `web` itself is isolated, the job beside it is not.
    let job = "shop/deploy/web -f open.yaml";
    refused(&folder, &format!("{job} {url}"), 5, "shop/job/job has no egress policy yet");
    assert_eq!(plan(&folder, &format!("{job} --isolate {url}")).code, Some(0));
}

#[test]
fn a_namespace_without_pods_is_not_isolated_unasked() {
    let folder = folder();
    let ask = "ns/empty -f shop.yaml --url https://9.9.9.9";
    refused(&folder, ask, 5, "ns/empty has no egress policy yet");
    assert_eq!(plan(&folder, &format!("{ask} --isolate")).code, Some(0));
}

#[test]
fn the_rest_is_not_opened_for_pods_that_are_isolated() {
    let folder = folder();
    let ask = "-f open.yaml --allow-rest --url https://9.9.9.9";
    refused(
        &folder,
        &format!("ns/shop {ask}"),
        5,
        "--allow-rest would open everything for shop/deploy/api",
    );
    assert_eq!(plan(&folder, &format!("shop/deploy/other {ask}")).code, Some(0));
}

#[test]
fn a_policy_for_other_pods_takes_no_rules() {
    let folder = folder();
    let ask = "-f open.yaml --into prod --url https://9.9.9.9";
    let text = "NetworkPolicy shop/prod does not select pods of shop/deploy/other";
    refused(&folder, &format!("shop/deploy/other {ask}"), 2, text);
    let more = plan(&folder, "shop/deploy/web -f shop.yaml --into prod --url https://9.9.9.9");
    assert_eq!(more.code, Some(0), "{}", more.err);
    let note = "note: NetworkPolicy shop/prod is for pods of shop/deploy/api too";
    assert!(more.out.contains(note), "{}", more.out);
}

#[test]
fn what_is_printed_of_a_policy_for_git_is_all_of_it() {
    let folder = folder();
    let ask = "allow-endpoint shop/deploy/web -f shop.yaml --into prod --url https://9.9.9.9";
    let printed = folder.json(ask);
    let policy = if printed["kind"] == "List" { &printed["items"][0] } else { &printed };
    assert_eq!(policy["spec"]["ingress"][0]["ports"][0]["port"], "http", "{printed}");
    assert_eq!(policy["spec"]["egress"][0]["ports"][0]["endPort"], 444, "{printed}");
    assert_eq!(policy["spec"]["egress"][1]["to"][0]["ipBlock"]["cidr"], "9.9.9.9/32", "{printed}");
    assert_eq!(policy["metadata"]["labels"]["team"], "a", "{printed}");
    assert!(policy["metadata"]["labels"]["kubectl-netpol/endpoint"].is_string(), "{printed}");
}

#[test]
fn several_urls_for_one_policy_are_one_change() {
    let folder = folder();
    let ask = "allow-endpoint shop/deploy/web -f shop.yaml -o yaml";
    let into = folder.run(&format!("{ask} --into prod --url https://9.9.9.9 --url https://9.9.9.10"));
    assert_eq!(into.code, Some(0), "{}", into.err);
    assert_eq!(into.out.matches("kind: NetworkPolicy").count(), 1, "{}", into.out);
    assert!(into.out.contains("9.9.9.9/32") && into.out.contains("9.9.9.10/32"), "{}", into.out);
    let same = folder.run(&format!("{ask} --url https://9.9.9.9/a --url https://9.9.9.9/b"));
    assert_eq!(same.out.matches("kind: NetworkPolicy").count(), 1, "{}", same.out);
}

#[test]
fn both_sides_of_two_ports_are_two_policies() {
    let folder = folder();
    let two = "--url http://api --url http://api:9090 --both-sides";
    let ended = folder.run(&format!("allow-endpoint shop/deploy/web -f shop.yaml -o yaml {two}"));
    assert_eq!(ended.code, Some(0), "{}", ended.err);
    folder.write("written.yaml", ended.out.as_bytes());
    for port in ["80", "9090"] {
        let ask = format!("shop/deploy/web --to shop/deploy/api --port {port} -f shop.yaml");
        assert_eq!(folder.verdict(&format!("{ask} --with written.yaml")), "allow", "{}", ended.out);
    }
}

#[test]
fn pods_of_several_workloads_are_all_meant() {
    let folder = folder();
    let ended = plan(&folder, "shop/svc/tiers -f shop.yaml --url https://9.9.9.9");
    assert_eq!(ended.code, Some(0), "{}", ended.err);
    assert!(ended.out.contains("tier: prod"), "{}", ended.out);
    assert!(ended.out.contains("+ shop/deploy/api -> 9.9.9.9"), "{}", ended.out);
    assert!(ended.out.contains("+ shop/deploy/web -> 9.9.9.9"), "{}", ended.out);
}

#[test]
fn what_our_policy_for_dns_opens_stays_in_it() {
    let folder = folder();
    let ask = "allow-endpoint shop/deploy/web --url http://api -o yaml";
    let first = folder.run(&format!("{ask} -f dns.yaml"));
    assert_eq!(first.code, Some(0), "{}", first.err);
    folder.write("first.yaml", first.out.as_bytes());
    let second = folder.run(&format!("{ask} -f dns.yaml -f first.yaml -f node-local.yaml"));
    assert_eq!(second.code, Some(0), "{}", second.err);
    assert!(second.out.contains("k8s-app: kube-dns"), "{}", second.out);
    assert!(second.out.contains("169.254.20.10/32"), "{}", second.out);
}

#[test]
fn pods_of_a_service_that_no_selector_finds_are_told() {
    let folder = folder();
    let node = "\
apiVersion: v1
kind: Pod
metadata: {name: api, namespace: shop, labels: {app: api}}
spec: {nodeName: n1, hostNetwork: true, containers: [{name: main, image: example.test/api}]}
status: {phase: Running, podIP: 192.168.1.9, podIPs: [{ip: 192.168.1.9}], hostIP: 192.168.1.9}
";
    folder.write("node.yaml", node.as_bytes());
    let text = "note: pods of shop/svc/api are in the network of their node";
    let ask = "shop/deploy/web --url http://api -f dns.yaml";
    let (without, with) = (plan(&folder, ask), plan(&folder, &format!("{ask} -f node.yaml")));
    assert!(!without.out.contains(text), "{}", without.out);
    assert!(with.out.contains(text), "{}", with.out);
}

#[test]
fn an_address_that_is_not_opened_is_told_why() {
    let folder = folder();
    let ask = |url: &str| format!("shop/deploy/web -f dns.yaml --url {url}");
    let metadata = "169.254.169.254 is not opened: it is";
    refused(&folder, &ask("http://169.254.169.254"), 5, metadata);
    let own = "10.1.0.53 is not opened: it is an address of this cluster";
    refused(&folder, &ask("http://10.1.0.53"), 5, own);
}

#[test]
fn a_password_without_a_scheme_is_not_repeated() {
    let ended = folder().run("explain shop/deploy/web -f shop.yaml --to user:hunter2@db.test:5432");
    assert_eq!(ended.code, Some(2));
    assert!(!format!("{}{}", ended.out, ended.err).contains("hunter2"), "{}", ended.err);
}
