//! Which spans a viewer asked to see.

use super::kind::Kind;
use super::store::{Trace, TraceSpan};

/// A set of kinds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Kinds(u32);

impl Kinds {
    /// The kinds whose codes are set as bits.
    pub fn from_bits(bits: u32) -> Self {
        Self(bits)
    }

    /// This set and one kind more.
    #[must_use]
    pub fn with(self, kind: Kind) -> Self {
        Self(self.0 | 1 << kind.code())
    }

    /// Whether a kind is in it.
    pub fn has(self, kind: Kind) -> bool {
        self.0 & (1 << kind.code()) != 0
    }

    /// Whether no kind is in it.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }
}

/// What a span must be to be shown. All conditions that are set must hold.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Filter {
    /// Part of its label, name, operation or id; small and capital letters from A to Z are the same. Empty: any.
    pub text: String,
    /// Searches its whole text too: attributes, events, everything as sent.
    pub everywhere: bool,
    /// Its kind is one of these. Empty: any.
    pub kinds: Kinds,
    /// It is an error.
    pub errors_only: bool,
    /// It lasted this many seconds or more.
    pub min_duration: Option<f64>,
}

impl Filter {
    /// Whether some condition is set.
    pub fn is_active(&self) -> bool {
        !self.text.is_empty() || !self.kinds.is_empty() || self.errors_only || self.min_duration.is_some()
    }

    /// By span: whether it fits.
    pub(super) fn matches(&self, trace: &Trace) -> Vec<bool> {
        let needle = self.text.to_ascii_lowercase();
        let fits = |(place, span): (usize, &TraceSpan)| {
            (self.kinds.is_empty() || self.kinds.has(span.kind))
                && (!self.errors_only || span.error)
                && self
                    .min_duration
                    .is_none_or(|least| span.duration().is_some_and(|duration| duration >= least))
                && (needle.is_empty() || self.finds(&needle, trace, place))
        };
        trace.spans().iter().enumerate().map(fits).collect()
    }

    fn finds(&self, needle: &str, trace: &Trace, span: usize) -> bool {
        let within = |text: &str| text.to_ascii_lowercase().contains(needle);
        within(trace.label(span))
            || within(trace.name(span))
            || within(trace.span_id(span))
            || trace.operation(span).is_some_and(within)
            || (self.everywhere && within(trace.spans()[span].text()))
    }
}

/// How many spans there are of each kind, for the chips of a filter.
pub fn kind_counts(trace: &Trace) -> Vec<(Kind, usize)> {
    let mut counts: Vec<(Kind, usize)> = Kind::ALL.iter().map(|kind| (*kind, 0)).collect();
    for span in trace.spans() {
        counts[usize::from(span.kind.code())].1 += 1;
    }
    counts.retain(|(_, count)| *count > 0);
    counts
}
