//! A runner for tests that are compiled to wasm: they run in headless Chromium.
//!
//! It does what `wasm-bindgen-test-runner` does, which is part of a program that takes minutes to compile: `wasm-bindgen-test`
//! brings the tests and what runs them, and this file a page to run them on. The page is served from here, and sends back
//! what the tests said. Name it to cargo as `CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUNNER`.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use tempfile::TempDir;

use crate::glue::{self, Target};

/// How long all tests may take, with the start of the browser.
const TIME: Duration = Duration::from_mins(2);

/// Headless, as root or not, and without a word to anybody outside.
const FLAGS: &[&str] = &[
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
];

/// The page. It says at the end what the tests said, behind a line that says whether all passed.
const PAGE: &str = r#"<!doctype html>
<pre id="output"></pre>
<script type="module">
  import load, * as glue from "./GLUE";
  const output = document.getElementById("output");
  let passed = false;
  // Each test is called through this, which is how one that panics comes to an end.
  globalThis.__wbg_test_invoke = (test) => test();
  try {
    const module = await load();
    const filters = FILTERS;
    const all = Object.keys(module).filter((name) => name.startsWith("__wbgt_"));
    const tests = all.filter((name) => filters.every((filter) => name.includes(filter)));
    const context = new glue.WasmBindgenTestContext(false);
    context.filtered_count(all.length - tests.length);
    passed = await context.run(tests.map((name) => module[name]));
  } catch (error) {
    output.textContent += `${error.stack ?? error}\n`;
  }
  await fetch("/said", { method: "POST", body: `${passed}\n${output.textContent}` });
</script>
"#;

/// Runs the tests of `module`, or those whose names have all of `filters` in them.
pub(crate) fn run(module: &Path, filters: &[String]) -> Result<()> {
    let folder = tempfile::tempdir().context("there is no temporary folder")?;
    let stem = module.file_stem().and_then(|name| name.to_str()).context("the module has no name")?;
    glue::generate(module, stem, Target::Web, folder.path())?;
    let page =
        PAGE.replace("GLUE", &format!("{stem}.js")).replace("FILTERS", &serde_json::to_string(filters)?);
    fs::write(folder.path().join("index.html"), page)?;

    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let url = format!("http://{}/", listener.local_addr()?);
    let profile = tempfile::tempdir()?;
    let mut browser = Browser::start(&url, &profile)?;
    let (sender, said) = channel();
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            // A connection that the browser opens in advance may say nothing at all.
            let (sender, path) = (sender.clone(), folder.path().to_owned());
            thread::spawn(move || match answer(&stream, &path) {
                Ok(Some(text)) => drop(sender.send(text)),
                Ok(None) => {}
                Err(error) => eprintln!("the page could not be served: {error}"),
            });
        }
    });
    let said = match said.recv_timeout(TIME) {
        Ok(said) => said,
        Err(RecvTimeoutError::Timeout) => bail!("the tests were not over after {TIME:?}"),
        Err(RecvTimeoutError::Disconnected) => bail!("the page is not served any more"),
    };
    browser.stop();
    let (passed, output) = said.split_once('\n').unwrap_or_default();
    println!("{}", output.trim_start());
    if passed != "true" {
        bail!("not all tests passed in the browser");
    }
    Ok(())
}

struct Browser(Child);

impl Browser {
    fn start(url: &str, profile: &TempDir) -> Result<Self> {
        let program = env::var_os("LIGHTNING_STORE_CHROMIUM").unwrap_or_else(|| "/usr/bin/chromium".into());
        let mut profile_flag = OsString::from("--user-data-dir=");
        profile_flag.push(profile.path());
        let mut command = Command::new(&program);
        command.args(FLAGS).arg(profile_flag).arg(url).stdout(Stdio::null()).stderr(Stdio::null());
        let child = command.spawn().with_context(|| {
            format!(
                "{} cannot be started: run `make setup` first, or set LIGHTNING_STORE_CHROMIUM",
                program.display()
            )
        })?;
        Ok(Self(child))
    }

    fn stop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        self.stop();
    }
}

/// Answers one request. What the page says is handed on.
fn answer(mut stream: &TcpStream, folder: &Path) -> Result<Option<String>> {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line)?;
    let path = line.split(' ').nth(1).unwrap_or_default().trim_start_matches('/').to_owned();
    let mut length = 0;
    loop {
        let mut header = String::new();
        if reader.read_line(&mut header)? == 0 || header.trim().is_empty() {
            break;
        }
        if let Some((name, value)) = header.split_once(':')
            && name.eq_ignore_ascii_case("content-length")
        {
            length = value.trim().parse()?;
        }
    }
    let mut said = vec![0; length];
    reader.read_exact(&mut said)?;

    let name = if path.is_empty() { "index.html" } else { &path };
    let content = if name.contains(['/', '\\']) { None } else { fs::read(folder.join(name)).ok() };
    let status = if content.is_some() || name == "said" { "200 OK" } else { "404 Not Found" };
    let kind = match Path::new(name).extension().and_then(|extension| extension.to_str()) {
        Some("js") => "text/javascript",
        Some("wasm") => "application/wasm",
        _ => "text/html; charset=utf-8",
    };
    let content = content.unwrap_or_default();
    let head = format!(
        "HTTP/1.1 {status}\r\ncontent-type: {kind}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        content.len()
    );
    stream.write_all(head.as_bytes())?;
    stream.write_all(&content)?;
    Ok((name == "said").then(|| String::from_utf8_lossy(&said).into_owned()))
}
