//! Closed loops over keep-alive connections: each sends its next request when the last one is answered.
//!
//! The generator shares the machine with the server, so it does little: requests are prebuilt bytes, of most answers only
//! the status and the length are read.

use std::cell::{Cell, RefCell};
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::{Duration, Instant};

use lightning_store_e2e::clock;
use lightning_store_e2e::server::Server;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::Notify;
use tokio::task::LocalSet;

use crate::cpu::Used;
use crate::requests::{Progress, Requests};

/// Not measured at the beginning.
const WARM_UP: Duration = Duration::from_millis(300);

/// What one run showed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Measured {
    /// Operations per second
    pub(crate) rate: f64,
    /// Server CPU per operation, in microseconds
    pub(crate) cpu_micros: f64,
    /// The same of the database, if it is a process of its own
    pub(crate) database_micros: f64,
    /// Median latency in milliseconds
    pub(crate) p50_millis: f64,
    /// 99th percentile in milliseconds
    pub(crate) p99_millis: f64,
}

#[derive(Default)]
struct Shared {
    measuring: Cell<bool>,
    over: Cell<bool>,
    exhausted: Notify,
    latencies: RefCell<Vec<Duration>>,
}

/// Drives one connection per set of requests for this time, or until a queue is empty.
///
/// The connections are shared out among the servers; `database` is the process beside them.
pub(crate) async fn run(
    servers: &[Server],
    database: Option<u32>,
    requests: Vec<Requests>,
    time: Duration,
) -> Measured {
    let shared = Rc::new(Shared::default());
    let loops = LocalSet::new();
    for (requests, server) in requests.into_iter().zip(servers.iter().cycle()) {
        loops.spawn_local(closed_loop(server.address(), requests, Rc::clone(&shared)));
    }
    let pids: Vec<u32> = servers.iter().map(Server::pid).collect();
    let (elapsed, used, beside) = loops.run_until(measure(&pids, database, Rc::clone(&shared), time)).await;
    shared.over.set(true);
    loops.await;
    let mut latencies = shared.latencies.take();
    latencies.sort_unstable();
    assert!(!latencies.is_empty(), "no request was answered while measuring");
    let percentile = |percent: usize| latencies[(latencies.len() * percent / 100).min(latencies.len() - 1)];
    #[expect(clippy::cast_precision_loss, reason = "there are far fewer than 2^52 operations")]
    let operations = latencies.len() as f64;
    Measured {
        rate: operations / elapsed.as_secs_f64(),
        cpu_micros: used.as_secs_f64() * 1e6 / operations,
        database_micros: beside.as_secs_f64() * 1e6 / operations,
        p50_millis: percentile(50).as_secs_f64() * 1e3,
        p99_millis: percentile(99).as_secs_f64() * 1e3,
    }
}

/// The time that has passed, and what the servers and the database have used of the processors.
async fn measure(
    servers: &[u32],
    database: Option<u32>,
    shared: Rc<Shared>,
    time: Duration,
) -> (Duration, Duration, Duration) {
    let read = || -> Vec<Used> { servers.iter().copied().chain(database).map(Used::by).collect() };
    tokio::time::sleep(WARM_UP).await;
    shared.measuring.set(true);
    let (start, before) = (clock::now(), read());
    let _ = tokio::time::timeout(time, shared.exhausted.notified()).await;
    shared.measuring.set(false);
    let elapsed = start.elapsed();
    let used: Vec<Duration> = read().iter().zip(&before).map(|(now, before)| now.since(before)).collect();
    let (servers, database) = used.split_at(servers.len());
    (elapsed, servers.iter().sum(), database.iter().sum())
}

async fn closed_loop(address: SocketAddr, mut requests: Requests, shared: Rc<Shared>) {
    let mut stream = TcpStream::connect(address).await.expect("a connection");
    stream.set_nodelay(true).expect("TCP_NODELAY");
    let mut answer = Vec::with_capacity(16 * 1024);
    let mut start = None;
    while !shared.over.get() {
        let begun: Instant = *start.get_or_insert_with(clock::now);
        stream.write_all(requests.next()).await.expect("the request is sent");
        let body = read_answer(&mut stream, &mut answer, requests.status()).await;
        match requests.answered(body) {
            Progress::Going => {}
            Progress::Exhausted => {
                shared.exhausted.notify_one();
                return;
            }
            Progress::Done => {
                if shared.measuring.get() {
                    shared.latencies.borrow_mut().push(begun.elapsed());
                }
                start = None;
            }
        }
    }
}

/// Reads one answer that must have this status; its body.
async fn read_answer<'a>(stream: &mut TcpStream, answer: &'a mut Vec<u8>, status: &str) -> &'a [u8] {
    answer.clear();
    let mut end = None;
    while end.is_none_or(|end| answer.len() < end) {
        let read = stream.read_buf(answer).await.expect("an answer");
        assert!(read > 0, "the server hung up: {}", String::from_utf8_lossy(answer));
        if end.is_none() {
            end = head_end(answer).map(|head| head + content_length(&answer[..head]));
        }
    }
    assert_eq!(answer.get(9..12), Some(status.as_bytes()), "{}", String::from_utf8_lossy(answer));
    &answer[head_end(answer).unwrap_or_default()..]
}

fn head_end(answer: &[u8]) -> Option<usize> {
    answer.windows(4).position(|window| window == b"\r\n\r\n").map(|start| start + 4)
}

fn content_length(head: &[u8]) -> usize {
    const NAME: &[u8] = b"content-length:";
    let line = head
        .split(|&byte| byte == b'\n')
        .find(|line| line.get(..NAME.len()).is_some_and(|name| name.eq_ignore_ascii_case(NAME)));
    let value = line.and_then(|line| std::str::from_utf8(&line[NAME.len()..]).ok());
    value.and_then(|value| value.trim().parse().ok()).expect("answers tell their length")
}
