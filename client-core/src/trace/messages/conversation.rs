//! A whole attempt as one conversation.
//!
//! Agents send the history again with every call. A turn keeps only what is new in it, and says of which turn it goes
//! on; several agents in one attempt are several threads of turns. A call that was observed twice, by the agent and by
//! the proxy, is one turn.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use serde::Serialize;

use super::super::kind::Kind;
use super::super::store::{Order, Trace, place};
use super::super::text::text;
use super::dialect::{Dialect, SpanMessages};
use super::message::{Message, Tool};

/// The calls of models in an attempt.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct Conversation {
    /// The turns in order.
    pub turns: Vec<Turn>,
    /// Rewards that belong to no turn: those that were given before the first one.
    pub other_rewards: Vec<TurnReward>,
}

/// One call of a model.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Turn {
    /// The span that the messages are from.
    pub span_id: String,
    /// All spans that observed this call, in order.
    pub observations: Vec<Observation>,
    /// The id of the answer. Null: it has none.
    pub response_id: Option<String>,
    /// The model, or the name of the span.
    pub label: String,
    /// It failed.
    pub error: bool,
    /// The turn, counted from 0, whose messages this one begins with. Null: it begins anew.
    pub follows: Option<usize>,
    /// How many messages of the prompt were there before; they are left out.
    pub shared: usize,
    /// What is new in the prompt.
    pub messages: Vec<Message>,
    /// The answer; several, if several were asked for.
    pub completion: Vec<Message>,
    /// The tools that were offered, if they are not those of the turn before.
    pub tools: Vec<Tool>,
    /// How many tools were offered.
    pub tool_count: usize,
    /// Tokens of the prompt. Null: not said.
    pub input_tokens: Option<u64>,
    /// Tokens of the answer. Null: not said.
    pub output_tokens: Option<u64>,
    /// Rewards of this turn.
    pub rewards: Vec<TurnReward>,
}

/// A span that observed a call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Observation {
    /// The span.
    pub span_id: String,
    /// Its name.
    pub name: String,
    /// How it wrote the messages down. Null: it has none.
    pub dialect: Option<Dialect>,
}

/// A reward beside a turn.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TurnReward {
    /// The span of the reward.
    pub span_id: String,
    /// The primary reward.
    pub value: f64,
    /// It says that it means this turn. False: this is the last turn before it.
    pub linked: bool,
}

impl Conversation {
    /// The conversation of all spans.
    pub fn of(trace: &Trace, order: Order) -> Self {
        let places: Vec<usize> = trace.ordered(order).into_iter().map(place).collect();
        let mut turn_of = vec![None; trace.len()];
        let mut threads = Threads::default();
        let mut conversation = Self::default();
        // As text, which is compared without more code for it.
        let mut tools = String::new();
        for group in calls(trace, &places) {
            let Some(mut turn) = Turn::of(trace, &group) else { continue };
            let number = conversation.turns.len();
            threads.add(number, &mut turn);
            let offered = text(&turn.tools);
            if offered == tools {
                turn.tools.clear();
            }
            tools = offered;
            for span in group {
                turn_of[span] = Some(number);
            }
            conversation.turns.push(turn);
        }
        conversation.add_rewards(trace, &places, &turn_of);
        conversation
    }

    fn add_rewards(&mut self, trace: &Trace, places: &[usize], turn_of: &[Option<usize>]) {
        let mut latest = None;
        for span in places {
            latest = latest.max(turn_of[*span]);
            let Some(value) = trace.spans()[*span].reward else { continue };
            let meant = trace.linked_from(*span).into_iter().find_map(|target| turn_of[target]);
            let reward =
                TurnReward { span_id: trace.span_id(*span).to_owned(), value, linked: meant.is_some() };
            match meant.or(latest) {
                Some(turn) => self.turns[turn].rewards.push(reward),
                None => self.other_rewards.push(reward),
            }
        }
    }
}

/// The spans of each call, in the order of their first ones. Spans of one answer are one call, and so is a call directly
/// within a call that names no answer of its own.
fn calls(trace: &Trace, places: &[usize]) -> Vec<Vec<usize>> {
    let spans = trace.spans();
    let is_call = |span: usize| spans[span].kind == Kind::Llm;
    // The answer by which a call is known: its own, or that of the call around it or within it.
    let mut answers: Vec<Option<u32>> =
        spans.iter().map(|span| span.response.filter(|_| span.kind == Kind::Llm)).collect();
    let calls = || places.iter().copied().filter(|span| is_call(*span));
    for span in calls() {
        if let Some(parent) = trace.parent_of(span).filter(|parent| is_call(*parent)) {
            answers[span] = answers[span].or(answers[parent]);
            answers[parent] = answers[parent].or(answers[span]);
        }
    }
    let mut groups: Vec<Vec<usize>> = Vec::new();
    let mut group_of_answer: Vec<Option<usize>> = vec![None; trace.word_count()];
    let mut group_of_span: Vec<Option<usize>> = vec![None; trace.len()];
    for span in calls() {
        let answer = answers[span].map(place);
        let known = match answer {
            Some(answer) => group_of_answer[answer],
            None => trace.parent_of(span).and_then(|parent| group_of_span[parent]),
        };
        let group = known.unwrap_or_else(|| {
            groups.push(Vec::new());
            groups.len() - 1
        });
        groups[group].push(span);
        group_of_span[span] = Some(group);
        if let Some(answer) = answer {
            group_of_answer[answer] = Some(group);
        }
    }
    groups
}

impl Turn {
    /// `None` if none of the spans says anything.
    fn of(trace: &Trace, group: &[usize]) -> Option<Self> {
        let spans = trace.spans();
        let mut said: Vec<(usize, SpanMessages)> =
            group.iter().map(|span| (*span, SpanMessages::of_span(trace, *span))).collect();
        let observations = said.iter().map(|(span, messages)| Observation {
            span_id: trace.span_id(*span).to_owned(),
            name: trace.name(*span).to_owned(),
            dialect: messages.dialect,
        });
        let observations = observations.collect();
        // The first that has all of it, else the first that has some; what it lacks comes from the others.
        let full = said.iter().position(|(_, said)| !said.prompt.is_empty() && !said.completion.is_empty());
        let some = || said.iter().position(|(_, said)| !said.is_empty());
        let (main, mut messages) = said.remove(full.or_else(some)?);
        for (_, other) in said {
            messages.complete_with(other);
        }
        let known = |of: fn(&super::super::store::TraceSpan) -> Option<u64>| {
            group.iter().find_map(|span| of(&spans[*span]))
        };
        Some(Self {
            span_id: trace.span_id(main).to_owned(),
            observations,
            response_id: group.iter().find_map(|span| trace.response_id(*span)).map(str::to_owned),
            label: trace.label(main).to_owned(),
            error: group.iter().any(|span| spans[*span].error),
            follows: None,
            shared: 0,
            messages: messages.prompt,
            completion: messages.completion,
            tool_count: messages.tools.len(),
            tools: messages.tools,
            input_tokens: known(|span| span.input_tokens),
            output_tokens: known(|span| span.output_tokens),
            rewards: Vec::new(),
        })
    }
}

/// What was said so far: by a hash of all messages up to one, the last turn that had them.
#[derive(Default)]
struct Threads {
    known: HashMap<u64, usize>,
}

impl Threads {
    /// Removes from a turn what was said before, and notes what it says.
    fn add(&mut self, number: usize, turn: &mut Turn) {
        let answer = turn.completion.first();
        let mut hash = 0;
        let hashes: Vec<u64> = turn
            .messages
            .iter()
            .chain(answer)
            .map(|message| {
                hash = next_hash(hash, message);
                hash
            })
            .collect();
        let prompt = turn.messages.len();
        let shared = (1..=prompt).rev().find_map(|count| Some((count, *self.known.get(&hashes[count - 1])?)));
        if let Some((count, follows)) = shared {
            turn.follows = Some(follows);
            turn.shared = count;
            turn.messages.drain(..count);
        }
        self.known.extend(hashes.into_iter().map(|hash| (hash, number)));
    }
}

/// The hash of a history and one message more. Names and reasons to stop are left out: they get lost on the way back.
fn next_hash(history: u64, message: &Message) -> u64 {
    let mut hasher = DefaultHasher::new();
    history.hash(&mut hasher);
    message.role.hash(&mut hasher);
    text(&message.parts).hash(&mut hasher);
    hasher.finish()
}
