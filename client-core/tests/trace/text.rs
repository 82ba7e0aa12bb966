//! JSON text for viewers in other languages: what serde writes, but for exact values within it.

use lightning_store_client::trace::store::Order;
use lightning_store_client::trace::text::{ToText, text};
use lightning_store_client::trace::{
    Comparison, Conversation, FinalReward, SpanMessages, Trace, Training, TripletOptions, Waterfall,
};
use serde::Serialize;
use serde_json::{Value, json};

use crate::builder::{reward, span, with};

/// An agent that calls a model and a tool, and is rewarded.
fn spans() -> Vec<Value> {
    let call = json!({
        "gen_ai.request.model": "m", "gen_ai.response.id": "r\"1", "gen_ai.usage.prompt_tokens": 3,
        "gen_ai.usage.completion_tokens": 4, "gen_ai.prompt.0.role": "user", "gen_ai.prompt.0.content": "6 × 7?\n",
        "gen_ai.completion.0.role": "assistant", "gen_ai.completion.0.content": "42",
        "gen_ai.completion.0.finish_reason": "stop", "agentlightning.tag.0": "t",
    });
    let mut tool =
        with("tool", Some("missing"), "tool_call.search", 6.0, 6.0, json!({"exception.type": "E"}));
    tool["status"]["status_code"] = json!("ERROR");
    let link = json!({
        "agentlightning.reward.0.name": "primary", "agentlightning.reward.0.value": 0.5,
        "agentlightning.link.0.key_match": "gen_ai.response.id", "agentlightning.link.0.value_match": "r\"1",
    });
    vec![
        span("root", None, "root", 0.0, 10.0),
        with("call", Some("root"), "openai.chat.completion", 1.0, 3.0, call),
        tool,
        with("link", Some("root"), "agentlightning.annotation", 7.0, 7.0, link),
        reward("late", Some("root"), 8.0, -0.25),
        span("ring", Some("ring"), "ring", 9.0, 9.5),
    ]
}

fn trace() -> Trace {
    let mut trace = Trace::new();
    trace.append_json(&Value::from(spans()).to_string());
    trace
}

#[track_caller]
fn same<T: Serialize + ToText>(value: &T) {
    let written: Value = serde_json::from_str(&text(value)).expect("JSON");
    assert_eq!(written, serde_json::to_value(value).expect("JSON"));
}

#[test]
fn everything_reads_as_serde_writes_it() {
    let trace = trace();
    let mut waterfall = Waterfall::new();
    same(&waterfall.append_json(&Value::from(spans()).to_string()));
    same(&waterfall.append_json("[5]"));
    for row in 0..waterfall.layout().len() {
        same(&waterfall.row(row));
    }
    waterfall.repairs().iter().for_each(same);
    assert!(!waterfall.repairs().is_empty());
    for place in 0..trace.len() {
        same(&waterfall.summary(trace.span_id(place)));
        same(&SpanMessages::of_span(&trace, place));
    }
    let conversation = Conversation::of(&trace, Order::Time);
    assert_eq!(conversation.turns.len(), 1);
    same(&conversation);
    let training = Training::of(&trace, &TripletOptions::default());
    assert_eq!((training.triplets.len(), training.unmatched_rewards.len()), (1, 1));
    same(&training);
    same(&Training::of(&trace, &TripletOptions { skip_without_tokens: true, ..TripletOptions::default() }));
    same(&FinalReward::of(&trace));
    let mut other = spans();
    other[1]["attributes"]["gen_ai.completion.0.content"] = json!("43");
    other.remove(2);
    let mut changed = Trace::new();
    changed.append_json(&Value::from(other).to_string());
    same(&Comparison::of(&trace, &changed, Order::Time));
}

#[test]
fn values_within_are_strings_that_hold_their_text() {
    let attributes = json!({
        "gen_ai.request.model": "m", "gen_ai.request.temperature": 1.0, "gen_ai.request.seed": 9_007_199_254_740_993_u64,
        "gen_ai.completion.0.role": "assistant", "gen_ai.completion.0.tool_calls.0.name": "f",
        "gen_ai.completion.0.tool_calls.0.arguments": "{\"id\":9007199254740993,\"x\":1.0}",
    });
    let mut waterfall = Waterfall::new();
    waterfall.append_json(&with("call", None, "call", 0.0, 1.0, attributes).to_string());
    let summary: Value = serde_json::from_str(&text(&waterfall.summary("call"))).unwrap();
    assert_eq!(summary["parameters"], json!([["temperature", "1.0"], ["seed", "9007199254740993"]]));
    assert_eq!(summary["self_time"], json!(1.0));
    let messages = SpanMessages::of_span(waterfall.trace(), 0);
    let messages: Value = serde_json::from_str(&text(&messages)).unwrap();
    let part = &messages["completion"][0]["parts"][0];
    assert_eq!((part["type"].as_str(), part["name"].as_str()), (Some("tool_call"), Some("f")));
    assert_eq!(part["arguments"], json!("{\"id\":9007199254740993,\"x\":1.0}"));
    assert!(part.get("note").is_none());
}

#[test]
fn numbers_that_are_not_finite_are_null_and_integers_keep_their_digits() {
    for (value, expected) in [
        (&f64::NAN as &dyn ToText, "null"),
        (&0.1, "0.1"),
        (&u64::MAX, "18446744073709551615"),
        (&i64::MIN, "-9223372036854775808"),
        (&0_u32, "0"),
        (&vec![(1_u64, true)], "[[1,true]]"),
        (&None::<String>, "null"),
        (&"a\"\u{1}ü", "\"a\\\"\\u0001ü\""),
    ] {
        assert_eq!(text(value), expected);
    }
}
