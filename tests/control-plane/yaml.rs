//! kubectl and the plugin read the same objects from the same text, or both refuse it.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use libtest_mimic::Trial;
use netpol::yaml::document;
use netpol::yaml::tree::{SyntaxError, Value as Read, YamlNode};
use serde_json::{Value, json};

use super::Shared;
use super::harness::ControlPlane;
use super::process::run;
use super::yaml_texts::{LEFT_OUT, PLACES, SCALARS, WHOLE};

/// Lists the trials of this file.
pub(crate) fn trials(shared: &Arc<Shared>) -> Vec<Trial> {
    vec![
        shared.trial("yaml::texts_are_read_as_kubectl_reads_them", alike),
        shared.trial("yaml::what_kubectl_leaves_out_is_refused", left_out),
    ]
}

fn alike(plane: &ControlPlane) {
    let mut texts: Vec<String> = WHOLE.iter().map(|text| (*text).to_owned()).collect();
    for (scalar, place) in
        SCALARS.iter().flat_map(|scalar| PLACES.iter().map(move |place| (scalar, place)))
    {
        texts.push(format!("{HEAD}{}", place.replace("@", scalar)));
    }
    texts.extend(long());
    let theirs = kubectl(plane, &texts);
    let (mut read, mut refused, mut on_purpose, mut different) = (0, 0, 0, Vec::new());
    for (text, theirs) in texts.iter().zip(&theirs) {
        match (ours(text), theirs) {
            (Ok(ours), Some(theirs)) if ours == *theirs => read += 1,
            (Err(_), None) => refused += 1,
            // The other trial tells why.
            (Err(error), Some(_)) if is_on_purpose(&error) => on_purpose += 1,
            (ours, theirs) => different.push(format!("{text:?}\nours:   {ours:?}\ntheirs: {theirs:?}")),
        }
    }
    println!(
        "kubectl and netpol on {} texts: {read} read alike, {refused} refused by both, {on_purpose} refused where \
         kubectl leaves something out, {} different",
        texts.len(),
        different.len()
    );
    assert!(different.is_empty(), "{}", different.join("\n"));
    assert!(read > 700 && refused > 300 && on_purpose < 50, "{read} {refused} {on_purpose}");
}

/// Returns texts at the bounds of length and depth.
fn long() -> Vec<String> {
    let mut texts = vec![
        format!("{HEAD}v: {}{}\n", "[".repeat(100), "]".repeat(100)),
        format!("{HEAD}? {}\n: v\n", "k".repeat(2000)),
        format!("{HEAD}v: {}\n", "x ".repeat(50_000)),
        format!("{{\"{}\": 1, {}", "k".repeat(2000), json!({"apiVersion": "v1", "kind": "ConfigMap"})),
    ];
    for length in [1022, 1023, 1024, 1025, 1026] {
        let key = "k".repeat(length);
        texts.push(format!("{HEAD}{key}: v\n"));
        texts.push(format!("{HEAD}\"{key}\" : v\n"));
        texts.push(format!("{HEAD}v: {{{key}: w}}\n"));
        texts.push(format!("{HEAD}{}: v\n", "é".repeat(length)));
    }
    let nested: String = (0..60).map(|depth| format!("{}k:\n", "  ".repeat(depth))).collect();
    texts.push(format!("{HEAD}{nested}"));
    texts
}

fn is_on_purpose(error: &SyntaxError) -> bool {
    let words = ["duplicate mapping key", "kubectl reads nothing that stands here", "a directive"];
    words.iter().any(|words| error.message.starts_with(words))
}

fn left_out(plane: &ControlPlane) {
    let texts: Vec<String> = LEFT_OUT.iter().map(|(text, _, _)| format!("{HEAD}{text}")).collect();
    let theirs = kubectl(plane, &texts);
    for (((text, line, kept), whole), theirs) in LEFT_OUT.iter().zip(&texts).zip(theirs) {
        let theirs = theirs.unwrap_or_default();
        assert_eq!(theirs.len(), 1, "{text:?}");
        assert_eq!(theirs[0]["v"].to_string(), *kept, "{text:?}");
        let error = ours(whole).expect_err("a text that is refused");
        assert!(is_on_purpose(&error), "{text:?}: {error:?}");
        assert_eq!(error.line, *line, "{text:?}: {error:?}");
    }
}

/// What every text begins with, so that kubectl takes it for an object.
const HEAD: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: NAME, namespace: default}\n";

/// Returns what the plugin reads, without documents that hold nothing.
fn ours(text: &str) -> Result<Vec<Value>, SyntaxError> {
    let nodes = document::parse(&text.replace("NAME", "x"))?;
    Ok(nodes.iter().map(value_of).filter(|value| !value.is_null()).map(alike_numbers).collect())
}

fn value_of(node: &YamlNode) -> Value {
    match &node.value {
        Read::Null => Value::Null,
        Read::Bool(value) => (*value).into(),
        Read::Int(value) => (*value).into(),
        Read::Float(value) => (*value).into(),
        Read::String(text) => (**text).into(),
        Read::List(items) => items.iter().map(value_of).collect(),
        Read::Map(fields) => fields
            .iter()
            .map(|(key, node)| (key.to_string(), value_of(node)))
            .collect::<serde_json::Map<_, _>>()
            .into(),
    }
}

/// Writes numbers alike, however they were printed.
fn alike_numbers(value: Value) -> Value {
    match value {
        Value::Number(number) => number.as_f64().into(),
        Value::Array(items) => items.into_iter().map(alike_numbers).collect(),
        Value::Object(fields) => {
            let fields = fields.into_iter().map(|(key, value)| (key, alike_numbers(value)));
            fields.collect::<serde_json::Map<_, _>>().into()
        }
        other => other,
    }
}

/// Returns what kubectl reads of each text; nothing where it refuses it.
fn kubectl(plane: &ControlPlane, texts: &[String]) -> Vec<Option<Vec<Value>>> {
    let folder = tempfile::tempdir().expect("a folder");
    let path = |index: usize| folder.path().join(format!("t{index}.yaml"));
    for (index, text) in texts.iter().enumerate() {
        fs::write(path(index), text.replace("NAME", &format!("t{index}"))).expect("a written file");
    }
    let mut command = plane.kubectl_command("admin");
    command
        .args(["create", "--dry-run=client", "--validate=false", "-o", "json", "-f"])
        .arg(folder.path());
    // It fails for the sake of those that it refuses.
    let output = run(command, None);
    let mut read: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for value in serde_json::Deserializer::from_str(&output.stdout).into_iter::<Value>() {
        let mut value = alike_numbers(value.expect("an object of kubectl"));
        let name = value["metadata"]["name"].as_str().expect("a name").to_owned();
        value["metadata"]["name"] = "x".into();
        read.entry(name).or_default().push(value);
    }
    let is_refused = |path: &Path| output.stderr.contains(&format!("parsing {}: ", path.display()));
    let of = |index: usize| match is_refused(&path(index)) {
        true => None,
        false => Some(read.remove(&format!("t{index}")).unwrap_or_default()),
    };
    (0..texts.len()).map(of).collect()
}
