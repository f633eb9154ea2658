//! What a user sees who may not read everything: what is known, and what is not.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use libtest_mimic::Trial;
use serde_json::{Value, json};

use super::Shared;
use super::harness::ControlPlane;
use super::limits::put;
use super::plugin::{answer, ask, assert_fails, parse};
use super::process::Output;

/// Lists the trials of this file; some need a control plane that has no kind but Kubernetes' own.
pub(crate) fn trials(shared: &Arc<Shared>, plain: &Arc<Shared>) -> Vec<Trial> {
    vec![
        shared.trial("rights::one_namespace_is_enough_for_questions_inside", one_namespace),
        shared
            .trial("rights::policies_elsewhere_put_the_other_half_in_doubt", policies_of_one_namespace),
        plain.trial("rights::the_readme_has_the_least_that_is_enough", the_least),
    ]
}

/// Applies objects of RBAC: the rules of a user in a namespace, or in all.
pub(crate) fn grant(plane: &ControlPlane, user: &str, namespace: Option<&str>, rules: &Value) {
    plane.apply(&granted(user, namespace, rules));
}

fn granted(user: &str, namespace: Option<&str>, rules: &Value) -> String {
    let api_version = "rbac.authorization.k8s.io/v1";
    let group = "rbac.authorization.k8s.io";
    let kind = if namespace.is_some() { "Role" } else { "ClusterRole" };
    let mut metadata = json!({"name": user});
    if let Some(namespace) = namespace {
        metadata["namespace"] = json!(namespace);
    }
    let role = json!({"apiVersion": api_version, "kind": kind, "metadata": metadata, "rules": rules});
    let binding = json!({
        "apiVersion": api_version,
        "kind": format!("{kind}Binding"),
        "metadata": metadata,
        "roleRef": {"apiGroup": group, "kind": kind, "name": user},
        "subjects": [{"apiGroup": group, "kind": "User", "name": user}],
    });
    format!("{role}\n---\n{binding}")
}

/// Waits until the server has heard of a new right.
pub(crate) fn wait_until_may(
    plane: &ControlPlane,
    user: &str,
    verb: &str,
    resource: &str,
    flags: &[&str],
) {
    let start = Instant::now();
    let question = ["auth", "can-i", verb, resource, "--as", user];
    while !plane.kubectl(&[&question[..], flags].concat(), None).is_success() {
        assert!(start.elapsed() < Duration::from_secs(60), "{user} still may not {verb} {resource}");
        std::thread::sleep(Duration::from_millis(100));
    }
}

/// Returns what one of the blocks of YAML in the README says.
fn of_readme(kind: &str) -> String {
    let readme = Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    let readme = fs::read_to_string(readme).expect("the README");
    let mut blocks = readme.split("```yaml\n").skip(1).filter_map(|block| block.split("```").next());
    let block = blocks.find(|block| block.contains(&format!("\nkind: {kind}\n")));
    block.expect("the block of YAML").to_owned()
}

/// Returns the rules of a block, as the server understands them.
fn rules_of(plane: &ControlPlane, block: &str) -> Value {
    let args = ["create", "--dry-run=server", "--output=json", "--filename=-"];
    let created = plane.kubectl(&args, Some(block)).expect_success();
    let created: Value = serde_json::from_str(&created).expect("JSON");
    created["rules"].clone()
}

/// Lists the gaps of an answer.
pub(crate) fn gaps(answer: &Value) -> BTreeSet<&str> {
    let gaps = answer["gaps"].as_array().expect("gaps");
    gaps.iter().map(|gap| gap.as_str().expect("a text")).collect()
}

fn verdict(plane: &ControlPlane, user: &str, source: &str, destination: &str) -> Value {
    answer(plane, user, &["explain", source, "--to", destination])["verdict"].clone()
}

fn one_namespace(plane: &ControlPlane) {
    let user = "of-one-namespace";
    put(plane, "rights-own");
    put(plane, "rights-foreign");
    let role = of_readme("Role").replace("namespace: shop", "namespace: rights-own");
    plane.apply(&role);
    grant(plane, user, Some("rights-own"), &rules_of(plane, &role.replace("netpol-reader", "tried")));
    wait_until_may(plane, user, "list", "networkpolicies", &["-n", "rights-own"]);
    let [open, closed] = ["rights-own/pod/open", "rights-own/pod/closed"];
    let foreign = "rights-foreign/pod/open";

    // Inside, only who enforces is unknown.
    let told = answer(plane, user, &["explain", open, "--to", closed]);
    assert_eq!(told["verdict"], "deny");
    assert_eq!(told["gaps"], json!(["could not list daemonsets: forbidden"]));
    assert_eq!(verdict(plane, user, closed, open), "allow");

    // An end that may not be read is no answer.
    for ends in [[open, foreign], [foreign, closed]] {
        let output = ask(plane, user, &["explain", ends[0], "--to", ends[1]]);
        let sentence = "Error from server (Forbidden): pods \"open\" is forbidden: User \
                        \"of-one-namespace\" cannot list resource \"pods\" in API group \"\" in the \
                        namespace \"rights-foreign\"\n";
        assert_fails(&output, 3, sentence);
        let kubectl = ["get", "pods", "--field-selector=metadata.name=open", "-n", "rights-foreign"];
        assert_eq!(plane.kubectl_as(user, &kubectl, None).stderr, output.stderr);
    }

    // The namespace is shown, and what is missing of the others is said.
    for args in
        [&["list", "-n", "rights-own", "--pods"][..], &["list", "-n", "rights-own"], &["list", "-A"]]
    {
        let args = if args.contains(&"-A") { &["list", "-A", "-n", "rights-own"] } else { args };
        let told = answer(plane, user, args);
        let gaps = gaps(&told);
        assert!(
            gaps.contains("could not list pods outside namespace rights-own: forbidden"),
            "{gaps:#?}"
        );
        let policies = "could not list networkpolicies outside namespace rights-own: forbidden";
        assert!(gaps.contains(policies), "{gaps:#?}");
        assert!(
            gaps.contains("could not list namespaces outside namespace rights-own: forbidden"),
            "{gaps:#?}"
        );
        assert!(gaps.contains("could not list nodes: forbidden"), "{gaps:#?}");
        let rows = told["connections"].as_array().expect("rows");
        let between = |source: &str, destination: &str| {
            let name = |end: &Value, own: &str| end["name"] == own && end["namespace"] == "rights-own";
            rows.iter()
                .find(|row| name(&row["source"], source) && name(&row["destination"], destination))
        };
        assert_eq!(between("open", "closed"), None);
        let allowed = between("closed", "open").expect("a row");
        assert_eq!((&allowed["verdict"], &allowed["ports"]), (&json!("allow"), &json!(["any"])));
    }

    // An address may be that of a pod that was not read, and that nobody may reach.
    assert_eq!(verdict(plane, user, open, "internet"), "depends");
    assert_eq!(verdict(plane, user, open, "10.99.99.99"), "depends");
    assert_eq!(verdict(plane, user, "10.99.99.99", closed), "deny");
    let told = answer(plane, user, &["explain", open]);
    assert!(gaps(&told).contains("could not list nodes: forbidden"), "{told:#}");
    // A selector of other namespaces finds nobody, as they were not read: that is said too.
    assert!(gaps(&told).contains("could not list pods outside namespace rights-own: forbidden"));

    // It is the same to be the user and to speak for it.
    for args in [
        &["explain", open, "--to", closed][..],
        &["explain", open, "--to", "10.99.99.99"],
        &["explain", closed],
        &["explain", open, "--to", foreign],
        &["list", "-n", "rights-own"],
        &["list", "-n", "rights-own", "--pods", "-o", "json"],
    ] {
        let own = ask(plane, user, args);
        let on_behalf = ask(plane, "admin", &[args, &["--as", user]].concat());
        let all = |output: &Output| (output.code, output.stdout.clone(), output.stderr.clone());
        assert_eq!(all(&own), all(&on_behalf), "{args:?}");
    }
}

/// Who may read all pods, and the policies of one namespace only.
fn policies_of_one_namespace(plane: &ControlPlane) {
    let user = "reads-its-own-policies";
    put(plane, "policies-own");
    put(plane, "policies-foreign");
    let all = json!([{"apiGroups": [""], "resources": ["pods", "namespaces"], "verbs": ["list"]}]);
    grant(plane, user, None, &all);
    let own = json!([{"apiGroups": ["networking.k8s.io"], "resources": ["networkpolicies"], "verbs": ["list"]}]);
    grant(plane, user, Some("policies-own"), &own);
    wait_until_may(plane, user, "list", "pods", &["-A"]);
    wait_until_may(plane, user, "list", "networkpolicies", &["-n", "policies-own"]);
    let verdict = |source: &str, destination: &str| {
        let args = ["explain", source, "--to", destination, "--as", user];
        answer(plane, "admin", &args)["verdict"].clone()
    };
    let pods = ["open", "closed"];
    let [own, foreign] =
        ["own", "foreign"].map(|place| pods.map(|name| format!("policies-{place}/pod/{name}")));
    // Both halves are known, one half is not, neither is.
    assert_eq!(verdict(&own[0], &own[1]), "deny");
    assert_eq!(verdict(&own[1], &own[0]), "allow");
    for foreign in &foreign {
        assert_eq!(verdict(&own[0], foreign), "depends");
        assert_eq!(verdict(foreign, &own[0]), "depends");
        // A half that denies is certain, whatever the other says.
        assert_eq!(verdict(foreign, &own[1]), "deny");
        assert_eq!(verdict(foreign, "internet"), "depends");
    }
    assert_eq!(verdict(&own[0], "internet"), "allow");

    let list = answer(plane, "admin", &["list", "-A", "--pods", "--as", user]);
    let gap = "could not list networkpolicies outside namespace policies-own: forbidden";
    assert!(gaps(&list).contains(gap), "{:#?}", list["gaps"]);
    let rows = list["connections"].as_array().expect("rows");
    let mut seen = 0;
    for row in rows {
        let place = |end: &Value| end["namespace"].as_str().unwrap_or_default().to_owned();
        let places = [place(&row["source"]), place(&row["destination"])];
        if places.iter().any(|place| place == "policies-foreign") {
            assert_eq!(row["verdict"], "depends", "{row}");
            seen += 1;
        }
        if places.iter().all(|place| place == "policies-own" || place.is_empty()) {
            assert_eq!(row["verdict"], "allow", "{row}");
            seen += 1;
        }
    }
    assert!(seen > 5, "{seen} of {} rows", rows.len());
}

/// Every rule without one of its resources.
fn each_without_one(rules: &Value) -> Vec<(String, Value)> {
    let mut fewer = Vec::new();
    for (index, rule) in rules.as_array().expect("rules").iter().enumerate() {
        for resource in rule["resources"].as_array().expect("resources") {
            let mut without = rules.clone();
            let own = without[index]["resources"].as_array_mut().expect("resources");
            own.retain(|other| other != resource);
            if own.is_empty() {
                without.as_array_mut().expect("rules").remove(index);
            }
            fewer.push((resource.as_str().expect("a resource").to_owned(), without));
        }
    }
    fewer
}

fn the_least(plane: &ControlPlane) {
    put(plane, "least");
    // As it is written there, but for the users that get it.
    let block = of_readme("ClusterRole");
    plane.apply(&block);
    let role = plane.get(&["clusterrole", "netpol-reader"]);
    let mut rules = role["rules"].clone();
    grant(plane, "least-all", None, &rules);
    // Kinds that are not installed here need no right here.
    let own_groups =
        |rule: &Value| !rule["resources"].as_array().is_some_and(|all| all.contains(&json!("*")));
    rules.as_array_mut().expect("rules").retain(own_groups);
    let fewer = each_without_one(&rules);
    assert_eq!(fewer.len(), 15);
    let user = |resource: &str| format!("least-without-{resource}");
    let granted: Vec<String> =
        fewer.iter().map(|(resource, rules)| granted(&user(resource), None, rules)).collect();
    plane.apply(&granted.join("\n---\n"));
    for user in fewer.iter().map(|(resource, _)| user(resource)).chain(["least-all".to_owned()]) {
        let kind = if user.ends_with("-jobs") { "cronjobs" } else { "jobs" };
        wait_until_may(plane, &user, "list", kind, &["-A"]);
    }

    let questions: [&[&str]; 5] = [
        &["list", "-A"],
        &["list", "-A", "--pods"],
        &["explain", "least/pod/open"],
        &["explain", "least/pod/open", "--to", "least/pod/closed"],
        &["explain", "least/pod/open", "--to", "internet"],
    ];
    for question in questions {
        let all = answer(plane, "admin", question);
        assert_eq!(all["gaps"], json!([]));
        let own = answer(plane, "admin", &[question, &["--as", "least-all"]].concat());
        assert_eq!(own, all, "{question:?}");
    }
    let snapshot = ask(plane, "admin", &["snapshot", "-", "--as", "least-all"]);
    assert_eq!((snapshot.code, &*snapshot.stderr), (Some(0), ""), "{snapshot:#?}");
    assert!(snapshot.stdout.contains("\"gaps\":[]"), "{snapshot:#?}");
    // Take any away, and something is missing, which is said.
    for (resource, _) in fewer {
        let told = parse(ask(plane, "admin", &["list", "-A", "-o", "json", "--as", &user(&resource)]));
        assert_eq!(told["gaps"], json!([format!("could not list {resource}: forbidden")]));
    }
    the_least_of_a_namespace(plane);
}

/// The Role of one namespace, with each of its resources taken away in turn.
fn the_least_of_a_namespace(plane: &ControlPlane) {
    let block = of_readme("Role").replace("namespace: shop", "namespace: least");
    plane.apply(&block);
    let rules = plane.get(&["role", "netpol-reader", "--namespace=least"])["rules"].clone();
    let fewer = each_without_one(&rules);
    assert_eq!(fewer.len(), 13);
    let user = |resource: &str| format!("least-here-without-{resource}");
    let all = [("nothing".to_owned(), rules)];
    let granted: Vec<String> = fewer
        .iter()
        .chain(&all)
        .map(|(resource, rules)| granted(&user(resource), Some("least"), rules))
        .collect();
    plane.apply(&granted.join("\n---\n"));
    for (resource, _) in fewer.iter().chain(&all) {
        let kind = if resource == "jobs" { "cronjobs" } else { "jobs" };
        wait_until_may(plane, &user(resource), "list", kind, &["-n", "least"]);
    }
    let list = |resource: &str| {
        let args = ["list", "-n", "least", "-o", "json", "--as", &user(resource)];
        let told = parse(ask(plane, "admin", &args));
        gaps(&told).into_iter().map(str::to_owned).collect::<BTreeSet<String>>()
    };
    let with_all = list("nothing");
    for (resource, _) in &fewer {
        let missing: Vec<String> = list(resource).difference(&with_all).cloned().collect();
        assert_eq!(missing, [format!("could not list {resource}: forbidden")]);
    }
}
