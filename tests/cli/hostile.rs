//! Texts that mean harm to whoever reads them: an answer or one line, soon, within 512 MiB.

#![cfg(unix)]

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::run::{Ended, Folder};

const HEAD: &str = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: a\n  annotations:\n    v: ";

/// Reads a file within 512 MiB of memory and some seconds.
#[track_caller]
fn read(name: &str, bytes: &[u8]) -> Ended {
    let folder = Folder::of(&[]);
    folder.write("f.yaml", bytes);
    let plain = folder.command("explain a -f f.yaml");
    let mut command = Command::new("sh");
    command.arg("-c").arg("ulimit -v 524288 && exec \"$0\" \"$@\"").arg(plain.get_program());
    command.args(plain.get_args()).current_dir(folder.path()).stdin(Stdio::null());
    let begun = Instant::now();
    let ended = Ended::from(command.output().unwrap());
    assert!(begun.elapsed() < Duration::from_secs(60), "{name}: {:?}", begun.elapsed());
    assert!(matches!(ended.code, Some(0 | 2)), "{name}: {:?} {}", ended.code, ended.err);
    assert!(!ended.err.contains("panicked") && ended.err.len() < 20_000, "{name}: {}", ended.err);
    ended
}

#[test]
fn a_text_that_means_harm_ends_soon() {
    const MUCH: usize = 1 << 20;
    let after = |text: String| format!("{HEAD}{text}\n").into_bytes();
    for (name, bytes) in [
        ("brackets", b"[".repeat(MUCH)),
        ("braces", b"{".repeat(MUCH)),
        ("keys in brackets", b"{a: ".repeat(MUCH / 4)),
        ("pairs in brackets", b"[a: ".repeat(MUCH / 4)),
        ("closing brackets", b"]".repeat(MUCH)),
        ("dashes", b"- ".repeat(MUCH / 2)),
        ("question marks", b"? ".repeat(MUCH / 2)),
        ("colons", b": ".repeat(MUCH / 2)),
        ("brackets on lines", b"[\n".repeat(MUCH / 2)),
        ("anchors", b"&a ".repeat(MUCH / 3)),
        ("anchors of lists", b"&a [ *a, ".repeat(MUCH / 9)),
        ("tags", b"!a ".repeat(MUCH / 3)),
        ("quotes", b"\"".repeat(MUCH)),
        ("JSON brackets", [&b"{\"a\":"[..], &b"[".repeat(MUCH)[..]].concat()),
        ("an open quote", after("\"".to_owned() + &"a ".repeat(MUCH))),
        (
            "many keys",
            after(String::new() + &(0..100_000).map(|n| format!("\n  k{n}: v")).collect::<String>()),
        ),
        ("many keys", after((0..100_000).map(|n| format!("\n      k{n}: v")).collect::<String>())),
        ("stairs", (0..2000).map(|n| format!("{}a:\n", " ".repeat(n))).collect::<String>().into_bytes()),
        ("separators", b"---\n".repeat(MUCH / 4)),
        ("carriage returns", b"a: b\r".repeat(MUCH / 5)),
        ("comments", b"# a\n".repeat(MUCH / 4)),
        ("tabs", b"\t".repeat(MUCH)),
        ("anchors inside each other", {
            let open: String = (0..150).map(|n| format!("&a{n} [")).collect();
            let own: String = (0..150).map(|n| format!(", *a{n}")).collect();
            let items = "x, ".repeat(50_000);
            format!("a: {open}{items}{}\nb: [x{own}]\n", "]".repeat(150)).into_bytes()
        }),
        ("merges", {
            let fields: String = (0..1000).map(|n| format!("k{n}: v, ")).collect();
            format!("a: &a {{{fields}}}\nb: {{{}}}\n", "<<: *a, ".repeat(5000)).into_bytes()
        }),
        ("an anchor in itself", after("&a [*a]".to_owned())),
        ("a key in itself", after("&a {*a : b}".to_owned())),
        ("NUL", after("a\0b".to_owned())),
        ("controls", after("\u{1}\u{7f}\u{9b}".to_owned())),
        ("no UTF-8", [HEAD.as_bytes(), b"\xff\xfe\xc3"].concat()),
        ("half a letter", [HEAD.as_bytes(), b"\"\\u12"].concat()),
        ("half a tag", [HEAD.as_bytes(), b"!%e"].concat()),
        ("an escape at the end", [HEAD.as_bytes(), b"\"\\"].concat()),
    ] {
        read(name, &bytes);
    }
    // What is only large is read.
    for (name, text) in [
        ("a long text", "a".repeat(4 * MUCH)),
        ("a folded text", format!(">\n{}", "      a b\n".repeat(MUCH / 8))),
        ("a long key", format!("\n    ? {}\n    : b", "k".repeat(MUCH))),
    ] {
        let ended = read(name, &after(text));
        assert_eq!((ended.code, &*ended.err), (Some(0), ""), "{name}");
    }
}

#[test]
fn no_end_of_a_text_is_a_surprise() {
    let whole = concat!(
        "a: &a \"q\\x41\\\n  r\\u00e9\"\nb: {c: [d, 'e''f', *a], ? g : h}\n",
        "i: !!str |2-\n    j\n\n   k\nl: >+ # c\n  m\n   n\n\n<<: {o: 1.5e3}\np: !<x%21> 0x1F\n",
        "q:\n- r\n-\n  - s: t\n    u: 2001-01-01\n...\n--- # v\n{\"w\": [1, \"\\u00e9\", null]}\n",
    );
    let ends = (0..whole.len()).filter(|end| whole.is_char_boundary(*end));
    for end in ends {
        // Whatever is said, it says it.
        let _ = netpol::yaml::document::parse(&whole[..end]);
        let _ = netpol::yaml::document::parse(&whole[end..]);
        for insert in [
            "\t", "\"", "'", "[", "{", "&", "*", "!", "%", "\\", "\n", "\r", ": ", "- ", "? ", "#",
            "\u{85}", "é",
        ] {
            let text = format!("{}{insert}{}", &whole[..end], &whole[end..]);
            let _ = netpol::yaml::document::parse(&text);
        }
    }
    assert!(netpol::yaml::document::parse(whole).is_ok());
}
