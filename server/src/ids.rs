//! Ids, drawn at random.

use std::fmt::Write as _;

use lightning_store_client::wire::{AttemptId, ResourcesId, RolloutId};

/// A new rollout's id: `ro-` and 12 hexadecimal digits. May be taken; the storage finds out.
pub fn rollout() -> RolloutId {
    random("ro-", 12).into()
}

/// A new attempt's id: `at-` and 8 hexadecimal digits. Unique within a rollout only; the storage finds out.
pub fn attempt() -> AttemptId {
    random("at-", 8).into()
}

/// A new set of resources' id: `rs-` and 12 hexadecimal digits. May be taken; the caller finds out.
pub fn resources() -> ResourcesId {
    random("rs-", 12).into()
}

/// An id of this process for those who listen to changes: 8 hexadecimal digits.
pub fn instance() -> String {
    random("", 8)
}

/// A request's id: 16 hexadecimal digits, for logs.
pub fn request() -> String {
    random("", 16)
}

fn random(prefix: &str, digits: usize) -> String {
    let mut id = String::with_capacity(prefix.len() + 16);
    id.push_str(prefix);
    // Writing into a string cannot fail.
    let _ = write!(id, "{:016x}", rand::random::<u64>());
    id.truncate(prefix.len() + digits);
    id
}
