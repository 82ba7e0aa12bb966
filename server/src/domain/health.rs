//! When an attempt has taken too long or been silent for too long.

use lightning_store_client::wire::{AttemptStatus, RolloutConfig, Timestamp};

use crate::storage::rows::{AttemptRow, RolloutRow};

/// What is wrong with a rollout's newest attempt at `now`, if the rollout is preparing or running: a timeout before
/// unresponsiveness. The attempt's own status does not matter.
pub fn verdict(rollout: &RolloutRow, newest: &AttemptRow, now: Timestamp) -> Option<AttemptStatus> {
    if !rollout.status.is_active() {
        return None;
    }
    let (timeout, silence) = deadlines(&rollout.config, newest);
    // Strictly later: an attempt may use its whole time.
    if timeout.is_some_and(|deadline| now > deadline) {
        Some(AttemptStatus::Timeout)
    } else if silence.is_some_and(|deadline| now > deadline) {
        Some(AttemptStatus::Unresponsive)
    } else {
        None
    }
}

/// When [`verdict`] should be asked next. Null: not before something happens.
pub fn next_check(rollout: &RolloutRow, newest: &AttemptRow) -> Option<Timestamp> {
    if !rollout.status.is_active() {
        return None;
    }
    let (timeout, silence) = deadlines(&rollout.config, newest);
    timeout.into_iter().chain(silence).min()
}

fn deadlines(config: &RolloutConfig, newest: &AttemptRow) -> (Option<Timestamp>, Option<Timestamp>) {
    let attempt = &newest.attempt;
    let timeout = config.timeout_seconds.and_then(|seconds| attempt.start_time.after(seconds));
    // Compat: 0 is neither a time nor the lack of one; such an attempt is never unresponsive.
    let silent_since = match attempt.last_heartbeat_time {
        Some(time) if time == Timestamp::EPOCH => None,
        Some(time) => Some(time),
        None => Some(attempt.start_time),
    };
    let silent_since = silent_since.map(|time| newest.silent_since.map_or(time, |floor| time.max(floor)));
    let silence = config.unresponsive_seconds.and_then(|seconds| silent_since?.after(seconds));
    (timeout, silence)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use lightning_store_client::wire::{Attempt, AttemptId, RolloutId, RolloutStatus, Word as _};

    use super::*;
    use crate::storage::rows::RowKey;

    fn at(seconds: f64) -> Timestamp {
        Timestamp::from_seconds(seconds).unwrap()
    }

    fn case(
        timeout: Option<f64>,
        unresponsive: Option<f64>,
        heartbeat: Option<f64>,
    ) -> (RolloutRow, AttemptRow) {
        let rollout_id = RolloutId::from("ro-1");
        let config = RolloutConfig {
            timeout_seconds: timeout,
            unresponsive_seconds: unresponsive,
            ..RolloutConfig::default()
        };
        let rollout = RolloutRow {
            key: RowKey(1),
            rollout_id: rollout_id.clone(),
            status: RolloutStatus::Running,
            start_time: at(50.0),
            end_time: None,
            mode: None,
            resources_id: None,
            config: Arc::new(config),
            attempts: 1,
            first_start: None,
            check_time: None,
        };
        let attempt = Attempt {
            rollout_id,
            attempt_id: AttemptId::from("at-1"),
            sequence_id: 1,
            start_time: at(100.0),
            end_time: None,
            status: AttemptStatus::Running,
            worker_id: None,
            last_heartbeat_time: heartbeat.map(at),
            metadata: None,
        };
        (rollout, AttemptRow { key: RowKey(1), attempt, silent_since: None })
    }

    #[test]
    fn deadlines_by_table() {
        use AttemptStatus::{Timeout, Unresponsive};
        // timeout, unresponsive, heartbeat, now → verdict, next check
        #[expect(clippy::type_complexity, reason = "a table")]
        let table: &[(
            Option<f64>,
            Option<f64>,
            Option<f64>,
            f64,
            Option<AttemptStatus>,
            Option<f64>,
        )] = &[
            (None, None, None, 1e9, None, None),
            (Some(10.0), None, None, 110.0, None, Some(110.0)),
            (Some(10.0), None, None, 110.1, Some(Timeout), Some(110.0)),
            (None, Some(5.0), None, 105.0, None, Some(105.0)),
            (None, Some(5.0), None, 105.1, Some(Unresponsive), Some(105.0)),
            (None, Some(5.0), Some(108.0), 112.0, None, Some(113.0)),
            (None, Some(5.0), Some(108.0), 113.1, Some(Unresponsive), Some(113.0)),
            (Some(10.0), Some(10.0), None, 111.0, Some(Timeout), Some(110.0)),
            (Some(10.0), Some(5.0), Some(4e9), 111.0, Some(Timeout), Some(110.0)),
            (None, Some(5.0), Some(0.0), 1e9, None, None),
            (None, Some(-1.0), None, 100.0, Some(Unresponsive), Some(99.0)),
        ];
        for &(timeout, unresponsive, heartbeat, now, expected, check) in table {
            let (rollout, newest) = case(timeout, unresponsive, heartbeat);
            assert_eq!(verdict(&rollout, &newest, at(now)), expected);
            assert_eq!(next_check(&rollout, &newest), check.map(at));
        }
    }

    #[test]
    fn only_preparing_and_running_rollouts_are_watched() {
        for &status in RolloutStatus::ALL {
            let (mut rollout, newest) = case(Some(1.0), None, None);
            rollout.status = status;
            assert_eq!(verdict(&rollout, &newest, at(200.0)).is_some(), status.is_active());
            assert_eq!(next_check(&rollout, &newest).is_some(), status.is_active());
        }
    }

    #[test]
    fn after_a_start_silence_counts_from_the_start() {
        let (rollout, mut newest) = case(None, Some(5.0), Some(101.0));
        newest.silent_since = Some(at(200.0));
        assert_eq!(verdict(&rollout, &newest, at(205.0)), None);
        assert_eq!(verdict(&rollout, &newest, at(205.1)), Some(AttemptStatus::Unresponsive));
    }
}
