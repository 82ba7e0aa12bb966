//! A trace with the way it is looked at: what a page or a terminal holds on to while spans arrive.

use super::filter::Filter;
use super::layout::{Layout, View, flag};
use super::minimap::Minimap;
use super::row::{Row, find_place, place_key};
use super::store::{Appended, Order, Trace, place};
use super::tree::{Place, Repair, Tree, TreeOptions};

/// Traces of more spans than this open with [`LARGE_TRACE_LEVELS`] levels and folded siblings.
pub const LARGE_TRACE_SPANS: usize = 2_000;

/// The levels of a large trace that are open at first.
pub const LARGE_TRACE_LEVELS: u32 = 3;

/// A trace, its tree and its rows. Tree and rows are worked out again when they are asked for after a change.
#[derive(Debug)]
pub struct Waterfall {
    trace: Trace,
    order: Order,
    repair_hierarchy: bool,
    view: View,
    /// The user said how many levels are open, so that a growing trace does not.
    level_chosen: bool,
    pub(super) tree: Option<Tree>,
    layout: Option<Layout>,
}

impl Default for Waterfall {
    fn default() -> Self {
        Self {
            trace: Trace::new(),
            order: Order::Time,
            repair_hierarchy: false,
            view: View { fold: true, ..View::default() },
            level_chosen: false,
            tree: None,
            layout: None,
        }
    }
}

impl Waterfall {
    /// Of no spans yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// The spans.
    pub fn trace(&self) -> &Trace {
        &self.trace
    }

    /// What must hold for spans that are shown.
    pub fn filter(&self) -> &Filter {
        &self.view.filter
    }

    /// The order of siblings.
    pub fn order(&self) -> Order {
        self.order
    }

    /// The nodes of the tree that are in focus: all, if there is no focus.
    pub(super) fn nodes_in_focus(&mut self) -> std::ops::Range<usize> {
        let focus = self.view.focus;
        let tree = self.tree();
        let top = focus.and_then(|focus| tree.find(focus)).unwrap_or(0);
        let size = tree.nodes.get(place(top)).map_or(0, |node| place(node.size));
        place(top)..place(top) + size
    }

    /// Appends spans; see [`Trace::append_json`].
    pub fn append_json(&mut self, text: &str) -> Appended {
        let before = self.trace.revision();
        let outcome = self.trace.append_json(text);
        if self.trace.revision() != before {
            self.tree = None;
            self.layout = None;
            if !self.level_chosen && self.trace.len() > LARGE_TRACE_SPANS {
                self.view.closed_from = Some(LARGE_TRACE_LEVELS);
            }
        }
        outcome
    }

    /// Orders siblings by time or by sequence number.
    pub fn set_order(&mut self, order: Order) {
        self.order = order;
        self.tree = None;
        self.layout = None;
    }

    /// Moves floating spans below those in which they happened, or leaves them where they are.
    pub fn set_repair_hierarchy(&mut self, repair: bool) {
        self.repair_hierarchy = repair;
        self.tree = None;
        self.layout = None;
    }

    /// Opens `levels` levels and closes what lies deeper; `None` opens everything. Forgets what was opened or closed by
    /// hand.
    pub fn open_levels(&mut self, levels: Option<u32>) {
        self.level_chosen = true;
        self.view.closed_from = levels.map(|levels| levels.saturating_sub(1));
        self.view.opened.clear();
        self.layout = None;
    }

    /// Folds repeated siblings, or shows all of them.
    pub fn set_fold(&mut self, fold: bool) {
        self.view.fold = fold;
        self.layout = None;
    }

    /// Shows only what fits.
    pub fn set_filter(&mut self, filter: Filter) {
        self.view.filter = filter;
        self.layout = None;
    }

    /// Shows only what lies below the place of `key` ([`Row::key`]); `None` shows everything. Returns whether there is
    /// such a place.
    pub fn set_focus(&mut self, key: Option<&str>) -> bool {
        let focus = key.and_then(|key| find_place(&self.trace, key));
        if key.is_some() && focus.is_none() {
            return false;
        }
        self.view.focus = focus;
        self.layout = None;
        true
    }

    /// Opens or closes the row of `key`, a fold too. Returns whether there is such a place.
    pub fn set_open(&mut self, key: &str, open: bool) -> bool {
        let Some(place) = find_place(&self.trace, key) else { return false };
        let by_hand = if key.starts_with("fold:") { &mut self.view.unfolded } else { &mut self.view.opened };
        by_hand.insert(place, open);
        self.layout = None;
        true
    }

    /// Opens everything above a span, folds too, so that it has a row; returns the row. `None`: there is no such span, or
    /// filter or focus hide it.
    pub fn reveal(&mut self, span_id: &str) -> Option<usize> {
        let span = self.trace.find(span_id)?;
        let tree = self.tree.take().unwrap_or_else(|| self.build());
        let node = tree.node_of(span);
        for above in tree.ancestors(node) {
            self.view.opened.insert(tree.nodes[place(above)].place, true);
        }
        self.tree = Some(tree);
        self.layout = None;
        loop {
            let (found, fold) = {
                let layout = self.layout();
                let found =
                    (0..layout.len()).find(|row| layout.node[*row] == node && layout.folded[*row] == 0);
                // Not shown: within the last closed fold that begins before it.
                let closed = |row: &usize| layout.folded[*row] > 0 && layout.flags[*row] & flag::OPEN == 0;
                let fold = (0..layout.len())
                    .rev()
                    .filter(closed)
                    .map(|row| layout.node[row])
                    .find(|first| *first <= node);
                (found, fold)
            };
            if found.is_some() {
                return found;
            }
            let first = self.tree().nodes[place(fold?)].place;
            self.view.unfolded.insert(first, true);
            self.layout = None;
        }
    }

    /// The tree.
    pub fn tree(&mut self) -> &Tree {
        if self.tree.is_none() {
            self.tree = Some(self.build());
        }
        self.tree.get_or_insert_default()
    }

    fn build(&self) -> Tree {
        Tree::build(&self.trace, TreeOptions::display(self.order, self.repair_hierarchy))
    }

    /// The visible rows.
    pub fn layout(&mut self) -> &Layout {
        if self.layout.is_none() {
            let tree = self.tree.take().unwrap_or_else(|| self.build());
            self.layout = Some(Layout::of(&self.trace, &tree, &self.view));
            self.tree = Some(tree);
        }
        self.layout.get_or_insert_default()
    }

    /// The words of a row.
    pub fn row(&mut self, row: usize) -> Option<Row> {
        self.layout();
        Row::of(&self.trace, self.tree.as_ref()?, self.layout.as_ref()?, row)
    }

    /// What was put right in the tree.
    pub fn repairs(&mut self) -> &[Repair] {
        &self.tree().repairs
    }

    /// The keys of the places above the focus, from the root down, the focus last.
    pub fn breadcrumbs(&mut self) -> Vec<String> {
        let Some(focus) = self.view.focus else { return Vec::new() };
        let tree = self.tree();
        let Some(node) = tree.find(focus) else { return Vec::new() };
        let mut places: Vec<Place> =
            tree.ancestors(node).into_iter().map(|node| tree.nodes[place(node)].place).collect();
        places.push(focus);
        places.into_iter().map(|at| place_key(&self.trace, at)).collect()
    }

    /// The trace in `columns` columns, from its first start to its last end, or within `range` (seconds since 1970).
    pub fn minimap(&mut self, columns: usize, range: Option<(f64, f64)>) -> Minimap {
        let Some(range) = range.or_else(|| self.trace.extent()) else { return Minimap::default() };
        self.tree();
        self.tree.as_ref().map(|tree| Minimap::of(&self.trace, tree, columns, range)).unwrap_or_default()
    }
}
