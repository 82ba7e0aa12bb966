//! Tokens, cost and model of a call, from all the spellings in use.

use serde::Serialize;

use super::attributes::Attributes;
use super::json::Json;

/// What a call used. Null: not said.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Usage {
    /// Tokens of the prompt, those from a cache included.
    pub input: Option<u64>,
    /// Tokens of the prompt that came from a cache.
    pub cached: Option<u64>,
    /// Tokens of the answer, those of its reasoning included.
    pub output: Option<u64>,
    /// Tokens of the answer that were reasoning.
    pub reasoning: Option<u64>,
    /// Input and output together, as said, else their sum.
    pub total: Option<u64>,
    /// What the call cost, in the currency of whoever says so; never computed.
    pub cost: Option<f64>,
}

const INPUT: &[&str] = &[
    "gen_ai.usage.prompt_tokens",
    "gen_ai.usage.input_tokens",
    "llm.token_count.prompt",
    "agentlightning.operation.output.usage.prompt_tokens",
    "agentlightning.operation.output.usage.input_tokens",
    "llm.usage.prompt_tokens",
];
const OUTPUT: &[&str] = &[
    "gen_ai.usage.completion_tokens",
    "gen_ai.usage.output_tokens",
    "llm.token_count.completion",
    "agentlightning.operation.output.usage.completion_tokens",
    "agentlightning.operation.output.usage.output_tokens",
    "llm.usage.completion_tokens",
];
const CACHED: &[&str] = &[
    "gen_ai.usage.cache_read_input_tokens",
    "gen_ai.usage.cache_read.input_tokens",
    "llm.token_count.prompt_details.cache_read",
    "agentlightning.operation.output.usage.prompt_tokens_details.cached_tokens",
    "agentlightning.operation.output.usage.input_tokens_details.cached_tokens",
];
const REASONING: &[&str] = &[
    "gen_ai.usage.reasoning_tokens",
    "llm.token_count.completion_details.reasoning",
    "agentlightning.operation.output.usage.completion_tokens_details.reasoning_tokens",
    "agentlightning.operation.output.usage.output_tokens_details.reasoning_tokens",
];
const TOTAL: &[&str] = &[
    "gen_ai.usage.total_tokens",
    "llm.token_count.total",
    "agentlightning.operation.output.usage.total_tokens",
    "llm.usage.total_tokens",
];
const COST: &[&str] = &[
    "gen_ai.usage.total_cost",
    "gen_ai.usage.cost",
    "gen_ai.cost.total_cost",
    "gen_ai.cost.response_cost",
    "llm.cost.total",
];

const MODEL_ANSWERED: &[&str] =
    &["gen_ai.response.model", "agentlightning.operation.output.model", "llm.model_name"];
const MODEL_REQUESTED: &[&str] = &[
    "gen_ai.request.model",
    "agentlightning.operation.input.model",
    "llm.model_name",
    "langchain.llm.model",
    "embedding.model_name",
];

impl Usage {
    /// What the attributes say.
    pub fn of(attributes: &Attributes<'_>) -> Self {
        let mut usage = Self {
            input: attributes.count(INPUT),
            cached: attributes.count(CACHED),
            output: attributes.count(OUTPUT),
            reasoning: attributes.count(REASONING),
            total: attributes.count(TOTAL),
            cost: attributes.number(COST),
        };
        if usage.input.is_none() && usage.output.is_none() {
            usage.read_raw(attributes);
        }
        let sum = || Some(usage.input?.saturating_add(usage.output?));
        usage.total = usage.total.or_else(sum);
        usage
    }

    /// What sums need: tokens of the prompt and of the answer, and the cost. Nothing else is looked for.
    pub(super) fn spent(attributes: &Attributes<'_>) -> Self {
        let mut usage = Self {
            input: attributes.count(INPUT),
            output: attributes.count(OUTPUT),
            cost: attributes.number(COST),
            ..Self::default()
        };
        if usage.input.is_none() && usage.output.is_none() {
            usage.read_raw(attributes);
        }
        usage
    }

    /// `llm.<provider>.usage`: a dict as text.
    fn read_raw(&mut self, attributes: &Attributes<'_>) {
        let Some(raw) = provider_structure(attributes, "usage") else { return };
        let count =
            |keys: &[&str]| keys.iter().find_map(|key| u64::try_from(raw.get(key)?.as_integer()?).ok());
        let detail = |outer: &str, key: &str| u64::try_from(raw.get(outer)?.get(key)?.as_integer()?).ok();
        self.input = count(&["prompt_tokens", "input_tokens"]);
        self.output = count(&["completion_tokens", "output_tokens"]);
        self.total = self.total.or_else(|| count(&["total_tokens"]));
        self.cached = self
            .cached
            .or_else(|| count(&["cache_read_input_tokens"]))
            .or_else(|| detail("prompt_tokens_details", "cached_tokens"));
        self.reasoning = self.reasoning.or_else(|| detail("completion_tokens_details", "reasoning_tokens"));
    }
}

/// The model that was asked for.
pub fn model_requested(attributes: &Attributes<'_>) -> Option<String> {
    attributes.text(MODEL_REQUESTED).or_else(|| provider_text(attributes, "model"))
}

/// The model that answered.
pub fn model_answered(attributes: &Attributes<'_>) -> Option<String> {
    attributes.text(MODEL_ANSWERED)
}

/// The id by which an answer is known, in whichever spelling.
pub fn response_id(attributes: &Attributes<'_>) -> Option<String> {
    attributes
        .text(&["gen_ai.response.id", "agentlightning.operation.output.id"])
        .or_else(|| provider_text(attributes, "id"))
}

/// The key `llm.<provider>.<parameter>`, whichever the provider.
pub(super) fn provider_key(attributes: &Attributes<'_>, parameter: &str) -> Option<String> {
    let entries = attributes.starting("llm.");
    let found = entries.iter().find(|entry| {
        let mut parts = entry.key.split('.').skip(1);
        let provider = parts.next();
        // These are families of their own, not providers.
        let taken = ["request", "usage", "token_count", "input_messages", "output_messages", "tools"];
        provider.is_some_and(|provider| !taken.contains(&provider))
            && parts.next() == Some(parameter)
            && parts.next().is_none()
    })?;
    Some(found.key.clone().into_owned())
}

pub(super) fn provider_text(attributes: &Attributes<'_>, parameter: &str) -> Option<String> {
    attributes.text(&[&provider_key(attributes, parameter)?])
}

pub(super) fn provider_structure(attributes: &Attributes<'_>, parameter: &str) -> Option<Json> {
    attributes.structure(&provider_key(attributes, parameter)?)
}

#[cfg(test)]
mod tests {
    use super::super::attributes::with;
    use super::*;

    #[test]
    fn every_spelling_gives_the_same_numbers() {
        for attributes in [
            r#"{"gen_ai.usage.prompt_tokens":10,"gen_ai.usage.completion_tokens":"5"}"#,
            r#"{"gen_ai.usage.input_tokens":10,"gen_ai.usage.output_tokens":5.0,"gen_ai.usage.total_tokens":15}"#,
            r#"{"llm.token_count.prompt":10,"llm.token_count.completion":5}"#,
            r#"{"agentlightning.operation.output.usage.prompt_tokens":10,"agentlightning.operation.output.usage.completion_tokens":5}"#,
            r#"{"llm.hosted_vllm.usage":"{'prompt_tokens': 10, 'completion_tokens': 5, 'total_tokens': 15, 'x': None}"}"#,
        ] {
            let usage = with(attributes, Usage::of);
            assert_eq!(
                (usage.input, usage.output, usage.total),
                (Some(10), Some(5), Some(15)),
                "{attributes}"
            );
            assert_eq!(usage.cost, None);
        }
    }

    #[test]
    fn what_is_not_said_is_null_and_nonsense_is_not_said() {
        let usage =
            with(r#"{"gen_ai.usage.prompt_tokens":-1,"gen_ai.usage.completion_tokens":[1]}"#, Usage::of);
        assert_eq!(usage, Usage::default());
    }

    #[test]
    fn parameters_of_any_provider_are_found() {
        let attributes =
            r#"{"llm.openai.model":"gpt","llm.request.functions.0.id":"no","llm.openai.id":"chatcmpl-1"}"#;
        assert_eq!(with(attributes, model_requested).as_deref(), Some("gpt"));
        assert_eq!(with(attributes, response_id).as_deref(), Some("chatcmpl-1"));
        assert_eq!(with(r#"{"llm.request.id":"x","llm.model":"y"}"#, response_id), None);
    }
}
