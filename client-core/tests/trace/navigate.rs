//! From spans to rows, from one error to the next, and rows as JSON.

use lightning_store_client::trace::filter::Filter;
use lightning_store_client::trace::kind::Kind;
use lightning_store_client::trace::layout::flag;
use lightning_store_client::trace::navigate::Stop;
use lightning_store_client::trace::store::Order;
use lightning_store_client::trace::waterfall::Waterfall;
use serde_json::{Value, json};

use crate::builder::{reward, span, with};

/// root → a → 6 × step, of which the 2nd and 5th failed; root → b, rewarded
fn waterfall() -> Waterfall {
    let mut spans = vec![
        span("root", None, "root", 0.0, 20.0),
        span("a", Some("root"), "a", 1.0, 10.0),
        reward("b", Some("root"), 11.0, 1.0),
    ];
    for step in 0..6_u32 {
        let start = 2.0 + f64::from(step);
        let mut span = span(&format!("step{step}"), Some("a"), "step", start, start + 0.5);
        if step == 1 || step == 4 {
            span["status"]["status_code"] = json!("ERROR");
        }
        spans.push(span);
    }
    let mut waterfall = Waterfall::new();
    waterfall.append_json(&Value::from(spans).to_string());
    waterfall
}

fn id(waterfall: &mut Waterfall, row: Option<usize>) -> Option<String> {
    waterfall.row(row?)?.span_id
}

#[test]
fn errors_are_found_one_after_the_other_wherever_they_hide_and_round_again() {
    let mut waterfall = waterfall();
    waterfall.open_levels(Some(1));
    assert_eq!(waterfall.row_of("step1"), None);
    let mut at = None;
    for expected in ["step1", "step4", "step1"] {
        at = waterfall.next(Stop::Error, at, false);
        assert_eq!(id(&mut waterfall, at).as_deref(), Some(expected));
        assert_eq!(at, waterfall.row_of(expected));
    }
    for expected in ["step4", "step1"] {
        at = waterfall.next(Stop::Error, at, true);
        assert_eq!(id(&mut waterfall, at).as_deref(), Some(expected));
    }
    let last = waterfall.next(Stop::Error, None, true);
    assert_eq!(id(&mut waterfall, last).as_deref(), Some("step4"));
    let rewarded = waterfall.next(Stop::Reward, at, false);
    assert_eq!(id(&mut waterfall, rewarded).as_deref(), Some("b"));
}

#[test]
fn the_search_keeps_within_filter_and_focus() {
    let mut waterfall = waterfall();
    waterfall.set_filter(Filter { text: "STEP".to_owned(), ..Filter::default() });
    let mut at = None;
    for expected in ["step0", "step1", "step2"] {
        at = waterfall.next(Stop::Match, at, false);
        assert_eq!(id(&mut waterfall, at).as_deref(), Some(expected));
    }
    assert_eq!(waterfall.next(Stop::Reward, None, false), None);
    waterfall.set_filter(Filter::default());
    assert!(waterfall.set_focus(Some("span:a")));
    assert_eq!(waterfall.next(Stop::Reward, None, false), None);
    assert!(waterfall.next(Stop::Error, None, false).is_some());
    assert_eq!(
        waterfall.breadcrumbs_text(),
        r#"[{"key":"span:root","label":"root"},{"key":"span:a","label":"a"}]"#
    );
    assert_eq!(Waterfall::new().next(Stop::Match, None, false), None);
}

#[test]
fn the_first_error_of_a_fold_is_not_passed_over() {
    let mut waterfall = waterfall();
    let fold = waterfall.row_of_key("fold:step0");
    assert!(fold.is_some() && waterfall.row_of("step0").is_none());
    let found = waterfall.next(Stop::Match, fold, false);
    assert_eq!(id(&mut waterfall, found).as_deref(), Some("step0"));
}

#[test]
fn rows_are_toggled_if_something_lies_below_them() {
    let mut waterfall = waterfall();
    let a = waterfall.row_of("a").unwrap();
    let before = waterfall.layout().len();
    assert!(waterfall.toggle(a));
    assert_eq!(waterfall.layout().len(), before - 1);
    assert!(waterfall.toggle(a));
    assert_eq!(waterfall.layout().len(), before);
    let b = waterfall.row_of("b").unwrap();
    assert!(!waterfall.toggle(b) && !waterfall.toggle(1_000));
}

#[test]
fn rows_have_their_words_and_numbers() {
    let mut waterfall = waterfall();
    let count = waterfall.layout().len();
    let rows: Vec<Value> = serde_json::from_str(&waterfall.rows_text(1..1_000)).unwrap();
    assert_eq!(rows.len(), count - 1);
    let a = &rows[0];
    assert_eq!(
        (a["row"].as_u64(), a["key"].as_str(), a["depth"].as_u64()),
        (Some(1), Some("span:a"), Some(1))
    );
    assert_eq!(
        (a["parent"].as_i64(), a["start"].as_f64(), a["duration"].as_f64()),
        (Some(0), Some(1.0), Some(9.0))
    );
    assert_eq!(
        (a["spans"].as_u64(), a["errors"].as_u64(), a["children"].as_u64()),
        (Some(7), Some(2), Some(6))
    );
    let flags = u16::try_from(a["flags"].as_u64().unwrap()).unwrap();
    assert_eq!(flags & (flag::OPEN | flag::ERROR_BELOW | flag::ERROR), flag::OPEN | flag::ERROR_BELOW);
    assert_eq!(waterfall.rows_text(1_000..1_001), "[]");
}

#[test]
fn spans_without_a_body_are_listed_in_order() {
    let mut waterfall = Waterfall::new();
    waterfall.append_json(
        r#"{"items":[
            {"span_id":"b","name":"x","kind":"llm","sequence_id":2,"start_time":2.0},
            {"span_id":"a","name":"x","kind":"tool","sequence_id":1,"start_time":1.0}],"total":2,"after":2,"more":false}"#,
    );
    assert_eq!(waterfall.without_body(Order::Time, &[]), ["a", "b"]);
    assert_eq!(waterfall.without_body(Order::Time, &[Kind::Llm]), ["b"]);
    waterfall.append_json(&with("b", None, "x", 2.0, 3.0, json!({})).to_string());
    assert_eq!(waterfall.without_body(Order::Time, &[]), ["a"]);
}

#[test]
fn events_are_told_without_their_secrets() {
    let mut span = span("s", None, "s", 0.0, 1.0);
    span["events"] =
        json!([{"name": "e", "timestamp": 0.5, "attributes": {"api_key": "sk-0123456789ab"}}, {}]);
    let mut waterfall = Waterfall::new();
    waterfall.append_json(&span.to_string());
    let events =
        |reveal| -> Value { serde_json::from_str(&waterfall.trace().events_text(0, reveal)).unwrap() };
    assert_eq!(events(false)[0]["attributes"], json!(r#"{"api_key":"••••89ab"}"#));
    assert_eq!(events(true)[0]["attributes"], json!(r#"{"api_key":"sk-0123456789ab"}"#));
    assert_eq!(events(true)[1], json!({"name": "", "timestamp": null, "attributes": "{}"}));
}
