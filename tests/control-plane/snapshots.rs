//! A snapshot gives the answers of the cluster it was taken from, and holds nothing secret.

use std::collections::BTreeSet;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use flate2::read::GzDecoder;
use libtest_mimic::Trial;
use tempfile::TempDir;

use super::Shared;
use super::harness::ControlPlane;
use super::plugin::{PLUGIN, ask};
use super::process::{Output, run};

/// Lists the trials of this file; the control plane is for them alone: nothing may change between.
pub(crate) fn trials(alone: &Arc<Shared>) -> Vec<Trial> {
    vec![alone.trial("snapshots::the_answers_are_those_of_the_cluster", answers)]
}

/// Stands in every place of an object that no answer needs.
const SECRET: &str = "nobody-may-see-this";

const MANIFESTS: &str = "
apiVersion: v1
kind: Namespace
metadata: {name: saved-a, labels: {team: a}, annotations: {note: SECRET}}
---
apiVersion: v1
kind: Namespace
metadata: {name: saved-b}
---
apiVersion: v1
kind: Secret
metadata: {name: secret, namespace: saved-a}
stringData: {password: SECRET}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: settings, namespace: saved-a}
data: {settings: SECRET}
---
apiVersion: v1
kind: Node
metadata: {name: node-a, annotations: {note: SECRET}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: saved-a, annotations: {note: SECRET}}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}, annotations: {note: SECRET}}
    spec:
      containers:
      - name: main
        image: example.test/web
        command: [serve, SECRET]
        args: [--password=SECRET]
        env: [{name: PASSWORD, value: SECRET}]
        ports: [{name: http, containerPort: 8080}]
        livenessProbe: {httpGet: {port: 8080, httpHeaders: [{name: Authorization, value: SECRET}]}}
---
apiVersion: v1
kind: Pod
metadata:
  name: api
  namespace: saved-a
  labels: {app: api, empty: ''}
  annotations: {note: SECRET}
spec:
  nodeName: node-a
  initContainers:
  - {name: first, image: example.test/first, env: [{name: PASSWORD, value: SECRET}], args: [SECRET]}
  containers:
  - name: main
    image: example.test/api
    args: [SECRET]
    env: [{name: PASSWORD, value: SECRET}]
    ports: [{name: http, containerPort: 8080}]
status:
  phase: Running
  podIP: 10.0.0.1
  podIPs: [{ip: 10.0.0.1}, {ip: 'fd00::1'}]
---
apiVersion: v1
kind: Pod
metadata: {name: db, namespace: saved-b, labels: {app: db}}
spec: {containers: [{name: main, image: example.test/db, ports: [{containerPort: 5432}]}]}
status: {phase: Running, podIP: 10.0.0.2, podIPs: [{ip: 10.0.0.2}]}
---
apiVersion: v1
kind: Pod
metadata: {name: host, namespace: saved-b, labels: {app: host}}
spec: {hostNetwork: true, nodeName: node-a, containers: [{name: main, image: example.test/host}]}
---
apiVersion: v1
kind: Pod
metadata: {name: done, namespace: saved-b, labels: {app: db}}
spec: {containers: [{name: main, image: example.test/done}]}
status: {phase: Succeeded}
---
apiVersion: batch/v1
kind: CronJob
metadata: {name: report, namespace: saved-b}
spec:
  schedule: '@daily'
  jobTemplate:
    spec:
      template:
        metadata: {labels: {app: report}}
        spec:
          restartPolicy: Never
          containers: [{name: main, image: example.test/report, args: [SECRET]}]
---
apiVersion: v1
kind: Service
metadata: {name: api, namespace: saved-a, annotations: {note: SECRET}}
spec: {selector: {app: api}, ports: [{name: web, port: 80, targetPort: http}]}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: api, namespace: saved-a}
spec:
  podSelector: {matchLabels: {app: api}}
  policyTypes: [Ingress, Egress]
  ingress:
  - from: [{podSelector: {matchLabels: {app: web}}}, {ipBlock: {cidr: 203.0.113.0/24, except: [203.0.113.7/32]}}]
    ports: [{port: http}, {port: 53, protocol: UDP}]
  - from: [{namespaceSelector: {matchExpressions: [{key: team, operator: DoesNotExist}]}}]
    ports: [{port: 9000, endPort: 9010}]
  egress:
  - to: [{podSelector: {}, namespaceSelector: {}}]
  - {}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: db, namespace: saved-b}
spec: {podSelector: {matchExpressions: [{key: app, operator: In, values: [db]}]}, policyTypes: [Ingress], ingress: []}
---
# A fix that extends a policy keeps its annotations, which no snapshot has: so this one is nobody's.
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: noted, namespace: saved-b, annotations: {note: SECRET}}
spec: {podSelector: {matchLabels: {app: nobody}}, policyTypes: [Ingress]}
---
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: cilium, namespace: kube-system, labels: {k8s-app: cilium}}
spec:
  selector: {matchLabels: {k8s-app: cilium}}
  template:
    metadata: {labels: {k8s-app: cilium}}
    spec:
      hostNetwork: true
      containers: [{name: cilium-agent, image: 'images.example.test/cilium/cilium:v1.18.2', args: [SECRET], env: [{name: PASSWORD, value: SECRET}]}]
";

/// What is asked of both, in every format.
const QUESTIONS: [&[&str]; 16] = [
    &["list", "-A"],
    &["list", "-A", "--pods"],
    &["list", "-n", "saved-a"],
    &["list", "-A", "--direction", "ingress"],
    &["list", "-A", "--to", "saved-a/pod/api", "--port", "8080"],
    &["list", "-A", "--cni", "generic"],
    &["explain", "saved-a/pod/api"],
    &["explain", "saved-a/deploy/web"],
    &["explain", "saved-b/cronjob/report"],
    &["explain", "saved-a/deploy/web", "--to", "saved-a/pod/api", "--port", "8080"],
    &["explain", "saved-a/pod/api", "--to", "saved-b/pod/db"],
    &["explain", "saved-b/pod/host", "--to", "saved-b/pod/db"],
    &["explain", "saved-a/pod/api", "--from", "203.0.113.0/28"],
    &["explain", "saved-a/deploy/web", "--to", "saved-a/svc/api:80"],
    &["explain", "ns/saved-b", "--to", "internet"],
    &["list", "-A", "--without", "saved-b/netpol/db"],
];

const FORMATS: [&[&str]; 4] = [&[], &["-o", "wide"], &["-o", "json"], &["-o", "yaml"]];

/// Asks about a file.
fn ask_file(path: &Path, args: &[&str]) -> Output {
    let mut command = Command::new(PLUGIN);
    command.args(args).arg("-f").arg(path).env("KUBECONFIG", "/nowhere");
    run(command, None)
}

fn answers(plane: &ControlPlane) {
    let manifests = MANIFESTS.replace("SECRET", SECRET);
    plane.apply(&manifests);
    let with_status = manifests.split("\n---\n").filter(|text| text.contains("\nstatus:"));
    plane.apply_status(&with_status.collect::<Vec<_>>().join("\n---\n"));
    let folder = tempfile::tempdir().expect("a folder");
    let files = saved(plane, "admin", &folder);
    same_answers(plane, "admin", &files[0], &QUESTIONS);
    nothing_secret(&files);
    rest(plane, &folder);

    // Who may not read everything saves the gaps too.
    let role = "
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: limited, namespace: saved-a}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view}
subjects: [{apiGroup: rbac.authorization.k8s.io, kind: User, name: limited}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: view}
rules: [{apiGroups: ['*'], resources: ['*'], verbs: [get, list]}]
";
    plane.apply(role);
    let can = ["auth", "can-i", "list", "networkpolicies", "-n", "saved-a", "--as", "limited"];
    while !plane.kubectl(&can, None).is_success() {
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
    let files = saved(plane, "limited", &folder);
    // What concerns two ends only is asked without the rest, whose gaps it does not have.
    let whole = |question: &&&[&str]| question[0] == "list" || !question.contains(&"--to");
    let inside = |question: &&&[&str]| !question.iter().any(|word| word.contains("saved-b"));
    let questions: Vec<&[&str]> = QUESTIONS.iter().filter(whole).filter(inside).copied().collect();
    assert!(questions.len() > 6);
    same_answers(plane, "limited", &files[0], &questions);
}

/// Saves in all three ways, which must hold the same.
fn saved(plane: &ControlPlane, user: &str, folder: &TempDir) -> [PathBuf; 3] {
    let paths = ["plain.json", "packed.json.gz", "stdout.json"].map(|name| folder.path().join(name));
    let save = |file: &str| {
        let output = ask(plane, user, &["snapshot", file, "-n", "saved-a"]);
        assert_eq!(output.code, Some(0), "{output:#?}");
        output
    };
    for path in &paths[..2] {
        let path = path.to_string_lossy();
        let output = save(&path);
        assert!(output.stderr.starts_with(&format!("{path}: ")), "{output:#?}");
        assert_eq!(output.stdout, "");
    }
    let output = save("-");
    fs::write(&paths[2], &output.stdout).expect("a written file");
    let texts: BTreeSet<String> = paths.iter().map(|path| without_time(&text_of(path))).collect();
    assert_eq!(texts.len(), 1, "they differ");
    assert_eq!(fs::read(&paths[1]).expect("the file")[..2], [0x1f, 0x8b]);
    paths
}

fn text_of(path: &Path) -> String {
    let bytes = fs::read(path).expect("the file");
    let mut text = String::new();
    match bytes.starts_with(&[0x1f, 0x8b]) {
        true => GzDecoder::new(&*bytes).read_to_string(&mut text).expect("packed text"),
        false => (&*bytes).read_to_string(&mut text).expect("text"),
    };
    text
}

fn without_time(text: &str) -> String {
    let (before, rest) = text.split_once("\"created\":\"").expect("the time");
    let (time, after) = rest.split_once('"').expect("its end");
    assert!(time.ends_with('Z') && time.len() == 20, "{time}");
    format!("{before}{after}")
}

/// Asserts that the file answers as the cluster does, byte by byte.
fn same_answers(plane: &ControlPlane, user: &str, file: &Path, questions: &[&[&str]]) {
    let mut wrong = Vec::new();
    for question in questions {
        // The namespace is that of the context otherwise, and `default` for files.
        let own: &[&str] = if question.contains(&"-n") { &[] } else { &["-n", "saved-a"] };
        for format in FORMATS {
            let args = [question, own, format].concat();
            let live = ask(plane, user, &args);
            let from_file = ask_file(file, &args);
            let parts = |output: &Output| (output.code, output.stdout.clone());
            if parts(&live) != parts(&from_file) || live.stdout.is_empty() {
                let (live, from_file) = (parts(&live), parts(&from_file));
                wrong.push(format!("{user} {args:?}\n{live:?}\n{from_file:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn nothing_secret(files: &[PathBuf]) {
    for path in files {
        let text = text_of(path);
        assert!(!text.contains(SECRET), "{text}");
        for word in [
            "PASSWORD",
            "Secret",
            "ConfigMap",
            "managedFields",
            "annotations",
            "example.test",
            "last-applied",
        ] {
            assert!(!text.contains(word), "{word}: {text}");
        }
        for word in [
            "\"api\"",
            "10.0.0.1",
            "fd00::1",
            "8080",
            "203.0.113.7/32",
            "v1.36.3",
            "images.example.test",
        ] {
            assert_eq!(text.contains(word), word != "images.example.test", "{word}: {text}");
        }
    }
}

/// Files that are not as they were, and places that cannot be written.
fn rest(plane: &ControlPlane, folder: &TempDir) {
    let place = |name: &str| folder.path().join(name);
    let text = text_of(&place("plain.json"));
    let packed = fs::read(place("packed.json.gz")).expect("the file");
    let damaged = [
        ("cut.json", text.as_bytes()[..text.len() / 2].to_vec(), "the snapshot is damaged: "),
        ("end.json", text.as_bytes()[..text.len() - 3].to_vec(), "the snapshot is damaged: "),
        ("cut.json.gz", packed[..packed.len() / 2].to_vec(), "the compressed file is damaged: "),
        ("end.json.gz", packed[..packed.len() - 4].to_vec(), "the compressed file is damaged: "),
        (
            "items.json",
            text.replace("\"items\":[", "\"items\":[7,").into_bytes(),
            "the snapshot is damaged: ",
        ),
        ("none.json", text.replace("\"items\"", "\"others\"").into_bytes(), "the snapshot is damaged: "),
        (
            "newer.json",
            text.replace("\"version\":2", "\"version\":3").into_bytes(),
            "the snapshot is of version 3, and this program reads up to version 2: use a newer kubectl-netpol",
        ),
        (
            "much-newer.json",
            br#"{"apiVersion":"netpol/v1","kind":"Snapshot","version":9,"all":"else"}"#.to_vec(),
            "the snapshot is of version 9, and this program reads up to version 2: use a newer kubectl-netpol",
        ),
    ];
    for (name, bytes, sentence) in damaged {
        fs::write(place(name), bytes).expect("a written file");
        let output = ask_file(&place(name), &["list"]);
        assert_eq!((output.code, &*output.stdout), (Some(2), ""), "{name}: {output:#?}");
        let begin = format!("error: {}: {sentence}", place(name).display());
        assert!(output.stderr.starts_with(&begin), "{name}: {output:#?}");
        assert_eq!(output.stderr.lines().count(), 1, "{name}: {output:#?}");
    }

    // An unwritable place leaves nothing behind.
    for file in ["/proc/nowhere/x.json", "/proc/nowhere/x.json.gz", "/proc"] {
        let output = ask(plane, "admin", &["snapshot", file]);
        assert_eq!((output.code, &*output.stdout), (Some(2), ""), "{output:#?}");
        assert!(output.stderr.starts_with(&format!("error: cannot write {file}: ")), "{output:#?}");
    }
    let kept = place("kept.json");
    fs::create_dir(&kept).expect("a folder in the way");
    assert_eq!(ask(plane, "admin", &["snapshot", &kept.to_string_lossy()]).code, Some(2));
    let left = fs::read_dir(folder.path()).expect("the folder").count();
    let partial = fs::read_dir(folder.path()).expect("the folder");
    let partial = partial.filter(|entry| {
        entry.as_ref().is_ok_and(|entry| entry.file_name().to_string_lossy().contains("partial"))
    });
    assert_eq!(partial.count(), 0, "{left} files");

    // It is the base of manifests that are laid over it.
    let over = place("over.yaml");
    let open = "{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: open, namespace: saved-b},
                spec: {podSelector: {}, policyTypes: [Ingress], ingress: [{}]}}";
    fs::write(&over, open).expect("a written file");
    let over = over.to_string_lossy();
    let args = ["explain", "saved-a/pod/api", "--to", "saved-b/pod/db", "--with", &over];
    let [live, from_file] = [ask(plane, "admin", &args), ask_file(&place("plain.json"), &args)];
    assert!(live.stdout.starts_with("ALLOWED"), "{live:#?}");
    assert_eq!(live.stdout, from_file.stdout);
    // Read from standard input too.
    let mut command = Command::new(PLUGIN);
    command.args(["list", "-f", "-", "-n", "saved-a"]);
    let piped = run(command, Some(&text));
    assert_eq!(piped.stdout, ask_file(&place("plain.json"), &["list", "-n", "saved-a"]).stdout);
    assert!(piped.is_success() && !piped.stdout.is_empty(), "{piped:#?}");
}
