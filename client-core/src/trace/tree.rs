//! The tree of an attempt, whatever is wrong with it.
//!
//! Parents may be missing or come later, roots may be many, and a faulty tracer may make spans each other's parents.
//! None of this is an error: missing parents and the root of several roots become virtual nodes, circles are opened at
//! their first span, and both are counted. Nothing here recurses, so a chain of 100,000 spans is a tree like any other.

use serde::Serialize;

use super::draft::Draft;
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
    pub(super) node_of: Vec<u32>,
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
