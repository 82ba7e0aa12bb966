//! The stream of events.

use std::time::Duration;

use futures_util::{Stream, StreamExt as _};
use lightning_store_client::client::SILENCE;
use lightning_store_client::transport::fake::{Answer, Fake, Piece};
use lightning_store_client::wire::{Event, RolloutEvent, RolloutStatus, Topic};
use lightning_store_client::{ClientError, EventItem};

use crate::client;

fn rollout(seq: u64) -> (String, EventItem) {
    let event = Event::Rollout(RolloutEvent {
        rollout_id: "ro-1".into(),
        status: RolloutStatus::Running,
        attempt_id: None,
        attempt_status: None,
        seq,
    });
    let id = format!("i.{seq}");
    let text = format!("id: {id}\nevent: rollout\ndata: {}\n\n", event.data().unwrap());
    (text, EventItem::Event { id: Some(id), event })
}

async fn take<S: Stream<Item = EventItem>>(stream: S, count: usize) -> Vec<EventItem> {
    stream.take(count).collect().await
}

fn retry_in(item: &EventItem) -> Option<Duration> {
    match item {
        EventItem::Disconnected { retry_in, .. } => *retry_in,
        other => panic!("{other:?} is no loss of the connection"),
    }
}

pub(crate) async fn a_stream_goes_on_where_it_was(fake: Fake) {
    let ((one, first), (two, second)) = (rollout(1), rollout(2));
    let (head, tail) = two.split_at(9);
    fake.answer([
        Answer::stream([Piece::text(0, ": hello\n\n"), Piece::text(5_000, &one)]),
        Answer::stream([Piece::text(0, head), Piece::text(20_000, tail), Piece::Silence]),
    ]);
    let topics = [Topic::Rollouts, Topic::Spans { rollout_id: "ro-1".into(), attempt_id: "at-1".into() }];
    let items = take(client(&fake).events(&topics), 5).await;
    assert_eq!(items[..2], [EventItem::Connected, first]);
    let EventItem::Disconnected { error: ClientError::Unreachable { reason, .. }, .. } = &items[2] else {
        panic!("{:?}", items[2]);
    };
    assert!(reason.contains("ended"), "{reason}");
    assert_eq!(items[3..], [EventItem::Connected, second]);

    let requests = fake.requests();
    assert_eq!(requests[0].1.url, "http://store:4747/v1/agl/events?topics=rollouts%2Cspans%3Aro-1%2Fat-1");
    assert_eq!(requests[0].1.header("accept"), Some("text/event-stream"));
    assert_eq!(requests[0].1.header("last-event-id"), None);
    assert_eq!(requests[1].1.header("last-event-id"), Some("i.1"));
    let wait = requests[1].0.saturating_sub(Duration::from_secs(5));
    assert!((1.0..=1.25).contains(&wait.as_secs_f64()), "{wait:?}");
}

pub(crate) async fn silence_is_the_end_of_a_connection(fake: Fake) {
    fake.answer([
        Answer::stream([Piece::text(30_000, ":\n\n"), Piece::text(39_000, ":\n\n"), Piece::Silence]),
        Answer::stream([Piece::Silence]),
    ]);
    let items = take(client(&fake).events(&[Topic::Workers]), 3).await;
    assert!(
        matches!(&items[1], EventItem::Disconnected { error: ClientError::TimedOut { after, .. }, .. } if *after == SILENCE),
        "{items:?}"
    );
    assert_eq!(items[2], EventItem::Connected);
    let again = fake.requests()[1].0;
    assert!(again >= Duration::from_secs(69) + SILENCE && again < Duration::from_secs(72) + SILENCE, "{again:?}");
}

pub(crate) async fn failures_in_a_row_take_longer(fake: Fake) {
    fake.answer((0..7).map(|_| Answer::broken()));
    fake.answer([
        Answer::stream([Piece::text(0, ":\n\n"), Piece::Broken]),
        Answer::json(503, "").header("retry-after", "7"),
    ]);
    let items = take(client(&fake).events(&[Topic::Workers]), 10).await;
    let waits: Vec<f64> =
        items.iter().filter(|item| **item != EventItem::Connected).map(|item| retry_in(item).unwrap().as_secs_f64()).collect();
    let expected = [1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 30.0, 1.0, 7.0];
    assert_eq!(waits.len(), expected.len());
    for (wait, expected) in waits.iter().zip(expected) {
        assert!(*wait >= expected && *wait <= (expected * 1.25).min(30.0), "{waits:?}");
    }
}

pub(crate) async fn a_refusal_ends_the_stream(fake: Fake) {
    fake.answer([Answer::json(401, r#"{"detail":"Who are you?"}"#)]);
    let items: Vec<EventItem> = client(&fake).events(&[Topic::Workers]).collect().await;
    let [EventItem::Disconnected { error, retry_in: None }] = items.as_slice() else { panic!("{items:?}") };
    assert_eq!((error.status(), error.detail()), (Some(401), Some("Who are you?")));
}

pub(crate) async fn a_page_instead_of_a_stream_ends_it(fake: Fake) {
    fake.answer([Answer::json(200, "{}")]);
    let items: Vec<EventItem> = client(&fake).events(&[Topic::Workers]).collect().await;
    let [EventItem::Disconnected { error, retry_in: None }] = items.as_slice() else { panic!("{items:?}") };
    assert_eq!(error.kind(), "undecodable");
}

pub(crate) async fn what_cannot_be_read_is_a_reset(fake: Fake) {
    let text = "id: i.1\nevent: rollout\ndata: {}\n\nid: i.2\nevent: news\ndata: {}\n\nid: i.3\nevent: reset\ndata: {}\n\n";
    fake.answer([Answer::stream([Piece::text(0, text), Piece::Silence])]);
    let items = take(client(&fake).events(&[Topic::Rollouts]), 3).await;
    let reset = |id: &str| EventItem::Event { id: Some(id.to_owned()), event: Event::Reset };
    assert_eq!(items[1..], [reset("i.1"), reset("i.3")]);
}

pub(crate) async fn a_listener_can_go_on_after_an_event(fake: Fake) {
    let (text, event) = rollout(8);
    fake.answer([Answer::stream([Piece::text(0, &text), Piece::Silence])]);
    let items = take(client(&fake).events_after(&[Topic::Rollouts], "i.7"), 2).await;
    assert_eq!(items[1], event);
    assert_eq!(fake.requests()[0].1.header("last-event-id"), Some("i.7"));
}

pub(crate) async fn a_server_may_ask_for_more_time(fake: Fake) {
    fake.answer([Answer::stream([Piece::text(0, "retry: 9000\n:\n\n"), Piece::Broken])]);
    let items = take(client(&fake).events(&[Topic::Rollouts]), 2).await;
    let wait = retry_in(&items[1]).unwrap();
    assert!(wait >= Duration::from_secs(9), "{wait:?}");
}
