//! The recorded exchanges of the Python server, replayed against the real binary.
//!
//! A failed step is shown with its scenario, step and note, and what was expected instead; see
//! `lightning_store_e2e::golden` for the format. `cargo test --test golden -- --nocapture` also prints the counts.

use std::fs;
use std::path::Path;

use lightning_store_e2e::golden::difference::Differences;
use lightning_store_e2e::golden::recording::{self, Exchange};
use lightning_store_e2e::golden::replay::replay;
use lightning_store_e2e::postgres::Cluster;
use lightning_store_e2e::server::Launch;

/// The steps of a recording, and the differences from it that are on purpose.
fn read(recording: &str) -> (Vec<Exchange>, Differences) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("golden");
    let exchanges = fs::read_to_string(folder.join(format!("{recording}.jsonl"))).expect("the recording");
    let differences = fs::read_to_string(folder.join("differences.jsonl")).expect("the differences");
    let differences = Differences::read(&differences, recording).expect("differences");
    (recording::read(&exchanges).expect("a recording"), differences)
}

#[test]
fn each_difference_fits_its_recording() {
    for recording in ["v1_agl", "v1_agl-cors", "v1_agl-cors-any", "agl_v1"] {
        let (exchanges, differences) = read(recording);
        assert_eq!(differences.strays(&exchanges).next(), None);
        for exchange in &exchanges {
            let (scenario, step) = (&exchange.scenario, exchange.step);
            assert!(differences.find(exchange).is_ok(), "{recording} {scenario} {step}");
        }
    }
}

async fn answers_match(recording: &str, launch: Launch) {
    let (exchanges, differences) = read(recording);
    let server = launch.start();
    let report = replay(&server, &exchanges, &differences).await;

    println!("{recording}\n{report}");
    assert!(report.failed.is_empty(), "{} steps of {recording} failed, see above", report.failed.len());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_in_memory_answers_as_recorded() {
    answers_match("v1_agl", Launch::default()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_on_disk_answers_as_recorded() {
    let folder = tempfile::tempdir().unwrap();
    answers_match("v1_agl", Launch::sqlite(&folder.path().join("store.db"))).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_in_postgresql_answers_as_recorded() {
    answers_match("v1_agl", Launch::postgres(&Cluster::shared().database())).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_dialect_of_the_specification_is_answered_as_recorded_from_postgresql() {
    answers_match("agl_v1", Launch::postgres(&Cluster::shared().database())).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn listed_origins_are_answered_as_recorded() {
    let origins = ["--cors-origin", "http://dash.example", "--cors-origin", "http://other.example:8080"];
    answers_match("v1_agl-cors", Launch::default().args(origins)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn any_origin_is_answered_as_recorded() {
    answers_match("v1_agl-cors-any", Launch::default().args(["--cors-origin", "*"])).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_dialect_of_the_specification_is_answered_as_recorded() {
    answers_match("agl_v1", Launch::default()).await;
}
