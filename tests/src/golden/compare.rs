//! Compares an answer with what is expected, and says where they differ.

use std::collections::BTreeSet;
use std::io::Read;

use flate2::read::GzDecoder;

use crate::golden::placeholder::Bindings;
use crate::golden::protobuf;
use crate::golden::recording::{Expected, ExpectedBody};
use crate::golden::validation;
use crate::http::Answer;
use crate::json::{Json, same_number};

/// The headers that are compared, besides the content type; an expected answer that lacks one forbids it.
pub const COMPARED_HEADERS: [&str; 11] = [
    "location",
    "cache-control",
    "allow",
    "vary",
    "content-encoding",
    "access-control-allow-origin",
    "access-control-allow-credentials",
    "access-control-allow-methods",
    "access-control-allow-headers",
    "access-control-expose-headers",
    "access-control-max-age",
];

/// More differences than this are not told.
const TOLD: usize = 12;

/// Where an answer differs from all the expected ones: told for the first; empty if one of them fits, whose
/// placeholders are then bound.
pub fn differences(expected: &[Expected], answer: &Answer, bindings: &mut Bindings) -> Vec<String> {
    let mut told = None;
    for expected in expected {
        let mut tried = bindings.clone();
        let found = compare(expected, answer, &mut tried);
        if found.is_empty() {
            *bindings = tried;
            return found;
        }
        told.get_or_insert(found);
    }
    let mut told = told.unwrap_or_else(|| vec!["nothing is expected".to_owned()]);
    told.truncate(TOLD);
    told
}

fn compare(expected: &Expected, answer: &Answer, bindings: &mut Bindings) -> Vec<String> {
    let mut found = Vec::new();
    if expected.status != answer.status {
        found.push(format!("status: expected {}, got {}", expected.status, answer.status));
    }
    let content_type = answer.header("content-type");
    if expected.content_type != content_type {
        found.push(format!("content-type: expected {:?}, got {content_type:?}", expected.content_type));
    }
    for name in COMPARED_HEADERS {
        let (wanted, given) = (expected.headers.get(name), answer.header(name));
        if wanted.map(|value| listed(name, value)) != given.as_ref().map(|value| listed(name, value)) {
            found.push(format!("{name}: expected {wanted:?}, got {given:?}"));
        }
    }
    if let Some((low, high)) = expected.seconds {
        let took = answer.took.as_secs_f64();
        if !(low..=high).contains(&took) {
            found.push(format!("took {took:.3} s, expected {low} to {high}"));
        }
    }
    compare_body(expected, answer, bindings, &mut found);
    found
}

/// The value of a header that is a set, as one; of any other header, itself.
fn listed(name: &str, value: &str) -> BTreeSet<String> {
    match name {
        "allow" | "access-control-allow-methods" => {
            value.split(',').map(|item| item.trim().to_owned()).collect()
        }
        "vary" | "access-control-allow-headers" | "access-control-expose-headers" => {
            value.split(',').map(|item| item.trim().to_ascii_lowercase()).collect()
        }
        _ => BTreeSet::from([value.to_owned()]),
    }
}

fn compare_body(expected: &Expected, answer: &Answer, bindings: &mut Bindings, found: &mut Vec<String>) {
    let body = match unpacked(answer) {
        Ok(body) => body,
        Err(error) => return found.push(format!("the body is no gzip: {error}")),
    };
    let text = String::from_utf8_lossy(&body);
    match &expected.body {
        ExpectedBody::Json(json) => match Json::parse(&text) {
            Err(error) => found.push(format!("the body is no JSON ({error}): {}", shortened(&text))),
            Ok(given) if expected.status == 422 => found.extend(validation::differences(json, &given)),
            Ok(given) => compare_json("", json, &given, bindings, found),
        },
        ExpectedBody::Text(pattern) => {
            if !bindings.matches(pattern, &text) {
                found.push(format!("body: expected {pattern:?}, got {}", shortened(&text)));
            }
        }
        ExpectedBody::Bytes(bytes) => {
            if *bytes != body {
                found.push(format!("body: expected {} bytes, got {:?}", bytes.len(), shortened(&text)));
            }
        }
        ExpectedBody::StatusMessage(pattern) => {
            let message = protobuf::status_message(&body);
            if !message.as_ref().is_some_and(|message| bindings.matches(pattern, message)) {
                found.push(format!(
                    "status message: expected {pattern:?}, got {message:?} in {}",
                    shortened(&text)
                ));
            }
        }
        ExpectedBody::PartialSuccess(rejected) => match protobuf::partial_success(&body) {
            Some((given, reason)) if given == *rejected && !reason.is_empty() => {}
            other => found.push(format!("partial success: expected {rejected} with a reason, got {other:?}")),
        },
    }
}

fn unpacked(answer: &Answer) -> Result<Vec<u8>, std::io::Error> {
    let mut body = Vec::new();
    if answer.header("content-encoding").as_deref() == Some("gzip") {
        GzDecoder::new(&answer.body[..]).read_to_end(&mut body)?;
    } else {
        body.extend_from_slice(&answer.body);
    }
    Ok(body)
}

fn compare_json(
    place: &str,
    expected: &Json,
    given: &Json,
    bindings: &mut Bindings,
    found: &mut Vec<String>,
) {
    match (expected, given) {
        (Json::Object(wanted), Json::Object(members)) => {
            for (key, value) in wanted {
                match members.get(key) {
                    Some(member) => compare_json(&format!("{place}/{key}"), value, member, bindings, found),
                    None => found
                        .push(format!("{place}/{key}: missing, expected {}", shortened(&value.to_string()))),
                }
            }
            for (key, value) in members.iter().filter(|(key, _)| !wanted.contains_key(*key)) {
                found.push(format!("{place}/{key}: not expected, got {}", shortened(&value.to_string())));
            }
        }
        (Json::List(wanted), Json::List(items)) => {
            if wanted.len() != items.len() {
                found.push(format!("{place}: expected {} items, got {}", wanted.len(), items.len()));
            }
            for (index, (value, item)) in wanted.iter().zip(items).enumerate() {
                compare_json(&format!("{place}/{index}"), value, item, bindings, found);
            }
        }
        _ if fits(expected, given, bindings) => {}
        _ => {
            let expected = match expected {
                Json::Text(pattern) => format!("{:?}", bindings.show(pattern)),
                other => shortened(&other.to_string()),
            };
            found.push(format!("{place}: expected {expected}, got {}", shortened(&given.to_string())));
        }
    }
}

fn fits(expected: &Json, given: &Json, bindings: &mut Bindings) -> bool {
    match (expected, given) {
        (Json::Text(pattern), given) => match (bindings.matches_value(pattern, given), given) {
            (Some(fits), _) => fits,
            (None, Json::Text(text)) => bindings.matches(pattern, text),
            (None, _) => false,
        },
        (Json::Number(wanted), Json::Number(number)) => same_number(wanted, number),
        _ => expected == given,
    }
}

fn shortened(text: &str) -> String {
    const LENGTH: usize = 300;
    match text.char_indices().nth(LENGTH) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(expected: &str, given: &str) -> Vec<String> {
        let mut found = Vec::new();
        let (expected, given) = (Json::parse(expected).unwrap(), Json::parse(given).unwrap());
        compare_json("", &expected, &given, &mut Bindings::default(), &mut found);
        found
    }

    #[test]
    fn the_order_of_keys_does_not_matter_but_that_of_lists_does() {
        assert!(found(r#"{"a":1,"b":2}"#, r#"{"b":2,"a":1}"#).is_empty());
        assert_eq!(found("[1,2]", "[2,1]").len(), 2);
    }

    #[test]
    fn null_is_not_absent() {
        assert_eq!(found(r#"{"a":null}"#, "{}"), ["/a: missing, expected null"]);
        assert_eq!(found("{}", r#"{"a":null}"#), ["/a: not expected, got null"]);
    }

    #[test]
    fn integers_and_floats_differ() {
        assert_eq!(found("3000.0", "3000").len(), 1);
    }

    #[test]
    fn an_id_must_be_the_same_everywhere() {
        let expected = r#"["{{rollout_id:1}}","{{rollout_id:1}}"]"#;
        assert!(found(expected, r#"["ro-0123456789ab","ro-0123456789ab"]"#).is_empty());
        assert_eq!(found(expected, r#"["ro-0123456789ab","ro-0123456789ac"]"#).len(), 1);
    }
}
