//! A trace and how it is looked at.

use lightning_store_client::trace::filter::{Filter, Kinds, kind_counts};
use lightning_store_client::trace::layout::Layout;
use lightning_store_client::trace::navigate::Stop;
use lightning_store_client::trace::store::Order;
use lightning_store_client::trace::text::{self, ToText};
use lightning_store_client::trace::triplets::{RewardMatch, TripletOptions};
use lightning_store_client::trace::{
    self, Comparison, Conversation, FinalReward, Kind, Minimap, Shape, SpanMessages, Trace, Training,
};
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

/// `Waterfall` of `npm/traces.js`.
#[wasm_bindgen(skip_typescript)]
pub struct Waterfall {
    inner: trace::Waterfall,
    /// Kept, because its columns are read after it was made.
    minimap: Minimap,
}

impl Waterfall {
    fn of_span(&self, span_id: &str, tell: impl FnOnce(&Trace, usize) -> String) -> Option<String> {
        let trace = self.inner.trace();
        trace.find(span_id).map(|span| tell(trace, span))
    }
}

#[wasm_bindgen]
impl Waterfall {
    #[wasm_bindgen(constructor)]
    pub fn new() -> Self {
        Self { inner: trace::Waterfall::new(), minimap: Minimap::default() }
    }

    /// The memory of the module, for looking at columns.
    pub fn memory() -> JsValue {
        wasm_bindgen::memory()
    }

    /// Two attempts side by side.
    pub fn compare(a: &Waterfall, b: &Waterfall, by_sequence: bool) -> String {
        text::text(&Comparison::of(a.inner.trace(), b.inner.trace(), order(by_sequence)))
    }

    pub fn append(&mut self, text: &str) -> String {
        text::text(&self.inner.append_json(text))
    }

    /// Rows, spans, spans in focus, those that fit, the first start and the last end (NaN: no times).
    pub fn state(&mut self) -> Vec<f64> {
        let (start, end) = self.inner.trace().extent().unwrap_or((f64::NAN, f64::NAN));
        let spans = self.inner.trace().len();
        let layout = self.inner.layout();
        let rows = layout.len();
        vec![double(rows), double(spans), f64::from(layout.total), f64::from(layout.matched), start, end]
    }

    pub fn rows(&mut self, first: u32, count: u32) -> String {
        let first = first as usize;
        self.inner.rows_text(first..first.saturating_add(count as usize))
    }

    /// The addresses of the columns of a layout, in the order of `npm/traces.js`.
    pub fn columns(&mut self) -> Vec<u32> {
        let Layout {
            start,
            duration,
            self_time,
            depth,
            parent,
            kind,
            flags,
            children,
            spans,
            errors,
            tokens,
            position,
            siblings,
            folded,
            ..
        } = self.inner.layout();
        vec![
            address(start),
            address(duration),
            address(self_time),
            address(depth),
            address(parent),
            address(kind),
            address(flags),
            address(children),
            address(spans),
            address(errors),
            address(tokens),
            address(position),
            address(siblings),
            address(folded),
        ]
    }

    #[wasm_bindgen(js_name = rowOf)]
    pub fn row_of(&mut self, span_id: &str) -> i32 {
        number(self.inner.row_of(span_id))
    }

    #[wasm_bindgen(js_name = rowOfKey)]
    pub fn row_of_key(&mut self, key: &str) -> i32 {
        number(self.inner.row_of_key(key))
    }

    pub fn reveal(&mut self, span_id: &str) -> i32 {
        number(self.inner.reveal(span_id))
    }

    /// `what`: 0 errors, 1 rewards, 2 what fits the filter.
    pub fn next(&mut self, what: u32, from: i32, backwards: bool) -> i32 {
        let stop = match what {
            0 => Stop::Error,
            1 => Stop::Reward,
            _ => Stop::Match,
        };
        number(self.inner.next(stop, usize::try_from(from).ok(), backwards))
    }

    #[wasm_bindgen(js_name = setOpen)]
    pub fn set_open(&mut self, key: &str, open: bool) -> bool {
        self.inner.set_open(key, open)
    }

    pub fn toggle(&mut self, row: u32) -> bool {
        self.inner.toggle(row as usize)
    }

    #[wasm_bindgen(js_name = openLevels)]
    pub fn open_levels(&mut self, levels: Option<u32>) {
        self.inner.open_levels(levels);
    }

    #[wasm_bindgen(js_name = setFold)]
    pub fn set_fold(&mut self, fold: bool) {
        self.inner.set_fold(fold);
    }

    /// `kinds`: their codes as bits.
    #[wasm_bindgen(js_name = setFilter)]
    pub fn set_filter(
        &mut self,
        text: String,
        everywhere: bool,
        kinds: u32,
        errors_only: bool,
        min_duration: Option<f64>,
    ) {
        let kinds = Kinds::from_bits(kinds);
        self.inner.set_filter(Filter { text, everywhere, kinds, errors_only, min_duration });
    }

    #[wasm_bindgen(js_name = setFocus)]
    pub fn set_focus(&mut self, key: Option<String>) -> bool {
        match key {
            Some(key) => self.inner.set_focus(Some(&key)),
            None => self.inner.set_focus(None),
        }
    }

    #[wasm_bindgen(js_name = setOrder)]
    pub fn set_order(&mut self, by_sequence: bool) {
        self.inner.set_order(order(by_sequence));
    }

    #[wasm_bindgen(js_name = setRepair)]
    pub fn set_repair(&mut self, repair: bool) {
        self.inner.set_repair_hierarchy(repair);
    }

    pub fn breadcrumbs(&mut self) -> String {
        self.inner.breadcrumbs_text()
    }

    pub fn repairs(&mut self) -> String {
        let mut out = String::new();
        let mut repairs = self.inner.repairs().iter().map(|repair| repair as &dyn ToText);
        text::push_list(&mut out, &mut repairs);
        out
    }

    #[wasm_bindgen(js_name = kindCounts)]
    pub fn kind_counts(&self) -> String {
        let counts = kind_counts(self.inner.trace());
        let names: Vec<&str> = counts.iter().map(|(kind, _)| kind.as_str()).collect();
        let values: Vec<&dyn ToText> = counts.iter().map(|(_, count)| count as &dyn ToText).collect();
        let mut out = String::new();
        text::push_object(&mut out, &names.join(" "), &values);
        out
    }

    /// The edges, and the addresses of the columns. NaN: the whole trace.
    pub fn minimap(&mut self, columns: u32, start: f64, end: f64) -> Vec<f64> {
        let range = (start.is_finite() && end.is_finite()).then_some((start, end));
        self.minimap = self.inner.minimap(columns as usize, range);
        let map = &self.minimap;
        let columns =
            [address(&map.busy), address(&map.shallowest), address(&map.deepest), address(&map.errors)];
        let mut out = vec![map.start, map.end, double(map.busy.len())];
        out.extend(columns.into_iter().map(f64::from));
        out
    }

    /// The rewards of the last minimap: column, value, id of the span.
    #[wasm_bindgen(js_name = minimapRewards)]
    pub fn minimap_rewards(&self) -> String {
        let trace = self.inner.trace();
        let marks = self.minimap.rewards.iter();
        let marks: Vec<_> =
            marks.map(|mark| ((mark.column, mark.value), trace.span_id(mark.span as usize))).collect();
        text::text(&marks)
    }

    #[wasm_bindgen(js_name = needsBody)]
    pub fn needs_body(&self, span_id: &str) -> bool {
        let trace = self.inner.trace();
        trace.find(span_id).is_some_and(|span| trace.is_light(span))
    }

    #[wasm_bindgen(js_name = withoutBody)]
    pub fn without_body(&self, kinds: u32) -> String {
        let wanted = Kinds::from_bits(kinds);
        let kinds: Vec<Kind> = Kind::ALL.iter().copied().filter(|kind| wanted.has(*kind)).collect();
        text::text(&self.inner.without_body(self.inner.order(), &kinds))
    }

    pub fn summary(&mut self, span_id: &str) -> Option<String> {
        self.inner.summary(span_id).map(|summary| text::text(&summary))
    }

    pub fn messages(&self, span_id: &str) -> Option<String> {
        self.of_span(span_id, |trace, span| text::text(&SpanMessages::of_span(trace, span)))
    }

    pub fn attributes(&self, span_id: &str, nested: bool, reveal: bool) -> Option<String> {
        let shape = if nested { Shape::Nested } else { Shape::Flat };
        self.of_span(span_id, |trace, span| trace.attributes_json(span, shape, reveal))
    }

    pub fn events(&self, span_id: &str, reveal: bool) -> Option<String> {
        self.of_span(span_id, |trace, span| trace.events_text(span, reveal))
    }

    pub fn raw(&self, span_id: &str, reveal: bool) -> Option<String> {
        self.of_span(span_id, |trace, span| trace.raw_json(span, reveal))
    }

    pub fn conversation(&self) -> String {
        text::text(&Conversation::of(self.inner.trace(), self.inner.order()))
    }

    /// `rules`: bits, in the order of `npm/traces.js`.
    pub fn training(&self, rules: u32, call_name: String, agent: Option<String>) -> String {
        let is_set = |bit: u32| rules & bit != 0;
        let options = TripletOptions {
            reward_match: if is_set(1) { RewardMatch::FirstSibling } else { RewardMatch::FirstOccurrence },
            repair_hierarchy: is_set(2),
            exclude_in_reward: is_set(4),
            skip_without_tokens: is_set(8),
            call_name,
            agent,
        };
        text::text(&Training::of(self.inner.trace(), &options))
    }

    #[wasm_bindgen(js_name = finalReward)]
    pub fn final_reward(&self) -> String {
        text::text(&FinalReward::of(self.inner.trace()))
    }
}

fn order(by_sequence: bool) -> Order {
    if by_sequence { Order::Sequence } else { Order::Time }
}

/// The number of a row or node; -1 stands for none.
pub(super) fn number(found: Option<usize>) -> i32 {
    found.and_then(|number| i32::try_from(number).ok()).unwrap_or(-1)
}

#[expect(clippy::cast_precision_loss, reason = "memory has fewer bytes than doubles have whole numbers")]
fn double(count: usize) -> f64 {
    count as f64
}

/// Where a column lies. It stays there until the next call.
#[expect(clippy::cast_possible_truncation, reason = "addresses have 32 bits here")]
fn address<T>(column: &[T]) -> u32 {
    column.as_ptr().addr() as u32
}
