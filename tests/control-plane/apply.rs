//! Policies are written by server-side apply: nobody's change is lost, whatever fails in between.

use std::io::{self, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Barrier, Mutex};

use libtest_mimic::Trial;
use netpol::cluster::apply::{Applied, ApplyManner, DryRun, Force, PolicyName, Writer};
use netpol::cluster::read::{ClusterError, ConnectOptions};
use netpol::edit::guard::{self, Checked};
use serde_json::{Value, json};

use super::Shared;
use super::failures::plain;
use super::fake::{Fake, object};
use super::harness::ControlPlane;
use super::kubeconfig::Written;

/// Lists the trials of this file; some need no control plane.
pub(crate) fn trials(shared: &Arc<Shared>) -> Vec<Trial> {
    vec![
        shared.trial("apply::a_policy_is_created_changed_and_left_alone", created),
        shared.trial("apply::two_hundred_parallel_edits_lose_no_update", races),
        shared.trial("apply::two_hundred_races_to_create_lose_no_update", creation_races),
        shared.trial("apply::what_somebody_else_creates_in_between_is_planned_anew", created_between),
        shared.trial("apply::a_field_of_another_writer_survives_a_race", label_in_between),
        shared.trial("apply::a_conflicting_owner_is_named_and_only_force_takes_over", conflict),
        shared.trial("apply::an_object_deleted_in_between_stays_deleted", deleted),
        shared.trial("apply::an_object_replaced_in_between_stays_as_it_is", replaced),
        shared.trial("apply::what_the_server_does_not_know_is_refused", unknown_field),
        shared.trial("apply::an_expired_token_is_told", expired_token),
        shared.trial("apply::a_run_cut_off_anywhere_leaves_old_or_new", cut_off),
        shared.trial("apply::the_dry_run_of_the_server_keeps_nothing", dry_run),
        plain("apply::server_errors_and_resets_are_outlived", server_errors),
        plain("apply::a_server_that_only_fails_is_told", only_errors),
    ]
}

const WRITE: ApplyManner = ApplyManner { dry_run: DryRun::None, force: Force::No };
const CHANGED: Applied = Applied::Done { changed: true };
const SAME: Applied = Applied::Done { changed: false };

fn options(kubeconfig: &Path) -> ConnectOptions {
    ConnectOptions { kubeconfig: Some(kubeconfig.to_owned()), ..ConnectOptions::default() }
}

fn writer(plane: &ControlPlane) -> Writer {
    Writer::open(&options(&plane.kubeconfig("admin"))).expect("a writer")
}

fn policy(namespace: &str) -> PolicyName {
    PolicyName { namespace: namespace.to_owned(), name: "ours".to_owned() }
}

/// A policy that opens one address, whose last number counts.
fn opens(namespace: &str, number: u64) -> Checked {
    checked(&opening(namespace, number))
}

/// Passes an object as one that was shown.
fn checked(object: &Value) -> Checked {
    guard::check_shown(object, object).expect("an object that may be sent")
}

fn opening(namespace: &str, number: u64) -> Value {
    json!({
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": "ours", "namespace": namespace, "annotations": {"count": number.to_string()}},
        "spec": {
            "podSelector": {},
            "policyTypes": ["Egress"],
            "egress": [{
                "to": [{"ipBlock": {"cidr": format!("203.0.113.{number}/32")}}],
                "ports": [{"protocol": "TCP", "port": 443}],
            }],
        },
    })
}

fn count(live: Option<&Value>) -> u64 {
    let count = live.and_then(|live| live["metadata"]["annotations"]["count"].as_str());
    count.map_or(0, |count| count.parse().expect("a number"))
}

type Planned = Result<Option<Checked>, ClusterError>;

fn created(plane: &ControlPlane) {
    let namespace = namespace(plane, "apply-created");
    let (writer, name) = (writer(plane), policy(namespace));
    let plan = |number| move |_: Option<&Value>| -> Planned { Ok(Some(opens(namespace, number))) };
    assert_eq!(writer.apply(&name, WRITE, plan(1)).expect("applied"), CHANGED);
    assert_eq!(writer.apply(&name, WRITE, plan(1)).expect("applied"), SAME);
    assert_eq!(writer.apply(&name, WRITE, plan(2)).expect("applied"), CHANGED);
    let nothing = |_: Option<&Value>| -> Planned { Ok(None) };
    assert_eq!(writer.apply(&name, WRITE, nothing).expect("applied"), SAME);
    let live = writer.read(&name).expect("read").expect("a policy");
    assert_eq!(live["spec"]["egress"][0]["to"][0]["ipBlock"]["cidr"], "203.0.113.2/32");
    let fields = live["metadata"]["managedFields"].as_array().expect("managers");
    let managers: Vec<_> = fields.iter().map(|entry| (&entry["manager"], &entry["operation"])).collect();
    assert_eq!(managers, [(&json!("kubectl-netpol"), &json!("Apply"))]);
}

fn namespace<'a>(plane: &ControlPlane, name: &'a str) -> &'a str {
    plane.apply(&format!("{{apiVersion: v1, kind: Namespace, metadata: {{name: {name}}}}}"));
    name
}

/// Four writers count together to two hundred.
fn races(plane: &ControlPlane) {
    const WRITERS: usize = 4;
    const EACH: usize = 50;
    let namespace = namespace(plane, "apply-races");
    let stale = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..WRITERS {
            scope.spawn(|| {
                let (writer, mut left) = (writer(plane), EACH);
                while left > 0 {
                    let next = |live: Option<&Value>| -> Planned {
                        Ok(Some(opens(namespace, count(live) + 1)))
                    };
                    match writer.apply(&policy(namespace), WRITE, next).expect("applied") {
                        Applied::Done { changed: true } => left -= 1,
                        Applied::Stale => _ = stale.fetch_add(1, Ordering::SeqCst),
                        other => panic!("{other:?}"),
                    }
                }
            });
        }
    });
    let live = writer(plane).read(&policy(namespace)).expect("read");
    assert_eq!(count(live.as_ref()), 200, "{stale:?} times five retries were not enough");
}

/// Two writers each add one to policies of which neither is there when both have read it.
fn creation_races(plane: &ControlPlane) {
    const RACES: usize = 200;
    let namespace = namespace(plane, "apply-creations");
    let named = |number: usize| PolicyName { name: format!("ours-{number}"), ..policy(namespace) };
    let (both_read, plans) = (Barrier::new(2), AtomicUsize::new(0));
    let race = |writer: &Writer, number: usize| {
        let mut is_first = true;
        writer.apply(&named(number), WRITE, |live: Option<&Value>| -> Planned {
            plans.fetch_add(1, Ordering::SeqCst);
            if std::mem::take(&mut is_first) {
                both_read.wait();
            }
            let mut object = opening(namespace, count(live) + 1);
            object["metadata"]["name"] = json!(named(number).name);
            Ok(Some(checked(&object)))
        })
    };
    // Whatever comes of one, the other is not left waiting.
    let run = || {
        let writer = writer(plane);
        (0..RACES).map(|number| race(&writer, number)).collect::<Vec<_>>()
    };
    std::thread::scope(|scope| {
        for thread in [scope.spawn(run), scope.spawn(run)] {
            for applied in thread.join().expect("a run") {
                assert_eq!(applied.expect("applied"), CHANGED);
            }
        }
    });
    let writer = writer(plane);
    let lost = |number: &usize| count(writer.read(&named(*number)).expect("read").as_ref()) != 2;
    assert_eq!((0..RACES).filter(lost).count(), 0, "of {RACES} races one side was lost");
    let anew = plans.into_inner() - 2 * RACES;
    assert!(anew >= RACES, "{anew} of {RACES} were planned anew: both created");
}

fn created_between(plane: &ControlPlane) {
    let namespace = namespace(plane, "apply-created-between");
    let theirs = opening(namespace, 7).to_string();
    let create = ["apply", "--server-side", "--field-manager=the-other", "--filename=-"];
    let writer = writer(plane);
    // Neither another owner's object nor one of our own is taken for the one that was not there.
    for force in [Force::No, Force::Yes] {
        let mut seen = Vec::new();
        let manner = ApplyManner { force, ..WRITE };
        let applied = writer.apply(&policy(namespace), manner, |live| -> Planned {
            seen.push(count(live));
            match live {
                None => plane.kubectl(&create, Some(&theirs)).expect_success(),
                Some(_) => return Ok(None),
            };
            Ok(Some(opens(namespace, 1)))
        });
        assert_eq!((applied.expect("an answer"), seen), (SAME, vec![0, 7]));
        assert_eq!(count(writer.read(&policy(namespace)).expect("read").as_ref()), 7);
        let delete = ["delete", "--namespace", namespace, "networkpolicy", "ours"];
        plane.kubectl(&delete, None).expect_success();
    }
}

fn label_in_between(plane: &ControlPlane) {
    let namespace = namespace(plane, "apply-label");
    let writer = writer(plane);
    let mut number = 0;
    writer
        .apply(&policy(namespace), WRITE, |_| -> Planned { Ok(Some(opens(namespace, 1))) })
        .expect("applied");
    let mut plans = 0;
    let applied = writer.apply(&policy(namespace), WRITE, |live| -> Planned {
        plans += 1;
        if plans == 1 {
            let args = ["label", "--namespace", namespace, "networkpolicy", "ours", "by=another"];
            plane.kubectl(&args, None).expect_success();
        }
        number = count(live) + 1;
        Ok(Some(opens(namespace, number)))
    });
    assert_eq!((applied.expect("applied"), plans, number), (CHANGED, 2, 2));
    let live = writer.read(&policy(namespace)).expect("read").expect("a policy");
    assert_eq!((&live["metadata"]["labels"]["by"], count(Some(&live))), (&json!("another"), 2));
}

fn conflict(plane: &ControlPlane) {
    let namespace = namespace(plane, "apply-conflict");
    let theirs = opening(namespace, 7);
    let args = ["apply", "--server-side", "--field-manager=the-other", "--filename=-"];
    plane.kubectl(&args, Some(&theirs.to_string())).expect_success();
    let writer = writer(plane);
    let plan = |_: Option<&Value>| -> Planned { Ok(Some(opens(namespace, 8))) };
    let applied = writer.apply(&policy(namespace), WRITE, plan).expect("an answer");
    let Applied::Conflict(conflicts) = applied else { panic!("{applied:?}") };
    let egress = conflicts.iter().find(|conflict| conflict.field == ".spec.egress").expect("egress");
    assert_eq!((&*egress.manager, &*egress.operation), ("the-other", "Apply"));
    assert!(egress.time.starts_with("20") && egress.time.ends_with('Z'), "{egress:?}");
    let live = writer.read(&policy(namespace)).expect("read");
    assert_eq!(count(live.as_ref()), 7, "nothing was written");

    let force = ApplyManner { force: Force::Yes, ..WRITE };
    assert_eq!(writer.apply(&policy(namespace), force, plan).expect("applied"), CHANGED);
    assert_eq!(count(writer.read(&policy(namespace)).expect("read").as_ref()), 8);
    // Force overrules owners, and no version: a change in between is read first.
    let mut seen = Vec::new();
    let applied = writer.apply(&policy(namespace), force, |live| -> Planned {
        seen.push(count(live));
        if seen.len() == 1 {
            let args = [
                "annotate",
                "--overwrite",
                "--namespace",
                namespace,
                "networkpolicy",
                "ours",
                "count=20",
            ];
            plane.kubectl(&args, None).expect_success();
        }
        Ok(Some(opens(namespace, count(live) + 1)))
    });
    assert_eq!((applied.expect("applied"), seen), (CHANGED, vec![8, 20]));
}

fn deleted(plane: &ControlPlane) {
    let namespace = namespace(plane, "apply-deleted");
    let writer = writer(plane);
    let plan = |_: Option<&Value>| -> Planned { Ok(Some(opens(namespace, 1))) };
    writer.apply(&policy(namespace), WRITE, plan).expect("applied");
    for force in [Force::No, Force::Yes] {
        let mut plans = 0;
        let applied = writer.apply(&policy(namespace), ApplyManner { force, ..WRITE }, |_| -> Planned {
            plans += 1;
            if plans == 1 {
                let args = ["delete", "--namespace", namespace, "networkpolicy", "ours"];
                plane.kubectl(&args, None).expect_success();
            }
            Ok(Some(opens(namespace, 2)))
        });
        assert_eq!((applied.expect("an answer"), plans), (Applied::Gone, 1));
        assert_eq!(writer.read(&policy(namespace)).expect("read"), None);
        writer.apply(&policy(namespace), WRITE, plan).expect("applied");
    }
}

fn replaced(plane: &ControlPlane) {
    let namespace = namespace(plane, "apply-replaced");
    let writer = writer(plane);
    let plan = |_: Option<&Value>| -> Planned { Ok(Some(opens(namespace, 1))) };
    writer.apply(&policy(namespace), WRITE, plan).expect("applied");
    let mut plans = 0;
    let applied = writer.apply(&policy(namespace), WRITE, |_| -> Planned {
        plans += 1;
        if plans == 1 {
            let delete = ["delete", "--namespace", namespace, "networkpolicy", "ours"];
            plane.kubectl(&delete, None).expect_success();
            plane.apply(&format!(
                "{{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy,
                   metadata: {{name: ours, namespace: {namespace}}},
                   spec: {{podSelector: {{}}, policyTypes: [Egress]}}}}"
            ));
        }
        Ok(Some(opens(namespace, 2)))
    });
    // The new one has owners of its own, or another uid: neither is overruled.
    assert!(matches!(applied.expect("an answer"), Applied::Gone | Applied::Conflict(_)));
    let live = writer.read(&policy(namespace)).expect("read").expect("the new one");
    assert_eq!(live["spec"]["egress"], Value::Null);
}

fn unknown_field(plane: &ControlPlane) {
    let namespace = namespace(plane, "apply-unknown");
    let mut wrong = opening(namespace, 1);
    wrong["spec"]["egres"] = json!([]);
    let plan = |_: Option<&Value>| -> Planned { Ok(Some(checked(&wrong))) };
    let error = writer(plane).apply(&policy(namespace), WRITE, plan).expect_err("a refusal");
    assert!(error.to_string().contains("egres"), "{error}");
}

fn expired_token(plane: &ControlPlane) {
    let namespace = namespace(plane, "apply-token");
    let expired = Written::of(&plane.url(), Some(&plane.certificate_authority()), "expired", None);
    let writer = Writer::open(&options(&expired.path())).expect("a writer");
    let plan = |_: Option<&Value>| -> Planned { Ok(Some(opens(namespace, 1))) };
    let error = writer.apply(&policy(namespace), WRITE, plan).expect_err("no rights");
    let text = "error: You must be logged in to the server (Unauthorized)";
    assert_eq!(error.to_string(), text);
    assert_eq!(writer.list(None, "x").expect_err("no rights").to_string(), text);
}

fn dry_run(plane: &ControlPlane) {
    let namespace = namespace(plane, "apply-dry-run");
    let (writer, name) = (writer(plane), policy(namespace));
    let plan = |_: Option<&Value>| -> Planned { Ok(Some(opens(namespace, 1))) };
    let dry = ApplyManner { dry_run: DryRun::Server, ..WRITE };
    assert_eq!(writer.apply(&name, dry, plan).expect("an answer"), CHANGED);
    assert_eq!(writer.read(&name).expect("read"), None);
}

/// A proxy that passes some bytes on to the server, then breaks off, and is not there any more.
struct Cut {
    address: SocketAddr,
}

impl Cut {
    fn start(port: u16, bytes: usize) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        let address = listener.local_addr().expect("its address");
        std::thread::spawn(move || {
            let mut left = bytes;
            while left > 0 {
                let Ok((client, _)) = listener.accept() else { return };
                let Ok(server) = TcpStream::connect((Ipv4Addr::LOCALHOST, port)) else { return };
                let _ = pass(&client, &server, &mut left);
                let _ = server.shutdown(Shutdown::Both);
                let _ = client.shutdown(Shutdown::Both);
            }
        });
        Self { address }
    }
}

/// Passes bytes on until there are no more, or no more may.
fn pass(mut client: &TcpStream, mut server: &TcpStream, left: &mut usize) -> io::Result<()> {
    let (mut back, mut out) = (server.try_clone()?, client.try_clone()?);
    std::thread::spawn(move || {
        let _ = io::copy(&mut back, &mut out);
        out.shutdown(Shutdown::Both)
    });
    let mut buffer = [0; 64];
    while *left > 0 {
        let room = buffer.len().min(*left);
        let read = io::Read::read(&mut client, &mut buffer[..room])?;
        if read == 0 {
            break;
        }
        server.write_all(&buffer[..read])?;
        *left -= read;
    }
    // What the server has got it may still carry out, and answer.
    std::thread::sleep(std::time::Duration::from_millis(30));
    Ok(())
}

fn cut_off(plane: &ControlPlane) {
    let namespace = namespace(plane, "apply-cut-off");
    let (direct, name) = (writer(plane), policy(namespace));
    let mut number = 1;
    let plan = |number| move |_: Option<&Value>| -> Planned { Ok(Some(opens(namespace, number))) };
    direct.apply(&name, WRITE, plan(number)).expect("applied");
    let (mut old, mut new) = (0, 0);
    for bytes in (200..6000).step_by(160) {
        let cut = Cut::start(plane.port(), bytes);
        let kubeconfig = Written::of(
            &format!("https://{}", cut.address),
            Some(&plane.certificate_authority()),
            &ControlPlane::token("admin"),
            None,
        );
        let told = Writer::open(&options(&kubeconfig.path()))
            .and_then(|writer| writer.apply(&name, WRITE, plan(number + 1)));
        let live = direct.read(&name).expect("read").expect("a policy");
        let now = count(Some(&live));
        assert!(now == number || now == number + 1, "{now} after {number}");
        let block = &live["spec"]["egress"][0]["to"][0]["ipBlock"]["cidr"];
        assert_eq!(*block, json!(format!("203.0.113.{now}/32")), "half of it was written");
        if told.is_ok() {
            assert_eq!(now, number + 1, "{told:?} was told after {bytes} bytes");
        }
        if now == number {
            old += 1;
        } else {
            new += 1;
        }
        // The next run repairs what this one left.
        number += 1;
        direct.apply(&name, WRITE, plan(number)).expect("applied");
    }
    assert!(old > 0 && new > 0, "{old} were cut off before, {new} after");
}

/// A server that has one policy, and fails as it is told to: at these requests of all.
fn faulty(
    fails: impl Fn(usize) -> Option<u16> + Send + Sync + 'static,
) -> (Fake, Arc<Mutex<Vec<String>>>) {
    let (times, done) = (AtomicUsize::new(0), Arc::new(Mutex::new(Vec::new())));
    let told = Arc::clone(&done);
    let version = Mutex::new(1);
    let server = Fake::writing(move |request, out| {
        let mut version = version.lock().expect("the version");
        match fails(times.fetch_add(1, Ordering::SeqCst)) {
            // Nothing is answered: the connection breaks.
            Some(0) => return Ok(()),
            Some(code) => {
                let status = json!({
                    "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
                    "message": "etcd is gone", "reason": "InternalError", "code": code,
                });
                return out.write_all(object(&format!("{code} Error"), &status).as_bytes());
            }
            None => {}
        }
        let is_change = request.method == "PATCH" && !request.path.contains("dryRun");
        *version += u64::from(is_change);
        told.lock().expect("what was done").push(request.method.clone());
        let mut live = opening("shop", *version);
        live["metadata"]["uid"] = json!("some");
        live["metadata"]["resourceVersion"] = json!(version.to_string());
        out.write_all(object("200 OK", &live).as_bytes())
    });
    (server, done)
}

fn server_errors() {
    for failing in 0..4 {
        for code in [500, 503, 0] {
            let (server, _) = faulty(move |time| (time == failing).then_some(code));
            let kubeconfig = Written::of(&server.url(), None, "x", None);
            let writer = Writer::open(&options(&kubeconfig.path())).expect("a writer");
            let plan = |_: Option<&Value>| -> Planned { Ok(Some(opens("shop", 2))) };
            let applied = writer.apply(&policy("shop"), WRITE, plan);
            assert_eq!(applied.expect("applied"), CHANGED, "{code} at request {failing}");
        }
    }
}

fn only_errors() {
    let (server, done) = faulty(|time| (time > 0).then_some(500));
    let kubeconfig = Written::of(&server.url(), None, "x", None);
    let writer = Writer::open(&options(&kubeconfig.path())).expect("a writer");
    let plan = |_: Option<&Value>| -> Planned { Ok(Some(opens("shop", 2))) };
    let error = writer.apply(&policy("shop"), WRITE, plan).expect_err("a failure");
    assert_eq!(error.to_string(), "Error from server (InternalError): etcd is gone");
    assert_eq!(*done.lock().expect("what was done"), ["GET"]);
}
