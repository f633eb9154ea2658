//! What kustomize makes of a folder. There is no renderer of our own: kubectl's is run, and what it prints
//! is read.

use std::io::{self, Read};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::{Duration, Instant};

use super::bytes;
use crate::yaml::document;
use crate::yaml::tree::YamlNode;

/// What a path begins with that names a folder to be rendered.
const PREFIX: &str = "kustomize:";
/// Says where an object comes from, where a kustomization asks for it.
const ORIGIN: &str = "config.kubernetes.io/origin";
/// A base that has to be fetched takes a while; nothing may take for ever.
const LONGEST: Duration = Duration::from_secs(60);
/// How often a program is asked whether it ended.
const PAUSE: Duration = Duration::from_millis(5);
/// As much as is told of what went wrong.
const MOST_SAID: u64 = 16 << 10;

/// A folder that cannot be rendered.
#[derive(Debug, thiserror::Error)]
pub enum KustomizeError {
    /// There is nothing to render it with.
    #[error("{folder}: kustomize is needed, and neither kubectl nor kustomize is on the PATH")]
    Missing {
        /// The folder.
        folder: String,
    },
    /// The program says why.
    #[error("{0}")]
    Failed(String),
    /// The program did not come to an end.
    #[error("{folder}: kustomize took longer than {} s", .limit.as_secs())]
    Slow {
        /// The folder.
        folder: String,
        /// How long it may take.
        limit: Duration,
    },
    /// What it printed cannot be read.
    #[error("{folder}: what kustomize printed: {problem}")]
    Unreadable {
        /// The folder.
        folder: String,
        /// Why not.
        problem: String,
    },
}

/// A rendered folder.
pub(super) struct Rendered {
    /// What was printed.
    pub(super) text: Vec<u8>,
    /// What was said beside it, line by line.
    pub(super) warnings: Vec<String>,
}

/// Writes a folder that is to be rendered as a path.
pub(crate) fn path(folder: &str) -> String {
    format!("{PREFIX}{folder}")
}

/// Returns the folder that a path names, if it is one to be rendered.
pub(crate) fn folder(path: &str) -> Option<&str> {
    path.strip_prefix(PREFIX)
}

/// Names the place of an object: what was rendered, and the file that it comes from, where it says so.
pub(super) fn place(file: &str, node: &YamlNode) -> Option<String> {
    folder(file)?;
    let origin = node.at(&["metadata", "annotations", ORIGIN]).and_then(YamlNode::text)?;
    let documents = document::parse(origin).ok()?;
    let field = |key| documents.first().and_then(|origin| origin.get(key)).and_then(YamlNode::text);
    let file_of = field("path").or_else(|| field("configuredIn"))?;
    let repository = field("repo").map(|repository| format!("{repository} ")).unwrap_or_default();
    Some(format!("{file} ({repository}{file_of})"))
}

/// Renders a folder by `kubectl kustomize`, or where there is no kubectl by `kustomize build`. Neither is
/// told to run plugins or Helm, or to read files outside of the folder.
pub(super) fn render(folder: &str) -> Result<Rendered, KustomizeError> {
    for (program, word) in [("kubectl", "kustomize"), ("kustomize", "build")] {
        let mut command = Command::new(program);
        // What kubectl's own settings add to a command could be such a flag.
        command.args([word, "--", folder]).env("KUBERC", "off");
        match run(command, folder, LONGEST) {
            Ok(None) => {}
            Ok(Some(rendered)) => return Ok(rendered),
            Err(error) => return Err(error),
        }
    }
    Err(KustomizeError::Missing { folder: folder.to_owned() })
}

/// Runs a program; nothing where there is none of its name.
fn run(mut command: Command, folder: &str, limit: Duration) -> Result<Option<Rendered>, KustomizeError> {
    let end = Instant::now() + limit;
    let failed = |error: &io::Error| {
        KustomizeError::Failed(format!("{folder}: kustomize cannot be run: {}", bytes::worded(error)))
    };
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = match command.spawn() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        spawned => spawned.map_err(|error| failed(&error))?,
    };
    let text = child.stdout.take().map(|out| in_background(move || bytes::read(out)));
    let said = child.stderr.take().map(|out| in_background(move || first(out)));
    let slow = || KustomizeError::Slow { folder: folder.to_owned(), limit };
    let ended =
        wait(text, end).zip(wait(said, end)).and_then(|read| Some((read, exit(&mut child, end)?)));
    let Some(((text, said), is_success)) = ended else {
        // Whatever it started may go on: nobody waits for it.
        let _ = child.kill();
        let _ = child.wait();
        return Err(slow());
    };
    if !is_success {
        return Err(KustomizeError::Failed(reason(&said, folder)));
    }
    let unreadable = |problem| KustomizeError::Unreadable { folder: folder.to_owned(), problem };
    let bare = said.lines().map(|line| line.trim_start_matches("# Warning: ").trim());
    let warnings = bare.filter(|line| !line.is_empty()).map(|line| format!("{PREFIX}{folder}: {line}"));
    Ok(Some(Rendered { text: text.map_err(unreadable)?, warnings: warnings.collect() }))
}

/// Does something while others are waited for.
fn in_background<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Receiver<T> {
    let (sender, receiver) = mpsc::channel();
    // Whoever gave up does not listen any more.
    thread::spawn(move || drop(sender.send(work())));
    receiver
}

fn wait<T>(receiver: Option<Receiver<T>>, end: Instant) -> Option<T> {
    receiver?.recv_timeout(end.saturating_duration_since(Instant::now())).ok()
}

/// Waits for the end of a program, and tells whether it was a success.
fn exit(child: &mut Child, end: Instant) -> Option<bool> {
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return Some(status.success()),
            Ok(None) if Instant::now() < end => thread::sleep(PAUSE),
            _ => return None,
        }
    }
}

/// Reads the start of what is said, and the rest into nothing.
fn first(mut out: impl Read) -> String {
    let mut said = Vec::new();
    let read = out.by_ref().take(MOST_SAID).read_to_end(&mut said);
    if read.is_ok() {
        let _ = io::copy(&mut out, &mut io::sink());
    }
    String::from_utf8_lossy(&said).into_owned()
}

/// Returns the program's own words for what is wrong.
fn reason(said: &str, folder: &str) -> String {
    let said = said.trim();
    let bare = ["error: ", "Error: "].iter().find_map(|prefix| said.strip_prefix(prefix));
    match bare.unwrap_or(said) {
        "" => format!("{folder}: kustomize failed, and did not say why"),
        reason => reason.to_owned(),
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    fn shell(script: &str, limit: Duration) -> Result<Option<Rendered>, KustomizeError> {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        run(command, "overlay", limit)
    }

    #[test]
    fn nothing_that_a_program_does_takes_for_ever() {
        let short = Duration::from_millis(300);
        for script in
            ["sleep 30", "exec sleep 30 >&- 2>&-", "while :; do echo a >&2; done", "sleep 30 & echo a"]
        {
            let begun = Instant::now();
            let error = shell(script, short).err().map(|error| error.to_string());
            assert_eq!(error.as_deref(), Some("overlay: kustomize took longer than 0 s"), "{script}");
            assert!(begun.elapsed() < Duration::from_secs(10), "{script}: {:?}", begun.elapsed());
        }
    }

    #[test]
    fn what_a_program_says_is_told_or_is_the_error() {
        let long = Duration::from_secs(30);
        let rendered = shell("echo a: b; echo '# Warning: old' >&2", long);
        let rendered = rendered.ok().flatten().map(|own| (own.text, own.warnings));
        assert_eq!(rendered, Some((b"a: b\n".to_vec(), vec!["kustomize:overlay: old".to_owned()])));
        let error = |script| shell(script, long).err().map(|error| error.to_string());
        assert_eq!(error("echo Error: no base >&2; exit 1").as_deref(), Some("no base"));
        let silent = "overlay: kustomize failed, and did not say why";
        assert_eq!(error("echo a: b; exit 3").as_deref(), Some(silent));
        let program = Command::new("no-such-program-at-all");
        assert!(matches!(run(program, "overlay", long), Ok(None)));
    }
}
