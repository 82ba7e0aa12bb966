//! `GET /v1/agl/events`: the stream as it goes over the wire.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::io::Write as _;
use std::net::TcpStream;
use std::time::Duration;

use lightning_store_e2e::clock;
use lightning_store_e2e::http::Client;
use lightning_store_e2e::server::{Launch, Server};
use lightning_store_e2e::span::span;
use lightning_store_e2e::sse::Stream;
use serde_json::{Value, json};

const ENQUEUE: &str = "/v1/agl/queues/rollouts/enqueue";

async fn listen(server: &Server, topics: &str) -> Stream {
    Stream::open(server.address(), &format!("/v1/agl/events?topics={topics}"), &[]).await
}

async fn enqueue(client: &mut Client, count: usize) -> Vec<Value> {
    let rollouts = vec![json!({"input": 1}); count];
    let queued = client.post(ENQUEUE, &json!({"rollouts": rollouts})).await.expect(201);
    queued.as_array().unwrap().iter().map(|rollout| rollout["rollout_id"].clone()).collect()
}

#[tokio::test]
async fn a_stream_begins_at_once_and_tells_what_changes() {
    let server = Launch::default().start();
    let mut client = server.client();
    let mut stream = listen(&server, "rollouts,workers&topics=resources").await;
    for header in ["content-type: text/event-stream", "cache-control: no-store", "x-accel-buffering: no"] {
        assert!(stream.head.contains(header), "{}", stream.head);
    }
    let greeting = stream.block().await.unwrap();
    assert!(greeting.comment.is_some() && greeting.id.is_some() && greeting.event.is_none(), "{greeting:?}");
    let id = enqueue(&mut client, 1).await.remove(0);
    let enqueued = clock::now();
    let block = stream.block().await.unwrap();
    assert!(enqueued.elapsed() < Duration::from_millis(200), "{:?}", enqueued.elapsed());
    let (instance, number) = block.id.as_deref().unwrap().split_once('.').unwrap();
    assert_eq!(greeting.id.as_deref().unwrap().split_once('.').unwrap().0, instance);
    let expected = json!({
        "rollout_id": id, "status": "queuing", "attempt_id": null, "attempt_status": null,
        "seq": number.parse::<u64>().unwrap(),
    });
    assert_eq!((block.event.as_deref(), &block.data), (Some("rollout"), &expected));
    client.post("/v1/agl/resources", &json!({})).await.expect(201);
    let (name, data) = stream.message().await;
    assert_eq!((name.as_str(), &data["version"]), ("resources", &json!(1)));
    let path = "/v1/agl/queues/rollouts/dequeue";
    client.post(path, &json!({"worker_id": "w"})).await.expect(200);
    let both = [stream.message().await, stream.message().await];
    assert_eq!((both[0].0.as_str(), &both[0].1["attempt_status"]), ("rollout", &json!("preparing")));
    assert_eq!((both[1].0.as_str(), &both[1].1["current_rollout_id"]), ("worker", &id));
}

#[tokio::test]
async fn changes_that_follow_each_other_closely_come_in_few_batches() {
    let server = Launch::default().start();
    let mut client = server.client();
    let started = client.post("/v1/agl/rollouts", &json!({"input": 1})).await.expect(201);
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let (rollout, attempt) = (text(&started["rollout_id"]), text(&started["attempt"]["attempt_id"]));
    let mut stream = listen(&server, &format!("spans:{rollout}/{attempt}")).await;
    let begun = clock::now();
    let mut sent = 0;
    while begun.elapsed() < Duration::from_secs(1) {
        sent += 1;
        let body = span(&rollout, &attempt, sent, &format!("s-{sent}"));
        client.post("/v1/agl/spans", &body).await.expect(201);
    }
    let (mut heard, mut batches, mut next) = (0, 0, 1);
    while heard < sent {
        let (name, data) = stream.message().await;
        assert_eq!((name.as_str(), data["from_seq"].as_u64()), ("spans", Some(next)));
        heard += data["count"].as_u64().unwrap();
        next = heard + 1;
        batches += 1;
    }
    let seconds = begun.elapsed().as_secs_f64();
    assert_eq!(heard, sent);
    assert!(f64::from(batches) <= seconds * 4.0 + 1.0, "{batches} batches in {seconds} s");
}

#[tokio::test]
async fn who_comes_back_is_told_what_was_missed_or_to_look_anew() {
    let server = Launch::default().start();
    let mut client = server.client();
    let mut stream = listen(&server, "rollouts").await;
    enqueue(&mut client, 1).await;
    stream.message().await;
    let last = stream.last_id.clone().unwrap();
    drop(stream);
    let missed = enqueue(&mut client, 3).await;
    let query = format!("/v1/agl/events?topics=rollouts&last_event_id={last}");
    let header = format!("Last-Event-ID: {last}");
    let mut by_header = Stream::open(server.address(), "/v1/agl/events?topics=rollouts", &[&header]).await;
    let mut by_query = Stream::open(server.address(), &query, &[]).await;
    for stream in [&mut by_header, &mut by_query] {
        for id in &missed {
            assert_eq!(stream.message().await.1["rollout_id"], *id);
        }
    }
    for unknown in ["0123abcd.5", "nonsense", &format!("{last}00000")] {
        let header = format!("Last-Event-ID: {unknown}");
        let target = "/v1/agl/events?topics=rollouts";
        let mut stream = Stream::open(server.address(), target, &[&header]).await;
        assert_eq!(stream.message().await, ("reset".to_owned(), json!({})), "{unknown}");
        let id = enqueue(&mut client, 1).await.remove(0);
        assert_eq!(stream.message().await.1["rollout_id"], id);
    }
}

#[tokio::test]
async fn who_does_not_read_holds_nobody_up_and_is_told_to_look_anew() {
    // More than fits into the ring and the buffers on the way: the messages are some twenty megabytes.
    const BATCHES: usize = 120;
    const SIZE: usize = 1_000;
    let server = Launch::default().start();
    let mut client = server.client();
    let mut lazy = listen(&server, "rollouts").await;
    let mut eager = listen(&server, "rollouts").await;
    let reading = tokio::spawn(async move {
        let mut heard = 0;
        while heard < BATCHES * SIZE {
            let (name, _) = eager.message().await;
            assert_eq!(name, "rollout");
            heard += 1;
        }
        eager
    });
    for _ in 0..BATCHES {
        enqueue(&mut client, SIZE).await;
        // The eager one is served every 250 ms; the ring runs over in a second at the earliest.
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    drop(reading.await.unwrap());
    let mut names = Vec::new();
    loop {
        let (name, data) = lazy.message().await;
        if name == "reset" {
            assert_eq!(data, json!({}));
            break;
        }
        names.push(name);
        assert!(names.len() < BATCHES * SIZE, "nothing was missed");
    }
    let id = enqueue(&mut client, 1).await.remove(0);
    while lazy.message().await.1["rollout_id"] != id {}
}

#[tokio::test]
async fn senseless_topics_are_refused() {
    let server = Launch::default().start();
    let mut client = server.client();
    let many = vec!["rollouts"; 65].join(",");
    for (query, word) in [
        ("", "Field required"),
        ("?topics=", "is no topic"),
        ("?topics=rollouts,news", "news"),
        ("?topics=spans:ro-1", "spans:<rollout>/<attempt>"),
        (&format!("?topics={many}"), "limit: topics"),
    ] {
        let answer = client.get(&format!("/v1/agl/events{query}")).await.expect(422);
        assert_eq!(answer["detail"][0]["loc"], json!(["query", "topics"]), "{answer}");
        assert!(answer["detail"][0]["msg"].as_str().unwrap().contains(word), "{answer}");
    }
}

#[tokio::test]
async fn silence_is_broken_by_signs_of_life_and_a_stop_ends_the_stream() {
    let server = Launch::default().start();
    let mut stream = listen(&server, "rollouts").await;
    let begun = clock::now();
    stream.block().await.unwrap();
    let alive = stream.block().await.unwrap();
    let seconds = begun.elapsed().as_secs_f64();
    assert!(alive.comment.is_some() && alive.event.is_none(), "{alive:?}");
    assert!((14.0..20.0).contains(&seconds), "{seconds}");
    let stopping = tokio::task::spawn_blocking(move || server.stop());
    assert_eq!(stream.block().await, None);
    let ended = stopping.await.unwrap();
    assert!(ended.status.success() && ended.took < Duration::from_secs(5), "{ended:?}");
}

#[tokio::test]
async fn listeners_that_hang_up_are_let_go() {
    let server = Launch::default().args(["--max-connections", "20"]).start();
    for _ in 0..60 {
        let mut stream = TcpStream::connect(server.address()).unwrap();
        let _ = stream.write_all(b"GET /v1/agl/events?topics=rollouts HTTP/1.1\r\nhost: x\r\n\r\n");
        drop(stream);
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    server.client().get("/v1/agl/health").await.expect(200);
    listen(&server, "rollouts").await.block().await.unwrap();
}
