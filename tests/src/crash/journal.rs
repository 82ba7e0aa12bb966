//! What clients know: facts that were acknowledged, and doubts about the requests that the crash left unanswered.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use serde_json::Value;

/// Something that an answer has promised.
#[derive(Clone, Debug)]
pub enum Fact {
    /// A rollout exists, with this input.
    Rollout(String, Value),
    /// It has this attempt under this number.
    Attempt(String, u64, String),
    /// The attempt with this number has this status.
    AttemptStatus(String, u64, &'static str),
    /// The rollout has this status unless an attempt with a higher number began.
    RolloutStatus(String, u64, &'static str),
    /// The rollout's metadata hold this note unless an attempt with a higher number began.
    Note(String, u64, u64),
    /// The rollout has this span, of this attempt; its number, if the client knows it.
    Span(String, String, String, Option<u64>),
    /// This sequence number of the rollout was given out.
    Number(String, u64),
    /// The resources have this version and this text.
    Resources(String, u64, String),
}

/// A request that may have been carried out or not, but not by half.
#[derive(Clone, Debug)]
pub enum Doubt {
    /// So many new rollouts whose input has this tag.
    Batch(String, usize),
    /// Up to so many new attempts of any rollouts, for this worker.
    Claims(usize, Option<String>),
    /// One new attempt of this rollout.
    Attempt(String),
    /// These facts.
    Facts(Vec<Fact>),
}

/// What is known of one rollout.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Known {
    /// Its input
    pub input: Value,
    /// Its note, and the number of the attempt that it had then
    pub note: Option<(u64, u64)>,
    /// Its status, and the number of the attempt that it had then
    pub status: (u64, String),
    /// Its attempts by number: id and status
    pub attempts: BTreeMap<u64, (String, String)>,
    /// Its spans by id: attempt and number
    pub spans: BTreeMap<String, (String, Option<u64>)>,
}

impl Known {
    fn apply(&mut self, fact: &Fact) {
        match fact {
            Fact::Rollout(_, input) => {
                self.input = input.clone();
                self.set_status(0, "queuing");
            }
            Fact::Attempt(_, number, id) => {
                self.attempts.entry(*number).or_insert_with(|| (id.clone(), "preparing".to_owned()));
                self.set_status(*number, "preparing");
            }
            Fact::AttemptStatus(_, number, status) => {
                if let Some(attempt) = self.attempts.get_mut(number) {
                    (*status).clone_into(&mut attempt.1);
                }
            }
            Fact::RolloutStatus(_, number, status) => self.set_status(*number, status),
            Fact::Note(_, number, note) => {
                if self.note.is_none_or(|(earlier, _)| *number >= earlier) {
                    self.note = Some((*number, *note));
                }
            }
            Fact::Span(_, attempt, id, number) => {
                self.spans.insert(id.clone(), (attempt.clone(), *number));
            }
            Fact::Number(..) | Fact::Resources(..) => {}
        }
    }

    /// One client at a time moves a rollout, and the next one with a new attempt: so the higher number is later,
    /// whichever answer came first.
    fn set_status(&mut self, number: u64, status: &str) {
        if self.status.1.is_empty() || number >= self.status.0 {
            self.status = (number, status.to_owned());
        }
    }

    /// The number of its newest attempt, or 0.
    pub fn newest(&self) -> u64 {
        self.attempts.last_key_value().map_or(0, |(number, _)| *number)
    }

    /// The same without the attempts after this one, and without the status if there are any.
    #[must_use]
    pub fn up_to(&self, newest: u64, overtaken: bool) -> Self {
        let mut earlier = self.clone();
        earlier.attempts.retain(|number, _| *number <= newest);
        if overtaken {
            earlier.status = (newest, "overtaken".to_owned());
        }
        earlier
    }

    /// The same after a request that was not answered.
    #[must_use]
    pub fn after(&self, facts: &[&Fact]) -> Self {
        let mut after = self.clone();
        for fact in facts {
            after.apply(fact);
        }
        after
    }

    /// What a server shows that does not agree with this.
    pub fn differs(&self, seen: &Self) -> Option<String> {
        let spans_agree = self.spans.len() == seen.spans.len()
            && self.spans.iter().all(|(id, (attempt, number))| {
                seen.spans
                    .get(id)
                    .is_some_and(|seen| seen.0 == *attempt && (number.is_none() || seen.1 == *number))
            });
        let note = |known: &Self| known.note.map(|(_, note)| note);
        let differences = [
            (self.input != seen.input, "input", format!("{} → {}", self.input, seen.input)),
            (note(self) != note(seen), "note", format!("{:?} → {:?}", self.note, seen.note)),
            (self.status != seen.status, "status", format!("{:?} → {:?}", self.status, seen.status)),
            (
                self.attempts != seen.attempts,
                "attempts",
                format!("{:?} → {:?}", self.attempts, seen.attempts),
            ),
            (!spans_agree, "spans", format!("{:?} → {:?}", self.spans, seen.spans)),
        ];
        let texts = differences.into_iter().filter(|(differs, ..)| *differs);
        let texts: Vec<String> = texts.map(|(_, what, values)| format!("{what} {values}")).collect();
        (!texts.is_empty()).then(|| texts.join("; "))
    }
}

/// Everything that is known of a database.
#[derive(Debug, Default)]
pub struct Journal {
    /// Its rollouts
    pub rollouts: HashMap<String, Known>,
    /// Sequence numbers given out, by rollout
    pub numbers: HashMap<String, HashSet<u64>>,
    /// Resources: version and text
    pub resources: HashMap<String, (u64, String)>,
    /// What went wrong
    pub findings: Vec<String>,
    /// Facts that were acknowledged
    pub facts: usize,
}

impl Journal {
    /// Takes up what was acknowledged to one client, in its order. Answers the rollouts it was about.
    pub fn acknowledge(&mut self, facts: &[Fact]) -> BTreeSet<String> {
        let mut touched = BTreeSet::new();
        for fact in facts {
            self.facts += 1;
            match fact {
                Fact::Resources(id, version, text) => {
                    self.resources.insert(id.clone(), (*version, text.clone()));
                }
                Fact::Number(rollout, number) => self.number(rollout, *number),
                _ => {}
            }
            if let Some(rollout) = fact.rollout() {
                touched.insert(rollout.to_owned());
                self.rollouts.entry(rollout.to_owned()).or_default().apply(fact);
            }
        }
        touched
    }

    /// The rollouts that wait in the queue, any of which an unanswered request may have taken.
    pub fn waiting(&self) -> impl Iterator<Item = String> {
        let waiting =
            self.rollouts.iter().filter(|(_, known)| ["queuing", "requeuing"].contains(&&*known.status.1));
        waiting.map(|(id, _)| id.clone())
    }

    /// A sequence number was given out.
    pub fn number(&mut self, rollout: &str, number: u64) {
        if !self.numbers.entry(rollout.to_owned()).or_default().insert(number) {
            self.findings.push(format!("{rollout}: the sequence number {number} was given out twice"));
        }
    }
}

impl Fact {
    /// The rollout it is about.
    pub fn rollout(&self) -> Option<&str> {
        match self {
            Self::Rollout(rollout, _)
            | Self::Attempt(rollout, ..)
            | Self::AttemptStatus(rollout, ..)
            | Self::RolloutStatus(rollout, ..)
            | Self::Note(rollout, ..)
            | Self::Span(rollout, ..)
            | Self::Number(rollout, _) => Some(rollout),
            Self::Resources(..) => None,
        }
    }
}
