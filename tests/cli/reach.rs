//! Who can reach a target: how sources are grouped and counted, what lets them in, and audits.

use serde_json::{Value, json};

use crate::run::{Folder, items};

fn object(kind: &str, namespace: &str, name: &str, spec: &Value) -> Value {
    let version = if kind == "NetworkPolicy" { "networking.k8s.io/v1" } else { "apps/v1" };
    json!({"apiVersion": version, "kind": kind, "metadata": {"name": name, "namespace": namespace}, "spec": spec})
}

fn deployment(namespace: &str, name: &str, replicas: u32) -> Value {
    let labels = json!({"app": name});
    let template =
        json!({"metadata": {"labels": labels}, "spec": {"containers": [{"name": "c", "image": "i"}]}});
    object(
        "Deployment",
        namespace,
        name,
        &json!({"replicas": replicas, "selector": {"matchLabels": labels}, "template": template}),
    )
}

/// A database with one replica and one that has two, beside two clients; a namespace of four; and
/// one more. Into the namespace of databases may whoever is in it and in prod, and one address.
fn cluster() -> Folder {
    let mut objects = vec![
        deployment("db", "one", 1),
        deployment("db", "two", 2),
        deployment("db", "a", 1),
        deployment("db", "b", 1),
        deployment("other", "x", 1),
    ];
    objects.extend(["a", "b", "c", "d"].map(|name| deployment("prod", name, 1)));
    let prod = json!({"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "prod"}}});
    let partner = json!({"ipBlock": {"cidr": "203.0.113.0/24"}});
    objects.push(object("NetworkPolicy", "db", "inside", &json!({
        "podSelector": {},
        "ingress": [{"from": [{"podSelector": {}}, prod]}, {"from": [partner], "ports": [{"port": 443}]}]
    })));
    objects.push(object(
        "NetworkPolicy",
        "prod",
        "out",
        &json!({
            "podSelector": {"matchLabels": {"app": "a"}}, "policyTypes": ["Egress"],
            "egress": [{"to": [{"namespaceSelector": {}}], "ports": [{"port": 5432}]}]
        }),
    ));
    Folder::of(&[("f.yaml", &json!({"apiVersion": "v1", "kind": "List", "items": objects}).to_string())])
}

/// Returns the lines of an answer above its caveats, blanks joined.
fn lines(folder: &Folder, arguments: &str) -> Vec<String> {
    let ended = folder.run(&format!("who-can-reach {arguments} -f f.yaml"));
    let above = ended.out.split("\n\ncaveat").next().unwrap_or_default().to_owned();
    let lines = above.lines().filter(|line| !line.is_empty());
    lines.map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect()
}

#[test]
fn whole_namespaces_stand_for_their_workloads_and_the_target_for_none() {
    let folder = cluster();
    assert_eq!(
        lines(&folder, "db/deploy/one:5432"),
        [
            "db/deploy/one TCP/5432: 7 workloads in 2 namespaces",
            "SOURCE PORTS",
            "all 3 other workloads of ns/db TCP/5432",
            "all 4 workloads of ns/prod TCP/5432"
        ]
    );
    // Two replicas may talk to each other, so the workload is a source of its own.
    assert_eq!(
        lines(&folder, "deploy two -n db --no-headers"),
        [
            "db/deploy/two: 8 workloads in 2 namespaces, 1 CIDR",
            "all 4 workloads of ns/db any",
            "prod/deploy/a TCP/5432",
            "prod/deploy/b any",
            "prod/deploy/c any",
            "prod/deploy/d any",
            "203.0.113.0/24 TCP/443",
        ]
    );
}

#[test]
fn sources_of_every_namespace_are_shown_whatever_the_namespace_of_the_target() {
    let folder = cluster();
    let whole = folder.run("who-can-reach db/deploy/one -f f.yaml").out;
    assert_eq!(folder.run("who-can-reach deploy/one -n db -f f.yaml").out, whole);
    assert_eq!(folder.run("who-can-reach db/deploy/one -n other -f f.yaml").out, whole);
    assert_eq!(folder.run("who-can-reach db/deploy/one -A -f f.yaml").out, whole);
}

#[test]
fn rules_of_both_halves_are_named_where_both_judge() {
    let folder = cluster();
    let json = folder.json("who-can-reach db/deploy/one --why -f f.yaml");
    let half = |name: &str, half: &str| {
        let own = |row: &&Value| row["source"]["namespace"] == "prod" && row["source"]["name"] == name;
        let row = items(&json["connections"]).iter().find(own).unwrap();
        let rules = items(&row[half]["rules"]).iter();
        let rules: Vec<String> = rules
            .map(|rule| {
                format!("{}/{} {}", rule["namespace"], rule["name"], rule["path"]).replace('"', "")
            })
            .collect();
        (row[half]["reason"].as_str().unwrap().to_owned(), rules)
    };
    let rule = |name: &str| ("rule".to_owned(), vec![name.to_owned()]);
    assert_eq!(half("a", "egress"), rule("prod/out spec.egress[0]"));
    assert_eq!(half("a", "ingress"), rule("db/inside spec.ingress[0]"));
    assert_eq!(half("b", "egress"), ("default".to_owned(), vec![]));
    let without = folder.json("who-can-reach db/deploy/one -f f.yaml");
    assert!(
        items(&without["connections"])
            .iter()
            .all(|row| row["egress"].is_null() && row["ingress"].is_null())
    );
    let text = lines(&folder, "db/deploy/one --why").join("\n");
    assert!(
        text.contains(
            "\nprod/deploy/a on TCP/5432\negress NetworkPolicy prod/out spec.egress[0] (f.yaml:1)"
        ),
        "{text}"
    );
    assert_eq!(lines(&folder, "db/deploy/one -o wide"), lines(&folder, "db/deploy/one --why"));
}

/// Returns the exit code and the first line of an audit.
fn audit(folder: &Folder, arguments: &str, only: &str) -> (Option<i32>, String) {
    let ended = folder.run(&format!("who-can-reach {arguments} --expect only={only} -f f.yaml"));
    (ended.code, ended.out.lines().next().unwrap_or_default().to_owned())
}

#[test]
fn an_audit_holds_if_nothing_but_what_is_named_can_connect() {
    let folder = cluster();
    let ok = |target: &str, only: &str| (Some(0), format!("ONLY {only} can connect to {target}"));
    assert_eq!(
        audit(&folder, "db/deploy/one:5432", "ns/prod,ns/db"),
        ok("db/deploy/one TCP/5432", "ns/prod, ns/db")
    );
    // The address of a pod of other may turn out to be in the block.
    assert_eq!(audit(&folder, "db/deploy/one:443", "ns/prod,ns/db,203.0.113.0/24").0, Some(1));
    for block in ["203.0.113.0/24", "203.0.0.0/16"] {
        assert_eq!(
            audit(&folder, "db/deploy/one:443", &format!("ns/prod,ns/db,ns/other,{block}")).0,
            Some(0)
        );
    }
    let (code, line) = audit(&folder, "db/deploy/one:5432", "ns/prod");
    assert_eq!(
        (code, &*line),
        (Some(1), "NOT ONLY ns/prod can connect to db/deploy/one TCP/5432; others: 3 workloads in 1")
    );
}

#[test]
fn part_of_a_block_is_not_the_block() {
    let folder = cluster();
    let arguments =
        "who-can-reach db/deploy/one:443 --expect only=ns/prod,ns/db,203.0.113.0/25 -f f.yaml";
    let ended = folder.run(&format!("{arguments} -o json"));
    assert_eq!(ended.code, Some(1));
    let json: Value = serde_json::from_str(&ended.out).unwrap();
    let others = items(&json["unexpected"]);
    assert_eq!(others.len(), 1, "{json:#}");
    assert_eq!(others[0]["source"]["cidrs"], json!(["203.0.113.128/25"]));
    assert!(items(&json["connections"]).len() > 5);
}

#[test]
fn replicas_of_the_target_are_others_unless_it_is_named() {
    let folder = cluster();
    let only = "ns/prod,db/deploy/one,db/deploy/a,db/deploy/b";
    assert_eq!(audit(&folder, "db/deploy/two:5432", only).0, Some(1));
    let ended =
        folder.run(&format!("who-can-reach db/deploy/two:5432 --expect only={only} -o md -f f.yaml"));
    assert!(ended.out.contains("| `db/deploy/two` | `db/deploy/two` | TCP/5432 |"), "{}", ended.out);
    assert_eq!(audit(&folder, "db/deploy/two:5432", &format!("{only},db/deploy/two")).0, Some(0));
    // One replica is not two.
    assert_eq!(
        audit(&folder, "db/deploy/one:5432", "ns/prod,db/deploy/two,db/deploy/a,db/deploy/b").0,
        Some(0)
    );
}

#[test]
fn what_may_be_is_not_known_not_to_be() {
    let folder = Folder::shop();
    let ended = folder.run("who-can-reach db/sts/postgres:9187 --expect only=ns/shop -f shop.yaml");
    assert_eq!(ended.code, Some(1));
    assert!(ended.out.starts_with("NOT KNOWN TO BE ONLY ns/shop can connect to "), "{}", ended.out);
    assert!(ended.out.contains("monitoring/ds/agent   TCP/9187 (depends)"), "{}", ended.out);
}

#[test]
fn nothing_that_can_connect_is_told_as_such() {
    let folder = cluster();
    let closed = object("NetworkPolicy", "other", "deny", &json!({"podSelector": {}}));
    folder.write("deny.yaml", closed.to_string().as_bytes());
    let ended = folder.run("who-can-reach other/deploy/x -f f.yaml -f deny.yaml");
    assert!(ended.out.starts_with("other/deploy/x: nothing can connect\n"), "{}", ended.out);
    // Labels of namespaces that were not read are a gap where a rule asks for them.
    let by_label = object(
        "NetworkPolicy",
        "db",
        "team",
        &json!({
            "podSelector": {}, "ingress": [{"from": [{"namespaceSelector": {"matchLabels": {"team": "a"}}}]}]
        }),
    );
    folder.write("team.yaml", by_label.to_string().as_bytes());
    let ended = folder.run("who-can-reach other/deploy/x -f f.yaml -f deny.yaml -f team.yaml");
    assert!(
        ended.out.starts_with("other/deploy/x: no source was found; see the caveats and gaps\n"),
        "{}",
        ended.out
    );
    let namespaces = ["db", "other", "prod"]
        .map(|name| json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}));
    folder.write(
        "ns.json",
        json!({"apiVersion": "v1", "kind": "List", "items": namespaces}).to_string().as_bytes(),
    );
    let ended = folder.run("who-can-reach other/deploy/x -f f.yaml -f deny.yaml -f ns.json");
    assert!(ended.out.starts_with("other/deploy/x: nothing can connect\n"), "{}", ended.out);
    let csv = folder.run("who-can-reach other/deploy/x -o csv -f f.yaml -f deny.yaml -f ns.json");
    assert_eq!(csv.out.lines().count(), 1);
}

#[test]
fn what_no_policy_governs_has_governed_sources_only_and_says_so() {
    let folder = cluster();
    let ended = folder.run("who-can-reach 198.51.100.7:443 -f f.yaml");
    assert!(
        ended.out.starts_with("198.51.100.7 TCP/443: 8 workloads in 3 namespaces\n"),
        "{}",
        ended.out
    );
    assert!(
        ended.out.contains("no policy governs 198.51.100.7: nodes and addresses outside"),
        "{}",
        ended.out
    );
}

#[test]
fn a_graph_of_sources_has_its_target_once() {
    let folder = cluster();
    let dot = folder.run("who-can-reach db/deploy/two:5432 -o dot -f f.yaml").out;
    assert_eq!(dot.matches("label=\"deploy/two\"").count(), 1, "{dot}");
    assert_eq!(dot.matches(" -> ").count(), 2, "{dot}");
}

#[test]
fn a_node_without_a_known_address_is_not_known_to_be_closed() {
    let folder = cluster();
    let node = json!({"apiVersion": "v1", "kind": "Node", "metadata": {"name": "n"}});
    let namespaces = ["db", "other", "prod"]
        .map(|name| json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}));
    let items = [&namespaces[..], &[node]].concat();
    folder.write(
        "n.json",
        json!({"apiVersion": "v1", "kind": "List", "items": items}).to_string().as_bytes(),
    );
    let ended = folder.run("who-can-reach node/n -f f.yaml -f n.json");
    assert!(
        ended.out.starts_with("node/n: no source was found; see the caveats and gaps\n"),
        "{}",
        ended.out
    );
    assert!(ended.out.contains("node/n has no known address"), "{}", ended.out);
    let ended = folder.run("who-can-reach node/n --expect only=ns/db -f f.yaml -f n.json");
    let nothing = "error: nothing was judged: node/n has no known address\n";
    assert_eq!((ended.code, &*ended.err), (Some(2), nothing));
}

#[test]
fn the_sources_of_a_service_are_those_of_its_backends_at_their_ports() {
    let folder = Folder::of(&[("f.yaml", include_str!("ways.yaml"))]);
    let text = lines(&folder, "shop/svc/api:web");
    let rows: Vec<&String> =
        text.iter().skip_while(|line| *line != "SOURCE DESTINATION PORTS").collect();
    assert_eq!(rows[1], "shop/pod/web shop/pod/api-2 svc 80 (web) -> TCP/9090");
    assert_eq!(rows[2], "ways in");
    let by_name = folder.json("who-can-reach shop/svc/api -f f.yaml");
    let by_address = folder.json("who-can-reach 10.96.0.11 -f f.yaml");
    assert_eq!(by_name["connections"], by_address["connections"]);
    assert_eq!(items(&by_name["findings"])[0]["id"], "target-port-unknown");
    let csv = folder.run("who-can-reach shop/svc/api -o csv -f f.yaml").out;
    assert!(csv.contains(",TCP/9090,allow,TCP/80->TCP/9090\r\n"), "{csv}");
    // A port that a Service does not have, and a Service as the source.
    let ended = folder.run("who-can-reach shop/svc/api:9090 -f f.yaml");
    assert_eq!(ended.code, Some(2));
    assert!(
        ended.err.contains("shop/svc/api has no port TCP/9090; it has TCP/80 (web)"),
        "{}",
        ended.err
    );
}

#[test]
fn a_service_that_leads_nowhere_is_not_known_to_be_closed() {
    let folder = Folder::of(&[("f.yaml", include_str!("ways.yaml"))]);
    let ended = folder.run("who-can-reach shop/svc/old -f f.yaml");
    assert!(
        ended.out.starts_with("shop/svc/old: no source was found; see the findings\n"),
        "{}",
        ended.out
    );
    let (code, line) = audit(&folder, "shop/svc/old", "ns/shop");
    assert_eq!((code, &*line), (Some(1), "NOT KNOWN TO BE ONLY ns/shop can connect to shop/svc/old"));
}

#[test]
fn ways_in_are_counted_by_how_and_told_below_the_sources() {
    let folder = Folder::of(&[("f.yaml", include_str!("ways.yaml"))]);
    let json = folder.json("who-can-reach shop/pod/web -f f.yaml");
    let counts = &json["totals"]["allow"]["exposures"];
    let all = json!({"LoadBalancer": 1, "NodePort": 1, "ExternalIP": 1, "HostPort": 1, "Ingress": 1});
    assert_eq!(*counts, all);
    assert_eq!(items(&json["exposures"]).len(), 5);
    let json = folder.json("who-can-reach shop/pod/api-1 -f f.yaml");
    assert_eq!(json["totals"]["allow"]["exposures"], json!({"Ingress": 1}));
    assert_eq!(json["totals"]["depends"]["exposures"], json!({"Gateway": 1}));
    let text = folder.run("who-can-reach shop/pod/api-1 -f f.yaml").out;
    assert!(text.contains("1 workload in 1 namespace, 1 Ingress; not known of 1 route"), "{text}");
    assert!(text.contains("\nways in\n  allowed  shop/ingress/public -> shop/svc/api\n"), "{text}");
    // Another port has no way in.
    let json = folder.json("who-can-reach shop/pod/api-1:9090 -f f.yaml");
    assert_eq!(json["exposures"], json!([]));
    assert_eq!(json["totals"]["allow"]["exposures"], json!({}));
}

#[test]
fn a_way_that_policies_close_is_told_and_not_counted() {
    let folder = Folder::of(&[("f.yaml", include_str!("ways.yaml"))]);
    let closed = object("NetworkPolicy", "shop", "deny", &json!({"podSelector": {}}));
    folder.write("deny.json", closed.to_string().as_bytes());
    let json = folder.json("who-can-reach shop/pod/web -f f.yaml -f deny.json");
    let host_port = items(&json["exposures"]).iter().find(|way| way["way"] == "HostPort").unwrap();
    assert_eq!(host_port["verdict"], "deny");
    assert!(json["totals"]["allow"]["exposures"]["HostPort"].is_null());
    assert!(json["totals"]["depends"]["exposures"]["HostPort"].is_null());
    let csv = folder.run("who-can-reach shop/pod/web -o csv -f f.yaml -f deny.json").out;
    assert!(!csv.contains("HostPort"), "{csv}");
}

#[test]
fn a_way_in_is_expected_where_its_addresses_or_its_proxy_are() {
    let folder = Folder::of(&[("f.yaml", include_str!("ways.yaml"))]);
    let ways = |only: &str| -> Vec<String> {
        let expect = format!("ns/shop,node/node-1{only}");
        let ended =
            folder.run(&format!("who-can-reach shop/svc/web --expect only={expect} -o json -f f.yaml"));
        let json: Value = serde_json::from_str(&ended.out).unwrap();
        let own = items(&json["unexpectedExposures"]).iter();
        let own: Vec<String> = own.map(|way| way["way"].as_str().unwrap().to_owned()).collect();
        let others = items(&json["unexpected"]).len() + own.len();
        assert_eq!(ended.code, Some(i32::from(others > 0)), "{only}");
        own
    };
    let all = ["LoadBalancer", "NodePort", "ExternalIP", "Ingress"];
    assert_eq!(ways(""), all);
    assert_eq!(ways(",infra/pod/controller"), all[..3]);
    assert_eq!(ways(",203.0.113.0/24"), all[1..]);
    // Part of what it lets in is not all of it.
    assert_eq!(ways(",203.0.113.0/25"), all);
    // Whoever comes by a proxy has its address.
    assert_eq!(ways(",0.0.0.0/0"), all[3..]);
    assert!(ways(",0.0.0.0/0,infra/pod/controller").is_empty());
}
