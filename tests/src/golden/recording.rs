//! The format of the recordings: one JSON object per line, one request and its answer.
//!
//! `request`: `method`, `path` and `query` as sent, `headers`, and `json` or `body_base64` as body. `body_ids` maps
//! stand-ins inside the bytes to placeholders of the same length, `body_gzip` packs the bytes afterwards. `background`
//! means: go on with the next steps, compare when the scenario is over.
//!
//! `response`: `status`, `content_type`, `headers` (see [`crate::golden::compare::COMPARED_HEADERS`]; one that is not
//! listed must be absent) and `json`, `text`, `body_base64` (both after undoing gzip), `status_message` (of a protobuf
//! `google.rpc.Status`) or `partial_success` (of an OTLP answer). `seconds` bounds the time the answer takes, `also`
//! lists other answers that are right as well, `sleep_before` is in seconds.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::json::Json;

/// One step of a scenario.
#[derive(Clone, Debug)]
pub struct Exchange {
    /// The scenario; placeholders are numbered within it
    pub scenario: String,
    /// Counts from 1 within the scenario
    pub step: u32,
    /// For the reader
    pub note: String,
    /// What is sent
    pub request: Sent,
    /// What may be answered; the first is what the newer libraries answered
    pub answers: Vec<Expected>,
    /// Seconds to wait before sending
    pub sleep_before: Option<f64>,
}

/// A request, with placeholders.
#[derive(Clone, Debug)]
pub struct Sent {
    /// Any token
    pub method: String,
    /// Path, and query if there is one
    pub target: String,
    /// Without the content type of a JSON body
    pub headers: Vec<(String, String)>,
    /// The body
    pub body: SentBody,
    /// Whether the next steps do not wait for the answer
    pub background: bool,
}

/// The body of a request.
#[derive(Clone, Debug)]
pub enum SentBody {
    /// No body, no content type
    None,
    /// JSON, with the content type unless the headers have one
    Json(Json),
    /// Bytes, with stand-ins for ids inside
    Bytes {
        /// The bytes before anything is replaced
        bytes: Vec<u8>,
        /// Stand-ins and the placeholders whose values replace them
        ids: Vec<(String, String)>,
        /// Whether to gzip the result
        gzip: bool,
    },
}

/// An answer, with placeholders.
#[derive(Clone, Debug)]
pub struct Expected {
    /// The status code
    pub status: u16,
    /// `None`: no such header
    pub content_type: Option<String>,
    /// By lower-case name
    pub headers: BTreeMap<String, String>,
    /// The body
    pub body: ExpectedBody,
    /// How many seconds the answer takes, at least and at most
    pub seconds: Option<(f64, f64)>,
}

/// The body of an answer.
#[derive(Clone, Debug)]
pub enum ExpectedBody {
    /// JSON
    Json(Json),
    /// Text
    Text(String),
    /// Bytes
    Bytes(Vec<u8>),
    /// The message of a protobuf `google.rpc.Status`
    StatusMessage(String),
    /// How many spans an OTLP export lost; the server must say why
    PartialSuccess(u64),
}

/// Reads a whole file.
///
/// # Errors
/// Names the line that does not have the format.
pub fn read(text: &str) -> Result<Vec<Exchange>, String> {
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    lines
        .map(|(index, line)| {
            Json::parse(line)
                .and_then(|line| exchange(&line))
                .map_err(|error| format!("line {}: {error}", index + 1))
        })
        .collect()
}

fn exchange(line: &Json) -> Result<Exchange, String> {
    let response = line.get("response").ok_or("no response")?;
    let also = line.get("also").and_then(Json::as_list).unwrap_or_default();
    let request = line.get("request").ok_or("no request")?;
    Ok(Exchange {
        scenario: text(line, "scenario")?,
        step: number(line, "step")?,
        note: text(line, "note")?,
        request: sent(request)?,
        answers: std::iter::once(response).chain(also).map(expected).collect::<Result<_, _>>()?,
        sleep_before: line.get("sleep_before").and_then(Json::as_f64),
    })
}

fn sent(request: &Json) -> Result<Sent, String> {
    let path = text(request, "path")?;
    let target = match request.get("query").and_then(Json::as_text) {
        Some(query) => format!("{path}?{query}"),
        None => path,
    };
    let body = if let Some(json) = request.get("json") {
        SentBody::Json(json.clone())
    } else if request.get("body_base64").is_some() {
        SentBody::Bytes {
            bytes: bytes(request)?,
            ids: texts(request, "body_ids").collect(),
            gzip: request.get("body_gzip") == Some(&Json::Bool(true)),
        }
    } else {
        SentBody::None
    };
    Ok(Sent {
        method: text(request, "method")?,
        target,
        headers: texts(request, "headers").collect(),
        body,
        background: request.get("background") == Some(&Json::Bool(true)),
    })
}

/// Reads an answer in the form that recordings and differences have in common.
///
/// # Errors
/// Names the part that does not have the format.
pub fn expected(response: &Json) -> Result<Expected, String> {
    let body = if let Some(json) = response.get("json") {
        ExpectedBody::Json(json.clone())
    } else if let Ok(text) = text(response, "text") {
        ExpectedBody::Text(text)
    } else if let Ok(message) = text(response, "status_message") {
        ExpectedBody::StatusMessage(message)
    } else if response.get("partial_success").is_some() {
        ExpectedBody::PartialSuccess(number(response, "partial_success")?.into())
    } else {
        ExpectedBody::Bytes(bytes(response)?)
    };
    let seconds = match response.get("seconds").and_then(Json::as_list) {
        Some([low, high]) => low.as_f64().zip(high.as_f64()),
        _ => None,
    };
    Ok(Expected {
        status: u16::try_from(number(response, "status")?).map_err(|error| error.to_string())?,
        content_type: text(response, "content_type").ok(),
        headers: texts(response, "headers").collect(),
        body,
        seconds,
    })
}

fn text(value: &Json, key: &str) -> Result<String, String> {
    value.get(key).and_then(Json::as_text).map(str::to_owned).ok_or_else(|| format!("no text {key}"))
}

fn number(value: &Json, key: &str) -> Result<u32, String> {
    match value.get(key) {
        Some(Json::Number(text)) => text.parse().map_err(|_| format!("{key} is {text}")),
        _ => Err(format!("no number {key}")),
    }
}

fn texts<'a>(value: &'a Json, key: &str) -> impl Iterator<Item = (String, String)> + use<'a> {
    let members = match value.get(key) {
        Some(Json::Object(members)) => Some(members),
        _ => None,
    };
    members.into_iter().flatten().filter_map(|(key, value)| Some((key.clone(), value.as_text()?.to_owned())))
}

fn bytes(value: &Json) -> Result<Vec<u8>, String> {
    STANDARD.decode(text(value, "body_base64")?).map_err(|error| error.to_string())
}
