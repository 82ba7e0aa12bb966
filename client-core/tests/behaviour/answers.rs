//! What becomes of answers.

use lightning_store_client::transport::fake::{Answer, Fake};
use lightning_store_client::wire::{AddedSpan, NewRollout, RawJson, RolloutId, Span, Timestamp};
use lightning_store_client::ClientError;

use crate::client;

pub(crate) const ROLLOUT: &str = r#"{"rollout_id":"ro-1","input":{"n":12345678901234567890123,"x":1.0},
    "start_time":1.5,"end_time":null,"mode":"train","resources_id":null,"status":"queuing",
    "config":{"timeout_seconds":null,"unresponsive_seconds":null,"max_attempts":1,"retry_condition":[]},"metadata":{}}"#;

fn id() -> RolloutId {
    "ro-1".into()
}

pub(crate) async fn a_missing_rollout_is_none(fake: Fake) {
    fake.answer([Answer::json(
        404,
        r#"{"detail":"Rollout ro-1 not found","error_type":"ValueError","request_id":"r"}"#,
    )]);
    assert_eq!(client(&fake).get_rollout(&id()).await, Ok(None));
}

pub(crate) async fn a_wrong_url_is_no_missing_rollout(fake: Fake) {
    fake.answer([Answer::json(404, r#"{"detail":"Not Found"}"#)]);
    let error = client(&fake).get_rollout(&id()).await.unwrap_err();
    assert_eq!((error.kind(), error.status(), error.detail()), ("refused", Some(404), Some("Not Found")));
    assert!(error.to_string().contains("check the URL"), "{error}");
}

pub(crate) async fn null_is_none(fake: Fake) {
    fake.answer((0..5).map(|_| Answer::json(200, "null")));
    let client = client(&fake);
    assert_eq!(client.get_latest_attempt(&id()).await, Ok(None));
    assert_eq!(client.get_worker(&"w".into()).await, Ok(None));
    assert_eq!(client.get_resources(&"rs".into()).await, Ok(None));
    assert_eq!(client.get_latest_resources().await, Ok(None));
    assert_eq!(client.add_span(&RawJson::empty_object()).await, Ok(None));
}

pub(crate) async fn unknown_members_are_ignored(fake: Fake) {
    let newer = ROLLOUT.replacen('{', r#"{"priority":{"a":[1]},"#, 1);
    fake.answer([Answer::json(200, &newer)]);
    let rollout = client(&fake).get_rollout(&id()).await.unwrap().unwrap();
    assert_eq!((rollout.rollout.rollout_id, rollout.attempt), (id(), None));
}

pub(crate) async fn json_of_the_user_comes_back_as_it_went(fake: Fake) {
    fake.answer([Answer::json(201, &format!("[{ROLLOUT}]"))]);
    let input = r#"{"n":12345678901234567890123,"x":1.0}"#;
    let task = NewRollout::new(RawJson::parse(input).unwrap());
    let rollouts = client(&fake).enqueue(&[task]).await.unwrap();
    assert_eq!(rollouts[0].input.as_str(), input);
    let (_, request) = &fake.requests()[0];
    let body = String::from_utf8_lossy(request.body.as_ref().unwrap()).into_owned();
    assert!(body.contains(input), "{body}");
}

pub(crate) async fn an_answer_that_makes_no_sense_is_told_so(fake: Fake) {
    fake.answer([Answer::json(200, "<html>")]);
    let error = client(&fake).statistics().await.unwrap_err();
    assert!(matches!(error, ClientError::Undecodable { .. }), "{error:?}");
    assert_eq!((error.kind(), error.is_retryable(), error.status()), ("undecodable", false, None));
    assert!(error.to_string().starts_with("statistics: the answer cannot be read"), "{error}");
}

pub(crate) async fn faulty_fields_are_listed(fake: Fake) {
    fake.answer([Answer::json(
        422,
        r#"{"detail":[{"type":"list_type","loc":["body","rollouts"],"msg":"Input should be a valid list"}]}"#,
    )
    .header("x-request-id", "r-7")]);
    let error = client(&fake).enqueue(&[]).await.unwrap_err();
    let refusal = error.refusal().unwrap();
    assert_eq!((refusal.status, refusal.request_id.as_deref()), (422, Some("r-7")));
    assert_eq!(refusal.issues[0].place, "body.rollouts");
    assert!(error.to_string().contains("body.rollouts: Input should be a valid list"), "{error}");
}

pub(crate) async fn outcomes_of_spans_are_told_apart(fake: Fake) {
    let span = Span::new(id(), "at-1".into(), "0a", "0b", "step", Timestamp::EPOCH).attribute("n", 1.0);
    let stored = serde_json::to_string(&span).unwrap();
    fake.answer([Answer::json(201, &format!(r#"[{stored},null,{{"error":"Rollout ro-2 not found"}}]"#))]);
    let added = client(&fake).add_spans(&[span.clone(), span.clone(), span.clone()]).await.unwrap();
    assert_eq!(
        added,
        [
            AddedSpan::Stored(Box::new(span)),
            AddedSpan::Duplicate,
            AddedSpan::Refused("Rollout ro-2 not found".to_owned())
        ]
    );
}

pub(crate) async fn redirects_are_refused_with_their_target(fake: Fake) {
    fake.answer([Answer::json(301, "").header("location", "https://store/")]);
    let error = client(&fake).statistics().await.unwrap_err();
    assert_eq!((error.status(), error.detail()), (Some(301), Some("see https://store/")));
}
