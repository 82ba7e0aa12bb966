//! The client without types.

use std::time::Duration;

use futures_util::{StreamExt as _, TryStreamExt as _};
use lightning_store_client::api::v1_agl;
use lightning_store_client::client::{MAX_ROUND, UntypedEvent};
use lightning_store_client::transport::fake::{Answer, Fake, Piece};
use lightning_store_client::wire::{JsonQuery, RawJson, Topic};
use lightning_store_client::{ClientError, Dequeue, EventItem};
use serde_json::json;

use crate::client;

/// A rollout with a member that this version does not know.
const ROLLOUT: &str = r#"{"rollout_id":"ro-1","input":9007199254740993,"news":1.0}"#;

pub(crate) async fn bodies_and_answers_go_as_they_are(fake: Fake) {
    fake.answer([Answer::json(200, ROLLOUT), Answer::json(201, ROLLOUT), Answer::json(200, "{")]);
    let untyped = client(&fake).untyped();
    let rollout = untyped.call(v1_agl::GET_ROLLOUT, &["a/b"], None).await.unwrap();
    assert_eq!(rollout.as_str(), ROLLOUT);
    let body = RawJson::parse(r#"{"input": 1.0}"#).unwrap();
    assert_eq!(untyped.call(v1_agl::START_ROLLOUT, &[], Some(&body)).await.unwrap().as_str(), ROLLOUT);
    let error = untyped.call(v1_agl::STATISTICS, &[], None).await.unwrap_err();
    assert_eq!(error.kind(), "undecodable");

    let requests = fake.requests();
    assert_eq!(requests[0].1.url, "http://store:4747/v1/agl/rollouts/a%2Fb");
    assert_eq!(requests[1].1.body.as_deref(), Some(br#"{"input": 1.0}"#.as_slice()));
    assert!(requests[1].1.header("idempotency-key").is_some());
}

pub(crate) async fn untyped_conditions_go_where_the_endpoint_has_them(fake: Fake) {
    let page = json!({"items": [], "limit": 5, "offset": 0, "total": 0}).to_string();
    fake.answer([Answer::json(200, &page), Answer::json(200, &page)]);
    let untyped = client(&fake).untyped();
    let query = JsonQuery::parse(r#"{"status_in":["busy","idle"],"limit":5}"#).unwrap();
    untyped.list(v1_agl::QUERY_WORKERS, &[], &query).await.unwrap();
    untyped.list(v1_agl::SEARCH_WORKERS, &[], &query).await.unwrap();
    let none = JsonQuery::parse(r#"{"status_in":[]}"#).unwrap();
    let error = untyped.list(v1_agl::QUERY_WORKERS, &[], &none).await.unwrap_err();
    assert!(matches!(error, ClientError::Invalid { .. }), "{error}");

    let requests = fake.requests();
    let url = "http://store:4747/v1/agl/workers?status_in=busy&status_in=idle&limit=5";
    assert_eq!(requests[0].1.url, url);
    let body: serde_json::Value = serde_json::from_slice(requests[1].1.body.as_ref().unwrap()).unwrap();
    assert_eq!(body, json!({"status_in": ["busy", "idle"], "limit": 5}));
}

pub(crate) async fn untyped_pages_follow_each_other(fake: Fake) {
    let page = |items: &[u32]| Answer::json(200, &json!({"items": items, "limit": 500, "offset": 0, "total": 3}).to_string());
    let full: Vec<u32> = (0..500).collect();
    fake.answer([page(&full), page(&[500])]);
    let query = JsonQuery::parse(r#"{"sort_by":null}"#).unwrap();
    let items: Vec<RawJson> =
        client(&fake).untyped().stream(v1_agl::SEARCH_ATTEMPTS, &["ro-1"], query).try_collect().await.unwrap();
    assert_eq!((items.len(), items[500].as_str()), (501, "500"));
    let requests = fake.requests();
    let body: serde_json::Value = serde_json::from_slice(requests[1].1.body.as_ref().unwrap()).unwrap();
    assert_eq!(body, json!({"sort_by": null, "limit": 500, "offset": 500}));
}

pub(crate) async fn untyped_waits_are_as_long_as_typed_ones(fake: Fake) {
    fake.answer([
        Answer::json(200, "[]").after(MAX_ROUND),
        Answer::json(200, &format!("[{ROLLOUT}]")).after(Duration::from_secs(1)),
        Answer::json(200, "[]").after(MAX_ROUND),
        Answer::json(200, &format!("[{ROLLOUT}]")).after(Duration::from_secs(1)),
        Answer::json(404, r#"{"detail":"Rollout ro-2 not found","error_type":"ValueError","request_id":"r"}"#),
    ]);
    let untyped = client(&fake).untyped();
    let request = Dequeue { wait: 2 * MAX_ROUND, ..Dequeue::default() };
    assert_eq!(untyped.dequeue(&request).await.unwrap()[0].as_str(), ROLLOUT);
    let finished = untyped.wait_for_rollouts(&["ro-1".into()], None).await.unwrap();
    assert_eq!(finished[0].as_str(), ROLLOUT);
    assert_eq!(untyped.get_rollout("ro-2").await.unwrap(), None);
}

pub(crate) async fn untyped_events_may_be_of_a_kind_that_is_not_known_yet(fake: Fake) {
    let text = "id: i.1\nevent: news\ndata: {\"a\":1.0}\n\nevent: rollout\ndata: {\n\n";
    fake.answer([Answer::stream([Piece::text(0, text), Piece::Silence])]);
    let events = client(&fake).untyped().events(&[Topic::Workers], Some("i.0".to_owned()));
    let items: Vec<_> = events.take(3).collect().await;
    let event = |name: &str, data: &str| EventItem::Event {
        id: Some("i.1".to_owned()),
        event: UntypedEvent { name: name.to_owned(), data: RawJson::parse(data).unwrap() },
    };
    assert_eq!(items, [EventItem::Connected, event("news", r#"{"a":1.0}"#), event("reset", "{}")]);
    assert_eq!(fake.requests()[0].1.header("last-event-id"), Some("i.0"));
}

pub(crate) async fn untyped_spans_need_no_more_than_ids(fake: Fake) {
    let untyped = client(&fake).untyped();
    let span = untyped.reward("ro-1".into(), "at-1".into(), 0.5);
    assert_eq!((span.rollout_id.as_str(), span.attempt_id.as_str()), ("ro-1", "at-1"));
    assert_eq!(span.attributes["agentlightning.reward.0.value"].as_str(), "0.5");
    assert_ne!(untyped.span("ro-1".into(), "at-1".into(), "a").span_id, span.span_id);
}
