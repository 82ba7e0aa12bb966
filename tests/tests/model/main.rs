//! The state machine, exhausted: random commands to a store and to a model of it (`model.rs`, the specification in
//! code), compared command by command.
//!
//! Each sequence is made from a seed and starts with a new store. One that fails is shortened to the commands that
//! matter and printed. `LIGHTNING_STORE_TEST_SEED=17` plays just that sequence and prints what is done;
//! `LIGHTNING_STORE_TEST_SEQUENCES=1000000` plays so many.
//!
//! To add a command: a variant in `command.rs`, what it means in `model.rs`, how often it comes in `random.rs`.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod command;
mod coverage;
mod look;
mod model;
mod play;
mod random;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use tokio::runtime::Runtime;

use crate::coverage::Coverage;
use crate::play::{Difference, Kind, play, shrink};
use crate::random::{Script, script};

/// Commands of one sequence.
const LENGTH: usize = 30;

/// Commands of one sequence on a file, with restarts in between.
const LENGTH_ON_FILE: usize = 60;

#[test]
fn a_store_in_memory_does_what_the_model_does() {
    let coverage = run(Kind::Memory, 10_000);
    // Whoever asks for less need not see everything.
    if coverage.commands > 200_000 {
        coverage.is_complete();
    }
}

#[test]
fn a_store_in_a_file_does_what_the_model_does_over_restarts() {
    run(Kind::Sqlite, 200);
}

#[test]
fn a_store_in_postgresql_does_what_the_model_does_over_restarts() {
    run(Kind::Postgres, 60);
}

fn script_of(kind: Kind, seed: u64) -> Script {
    match kind {
        Kind::Memory => script(seed, LENGTH, false),
        Kind::Sqlite | Kind::Postgres => script(seed, LENGTH_ON_FILE, true),
    }
}

fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok().map(|text| text.parse().unwrap())
}

/// Plays the sequences of all seeds, on as many threads as there are processors.
fn run(kind: Kind, sequences: u64) -> Coverage {
    if let Some(seed) = number("LIGHTNING_STORE_TEST_SEED") {
        let (log, outcome) =
            runtime().block_on(play(kind, script_of(kind, seed), true, &mut Coverage::default()));
        println!("{log}");
        outcome.map_err(|difference| tell(&difference)).unwrap();
        return Coverage::default();
    }
    let sequences = number("LIGHTNING_STORE_TEST_SEQUENCES").unwrap_or(sequences);
    let (seeds, all, failure) = (AtomicU64::new(0), Mutex::new(Coverage::default()), Mutex::new(None));
    let work = || {
        let (runtime, mut coverage) = (runtime(), Coverage::default());
        loop {
            let seed = seeds.fetch_add(1, Ordering::Relaxed);
            if seed >= sequences {
                break;
            }
            if runtime.block_on(play(kind, script_of(kind, seed), false, &mut coverage)).1.is_err() {
                seeds.store(sequences, Ordering::Relaxed);
                failure.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(seed);
            }
        }
        all.lock().unwrap().add(coverage);
    };
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(work);
        }
    });
    if let Some(seed) = failure.into_inner().unwrap() {
        explain(kind, seed);
    }
    let coverage = all.into_inner().unwrap();
    println!("{kind:?}: {sequences} sequences, {} commands\n{coverage}", coverage.commands);
    coverage
}

/// Ends the test with the shortest way to the failure.
fn explain(kind: Kind, seed: u64) -> ! {
    let short = runtime().block_on(shrink(kind, script_of(kind, seed)));
    let commands = short.len();
    let (log, outcome) = runtime().block_on(play(kind, short, true, &mut Coverage::default()));
    let difference =
        outcome.err().map_or("it came out well when it was played once more".to_owned(), |it| tell(&it));
    panic!(
        "{kind:?} differs from the model with LIGHTNING_STORE_TEST_SEED={seed}; {commands} of its commands suffice:\n{log}{difference}"
    );
}

fn tell(Difference { expected, got }: &Difference) -> String {
    format!("expected {expected}\n     got {got}")
}

fn runtime() -> Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}
