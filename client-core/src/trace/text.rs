//! What is worked out here as JSON text, for a viewer in another language.
//!
//! It reads as the types of this module do in JSON (their `Serialize`), with two differences: a [`Json`] within them is a
//! string that holds its text, so that integers beyond 2^53 and `1.0` survive a reader whose numbers are doubles; and a
//! number that is not finite is null. Written by hand, through pointers: what serde compiles for each type anew a page
//! would have to load.

use super::compare::{Change, ComparedRow, Comparison, Difference, Totals};
use super::json::Json;
use super::kind::Kind;
use super::link::LinkRule;
use super::messages::conversation::{Observation, TurnReward};
use super::messages::message::{Message, Part, Tool};
use super::messages::{Conversation, Dialect, SpanMessages, Turn};
use super::reward::Reward;
use super::row::Row;
use super::store::Appended;
use super::summary::{Exception, SpanRef, Summary};
use super::tree::Repair;
use super::triplets::{FinalReward, LeftOut, LeftOutCall, Training, Triplet, UnmatchedReward};
use super::usage::Usage;
use crate::wire::push_json_string;

/// Something that has a JSON text.
pub trait ToText {
    /// Appends it.
    fn write(&self, out: &mut String);

    /// Whether an object leaves out its members that are this.
    fn is_absent(&self) -> bool {
        false
    }
}

/// The JSON text of anything.
pub fn text(value: &dyn ToText) -> String {
    let mut out = String::new();
    value.write(&mut out);
    out
}

/// Appends an object: the names of its members, with blanks between them, and their values.
pub fn push_object(out: &mut String, names: &str, values: &[&dyn ToText]) {
    let mut separator = '{';
    for (name, value) in names.split(' ').zip(values).filter(|(_, value)| !value.is_absent()) {
        out.push(separator);
        separator = ',';
        // Names are ours: none has to be escaped.
        out.push('"');
        out.push_str(name);
        out.push_str("\":");
        value.write(out);
    }
    out.push_str(if separator == '{' { "{}" } else { "}" });
}

/// Appends a list.
pub fn push_list(out: &mut String, items: &mut dyn Iterator<Item = &dyn ToText>) {
    let mut separator = '[';
    for item in items {
        out.push(separator);
        separator = ',';
        item.write(out);
    }
    out.push_str(if separator == '[' { "[]" } else { "]" });
}

/// Appends a value as JSON, numbers as they were written.
pub(super) fn push_json(out: &mut String, value: &Json) {
    match value {
        Json::Null => out.push_str("null"),
        Json::Bool(value) => value.write(out),
        Json::Number(text) => out.push_str(text),
        Json::String(text) => push_json_string(out, text),
        Json::Array(items) => {
            let mut separator = '[';
            for item in items {
                out.push(separator);
                separator = ',';
                push_json(out, item);
            }
            out.push_str(if items.is_empty() { "[]" } else { "]" });
        }
        Json::Object(members) => {
            let mut separator = '{';
            for (key, value) in members {
                out.push(separator);
                separator = ',';
                push_json_string(out, key);
                out.push(':');
                push_json(out, value);
            }
            out.push_str(if members.is_empty() { "{}" } else { "}" });
        }
    }
}

/// As the string that holds its text.
impl ToText for Json {
    fn write(&self, out: &mut String) {
        push_json_string(out, &self.to_json());
    }
}

impl ToText for bool {
    fn write(&self, out: &mut String) {
        out.push_str(if *self { "true" } else { "false" });
    }
}

impl ToText for i64 {
    fn write(&self, out: &mut String) {
        if *self < 0 {
            out.push('-');
        }
        self.unsigned_abs().write(out);
    }
}

impl ToText for u64 {
    fn write(&self, out: &mut String) {
        let mut digits = [0; 20];
        let (mut at, mut rest) = (digits.len(), *self);
        loop {
            at -= 1;
            digits[at] = b'0' + u8::try_from(rest % 10).unwrap_or_default();
            rest /= 10;
            if rest == 0 {
                break;
            }
        }
        out.extend(digits[at..].iter().copied().map(char::from));
    }
}

macro_rules! smaller {
    ($($type:ty)*) => {$(
        impl ToText for $type {
            fn write(&self, out: &mut String) {
                u64::try_from(*self).unwrap_or(u64::MAX).write(out);
            }
        }
    )*};
}

smaller! { u32 usize }

impl ToText for f64 {
    fn write(&self, out: &mut String) {
        // It writes null for what is not finite.
        out.push_str(&serde_json::to_string(self).unwrap_or_default());
    }
}

impl ToText for str {
    fn write(&self, out: &mut String) {
        push_json_string(out, self);
    }
}

impl ToText for &str {
    fn write(&self, out: &mut String) {
        push_json_string(out, self);
    }
}

impl ToText for String {
    fn write(&self, out: &mut String) {
        push_json_string(out, self);
    }
}

impl<T: ToText> ToText for Option<T> {
    fn write(&self, out: &mut String) {
        match self {
            Some(value) => value.write(out),
            None => out.push_str("null"),
        }
    }
}

impl<T: ToText> ToText for Vec<T> {
    fn write(&self, out: &mut String) {
        push_list(out, &mut self.iter().map(|item| item as &dyn ToText));
    }
}

/// A pair is a list of two.
impl<A: ToText, B: ToText> ToText for (A, B) {
    fn write(&self, out: &mut String) {
        push_list(out, &mut [&self.0 as &dyn ToText, &self.1].into_iter());
    }
}

/// A member that objects leave out if there is none.
struct IfSome<'a>(&'a Option<String>);

impl ToText for IfSome<'_> {
    fn write(&self, out: &mut String) {
        self.0.write(out);
    }

    fn is_absent(&self) -> bool {
        self.0.is_none()
    }
}

macro_rules! objects {
    ($($type:ident { $($field:ident),* $(,)? })*) => {$(
        impl ToText for $type {
            fn write(&self, out: &mut String) {
                let Self { $($field),* } = self;
                push_object(out, concat!($(stringify!($field), " "),*), &[$($field),*]);
            }
        }
    )*};
}

objects! {
    Appended { added, completed, duplicates, refused, reasons }
    Row {
        key, label, name, span_id, kind, sequence_id, input_tokens, output_tokens, reward, duration, folded,
    }
    SpanRef { span_id, label, name, kind, sequence_id, reward }
    Reward { name, value }
    LinkRule { key, value }
    Usage { input, cached, output, reasoning, total, cost }
    Summary {
        span_id, parent_id, trace_id, name, label, kind, error, status, status_description, sequence_id, start, end,
        duration, offset, self_time, tracer, operation, agent, model_requested, model_answered, parameters, usage,
        time_to_first_token, finish_reason, response_id, rewards, tags, link_rules, links_to, linked_by, tool_calls,
        exception, token_ids,
    }
    SpanMessages { dialect, prompt, completion, tools }
    Tool { name, description, parameters }
    Conversation { turns, other_rewards }
    Turn {
        span_id, observations, response_id, label, error, follows, shared, messages, completion, tools, tool_count,
        input_tokens, output_tokens, rewards,
    }
    TurnReward { span_id, value, linked }
    Observation { span_id, name, dialect }
    Triplet {
        span_id, response_id, agent, prompt_tokens, response_tokens, reward, reward_span_id, no_token_ids,
    }
    LeftOutCall { span_id, reason }
    UnmatchedReward { span_id, value }
    Training { triplets, left_out, unmatched_rewards }
    FinalReward { value, span_id, dimensions }
    ComparedRow { difference, changes, depth, a, b, duration_delta, tokens_delta, reward_delta }
    Totals { spans, errors, llm_calls, tool_calls, tokens, duration, reward }
    Comparison { rows, a, b, sentence }
}

impl ToText for Exception {
    fn write(&self, out: &mut String) {
        let Self { kind, message, stacktrace } = self;
        push_object(out, "type message stacktrace", &[kind, message, stacktrace]);
    }
}

impl ToText for Message {
    fn write(&self, out: &mut String) {
        let Self { role, name, parts, tool_call_id, finish_reason } = self;
        push_object(
            out,
            "role name parts tool_call_id finish_reason",
            &[role, &IfSome(name), parts, &IfSome(tool_call_id), &IfSome(finish_reason)],
        );
    }
}

impl ToText for Part {
    fn write(&self, out: &mut String) {
        match self {
            Self::Text { text } => push_object(out, "type text", &[&"text", text]),
            Self::Json { value, note } => {
                push_object(out, "type value note", &[&"json", value, &IfSome(note)]);
            }
            Self::Image { url, media_type } => {
                push_object(out, "type url media_type", &[&"image", url, &IfSome(media_type)]);
            }
            Self::ToolCall { id, name, arguments, note } => push_object(
                out,
                "type id name arguments note",
                &[&"tool_call", id, name, arguments, &IfSome(note)],
            ),
            Self::ToolResult { tool_call_id, content } => {
                push_object(out, "type tool_call_id content", &[&"tool_result", tool_call_id, content]);
            }
            Self::Reasoning { text } => push_object(out, "type text", &[&"reasoning", text]),
            Self::Refusal { text } => push_object(out, "type text", &[&"refusal", text]),
        }
    }
}

impl ToText for Repair {
    fn write(&self, out: &mut String) {
        match self {
            Self::Circle { span_id } => push_object(out, "reason span_id", &[&"circle", span_id]),
            Self::DuplicateIds { count } => {
                push_object(out, "reason count", &[&"duplicate_ids", count]);
            }
            Self::Moved { span_id } => push_object(out, "reason span_id", &[&"moved", span_id]),
        }
    }
}

macro_rules! words {
    ($($type:ident { $($variant:ident $word:literal),* $(,)? })*) => {$(
        impl ToText for $type {
            fn write(&self, out: &mut String) {
                (match self { $(Self::$variant => $word),* }).write(out);
            }
        }
    )*};
}

words! {
    Dialect {
        GenAi "gen_ai", AgentOps "agent_ops", Weave "weave", OpenInference "open_inference", Raw "raw", Plain "plain",
    }
    Difference { Same "same", Changed "changed", Added "added", Removed "removed" }
    Change { Label "label", Error "error", Reward "reward", Tokens "tokens", Messages "messages" }
    LeftOut {
        DuplicateResponseId "duplicate_response_id", WithinCall "within_call", WithinReward "within_reward",
        OtherAgent "other_agent", NoTokenIds "no_token_ids",
    }
}

impl ToText for Kind {
    fn write(&self, out: &mut String) {
        self.as_str().write(out);
    }
}
