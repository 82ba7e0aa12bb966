//! Messages, parts and tools of every shape in use: chat completions, responses, `GenAI` parts, Anthropic's and
//! Gemini's blocks, and the flattened variants of them.

use super::super::attributes::numbered;
use super::super::json::Json;
use super::super::python::parse_structure;
use super::message::{Message, Part, Tool};
use crate::wire::JsonObject;

type Members = JsonObject<Json>;

/// A list of messages: a list, an object numbered from 0, one message, or a text, which `role` said.
pub fn messages(value: Json, role: &str) -> Vec<Message> {
    match value {
        Json::Null => Vec::new(),
        Json::Array(items) => items.into_iter().map(|item| message(item, role)).collect(),
        Json::Object(ref members) if members.keys().any(|key| key.parse::<u64>().is_ok()) => {
            numbered(value).into_iter().map(|item| message(item, role)).collect()
        }
        Json::String(text) => match parse_structure(&text) {
            Some(inner) if is_list_of_messages(&inner) => messages(inner, role),
            _ => vec![message(Json::String(text), role)],
        },
        other => vec![message(other, role)],
    }
}

fn is_list_of_messages(value: &Json) -> bool {
    let is_message = |item: &Json| ["role", "parts", "content"].iter().any(|key| item.get(key).is_some());
    value.as_array().is_some_and(|items| !items.is_empty() && items.iter().all(is_message))
}

/// One message; `role` is who speaks if it does not say so.
pub fn message(value: Json, role: &str) -> Message {
    let mut members = match value {
        Json::Object(members) => members,
        other => return Message { role: role.to_owned(), parts: parts(other), ..Message::default() },
    };
    if members.get("message").is_some_and(|inner| inner.as_object().is_some()) {
        // A choice, or a message of OpenInference: what lies around it belongs to it.
        let inner = members.shift_remove("message").unwrap_or(Json::Null);
        let mut message = message(inner, role);
        message.finish_reason =
            message.finish_reason.or_else(|| take_text(&mut members, &["finish_reason", "stop_reason"]));
        return message;
    }
    let whole = Json::Object(members.clone());
    let kind = take_text(&mut members, &["type"]);
    let mut message = Message {
        role: take_text(&mut members, &["role"]).unwrap_or_else(|| role.to_owned()),
        name: take_text(&mut members, &["name"]),
        tool_call_id: take_text(&mut members, &["tool_call_id", "call_id"]),
        finish_reason: take_text(&mut members, &["finish_reason", "stop_reason"]),
        parts: Vec::new(),
    };
    if let Some(kind) = kind.as_deref().filter(|kind| !matches!(*kind, "message" | "text" | "function")) {
        // An item of a response that is a part by itself.
        message.parts.push(part(whole));
        if kind.ends_with("_output") {
            "tool".clone_into(&mut message.role);
        }
        message.name = None;
        return message;
    }
    for key in ["reasoning_content", "reasoning", "thinking"] {
        let text = members.shift_remove(key).filter(|value| !value.is_blank());
        message.parts.extend(text.map(|text| Part::Reasoning { text: plain_text(text) }));
    }
    let content = ["content", "contents", "parts", "text"].iter().find_map(|key| members.shift_remove(*key));
    let is_result = matches!(message.role.as_str(), "tool" | "function" | "ipython");
    match content {
        Some(content) if is_result && !content.is_blank() && !holds_results(&content) => {
            let content = only_text(&content).unwrap_or(content);
            message.parts.push(Part::ToolResult { tool_call_id: message.tool_call_id.clone(), content });
        }
        Some(content) => message.parts.extend(parts(content)),
        None => {}
    }
    let refusal = members.shift_remove("refusal").filter(|value| !value.is_blank());
    message.parts.extend(refusal.map(|text| Part::Refusal { text: plain_text(text) }));
    let calls = members.shift_remove("tool_calls").map(numbered).unwrap_or_default();
    message.parts.extend(calls.into_iter().map(tool_call));
    let call = members.shift_remove("function_call").filter(|call| !call.is_blank());
    message.parts.extend(call.map(tool_call));
    // An empty message is one; a shape without any known member is not.
    let known = ["role", "content", "contents", "parts", "text", "refusal", "tool_calls"];
    if message.parts.is_empty() && !known.iter().any(|key| whole.get(key).is_some()) {
        message.parts.push(Part::unknown(whole));
    }
    message
}

/// Whether the parts of a content say themselves which calls they answer.
fn holds_results(content: &Json) -> bool {
    let says = |part: &Json| {
        part.text_at("type").is_some_and(|kind| kind.starts_with("tool_"))
            || part.get("functionResponse").is_some()
    };
    content.as_array().is_some_and(|items| items.iter().any(says))
}

/// The text of a content that is one part of text.
fn only_text(content: &Json) -> Option<Json> {
    let [only] = content.as_array()? else { return None };
    match part(only.clone()) {
        Part::Text { text } => Some(Json::String(text)),
        _ => None,
    }
}

/// The parts of a message's content. A string that holds a list of parts is taken apart.
pub fn parts(content: Json) -> Vec<Part> {
    match content {
        Json::Null => Vec::new(),
        Json::String(text) if text.is_empty() => Vec::new(),
        Json::String(text) => {
            let inner = if text.trim_start().starts_with('[') { parse_structure(&text) } else { None };
            let is_part = |item: &Json| item.text_at("type").is_some();
            match inner {
                Some(Json::Array(items)) if !items.is_empty() && items.iter().all(is_part) => {
                    items.into_iter().map(part).collect()
                }
                _ => vec![Part::Text { text }],
            }
        }
        Json::Array(items) => items.into_iter().map(part).collect(),
        Json::Object(ref members) if members.contains_key("0") => {
            numbered(content).into_iter().map(part).collect()
        }
        other => vec![part(other)],
    }
}

/// One part.
pub fn part(value: Json) -> Part {
    let members = match &value {
        Json::String(text) => return Part::Text { text: text.clone() },
        Json::Object(members) => members,
        _ => return Part::unknown(value),
    };
    if let Some(inner) = members.get("message_content").filter(|inner| inner.as_object().is_some()) {
        return part(inner.clone());
    }
    let text = |keys: &[&str]| {
        keys.iter().find_map(|key| members.get(*key)).filter(|text| !matches!(text, Json::Null))
    };
    let kind = value.text_at("type").unwrap_or_default();
    let found = match kind {
        "text" | "input_text" | "output_text" | "summary_text" => {
            text(&["text", "content"]).map(|text| Part::Text { text: text.clone().into_text() })
        }
        "image_url" | "input_image" | "image" | "blob" | "uri" | "file" => image(members, kind),
        "tool_call" | "tool_use" | "function_call" | "function" | "server_tool_call" => {
            Some(tool_call(value.clone()))
        }
        "tool_call_response" | "tool_result" | "function_call_output" | "tool_call_output" => {
            Some(tool_result(members))
        }
        "reasoning" | "thinking" | "redacted_thinking" => {
            let said = text(&["content", "thinking", "text", "reasoning", "summary", "data"]);
            said.map(|said| Part::Reasoning { text: plain_text(said.clone()) })
        }
        "refusal" => {
            text(&["refusal", "content", "text"]).map(|said| Part::Refusal { text: plain_text(said.clone()) })
        }
        "" => untyped(members),
        _ => None,
    };
    found.unwrap_or_else(|| Part::unknown(value.clone()))
}

/// Parts that are known by their members alone.
fn untyped(members: &Members) -> Option<Part> {
    let member = |key: &str| members.get(key).cloned();
    if let Some(call) = member("functionCall").or_else(|| member("function_call")) {
        return Some(tool_call(call));
    }
    if let Some(Json::Object(response)) = member("functionResponse").or_else(|| member("function_response")) {
        return Some(tool_result(&response));
    }
    match member("text")? {
        Json::String(text) if members.len() == 1 => Some(Part::Text { text }),
        _ => None,
    }
}

/// A picture in one of its shapes. `None`: it is something else, like a sound.
fn image(members: &Members, kind: &str) -> Option<Part> {
    let text =
        |value: &Json, keys: &[&str]| keys.iter().find_map(|key| value.text_at(key)).map(str::to_owned);
    let own = |keys: &[&str]| keys.iter().find_map(|key| members.get(*key)?.as_str()).map(str::to_owned);
    let media_type = own(&["mime_type", "media_type"]);
    if matches!(kind, "blob" | "uri" | "file") {
        let modality = own(&["modality"]);
        let is_image = |text: &Option<String>| text.as_deref().is_some_and(|text| text.starts_with("image"));
        if !is_image(&modality) && !is_image(&media_type) {
            return None;
        }
        let data = own(&["content", "data"]).map(|data| data_uri(media_type.as_deref(), &data));
        return Some(Part::Image { url: own(&["uri", "url"]).or(data), media_type });
    }
    let source = members.get("source");
    let inner = ["image_url", "image"].iter().find_map(|key| members.get(*key));
    let url = match inner {
        Some(Json::String(url)) => Some(url.clone()),
        Some(object) => {
            text(object, &["url"]).or_else(|| object.get("image").and_then(|image| text(image, &["url"])))
        }
        None => own(&["url", "uri", "file_id"]),
    };
    let source_type = source.and_then(|source| text(source, &["media_type"]));
    let from_source = source.and_then(|source| {
        let data = text(source, &["data"]).map(|data| data_uri(source_type.as_deref(), &data));
        data.or_else(|| text(source, &["url"]))
    });
    let url =
        url.or(from_source).or_else(|| own(&["data"]).map(|data| data_uri(media_type.as_deref(), &data)));
    Some(Part::Image { url, media_type: media_type.or(source_type) })
}

fn data_uri(media_type: Option<&str>, data: &str) -> String {
    if data.starts_with("data:") {
        return data.to_owned();
    }
    format!("data:{};base64,{data}", media_type.unwrap_or("application/octet-stream"))
}

/// A call of a tool, its function in a member of its own or not.
fn tool_call(value: Json) -> Part {
    let Json::Object(mut members) = value else { return Part::unknown(value) };
    if let Some(Json::Object(inner)) = members.get("tool_call") {
        members = inner.clone();
    }
    let whole = Json::Object(members.clone());
    let mut id = take_text(&mut members, &["call_id", "id", "tool_call_id"]);
    if let Some(Json::Object(function)) = members.shift_remove("function") {
        members.extend(function);
    }
    id = id.or_else(|| take_text(&mut members, &["id"]));
    let name = take_text(&mut members, &["name"]);
    let arguments = ["arguments", "input", "args"].iter().find_map(|key| members.shift_remove(*key));
    if name.is_none() && arguments.is_none() {
        return Part::unknown(whole);
    }
    let (arguments, note) = match arguments {
        Some(Json::String(text)) => match Json::parse(&text) {
            Some(json) => (json, None),
            None if text.is_empty() => (Json::Null, None),
            None => (Json::String(text), Some("not valid JSON".to_owned())),
        },
        other => (other.unwrap_or(Json::Null), None),
    };
    Part::ToolCall { id, name, arguments, note }
}

fn tool_result(members: &Members) -> Part {
    let text = |keys: &[&str]| keys.iter().find_map(|key| members.get(*key)?.as_str()).map(str::to_owned);
    let content = ["response", "result", "content", "output"].iter().find_map(|key| members.get(*key));
    Part::ToolResult {
        tool_call_id: text(&["tool_call_id", "tool_use_id", "call_id", "id"]),
        content: content.cloned().unwrap_or_else(|| Json::Object(members.clone())),
    }
}

/// The tools that were offered: a list, an object numbered from 0, or text of one.
pub fn tools(value: Json) -> Vec<Tool> {
    let list = match value {
        Json::String(text) => parse_structure(&text).unwrap_or(Json::String(text)),
        other => other,
    };
    numbered(list).into_iter().map(tool).collect()
}

fn tool(value: Json) -> Tool {
    let whole = match value {
        Json::String(text) => parse_structure(&text).unwrap_or(Json::String(text)),
        other => other,
    };
    let unwrapped = ["tool", "json_schema", "function"].iter().try_fold(whole.clone(), |value, key| {
        Some(match value.get(key) {
            Some(Json::String(text)) => parse_structure(text)?,
            Some(inner @ Json::Object(_)) => inner.clone(),
            _ => value,
        })
    });
    let Some(Json::Object(mut members)) = unwrapped else {
        return Tool { name: None, description: None, parameters: whole };
    };
    let schema = ["parameters", "input_schema", "arguments", "inputSchema"]
        .iter()
        .find_map(|key| members.shift_remove(*key));
    let parameters = match schema {
        Some(Json::String(text)) => parse_structure(&text).unwrap_or(Json::String(text)),
        other => other.unwrap_or(Json::Null),
    };
    let name = take_text(&mut members, &["name"]);
    let description = take_text(&mut members, &["description"]);
    if name.is_none() && parameters == Json::Null {
        return Tool { name, description, parameters: whole };
    }
    Tool { name, description, parameters }
}

/// Removes the first of `keys` that is a string with something in it.
fn take_text(members: &mut Members, keys: &[&str]) -> Option<String> {
    let key = keys
        .iter()
        .find(|key| members.get(**key).and_then(Json::as_str).is_some_and(|text| !text.is_empty()))?;
    match members.shift_remove(*key)? {
        Json::String(text) => Some(text),
        _ => None,
    }
}

/// A text, or the texts of a list of parts.
fn plain_text(value: Json) -> String {
    match value {
        Json::Array(items)
            if items.iter().all(|item| item.text_at("text").is_some() || item.as_str().is_some()) =>
        {
            let texts = items.iter().filter_map(|item| item.text_at("text").or(item.as_str()));
            texts.collect::<Vec<_>>().join("\n")
        }
        other => other.into_text(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(text: &str) -> String {
        serde_json::to_string(&message(Json::parse(text).unwrap(), "user")).unwrap()
    }

    #[test]
    fn messages_of_every_shape_have_one_form() {
        for (shape, form) in [
            (r#""hi""#, r#"{"role":"user","parts":[{"type":"text","text":"hi"}]}"#),
            (r#"{"role":"assistant","content":null}"#, r#"{"role":"assistant","parts":[]}"#),
            (
                r#"{"role":"user","name":"ann","content":[{"type":"text","text":"a"},{"type":"image_url","image_url":{"url":"data:image/png;base64,AA"}}]}"#,
                r#"{"role":"user","name":"ann","parts":[{"type":"text","text":"a"},{"type":"image","url":"data:image/png;base64,AA"}]}"#,
            ),
            (
                r#"{"role":"user","content":"[{\"type\":\"text\",\"text\":\"a\"}]"}"#,
                r#"{"role":"user","parts":[{"type":"text","text":"a"}]}"#,
            ),
            (
                r#"{"role":"user","content":"[1, 2]"}"#,
                r#"{"role":"user","parts":[{"type":"text","text":"[1, 2]"}]}"#,
            ),
            (
                r#"{"finish_reason":"tool_calls","index":0,"message":{"role":"assistant","content":null,"tool_calls":[{"id":"c","type":"function","function":{"name":"f","arguments":"{\"n\":9007199254740993}"}}]}}"#,
                r#"{"role":"assistant","parts":[{"type":"tool_call","id":"c","name":"f","arguments":{"n":9007199254740993}}],"finish_reason":"tool_calls"}"#,
            ),
            (
                r#"{"role":"assistant","tool_calls":[{"id":"c","name":"f","arguments":"{broken"}]}"#,
                r#"{"role":"assistant","parts":[{"type":"tool_call","id":"c","name":"f","arguments":"{broken","note":"not valid JSON"}]}"#,
            ),
            (
                r#"{"role":"tool","tool_call_id":"c","content":"{\"a\":1}"}"#,
                r#"{"role":"tool","parts":[{"type":"tool_result","tool_call_id":"c","content":"{\"a\":1}"}],"tool_call_id":"c"}"#,
            ),
            (
                r#"{"role":"assistant","parts":[{"type":"reasoning","content":"hm"},{"type":"text","content":"yes"},{"type":"tool_call","id":"c","name":"f","arguments":{"a":1}}],"finish_reason":"stop"}"#,
                r#"{"role":"assistant","parts":[{"type":"reasoning","text":"hm"},{"type":"text","text":"yes"},{"type":"tool_call","id":"c","name":"f","arguments":{"a":1}}],"finish_reason":"stop"}"#,
            ),
            (
                r#"{"role":"user","content":[{"type":"tool_result","tool_use_id":"c","content":[{"type":"text","text":"x"}]},{"type":"image","source":{"type":"base64","media_type":"image/png","data":"AA"}}]}"#,
                r#"{"role":"user","parts":[{"type":"tool_result","tool_call_id":"c","content":[{"type":"text","text":"x"}]},{"type":"image","url":"data:image/png;base64,AA","media_type":"image/png"}]}"#,
            ),
            (
                r#"{"type":"function_call_output","call_id":"c","output":"5"}"#,
                r#"{"role":"tool","parts":[{"type":"tool_result","tool_call_id":"c","content":"5"}],"tool_call_id":"c"}"#,
            ),
            (
                r#"{"type":"reasoning","summary":[{"type":"summary_text","text":"a"},{"type":"summary_text","text":"b"}]}"#,
                r#"{"role":"user","parts":[{"type":"reasoning","text":"a\nb"}]}"#,
            ),
            (
                r#"{"role":"assistant","content":"","refusal":"no","reasoning_content":"hm"}"#,
                r#"{"role":"assistant","parts":[{"type":"reasoning","text":"hm"},{"type":"refusal","text":"no"}]}"#,
            ),
            (
                r#"{"text":" done","finish_reason":"stop"}"#,
                r#"{"role":"user","parts":[{"type":"text","text":" done"}],"finish_reason":"stop"}"#,
            ),
            (
                r#"{"role":"model","parts":[{"functionCall":{"name":"f","args":{}}}]}"#,
                r#"{"role":"model","parts":[{"type":"tool_call","id":null,"name":"f","arguments":{}}]}"#,
            ),
            (
                r#"{"a":1}"#,
                r#"{"role":"user","parts":[{"type":"json","value":{"a":1},"note":"unknown shape"}]}"#,
            ),
            (
                r#"{"role":"user","content":[{"type":"audio","x":1},7]}"#,
                r#"{"role":"user","parts":[{"type":"json","value":{"type":"audio","x":1},"note":"unknown shape"},{"type":"json","value":7,"note":"unknown shape"}]}"#,
            ),
        ] {
            assert_eq!(read(shape), form, "{shape}");
        }
    }

    #[test]
    fn tools_of_every_shape_have_one_form() {
        for shape in [
            r#"[{"type":"function","function":{"name":"f","description":"d","parameters":{"type":"object"}}}]"#,
            r#"[{"name":"f","description":"d","parameters":"{\"type\":\"object\"}"}]"#,
            r#"[{"name":"f","description":"d","input_schema":{"type":"object"}}]"#,
            r#"[{"tool":{"json_schema":"{\"name\":\"f\",\"description\":\"d\",\"parameters\":{\"type\":\"object\"}}"}}]"#,
            r#""[{'type': 'function', 'function': {'name': 'f', 'description': 'd', 'parameters': {'type': 'object'}}}]""#,
        ] {
            let tools = serde_json::to_string(&tools(Json::parse(shape).unwrap())).unwrap();
            assert_eq!(
                tools, r#"[{"name":"f","description":"d","parameters":{"type":"object"}}]"#,
                "{shape}"
            );
        }
        assert_eq!(tools(Json::parse("[5]").unwrap())[0].parameters, Json::parse("5").unwrap());
    }

    /// Objects of the members that are looked at, with anything in them.
    fn anything() -> impl Strategy<Value = Json> {
        let leaf = prop_oneof![
            Just(Json::Null),
            any::<bool>().prop_map(Json::Bool),
            Just(Json::Number("9007199254740993".into())),
            "[a-z{}\\[\\]\"']{0,8}".prop_map(Json::String),
            prop::sample::select(vec![
                "text",
                "image_url",
                "tool_call",
                "tool_use",
                "reasoning",
                "tool_result",
                "blob",
                "tool"
            ])
            .prop_map(Json::string),
        ];
        let keys = vec![
            "role",
            "content",
            "contents",
            "parts",
            "text",
            "type",
            "message",
            "tool_calls",
            "function",
            "function_call",
            "arguments",
            "name",
            "id",
            "image_url",
            "image",
            "source",
            "refusal",
            "message_content",
            "0",
            "1",
            "functionCall",
        ];
        leaf.prop_recursive(4, 24, 4, move |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Json::Array),
                prop::collection::vec((prop::sample::select(keys.clone()), inner), 0..5).prop_map(
                    |members| {
                        Json::Object(
                            members.into_iter().map(|(key, value)| (key.to_owned(), value)).collect(),
                        )
                    }
                ),
            ]
        })
    }

    proptest! {
        #[test]
        fn no_shape_makes_it_panic(value in anything()) {
            let read = messages(value.clone(), "user");
            prop_assert!(serde_json::to_string(&read).is_ok());
            prop_assert!(serde_json::to_string(&tools(value)).is_ok());
        }
    }
}
