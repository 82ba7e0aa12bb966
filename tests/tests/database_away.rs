//! PostgreSQL goes away and comes back, under load: calls are held, nothing that was answered is lost, nothing happens twice.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::collections::{HashMap, HashSet};
use std::fmt::Write as _;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use lightning_store_e2e::clock;
use lightning_store_e2e::crash::random::Random;
use lightning_store_e2e::http::{Client, Request};
use lightning_store_e2e::namespace::{is_private, mount_small};
use lightning_store_e2e::postgres::{Cluster, name_of};
use lightning_store_e2e::server::{Launch, Server};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

const ENQUEUE: &str = "/v1/agl/queues/rollouts/enqueue";
const DEQUEUE: &str = "/v1/agl/queues/rollouts/dequeue";

fn launch(url: &str) -> Launch {
    Launch::postgres(url).args(["--postgres-connections", "6"])
}

/// What one worker was answered.
#[derive(Default)]
struct Journal {
    enqueued: Vec<String>,
    taken: Vec<(String, String)>,
    finished: Vec<String>,
    /// Spans by rollout.
    spans: HashMap<String, Vec<String>>,
    /// Calls that were not answered, or refused because the database was away.
    doubts: usize,
}

/// Where servers are now. One that was killed comes back elsewhere.
type Addresses = Arc<parking_lot::Mutex<Vec<SocketAddr>>>;

/// A worker that enqueues, takes, sends spans and finishes until it is told to stop, and never repeats a call.
fn worker(number: usize, addresses: Addresses, stop: Arc<AtomicBool>) -> JoinHandle<Journal> {
    tokio::spawn(async move {
        let mut journal = Journal::default();
        let mut clients: HashMap<SocketAddr, Client> = HashMap::new();
        let mut round = number;
        while !stop.load(Ordering::Relaxed) {
            round += 1;
            let address = {
                let addresses = addresses.lock();
                addresses[round % addresses.len()]
            };
            let client = clients.entry(address).or_insert_with(|| Client::new(address));
            let done = step(client, number, &mut journal).await;
            if done.is_none() {
                journal.doubts += 1;
                clients.remove(&address);
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        }
        journal
    })
}

/// A whole life of a rollout. None: a call was not answered well.
async fn step(client: &mut Client, number: usize, journal: &mut Journal) -> Option<()> {
    let queued = call(client, ENQUEUE, &json!({"rollouts": [{"input": 1}]})).await?;
    journal.enqueued.push(queued[0]["rollout_id"].as_str()?.to_owned());
    let taken = call(client, DEQUEUE, &json!({"worker_id": format!("w-{number}")})).await?;
    let Some(taken) = taken.get(0) else { return Some(()) };
    let rollout = taken["rollout_id"].as_str()?.to_owned();
    let attempt = taken["attempt"]["attempt_id"].as_str()?.to_owned();
    journal.taken.push((rollout.clone(), attempt.clone()));
    for span in 0..2 {
        let id = format!("{attempt}-{span}");
        let body = lightning_store_e2e::span::span(&rollout, &attempt, span + 1, &id);
        call(client, "/v1/agl/spans", &body).await?;
        journal.spans.entry(rollout.clone()).or_default().push(id);
    }
    let path = format!("/v1/agl/rollouts/{rollout}/attempts/{attempt}");
    call(client, &path, &json!({"status": "succeeded"})).await?;
    journal.finished.push(rollout);
    Some(())
}

async fn call(client: &mut Client, path: &str, body: &Value) -> Option<Value> {
    let answer = client.try_send(Request::new("POST", path).json(body)).await.ok()?;
    match answer.status {
        200 | 201 => Some(answer.value()),
        503 => None,
        status => panic!("{path}: {status} {}", answer.text()),
    }
}

/// Everything that was answered is there, and nothing was taken twice.
async fn is_kept(server: &Server, journals: Vec<Journal>) {
    let mut client = server.client();
    let mut attempts = HashSet::new();
    let mut rollouts = HashSet::new();
    let (mut enqueued, mut finished, mut spans, mut doubts) = (0, 0, 0, 0);
    for journal in journals {
        doubts += journal.doubts;
        for id in &journal.enqueued {
            client.get(&format!("/v1/agl/rollouts/{id}")).await.expect(200);
            enqueued += 1;
        }
        for (rollout, attempt) in journal.taken {
            assert!(
                attempts.insert((rollout.clone(), attempt)),
                "an attempt of {rollout} was given out twice"
            );
            assert!(rollouts.insert(rollout.clone()), "{rollout} was taken twice");
        }
        for id in &journal.finished {
            let rollout = client.get(&format!("/v1/agl/rollouts/{id}")).await.expect(200);
            assert_eq!(rollout["status"], "succeeded", "{id}");
            finished += 1;
        }
        for (id, wanted) in &journal.spans {
            let found = client.get(&format!("/v1/agl/spans?rollout_id={id}")).await.expect(200);
            let found: HashSet<&str> = found["items"]
                .as_array()
                .unwrap()
                .iter()
                .map(|span| span["span_id"].as_str().unwrap())
                .collect();
            for span in wanted {
                assert!(found.contains(span.as_str()), "span {span} of {id} is lost");
                spans += 1;
            }
        }
    }
    println!(
        "kept: {enqueued} enqueued, {} taken, {finished} finished, {spans} spans; {doubts} doubts",
        rollouts.len()
    );
    assert!(enqueued > 0 && finished > 0);
}

/// How often each thing is done to the servers: 30 times, or as often as `LIGHTNING_STORE_TEST_KILLS` says.
fn kills() -> u64 {
    std::env::var("LIGHTNING_STORE_TEST_KILLS").map_or(30, |text| text.parse().unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_when_servers_are_killed_and_connections_are_cut() {
    const TERMINATE: &str = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() \
                             AND pid <> pg_backend_pid() AND random() < 0.5";
    let cluster = Cluster::shared();
    let url = cluster.database();
    let mut servers: Vec<Server> = (0..3).map(|_| launch(&url).start()).collect();
    let addresses: Addresses =
        Arc::new(parking_lot::Mutex::new(servers.iter().map(Server::address).collect()));
    let stop = Arc::new(AtomicBool::new(false));
    let workers: Vec<_> = (0..6).map(|number| worker(number, addresses.clone(), stop.clone())).collect();
    let mut random = Random::new(3);
    for _ in 0..kills() {
        tokio::time::sleep(Duration::from_millis(random.within(50, 250))).await;
        let victim = usize::try_from(random.within(0, 2)).unwrap();
        let old = servers.remove(victim);
        old.kill();
        let again = url.clone();
        let server = tokio::task::spawn_blocking(move || launch(&again).start()).await.unwrap();
        addresses.lock()[victim] = server.address();
        servers.insert(victim, server);
        tokio::time::sleep(Duration::from_millis(random.within(20, 150))).await;
        cluster.execute(name_of(&url), TERMINATE);
    }
    stop.store(true, Ordering::Relaxed);
    let mut journals = Vec::new();
    for worker in workers {
        journals.push(worker.await.unwrap());
    }
    is_kept(&servers[0], journals).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn calls_are_held_while_the_database_restarts_and_nothing_is_lost() {
    let cluster = Cluster::start();
    let url = cluster.database();
    let server = launch(&url).start();
    let addresses: Addresses = Arc::new(parking_lot::Mutex::new(vec![server.address()]));
    let stop = Arc::new(AtomicBool::new(false));
    let workers: Vec<_> = (0..4).map(|number| worker(number, addresses.clone(), stop.clone())).collect();
    let mut client = server.client();
    let restarts = if kills() > 30 { kills() / 3 } else { 4 };
    for round in 0..restarts {
        tokio::time::sleep(Duration::from_millis(300)).await;
        tokio::task::block_in_place(|| {
            if round % 2 == 0 {
                cluster.stop();
            } else {
                cluster.stop_in_order();
            }
            cluster.go_on();
        });
        let back = clock::now();
        client.post(ENQUEUE, &json!({"rollouts": [{"input": 1}]})).await.expect(201);
        assert!(back.elapsed() < Duration::from_secs(5), "{:?}", back.elapsed());
    }
    stop.store(true, Ordering::Relaxed);
    let mut journals = Vec::new();
    for worker in workers {
        journals.push(worker.await.unwrap());
    }
    is_kept(&server, journals).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_twenty_seconds_calls_are_refused_with_a_reason_until_the_database_is_back() {
    let cluster = Cluster::start();
    let server = launch(&cluster.database()).start();
    let mut client = server.client();
    let id =
        client.post(ENQUEUE, &json!({"rollouts": [{"input": 1}]})).await.expect(201)[0]["rollout_id"].clone();
    tokio::task::block_in_place(|| cluster.stop());

    let (mut writer, mut reader) = (server.client(), server.client());
    let write = tokio::spawn(async move { writer.post(ENQUEUE, &json!({"rollouts": [{"input": 2}]})).await });
    let read = tokio::spawn(async move { reader.get("/v1/agl/rollouts").await });
    let ready = client.get("/readyz").await;
    assert!(ready.took < Duration::from_secs(4), "{:?}", ready.took);
    assert_eq!(ready.expect(503)["detail"], "check failed: the store cannot be read");
    client.get("/v1/agl/health").await.expect(200);
    for held in [write.await.unwrap(), read.await.unwrap()] {
        let refusal = held.expect(503);
        assert!((15.0..25.0).contains(&held.took.as_secs_f64()), "{:?}", held.took);
        assert_eq!(held.header("retry-after").as_deref(), Some("1"));
        assert!(refusal["detail"].as_str().unwrap().contains("database"), "{refusal}");
    }

    tokio::task::block_in_place(|| cluster.go_on());
    let back = clock::now();
    let taken = client.post(DEQUEUE, &json!({})).await.expect(200);
    assert_eq!(taken[0]["rollout_id"], id);
    client.get("/readyz").await.expect(200);
    assert!(back.elapsed() < Duration::from_secs(5), "{:?}", back.elapsed());
    let log = server.stop().stderr;
    assert!(log.contains("the database does not answer"), "{log}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn calls_wait_for_a_free_connection() {
    let cluster = Cluster::shared();
    let url = cluster.database();
    let server = launch(&url).start();
    let held = {
        let name = name_of(&url).to_owned();
        tokio::task::spawn_blocking(move || {
            cluster.execute(&name, "BEGIN; LOCK TABLE rollouts; SELECT pg_sleep(3); COMMIT");
        })
    };
    tokio::time::sleep(Duration::from_millis(500)).await;
    let calls: Vec<_> = (0..30)
        .map(|_| {
            let mut client = server.client();
            tokio::spawn(async move { client.post(ENQUEUE, &json!({"rollouts": [{"input": 1}]})).await })
        })
        .collect();
    for call in calls {
        call.await.unwrap().expect(201);
    }
    held.await.unwrap();
    assert_eq!(server.client().get("/v1/agl/statistics").await.expect(200)["total_rollouts"], 30);
}

/// Text that does not get much smaller when it is compressed.
fn noise(random: &mut Random, bytes: usize) -> String {
    let mut text = String::with_capacity(bytes + 16);
    while text.len() < bytes {
        // Writing into a string cannot fail.
        let _ = write!(text, "{:016x}", random.number());
    }
    text
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn when_the_disk_of_the_database_is_full_calls_are_refused_and_all_is_well_when_it_is_not() {
    if !is_private("when_the_disk_of_the_database_is_full_calls_are_refused_and_all_is_well_when_it_is_not") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    mount_small(folder.path(), 128 << 10);
    // Without room for its log PostgreSQL goes away altogether.
    let log = tempfile::tempdir().unwrap();
    let cluster = Cluster::at_with_log(folder.path(), log.path(), &["fsync=off", "full_page_writes=off"]);
    let server = launch(&cluster.database()).start();
    let mut client = server.client();
    let mut random = Random::new(1);
    let mut acknowledged = Vec::new();
    let ballast = folder.path().join("ballast");
    std::fs::write(&ballast, vec![1; 8 << 20]).unwrap();
    let refused = loop {
        let input = noise(&mut random, 300_000);
        let answer = client.post(ENQUEUE, &json!({"rollouts": [{"input": input}]})).await;
        if answer.status != 201 {
            break answer;
        }
        acknowledged.push(answer.value()[0]["rollout_id"].as_str().unwrap().to_owned());
    };
    refused.expect(503);
    assert!(refused.took > Duration::from_secs(15), "{:?}", refused.took);
    client.get("/v1/agl/rollouts?limit=1").await.expect(200);

    std::fs::remove_file(&ballast).unwrap();
    let free = clock::now();
    client.post(ENQUEUE, &json!({"rollouts": [{"input": 1}]})).await.expect(201);
    assert!(free.elapsed() < Duration::from_secs(5), "{:?}", free.elapsed());
    for id in &acknowledged {
        client.get(&format!("/v1/agl/rollouts/{id}")).await.expect(200);
    }
    println!("{} rollouts were kept", acknowledged.len());
    server.stop();
    cluster.stop();
}

/// Passes connections on to a database, and nothing of what is said on them while it is frozen.
async fn between(database: u16, is_frozen: tokio::sync::watch::Receiver<bool>) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            let Ok(server) = TcpStream::connect(("127.0.0.1", database)).await else { continue };
            let (from_client, to_client) = client.into_split();
            let (from_server, to_server) = server.into_split();
            tokio::spawn(pass(from_client, to_server, is_frozen.clone()));
            tokio::spawn(pass(from_server, to_client, is_frozen.clone()));
        }
    });
    port
}

async fn pass(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    mut is_frozen: tokio::sync::watch::Receiver<bool>,
) {
    let mut bytes = vec![0; 64 << 10];
    while let Ok(length @ 1..) = from.read(&mut bytes).await {
        if is_frozen.wait_for(|frozen| !frozen).await.is_err()
            || to.write_all(&bytes[..length]).await.is_err()
        {
            return;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn calls_survive_a_network_that_is_cut_for_a_while() {
    let cluster = Cluster::start();
    let url = cluster.database();
    let (freeze, is_frozen) = tokio::sync::watch::channel(false);
    let port = between(cluster.port(), is_frozen).await;
    let server = launch(&url.replace(&format!(":{}/", cluster.port()), &format!(":{port}/"))).start();
    let mut client = server.client();
    client.post(ENQUEUE, &json!({"rollouts": [{"input": 0}]})).await.expect(201);
    // Shorter and longer than the database may take to answer.
    for (seconds, total) in [(2, 5), (13, 9)] {
        freeze.send_replace(true);
        let calls: Vec<_> = (0..4)
            .map(|_| {
                let mut client = server.client();
                tokio::spawn(async move { client.post(ENQUEUE, &json!({"rollouts": [{"input": 1}]})).await })
            })
            .collect();
        tokio::time::sleep(Duration::from_secs(seconds)).await;
        freeze.send_replace(false);
        let back = clock::now();
        for call in calls {
            call.await.unwrap().expect(201);
        }
        assert!(back.elapsed() < Duration::from_secs(5), "{:?}", back.elapsed());
        assert_eq!(client.get("/v1/agl/statistics").await.expect(200)["total_rollouts"], total);
    }
}
