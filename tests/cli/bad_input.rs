//! Command lines and files that cannot be used: exit code 2 and one clear line each.

use crate::run::{Folder, SHOP};

/// Arguments, and all that stderr says.
const TARGETS: [(&str, &str); 31] = [
    (
        "explain web -n shop -f shop.yaml",
        "error: pod `web` not found in namespace `shop`; did you mean `deploy/web`?\n",
    ),
    (
        "explain web-7d4b9 -n shop -f shop.yaml",
        "error: pod `web-7d4b9` not found in namespace `shop`; did you mean `web-7d4b9-abcde`, `web-7d4b9-fghij`?\n",
    ),
    (
        "explain depoy/web -n shop -f shop.yaml",
        "error: depoy `web` not found in namespace `shop`; did you mean `deploy/web`?\n",
    ),
    (
        "explain db/deploy/postgres -f shop.yaml",
        "error: deploy `postgres` not found in namespace `db`; did you mean `sts/postgres`?\n",
    ),
    (
        "list --from svc/web -n shop -f shop.yaml",
        "error: svc `web` not found in namespace `shop`; did you mean `deploy/web`?\n",
    ),
    (
        "explain shop/deploy/wb -f shop.yaml",
        "error: deploy `wb` not found in namespace `shop`; did you mean `web`?\n",
    ),
    (
        "explain shop/deploy/wbe -f shop.yaml",
        "error: deploy `wbe` not found in namespace `shop`; did you mean `web`?\n",
    ),
    (
        "explain shop/deploy/checkout -f shop.yaml",
        "error: deploy `checkout` not found in namespace `shop`; did you mean `web`, `api`?\n",
    ),
    (
        "explain deploy/web -f shop.yaml",
        "error: deploy `web` not found in namespace `default`; it exists in namespace `shop`\n",
    ),
    (
        "explain db/deploy/web -f shop.yaml",
        "error: deploy `web` not found in namespace `db`; it exists in namespace `shop`\n",
    ),
    (
        "explain pod/web-7d4b9-abcde -n db -f shop.yaml",
        "error: pod `web-7d4b9-abcde` not found in namespace `db`; it exists in namespace `shop`\n",
    ),
    (
        "explain shoop/deploy/web -f shop.yaml",
        "error: namespace `shoop` not found; did you mean `shop`?\n",
    ),
    (
        "explain deploy/web -n nowhere -f shop.yaml",
        "error: deploy `web` not found in namespace `nowhere`; it exists in namespace `shop`\n",
    ),
    ("explain ns/shp -f shop.yaml", "error: namespace `shp` not found; did you mean `shop`?\n"),
    ("list -n shp -f shop.yaml", "error: namespace `shp` not found; did you mean `shop`?\n"),
    ("list --from ns/shp -f shop.yaml", "error: namespace `shp` not found; did you mean `shop`?\n"),
    ("explain node/node1 -f shop.yaml", "error: node `node1` not found; did you mean `node-1`?\n"),
    (
        "explain ing/web -n shop -f shop.yaml",
        "error: unknown type `ing`; use pod, deploy, sts, ds, rs, job, cronjob, rc, svc, ns or node\n",
    ),
    (
        "explain shop/svc/wbe -f ways.yaml",
        "error: svc `wbe` not found in namespace `shop`; did you mean `web`?\n",
    ),
    (
        "explain shop/svc/api --to shop/pod/web -f ways.yaml",
        "error: shop/svc/api opens no connections, only the pods behind it do: name their workload as the \
         source\n",
    ),
    (
        "list --from 10.96.0.11 -f ways.yaml",
        "error: shop/svc/api opens no connections, only the pods behind it do: name their workload as the \
         source\n",
    ),
    (
        "explain shop/pod/web --to shop/svc/api:81 -f ways.yaml",
        "error: shop/svc/api has no port TCP/81; it has TCP/80 (web), TCP/6060 (debug)\n",
    ),
    (
        "list --to shop/svc/api:http -f ways.yaml",
        "error: shop/svc/api has no port http; it has TCP/80 (web), TCP/6060 (debug)\n",
    ),
    (
        "explain a/b/c/d -f shop.yaml",
        "error: `a/b/c/d` has too many parts; use TYPE/NAME or NAMESPACE/TYPE/NAME\n",
    ),
    (
        "explain shop/node/node-1 -f shop.yaml",
        "error: `shop/node/node-1` has no namespace; write TYPE/NAME\n",
    ),
    (
        "explain shop//web -f shop.yaml",
        "error: `shop//web` names nothing; use TYPE/NAME, NAMESPACE/TYPE/NAME, an IP, a CIDR or `internet`\n",
    ),
    (
        "explain shop/deploy/web --from https://user:secret@example.com/ -f shop.yaml",
        "error: `https://…` is a host name; give an IP, a CIDR or `internet`, or a URL to explain --to\n",
    ),
    (
        "explain shop/deploy/web --to example.com -f shop.yaml",
        "error: `example.com` is a host name; give an IP, a CIDR or `internet`, or a URL to explain --to\n",
    ),
    (
        "explain shop/deploy/web --to 10.0.0.0/33 -f shop.yaml",
        "error: `10.0.0.0/33` is not a CIDR block such as 10.9.8.0/24\n",
    ),
    (
        "who-can-reach shop/deploy/wb -f shop.yaml",
        "error: deploy `wb` not found in namespace `shop`; did you mean `web`?\n",
    ),
    (
        "who-can-reach db/sts/postgres --expect only=ns/shp -f shop.yaml",
        "error: namespace `shp` not found; did you mean `shop`?\n",
    ),
];

/// What is said of a port that is none.
const NO_PORT: &str = "is not a port; use a number from 1 to 65535, a range 8000-8080 or a name, and /UDP or /SCTP unless it is TCP\n";

const PORTS: [(&str, &str); 6] = [
    ("--port 70000", "--port: `70000`"),
    ("--port 0", "--port: `0`"),
    ("--port 90-80", "--port: `90-80`"),
    ("--port 80/ICMP", "--port: `80/ICMP`"),
    ("--port 80-", "--port: `80-`"),
    ("--port http!", "--port: `http!`"),
];

const COMBINATIONS: [(&str, &str); 18] = [
    (
        "explain shop/deploy/web db/sts/postgres -f shop.yaml",
        "error: `shop/deploy/web` and `db/sts/postgres` are two targets: give one, as TYPE/NAME or TYPE NAME\n",
    ),
    (
        "who-can-reach db/sts/postgres 5432 -f shop.yaml",
        "error: `db/sts/postgres` and `5432` are two targets: give one, as TYPE/NAME or TYPE NAME\n",
    ),
    (
        "explain shop/deploy/web --to https://198.41.0.4 --port 443 -f shop.yaml",
        "error: a URL has its port: leave out --port, and :PORT behind TARGET\n",
    ),
    (
        "explain shop/deploy/web --to https://198.41.0.4 --fix-only -f shop.yaml",
        "error: --fix-only is not for a URL: allow-endpoint opens it\n",
    ),
    (
        "explain shop/deploy/web:80 --to db/sts/postgres -f shop.yaml",
        "error: a port stands at the destination, not at the source\n",
    ),
    (
        "list --from shop/deploy/web:80 -f shop.yaml",
        "error: a port stands at the destination, not at the source\n",
    ),
    (
        "explain shop/deploy/web --to db/sts/postgres:5432 --port 5432 -f shop.yaml",
        "error: --port and a port behind the destination: give one\n",
    ),
    (
        "list --to db/sts/postgres:1 --port 1 -f shop.yaml",
        "error: --port and a port behind the destination: give one\n",
    ),
    ("explain shop/deploy/web --port 80 -f shop.yaml", "error: a port needs --to or --from\n"),
    ("explain shop/deploy/web --expect deny -f shop.yaml", "error: --expect needs --to or --from\n"),
    (
        "explain shop/deploy/web --to db/sts/postgres --port htp -f shop.yaml",
        "error: no container of db/sts/postgres has a port named `htp`; its port names are postgres\n",
    ),
    (
        "explain shop/deploy/web --to node/node-1 --port http -f shop.yaml",
        "error: no container of node/node-1 has a port named `http`; no port of it has a name\n",
    ),
    (
        "who-can-reach db/sts/postgres:http -f shop.yaml",
        "error: no container of db/sts/postgres has a port named `http`; its port names are postgres\n",
    ),
    (
        "who-can-reach db/sts/postgres:1 --port 1 -f shop.yaml",
        "error: --port and a port behind the target: give one\n",
    ),
    (
        "who-can-reach db/sts/postgres --expect deny -f shop.yaml",
        "error: --expect `deny`: use only=TARGET[,TARGET...]\n",
    ),
    (
        "who-can-reach db/sts/postgres --expect only= -f shop.yaml",
        "error: --expect `only=`: use only=TARGET[,TARGET...]\n",
    ),
    (
        "who-can-reach db/sts/postgres --expect only=ns/shop,, -f shop.yaml",
        "error: `` names nothing; use TYPE/NAME, NAMESPACE/TYPE/NAME, an IP, a CIDR or `internet`\n",
    ),
    (
        "who-can-reach db/sts/postgres --expect only=shop/deploy/web:80 -f shop.yaml",
        "error: a port stands at the destination, not at the source\n",
    ),
];

const WITHOUT: [(&str, &str); 4] = [
    (
        "list --without netpol/default-deny -f shop.yaml",
        "error: --without `netpol/default-deny` not found in namespace `default`; it exists in namespace `db`\n",
    ),
    (
        "list --without db/netpol/default-denny -f shop.yaml",
        "error: --without `db/netpol/default-denny` not found in namespace `db`; did you mean `default-deny`?\n",
    ),
    (
        "list --without default-deny -f shop.yaml",
        "error: --without `default-deny`: use TYPE/NAME or NAMESPACE/TYPE/NAME\n",
    ),
    (
        "list --without a/b/c/d -f shop.yaml",
        "error: --without `a/b/c/d`: use TYPE/NAME or NAMESPACE/TYPE/NAME\n",
    ),
];

const FILES: [(&str, &str); 12] = [
    ("list -f nosuch.yaml", "error: nosuch.yaml: no such file or directory\n"),
    ("list -f shop.yaml --with nosuch.yaml", "error: nosuch.yaml: no such file or directory\n"),
    (
        "list -f outer",
        "error: nothing was read: outer: no Kubernetes object\nhint: -R reads the folders below too\n",
    ),
    ("list -R -f outer/none", "error: nothing was read: outer/none: no Kubernetes object\n"),
    (
        "list -f indent.yaml",
        "error: indent.yaml:2:4: no key may stand here: the indent is wrong, or a text that holds `: ` needs quotes\n",
    ),
    ("list -f tab.yaml", "error: tab.yaml:2:1: a tab where only spaces may indent\n"),
    ("list -f open.json", "error: open.json:1:1: unclosed bracket '{'\n"),
    ("list -f binary.yaml", "error: binary.yaml: the file is not UTF-8 text\n"),
    ("list -f empty.yaml", "error: empty.yaml: no Kubernetes object\n"),
    ("list -f comment.yaml", "error: comment.yaml: no Kubernetes object\n"),
    ("list -f -", "error: -: no Kubernetes object\n"),
    ("list -f values.yaml", "error: values.yaml: no Kubernetes object\n"),
];

#[test]
fn a_name_that_does_not_exist_is_told_with_the_nearest_and_where_it_exists() {
    let ways = include_str!("ways.yaml");
    refuse(&Folder::of(&[("shop.yaml", SHOP), ("ways.yaml", ways)]), &TARGETS);
}

#[test]
fn a_port_out_of_range_is_refused_wherever_it_stands() {
    let folder = Folder::shop();
    for (flag, start) in PORTS {
        let ended = folder.run(&format!("list --to db/sts/postgres {flag} -f shop.yaml"));
        assert_eq!((ended.code, ended.err), (Some(2), format!("error: {start} {NO_PORT}")));
    }
    let ended = folder.run("explain shop/deploy/web --to db/sts/postgres:99999 -f shop.yaml");
    assert_eq!((ended.code, ended.err), (Some(2), format!("error: `99999` {NO_PORT}")));
}

#[test]
fn flags_that_do_not_go_together_are_refused() {
    refuse(&Folder::shop(), &COMBINATIONS);
}

#[test]
fn an_object_to_take_away_must_exist() {
    refuse(&Folder::shop(), &WITHOUT);
}

#[test]
fn a_file_that_cannot_be_read_is_told_with_its_place() {
    let folder = Folder::of(&[
        ("shop.yaml", SHOP),
        ("outer/none/readme.txt", ""),
        ("indent.yaml", "a: b\n  c: d\n"),
        ("tab.yaml", "a:\n\tb: 1\n"),
        ("open.json", "{\"apiVersion\": \"v1\",\n"),
        ("empty.yaml", ""),
        ("comment.yaml", "# nothing\n---\n"),
        ("values.yaml", "replicas: 1\n"),
    ]);
    folder.write("binary.yaml", b"a: \xff\xfe\n");
    refuse(&folder, &FILES);
}

#[test]
fn a_broken_file_is_not_repeated_in_the_message() {
    let folder = Folder::of(&[("a.yaml", "password: hunter2\n  b: c\n")]);
    let ended = folder.run("list -f a.yaml");
    assert_eq!(ended.err.lines().count(), 1, "{}", ended.err);
    assert!(!ended.err.contains("hunter2"), "{}", ended.err);
}

#[test]
fn input_that_would_take_forever_is_refused() {
    let level = |n: u8| {
        let (own, below) = (char::from(b'b' + n), char::from(b'a' + n));
        format!("{own}: &{own} [{}]\n", vec![format!("*{below}"); 10].join(","))
    };
    let bomb = format!("a: &a [{}]\n{}", ["x"; 10].join(","), (0..9).map(level).collect::<String>());
    let deep = |levels: usize| format!("a: {}{}\n", "[".repeat(levels), "]".repeat(levels));
    let folder =
        Folder::of(&[("bomb.yaml", &bomb), ("deep.yaml", &deep(100_000)), ("deep.json", &deep(5_000))]);
    for file in ["bomb.yaml", "deep.yaml", "deep.json"] {
        let ended = folder.run(&format!("list -f {file}"));
        assert_eq!((ended.code, ended.err.lines().count()), (Some(2), 1), "{}", ended.err);
        assert!(ended.err.starts_with(&format!("error: {file}:")), "{}", ended.err);
    }
}

#[test]
fn an_unreachable_kubeconfig_is_told_before_anything_is_printed() {
    let ended = Folder::of(&[]).run("list --kubeconfig nosuch");
    assert_eq!((ended.code, &*ended.out), (Some(2), ""));
    assert!(ended.err.starts_with("error: ") && ended.err.contains("nosuch"), "{}", ended.err);
}

fn refuse(folder: &Folder, cases: &[(&str, &str)]) {
    for (arguments, expected) in cases {
        let ended = folder.run(arguments);
        assert_eq!(ended.err, *expected, "for {arguments}");
        assert_eq!((ended.code, &*ended.out), (Some(2), ""), "for {arguments}");
    }
}
