//! What was exercised, so that it shows when scripts no longer get somewhere.

use std::collections::BTreeMap;

use lightning_store_client::wire::RolloutStatus;

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
        use lightning_store_client::wire::Word as _;
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
}

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
    let is_id = |word: &&str| word.contains('-') || word.contains('#');
    let words: Vec<&str> = refusal.split(' ').filter(|word| !is_id(word)).collect();
    format!("refused: {}", words.join(" "))
}
