//! The spans of one attempt, in memory: appended in any order, kept as their text and a few numbers each.

use std::cmp::Ordering;

use indexmap::IndexSet;
use serde::Serialize;

use super::attributes::{Attributes, member, number_of};
use super::chains::Chains;
use super::facts::{Facts, string_member};
use super::json::BOUNDS;
use super::kind::Kind;
use super::sort::sort;
use super::tree::Place;
use crate::lax::{JsonError, Kind as JsonKind, Node, Tape};
use crate::wire::Span;

/// The most reasons that are kept for spans that were not taken.
const MAX_REASONS: usize = 20;

/// By what spans are ordered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Order {
    /// By their start. Clocks of different machines may differ.
    #[default]
    Time,
    /// By their sequence number, which one store gave to all of them.
    Sequence,
}

/// What became of spans that were appended.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Appended {
    /// New spans.
    pub added: usize,
    /// Spans that were here without their attributes, and have them now.
    pub completed: usize,
    /// Spans that were here already. The first one stays.
    pub duplicates: usize,
    /// Values that are no spans.
    pub refused: usize,
    /// Why they are none; the first 20.
    pub reasons: Vec<String>,
}

/// What a light span need not say, since the one before it in the list did.
#[derive(Debug, Default)]
struct Before {
    trace_id: Option<u32>,
    sequence_id: Option<i64>,
}

/// Marks that there is no span.
pub(super) const NONE: u32 = u32::MAX;

/// A growing set of spans of one attempt.
///
/// Spans are known by their place, counted from 0 in the order they arrived; it never changes. Everything that is shown
/// depends on the spans alone, not on the order in which they came, as long as spans of one id are the same.
#[derive(Debug, Default)]
pub struct Trace {
    spans: Vec<TraceSpan>,
    /// Every id, name and label once.
    words: IndexSet<Box<str>>,
    /// By word: the span of this id.
    span_of: Vec<u32>,
    /// Spans by their parents.
    by_parent: Chains,
    /// Spans by the answers that they observed.
    by_response: Chains,
    duplicates: usize,
    /// Duplicates that differ from the span that was kept.
    conflicts: usize,
    /// Goes up with every change.
    revision: u64,
}

/// One span, as far as its text need not be looked at. The numbers of words lead to [`Trace::word`].
#[derive(Debug)]
pub struct TraceSpan {
    pub(super) id: u32,
    pub(super) parent: Option<u32>,
    pub(super) trace_id: u32,
    pub(super) name: u32,
    pub(super) label: u32,
    pub(super) operation: Option<u32>,
    pub(super) response: Option<u32>,
    pub(super) links: bool,
    /// It came without attributes, as lists for an overview do.
    light: bool,
    /// Its place in the order of the rollout.
    pub sequence_id: i64,
    /// Seconds since 1970.
    pub start: Option<f64>,
    /// Seconds since 1970. `None`: it has not ended.
    pub end: Option<f64>,
    /// What it is.
    pub kind: Kind,
    /// It failed, or is or holds an exception.
    pub error: bool,
    /// Tokens of the prompt.
    pub input_tokens: Option<u64>,
    /// Tokens of the answer.
    pub output_tokens: Option<u64>,
    /// The primary reward.
    pub reward: Option<f64>,
    text: Box<str>,
}

impl TraceSpan {
    /// The span as the server sent it.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Tokens of prompt and answer together.
    pub fn tokens(&self) -> u64 {
        self.input_tokens.unwrap_or(0).saturating_add(self.output_tokens.unwrap_or(0))
    }

    /// Seconds from start to end; not negative. `None` if one of them is not known.
    pub fn duration(&self) -> Option<f64> {
        Some((self.end? - self.start?).max(0.0))
    }
}

/// A span's text taken apart; see [`SpanText::span`].
#[derive(Debug)]
pub struct SpanText<'t>(Tape<'t>);

impl SpanText<'_> {
    /// The span as a JSON object.
    pub fn span(&self) -> Node<'_> {
        self.0.root()
    }

    /// Its attributes.
    pub fn attributes(&self) -> Attributes<'_> {
        Attributes::of_span(self.0.root())
    }
}

impl Trace {
    /// Of no spans.
    pub fn new() -> Self {
        Self::default()
    }

    /// The spans by their places.
    pub fn spans(&self) -> &[TraceSpan] {
        &self.spans
    }

    /// How many spans there are.
    pub fn len(&self) -> usize {
        self.spans.len()
    }

    /// Whether there is none yet.
    pub fn is_empty(&self) -> bool {
        self.spans.is_empty()
    }

    /// Goes up whenever something was added.
    pub fn revision(&self) -> u64 {
        self.revision
    }

    /// How many spans came again, and how many of those differed from the one that was kept.
    pub fn duplicates(&self) -> (usize, usize) {
        (self.duplicates, self.conflicts)
    }

    /// The span of an id.
    pub fn find(&self, span_id: &str) -> Option<usize> {
        self.span_of_word(index(self.words.get_index_of(span_id)?)).map(place)
    }

    /// Appends a span.
    pub fn append(&mut self, span: &Span) -> Appended {
        match serde_json::to_string(span) {
            Ok(text) => self.append_json(&text),
            Err(error) => Appended::refused(error.to_string()),
        }
    }

    /// Appends the span, list of spans, or page (`{"items":[…]}`) that `text` holds. What is no span is left out and
    /// reported; it never keeps the others out.
    pub fn append_json(&mut self, text: &str) -> Appended {
        let tape = match Tape::parse(text, BOUNDS) {
            Ok(tape) => tape,
            Err(JsonError::Syntax { offset, message }) => {
                return Appended::refused(format!("no JSON: {message} at character {offset}"));
            }
            Err(_) => return Appended::refused("more values than are taken, or nested too deep".to_owned()),
        };
        let root = tape.root();
        let mut outcome = Appended::default();
        let list = if root.kind() == JsonKind::Array { Some(root) } else { member(root, "items") };
        let mut before = Before::default();
        match list {
            Some(list) => list.items().for_each(|span| self.add(span, &mut before, &mut outcome)),
            None => self.add(root, &mut before, &mut outcome),
        }
        if outcome.completed > 0 {
            self.chain_anew();
        }
        if outcome.added + outcome.completed + outcome.duplicates > 0 {
            self.revision += 1;
        }
        outcome
    }

    /// Adds a span.
    fn add(&mut self, node: Node<'_>, before: &mut Before, outcome: &mut Appended) {
        let Some(span_id) = string_member(node, "span_id") else {
            outcome.refuse(format!("no span_id: {}", node.source().chars().take(80).collect::<String>()));
            return;
        };
        let id = self.intern(&span_id);
        let light = member(node, "attributes").is_none_or(|attributes| attributes.is_null());
        let own = string_member(node, "trace_id").map(|trace_id| self.intern(&trace_id));
        before.trace_id = own.or(before.trace_id.filter(|_| light));
        let trace_id = before.trace_id.unwrap_or_else(|| self.intern(""));
        let own = member(node, "sequence_id").and_then(|node| node.source().parse().ok());
        let next = before.sequence_id.filter(|_| light).and_then(|number| number.checked_add(1));
        before.sequence_id = own.or(next);
        let ids = (id, trace_id, before.sequence_id.unwrap_or(0));
        if let Some(known) = self.span_of_word(id) {
            let span = &self.spans[place(known)];
            if span.light && !light {
                outcome.completed += 1;
                self.spans[place(known)] = self.read(ids, node, false);
            } else {
                outcome.duplicates += 1;
                self.duplicates += 1;
                self.conflicts += usize::from(!light && *span.text != *node.source());
            }
            return;
        }
        let span = self.read(ids, node, light);
        self.span_of[place(id)] = index(self.spans.len());
        self.by_parent.push(span.parent);
        self.by_response.push(span.response);
        self.spans.push(span);
        outcome.added += 1;
    }

    /// After spans have changed, which may have other parents and answers now.
    fn chain_anew(&mut self) {
        self.by_parent = Chains::default();
        self.by_response = Chains::default();
        for span in &self.spans {
            self.by_parent.push(span.parent);
            self.by_response.push(span.response);
        }
    }

    /// The spans whose parent has this id, the last one first.
    pub(super) fn with_parent(&self, word: u32) -> impl Iterator<Item = usize> + use<'_> {
        self.by_parent.of(word)
    }

    /// The spans that observed the answer of this id, the last one first.
    pub(super) fn with_response(&self, id: &str) -> impl Iterator<Item = usize> + use<'_> {
        let word = self.words.get_index_of(id).map(index);
        word.into_iter().flat_map(|word| self.by_response.of(word))
    }

    fn read(
        &mut self,
        (id, trace_id, sequence_id): (u32, u32, i64),
        node: Node<'_>,
        light: bool,
    ) -> TraceSpan {
        let name = string_member(node, "name").unwrap_or_default();
        let said = if light { Facts::of_light(&name, node) } else { None };
        let facts = said.unwrap_or_else(|| Facts::of(&name, node, &Attributes::of_span(node)));
        let time = |key: &str| member(node, key).and_then(number_of);
        let mut words = |text: Option<&str>| text.map(|text| self.intern(text));
        TraceSpan {
            id,
            parent: words(string_member(node, "parent_id").filter(|parent| !parent.is_empty()).as_deref()),
            trace_id,
            name: words(Some(&name)).unwrap_or(0),
            label: words(Some(&facts.label)).unwrap_or(0),
            operation: words(facts.operation.as_deref()),
            response: words(facts.response_id.as_deref()),
            links: facts.links,
            light,
            sequence_id,
            start: time("start_time"),
            end: time("end_time"),
            kind: facts.kind,
            error: facts.error,
            input_tokens: facts.input_tokens,
            output_tokens: facts.output_tokens,
            reward: facts.reward,
            text: node.source().into(),
        }
    }

    fn intern(&mut self, text: &str) -> u32 {
        if let Some(known) = self.words.get_index_of(text) {
            return index(known);
        }
        self.words.insert(text.into());
        self.span_of.push(NONE);
        index(self.words.len() - 1)
    }

    /// An id, name or label by its number.
    pub(super) fn word(&self, word: u32) -> &str {
        self.words.get_index(place(word)).map_or("", |word| word)
    }

    /// How many words there are.
    pub(super) fn word_count(&self) -> usize {
        self.words.len()
    }

    /// Where the span of an id stands, or would stand if it is known as a parent only.
    pub(super) fn find_place(&self, id: &str) -> Option<Place> {
        let word = index(self.words.get_index_of(id)?);
        let missing = || self.with_parent(word).next().map(|_| Place::Missing(word));
        self.span_of_word(word).map(Place::Span).or_else(missing)
    }

    /// The span whose id is this word.
    pub(super) fn span_of_word(&self, word: u32) -> Option<u32> {
        self.span_of.get(place(word)).copied().filter(|span| *span != NONE)
    }

    /// The id of a span.
    pub fn span_id(&self, span: usize) -> &str {
        self.word(self.spans[span].id)
    }

    /// The id of its parent, received or not.
    pub fn parent_id(&self, span: usize) -> Option<&str> {
        self.spans[span].parent.map(|parent| self.word(parent))
    }

    /// The trace that a span is part of.
    pub fn trace_id(&self, span: usize) -> &str {
        self.word(self.spans[span].trace_id)
    }

    /// Its name as sent.
    pub fn name(&self, span: usize) -> &str {
        self.word(self.spans[span].name)
    }

    /// What a row shows: the model, the tool, the text of a message; else the name.
    pub fn label(&self, span: usize) -> &str {
        self.word(self.spans[span].label)
    }

    /// The operation, agent or tool that the name does not say.
    pub fn operation(&self, span: usize) -> Option<&str> {
        self.spans[span].operation.map(|operation| self.word(operation))
    }

    /// The id of the model's answer.
    pub fn response_id(&self, span: usize) -> Option<&str> {
        self.spans[span].response.map(|response| self.word(response))
    }

    /// Whether a span came without its attributes, and has none yet.
    ///
    /// # Panics
    /// If there is no such span.
    pub fn is_light(&self, span: usize) -> bool {
        self.spans[span].light
    }

    /// The text of a span, taken apart.
    ///
    /// # Panics
    /// If there is no such span.
    pub fn read_span(&self, span: usize) -> SpanText<'_> {
        SpanText(Tape::parse(&self.spans[span].text, BOUNDS).expect("the text was parsed when it came"))
    }

    /// Which of two spans comes first. Only one span compares equal: itself.
    pub fn compare(&self, order: Order, a: usize, b: usize) -> Ordering {
        let (first, second) = (&self.spans[a], &self.spans[b]);
        let time = || {
            // Without a time last.
            let key = |span: &TraceSpan| span.start.unwrap_or(f64::INFINITY);
            key(first).total_cmp(&key(second))
        };
        let sequence = || first.sequence_id.cmp(&second.sequence_id);
        let ordering = match order {
            Order::Time => time().then_with(sequence),
            Order::Sequence => sequence().then_with(time),
        };
        ordering.then_with(|| self.word(first.id).cmp(self.word(second.id)))
    }

    /// The places of all spans in order.
    pub fn ordered(&self, order: Order) -> Vec<u32> {
        let mut places: Vec<u32> = (0..index(self.spans.len())).collect();
        // Spans that arrive in order are a run already, which the sort takes as it is.
        sort(&mut places, &|a, b| self.compare(order, place(a), place(b)));
        places
    }

    /// From the first start to the last end, in seconds since 1970. `None` if no span has a time.
    pub fn extent(&self) -> Option<(f64, f64)> {
        let start = self.spans.iter().filter_map(|span| span.start).min_by(f64::total_cmp)?;
        let end = self.spans.iter().filter_map(|span| span.end.or(span.start)).max_by(f64::total_cmp)?;
        Some((start, end.max(start)))
    }
}

impl Appended {
    fn refused(reason: String) -> Self {
        Self { refused: 1, reasons: vec![reason], ..Self::default() }
    }

    fn refuse(&mut self, reason: String) {
        self.refused += 1;
        if self.reasons.len() < MAX_REASONS {
            self.reasons.push(reason);
        }
    }
}

/// A place as it is kept. There are never so many spans: their text would not fit into memory.
pub(super) fn index(place: usize) -> u32 {
    u32::try_from(place).unwrap_or(NONE)
}

pub(super) fn place(index: u32) -> usize {
    index as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_come_alone_in_lists_and_in_pages() {
        let mut trace = Trace::new();
        assert_eq!(trace.append_json(r#"{"span_id":"a","name":"x"}"#).added, 1);
        assert_eq!(trace.append_json(r#"[{"span_id":"b"},{"span_id":"c"}]"#).added, 2);
        assert_eq!(trace.append_json(r#"{"items":[{"span_id":"d"}],"total":1}"#).added, 1);
        assert_eq!(trace.len(), 4);
        assert_eq!(trace.find("c"), Some(2));
        assert_eq!(trace.find("x"), None);
    }

    #[test]
    fn what_is_no_span_is_reported_and_keeps_nothing_out() {
        let mut trace = Trace::new();
        let outcome = trace
            .append_json(r#"[5,{"span_id":7},{"span_id":"a","sequence_id":"x","start_time":[],"events":1}]"#);
        assert_eq!((outcome.added, outcome.refused, outcome.reasons.len()), (1, 2, 2));
        assert_eq!(trace.append_json("{").refused, 1);
        assert_eq!(trace.spans()[0].start, None);
    }

    #[test]
    fn the_first_of_equal_ids_stays_unless_it_came_without_attributes() {
        let mut trace = Trace::new();
        trace.append_json(r#"{"span_id":"a","name":"light"}"#);
        let before = trace.revision();
        assert_eq!(trace.append_json(r#"{"span_id":"a","name":"full","attributes":{}}"#).completed, 1);
        assert_eq!(trace.append_json(r#"{"span_id":"a","name":"other","attributes":{}}"#).duplicates, 1);
        assert_eq!(trace.append_json(r#"{"span_id":"a","name":"light"}"#).duplicates, 1);
        assert_eq!(trace.name(0), "full");
        trace.append_json(r#"[{"span_id":"b"},{"span_id":"b","parent_id":"a","attributes":{}}]"#);
        assert_eq!(trace.children_of(0), [1]);
        assert_eq!(trace.duplicates(), (2, 1));
        assert!(trace.revision() > before);
    }

    #[test]
    fn a_whole_span_completes_a_light_one() {
        let mut trace = Trace::new();
        trace.append_json(
            r#"{"items":[{"span_id":"a","trace_id":"t","name":"x","kind":"llm","label":"m","input_tokens":7,"sequence_id":4},
                {"span_id":"b","parent_id":"a","name":"y","kind":"tool","error":true}],"total":2,"after":9,"more":false}"#,
        );
        let shown =
            |trace: &Trace| (trace.spans()[1].kind, trace.spans()[1].error, trace.label(1).to_owned());
        assert_eq!(shown(&trace), (Kind::Tool, true, "y".to_owned()));
        let numbers = |trace: &Trace| [0, 1].map(|place| trace.spans()[place].sequence_id);
        assert_eq!((trace.trace_id(1), trace.label(0), numbers(&trace)), ("t", "m", [4, 5]));
        let whole = r#"{"span_id":"b","parent_id":"a","trace_id":"t","sequence_id":6,"name":"y",
            "attributes":{"tool.name":"z","gen_ai.response.id":"r"}}"#;
        assert_eq!(trace.append_json(whole).completed, 1);
        assert_eq!((shown(&trace), numbers(&trace)), ((Kind::Tool, false, "z".to_owned()), [4, 6]));
        assert_eq!(trace.with_response("r").next(), Some(1));
        assert!(trace.is_light(0) && !trace.is_light(1));
        // What comes light again changes nothing, but still says whose trace the next one is part of.
        let again = r#"[{"span_id":"b","trace_id":"u","name":"y","kind":"other"},{"span_id":"c","name":"n","kind":"http"}]"#;
        assert_eq!(trace.append_json(again).duplicates, 1);
        assert_eq!((shown(&trace).0, trace.trace_id(2), trace.duplicates().1), (Kind::Tool, "u", 0));
    }

    #[test]
    fn the_text_of_a_span_is_kept_as_it_came() {
        let mut trace = Trace::new();
        let span = r#"{"span_id":"a", "attributes":{"n":9007199254740993,"x":NaN}}"#;
        trace.append_json(&format!("[{span}]"));
        assert_eq!(trace.spans()[0].text(), span);
        let text = trace.read_span(0);
        assert_eq!(text.attributes().get("n").unwrap().source(), "9007199254740993");
    }

    #[test]
    fn a_span_of_the_wire_is_taken() {
        let text = r#"{"rollout_id":"r","attempt_id":"t","sequence_id":3,"trace_id":"tr","span_id":"s","parent_id":"p",
            "name":"n","status":{"status_code":"OK"},"attributes":{"tool.name":"t"},"events":[],"links":[],
            "start_time":1.5,"end_time":2.0,"context":null,"parent":null,"resource":{"attributes":{},"schema_url":""}}"#;
        let mut trace = Trace::new();
        assert_eq!(trace.append(&serde_json::from_str(text).unwrap()).added, 1);
        let span = &trace.spans()[0];
        assert_eq!((span.sequence_id, span.duration(), span.kind), (3, Some(0.5), Kind::Tool));
        assert_eq!((trace.trace_id(0), trace.parent_id(0), trace.label(0)), ("tr", Some("p"), "t"));
        assert_eq!(trace.extent(), Some((1.5, 2.0)));
    }
}
