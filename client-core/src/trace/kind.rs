//! What a span is: told by its name and attributes, in a fixed order of signs.

use serde::Serialize;

use super::attributes::Attributes;
use super::reward::has_reward;

/// Names of the spans that agents write about themselves.
pub(super) const ANNOTATION: &str = "agentlightning.annotation";
pub(super) const MESSAGE: &str = "agentlightning.message";
pub(super) const OBJECT: &str = "agentlightning.object";
pub(super) const EXCEPTION: &str = "agentlightning.exception";
pub(super) const OPERATION: &str = "agentlightning.operation";
pub(super) const OPERATION_NAME: &str = "agentlightning.operation.name";
/// A reserved name: the operation that computes a reward.
pub(super) const REWARD: &str = "agentlightning.reward";

macro_rules! kinds {
    ($($(#[doc = $doc:literal])* $kind:ident = $code:literal $word:literal,)*) => {
        /// What a span is. The codes are stable; they are what layouts carry.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
        #[serde(rename_all = "snake_case")]
        #[repr(u8)]
        pub enum Kind {
            $($(#[doc = $doc])* $kind = $code,)*
        }

        impl Kind {
            /// Every kind, in the order of the codes.
            pub const ALL: &'static [Self] = &[$(Self::$kind),*];

            /// The kind as a word.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$kind => $word),* }
            }

            /// The kind that [`Kind::as_str`] calls so.
            pub fn of_word(word: &str) -> Option<Self> {
                Self::ALL.iter().find(|kind| kind.as_str() == word).copied()
            }

            /// The code that layouts carry.
            pub fn code(self) -> u8 {
                match self { $(Self::$kind => $code),* }
            }
        }
    };
}

kinds! {
    /// Nothing is known about it.
    Other = 0 "other",
    /// A call of a language model.
    Llm = 1 "llm",
    /// A call of a tool.
    Tool = 2 "tool",
    /// An agent at work.
    Agent = 3 "agent",
    /// A reward.
    Reward = 4 "reward",
    /// Something an agent said about its own run.
    Message = 5 "message",
    /// A value that was written down.
    Object = 6 "object",
    /// An exception.
    Exception = 7 "exception",
    /// A function or step.
    Operation = 8 "operation",
    /// Tags, links or metadata.
    Annotation = 9 "annotation",
    /// A session or workflow.
    Workflow = 10 "workflow",
    /// A step of a workflow.
    Task = 11 "task",
    /// A chain of steps.
    Chain = 12 "chain",
    /// A search in documents.
    Retriever = 13 "retriever",
    /// An ordering of documents.
    Reranker = 14 "reranker",
    /// Text turned into vectors.
    Embedding = 15 "embedding",
    /// A check of inputs or outputs.
    Guardrail = 16 "guardrail",
    /// A judgement of outputs.
    Evaluator = 17 "evaluator",
    /// A prompt that was put together.
    Prompt = 18 "prompt",
    /// A request over HTTP.
    Http = 19 "http",
    /// No span: a place in the tree that has none, or none yet.
    Virtual = 20 "virtual",
}

impl Kind {
    /// What a span named `name` is. The first sign decides.
    pub fn detect(name: &str, attributes: &Attributes<'_>) -> Self {
        if name == EXCEPTION || attributes.get("exception.type").is_some() {
            return Self::Exception;
        }
        if has_reward(name, attributes) {
            return Self::Reward;
        }
        match name {
            ANNOTATION => return Self::Annotation,
            MESSAGE => return Self::Message,
            OBJECT => return Self::Object,
            OPERATION => return Self::Operation,
            _ => {}
        }
        let said = ["agentops.span.kind", "openinference.span.kind", "gen_ai.operation.name"];
        if let Some(kind) = said.iter().find_map(|key| Self::from_word(&attributes.string(key)?)) {
            return kind;
        }
        if is_llm(name, attributes) {
            return Self::Llm;
        }
        if attributes.get("tool.name").is_some() || name.starts_with("tool_call.") {
            return Self::Tool;
        }
        if attributes.has("http.") {
            return Self::Http;
        }
        Self::Other
    }

    /// The kind that an instrumentation names; `None` for words that say nothing.
    fn from_word(word: &str) -> Option<Self> {
        Some(match word.to_ascii_lowercase().as_str() {
            "llm" | "chat" | "text_completion" | "generate_content" | "completion" => Self::Llm,
            "tool" | "execute_tool" => Self::Tool,
            "agent" | "create_agent" | "invoke_agent" => Self::Agent,
            "operation" => Self::Operation,
            "workflow" | "session" => Self::Workflow,
            "task" => Self::Task,
            "chain" => Self::Chain,
            "retriever" => Self::Retriever,
            "reranker" => Self::Reranker,
            "embedding" | "embeddings" => Self::Embedding,
            "guardrail" => Self::Guardrail,
            "evaluator" => Self::Evaluator,
            "prompt" => Self::Prompt,
            "http" => Self::Http,
            _ => return None,
        })
    }
}

fn is_llm(name: &str, attributes: &Attributes<'_>) -> bool {
    attributes.get("gen_ai.request.model").is_some()
        || attributes.has("gen_ai.prompt.")
        || attributes.has("gen_ai.input.messages")
        || attributes.starting("llm.").iter().any(|entry| {
            entry.key.split('.').nth(1).is_some_and(|part| part.ends_with("messages"))
                || entry.key.ends_with(".messages")
        })
        || ["chat.completion", "litellm_request", "raw_gen_ai_request"].iter().any(|sign| name.contains(sign))
}

#[cfg(test)]
mod tests {
    use super::super::json::BOUNDS;
    use super::*;
    use crate::lax::Tape;

    fn kind(name: &str, attributes: &str) -> &'static str {
        let tape = Tape::parse(attributes, BOUNDS).unwrap();
        Kind::detect(name, &Attributes::of(tape.root())).as_str()
    }

    #[test]
    fn the_first_sign_decides() {
        for (name, attributes, expected) in [
            ("agentlightning.exception", "{}", "exception"),
            ("x", r#"{"exception.type":"E","agentlightning.reward.0.value":1.0}"#, "exception"),
            ("agentlightning.annotation", r#"{"agentlightning.reward.0.value":1.0}"#, "reward"),
            (
                "score.operation",
                r#"{"agentops.entity.output":"{\"type\":\"reward\",\"value\":null}"}"#,
                "reward",
            ),
            (
                "agentlightning.operation",
                r#"{"agentlightning.operation.name":"agentlightning.reward"}"#,
                "reward",
            ),
            ("agentlightning.annotation", r#"{"reward":1.0}"#, "reward"),
            ("other", r#"{"reward":1.0}"#, "other"),
            ("agentlightning.annotation", r#"{"agentlightning.tag.0":"a"}"#, "annotation"),
            ("agentlightning.message", "{}", "message"),
            ("agentlightning.object", "{}", "object"),
            ("agentlightning.operation", r#"{"agentops.span.kind":"tool"}"#, "operation"),
            ("x.session", r#"{"agentops.span.kind":"session"}"#, "workflow"),
            ("x", r#"{"agentops.span.kind":"unknown","openinference.span.kind":"RETRIEVER"}"#, "retriever"),
            ("x", r#"{"agentops.span.kind":5,"gen_ai.operation.name":"chat"}"#, "llm"),
            ("x", r#"{"gen_ai.request.model":"m"}"#, "llm"),
            ("x", r#"{"llm.input_messages.0.message.role":"user"}"#, "llm"),
            ("x", r#"{"llm.hosted_vllm.messages":"[]"}"#, "llm"),
            ("openai.chat.completions.create", "{}", "llm"),
            ("litellm_request", "{}", "llm"),
            ("x", r#"{"tool.name":"t"}"#, "tool"),
            ("tool_call.search", "{}", "tool"),
            ("GET", r#"{"http.method":"GET"}"#, "http"),
            ("x", r#"{"":null}"#, "other"),
        ] {
            assert_eq!(kind(name, attributes), expected, "{name} {attributes}");
        }
    }

    #[test]
    fn codes_are_places_in_the_list() {
        for (place, kind) in Kind::ALL.iter().enumerate() {
            assert_eq!(usize::from(kind.code()), place);
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.as_str());
        }
    }
}
