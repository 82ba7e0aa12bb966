//! Points in time.

use std::cmp::Ordering;

use serde::{Deserialize, Serialize};

/// Seconds since 1970 (UTC) as a double, to the microsecond. Always finite.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(value_type = f64, example = 1_767_225_600.25))]
#[serde(transparent)]
pub struct Timestamp(f64);

impl Timestamp {
    /// 1970-01-01T00:00:00Z.
    pub const EPOCH: Self = Self(0.0);

    /// `None` if `seconds` is infinite or not a number.
    pub fn from_seconds(seconds: f64) -> Option<Self> {
        seconds.is_finite().then_some(Self(seconds))
    }

    /// A whole number of microseconds since 1970.
    #[expect(clippy::cast_precision_loss, reason = "exact until the year 2255")]
    pub fn from_micros(micros: i64) -> Self {
        Self(micros as f64 / 1e6)
    }

    /// Microseconds since 1970, rounded.
    #[expect(clippy::cast_possible_truncation, reason = "times beyond the range become its ends")]
    pub fn micros(self) -> i64 {
        (self.0 * 1e6).round() as i64
    }

    /// Seconds since 1970.
    pub fn seconds(self) -> f64 {
        self.0
    }

    /// This time and `seconds` more. `None` if the sum is not finite.
    pub fn after(self, seconds: f64) -> Option<Self> {
        Self::from_seconds(self.0 + seconds)
    }
}

impl Eq for Timestamp {}

impl PartialOrd for Timestamp {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Timestamp {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.total_cmp(&other.0)
    }
}
