//! What happens in an attempt, before anybody writes it down: agents make scripts of it, and instrumentations
//! ([`super::dialects`]) turn a script into spans.

use serde_json::Value;

/// A message to or from a model.
#[derive(Debug, Clone, Default)]
pub(super) struct Message {
    /// `system`, `user`, `assistant` or `tool`.
    pub(super) role: &'static str,
    /// Its text.
    pub(super) text: String,
    /// Tools that it calls.
    pub(super) calls: Vec<ToolCall>,
    /// The call that it answers.
    pub(super) answers: Option<String>,
    /// A picture in it, as a `data:` URI.
    pub(super) image: Option<String>,
}

/// A call of a tool.
#[derive(Debug, Clone)]
pub(super) struct ToolCall {
    pub(super) id: String,
    pub(super) name: &'static str,
    pub(super) arguments: Value,
}

/// A tool that a model may call.
#[derive(Debug, Clone, Copy)]
pub(super) struct Tool {
    pub(super) name: &'static str,
    pub(super) description: &'static str,
    /// A JSON schema.
    pub(super) parameters: &'static str,
}

/// One question to a model.
#[derive(Debug, Clone)]
pub(super) struct Exchange {
    /// Everything it is told.
    pub(super) prompt: Vec<Message>,
    pub(super) answer: Message,
    /// What it thought before it answered.
    pub(super) reasoning: Option<String>,
    pub(super) seconds: f64,
    pub(super) streaming: bool,
}

/// One thing that happens.
#[derive(Debug, Clone)]
pub(super) enum Step {
    /// A model is asked.
    Model(Box<Exchange>),
    /// A tool is used, as the exchange before it wanted.
    Tool { call: ToolCall, result: Result<String, String>, seconds: f64 },
    /// Documents are looked for.
    Search { query: String, documents: Vec<String>, seconds: f64 },
    /// The agent runs a function of its own.
    Operation { name: &'static str, input: Value, output: Value, seconds: f64 },
    /// The agent says something about its run.
    Say(String),
    /// The agent writes a value down.
    Keep(Value),
    /// Something goes wrong.
    Throw { kind: &'static str, message: String, trace: String },
    /// Time goes by.
    Pause(f64),
}

/// All that happens in an attempt.
#[derive(Debug, Clone)]
pub(super) struct Script {
    /// The function that runs the agent.
    pub(super) agent: &'static str,
    pub(super) model: String,
    pub(super) tools: &'static [Tool],
    pub(super) steps: Vec<Step>,
    /// What it was worth, the primary dimension first. Nothing: nobody said.
    pub(super) rewards: Vec<(&'static str, f64)>,
    /// It answers well, be it right or wrong; else it fails with the error that was thrown last.
    pub(super) succeeds: bool,
}

impl Message {
    pub(super) fn new(role: &'static str, text: impl Into<String>) -> Self {
        Self { role, text: text.into(), ..Self::default() }
    }

    pub(super) fn calling(text: impl Into<String>, call: ToolCall) -> Self {
        Self { role: "assistant", text: text.into(), calls: vec![call], ..Self::default() }
    }

    pub(super) fn answering(call: &ToolCall, text: impl Into<String>) -> Self {
        Self { role: "tool", text: text.into(), answers: Some(call.id.clone()), ..Self::default() }
    }

    /// Why a model stopped with it.
    pub(super) fn finish_reason(&self) -> &'static str {
        if self.calls.is_empty() { "stop" } else { "tool_calls" }
    }

    /// About as many tokens as it has.
    pub(super) fn tokens(&self) -> i64 {
        let calls = self.calls.iter().map(|call| call.name.len() + call.arguments.to_string().len());
        let picture = if self.image.is_some() { 340 } else { 0 };
        let letters = self.text.len() + calls.sum::<usize>();
        4 + i64::try_from(letters).unwrap_or(0) / 4 + picture
    }
}

impl Exchange {
    pub(super) fn input_tokens(&self) -> i64 {
        3 + self.prompt.iter().map(Message::tokens).sum::<i64>()
    }

    pub(super) fn output_tokens(&self) -> i64 {
        let thought = self.reasoning.as_ref().map_or(0, String::len);
        self.answer.tokens() + i64::try_from(thought).unwrap_or(0) / 4
    }
}

impl Step {
    pub(super) fn seconds(&self) -> f64 {
        match self {
            Self::Model(exchange) => exchange.seconds,
            Self::Tool { seconds, .. }
            | Self::Search { seconds, .. }
            | Self::Operation { seconds, .. }
            | Self::Pause(seconds) => *seconds,
            Self::Say(_) | Self::Keep(_) | Self::Throw { .. } => 0.0,
        }
    }
}
