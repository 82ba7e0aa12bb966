//! The overview: what there is, what happened lately, what somebody should look at.
//!
//! Steps of time that are over are worked out once and remembered: a page that is open looks at one step again and again,
//! not at a day.

use std::collections::HashMap;
use std::sync::Arc;

use lightning_store_client::wire::dashboard::{
    Attention, AttentionKind, FinishedCounts, ModeReward, RolloutCounts, StoreSummary, StoreTotals,
    SummaryStep, SummaryWindow,
};
use lightning_store_client::wire::{
    Attempt, AttemptStatus, Mode, RolloutConfig, RolloutId, RolloutStatus, Timestamp,
};
use parking_lot::{Mutex, RwLock};
use rusqlite::{Connection, params};

use super::super::counts;
use super::super::rows::{self as columns, ATTEMPT};
use super::super::soft::SoftState;
use super::workers::{self, Seen, first_attempt_since};
use super::{facts, queue, rows};
use crate::domain::shown;
use crate::storage::counts::Counts;
use crate::storage::error::TxResult;
use crate::storage::history::History;
use crate::storage::rows::RowKey;

/// Most things to look at.
const MOST_ATTENTION: usize = 8;

/// So many rollouts that ended last are shown.
const LATEST: i64 = 10;

/// So many times the median is long.
const LONG: f64 = 3.0;

/// Fewer than so many attempts make no median.
const FEWEST_FOR_MEDIAN: usize = 5;

/// At most so many attempts make a median.
const MOST_FOR_MEDIAN: i64 = 10_000;

/// Fewer than so many failures are no rise.
const FEWEST_FAILURES: u64 = 5;

/// Seconds of the smallest step.
const SMALLEST: i64 = 15;

/// A step may still get what was committed a moment ago.
const SETTLED_SECONDS: f64 = 2.0;

/// Most steps that are remembered: all of the four windows, a few times over.
const MOST_REMEMBERED: usize = 2_000;

/// Steps that are over. Clones share them.
#[derive(Debug, Clone, Default)]
pub(in super::super) struct Steps(Arc<Mutex<HashMap<(i64, i64), Step>>>);

/// What the database knows of a step.
#[derive(Debug, Clone, Default)]
struct Step {
    finished: FinishedCounts,
    enqueued: u64,
    begun: u64,
    /// By mode: rollouts that succeeded with a reward, and the sum of those.
    rewards: Vec<(Option<Mode>, u64, f64)>,
}

/// What the summary needs beside the database.
#[derive(Debug)]
pub(in super::super) struct Around<'a> {
    pub(in super::super) history: &'a History,
    pub(in super::super) steps: &'a Steps,
    pub(in super::super) workers: u64,
    pub(in super::super) started: Timestamp,
}

/// The overview.
pub(in super::super) fn summary(
    connection: &Connection,
    soft: &RwLock<SoftState>,
    window: SummaryWindow,
    around: &Around<'_>,
    now: Timestamp,
) -> TxResult<StoreSummary> {
    let counts = counts::load(connection)?;
    let behind = facts::behind(connection)?;
    let workers = workers::all(connection, soft, now)?;
    let worker_counts = workers::counts(&workers);
    let queue = queue::depth(connection, soft)?;
    let (length, step_seconds) = window.seconds();
    let last = now.micros().div_euclid(1_000_000 * step_seconds) * step_seconds;
    let first = last + step_seconds - length;
    let mut steps = Vec::new();
    let mut sums = Step::default();
    for start in (0..length / step_seconds).map(|number| first + number * step_seconds) {
        let step = around.steps.get(connection, (start, step_seconds), behind, now)?;
        sums.add(&step);
        let known = around.history.stretch(start, start + step_seconds);
        let is_last = start == last;
        steps.push(SummaryStep {
            start: at(start),
            finished: step.finished,
            enqueued: step.enqueued,
            begun: step.begun,
            spans: known.spans,
            tokens: known.tokens,
            queue_depth: if is_last { Some(queue.depth) } else { known.waiting },
            busy_workers: if is_last { Some(worker_counts.busy) } else { known.busy },
        });
    }
    let attention = attention(connection, soft, &workers, &steps, now)?;
    Ok(StoreSummary {
        time: now,
        rollouts: rollouts(&counts),
        finished: sums.finished,
        queue,
        workers: worker_counts,
        #[expect(clippy::cast_precision_loss, reason = "counts, which are far below 2^53")]
        rewards: sums
            .rewards
            .into_iter()
            .map(|(mode, rollouts, sum)| ModeReward { mode, rollouts, mean: sum / rollouts as f64 })
            .collect(),
        steps,
        #[expect(clippy::cast_precision_loss, reason = "at most 900")]
        step_seconds: step_seconds as f64,
        attention,
        latest: rows::rollouts(connection, soft, &latest(connection)?)?,
        totals: totals(connection, &counts, around, now)?,
        behind,
    })
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

fn totals(
    connection: &Connection,
    counts: &Counts,
    around: &Around<'_>,
    now: Timestamp,
) -> TxResult<StoreTotals> {
    let pragma = |name: &str| connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
    let bytes = pragma("page_count")?.saturating_mul(pragma("page_size")?);
    let number = |count: i64| u64::try_from(count).unwrap_or(0);
    Ok(StoreTotals {
        rollouts: number(counts.all_rollouts()),
        attempts: number(counts.attempts),
        spans: number(counts.spans),
        resources: number(counts.resources),
        workers: around.workers,
        bytes: Some(number(bytes)),
        uptime: now.seconds() - around.started.seconds(),
    })
}

impl Steps {
    /// A step. One that is not over is put together of small ones, of which all but the last are.
    fn get(
        &self,
        connection: &Connection,
        (start, seconds): (i64, i64),
        behind: u64,
        now: Timestamp,
    ) -> TxResult<Step> {
        if seconds > SMALLEST && now.seconds() < at(start + seconds).seconds() + SETTLED_SECONDS {
            let mut whole = Step::default();
            for part in 0..seconds / SMALLEST {
                whole.add(&self.get(connection, (start + part * SMALLEST, SMALLEST), behind, now)?);
            }
            return Ok(whole);
        }
        if let Some(step) = self.0.lock().get(&(start, seconds)) {
            return Ok(step.clone());
        }
        let step = Step::read(connection, at(start).seconds(), at(start + seconds).seconds())?;
        // Rewards become known after their rollouts have ended.
        if behind == 0 && now.seconds() > at(start + seconds).seconds() + SETTLED_SECONDS {
            let mut steps = self.0.lock();
            if steps.len() >= MOST_REMEMBERED {
                steps.clear();
            }
            steps.insert((start, seconds), step.clone());
        }
        Ok(step)
    }
}

impl Step {
    fn add(&mut self, other: &Self) {
        self.finished = add(self.finished, other.finished);
        self.enqueued += other.enqueued;
        self.begun += other.begun;
        for (mode, count, sum) in &other.rewards {
            match self.rewards.iter_mut().find(|(known, ..)| known == mode) {
                Some((_, counts, sums)) => {
                    *counts += count;
                    *sums += sum;
                }
                None => self.rewards.push((*mode, *count, *sum)),
            }
        }
    }

    fn read(connection: &Connection, start: f64, end: f64) -> TxResult<Self> {
        const FINISHED: &str = "-- finished_rollouts\nSELECT r.status, r.mode, count(*), count(CASE WHEN f.newest = \
                                r.newest_attempt THEN f.reward END), coalesce(sum(CASE WHEN f.newest = r.newest_attempt \
                                THEN f.reward END), 0.0) FROM rollouts r LEFT JOIN rollout_facts f ON f.rollout = r.key \
                                WHERE r.end_time >= ?1 AND r.end_time < ?2 GROUP BY r.status, r.mode";
        const ENQUEUED: &str =
            "-- enqueued_rollouts\nSELECT count(*) FROM rollouts WHERE start_time >= ?1 AND start_time < ?2";
        const BEGUN: &str = "-- begun_attempts\nSELECT count(*) FROM attempts WHERE key >= ?1 AND key < ?2";
        let mut step = Self::default();
        let mut statement = connection.prepare_cached(FINISHED)?;
        let mut cursor = statement.query(params![start, end])?;
        while let Some(row) = cursor.next()? {
            let count = columns::count(row, 2)?;
            match columns::word(row, 0)? {
                RolloutStatus::Succeeded => {
                    step.finished.succeeded += count;
                    let rewarded = columns::count(row, 3)?;
                    if rewarded > 0 {
                        step.rewards.push((columns::optional(row, 1, columns::word)?, rewarded, row.get(4)?));
                    }
                }
                RolloutStatus::Failed => step.finished.failed += count,
                RolloutStatus::Cancelled => step.finished.cancelled += count,
                _ => {}
            }
        }
        let count = |sql: &str, values: &[&dyn rusqlite::ToSql]| -> TxResult<u64> {
            let mut statement = connection.prepare_cached(sql)?;
            let count: i64 = statement.query_row(values, |row| row.get(0))?;
            Ok(u64::try_from(count).unwrap_or(0))
        };
        step.enqueued = count(ENQUEUED, params![start, end])?;
        let (first, last) = (first_attempt_since(connection, start)?, first_attempt_since(connection, end)?);
        if first < last {
            step.begun = count(BEGUN, params![first, last])?;
        }
        Ok(step)
    }
}

/// The rollouts that ended last, the newest first.
fn latest(connection: &Connection) -> TxResult<Vec<RowKey>> {
    const SQL: &str = "-- latest_rollouts\nSELECT key FROM rollouts WHERE end_time IS NOT NULL \
                       ORDER BY end_time DESC LIMIT ?1";
    let mut statement = connection.prepare_cached(SQL)?;
    let keys: rusqlite::Result<Vec<RowKey>> =
        statement.query_map([LATEST], |row| row.get(0).map(RowKey))?.collect();
    Ok(keys?)
}

/// What somebody should look at, the newest first.
fn attention(
    connection: &Connection,
    soft: &RwLock<SoftState>,
    workers: &[Seen],
    steps: &[SummaryStep],
    now: Timestamp,
) -> TxResult<Vec<Attention>> {
    let since = steps.first().map_or(now, |step| step.start);
    let mut found = expired(connection, soft)?;
    found.extend(failed(connection, soft, since)?);
    found.extend(workers.iter().filter(|seen| seen.silent).map(silent));
    found.extend(long(connection, soft, since, now)?);
    found.extend(rise(steps));
    found.retain(|attention| attention.time >= since);
    found.sort_by_key(|attention| std::cmp::Reverse(attention.time));
    found.truncate(MOST_ATTENTION);
    Ok(found)
}

/// An attempt that somebody should look at.
struct Noticed {
    attempt: Attempt,
    config: RolloutConfig,
}

/// Attempts by a statement whose columns are those of an attempt, its rollout's id and config.
fn noticed(connection: &Connection, soft: &RwLock<SoftState>, rest: &str) -> TxResult<Vec<Noticed>> {
    let sql = format!("-- noticed_attempts\nSELECT {ATTEMPT}, r.rollout_id, r.config FROM {rest}");
    let mut statement = connection.prepare_cached(&sql)?;
    let mut cursor = statement.query([])?;
    let mut found = Vec::new();
    while let Some(row) = cursor.next()? {
        let rollout_id: RolloutId = columns::id(row, 9)?;
        let config = columns::optional(row, 10, |row, column| columns::json(row.get_ref(column)?))?;
        let (key, mut attempt) = columns::attempt(row, 0, &rollout_id)?;
        soft.read().cover(key, &mut attempt);
        found.push(Noticed { attempt, config: config.unwrap_or_default() });
    }
    Ok(found)
}

/// Attempts that the clock has ended.
fn expired(connection: &Connection, soft: &RwLock<SoftState>) -> TxResult<Vec<Attention>> {
    const REST: &str = "attempts a JOIN rollouts r ON r.key = a.rollout \
                        WHERE a.status = 'timeout' OR a.status = 'unresponsive' ORDER BY a.start_time DESC LIMIT 32";
    let told = noticed(connection, soft, REST)?.into_iter().map(|Noticed { attempt, config }| {
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
    });
    Ok(told.collect())
}

/// Rollouts that failed and have no attempt left.
fn failed(connection: &Connection, soft: &RwLock<SoftState>, since: Timestamp) -> TxResult<Vec<Attention>> {
    const SQL: &str = "-- failed_rollouts\nSELECT key FROM rollouts WHERE end_time >= ?1 AND status = 'failed' \
                       ORDER BY end_time DESC LIMIT ?2";
    let most = i64::try_from(MOST_ATTENTION).unwrap_or(i64::MAX);
    let mut statement = connection.prepare_cached(SQL)?;
    let keys: rusqlite::Result<Vec<RowKey>> =
        statement.query_map(params![since.seconds(), most], |row| row.get(0).map(RowKey))?.collect();
    let told = rows::rollouts(connection, soft, &keys?)?.into_iter().map(|row| {
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
    });
    Ok(told.collect())
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
fn long(
    connection: &Connection,
    soft: &RwLock<SoftState>,
    since: Timestamp,
    now: Timestamp,
) -> TxResult<Vec<Attention>> {
    const TIMES: &str = "-- run_times\nSELECT end_time - start_time FROM attempts WHERE end_time >= ?1 \
                         ORDER BY end_time DESC LIMIT ?2";
    const REST: &str = "rollouts r JOIN attempts a ON a.key = r.newest_attempt \
                        WHERE r.status = 'running' ORDER BY a.start_time LIMIT 8";
    let mut statement = connection.prepare_cached(TIMES)?;
    let times: rusqlite::Result<Vec<f64>> =
        statement.query_map(params![since.seconds(), MOST_FOR_MEDIAN], |row| row.get(0))?.collect();
    let mut times = times?;
    if times.len() < FEWEST_FOR_MEDIAN {
        return Ok(Vec::new());
    }
    let middle = times.len() / 2;
    let median = *times.select_nth_unstable_by(middle, f64::total_cmp).1;
    let mut found = Vec::new();
    for Noticed { attempt, .. } in noticed(connection, soft, REST)? {
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
    Ok(found)
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
