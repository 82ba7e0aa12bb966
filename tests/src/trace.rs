//! The system calls of the server, as `strace` writes them down.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::server::{Launch, Server};

const CALLS: &str = "trace=fsync,fdatasync,pwrite64,write,writev,sendto,sendmsg,read,readv,recvfrom,recvmsg";

/// What matters of a system call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Call {
    /// A request was read from a socket; its first bytes.
    Request(String),
    /// An answer was written to a socket; its first bytes.
    Answer(String),
    /// The log of the database was written.
    LogWritten,
    /// The log of the database is on disk: the call has returned.
    LogFlushed,
}

/// Whether there is a `strace` that may trace; else the test is skipped.
pub fn can_trace() -> bool {
    let traced = Command::new("strace").args(["-o", "/dev/null", "true"]).output();
    let can = traced.as_ref().is_ok_and(|output| output.status.success());
    if !can {
        eprintln!("SKIPPED: strace is missing or may not trace: {traced:?}");
    }
    can
}

/// Starts the server on this database, with a record of its system calls in `record`.
///
/// # Panics
/// If it does not start.
pub fn start(database: &Path, record: &Path) -> Server {
    // The harness knows which program is tested, and the system knows what runs.
    let server = Launch::sqlite(database).start();
    let program = fs::read_link(format!("/proc/{}/exe", server.pid())).expect("the path of the server");
    server.stop();
    let mut store = OsString::from("sqlite:");
    store.push(database);
    // -D: the server is the child of this process and strace its grandchild, so that signals reach the server.
    Launch::other(PathBuf::from("strace"))
        .args(["-D", "-f", "-yy", "-s", "64", "-e", CALLS, "-o"])
        .args([record.as_os_str(), program.as_os_str()])
        .args(["--host", "127.0.0.1", "--port", "0", "--store"])
        .args([store])
        .start()
}

/// The calls of a record that matter, in the order in which they returned (answers: began).
///
/// # Panics
/// If the record cannot be read.
pub fn calls(record: &Path) -> Vec<Call> {
    let text = fs::read(record).expect("the record of strace");
    let text = String::from_utf8_lossy(&text);
    let mut unfinished: Vec<(&str, String)> = Vec::new();
    let mut calls = Vec::new();
    for line in text.lines() {
        let Some((thread, line)) = line.split_once(' ') else { continue };
        let line = line.trim_start();
        if let Some(begun) = line.strip_suffix(" <unfinished ...>") {
            // An answer may be on its way as soon as its call has begun.
            match read_call(begun) {
                Some(answer @ Call::Answer(_)) => calls.push(answer),
                _ => unfinished.push((thread, begun.to_owned())),
            }
        } else if line.starts_with("<... ") {
            let Some(index) = unfinished.iter().position(|(other, _)| *other == thread) else { continue };
            let (_, begun) = unfinished.swap_remove(index);
            let rest = line.split_once("resumed>").map_or("", |(_, rest)| rest);
            calls.extend(read_call(&format!("{begun}{rest}")));
        } else {
            calls.extend(read_call(line));
        }
    }
    calls
}

/// A line such as `pwrite64(11</tmp/store.db-wal>, "…"..., 24, 0) = 24`.
fn read_call(line: &str) -> Option<Call> {
    let (name, rest) = line.split_once('(')?;
    let (file, rest) = rest.split_once('<')?.1.split_once(">,").unwrap_or((rest, ""));
    let text = || rest.split_once('"').map_or(String::new(), |(_, text)| text.to_owned());
    match name {
        "fsync" | "fdatasync" if line.contains("-wal>)") && line.ends_with("= 0") => Some(Call::LogFlushed),
        "pwrite64" | "write" if file.ends_with("-wal") => Some(Call::LogWritten),
        "read" | "readv" | "recvfrom" | "recvmsg" if is_http(file, rest, &["\"GET ", "\"POST "]) => {
            Some(Call::Request(text()))
        }
        "write" | "writev" | "sendto" | "sendmsg" if is_http(file, rest, &["\"HTTP/1.1 "]) => {
            Some(Call::Answer(text()))
        }
        _ => None,
    }
}

fn is_http(file: &str, rest: &str, beginnings: &[&str]) -> bool {
    file.starts_with("TCP") && beginnings.iter().any(|beginning| rest.contains(beginning))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_are_told_apart_by_their_files() {
        let answer =
            r#"writev(9<TCP:[127.0.0.1:1->127.0.0.1:2]>, [{iov_base="HTTP/1.1 200 OK\r\n", iov_len=17}], 1"#;
        let request = r#"recvfrom(9<TCP:[127.0.0.1:1->127.0.0.1:2]>, "POST /v1 HTTP/1.1\r\n", 8192, 0, NULL, NULL) = 19"#;
        let request_text = r#"POST /v1 HTTP/1.1\r\n", 8192, 0, NULL, NULL) = 19"#;
        assert!(matches!(read_call(answer), Some(Call::Answer(_))));
        assert_eq!(read_call(request), Some(Call::Request(request_text.to_owned())));
        assert_eq!(read_call("fdatasync(11</tmp/store.db-wal>) = 0"), Some(Call::LogFlushed));
        assert_eq!(read_call("fdatasync(11</tmp/store.db-wal>) = -1 EIO (Input/output error)"), None);
        assert_eq!(read_call("fdatasync(11</tmp/store.db>) = 0"), None);
        assert_eq!(
            read_call(r#"pwrite64(11</tmp/store.db-wal>, "x"..., 24, 0) = 24"#),
            Some(Call::LogWritten)
        );
        assert_eq!(read_call(r#"write(2<pipe:[7]>, "x", 1) = 1"#), None);
    }
}
