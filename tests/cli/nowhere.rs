//! What leads nowhere is answered with a finding that says what is wrong, and is no error.

use crate::run::{Folder, items};

/// A pod, and a client.
const PODS: &str = "\
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop, labels: {app: web}}
spec: {containers: [{name: c, ports: [{name: http, containerPort: 8080}]}]}
---
apiVersion: v1
kind: Pod
metadata: {name: client, namespace: shop}
---
apiVersion: v1
kind: Namespace
metadata: {name: shop}
---
";

const SERVICE: &str = "\
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec: {selector: {app: web}, ports: [{port: 80, targetPort: http}]}
---
";

/// A Gateway for routes of its own namespace.
const GATEWAY: &str = "\
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: gate, namespace: shop}
spec: {gatewayClassName: any, listeners: [{name: http, protocol: HTTP, port: 80}]}
---
";

/// What is wrong, the one finding that tells of it, and of which ends.
const ROWS: [(&str, &str, &[&str]); 9] = [
    (
        "apiVersion: v1
kind: Service
metadata: {name: bad, namespace: shop}
spec: {selector: {app: nobody}, ports: [{port: 80}]}",
        "service-without-backends: no pod has the labels app=nobody: nothing answers",
        &["shop/svc/bad"],
    ),
    (
        "apiVersion: v1
kind: Service
metadata: {name: bad, namespace: shop}
spec: {ports: [{port: 80}]}",
        "service-without-backends: the Service has no selector, and no EndpointSlice of it was read: nothing answers",
        &["shop/svc/bad"],
    ),
    (
        "apiVersion: v1
kind: Service
metadata: {name: bad, namespace: shop}
spec: {selector: {app: web}, ports: [{port: 80, targetPort: grpc}]}",
        "target-port-unknown: targetPort grpc: no pod of the Service has a port of this name",
        &["shop/svc/bad"],
    ),
    (
        "apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: bad, namespace: shop}
spec: {defaultBackend: {service: {name: gone, port: {number: 80}}}}",
        "route-leads-nowhere: Ingress shop/bad sends to Service shop/gone, which was not found",
        &["ns/shop"],
    ),
    (
        "apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: bad, namespace: shop}
spec: {defaultBackend: {service: {name: web, port: {name: grpc}}}}",
        "route-leads-nowhere: Ingress shop/bad sends to port grpc of Service shop/web, which it does not have",
        &["shop/pod/web", "ns/shop"],
    ),
    (
        "apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: bad, namespace: shop}
spec: {rules: [{backendRefs: [{name: web, port: 80}]}]}",
        "route-without-gateway: HTTPRoute shop/bad belongs to no Gateway",
        &["shop/pod/web", "ns/shop"],
    ),
    (
        "apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: bad, namespace: shop}
spec: {parentRefs: [{name: gone}], rules: [{backendRefs: [{name: web, port: 80}]}]}",
        "route-without-gateway: HTTPRoute shop/bad belongs to Gateway shop/gone, which was not found",
        &["shop/pod/web", "ns/shop"],
    ),
    (
        "apiVersion: gateway.networking.k8s.io/v1
kind: TCPRoute
metadata: {name: bad, namespace: shop}
spec: {parentRefs: [{name: gate}], rules: [{backendRefs: [{name: web, port: 80}]}]}",
        "route-without-gateway: TCPRoute shop/bad belongs to Gateway shop/gate, no listener of which takes it (its kind, namespace or host name)",
        &["shop/pod/web", "ns/shop"],
    ),
    (
        "apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: bad, namespace: shop}
spec: {parentRefs: [{name: gate}], rules: [{backendRefs: [{name: gone, port: 80}]}]}",
        "route-leads-nowhere: HTTPRoute shop/bad sends to Service shop/gone, which was not found",
        &["ns/shop"],
    ),
];

/// The cluster, with what is wrong, and without.
fn folder(wrong: &str) -> Folder {
    let right = format!("{PODS}{SERVICE}{GATEWAY}");
    Folder::of(&[("right.yaml", &right), ("wrong.yaml", &format!("{right}{wrong}\n"))])
}

/// Lists the findings of an answer that is given.
fn findings(folder: &Folder, arguments: &str) -> Vec<String> {
    let answer = folder.json(arguments);
    let text = |finding: &serde_json::Value| {
        let [id, message] = ["id", "message"].map(|key| finding[key].as_str().unwrap().to_owned());
        format!("{id}: {message}")
    };
    items(&answer["findings"]).iter().map(text).collect()
}

#[test]
fn each_is_the_one_finding_about_its_ends() {
    for (wrong, finding, ends) in ROWS {
        let folder = folder(wrong);
        for end in ends {
            assert_eq!(findings(&folder, &format!("explain {end} -f wrong.yaml")), [finding], "{end}");
            if end.contains("svc") {
                let question = format!("who-can-reach {end} -f wrong.yaml");
                assert_eq!(findings(&folder, &question), [finding], "{question}");
            } else {
                let none = findings(&folder, &format!("explain {end} -f right.yaml"));
                assert_eq!(none, Vec::<String>::new(), "{end}");
            }
        }
    }
}

#[test]
fn none_of_them_is_an_error_of_any_subcommand() {
    for (wrong, finding, ends) in ROWS {
        let folder = folder(wrong);
        for end in ends {
            for question in [
                format!("list --to {end} -f wrong.yaml"),
                format!("explain shop/pod/client --to {end} -f wrong.yaml"),
                "list -f wrong.yaml".to_owned(),
                "default-deny ns/shop -f wrong.yaml".to_owned(),
                "diff right.yaml wrong.yaml".to_owned(),
            ] {
                let ended = folder.run(&question);
                assert_eq!(ended.code, Some(0), "{finding}: {question}: {}", ended.err);
                assert!(
                    !ended.out.is_empty() && !ended.err.contains("error"),
                    "{question}: {}",
                    ended.err
                );
            }
        }
    }
}

/// A connection to such a Service is neither allowed nor denied.
#[test]
fn a_connection_to_nowhere_depends_and_says_why() {
    for (wrong, finding, ends) in ROWS {
        let Some(end) = ends.iter().find(|end| end.contains("svc")) else { continue };
        let folder = folder(wrong);
        let question = format!("explain shop/pod/client --to {end}:80 -f wrong.yaml");
        assert_eq!(folder.json(&question)["verdict"], "depends", "{finding}");
        assert_eq!(findings(&folder, &question), [finding]);
    }
}

/// A namespace without pods, beside one with a pod.
const EMPTY: &str = "
apiVersion: v1
kind: Namespace
metadata: {name: empty}
---
apiVersion: v1
kind: Namespace
metadata: {name: full}
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: full}
";

#[test]
fn a_namespace_without_pods_has_none_rather_than_no_connections() {
    let folder = Folder::of(&[("all.yaml", EMPTY)]);
    let told = folder.run("list -n empty -f all.yaml").out;
    assert!(told.starts_with("There are no pods in namespace empty, whose"), "{told}");
    let told = folder.run("list -n full --to 203.0.113.9 --from 203.0.113.8 -f all.yaml").out;
    assert!(told.starts_with("No connections are allowed in namespace full."), "{told}");
}

#[test]
fn a_namespace_is_understood_where_a_flag_could_stand_and_other_words_are_corrected() {
    let folder = Folder::shop();
    assert_eq!(folder.run("list ns/shop -f shop.yaml"), folder.run("list -n shop -f shop.yaml"));
    for word in ["shop", "shop/deploy/web", "10.0.0.1"] {
        let ended = folder.run(&format!("list {word} -f shop.yaml"));
        assert_eq!(ended.code, Some(2), "{word}");
        assert!(ended.err.contains(&format!("--from {word} and --to {word}")), "{}", ended.err);
    }
    let ended = folder.run("list ns/shop -n db -f shop.yaml");
    assert!(ended.err.contains("are two namespaces"), "{}", ended.err);
    assert_eq!(folder.run("list ns/shop -A -f shop.yaml").code, Some(2));
}

#[test]
fn no_word_of_a_table_is_cut_in_a_pipe_whatever_its_length() {
    let name = "a-name-that-is-so-long-that-no-column-of-a-terminal-can-hold-it";
    let pods = EMPTY
        .replace("name: web", &format!("name: {name}"))
        .replace("name: full", &format!("name: {name}"));
    let pods = pods.replace("namespace: full", &format!("namespace: {name}"));
    let folder = Folder::of(&[("all.yaml", &*pods)]);
    let told = folder.run("list -f all.yaml").out;
    assert!(
        told.lines().filter(|line| line.contains(&format!("{name}/pod/{name}"))).count() > 0,
        "{told}"
    );
}
