//! The native transport, over real sockets.

#![expect(clippy::unwrap_used, reason = "tests fail by panicking")]
#![cfg(not(target_arch = "wasm32"))]

use std::time::Duration;

use futures_util::StreamExt as _;
use lightning_store_client::wire::{
    NewRollout, QueryRollouts, QuerySpans, RawJson, Span, Timestamp, Topic, UpdateAttempt,
};
use lightning_store_client::{Client, ClientError, Dequeue, EventItem, Native, RetryPolicy};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// A server that gives these answers, one per connection, and returns the requests.
async fn server(answers: Vec<String>) -> (String, JoinHandle<Vec<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let requests = tokio::spawn(async move {
        let mut requests = Vec::new();
        for answer in answers {
            let (mut socket, _) = listener.accept().await.unwrap();
            requests.push(request(&mut socket).await);
            socket.write_all(answer.as_bytes()).await.unwrap();
        }
        requests
    });
    (url, requests)
}

async fn request(socket: &mut TcpStream) -> String {
    let mut text = String::new();
    loop {
        let mut bytes = [0; 4096];
        let count = socket.read(&mut bytes).await.unwrap();
        text.push_str(std::str::from_utf8(&bytes[..count]).unwrap());
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
            if body.len() >= length.map_or(0, |length| length.parse().unwrap()) {
                return text;
            }
        }
        assert!(count > 0, "the request has no end: {text}");
    }
}

fn answer(status: &str, headers: &str, body: &str) -> String {
    format!("HTTP/1.1 {status}\r\n{headers}content-length: {}\r\nconnection: close\r\n\r\n{body}", body.len())
}

fn once(url: &str) -> Client<Native> {
    Client::builder(url).retry(RetryPolicy::never()).build(Native::new().unwrap()).unwrap()
}

fn key(request: &str) -> &str {
    request.lines().find_map(|line| line.strip_prefix("idempotency-key: ")).unwrap()
}

#[test]
fn futures_of_native_clients_can_be_spawned() {
    fn spawnable<T: Send + 'static>(_: T) {}
    let client = Client::new("http://127.0.0.1:1").unwrap();
    spawnable(client.stream_rollouts(QueryRollouts::default()));
    spawnable(client.stream_spans(QuerySpans::of(&"ro-1".into())));
    spawnable(client.events(&[Topic::Rollouts]));
    spawnable(async move {
        let task = NewRollout::new(RawJson::null());
        client.enqueue(&[task]).await?;
        let work = client.dequeue(&Dequeue { wait: Duration::MAX, ..Dequeue::default() }).await?;
        let span = Span::new("ro-1".into(), "at-1".into(), "", "", "", Timestamp::EPOCH);
        client.add_span(&span).await?;
        client.add_spans(&[span]).await?;
        client.update_attempt(&"ro-1".into(), &"at-1".into(), &UpdateAttempt::default()).await?;
        client.wait_for_rollouts(&[], None).await?;
        client.search_rollouts(&QueryRollouts::default()).await?;
        client.health().await?;
        Ok::<_, ClientError>(work)
    });
}

#[tokio::test]
async fn a_request_arrives_as_it_was_meant() {
    let (url, requests) = server(vec![answer("201 Created", "", "[]")]).await;
    let client =
        Client::builder(format!("{url}/store/")).token("t0ken").build(Native::new().unwrap()).unwrap();
    client.enqueue(&[NewRollout::new(RawJson::parse("1.0").unwrap())]).await.unwrap();
    let requests = requests.await.unwrap();
    let (head, body) = requests[0].split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("POST /store/v1/agl/queues/rollouts/enqueue HTTP/1.1\r\n"), "{head}");
    for header in
        ["authorization: Bearer t0ken", "content-type: application/json", "accept: application/json"]
    {
        assert!(head.lines().any(|line| line == header), "{header} is not in {head}");
    }
    assert!(body.starts_with(r#"{"rollouts":[{"input":1.0,"#), "{body}");
}

#[tokio::test]
async fn half_an_answer_is_none_and_the_call_is_repeated_with_its_key() {
    let half = "HTTP/1.1 201 Created\r\ncontent-length: 100\r\n\r\n[".to_owned();
    let health = answer("200 OK", "", r#"{"status":"ok"}"#);
    let (url, requests) = server(vec![half, health, answer("201 Created", "", "[]")]).await;
    let retry = RetryPolicy { delays: vec![Duration::from_millis(1)], ..RetryPolicy::default() };
    let client = Client::builder(url).retry(retry).build(Native::new().unwrap()).unwrap();
    client.enqueue(&[]).await.unwrap();
    let requests = requests.await.unwrap();
    assert_eq!(key(&requests[0]), key(&requests[2]));
    assert!(requests[1].starts_with("GET /v1/agl/health "), "{requests:?}");
}

#[tokio::test]
async fn where_nothing_listens_nothing_is_reached() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://user:s3cret@{}", listener.local_addr().unwrap());
    drop(listener);
    let error = once(&url).statistics().await.unwrap_err();
    assert!(matches!(error, ClientError::Unreachable { .. }), "{error:?}");
    assert!(!format!("{error} {error:?}").contains("s3cret"), "{error}");
}

#[tokio::test]
async fn a_silent_server_is_left_after_a_while() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let client = Client::builder(format!("http://{}", listener.local_addr().unwrap()))
        .retry(RetryPolicy::never())
        .request_timeout(Duration::from_millis(200))
        .build(Native::new().unwrap())
        .unwrap();
    let error = client.statistics().await.unwrap_err();
    assert!(matches!(error, ClientError::TimedOut { .. }), "{error:?}");
    let mut events = std::pin::pin!(client.events(&[Topic::Rollouts]));
    let item = events.next().await.unwrap();
    assert!(matches!(item, EventItem::Disconnected { error: ClientError::TimedOut { .. }, .. }), "{item:?}");
}

#[tokio::test]
async fn redirects_are_not_followed() {
    let (url, _requests) = server(vec![answer("302 Found", "location: http://elsewhere/\r\n", "")]).await;
    let error = once(&url).enqueue(&[]).await.unwrap_err();
    assert_eq!((error.status(), error.detail()), (Some(302), Some("see http://elsewhere/")));
}

#[tokio::test]
async fn events_come_as_they_are_written() {
    let stream = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n\
                  : hello\n\nid: i.1\nevent: reset\ndata: {}\n\n"
        .to_owned();
    let (url, requests) = server(vec![stream]).await;
    let mut events = std::pin::pin!(once(&url).events(&[Topic::Rollouts]));
    assert_eq!(events.next().await, Some(EventItem::Connected));
    let event = events.next().await.unwrap();
    assert!(matches!(&event, EventItem::Event { id: Some(id), .. } if id == "i.1"), "{event:?}");
    let item = events.next().await.unwrap();
    assert!(
        matches!(item, EventItem::Disconnected { error: ClientError::Unreachable { .. }, .. }),
        "{item:?}"
    );
    assert!(requests.await.unwrap()[0].starts_with("GET /v1/agl/events?topics=rollouts HTTP/1.1\r\n"));
}
