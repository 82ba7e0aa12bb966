//! The answers that differ from the recordings on purpose: `tests/golden/differences.jsonl`.
//!
//! One JSON object per line: `file`, `scenario`, `steps`, `reason`, and what *our* server answers, either
//!
//! - `answers`: a list of whole answers in the form of a recorded `response`, any of which is right; their placeholders
//!   are not kept, or
//! - changes of the recorded answer. First `pick` gives, by JSON pointer of a list, the indexes of the recorded items in
//!   our order; then `set` gives values by JSON pointer; `headers` replaces header values; `seconds` is the time it
//!   takes. Such an answer is wholly known, so its placeholders bind as usual.

use std::collections::BTreeSet;

use crate::golden::recording::{self, Exchange, Expected, ExpectedBody};
use crate::json::Json;

/// All differences of one recording.
#[derive(Debug)]
pub struct Differences {
    lines: Vec<Line>,
}

#[derive(Debug)]
struct Line {
    scenario: String,
    steps: BTreeSet<u32>,
    reason: String,
    ours: Json,
}

/// What our server answers, and why it is not what was recorded.
#[derive(Debug)]
pub struct Deliberate {
    /// Why
    pub reason: String,
    /// The answers that are right
    pub answers: Vec<Expected>,
    /// Whether placeholders of the answer are kept
    pub binds: bool,
}

impl Differences {
    /// Those of the recording with this name, from the text of the whole file.
    ///
    /// # Errors
    /// Names the line that does not have the format.
    pub fn read(text: &str, file: &str) -> Result<Self, String> {
        let mut lines = Vec::new();
        for (index, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
            let fault = |error: String| format!("line {} of the differences: {error}", index + 1);
            let ours = Json::parse(line).map_err(fault)?;
            let word =
                |key: &str| ours.get(key).and_then(Json::as_text).ok_or_else(|| fault(format!("no {key}")));
            if word("file")? != file {
                continue;
            }
            let steps = ours.get("steps").map_or_else(String::new, Json::to_string);
            let steps = serde_json::from_str(&steps).map_err(|error| fault(error.to_string()))?;
            lines.push(Line {
                scenario: word("scenario")?.to_owned(),
                steps,
                reason: word("reason")?.to_owned(),
                ours,
            });
        }
        Ok(Self { lines })
    }

    /// What our server answers to this step, if not what was recorded.
    ///
    /// # Errors
    /// Says why the change does not fit the recorded answer.
    pub fn find(&self, exchange: &Exchange) -> Result<Option<Deliberate>, String> {
        let here = |line: &&Line| line.scenario == exchange.scenario && line.steps.contains(&exchange.step);
        let Some(line) = self.lines.iter().find(here) else { return Ok(None) };
        let reason = line.reason.clone();
        let deliberate = match line.ours.get("answers").and_then(Json::as_list) {
            Some(answers) => {
                let answers = answers.iter().map(recording::expected).collect::<Result<_, _>>()?;
                Deliberate { reason, answers, binds: false }
            }
            None => {
                Deliberate { reason, answers: vec![changed(&exchange.answers[0], &line.ours)?], binds: true }
            }
        };
        Ok(Some(deliberate))
    }

    /// Steps that are not in the recording.
    pub fn strays<'a>(&'a self, exchanges: &'a [Exchange]) -> impl Iterator<Item = String> + 'a {
        let steps =
            self.lines.iter().flat_map(|line| line.steps.iter().map(|step| (line.scenario.as_str(), *step)));
        steps
            .filter(|&(scenario, step)| {
                !exchanges.iter().any(|one| one.scenario == scenario && one.step == step)
            })
            .map(|(scenario, step)| format!("{scenario} {step} is not in the recording"))
    }
}

fn changed(recorded: &Expected, change: &Json) -> Result<Expected, String> {
    let mut changed = recorded.clone();
    if let (Some(Json::Object(picks)), ExpectedBody::Json(body)) = (change.get("pick"), &mut changed.body) {
        for (pointer, indexes) in picks {
            let Some(Json::List(items)) = body.place(pointer) else {
                return Err(format!("no list {pointer}"));
            };
            let indexes: Vec<usize> =
                serde_json::from_str(&indexes.to_string()).map_err(|error| error.to_string())?;
            let picked = indexes.iter().map(|&index| items.get(index).cloned());
            *items = picked.collect::<Option<_>>().ok_or_else(|| format!("{pointer} has too few items"))?;
        }
    }
    if let (Some(Json::Object(values)), ExpectedBody::Json(body)) = (change.get("set"), &mut changed.body) {
        for (pointer, value) in values {
            *body.place(pointer).ok_or_else(|| format!("no place {pointer}"))? = value.clone();
        }
    }
    if let Some(Json::Object(headers)) = change.get("headers") {
        let headers =
            headers.iter().filter_map(|(name, value)| Some((name.clone(), value.as_text()?.to_owned())));
        changed.headers.extend(headers);
    }
    if let Some([low, high]) = change.get("seconds").and_then(Json::as_list) {
        changed.seconds = low.as_f64().zip(high.as_f64());
    }
    Ok(changed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_are_picked_before_values_are_set() {
        let recorded = r#"{"status":200,"content_type":null,"json":{"items":[{"id":1},{"id":2}],"total":2}}"#;
        let recorded = recording::expected(&Json::parse(recorded).unwrap()).unwrap();
        let change =
            r#"{"pick":{"/items":[1,1,0]},"set":{"/items/1/id":3,"/total":3},"headers":{"allow":"GET"}}"#;
        let changed = changed(&recorded, &Json::parse(change).unwrap()).unwrap();
        let ExpectedBody::Json(body) = changed.body else { panic!("{changed:?}") };
        assert_eq!(body.to_string(), r#"{"items":[{"id":2},{"id":3},{"id":1}],"total":3}"#);
        assert_eq!(changed.headers.get("allow").map(String::as_str), Some("GET"));
    }

    #[test]
    fn a_change_must_fit() {
        let recorded = r#"{"status":200,"content_type":null,"json":{"items":[]}}"#;
        let recorded = recording::expected(&Json::parse(recorded).unwrap()).unwrap();
        assert!(changed(&recorded, &Json::parse(r#"{"pick":{"/items":[0]}}"#).unwrap()).is_err());
        assert!(changed(&recorded, &Json::parse(r#"{"set":{"/items/0/id":1}}"#).unwrap()).is_err());
    }
}
