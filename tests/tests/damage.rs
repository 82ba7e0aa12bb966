//! Databases that cannot be used are refused in one clear line, and a first start that was killed does no harm.

use std::fs::{self, OpenOptions};
use std::os::unix::fs::FileExt as _;
use std::panic;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use lightning_store_e2e::crash::integrity;
use lightning_store_e2e::crash::random::Random;
use lightning_store_e2e::namespace::{is_private, mount_read_only};
use lightning_store_e2e::server::{Ended, Launch, Server};
use rusqlite::Connection;
use serde_json::{Value, json};

/// The size of a page of the database.
const PAGE: u64 = 8192;

/// A refusal is one line on stderr that names the file and what is wrong.
#[track_caller]
fn assert_refused(ended: &Ended, database: &Path, words: &[&str]) {
    let Ended { status, stdout, stderr, .. } = ended;
    assert!(status.code().is_some_and(|code| code != 0), "{status}: {stderr}");
    assert_eq!(stdout.len(), 0, "{stdout:?}");
    let errors: Vec<&str> = stderr.lines().filter(|line| line.starts_with("error: ")).collect();
    let [error] = errors[..] else { panic!("not one line that begins with `error: `: {stderr}") };
    println!("{error}");
    let name = database.display().to_string();
    for word in words.iter().copied().chain([name.as_str()]) {
        assert!(error.contains(word), "{word:?} is missing: {error}");
    }
    assert!(!stderr.contains("panicked"), "{stderr}");
}

/// A database with some hundred rollouts, all of it in its main file.
async fn filled(database: &Path) {
    let server = Launch::sqlite(database).start();
    let rollouts: Vec<_> = (0..400).map(|n| json!({"input": format!("{n} {}", "x".repeat(500))})).collect();
    let body = json!({"rollouts": rollouts});
    server.client().post("/v1/agl/queues/rollouts/enqueue", &body).await.expect(201);
    server.client().post("/v1/agl/queues/rollouts/dequeue", &json!({"limit": 50})).await.expect(200);
    assert!(server.stop().status.success());
}

fn overwrite(database: &Path, from: u64, bytes: usize) {
    let file = OpenOptions::new().write(true).open(database).expect("the database");
    file.write_all_at(&vec![0xa5; bytes], from).expect("the bytes are written");
}

#[tokio::test]
async fn a_database_with_overwritten_pages_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join("store.db");
    filled(&database).await;
    let length = fs::metadata(&database).unwrap().len();
    // All but the first page, whose head still says whose file it is.
    overwrite(&database, PAGE, usize::try_from(length - PAGE).unwrap());

    assert_refused(&Launch::sqlite(&database).run(), &database, &["malformed"]);
}

/// The program under test: the harness starts it, and the system knows what runs.
fn program() -> PathBuf {
    let server = Launch::default().start();
    fs::read_link(format!("/proc/{}/exe", server.pid())).expect("the path of the server")
}

/// Starts the server, or tells with which words it has refused to.
fn try_start(database: &Path) -> Result<Server, String> {
    panic::catch_unwind(|| Launch::sqlite(database).start())
        .map_err(|words| words.downcast_ref::<String>().cloned().unwrap_or_default())
}

#[tokio::test]
async fn one_overwritten_page_leads_to_a_refusal_or_to_errors_but_never_to_made_up_answers() {
    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join("store.db");
    filled(&database).await;
    let whole = fs::read(&database).unwrap();
    let pages = whole.len() as u64 / PAGE;
    let (mut refused, mut failed, mut unnoticed) = (0, 0, 0);
    for page in (1..pages).step_by(usize::try_from(pages / 12).unwrap()) {
        fs::write(&database, &whole).unwrap();
        overwrite(&database, page * PAGE, usize::try_from(PAGE).unwrap());
        let server = match try_start(&database) {
            Ok(server) => server,
            Err(words) => {
                let lines: Vec<&str> = words.split("error: ").skip(1).collect();
                assert!(lines.len() == 1 && lines[0].contains("malformed"), "{words}");
                assert!(lines[0].contains(database.to_str().unwrap()), "the file has no name: {}", lines[0]);
                refused += 1;
                continue;
            }
        };
        let answer = server.client().get("/v1/agl/rollouts").await;
        if answer.status == 200 {
            let page = answer.value();
            let items = page["items"].as_array().unwrap();
            let is_whole =
                |item: &Value| item["input"].as_str().is_some_and(|text| text.ends_with(&"x".repeat(500)));
            assert!(items.len() == 400 && items.iter().all(is_whole), "rollouts are missing or made up");
            unnoticed += 1;
        } else {
            assert!(answer.status >= 500, "{}", answer.text());
            failed += 1;
        }
        assert!(!server.stop().stderr.contains("panicked"));
    }
    println!("starts refused: {refused}; reads answered with errors: {failed}; page not needed: {unnoticed}");
    assert!(refused > 0 && failed > 0);
}

#[tokio::test]
async fn a_first_start_that_was_killed_at_any_moment_does_no_harm() {
    let mut random = Random::new(1);
    let program = program();
    for _ in 0..40 {
        let folder = tempfile::tempdir().unwrap();
        let database = folder.path().join("store.db");
        let mut first = Command::new(&program)
            .args(["--port", "0", "--store"])
            .arg(format!("sqlite:{}", database.display()))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        std::thread::sleep(Duration::from_micros(random.within(500, 40_000)));
        first.kill().unwrap();
        first.wait().unwrap();

        let server = Launch::sqlite(&database).start();
        let body = json!({"rollouts": [{"input": "first"}]});
        server.client().post("/v1/agl/queues/rollouts/enqueue", &body).await.expect(201);
        server.kill();
        assert_eq!(integrity::check(&database), Vec::<String>::new());
    }
}

#[test]
fn a_file_of_another_program_is_refused_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join("bookmarks.db");
    Connection::open(&database).unwrap().execute_batch("CREATE TABLE bookmarks (url TEXT)").unwrap();
    let before = fs::read(&database).unwrap();

    assert_refused(&Launch::sqlite(&database).run(), &database, &["another program", "--store"]);

    assert_eq!(fs::read(&database).unwrap(), before);
}

#[test]
fn a_read_only_folder_is_refused() {
    if !is_private("a_read_only_folder_is_refused") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    mount_read_only(folder.path());
    let database = folder.path().join("store.db");

    assert_refused(&Launch::sqlite(&database).run(), &database, &["Read-only", "writable"]);
}

#[test]
fn a_database_in_a_folder_that_has_become_read_only_is_refused() {
    if !is_private("a_database_in_a_folder_that_has_become_read_only_is_refused") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join("store.db");
    Launch::sqlite(&database).start().stop();
    mount_read_only(folder.path());

    assert_refused(&Launch::sqlite(&database).run(), &database, &["Read-only", "writable"]);
}
