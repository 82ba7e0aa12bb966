//! Spans without their attributes: what a server works out of whole ones ([`light`]), and what a
//! [`Trace`](super::Trace) takes in place of them.

use super::attributes::{Attributes, count_of, member, number_of};
use super::facts::{Facts, string_member};
use super::json::BOUNDS;
use super::kind::Kind;
use super::usage;
use crate::lax::{Kind as JsonKind, Node, Tape};
use crate::wire::dashboard::LightSpan;

/// What a row shows of a span with this name, whose other members are `rest`: a JSON object without its braces, as
/// servers keep it. Ids, numbers and times are left for the caller; nothing is known of a text that cannot be read.
pub fn light(name: &str, rest: &str) -> LightSpan {
    let text = object(rest);
    let Ok(tape) = Tape::parse(&text, BOUNDS) else {
        return LightSpan {
            name: name.to_owned(),
            kind: Kind::Other.as_str().to_owned(),
            ..LightSpan::default()
        };
    };
    let span = tape.root();
    let facts = Facts::of(name, span, &Attributes::of_span(span));
    LightSpan {
        name: name.to_owned(),
        kind: facts.kind.as_str().to_owned(),
        error: facts.error,
        label: Some(facts.label).filter(|label| label != name),
        operation: facts.operation,
        input_tokens: facts.input_tokens,
        output_tokens: facts.output_tokens,
        reward: facts.reward,
        links: facts.links,
        ..LightSpan::default()
    }
}

/// The id of the model's answer that such a span has observed. Rows do not say it: it is looked for when a link leads
/// there, and every one would weigh as much as the rest of its row.
pub fn response_id(rest: &str) -> Option<String> {
    let text = object(rest);
    let tape = Tape::parse(&text, BOUNDS).ok()?;
    usage::response_id(&Attributes::of_span(tape.root()))
}

fn object(members: &str) -> String {
    format!("{{{members}}}")
}

impl Facts {
    /// Those that a span without attributes brings along; `None` if it does not say what it is.
    pub(super) fn of_light(name: &str, span: Node<'_>) -> Option<Self> {
        let kind = string_member(span, "kind")?;
        let is = |key: &str| {
            member(span, key).is_some_and(|node| node.kind() == JsonKind::Bool && node.source() == "true")
        };
        Some(Self {
            // A newer server may know more kinds.
            kind: Kind::of_word(&kind).unwrap_or(Kind::Other),
            error: is("error"),
            label: string_member(span, "label").unwrap_or_else(|| name.to_owned()),
            operation: string_member(span, "operation"),
            input_tokens: member(span, "input_tokens").and_then(count_of),
            output_tokens: member(span, "output_tokens").and_then(count_of),
            reward: member(span, "reward").and_then(number_of),
            response_id: None,
            links: is("links"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::store::Trace;
    use super::*;

    const SPANS: &[(&str, &str)] = &[
        (
            "openai.chat.completion",
            r#""status":{"status_code":"ERROR"},"attributes":{"gen_ai.request.model":"m","gen_ai.response.id":"r",
               "gen_ai.usage.prompt_tokens":9007199254740993,"gen_ai.usage.completion_tokens":5},"events":[]"#,
        ),
        (
            "agentlightning.annotation",
            r#""attributes":{"agentlightning.reward.0.value":-0.5,"agentlightning.link.0.key_match":"span_id",
               "agentlightning.link.0.value_match":"s0"}"#,
        ),
        ("agentlightning.operation", r#""attributes":{"agentlightning.operation.name":"plan"}"#),
        ("tool_call.search", r#""attributes":{"tool.name":"search"},"events":[{"name":"exception"}]"#),
        ("<b>\u{1}", ""),
    ];

    #[test]
    fn a_light_span_shows_what_the_whole_one_shows() {
        let (mut whole, mut light_ones, mut rows) = (Trace::new(), Trace::new(), Vec::new());
        for (place, (name, rest)) in SPANS.iter().enumerate() {
            let head = format!(
                r#""span_id":"s{place}","parent_id":"s0","trace_id":"t","name":{},"sequence_id":{place},"start_time":1.5"#,
                serde_json::to_string(name).unwrap(),
            );
            let separator = if rest.is_empty() { "" } else { "," };
            assert_eq!(whole.append_json(&format!("{{{head}{separator}{rest}}}")).added, 1);
            let row = LightSpan {
                span_id: format!("s{place}"),
                parent_id: Some("s0".to_owned()),
                trace_id: (place == 0).then(|| "t".to_owned()),
                sequence_id: (place == 0).then_some(0),
                start_time: Some(1.5),
                ..light(name, rest)
            };
            assert_eq!(response_id(rest), whole.response_id(place).map(str::to_owned));
            rows.push(serde_json::to_string(&row).unwrap());
        }
        // One answer for all: the trace is said once, and where numbers begin.
        assert_eq!(light_ones.append_json(&format!("[{}]", rows.join(","))).added, SPANS.len());
        for (place, sent) in SPANS.iter().enumerate() {
            let shown = |trace: &Trace| {
                let span = &trace.spans()[place];
                (
                    (span.kind, span.error, span.input_tokens, span.output_tokens, span.reward, span.links),
                    (trace.label(place).to_owned(), trace.operation(place).map(str::to_owned)),
                    trace.trace_id(place).to_owned(),
                    (span.sequence_id, span.start, span.end, trace.parent_id(place).map(str::to_owned)),
                )
            };
            assert_eq!(shown(&whole), shown(&light_ones), "{sent:?}");
            assert!(light_ones.is_light(place));
        }
    }

    #[test]
    fn kinds_of_a_newer_server_and_texts_that_cannot_be_read_are_taken() {
        let mut trace = Trace::new();
        trace.append_json(
            r#"{"span_id":"a","name":"n","kind":"dream","input_tokens":-1,"error":"true","links":1}"#,
        );
        let span = &trace.spans()[0];
        assert_eq!((span.kind, span.input_tokens, span.error, span.links), (Kind::Other, None, false, false));
        assert_eq!(light("n", "no JSON").kind, "other");
    }
}
