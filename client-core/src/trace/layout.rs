//! The rows of a waterfall: the visible part of a [`Tree`], flattened into columns of numbers.
//!
//! A viewer reads the columns as typed arrays and asks for the words of a row ([`super::row`]) only when it draws it.

use std::collections::HashMap;

use super::filter::Filter;
use super::store::{Trace, index, place};
use super::tree::{Node, Place, Tree};

/// The fewest siblings of one kind, name and label in a row that are folded into one.
pub const FOLD_FROM: usize = 5;

/// What a row is besides its numbers; these are bits of [`Layout::flags`].
pub mod flag {
    /// The span failed, or is or holds an exception.
    pub const ERROR: u16 = 1;
    /// It has begun and not ended.
    pub const RUNNING: u16 = 1 << 1;
    /// No span: a missing parent, the root of several roots, a group, or folded siblings.
    pub const VIRTUAL: u16 = 1 << 2;
    /// Its parent has not been received.
    pub const ORPHAN: u16 = 1 << 3;
    /// It ended when it began.
    pub const ZERO_LENGTH: u16 = 1 << 4;
    /// It has no start.
    pub const UNTIMED: u16 = 1 << 5;
    /// It was put where it is by a repair of the tree.
    pub const REPAIRED: u16 = 1 << 6;
    /// There is something below it.
    pub const HAS_CHILDREN: u16 = 1 << 7;
    /// What is below it is shown.
    pub const OPEN: u16 = 1 << 8;
    /// It stands for several siblings.
    pub const FOLD: u16 = 1 << 9;
    /// It does not fit the filter; something below it does.
    pub const DIMMED: u16 = 1 << 10;
    /// Something below it is an error.
    pub const ERROR_BELOW: u16 = 1 << 11;
    /// It has a reward.
    pub const REWARD: u16 = 1 << 12;
}

/// What part of a tree is shown.
#[derive(Debug, Clone, Default)]
pub struct View {
    /// Nodes of this depth and deeper are closed, counted from the topmost row. `None`: all are open.
    pub closed_from: Option<u32>,
    /// Nodes that were opened (true) or closed (false) by hand.
    pub opened: HashMap<Place, bool>,
    /// Folds repeated siblings ([`FOLD_FROM`]) while no filter is set.
    pub fold: bool,
    /// Folds that were opened by hand, by their first sibling.
    pub unfolded: HashMap<Place, bool>,
    /// What must hold for spans that are shown. While it is set, only what was closed by hand is closed.
    pub filter: Filter,
    /// Only this node and what is below it.
    pub focus: Option<Place>,
}

impl View {
    fn is_open(&self, node: &Node, depth: u32, filtered: bool) -> bool {
        let by_level = filtered || self.closed_from.is_none_or(|level| depth < level);
        self.opened.get(&node.place).copied().unwrap_or(by_level)
    }
}

/// Rows as columns; all of them are of one length.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Layout {
    /// Seconds since 1970; NaN if not known.
    pub start: Vec<f64>,
    /// Seconds; NaN if not known.
    pub duration: Vec<f64>,
    /// Seconds in which no child was going on; NaN if not known.
    pub self_time: Vec<f64>,
    /// How far it is indented; 65,535 stands for more too.
    pub depth: Vec<u16>,
    /// The row above which it lies in the tree, or -1.
    pub parent: Vec<i32>,
    /// [`Kind::code`](super::Kind::code).
    pub kind: Vec<u8>,
    /// Bits of [`flag`].
    pub flags: Vec<u16>,
    /// Nodes directly below it, shown or not.
    pub children: Vec<u32>,
    /// Spans below it and itself.
    pub spans: Vec<u32>,
    /// How many of these are errors.
    pub errors: Vec<u32>,
    /// Tokens of all of these.
    pub tokens: Vec<f64>,
    /// Its place among its shown siblings, from 1.
    pub position: Vec<u32>,
    /// How many shown siblings there are, itself among them.
    pub siblings: Vec<u32>,
    /// The number of its node in [`Tree::nodes`]; of a fold, its first sibling's.
    pub node: Vec<u32>,
    /// How many siblings it stands for; 0 if it is no fold.
    pub folded: Vec<u32>,
    /// Spans that fit the filter.
    pub matched: u32,
    /// Spans in the tree or in the part that is in focus.
    pub total: u32,
}

impl Layout {
    /// The visible rows.
    pub fn of(trace: &Trace, tree: &Tree, view: &View) -> Self {
        if tree.nodes.is_empty() {
            return Self::default();
        }
        let top = view.focus.and_then(|focus| tree.find(focus)).unwrap_or(0);
        let mut layout = Self { total: tree.nodes[place(top)].spans, ..Self::default() };
        let filter = view.filter.is_active().then(|| Visible::of(trace, tree, &view.filter, top));
        layout.matched = filter.as_ref().map_or(layout.total, |filter| filter.matched);
        layout.reserve(if filter.is_some() { 0 } else { place(tree.nodes[place(top)].size) });
        let mut walk = Walk {
            trace,
            tree,
            view,
            filter,
            layout,
            rows: vec![-1; tree.nodes.len()],
            folds: vec![(0, 0); tree.nodes.len()],
        };
        walk.run(top);
        let mut layout = walk.layout;
        layout.number_siblings();
        layout
    }

    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.node.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.node.is_empty()
    }

    fn reserve(&mut self, rows: usize) {
        self.start.reserve(rows);
        self.duration.reserve(rows);
        self.self_time.reserve(rows);
        self.node.reserve(rows);
    }

    fn number_siblings(&mut self) {
        // The last counter is for rows that lie below none.
        let mut counts = vec![0_u32; self.len() + 1];
        let last = self.len();
        let slot = |parent: i32| usize::try_from(parent).unwrap_or(last);
        self.position = self
            .parent
            .iter()
            .map(|parent| {
                counts[slot(*parent)] += 1;
                counts[slot(*parent)]
            })
            .collect();
        self.siblings = self.parent.iter().map(|parent| counts[slot(*parent)]).collect();
    }
}

/// What a filter leaves of a tree.
struct Visible {
    /// By node: it fits.
    fits: Vec<bool>,
    /// By node: it fits, or something below it does.
    keep: Vec<bool>,
    matched: u32,
}

impl Visible {
    fn of(trace: &Trace, tree: &Tree, filter: &Filter, top: u32) -> Self {
        let found = filter.matches(trace);
        let within = place(top)..place(top + tree.nodes[place(top)].size);
        let fits: Vec<bool> = tree
            .nodes
            .iter()
            .enumerate()
            .map(|(number, node)| match node.place {
                Place::Span(span) => within.contains(&number) && found[place(span)],
                _ => false,
            })
            .collect();
        let mut keep = fits.clone();
        for number in (1..keep.len()).rev() {
            if let Some(parent) = tree.nodes[number].parent.filter(|_| keep[number]) {
                keep[place(parent)] = true;
            }
        }
        let matched = index(fits.iter().filter(|fits| **fits).count());
        Self { fits, keep, matched }
    }
}

struct Walk<'a> {
    trace: &'a Trace,
    tree: &'a Tree,
    view: &'a View,
    filter: Option<Visible>,
    layout: Layout,
    /// By node: the row below which its children lie.
    rows: Vec<i32>,
    /// By the first node of a fold: how many siblings, and the node behind the last of them.
    folds: Vec<(u32, u32)>,
}

impl Walk<'_> {
    fn run(&mut self, top: u32) {
        let end = top + self.tree.nodes[place(top)].size;
        // Rows of open folds, by the node behind their last sibling.
        let mut open_fold: Vec<(u32, i32, Option<u32>)> = Vec::new();
        let mut at = top;
        while at < end {
            while open_fold.last().is_some_and(|(behind, _, _)| at >= *behind) {
                open_fold.pop();
            }
            let node = &self.tree.nodes[place(at)];
            if self.filter.as_ref().is_some_and(|filter| !filter.keep[place(at)]) {
                at += node.size;
                continue;
            }
            let (count, behind) = self.folds[place(at)];
            if count > 0 {
                let row = self.fold(at, count, behind);
                if self.layout.flags[self.layout.len() - 1] & flag::OPEN == 0 {
                    at = behind;
                    continue;
                }
                open_fold.push((behind, row, node.parent));
            }
            let parent = match open_fold.last() {
                Some((_, row, above)) if *above == node.parent => *row,
                _ if at == top => -1,
                _ => node.parent.map_or(-1, |parent| self.rows[place(parent)]),
            };
            let open = self.row(at, parent);
            at += if open { 1 } else { node.size };
        }
    }

    /// Adds the row of a node; returns whether what lies below it follows.
    fn row(&mut self, number: u32, parent: i32) -> bool {
        let (tree, trace) = (self.tree, self.trace);
        let node = &tree.nodes[place(number)];
        let depth = self.depth_below(parent);
        let span = match node.place {
            Place::Span(span) => Some(&trace.spans()[place(span)]),
            _ => None,
        };
        let open = node.children > 0 && self.view.is_open(node, u32::from(depth), self.filter.is_some());
        let above = node.parent.map(|parent| tree.nodes[place(parent)].place);
        let dimmed = self.filter.as_ref().is_some_and(|filter| !filter.fits[place(number)]);
        let conditions = [
            (flag::ERROR, span.is_some_and(|span| span.error)),
            (flag::RUNNING, span.is_some_and(|span| span.start.is_some() && span.end.is_none())),
            (flag::VIRTUAL, span.is_none()),
            (flag::ORPHAN, matches!(above, Some(Place::Missing(_)))),
            (
                flag::ZERO_LENGTH,
                span.is_some_and(|span| span.duration().is_some_and(|duration| duration <= 0.0)),
            ),
            (flag::UNTIMED, node.start.is_none()),
            (flag::REPAIRED, node.repaired),
            (flag::HAS_CHILDREN, node.children > 0),
            (flag::OPEN, open),
            (flag::DIMMED, dimmed),
            (flag::ERROR_BELOW, node.errors > u32::from(span.is_some_and(|span| span.error))),
            (flag::REWARD, span.is_some_and(|span| span.reward.is_some())),
        ];
        let flags = conditions.iter().filter(|(_, holds)| *holds).fold(0, |flags, (bit, _)| flags | bit);
        let kind = span.map_or(super::kind::Kind::Virtual, |span| span.kind);
        self.rows[place(number)] = row_number(self.layout.len());
        self.push(number, parent, depth, kind.code(), flags, 0);
        if open && self.view.fold && self.filter.is_none() {
            self.find_folds(number);
        }
        open
    }

    fn push(&mut self, number: u32, parent: i32, depth: u16, kind: u8, flags: u16, folded: u32) {
        let node = &self.tree.nodes[place(number)];
        let duration = node.end.zip(node.start).map(|(end, start)| (end - start).max(0.0));
        let layout = &mut self.layout;
        layout.start.push(node.start.unwrap_or(f64::NAN));
        layout.duration.push(duration.unwrap_or(f64::NAN));
        layout.self_time.push(node.self_time.unwrap_or(f64::NAN));
        layout.depth.push(depth);
        layout.parent.push(parent);
        layout.kind.push(kind);
        layout.flags.push(flags);
        layout.children.push(node.children);
        layout.spans.push(node.spans);
        layout.errors.push(node.errors);
        layout.tokens.push(approximate(node.input_tokens.saturating_add(node.output_tokens)));
        layout.node.push(number);
        layout.folded.push(folded);
    }

    /// Adds the row that stands for siblings, with their numbers together.
    fn fold(&mut self, first: u32, count: u32, behind: u32) -> i32 {
        let tree = self.tree;
        let node = &tree.nodes[place(first)];
        let parent = node.parent.map_or(-1, |parent| self.rows[place(parent)]);
        let open = self.view.unfolded.get(&node.place).copied().unwrap_or(false);
        let siblings = || {
            let next =
                |number: &u32| Some(number + tree.nodes[place(*number)].size).filter(|next| *next < behind);
            std::iter::successors(Some(first), next).map(|number| &tree.nodes[place(number)])
        };
        let sum = |of: fn(&Node) -> u32| siblings().map(of).fold(0, u32::saturating_add);
        let errors = sum(|node| node.errors);
        let kind = match node.place {
            Place::Span(span) => self.trace.spans()[place(span)].kind.code(),
            _ => super::kind::Kind::Virtual.code(),
        };
        let below = if errors > 0 { flag::ERROR_BELOW } else { 0 };
        let flags =
            flag::VIRTUAL | flag::FOLD | flag::HAS_CHILDREN | below | if open { flag::OPEN } else { 0 };
        let row = row_number(self.layout.len());
        self.push(first, parent, self.depth_below(parent), kind, flags, count);
        let start = siblings().filter_map(|node| node.start).min_by(f64::total_cmp);
        let end = siblings().filter_map(|node| node.end).max_by(f64::total_cmp);
        let tokens = siblings().fold(0_u64, |sum, node| {
            sum.saturating_add(node.input_tokens).saturating_add(node.output_tokens)
        });
        let own = siblings().filter_map(|node| node.self_time).sum();
        let spans = sum(|node| node.spans);
        let at = self.layout.len() - 1;
        self.layout.start[at] = start.unwrap_or(f64::NAN);
        self.layout.duration[at] = end.zip(start).map_or(f64::NAN, |(end, start)| (end - start).max(0.0));
        self.layout.self_time[at] = own;
        self.layout.children[at] = count;
        self.layout.spans[at] = spans;
        self.layout.errors[at] = errors;
        self.layout.tokens[at] = approximate(tokens);
        row
    }

    fn depth_below(&self, parent: i32) -> u16 {
        usize::try_from(parent).map_or(0, |row| self.layout.depth[row].saturating_add(1))
    }

    /// Notes runs of children that look the same.
    fn find_folds(&mut self, number: u32) {
        let look = |child: u32| match self.tree.nodes[place(child)].place {
            Place::Span(span) => {
                let span = &self.trace.spans()[place(span)];
                Some((span.kind, span.name, span.label))
            }
            _ => None,
        };
        let children: Vec<u32> = self.tree.children(number).collect();
        let runs = children.chunk_by(|a, b| look(*a).is_some() && look(*a) == look(*b));
        for run in runs.filter(|run| run.len() >= FOLD_FROM) {
            let last = run[run.len() - 1];
            let behind = last + self.tree.nodes[place(last)].size;
            self.folds[place(run[0])] = (index(run.len()), behind);
        }
    }
}

fn row_number(row: usize) -> i32 {
    i32::try_from(row).unwrap_or(i32::MAX)
}

/// A count as a double, which typed arrays hold.
#[expect(clippy::cast_precision_loss, reason = "exact up to 2^53 tokens")]
pub(super) fn approximate(count: u64) -> f64 {
    count as f64
}
