//! One call with an image, a tool call and its result, as each instrumentation writes it down.
//!
//! The attributes in `golden/messages.json` are what `AgentOps` 0.4.21 and `LiteLLM` 1.106 recorded of it, and what
//! the conventions of the others make of it.

use lightning_store_client::trace::messages::{Conversation, Part, SpanMessages};
use lightning_store_client::trace::store::{Order, Trace};
use lightning_store_client::trace::summary::Summary;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::builder::{reward, span, with};

fn cases() -> Vec<Value> {
    serde_json::from_str(include_str!("golden/messages.json")).expect("golden files are JSON")
}

fn trace(spans: &[Value]) -> Trace {
    let mut trace = Trace::new();
    trace.append_json(&Value::from(spans.to_vec()).to_string());
    trace
}

fn tool_call(id: Option<&str>, city: &str) -> Value {
    json!({"type": "tool_call", "id": id, "name": "weather", "arguments": {"city": city}})
}

#[test]
fn the_same_call_reads_the_same_in_every_dialect() {
    let prompt = json!([
        {"role": "system", "parts": [{"type": "text", "text": "Be brief."}]},
        {"role": "user", "parts": [{"type": "text", "text": "Weather in Oslo?"},
            {"type": "image", "url": "data:image/png;base64,iVBORw0KGgo="}]},
        {"role": "assistant", "parts": [{"type": "tool_call", "id": "call_1", "name": "weather",
            "arguments": {"city": "Oslo", "n": 9_007_199_254_740_993_i64}}]},
        {"role": "tool", "parts": [{"type": "tool_result", "tool_call_id": "call_1", "content": "{\"celsius\": 5}"}],
            "tool_call_id": "call_1"},
    ]);
    let tools = json!([{"name": "weather", "description": "Weather of a city",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}}}]);
    for (number, case) in cases().iter().enumerate() {
        // AgentOps records the tools of an answer as spans below it.
        let tool = json!({"tool.name": "weather", "tool.parameters": "{\"city\": \"Bergen\"}", "tool.call.id": "call_2"});
        let mut spans =
            vec![with("call", None, case["name"].as_str().unwrap(), 1.0, 2.0, case["attributes"].clone())];
        if number == 0 {
            spans.push(with("tool", Some("call"), "tool_call.weather", 2.0, 2.0, tool));
        }
        let trace = trace(&spans);
        let said = serde_json::to_value(SpanMessages::of_span(&trace, 0)).unwrap();
        assert_eq!(said["dialect"], case["dialect"]);
        assert_eq!(said["prompt"], prompt, "{}", case["dialect"]);
        assert_eq!(said["tools"], tools, "{}", case["dialect"]);
        // New versions of LiteLLM lose the id of a call.
        let id = if case["dialect"] == "gen_ai" { None } else { Some("call_2") };
        let completion = json!([{"role": "assistant", "finish_reason": "stop",
            "parts": [{"type": "text", "text": "It's 5 degrees."}, tool_call(id, "Bergen")]}]);
        assert_eq!(said["completion"], completion, "{}", case["dialect"]);
    }
}

#[test]
fn the_summary_of_the_same_call_is_the_same_in_every_dialect() {
    for case in cases() {
        let trace = trace(&[with(
            "call",
            None,
            case["name"].as_str().unwrap(),
            1.0,
            2.0,
            case["attributes"].clone(),
        )]);
        let summary = Summary::of(&trace, 0);
        let name = case["dialect"].as_str().unwrap();
        assert_eq!(summary.kind.as_str(), "llm", "{name}");
        assert_eq!(
            (summary.usage.input, summary.usage.output, summary.usage.total),
            (Some(20), Some(6), Some(26)),
            "{name}"
        );
        assert_eq!(summary.label, "gpt-4.1-2025", "{name}");
        assert_eq!(summary.usage.cost, None);
        if name != "open_inference" {
            assert_eq!(summary.response_id.as_deref(), Some("chatcmpl-7"), "{name}");
            assert_eq!(summary.finish_reason.as_deref(), Some("stop"), "{name}");
        }
        if case["attributes"].to_string().contains("temperature") {
            let parameters: Vec<_> = summary.parameters.iter().map(|(key, _)| key.as_str()).collect();
            assert!(parameters.contains(&"temperature"), "{name}: {parameters:?}");
        }
    }
}

#[test]
fn spans_that_are_no_calls_show_what_went_in_and_came_out() {
    for (name, attributes, prompt, completion) in [
        (
            "agentlightning.message",
            json!({"agentlightning.message.body": "hello"}),
            json!([]),
            json!([{"type": "text", "text": "hello"}]),
        ),
        (
            "x.task",
            json!({"agentops.entity.input": "{\"a\": 1}", "agentops.entity.output": "done"}),
            json!([{"type": "json", "value": {"a": 1}}]),
            json!([{"type": "text", "text": "done"}]),
        ),
        (
            "agentlightning.operation",
            json!({"agentlightning.operation.input.n": 1, "agentlightning.operation.output": [1, 2]}),
            json!([{"type": "json", "value": {"n": 1}}]),
            json!([{"type": "json", "value": [1, 2]}]),
        ),
        (
            "chain",
            json!({"input.value": "q", "output.value": "a"}),
            json!([{"type": "text", "text": "q"}]),
            json!([{"type": "text", "text": "a"}]),
        ),
        (
            "tool_call.f",
            json!({"tool.name": "f", "tool.parameters": "{}", "tool.result": "5"}),
            json!([{"type": "tool_call", "id": null, "name": "f", "arguments": {}}]),
            json!([{"type": "tool_result", "tool_call_id": null, "content": "5"}]),
        ),
        ("nothing", json!({"a": 1}), json!([]), json!([])),
    ] {
        let said = serde_json::to_value(SpanMessages::of_span(
            &trace(&[with("s", None, name, 0.0, 1.0, attributes)]),
            0,
        ))
        .unwrap();
        let parts = |messages: &Value| {
            messages
                .as_array()
                .unwrap()
                .iter()
                .flat_map(|message| message["parts"].as_array().unwrap().clone())
                .collect::<Vec<_>>()
        };
        assert_eq!(Value::from(parts(&said["prompt"])), prompt, "{name}");
        assert_eq!(Value::from(parts(&said["completion"])), completion, "{name}");
    }
}

#[test]
fn odd_values_become_json_with_a_note_and_unparsable_answers_stay_text() {
    let attributes = json!({"llm.x.messages": "[{'role': 'user', 'content': 'a'}", "llm.x.stringified_raw_response": "<html>"});
    let said = serde_json::to_value(SpanMessages::of_span(
        &trace(&[with("s", None, "raw_gen_ai_request", 0.0, 1.0, attributes)]),
        0,
    ))
    .unwrap();
    assert_eq!(said["prompt"][0]["parts"][0]["text"], "[{'role': 'user', 'content': 'a'}");
    assert_eq!(said["completion"][0]["parts"][0]["text"], "<html>");
    let attributes = json!({"gen_ai.prompt.0.role": "user", "gen_ai.prompt.0.content": "hi", "gen_ai.completion.0.strange": 5});
    let said = SpanMessages::of_span(&trace(&[with("s", None, "x", 0.0, 1.0, attributes)]), 0);
    assert!(matches!(&said.completion[0].parts[..], [Part::Json { note: Some(_), .. }]));
}

/// A call whose prompt is a list of texts, user and assistant in turns.
fn call(id: &str, name: &str, start: f64, response: &str, prompt: &[&str], answer: &str) -> Value {
    let mut attributes = json!({"gen_ai.request.model": "m", "gen_ai.response.id": response,
        "gen_ai.completion.0.role": "assistant", "gen_ai.completion.0.content": answer, "gen_ai.completion.0.finish_reason": "stop"});
    for (number, text) in prompt.iter().enumerate() {
        attributes[format!("gen_ai.prompt.{number}.role")] = json!(["user", "assistant"][number % 2]);
        attributes[format!("gen_ai.prompt.{number}.content")] = json!(text);
    }
    with(id, Some("root"), name, start, start + 0.5, attributes)
}

fn texts(messages: &[lightning_store_client::trace::messages::Message]) -> Vec<String> {
    let text = |part: &Part| match part {
        Part::Text { text } => text.clone(),
        other => format!("{other:?}"),
    };
    messages.iter().flat_map(|message| message.parts.iter().map(text)).collect()
}

#[test]
fn a_conversation_keeps_what_is_new_in_each_turn() {
    let name = "openai.chat.completion";
    let raw = json!({"llm.hosted_vllm.id": "r1", "llm.hosted_vllm.messages": "[{'role': 'user', 'content': 'one'}]"});
    let linked = json!({"agentlightning.reward.0.value": 0.5, "agentlightning.link.0.key_match": "gen_ai.response.id",
        "agentlightning.link.0.value_match": "r1"});
    let trace = trace(&[
        span("root", None, "root", 0.0, 100.0),
        reward("early", Some("root"), 0.5, 7.0),
        call("a1", name, 1.0, "r1", &["one"], "two"),
        call("proxy", "litellm_request", 1.1, "r1", &["one"], "two"),
        with("raw", Some("proxy"), "raw_gen_ai_request", 1.2, 1.3, raw),
        call("other", name, 2.0, "r2", &["different"], "thread"),
        call("a2", name, 3.0, "r3", &["one", "two", "three"], "four"),
        with("reward", Some("root"), "agentlightning.annotation", 4.0, 4.0, linked),
        call("a3", name, 5.0, "r4", &["one", "two", "three", "four", "five"], "six"),
        reward("late", Some("root"), 6.0, 1.0),
    ]);
    let conversation = Conversation::of(&trace, Order::Time);
    let turns: Vec<_> = conversation
        .turns
        .iter()
        .map(|turn| {
            (turn.span_id.as_str(), turn.follows, turn.shared, texts(&turn.messages), texts(&turn.completion))
        })
        .collect();
    let strings = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
    assert_eq!(
        turns,
        [
            ("a1", None, 0, strings(&["one"]), strings(&["two"])),
            ("other", None, 0, strings(&["different"]), strings(&["thread"])),
            ("a2", Some(0), 2, strings(&["three"]), strings(&["four"])),
            ("a3", Some(2), 4, strings(&["five"]), strings(&["six"])),
        ]
    );
    let observed: Vec<_> =
        conversation.turns[0].observations.iter().map(|seen| seen.span_id.as_str()).collect();
    assert_eq!(observed, ["a1", "proxy", "raw"]);
    assert_eq!(conversation.turns[0].rewards[0].span_id, "reward");
    assert!(conversation.turns[0].rewards[0].linked);
    assert_eq!(conversation.turns[3].rewards[0].span_id, "late");
    assert_eq!(conversation.other_rewards[0].span_id, "early");
    assert!(serde_json::to_string(&conversation).is_ok());
}

#[test]
fn ten_thousand_calls_with_linked_rewards_are_a_conversation_in_time() {
    let mut spans = vec![span("root", None, "root", 0.0, 1e6)];
    for number in 0..10_000_u32 {
        let (start, answer) = (f64::from(number), format!("r{number}"));
        spans.push(call(
            &format!("c{number}"),
            "openai.chat.completion",
            start,
            &answer,
            &["one", &answer],
            "two",
        ));
        let linked = json!({"agentlightning.reward.0.value": 0.5, "agentlightning.link.0.key_match": "gen_ai.response.id",
            "agentlightning.link.0.value_match": answer});
        spans.push(with(
            &format!("w{number}"),
            Some("root"),
            "agentlightning.annotation",
            start,
            start,
            linked,
        ));
    }
    let trace = trace(&spans);
    #[expect(clippy::disallowed_methods, reason = "this test is about time")]
    let start = std::time::Instant::now();
    let conversation = Conversation::of(&trace, Order::Time);
    assert_eq!(conversation.turns.len(), 10_000);
    assert!(conversation.turns.iter().all(|turn| turn.rewards.len() == 1 && turn.rewards[0].linked));
    assert!(start.elapsed().as_secs() < 10, "{:?}", start.elapsed());
}

/// Any JSON, small.
fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        "[\\[\\]{}'\":, a-c0-2]{0,12}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            prop::collection::vec(("(role|content|type|parts|0|1|x)", inner), 0..3)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

const KEYS: &[&str] = &[
    "gen_ai.input.messages",
    "gen_ai.output.messages",
    "gen_ai.system_instructions",
    "gen_ai.prompt",
    "gen_ai.prompt.0",
    "gen_ai.prompt.0.role",
    "gen_ai.prompt.0.content",
    "gen_ai.prompt.1.tool_calls.0",
    "gen_ai.completion.0.content",
    "gen_ai.response.finish_reasons",
    "gen_ai.response.id",
    "gen_ai.usage.prompt_tokens",
    "llm.input_messages.0.message",
    "llm.tools.0.tool.json_schema",
    "llm.p.messages",
    "llm.p.choices",
    "llm.p.tools",
    "llm.p.usage",
    "llm.p.id",
    "llm.p.stringified_raw_response",
    "agentlightning.operation.input.messages.0",
    "agentlightning.operation.output.choices",
    "agentlightning.operation.name",
    "agentlightning.reward.0.value",
    "agentlightning.reward",
    "agentlightning.link.0.key_match",
    "agentlightning.link.0.value_match",
    "agentlightning.tag",
    "agentlightning.tag.0",
    "prompt_token_ids",
    "response_token_ids",
    "exception.type",
    "tool.name",
    "agent.name",
    "agentops.entity.output",
    "",
];

proptest! {
    #[test]
    fn no_attribute_value_makes_anything_panic(
        attributes in prop::collection::btree_map(prop::sample::select(KEYS), any_json(), 0..8),
        name in prop::sample::select(vec!["openai.chat.completion", "raw_gen_ai_request", "agentlightning.annotation", "x"]),
        odd in any_json(),
    ) {
        let attributes: serde_json::Map<String, Value> = attributes.into_iter().map(|(key, value)| (key.to_owned(), value)).collect();
        let mut first = with("a", Some("b"), name, 1.0, 2.0, Value::Object(attributes.clone()));
        first["events"] = odd.clone();
        first["status"] = odd.clone();
        first["start_time"] = odd.clone();
        first["resource"] = odd;
        let trace = trace(&[first, with("b", None, name, 0.0, 3.0, Value::Object(attributes))]);
        for span in 0..trace.len() {
            prop_assert!(serde_json::to_string(&Summary::of(&trace, span)).is_ok());
            prop_assert!(serde_json::to_string(&SpanMessages::of_span(&trace, span)).is_ok());
        }
        prop_assert!(serde_json::to_string(&Conversation::of(&trace, Order::Time)).is_ok());
        let options = lightning_store_client::trace::triplets::TripletOptions::default();
        prop_assert!(serde_json::to_string(&lightning_store_client::trace::triplets::Training::of(&trace, &options)).is_ok());
        let comparison = lightning_store_client::trace::compare::Comparison::of(&trace, &Trace::new(), Order::Time);
        prop_assert!(serde_json::to_string(&comparison).is_ok());
    }
}
