//! Putting a [`Tree`] together: who is below whom, in what order, and what all of them come to.

use super::kind::Kind;
use super::sort::sorted;
use super::store::{Trace, index, place};
use super::tree::{Node, Place, Repair, Tree, TreeOptions};

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
    pub(super) fn new(trace: &'t Trace, options: TreeOptions) -> Self {
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

    pub(super) fn finish(mut self) -> Tree {
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
        let (last, missing): (Vec<u32>, Vec<u32>) =
            behind.into_iter().partition(|member| *member == self.untimed());
        tops.extend(missing);
        tops.extend(last);
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
        within = sorted(within, &|a, b| a.0.total_cmp(&b.0));
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
