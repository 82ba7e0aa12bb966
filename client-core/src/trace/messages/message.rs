//! The one form of a message.

use serde::Serialize;

use super::super::json::Json;

/// One message of a conversation.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct Message {
    /// Who speaks: `system`, `user`, `assistant`, `tool`, `developer`, or any other word that was written down.
    pub role: String,
    /// The name of who speaks. Absent: none was given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// What is said.
    pub parts: Vec<Part>,
    /// The call that this message answers. Absent: none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tool_call_id: Option<String>,
    /// Why the model stopped here. Absent: not said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub finish_reason: Option<String>,
}

/// A part of a message.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Part {
    /// Text, as written.
    Text {
        /// The text.
        text: String,
    },
    /// Anything else.
    Json {
        /// The value as it was written down.
        value: Json,
        /// Why it is shown like this. Absent: it is meant to be JSON.
        #[serde(skip_serializing_if = "Option::is_none")]
        note: Option<String>,
    },
    /// A picture.
    Image {
        /// Where it is: a `data:` URI holds it. Viewers must not load others unasked. Null: not said.
        url: Option<String>,
        /// Its type, like `image/png`. Absent: not said.
        #[serde(skip_serializing_if = "Option::is_none")]
        media_type: Option<String>,
    },
    /// The model wants a tool to be called.
    ToolCall {
        /// By which the result refers to it. Null: it has none.
        id: Option<String>,
        /// The tool. Null: not said.
        name: Option<String>,
        /// Its arguments: their JSON taken apart, or the text that is none.
        arguments: Json,
        /// What is wrong with the arguments. Absent: nothing.
        #[serde(skip_serializing_if = "Option::is_none")]
        note: Option<String>,
    },
    /// What a tool gave back.
    ToolResult {
        /// The call that it answers. Null: not said.
        tool_call_id: Option<String>,
        /// The result as it was written down.
        content: Json,
    },
    /// What a model thought before it answered.
    Reasoning {
        /// The text.
        text: String,
    },
    /// The model declined to answer.
    Refusal {
        /// The text.
        text: String,
    },
}

impl Part {
    /// A value that nothing is known about.
    pub fn unknown(value: Json) -> Self {
        Self::Json { value, note: Some("unknown shape".to_owned()) }
    }
}

/// A tool that was offered to a model.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Tool {
    /// Its name. Null: not said.
    pub name: Option<String>,
    /// What it is for. Null: not said.
    pub description: Option<String>,
    /// The schema of its arguments, or the whole value if it has no shape that is known.
    pub parameters: Json,
}
