//! Attempts side by side, and what an inspector says of one span.

use lightning_store_client::trace::compare::{Change, Comparison, Difference};
use lightning_store_client::trace::store::{Order, Trace};
use lightning_store_client::trace::summary::Summary;
use serde_json::{Value, json};

use crate::builder::{reward, span, with};

fn trace(spans: &[Value]) -> Trace {
    let mut trace = Trace::new();
    trace.append_json(&Value::from(spans.to_vec()).to_string());
    trace
}

fn call(id: &str, start: f64, tokens: u32, text: &str) -> Value {
    let attributes = json!({"gen_ai.request.model": "m", "gen_ai.usage.prompt_tokens": tokens, "gen_ai.usage.completion_tokens": 1,
        "gen_ai.response.id": id, "gen_ai.prompt.0.role": "user", "gen_ai.prompt.0.content": text});
    with(id, Some("root"), "openai.chat.completion", start, start + 1.0, attributes)
}

fn tool(id: &str, start: f64) -> Value {
    with(id, Some("root"), "tool_call.search", start, start, json!({"tool.name": "search"}))
}

#[test]
fn two_attempts_are_aligned_and_told_apart() {
    let a = [
        span("root", None, "run", 0.0, 10.0),
        call("c1", 1.0, 10, "hi"),
        call("c2", 3.0, 10, "there"),
        reward("w", Some("root"), 9.0, 0.2),
    ];
    let b = [
        span("root", None, "run", 0.0, 12.0),
        call("d1", 1.0, 10, "hi"),
        tool("t1", 2.0),
        tool("t2", 2.5),
        call("d2", 3.0, 320, "else"),
        reward("v", Some("root"), 11.0, 0.9),
    ];
    let comparison = Comparison::of(&trace(&a), &trace(&b), Order::Time);
    let rows: Vec<_> = comparison
        .rows
        .iter()
        .map(|row| (row.difference, row.depth, row.changes.clone(), row.tokens_delta))
        .collect();
    assert_eq!(
        rows,
        [
            (Difference::Same, 0, vec![], 310),
            (Difference::Same, 1, vec![], 0),
            (Difference::Added, 1, vec![], 0),
            (Difference::Added, 1, vec![], 0),
            (Difference::Changed, 1, vec![Change::Tokens, Change::Messages], 310),
            (Difference::Changed, 1, vec![Change::Reward], 0),
        ]
    );
    assert_eq!(comparison.rows[0].duration_delta, Some(2.0));
    assert!((comparison.rows[5].reward_delta.unwrap() - 0.7).abs() < 1e-9);
    assert_eq!(comparison.sentence, "B made 2 more tool calls, used 310 more tokens, reward 0.2 → 0.9.");
    let back = Comparison::of(&trace(&b), &trace(&a), Order::Time);
    assert_eq!(back.rows.iter().filter(|row| row.difference == Difference::Removed).count(), 2);
    assert_eq!(back.sentence, "B made 2 fewer tool calls, used 310 fewer tokens, reward 0.9 → 0.2.");
    let same = Comparison::of(&trace(&a), &trace(&a), Order::Time);
    assert!(same.rows.iter().all(|row| row.difference == Difference::Same));
    assert_eq!(same.sentence, "A and B made the same calls, with the same tokens and reward.");
}

#[test]
fn several_roots_missing_parents_and_nothing_can_be_compared() {
    let a = trace(&[span("x", Some("gone"), "x", 1.0, 2.0), span("y", None, "y", 3.0, 4.0)]);
    let b = trace(&[span("y", None, "y", 3.0, 4.0)]);
    let comparison = Comparison::of(&a, &b, Order::Time);
    let differences: Vec<_> = comparison.rows.iter().map(|row| row.difference).collect();
    assert_eq!(differences, [Difference::Removed, Difference::Removed, Difference::Same]);
    assert!(Comparison::of(&Trace::new(), &Trace::new(), Order::Time).rows.is_empty());
}

#[test]
fn attempts_of_10_000_different_siblings_are_compared_in_time() {
    let spans = |prefix: &str| -> Vec<Value> {
        (0..10_000_u32)
            .map(
                |n| json!({"span_id": n.to_string(), "name": format!("{prefix}{}", n % 97), "start_time": n}),
            )
            .collect()
    };
    let comparison = Comparison::of(&trace(&spans("a")), &trace(&spans("b")), Order::Time);
    assert_eq!(comparison.rows.len(), 20_000);
}

#[test]
fn links_lead_to_spans_and_back() {
    let link = |rules: &[(&str, &str)]| {
        let mut attributes = json!({"agentlightning.reward.0.value": 1.0, "agentlightning.tag.0": "good"});
        for (number, (key, value)) in rules.iter().enumerate() {
            attributes[format!("agentlightning.link.{number}.key_match")] = json!(key);
            attributes[format!("agentlightning.link.{number}.value_match")] = json!(value);
        }
        attributes
    };
    let annotation = |id: &str, rules: &[(&str, &str)]| {
        with(id, Some("root"), "agentlightning.annotation", 9.0, 9.0, link(rules))
    };
    let mut failing = tool("t", 1.2);
    failing["parent_id"] = json!("c1");
    failing["events"] = json!([{"name": "exception", "attributes": {"exception.type": "E", "exception.message": "m"}, "timestamp": 1.2}]);
    let trace = trace(&[
        span("root", None, "run", 0.0, 10.0),
        call("c1", 1.0, 10, "hi"),
        call("c2", 3.0, 10, "there"),
        failing,
        annotation("by answer", &[("gen_ai.response.id", "c1")]),
        annotation("by span", &[("span_id", "c2"), ("trace_id", "t")]),
        annotation("both", &[("gen_ai.response.id", "c1"), ("span_id", "c2")]),
        annotation("any", &[("gen_ai.request.model", "m")]),
        annotation("number", &[("gen_ai.usage.prompt_tokens", "10")]),
        annotation("nothing yet", &[("span_id", "later")]),
    ]);
    let of = |id: &str| Summary::of(&trace, trace.find(id).unwrap());
    let targets = |id: &str| of(id).links_to.into_iter().map(|span| span.span_id).collect::<Vec<_>>();
    assert_eq!(targets("by answer"), ["c1"]);
    assert_eq!(targets("by span"), ["c2"]);
    assert!(targets("both").is_empty());
    assert_eq!(targets("any"), ["c1", "c2"]);
    assert!(targets("number").is_empty());
    assert!(targets("nothing yet").is_empty());
    let c1 = of("c1");
    assert_eq!(
        c1.linked_by.iter().map(|span| span.span_id.as_str()).collect::<Vec<_>>(),
        ["by answer", "any"]
    );
    assert_eq!(c1.tool_calls[0].label, "search");
    assert_eq!((c1.offset, c1.duration, c1.parent_id.as_deref()), (Some(1.0), Some(1.0), Some("root")));
    assert_eq!(of("by answer").tags, ["good"]);
    assert_eq!(of("t").exception.unwrap().kind.as_deref(), Some("E"));
    assert!(of("t").error);
    assert_eq!(of("root").status.as_deref(), Some("OK"));
}
