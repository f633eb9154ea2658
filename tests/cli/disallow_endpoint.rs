//! `disallow-endpoint` planned from manifests: what goes, what stays, and what that cuts or opens.

use std::fs;

use serde_json::Value;

use crate::run::{Ended, Folder};

/// `web` is open, `api` denies everything but what `team` opens; a database that lets nobody in.
const SHOP: &str = "\
apiVersion: v1
kind: Namespace
metadata: {name: shop}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: main, image: example.test/web}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: api, namespace: shop}
spec:
  selector: {matchLabels: {app: api}}
  template:
    metadata: {labels: {app: api}}
    spec: {containers: [{name: main, image: example.test/api}]}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: team, namespace: shop, labels: {team: a}, annotations: {note: ours}}
spec:
  podSelector: {matchExpressions: [{key: app, operator: In, values: [api, other]}]}
  policyTypes: [Egress]
  egress:
  - to: [{ipBlock: {cidr: 8.8.8.8/32}}]
    ports: [{port: 443, endPort: 444, protocol: TCP}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: other, namespace: shop}
spec:
  selector: {matchLabels: {app: other}}
  template:
    metadata: {labels: {app: other}}
    spec: {containers: [{name: main, image: example.test/other}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: db, namespace: shop}
spec:
  selector: {matchLabels: {app: db}}
  template:
    metadata: {labels: {app: db}}
    spec: {containers: [{name: main, image: example.test/db, ports: [{name: sql, containerPort: 5433}]}]}
---
apiVersion: v1
kind: Service
metadata: {name: db, namespace: shop}
spec: {selector: {app: db}, ports: [{port: 5432, targetPort: sql}], clusterIP: 10.9.0.1}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: db, namespace: shop}
spec: {podSelector: {matchLabels: {app: db}}, policyTypes: [Ingress]}
";

const FIRST: &str = "--url https://9.9.9.9";
const SECOND: &str = "--url https://9.9.9.10";

fn folder() -> Folder {
    Folder::of(&[("shop.yaml", SHOP)])
}

/// Writes what `allow-endpoint` prints into a file beside the shop, which may be in others already.
fn allow(folder: &Folder, arguments: &str, file: &str) {
    let ended = folder.run(&format!("allow-endpoint {arguments} -o yaml"));
    assert_eq!(ended.code, Some(0), "{arguments}: {}", ended.err);
    folder.write(file, ended.out.as_bytes());
}

fn plan(folder: &Folder, arguments: &str) -> Ended {
    let ended = folder.run(&format!("disallow-endpoint --dry-run=client {arguments}"));
    assert_eq!(ended.code, Some(0), "{arguments}: {}", ended.err);
    ended
}

/// Lists the policies that are deleted, in their order.
fn deleted(ended: &Ended) -> Vec<String> {
    let lines = ended.out.lines().filter_map(|line| line.strip_suffix(" is deleted"));
    // The hash says nothing here.
    let name = |line: &str| line.rsplit_once('-').unwrap().0.replace("NetworkPolicy shop/", "");
    lines.map(name).collect()
}

#[test]
fn the_undo_of_isolate_is_what_was_before() {
    let folder = folder();
    allow(&folder, "shop/deploy/web -f shop.yaml --isolate --url https://db.shop.svc:5432", "new.yaml");
    let undo = plan(&folder, "shop/deploy/web -f shop.yaml -f new.yaml --url https://db.shop.svc:5432");
    // No pod is left with DNS alone while they go.
    assert_eq!(deleted(&undo), ["netpol-dns-web", "netpol-ep-db-shop-svc"], "{}", undo.out);
    assert!(undo.out.starts_with("shop/deploy/web no more -> db.shop.svc:5432\n"), "{}", undo.out);
    let note = "shop/deploy/web has no egress policy any more: everything that it sends is open again";
    assert!(undo.out.replace("\n        ", " ").contains(note), "{}", undo.out);
    assert!(undo.out.contains("shop/deploy/web is no longer isolated for egress"), "{}", undo.out);
}

#[test]
fn what_only_the_last_host_needed_goes_with_it() {
    let folder = folder();
    allow(&folder, &format!("shop/deploy/web -f shop.yaml --allow-rest {FIRST}"), "first.yaml");
    let both = "shop/deploy/web -f shop.yaml -f first.yaml";
    allow(&folder, &format!("{both} {SECOND}"), "second.yaml");
    let both = format!("{both} -f second.yaml");
    assert_eq!(deleted(&plan(&folder, &format!("{both} {FIRST}"))), ["netpol-ep-9-9-9-9"]);
    // What keeps everything open goes last.
    let all = plan(&folder, &format!("{both} {FIRST} {SECOND}"));
    let names = ["netpol-ep-9-9-9-10", "netpol-ep-9-9-9-9", "netpol-rest-web"];
    assert_eq!(deleted(&all), names, "{}", all.out);
    assert!(all.out.contains("No connection changes."), "{}", all.out);
}

#[test]
fn a_policy_of_others_loses_the_rules_of_the_host_and_nothing_else() {
    let folder = folder();
    allow(&folder, &format!("shop/deploy/api -f shop.yaml --into team {FIRST} {SECOND}"), "team.yaml");
    let kept = SHOP.split("---\n").filter(|text| !text.contains("name: team")).collect::<Vec<_>>();
    folder.write("rest.yaml", kept.join("---\n").as_bytes());
    let undo = |urls: &str| {
        let ask = format!("disallow-endpoint shop/deploy/api -f rest.yaml -f team.yaml {urls}");
        let shown = folder.run(&format!("{ask} --dry-run=client"));
        let note = "note: NetworkPolicy shop/team is for pods of shop/deploy/other too";
        assert!(shown.out.contains(note), "{}", shown.out);
        folder.json(&ask)
    };
    let one = undo(FIRST);
    let record = one["metadata"]["annotations"]["kubectl-netpol/endpoints"].as_str().unwrap();
    assert!(!record.contains("9.9.9.9\"") && record.contains("9.9.9.10"), "{record}");
    assert!(one["metadata"]["labels"]["kubectl-netpol/endpoint"].is_string(), "{one:#}");
    let cidr = |policy: &Value, rule: usize| policy["spec"]["egress"][rule]["to"][0]["ipBlock"].clone();
    assert_eq!(cidr(&one, 1)["cidr"], "9.9.9.10/32", "{one:#}");
    let both = undo(&format!("{FIRST} {SECOND}"));
    assert_eq!(both["metadata"]["labels"], serde_json::json!({"team": "a"}));
    assert_eq!(both["metadata"]["annotations"], serde_json::json!({"note": "ours"}));
    assert_eq!(both["spec"]["egress"].as_array().map(Vec::len), Some(1), "{both:#}");
    assert_eq!(both["spec"]["egress"][0]["ports"][0]["endPort"], 444, "{both:#}");
}

#[test]
fn the_other_side_of_a_service_is_closed_again() {
    let folder = folder();
    let url = "--url postgres://u:p@db/orders";
    allow(&folder, &format!("shop/deploy/web -f shop.yaml --isolate --both-sides {url}"), "new.yaml");
    let ask = "--to shop/deploy/db --port 5433 -f shop.yaml -f new.yaml";
    assert_eq!(folder.verdict(&format!("shop/deploy/web {ask}")), "allow");
    let undo = plan(&folder, &format!("shop/deploy/web -f shop.yaml -f new.yaml {url}"));
    assert_eq!(deleted(&undo).len(), 3, "{}", undo.out);
    assert!(undo.out.contains("- shop/deploy/web -> shop/deploy/db  TCP/5433"), "{}", undo.out);
    // One that is needed for another name of it stays.
    let more = "shop/deploy/web -f shop.yaml -f new.yaml";
    allow(&folder, &format!("{more} --url postgres://db.shop.svc"), "more.yaml");
    let undo = plan(&folder, &format!("{more} -f more.yaml {url}"));
    assert_eq!(deleted(&undo), ["netpol-ep-db"], "{}", undo.out);
}

#[test]
fn what_was_not_written_is_not_taken() {
    let folder = folder();
    allow(&folder, &format!("ns/shop -f shop.yaml --isolate {FIRST}"), "shop-wide.yaml");
    let ask = |target: &str, url: &str| {
        folder.run(&format!("disallow-endpoint {target} -f shop.yaml -f shop-wide.yaml {url} -o yaml"))
    };
    for (target, url, text) in [
        ("shop/deploy/web", FIRST, "has it for other pods: name these"),
        ("shop/deploy/web", SECOND, "wrote nothing that lets shop/deploy/web reach 9.9.9.10:443"),
        ("ns/shop", "--url https://9.9.9.9:8443", "wrote nothing that lets ns/shop reach 9.9.9.9:8443"),
        // What somebody wrote by hand is theirs.
        ("shop/deploy/api", "--url https://8.8.8.8", "wrote nothing"),
        ("shop/deploy/web:80", FIRST, "a port stands in --url"),
        ("", FIRST, "TARGET"),
    ] {
        let ended = ask(target, url);
        assert_eq!((ended.code, &*ended.out), (Some(2), ""), "{target} {url}: {}", ended.err);
        assert!(ended.err.contains(text), "{target} {url}: {}", ended.err);
    }
    let ended = ask("ns/shop", FIRST);
    assert_eq!(ended.code, Some(0), "{}", ended.err);
    assert!(ended.err.contains("is to be deleted"), "{}", ended.err);
    let written =
        folder.run(&format!("disallow-endpoint ns/shop -f shop.yaml -f shop-wide.yaml {FIRST}"));
    assert!(written.code == Some(2) && written.err.contains("manifests are not written to"));
}

#[test]
fn what_a_hand_keeps_open_is_not_told_to_be_removed() {
    let folder = folder();
    allow(&folder, &format!("shop/deploy/web -f shop.yaml --isolate {FIRST}"), "new.yaml");
    let text = fs::read_to_string(folder.path().join("new.yaml")).unwrap();
    let port = "    - port: 443\n      protocol: TCP\n";
    assert_eq!(text.matches(port).count(), 1, "{text}");
    let more = text.replace(port, &format!("{port}{}", port.replace("443", "8443")));
    folder.write("new.yaml", more.as_bytes());
    let undo = plan(&folder, &format!("shop/deploy/web -f shop.yaml -f new.yaml {FIRST}"));
    assert!(undo.out.contains("stays open 9.9.9.9 by another rule of the policy"), "{}", undo.out);
    assert!(!undo.out.contains("removed 9.9.9.9"), "{}", undo.out);
    assert_eq!(deleted(&undo), Vec::<String>::new(), "{}", undo.out);
}

#[test]
fn a_service_and_a_host_of_one_url_go_together() {
    let folder = folder();
    let url = "--url postgres://db.shop.svc:5432,9.9.9.9:5432/orders";
    allow(&folder, &format!("shop/deploy/web -f shop.yaml --isolate {url}"), "new.yaml");
    let undo = plan(&folder, &format!("shop/deploy/web -f shop.yaml -f new.yaml {url}"));
    assert_eq!(deleted(&undo).len(), 2, "the hosts and DNS: {}", undo.out);
    let note = "everything that it sends is open again";
    assert!(undo.out.replace("\n        ", " ").contains(note), "{}", undo.out);
    // What a hand put beside them stays.
    let text = fs::read_to_string(folder.path().join("new.yaml")).unwrap();
    let rule =
        "  egress:\n  - to: [{podSelector: {matchLabels: {app: api}}}]\n    ports: [{port: 80}]\n";
    folder.write("new.yaml", text.replace("  egress:\n", rule).as_bytes());
    let undo =
        folder.run(&format!("disallow-endpoint shop/deploy/web -f shop.yaml -f new.yaml {url} -o yaml"));
    assert_eq!(undo.code, Some(0), "{}", undo.err);
    assert!(undo.out.contains("app: api") && !undo.out.contains("9.9.9.9"), "{}", undo.out);
}

#[test]
fn a_service_that_is_gone_is_taken_back() {
    let folder = folder();
    let selecting = "--url postgres://db.shop.svc/orders";
    let plain = "apiVersion: v1\nkind: Service\nmetadata: {name: legacy, namespace: shop}\n\
                 spec: {clusterIP: 10.9.0.2, ports: [{port: 5432}]}\n---\n\
                 apiVersion: discovery.k8s.io/v1\nkind: EndpointSlice\n\
                 metadata: {name: legacy-1, namespace: shop, labels: {kubernetes.io/service-name: legacy}}\n\
                 addressType: IPv4\nports: [{port: 5432}]\nendpoints: [{addresses: [9.9.9.9]}]\n";
    folder.write("legacy.yaml", plain.as_bytes());
    let gone: Vec<&str> = SHOP.split("---\n").filter(|text| !text.contains("kind: Service")).collect();
    folder.write("gone.yaml", gone.join("---\n").as_bytes());
    for (url, given) in [
        (selecting, selecting),
        ("--url postgres://legacy.shop.svc", "--url postgres://legacy.shop.svc"),
        ("--url postgres://legacy", "--url postgres://legacy"),
        // By another of its names.
        ("--url postgres://legacy", "--url postgres://legacy.shop"),
    ] {
        let ask = format!("shop/deploy/web -f shop.yaml -f legacy.yaml --isolate {url}");
        allow(&folder, &ask, "new.yaml");
        let undo = plan(&folder, &format!("shop/deploy/web -f gone.yaml -f new.yaml {given}"));
        assert_eq!(deleted(&undo).len(), 2, "{url}: {}", undo.out);
        let text = undo.out.replace("\n        ", " ");
        assert!(text.contains("everything that it sends is open again"), "{}", undo.out);
        let note = "what --both-sides wrote for it in its namespace, if anything, is not found";
        assert_eq!(text.contains(note), given.contains(".svc"), "{}", undo.out);
    }
}

/// Plans an edit and its undo, and compares the connections of before with those after both.
#[test]
fn every_undo_restores_the_connections_of_before() {
    let hosts = [
        FIRST,
        SECOND,
        "--url postgres://db.shop.svc",
        "--url postgres://db.shop.svc:5432,9.9.9.9:5432",
    ];
    let rest = ["--isolate", "--allow-rest"];
    let mut edits: Vec<String> = Vec::new();
    for (index, host) in hosts.iter().enumerate() {
        let two = format!("{host} {}", hosts[(index + 1) % hosts.len()]);
        for urls in [(*host).to_owned(), two] {
            edits.extend(rest.map(|rest| format!("shop/deploy/web {rest} {urls}")));
            edits.push(format!("shop/deploy/web --isolate --both-sides {urls}"));
            edits.push(format!("ns/shop --isolate {urls}"));
            edits.push(format!("shop/deploy/api {urls}"));
        }
    }
    edits.push(format!("shop/deploy/api --into team {FIRST} {SECOND}"));
    for edit in edits {
        let folder = folder();
        allow(&folder, &format!("{edit} -f shop.yaml"), "new.yaml");
        let flags = ["--isolate", "--allow-rest", "--both-sides", "--into team"];
        let undo = flags.iter().fold(edit.clone(), |edit, flag| edit.replace(flag, ""));
        let undo = format!("disallow-endpoint {undo} -f shop.yaml -f new.yaml -o yaml");
        let undone = folder.run(&undo);
        assert_eq!(undone.code, Some(0), "{edit}: {}", undone.err);
        let notes = undone.err.lines().filter_map(|line| line.strip_suffix(" is to be deleted"));
        let gone: Vec<&str> =
            notes.filter_map(|line| line.rsplit_once('/')).map(|(_, name)| name).collect();
        let new = fs::read_to_string(folder.path().join("new.yaml")).unwrap();
        let is_gone = |text: &str| gone.iter().any(|name| text.contains(&format!("  name: {name}\n")));
        let stays: Vec<&str> = new.split("---\n").filter(|text| !is_gone(text)).collect();
        let after = [SHOP, &stays.join("---\n"), &undone.out].join("\n---\n");
        folder.write("after.yaml", after.as_bytes());
        let diff = folder.run("diff shop.yaml after.yaml");
        assert_eq!(diff.code, Some(0), "{edit}: {}{}", diff.out, diff.err);
        assert_eq!(stays.is_empty(), !edit.contains("--into"), "{edit}: {new}");
    }
}
