//! A whole trace in as many columns as a canvas has pixels.

use serde::Serialize;

use super::sort::sorted;
use super::store::{Trace, index, place};
use super::tree::{Place, Tree};

/// One value per column of pixels.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Minimap {
    /// Seconds since 1970 at the left edge.
    pub start: f64,
    /// Seconds since 1970 at the right edge.
    pub end: f64,
    /// Spans that are going on.
    pub busy: Vec<u32>,
    /// Depth of the topmost of them; 65,535 where there is none.
    pub shallowest: Vec<u16>,
    /// Depth of the lowest of them; 0 where there is none.
    pub deepest: Vec<u16>,
    /// Errors that begin here.
    pub errors: Vec<u32>,
    /// Rewards, at most the lowest and the highest of a column.
    pub rewards: Vec<RewardMark>,
}

/// Where a reward was given.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct RewardMark {
    /// The column.
    pub column: u32,
    /// The primary reward.
    pub value: f64,
    /// The span's place in the trace.
    pub span: u32,
}

impl Minimap {
    /// Draws the spans of `tree` that lie between `start` and `end` into `columns`. Its cost does not depend on how many
    /// columns a span is wide.
    pub fn of(trace: &Trace, tree: &Tree, columns: usize, (start, end): (f64, f64)) -> Self {
        let mut map = Self { start, end, ..Self::default() };
        let width = end - start;
        // A trace of no length is one moment in the first column.
        if columns == 0 || !width.is_finite() || width < 0.0 {
            return map;
        }
        map.busy = vec![0; columns];
        map.errors = vec![0; columns];
        let mut marks: Vec<Option<(RewardMark, RewardMark)>> = vec![None; columns];
        let mut bars: Vec<(u32, usize, usize)> = Vec::with_capacity(trace.len());
        // How many more spans go on in a column than in the one before.
        let mut steps = vec![0_i64; columns + 1];
        for node in &tree.nodes {
            let Place::Span(number) = node.place else { continue };
            let span = &trace.spans()[place(number)];
            let Some(from) = span.start else { continue };
            let to = span.end.unwrap_or(end).max(from);
            if to < start || from > end {
                continue;
            }
            let (first, last) = (column(from, start, width, columns), column(to, start, width, columns));
            bars.push((node.depth, first, last));
            steps[first] += 1;
            steps[last + 1] -= 1;
            map.errors[first] += u32::from(span.error && from >= start);
            if let Some(value) = span.reward {
                let mark = RewardMark { column: index(first), value, span: number };
                let (low, high) = marks[first].get_or_insert((mark, mark));
                if value < low.value {
                    *low = mark;
                } else if value > high.value {
                    *high = mark;
                }
            }
        }
        let mut now = 0;
        for (busy, step) in map.busy.iter_mut().zip(steps) {
            now += step;
            *busy = u32::try_from(now).unwrap_or(0);
        }
        for (low, high) in marks.into_iter().flatten() {
            map.rewards.push(low);
            map.rewards.extend((high != low).then_some(high));
        }
        bars = sorted(bars, &|a, b| a.0.cmp(&b.0));
        map.shallowest = paint(columns, u16::MAX, bars.iter());
        map.deepest = paint(columns, 0, bars.iter().rev());
        map
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "a place among the pixels of a screen, and clamped to them"
)]
fn column(time: f64, start: f64, width: f64, columns: usize) -> usize {
    if width <= 0.0 {
        return 0;
    }
    let at = (time - start) / width * columns as f64;
    (at.max(0.0) as usize).min(columns - 1)
}

/// The depth of the first bar over each column. Every column is painted once; those that are full are skipped.
fn paint<'b>(columns: usize, empty: u16, bars: impl Iterator<Item = &'b (u32, usize, usize)>) -> Vec<u16> {
    let mut depths = vec![empty; columns];
    // The first column from here on that is free.
    let mut free: Vec<usize> = (0..=columns).collect();
    for (depth, first, last) in bars {
        let mut at = next_free(&mut free, *first);
        while at <= *last {
            depths[at] = u16::try_from(*depth).unwrap_or(u16::MAX);
            free[at] = at + 1;
            at = next_free(&mut free, at + 1);
        }
    }
    depths
}

fn next_free(free: &mut [usize], mut at: usize) -> usize {
    while free[at] != at {
        // Halves the way for whoever comes next.
        free[at] = free[free[at]];
        at = free[at];
    }
    at
}
