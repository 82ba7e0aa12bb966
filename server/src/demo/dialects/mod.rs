//! How instrumentations write down what happens: the same script as spans of different dialects.
//!
//! What agents write themselves (rewards, messages, objects, operations, exceptions) is [`own`]; it is the same in all.

mod agentops;
mod litellm;
mod openinference;
mod own;
mod weave;

use super::pen::Pen;
use super::script::{Message, Script, Step};

/// An instrumentation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Dialect {
    /// The tracer that is used by default.
    AgentOps,
    /// A proxy between agent and model, as it used to write.
    LiteLlm,
    /// The same as it writes since its version 1.80.
    NewLiteLlm,
    /// A tracer whose ids are UUIDs.
    Weave,
    /// Conventions of their own.
    OpenInference,
}

impl Dialect {
    /// What it calls itself.
    pub(super) fn tracer(self) -> &'static str {
        match self {
            Self::AgentOps => "agentops",
            Self::LiteLlm | Self::NewLiteLlm => "litellm",
            Self::Weave => "weave",
            Self::OpenInference => "openinference",
        }
    }

    /// Writes what happens in a script.
    pub(super) fn write(self, pen: &mut Pen<'_>, script: &Script) {
        match self {
            Self::AgentOps => agentops::write(pen, script),
            Self::LiteLlm => litellm::write(pen, script, false),
            Self::NewLiteLlm => litellm::write(pen, script, true),
            Self::Weave => weave::write(pen, script),
            Self::OpenInference => openinference::write(pen, script),
        }
    }
}

/// How long a script takes.
fn length(script: &Script) -> f64 {
    script.steps.iter().map(Step::seconds).sum::<f64>() + 0.05
}

/// A message as providers take it.
fn openai(message: &Message) -> serde_json::Value {
    use serde_json::json;
    let content = match &message.image {
        Some(image) => json!([
            {"type": "text", "text": message.text},
            {"type": "image_url", "image_url": {"url": image}},
        ]),
        None => json!(message.text),
    };
    let mut object = json!({"role": message.role, "content": content});
    if !message.calls.is_empty() {
        let calls = message.calls.iter().map(|call| {
            json!({"id": call.id, "type": "function",
                   "function": {"name": call.name, "arguments": call.arguments.to_string()}})
        });
        object["tool_calls"] = calls.collect();
    }
    if let Some(call) = &message.answers {
        object["tool_call_id"] = json!(call);
    }
    object
}

/// Token ids of about as many tokens as counted, for those who train.
fn token_ids(pen: &mut Pen<'_>, count: i64) -> Vec<i64> {
    (0..count.min(600)).map(|_| pen.random.whole(100, 151_642)).collect()
}
