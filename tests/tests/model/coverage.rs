//! What was exercised, so that it shows when scripts no longer get somewhere.

use std::collections::BTreeMap;

use lightning_store_client::wire::{RolloutStatus, Word as _};

use crate::command::{Answer, Command};
use crate::model::Fate;

/// How often what happened.
#[derive(Debug, Default)]
pub(crate) struct Coverage {
    pub commands: u64,
    /// By command, and by what came of it.
    pub outcomes: BTreeMap<(&'static str, String), u64>,
    /// By command, and by the status of a rollout before and after it.
    pub moves: BTreeMap<(&'static str, &'static str, &'static str), u64>,
}

impl Coverage {
    /// A command was answered; the statuses of all rollouts before and after it.
    pub(crate) fn note(
        &mut self,
        command: &Command,
        answer: &Answer,
        before: &[RolloutStatus],
        after: &[RolloutStatus],
    ) {
        self.commands += 1;
        for outcome in outcomes(answer) {
            *self.outcomes.entry((command.name(), outcome)).or_default() += 1;
        }
        for (before, after) in before.iter().zip(after).filter(|(before, after)| before != after) {
            *self.moves.entry((command.name(), before.as_str(), after.as_str())).or_default() += 1;
        }
    }

    /// Takes in what was exercised elsewhere.
    pub(crate) fn add(&mut self, other: Self) {
        self.commands += other.commands;
        for (key, count) in other.outcomes {
            *self.outcomes.entry(key).or_default() += count;
        }
        for (key, count) in other.moves {
            *self.moves.entry(key).or_default() += count;
        }
    }

    /// Checks that every command has had each of its outcomes, and that rollouts have moved in every way that there
    /// is, and in no other.
    pub(crate) fn is_complete(&self) {
        for (command, outcomes) in OUTCOMES {
            let seen = self.outcomes.keys().filter(|(name, _)| name == command);
            let seen: Vec<&str> = seen.map(|(_, outcome)| outcome.as_str()).collect();
            assert_eq!(seen, *outcomes, "{command}");
        }
        for &before in RolloutStatus::ALL {
            for &after in RolloutStatus::ALL {
                for (command, _) in OUTCOMES {
                    let expected = before != after && may_move(command, before, after);
                    let seen = self.moves.contains_key(&(command, before.as_str(), after.as_str()));
                    assert_eq!(seen, expected, "{command} moves a rollout from {before} to {after}");
                }
            }
        }
    }
}

/// Whether a command may move a rollout from one status to another one.
fn may_move(command: &str, before: RolloutStatus, after: RolloutStatus) -> bool {
    use RolloutStatus::{Cancelled, Failed, Preparing, Queuing, Requeuing, Running};
    match command {
        // By hand, everything.
        "update_rollout" => true,
        "start_attempt" => after == Preparing,
        "dequeue" => matches!(before, Queuing | Requeuing) && after == Preparing,
        "update_attempt" => before != Cancelled && !matches!(after, Queuing | Cancelled),
        // Not only to running: the attempt's time may be up at the same moment.
        "add_spans" => {
            matches!(before, Preparing | Requeuing | Running) && matches!(after, Running | Requeuing | Failed)
        }
        "check" => matches!(before, Preparing | Running) && matches!(after, Requeuing | Failed),
        _ => false,
    }
}

/// What may come of each command.
const OUTCOMES: &[(&str, &[&str])] = &[
    (
        "add_spans",
        &["duplicate", "refused: Attempt not found for rollout", "refused: Rollout not found", "stored"],
    ),
    ("check", &["none", "one", "several"]),
    ("dequeue", &["none", "one", "several"]),
    ("enqueue", &["done"]),
    ("next_sequence_id", &["done"]),
    ("put_resources", &["done"]),
    ("start_attempt", &["done", "refused: Rollout not found"]),
    ("start_rollout", &["done"]),
    (
        "update_attempt",
        &[
            "done",
            "refused: Attempt not found for rollout",
            "refused: No attempts found for rollout",
            "refused: Rollout not found",
            "refused: last_heartbeat_time is invalid; it cannot be a null value.",
            "refused: metadata is invalid; it cannot be a null value.",
            "refused: status is invalid; it cannot be a null value.",
            "refused: worker_id is invalid; it cannot be a null value.",
        ],
    ),
    (
        "update_rollout",
        &[
            "done",
            "refused: Item does not exist with primary key(s):",
            "refused: config is invalid; it cannot be a null value.",
            "refused: status is invalid; it cannot be a null value.",
        ],
    ),
    ("update_worker", &["done", "refused: heartbeat_stats is invalid; it cannot be a null value."]),
];

impl std::fmt::Display for Coverage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for ((command, outcome), count) in &self.outcomes {
            writeln!(f, "{count:9} {command}: {outcome}")?;
        }
        for ((command, before, after), count) in &self.moves {
            writeln!(f, "{count:9} {command}: a rollout was {before} and is {after}")?;
        }
        Ok(())
    }
}

/// What came of a command, without ids. Several for a batch.
fn outcomes(answer: &Answer) -> Vec<String> {
    match answer {
        Answer::Taken(taken) => vec![some(taken.len())],
        Answer::Ended(ended) => vec![some(*ended)],
        Answer::Refused(refusal) => vec![refused(refusal)],
        Answer::Spans(fates) => fates.iter().map(fate).collect(),
        _ => vec!["done".to_owned()],
    }
}

fn fate(fate: &Fate) -> String {
    match fate {
        Fate::Stored(_) => "stored".to_owned(),
        Fate::Duplicate => "duplicate".to_owned(),
        Fate::Refused(refusal) => refused(refusal),
    }
}

fn some(count: usize) -> String {
    ["none", "one"].get(count).map_or("several", |word| word).to_owned()
}

/// A refusal without what differs from one to the next.
fn refused(refusal: &str) -> String {
    let is_id = |word: &&str| word.contains(['-', '#', '@']);
    let words: Vec<&str> = refusal.split(' ').filter(|word| !is_id(word)).collect();
    format!("refused: {}", words.join(" "))
}
