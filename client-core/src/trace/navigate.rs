//! Finding one's way in a [`Waterfall`]: from spans to rows, from one error to the next, and the texts that a viewer in
//! another language asks for.

use std::ops::Range;

use super::kind::Kind;
use super::layout::flag;
use super::row::{find_place, place_label};
use super::store::{Order, Trace, place};
use super::summary::Summary;
use super::text::{ToText, push_object};
use super::tree::Place;
use super::waterfall::Waterfall;

/// What [`Waterfall::next`] looks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stop {
    /// A span that is an error.
    Error,
    /// A span with a reward.
    Reward,
    /// A span that fits the filter.
    Match,
}

impl Waterfall {
    /// The row of a span. `None`: it has none now.
    pub fn row_of(&mut self, span_id: &str) -> Option<usize> {
        let span = self.trace().find(span_id)?;
        let node = self.tree().node_of(span);
        self.row_of_node(node, false)
    }

    /// The row of a key ([`super::row::place_key`]). `None`: it has none now.
    pub fn row_of_key(&mut self, key: &str) -> Option<usize> {
        let place = find_place(self.trace(), key)?;
        let node = self.tree().find(place)?;
        self.row_of_node(node, key.starts_with("fold:"))
    }

    fn row_of_node(&mut self, node: u32, is_fold: bool) -> Option<usize> {
        let layout = self.layout();
        // A fold has the node of its first sibling.
        (0..layout.len()).find(|row| layout.node[*row] == node && (layout.folded[*row] > 0) == is_fold)
    }

    /// Opens a row that is closed, and closes one that is open. Returns whether there is something below it.
    pub fn toggle(&mut self, row: usize) -> bool {
        let Some(flags) = self.layout().flags.get(row).copied() else { return false };
        let Some(key) = self.row(row).map(|row| row.key) else { return false };
        flags & flag::HAS_CHILDREN != 0 && self.set_open(&key, flags & flag::OPEN == 0)
    }

    /// The next span after row `from` that is looked for, or the last one before it; `None` begins at the first or the last
    /// span. Goes on at the other end, keeps within focus and filter, and opens what the span lies in. Returns its row.
    pub fn next(&mut self, stop: Stop, from: Option<usize>, backwards: bool) -> Option<usize> {
        let fits = self.filter().matches(self.trace());
        let within = self.nodes_in_focus();
        let from = from.and_then(|row| {
            let layout = self.layout();
            Some((place(*layout.node.get(row)?), layout.folded[row] > 0))
        });
        let found = {
            let tree = self.tree.as_ref()?;
            let spans = self.trace().spans();
            let wanted = |node: &usize| {
                let Place::Span(span) = tree.nodes[*node].place else { return false };
                let span = place(span);
                fits[span]
                    && match stop {
                        Stop::Error => spans[span].error,
                        Stop::Reward => spans[span].reward.is_some(),
                        Stop::Match => true,
                    }
            };
            let Range { start, end } = within;
            let node = if backwards {
                let at = from.map_or(end, |(node, _)| node.clamp(start, end));
                (start..at).rev().find(wanted).or_else(|| (at..end).rev().find(wanted))
            } else {
                // The first one in a fold is not shown yet.
                let at = from.map_or(start, |(node, is_fold)| node + usize::from(!is_fold)).clamp(start, end);
                (at..end).find(wanted).or_else(|| (start..at).find(wanted))
            };
            match tree.nodes[node?].place {
                Place::Span(span) => self.trace().span_id(place(span)).to_owned(),
                _ => return None,
            }
        };
        self.reveal(&found)
    }

    /// The spans (of these kinds; all, if there are none) whose attributes are not here, in order.
    pub fn without_body(&self, order: Order, kinds: &[Kind]) -> Vec<&str> {
        let trace = self.trace();
        let light = |span: &usize| {
            trace.is_light(*span) && (kinds.is_empty() || kinds.contains(&trace.spans()[*span].kind))
        };
        trace.ordered(order).into_iter().map(place).filter(light).map(|span| trace.span_id(span)).collect()
    }

    /// What is known of a span; `None` if it is not here.
    pub fn summary(&mut self, span_id: &str) -> Option<Summary> {
        let span = self.trace().find(span_id)?;
        let tree = self.tree();
        let self_time = tree.nodes[place(tree.node_of(span))].self_time;
        Some(Summary { self_time, ..Summary::of(self.trace(), span) })
    }

    /// Rows as a list of JSON: each has the members of a [`Row`](super::Row) and, of the columns of a
    /// [`Layout`](super::Layout), `row` (its number), `start`, `self_time`, `depth`, `parent`, `flags`, `children`, `spans`,
    /// `errors`, `tokens`, `position` and `siblings`.
    pub fn rows_text(&mut self, rows: Range<usize>) -> String {
        let rows = rows.start..rows.end.min(self.layout().len());
        let mut out = String::from("[");
        for number in rows {
            let Some(row) = self.row(number) else { break };
            if out.len() > 1 {
                out.push(',');
            }
            let known = |seconds: f64| Some(seconds).filter(|seconds| seconds.is_finite());
            let layout = self.layout();
            // The members of both in one object.
            row.write(&mut out);
            out.pop();
            let mut columns = String::new();
            push_object(
                &mut columns,
                "row start self_time depth parent flags children spans errors tokens position siblings",
                &[
                    &number,
                    &known(layout.start[number]),
                    &known(layout.self_time[number]),
                    &u64::from(layout.depth[number]),
                    &i64::from(layout.parent[number]),
                    &u64::from(layout.flags[number]),
                    &layout.children[number],
                    &layout.spans[number],
                    &layout.errors[number],
                    &layout.tokens[number],
                    &layout.position[number],
                    &layout.siblings[number],
                ],
            );
            out.push(',');
            out.push_str(&columns[1..]);
        }
        out.push(']');
        out
    }

    /// The places above the focus as a list of JSON, `{"key", "label"}`, the focus last.
    pub fn breadcrumbs_text(&mut self) -> String {
        struct Crumb(String, String);
        impl ToText for Crumb {
            fn write(&self, out: &mut String) {
                push_object(out, "key label", &[&self.0, &self.1]);
            }
        }
        let keys = self.breadcrumbs();
        let trace = self.trace();
        let label =
            |key: &str| find_place(trace, key).map(|place| place_label(trace, place)).unwrap_or_default();
        let crumbs: Vec<Crumb> = keys
            .into_iter()
            .map(|key| {
                let label = label(&key);
                Crumb(key, label)
            })
            .collect();
        super::text::text(&crumbs)
    }
}

impl Trace {
    /// The events of a span as a list of JSON: `name`, `timestamp` in seconds since 1970 or null, and `attributes`, an object
    /// as a string that holds its text.
    ///
    /// # Panics
    /// If there is no such span.
    pub fn events_text(&self, span: usize, reveal_secrets: bool) -> String {
        use super::attributes::{member, number_of, scalar_text};
        use super::json::Json;

        struct Event(String, Option<f64>, Json);
        impl ToText for Event {
            fn write(&self, out: &mut String) {
                push_object(out, "name timestamp attributes", &[&self.0, &self.1, &self.2]);
            }
        }
        let text = self.read_span(span);
        let events = member(text.span(), "events");
        let read = |event| {
            let attributes = member(event, "attributes").map(Json::of);
            let mut attributes =
                attributes.unwrap_or_else(|| Json::Object(crate::wire::JsonObject::default()));
            if !reveal_secrets {
                super::secrets::mask_json("", &mut attributes);
            }
            let name = member(event, "name").and_then(scalar_text).unwrap_or_default();
            Event(name, member(event, "timestamp").and_then(number_of), attributes)
        };
        let events: Vec<Event> = events.into_iter().flat_map(|events| events.items()).map(read).collect();
        super::text::text(&events)
    }
}
