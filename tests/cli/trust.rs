//! What a tenant writes into a Service of its own, and that it steers nobody else.

use serde_json::{Value, json};

use crate::run::{Ended, Folder, items};

/// A shop that is isolated, and a tenant whose Services pretend to be what they are not.
const CLUSTER: &str = "
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop, labels: {app: web}}
spec: {containers: [{name: main, image: example/web}]}
status: {phase: Running, podIP: 10.1.0.1, podIPs: [{ip: 10.1.0.1}]}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: deny, namespace: shop}
spec: {podSelector: {}, policyTypes: [Egress]}
---
apiVersion: v1
kind: Pod
metadata: {name: fake, namespace: tenant, labels: {k8s-app: kube-dns, app: fake}}
spec: {containers: [{name: main, image: example/fake, ports: [{name: dns, containerPort: 53, protocol: UDP}]}]}
status: {phase: Running, podIP: 10.1.0.66, podIPs: [{ip: 10.1.0.66}]}
---
apiVersion: v1
kind: Service
metadata: {name: kube-dns, namespace: tenant}
spec: {clusterIP: 10.96.0.66, selector: {k8s-app: kube-dns}, ports: [{port: 53, protocol: UDP}]}
---
apiVersion: v1
kind: Service
metadata: {name: captor, namespace: tenant}
spec:
  type: LoadBalancer
  clusterIP: 10.96.0.67
  selector: {app: fake}
  ports: [{port: 443}]
  externalIPs: [198.41.0.4]
  loadBalancerIP: 199.9.14.201
---
apiVersion: v1
kind: Service
metadata: {name: balanced, namespace: tenant}
spec: {type: LoadBalancer, clusterIP: 10.96.0.68, selector: {app: fake}, ports: [{port: 443}]}
status: {loadBalancer: {ingress: [{ip: 192.5.5.241}]}}
---
apiVersion: v1
kind: Service
metadata: {name: alias, namespace: shop}
spec: {type: ExternalName, externalName: 10.11.12.13}
---
apiVersion: v1
kind: Service
metadata: {name: inside, namespace: shop}
spec: {type: ExternalName, externalName: balanced.tenant.svc.cluster.local}
";

/// The cluster's own DNS, as Kubespray names it.
const DNS: &str = "
apiVersion: v1
kind: Pod
metadata: {name: server, namespace: kube-system, labels: {k8s-app: kube-dns}}
spec: {containers: [{name: main, image: example/dns}]}
status: {phase: Running, podIP: 10.1.0.53, podIPs: [{ip: 10.1.0.53}]}
---
apiVersion: v1
kind: Service
metadata: {name: coredns-primary, namespace: kube-system}
spec: {clusterIP: 10.96.0.10, selector: {k8s-app: kube-dns}, ports: [{port: 53, protocol: UDP}]}
";

const CLAIM: &str = "Service tenant/kube-dns looks like the cluster's DNS and is not asked";

fn folder() -> Folder {
    Folder::of(&[("all.yaml", CLUSTER), ("dns.yaml", DNS)])
}

/// Returns the namespaces to which the policies of an answer open egress; `everywhere` for a block of all.
fn opened(ended: &Ended) -> Vec<String> {
    let answer: Value = serde_json::from_str(&ended.out).unwrap();
    let of_one = || vec![answer.clone()];
    let policies = answer["items"].as_array().cloned().unwrap_or_else(of_one);
    let rules = policies.iter().filter(|own| own["spec"]["egress"].is_array());
    let rules = rules.flat_map(|own| items(&own["spec"]["egress"]));
    let name = |peer: &Value| {
        let labels = &peer["namespaceSelector"]["matchLabels"];
        match labels["kubernetes.io/metadata.name"].as_str() {
            Some(namespace) => namespace.to_owned(),
            None => peer["ipBlock"]["cidr"].as_str().unwrap_or("everywhere").to_owned(),
        }
    };
    rules.flat_map(|rule| items(&rule["to"]).iter().map(name).collect::<Vec<_>>()).collect()
}

#[test]
fn a_tenants_service_is_not_the_clusters_dns() {
    let folder = folder();
    let base = folder.run("default-deny ns/shop -o json -f all.yaml -f dns.yaml");
    assert_eq!(opened(&base), ["kube-system"], "{}", base.err);
    assert!(base.err.contains(CLAIM), "{}", base.err);
    // Without the cluster's own, the tenant's is not taken instead.
    let system = "apiVersion: v1\nkind: Namespace\nmetadata: {name: kube-system}\n";
    folder.write("system.yaml", system.as_bytes());
    let base = folder.run("default-deny ns/shop -o json -f all.yaml -f system.yaml");
    let found = opened(&base);
    assert!(
        found.contains(&"0.0.0.0/0".to_owned()) && !found.contains(&"tenant".to_owned()),
        "{found:?}"
    );
    assert!(base.err.contains("no DNS server was found"), "{}", base.err);

    let plan =
        "allow-endpoint ns/shop --url https://balanced.tenant.svc -o json -f all.yaml -f dns.yaml";
    let plan = folder.run(plan);
    assert_eq!(plan.code, Some(0), "{}", plan.err);
    // What the host needs comes first, so that no pod is left with DNS alone.
    assert_eq!(opened(&plan), ["tenant", "kube-system"]);
    assert!(plan.err.contains(CLAIM), "{}", plan.err);
}

#[test]
fn a_service_is_the_clusters_dns_where_the_user_says_so() {
    let folder = folder();
    for files in ["-f all.yaml", "-f all.yaml -f dns.yaml"] {
        let named = "--dns tenant/svc/kube-dns";
        let base = folder.run(&format!("default-deny ns/shop -o json {named} {files}"));
        assert_eq!(opened(&base), ["tenant"], "{}", base.err);
        let told = "# the cluster's DNS is Service tenant/kube-dns (--dns)";
        assert!(base.err.contains(told) && !base.err.contains(CLAIM), "{}", base.err);
    }
    for (word, problem) in [
        ("tenant/svc/captor", "`tenant/svc/captor` has no port 53"),
        ("tenant/svc/none", "`tenant/svc/none` was not found"),
        ("svc/kube-dns", "`svc/kube-dns` names no Service: use NAMESPACE/svc/NAME"),
        ("tenant/pod/fake", "`tenant/pod/fake` names no Service: use NAMESPACE/svc/NAME"),
    ] {
        let ended = folder.run(&format!("default-deny ns/shop --dns {word} -f all.yaml"));
        assert_eq!((ended.code, &*ended.out), (Some(2), ""), "{word}");
        assert_eq!(ended.err, format!("error: --dns: {problem}\n"));
    }
}

#[test]
fn a_service_captures_no_address_that_the_cluster_did_not_give_it() {
    let folder = folder();
    let ask = |url: &str, more: &str| {
        folder.run(&format!("allow-endpoint ns/shop --url {url} {more} -f all.yaml -f dns.yaml"))
    };
    for ip in ["198.41.0.4", "199.9.14.201"] {
        let plan = ask(&format!("https://{ip}"), "-o json");
        assert_eq!(plan.code, Some(0), "{}", plan.err);
        assert_eq!(opened(&plan), [format!("{ip}/32")]);
        let note = format!("note: {ip} is claimed by tenant/svc/captor (externalIPs or loadBalancerIP)");
        assert!(plan.err.contains(&note), "{}", plan.err);
    }
    // An address that it has is that of its pods, and the plan says whose.
    let plan = ask("https://192.5.5.241", "-o json");
    assert_eq!(opened(&plan), ["tenant"], "{}", plan.err);
    let note = "note: 192.5.5.241 belongs to Service tenant/balanced: its pods are opened";
    assert!(plan.err.contains(note), "{}", plan.err);
}

#[test]
fn a_name_of_the_cluster_leads_nowhere_that_nobody_named() {
    let folder = folder();
    let ask = |url: &str, more: &str| {
        folder.run(&format!("allow-endpoint ns/shop --url {url} {more} -o json -f all.yaml"))
    };
    let ended = ask("https://alias", "");
    let why = "the ExternalName shop/alias leads to 10.11.12.13, which is not opened: it is private: \
               --allow-private opens it";
    assert_eq!((ended.code, ended.err), (Some(5), format!("error: {why}\n")));
    assert!(opened(&ask("https://alias", "--allow-private")).contains(&"10.11.12.13/32".to_owned()));

    let ended = ask("https://inside", "");
    let why = "the ExternalName shop/inside leads to Service tenant/balanced, which nobody named";
    assert_eq!(ended.code, Some(5));
    assert!(ended.err.starts_with(&format!("error: {why}\n")), "{}", ended.err);
    assert!(ended.err.contains("name it: balanced.tenant.svc:PORT"), "{}", ended.err);
}

#[test]
fn isolated_egress_is_asked_for_the_ports_and_places_of_dns() {
    let policy = |rule: &Value| {
        json!({
            "apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy",
            "metadata": {"name": "dns", "namespace": "shop"},
            "spec": {"podSelector": {}, "policyTypes": ["Egress"], "egress": [rule]},
        })
    };
    let system =
        json!([{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "kube-system"}}}]);
    let udp = |port: u16| json!([{"port": port, "protocol": "UDP"}]);
    let moved = DNS.replace("protocol: UDP}", "protocol: UDP, targetPort: 1053}");
    let cache = "
---
apiVersion: v1
kind: Pod
metadata: {name: cache, namespace: kube-system, labels: {k8s-app: node-local-dns}}
spec: {hostNetwork: true, containers: [{name: main, image: example/cache}]}
status: {phase: Running, podIP: 192.168.1.1, podIPs: [{ip: 192.168.1.1}]}
";
    let cached = format!("{DNS}{cache}");
    let unresolved = "egress is isolated and no rule opens UDP/1053: names cannot be resolved";
    let beside = "egress is isolated and no rule opens UDP/53 to 10.96.0.10, 169.254.20.10, where DNS \
                  answers too: pods that ask there cannot resolve names";
    let caches =
        json!([{"ipBlock": {"cidr": "10.96.0.10/32"}}, {"ipBlock": {"cidr": "169.254.20.10/32"}}]);
    let both = json!([system[0], caches[0], caches[1]]);
    for (dns, to, port, finding) in [
        (DNS, &system, 53, None),
        (&*moved, &system, 53, Some(unresolved)),
        (&*moved, &system, 1053, None),
        (&*cached, &system, 53, Some(beside)),
        (&*cached, &both, 53, None),
    ] {
        let rule = json!({"to": to, "ports": udp(port)});
        let folder = Folder::of(&[("all.yaml", CLUSTER), ("dns.yaml", dns)]);
        folder.write("policy.json", policy(&rule).to_string().as_bytes());
        let files = "-f all.yaml -f dns.yaml -f policy.json";
        let ended = folder.run(&format!("explain shop/pod/web -o json {files}"));
        let answer: Value = serde_json::from_str(&ended.out).unwrap();
        let of_dns = items(&answer["findings"]).iter().find(|own| own["id"] == "dns-blocked");
        let message = of_dns.and_then(|own| own["message"].as_str());
        assert_eq!(message, finding, "{port}: {answer:#}");
    }
}

#[test]
fn udp_is_opened_as_udp() {
    let folder = folder();
    let udp = |port: u16| json!([{"port": port, "protocol": "UDP"}]);
    let both = json!([{"port": 53, "protocol": "TCP"}, {"port": 53, "protocol": "UDP"}]);
    for (url, ports) in [
        ("udp://8.8.8.8:53", udp(53)),
        ("dns://8.8.8.8", both),
        ("8.8.8.8:53/UDP", udp(53)),
        ("syslog://8.8.8.8:514", udp(514)),
    ] {
        let ended = folder.run(&format!("allow-endpoint ns/shop --url {url} -o json -f all.yaml"));
        let policy: Value = serde_json::from_str(&ended.out).unwrap();
        assert_eq!(policy["spec"]["egress"][0]["ports"], ports, "{url}");
        // What is written is what was asked for, and nothing of TCP.
        folder.write("new.json", ended.out.as_bytes());
        let explain =
            |to: &str| folder.run(&format!("explain shop/pod/web --to {to} -f all.yaml -f new.json"));
        assert!(explain(url).out.starts_with("ALLOWED") || !url.contains("://"), "{url}");
    }
    let ended = folder.run("allow-endpoint ns/shop --url https://10.0.0.0/8 -o json -f all.yaml");
    assert_eq!((ended.code, &*ended.out), (Some(2), ""));
    assert!(
        ended.err.starts_with("error: --url: it is a block of addresses, not a host"),
        "{}",
        ended.err
    );
}

/// The pods of a StatefulSet behind a headless Service.
const REPLICAS: &str = "
apiVersion: v1
kind: Service
metadata: {name: pods, namespace: db}
spec: {clusterIP: None, selector: {app: pg}, ports: [{port: 5432}]}
---
apiVersion: v1
kind: Pod
metadata: {name: pg-0, namespace: db, labels: {app: pg, statefulset.kubernetes.io/pod-name: pg-0}}
spec: {containers: [{name: main, image: example/pg}]}
status: {phase: Running, podIP: 10.1.0.20, podIPs: [{ip: 10.1.0.20}]}
---
apiVersion: v1
kind: Pod
metadata: {name: pg-1, namespace: db, labels: {app: pg, statefulset.kubernetes.io/pod-name: pg-0}}
spec: {containers: [{name: main, image: example/pg}]}
status: {phase: Running, podIP: 10.1.0.21, podIPs: [{ip: 10.1.0.21}]}
";

#[test]
fn the_name_of_one_pod_opens_that_pod_or_says_that_it_opens_all() {
    let folder = folder();
    folder.write("db.yaml", REPLICAS.as_bytes());
    let peer = |host: &str| {
        let url = format!("postgres://{host}.pods.db.svc.cluster.local");
        let ask =
            format!("allow-endpoint ns/shop --url {url} -o json -f all.yaml -f dns.yaml -f db.yaml");
        let ended = folder.run(&ask);
        assert_eq!(ended.code, Some(0), "{}", ended.err);
        let list: Value = serde_json::from_str(&ended.out).unwrap();
        let own =
            items(&list["items"]).iter().find(|own| own["metadata"]["name"] != "netpol-dns-cbf29ce484");
        (own.unwrap()["spec"]["egress"][0]["to"][0]["podSelector"].clone(), ended.err)
    };
    let (selector, _) = peer("pg-0");
    let labels = json!({"app": "pg", "statefulset.kubernetes.io/pod-name": "pg-0"});
    assert_eq!(selector, json!({"matchLabels": labels}));
    // A label that says another name says nothing of this pod.
    let (selector, told) = peer("pg-1");
    assert_eq!(selector, json!({"matchLabels": {"app": "pg"}}));
    let note = "pg-1 is a pod of Service db/pods: no label tells it from the other pods, so that all of \
                them are opened";
    assert!(told.contains(note), "{told}");
}
