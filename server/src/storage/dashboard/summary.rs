//! The overview: what there is, what happened lately, what somebody should look at.
//!
//! Steps of time that are over are worked out once and remembered: a page that is open looks at one step again and again,
//! not at a day.

use std::collections::HashMap;
use std::sync::Arc;

use lightning_store_client::wire::dashboard::{
    Attention, AttentionKind, FinishedCounts, ModeReward, QueueDepth, RolloutCounts, RolloutRow,
    StoreSummary, StoreTotals, SummaryStep, SummaryWindow,
};
use lightning_store_client::wire::{Attempt, AttemptStatus, Mode, RolloutConfig, RolloutStatus, Timestamp};
use parking_lot::Mutex;

use super::workers::{self, Seen};
use crate::domain::shown;
use crate::storage::counts::Counts;
use crate::storage::history::History;

/// Most things to look at.
pub(in crate::storage) const MOST_ATTENTION: usize = 8;

/// So many rollouts that ended last are shown.
pub(in crate::storage) const LATEST: i64 = 10;

/// So many times the median is long.
const LONG: f64 = 3.0;

/// Fewer than so many attempts make no median.
const FEWEST_FOR_MEDIAN: usize = 5;

/// At most so many attempts make a median.
pub(in crate::storage) const MOST_FOR_MEDIAN: i64 = 10_000;

/// Fewer than so many failures are no rise.
const FEWEST_FAILURES: u64 = 5;

/// Seconds of the smallest step.
const SMALLEST: i64 = 15;

/// A step may still get what was committed a moment ago.
const SETTLED_SECONDS: f64 = 2.0;

/// Most steps that are remembered: all of the four windows, a few times over.
const MOST_REMEMBERED: usize = 2_000;

/// A part of time: when it begins, in seconds since 1970, and how long it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(in crate::storage) struct Piece {
    start: i64,
    seconds: i64,
}

impl Piece {
    /// When it begins, in seconds since 1970.
    pub(in crate::storage) fn start(self) -> f64 {
        at(self.start).seconds()
    }

    /// When the next one begins.
    pub(in crate::storage) fn end(self) -> f64 {
        at(self.start + self.seconds).seconds()
    }

    /// Whether nothing more can come into it.
    fn is_settled(self, now: Timestamp) -> bool {
        now.seconds() > self.end() + SETTLED_SECONDS
    }

    /// What it is put together of. One that is not over: of small ones, of which all but the last are.
    fn parts(self, now: Timestamp) -> Vec<Self> {
        if self.seconds <= SMALLEST || now.seconds() >= self.end() + SETTLED_SECONDS {
            return vec![self];
        }
        let part = |number| Self { start: self.start + number * SMALLEST, seconds: SMALLEST };
        (0..self.seconds / SMALLEST).map(part).collect()
    }
}

/// The steps of a window.
fn steps(window: SummaryWindow, now: Timestamp) -> impl Iterator<Item = Piece> {
    let (length, seconds) = window.seconds();
    let last = now.micros().div_euclid(1_000_000 * seconds) * seconds;
    let first = last + seconds - length;
    (0..length / seconds).map(move |number| Piece { start: first + number * seconds, seconds })
}

/// When a window begins.
pub(in crate::storage) fn since(window: SummaryWindow, now: Timestamp) -> Timestamp {
    steps(window, now).next().map_or(now, |step| at(step.start))
}

/// What the database knows of a piece of time.
#[derive(Debug, Clone, Default)]
pub(in crate::storage) struct Step {
    pub(in crate::storage) enqueued: u64,
    pub(in crate::storage) begun: u64,
    finished: FinishedCounts,
    /// By mode: rollouts that succeeded with a reward, and the sum of those.
    rewards: Vec<(Option<Mode>, u64, f64)>,
}

impl Step {
    /// So many rollouts with this status and mode have ended, so many of them with a reward.
    pub(in crate::storage) fn finish(
        &mut self,
        status: RolloutStatus,
        mode: Option<Mode>,
        count: u64,
        (rewarded, sum): (u64, f64),
    ) {
        match status {
            RolloutStatus::Succeeded => {
                self.finished.succeeded += count;
                if rewarded > 0 {
                    self.reward(mode, rewarded, sum);
                }
            }
            RolloutStatus::Failed => self.finished.failed += count,
            RolloutStatus::Cancelled => self.finished.cancelled += count,
            _ => {}
        }
    }

    fn reward(&mut self, mode: Option<Mode>, count: u64, sum: f64) {
        match self.rewards.iter_mut().find(|(known, ..)| *known == mode) {
            Some((_, counts, sums)) => {
                *counts += count;
                *sums += sum;
            }
            None => self.rewards.push((mode, count, sum)),
        }
    }

    fn add(&mut self, other: &Self) {
        self.finished = add(self.finished, other.finished);
        self.enqueued += other.enqueued;
        self.begun += other.begun;
        for (mode, count, sum) in &other.rewards {
            self.reward(*mode, *count, *sum);
        }
    }
}

/// Pieces of time that are over. Clones share them.
#[derive(Debug, Clone, Default)]
pub(in crate::storage) struct Steps(Arc<Mutex<HashMap<Piece, Step>>>);

/// What is known of the pieces of a window.
#[derive(Debug, Default)]
pub(in crate::storage) struct Pieces(HashMap<Piece, Step>);

impl Steps {
    /// What is remembered of a window, and the pieces of which nothing is.
    pub(in crate::storage) fn known(&self, window: SummaryWindow, now: Timestamp) -> (Pieces, Vec<Piece>) {
        let remembered = self.0.lock();
        let (mut known, mut missing) = (Pieces::default(), Vec::new());
        for piece in steps(window, now).flat_map(|step| step.parts(now)) {
            match remembered.get(&piece) {
                Some(step) => drop(known.0.insert(piece, step.clone())),
                None => missing.push(piece),
            }
        }
        (known, missing)
    }

    /// Learns what a piece holds. It is remembered if that stays so: rewards become known after their rollouts have ended,
    /// so nothing is while facts are `behind`.
    pub(in crate::storage) fn learn(
        &self,
        known: &mut Pieces,
        piece: Piece,
        step: Step,
        behind: u64,
        now: Timestamp,
    ) {
        if behind == 0 && piece.is_settled(now) {
            let mut steps = self.0.lock();
            if steps.len() >= MOST_REMEMBERED {
                steps.clear();
            }
            steps.insert(piece, step.clone());
        }
        known.0.insert(piece, step);
    }
}

/// What the summary is put together of.
#[derive(Debug)]
pub(in crate::storage) struct Parts<'a> {
    pub(in crate::storage) history: &'a History,
    pub(in crate::storage) started: Timestamp,
    pub(in crate::storage) counts: Counts,
    pub(in crate::storage) behind: u64,
    pub(in crate::storage) queue: QueueDepth,
    pub(in crate::storage) workers: Vec<Seen>,
    /// How many workers were ever seen.
    pub(in crate::storage) known_workers: u64,
    pub(in crate::storage) pieces: Pieces,
    pub(in crate::storage) noticed: Noticed,
    /// The rollouts that ended last, the newest first.
    pub(in crate::storage) latest: Vec<RolloutRow>,
    /// The size of the database.
    pub(in crate::storage) bytes: u64,
}

/// The overview.
pub(in crate::storage) fn summary(parts: Parts<'_>, window: SummaryWindow, now: Timestamp) -> StoreSummary {
    let worker_counts = workers::counts(&parts.workers);
    let mut sums = Step::default();
    let (mut shown, last) = (Vec::new(), steps(window, now).last());
    for piece in steps(window, now) {
        let mut step = Step::default();
        for part in piece.parts(now) {
            if let Some(part) = parts.pieces.0.get(&part) {
                step.add(part);
            }
        }
        sums.add(&step);
        let known = parts.history.stretch(piece.start, piece.start + piece.seconds);
        let is_last = last == Some(piece);
        shown.push(SummaryStep {
            start: at(piece.start),
            finished: step.finished,
            enqueued: step.enqueued,
            begun: step.begun,
            spans: known.spans,
            tokens: known.tokens,
            queue_depth: if is_last { Some(parts.queue.depth) } else { known.waiting },
            busy_workers: if is_last { Some(worker_counts.busy) } else { known.busy },
        });
    }
    let number = |count: i64| u64::try_from(count).unwrap_or(0);
    StoreSummary {
        time: now,
        rollouts: rollouts(&parts.counts),
        finished: sums.finished,
        queue: parts.queue,
        workers: worker_counts,
        #[expect(clippy::cast_precision_loss, reason = "counts, which are far below 2^53")]
        rewards: sums
            .rewards
            .into_iter()
            .map(|(mode, rollouts, sum)| ModeReward { mode, rollouts, mean: sum / rollouts as f64 })
            .collect(),
        attention: attention(parts.noticed, &parts.workers, &shown, now),
        steps: shown,
        #[expect(clippy::cast_precision_loss, reason = "at most 900")]
        step_seconds: window.seconds().1 as f64,
        latest: parts.latest,
        totals: StoreTotals {
            rollouts: number(parts.counts.all_rollouts()),
            attempts: number(parts.counts.attempts),
            spans: number(parts.counts.spans),
            resources: number(parts.counts.resources),
            workers: parts.known_workers,
            bytes: Some(parts.bytes),
            uptime: now.seconds() - parts.started.seconds(),
        },
        behind: parts.behind,
    }
}

#[expect(clippy::cast_precision_loss, reason = "seconds, which are far below 2^53")]
fn at(seconds: i64) -> Timestamp {
    Timestamp::from_seconds(seconds as f64).unwrap_or(Timestamp::EPOCH)
}

fn add(a: FinishedCounts, b: FinishedCounts) -> FinishedCounts {
    FinishedCounts {
        succeeded: a.succeeded + b.succeeded,
        failed: a.failed + b.failed,
        cancelled: a.cancelled + b.cancelled,
    }
}

fn rollouts(counts: &Counts) -> RolloutCounts {
    let number = |status| u64::try_from(counts.rollouts(status)).unwrap_or(0);
    RolloutCounts {
        queuing: number(RolloutStatus::Queuing),
        preparing: number(RolloutStatus::Preparing),
        running: number(RolloutStatus::Running),
        requeuing: number(RolloutStatus::Requeuing),
        succeeded: number(RolloutStatus::Succeeded),
        failed: number(RolloutStatus::Failed),
        cancelled: number(RolloutStatus::Cancelled),
    }
}

/// An attempt and the settings of its rollout.
pub(in crate::storage) type AttemptWithConfig = (Attempt, RolloutConfig);

/// What somebody may have to look at.
#[derive(Debug, Default)]
pub(in crate::storage) struct Noticed {
    /// Attempts that the clock has ended, the newest ones.
    pub(in crate::storage) expired: Vec<AttemptWithConfig>,
    /// Rollouts that failed within the window, the newest ones.
    pub(in crate::storage) failed: Vec<RolloutRow>,
    /// How long attempts took that ended within the window, in seconds.
    pub(in crate::storage) run_times: Vec<f64>,
    /// Attempts that have been running longest.
    pub(in crate::storage) running: Vec<AttemptWithConfig>,
}

/// What somebody should look at, the newest first.
fn attention(noticed: Noticed, workers: &[Seen], steps: &[SummaryStep], now: Timestamp) -> Vec<Attention> {
    let since = steps.first().map_or(now, |step| step.start);
    let mut found: Vec<Attention> = noticed.expired.into_iter().map(expired).collect();
    found.extend(noticed.failed.into_iter().map(failed));
    found.extend(workers.iter().filter(|seen| seen.silent).map(silent));
    found.extend(long(noticed.run_times, noticed.running, now));
    found.extend(rise(steps));
    found.retain(|attention| attention.time >= since);
    found.sort_by_key(|attention| std::cmp::Reverse(attention.time));
    found.truncate(MOST_ATTENTION);
    found
}

/// An attempt that the clock has ended.
fn expired((attempt, config): AttemptWithConfig) -> Attention {
    let (timeout, silence) = (config.timeout_seconds, config.unresponsive_seconds);
    let time = shown::waiting_since(attempt.start_time, Some(&attempt), timeout, silence);
    let reason = shown::reason(&attempt, timeout, silence, None).unwrap_or_default();
    let (number, most) = (attempt.sequence_id, config.max_attempts.max(attempt.sequence_id));
    Attention {
        kind: match attempt.status {
            AttemptStatus::Timeout => AttentionKind::AttemptTimeout,
            _ => AttentionKind::AttemptUnresponsive,
        },
        time,
        text: format!("attempt {number} of {most} ended: {reason}"),
        rollout_id: Some(attempt.rollout_id),
        attempt_id: Some(attempt.attempt_id),
        worker_id: attempt.worker_id,
    }
}

/// A rollout that failed and has no attempt left.
fn failed(row: RolloutRow) -> Attention {
    let cause = row.facts.last_error.map_or_else(String::new, |error| format!(": {error}"));
    Attention {
        kind: AttentionKind::RolloutFailed,
        time: row.end_time.unwrap_or(row.start_time),
        text: format!(
            "failed after {} of {} attempts{cause}",
            row.attempts,
            row.max_attempts.max(row.attempts)
        ),
        rollout_id: Some(row.rollout_id),
        attempt_id: row.attempt.as_ref().map(|attempt| attempt.attempt_id.clone()),
        worker_id: row.attempt.and_then(|attempt| attempt.worker_id),
    }
}

fn silent(seen: &Seen) -> Attention {
    let worker = &seen.worker;
    Attention {
        kind: AttentionKind::WorkerSilent,
        time: seen.heard.unwrap_or(Timestamp::EPOCH),
        text: format!("{} by what it last said, and silent since", worker.status),
        rollout_id: worker.current_rollout_id.clone(),
        attempt_id: worker.current_attempt_id.clone(),
        worker_id: Some(worker.worker_id.clone()),
    }
}

/// Attempts that take much longer than those that ended within the window.
fn long(mut times: Vec<f64>, running: Vec<AttemptWithConfig>, now: Timestamp) -> Vec<Attention> {
    if times.len() < FEWEST_FOR_MEDIAN {
        return Vec::new();
    }
    let middle = times.len() / 2;
    let median = *times.select_nth_unstable_by(middle, f64::total_cmp).1;
    let mut found = Vec::new();
    for (attempt, _) in running {
        let Some(time) = attempt.start_time.after(LONG * median) else { continue };
        if time < now {
            found.push(Attention {
                kind: AttentionKind::RunningLong,
                time,
                text: format!("running for more than {LONG} times the median of {median:.1} s"),
                rollout_id: Some(attempt.rollout_id),
                attempt_id: Some(attempt.attempt_id),
                worker_id: attempt.worker_id,
            });
        }
    }
    found
}

/// Whether rollouts fail more than twice as often in the last tenth of the steps as before.
#[expect(clippy::cast_precision_loss, reason = "counts, which are far below 2^53")]
fn rise(steps: &[SummaryStep]) -> Option<Attention> {
    let (before, lately) = steps.split_at(steps.len() - steps.len() / 10);
    let sum = |steps: &[SummaryStep]| {
        steps.iter().fold(FinishedCounts::default(), |sum, step| add(sum, step.finished))
    };
    let (old, new) = (sum(before), sum(lately));
    let rate = |counts: FinishedCounts| {
        let all = counts.failed + counts.succeeded;
        (all > 0).then(|| counts.failed as f64 / all as f64)
    };
    let (old, now) = (rate(old)?, rate(new)?);
    (new.failed >= FEWEST_FAILURES && now > 2.0 * old).then(|| Attention {
        kind: AttentionKind::FailuresRise,
        time: lately
            .iter()
            .rfind(|step| step.finished.failed > 0)
            .map_or(Timestamp::EPOCH, |step| step.start),
        text: format!("{:.0} % of the rollouts fail; before, {:.0} % did", now * 100.0, old * 100.0),
        rollout_id: None,
        attempt_id: None,
        worker_id: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn steps(finished: &[(u64, u64); 20]) -> Vec<SummaryStep> {
        let step = |(place, (succeeded, failed)): (usize, (u64, u64))| SummaryStep {
            start: at(i64::try_from(place).unwrap()),
            finished: FinishedCounts { succeeded, failed, cancelled: 0 },
            enqueued: 0,
            begun: 0,
            spans: None,
            tokens: None,
            queue_depth: None,
            busy_workers: None,
        };
        finished.iter().copied().enumerate().map(step).collect()
    }

    #[test]
    fn failures_rise_when_they_are_twice_as_often_as_before_and_many() {
        let mut finished = [(9, 1); 20];
        assert_eq!(rise(&steps(&finished)), None);
        finished[18] = (8, 2);
        finished[19] = (5, 3);
        let told = rise(&steps(&finished)).unwrap();
        assert_eq!((told.kind, told.time), (AttentionKind::FailuresRise, at(19)));
        assert_eq!(told.text, "28 % of the rollouts fail; before, 10 % did");
        finished[18] = (1, 1);
        assert_eq!(rise(&steps(&finished)), None, "too few");
        assert_eq!(rise(&steps(&[(0, 0); 20])), None);
    }
}
