//! The spans of an attempt without their attributes.

use serde::{Deserialize, Serialize};

use super::find::MAX_TEXT_BYTES;
use crate::lax::Query;

/// Most spans on one page, and spans on a page if nothing else is asked for.
pub const MAX_LIGHT_SPANS: i64 = 10_000;

/// Answer of `GET /v1/agl/dashboard/rollouts/{rollout_id}/attempts/{attempt_id}/trace`: spans in the order in which they
/// came.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LightTrace {
    /// The spans.
    pub items: Vec<LightSpan>,
    /// How many the attempt has in all.
    pub total: u64,
    /// What to send as `after` for the spans that follow these, now or later. Null: there are none yet.
    pub after: Option<i64>,
    /// There are more already.
    pub more: bool,
}

/// A span without attributes, events, links and resource, but with what the waterfall shows of them. Members that would
/// be null, false or empty are absent, and so are those that follow from the span before. What is alike in many spans stands
/// together, so that ten thousand of them are small when they are compressed.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LightSpan {
    /// Its name.
    pub name: String,
    /// What it is: `llm`, `tool`, `agent`, `reward`, `message` and so on.
    pub kind: String,
    /// What its row shows: the model, the tool, the text of a message. Absent: its name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// The operation, agent or tool that the name does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operation: Option<String>,
    /// Its id.
    pub span_id: String,
    /// The id of its parent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent_id: Option<String>,
    /// The trace it is part of. Absent: that of the span before it in this answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trace_id: Option<String>,
    /// Its place in the order of the rollout. Absent: the one after that of the span before it in this answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sequence_id: Option<i64>,
    /// When it began, in seconds since 1970.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start_time: Option<f64>,
    /// When it ended. Absent: it has not, or nobody said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end_time: Option<f64>,
    /// Tokens of its prompt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub input_tokens: Option<u64>,
    /// Tokens of its answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output_tokens: Option<u64>,
    /// Its primary reward.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reward: Option<f64>,
    /// It failed, or is or holds an exception.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub error: bool,
    /// It has links to other spans.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub links: bool,
}

/// `GET …/trace`: which part of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FindTrace {
    /// Only spans that were stored after the one with this storage key. Null: all.
    pub after: Option<i64>,
    /// Only spans that observed the model's answer with this id. Null: all.
    pub response_id: Option<String>,
    /// At most so many.
    pub limit: i64,
}

impl FindTrace {
    /// Reads it from a query string.
    pub fn parameters(query: &mut Query) -> Option<Self> {
        let after = query.bounded("after", -1, -1, i64::MAX);
        let response_id = query.text("response_id", MAX_TEXT_BYTES);
        let limit = query.bounded("limit", MAX_LIGHT_SPANS, 1, MAX_LIGHT_SPANS);
        // Keys begin with 1.
        let after = Some(after?).filter(|after| *after >= 0);
        Some(Self { after, response_id: response_id?, limit: limit? })
    }
}
