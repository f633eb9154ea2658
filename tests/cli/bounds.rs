//! Inputs that grow or never end: one line that names the bound, within 512 MiB of memory.

#![cfg(unix)]

use std::io::Write;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use flate2::Compression;
use flate2::write::GzEncoder;

use crate::run::{Ended, Folder, SHOP};

/// Prepares a run that may have 512 MiB of memory.
fn limited(folder: &Folder, arguments: &str) -> Command {
    let plain = folder.command(arguments);
    let mut command = Command::new("sh");
    command.arg("-c").arg("ulimit -v 524288 && exec \"$0\" \"$@\"").arg(plain.get_program());
    command.args(plain.get_args()).current_dir(folder.path()).stdin(Stdio::null());
    for (name, value) in plain.get_envs() {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    command
}

/// Asserts that a run ends soon, with one line that says this.
#[track_caller]
fn assert_refused(mut command: Command, expected: &str) {
    let begun = Instant::now();
    let ended = Ended::from(command.output().unwrap());
    assert_eq!((ended.code, &*ended.out), (Some(2), ""), "{}", ended.err);
    assert!(ended.err.contains(expected) && ended.err.lines().count() == 1, "{}", ended.err);
    assert!(begun.elapsed() < Duration::from_secs(60), "{:?}", begun.elapsed());
}

const ALIASES: &str = "more than 20000000 values, or aliases that stand for more than 500000 values or 32 MiB: \
                       split the file, or write out what the aliases stand for";
const LARGE: &str = "it is larger than 200 MiB, the most that is read of a file of manifests: split it, or use \
                     `kubectl netpol snapshot`";

/// Writes a long string with an anchor, and a list of aliases of it.
fn repeated(length: usize, aliases: usize) -> String {
    format!("a: &a {}\nb:\n{}", "x".repeat(length), "- *a\n".repeat(aliases))
}

#[test]
fn what_aliases_stand_for_has_a_bound() {
    // One string, over and over; many anchors, as parsers look at the ratio; aliases of aliases.
    let many: String = (0..600).map(|number| format!("k{number}: &k{number} v\n")).collect();
    let mut nested = "l0: &l0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..9 {
        let below = vec![format!("*l{}", level - 1); 10].join(", ");
        nested += &format!("l{level}: &l{level} [{below}]\n");
    }
    let flat = format!("a: &a [{}]\nb:\n{}", "x, ".repeat(5_000), "- *a\n".repeat(5_000));
    for text in [
        repeated(960_000, 5_000),
        format!("{many}{}", repeated(900_000, 5_000)),
        repeated(10_000_000, 90),
        nested,
        flat,
        // The bound is that of a file, not of a document.
        format!("{}---\n", repeated(900_000, 30)).repeat(40),
    ] {
        let folder = Folder::of(&[("f.yaml", &text)]);
        assert_refused(limited(&folder, "list -f f.yaml"), ALIASES);
    }
}

#[test]
fn aliases_as_people_write_them_are_read() {
    let labels = "&l {app: web, tier: front}";
    let pod = |number: usize, labels: &str| {
        format!(
            "---\napiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: Pod\n  metadata: {{name: p{number}, \
             labels: {labels}}}\n- apiVersion: v1\n  kind: Pod\n  metadata: {{name: q{number}, labels: *l}}\n"
        )
    };
    let text: String = (0..150).map(|number| pod(number, labels)).collect();
    let folder = Folder::of(&[("f.yaml", &text)]);
    let ended = Ended::from(limited(&folder, "explain p149 --to q149 -f f.yaml").output().unwrap());
    assert_eq!((ended.code, &*ended.err), (Some(0), ""));
    // One anchor with many aliases.
    let items: String = (0..300)
        .map(|number| {
            format!("- {{apiVersion: v1, kind: Pod, metadata: {{name: p{number}, labels: *l}}}}\n")
        })
        .collect();
    let text = format!("apiVersion: v1\nkind: List\nmetadata: {{labels: {labels}}}\nitems:\n{items}");
    let folder = Folder::of(&[("f.yaml", &text)]);
    assert_eq!(folder.run("explain p299 -f f.yaml").code, Some(0));
}

fn packed(bytes: &[u8]) -> Vec<u8> {
    let mut packer = GzEncoder::new(Vec::new(), Compression::fast());
    packer.write_all(bytes).unwrap();
    packer.finish().unwrap()
}

#[test]
fn a_small_file_that_unpacks_to_a_huge_one_is_refused() {
    let folder = Folder::of(&[]);
    let blanks = packed(&vec![b' '; 8 << 20]);
    folder.write("bomb.gz", &blanks.repeat(400));
    assert_refused(limited(&folder, "list -f bomb.gz"), LARGE);
    // What begins as a snapshot may be longer than manifests, and is not read beyond memory either.
    let beginning = packed(br#"{"apiVersion":"netpol/v1","kind":"Snapshot","#);
    folder.write("bomb.json.gz", &[beginning, blanks.repeat(400)].concat());
    assert_refused(limited(&folder, "list -f bomb.json.gz"), "there is not enough memory to read it");
}

#[test]
fn a_file_without_end_is_refused() {
    let folder = Folder::of(&[("shop.yaml", SHOP)]);
    assert_refused(limited(&folder, "list -f /dev/zero"), LARGE);
    assert_refused(limited(&folder, "list -f shop.yaml --with /dev/zero"), LARGE);
    let mut endless = Command::new("yes").arg("a: b").stdout(Stdio::piped()).spawn().unwrap();
    let mut command = limited(&folder, "list -f -");
    command.stdin(endless.stdout.take().unwrap());
    assert_refused(command, LARGE);
    endless.wait().unwrap();
    // A pipe by its name.
    let pipe = folder.path().join("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let mut endless = Command::new("sh")
        .arg("-c")
        .arg("exec yes 'a: b' > pipe")
        .current_dir(folder.path())
        .spawn()
        .unwrap();
    assert_refused(limited(&folder, "list -f pipe"), LARGE);
    endless.wait().unwrap();
}
