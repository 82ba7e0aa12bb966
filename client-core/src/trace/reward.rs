//! Rewards: what a span says of the worth of what was done, in the present form and the two older ones.

use serde::Serialize;

use super::attributes::{Attributes, number_of};
use super::json::Json;
use super::kind::{ANNOTATION, OPERATION, OPERATION_NAME, REWARD};
use super::sort::sorted;

/// One dimension of a reward.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Reward {
    /// The name of the dimension. Null: it has none, as in old data.
    pub name: Option<String>,
    /// Its value.
    pub value: f64,
}

/// The attributes in which old instrumentations put `{"type":"reward","value":…}`.
const OLD_OUTPUTS: [&str; 2] = ["agentops.task.output", "agentops.entity.output"];

/// Whether a span is about a reward, even if its value is missing.
pub fn has_reward(name: &str, attributes: &Attributes<'_>) -> bool {
    attributes.has("agentlightning.reward.")
        || attributes.get(REWARD).and_then(number_of).is_some()
        || OLD_OUTPUTS.iter().any(|key| old_output(attributes, key).is_some())
        || (name == ANNOTATION && attributes.get("reward").is_some())
        || is_reward_operation(name, attributes)
}

/// Whether a span is the operation that computes a reward, whose value may be in another span.
pub fn is_reward_operation(name: &str, attributes: &Attributes<'_>) -> bool {
    name == OPERATION && attributes.string(OPERATION_NAME).as_deref() == Some(REWARD)
}

/// The dimensions of a span's reward, the primary one first; nothing if it has no reward. Dimensions without a finite
/// number are left out.
pub fn rewards(name: &str, attributes: &Attributes<'_>) -> Vec<Reward> {
    let present = numbered_rewards(attributes);
    if !present.is_empty() {
        return present;
    }
    let single = |value: Option<f64>| value.map(|value| Reward { name: None, value }).into_iter().collect();
    for key in OLD_OUTPUTS {
        if let Some(output) = old_output(attributes, key) {
            return single(output.get("value").and_then(Json::as_number).filter(|value| value.is_finite()));
        }
    }
    let plain = attributes.get(REWARD).and_then(number_of);
    single(plain.or_else(|| attributes.get("reward").filter(|_| name == ANNOTATION).and_then(number_of)))
}

/// `agentlightning.reward.<i>.value` with its name, by the order of the indices. Index 0 is the primary one.
fn numbered_rewards(attributes: &Attributes<'_>) -> Vec<Reward> {
    let found: Vec<(u64, Reward)> = attributes
        .starting("agentlightning.reward.")
        .iter()
        .filter_map(|entry| {
            let index = entry.key.strip_prefix("agentlightning.reward.")?.strip_suffix(".value")?;
            let name = attributes.text(&[&format!("agentlightning.reward.{index}.name")]);
            Some((index.parse().ok()?, Reward { name, value: number_of(entry.value)? }))
        })
        .collect();
    sorted(found, &|a, b| a.0.cmp(&b.0)).into_iter().map(|(_, reward)| reward).collect()
}

/// The output of an old reward function, if `key` holds one.
fn old_output(attributes: &Attributes<'_>, key: &str) -> Option<Json> {
    let text = attributes.string(key).filter(|text| text.contains("reward"))?;
    Json::parse(&text).filter(|output| output.text_at("type") == Some("reward"))
}

#[cfg(test)]
mod tests {
    use super::super::json::BOUNDS;
    use super::*;
    use crate::lax::Tape;

    fn read(name: &str, attributes: &str) -> Vec<(Option<String>, f64)> {
        let tape = Tape::parse(attributes, BOUNDS).unwrap();
        let rewards = rewards(name, &Attributes::of(tape.root()));
        rewards.into_iter().map(|reward| (reward.name, reward.value)).collect()
    }

    #[test]
    fn dimensions_are_ordered_by_index_and_the_first_is_the_primary_one() {
        let attributes = r#"{"agentlightning.reward.10.name":"z","agentlightning.reward.10.value":3.0,
            "agentlightning.reward.1.name":"speed","agentlightning.reward.1.value":0.5,
            "agentlightning.reward.0.name":"task","agentlightning.reward.0.value":1}"#;
        let expected = [("task", 1.0), ("speed", 0.5), ("z", 3.0)].map(|(n, v)| (Some(n.to_owned()), v));
        assert_eq!(read("agentlightning.annotation", attributes), expected);
    }

    #[test]
    fn old_forms_are_read_too() {
        for (name, attributes, value) in [
            ("agentlightning.annotation", r#"{"agentlightning.reward.0.value":0.25}"#, Some(0.25)),
            ("f.task", r#"{"agentops.task.output":"{\"type\":\"reward\",\"value\":0.7}"}"#, Some(0.7)),
            ("f", r#"{"agentops.entity.output":"{\"type\": \"reward\", \"value\": null}"}"#, None),
            ("f", r#"{"agentops.entity.output":"{\"type\": \"other\", \"value\": 1}"}"#, None),
            ("f", r#"{"agentops.entity.output":"reward"}"#, None),
            ("agentlightning.annotation", r#"{"reward":-1.5}"#, Some(-1.5)),
            ("f", r#"{"reward":-1.5}"#, None),
            ("f", r#"{"agentlightning.reward.0.value":"not a number"}"#, None),
            ("f", r#"{"agentlightning.reward":2}"#, Some(2.0)),
            ("f", "{}", None),
        ] {
            assert_eq!(read(name, attributes).first().map(|reward| reward.1), value, "{name} {attributes}");
        }
    }
}
