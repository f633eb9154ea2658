//! What a person sees, byte by byte; `UPDATE_SNAPSHOTS=1 cargo test --test cli` writes it anew.

use std::fs;
use std::path::Path;

use crate::run::{Folder, SHOP};

/// The name of the file in `tests/snapshots`, and the arguments.
const SNAPSHOTS: [(&str, &str); 56] = [
    ("explain-allow", "explain shop/deploy/api --to db/sts/postgres --port 5432 -f shop.yaml"),
    ("explain-deny", "explain shop/pod/web-7d4b9-abcde --to db/sts/postgres --port 5432 -f shop.yaml"),
    ("explain-partial", "explain shop/deploy/web --to 203.0.113.0/24 --port 443 -f shop.yaml"),
    ("explain-depends", "explain monitoring/ds/agent --to db/sts/postgres:9187 -f shop.yaml"),
    ("explain-wide", "explain shop/deploy/web --to db/sts/postgres -o wide -f shop.yaml"),
    ("explain-json", "explain shop/deploy/api --to db/sts/postgres --port 5432 -o json -f shop.yaml"),
    ("explain-yaml", "explain shop/deploy/api --to db/sts/postgres --port 5432 -o yaml -f shop.yaml"),
    ("explain-fix-json", "explain shop/deploy/web --to db/sts/postgres:5432 -o json -f shop.yaml"),
    ("explain-fix-internet", "explain shop/deploy/web --to internet:443 -f shop.yaml"),
    ("fix-only", "explain shop/deploy/web --to db/sts/postgres:5432 --fix-only -f shop.yaml"),
    (
        "fix-only-json",
        "explain shop/deploy/web --to db/sts/postgres:5432 --fix-only -o json -f shop.yaml",
    ),
    ("subject", "explain shop/deploy/web -f shop.yaml"),
    ("subject-json", "explain db/sts/postgres -o json -f shop.yaml"),
    ("list", "list -f shop.yaml"),
    ("list-wide", "list --pods -o wide -n db -f shop.yaml"),
    ("list-json", "list -n db -o json -f shop.yaml"),
    ("list-yaml", "list -n db --port 5432 -o yaml -f shop.yaml"),
    ("explain-service", "explain shop/pod/web --to shop/svc/api:web -f ways.yaml"),
    ("explain-service-nowhere", "explain shop/pod/web --to shop/svc/old -f ways.yaml"),
    ("subject-ways", "explain shop/svc/web -f ways.yaml"),
    ("subject-ways-wide", "explain ns/shop -o wide -f ways.yaml"),
    ("list-service", "list --to shop/svc/api -f ways.yaml"),
    ("list-csv", "list -n db -o csv -f shop.yaml"),
    ("list-md", "list -o md -f shop.yaml"),
    ("list-dot", "list -o dot -f shop.yaml"),
    ("list-mermaid", "list -o mermaid -f shop.yaml"),
    ("reach", "who-can-reach shop/deploy/api -f shop.yaml"),
    ("reach-wide", "who-can-reach ns/shop -o wide -f shop.yaml"),
    ("reach-expect", "who-can-reach shop/deploy/web:8080 --expect only=ns/shop,0.0.0.0/0 -f shop.yaml"),
    ("reach-json", "who-can-reach sts/postgres:postgres -n db --why -o json -f shop.yaml"),
    ("reach-yaml", "who-can-reach sts/postgres -n db --expect only=ns/shop -o yaml -f shop.yaml"),
    ("reach-csv", "who-can-reach deploy/web:8080 -n shop --why -o csv -f shop.yaml"),
    ("reach-md", "who-can-reach deploy/web:8080 -n shop --why -o md -f shop.yaml"),
    ("reach-dot", "who-can-reach deploy/web -n shop -o dot -f shop.yaml"),
    ("reach-mermaid", "who-can-reach deploy/web -n shop -o mermaid -f shop.yaml"),
    ("reach-service", "who-can-reach shop/svc/api:80 --why -f ways.yaml"),
    ("reach-service-json", "who-can-reach 10.96.0.11 -o json -f ways.yaml"),
    ("reach-ways", "who-can-reach shop/svc/web -f ways.yaml"),
    ("reach-ways-md", "who-can-reach shop/pod/web -o md -f ways.yaml"),
    ("reach-ways-csv", "who-can-reach shop/pod/api-1 -o csv -f ways.yaml"),
    ("reach-ways-dot", "who-can-reach ns/shop -o dot -f ways.yaml"),
    ("help-who-can-reach", "who-can-reach --help"),
    ("diff", "diff --base shop.yaml -f new.yaml"),
    ("diff-wide", "diff --base shop.yaml --without shop/netpol/web -o wide"),
    ("diff-json", "diff --base shop.yaml -f new.yaml -o json"),
    ("diff-yaml", "diff --base shop.yaml -f new.yaml -n monitoring -o yaml"),
    ("diff-csv", "diff --base shop.yaml -f new.yaml -o csv"),
    ("diff-md", "diff --base shop.yaml -f new.yaml -o md"),
    ("diff-dot", "diff --base shop.yaml -f new.yaml -o dot"),
    ("diff-mermaid", "diff --base shop.yaml -f new.yaml -o mermaid"),
    ("default-deny", "default-deny ns/shop --allow-same-namespace -f shop.yaml"),
    ("default-deny-json", "default-deny ns/monitoring -o json -f shop.yaml"),
    ("help-default-deny", "default-deny --help"),
    ("help-diff", "diff --help"),
    ("help-explain", "explain --help"),
    ("help-list", "list --help"),
];

#[test]
fn every_format_looks_as_it_did() {
    let folder = Folder::of(&[("shop.yaml", SHOP), ("ways.yaml", include_str!("ways.yaml"))]);
    folder.write("new.yaml", crate::diff::OVERLAY.as_bytes());
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/snapshots");
    let update = std::env::var_os("UPDATE_SNAPSHOTS").is_some_and(|value| value == "1");
    let mut changed = Vec::new();
    for (name, arguments) in SNAPSHOTS {
        let ended = folder.run(arguments);
        let now = format!("$ kubectl netpol {arguments}\n{}{}", ended.out, ended.err);
        let path = root.join(format!("{name}.txt"));
        if update {
            fs::create_dir_all(&root).unwrap();
            fs::write(&path, &now).unwrap();
        } else if fs::read_to_string(&path).unwrap_or_default() != now {
            changed.push(format!("{name}:\n{now}"));
        }
    }
    let advice = "UPDATE_SNAPSHOTS=1 writes them anew";
    assert!(changed.is_empty(), "{advice}\n{}", changed.join("\n"));
}

#[test]
fn every_snapshot_on_disk_is_of_a_question_here() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/snapshots");
    for entry in fs::read_dir(root).unwrap() {
        let name = entry.unwrap().file_name().to_string_lossy().into_owned();
        let known = SNAPSHOTS.iter().any(|(own, _)| name == format!("{own}.txt"));
        assert!(known, "{name} belongs to no question");
    }
}
