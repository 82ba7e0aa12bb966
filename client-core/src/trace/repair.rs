//! Putting spans below those in which they happened.
//!
//! When two tracing systems observe one agent, the calls that one of them saw float beside the agent that the other one
//! saw. The first node with several children is looked at: each of its children moves below the span that
//! encloses it in time and is longer than it by the least, if there is one.

use std::cmp::Ordering;

use super::draft::{Draft, Families};
use super::sort::sorted;
use super::store::{index, place};
use super::tree::Repair;

impl Draft<'_> {
    /// Moves the children of the first node that has several. One child always stays.
    pub(super) fn repair_hierarchy(&mut self) {
        let tops = self.tops();
        let families = self.families();
        let mut floating: &[u32] = &tops;
        while let [only] = floating {
            floating = families.of(*only);
        }
        let intervals = self.intervals(&families);
        let mut left = floating.len();
        for (&member, home) in floating.iter().zip(tightest_enclosing(floating, &intervals, &families)) {
            if left <= 1 {
                break;
            }
            let Some(home) = home.filter(|home| !self.is_below(*home, member)) else { continue };
            self.up[place(member)] = home;
            self.repaired[place(member)] = true;
            self.moved.push(member);
            self.repairs.push(Repair::Moved { span_id: self.id_of(member).to_owned() });
            left -= 1;
        }
    }

    /// By member: from when to when it lasted; a missing parent as long as its children.
    fn intervals(&self, families: &Families) -> Vec<Option<(f64, f64)>> {
        let spans = self.trace.spans();
        let of_span = |span: &u32| Some((spans[place(*span)].start?, spans[place(*span)].end?));
        let of_missing = |member: u32| {
            let within = families.of(member).iter().filter_map(of_span);
            within.reduce(|a, b| (a.0.min(b.0), a.1.max(b.1)))
        };
        let members = 0..index(self.up.len());
        members
            .map(|member| if place(member) < spans.len() { of_span(&member) } else { of_missing(member) })
            .collect()
    }

    /// Whether `span` lies above `member`, or is it.
    fn is_below(&self, member: u32, span: u32) -> bool {
        std::iter::successors(Some(member), |at| self.up.get(place(*at)).copied()).any(|at| at == span)
    }
}

/// The floating members and all below them, depth first.
fn below<'f>(floating: &[u32], families: &'f Families) -> impl Iterator<Item = u32> + use<'f> {
    let mut open: Vec<u32> = floating.iter().rev().copied().collect();
    std::iter::from_fn(move || {
        let next = open.pop()?;
        open.extend(families.of(next).iter().rev());
        Some(next)
    })
}

/// For each member the one that encloses it in time and is the least longer; the first, depth first, if several are.
fn tightest_enclosing(
    floating: &[u32],
    intervals: &[Option<(f64, f64)>],
    families: &Families,
) -> Vec<Option<u32>> {
    let mut candidates: Vec<Candidate> = below(floating, families)
        .enumerate()
        .filter_map(|(rank, member)| {
            let (start, end) = intervals[place(member)]?;
            Some(Candidate { start, end, rank, member })
        })
        .collect();
    candidates = sorted(candidates, &|a, b| a.start.total_cmp(&b.start));
    let mut ends: Vec<f64> = candidates.iter().map(|candidate| candidate.end).collect();
    ends = sorted(ends, &|a, b| a.total_cmp(b));
    ends.dedup();

    let asked = floating.iter().enumerate();
    let mut queries: Vec<(usize, f64, f64)> = asked
        .filter_map(|(slot, member)| intervals[place(*member)].map(|(start, end)| (slot, start, end)))
        .collect();
    queries = sorted(queries, &|a, b| a.1.total_cmp(&b.1));

    let mut homes = vec![None; floating.len()];
    let mut shortest = ShortestByEnd::new(ends.len());
    let mut added = 0;
    let mut at = 0;
    while at < queries.len() {
        let start = queries[at].1;
        let same = queries[at..].partition_point(|query| query.1 <= start);
        // Candidates that begin earlier may end at the same time; those that begin at the same time must end later.
        while added < candidates.len() && candidates[added].start < start {
            shortest.add(candidates[added], &ends);
            added += 1;
        }
        for (slot, _, end) in &queries[at..at + same] {
            homes[*slot] = shortest.from(ends.partition_point(|known| known < end));
        }
        while added < candidates.len() && candidates[added].start <= start {
            shortest.add(candidates[added], &ends);
            added += 1;
        }
        for (slot, _, end) in &queries[at..at + same] {
            let longer = shortest.from(ends.partition_point(|known| known <= end));
            homes[*slot] = [homes[*slot], longer].into_iter().flatten().min_by(Candidate::compare);
        }
        at += same;
    }
    homes.into_iter().map(|home| home.map(|home| home.member)).collect()
}

#[derive(Debug, Clone, Copy)]
struct Candidate {
    start: f64,
    end: f64,
    rank: usize,
    member: u32,
}

impl Candidate {
    /// The shorter one first, then the one that is first in order.
    fn compare(&self, other: &Self) -> Ordering {
        let duration = |candidate: &Self| candidate.end - candidate.start;
        duration(self).total_cmp(&duration(other)).then(self.rank.cmp(&other.rank))
    }
}

/// The shortest of the intervals that end at a time or later: a Fenwick tree over the ends, counted from the last.
struct ShortestByEnd {
    best: Vec<Option<Candidate>>,
}

impl ShortestByEnd {
    fn new(ends: usize) -> Self {
        Self { best: vec![None; ends + 1] }
    }

    fn add(&mut self, candidate: Candidate, ends: &[f64]) {
        let mut at = ends.len() - ends.partition_point(|known| *known < candidate.end);
        while at < self.best.len() {
            self.best[at] = [self.best[at], Some(candidate)].into_iter().flatten().min_by(Candidate::compare);
            at += at & at.wrapping_neg();
        }
    }

    /// The shortest that ends at the `end`th time or later.
    fn from(&self, end: usize) -> Option<Candidate> {
        let mut at = self.best.len() - 1 - end;
        let mut found = None;
        while at > 0 {
            found = [found, self.best[at]].into_iter().flatten().min_by(Candidate::compare);
            at -= at & at.wrapping_neg();
        }
        found
    }
}
