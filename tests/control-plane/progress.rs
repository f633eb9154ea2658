//! How far a refresh has come is shown on a terminal while it runs, and nowhere else.

use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use libtest_mimic::Trial;

use super::Shared;
use super::harness::ControlPlane;
use super::name_server::{NameServer, Reply};
use super::plugin::PLUGIN;
use super::process::run;
use super::refresh::{FIRST, SECOND, remember};

/// Lists the trial of this file; the terminal is made by `script` of util-linux.
pub(crate) fn trials(shared: &Arc<Shared>) -> Vec<Trial> {
    let trial = || shared.trial("progress::is_shown_on_a_terminal_and_gone_with_the_answer", shown);
    cfg!(target_os = "linux").then(trial).into_iter().collect()
}

fn shown(plane: &ControlPlane) {
    let namespace = "progress";
    for host in ["a.example.test", "b.example.test", "slow.example.test"] {
        remember(plane, namespace, &[host]);
    }
    let server = NameServer::start(|question, _| {
        let is_slow = question.name.starts_with("slow");
        std::thread::sleep(Duration::from_millis(if is_slow { 300 } else { 120 }));
        Reply::Addresses([FIRST, SECOND].map(|ip| ip.parse().expect("an address")).into())
    });
    let asked = format!("refresh-ips -n {namespace} --resolver {}", server.address);
    // What it says of a run that writes nothing is the same each time.
    let check = format!("{asked} --check");
    let piped = bash(plane, &format!("\"$PLUGIN\" {check}"));
    assert_eq!((&*piped.1, piped.2), ("", Some(1)), "{}", piped.0);

    let (seen, _, code) = bash(plane, &terminal(&check));
    assert_eq!(code, Some(1), "{seen}");
    for line in ["checked 0/3 policies\r", "checked 2/3 policies\r"] {
        assert!(seen.contains(line), "{line:?}: {seen:?}");
    }
    assert_eq!(screen(&seen), piped.0, "{seen:?}");

    // Where only the answer goes to the terminal, the line does not.
    let (seen, _, _) = bash(plane, &terminal(&format!("{check} 2>/dev/null")));
    assert_eq!(seen.replace("\r\n", "\n"), piped.0);

    let (seen, _, code) = bash(plane, &terminal(&asked));
    assert!(code == Some(0) && seen.contains("refreshed 2/3 policies\r"), "{seen:?}");
}

/// Returns the line of a shell that runs the plugin on a terminal.
fn terminal(arguments: &str) -> String {
    let line = format!("stty rows 24 cols 80; NO_COLOR=1 TERM=xterm \"$PLUGIN\" {arguments}");
    format!("script -qec '{line}' /dev/null </dev/null")
}

/// Runs a line of a shell; returns what it writes, what it tells beside that, and how it ends.
fn bash(plane: &ControlPlane, line: &str) -> (String, String, Option<i32>) {
    let mut command: Command = plane.command("admin", "bash");
    command.args(["-c", line]).env("PLUGIN", PLUGIN);
    let output = run(command, None);
    (output.stdout, output.stderr, output.code)
}

/// Returns what a terminal shows in the end: what follows the begin of a line is written over it.
fn screen(text: &str) -> String {
    let mut lines = vec![Vec::new()];
    let mut column = 0;
    for character in text.chars() {
        match character {
            '\r' => column = 0,
            '\n' => {
                lines.push(Vec::new());
                column = 0;
            }
            _ => {
                let line = lines.last_mut().expect("a line");
                line.resize(line.len().max(column + 1), ' ');
                line[column] = character;
                column += 1;
            }
        }
    }
    let lines = lines.into_iter().map(|line| line.into_iter().collect::<String>());
    lines.map(|line| line.trim_end().to_owned()).collect::<Vec<_>>().join("\n")
}
