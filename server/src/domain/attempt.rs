//! How attempts move.

use lightning_store_client::wire::{
    Attempt, AttemptId, AttemptStatus, NullNotAllowed, RolloutId, RolloutStatus, Timestamp, UpdateAttempt,
    WorkerId,
};

use super::rollout;
use crate::storage::rows::{AttemptRow, RolloutRow};

/// Starts the next attempt of a rollout, which is preparing from then on, whatever it was before.
pub fn begin(
    rollout: &mut RolloutRow,
    attempt_id: AttemptId,
    worker_id: Option<WorkerId>,
    now: Timestamp,
) -> Attempt {
    rollout::set_status(rollout, RolloutStatus::Preparing, now);
    rollout.attempts += 1;
    rollout.first_start.get_or_insert(now);
    first(rollout.rollout_id.clone(), attempt_id, rollout.attempts, worker_id, now)
}

fn first(
    rollout_id: RolloutId,
    attempt_id: AttemptId,
    sequence_id: i64,
    worker_id: Option<WorkerId>,
    now: Timestamp,
) -> Attempt {
    Attempt {
        rollout_id,
        attempt_id,
        sequence_id,
        start_time: now,
        end_time: None,
        status: AttemptStatus::Preparing,
        worker_id,
        last_heartbeat_time: None,
        metadata: None,
    }
}

/// Sets a status. Failing and succeeding end an attempt each time anew; nothing takes an end away (Compat).
pub fn set_status(attempt: &mut Attempt, status: AttemptStatus, now: Timestamp) {
    attempt.status = status;
    if status.is_ended() {
        attempt.end_time = Some(now);
    }
}

/// Carries out an update.
///
/// # Errors
/// [`NullNotAllowed`] for the first field that is null.
pub fn update(row: &mut AttemptRow, request: UpdateAttempt, now: Timestamp) -> Result<(), NullNotAllowed> {
    let UpdateAttempt { status, worker_id, last_heartbeat_time, metadata } = request;
    let attempt = &mut row.attempt;
    let mut new_status = attempt.status;
    let changes_status = !status.is_keep();
    status.apply_mandatory("status", &mut new_status)?;
    worker_id.not_null("worker_id")?;
    last_heartbeat_time.not_null("last_heartbeat_time")?;
    metadata.not_null("metadata")?;
    if changes_status {
        set_status(attempt, new_status, now);
    }
    worker_id.apply(&mut attempt.worker_id);
    if !last_heartbeat_time.is_keep() {
        row.silent_since = None;
    }
    last_heartbeat_time.apply(&mut attempt.last_heartbeat_time);
    metadata.apply(&mut attempt.metadata);
    Ok(())
}

/// A span of the attempt has arrived: a sign of life. Answers whether its status changed.
pub fn span_arrived(row: &mut AttemptRow, now: Timestamp) -> bool {
    row.attempt.last_heartbeat_time = Some(now);
    row.silent_since = None;
    let moves = matches!(row.attempt.status, AttemptStatus::Preparing | AttemptStatus::Unresponsive);
    if moves {
        row.attempt.status = AttemptStatus::Running;
    }
    moves
}

#[cfg(test)]
mod tests {
    use lightning_store_client::wire::{Patch, Word as _};

    use super::*;
    use crate::storage::rows::RowKey;

    fn at(seconds: f64) -> Timestamp {
        Timestamp::from_seconds(seconds).unwrap()
    }

    fn row(status: AttemptStatus) -> AttemptRow {
        let mut attempt = first(RolloutId::from("ro-1"), AttemptId::from("at-1"), 1, None, at(1.0));
        attempt.status = status;
        AttemptRow { key: RowKey(1), attempt, silent_since: Some(at(0.5)) }
    }

    #[test]
    fn only_failing_and_succeeding_end_an_attempt_and_nothing_takes_the_end_away() {
        for &status in AttemptStatus::ALL {
            let mut row = row(AttemptStatus::Running);
            set_status(&mut row.attempt, status, at(2.0));
            assert_eq!(row.attempt.end_time, status.is_ended().then(|| at(2.0)));
        }
        let mut row = row(AttemptStatus::Running);
        set_status(&mut row.attempt, AttemptStatus::Succeeded, at(2.0));
        set_status(&mut row.attempt, AttemptStatus::Running, at(3.0));
        assert_eq!(row.attempt.end_time, Some(at(2.0)));
        set_status(&mut row.attempt, AttemptStatus::Failed, at(4.0));
        assert_eq!(row.attempt.end_time, Some(at(4.0)));
    }

    #[test]
    fn a_span_is_a_sign_of_life_and_revives_from_preparing_and_unresponsive_only() {
        for &status in AttemptStatus::ALL {
            let mut row = row(status);
            let moves = matches!(status, AttemptStatus::Preparing | AttemptStatus::Unresponsive);
            assert_eq!(span_arrived(&mut row, at(2.0)), moves);
            assert_eq!(row.attempt.status, if moves { AttemptStatus::Running } else { status });
            assert_eq!((row.attempt.last_heartbeat_time, row.silent_since), (Some(at(2.0)), None));
        }
    }

    #[test]
    fn null_is_refused_for_the_first_field_and_nothing_is_changed() {
        let table = [
            (
                UpdateAttempt { status: Patch::Clear, worker_id: Patch::Clear, ..UpdateAttempt::default() },
                "status",
            ),
            (
                UpdateAttempt { worker_id: Patch::Clear, metadata: Patch::Clear, ..UpdateAttempt::default() },
                "worker_id",
            ),
            (
                UpdateAttempt {
                    status: Patch::Set(AttemptStatus::Failed),
                    last_heartbeat_time: Patch::Clear,
                    ..UpdateAttempt::default()
                },
                "last_heartbeat_time",
            ),
            (UpdateAttempt { metadata: Patch::Clear, ..UpdateAttempt::default() }, "metadata"),
        ];
        for (request, field) in table {
            let mut row = row(AttemptStatus::Running);
            let before = row.clone();
            assert_eq!(update(&mut row, request, at(2.0)), Err(NullNotAllowed(field)));
            assert_eq!(row, before);
        }
    }
}
