//! What sums and lists need to know of a span, taken from its text in one go.

use super::attributes::{Attributes, member};
use super::facts::{exception_label, failed, has_exception, shorten_to, string_member};
use super::json::BOUNDS;
use super::kind::Kind;
use super::reward::{Reward, rewards};
use super::usage::{Usage, model_answered, model_requested, response_id};
use crate::lax::{Node, Tape};

/// Longest text of an error, in characters.
const MAX_ERROR_CHARACTERS: usize = 200;

/// The gist of a span.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Gist {
    /// It failed, or is or holds an exception: its type and message, else what its status says, else its name; one line of
    /// at most 200 characters. Null: it did not fail.
    pub error: Option<String>,
    /// Tokens of its prompt.
    pub input_tokens: Option<u64>,
    /// Tokens of its answer.
    pub output_tokens: Option<u64>,
    /// What it cost.
    pub cost: Option<f64>,
    /// The model that answered; of a call of a model that does not say, the one that was asked.
    pub model: Option<String>,
    /// Its rewards, the primary one first.
    pub rewards: Vec<Reward>,
    /// The id of the model's answer.
    pub response_id: Option<String>,
}

impl Gist {
    /// The gist of the span `name` with these members (JSON without the braces around it). Nothing is known of a text that
    /// cannot be read.
    pub fn of(name: &str, members: &str) -> Self {
        let text = ["{", members, "}"].concat();
        let Ok(tape) = Tape::parse(&text, BOUNDS) else { return Self::default() };
        let span = tape.root();
        let attributes = Attributes::of_span(span);
        let kind = Kind::detect(name, &attributes);
        let is_error = kind == Kind::Exception || failed(span) || has_exception(span);
        let usage = Usage::spent(&attributes);
        let asked = || model_requested(&attributes).filter(|_| matches!(kind, Kind::Llm | Kind::Embedding));
        Self {
            error: is_error.then(|| error(name, span, &attributes)),
            input_tokens: usage.input,
            output_tokens: usage.output,
            cost: usage.cost.filter(|cost| cost.is_finite()),
            model: model_answered(&attributes).or_else(asked),
            rewards: rewards(name, &attributes),
            response_id: response_id(&attributes),
        }
    }
}

fn error(name: &str, span: Node<'_>, attributes: &Attributes<'_>) -> String {
    let event = || {
        let events: Vec<_> = member(span, "events").into_iter().flat_map(|events| events.items()).collect();
        let is_exception = |event: &&Node<'_>| string_member(**event, "name").as_deref() == Some("exception");
        let last = events.iter().rev().find(is_exception)?;
        exception_label(&member(*last, "attributes").map(Attributes::of).unwrap_or_default())
    };
    let said = || member(span, "status").and_then(|status| string_member(status, "description"));
    let text =
        exception_label(attributes).or_else(event).or_else(said).filter(|text| !text.trim().is_empty());
    shorten_to(text.as_deref().unwrap_or(name), MAX_ERROR_CHARACTERS - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_that_sums_need_is_there() {
        let gist = Gist::of(
            "openai.chat.completion",
            r#""status":{"status_code":"OK"},"attributes":{"gen_ai.response.model":"m","gen_ai.response.id":"r",
               "gen_ai.usage.prompt_tokens":10,"gen_ai.usage.completion_tokens":5,"gen_ai.usage.total_cost":0.25,
               "agentlightning.reward.0.name":"x","agentlightning.reward.0.value":0.5}"#,
        );
        let expected = Gist {
            error: None,
            input_tokens: Some(10),
            output_tokens: Some(5),
            cost: Some(0.25),
            model: Some("m".to_owned()),
            rewards: vec![Reward { name: Some("x".to_owned()), value: 0.5 }],
            response_id: Some("r".to_owned()),
        };
        assert_eq!(gist, expected);
        assert_eq!(
            Gist::of("x", r#""attributes":{"gen_ai.request.model":"asked"}"#).model.as_deref(),
            Some("asked")
        );
        assert_eq!(Gist::of("x", r#""attributes":{"langchain.llm.model":"asked"}"#).model, None);
    }

    #[test]
    fn errors_are_told_by_the_best_that_is_said_of_them() {
        for (name, members, error) in [
            ("x", r#""status":{"status_code":"ERROR","description":"bad\nluck"}"#, Some("bad …")),
            ("x", r#""status":{"status_code":"ERROR","description":null}"#, Some("x")),
            ("x", r#""attributes":{"exception.type":"E","exception.message":"m"}"#, Some("E: m")),
            (
                "x",
                r#""events":[{"name":"exception","attributes":{"exception.type":"A"}},{"name":"exception","attributes":{"exception.type":"B"}}]"#,
                Some("B"),
            ),
            ("agentlightning.exception", "", Some("agentlightning.exception")),
            ("x", r#""status":{"status_code":"OK","description":"fine"}"#, None),
            ("x", "no JSON", None),
        ] {
            assert_eq!(Gist::of(name, members).error.as_deref(), error, "{name} {members}");
        }
        let long =
            format!(r#""attributes":{{"exception.type":"E","exception.message":"{}"}}"#, "é".repeat(300));
        assert_eq!(Gist::of("x", &long).error.unwrap().chars().count(), MAX_ERROR_CHARACTERS);
    }
}
