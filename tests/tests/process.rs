//! The command line and the life of the process: options, the ready line, refusals to start, the end on a signal.

use std::fs;
use std::net::TcpListener;
use std::time::Duration;

use lightning_store_e2e::clock;
use lightning_store_e2e::http::Request;
use lightning_store_e2e::server::{Ended, Launch};
use lightning_store_e2e::span::span;
use lightning_store_e2e::sse::Stream;
use rusqlite::Connection;
use rustix::process::Signal;
use serde_json::{Value, json};

/// Each option with its environment variable.
const OPTIONS: [(&str, &str); 6] = [
    ("--host", "LIGHTNING_STORE_HOST"),
    ("--port", "LIGHTNING_STORE_PORT"),
    ("--store", "LIGHTNING_STORE_STORE"),
    ("--cors-origin", "LIGHTNING_STORE_CORS_ORIGIN"),
    ("--log-level", "LIGHTNING_STORE_LOG_LEVEL"),
    ("--log-format", "LIGHTNING_STORE_LOG_FORMAT"),
];

/// A refusal is one line on stderr that names what is wrong, and no crash.
#[track_caller]
fn assert_refused(ended: &Ended, words: &[&str]) {
    let Ended { status, stdout, stderr, .. } = ended;
    assert!(status.code().is_some_and(|code| code != 0), "{status}: {stderr}");
    assert_eq!(stdout.len(), 0, "{stdout:?}");
    let errors: Vec<&str> = stderr.lines().filter(|line| line.starts_with("error: ")).collect();
    let [error] = errors[..] else { panic!("not one line that begins with `error: `: {stderr}") };
    for word in words {
        assert!(error.contains(word), "{word:?} is missing: {error}");
    }
    assert!(!stderr.contains("panicked") && !stderr.contains("backtrace"), "{stderr}");
    assert!(ended.took < Duration::from_secs(10), "took {:?}", ended.took);
}

#[test]
fn the_ready_line_is_the_only_line_on_stdout() {
    let server = Launch::default().start();
    let expected = format!("listening on http://{} (ready in ", server.address());
    let time = server.ready_line().strip_prefix(&expected).and_then(|rest| rest.strip_suffix(" ms)"));
    assert!(time.is_some_and(|time| time.parse::<u32>().is_ok()), "{}", server.ready_line());

    let ended = server.stop();

    assert!(ended.status.success(), "{}: {}", ended.status, ended.stderr);
    assert_eq!(ended.stdout.len(), 0, "{:?}", ended.stdout);
}

#[test]
fn serve_may_be_said() {
    let ended = Launch::bare().args(["serve", "--port", "0", "--store", "memory"]).start().stop();
    assert!(ended.status.success(), "{}: {}", ended.status, ended.stderr);
}

#[test]
fn help_names_every_option_and_variable() {
    let ended = Launch::bare().args(["--help"]).run();
    assert!(ended.status.success());
    let help = ended.stdout.join("\n");
    for (option, variable) in OPTIONS {
        assert!(help.contains(option), "{option} is missing:\n{help}");
        assert!(help.contains(variable), "{variable} is missing:\n{help}");
    }
}

#[test]
fn version_is_that_of_the_workspace() {
    let ended = Launch::bare().args(["--version"]).run();
    assert!(ended.status.success());
    assert_eq!(ended.stdout, [format!("lightning-store {}", env!("CARGO_PKG_VERSION"))]);
}

#[test]
fn variables_stand_for_options() {
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("store.db");
    let server = Launch::bare()
        .env("LIGHTNING_STORE_HOST", "127.0.0.1")
        .env("LIGHTNING_STORE_PORT", free.port().to_string())
        .env("LIGHTNING_STORE_STORE", format!("sqlite:{}", file.display()))
        .env("LIGHTNING_STORE_LOG_LEVEL", "warn")
        .start();
    assert_eq!(server.address(), free);
    server.stop();
    assert!(file.exists());
}

#[tokio::test]
async fn json_logs_are_json_line_by_line() {
    let server = Launch::default().args(["--log-format", "json", "--log-level", "debug"]).start();
    server.client().get("/v1/agl/health").await.expect(200);
    let ended = server.stop();
    assert!(!ended.stderr.is_empty());
    for line in ended.stderr.lines() {
        assert!(serde_json::from_str::<Value>(line).is_ok_and(|line| line.is_object()), "{line}");
    }
}

#[test]
fn an_unknown_kind_of_store_is_refused() {
    let ended = Launch::bare().args(["--port", "0", "--store", "carrier-pigeon"]).run();
    assert!(!ended.status.success());
    assert!(ended.stderr.contains("error: ") && ended.stderr.contains("carrier-pigeon"), "{}", ended.stderr);
}

#[test]
fn a_port_in_use_is_refused() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let ended = Launch::bare().args(["--port", &port, "--store", "memory"]).run();
    assert_refused(&ended, &[&port, "in use"]);
}

#[test]
fn a_database_below_a_file_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("file"), "not a folder").unwrap();
    let database = folder.path().join("file").join("store.db");
    assert_refused(&Launch::sqlite(&database).run(), &[&database.display().to_string()]);
}

#[test]
fn a_folder_in_place_of_the_database_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    assert_refused(&Launch::sqlite(folder.path()).run(), &[&folder.path().display().to_string()]);
}

#[tokio::test]
async fn a_database_that_another_server_has_open_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join("store.db");
    let first = Launch::sqlite(&database).start();

    assert_refused(&Launch::sqlite(&database).run(), &[&database.display().to_string()]);

    first.client().get("/v1/agl/health").await.expect(200);
    first.stop();
    Launch::sqlite(&database).start().stop();
}

#[test]
fn a_database_of_a_newer_version_is_refused_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join("store.db");
    Launch::sqlite(&database).start().stop();
    Connection::open(&database).unwrap().pragma_update(None, "user_version", 9999).unwrap();

    assert_refused(&Launch::sqlite(&database).run(), &[&database.display().to_string(), "newer"]);

    let version = Connection::open(&database).unwrap();
    let version = version.pragma_query_value(None, "user_version", |row| row.get::<_, i64>(0)).unwrap();
    assert_eq!(version, 9999);
}

/// What came later is taken out again, as no program of that time is at hand.
#[tokio::test]
async fn a_database_of_the_first_schema_is_brought_up_to_date_with_all_it_holds() {
    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join("store.db");
    let enqueue = "/v1/agl/queues/rollouts/enqueue";
    let body = json!({"rollouts": [{"input": "old"}]});
    let server = Launch::sqlite(&database).start();
    server.client().post(enqueue, &body).await.expect(201);
    let started = server.client().post("/v1/agl/rollouts", &json!({"input": "old, too"})).await.expect(201);
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let (rollout, attempt) = (text(&started["rollout_id"]), text(&started["attempt"]["attempt_id"]));
    server.client().post("/v1/agl/spans", &span(&rollout, &attempt, 1, "s")).await.expect(201);
    server.stop();
    let old = Connection::open(&database).unwrap();
    old.execute_batch(
        "DROP TABLE answers; DROP INDEX rollouts_by_end; DROP INDEX attempts_by_end; DROP INDEX attempts_expired; \
         DROP TABLE attempt_facts; DROP TABLE rollout_facts; DROP TABLE projection; DROP TABLE resource_versions; \
         ALTER TABLE rollouts DROP COLUMN first_start; PRAGMA user_version = 1",
    )
    .unwrap();
    drop(old);

    let server = Launch::sqlite(&database).start();
    let request = Request::new("POST", enqueue).json(&body).header("Idempotency-Key", "k");
    for _ in 0..2 {
        server.client().send(request.clone()).await.expect(201);
    }
    assert_eq!(server.client().get("/v1/agl/rollouts").await.expect(200)["total"], 3);
    let mut changes = Stream::open(server.address(), "/v1/agl/events?topics=summary", &[]).await;
    let detail = loop {
        let detail = server.client().get(&format!("/v1/agl/dashboard/rollouts/{rollout}")).await.expect(200);
        if detail["behind"] == 0 {
            break detail;
        }
        changes.message().await;
    };
    assert_eq!((&detail["row"]["facts"]["spans"], &detail["row"]["queue_wait"]), (&json!(1), &json!(0.0)));
}

#[test]
fn a_file_that_is_no_database_is_refused_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("notes.txt");
    let notes = "Buy milk.\n".repeat(1000);
    fs::write(&file, &notes).unwrap();

    assert_refused(&Launch::sqlite(&file).run(), &[&file.display().to_string()]);

    assert_eq!(fs::read_to_string(&file).unwrap(), notes);
}

async fn a_signal_ends_the_server_and_its_waits(signal: Signal) {
    let server = Launch::default().start();
    let started = server.client().post("/v1/agl/rollouts", &json!({"input": "unfinished"})).await.expect(201);
    let mut waiting = server.client();
    let endless = json!({"rollout_ids": [started["rollout_id"]], "timeout": null});
    let wait = tokio::spawn(async move { waiting.post("/v1/agl/waits/rollouts", &endless).await });
    // There is no other sign that a wait has begun.
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert!(!wait.is_finished());

    let asked = clock::now();
    server.signal(signal);

    assert_eq!(wait.await.expect("an answer").expect(200), json!([]));
    let ended = server.wait();
    assert!(ended.status.success(), "{}: {}", ended.status, ended.stderr);
    assert!(asked.elapsed() < Duration::from_secs(5), "took {:?}", asked.elapsed());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sigterm_answers_what_waits_and_exits_with_0() {
    a_signal_ends_the_server_and_its_waits(Signal::TERM).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sigint_answers_what_waits_and_exits_with_0() {
    a_signal_ends_the_server_and_its_waits(Signal::INT).await;
}

#[tokio::test]
async fn an_idle_connection_stays_open() {
    let server = Launch::default().start();
    let mut client = server.client();
    client.get("/v1/agl/health").await.expect(200);
    tokio::time::sleep(Duration::from_secs(4)).await;
    client.get("/v1/agl/health").await.expect(200);
    assert_eq!(client.connections_opened(), 1);
}
