//! The recorded exchanges, judged by the document: what was taken fits it, what was refused does not, and every answer
//! is described.

use std::fs;
use std::path::Path;

use lightning_store_e2e::golden::difference::Differences;
use lightning_store_e2e::golden::recording::{self, Exchange, Expected, ExpectedBody, SentBody};
use serde_json::{Value, json};

use crate::contract::{Contract, Place};
use crate::served;

/// Requests that are taken although the document does not describe them: scenario, steps, why.
const LAX: &[(&str, &[u32], &str)] = &[
    ("enqueue", &[6], "numbers in strings and booleans"),
    ("dequeue", &[9], "a number in a string"),
    ("query-rollouts", &[20], "2.0 as an integer in a query"),
    ("add-span", &[11], "a list of booleans and numbers, which becomes one of numbers"),
    ("add-span", &[18, 20], "numbers in strings"),
    ("waits", &[26], "a number in a string"),
];

/// Requests that are refused for what a schema cannot say: scenario, steps, why.
const SUBTLE: &[(&str, &[u32], &str)] = &[
    ("add-span", &[22], "an integer beyond 64 bits"),
    ("add-span", &[12], "a null attribute, which only answers have"),
    ("spans", &[6], "the same on /agl/v1"),
];

/// Placeholders become what they stand for; ids are strings either way.
fn filled(text: &str) -> Value {
    fn fill(value: &mut Value) {
        match value {
            Value::String(text) if text.starts_with("{{time:") => *value = json!(1.5),
            Value::String(text) if text == "{{number}}" => *value = json!(1),
            Value::Array(items) => items.iter_mut().for_each(fill),
            Value::Object(members) => members.values_mut().for_each(fill),
            _ => {}
        }
    }
    let mut value = serde_json::from_str(text).expect("JSON");
    fill(&mut value);
    value
}

fn listed(list: &[(&str, &[u32], &str)], exchange: &Exchange) -> bool {
    list.iter().any(|(scenario, steps, _)| *scenario == exchange.scenario && steps.contains(&exchange.step))
}

/// What is wrong with the request, in its body and in its query string; `None` if it cannot be judged.
fn request_faults(contract: &mut Contract, operation: &Place, exchange: &Exchange) -> Option<Vec<String>> {
    let holder = operation.then("requestBody");
    let mut faults = query_faults(contract, operation, &exchange.request.target);
    let is_typed = exchange.request.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-type"));
    match &exchange.request.body {
        SentBody::Json(_) if is_typed => return None,
        SentBody::Bytes { .. } => return None,
        SentBody::Json(body) => {
            faults.extend(contract.body_faults(&holder, &filled(&body.to_string())).unwrap_or_default());
        }
        SentBody::None => {
            if contract.find(&holder).is_some_and(|(_, body)| body["required"] == true) {
                faults.push("no body".to_owned());
            }
        }
    }
    Some(faults)
}

fn query_faults(contract: &mut Contract, operation: &Place, target: &str) -> Vec<String> {
    let query = target.split_once('?').map_or("", |(_, query)| query);
    let pairs: Vec<(String, String)> = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
    let described = contract.find(&operation.then("parameters")).map(|(_, list)| list.clone());
    let mut faults = Vec::new();
    for (index, parameter) in described.as_ref().and_then(Value::as_array).into_iter().flatten().enumerate() {
        if parameter["in"] != "query" {
            continue;
        }
        let name = parameter["name"].as_str().unwrap_or_default();
        let values: Vec<&str> =
            pairs.iter().filter(|(key, _)| key == name).map(|(_, value)| value.as_str()).collect();
        let Some(last) = values.last() else {
            if parameter["required"] == true {
                faults.push(format!("{name} is missing"));
            }
            continue;
        };
        let schema = operation.then("parameters").then(&index.to_string()).then("schema");
        let value = match parameter["schema"]["type"].as_str() {
            Some("array") => json!(values),
            Some("integer") => last.parse::<i64>().map_or_else(|_| json!(last), |number| json!(number)),
            _ => json!(last),
        };
        faults.extend(contract.faults(&schema, &value).into_iter().map(|fault| format!("{name}{fault}")));
    }
    faults
}

fn answer_faults(contract: &mut Contract, operation: &Place, answer: &Expected) -> Vec<String> {
    let holder = operation.then("responses").then(&answer.status.to_string());
    let Some((holder, described)) = contract.find(&holder).map(|(place, value)| (place, value.clone()))
    else {
        return vec![format!("{} is not described", answer.status)];
    };
    let media_type = answer.content_type.as_deref().and_then(|kind| kind.split(';').next());
    if let Some(media_type) = media_type
        && described["content"].get(media_type).is_none()
    {
        return vec![format!("{} in {media_type} is not described", answer.status)];
    }
    match &answer.body {
        ExpectedBody::Json(body) if body.as_text() != Some("{{any}}") => contract
            .body_faults(&holder, &filled(&body.to_string()))
            .unwrap_or_else(|| vec!["JSON is not described".to_owned()]),
        _ => Vec::new(),
    }
}

fn judge(contract: &mut Contract, recording: &str) -> (usize, Vec<String>) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("golden");
    let read = |name: &str| fs::read_to_string(folder.join(name)).expect("a recording");
    let exchanges = recording::read(&read(&format!("{recording}.jsonl"))).expect("a recording");
    let differences = Differences::read(&read("differences.jsonl"), recording).expect("differences");
    let (mut judged, mut found) = (0, Vec::new());
    for exchange in &exchanges {
        let path = exchange.request.target.split('?').next().unwrap_or_default().replace("%2F", "/");
        let Some(operation) = contract.route(&path, &exchange.request.method) else { continue };
        let deliberate = differences.find(exchange).expect("a difference");
        let answers =
            deliberate.map_or_else(|| vec![exchange.answers[0].clone()], |deliberate| deliberate.answers);
        let mut faults: Vec<String> =
            answers.iter().flat_map(|answer| answer_faults(contract, &operation, answer)).collect();
        let status = answers[0].status;
        if let Some(wrong) = request_faults(contract, &operation, exchange) {
            let is_lax = listed(LAX, exchange);
            let is_subtle = listed(SUBTLE, exchange);
            match (status, wrong.is_empty()) {
                (200..300, false) if !is_lax => faults.push(format!("taken, but {wrong:?}")),
                (200..300, true) if is_lax => faults.push("listed as lax, but it fits".to_owned()),
                (422, true) if !is_subtle => faults.push("refused, but it fits".to_owned()),
                (422, false) if is_subtle => faults.push(format!("listed as subtle, but {wrong:?}")),
                _ => {}
            }
        }
        judged += 1;
        let (scenario, step, note) = (&exchange.scenario, exchange.step, &exchange.note);
        found.extend(faults.iter().map(|fault| format!("{recording}: {scenario} {step} ({note}): {fault}")));
    }
    (judged, found)
}

#[tokio::test]
async fn the_recorded_exchanges_fit_the_document() {
    let mut contract = Contract::new(served().await);
    let mut judged = 0;
    let mut found = Vec::new();
    for recording in ["v1_agl", "v1_agl-cors", "v1_agl-cors-any", "agl_v1"] {
        let (count, faults) = judge(&mut contract, recording);
        judged += count;
        found.extend(faults);
    }
    assert!(found.is_empty(), "{} faults:\n{}", found.len(), found.join("\n"));
    assert!(judged > 900, "{judged}");
}
