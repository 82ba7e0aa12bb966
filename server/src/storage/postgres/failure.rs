//! What a failure of the database means for the operation that has met it.

use tokio_postgres::Error;
use tokio_postgres::error::SqlState;

use crate::storage::error::StorageFailure;

/// Why a transaction is run again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Again {
    /// It could not be put in line with others.
    Serialization,
    /// It and another one waited for each other.
    Deadlock,
    /// Something of the same key was written at the same time.
    Taken,
    /// A table for a day was added while it ran, which it does not see.
    Day,
    /// Others have held for too long what it has to lock, and operations shared it that need not wait for that.
    Held,
}

impl Again {
    /// In the order of their numbers.
    pub(super) const ALL: [Self; 5] =
        [Self::Serialization, Self::Deadlock, Self::Taken, Self::Day, Self::Held];

    /// As metrics name it.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Serialization => "serialization_failure",
            Self::Deadlock => "deadlock",
            Self::Taken => "unique_violation",
            Self::Day => "new_day",
            Self::Held => "lock_timeout",
        }
    }
}

/// What to do about a failure.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// Run the transaction again: it was undone.
    Again(Again),
    /// Wait for the database to come back.
    Wait,
    /// Answer it.
    Final,
}

/// What to do about a failure before the commit.
pub(super) fn fate(failure: &StorageFailure) -> Fate {
    match failure {
        StorageFailure::Away(_) => Fate::Wait,
        StorageFailure::Postgres(error) => fate_of(error),
        _ => Fate::Final,
    }
}

pub(super) fn fate_of(error: &Error) -> Fate {
    let Some(refusal) = error.as_db_error() else {
        // No word from the server, or one that is cut off: the connection is gone.
        return if is_lost(error) { Fate::Wait } else { Fate::Final };
    };
    match refusal.code() {
        code if *code == SqlState::T_R_SERIALIZATION_FAILURE => Fate::Again(Again::Serialization),
        code if *code == SqlState::T_R_DEADLOCK_DETECTED => Fate::Again(Again::Deadlock),
        code if *code == SqlState::LOCK_NOT_AVAILABLE => Fate::Again(Again::Held),
        code if *code == SqlState::UNIQUE_VIOLATION => Fate::Again(Again::Taken),
        // With the name of a constraint it would be another one.
        code if *code == SqlState::CHECK_VIOLATION && refusal.constraint().is_none() => {
            Fate::Again(Again::Day)
        }
        code => match &code.code()[..2] {
            // Connection exceptions, too few resources (a full disk among them), intervention of an operator (it stops or
            // starts), trouble of the system, and a server that only reads for now, as it does before it takes over.
            "08" | "53" | "57" | "58" | "25" => Fate::Wait,
            _ => Fate::Final,
        },
    }
}

/// Whether the database has not said what became of a statement: it went away, or was told to, before it could. Any other
/// refusal undoes the transaction, also if the commit was sent after it.
pub(super) fn is_silent(failure: &StorageFailure) -> bool {
    match failure {
        StorageFailure::Away(_) => true,
        StorageFailure::Postgres(error) => {
            is_lost(error) || error.code().is_some_and(|code| code.code().starts_with("57"))
        }
        _ => false,
    }
}

/// Whether it means that the connection is gone.
pub(super) fn is_lost(error: &Error) -> bool {
    error.is_closed()
        || std::error::Error::source(error).is_some_and(<dyn std::error::Error>::is::<std::io::Error>)
        || error.to_string().starts_with("error connecting")
}
