//! Repetitions of failed calls.

use std::time::Duration;

use futures_util::future::{Either, select};
use lightning_store_client::api::IDEMPOTENCY_KEY;
use lightning_store_client::transport::Transport as _;
use lightning_store_client::transport::fake::{Answer, Fake};
use lightning_store_client::wire::{NewRollout, RawJson, UpdateAttempt, UpdateWorker};
use lightning_store_client::{Client, ClientError, IdempotencyKey, RetryPolicy};

use crate::{URL, client};

const HEALTH: &str = "GET /v1/agl/health";
const STATISTICS: &str = "GET /v1/agl/statistics";

fn keys(fake: &Fake) -> Vec<Option<String>> {
    let is_probe = |url: &str| url.ends_with("/health");
    let requests = fake.requests();
    let requests = requests.iter().filter(|(_, request)| !is_probe(&request.url));
    requests.map(|(_, request)| request.header(IDEMPOTENCY_KEY).map(str::to_owned)).collect()
}

fn seconds(fake: &Fake) -> Vec<f64> {
    fake.requests().iter().map(|(at, _)| at.as_secs_f64()).collect()
}

fn task() -> NewRollout {
    NewRollout::new(RawJson::parse("[1]").unwrap())
}

pub(crate) async fn a_repeated_call_keeps_its_key_and_its_body(fake: Fake) {
    fake.answer([Answer::broken(), Answer::json(500, ""), Answer::json(201, "[]")]);
    client(&fake).enqueue(&[task()]).await.unwrap();
    let keys = keys(&fake);
    assert_eq!(keys.len(), 3);
    assert!(keys[0].is_some() && keys.iter().all(|key| *key == keys[0]), "{keys:?}");
    let requests = fake.requests();
    let (_, first) = &requests[0];
    assert!(requests.iter().step_by(2).all(|(_, request)| request == first), "{requests:?}");
}

pub(crate) async fn every_call_has_a_key_of_its_own(fake: Fake) {
    fake.answer((0..3).map(|_| Answer::json(201, "[]").after(Duration::from_millis(5))));
    let client = client(&fake);
    for _ in 0..3 {
        client.enqueue(&[task()]).await.unwrap();
    }
    let keys: Vec<String> = keys(&fake).into_iter().flatten().collect();
    assert_eq!(keys.len(), 3);
    // Later ones sort behind earlier ones, and all look like UUIDs of version 7.
    assert!(keys.is_sorted() && keys[0] != keys[1] && keys[1] != keys[2], "{keys:?}");
    for key in keys {
        let parts: Vec<&str> = key.split('-').collect();
        assert_eq!(parts.iter().map(|part| part.len()).collect::<Vec<_>>(), [8, 4, 4, 4, 12], "{key}");
        assert!(key.bytes().all(|byte| byte == b'-' || byte.is_ascii_hexdigit()), "{key}");
        assert!(parts[2].starts_with('7') && "89ab".contains(&parts[3][..1]), "{key}");
    }
}

pub(crate) async fn reads_have_no_key(fake: Fake) {
    fake.answer([Answer::json(200, "null"), Answer::json(418, "")]);
    let client = client(&fake).with_key(IdempotencyKey::new("mine").unwrap());
    client.get_worker(&"w".into()).await.unwrap();
    client.update_worker(&"w".into(), &UpdateWorker::default()).await.unwrap_err();
    assert_eq!(keys(&fake), [None, None]);
}

pub(crate) async fn a_key_of_ones_own_is_used(fake: Fake) {
    fake.answer([Answer::broken(), Answer::json(201, "[]"), Answer::json(400, "")]);
    let key = IdempotencyKey::new("mine-1").unwrap();
    let client = client(&fake);
    client.with_key(key.clone()).enqueue(&[task()]).await.unwrap();
    let error = client.with_key(key.clone()).enqueue(&[]).await.unwrap_err();
    assert_eq!(error.idempotency_key(), Some(&key));
    assert_eq!(keys(&fake), vec![Some("mine-1".to_owned()); 3]);
}

pub(crate) async fn the_number_of_repetitions_is_bounded(fake: Fake) {
    fake.answer((0..4).map(|_| Answer::broken()));
    let error = client(&fake).enqueue(&[task()]).await.unwrap_err();
    assert!(matches!(error, ClientError::Unreachable { .. }) && error.is_retryable(), "{error:?}");
    assert_eq!(seconds(&fake), [0.0, 1.0, 1.0, 3.0, 3.0, 8.0, 8.0]);
    // How to find out whether it had its effect.
    let key = keys(&fake)[0].clone().unwrap();
    assert_eq!(error.idempotency_key().unwrap().as_str(), key);
    assert!(error.to_string().contains(&key), "{error}");
}

pub(crate) async fn health_is_looked_at_before_a_repetition(fake: Fake) {
    fake.answer([Answer::json(503, ""), Answer::json(418, "")]);
    fake.answer_health([Answer::broken(), Answer::json(503, ""), Answer::json(200, r#"{"status":"ok"}"#)]);
    client(&fake).statistics().await.unwrap_err();
    assert_eq!(fake.calls(), [STATISTICS, HEALTH, HEALTH, HEALTH, STATISTICS]);
    assert_eq!(seconds(&fake), [0.0, 1.0, 1.1, 1.3, 1.3]);
}

pub(crate) async fn without_health_there_is_no_repetition(fake: Fake) {
    fake.answer([Answer::json(500, r#"{"detail":"disk"}"#), Answer::json(500, r#"{"detail":"other"}"#)]);
    fake.answer_health([Answer::json(200, "")]);
    fake.answer_health((0..4).map(|_| Answer::broken()));
    let error = client(&fake).statistics().await.unwrap_err();
    let ClientError::Unhealthy { cause, probe } = &error else { panic!("{error:?}") };
    // The first cause is told, not the last.
    assert_eq!((cause.detail(), probe.as_str()), (Some("disk"), "connection reset"));
    assert_eq!((error.kind(), error.status(), error.is_retryable()), ("unhealthy", Some(500), true));
    let calls = [STATISTICS, HEALTH, STATISTICS, HEALTH, HEALTH, HEALTH, HEALTH];
    assert_eq!(fake.calls(), calls);
    assert_eq!(seconds(&fake), [0.0, 1.0, 1.0, 3.0, 3.1, 3.3, 3.8]);
}

pub(crate) async fn refusals_are_final(fake: Fake) {
    let statuses = [400, 401, 403, 404, 409, 413, 422, 429, 501];
    fake.answer(statuses.map(|status| Answer::json(status, "")));
    let client = client(&fake);
    for status in statuses {
        let error = client
            .update_attempt(&"ro-1".into(), &"at-1".into(), &UpdateAttempt::default())
            .await
            .unwrap_err();
        assert_eq!((error.status(), error.is_retryable()), (Some(status), false));
    }
    assert_eq!(fake.elapsed(), Duration::ZERO);
}

pub(crate) async fn trouble_of_the_server_passes(fake: Fake) {
    let client = client(&fake);
    for status in [408, 500, 502, 503, 504] {
        fake.answer([Answer::json(status, ""), Answer::json(200, "null")]);
        assert_eq!(client.get_worker(&"w".into()).await, Ok(None), "{status}");
    }
}

pub(crate) async fn retry_after_is_obeyed_up_to_a_bound(fake: Fake) {
    fake.answer([
        Answer::json(503, "").header("retry-after", "4"),
        Answer::json(503, "").header("retry-after", "86400"),
        Answer::json(200, "null"),
    ]);
    client(&fake).get_worker(&"w".into()).await.unwrap();
    assert_eq!(seconds(&fake), [0.0, 4.0, 4.0, 64.0, 64.0]);
}

pub(crate) async fn time_outs_are_repeated(fake: Fake) {
    fake.answer([Answer::never(), Answer::json(200, "null")]);
    client(&fake).get_worker(&"w".into()).await.unwrap();
    assert_eq!(seconds(&fake), [0.0, 31.0, 31.0]);
}

pub(crate) async fn repetitions_can_be_switched_off(fake: Fake) {
    fake.answer([Answer::broken()]);
    let client = Client::builder(URL).retry(RetryPolicy::never()).build(fake.clone()).unwrap();
    assert_eq!(client.statistics().await.unwrap_err().kind(), "unreachable");
    assert_eq!(fake.calls(), [STATISTICS]);
}

pub(crate) async fn a_dropped_call_is_not_repeated(fake: Fake) {
    fake.answer([Answer::broken()]);
    let client = client(&fake);
    let (call, limit) = (Box::pin(client.statistics()), Box::pin(fake.sleep(Duration::from_millis(500))));
    assert!(matches!(select(call, limit).await, Either::Right(_)));
    fake.sleep(Duration::from_hours(1)).await;
    assert_eq!(fake.calls(), [STATISTICS]);
}

pub(crate) async fn health_itself_is_asked_once(fake: Fake) {
    fake.answer_health([Answer::json(503, ""), Answer::json(200, r#"{"status":"ok"}"#)]);
    let client = client(&fake);
    assert_eq!(client.health().await.unwrap_err().status(), Some(503));
    assert_eq!(client.health().await.unwrap().status, "ok");
    assert_eq!(fake.calls(), [HEALTH, HEALTH]);
}
