//! The published Python package, unchanged, works against the server: its client call by call, and a whole training
//! run with one algorithm process and eight runner processes.
//!
//! The programs are in `tests/python`, each says there what it shows. They run in the virtual environment that
//! `make setup` makes.

use std::path::PathBuf;
use std::process::Command;

use lightning_store_e2e::postgres::Cluster;
use lightning_store_e2e::server::{Launch, Server};

#[test]
fn published_client_gets_the_answer_it_expects_to_every_call() {
    run("client.py", |_| Vec::new());
}

#[test]
fn training_run_of_200_rollouts_with_opentelemetry_ends_as_its_tasks_say() {
    run("training_loop.py", |url| vec![url]);
}

#[test]
fn training_run_with_the_default_tracer_agentops_ends_as_its_tasks_say() {
    run("training_loop.py", |url| {
        ["--tracer", "agentops", "--rollouts", "40", &url].map(String::from).to_vec()
    });
}

#[test]
fn published_client_gets_the_answer_it_expects_to_every_call_from_postgresql() {
    run_on(Launch::postgres(&Cluster::shared().database()), "client.py", |_| Vec::new());
}

#[test]
fn training_run_on_postgresql_ends_as_its_tasks_say() {
    run_on(Launch::postgres(&Cluster::shared().database()), "training_loop.py", |url| {
        ["--rollouts", "60", &url].map(String::from).to_vec()
    });
}

/// Runs a program of `tests/python` against a server of its own and shows what it wrote.
#[track_caller]
fn run(program: &str, arguments: impl FnOnce(String) -> Vec<String>) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    run_on(Launch::sqlite(&folder.path().join("store.db")), program, arguments);
}

#[track_caller]
fn run_on(launch: Launch, program: &str, arguments: impl FnOnce(String) -> Vec<String>) {
    let python = interpreter();
    let folder = tempfile::tempdir().expect("a temporary folder");
    let server: Server = launch.start();
    let url = format!("http://{}", server.address());

    let output = Command::new(&python)
        .arg(repository().join("tests/python").join(program))
        .args(arguments(url.clone()))
        .env("LIGHTNING_STORE_URL", url)
        // Otherwise an import of the package waits ten seconds for the network.
        .env("LITELLM_LOCAL_MODEL_COST_MAP", "True")
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .current_dir(folder.path())
        .output()
        .unwrap_or_else(|error| panic!("{}: {error}", python.display()));

    println!("{}", String::from_utf8_lossy(&output.stdout));
    eprintln!("{}", String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{program} ended with {}; what it wrote is above", output.status);
}

fn interpreter() -> PathBuf {
    let python = std::env::var_os("LIGHTNING_STORE_PYTHON")
        .map_or_else(|| repository().join("target/python/bin/python"), PathBuf::from);
    assert!(
        python.exists(),
        "{} is missing: run `make setup` first, or set LIGHTNING_STORE_PYTHON to an interpreter that has the packages \
         of tests/python/requirements.txt",
        python.display()
    );
    python
}

fn repository() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}
