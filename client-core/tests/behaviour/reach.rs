//! From methods to routes.

use std::pin::pin;

use futures_util::StreamExt as _;
use lightning_store_client::api::{Endpoint, IDEMPOTENCY_KEY, Repeat, v1_agl};
use lightning_store_client::transport::fake::{Answer, Fake};
use lightning_store_client::wire::{
    AttemptId, NamedResources, NewRollout, QueryAttempts, QueryResources, QueryRollouts, QuerySpans, QueryWorkers,
    RawJson, RolloutId, StartRollout, Topic, UpdateAttempt, UpdateRollout, UpdateWorker,
};
use lightning_store_client::{Client, Dequeue};

use crate::client;

/// Calls the operation and returns whether there is a method for it. What is answered does not matter here.
async fn call(client: &Client<Fake>, endpoint: &Endpoint) -> bool {
    let (rollout, attempt): (RolloutId, AttemptId) = ("ro-1".into(), "at-1".into());
    let task = NewRollout::new(RawJson::null());
    match *endpoint {
        v1_agl::HEALTH => drop(client.health().await),
        v1_agl::STATISTICS => drop(client.statistics().await),
        v1_agl::ENQUEUE => drop(client.enqueue(&[task]).await),
        v1_agl::DEQUEUE => drop(client.dequeue(&Dequeue::default()).await),
        v1_agl::START_ROLLOUT => {
            drop(client.start_rollout(&StartRollout { rollout: task, worker_id: None }).await);
        }
        v1_agl::QUERY_ROLLOUTS => drop(client.query_rollouts(&QueryRollouts::default()).await),
        v1_agl::SEARCH_ROLLOUTS => drop(client.search_rollouts(&QueryRollouts::default()).await),
        v1_agl::GET_ROLLOUT => drop(client.get_rollout(&rollout).await),
        v1_agl::UPDATE_ROLLOUT => drop(client.update_rollout(&rollout, &UpdateRollout::default()).await),
        v1_agl::START_ATTEMPT => drop(client.start_attempt(&rollout, None).await),
        v1_agl::QUERY_ATTEMPTS => drop(client.query_attempts(&rollout, &QueryAttempts::default()).await),
        v1_agl::SEARCH_ATTEMPTS => drop(client.search_attempts(&rollout, &QueryAttempts::default()).await),
        v1_agl::GET_LATEST_ATTEMPT => drop(client.get_latest_attempt(&rollout).await),
        v1_agl::UPDATE_ATTEMPT => {
            drop(client.update_attempt(&rollout, &attempt, &UpdateAttempt::default()).await);
        }
        v1_agl::ADD_SPAN => drop(client.add_span(&RawJson::null()).await),
        v1_agl::ADD_SPANS => drop(client.add_spans::<RawJson>(&[]).await),
        v1_agl::QUERY_SPANS => drop(client.query_spans(&QuerySpans::of(&rollout)).await),
        v1_agl::SEARCH_SPANS => drop(client.search_spans(&QuerySpans::of(&rollout)).await),
        v1_agl::NEXT_SEQUENCE_ID => drop(client.next_sequence_id(&rollout, &attempt).await),
        v1_agl::ADD_RESOURCES => drop(client.add_resources(&NamedResources::default()).await),
        v1_agl::QUERY_RESOURCES => drop(client.query_resources(&QueryResources::default()).await),
        v1_agl::GET_LATEST_RESOURCES => drop(client.get_latest_resources().await),
        v1_agl::GET_RESOURCES => drop(client.get_resources(&"rs-1".into()).await),
        v1_agl::UPDATE_RESOURCES => {
            drop(client.update_resources(&"rs-1".into(), &NamedResources::default()).await);
        }
        v1_agl::QUERY_WORKERS => drop(client.query_workers(&QueryWorkers::default()).await),
        v1_agl::SEARCH_WORKERS => drop(client.search_workers(&QueryWorkers::default()).await),
        v1_agl::GET_WORKER => drop(client.get_worker(&"w-1".into()).await),
        v1_agl::UPDATE_WORKER => drop(client.update_worker(&"w-1".into(), &UpdateWorker::default()).await),
        v1_agl::WAIT_FOR_ROLLOUTS => drop(client.wait_for_rollouts(&[rollout], None).await),
        v1_agl::EVENTS => drop(pin!(client.events(&[Topic::Rollouts])).next().await),
        _ => return false,
    }
    true
}

/// Whether `path` is one that `pattern` stands for.
fn matches(pattern: &str, path: &str) -> bool {
    let (mut pattern, mut path) = (pattern.split('/'), path.split('/'));
    loop {
        match (pattern.next(), path.next()) {
            (None, None) => return true,
            (Some(expected), Some(segment)) if expected == segment || expected.starts_with('{') => {}
            _ => return false,
        }
    }
}

pub(crate) async fn every_operation_can_be_called(fake: Fake) {
    let client = client(&fake);
    for endpoint in v1_agl::ALL {
        let before = fake.requests().len();
        if *endpoint != v1_agl::HEALTH {
            fake.answer([Answer::json(418, "")]);
        }
        assert!(call(&client, endpoint).await, "no method calls {}", endpoint.name);
        let (_, request) = &fake.requests()[before];
        let path = request.url.strip_prefix(crate::URL).unwrap();
        let path = path.split('?').next().unwrap();
        assert_eq!(request.method, endpoint.method, "{}", endpoint.name);
        assert!(matches(endpoint.path, path), "{}: {path}", endpoint.name);
        assert_eq!(
            request.header(IDEMPOTENCY_KEY).is_some(),
            endpoint.repeat == Repeat::Keyed,
            "{} has a key where it needs one",
            endpoint.name
        );
        let is_json = request.header("content-type") == Some("application/json");
        assert_eq!(is_json, request.body.is_some(), "{}", endpoint.name);
    }
}

pub(crate) async fn ids_are_encoded(fake: Fake) {
    fake.answer([Answer::json(200, "null")]);
    client(&fake).get_worker(&"gpu 3/ü?#%2F".into()).await.unwrap();
    assert_eq!(fake.calls(), ["GET /v1/agl/workers/gpu%203%2F%C3%BC%3F%23%252F"]);
}

pub(crate) async fn ids_that_would_change_the_route_are_refused(fake: Fake) {
    let client = client(&fake);
    for id in ["", ".", "..", "search"] {
        let error = client.update_worker(&id.into(), &UpdateWorker::default()).await.unwrap_err();
        assert_eq!(error.kind(), "invalid", "{id}");
        let error = client.update_attempt(&"ro-1".into(), &id.into(), &UpdateAttempt::default()).await.unwrap_err();
        assert_eq!(error.kind(), "invalid", "{id}");
    }
    assert_eq!(client.get_resources(&"latest".into()).await.unwrap_err().kind(), "invalid");
    assert_eq!(fake.calls(), [""; 0]);
    // Where the method has no such route, it is an id like others.
    fake.answer([Answer::json(200, "null"), Answer::json(418, "")]);
    client.get_worker(&"search".into()).await.unwrap();
    client.update_attempt(&"ro-1".into(), &"latest".into(), &UpdateAttempt::default()).await.unwrap_err();
    assert_eq!(fake.calls(), ["GET /v1/agl/workers/search", "POST /v1/agl/rollouts/ro-1/attempts/latest"]);
}

pub(crate) async fn a_query_string_says_no_more_than_it_can(fake: Fake) {
    let client = client(&fake);
    let none = QueryWorkers::default().statuses([]);
    assert_eq!(client.query_workers(&none).await.unwrap_err().kind(), "invalid");
    fake.answer([Answer::json(418, "")]);
    client.search_workers(&none).await.unwrap_err();
}
