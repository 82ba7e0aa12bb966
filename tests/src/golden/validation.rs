//! 422 answers, of which only the set of faulty fields is compared.
//!
//! Texts, kinds and echoed inputs are the words of the Python library. What it adds to a path for the member of a union
//! is left out on both sides: everything below the value of a span attribute, and the kind of a resource.

use std::collections::BTreeSet;

use crate::json::Json;

/// Where an answer names other fields than the recording; empty if it names the same.
pub fn differences(expected: &Json, answered: &Json) -> Vec<String> {
    let Json::Object(members) = answered else { return vec![format!("a 422 with the body {answered}")] };
    if members.len() != 1 {
        return vec![format!("a 422 has `detail` only, not {answered}")];
    }
    let (expected, answered) = match (faults(expected), faults(answered)) {
        (Ok(expected), Ok(answered)) => (expected, answered),
        (Err(error), _) | (_, Err(error)) => return vec![error],
    };
    let missing = expected.difference(&answered).map(|path| format!("422: {path} is not complained about"));
    let surplus = answered.difference(&expected).map(|path| format!("422: {path} is complained about"));
    missing.chain(surplus).collect()
}

fn faults(body: &Json) -> Result<BTreeSet<String>, String> {
    let list =
        body.get("detail").and_then(Json::as_list).ok_or_else(|| format!("422 without list: {body}"))?;
    list.iter()
        .map(|fault| {
            let told = |key| fault.get(key).and_then(Json::as_text);
            let place = fault.get("loc").and_then(Json::as_list);
            match (told("type"), told("msg"), place) {
                (Some(_), Some(_), Some(place)) => Ok(path(place)),
                _ => Err(format!("422: a fault is {{type, loc, msg}}, not {fault}")),
            }
        })
        .collect()
}

fn path(place: &[Json]) -> String {
    let mut path: Vec<String> = Vec::new();
    for (depth, step) in place.iter().enumerate() {
        let kind_of_resource = matches!(step.as_text(), Some("llm" | "proxy_llm" | "prompt_template"));
        if depth >= 2 && kind_of_resource {
            continue;
        }
        path.push(step.as_text().map_or_else(|| step.to_string(), str::to_owned));
        if path.iter().rev().nth(1).is_some_and(|parent| parent == "attributes") {
            break;
        }
    }
    path.join(".")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path_of(place: &str) -> String {
        path(Json::parse(place).unwrap().as_list().unwrap())
    }

    #[test]
    fn what_a_union_adds_is_left_out() {
        assert_eq!(
            path_of(r#"["body","attributes","mixed","json-or-python[list]",0]"#),
            "body.attributes.mixed"
        );
        assert_eq!(path_of(r#"["body","a","llm","endpoint"]"#), "body.a.endpoint");
        assert_eq!(path_of(r#"["body","rollouts",0,"input"]"#), "body.rollouts.0.input");
        assert_eq!(path_of(r#"["body","attributes"]"#), "body.attributes");
    }

    #[test]
    fn fields_that_are_missing_or_surplus_are_named() {
        let one = Json::parse(r#"{"detail":[{"type":"missing","loc":["body","a"],"msg":"m"}]}"#).unwrap();
        let two = Json::parse(r#"{"detail":[{"type":"missing","loc":["body","b"],"msg":"m"}]}"#).unwrap();
        assert!(differences(&one, &one).is_empty());
        assert_eq!(differences(&one, &two).len(), 2);
    }
}
