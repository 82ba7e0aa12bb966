//! Calls with idempotency keys.

use std::fmt::Debug;

use lightning_store_client::wire::{
    AttemptId, AttemptStatus, DequeueRollouts, NamedResources, Patch, RawJson, Rollout, RolloutConfig,
    RolloutId, RolloutStatus, StartRollout as StartRequest, Timestamp, UpdateAttempt as AttemptChange,
    UpdateRollout as RolloutChange, WorkerId,
};
use lightning_store_server::service::add_spans::{AddSpan, AddSpans, NewSpan, SpanOutcome};
use lightning_store_server::service::dequeue::Dequeue;
use lightning_store_server::service::enqueue::Enqueue;
use lightning_store_server::service::once::{Call, Replay};
use lightning_store_server::service::resources::PutResources;
use lightning_store_server::service::start_attempt::StartAttempt;
use lightning_store_server::service::start_rollout::StartRollout;
use lightning_store_server::service::update_attempt::UpdateAttempt;
use lightning_store_server::service::update_rollout::UpdateRollout;
use lightning_store_server::storage::Totals;
use lightning_store_server::storage::error::StoreError;
use lightning_store_server::storage::tx::{Operation, Tx};

use crate::fixture::{Fixture, ids, new_rollout, retrying, span, taken};

crate::sentences! {
    a_repeated_enqueue_is_answered_alike_and_creates_nothing,
    a_repeated_dequeue_gives_the_same_rollouts_and_takes_nothing_more,
    a_repeated_start_starts_once,
    a_repeated_update_is_answered_as_it_was_and_undoes_nothing,
    repeated_spans_are_answered_alike,
    repeated_resources_make_one_version,
    a_key_that_was_used_for_another_request_is_refused,
    a_look_into_an_empty_queue_is_not_remembered,
    a_refusal_is_not_remembered,
    an_operation_that_is_undone_is_not_remembered,
    keys_survive_a_restart,
    a_key_is_forgotten_after_a_day_and_may_be_used_anew,
    the_oldest_keys_are_forgotten_when_there_are_too_many,
    forgetting_keeps_up_with_remembering,
    calls_with_one_key_at_the_same_time_have_one_effect,
    without_a_key_each_call_has_its_effect,
}

fn call(key: &str, request: u8) -> Call {
    Call { key: key.to_owned(), fingerprint: [request; 16] }
}

async fn totals(f: &Fixture) -> Totals {
    f.store.totals().await.unwrap()
}

/// Carries out a call twice; the answer, which is the same both times, as is everything that is counted.
async fn twice<O: Replay>(f: &Fixture, key: &str, operation: impl Fn() -> O) -> O::Output
where
    O::Output: PartialEq + Debug,
{
    let first = f.store.transact(operation().once(Some(call(key, 1)))).await.unwrap();
    let before = totals(f).await;
    f.advance(1.0);
    let second = f.store.transact(operation().once(Some(call(key, 1)))).await.unwrap();
    assert_eq!(first, second);
    assert_eq!(before, totals(f).await);
    first
}

fn enqueue(inputs: &[&str]) -> Enqueue {
    Enqueue { rollouts: inputs.iter().map(|input| new_rollout(input, Some(retrying()))).collect() }
}

fn dequeue(limit: i64) -> Dequeue {
    let worker_id = Some(WorkerId::from("w"));
    Dequeue { request: DequeueRollouts { limit, worker_id, wait_seconds: None } }
}

fn resources() -> NamedResources {
    NamedResources::default()
}

async fn enqueue_once(f: &Fixture, key: &str, input: &str) -> Rollout {
    f.store.transact(enqueue(&[input]).once(Some(call(key, 1)))).await.unwrap().remove(0)
}

async fn a_repeated_enqueue_is_answered_alike_and_creates_nothing(f: Fixture) {
    let put = PutResources { resources_id: None, resources: resources() };
    let latest = f.store.transact(put).await.unwrap().resources_id;
    let mut first = enqueue(&["1", "2"]);
    first.rollouts[1].resources_id = Some("rs-mine".into());
    first.rollouts[1].metadata = Some(RawJson::trusted("{\"a\":1.0}"));
    let again = || Enqueue { rollouts: first.rollouts.clone() };
    let rollouts = twice(&f, "k", again).await;
    assert_eq!(rollouts[0].resources_id, Some(latest));
    // Whatever becomes of them, the answer is what it was.
    f.store.transact(PutResources { resources_id: None, resources: resources() }).await.unwrap();
    let change = RolloutChange {
        input: Patch::Set(RawJson::trusted("9")),
        status: Patch::Set(RolloutStatus::Cancelled),
        ..RolloutChange::default()
    };
    let rollout_id = rollouts[0].rollout_id.clone();
    f.store.transact(UpdateRollout { rollout_id, request: change }).await.unwrap();
    assert_eq!(f.store.transact(again().once(Some(call("k", 1)))).await.unwrap(), rollouts);
    assert_eq!(twice(&f, "none", || enqueue(&[])).await, []);
}

async fn a_repeated_dequeue_gives_the_same_rollouts_and_takes_nothing_more(f: Fixture) {
    let queued = ids(&f.enqueue_with(3, retrying()).await);
    let first = twice(&f, "k", || dequeue(2)).await;
    assert_eq!(taken(&first), queued[..2]);
    let (id, attempt) = (&queued[0], first[0].attempt.attempt_id.to_string());
    f.report(id, &attempt, AttemptStatus::Failed).await;
    // Also when the attempt has ended and another one was started: the answer is about the one that it started.
    f.start_attempt(id).await;
    let again = f.store.transact(dequeue(2).once(Some(call("k", 1)))).await.unwrap();
    assert_eq!(again, first);
    assert_eq!(taken(&f.dequeue(9, None).await), queued[2..]);
}

async fn a_repeated_start_starts_once(f: Fixture) {
    let request = StartRequest { rollout: new_rollout("[1]", Some(retrying())), worker_id: Some("w".into()) };
    let first = twice(&f, "rollout", || StartRollout { request: request.clone() }).await;
    let id = first.rollout.rollout_id.clone();
    let change = RolloutChange { metadata: Patch::Clear, ..RolloutChange::default() };
    f.store.transact(UpdateRollout { rollout_id: id.clone(), request: change }).await.unwrap();
    let again = f.store.transact(StartRollout { request }.once(Some(call("rollout", 1)))).await.unwrap();
    assert_eq!(again, first);
    let start = || StartAttempt { rollout_id: id.clone(), worker_id: Some("v".into()) };
    assert_eq!(twice(&f, "attempt", start).await.attempt.sequence_id, 2);
    assert_eq!(f.latest(&id).await.sequence_id, 2);
}

async fn a_repeated_update_is_answered_as_it_was_and_undoes_nothing(f: Fixture) {
    let started = f.started(retrying(), Some("w")).await;
    let (id, attempt_id) = (started.rollout.rollout_id, started.attempt.attempt_id);
    let fail = || UpdateAttempt {
        rollout_id: id.clone(),
        attempt_id: AttemptId::from(AttemptId::LATEST),
        request: AttemptChange {
            status: Patch::Set(AttemptStatus::Failed),
            metadata: Patch::Set(RawJson::trusted("{\"why\":null}")),
            last_heartbeat_time: Patch::Set(Timestamp::from_seconds(0.1 + 0.2).unwrap()),
            ..AttemptChange::default()
        },
    };
    let failed = twice(&f, "attempt", fail).await;
    assert_eq!((f.status(&id).await, &failed.attempt_id), (RolloutStatus::Requeuing, &attempt_id));
    let request = RolloutChange {
        status: Patch::Set(RolloutStatus::Cancelled),
        metadata: Patch::Set(RawJson::trusted("{\"note\":1}")),
        ..RolloutChange::default()
    };
    let cancel = || UpdateRollout { rollout_id: id.clone(), request: request.clone() };
    let cancelled = twice(&f, "rollout", cancel).await;
    assert!(cancelled.end_time.is_some());
    // Started anew since: "latest" is another one now, and nobody is cancelled again.
    f.start_attempt(&id).await;
    let change = RolloutChange { metadata: Patch::Clear, ..RolloutChange::default() };
    f.store.transact(UpdateRollout { rollout_id: id.clone(), request: change }).await.unwrap();
    assert_eq!(f.store.transact(fail().once(Some(call("attempt", 1)))).await.unwrap(), failed);
    assert_eq!(f.store.transact(cancel().once(Some(call("rollout", 1)))).await.unwrap(), cancelled);
    assert_eq!(f.status(&id).await, RolloutStatus::Preparing);
    assert_eq!(f.latest(&id).await.status, AttemptStatus::Preparing);
}

async fn repeated_spans_are_answered_alike(f: Fixture) {
    let attempt = f.started(RolloutConfig::default(), None).await.attempt;
    assert!(twice(&f, "one", || AddSpan::new(span(&attempt, 5, "s-1"))).await);
    assert!(!twice(&f, "duplicate", || AddSpan::new(span(&attempt, 6, "s-1"))).await);
    let batch = || {
        let stray = lightning_store_client::wire::SpanRecord {
            rollout_id: RolloutId::from("ro-none"),
            ..span(&attempt, 1, "s-9")
        };
        let lost = lightning_store_client::wire::SpanRecord {
            attempt_id: AttemptId::from("at-none"),
            ..span(&attempt, 1, "s-9")
        };
        let spans = [span(&attempt, 0, "s-2"), span(&attempt, 0, "s-1"), stray, lost];
        AddSpans { spans: spans.into_iter().map(|span| NewSpan { span, numbered: false }).collect() }
    };
    let outcomes = twice(&f, "batch", batch).await;
    assert_eq!(outcomes[..2], [SpanOutcome::Stored(7), SpanOutcome::Duplicate]);
    let texts: Vec<String> = outcomes[2..]
        .iter()
        .map(|outcome| match outcome {
            SpanOutcome::Refused(missing) => missing.to_string(),
            other => panic!("{other:?}"),
        })
        .collect();
    let expected = format!("Attempt at-none not found for rollout {}", attempt.rollout_id);
    assert_eq!(texts, ["Rollout ro-none not found".to_owned(), expected]);
}

async fn repeated_resources_make_one_version(f: Fixture) {
    let new = twice(&f, "new", || PutResources { resources_id: None, resources: resources() }).await;
    let id = new.resources_id.clone();
    let put = || PutResources { resources_id: Some(id.clone()), resources: resources() };
    assert_eq!(twice(&f, "update", put).await.version, 2);
    assert_eq!(f.store.get_resources(id).await.unwrap().unwrap().version, 2);
}

async fn a_key_that_was_used_for_another_request_is_refused(f: Fixture) {
    enqueue_once(&f, "k", "1").await;
    let before = totals(&f).await;
    let other = f.store.transact(enqueue(&["2"]).once(Some(call("k", 2)))).await;
    assert!(matches!(other, Err(StoreError::KeyReused)), "{other:?}");
    let other = f.store.transact(dequeue(1).once(Some(call("k", 3)))).await;
    assert!(matches!(other, Err(StoreError::KeyReused)), "{other:?}");
    assert_eq!(totals(&f).await, before);
    assert_eq!(f.dequeue(9, None).await.len(), 1);
}

async fn a_look_into_an_empty_queue_is_not_remembered(f: Fixture) {
    let look = || f.store.transact(dequeue(1).once(Some(call("k", 1))));
    assert!(look().await.unwrap().is_empty());
    let queued = ids(&f.enqueue(1).await);
    assert_eq!(taken(&look().await.unwrap()), queued);
    assert_eq!(taken(&look().await.unwrap()), queued);
}

async fn a_refusal_is_not_remembered(f: Fixture) {
    let attempt = f.started(RolloutConfig::default(), None).await.attempt;
    let rollout_id = RolloutId::from("ro-none");
    let start = StartAttempt { rollout_id, worker_id: None };
    assert!(matches!(f.store.transact(start.once(Some(call("k", 1)))).await, Err(StoreError::NotFound(_))));
    let lost = lightning_store_client::wire::SpanRecord {
        attempt_id: AttemptId::from("at-none"),
        ..span(&attempt, 1, "s")
    };
    let add = AddSpan::new(lost);
    assert!(matches!(f.store.transact(add.once(Some(call("k", 2)))).await, Err(StoreError::NotFound(_))));
    enqueue_once(&f, "k", "1").await;
}

/// Creates a rollout and then falls over.
struct Broken;

impl Operation for Broken {
    const NAME: &'static str = "broken";
    type Output = Vec<Rollout>;

    async fn run<T: Tx>(&self, tx: &mut T) -> Result<Vec<Rollout>, StoreError> {
        enqueue(&["1"]).once(Some(call("k", 1))).run(tx).await?;
        panic!("on purpose");
    }
}

async fn an_operation_that_is_undone_is_not_remembered(f: Fixture) {
    enqueue_once(&f, "before", "0").await;
    assert!(matches!(f.store.transact(Broken).await, Err(StoreError::Storage(_))));
    assert_eq!(totals(&f).await.rollouts, 1);
    enqueue_once(&f, "k", "1").await;
    enqueue_once(&f, "k", "1").await;
    enqueue_once(&f, "before", "0").await;
    assert_eq!(totals(&f).await.rollouts, 2);
}

async fn keys_survive_a_restart(f: Fixture) {
    let queued = enqueue_once(&f, "enqueue", "1").await;
    let claimed = f.store.transact(dequeue(1).once(Some(call("dequeue", 1)))).await.unwrap();
    let f = f.restarted().await;
    assert_eq!(enqueue_once(&f, "enqueue", "1").await, queued);
    assert_eq!(f.store.transact(dequeue(1).once(Some(call("dequeue", 1)))).await.unwrap(), claimed);
    enqueue_once(&f, "another", "2").await;
    assert_eq!(totals(&f).await.rollouts, 2);
}

async fn a_key_is_forgotten_after_a_day_and_may_be_used_anew(f: Fixture) {
    const DAY: f64 = 24.0 * 3600.0;
    let first = enqueue_once(&f, "k", "1").await;
    f.advance(DAY - 1.0);
    assert_eq!(enqueue_once(&f, "k", "1").await, first);
    f.advance(2.0);
    let other = f.store.transact(enqueue(&["2"]).once(Some(call("k", 2)))).await.unwrap();
    assert_ne!(other[0].rollout_id, first.rollout_id);
    f.advance(DAY - 1.0);
    assert_eq!(f.store.transact(enqueue(&["2"]).once(Some(call("k", 2)))).await.unwrap(), other);
    assert_eq!(totals(&f).await.rollouts, 2);
}

async fn the_oldest_keys_are_forgotten_when_there_are_too_many(f: Fixture) {
    let f = f.remembering(3).await;
    for key in ["a", "b", "c", "d"] {
        enqueue_once(&f, key, "1").await;
    }
    for key in ["b", "c", "d"] {
        enqueue_once(&f, key, "1").await;
    }
    assert_eq!(totals(&f).await.rollouts, 4);
    enqueue_once(&f, "a", "1").await;
    enqueue_once(&f, "b", "1").await;
    assert_eq!(totals(&f).await.rollouts, 6);
    // A smaller memory forgets at once what it cannot hold, as far as it is asked to remember more.
    let f = f.remembering(1).await;
    let before = totals(&f).await.rollouts;
    for key in ["x", "y", "x"] {
        enqueue_once(&f, key, "1").await;
    }
    assert_eq!(totals(&f).await.rollouts, before + 3);
}

async fn forgetting_keeps_up_with_remembering(f: Fixture) {
    const KEYS: u32 = 20;
    let f = f.remembering(KEYS).await;
    for number in 0..200 {
        enqueue_once(&f, &format!("k-{number}"), "1").await;
        if number == 100 {
            assert!(f.store.transact(Broken).await.is_err());
        }
    }
    for number in (0..200).rev() {
        let before = totals(&f).await.rollouts;
        enqueue_once(&f, &format!("k-{number}"), "1").await;
        let is_known = totals(&f).await.rollouts == before;
        assert_eq!(is_known, number >= 200 - i64::from(KEYS), "{number}");
        if !is_known {
            break;
        }
    }
}

async fn calls_with_one_key_at_the_same_time_have_one_effect(f: Fixture) {
    let calls = (0..50).map(|_| {
        let store = f.store.clone();
        tokio::spawn(async move { store.transact(enqueue(&["1"]).once(Some(call("k", 1)))).await.unwrap() })
    });
    let mut answers = Vec::new();
    for call in calls.collect::<Vec<_>>() {
        answers.push(call.await.unwrap());
    }
    answers.dedup();
    assert_eq!((answers.len(), totals(&f).await.rollouts), (1, 1));
}

async fn without_a_key_each_call_has_its_effect(f: Fixture) {
    for _ in 0..2 {
        f.store.transact(enqueue(&["1"]).once(None)).await.unwrap();
    }
    assert_eq!(totals(&f).await.rollouts, 2);
}
