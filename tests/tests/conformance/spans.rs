//! Spans.

use lightning_store_client::wire::dashboard::{FindTrace, LightTrace};
use lightning_store_client::wire::{
    Attempt, AttemptId, AttemptStatus, FilterLogic, RolloutConfig, RolloutStatus, Sort, SortOrder, SpanField,
    SpanFilter, SpanRecord, TextFilter, Window,
};
use lightning_store_server::service::add_spans::{AddSpans, NewSpan, SpanOutcome};
use lightning_store_server::storage::error::NotFound;

use crate::fixture::{Fixture, retrying, span};

crate::sentences! {
    the_first_span_makes_attempt_and_rollout_running,
    a_repeated_span_is_kept_as_it_was_first_and_is_no_sign_of_life,
    a_span_of_an_old_attempt_leaves_the_rollout_alone,
    a_span_revives_a_requeued_rollout_but_not_one_that_is_queuing,
    a_batch_keeps_its_order_and_refuses_only_what_is_unknown,
    filters_and_orders_of_spans,
    spans_are_kept_over_a_restart,
    light_spans_come_in_the_order_stored_and_go_on_where_they_ended,
    a_span_is_found_by_its_attempt_and_id,
    traces_of_what_is_unknown_are_refused,
}

async fn list(f: &Fixture, filter: SpanFilter, sort: Option<Sort<SpanField>>) -> Vec<String> {
    let page = f.store.query_spans(filter, sort, Window::default()).await.unwrap();
    page.items.into_iter().map(|span| span.span_id).collect()
}

async fn the_first_span_makes_attempt_and_rollout_running(f: Fixture) {
    let taken = f.started(RolloutConfig::default(), None).await;
    f.advance(1.0);
    assert_eq!(f.add_span(&taken.attempt, 1, "a").await, SpanOutcome::Stored(1));
    let first = f.latest(&taken.rollout.rollout_id).await;
    assert_eq!(first.status, AttemptStatus::Running);
    assert!(first.last_heartbeat_time > Some(taken.attempt.start_time));
    assert_eq!(f.status(&taken.rollout.rollout_id).await, RolloutStatus::Running);
    f.advance(1.0);
    f.add_span(&taken.attempt, 2, "b").await;
    assert!(f.latest(&taken.rollout.rollout_id).await.last_heartbeat_time > first.last_heartbeat_time);
}

async fn a_repeated_span_is_kept_as_it_was_first_and_is_no_sign_of_life(f: Fixture) {
    let taken = f.started(RolloutConfig::default(), None).await;
    let id = taken.rollout.rollout_id.clone();
    f.add_span(&taken.attempt, 1, "a").await;
    let before = f.latest(&id).await;
    f.advance(1.0);
    let other = SpanRecord { name: "other".to_owned(), ..span(&taken.attempt, 9, "a") };
    let outcomes =
        f.store.transact(AddSpans { spans: [NewSpan { span: other, numbered: true }].into() }).await.unwrap();
    assert_eq!(outcomes, [SpanOutcome::Duplicate]);
    assert_eq!(f.latest(&id).await, before);
    let page = f.store.query_spans(SpanFilter::of(id.as_str(), None), None, Window::default()).await.unwrap();
    assert_eq!(page.items, [span(&taken.attempt, 1, "a")]);
    // The same id in another attempt is another span.
    let second = f.start_attempt(&id).await.attempt;
    assert_eq!(f.add_span(&second, 2, "a").await, SpanOutcome::Stored(2));
}

async fn a_span_of_an_old_attempt_leaves_the_rollout_alone(f: Fixture) {
    let taken = f.started(RolloutConfig::default(), None).await;
    let id = taken.rollout.rollout_id;
    f.start_attempt(&id).await;
    f.add_span(&taken.attempt, 1, "late").await;
    assert_eq!(f.status(&id).await, RolloutStatus::Preparing);
    let page = f.store.query_attempts(id, None, Window::default()).await.unwrap();
    let statuses: Vec<_> = page.items.iter().map(|attempt| attempt.status).collect();
    assert_eq!(statuses, [AttemptStatus::Running, AttemptStatus::Preparing]);
}

async fn a_span_revives_a_requeued_rollout_but_not_one_that_is_queuing(f: Fixture) {
    let taken = f.started(retrying(), None).await;
    let id = taken.rollout.rollout_id;
    f.set_status(&id, RolloutStatus::Queuing).await;
    f.add_span(&taken.attempt, 1, "a").await;
    assert_eq!(f.status(&id).await, RolloutStatus::Queuing);
    f.set_status(&id, RolloutStatus::Requeuing).await;
    f.add_span(&taken.attempt, 2, "b").await;
    assert_eq!(f.status(&id).await, RolloutStatus::Running);
    assert!(f.dequeue(1, None).await.is_empty());
    // A second span changes nothing any more.
    f.report(&id, "latest", AttemptStatus::Succeeded).await;
    f.add_span(&taken.attempt, 3, "c").await;
    assert_eq!(f.status(&id).await, RolloutStatus::Succeeded);
}

async fn a_batch_keeps_its_order_and_refuses_only_what_is_unknown(f: Fixture) {
    let taken = f.started(RolloutConfig::default(), None).await;
    let id = &taken.rollout.rollout_id;
    let unknown_attempt =
        lightning_store_client::wire::Attempt { attempt_id: "at-none".into(), ..taken.attempt.clone() };
    let unknown_rollout =
        lightning_store_client::wire::Attempt { rollout_id: "ro-none".into(), ..taken.attempt.clone() };
    let unnumbered = |attempt, name| NewSpan { span: span(attempt, 0, name), numbered: false };
    let spans = vec![
        unnumbered(&taken.attempt, "a"),
        unnumbered(&unknown_attempt, "b"),
        NewSpan { span: span(&taken.attempt, 10, "c"), numbered: true },
        unnumbered(&unknown_rollout, "d"),
        unnumbered(&taken.attempt, "a"),
        unnumbered(&taken.attempt, "e"),
    ];
    // Numbers are issued first, so the given 10 does not shift them; the refused span has used one up.
    let expected = [
        SpanOutcome::Stored(1),
        SpanOutcome::Refused(NotFound::Attempt("at-none".into(), id.clone())),
        SpanOutcome::Stored(10),
        SpanOutcome::Refused(NotFound::Rollout("ro-none".into())),
        SpanOutcome::Duplicate,
        SpanOutcome::Stored(4),
    ];
    assert_eq!(f.store.transact(AddSpans { spans: spans.into() }).await.unwrap(), expected);
    assert_eq!(list(&f, SpanFilter::of(id.as_str(), None), None).await, ["a", "c", "e"]);
}

async fn filters_and_orders_of_spans(f: Fixture) {
    let taken = f.started(RolloutConfig::default(), None).await;
    let id = taken.rollout.rollout_id.clone();
    let second = f.start_attempt(&id).await.attempt;
    f.add_span(&second, 3, "x").await;
    f.add_span(&taken.attempt, 2, "b").await;
    f.add_span(&taken.attempt, 1, "B").await;
    let by = |by, order| Some(Sort { by, order });
    let all = SpanFilter::of(id.as_str(), None);
    assert_eq!(list(&f, all.clone(), None).await, ["x", "b", "B"]);
    assert_eq!(list(&f, all.clone(), by(SpanField::SequenceId, SortOrder::Asc)).await, ["B", "b", "x"]);
    assert_eq!(list(&f, all.clone(), by(SpanField::SpanId, SortOrder::Desc)).await, ["x", "b", "B"]);
    assert_eq!(list(&f, all.clone(), by(SpanField::ParentId, SortOrder::Desc)).await, ["x", "b", "B"]);
    let latest = SpanFilter { attempt_id: Some("latest".to_owned()), ..all.clone() };
    assert_eq!(list(&f, latest, None).await, ["x"]);
    let contains = |text: &str| TextFilter { exact: None, contains: Some(text.to_owned()) };
    let exact = |text: &str| TextFilter { exact: Some(text.to_owned()), contains: None };
    let table = [
        (SpanFilter { name: contains("of b"), ..all.clone() }, vec!["b"]),
        (SpanFilter { span_id: exact("B"), name: contains("b"), ..all.clone() }, vec![]),
        (
            SpanFilter { span_id: exact("B"), name: contains("of b"), logic: FilterLogic::Or, ..all.clone() },
            vec!["b", "B"],
        ),
        (SpanFilter { parent_id: contains(""), ..all.clone() }, vec![]),
        (SpanFilter { span_id: contains(""), ..all.clone() }, vec!["x", "b", "B"]),
        (SpanFilter { logic: FilterLogic::Or, ..all.clone() }, vec![]),
        (SpanFilter::of("ro-none", None), vec![]),
        (SpanFilter { attempt_id: Some("at-none".to_owned()), ..all }, vec![]),
    ];
    for (filter, expected) in table {
        assert_eq!(list(&f, filter.clone(), None).await, expected, "{filter:?}");
    }
}

async fn spans_are_kept_over_a_restart(f: Fixture) {
    let taken = f.started(RolloutConfig::default(), None).await;
    let id = taken.rollout.rollout_id.clone();
    f.add_span(&taken.attempt, 1, "a").await;
    let f = f.restarted().await;
    assert_eq!(f.add_span(&taken.attempt, 1, "a").await, SpanOutcome::Duplicate);
    assert_eq!(f.add_span(&taken.attempt, 2, "b").await, SpanOutcome::Stored(2));
    assert_eq!(list(&f, SpanFilter::of(id.as_str(), None), None).await, ["a", "b"]);
    assert_eq!(f.store.totals().await.unwrap().spans, 2);
}

async fn light(f: &Fixture, attempt: &Attempt, after: Option<i64>, limit: i64) -> LightTrace {
    let (rollout, id) = (attempt.rollout_id.clone(), attempt.attempt_id.clone());
    f.store.light_trace(rollout, id, FindTrace { after, response_id: None, limit }).await.unwrap().unwrap()
}

async fn light_spans_come_in_the_order_stored_and_go_on_where_they_ended(f: Fixture) {
    let attempt = f.started(RolloutConfig::default(), None).await.attempt;
    let other = f.started(RolloutConfig::default(), None).await.attempt;
    let nothing = light(&f, &attempt, None, 10).await;
    assert_eq!(nothing, LightTrace { items: Vec::new(), total: 0, after: None, more: false });
    for (number, id) in [(3, "z"), (1, "m"), (2, "a")] {
        f.add_span(&attempt, number, id).await;
        f.add_span(&other, number, id).await;
    }
    let shown = |trace: &LightTrace| {
        let rows =
            trace.items.iter().map(|span| (span.span_id.clone(), span.sequence_id, span.trace_id.clone()));
        (rows.collect::<Vec<_>>(), trace.total, trace.more)
    };
    let row =
        |id: &str, number: i64, trace: Option<&str>| (id.to_owned(), Some(number), trace.map(str::to_owned));
    let first = light(&f, &attempt, None, 2).await;
    assert_eq!(shown(&first), (vec![row("z", 3, Some("trace")), row("m", 1, None)], 3, true));
    let second = light(&f, &attempt, first.after, 2).await;
    assert_eq!(shown(&second), (vec![row("a", 2, Some("trace"))], 3, false));
    // Nothing new yet, and then there is.
    let third = light(&f, &attempt, second.after, 2).await;
    assert_eq!((shown(&third), third.after), ((vec![], 3, false), second.after));
    f.add_span(&attempt, 9, "late").await;
    let latest = Attempt { attempt_id: AttemptId::from("latest"), ..attempt.clone() };
    let fourth = light(&f, &latest, third.after, 2).await;
    assert_eq!(shown(&fourth), (vec![row("late", 9, Some("trace"))], 4, false));
    // What is said is where numbers go on.
    f.add_span(&attempt, 10, "later").await;
    let fifth = light(&f, &attempt, second.after, 2).await;
    let numbers: Vec<_> = fifth.items.iter().map(|span| span.sequence_id).collect();
    assert_eq!(numbers, [Some(9), None]);
}

async fn a_span_is_found_by_its_attempt_and_id(f: Fixture) {
    let first = f.started(RolloutConfig::default(), None).await.attempt;
    f.add_span(&first, 1, "a/b").await;
    let second = f.start_attempt(&first.rollout_id).await.attempt;
    f.add_span(&second, 2, "a/b").await;
    let get = async |attempt: &str, id: &str| {
        f.store.get_span(first.rollout_id.clone(), attempt.into(), id.to_owned()).await.unwrap()
    };
    assert_eq!(get(first.attempt_id.as_str(), "a/b").await, Ok(span(&first, 1, "a/b")));
    assert_eq!(get("latest", "a/b").await, Ok(span(&second, 2, "a/b")));
    let missing = NotFound::Span("a".to_owned(), "latest".into(), first.rollout_id.clone());
    assert_eq!(get("latest", "a").await, Err(missing));
}

async fn traces_of_what_is_unknown_are_refused(f: Fixture) {
    let get = async |rollout: &str, attempt: &str| {
        let wanted = FindTrace { after: None, response_id: None, limit: 1 };
        f.store.light_trace(rollout.into(), attempt.into(), wanted).await.unwrap().unwrap_err()
    };
    assert_eq!(get("ro-none", "latest").await, NotFound::Rollout("ro-none".into()));
    let id = f.enqueue(1).await.remove(0).rollout_id;
    assert_eq!(get(id.as_str(), "latest").await, NotFound::NoAttempts(id.clone()));
    assert_eq!(get(id.as_str(), "at-none").await, NotFound::Attempt("at-none".into(), id.clone()));
}
