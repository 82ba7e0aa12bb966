//! The server inside another program, here this test, and handles on it in real child processes.

use std::process::{Command, Output, Stdio};
use std::time::Duration;

use lightning_store_client::wire::{NewRollout, RawJson};
use lightning_store_client::{ClientError, RetryPolicy};
use lightning_store_e2e::clock;
use lightning_store_server::config::{Serve, StoreLocation};
use lightning_store_server::embedded::{Embedded, EmbeddedError, StoreHandle};

/// The test that a child process runs is this program again, told so by these variables.
const ROLE: &str = "LIGHTNING_STORE_TEST_ROLE";
const HANDLE: &str = "LIGHTNING_STORE_TEST_HANDLE";

fn config() -> Serve {
    Serve { port: 0, store: StoreLocation::Memory, ..Serve::default() }
}

fn task(text: &str) -> NewRollout {
    NewRollout {
        input: RawJson::of(text).expect("a text is JSON"),
        mode: None,
        resources_id: None,
        config: None,
        metadata: None,
    }
}

fn child(role: &str, handle: &str) -> Output {
    Command::new(std::env::current_exe().expect("this program"))
        .args(["--exact", "child_process", "--nocapture"])
        .env(ROLE, role)
        .env(HANDLE, handle)
        .stdin(Stdio::null())
        .output()
        .expect("a child process")
}

/// Not a test by itself: what the child processes of the others do.
#[tokio::test]
async fn child_process() {
    let Ok(role) = std::env::var(ROLE) else { return };
    let store: StoreHandle = serde_json::from_str(&std::env::var(HANDLE).unwrap()).unwrap();
    assert!(!store.is_local());
    assert_ne!(store.owner(), std::process::id());
    match role.as_str() {
        "enqueue" => {
            store.enqueue(&[task("from the child")]).await.unwrap();
        }
        "unreachable" => {
            let error = store.enqueue(&[task("too late")]).await.unwrap_err();
            assert!(error.to_string().contains("cannot be reached"), "{error}");
        }
        other => panic!("unknown role {other}"),
    }
}

#[tokio::test]
async fn the_owner_calls_its_store_directly_and_a_child_process_over_http() {
    let server = Embedded::start(config()).await.unwrap();
    let store = server.handle();
    assert!(store.is_local());
    assert_eq!(store.owner(), std::process::id());
    let of_owner = store.enqueue(&[task("from the owner")]).await.unwrap().remove(0);

    let text = serde_json::to_string(&store).unwrap();
    let carried: serde_json::Value = serde_json::from_str(&text).unwrap();
    let keys: Vec<&String> = carried.as_object().unwrap().keys().collect();
    assert_eq!(keys, ["address", "owner", "retry"], "{text}");
    let output = tokio::task::spawn_blocking(move || child("enqueue", &text)).await.unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));

    let taken =
        store.dequeue(&lightning_store_client::Dequeue { limit: 9, ..Default::default() }).await.unwrap();
    let inputs: Vec<&str> = taken.iter().map(|taken| taken.rollout.input.as_str()).collect();
    assert_eq!(inputs, ["\"from the owner\"", "\"from the child\""]);
    assert_eq!(taken[0].rollout.rollout_id, of_owner.rollout_id);
    server.stop().await;
}

#[tokio::test]
async fn a_handle_that_comes_back_to_its_owner_is_direct_again() {
    let server = Embedded::start(config()).await.unwrap();
    let policy =
        RetryPolicy { delays: vec![Duration::from_millis(250)], jitter: 0.0, ..RetryPolicy::default() };
    let sent = serde_json::to_string(&server.handle().with_retry(&policy).unwrap()).unwrap();
    let back: StoreHandle = serde_json::from_str(&sent).unwrap();
    assert!(back.is_local());
    assert_eq!(serde_json::to_string(&back).unwrap(), sent);
    back.health().await.unwrap();
    server.stop().await;
    // Its server is gone now: the handle of another one must not be mistaken for it.
    let late: StoreHandle = serde_json::from_str(&sent).unwrap();
    assert!(!late.is_local());
}

#[tokio::test]
async fn after_a_stop_owner_and_children_are_told_that_nobody_answers() {
    let server = Embedded::start(config()).await.unwrap();
    let store = server.handle().with_retry(&RetryPolicy::never()).unwrap();
    server.stop().await;
    server.stop().await; // a second time does nothing
    server.run_forever().await;
    let error = store.health().await.unwrap_err();
    assert!(matches!(error, ClientError::Unreachable { .. }), "{error}");
    let text = serde_json::to_string(&store).unwrap();
    let output = tokio::task::spawn_blocking(move || child("unreachable", &text)).await.unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}

#[tokio::test]
async fn stopping_answers_waits_with_what_there_is() {
    let server = Embedded::start(config()).await.unwrap();
    let store = server.handle();
    let rollout = store.enqueue(&[task("never done")]).await.unwrap().remove(0);
    let ids = vec![rollout.rollout_id];
    let waiting = tokio::spawn({
        let store = store.clone();
        async move { store.wait_for_rollouts(&ids, Some(Duration::from_secs(20))).await }
    });
    while store.statistics().await.unwrap().total_rollouts == 0 {}
    let begun = clock::now();
    server.stop().await;
    assert!(begun.elapsed() < Duration::from_secs(9), "{:?}", begun.elapsed());
    // The first round was answered early; the next finds nobody.
    drop(waiting.await.unwrap());
}

#[test]
fn a_program_without_a_runtime_can_start_one_and_call_it() {
    let server = Embedded::start_blocking(config()).unwrap();
    let store = server.handle();
    let rollouts = futures_executor::block_on(store.enqueue(&[task("no runtime here")])).unwrap();
    let ids = [rollouts[0].rollout_id.clone()];
    let wait = store.wait_for_rollouts(&ids, Some(Duration::from_millis(30)));
    assert_eq!(futures_executor::block_on(wait).unwrap(), []);
    futures_executor::block_on(server.stop());
}

#[tokio::test]
async fn a_start_that_fails_says_why_and_what_to_do() {
    let first = Embedded::start(config()).await.unwrap();
    let taken = Serve { port: first.address().port(), ..config() };
    let error = Embedded::start(taken).await.unwrap_err();
    assert!(matches!(error, EmbeddedError::Start(_)), "{error}");
    assert!(error.to_string().contains("already in use"), "{error}");
    assert!(error.to_string().contains("choose another port"), "{error}");

    let folder = tempfile::tempdir().unwrap();
    let not_a_file = Serve { store: StoreLocation::Sqlite(folder.path().to_owned()), ..config() };
    let error = Embedded::start(not_a_file).await.unwrap_err().to_string();
    assert!(error.contains("it is a folder"), "{error}");
    first.stop().await;
}

#[tokio::test]
async fn what_was_answered_before_a_stop_is_there_after_the_next_start() {
    let folder = tempfile::tempdir().unwrap();
    let config = Serve { store: StoreLocation::Sqlite(folder.path().join("store.db")), ..config() };
    let server = Embedded::start(config.clone()).await.unwrap();
    let rollout = server.handle().enqueue(&[task("kept")]).await.unwrap().remove(0);
    server.stop().await;
    let server = Embedded::start(config).await.unwrap();
    let found = server.handle().get_rollout(&rollout.rollout_id).await.unwrap();
    assert_eq!(found.map(|found| found.rollout), Some(rollout));
    server.stop().await;
}
