//! Runs programs: servers in the background, others to their end.

use std::fs::{self, File};
use std::io::{self, Read, Seek, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use super::assets::program;

/// Holds one running program, and ends it when dropped.
pub(crate) struct Server {
    pub(crate) name: &'static str,
    child: Child,
    log: PathBuf,
}

impl Server {
    /// Starts the program, with its log in the folder.
    pub(crate) fn spawn(
        name: &'static str,
        assets: &Path,
        folder: &Path,
        flags: &[String],
    ) -> io::Result<Self> {
        let log = folder.join(format!("{name}.log"));
        let stderr = File::create(&log)?;
        let child = Command::new(program(assets, name))
            .args(flags)
            // A server of our own build ends when this pipe closes: so none outlives a test run
            // that is killed, when nothing is dropped.
            .env("EXIT_WITH_STDIN", "1")
            .stdin(Stdio::piped())
            .stdout(stderr.try_clone()?)
            .stderr(stderr)
            .spawn()?;
        Ok(Self { name, child, log })
    }

    /// Returns the peak memory of the program so far, in bytes.
    pub(crate) fn peak(&self) -> u64 {
        peak(self.child.id())
    }

    /// Returns how the program ended, if it has.
    pub(crate) fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().ok().flatten()
    }

    /// Returns the end of the log, with a headline.
    pub(crate) fn tail(&self) -> String {
        let log = fs::read(&self.log).unwrap_or_default();
        let log = tail(&String::from_utf8_lossy(&log));
        format!("\n--- the end of {}'s log ---\n{log}", self.name)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Holds what a program left when it ended.
#[derive(Debug)]
pub(crate) struct Output {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Output {
    /// Tells whether the program ended with exit code 0.
    pub(crate) fn is_success(&self) -> bool {
        self.code == Some(0)
    }

    /// Returns the standard output, and panics unless the program succeeded.
    #[track_caller]
    pub(crate) fn expect_success(self) -> String {
        assert!(self.is_success(), "the program failed: {self:#?}");
        self.stdout
    }
}

/// Runs a program to its end, with the text as its standard input.
pub(crate) fn run(mut command: Command, stdin: Option<&str>) -> Output {
    let input = stdin.map_or_else(Stdio::null, |text| {
        // A file and not a pipe: nobody has to write while the program runs.
        let mut file = tempfile::tempfile().expect("a temporary file");
        file.write_all(text.as_bytes()).expect("written input");
        file.rewind().expect("rewound input");
        file.into()
    });
    // No trial goes through the developer's proxy, which kubectl would not ask for the loopback.
    for name in ["HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY", "https_proxy", "http_proxy", "no_proxy"] {
        let is_own = command.get_envs().any(|(own, _)| own == name);
        if !is_own {
            command.env_remove(name);
        }
    }
    let output =
        command.stdin(input).output().unwrap_or_else(|error| panic!("cannot run {command:?}: {error}"));
    Output {
        code: output.status.code(),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

/// Runs a program to its end, and returns its peak memory too, in bytes.
pub(crate) fn run_watched(mut command: Command) -> (Output, u64) {
    // Files and not pipes: nobody reads while the program runs.
    let [mut out, mut err] = [(); 2].map(|()| tempfile::tempfile().expect("a temporary file"));
    let into = |file: &File| Stdio::from(file.try_clone().expect("a file"));
    let mut child = command
        .stdin(Stdio::null())
        .stdout(into(&out))
        .stderr(into(&err))
        .spawn()
        .unwrap_or_else(|error| panic!("cannot run {command:?}: {error}"));
    let mut most = 0;
    let status = loop {
        most = peak(child.id()).max(most);
        if let Some(status) = child.try_wait().expect("the program can be waited for") {
            break status;
        }
        std::thread::sleep(Duration::from_millis(5));
    };
    let text = |file: &mut File| {
        let mut text = String::new();
        file.rewind().and_then(|()| file.read_to_string(&mut text)).expect("what it wrote");
        text
    };
    let output = Output { code: status.code(), stdout: text(&mut out), stderr: text(&mut err) };
    (output, most)
}

/// Returns ports of the loopback that nobody listens on.
pub(crate) fn free_ports<const N: usize>() -> io::Result<[u16; N]> {
    // All are bound at the same time, so that they differ.
    let mut bound = Vec::new();
    let mut ports = [0; N];
    for port in &mut ports {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        *port = listener.local_addr()?.port();
        bound.push(listener);
    }
    Ok(ports)
}

/// Returns the peak memory of a running process, in bytes; zero where the system does not tell.
pub(crate) fn peak(process: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kilobytes = line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<u64>().ok());
    kilobytes.unwrap_or_default() * 1024
}

/// Tells whether somebody listens on the port.
pub(crate) fn listens(port: u16) -> bool {
    TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_ok()
}

/// Returns the last lines of a log.
pub(crate) fn tail(log: &str) -> String {
    let lines: Vec<&str> = log.lines().collect();
    lines[lines.len().saturating_sub(30)..].join("\n")
}
