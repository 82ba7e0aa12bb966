//! How rollouts move.

use lightning_store_client::wire::{
    AttemptStatus, NewRollout, RawJson, ResourcesId, Rollout, RolloutId, RolloutStatus, Timestamp,
};

use crate::storage::rows::RolloutRow;

/// A new rollout with the given id. Without resources of its own it gets the `latest` ones.
pub fn create(
    rollout_id: RolloutId,
    request: NewRollout,
    latest: Option<&ResourcesId>,
    status: RolloutStatus,
    now: Timestamp,
) -> Rollout {
    Rollout {
        rollout_id,
        input: request.input,
        start_time: now,
        end_time: None,
        mode: request.mode,
        resources_id: request.resources_id.or_else(|| latest.cloned()),
        status,
        config: request.config.unwrap_or_default(),
        metadata: Some(request.metadata.unwrap_or_else(RawJson::empty_object)),
    }
}

/// Sets a status. A finished rollout has the moment of the last time it was finished, any other one none.
pub fn set_status(rollout: &mut RolloutRow, status: RolloutStatus, now: Timestamp) {
    rollout.status = status;
    rollout.end_time = status.is_finished().then_some(now);
}

/// What the newest attempt's state, with the number `sequence_id`, means for its rollout.
///
/// Happens with every update of that attempt, whatever was updated (Compat).
pub fn follow(rollout: &mut RolloutRow, attempt: AttemptStatus, sequence_id: i64, now: Timestamp) {
    if rollout.status == RolloutStatus::Cancelled {
        return;
    }
    let status = match attempt {
        AttemptStatus::Preparing => RolloutStatus::Preparing,
        AttemptStatus::Running => RolloutStatus::Running,
        AttemptStatus::Succeeded => RolloutStatus::Succeeded,
        AttemptStatus::Failed | AttemptStatus::Timeout | AttemptStatus::Unresponsive => {
            let config = &rollout.config;
            if config.retry_condition.contains(&attempt) && sequence_id < config.max_attempts {
                RolloutStatus::Requeuing
            } else {
                RolloutStatus::Failed
            }
        }
    };
    set_status(rollout, status, now);
}

/// What a span of the newest attempt means for its rollout. Answers whether anything changed.
///
/// A rollout that is queuing stays so (Compat), and one that is finished too.
pub fn span_arrived(rollout: &mut RolloutRow, now: Timestamp) -> bool {
    let moves = matches!(rollout.status, RolloutStatus::Preparing | RolloutStatus::Requeuing);
    if moves {
        set_status(rollout, RolloutStatus::Running, now);
    }
    moves
}

#[cfg(test)]
mod tests {
    use lightning_store_client::wire::{RolloutConfig, Word as _};
    use proptest::prelude::*;

    use super::*;
    use crate::storage::rows::RowKey;

    fn at(seconds: f64) -> Timestamp {
        Timestamp::from_seconds(seconds).unwrap()
    }

    fn row(status: RolloutStatus, max_attempts: i64, retry_condition: &[AttemptStatus]) -> RolloutRow {
        RolloutRow {
            key: RowKey(1),
            rollout_id: RolloutId::from("ro-1"),
            status,
            start_time: at(1.0),
            end_time: status.is_finished().then(|| at(2.0)),
            mode: None,
            resources_id: None,
            config: RolloutConfig {
                max_attempts,
                retry_condition: retry_condition.to_vec(),
                ..RolloutConfig::default()
            }
            .into(),
            attempts: 1,
            first_start: None,
            check_time: None,
        }
    }

    #[test]
    fn the_newest_attempt_moves_its_rollout() {
        use AttemptStatus as A;
        use RolloutStatus as R;
        // attempt, its number, max_attempts, retry_condition → rollout
        let table: &[(A, i64, i64, &[A], R)] = &[
            (A::Preparing, 1, 1, &[], R::Preparing),
            (A::Running, 1, 1, &[], R::Running),
            (A::Succeeded, 1, 3, &[A::Succeeded], R::Succeeded),
            (A::Failed, 1, 1, &[], R::Failed),
            (A::Failed, 1, 1, &[A::Failed], R::Failed),
            (A::Failed, 1, 2, &[A::Failed], R::Requeuing),
            (A::Failed, 2, 2, &[A::Failed], R::Failed),
            (A::Failed, 1, 3, &[A::Timeout], R::Failed),
            (A::Timeout, 1, 2, &[A::Timeout], R::Requeuing),
            (A::Timeout, 1, 2, &[A::Failed], R::Failed),
            (A::Unresponsive, 2, 3, &[A::Timeout, A::Unresponsive], R::Requeuing),
        ];
        for &(attempt, number, max_attempts, retry, expected) in table {
            for before in [R::Queuing, R::Preparing, R::Running, R::Requeuing, R::Failed, R::Succeeded] {
                let mut rollout = row(before, max_attempts, retry);
                follow(&mut rollout, attempt, number, at(9.0));
                assert_eq!(rollout.status, expected, "{attempt} number {number}, was {before}");
                assert_eq!(rollout.end_time, expected.is_finished().then(|| at(9.0)));
            }
        }
    }

    #[test]
    fn a_cancelled_rollout_stays_cancelled_whatever_its_attempts_report() {
        for &attempt in AttemptStatus::ALL {
            let mut rollout = row(RolloutStatus::Cancelled, 5, AttemptStatus::ALL);
            follow(&mut rollout, attempt, 1, at(9.0));
            assert!(!span_arrived(&mut rollout, at(9.0)));
            assert_eq!((rollout.status, rollout.end_time), (RolloutStatus::Cancelled, Some(at(2.0))));
        }
    }

    #[test]
    fn a_span_makes_a_rollout_running_from_preparing_and_requeuing_only() {
        for &before in RolloutStatus::ALL {
            let mut rollout = row(before, 1, &[]);
            let moves = matches!(before, RolloutStatus::Preparing | RolloutStatus::Requeuing);
            assert_eq!(span_arrived(&mut rollout, at(9.0)), moves);
            assert_eq!(rollout.status, if moves { RolloutStatus::Running } else { before });
        }
    }

    proptest! {
        #[test]
        fn a_rollout_has_an_end_exactly_while_it_is_finished(
            steps in proptest::collection::vec((0u8..3, 0usize..7, 1i64..4), 1..30)
        ) {
            let mut rollout = row(RolloutStatus::Queuing, 3, &[AttemptStatus::Failed]);
            let mut now = 10.0;
            for (kind, word, number) in steps {
                now += 1.0;
                match kind {
                    0 => set_status(&mut rollout, RolloutStatus::ALL[word], at(now)),
                    1 => follow(&mut rollout, AttemptStatus::ALL[word % 6], number, at(now)),
                    _ => {
                        span_arrived(&mut rollout, at(now));
                    }
                }
                prop_assert_eq!(rollout.end_time.is_some(), rollout.status.is_finished());
                prop_assert!(rollout.end_time.is_none_or(|end| end > rollout.start_time));
            }
        }
    }
}
