//! The program as a child process: start it on a free port, talk to it, end it.
//!
//! The program is `LIGHTNING_STORE_BIN` or the `lightning-store` that cargo built into the same target folder. It runs
//! in a fresh temporary folder and sees none of the caller's `LIGHTNING_STORE_*` variables.

use std::ffi::{OsStr, OsString};
use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use crate::clock;
use crate::http::Client;

/// How long a start may take.
const START: Duration = Duration::from_secs(30);
/// How long an end may take; the server gives running requests ten seconds.
const END: Duration = Duration::from_secs(20);

/// How to start the program.
#[derive(Debug)]
pub struct Launch {
    program: Option<PathBuf>,
    arguments: Vec<OsString>,
    variables: Vec<(OsString, OsString)>,
}

impl Default for Launch {
    /// On a free port of 127.0.0.1 with a store in memory.
    fn default() -> Self {
        Self::bare().args(["--host", "127.0.0.1", "--port", "0", "--store", "memory"])
    }
}

impl Launch {
    /// Without any argument.
    pub fn bare() -> Self {
        Self { program: None, arguments: Vec::new(), variables: Vec::new() }
    }

    /// On a free port with a database file.
    pub fn sqlite(file: &Path) -> Self {
        let mut store = OsString::from("sqlite:");
        store.push(file);
        Self::bare().args(["--host", "127.0.0.1", "--port", "0", "--store"]).args([store])
    }

    /// On a free port with a PostgreSQL database, `postgres://…`.
    pub fn postgres(url: &str) -> Self {
        Self::bare().args(["--host", "127.0.0.1", "--port", "0", "--store", url])
    }

    /// Another program, which says in the same words where it listens.
    pub fn other(program: PathBuf) -> Self {
        Self { program: Some(program), ..Self::bare() }
    }

    /// The same with more arguments.
    #[must_use]
    pub fn args<T: Into<OsString>>(mut self, arguments: impl IntoIterator<Item = T>) -> Self {
        self.arguments.extend(arguments.into_iter().map(Into::into));
        self
    }

    /// The same with an environment variable.
    #[must_use]
    pub fn env(mut self, name: impl AsRef<OsStr>, value: impl AsRef<OsStr>) -> Self {
        self.variables.push((name.as_ref().to_owned(), value.as_ref().to_owned()));
        self
    }

    /// Starts the program and waits until it listens.
    ///
    /// # Panics
    /// If it ends or says nothing instead.
    #[track_caller]
    pub fn start(self) -> Server {
        let mut process = self.spawn();
        let ready = match process.lines.recv_timeout(START) {
            Ok(line) => line,
            Err(RecvTimeoutError::Timeout) => panic!("the server said nothing for {START:?}"),
            Err(RecvTimeoutError::Disconnected) => {
                let ended = process.wait();
                panic!("the server ended at once, {}: {}", ended.status, ended.stderr)
            }
        };
        let address = ready.strip_prefix("listening on http://").and_then(|rest| rest.split_once(' '));
        let address = address.and_then(|(address, _)| address.parse().ok());
        let address = address.unwrap_or_else(|| panic!("the server's first line is {ready:?}"));
        Server { process, address, ready }
    }

    /// Runs the program until it ends by itself.
    ///
    /// # Panics
    /// If it does not.
    #[track_caller]
    pub fn run(self) -> Ended {
        self.spawn().wait()
    }

    fn spawn(self) -> Process {
        let program = self.program.unwrap_or_else(program);
        let folder = tempfile::tempdir().expect("a temporary folder");
        let mut command = Command::new(&program);
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("LIGHTNING_STORE_") {
                command.env_remove(name);
            }
        }
        command.args(self.arguments).envs(self.variables).current_dir(folder.path());
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap_or_else(|error| panic!("{}: {error}", program.display()));
        let stdout = BufReader::new(child.stdout.take().expect("stdout is piped"));
        let mut stderr = child.stderr.take().expect("stderr is piped");
        let (sender, lines) = channel();
        thread::spawn(move || stdout.lines().map_while(Result::ok).try_for_each(|line| sender.send(line)));
        let stderr = thread::spawn(move || {
            let mut bytes = Vec::new();
            let _ = stderr.read_to_end(&mut bytes);
            String::from_utf8_lossy(&bytes).into_owned()
        });
        Process { child, lines, stderr: Some(stderr), _folder: folder }
    }
}

fn program() -> PathBuf {
    if let Some(given) = std::env::var_os("LIGHTNING_STORE_BIN") {
        return given.into();
    }
    let mut folder = std::env::current_exe().expect("the path of this program");
    folder.pop();
    if folder.ends_with("deps") {
        folder.pop();
    }
    let program = folder.join("lightning-store");
    assert!(
        program.exists(),
        "{} is missing: run `make build` first, or set LIGHTNING_STORE_BIN to the program to test",
        program.display()
    );
    program
}

#[derive(Debug)]
struct Process {
    child: Child,
    lines: Receiver<String>,
    stderr: Option<JoinHandle<String>>,
    _folder: TempDir,
}

impl Process {
    fn wait(&mut self) -> Ended {
        let start = clock::now();
        let mut stdout = Vec::new();
        loop {
            match self.lines.recv_timeout(END) {
                Ok(line) => stdout.push(line),
                Err(RecvTimeoutError::Disconnected) => break,
                Err(RecvTimeoutError::Timeout) => panic!("the server did not end within {END:?}"),
            }
        }
        let status = self.child.wait().expect("the exit status of the server");
        let stderr = self.stderr.take().and_then(|reader| reader.join().ok()).unwrap_or_default();
        Ended { status, stdout, stderr, took: start.elapsed() }
    }

    fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
        if thread::panicking()
            && let Some(stderr) = self.stderr.take().and_then(|reader| reader.join().ok())
        {
            eprintln!("the server's stderr:\n{stderr}");
        }
    }
}

/// How the program ended.
#[derive(Debug)]
pub struct Ended {
    /// The exit status
    pub status: ExitStatus,
    /// What it wrote to stdout; after a start, without the line that says so
    pub stdout: Vec<String>,
    /// What it wrote to stderr
    pub stderr: String,
    /// From asking to the end
    pub took: Duration,
}

/// A running server; dropping it kills it.
#[derive(Debug)]
pub struct Server {
    process: Process,
    address: SocketAddr,
    ready: String,
}

impl Server {
    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The line that said so.
    pub fn ready_line(&self) -> &str {
        &self.ready
    }

    /// The process id.
    pub fn pid(&self) -> u32 {
        self.process.child.id()
    }

    /// A connection of its own.
    pub fn client(&self) -> Client {
        Client::new(self.address)
    }

    /// Sends a signal.
    ///
    /// # Panics
    /// If the process is gone.
    pub fn signal(&self, signal: Signal) {
        let pid = i32::try_from(self.pid()).ok().and_then(Pid::from_raw).expect("a process id");
        kill_process(pid, signal).expect("the server still runs");
    }

    /// Waits for the end of a server that was told to end.
    pub fn wait(mut self) -> Ended {
        self.process.wait()
    }

    /// Asks it to end, and waits.
    pub fn stop(self) -> Ended {
        self.signal(Signal::TERM);
        self.wait()
    }

    /// Ends it without warning, as a power cut would.
    pub fn kill(mut self) {
        self.process.kill();
    }
}
