//! `refresh-ips -f`: the files themselves are refreshed, from a name server that does as it is told.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};

use hickory_proto::op::ResponseCode;
use serde_json::Value;

use crate::name_server::{NameServer, Reply};
use crate::run::{Ended, Folder};

/// Two policies, one by hand and one as it was printed, with what people write around them.
const POLICIES: &str = r#"# Whom to ask: the platform team.
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: web
  namespace: shop
  creationTimestamp: null
  annotations:
    team: 'platform'   # who answers
    kubectl-netpol/endpoints: '{"v":2,"hosts":[{"host":"api.example.test","ports":[443],"scheme":"https","vantage":"named","grace":1440,"ok":29930448,"ips":{"198.41.0.4":null}}]}'
  labels: {kubectl-netpol/endpoint: be6a28a025, team: frontend}
  finalizers: [example.test/kept]
spec:
  podSelector: {matchLabels: {app: web}}
  policyTypes: [Ingress, Egress]
  ingress:
    - from: [{podSelector: {}}]   # everybody here
  egress:
    # The catalogue.
    - to:
        - podSelector: {matchLabels: {app: api}}
      ports: [{port: 80}]
    # The API.
    - ports:
        - port: 443
          protocol: TCP
      to:
        # Its first address.
        - ipBlock:
            cidr: 198.41.0.4/32
        - ipBlock: {cidr: 203.0.113.0/24}  # by hand
    - to: [{namespaceSelector: {}}]

---
# Nothing of ours.
apiVersion: v1
kind: ConfigMap
metadata: {name: other, namespace: shop}
data: {"key":   "value"}
"#;

const HOST: &str = "api.example.test";

fn server() -> NameServer {
    NameServer::start(|question, _| match question.name.split('.').next() {
        Some("failing") => Reply::Code(ResponseCode::ServFail),
        Some("private") => Reply::Addresses(vec!["10.0.0.5".parse().unwrap()]),
        _ => Reply::Addresses(["198.41.0.4", "199.9.14.201"].map(|ip| ip.parse().unwrap()).into()),
    })
}

fn refresh(folder: &Folder, arguments: &str) -> Ended {
    let server = server();
    folder.run(&format!("refresh-ips --resolver {} {arguments}", server.address))
}

fn read(folder: &Folder, name: &str) -> String {
    fs::read_to_string(folder.path().join(name)).unwrap()
}

#[test]
fn only_our_lines_of_a_file_change() {
    let folder = Folder::of(&[("git/web.yaml", POLICIES)]);
    let ended = refresh(&folder, "-f git --write");
    assert_eq!(ended.code, Some(0), "{}{}", ended.out, ended.err);
    assert!(ended.out.contains("shop/web (git/web.yaml:2) was written"), "{}", ended.out);
    let new = read(&folder, "git/web.yaml");
    let is_ours = |line: &&str| line.contains("kubectl-netpol/endpoint");
    let others = |text: &str| {
        text.lines().filter(|line| !is_ours(line)).map(str::to_owned).collect::<Vec<String>>()
    };
    // One peer is new, behind the one that stays; and no other line differs.
    let mut expected = others(POLICIES);
    let place = expected.iter().position(|line| line.contains("198.41.0.4")).unwrap() + 1;
    expected.insert(place, "            cidr: 199.9.14.201/32".to_owned());
    expected.insert(place, "        - ipBlock:".to_owned());
    assert_eq!(others(&new), expected);
    assert!(new.contains(r#"labels: {kubectl-netpol/endpoint: "#), "{new}");
    assert!(new.contains("team: frontend}\n"), "{new}");
    // What was written is what the next run finds: there is nothing to do.
    let again = refresh(&folder, "-f git --check");
    assert_eq!(again.code, Some(0), "{}", again.out);
    assert_eq!(refresh(&folder, "-f git --write").code, Some(0));
    assert_eq!(read(&folder, "git/web.yaml"), new);
}

#[test]
fn a_check_tells_drift_and_writes_nothing() {
    let folder = Folder::of(&[("web.yaml", POLICIES)]);
    let ended = refresh(&folder, "-f web.yaml --check");
    assert_eq!(ended.code, Some(1), "{}{}", ended.out, ended.err);
    assert!(ended.out.contains("added 199.9.14.201"), "{}", ended.out);
    // What only a cluster tells is not known here.
    assert!(ended.out.contains("the files hold none"), "{}", ended.out);
    // Without a flag it is only told.
    let told = refresh(&folder, "-f web.yaml");
    assert_eq!(told.code, Some(0));
    assert!(told.err.contains("nothing was written: --write changes the files"), "{}", told.err);
    assert_eq!(read(&folder, "web.yaml"), POLICIES);
    // As data, a check is an answer.
    let ended = refresh(&folder, "-f web.yaml --check -o json");
    let answer: Value = serde_json::from_str(&ended.out).unwrap();
    assert_eq!(answer["policies"][0]["file"], "web.yaml:2");
    assert_eq!(answer["policies"][0]["outcome"], "due");
}

#[test]
fn the_policies_are_printed_with_all_that_users_write() {
    let folder = Folder::of(&[("web.yaml", POLICIES)]);
    let ended = refresh(&folder, "-f web.yaml -o json");
    assert_eq!(ended.code, Some(0), "{}", ended.err);
    let object: Value = serde_json::from_str(&ended.out).unwrap();
    assert_eq!(object["metadata"]["annotations"]["team"], "platform");
    assert_eq!(object["metadata"]["finalizers"][0], "example.test/kept");
    assert!(object["metadata"].get("creationTimestamp").is_none(), "{object:#}");
    assert_eq!(object["spec"]["ingress"][0]["from"][0]["podSelector"], serde_json::json!({}));
    assert_eq!(object["spec"]["egress"][0]["ports"][0], serde_json::json!({"port": 80}));
    let peers = object["spec"]["egress"][1]["to"].as_array().unwrap();
    assert_eq!(peers.len(), 3, "{object:#}");
    assert!(ended.err.contains("added 199.9.14.201"), "what changes is told beside: {}", ended.err);
    // The same from standard input, which nobody can write to.
    let server = server();
    let arguments = format!("refresh-ips --resolver {} -f -", server.address);
    let piped = folder.run_with_input(&format!("{arguments} -o json"), POLICIES);
    assert_eq!((piped.code, &piped.out), (Some(0), &ended.out), "{}", piped.err);
    let refused = folder.run(&format!("{arguments} --write"));
    assert_eq!(refused.code, Some(2));
    assert!(refused.err.contains("standard input is not written to"), "{}", refused.err);
}

#[test]
fn json_and_lists_and_line_breaks_stay_as_they_are() {
    let server = server();
    let folder = Folder::of(&[("web.yaml", POLICIES)]);
    let printed = folder.run(&format!("refresh-ips --resolver {} -f web.yaml -o json", server.address));
    let mut old: Value = serde_json::from_str(&printed.out).unwrap();
    old["spec"]["egress"][1]["to"]
        .as_array_mut()
        .unwrap()
        .retain(|peer| peer["ipBlock"]["cidr"] != "199.9.14.201/32");
    let old_record = POLICIES.split('\'').find(|part| part.starts_with("{\"v\"")).unwrap();
    old["metadata"]["annotations"]["kubectl-netpol/endpoints"] = old_record.into();
    let list = serde_json::json!({"apiVersion": "v1", "kind": "List", "items": [old]});
    let tall = serde_json::to_string_pretty(&list).unwrap();
    folder.write("tall.json", tall.as_bytes());
    folder.write("flat.json", list.to_string().as_bytes());
    folder.write("dos.yaml", POLICIES.replace('\n', "\r\n").as_bytes());
    folder.write("bom.yaml", format!("\u{feff}{POLICIES}").as_bytes());
    for name in ["tall.json", "flat.json", "dos.yaml", "bom.yaml"] {
        let old = read(&folder, name);
        let ended = refresh(&folder, &format!("-f {name} --write"));
        assert_eq!(ended.code, Some(0), "{name}: {}{}", ended.out, ended.err);
        let new = read(&folder, name);
        assert!(new.contains("199.9.14.201/32"), "{name}: {new}");
        let more = new.lines().count() - old.lines().count();
        assert_eq!(
            more,
            match name {
                "tall.json" => 5,
                "flat.json" => 0,
                _ => 2,
            },
            "{name}: {new}"
        );
        assert_eq!(
            new.matches("\r\n").count(),
            if name == "dos.yaml" { new.lines().count() } else { 0 }
        );
        assert_eq!(refresh(&folder, &format!("-f {name} --check")).code, Some(0), "{name}");
    }
}

#[test]
fn a_file_keeps_its_link_and_its_permissions_and_leaves_nothing_beside() {
    let folder = Folder::of(&[("real/web.yaml", POLICIES)]);
    let real = folder.path().join("real/web.yaml");
    fs::set_permissions(&real, fs::Permissions::from_mode(0o640)).unwrap();
    symlink("real/web.yaml", folder.path().join("link.yaml")).unwrap();
    let ended = refresh(&folder, "-f link.yaml --write");
    assert_eq!(ended.code, Some(0), "{}{}", ended.out, ended.err);
    assert!(read(&folder, "real/web.yaml").contains("199.9.14.201"));
    assert!(folder.path().join("link.yaml").is_symlink());
    assert_eq!(fs::metadata(&real).unwrap().permissions().mode() & 0o777, 0o640);
    assert_eq!(fs::read_dir(folder.path().join("real")).unwrap().count(), 1);
}

#[test]
fn one_host_or_file_that_fails_stops_no_other() {
    let failing = POLICIES.replace(HOST, "failing.example.test").replace("name: web", "name: failing");
    let private = POLICIES.replace(HOST, "private.example.test").replace("name: web", "name: private");
    // What stands elsewhere, under an alias, cannot be changed where it stands.
    let alias = POLICIES
        .replace("name: web", "name: shared")
        .replace("from: [{podSelector: {}}]", "from: &peers [{ipBlock: {cidr: 198.41.0.4/32}}]")
        .replace(
            "      ports: [{port: 80}]",
            "      ports: [{port: 80}]\n    - to: *peers\n      ports: [{port: 443, protocol: TCP}]",
        );
    let files = [("1.yaml", &*failing), ("2.yaml", POLICIES), ("3.yaml", &private), ("4.yaml", &alias)];
    let folder = Folder::of(&files.map(|(name, text)| (name, text)));
    let ended = refresh(&folder, "-f . --write");
    assert!(ended.out.contains("shop/web (./2.yaml:2) was written"), "{}", ended.out);
    assert!(ended.out.contains("refused 10.0.0.5"), "{}", ended.out);
    assert!(ended.out.contains("SERVFAIL"), "{}", ended.out);
    assert!(read(&folder, "2.yaml").contains("199.9.14.201"));
    assert!(!read(&folder, "3.yaml").contains("10.0.0.5/32"));
    assert_eq!(ended.code, Some(2), "{}", ended.out);
    assert!(ended.out.contains("cannot be changed in its place"), "{}", ended.out);
    assert_eq!(read(&folder, "4.yaml"), alias);
}

#[test]
fn policies_are_chosen_by_name_and_namespace() {
    let other = POLICIES.replace("namespace: shop", "namespace: db");
    let folder = Folder::of(&[("a.yaml", POLICIES), ("b.yaml", &other)]);
    assert_eq!(refresh(&folder, "-f . -n db --write web").code, Some(0));
    assert_eq!(read(&folder, "a.yaml"), POLICIES);
    assert!(read(&folder, "b.yaml").contains("199.9.14.201"));
    let unknown = refresh(&folder, "-f . wep");
    assert_ne!(unknown.code, Some(0));
    let text = "no NetworkPolicy `wep` with remembered hosts in the files";
    assert!(unknown.err.contains(text) && unknown.err.contains("web"), "{}", unknown.err);
    for flag in ["--force-conflicts", "--selector a=b", "--print-cronjob --image a:1"] {
        let ended = refresh(&folder, &format!("-f . {flag}"));
        assert_eq!(ended.code, Some(2), "{flag}");
        assert!(ended.err.contains("is for the policies of a cluster: leave out -f"), "{}", ended.err);
    }
    assert_eq!(folder.run("refresh-ips --write").code, Some(2));
}

#[test]
fn a_file_that_cannot_be_read_stops_no_other_and_is_told() {
    let folder = Folder::of(&[
        ("git/broken.yaml", "apiVersion: networking.k8s.io/v1\nkind: [\n"),
        ("git/web.yaml", POLICIES),
    ]);
    let ended = refresh(&folder, "-f git --write");
    assert_eq!(ended.code, Some(0), "{}{}", ended.out, ended.err);
    assert!(ended.out.contains("remembers hosts is not known"), "{}", ended.out);
    assert!(read(&folder, "git/web.yaml").contains("199.9.14.201"));
    // A check that did not see all does not say that all is well.
    assert_eq!(refresh(&folder, "-f git --check").code, Some(1));
    assert_eq!(refresh(&folder, "-f git --check --strict").code, Some(2));
    // A snapshot alone has no record of hosts.
    folder.write("saved.json", br#"{"apiVersion":"netpol/v1","kind":"Snapshot","version":2,"created":"2026-01-01T00:00:00Z","gaps":[],"kinds":{},"items":[]}"#);
    let ended = refresh(&folder, "-f saved.json");
    assert_eq!(ended.code, Some(2), "{}{}", ended.out, ended.err);
    assert!(ended.err.contains("a snapshot has no record of any host"), "{}", ended.err);
}
