//! Waits of any length.

use std::time::Duration;

use lightning_store_client::api::IDEMPOTENCY_KEY;
use lightning_store_client::client::MAX_ROUND;
use lightning_store_client::transport::Request;
use lightning_store_client::transport::fake::{Answer, Fake};
use lightning_store_client::wire::{MAX_WAIT_SECONDS, RolloutId};
use lightning_store_client::{Dequeue, IdempotencyKey};
use serde_json::{Value, json};

use crate::answers::ROLLOUT;
use crate::client;

const MINUTE: Duration = Duration::from_mins(1);

fn waiting(wait: Duration) -> Dequeue {
    Dequeue { worker_id: Some("w-1".into()), wait, ..Dequeue::default() }
}

fn body(request: &Request) -> Value {
    serde_json::from_slice(request.body.as_ref().unwrap()).unwrap()
}

fn taken() -> Answer {
    let attempt = r#","attempt":{"rollout_id":"ro-1","attempt_id":"at-1","sequence_id":1,"start_time":2.0,"status":"preparing"}}"#;
    Answer::json(200, &format!("[{}{attempt}]", ROLLOUT.strip_suffix('}').unwrap()))
}

/// An empty answer at the end of a round that lasts `wait`.
fn nothing(wait: Duration) -> Answer {
    Answer::json(200, "[]").after(wait)
}

fn finished(ids: &[&str]) -> Answer {
    let rollouts: Vec<String> = ids.iter().map(|id| ROLLOUT.replace("ro-1", id)).collect();
    Answer::json(200, &format!("[{}]", rollouts.join(",")))
}

fn found(total: u64) -> Answer {
    Answer::json(200, &json!({"items": [], "limit": 1, "offset": 0, "total": total}).to_string())
}

fn ids(ids: &[&str]) -> Vec<RolloutId> {
    ids.iter().map(|id| (*id).into()).collect()
}

pub(crate) async fn a_long_dequeue_is_many_rounds(fake: Fake) {
    fake.answer((0..3).map(|_| nothing(MINUTE / 3)));
    assert_eq!(client(&fake).dequeue(&waiting(MINUTE)).await.unwrap(), []);
    assert_eq!(fake.elapsed(), MINUTE);
    let requests = fake.requests();
    assert_eq!(requests.len(), 3);
    let mut keys: Vec<&str> = requests.iter().filter_map(|(_, request)| request.header(IDEMPOTENCY_KEY)).collect();
    keys.dedup();
    assert_eq!(keys.len(), 3, "each round has a key of its own");
    for (_, request) in &requests {
        assert_eq!(body(request), json!({"limit": 1, "worker_id": "w-1", "wait_seconds": 20.0}));
        assert_eq!(request.timeout, Duration::from_secs(30 + 20), "the round's wait comes on top");
    }
    assert!(MAX_ROUND.as_secs_f64() <= MAX_WAIT_SECONDS);
}

pub(crate) async fn a_dequeue_ends_with_the_first_rollout(fake: Fake) {
    fake.answer([nothing(MAX_ROUND), taken().after(MAX_ROUND / 5)]);
    let taken = client(&fake).dequeue(&waiting(Duration::MAX)).await.unwrap();
    assert_eq!(taken[0].attempt.attempt_id, "at-1".into());
    assert_eq!(fake.elapsed(), MAX_ROUND + MAX_ROUND / 5);
}

pub(crate) async fn rounds_with_a_key_of_ones_own_are_alike(fake: Fake) {
    fake.answer([nothing(MINUTE / 3), Answer::broken(), taken()]);
    let key = IdempotencyKey::new("mine").unwrap();
    client(&fake).with_key(key).dequeue(&waiting(MINUTE)).await.unwrap();
    let requests = fake.requests();
    let rounds: Vec<&Request> =
        requests.iter().map(|(_, request)| request).filter(|request| !request.url.ends_with("/health")).collect();
    assert_eq!(rounds.len(), 3);
    assert!(rounds.iter().all(|round| *round == rounds[0]), "{rounds:?}");
    assert_eq!(rounds[0].header(IDEMPOTENCY_KEY), Some("mine"));
}

pub(crate) async fn a_dequeue_without_a_wait_looks_once(fake: Fake) {
    fake.answer([nothing(Duration::ZERO), nothing(Duration::ZERO)]);
    let client = client(&fake);
    client.dequeue(&Dequeue::default()).await.unwrap();
    client.dequeue(&Dequeue { limit: 0, ..waiting(MINUTE) }).await.unwrap();
    let (_, request) = &fake.requests()[0];
    assert_eq!(body(request), json!({"limit": 1, "worker_id": null}));
    assert_eq!(fake.elapsed(), Duration::ZERO);
}

pub(crate) async fn a_server_that_cannot_wait_is_not_hammered(fake: Fake) {
    fake.answer((0..10).map(|_| nothing(Duration::ZERO)));
    client(&fake).dequeue(&waiting(Duration::from_secs(10))).await.unwrap();
    let times: Vec<u64> = fake.requests().iter().map(|(at, _)| at.as_secs()).collect();
    assert_eq!(times, (0..10).collect::<Vec<u64>>());
}

pub(crate) async fn a_lost_round_is_repeated_with_its_key(fake: Fake) {
    fake.answer([nothing(MINUTE / 3), Answer::broken(), taken()]);
    client(&fake).dequeue(&waiting(MINUTE)).await.unwrap();
    let requests = fake.requests();
    let keys: Vec<&str> = requests.iter().filter_map(|(_, request)| request.header(IDEMPOTENCY_KEY)).collect();
    assert_eq!(keys.len(), 3);
    assert!(keys[0] != keys[1] && keys[1] == keys[2], "{keys:?}");
}

pub(crate) async fn a_wait_is_many_rounds(fake: Fake) {
    let round = MINUTE / 3;
    fake.answer([finished(&[]).after(round), finished(&["ro-2"]).after(round), finished(&["ro-2"]).after(round)]);
    let rollouts = client(&fake).wait_for_rollouts(&ids(&["ro-1", "ro-2"]), Some(MINUTE)).await.unwrap();
    assert_eq!(rollouts.len(), 1);
    assert_eq!(fake.elapsed(), MINUTE);
    for (_, request) in &fake.requests() {
        assert_eq!(body(request), json!({"rollout_ids": ["ro-1", "ro-2"], "timeout": 20.0}));
        assert_eq!(request.timeout, Duration::from_secs(30 + 20));
    }
}

pub(crate) async fn a_wait_without_end_ends_with_the_last_rollout(fake: Fake) {
    fake.answer((0..100).map(|_| finished(&["ro-2"]).after(MAX_ROUND)));
    fake.answer([finished(&["ro-2", "ro-1", "ro-2"]).after(MAX_ROUND / 2)]);
    let rollouts = client(&fake).wait_for_rollouts(&ids(&["ro-2", "ro-1", "ro-2"]), None).await.unwrap();
    let order: Vec<&str> = rollouts.iter().map(|rollout| rollout.rollout_id.as_str()).collect();
    assert_eq!(order, ["ro-2", "ro-1", "ro-2"]);
    assert_eq!(fake.elapsed(), MAX_ROUND * 100 + MAX_ROUND / 2);
}

pub(crate) async fn rollouts_that_do_not_exist_are_not_waited_for(fake: Fake) {
    fake.answer([finished(&["ro-2"]), found(0)]);
    let rollouts = client(&fake).wait_for_rollouts(&ids(&["ro-1", "ro-2"]), None).await.unwrap();
    assert_eq!(rollouts.len(), 1);
    assert_eq!(fake.calls(), ["POST /v1/agl/waits/rollouts", "POST /v1/agl/rollouts/search"]);
    let (_, search) = &fake.requests()[1];
    assert_eq!(body(search), json!({"rollout_id_in": ["ro-1"], "limit": 1, "offset": 0}));
    assert_eq!(fake.elapsed(), Duration::ZERO);
}

pub(crate) async fn a_server_that_goes_down_is_asked_again(fake: Fake) {
    fake.answer([finished(&[]), found(1), finished(&["ro-1"])]);
    let rollouts = client(&fake).wait_for_rollouts(&ids(&["ro-1"]), None).await.unwrap();
    assert_eq!(rollouts.len(), 1);
    assert_eq!(fake.elapsed(), Duration::from_secs(1), "but not at once");
}

pub(crate) async fn a_wait_of_no_time_looks_once(fake: Fake) {
    fake.answer([finished(&[])]);
    assert_eq!(client(&fake).wait_for_rollouts(&ids(&["ro-1"]), Some(Duration::ZERO)).await.unwrap(), []);
    assert_eq!(body(&fake.requests()[0].1), json!({"rollout_ids": ["ro-1"], "timeout": 0.0}));
}
