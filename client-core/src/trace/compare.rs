//! Two attempts side by side: which spans they share, what differs in them, and what only one has.
//!
//! The trees are compared from the top: siblings that have the same kind, name and operation are paired in order, so
//! that as many as possible are (a longest common subsequence); then the children of every pair are.

use serde::Serialize;

use super::compare_lists::{Pair, align};
use super::kind::Kind;
use super::messages::SpanMessages;
use super::store::{Order, Trace, index, place};
use super::summary::SpanRef;
use super::text::text;
use super::tree::{Node, Place, Tree, TreeOptions};
use super::triplets::FinalReward;

/// What became of a span from attempt A to attempt B.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Difference {
    /// Both have it, and only their times differ.
    Same,
    /// Both have it, and something else differs too.
    Changed,
    /// Only B has it.
    Added,
    /// Only A has it.
    Removed,
}

/// What differs in a span that both have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// The model, the tool, the text: what the row shows.
    Label,
    /// One is an error, the other is not.
    Error,
    /// The primary reward.
    Reward,
    /// Tokens of prompt or answer.
    Tokens,
    /// What was said.
    Messages,
}

/// A line of the comparison.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ComparedRow {
    /// What became of it.
    pub difference: Difference,
    /// What differs.
    pub changes: Vec<Change>,
    /// How far it is indented.
    pub depth: u32,
    /// The span of A. Null: it has none.
    pub a: Option<SpanRef>,
    /// The span of B. Null: it has none.
    pub b: Option<SpanRef>,
    /// Seconds that B took more. Null: not known.
    pub duration_delta: Option<f64>,
    /// Tokens that B used more, all spans below counted.
    pub tokens_delta: i64,
    /// By how much B's reward is higher. Null: not both have one.
    pub reward_delta: Option<f64>,
}

/// The numbers of one attempt.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Totals {
    /// Spans.
    pub spans: u32,
    /// Spans that are errors.
    pub errors: u32,
    /// Calls of models.
    pub llm_calls: usize,
    /// Calls of tools.
    pub tool_calls: usize,
    /// Tokens of prompts and answers.
    pub tokens: u64,
    /// Seconds from the first start to the last end. Null: no times.
    pub duration: Option<f64>,
    /// The final reward. Null: there is none.
    pub reward: Option<f64>,
}

/// Two attempts compared.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Comparison {
    /// All spans of both, each below its parent.
    pub rows: Vec<ComparedRow>,
    /// The numbers of A.
    pub a: Totals,
    /// The numbers of B.
    pub b: Totals,
    /// The main differences in one sentence.
    pub sentence: String,
}

struct Side<'a> {
    trace: &'a Trace,
    tree: Tree,
}

impl Comparison {
    /// Compares two attempts.
    pub fn of(a: &Trace, b: &Trace, order: Order) -> Self {
        let side = |trace| Side { trace, tree: Tree::build(trace, TreeOptions::display(order, false)) };
        let (a, b) = (side(a), side(b));
        let (totals_a, totals_b) = (a.totals(), b.totals());
        Self { rows: rows(&a, &b), sentence: sentence(&totals_a, &totals_b), a: totals_a, b: totals_b }
    }
}

impl<'a> Side<'a> {
    fn node(&self, number: u32) -> &Node {
        &self.tree.nodes[place(number)]
    }

    /// The topmost nodes, without the virtual root that only one side may have.
    fn tops(&self) -> Vec<u32> {
        match self.tree.nodes.first().map(|node| node.place) {
            None => Vec::new(),
            Some(Place::Root) => self.tree.children(0).collect(),
            Some(_) => vec![0],
        }
    }

    /// By what nodes are recognised.
    fn look(&self, number: u32) -> (Kind, &'a str, &'a str) {
        match self.node(number).place {
            Place::Span(span) => {
                let span = place(span);
                let trace = self.trace;
                (trace.spans()[span].kind, trace.name(span), trace.operation(span).unwrap_or_default())
            }
            Place::Missing(_) => (Kind::Virtual, "missing", ""),
            Place::Root => (Kind::Virtual, "root", ""),
            Place::Untimed => (Kind::Virtual, "untimed", ""),
        }
    }

    fn span(&self, number: u32) -> Option<usize> {
        match self.node(number).place {
            Place::Span(span) => Some(place(span)),
            _ => None,
        }
    }

    fn totals(&self) -> Totals {
        let count = |kind: Kind| self.trace.spans().iter().filter(|span| span.kind == kind).count();
        let root = self.tree.nodes.first();
        Totals {
            spans: index(self.trace.len()),
            errors: root.map_or(0, |root| root.errors),
            llm_calls: count(Kind::Llm),
            tool_calls: count(Kind::Tool),
            tokens: root.map_or(0, |root| root.input_tokens.saturating_add(root.output_tokens)),
            duration: self.trace.extent().map(|(start, end)| end - start),
            reward: FinalReward::of(self.trace).map(|reward| reward.value),
        }
    }
}

/// The lines, each before those below it.
fn rows(a: &Side<'_>, b: &Side<'_>) -> Vec<ComparedRow> {
    let mut rows = Vec::new();
    let pairs =
        |of_a: &[u32], of_b: &[u32]| -> Vec<Pair> { align(of_a, of_b, |x, y| a.look(x) == b.look(y)) };
    let mut open: Vec<(Pair, u32)> = Vec::new();
    let push = |open: &mut Vec<(Pair, u32)>, pairs: Vec<Pair>, depth: u32| {
        open.extend(pairs.into_iter().rev().map(|pair| (pair, depth)));
    };
    push(&mut open, pairs(&a.tops(), &b.tops()), 0);
    while let Some((pair, depth)) = open.pop() {
        rows.push(row(a, b, pair, depth));
        let below = |side: &Side<'_>, node: Option<u32>| -> Vec<u32> {
            node.map(|node| side.tree.children(node).collect()).unwrap_or_default()
        };
        push(&mut open, pairs(&below(a, pair.0), &below(b, pair.1)), depth + 1);
    }
    rows
}

fn row(a: &Side<'_>, b: &Side<'_>, (of_a, of_b): Pair, depth: u32) -> ComparedRow {
    let span_a = of_a.and_then(|node| a.span(node));
    let span_b = of_b.and_then(|node| b.span(node));
    let changes = match (span_a, span_b) {
        (Some(span_a), Some(span_b)) => changes(a.trace, span_a, b.trace, span_b),
        _ => Vec::new(),
    };
    let difference = match (of_a, of_b) {
        (Some(_), None) => Difference::Removed,
        (None, Some(_)) => Difference::Added,
        _ if changes.is_empty() => Difference::Same,
        _ => Difference::Changed,
    };
    let duration = |side: &Side<'_>, node: Option<u32>| {
        let node = side.node(node?);
        Some((node.end? - node.start?).max(0.0))
    };
    let tokens = |side: &Side<'_>, node: Option<u32>| {
        node.map_or(0, |node| side.node(node).input_tokens.saturating_add(side.node(node).output_tokens))
    };
    let reward = |side: &Side<'_>, span: Option<usize>| side.trace.spans()[span?].reward;
    ComparedRow {
        difference,
        changes,
        depth,
        a: span_a.map(|span| SpanRef::of(a.trace, span)),
        b: span_b.map(|span| SpanRef::of(b.trace, span)),
        duration_delta: duration(b, of_b).zip(duration(a, of_a)).map(|(b, a)| b - a),
        tokens_delta: difference_of(tokens(b, of_b), tokens(a, of_a)),
        reward_delta: reward(b, span_b).zip(reward(a, span_a)).map(|(b, a)| b - a),
    }
}

fn changes(a: &Trace, of_a: usize, b: &Trace, of_b: usize) -> Vec<Change> {
    let (span_a, span_b) = (&a.spans()[of_a], &b.spans()[of_b]);
    let checks = [
        (Change::Label, a.label(of_a) != b.label(of_b)),
        (Change::Error, span_a.error != span_b.error),
        (Change::Reward, span_a.reward != span_b.reward),
        (
            Change::Tokens,
            (span_a.input_tokens, span_a.output_tokens) != (span_b.input_tokens, span_b.output_tokens),
        ),
        (Change::Messages, messages(a, of_a) != messages(b, of_b)),
    ];
    checks.into_iter().filter(|(_, differs)| *differs).map(|(change, _)| change).collect()
}

/// What was said, as text, which is compared without more code for it.
fn messages(trace: &Trace, span: usize) -> String {
    text(&SpanMessages::of_span(trace, span))
}

fn difference_of(b: u64, a: u64) -> i64 {
    let part = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
    part(b).saturating_sub(part(a))
}

/// `B made 2 more tool calls, used 310 more tokens, reward 0.2 → 0.9.`
fn sentence(a: &Totals, b: &Totals) -> String {
    let mut made = Vec::new();
    let count = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
    let counts = [
        ("made", "model call", count(a.llm_calls), count(b.llm_calls)),
        ("made", "tool call", count(a.tool_calls), count(b.tool_calls)),
        ("used", "token", a.tokens, b.tokens),
        ("had", "error", u64::from(a.errors), u64::from(b.errors)),
    ];
    let mut last_verb = "";
    for (verb, noun, before, after) in counts {
        if before == after {
            continue;
        }
        let by = before.abs_diff(after);
        let more = if after > before { "more" } else { "fewer" };
        let plural = if by == 1 { "" } else { "s" };
        let verb =
            if std::mem::replace(&mut last_verb, verb) == verb { String::new() } else { format!("{verb} ") };
        made.push(format!("{verb}{by} {more} {noun}{plural}"));
    }
    let shown = |reward: Option<f64>| reward.map_or_else(|| "none".to_owned(), |reward| text(&reward));
    if a.reward != b.reward {
        made.push(format!("reward {} → {}", shown(a.reward), shown(b.reward)));
    }
    match made.as_slice() {
        [] => "A and B made the same calls, with the same tokens and reward.".to_owned(),
        [only] if only.starts_with("reward") => format!("Only the rewards differ: {only}."),
        several => format!("B {}.", several.join(", ")),
    }
}
