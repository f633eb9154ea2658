//! `docs/schema.json` against real answers: every form is valid, a mistake is noticed, and the
//! schema describes nothing that no answer has.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test stops at what it did not expect"
)]

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

use jsonschema::Validator;
use netpol::answer::caveat::Caveat;
use netpol::answer::verdict::Verdict;
use netpol::files::manifests;
use netpol::model::ports::{Protocol, ProtocolPort};
use netpol::model::rights::Right;
use netpol::model::special::AddressClass;
use netpol::policy::translate;
use netpol::report::doctor;
use netpol::report::jobs::{JobNeed, JobState, JobsFound, RefreshJob};
use netpol::report::refresh::{
    HostStatus, PendingAddress, PolicyOutcome, RecordedConsent, Refresh, RefreshedHost, RefreshedPolicy,
    RefusedAddress,
};
use serde_json::{Value, json};

/// The folder of the case, the arguments, and a piece of text that shows that the form is the one
/// that is meant.
const FORMS: [(&str, &str, &str); 56] = [
    ("cli", "explain shop/deploy/api --to db/sts/postgres --port 5432", r#""verdict":"allow""#),
    ("cli", "explain shop/deploy/web --to db/sts/postgres --port 5432", r#""verdict":"deny""#),
    ("cli", "explain shop/deploy/web --to db/sts/postgres", r#""allowed":[]"#),
    ("cli", "explain shop/deploy/web --to 203.0.113.0/24 --port 443/TCP", r#""verdict":"partial""#),
    ("cli", "explain shop/deploy/web --to internet", r#""kind":"Entity""#),
    ("cli", "explain monitoring/ds/agent --to db/sts/postgres:9187", r#""verdict":"depends""#),
    ("cli", "explain shop/deploy/api --to db/sts/postgres --port postgres", r#""port":"postgres""#),
    ("cli", "explain shop/deploy/api --to ns/db --port 5000-6000/UDP", r#""port":"UDP/5000-6000""#),
    ("cli", "explain node/node-1 --to shop/deploy/web", r#""reason":"exempt""#),
    ("cli", "explain shop/deploy/web --from 10.1.0.1", r#""ips":["10.1.0.1"]"#),
    ("cli", "explain shop/pod/web-7d4b9-abcde --to shop/pod/web-7d4b9-abcde", "always reaches itself"),
    ("cli", "explain shop/deploy/web --to db/sts/postgres:5432", r#""change":"rule""#),
    ("odd", "explain w/pod/c --to y/pod/a", r#""noFix":"#),
    ("odd", "explain 203.0.113.9 --to v/pod/a --port 80-90", r#""change":"policy""#),
    ("cli", "explain shop/deploy/web", r#""pods":["web-7d4b9-fghij"]"#),
    ("cli", "explain monitoring/ds/agent", r#""verdict":"depends""#),
    ("cli", "explain ns/shop", r#""kind":"Namespace""#),
    ("cli", "explain node/node-1", "no policy governs"),
    ("cli", "list", r#""verdict":"depends""#),
    ("cli", "list --pods", r#""kind":"Pod""#),
    ("cli", "list --from internet --to shop/deploy/api --port 80", r#""cidrs":["#),
    ("cli", "list -n shop --direction egress", r#""pods":["web-7d4b9-fghij"]"#),
    ("cli", "list --from 203.0.113.1 --to 203.0.113.2", r#""connections":[]"#),
    ("cli", "who-can-reach db/sts/postgres", r#""kind":"SourceList""#),
    ("cli", "who-can-reach db/sts/postgres:postgres --why", r#""reason":"rule""#),
    ("cli", "who-can-reach ns/shop --why", r#""reason":"exempt""#),
    ("cli", "who-can-reach internet:443 --why", r#""verdict":"depends""#),
    (
        "cli",
        "who-can-reach shop/deploy/api --expect only=ns/shop,ns/db,ns/monitoring,node/node-1,0.0.0.0/0,::/0",
        r#""unexpected":[]"#,
    ),
    ("ways", "who-can-reach shop/svc/api:web", r#""servicePorts":"#),
    ("ways", "who-can-reach shop/pod/web --expect only=ns/shop", r#""unexpectedExposures":[{"#),
    ("ways", "who-can-reach shop/svc/web", r#""LoadBalancer":1"#),
    ("ways", "who-can-reach shop/pod/api-1", r#""Gateway":1"#),
    ("ways", "who-can-reach shop/svc/old", r#""findings":"#),
    ("odd", "who-can-reach ns/x --why", r#""rules":[{"#),
    ("odd", "who-can-reach x/pod/1e3", r#""blocks":"#),
    ("odd", "explain y/pod/a", r#""id":"block-without-ports""#),
    ("odd", "explain w/pod/c", r#""id":"dns-blocked""#),
    ("odd", "explain x/deploy/no --to x/pod/1e3 --port 80", r#""unsure":"#),
    ("odd", "explain x/deploy/on --to x/pod/1e3 --port 9", r#""verdict":"partial""#),
    ("odd", "list --pods", r#""name":"null""#),
    ("ways", "explain shop/pod/web --to shop/svc/api", r#""servicePort":"TCP/80""#),
    ("ways", "explain shop/pod/web --to shop/svc/old:80", r#""id":"service-without-backends""#),
    ("ways", "explain shop/pod/web --to shop/svc/mail", r#""id":"external-name""#),
    ("ways", "explain shop/pod/web", r#""way":"LoadBalancer""#),
    ("ways", "explain shop/svc/api", r#""gateway":{"#),
    ("ways", "explain shop/pod/api-1", r#""proxies":["#),
    ("ways", "explain infra/pod/controller", r#""way":"HostNetwork""#),
    ("ways", "list --to shop/svc/api", r#""ports":["TCP/9090"]"#),
    ("cli", "diff all.yaml new.yaml", r#""isolations":[{"#),
    ("cli", "diff new.yaml all.yaml", r#""beforeUnsure":["#),
    ("cli", "diff all.yaml pods.yaml", r#""pods-changed""#),
    ("cli", "diff all.yaml all.yaml", r#""changes":[]"#),
    ("hosts", "explain shop/deploy/web --to https://8.8.8.8", r#""refreshed":"20"#),
    ("endpoints", "endpoints", r#""status":"failed""#),
    ("endpoints", "explain shop/pod/web --to 198.41.0.4 --port 443", r#""recorded":["#),
    ("endpoints", "endpoints -n other", r#""gone":["IPv4"]"#),
];

/// The shop after some work on it: policies that are new, gone and different, and other pods.
fn edited(shop: &str) -> String {
    let edits = [
        ("metadata: {labels: {app: api}}", "metadata: {labels: {app: backend}}"),
        ("    - port: 9000\n", "    - port: 9001\n"),
        (
            "metadata: {name: agent, namespace: monitoring}",
            "metadata: {name: collector, namespace: monitoring}",
        ),
        ("metadata: {name: default-deny, namespace: db}", "metadata: {name: deny-all, namespace: db}"),
        (
            "  podSelector: {}\n  policyTypes: [Ingress]\n",
            "  podSelector: {}\n  policyTypes: [Ingress, Egress]\n",
        ),
    ];
    edits.into_iter().fold(shop.to_owned(), |text, (from, to)| {
        assert!(text.contains(from), "{from}");
        text.replace(from, to)
    })
}

/// Names that YAML readers take for something else, dual stack, and every kind of miss and finding.
const ODD: &str = r#"
apiVersion: apps/v1
kind: Deployment
metadata: {name: "on", namespace: x}
spec: {selector: {matchLabels: {app: "on"}}, template: {metadata: {labels: {app: "on"}}, spec: {containers: []}}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: "no", namespace: x}
spec: {selector: {matchLabels: {app: "no"}}, template: {metadata: {labels: {app: "no"}}, spec: {containers: []}}}
---
apiVersion: v1
kind: Pod
metadata: {name: 1e3x, namespace: x, labels: {app: "on"}}
status: {podIPs: [{ip: 10.0.0.9}, {ip: "fd00::9"}]}
---
apiVersion: v1
kind: Pod
metadata: {name: "1e3", namespace: x, labels: {app: "1e3"}}
spec: {containers: [{name: c, ports: [{name: dns, containerPort: 53, protocol: UDP}]}]}
status: {podIPs: [{ip: 10.0.0.1}, {ip: "fd00::1"}]}
---
apiVersion: v1
kind: Pod
metadata: {name: "null", namespace: x}
---
apiVersion: v1
kind: Pod
metadata: {name: "~", namespace: x}
---
apiVersion: v1
kind: Pod
metadata: {name: "0x1F", namespace: x}
---
apiVersion: v1
kind: Pod
metadata: {name: "- y: 'z' # \"no\"\n\ttab", namespace: x}
---
apiVersion: v1
kind: Pod
metadata: {name: a, namespace: "y", labels: {app: a}}
status: {podIP: 10.0.0.2}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: "yes", namespace: x}
spec:
  podSelector: {matchLabels: {app: "1e3"}}
  ingress:
  - from: [{podSelector: {matchLabels: {app: nobody}}}]
    ports: [{port: dns}]
  - from: [{namespaceSelector: {matchLabels: {a: b}}}]
    ports: [{protocol: SCTP}]
  - from: [{ipBlock: {cidr: 10.9.0.0/16}}]
  - from: [{ipBlock: {cidr: 10.0.0.0/8, except: [10.0.0.0/24]}}]
    ports: [{port: 9}]
  - from: [{ipBlock: {cidr: "fd00::/16"}}]
    ports: [{port: 9}]
  - from: [{podSelector: {}}]
    ports: [{port: http}]
  - from: [{podSelector: {matchLabels: {pod-template-hash: "1"}}}]
    ports: [{port: 80}]
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: a, namespace: "y"}
spec:
  podSelector: {}
  egress:
  - to: [{podSelector: {}}]
    ports: [{port: 443}]
  - to: [{ipBlock: {cidr: 10.0.0.0/8}}]
---
apiVersion: v1
kind: Pod
metadata: {name: c, namespace: w}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: deny, namespace: w}
spec: {podSelector: {}}
---
apiVersion: v1
kind: Pod
metadata: {name: a, namespace: v, labels: {app: a}}
---
apiVersion: v1
kind: Pod
metadata: {name: b, namespace: v, labels: {app: b}}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: deny, namespace: v}
spec: {podSelector: {}}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: open, namespace: w}
spec:
  podSelector: {}
  policyTypes: [Ingress, Egress]
  ingress:
  - from: [{namespaceSelector: {}}]
  egress:
  - to: [{podSelector: {}}]
    ports: [{port: 443}]
"#;

fn schema() -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/schema.json");
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

fn validator() -> Validator {
    jsonschema::draft202012::new(&schema()).unwrap()
}

/// Runs the binary on a case.
fn ask(case: &str, arguments: &str, format: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    let text = match case {
        "odd" => ODD,
        "ways" => include_str!("cli/ways.yaml"),
        "endpoints" => include_str!("cli/endpoints.yaml"),
        "hosts" => concat!(
            include_str!("cli/shop.yaml"),
            "---",
            r#"
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: remembers
  namespace: shop
  annotations:
    kubectl-netpol/endpoints: '{"v":1,"hosts":[{"host":"8.8.8.8","ports":[443],"grace":1440,"ok":29921433,"ips":{"8.8.8.8":null}}]}'
spec: {podSelector: {matchLabels: {app: web}}, policyTypes: [Egress]}
"#
        ),
        _ => include_str!("cli/shop.yaml"),
    };
    fs::write(folder.path().join("all.yaml"), text).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_kubectl-netpol"));
    command.args(arguments.split_whitespace()).args(["-o", format]);
    if arguments.starts_with("diff") {
        fs::write(folder.path().join("new.yaml"), edited(text)).unwrap();
        let ported = text.replace("containerPort: 8080", "containerPort: 8081");
        fs::write(folder.path().join("pods.yaml"), ported).unwrap();
    } else {
        command.args(["-f", "all.yaml"]);
    }
    let output = command.current_dir(folder.path()).output().unwrap();
    let problem = String::from_utf8_lossy(&output.stderr);
    // 1 says that there are differences.
    let answered = output.status.success() || output.status.code() == Some(1);
    assert!(answered && problem.is_empty(), "{arguments}: {problem}");
    String::from_utf8(output.stdout).unwrap()
}

fn answers() -> impl Iterator<Item = (&'static str, Value)> {
    let asked = FORMS.into_iter().map(|(case, arguments, sign)| {
        let answer: Value = serde_json::from_str(&ask(case, arguments, "json")).unwrap();
        assert!(answer.to_string().contains(sign), "{arguments} shows no {sign}: {answer:#}");
        (arguments, answer)
    });
    asked.chain([("doctor", checkup()), ("refresh-ips", refreshed())])
}

const PLUGIN: &str = "
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: cilium, namespace: kube-system, labels: {k8s-app: cilium}}
spec:
  selector: {matchLabels: {k8s-app: cilium}}
  template:
    metadata: {labels: {k8s-app: cilium}}
    spec: {containers: [{name: agent, image: 'example.test/cilium:v1.16.1'}]}
---
apiVersion: v1
kind: Service
metadata: {name: kube-dns, namespace: kube-system}
spec: {clusterIP: 10.96.0.10, selector: {k8s-app: kube-dns}, ports: [{port: 53, protocol: UDP, targetPort: dns}]}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: block, namespace: kube-system}
spec: {podSelector: {}, ingress: [{from: [{ipBlock: {cidr: 10.0.0.0/8}}]}]}
";

/// Examines manifests: only a live cluster has a doctor on the command line.
fn checkup() -> Value {
    let file = tempfile::NamedTempFile::new().unwrap();
    fs::write(file.path(), PLUGIN).unwrap();
    let paths = [file.path().to_str().unwrap().to_owned()];
    let options = manifests::ReadOptions::of("default");
    let snapshot = manifests::read(&paths, options).unwrap().assemble();
    let rights = ["list", "get", "create", "patch", "delete"].map(|verb| Right {
        verb,
        resource: "pods",
        everywhere: verb == "list",
        in_namespace: verb == "list",
        namespace: (verb == "create").then_some("kube-system"),
    });
    let mut checkup = doctor::examine(&snapshot, &translate(&snapshot), &rights, "shop", "v1.36.3");
    let needs = [Verdict::Allow, Verdict::Deny, Verdict::Partial, Verdict::Depends].map(|verdict| {
        JobNeed { service: "default/svc/kubernetes".to_owned(), port: "TCP/443".to_owned(), verdict }
    });
    let states =
        [JobState::Current, JobState::New, JobState::Suspended, JobState::Idle, JobState::Failing];
    let jobs = states.map(|state| RefreshJob {
        job: "shop/cronjob/netpol-refresh-ips".to_owned(),
        namespace: "shop".to_owned(),
        all_namespaces: false,
        is_partial: false,
        schedule: "*/15 * * * *".to_owned(),
        state,
        last_scheduled: Some("2026-11-21T18:30:00Z".to_owned()),
        last_succeeded: Some("2026-11-21T18:31:00Z".to_owned()),
        faults: vec!["its image: it is no name of an image".to_owned()],
        needs: needs.to_vec(),
    });
    let remembering = ["shop".to_owned(), "other".to_owned()].into();
    checkup.add_jobs(JobsFound { jobs: jobs.to_vec(), remembering, ..JobsFound::default() });
    let text = serde_json::to_string(&checkup).unwrap();
    assert!(text.contains("an ipBlock matches no pod"), "{text}");
    assert!(text.contains("refreshes the remembered hosts of ns/other:"), "{text}");
    serde_json::from_str(&text).unwrap()
}

/// Tells of a refresh with everything that one can have: only a live cluster is refreshed.
fn refreshed() -> Value {
    let statuses = [
        HostStatus::Static,
        HostStatus::Resolved,
        HostStatus::Partly,
        HostStatus::Failed,
        HostStatus::Gone,
        HostStatus::Refused,
        HostStatus::Closed,
    ];
    let address = "198.41.0.4".parse().unwrap();
    let host = |status| RefreshedHost {
        host: "api.example.com".to_owned(),
        ports: vec![ProtocolPort::tcp(443), ProtocolPort { protocol: Protocol::Udp, number: 53 }],
        status,
        failures: vec!["10.96.0.10:53: SERVFAIL".to_owned()],
        added: vec![address],
        kept: vec![address],
        pending: vec![PendingAddress { address, until: "2026-01-01T00:00:00Z".to_owned() }],
        removed: vec![address],
        open: vec![address],
        refused: vec![RefusedAddress { address, reason: "it is private".to_owned() }],
        closed: vec![address],
        consents: vec![RecordedConsent {
            class: AddressClass::Private,
            confirmed: true,
            flag: "--allow-private".to_owned(),
        }],
    };
    let outcomes =
        [PolicyOutcome::Current, PolicyOutcome::Written, PolicyOutcome::Due, PolicyOutcome::Failed];
    let policy = |outcome| RefreshedPolicy {
        namespace: "shop".to_owned(),
        name: "netpol-ep".to_owned(),
        file: (outcome == PolicyOutcome::Written).then(|| "web.yaml:12".to_owned()),
        outcome,
        problem: (outcome == PolicyOutcome::Failed).then(|| "it was deleted".to_owned()),
        hosts: statuses.map(host).to_vec(),
    };
    let answer = Refresh::new(
        outcomes.map(policy).to_vec(),
        vec!["no SRV records".to_owned()],
        vec![Caveat::Rotates("api.example.com".to_owned())],
    );
    serde_json::to_value(answer).unwrap()
}

#[test]
fn the_schema_is_itself_valid() {
    assert!(jsonschema::meta::is_valid(&schema()));
}

#[test]
fn every_form_of_answer_is_valid() {
    let validator = validator();
    for (arguments, answer) in answers() {
        let errors: Vec<String> = validator
            .iter_errors(&answer)
            .map(|error| format!("{}: {error}", error.instance_path()))
            .collect();
        assert!(errors.is_empty(), "{arguments}\n{}\n{answer:#}", errors.join("\n"));
    }
}

#[test]
fn the_yaml_of_an_answer_read_back_is_its_json() {
    for (case, arguments, _) in FORMS {
        let json: Value = serde_json::from_str(&ask(case, arguments, "json")).unwrap();
        let yaml = ask(case, arguments, "yaml");
        let read: Value = serde_saphyr::from_str(&yaml).unwrap();
        assert_eq!(read, json, "{arguments}\n{yaml}");
    }
}

#[test]
fn a_string_that_yaml_readers_take_for_something_else_is_quoted() {
    let yaml = ask("odd", "list --pods", "yaml");
    for plain in
        ["name: on\n", "name: 1e3\n", "name: null\n", "name: ~\n", "name: 0x1F\n", "namespace: y\n"]
    {
        assert!(!yaml.contains(plain), "{plain} stands without quotes:\n{yaml}");
    }
}

#[test]
fn a_mistake_in_an_answer_is_noticed() {
    let validator = validator();
    let changes: [(&str, &str, Value); 9] = [
        ("", "verdict", json!("maybe")),
        ("", "extra", json!(1)),
        ("", "gaps", json!(null)),
        ("/groups/0", "allowed", json!(["TCP/0"])),
        ("/groups/0", "allowed", json!(["tcp/80"])),
        ("/groups/0/ingress/decidedBy", "path", json!("spec.ingress[x]")),
        ("/groups/0/ingress/decidedBy", "extra", json!("")),
        ("/groups/0/ingress/decidedBy/origin", "live", json!("7")),
        ("/source", "namespace", json!("")),
    ];
    let (_, answer) = answers().next().unwrap();
    assert!(validator.is_valid(&answer));
    for (place, field, value) in changes {
        let mut wrong = answer.clone();
        wrong.pointer_mut(place).unwrap()[field] = value.clone();
        assert!(!validator.is_valid(&wrong), "{place}/{field} = {value} is taken for valid");
    }
    for (place, field) in
        [("", "groups"), ("/groups/0/ingress", "tiers"), ("/source", "namespace"), ("/source", "name")]
    {
        let mut wrong = answer.clone();
        wrong.pointer_mut(place).unwrap().as_object_mut().unwrap().remove(field);
        assert!(!validator.is_valid(&wrong), "{place} without {field} is taken for valid");
    }
}

#[test]
fn the_schema_describes_nothing_that_no_answer_has() {
    let schema = schema();
    let mut described = BTreeSet::new();
    properties(&schema, "", &mut described);
    let mut seen = BTreeSet::new();
    for (_, answer) in answers() {
        visit(&schema, &schema, &answer, &mut seen);
    }
    // A live cluster gives the other form of an origin.
    seen.insert("Origin.live".to_owned());
    let dead: Vec<&String> = described.difference(&seen).collect();
    assert!(dead.is_empty(), "no answer of this test has {dead:?}");
}

#[test]
fn every_value_of_an_enumeration_occurs_in_some_answer() {
    let texts: Vec<String> = answers().map(|(_, answer)| answer.to_string()).collect();
    let mut values = BTreeSet::new();
    enumerated(&schema()["$defs"], &mut values);
    values.retain(|value| !texts.iter().any(|text| text.contains(&format!("\"{value}\""))));
    // Kinds of workloads, in the condition that they have a namespace.
    let elsewhere = ["ReplicaSet", "ReplicationController", "Job", "CronJob"];
    values.retain(|value| !elsewhere.contains(&&**value));
    assert!(values.is_empty(), "no answer of this test has {values:?}");
}

/// Collects `Definition.property` of a whole schema.
fn properties(schema: &Value, definition: &str, found: &mut BTreeSet<String>) {
    for name in schema["properties"].as_object().into_iter().flat_map(|own| own.keys()) {
        found.insert(format!("{definition}.{name}"));
    }
    for choice in schema["oneOf"].as_array().into_iter().flatten() {
        properties(choice, definition, found);
    }
    for (name, own) in schema["$defs"].as_object().into_iter().flatten() {
        properties(own, name, found);
    }
}

/// Follows an answer and its schema together, and collects what is met.
fn visit(root: &Value, schema: &Value, answer: &Value, seen: &mut BTreeSet<String>) {
    let choices = schema["oneOf"].as_array().map_or(&[][..], Vec::as_slice);
    for choice in choices {
        let own = choice["$ref"].as_str().is_none_or(|name| {
            answer["kind"].is_null() || name.ends_with(&format!("/{}", answer["kind"].as_str().unwrap()))
        });
        if own {
            visit(root, choice, answer, seen);
        }
    }
    if let Some(name) = schema["$ref"].as_str().and_then(|name| name.strip_prefix("#/$defs/")) {
        let target = &root["$defs"][name];
        for choice in [target].into_iter().chain(target["oneOf"].as_array().into_iter().flatten()) {
            let fields = choice["properties"].as_object().into_iter().flatten();
            let here = fields.filter(|(key, _)| answer.get(key).is_some());
            seen.extend(here.map(|(key, _)| format!("{name}.{key}")));
        }
        visit(root, target, answer, seen);
    }
    for (key, own) in schema["properties"].as_object().into_iter().flatten() {
        if let Some(value) = answer.get(key) {
            visit(root, own, value, seen);
        }
    }
    for item in answer.as_array().into_iter().flatten() {
        visit(root, &schema["items"], item, seen);
    }
}

fn enumerated(schema: &Value, values: &mut BTreeSet<String>) {
    if let Some(own) = schema["enum"].as_array() {
        values.extend(own.iter().filter_map(Value::as_str).map(str::to_owned));
    }
    match schema {
        Value::Object(fields) => fields.values().for_each(|own| enumerated(own, values)),
        Value::Array(items) => items.iter().for_each(|own| enumerated(own, values)),
        _ => {}
    }
}
