//! `allow-endpoint` planned from manifests: what is printed, and what is refused. No name is resolved here.

use serde_json::{Value, json};

use crate::run::{Ended, Folder};

/// What the shop lacks: a Service, and the pods of the cluster's DNS.
const MORE: &str = "
apiVersion: v1
kind: Service
metadata: {name: postgres, namespace: db}
spec: {selector: {app: postgres}, ports: [{port: 5432, targetPort: postgres}]}
---
apiVersion: v1
kind: Service
metadata: {name: kube-dns, namespace: kube-system}
spec: {clusterIP: 10.96.0.10, selector: {k8s-app: kube-dns}, ports: [{port: 53, protocol: UDP}]}
---
apiVersion: v1
kind: Service
metadata: {name: outside, namespace: shop}
spec: {type: ExternalName, externalName: api.example.com}
";

fn folder() -> Folder {
    let folder = Folder::shop();
    folder.write("more.yaml", MORE.as_bytes());
    folder
}

fn ask(folder: &Folder, arguments: &str) -> Ended {
    folder.run(&format!("allow-endpoint {arguments} -f shop.yaml -f more.yaml"))
}

fn objects(folder: &Folder, arguments: &str) -> Value {
    let ended = ask(folder, &format!("{arguments} -o json"));
    assert_eq!(ended.code, Some(0), "{arguments}: {}", ended.err);
    serde_json::from_str(&ended.out).unwrap()
}

#[test]
fn a_service_is_opened_by_its_pods_at_their_port() {
    let object = objects(&folder(), "shop/deploy/web --url postgres://u:p@postgres.db.svc/orders");
    assert_eq!(object["spec"]["podSelector"], json!({"matchLabels": {"app": "web"}}));
    assert_eq!(
        object["spec"]["egress"],
        json!([{
            "to": [{
                "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "db"}},
                "podSelector": {"matchLabels": {"app": "postgres"}},
            }],
            "ports": [{"protocol": "TCP", "port": "postgres"}],
        }])
    );
    assert_eq!(object["metadata"]["annotations"], Value::Null, "nothing is to be refreshed");
}

#[test]
fn what_is_printed_of_another_policy_is_all_of_it() {
    let folder = folder();
    let object = objects(&folder, "shop/deploy/web --url https://198.41.0.4 --into web");
    let was = folder.run("explain shop/deploy/web -f shop.yaml -o json").out;
    assert!(was.contains("spec.ingress[0]"), "the policy has ingress rules: {was}");
    assert!(object["spec"]["ingress"].is_array(), "they are not lost in Git: {object:#}");
    let egress = object["spec"]["egress"].as_array().unwrap();
    assert_eq!(egress.last().unwrap()["to"], json!([{"ipBlock": {"cidr": "198.41.0.4/32"}}]));
    // Applied, it changes what was told and nothing else.
    folder.write("new.json", object.to_string().as_bytes());
    let diff = folder.run("diff --base shop.yaml -f new.json -o json");
    let diff: Value = serde_json::from_str(&diff.out).unwrap();
    assert_eq!(diff["changes"].as_array().map(Vec::len), Some(1), "{diff:#}");
    assert_eq!(diff["changes"][0]["after"], json!(["TCP/443"]));
}

#[test]
fn cilium_is_told_names_and_nothing_is_written() {
    let folder = folder();
    for mode in ["--mode cilium", "--cni cilium"] {
        let ended =
            ask(&folder, &format!("shop/deploy/web --url https://svc.outside.example {mode} -o json"));
        let object: Value = serde_json::from_str(&ended.out).unwrap();
        assert_eq!(object["kind"], "CiliumNetworkPolicy");
        assert_eq!(
            object["spec"]["egress"][1]["toFQDNs"],
            json!([{"matchName": "svc.outside.example"}])
        );
        assert!(ended.err.contains("nothing was written; its effect was not judged"), "{}", ended.err);
    }
    // The name of an ExternalName is the one that pods ask for in the end.
    let object = objects(&folder, "shop/deploy/web --url https://outside --mode cilium");
    assert_eq!(object["spec"]["egress"][1]["toFQDNs"], json!([{"matchName": "api.example.com"}]));
    // A Service needs no names.
    let object = objects(&folder, "shop/deploy/web --url postgres://postgres.db --mode cilium");
    assert_eq!(object["kind"], "NetworkPolicy");
    let ended = ask(&folder, "shop/deploy/web --url https://198.41.0.4 --mode cilium");
    assert_eq!((ended.code, ended.out.as_str()), (Some(2), ""));
    assert!(ended.err.starts_with("error: 198.41.0.4 has no name for toFQDNs\n"), "{}", ended.err);
}

#[test]
fn the_first_policy_with_names_is_refused_as_one_with_addresses_is() {
    let folder = folder();
    let ask = |flag: &str| {
        let url = "--url https://api.example.com --mode cilium -o json";
        ask(&folder, &format!("monitoring/ds/agent {url} {flag}"))
    };
    let refused = ask("");
    assert_eq!((refused.code, refused.out.as_str()), (Some(5), ""), "{}", refused.err);
    let text = "error: monitoring/ds/agent has no egress policy yet: its first one cuts all";
    assert!(refused.err.starts_with(text), "{}", refused.err);
    let kinds = |flag: &str| {
        let ended = ask(flag);
        assert_eq!(ended.code, Some(0), "{}", ended.err);
        let printed: Value = serde_json::from_str(&ended.out).unwrap();
        let list = printed["items"].as_array().cloned().unwrap_or_else(|| vec![printed.clone()]);
        list.iter().map(|own| own["kind"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(kinds("--isolate"), ["CiliumNetworkPolicy"]);
    // The policy that keeps the rest open comes first.
    assert_eq!(kinds("--allow-rest"), ["NetworkPolicy", "CiliumNetworkPolicy"]);
}

#[test]
fn what_is_printed_is_not_written_whatever_yes_says() {
    let ended = ask(&folder(), "shop/deploy/web --url https://198.41.0.4 -o yaml --yes");
    assert_eq!(ended.code, Some(0), "{}", ended.err);
    assert!(ended.err.contains("note: nothing is written: -o yaml and -o json print"), "{}", ended.err);
}

#[test]
fn a_record_that_was_not_read_is_not_lost() {
    let folder = folder();
    let object = objects(&folder, "shop/deploy/web --url https://198.41.0.4 --into web");
    assert!(object["metadata"]["annotations"]["kubectl-netpol/endpoints"].is_string(), "{object:#}");
    let again = |object: &Value| {
        folder.write("web.json", object.to_string().as_bytes());
        ask(&folder, "shop/deploy/web --url https://199.9.14.201 --into web --with web.json -o json")
    };
    let ended = again(&object);
    assert_eq!(ended.code, Some(0), "{}", ended.err);
    assert!(ended.out.contains("198.41.0.4") && ended.out.contains("199.9.14.201"), "{}", ended.out);
    // As a snapshot has it: the label, and no annotations.
    let mut object = object;
    object["metadata"].as_object_mut().unwrap().remove("annotations");
    let ended = again(&object);
    assert_eq!((ended.code, ended.out.as_str()), (Some(5), ""), "{}", ended.err);
    let text = "NetworkPolicy shop/web: its record of hosts is not in what was read, and would be lost";
    assert!(ended.err.contains(text), "{}", ended.err);
}

#[test]
fn no_target_is_not_everything() {
    let folder = folder();
    let ask = |targets: &[&str]| {
        let rest = "allow-endpoint --url https://198.41.0.4 -o yaml -f shop.yaml";
        Ended::from(folder.command(rest).args(targets).output().unwrap())
    };
    for targets in [&[][..], &[""], &["deploy", ""], &["", "web"], &["ns/"]] {
        let ended = ask(targets);
        assert_eq!((ended.code, ended.out.as_str()), (Some(2), ""), "{targets:?}: {}", ended.err);
    }
    let into = ask(&["shop/deploy/web", "--into", ""]);
    assert_eq!((into.code, into.out.as_str()), (Some(2), ""), "{}", into.err);
    assert!(into.err.contains("it names no policy"), "{}", into.err);
}

#[test]
fn what_cannot_be_planned_is_one_clear_line() {
    let folder = folder();
    for (arguments, code, line) in [
        ("shop/deploy/web --url https://198.41.0.4", 2, "manifests are not written to"),
        ("shop/deploy/wbe --url https://198.41.0.4 -o yaml", 2, "did you mean `web`?"),
        ("shop/deploy/web:80 --url https://198.41.0.4 -o yaml", 2, "a port stands in --url"),
        ("internet --url https://198.41.0.4 -o yaml", 2, "internet has no pod"),
        ("shop/deploy/web --url https://user:secret@ -o yaml", 2, "it names no host"),
        (
            "shop/deploy/web --url postgres://postgres.db:1 -o yaml",
            2,
            "has no port TCP/1; it has TCP/5432",
        ),
        (
            "shop/deploy/web --url https://169.254.169.254 -o yaml",
            5,
            "169.254.169.254 is not opened: it is metadata space: --allow-special metadata opens it",
        ),
        ("monitoring/ds/agent --url https://198.41.0.4 -o yaml", 5, "has no egress policy yet"),
        ("shop/deploy/web --url https://198.41.0.4 --into none -o yaml", 2, "there is no such policy"),
        (
            "shop/deploy/web --url https://198.41.0.4 --into netpol/wbe -o yaml",
            2,
            "NetworkPolicy shop/wbe: there is no such policy; did you mean `web`",
        ),
        (
            "shop/deploy/web --url https://198.41.0.4 --into shop/netpol/web -o yaml",
            2,
            "use NAME or netpol/NAME, without its namespace",
        ),
        (
            "db/sts/postgres --url https://198.41.0.4 --into allow-api -o yaml",
            5,
            "does not govern egress",
        ),
    ] {
        let ended = ask(&folder, arguments);
        assert_eq!((ended.code, ended.out.as_str()), (Some(code), ""), "{arguments}: {}", ended.err);
        assert!(ended.err.starts_with("error: "), "{arguments}: {}", ended.err);
        assert!(ended.err.contains(line), "{arguments}: {}", ended.err);
        assert!(!ended.err.contains("secret"), "{}", ended.err);
    }
}

#[test]
fn a_plan_from_manifests_is_what_diff_says_of_what_is_printed() {
    let folder = folder();
    let asked = "monitoring/ds/agent --url https://198.41.0.4 --isolate";
    let plan = ask(&folder, &format!("{asked} --dry-run=client"));
    assert_eq!(plan.code, Some(0), "{}", plan.err);
    let printed = ask(&folder, &format!("{asked} -o yaml"));
    folder.write("new.yaml", printed.out.as_bytes());
    let diff = folder.run("diff --base shop.yaml --base more.yaml -f new.yaml");
    let headline = diff.out.lines().next().unwrap();
    assert!(headline.contains("1 new isolation"), "{headline}");
    assert!(plan.out.contains(headline), "{headline}\n{}", plan.out);
}

/// `a` is isolated; its selector selects the pods of `b` too, which are not. `empty` has no pods yet.
const SHARED: &str = "
apiVersion: apps/v1
kind: Deployment
metadata: {name: a, namespace: x}
spec:
  selector: {matchLabels: {app: a}}
  template: {metadata: {labels: {app: a, side: one}}, spec: {containers: [{name: c, image: example/a}]}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: b, namespace: x}
spec:
  selector: {matchLabels: {side: two}}
  template: {metadata: {labels: {app: a, side: two}}, spec: {containers: [{name: c, image: example/b}]}}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: one, namespace: x}
spec: {podSelector: {matchLabels: {side: one}}, policyTypes: [Egress]}
---
apiVersion: v1
kind: Namespace
metadata: {name: empty}
";

#[test]
fn pods_that_were_not_meant_are_neither_cut_nor_opened_unseen() {
    let folder = Folder::of(&[("x.yaml", SHARED)]);
    let ask = |arguments: &str| {
        folder.run(&format!(
            "allow-endpoint {arguments} --url https://198.41.0.4 --dry-run=client -f x.yaml"
        ))
    };
    let ended = ask("x/deploy/a");
    assert_eq!(ended.code, Some(5), "{}", ended.err);
    let note = "the selector of x/deploy/a selects pods of x/deploy/b too";
    assert!(ended.out.replace("\n        ", " ").contains(note), "{}", ended.out);
    assert!(ended.out.contains("x/deploy/b becomes isolated for egress"), "{}", ended.out);
    for arguments in ["x/deploy/a --allow-rest", "ns/x --allow-rest"] {
        let ended = ask(arguments);
        assert_eq!(ended.code, Some(5), "{arguments}: {}", ended.err);
        assert!(ended.err.contains("--allow-rest would open everything for"), "{}", ended.err);
    }
    assert_eq!(ask("x/deploy/b --allow-rest").code, Some(0));

    // Pods that are still to come would be cut too.
    assert_eq!(ask("ns/empty").code, Some(5));
    let deny = "
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: deny, namespace: empty}
spec: {podSelector: {}, policyTypes: [Egress]}
";
    folder.write("x.yaml", format!("{SHARED}---{deny}").as_bytes());
    let ended = ask("ns/empty");
    assert_eq!(ended.code, Some(0), "{}", ended.err);
}
