//! The native client through a proxy that loses a tenth of the answers after the server has done its work: afterwards
//! every call has had its effect exactly once.
//!
//! `LIGHTNING_STORE_TEST_CALLS` says how many calls (5,000 otherwise), `LIGHTNING_STORE_TEST_SEED` with which dice.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use lightning_store_client::transport::native::Native;
use lightning_store_client::wire::{
    AddedSpan, AttemptId, AttemptStatus, NamedResources, NewRollout, Patch, QueryRollouts, QuerySpans,
    RawJson, ResourcesId, RolloutId, UpdateAttempt,
};
use lightning_store_client::{Client, Dequeue, RetryPolicy};
use lightning_store_e2e::crash::random::Random;
use lightning_store_e2e::proxy::{Fault, Faults, Proxy};
use lightning_store_e2e::server::Launch;

/// How many clients call at the same time.
const CALLERS: u64 = 16;

/// Patient enough for a row of bad luck, and quick.
fn client(address: SocketAddr) -> Client<Native> {
    let retry = RetryPolicy {
        delays: vec![Duration::from_millis(10); 25],
        // Looks at the server's health go through the same proxy.
        probe_delays: vec![Duration::from_millis(10); 25],
        jitter: 1.0,
        ..RetryPolicy::default()
    };
    Client::builder(format!("http://{address}"))
        .request_timeout(Duration::from_secs(2))
        .retry(retry)
        .build(Native::new().expect("a client"))
        .expect("a URL")
}

fn number(variable: &str, default: u64) -> u64 {
    std::env::var(variable).map_or(default, |text| text.parse().expect("a number"))
}

/// What the callers know to have done.
#[derive(Default)]
struct Done {
    /// Rollouts enqueued: the task, and the id that was answered
    enqueued: BTreeMap<String, RolloutId>,
    /// Rollouts taken: the id and how many spans its attempt got
    taken: Vec<(RolloutId, AttemptId, u64)>,
    /// Versions of the set of resources that this caller writes
    versions: i64,
}

struct Caller {
    name: String,
    client: Client<Native>,
    random: Random,
    left: Arc<AtomicU64>,
    done: Done,
}

impl Caller {
    /// Whether there is another call to be made.
    fn may_call(&self) -> bool {
        self.left.try_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).is_ok()
    }

    async fn run(mut self) -> Done {
        let resources = ResourcesId::from(format!("rs-{}", self.name));
        while self.may_call() {
            match self.random.within(0, 9) {
                0..4 => self.enqueue().await,
                4..9 => self.work().await,
                _ => {
                    let written = self
                        .client
                        .update_resources(&resources, &NamedResources::default())
                        .await
                        .expect("an answer in the end");
                    self.done.versions += 1;
                    assert_eq!(written.version, self.done.versions, "a version was written twice");
                }
            }
        }
        self.done
    }

    async fn enqueue(&mut self) {
        let count = self.random.within(1, 3);
        let tasks: Vec<String> =
            (0..count).map(|number| format!("{}-{}-{number}", self.name, self.random.number())).collect();
        let new: Vec<NewRollout> = tasks
            .iter()
            .map(|task| NewRollout {
                input: RawJson::of(task).expect("a text is JSON"),
                mode: None,
                resources_id: None,
                config: None,
                metadata: None,
            })
            .collect();
        let rollouts = self.client.enqueue(&new).await.expect("an answer in the end");
        assert_eq!(rollouts.len(), tasks.len());
        let ids = rollouts.into_iter().map(|rollout| rollout.rollout_id);
        self.done.enqueued.extend(tasks.into_iter().zip(ids));
    }

    /// Takes a rollout, gives it spans one by one and in bulk, and ends it.
    async fn work(&mut self) {
        let request = Dequeue { worker_id: Some(self.name.as_str().into()), ..Dequeue::default() };
        let Some(taken) = self.client.dequeue(&request).await.expect("an answer in the end").pop() else {
            return;
        };
        let (rollout_id, attempt) = (&taken.rollout.rollout_id, &taken.attempt);
        let mut spans = 0;
        if self.may_call() {
            let single = self.client.span(attempt, "one");
            assert!(
                self.client.add_span(&single).await.expect("an answer in the end").is_some(),
                "it was a duplicate of itself"
            );
            spans += 1;
        }
        if self.may_call() {
            let batch: Vec<_> =
                (0..self.random.within(1, 4)).map(|_| self.client.span(attempt, "many")).collect();
            let added = self.client.add_spans(&batch).await.expect("an answer in the end");
            assert!(added.iter().all(|added| matches!(added, AddedSpan::Stored(_))), "{added:?}");
            spans += batch.len() as u64;
        }
        let _ = self.may_call();
        let end = UpdateAttempt { status: Patch::Set(AttemptStatus::Succeeded), ..UpdateAttempt::default() };
        self.client
            .update_attempt(rollout_id, &attempt.attempt_id, &end)
            .await
            .expect("an answer in the end");
        self.done.taken.push((rollout_id.clone(), attempt.attempt_id.clone(), spans));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_call_has_its_effect_once_although_a_tenth_of_the_answers_is_lost() {
    let calls = number("LIGHTNING_STORE_TEST_CALLS", 5_000);
    let seed = number("LIGHTNING_STORE_TEST_SEED", 1);
    let folder = tempfile::tempdir().unwrap();
    let server = Launch::sqlite(&folder.path().join("store.db")).args(["--log-level", "warn"]).start();
    let proxy = Proxy::start(server.address(), Faults::TEN_PERCENT, seed).await.unwrap();

    let left = Arc::new(AtomicU64::new(calls));
    let mut random = Random::new(seed);
    let callers = (0..CALLERS).map(|index| {
        let caller = Caller {
            name: format!("caller-{index}"),
            client: client(proxy.address()),
            random: random.fork(),
            left: left.clone(),
            done: Done::default(),
        };
        tokio::spawn(caller.run())
    });
    let mut all = Vec::new();
    for caller in callers.collect::<Vec<_>>() {
        all.push(caller.await.unwrap());
    }

    // Now without the proxy: what is there?
    let direct = client(server.address());
    let page = direct.search_rollouts(&QueryRollouts::default()).await.unwrap();
    let mut stored = BTreeMap::new();
    let mut tried = BTreeSet::new();
    for found in &page.items {
        let task: String = found.rollout.input.read().unwrap();
        let id = found.rollout.rollout_id.clone();
        if let Some(attempt) = &found.attempt {
            assert_eq!(attempt.sequence_id, 1, "{id} was taken twice");
            tried.insert(id.clone());
        }
        assert_eq!(stored.insert(task.clone(), id), None, "{task} was enqueued twice");
    }
    let enqueued: BTreeMap<String, RolloutId> = all.iter().flat_map(|done| done.enqueued.clone()).collect();
    assert_eq!(stored, enqueued, "what is stored is what was answered");
    let taken: BTreeSet<RolloutId> =
        all.iter().flat_map(|done| &done.taken).map(|taken| taken.0.clone()).collect();
    assert_eq!(tried, taken, "what was taken from the queue was answered to somebody");
    let mut spans = 0;
    for (rollout_id, attempt_id, count) in all.iter().flat_map(|done| &done.taken) {
        let query = QuerySpans::of(rollout_id).attempt(attempt_id);
        let found = direct.search_spans(&query).await.unwrap();
        assert_eq!(found.total, *count, "spans of {rollout_id}/{attempt_id}");
        spans += count;
    }

    let counts = proxy.counts();
    let faults: Vec<String> = Fault::ALL.map(|fault| format!("{fault:?} {}", counts.of(fault))).to_vec();
    println!(
        "{calls} calls, {} requests, {} answers lost after the effect ({}): {} rollouts, {} taken, {spans} spans, 0 lost, \
         0 doubled",
        counts.requests.load(Ordering::Relaxed),
        counts.lost_answers(),
        faults.join(", "),
        stored.len(),
        taken.len(),
    );
    assert!(counts.lost_answers() * 15 > calls, "the proxy lost too few answers to show anything");
}
