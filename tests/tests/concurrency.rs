//! Many clients at once: each rollout goes to one of them, in order, and span numbers never repeat.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use lightning_store_e2e::http::Client;
use lightning_store_e2e::server::{Launch, Server};
use lightning_store_e2e::span::span;
use serde_json::{Value, json};
use tokio::task::JoinSet;

const ENQUEUERS: usize = 8;
const ROLLOUTS: usize = 2000;
const DEQUEUERS: usize = 32;

/// Enqueues `count` rollouts, a few at a time; their ids in the order of the answers.
async fn enqueue(mut client: Client, enqueuer: usize, count: usize) -> Vec<String> {
    let mut ids = Vec::new();
    while ids.len() < count {
        let batch = (count - ids.len()).min(1 + ids.len() % 7);
        let rollouts: Vec<Value> =
            (0..batch).map(|index| json!({"input": {"by": enqueuer, "n": ids.len() + index}})).collect();
        let answer =
            client.post("/v1/agl/queues/rollouts/enqueue", &json!({"rollouts": rollouts})).await.expect(201);
        ids.extend(rollout_ids(&answer));
    }
    ids
}

fn rollout_ids(list: &Value) -> Vec<String> {
    let rollouts = list.as_array().expect("a list").iter();
    rollouts.map(|rollout| rollout["rollout_id"].as_str().expect("an id").to_owned()).collect()
}

/// Dequeues until all rollouts are claimed; those claimed here.
async fn dequeue(mut client: Client, worker: usize, claimed: Arc<AtomicUsize>) -> Vec<Value> {
    let mut mine = Vec::new();
    let body = json!({"limit": 1 + worker % 4, "worker_id": format!("w-{worker}")});
    while claimed.load(Ordering::SeqCst) < ROLLOUTS {
        let answer = client.post("/v1/agl/queues/rollouts/dequeue", &body).await.expect(200);
        let Value::Array(rollouts) = answer else { panic!("{answer}") };
        if rollouts.is_empty() {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        claimed.fetch_add(rollouts.len(), Ordering::SeqCst);
        mine.extend(rollouts);
    }
    mine
}

async fn each_rollout_is_handed_out_once(server: &Server) {
    let claimed = Arc::new(AtomicUsize::new(0));
    let mut enqueuers = JoinSet::new();
    for enqueuer in 0..ENQUEUERS {
        enqueuers.spawn(enqueue(server.client(), enqueuer, ROLLOUTS / ENQUEUERS));
    }
    let mut dequeuers = JoinSet::new();
    for worker in 0..DEQUEUERS {
        dequeuers.spawn(dequeue(server.client(), worker, Arc::clone(&claimed)));
    }
    let enqueued: HashSet<String> = enqueuers.join_all().await.into_iter().flatten().collect();
    let handed_out = tokio::time::timeout(Duration::from_secs(50), dequeuers.join_all()).await;
    let handed_out: Vec<Value> = handed_out.expect("all are handed out").into_iter().flatten().collect();

    assert_eq!(handed_out.len(), ROLLOUTS);
    let distinct: HashSet<String> = rollout_ids(&Value::Array(handed_out.clone())).into_iter().collect();
    assert_eq!(distinct, enqueued);
    for rollout in &handed_out {
        assert_eq!(
            (&rollout["status"], &rollout["attempt"]["sequence_id"]),
            (&json!("preparing"), &json!(1))
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_in_memory_hands_out_each_rollout_once() {
    each_rollout_is_handed_out_once(&Launch::default().start()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_on_disk_hands_out_each_rollout_once() {
    let folder = tempfile::tempdir().unwrap();
    each_rollout_is_handed_out_once(&Launch::sqlite(&folder.path().join("store.db")).start()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_single_claimant_gets_what_each_client_enqueued_in_its_order() {
    let server = Launch::default().start();
    let mut enqueuers = JoinSet::new();
    for enqueuer in 0..4 {
        enqueuers.spawn(enqueue(server.client(), enqueuer, 200));
    }
    let mut client = server.client();
    let mut places: HashMap<u64, Vec<u64>> = HashMap::new();
    while places.values().map(Vec::len).sum::<usize>() < 800 {
        let answer = client.post("/v1/agl/queues/rollouts/dequeue", &json!({"limit": 7})).await.expect(200);
        for rollout in answer.as_array().unwrap() {
            let input = |key: &str| rollout["input"][key].as_u64().unwrap();
            places.entry(input("by")).or_default().push(input("n"));
        }
    }
    enqueuers.join_all().await;
    for (enqueuer, places) in places {
        assert!(places.is_sorted(), "{enqueuer}: {places:?}");
    }
}

/// Takes a number and stores a span under it, again and again; the numbers.
async fn store_spans(mut client: Client, rollout_id: String, attempt_id: String, name: usize) -> Vec<u64> {
    let mut numbers = Vec::new();
    let which = json!({"rollout_id": rollout_id, "attempt_id": attempt_id});
    for index in 0..100 {
        let issued = client.post("/v1/agl/spans/next", &which).await.expect(200);
        let number = issued["sequence_id"].as_u64().expect("a number");
        let body = span(&rollout_id, &attempt_id, number, &format!("{name:08}{index:08}"));
        client.post("/v1/agl/spans", &body).await.expect(201);
        numbers.push(number);
    }
    numbers
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn span_numbers_of_several_clients_never_repeat_and_rise_for_each() {
    let folder = tempfile::tempdir().unwrap();
    let server = Launch::sqlite(&folder.path().join("store.db")).start();
    let mut client = server.client();
    let started = client.post("/v1/agl/rollouts", &json!({"input": "spans"})).await.expect(201);
    let rollout_id = started["rollout_id"].as_str().unwrap();
    let attempt_id = started["attempt"]["attempt_id"].as_str().unwrap();
    let mut writers = JoinSet::new();
    for name in 0..8 {
        writers.spawn(store_spans(server.client(), rollout_id.to_owned(), attempt_id.to_owned(), name));
    }

    let numbers = writers.join_all().await;

    for numbers in &numbers {
        assert!(numbers.is_sorted_by(|earlier, later| earlier < later), "{numbers:?}");
    }
    let mut all: Vec<u64> = numbers.concat();
    all.sort_unstable();
    assert_eq!(all, (1..=800).collect::<Vec<u64>>());
    let page = client.get(&format!("/v1/agl/spans?rollout_id={rollout_id}")).await.expect(200);
    let stored: Vec<u64> =
        page["items"].as_array().unwrap().iter().filter_map(|span| span["sequence_id"].as_u64()).collect();
    assert_eq!(stored, all);
}
