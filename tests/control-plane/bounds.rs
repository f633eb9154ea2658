//! Answers that grow or never end: one line that names the bound, within 512 MiB of memory.

use std::io::Write;
use std::path::Path;
use std::process::Command;

use flate2::Compression;
use flate2::write::GzEncoder;
use libtest_mimic::Trial;
use serde_json::json;

use super::failures::{SECRET, assert_one_line, plain, secretive};
use super::fake::{Fake, Request};
use super::kubeconfig::Written;
use super::lies::{answered, is_pods, of_pods, otherwise, pods, protobuf};
use super::plugin::PLUGIN;
use super::process::{Output, run};
use super::proxies::Proxy;

/// Lists the trials of this file; none needs a control plane.
pub(crate) fn trials() -> Vec<Trial> {
    vec![
        plain("bounds::an_answer_that_unpacks_to_a_huge_one_is_refused", unpacked),
        plain("bounds::an_answer_of_too_many_objects_is_refused", objects),
        plain("bounds::a_list_that_goes_in_circles_is_refused", circles),
        plain("bounds::objects_too_large_for_a_page_come_in_smaller_ones", large_objects),
        plain("bounds::large_answers_are_read_one_at_a_time", large_answers),
    ]
}

/// Runs the plugin with 512 MiB of memory.
pub(crate) fn ask(kubeconfig: &Written, args: &[&str]) -> Output {
    let path = kubeconfig.path();
    let mut command = Command::new("sh");
    command.args(["-c", "ulimit -v 524288 && exec \"$0\" \"$@\"", PLUGIN]).args(args);
    command.env("KUBECONFIG", &path).env("HOME", Path::new(&path).with_file_name("home"));
    let output = run(command, None);
    assert!(!format!("{output:?}").contains(SECRET), "{output:#?}");
    output
}

const NO_API: &str = "Error from server: no Kubernetes API answers at ";

#[track_caller]
fn assert_refused(output: &Output, end: &str) {
    assert_one_line(output, 3, NO_API);
    assert!(output.stderr.ends_with(&format!(": {end}\n")), "{output:#?}");
}

fn unpacked() {
    let mut packer = GzEncoder::new(Vec::new(), Compression::fast());
    (0..80).try_for_each(|_| packer.write_all(&vec![b' '; 1 << 20])).expect("packed");
    let blanks = packer.finish().expect("packed");
    let bomb = move |request: &Request, out: &mut dyn Write| {
        if !is_pods(&request.path) {
            return out.write_all(&otherwise(&request.path));
        }
        write!(out, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Encoding: gzip\r\n")?;
        write!(out, "Content-Length: {}\r\nConnection: close\r\n\r\n", blanks.len())?;
        out.write_all(&blanks)
    };
    // On the loopback nothing is packed; a proxy stands before a server that is elsewhere.
    let server = Fake::writing(bomb);
    let proxy = Proxy::start(server.port());
    let kubeconfig = secretive("http://cluster.test").with(|kubeconfig| {
        kubeconfig["clusters"][0]["cluster"]["proxy-url"] = json!(proxy.url());
    });
    for question in
        [&["list", "-A"][..], &["explain", "pod/one", "--to", "internet"], &["snapshot", "-"]]
    {
        assert_refused(&ask(&kubeconfig, question), "an answer is larger than 64 MiB");
    }
    let packed = server.take_requests();
    let packed =
        packed.iter().find(|request| request.path.contains("/pods")).expect("pods are asked for");
    assert_eq!(packed.header("accept-encoding"), ["gzip"]);
}

fn objects() {
    let empty = protobuf("PodList", [[0x0a, 0x00], [0x12, 0x00]].concat().repeat(5_000_000));
    let json = format!("{{\"metadata\":{{}},\"items\":[{}{{}}]}}", "{},".repeat(5_000_000));
    for body in [empty, json.into_bytes()] {
        let server = of_pods(move |_| answered(&body));
        let output = ask(&secretive(&server.url()), &["list", "-A"]);
        assert_one_line(&output, 3, NO_API);
        assert!(output.stderr.contains("an answer has more than 200000 objects"), "{output:#?}");
    }
}

fn circles() {
    for length in [1, 2, 7] {
        let server = of_pods(move |path| {
            let token = path.split("continue=").nth(1).map_or(Ok(0), str::parse::<usize>);
            answered(&pods(&["one"], &((token.expect("a token of ours") % length) + 1).to_string()))
        });
        let output = ask(&secretive(&server.url()), &["list", "-A"]);
        assert_refused(&output, "the list has no end: a continue token came twice");
        let asked = server.take_requests().into_iter().filter(|request| is_pods(&request.path)).count();
        assert_eq!(asked, length + 1);
    }
}

fn large_objects() {
    let server = of_pods(|path| match path.contains("limit=500") {
        true => answered(&vec![b' '; 65 << 20]),
        false => answered(&pods(&["one", "two"], "")),
    });
    let output = ask(&secretive(&server.url()), &["list", "-A"]);
    assert_eq!((output.code, &*output.stderr), (Some(0), ""), "{output:#?}");
    assert!(output.stdout.contains("default/pod/one"), "{output:#?}");
    let limits: Vec<String> = server
        .take_requests()
        .into_iter()
        .filter(|request| is_pods(&request.path))
        .filter_map(|request| request.path.split("limit=").nth(1).map(str::to_owned))
        .collect();
    assert_eq!(limits, ["500", "50"]);
}

fn large_answers() {
    // Of every kind a page of 40 MiB: together more than there is memory.
    let server = Fake::writing(|request, out| {
        let answer = otherwise(&request.path);
        let answer = String::from_utf8(answer).expect("text");
        let (_, body) = answer.split_once("\r\n\r\n").expect("a body");
        let padding = if body.contains("\"items\"") { 40 << 20 } else { 0 };
        let length = body.len() + padding;
        write!(
            out,
            "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n"
        )?;
        write!(out, "Connection: close\r\n\r\n{body}")?;
        (0..padding >> 20).try_for_each(|_| out.write_all(&vec![b' '; 1 << 20]))
    });
    let output = ask(&secretive(&server.url()), &["list", "-A"]);
    assert_eq!((output.code, &*output.stderr), (Some(0), ""), "{output:#?}");
}
