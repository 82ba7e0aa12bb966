//! Nothing is lost when the server is killed under load.
//!
//! Eight writers send everything that clients send; after some moments the server is killed with signal 9, again and
//! again on the same database. Each time the file it leaves behind is checked with SQLite; half of the writers have
//! idempotency keys and make their unanswered calls again; and the restarted server is asked about all that was
//! acknowledged. `LIGHTNING_STORE_TEST_KILLS` is the number of kills,
//! `LIGHTNING_STORE_TEST_SEED` decides what the writers do and when the kills come.

use std::collections::{BTreeSet, HashSet};
use std::net::SocketAddr;
use std::time::Duration;

use lightning_store_e2e::clock;
use lightning_store_e2e::crash::inspect::{empty_queue, inspect};
use lightning_store_e2e::crash::integrity;
use lightning_store_e2e::crash::journal::Journal;
use lightning_store_e2e::crash::random::Random;
use lightning_store_e2e::crash::writer::Writer;
use lightning_store_e2e::http::Client;
use lightning_store_e2e::server::{Launch, Server};
use rusqlite::Connection;
use tokio::sync::watch;
use tokio::task::JoinSet;

const WRITERS: usize = 8;
const KILLS: u64 = 50;
/// After so many kills a new database is begun, so that looking through everything stays quick.
const KILLS_PER_DATABASE: u64 = 50;

/// Over all databases.
#[derive(Debug, Default)]
struct Totals {
    kills: u64,
    requests: u64,
    repeated: u64,
    facts: usize,
    doubts: usize,
    rollouts: usize,
    spans: usize,
    numbers: usize,
    waiting: usize,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn kills_under_mixed_load_lose_nothing_that_was_acknowledged() {
    let variable = |name, default| {
        std::env::var(name)
            .map_or(default, |value| value.parse().unwrap_or_else(|_| panic!("{name}={value}")))
    };
    let kills = variable("LIGHTNING_STORE_TEST_KILLS", KILLS);
    let seed = variable("LIGHTNING_STORE_TEST_SEED", 1);
    let begun = clock::now();
    let mut random = Random::new(seed);
    let mut totals = Totals::default();
    while totals.kills < kills {
        let some = (kills - totals.kills).min(KILLS_PER_DATABASE);
        let journal = one_database(some, &mut random, &mut totals).await;
        assert!(
            journal.findings.is_empty(),
            "LIGHTNING_STORE_TEST_SEED={seed}, by kill {}: {} findings:\n{}",
            totals.kills,
            journal.findings.len(),
            journal.findings.join("\n")
        );
    }
    assert!(totals.repeated > 0 || kills < 10, "no call was left unanswered: {totals:?}");
    println!("nothing lost in {:.1?}: {totals:?}", begun.elapsed());
}

async fn one_database(kills: u64, random: &mut Random, totals: &mut Totals) -> Journal {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let database = folder.path().join("store.db");
    let mut journal = Journal::default();
    let mut writers: Vec<Writer> = (0..WRITERS).map(|number| Writer::new(number, random.fork())).collect();
    let keyed = writers.split_off(WRITERS / 2);
    writers.extend(keyed.into_iter().map(Writer::with_keys));
    let mut server = Launch::sqlite(&database).start();
    for _ in 0..kills {
        let a_while = tokio::time::sleep(Duration::from_millis(random.within(20, 300)));
        let load = kill_under_load(server, writers, a_while).await;
        totals.kills += 1;
        journal.findings.extend(integrity::check(&database));
        server = Launch::sqlite(&database).start();
        writers = load.end(Some(server.address())).await;
        let mut touched = BTreeSet::new();
        let mut doubts = Vec::new();
        for writer in &writers {
            touched.extend(journal.acknowledge(&writer.facts));
            doubts.extend(writer.doubts.iter().cloned());
        }
        totals.doubts += doubts.len();
        inspect(server.address(), &mut journal, touched, &doubts).await;
        for writer in &mut writers {
            writer.version = journal.resources.get(&writer.resources()).map_or(0, |(version, _)| *version);
        }
        if !journal.findings.is_empty() {
            return journal;
        }
    }
    // What was found after one kill must also be there after all the others.
    let all = journal.rollouts.keys().cloned().collect();
    inspect(server.address(), &mut journal, all, &[]).await;
    totals.waiting += empty_queue(server.address(), &mut journal).await;
    server.kill();
    journal.findings.extend(integrity::check(&database));
    totals.repeated += writers.iter().map(|writer| writer.repeated).sum::<u64>();
    totals.requests += writers.iter().map(|writer| writer.answered).sum::<u64>();
    totals.facts += journal.facts;
    totals.rollouts += journal.rollouts.len();
    totals.spans += journal.rollouts.values().map(|rollout| rollout.spans.len()).sum::<usize>();
    totals.numbers += journal.numbers.values().map(HashSet::len).sum::<usize>();
    journal
}

/// The checks would notice: something is taken out of the file while no server runs.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_is_lost_is_found_out() {
    for loss in [
        "DELETE FROM spans WHERE key = 1",
        "UPDATE attempts SET status = 'timeout' WHERE key = 1",
        "UPDATE rollouts SET status = iif(status = 'failed', 'succeeded', 'failed'), end_time = 1 WHERE key = 1",
        "UPDATE attempts SET attempt_id = 'at-x' WHERE key = 1",
        "UPDATE resources SET version = version - 1",
        "UPDATE rollout_bodies SET input = '1' WHERE rollout = 1",
    ] {
        let folder = tempfile::tempdir().unwrap();
        let database = folder.path().join("store.db");
        let mut journal = Journal::default();
        let writers = vec![Writer::new(0, Random::new(1))];
        let server = Launch::sqlite(&database).start();
        let loaded = until_loaded(server.client());
        let writers = kill_under_load(server, writers, loaded).await.end(None).await;
        let touched = journal.acknowledge(&writers[0].facts);
        Connection::open(&database).unwrap().execute(loss, []).unwrap();
        let server = Launch::sqlite(&database).start();
        inspect(server.address(), &mut journal, touched, &writers[0].doubts).await;
        assert!(!journal.findings.is_empty(), "nobody noticed: {loss}");
    }
}

/// Waits until there is something of each kind that can be lost.
async fn until_loaded(mut client: Client) {
    loop {
        let totals = client.get("/v1/agl/statistics").await.expect(200);
        let at_least = |name: &str, least| totals[name].as_u64() >= Some(least);
        // One of them may be in doubt after the kill, but not the first of many.
        if at_least("total_spans", 10) && at_least("total_resources", 1) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// Writers whose server is gone.
struct Load {
    running: JoinSet<Writer>,
    restarted: watch::Sender<Option<SocketAddr>>,
}

impl Load {
    /// Tells them where the next server listens, if there is one, and waits until they have given up or made their
    /// last calls again.
    async fn end(self, restarted: Option<SocketAddr>) -> Vec<Writer> {
        let Self { running, restarted: sender } = self;
        sender.send_replace(restarted);
        drop(sender);
        running.join_all().await
    }
}

/// Lets the writers work for a while and kills the server, as a power cut would.
async fn kill_under_load(server: Server, writers: Vec<Writer>, a_while: impl Future<Output = ()>) -> Load {
    let mut running = JoinSet::new();
    let (restarted, heard) = watch::channel(None);
    for writer in writers {
        running.spawn(writer.run(server.client(), heard.clone()));
    }
    a_while.await;
    server.kill();
    Load { running, restarted }
}
