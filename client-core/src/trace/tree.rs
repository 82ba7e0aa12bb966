//! The tree of an attempt, whatever is wrong with it.
//!
//! Parents may be missing or come later, roots may be many, and a faulty tracer may make spans each other's parents.
//! None of this is an error: missing parents and the root of several roots become virtual nodes, circles are opened at
//! their first span, and both are counted. Nothing here recurses, so a chain of 100,000 spans is a tree like any other.

use serde::Serialize;

use super::kind::Kind;
use super::store::{Order, Trace, index, place};

/// What stands at a node. It stays the same for the same thing when spans are added.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Place {
    /// The span at this place of the [`Trace`].
    Span(u32),
    /// A parent that was not received; its id is this word of the trace.
    Missing(u32),
    /// The root of several roots.
    Root,
    /// The group of spans without times.
    Untimed,
}

/// How a tree is built.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TreeOptions {
    /// The order of siblings.
    pub order: Order,
    /// Moves spans that float beside those they happened in below them; see [`super::repair`].
    pub repair_hierarchy: bool,
    /// Collects spans without a start in a group of their own. Off: they come after their siblings.
    pub group_untimed: bool,
    /// Puts missing parents behind all other roots, and moved spans behind their new siblings in the order in which
    /// they were moved, as the Python trainer does. Off: they stand where their time or number belongs.
    pub appended_last: bool,
}

impl TreeOptions {
    /// As a viewer shows it.
    pub fn display(order: Order, repair_hierarchy: bool) -> Self {
        Self { order, repair_hierarchy, group_untimed: order == Order::Time, appended_last: false }
    }

    /// As a trainer walks it.
    pub fn training(repair_hierarchy: bool) -> Self {
        Self { order: Order::Sequence, repair_hierarchy, group_untimed: false, appended_last: true }
    }
}

/// Something that was put right.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "reason", rename_all = "snake_case")]
pub enum Repair {
    /// Spans were each other's parents; this one, the first of them, is a root now.
    Circle {
        /// The span.
        span_id: String,
    },
    /// Different spans had one id; all but the first were left out.
    DuplicateIds {
        /// How many were left out.
        count: usize,
    },
    /// A span lies where it happened, not where its parent says.
    Moved {
        /// The span, or the parent that was not received.
        span_id: String,
    },
}

/// One node, with what lies below it.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// What stands here.
    pub place: Place,
    /// The node above, by its number in [`Tree::nodes`].
    pub parent: Option<u32>,
    /// Nodes above it.
    pub depth: u32,
    /// Nodes below it, and itself.
    pub size: u32,
    /// Nodes directly below it.
    pub children: u32,
    /// Seconds since 1970; of a virtual node, when the first below it begins.
    pub start: Option<f64>,
    /// Seconds since 1970; of a virtual node, when the last below it ends.
    pub end: Option<f64>,
    /// Seconds in which nothing directly below it was going on.
    pub self_time: Option<f64>,
    /// Spans below it, and itself.
    pub spans: u32,
    /// How many of these are errors.
    pub errors: u32,
    /// Their tokens of prompts. An answer that was observed twice is counted once.
    pub input_tokens: u64,
    /// Their tokens of answers.
    pub output_tokens: u64,
    /// It was put where it is by a repair.
    pub repaired: bool,
}

/// The nodes of a tree, each before those below it.
#[derive(Debug, Default)]
pub struct Tree {
    /// All nodes, depth first.
    pub nodes: Vec<Node>,
    /// What was put right.
    pub repairs: Vec<Repair>,
    /// By span: the number of its node.
    node_of: Vec<u32>,
}

impl Tree {
    /// Builds the tree of all spans: time and memory grow with their number (and its logarithm).
    pub fn build(trace: &Trace, options: TreeOptions) -> Self {
        Draft::new(trace, options).finish()
    }

    /// The node of a span.
    pub fn node_of(&self, span: usize) -> u32 {
        self.node_of[span]
    }

    /// The node where `place` stands. Virtual ones are searched for.
    pub fn find(&self, place: Place) -> Option<u32> {
        match place {
            Place::Span(span) => self.node_of.get(self::place(span)).copied(),
            other => self.nodes.iter().position(|node| node.place == other).map(index),
        }
    }

    /// The nodes directly below a node, in order.
    pub fn children(&self, node: u32) -> impl Iterator<Item = u32> + use<'_> {
        let end = node + self.nodes[place(node)].size;
        let mut next = node + 1;
        std::iter::from_fn(move || {
            let child = (next < end).then_some(next)?;
            next += self.nodes[place(child)].size;
            Some(child)
        })
    }

    /// The nodes above a node, from the root down.
    pub fn ancestors(&self, node: u32) -> Vec<u32> {
        let parent = |node: &u32| self.nodes[place(*node)].parent;
        let mut above: Vec<u32> = std::iter::successors(parent(&node), parent).collect();
        above.reverse();
        above
    }
}

/// No parent.
const TOP: u32 = u32::MAX;

/// A tree that is being put together. Its members are numbered: first the spans, then the missing parents, then the
/// group of spans without times and the root.
pub(super) struct Draft<'t> {
    pub(super) trace: &'t Trace,
    options: TreeOptions,
    /// The spans in order.
    pub(super) order: Vec<u32>,
    /// By span: its place in `order`.
    pub(super) rank: Vec<u32>,
    /// Words of missing parents.
    missing: Vec<u32>,
    /// By member: the one above it, or [`TOP`].
    pub(super) up: Vec<u32>,
    /// By member: it was put where it is.
    pub(super) repaired: Vec<bool>,
    /// What was moved, in this order.
    pub(super) moved: Vec<u32>,
    pub(super) repairs: Vec<Repair>,
}

impl<'t> Draft<'t> {
    fn new(trace: &'t Trace, options: TreeOptions) -> Self {
        let count = trace.len();
        let order = trace.ordered(options.order);
        let mut rank = vec![0; count];
        for (position, span) in order.iter().enumerate() {
            rank[place(*span)] = index(position);
        }
        let mut missing = Vec::new();
        let mut missing_at = vec![TOP; trace.word_count()];
        let mut up = vec![TOP; count];
        for span in &order {
            let Some(parent) = trace.spans()[place(*span)].parent else { continue };
            up[place(*span)] = trace.span_of_word(parent).unwrap_or_else(|| {
                let at = &mut missing_at[place(parent)];
                if *at == TOP {
                    *at = index(count + missing.len());
                    missing.push(parent);
                }
                *at
            });
        }
        up.resize(count + missing.len() + 2, TOP);
        let mut repairs = Vec::new();
        let (_, conflicts) = trace.duplicates();
        if conflicts > 0 {
            repairs.push(Repair::DuplicateIds { count: conflicts });
        }
        let repaired = vec![false; up.len()];
        Self { trace, options, order, rank, missing, up, repaired, moved: Vec::new(), repairs }
    }

    fn finish(mut self) -> Tree {
        self.open_circles();
        if self.options.repair_hierarchy {
            self.repair_hierarchy();
        }
        if self.options.group_untimed {
            self.group_untimed();
        }
        self.nodes()
    }

    pub(super) fn untimed(&self) -> u32 {
        index(self.up.len() - 2)
    }

    pub(super) fn root(&self) -> u32 {
        index(self.up.len() - 1)
    }

    /// Makes the first span of every circle a root.
    fn open_circles(&mut self) {
        const UNSEEN: u32 = u32::MAX;
        // By span: the walk that came by first.
        let mut seen = vec![UNSEEN; self.trace.len()];
        for walk in 0..index(self.order.len()) {
            let mut at = self.order[place(walk)];
            while place(at) < seen.len() && seen[place(at)] == UNSEEN {
                seen[place(at)] = walk;
                at = self.up[place(at)];
            }
            if place(at) >= seen.len() || seen[place(at)] != walk {
                continue;
            }
            // This walk met its own trail: `at` lies on a circle.
            let mut first = at;
            let mut next = self.up[place(at)];
            while next != at {
                if self.rank[place(next)] < self.rank[place(first)] {
                    first = next;
                }
                next = self.up[place(next)];
            }
            self.up[place(first)] = TOP;
            self.repaired[place(first)] = true;
            self.repairs.push(Repair::Circle { span_id: self.trace.span_id(place(first)).to_owned() });
        }
    }

    fn group_untimed(&mut self) {
        let untimed = self.untimed();
        let spans = self.trace.spans();
        for (span, known) in spans.iter().enumerate() {
            let above = place(self.up[span]);
            if known.start.is_none() && spans.get(above).is_none_or(|parent| parent.start.is_some()) {
                self.up[span] = untimed;
            }
        }
    }

    /// The roots in order, virtual ones among them.
    pub(super) fn tops(&self) -> Vec<u32> {
        let count = self.trace.len();
        let mut tops = Vec::new();
        let mut behind = Vec::new();
        let mut seen = vec![false; self.up.len()];
        for span in &self.order {
            let above = self.up[place(*span)];
            if above == TOP {
                tops.push(*span);
            } else if place(above) >= count && self.up[place(above)] == TOP && !seen[place(above)] {
                seen[place(above)] = true;
                let last = above == self.untimed() || self.options.appended_last;
                if last { behind.push(above) } else { tops.push(above) }
            }
        }
        // The group of spans without times is the very last.
        behind.sort_by_key(|member| *member == self.untimed());
        tops.extend(behind);
        tops
    }

    /// By member: those directly below it, in order.
    pub(super) fn families(&self) -> Families {
        let mut start = vec![0_u32; self.up.len() + 1];
        for above in self.up.iter().filter(|above| **above != TOP) {
            start[place(*above) + 1] += 1;
        }
        for member in 1..start.len() {
            start[member] += start[member - 1];
        }
        let mut next = start.clone();
        let mut children = vec![0; place(start[start.len() - 1])];
        let last = |member: u32| self.options.appended_last && self.repaired[place(member)];
        let spans = self.order.iter().copied().filter(|span| !last(*span));
        let missing = (self.trace.len()..self.up.len()).map(index).filter(|member| !last(*member));
        let moved = self.moved.iter().copied().filter(|member| last(*member));
        for member in spans.chain(missing).chain(moved) {
            let above = self.up[place(member)];
            if above != TOP {
                let slot = &mut next[place(above)];
                children[place(*slot)] = member;
                *slot += 1;
            }
        }
        Families { start, children }
    }

    pub(super) fn id_of(&self, member: u32) -> &str {
        match self.place_of(member) {
            Place::Span(span) => self.trace.span_id(place(span)),
            Place::Missing(word) => self.trace.word(word),
            Place::Root | Place::Untimed => "",
        }
    }

    fn place_of(&self, member: u32) -> Place {
        let count = self.trace.len();
        match place(member) {
            span if span < count => Place::Span(member),
            _ if member == self.untimed() => Place::Untimed,
            _ if member == self.root() => Place::Root,
            missing => Place::Missing(self.missing[missing - count]),
        }
    }

    fn nodes(self) -> Tree {
        let tops = self.tops();
        let root = match tops.as_slice() {
            [] => return Tree { repairs: self.repairs, ..Tree::default() },
            [only] => *only,
            _ => self.root(),
        };
        let families = self.families();
        let mut nodes: Vec<Node> = Vec::with_capacity(self.up.len());
        let mut node_of = vec![0; self.trace.len()];
        let mut open: Vec<(u32, Option<u32>)> = vec![(root, None)];
        while let Some((member, parent)) = open.pop() {
            let number = index(nodes.len());
            let depth = parent.map_or(0, |parent| nodes[place(parent)].depth + 1);
            let children = if member == self.root() { tops.as_slice() } else { families.of(member) };
            nodes.push(self.node(member, parent, depth, children));
            if place(member) < node_of.len() {
                node_of[place(member)] = number;
            }
            open.extend(children.iter().rev().map(|child| (*child, Some(number))));
        }
        self.count_tokens(&mut nodes, &node_of);
        sum_up(&mut nodes);
        set_self_times(&mut nodes);
        Tree { nodes, repairs: self.repairs, node_of }
    }

    fn node(&self, member: u32, parent: Option<u32>, depth: u32, children: &[u32]) -> Node {
        let span = self.trace.spans().get(place(member));
        Node {
            place: self.place_of(member),
            parent,
            depth,
            size: 1,
            children: index(children.len()),
            start: span.and_then(|span| span.start),
            end: span.and_then(|span| span.end),
            self_time: None,
            spans: u32::from(span.is_some()),
            errors: u32::from(span.is_some_and(|span| span.error)),
            input_tokens: 0,
            output_tokens: 0,
            repaired: self.repaired.get(place(member)).copied().unwrap_or(false),
        }
    }

    /// Gives every node the tokens of its span, unless the same answer was counted already: an agent and its proxy both
    /// observe a call, and a call within a call is the same one told in more detail.
    fn count_tokens(&self, nodes: &mut [Node], node_of: &[u32]) {
        let spans = self.trace.spans();
        let mut seen = vec![false; self.trace.word_count()];
        for number in &self.order {
            let span = &spans[place(*number)];
            if span.tokens() == 0 {
                continue;
            }
            if let Some(response) = span.response {
                if std::mem::replace(&mut seen[place(response)], true) {
                    continue;
                }
            } else if span.kind == Kind::Llm
                && spans
                    .get(place(self.up[place(*number)]))
                    .is_some_and(|above| above.kind == Kind::Llm && above.tokens() > 0)
            {
                continue;
            }
            let node = &mut nodes[place(node_of[place(*number)])];
            node.input_tokens = span.input_tokens.unwrap_or(0);
            node.output_tokens = span.output_tokens.unwrap_or(0);
        }
    }
}

/// Who is directly below whom.
pub(super) struct Families {
    start: Vec<u32>,
    children: Vec<u32>,
}

impl Families {
    pub(super) fn of(&self, member: u32) -> &[u32] {
        &self.children[place(self.start[place(member)])..place(self.start[place(member) + 1])]
    }
}

/// Adds what each node has to those above it.
fn sum_up(nodes: &mut [Node]) {
    for number in (1..nodes.len()).rev() {
        let node = nodes[number].clone();
        let Some(parent) = node.parent else { continue };
        let parent = &mut nodes[place(parent)];
        parent.size += node.size;
        parent.spans += node.spans;
        parent.errors += node.errors;
        parent.input_tokens = parent.input_tokens.saturating_add(node.input_tokens);
        parent.output_tokens = parent.output_tokens.saturating_add(node.output_tokens);
        if !matches!(parent.place, Place::Span(_)) {
            let least = [parent.start, node.start].into_iter().flatten().min_by(f64::total_cmp);
            let ends = [parent.end, node.end.or(node.start)];
            parent.end = ends.into_iter().flatten().max_by(f64::total_cmp);
            parent.start = least;
        }
    }
}

/// A node's duration less the time in which a child was going on.
fn set_self_times(nodes: &mut [Node]) {
    let mut within: Vec<(f64, f64)> = Vec::new();
    for number in 0..nodes.len() {
        let (Some(start), Some(end)) = (nodes[number].start, nodes[number].end) else { continue };
        within.clear();
        let after = number + nodes[number].size as usize;
        let mut child = number + 1;
        while child < after {
            if let (Some(from), Some(to)) = (nodes[child].start, nodes[child].end) {
                within.push((from.max(start), to.min(end)));
            }
            child += nodes[child].size as usize;
        }
        within.sort_by(|a, b| a.0.total_cmp(&b.0));
        let mut free = (end - start).max(0.0);
        let mut covered = start;
        for (from, to) in &within {
            if *to > covered {
                free -= to - from.max(covered);
                covered = *to;
            }
        }
        nodes[number].self_time = Some(free.max(0.0));
    }
}
