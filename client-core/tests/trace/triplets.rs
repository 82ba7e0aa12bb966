//! Transitions are those that the published Python package, version 0.3.0, makes of the same spans.
//!
//! `golden/triplets.json` holds spans, options, and what that package answered.

use lightning_store_client::trace::store::Trace;
use lightning_store_client::trace::triplets::{FinalReward, LeftOut, RewardMatch, Training, TripletOptions};
use serde_json::{Value, json};

use crate::builder::{reward, span, with};

fn trace(spans: &Value) -> Trace {
    let mut trace = Trace::new();
    trace.append_json(&spans.to_string());
    trace
}

fn options(said: &Value) -> TripletOptions {
    let flag = |key: &str, default: bool| said[key].as_bool().unwrap_or(default);
    TripletOptions {
        reward_match: if said["reward_match"] == "first_sibling" {
            RewardMatch::FirstSibling
        } else {
            RewardMatch::FirstOccurrence
        },
        repair_hierarchy: flag("repair_hierarchy", true),
        agent: said["agent_match"].as_str().map(str::to_owned),
        exclude_in_reward: flag("exclude_llm_call_in_reward", true),
        skip_without_tokens: flag("_skip_empty_token_spans", false),
        ..TripletOptions::default()
    }
}

#[test]
fn triplets_and_final_rewards_are_those_of_the_python_package() {
    let cases: Vec<Value> = serde_json::from_str(include_str!("golden/triplets.json")).unwrap();
    assert!(cases.len() > 40);
    for case in cases {
        let trace = trace(&case["spans"]);
        let training = Training::of(&trace, &options(&case["options"]));
        let ours: Vec<Value> = training
            .triplets
            .iter()
            .map(|triplet| {
                json!({"prompt": triplet.prompt_tokens, "response": triplet.response_tokens, "reward": triplet.reward,
                    "response_id": triplet.response_id, "agent": triplet.agent})
            })
            .collect();
        assert_eq!(Value::from(ours), case["triplets"], "{}\n{:#?}", case["name"], training);
        assert_eq!(
            json!(FinalReward::of(&trace).map(|reward| reward.value)),
            case["final_reward"],
            "{}",
            case["name"]
        );
    }
}

fn call(id: &str, parent: &str, start: f64, response: Option<&str>, tokens: &[i64]) -> Value {
    let attributes =
        json!({"gen_ai.response.id": response, "prompt_token_ids": tokens, "response_token_ids": tokens});
    with(id, Some(parent), "openai.chat.completion", start, start + 0.5, attributes)
}

#[test]
fn what_is_left_out_is_listed_with_the_reason() {
    let operation = json!({"agentlightning.operation.name": "agentlightning.reward"});
    let spans = json!([
        span("root", None, "root", 0.0, 100.0),
        reward("early", Some("root"), 0.5, 9.0),
        call("a", "root", 1.0, Some("r1"), &[1]),
        call("again", "root", 2.0, Some("r1"), &[1]),
        call("inner", "a", 1.1, None, &[1]),
        with("op", Some("root"), "agentlightning.operation", 5.0, 9.0, operation),
        call("judge", "op", 6.0, Some("r2"), &[1]),
        call("empty", "root", 10.0, Some("r3"), &[]),
        reward("late", Some("root"), 20.0, 1.0),
    ]);
    let options = TripletOptions { repair_hierarchy: false, ..TripletOptions::default() };
    let training = Training::of(&trace(&spans), &options);
    let kept: Vec<_> = training
        .triplets
        .iter()
        .map(|triplet| (triplet.span_id.as_str(), triplet.no_token_ids, triplet.reward))
        .collect();
    assert_eq!(kept, [("a", false, None), ("empty", true, Some(1.0))]);
    assert_eq!(training.triplets[1].reward_span_id.as_deref(), Some("late"));
    let mut reasons: Vec<_> =
        training.left_out.iter().map(|call| (call.span_id.as_str(), call.reason)).collect();
    reasons.sort_by_key(|(id, _)| *id);
    assert_eq!(
        reasons,
        [
            ("again", LeftOut::DuplicateResponseId),
            ("inner", LeftOut::WithinCall),
            ("judge", LeftOut::WithinReward)
        ]
    );
    let unmatched: Vec<_> = training.unmatched_rewards.iter().map(|reward| reward.span_id.as_str()).collect();
    assert_eq!(unmatched, ["early"]);
    let skipping = Training::of(&trace(&spans), &TripletOptions { skip_without_tokens: true, ..options });
    assert_eq!(skipping.triplets[0].reward, Some(1.0));
    assert!(skipping.left_out.iter().any(|call| call.reason == LeftOut::NoTokenIds));
}

#[test]
fn spans_without_times_are_matched_by_their_numbers() {
    let mut spans = json!([call("a", "root", 1.0, Some("r"), &[1]), reward("w", Some("root"), 2.0, 0.5)]);
    for span in spans.as_array_mut().unwrap() {
        span["start_time"] = Value::Null;
        span["end_time"] = Value::Null;
    }
    assert_eq!(Training::of(&trace(&spans), &TripletOptions::default()).triplets[0].reward, Some(0.5));
}

#[test]
fn the_final_reward_is_the_last_by_number_with_all_its_dimensions() {
    let dimensions = json!({"agentlightning.reward.0.name": "task", "agentlightning.reward.0.value": 0.5,
        "agentlightning.reward.1.name": "speed", "agentlightning.reward.1.value": 2});
    let mut last = with("b", None, "agentlightning.annotation", 1.0, 1.0, dimensions);
    last["sequence_id"] = json!(99);
    let found = FinalReward::of(&trace(&json!([last, reward("a", None, 5.0, 1.0)]))).unwrap();
    assert_eq!((found.value, found.span_id.as_str()), (0.5, "b"));
    assert_eq!(found.dimensions[1].name.as_deref(), Some("speed"));
    assert_eq!(FinalReward::of(&Trace::new()), None);
}
