//! What people are told about rollouts, attempts and workers that no row says by itself.

use std::borrow::Cow;

use indexmap::IndexMap;
use lightning_store_client::lax::{Kind, Node, Tape};
use lightning_store_client::trace::json::Json;
use lightning_store_client::trace::secrets;
use lightning_store_client::wire::{Attempt, AttemptStatus, RawJson, Timestamp, Worker, WorkerStatus};

use crate::limits::JSON;

/// Longest line of an input, in characters.
const MAX_LINE_CHARACTERS: usize = 200;

/// Longest value of a member of the metadata, in characters.
const MAX_VALUE_CHARACTERS: usize = 100;

/// Most members of the metadata in a row.
const MAX_MEMBERS: usize = 16;

/// A worker of which nothing was heard for so many seconds is silent, unless it usually takes longer.
const SILENCE: f64 = 30.0;

/// So many times its usual interval have to pass before a worker is silent.
const MISSED_HEARTBEATS: f64 = 3.0;

/// The members of an input that say best what it is about, the best one first.
const SPEAKING: [&str; 4] = ["task", "question", "prompt", "input"];

/// One line that says what an input is about.
pub fn input_line(input: &str) -> String {
    let Ok(tape) = Tape::parse(input, JSON) else { return one_line(input, MAX_LINE_CHARACTERS) };
    let root = tape.root();
    let speaking = SPEAKING.iter().find_map(|key| {
        let (_, value) = root.members().find(|(name, _)| name == key)?;
        (!value.is_null()).then_some(value)
    });
    let shown = speaking.unwrap_or(root);
    match text(shown) {
        Some(text) => one_line(&text, MAX_LINE_CHARACTERS),
        None => one_line(shown.source(), MAX_LINE_CHARACTERS),
    }
}

fn text(node: Node<'_>) -> Option<String> {
    (node.kind() == Kind::String).then(|| node.text().map(Cow::into_owned)).flatten()
}

/// White space becomes single spaces, and what is too long ends with `…`.
fn one_line(text: &str, most: usize) -> String {
    let is_spaced = |pair: &[u8]| pair[1] < b' ' || (pair[0] == b' ' && pair[1] == b' ');
    let is_plain = text.is_ascii() && text.len() <= most && text.trim().len() == text.len();
    if is_plain && !text.as_bytes().windows(2).any(is_spaced) {
        return text.to_owned();
    }
    let mut line = String::new();
    let mut count = 0;
    for word in text.split_whitespace() {
        if count > 0 {
            line.push(' ');
            count += 1;
        }
        for character in word.chars() {
            if count + 1 > most {
                // Room for the ellipsis.
                line.pop();
                line.push('…');
                return line;
            }
            line.push(character);
            count += 1;
        }
    }
    line
}

/// The members of metadata that can be shown in a row: scalars, as text.
pub fn metadata(metadata: Option<&str>) -> IndexMap<String, String> {
    let mut shown = IndexMap::new();
    let Some(tape) = metadata.and_then(|text| Tape::parse(text, JSON).ok()) else { return shown };
    for (key, value) in tape.root().members() {
        if shown.len() == MAX_MEMBERS {
            break;
        }
        if let Some(text) = scalar(value) {
            let text = if secrets::is_secret(&key) { secrets::mask(&text) } else { text };
            shown.insert(key.into_owned(), one_line(&text, MAX_VALUE_CHARACTERS));
        }
    }
    shown
}

/// Whether metadata has this member with this value, as text.
pub fn has_member(metadata: Option<&str>, key: &str, value: &str) -> bool {
    let Some(tape) = metadata.and_then(|text| Tape::parse(text, JSON).ok()) else { return false };
    let found = tape.root().members().find(|(name, _)| name == key).and_then(|(_, node)| scalar(node));
    found.is_some_and(|text| text == value)
}

fn scalar(node: Node<'_>) -> Option<String> {
    match node.kind() {
        Kind::String => text(node),
        Kind::Null | Kind::Array | Kind::Object => None,
        _ => Some(node.source().to_owned()),
    }
}

/// A worker whose secrets are masked.
pub fn masked(mut worker: Worker) -> Worker {
    if let Some(mut stats) = worker.heartbeat_stats.as_ref().and_then(|stats| Json::parse(stats.as_str()))
        && secrets::mask_json("", &mut stats)
    {
        worker.heartbeat_stats = Some(RawJson::trusted(stats.to_json()));
    }
    worker
}

/// When an attempt ended, as far as it is known. Ends by the clock leave no time of their own: there `rollout_end`
/// counts, when the rollout ended with it.
pub fn ended(attempt: &Attempt, rollout_end: Option<Timestamp>) -> Option<Timestamp> {
    match attempt.status {
        AttemptStatus::Failed | AttemptStatus::Succeeded => attempt.end_time,
        AttemptStatus::Timeout | AttemptStatus::Unresponsive => rollout_end,
        AttemptStatus::Preparing | AttemptStatus::Running => None,
    }
}

/// How long an attempt took, in seconds. None while it runs.
pub fn run_time(attempt: &Attempt, rollout_end: Option<Timestamp>) -> Option<f64> {
    Some((ended(attempt, rollout_end)?.seconds() - attempt.start_time.seconds()).max(0.0))
}

/// Why an attempt ended, in words.
pub fn reason(
    attempt: &Attempt,
    timeout_seconds: Option<f64>,
    unresponsive_seconds: Option<f64>,
    last_error: Option<&str>,
) -> Option<String> {
    match attempt.status {
        AttemptStatus::Timeout => Some(match timeout_seconds {
            Some(seconds) => format!("timeout {seconds} s"),
            None => "timeout".to_owned(),
        }),
        AttemptStatus::Unresponsive => Some(match unresponsive_seconds {
            Some(seconds) => format!("no span for {seconds} s"),
            None => "unresponsive".to_owned(),
        }),
        AttemptStatus::Failed => {
            last_error.map(|error| error.split_once(": ").map_or(error, |(kind, _)| kind).to_owned())
        }
        AttemptStatus::Preparing | AttemptStatus::Running | AttemptStatus::Succeeded => None,
    }
}

/// Since when a rollout has been waiting: it was made then, or its newest attempt ended.
pub fn waiting_since(
    start_time: Timestamp,
    newest: Option<&Attempt>,
    timeout_seconds: Option<f64>,
    unresponsive_seconds: Option<f64>,
) -> Timestamp {
    let Some(newest) = newest else { return start_time };
    let deadline = match newest.status {
        AttemptStatus::Timeout => timeout_seconds.and_then(|seconds| newest.start_time.after(seconds)),
        AttemptStatus::Unresponsive => {
            let heard = newest.last_heartbeat_time.unwrap_or(newest.start_time);
            unresponsive_seconds.and_then(|seconds| heard.after(seconds))
        }
        _ => newest.end_time,
    };
    deadline.unwrap_or(newest.start_time)
}

/// Why a rollout is to be tried again: how its newest attempt ended, and the how-manieth it was of how many.
pub fn why_again(newest: &Attempt, max_attempts: i64) -> String {
    format!("{}, attempt {} of {}", newest.status, newest.sequence_id, max_attempts.max(newest.sequence_id))
}

/// Whether nothing was heard of a worker for too long. `heard` is when something last was, `interval` its usual one.
pub fn is_silent(
    status: WorkerStatus,
    heard: Option<Timestamp>,
    interval: Option<f64>,
    now: Timestamp,
) -> bool {
    let patience = interval.map_or(SILENCE, |interval| SILENCE.max(MISSED_HEARTBEATS * interval));
    status != WorkerStatus::Unknown && heard.is_none_or(|heard| now.seconds() - heard.seconds() > patience)
}

/// When something was last heard of a worker, its attempt's signs of life included.
pub fn heard(worker: &Worker, attempt: Option<Timestamp>) -> Option<Timestamp> {
    let times = [
        worker.last_heartbeat_time,
        worker.last_dequeue_time,
        worker.last_busy_time,
        worker.last_idle_time,
        attempt,
    ];
    times.into_iter().flatten().max()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_input_is_told_by_its_best_member_in_one_line() {
        for (input, line) in [
            (r#"{"x":1,"prompt":"p","task":"do\n  this"}"#, "do this"),
            (r#"{"question":null,"input":{"a": 1}}"#, r#"{"a": 1}"#),
            (r#""plain""#, "plain"),
            ("[1,2]", "[1,2]"),
            ("null", "null"),
            (r#"" a  b\tc ""#, "a b c"),
            (r#""a  b""#, "a b"),
        ] {
            assert_eq!(input_line(input), line);
        }
        let long = input_line(&format!("\"{}\"", "é".repeat(300)));
        assert_eq!((long.chars().count(), long.chars().last()), (MAX_LINE_CHARACTERS, Some('…')));
        assert_eq!(input_line(&format!("\"{}\"", "é".repeat(200))).chars().last(), Some('é'));
    }

    #[test]
    fn scalars_of_metadata_are_shown_and_secrets_are_not() {
        let text = Some(
            r#"{"step":4,"big":9007199254740993,"f":1.0,"t":true,"n":null,"l":[1],"api_key":"sk-0123456789ab"}"#,
        );
        let shown = metadata(text);
        let expected = [
            ("step", "4"),
            ("big", "9007199254740993"),
            ("f", "1.0"),
            ("t", "true"),
            ("api_key", "••••89ab"),
        ];
        assert_eq!(shown.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect::<Vec<_>>(), expected);
        assert!(
            has_member(text, "step", "4") && !has_member(text, "step", "5") && !has_member(text, "n", "null")
        );
        assert!(metadata(None).is_empty() && !has_member(None, "a", "b"));
    }

    #[test]
    fn a_worker_is_silent_after_half_a_minute_or_three_of_its_intervals() {
        let at = |seconds| Timestamp::from_seconds(seconds).unwrap();
        for (status, heard, interval, silent) in [
            (WorkerStatus::Busy, Some(at(70.0)), None, false),
            (WorkerStatus::Busy, Some(at(69.0)), None, true),
            (WorkerStatus::Idle, Some(at(1.0)), Some(60.0), false),
            (WorkerStatus::Idle, Some(at(69.0)), Some(5.0), true),
            (WorkerStatus::Unknown, None, None, false),
            (WorkerStatus::Idle, None, None, true),
        ] {
            assert_eq!(
                is_silent(status, heard, interval, at(100.0)),
                silent,
                "{status} {heard:?} {interval:?}"
            );
        }
    }
}
