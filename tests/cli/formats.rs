//! Tables and graphs are what they claim to be, whatever the names in them hold, and lose nothing.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::run::{Folder, items};

/// Names that mean something to spreadsheets, Markdown, Graphviz or Mermaid.
const HOSTILE: [&str; 14] = [
    "=1+2",
    "@sum",
    "-x",
    "a,b",
    "a\"b",
    "a|b",
    "a\\|b",
    "a`b``c",
    "a]-->b",
    "a\\N&lt;b",
    "a#quot;b",
    "%%{init}",
    "end",
    "1. **b** <img> @me www.x.y",
];

/// A namespace that no machine would accept, whose pods have all the hostile names.
const NAMESPACE: &str = "x\"}]|`y";

/// Two namespaces; one of them is whole.
fn hostile() -> Folder {
    let pod = |namespace: &str, name: &str| {
        let labels = json!({"closed": (name == HOSTILE[0]).to_string()});
        let metadata = json!({"name": name, "namespace": namespace, "labels": labels});
        json!({"apiVersion": "v1", "kind": "Pod", "metadata": metadata})
    };
    let mut objects: Vec<Value> = HOSTILE.iter().map(|name| pod(NAMESPACE, name)).collect();
    objects.extend(["a", "b", "c"].map(|name| pod("whole", name)));
    // One pod of the first namespace cannot be reached, so that the others are named.
    objects.push(json!({
        "apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy",
        "metadata": {"name": "closed", "namespace": NAMESPACE},
        "spec": {"podSelector": {"matchLabels": {"closed": "true"}}}
    }));
    objects.push(json!({
        "apiVersion": "cilium.io/v2", "kind": "CiliumNetworkPolicy",
        "metadata": {"name": "c\ne", "namespace": "other"}, "spec": {}
    }));
    let list = json!({"apiVersion": "v1", "kind": "List", "items": objects});
    Folder::of(&[("f.yaml", &list.to_string())])
}

/// Reads records as RFC 4180 has them.
fn records(text: &str) -> Vec<Vec<String>> {
    let (mut rows, mut row, mut field, mut quoted) = (Vec::new(), Vec::new(), String::new(), false);
    let mut rest = text.chars().peekable();
    while let Some(next) = rest.next() {
        match next {
            '"' if quoted && rest.next_if_eq(&'"').is_some() => field.push('"'),
            '"' if quoted => quoted = false,
            '"' => {
                assert!(field.is_empty(), "a quote inside of {field}");
                quoted = true;
            }
            ',' if !quoted => row.push(std::mem::take(&mut field)),
            '\r' if !quoted => {
                assert_eq!(rest.next(), Some('\n'));
                row.push(std::mem::take(&mut field));
                rows.push(std::mem::take(&mut row));
            }
            other => {
                assert!(quoted || other != '\n', "a line break in {field}");
                field.push(other);
            }
        }
    }
    assert!(row.is_empty() && field.is_empty() && !quoted, "the end is missing");
    rows
}

#[test]
fn csv_has_every_connection_of_json_and_no_formula() {
    for (folder, arguments) in [
        (Folder::shop(), "list -f shop.yaml"),
        (Folder::shop(), "list --pods -f shop.yaml"),
        (hostile(), "list --pods -f f.yaml"),
    ] {
        let rows = records(&folder.run(&format!("{arguments} -o csv")).out);
        let answer = folder.json(arguments);
        let connections = items(&answer["connections"]);
        assert_eq!(rows.len(), connections.len() + 1, "{arguments}");
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let list = |value: &Value| items(value).iter().map(text).collect::<Vec<_>>().join(" ");
        for (row, connection) in rows.iter().skip(1).zip(connections) {
            assert_eq!(row.len(), rows[0].len(), "{row:?}");
            assert!(!row.iter().any(|field| field.starts_with(['=', '+', '-', '@'])), "{row:?}");
            let verdict = text(&connection["verdict"]);
            assert_eq!(row[8..], [list(&connection["ports"]), verdict], "{row:?}");
            for (fields, end) in
                [(&row[..4], &connection["source"]), (&row[4..8], &connection["destination"])]
            {
                let members = format!("{} {}", list(&end["pods"]), list(&end["ips"]));
                assert_eq!(fields[2], text(&end["kind"]));
                assert_eq!(fields[3], members.trim());
                let named = fields[0].ends_with(text(&end["name"]).trim_end_matches('\n'));
                assert!(named || fields[0] == list(&end["cidrs"]).replace("/32", ""), "{row:?} {end}");
            }
        }
        let bare = folder.run(&format!("{arguments} -o csv --no-headers")).out;
        assert_eq!(records(&bare), rows[1..], "{arguments}");
    }
}

/// Where the columns of ports begin in a record of a diff.
const BEFORE: usize = 9;

#[test]
fn csv_of_a_diff_has_every_change_and_every_isolation_of_json() {
    let shop = Folder::shop();
    shop.write("new.yaml", crate::diff::OVERLAY.as_bytes());
    let mut turns = std::collections::BTreeSet::new();
    for (folder, arguments) in [
        (&shop, "diff --base shop.yaml -f new.yaml"),
        (&shop, "diff --base shop.yaml --without shop/netpol/web"),
        (&shop, "diff --base shop.yaml --without db/netpol/allow-api"),
        (&hostile_diff(), "diff --base f.yaml -f new.yaml"),
    ] {
        let rows = records(&folder.run(&format!("{arguments} -o csv")).out);
        let answer: Value =
            serde_json::from_str(&folder.run(&format!("{arguments} -o json")).out).unwrap();
        let (changes, isolations) = (items(&answer["changes"]), items(&answer["isolations"]));
        assert_eq!(rows.len(), 1 + changes.len() + isolations.len(), "{arguments}");
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let list = |value: &Value| items(value).iter().map(text).collect::<Vec<_>>().join(" ");
        for row in &rows {
            assert_eq!(row.len(), rows[0].len(), "{row:?}");
            assert!(!row.iter().any(|field| field.starts_with(['=', '+', '-', '@'])), "{row:?}");
        }
        for (row, change) in rows.iter().skip(1).zip(changes) {
            let ports = ["before", "beforeUnsure", "after", "afterUnsure"].map(|own| list(&change[own]));
            assert_eq!((&row[0], &row[BEFORE..BEFORE + 4]), (&text(&change["change"]), &ports[..]));
            assert_eq!(
                [&row[3], &row[7]],
                [&text(&change["source"]["kind"]), &text(&change["destination"]["kind"])]
            );
            let causes = items(&change["causes"]);
            assert_eq!(row[BEFORE + 4].split("; ").count(), causes.len(), "{row:?}");
            for cause in causes.iter().filter(|cause| cause["origin"]["file"].is_string()) {
                let place = format!("({}:{})", text(&cause["origin"]["file"]), cause["origin"]["line"]);
                assert!(row[BEFORE + 4].contains(&place), "{row:?}");
            }
            assert_eq!(row[BEFORE + 5..], ["", ""], "{row:?}");
        }
        for (row, own) in rows.iter().skip(1 + changes.len()).zip(isolations) {
            let verb = if own["change"] == "removed" { "unisolated" } else { "isolated" };
            assert_eq!(row[0], format!("{verb}-{}", text(&own["direction"])));
            let (subject, nobody) = match own["direction"] == "egress" {
                true => (&row[1..5], &row[5..9]),
                false => (&row[5..9], &row[1..5]),
            };
            assert_eq!(
                subject[1..3],
                [text(&own["subject"]["namespace"]), text(&own["subject"]["kind"])]
            );
            assert!(nobody.iter().all(String::is_empty), "{row:?}");
            assert_eq!(row[BEFORE + 5..], [own["lost"].to_string(), own["narrowed"].to_string()]);
            assert!(row[BEFORE + 4].starts_with("NetworkPolicy "), "{row:?}");
            turns.insert(row[0].clone());
        }
    }
    assert_eq!(turns.len(), 4, "every turn is tried: {turns:?}");
}

#[test]
fn a_cell_that_a_spreadsheet_would_run_is_text() {
    let text = "apiVersion: v1\nkind: Pod\nmetadata: {name: a, namespace: \"=cmd|' /C calc'!A0\"}\n---\n\
                apiVersion: v1\nkind: Pod\nmetadata: {name: c, namespace: \"=cmd|' /C calc'!A0\"}\n---\n\
                apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: deny, namespace: x}\nspec: {podSelector: {}}\n";
    let rows = records(&Folder::of(&[("f.yaml", text)]).run("list -f f.yaml -o csv").out);
    assert_eq!(rows[1][1], "'=cmd|' /C calc'!A0");
    assert_eq!(rows[1][0], "'=cmd|' /C calc'!A0/pod/a");
}

/// Splits a row of a table at the pipes that GitHub takes for the ends of cells.
fn cells(line: &str) -> usize {
    let (mut count, mut escaped) = (0, false);
    for c in line.chars() {
        count += usize::from(c == '|' && !escaped);
        escaped = c == '\\' && !escaped;
    }
    count - 1
}

#[test]
fn every_row_of_a_markdown_table_has_three_cells_of_text_and_code() {
    for (folder, arguments) in
        [(Folder::shop(), "list -f shop.yaml -o md"), (hostile(), "list -f f.yaml -o md")]
    {
        let out = folder.run(arguments).out;
        let table: Vec<&str> = out.lines().take_while(|line| !line.is_empty()).collect();
        assert_eq!(table[..2], ["| Source | Destination | Ports |", "| --- | --- | --- |"]);
        assert!(table.len() > 10);
        for line in &table[2..] {
            assert_eq!(cells(line), 3, "{line}");
            // What is left when the code is taken away.
            let outside: String = line.split('`').step_by(2).collect();
            let outside: String =
                outside.split("<code>").map(|part| part.split("</code>").last().unwrap()).collect();
            let harmless = |c: char| c.is_alphanumeric() || " |,/()-".contains(c);
            assert!(outside.chars().all(harmless), "{line}: {outside}");
            assert_eq!(line.matches('`').count() % 2, 0, "{line}");
        }
        let limits: Vec<&str> = out.lines().skip(table.len() + 1).collect();
        assert!(limits.iter().any(|line| line.starts_with("- **gap:** ")), "{out}");
        assert!(limits.iter().all(|line| line.starts_with("- **")), "{out}");
    }
}

/// What a graph says: its clusters, nodes and edges, with the labels read back.
#[derive(Debug, Default, PartialEq, Eq)]
struct Drawn {
    clusters: Vec<String>,
    nodes: Vec<(String, String)>,
    edges: Vec<(String, String, String)>,
    /// The colours of edges, by their number.
    colours: BTreeMap<usize, String>,
    /// What stands beside the drawing.
    summary: Vec<String>,
    gaps: bool,
}

impl Drawn {
    /// Lists the connections that the edges stand for, each with its ends: a box of several names
    /// leads from each to each, but not from a pod to itself.
    fn connections(&self) -> Vec<[String; 3]> {
        let names = |id: &str| {
            let (_, label) = self.nodes.iter().find(|(own, _)| own == id).unwrap();
            told(label).into_iter().map(|name| format!("{id} {name}")).collect::<Vec<_>>()
        };
        let mut all = Vec::new();
        for (from, to, label) in &self.edges {
            for source in names(from) {
                let to = names(to).into_iter();
                let others = to.filter(|own| *own != source || !source.contains(" pod/"));
                all.extend(others.map(|to| [source.clone(), to, label.clone()]));
            }
        }
        all
    }

    fn of(graph: &str, text: &str) -> Self {
        let mut drawn = Self::default();
        match graph {
            "dot" => drawn.dot(text),
            _ => drawn.mermaid(text),
        }
        for (from, to, _) in &drawn.edges {
            for end in [from, to] {
                assert_eq!(drawn.nodes.iter().filter(|(id, _)| id == end).count(), 1, "{end}: {text}");
            }
        }
        drawn
    }

    /// Reads the subset of Graphviz's language that is written.
    fn dot(&mut self, text: &str) {
        let code: Vec<&str> = text.lines().filter(|line| !line.starts_with("// ")).collect();
        let mut tokens = tokens(&code.join("\n")).into_iter().peekable();
        let mut next = || tokens.next().unwrap_or_default();
        assert_eq!([next(), next(), next()], ["digraph", "netpol", "{"]);
        let mut depth = 1;
        while depth > 0 {
            let word = next();
            match &*word {
                "}" => depth -= 1,
                "subgraph" => {
                    assert!(next().starts_with("cluster_"));
                    assert_eq!([next(), next(), next()], ["{", "label", "="]);
                    self.clusters.push(label(&next()));
                    assert_eq!(next(), ";");
                    depth += 1;
                }
                "rankdir" => assert_eq!([next(), next(), next()], ["=", "LR", ";"]),
                _ => {
                    assert!(["node", "gaps", "summary"].contains(&&*word) || is_id(&word), "{word}");
                    let mut token = next();
                    let to = (token == "->").then(&mut next);
                    if to.is_some() {
                        token = next();
                    }
                    assert_eq!(token, "[");
                    let (mut text, mut colours) = (String::new(), Vec::new());
                    while token != "]" {
                        let name = next();
                        assert_eq!(next(), "=");
                        let value = next();
                        match &*name {
                            "label" => text = label(&value),
                            "shape" | "style" => assert!(value.chars().all(char::is_alphabetic)),
                            "color" | "fontcolor" => colours.push(colour(&label(&value))),
                            other => assert_eq!(other, "", "an attribute"),
                        }
                        token = next();
                        assert!(token == "," || token == "]", "{token}");
                    }
                    assert_eq!(next(), ";");
                    match (&*word, to) {
                        ("node", None) => {}
                        ("gaps", None) => self.gaps = true,
                        ("summary", None) => self.summary = told(&text),
                        (_, Some(to)) => {
                            if let [line, words] = &colours[..] {
                                assert_eq!(line, words);
                                self.colours.insert(self.edges.len(), line.clone());
                            }
                            self.edges.push((word, to, text));
                        }
                        (_, None) => self.nodes.push((word, text)),
                    }
                }
            }
        }
        assert_eq!(next(), "");
    }

    /// Reads the subset of Mermaid's language that is written.
    fn mermaid(&mut self, text: &str) {
        let mut lines = text.lines();
        assert_eq!(lines.next(), Some("flowchart LR"));
        let mut inside = false;
        for line in lines.map(str::trim) {
            if let Some(comment) = line.strip_prefix("%% ") {
                assert!(!comment.contains('{'), "{line}");
            } else if let Some(rest) = line.strip_prefix("subgraph ") {
                let (_, name) = quoted(rest, "[", "]");
                self.clusters.push(name);
                assert!(!std::mem::replace(&mut inside, true), "{line}");
            } else if let Some(rest) = line.strip_prefix("linkStyle ") {
                let (numbers, style) = rest.split_once(" stroke:").unwrap();
                let (stroke, words) = style.split_once(",color:").unwrap();
                assert_eq!(stroke, words);
                for number in numbers.split(',').map(|number| number.parse().unwrap()) {
                    assert!(number < self.edges.len(), "Mermaid refuses an edge that is not there");
                    let before = self.colours.insert(number, colour(stroke));
                    assert_eq!(before, None, "{line}");
                }
            } else if line == "end" {
                assert!(std::mem::replace(&mut inside, false), "{line}");
            } else if let Some((from, rest)) =
                line.split_once(" -->|").or_else(|| line.split_once(" -.->|"))
            {
                let (label, to) = rest.split_once("| ").unwrap();
                let (_, label) = quoted(label, "", "");
                self.edges.push((from.to_owned(), to.to_owned(), label));
            } else {
                let shapes = [("[[", "]]"), ("([", "])"), ("[", "]")];
                let (open, close) =
                    shapes.into_iter().find(|(open, _)| line.contains(&format!("{open}\""))).unwrap();
                let (id, label) = quoted(line, open, close);
                match &*id {
                    "gaps" => self.gaps = true,
                    "summary" => self.summary = told(&label),
                    _ => self.nodes.push((id, label)),
                }
            }
        }
        assert!(!inside);
    }
}

fn told(text: &str) -> Vec<String> {
    text.lines().map(str::to_owned).collect()
}

/// Checks that a colour is one.
fn colour(text: &str) -> String {
    let digits = text.strip_prefix('#').unwrap();
    assert!(digits.len() == 6 && digits.chars().all(|c| c.is_ascii_hexdigit()), "{text}");
    text.to_owned()
}

fn is_id(word: &str) -> bool {
    word.strip_prefix('n').is_some_and(|number| number.parse::<usize>().is_ok())
}

/// Splits Graphviz's language into identifiers, quoted strings and signs.
fn tokens(text: &str) -> Vec<String> {
    let mut tokens = Vec::new();
    let mut rest = text.chars().peekable();
    while let Some(first) = rest.next() {
        let mut token = String::from(first);
        match first {
            '"' => loop {
                let next = rest.next().unwrap();
                token.push(next);
                match next {
                    '\\' => token.push(rest.next().unwrap()),
                    '"' => break,
                    _ => assert!(!next.is_control(), "{token}"),
                }
            },
            '-' => token.push(rest.next_if_eq(&'>').unwrap()),
            _ if first.is_whitespace() => continue,
            _ if first.is_alphanumeric() => {
                while let Some(next) = rest.next_if(|c| c.is_alphanumeric() || *c == '_') {
                    token.push(next);
                }
            }
            _ => assert!("{}[]=,;".contains(first), "{first} in {text}"),
        }
        tokens.push(token);
    }
    tokens
}

/// Reads a label of Graphviz back.
fn label(token: &str) -> String {
    let inner = token.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap();
    let mut rest = inner.chars();
    let mut text = String::new();
    while let Some(next) = rest.next() {
        match next {
            '\\' => match rest.next() {
                Some('l' | 'n') => text.push('\n'),
                Some(own @ ('"' | '\\')) => text.push(own),
                other => assert_eq!(other, None, "an escape in {token}"),
            },
            other => text.push(other),
        }
    }
    assert_eq!(text.matches('&').count(), text.matches("&amp;").count(), "an entity in {token}");
    text.replace("&amp;", "&")
}

/// Reads `id["text"]` of Mermaid, with characters by number.
fn quoted(line: &str, open: &str, close: &str) -> (String, String) {
    let (id, rest) = line.split_once(&format!("{open}\"")).unwrap();
    assert!(id.chars().all(char::is_alphanumeric), "{line}");
    let text = rest.strip_suffix(&format!("\"{close}")).unwrap();
    let mut parts = text.replace("<br/>", "\n");
    while let Some((before, rest)) = parts.split_once('#') {
        assert!(before.chars().all(is_plain), "{line}");
        let (number, after) = rest.split_once(';').unwrap();
        let own = char::from_u32(number.parse().unwrap()).unwrap();
        // A private character stands for one that was read, so that it is not read again.
        let own = if own == '#' { '\u{e000}' } else { own };
        assert!(own != '\u{e001}');
        parts = format!("{}{}{}", before, private(own), after);
    }
    (id.to_owned(), parts.chars().map(public).collect())
}

fn is_plain(c: char) -> bool {
    c.is_alphanumeric() || " ./,:()-\n".contains(c) || ('\u{e000}'..='\u{e0ff}').contains(&c)
}

/// Moves an ASCII sign out of the way.
fn private(c: char) -> char {
    if c.is_ascii() { char::from_u32(0xe000 + u32::from(c)).unwrap() } else { c }
}

fn public(c: char) -> char {
    match c {
        '\u{e000}' => '#',
        '\u{e001}'..='\u{e0ff}' => char::from_u32(u32::from(c) - 0xe000).unwrap(),
        other => other,
    }
}

#[test]
fn graphs_are_of_their_grammar_and_say_the_same() {
    for (folder, arguments) in [
        (Folder::shop(), "list -f shop.yaml"),
        (Folder::shop(), "list --pods -f shop.yaml"),
        (Folder::shop(), "list -n shop --port 8080 -f shop.yaml"),
        (hostile(), "list -f f.yaml"),
    ] {
        let draw = |format| Drawn::of(format, &folder.run(&format!("{arguments} -o {format}")).out);
        let (dot, mermaid) = (draw("dot"), draw("mermaid"));
        assert_eq!(dot, mermaid, "{arguments}");
        assert!(dot.gaps && dot.edges.len() > 2 && !dot.clusters.is_empty(), "{arguments}: {dot:?}");
        // A table of the same summary has a row for each connection of boxes.
        let table = folder.run(&format!("{arguments} -o md")).out;
        let rows = table.lines().take_while(|line| !line.is_empty()).count() - 2;
        assert_eq!(dot.connections().len(), rows, "{arguments}");
    }
}

#[test]
fn a_graph_shows_names_as_they_are_inside_their_namespace() {
    let drawn = Drawn::of("mermaid", &hostile().run("list -f f.yaml -o mermaid").out);
    assert_eq!(drawn.clusters, ["ns/whole", "ns/x\"}]|`y"]);
    let labels: Vec<&str> = drawn.nodes.iter().map(|(_, label)| &**label).collect();
    assert!(labels.contains(&"all pods"), "{labels:?}");
    assert!(!labels.contains(&"pod/b"), "{labels:?}");
}

#[test]
fn a_graph_of_many_connections_is_small_where_namespaces_go_together() {
    let mut text = String::new();
    for number in 0..80 {
        let (namespace, name) = (number / 20, number % 20);
        text.push_str(&format!(
            "apiVersion: v1\nkind: Pod\nmetadata: {{name: p{name}, namespace: ns-{namespace}}}\n---\n"
        ));
    }
    for namespace in 0..4 {
        text.push_str(&format!(
            "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {{name: inside, namespace: ns-{namespace}}}\n\
             spec: {{podSelector: {{}}, ingress: [{{from: [{{podSelector: {{}}}}]}}]}}\n---\n"
        ));
    }
    let folder = Folder::of(&[("f.yaml", &text)]);
    assert!(items(&folder.json("list -f f.yaml")["connections"]).len() > 4 * 20 * 19);
    let drawn = Drawn::of("dot", &folder.run("list -f f.yaml -o dot").out);
    // From each namespace to itself and to the addresses outside.
    assert_eq!((drawn.nodes.len(), drawn.edges.len(), drawn.clusters.len()), (5, 8, 4), "{drawn:?}");
}

/// Two namespaces of hostile names, and what is laid over them: all three kinds of changes.
fn hostile_diff() -> Folder {
    let folder = hostile();
    let policy = |namespace: &str, ports: Value| {
        let ingress = json!([{"from": [{"namespaceSelector": {}}], "ports": ports}]);
        json!({
            "apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy",
            "metadata": {"name": "closed", "namespace": namespace},
            "spec": {"podSelector": {}, "ingress": ingress}
        })
    };
    let new = [policy(NAMESPACE, json!([{"port": 80}])), policy("whole", json!([{"port": 81}]))];
    let new = json!({"apiVersion": "v1", "kind": "List", "items": new});
    folder.write("new.yaml", new.to_string().as_bytes());
    folder
}

#[test]
fn graphs_of_changes_are_of_their_grammar_and_say_the_same_in_colour() {
    let shop = Folder::shop();
    shop.write("new.yaml", crate::diff::OVERLAY.as_bytes());
    let mut seen = BTreeMap::new();
    for (folder, arguments) in [
        (&shop, "diff --base shop.yaml -f new.yaml"),
        (&shop, "diff --base shop.yaml --without shop/netpol/web"),
        (&hostile_diff(), "diff --base f.yaml -f new.yaml"),
    ] {
        let draw = |format| {
            let ended = folder.run(&format!("{arguments} -o {format}"));
            assert_eq!(ended.code, Some(1), "{arguments}: {}", ended.err);
            Drawn::of(format, &ended.out)
        };
        let (dot, mermaid) = (draw("dot"), draw("mermaid"));
        assert_eq!(dot, mermaid, "{arguments}");
        assert!(dot.gaps && !dot.clusters.is_empty(), "{arguments}: {dot:?}");
        let text = folder.run(arguments).out;
        assert_eq!(text.lines().next(), dot.summary.first().map(String::as_str), "{arguments}");
        assert_eq!(dot.colours.len(), dot.edges.len(), "{arguments}");
        for (number, (_, _, label)) in dot.edges.iter().enumerate() {
            let (change, ports) = label.split_once(": ").unwrap();
            assert!(!ports.is_empty(), "{label}");
            let colour = seen.entry(change.to_owned()).or_insert_with(|| dot.colours[&number].clone());
            assert_eq!(*colour, dot.colours[&number], "{label}");
        }
        // A table of the same summary has a row for each change between boxes.
        let table = folder.run(&format!("{arguments} -o md")).out;
        let is_row =
            |line: &&str| ["| added", "| removed", "| changed"].iter().any(|k| line.starts_with(k));
        assert_eq!(dot.connections().len(), table.lines().filter(is_row).count(), "{arguments}");
    }
    assert_eq!(seen.keys().collect::<Vec<_>>(), ["added", "changed", "removed"]);
    let colours: std::collections::BTreeSet<&String> = seen.values().collect();
    assert_eq!(colours.len(), 3);
}

#[test]
fn a_graph_of_changes_tells_new_isolation_and_an_empty_one_that_there_is_none() {
    let folder = Folder::shop();
    folder.write("new.yaml", crate::diff::OVERLAY.as_bytes());
    for format in ["dot", "mermaid"] {
        let drawn = Drawn::of(
            format,
            &folder.run(&format!("diff --base shop.yaml -f new.yaml -o {format}")).out,
        );
        assert_eq!(
            drawn.summary,
            [
                "4 connections removed, 1 changed, 1 new isolation.",
                "shop/deploy/api becomes isolated for egress (loses 4 destinations)"
            ]
        );
        let ended = folder.run(&format!("diff shop.yaml shop.yaml -o {format}"));
        assert_eq!(ended.code, Some(0));
        let nothing = vec!["No connection changes were found; see the gaps.".to_owned()];
        let expected = Drawn { gaps: true, summary: nothing, ..Drawn::default() };
        assert_eq!(Drawn::of(format, &ended.out), expected, "{format}");
    }
}

/// Workloads and pods of which one in each namespace is closed, so that no namespace is whole.
fn with_closed_ones(kinds: &[&str]) -> Folder {
    let mut text = String::new();
    for (namespace, number) in
        (0..3).flat_map(|namespace| (0..12).map(move |number| (namespace, number)))
    {
        let metadata =
            format!("{{name: p{number}, namespace: n{namespace}, labels: {{own: x{number}}}}}");
        text += &match kinds[number % kinds.len()] {
            "Pod" => format!("apiVersion: v1\nkind: Pod\nmetadata: {metadata}\n---\n"),
            kind => format!(
                "apiVersion: apps/v1\nkind: {kind}\nmetadata: {metadata}\nspec: {{replicas: 2, selector: {{matchLabels: \
                 {{own: x{number}}}}}, template: {{metadata: {{labels: {{own: x{number}}}}}, spec: {{containers: []}}}}}}\n---\n"
            ),
        };
    }
    for namespace in 0..3 {
        text += &format!(
            "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {{name: closed, namespace: n{namespace}}}\n\
             spec: {{podSelector: {{matchLabels: {{own: x0}}}}, policyTypes: [Ingress, Egress]}}\n---\n"
        );
    }
    Folder::of(&[("f.yaml", &text)])
}

#[test]
fn ends_with_the_same_edges_share_a_box() {
    for (kinds, boxes) in [(&["Pod"][..], 4), (&["Deployment"], 4), (&["Pod", "Deployment"], 4)] {
        let folder = with_closed_ones(kinds);
        let drawn = Drawn::of("dot", &folder.run("list -f f.yaml -o dot").out);
        let table = folder.run("list -f f.yaml -o md").out;
        let rows = table.lines().take_while(|line| !line.is_empty()).count() - 2;
        // Three namespaces and the addresses outside, each to each but from outside to outside.
        assert!(rows > 1000, "{kinds:?}: {rows}");
        assert_eq!((drawn.nodes.len(), drawn.edges.len()), (boxes, 15), "{kinds:?}: {drawn:?}");
        assert_eq!(drawn.connections().len(), rows, "{kinds:?}");
    }
}

/// Replicas of the first workload may not talk to each other: a box with an edge to itself would
/// say that they may.
#[test]
fn an_edge_of_a_box_to_itself_says_nothing_that_is_not_so() {
    let template = |name: &str| {
        format!(
            "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: {name}, namespace: x}}\nspec: {{replicas: 2, selector: \
             {{matchLabels: {{app: {name}}}}}, template: {{metadata: {{labels: {{app: {name}}}}}, spec: {{containers: []}}}}}}\n---\n"
        )
    };
    let other = |name: &str, other: &str| {
        format!(
            "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {{name: {name}, namespace: x}}\nspec: \
             {{podSelector: {{matchLabels: {{app: {name}}}}}, ingress: [{{from: [{{podSelector: {{matchLabels: {{app: {other}}}}}}}]}}]}}\n---\n"
        )
    };
    let text = [template("a"), template("b"), other("a", "b"), other("b", "a")].concat();
    let folder = Folder::of(&[("f.yaml", &text)]);
    let drawn = Drawn::of("dot", &folder.run("list -f f.yaml -o dot --from ns/x --to ns/x").out);
    let labels: Vec<&str> = drawn.nodes.iter().map(|(_, label)| &**label).collect();
    assert_eq!(labels, ["deploy/a", "deploy/b"]);
    assert_eq!(drawn.edges.len(), 2, "{drawn:?}");
}

#[test]
fn a_graph_of_many_changes_is_small_where_namespaces_go_together() {
    let mut text = String::new();
    for number in 0..80 {
        let (namespace, name) = (number / 20, number % 20);
        text.push_str(&format!(
            "apiVersion: v1\nkind: Pod\nmetadata: {{name: p{name}, namespace: ns-{namespace}}}\n---\n"
        ));
    }
    let folder = Folder::of(&[("f.yaml", &text)]);
    let deny = "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: deny, namespace: ns-0}\n\
                spec: {podSelector: {}, ingress: [{from: [{podSelector: {}}]}]}\n";
    folder.write("deny.yaml", deny.as_bytes());
    let rows = records(&folder.run("diff --base f.yaml -f deny.yaml -o csv").out).len();
    assert!(rows > 60 * 20, "{rows}");
    let drawn = Drawn::of("mermaid", &folder.run("diff --base f.yaml -f deny.yaml -o mermaid").out);
    // From each other namespace and from the addresses outside.
    assert_eq!((drawn.nodes.len(), drawn.edges.len(), drawn.clusters.len()), (5, 4, 4), "{drawn:?}");
}

#[test]
fn a_gap_is_told_in_every_format() {
    let folder = Folder::shop();
    for format in ["wide", "json", "yaml", "csv", "md", "dot", "mermaid"] {
        let ended = folder.run(&format!("list -f shop.yaml -o {format}"));
        let told =
            format!("{}{}", ended.out, ended.err).split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(told.contains("CiliumNetworkPolicy.cilium.io is not judged"), "{format}: {told}");
        assert!(told.contains("ingress from a pod's own node"), "{format}: {told}");
        assert_eq!(ended.err.is_empty(), format != "csv", "{format}: {}", ended.err);
    }
}

#[test]
fn nothing_is_an_empty_table_and_an_empty_graph() {
    let folder = Folder::shop();
    let ask = |format| {
        folder.run(&format!("list --from 203.0.113.1 --to 203.0.113.2 -f shop.yaml -o {format}")).out
    };
    assert_eq!(records(&ask("csv")).len(), 1);
    assert!(ask("md").starts_with("No connections were found; see the gaps.\n\n- **caveat:** "));
    // Of one namespace, it is not said of all.
    let own = "-n shop --from 203.0.113.1 --to 203.0.113.2";
    let told = folder.run(&format!("list {own} -f shop.yaml")).out;
    assert!(told.starts_with("No connections were found in namespace shop; see the gaps."), "{told}");
    for format in ["dot", "mermaid"] {
        let drawn = Drawn::of(format, &ask(format));
        assert_eq!(drawn, Drawn { gaps: true, ..Drawn::default() }, "{format}");
    }
}
