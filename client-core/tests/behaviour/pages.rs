//! Lists as streams.

use futures_util::{StreamExt as _, TryStreamExt as _};
use lightning_store_client::transport::fake::{Answer, Fake};
use lightning_store_client::wire::{
    QueryAttempts, QueryResources, QueryRollouts, QuerySpans, QueryWorkers, Worker, WorkerStatus,
};
use lightning_store_client::{Client, ClientError};
use serde_json::{Value, json};

use crate::URL;

fn client(fake: &Fake) -> Client<Fake> {
    Client::builder(URL).page_size(2).build(fake.clone()).unwrap()
}

fn page(names: &[&str]) -> Answer {
    let items: Vec<Worker> = names.iter().map(|name| Worker::new((*name).into())).collect();
    Answer::json(200, &json!({"items": items, "limit": 2, "offset": 0, "total": 5}).to_string())
}

fn bodies(fake: &Fake) -> Vec<Value> {
    let body = |body: &[u8]| serde_json::from_slice(body).unwrap();
    fake.requests().iter().map(|(_, request)| body(request.body.as_ref().unwrap())).collect()
}

pub(crate) async fn pages_follow_each_other(fake: Fake) {
    fake.answer([page(&["a", "b"]), page(&["c", "d"]), page(&["e"])]);
    let query = QueryWorkers::default().statuses([WorkerStatus::Busy]);
    let workers: Vec<Worker> = client(&fake).stream_workers(query).try_collect().await.unwrap();
    let names: Vec<&str> = workers.iter().map(|worker| worker.worker_id.as_str()).collect();
    assert_eq!(names, ["a", "b", "c", "d", "e"]);
    let expected = [0, 2, 4].map(|offset| json!({"status_in": ["busy"], "limit": 2, "offset": offset}));
    assert_eq!(bodies(&fake), expected);
}

pub(crate) async fn a_limit_bounds_the_whole_list(fake: Fake) {
    fake.answer([page(&["b", "c"]), page(&["d"])]);
    let query = QueryWorkers::default().limit(3).offset(1);
    let workers: Vec<Worker> = client(&fake).stream_workers(query).try_collect().await.unwrap();
    assert_eq!(workers.len(), 3);
    assert_eq!(bodies(&fake), [json!({"limit": 2, "offset": 1}), json!({"limit": 1, "offset": 3})]);
}

pub(crate) async fn an_error_ends_the_list(fake: Fake) {
    fake.answer([page(&["a", "b"]), Answer::json(400, r#"{"detail":"no"}"#)]);
    let workers: Vec<Result<Worker, ClientError>> =
        client(&fake).stream_workers(QueryWorkers::default()).collect().await;
    assert_eq!(workers.len(), 3);
    assert_eq!(workers[2].as_ref().unwrap_err().status(), Some(400));
}

pub(crate) async fn every_list_can_be_streamed(fake: Fake) {
    fake.answer((0..4).map(|_| page(&[])));
    let client = client(&fake);
    assert_eq!(client.stream_rollouts(QueryRollouts::default()).count().await, 0);
    assert_eq!(client.stream_attempts(&"ro-1".into(), QueryAttempts::default()).count().await, 0);
    assert_eq!(client.stream_spans(QuerySpans::of(&"ro-1".into())).count().await, 0);
    assert_eq!(client.stream_resources(QueryResources::default()).count().await, 0);
    assert_eq!(
        fake.calls(),
        [
            "POST /v1/agl/rollouts/search",
            "POST /v1/agl/rollouts/ro-1/attempts/search",
            "POST /v1/agl/spans/search",
            "GET /v1/agl/resources"
        ]
    );
}
