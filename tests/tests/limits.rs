//! Every limit: what is over it is refused with an answer that names it, and the server goes on.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use lightning_store_e2e::clock;
use lightning_store_e2e::http::Request;
use lightning_store_e2e::server::Launch;
use serde_json::{Value, json};

const ENQUEUE: &str = "/v1/agl/queues/rollouts/enqueue";

fn raw(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).expect("a connection");
    stream.set_read_timeout(Some(Duration::from_secs(30))).expect("a time limit");
    stream
}

/// Everything until the server closes.
fn rest(mut stream: TcpStream) -> String {
    let mut text = Vec::new();
    // A reset after the answer is as good as an end.
    let _ = stream.read_to_end(&mut text);
    String::from_utf8_lossy(&text).into_owned()
}

fn json_body(text: impl Into<Vec<u8>>) -> Request {
    Request::new("POST", ENQUEUE).header("content-type", "application/json").body(text.into())
}

#[tokio::test]
async fn a_body_over_its_limit_is_413_whether_its_length_is_said_or_not() {
    let server = Launch::default().args(["--max-body-bytes", "1000"]).start();
    let large = json!({"rollouts": [{"input": "x".repeat(2000)}]}).to_string();
    let answer = server.client().send(json_body(large.clone())).await.expect(413);
    assert!(
        answer["detail"].as_str().is_some_and(|text| text.contains("1000 bytes, --max-body-bytes")),
        "{answer}"
    );
    let mut stream = raw(server.address());
    let head = format!(
        "POST {ENQUEUE} HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\
         connection: close\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).expect("a head");
    for part in large.as_bytes().chunks(100) {
        // The server may have answered and closed meanwhile.
        let chunk = [format!("{:x}\r\n", part.len()).as_bytes(), part, b"\r\n"].concat();
        let _ = stream.write_all(&chunk);
    }
    assert!(rest(stream).starts_with("HTTP/1.1 413"));
    server.client().get("/v1/agl/health").await.expect(200);
}

#[tokio::test]
async fn a_small_gzip_that_grows_over_its_limit_is_413() {
    let server = Launch::default().args(["--max-decompressed-bytes", "100000"]).start();
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(&vec![0; 10_000_000]).expect("compressed");
    let request = Request::new("POST", "/v1/traces")
        .header("content-type", "application/x-protobuf")
        .header("content-encoding", "gzip")
        .body(encoder.finish().expect("compressed"));
    let answer = server.client().send(request).await.expect(413);
    assert!(
        answer["detail"].as_str().is_some_and(|text| text.contains("--max-decompressed-bytes")),
        "{answer}"
    );
}

#[tokio::test]
async fn json_that_is_too_deep_or_has_too_many_values_is_413() {
    let server = Launch::default().start();
    let deep = format!("{{\"rollouts\":[{{\"input\":{}{}}}]}}", "[".repeat(100_000), "]".repeat(100_000));
    let many = format!("{{\"rollouts\":[{{\"input\":[{}0]}}]}}", "0,".repeat(4_000_000));
    for (body, limit) in [(deep, "64 levels"), (many, "4000000 values and keys")] {
        let answer = server.client().send(json_body(body)).await.expect(413);
        assert!(answer["detail"].as_str().is_some_and(|text| text.contains(limit)), "{answer}");
    }
}

#[tokio::test]
async fn an_id_that_is_too_long_is_422_wherever_it_stands() {
    let server = Launch::default().start();
    let long = "w".repeat(257);
    let mut client = server.client();
    let detail = |answer: &Value| answer["detail"][0]["msg"].as_str().unwrap_or_default().to_owned();
    let body = client.post("/v1/agl/queues/rollouts/dequeue", &json!({"worker_id": long})).await.expect(422);
    assert!(detail(&body).contains("256 bytes (limit: id length)"), "{body}");
    let path = client.post(&format!("/v1/agl/workers/{long}"), &json!({})).await.expect(422);
    assert_eq!(path["detail"][0]["loc"], json!(["path", "worker_id"]));
    client.post(&format!("/v1/agl/workers/{}", &long[..256]), &json!({})).await.expect(200);
    client.post("/v1/agl/workers/a%00b", &json!({})).await.expect(422);
}

#[test]
fn a_head_over_its_limits_is_431() {
    let server = Launch::default().start();
    let long =
        format!("GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\nx-long: {}\r\n\r\n", "y".repeat(300_000));
    let many =
        format!("GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n{}\r\n", "x-many: y\r\n".repeat(200));
    for (head, limit) in [(long, "65536 bytes"), (many, "limit: 128")] {
        let mut stream = raw(server.address());
        // The server may answer and close before all of it is sent.
        let _ = stream.write_all(head.as_bytes());
        let answer = rest(stream);
        assert!(answer.starts_with("HTTP/1.1 431") && answer.contains(limit), "{answer}");
    }
}

#[test]
fn a_head_that_comes_too_slowly_is_408_and_an_idle_connection_is_left_alone() {
    let server = Launch::default().start();
    let mut idle = raw(server.address());
    let mut slow = raw(server.address());
    let start = clock::now();
    for byte in b"GET /v1/agl/hea" {
        slow.write_all(&[*byte]).expect("one byte");
        std::thread::sleep(Duration::from_millis(100));
    }
    let answer = rest(slow);
    let seconds = start.elapsed().as_secs_f64();
    assert!((9.5..13.0).contains(&seconds), "after {seconds} s");
    assert!(answer.starts_with("HTTP/1.1 408") && answer.contains("limit: 10 s"), "{answer}");
    // This one has been silent all the time.
    idle.write_all(b"GET /v1/agl/health HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
        .expect("a request");
    assert!(rest(idle).starts_with("HTTP/1.1 200"));
}

/// A pooled connection of the Python client that raced with a server's five seconds once ended a training run.
#[test]
fn a_connection_that_was_idle_for_a_minute_is_served() {
    const REQUEST: &[u8] = b"GET /v1/agl/health HTTP/1.1\r\nhost: x\r\n\r\n";
    let server = Launch::default().start();
    let mut pooled = raw(server.address());
    for pause in [0, 60, 0] {
        std::thread::sleep(Duration::from_secs(pause));
        pooled.write_all(REQUEST).expect("a request");
        let mut answer = [0; 1024];
        let count = pooled.read(&mut answer).expect("an answer");
        assert!(answer[..count].starts_with(b"HTTP/1.1 200"), "after {pause} s");
    }
}

#[test]
fn a_body_that_comes_too_slowly_is_408() {
    let server = Launch::default().start();
    let mut slow = raw(server.address());
    let head = format!(
        "POST {ENQUEUE} HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n"
    );
    slow.write_all(head.as_bytes()).expect("a head");
    let start = clock::now();
    let mut answer = [0; 12];
    slow.read_exact(&mut answer).expect("an answer");
    let seconds = start.elapsed().as_secs_f64();
    assert!((9.5..13.0).contains(&seconds), "after {seconds} s");
    assert_eq!(&answer, b"HTTP/1.1 408");
}

#[tokio::test]
async fn a_connection_too_many_is_503_and_one_that_ends_makes_room() {
    for option in ["--max-connections", "--max-connections-per-peer"] {
        let server = Launch::default().args([option, "3"]).start();
        let held: Vec<TcpStream> = (0..3)
            .map(|_| {
                let mut stream = raw(server.address());
                stream.write_all(b"GET /v1/agl/health HTTP/1.1\r\nhost: x\r\n\r\n").expect("a request");
                let mut first = [0; 12];
                stream.read_exact(&mut first).expect("an answer");
                stream
            })
            .collect();
        let refused = rest(raw(server.address()));
        assert!(refused.starts_with("HTTP/1.1 503") && refused.contains(option), "{refused}");
        drop(held);
        // The server notices by and by that they are gone.
        let mut tries = 0;
        while !is_served(server.address()) {
            tries += 1;
            assert!(tries < 50, "no room was made");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

fn is_served(address: SocketAddr) -> bool {
    let mut stream = raw(address);
    // A refused connection may be closed before the request is sent.
    let _ = stream.write_all(b"GET /v1/agl/health HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
    rest(stream).starts_with("HTTP/1.1 200")
}
