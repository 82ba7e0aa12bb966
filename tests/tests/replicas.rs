//! Several servers on one PostgreSQL database: whatever one does, the others know, and none is needed.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::collections::HashSet;
use std::time::Duration;

use lightning_store_e2e::clock;
use lightning_store_e2e::http::{Client, Request};
use lightning_store_e2e::postgres::Cluster;
use lightning_store_e2e::server::{Launch, Server};
use lightning_store_e2e::sse::Stream;
use serde_json::{Value, json};

const ENQUEUE: &str = "/v1/agl/queues/rollouts/enqueue";
const DEQUEUE: &str = "/v1/agl/queues/rollouts/dequeue";
const WAIT: &str = "/v1/agl/waits/rollouts";

/// Ten times of what is wanted on a machine that has nothing else to do.
const SOON: Duration = Duration::from_millis(500);

fn servers<const N: usize>() -> [Server; N] {
    let url = Cluster::shared().database();
    std::array::from_fn(|_| Launch::postgres(&url).args(["--postgres-connections", "6"]).start())
}

async fn enqueue(client: &mut Client, count: usize) -> Vec<String> {
    let rollouts = vec![json!({"input": 1}); count];
    let queued = client.post(ENQUEUE, &json!({"rollouts": rollouts})).await.expect(201);
    queued.as_array().unwrap().iter().map(|one| one["rollout_id"].as_str().unwrap().to_owned()).collect()
}

async fn finish(client: &mut Client, id: &str) {
    let path = format!("/v1/agl/rollouts/{id}/attempts/latest");
    client.post(&path, &json!({"status": "succeeded"})).await.expect(200);
}

/// The middle one and the one that 99 of 100 do not pass.
fn spread(mut delays: Vec<Duration>) -> (Duration, Duration) {
    delays.sort_unstable();
    (delays[delays.len() / 2], delays[(delays.len() * 99).div_ceil(100) - 1])
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_waits_on_one_server_is_told_what_another_does() {
    const ROUNDS: usize = 40;
    let [a, b] = servers();
    let (mut here, mut there, mut told) = (a.client(), b.client(), b.client());
    let (mut dequeues, mut waits) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let waiting = tokio::spawn(async move {
            let answer = there.send(Request::new("POST", DEQUEUE).json(&json!({"wait_seconds": 30}))).await;
            (answer.expect(200)[0]["rollout_id"].clone(), clock::now(), there)
        });
        tokio::time::sleep(Duration::from_millis(30)).await;
        let id = enqueue(&mut here, 1).await.remove(0);
        let enqueued = clock::now();
        let (taken, at, back) = waiting.await.unwrap();
        there = back;
        assert_eq!(taken, json!(id));
        dequeues.push(at.saturating_duration_since(enqueued));

        let request = json!({"rollout_ids": [id], "timeout": 30});
        let waiting = tokio::spawn(async move {
            let answer = told.send(Request::new("POST", WAIT).json(&request)).await;
            (answer.expect(200), clock::now(), told)
        });
        tokio::time::sleep(Duration::from_millis(30)).await;
        finish(&mut here, &id).await;
        let finished = clock::now();
        let (answer, at, back) = waiting.await.unwrap();
        told = back;
        assert_eq!(answer[0]["status"], "succeeded");
        waits.push(at.saturating_duration_since(finished));
    }
    let (dequeues, waits) = (spread(dequeues), spread(waits));
    println!("enqueue on one, dequeue on another: p50 {:?}, p99 {:?}", dequeues.0, dequeues.1);
    println!("finish on one, wait on another: p50 {:?}, p99 {:?}", waits.0, waits.1);
    assert!(dequeues.0 < SOON && waits.0 < SOON, "{dequeues:?} {waits:?}");
}

/// As behind a pooler that gives each transaction another connection, or on an engine that has no notes.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_notes_a_look_around_wakes_those_who_wait() {
    const CUT: &str = "DO $$ BEGIN FOR i IN 1..1200 LOOP \
                       PERFORM pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() \
                       AND query ~ 'LISTEN|pg_notify' AND pid <> pg_backend_pid(); \
                       PERFORM pg_sleep(0.01), pg_stat_clear_snapshot(); END LOOP; END $$";
    // One look each second, and time for a busy machine.
    const LATER: Duration = Duration::from_secs(5);
    let cluster = Cluster::shared();
    let url = cluster.database();
    let name = url.rsplit('/').next().unwrap().to_owned();
    let [a, b] = std::array::from_fn(|_| Launch::postgres(&url).start());
    let cutting = tokio::task::spawn_blocking(move || cluster.execute(&name, CUT));
    tokio::time::sleep(Duration::from_millis(300)).await;
    let (mut here, mut there) = (a.client(), b.client());
    for _ in 0..3 {
        let waiting = tokio::spawn(async move {
            let answer = there.send(Request::new("POST", DEQUEUE).json(&json!({"wait_seconds": 30}))).await;
            (answer.expect(200)[0]["rollout_id"].clone(), answer.took, there)
        });
        tokio::time::sleep(Duration::from_millis(30)).await;
        let id = enqueue(&mut here, 1).await.remove(0);
        let (taken, took, mut back) = waiting.await.unwrap();
        assert_eq!(taken, json!(id));
        assert!(took < LATER, "{took:?}");
        let request = json!({"rollout_ids": [id], "timeout": 30});
        let waiting = tokio::spawn(async move {
            let answer = back.send(Request::new("POST", WAIT).json(&request)).await;
            (answer.expect(200)[0]["status"].clone(), answer.took, back)
        });
        tokio::time::sleep(Duration::from_millis(30)).await;
        finish(&mut here, &id).await;
        let (status, took, back) = waiting.await.unwrap();
        there = back;
        assert_eq!(status, "succeeded");
        assert!(took < LATER, "{took:?}");
    }
    cutting.await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn listeners_of_one_server_hear_what_happens_on_another() {
    let [a, b] = servers();
    let mut here = a.client();
    let topics = "/v1/agl/events?topics=rollouts,queue,workers,resources";
    let mut events = Stream::open(b.address(), topics, &[]).await;
    // Until the other server knows that somebody listens.
    let id = loop {
        let id = enqueue(&mut here, 1).await.remove(0);
        if let Ok(Some(block)) = tokio::time::timeout(Duration::from_millis(300), events.block()).await
            && block.event.as_deref() == Some("rollout")
        {
            break id;
        }
    };
    here.post(DEQUEUE, &json!({"worker_id": "w", "limit": 100})).await.expect(200);
    finish(&mut here, &id).await;
    here.post(
        "/v1/agl/resources",
        &json!({"p": {"resource_type": "prompt_template", "template": "x", "engine": "jinja"}}),
    )
    .await
    .expect(201);
    let mut missing = HashSet::from(["succeeded", "worker", "resources", "queue"]);
    while !missing.is_empty() {
        let block = events.block().await.unwrap();
        match block.event.as_deref() {
            Some("rollout") if block.data["status"] == "succeeded" => missing.remove("succeeded"),
            Some(name) => missing.remove(name),
            None => false,
        };
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_rollout_is_taken_twice_and_all_are_taken() {
    const ROLLOUTS: usize = 600;
    let servers = servers::<3>();
    let queued: HashSet<String> = enqueue(&mut servers[0].client(), ROLLOUTS).await.into_iter().collect();
    let takers: Vec<_> = (0..12)
        .map(|number| {
            let mut client = servers[number % 3].client();
            tokio::spawn(async move {
                let mut taken = Vec::new();
                loop {
                    let request = json!({"worker_id": format!("w-{number}"), "limit": 1 + number % 4});
                    let answer = client.post(DEQUEUE, &request).await.expect(200);
                    let some = answer.as_array().unwrap();
                    if some.is_empty() {
                        return taken;
                    }
                    taken.extend(some.iter().map(|one| one["rollout_id"].as_str().unwrap().to_owned()));
                }
            })
        })
        .collect();
    let mut taken = Vec::new();
    for taker in takers {
        taken.extend(taker.await.unwrap());
    }
    assert_eq!(taken.len(), ROLLOUTS);
    assert_eq!(taken.into_iter().collect::<HashSet<_>>(), queued);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_that_is_repeated_on_another_server_has_one_effect() {
    let servers = servers::<3>();
    for round in 0..10 {
        let calls: Vec<_> = servers
            .iter()
            .map(|server| {
                let mut client = server.client();
                let request = Request::new("POST", ENQUEUE).json(&json!({"rollouts": [{"input": round}]}));
                let request = request.header("idempotency-key", &format!("round-{round}"));
                tokio::spawn(async move { client.send(request).await.expect(201) })
            })
            .collect();
        let mut answers = Vec::new();
        for call in calls {
            answers.push(call.await.unwrap());
        }
        assert_eq!(answers[0], answers[1]);
        assert_eq!(answers[0], answers[2]);
    }
    let totals = servers[1].client().get("/v1/agl/statistics").await.expect(200);
    assert_eq!(totals["total_rollouts"], 10);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_others_watch_over_what_a_killed_server_has_begun() {
    let [a, b] = servers();
    let config = json!({"timeout_seconds": 2.0, "max_attempts": 2, "retry_condition": ["timeout"]});
    let queued =
        a.client().post(ENQUEUE, &json!({"rollouts": [{"input": 1, "config": config}]})).await.expect(201);
    a.client().post(DEQUEUE, &json!({"worker_id": "w"})).await.expect(200);
    a.kill();
    let begun = clock::now();
    let again = b.client().post(DEQUEUE, &json!({"wait_seconds": 20, "worker_id": "v"})).await.expect(200);
    assert_eq!(again[0]["rollout_id"], queued[0]["rollout_id"]);
    assert_eq!(again[0]["attempt"]["sequence_id"], 2);
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
}

#[test]
fn ten_servers_may_start_at_once_on_an_empty_database() {
    let url = Cluster::shared().database();
    let starts: Vec<_> = (0..10)
        .map(|_| {
            let launch = Launch::postgres(&url).args(["--postgres-connections", "2"]);
            std::thread::spawn(move || launch.start())
        })
        .collect();
    let servers: Vec<Server> = starts.into_iter().map(|start| start.join().unwrap()).collect();
    for server in servers {
        let ended = server.stop();
        assert!(ended.status.success(), "{}", ended.stderr);
        assert!(!ended.stderr.contains("ERROR"), "{}", ended.stderr);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_of_a_later_version_is_refused() {
    let cluster = Cluster::shared();
    let url = cluster.database();
    Launch::postgres(&url).start().stop();
    let name = lightning_store_e2e::postgres::name_of(&url);
    cluster.execute(name, "INSERT INTO schema_version VALUES (99, now())");
    let ended = Launch::postgres(&url).run();
    assert!(!ended.status.success());
    assert!(ended.stderr.contains("schema 99"), "{}", ended.stderr);
}

#[tokio::test]
async fn metrics_tell_of_the_database() {
    let [server] = servers();
    enqueue(&mut server.client(), 3).await;
    let answer = server.client().get("/metrics").await;
    assert_eq!(answer.header("content-type").as_deref(), Some("text/plain; version=0.0.4; charset=utf-8"));
    let text = String::from_utf8(answer.body.to_vec()).unwrap();
    for line in [
        "lightning_store_rows{kind=\"rollouts\"} 3",
        "# TYPE lightning_store_transactions_run_again_total counter",
        "lightning_store_database_connections{state=\"open\"}",
    ] {
        assert!(text.contains(line), "{line} is missing in\n{text}");
    }
    assert_eq!(
        server.client().get("/readyz").await.expect(200),
        json!({"status": "ready", "checks": {"store": "ok"}})
    );
    let _: Value = server.client().get("/v1/agl/health").await.expect(200);
}
