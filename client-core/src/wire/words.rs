//! The closed sets of words: statuses, modes, orders.

use serde::{Deserialize, Serialize};

use crate::lax::reader::Word;
use crate::lax::{Node, ReadJson, Reader};

macro_rules! words {
    ($($(#[doc = $doc:literal])* $name:ident { $($(#[doc = $word_doc:literal])* $word:ident = $text:literal),* $(,)? })*) => {$(
        $(#[doc = $doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
        pub enum $name {
            $($(#[doc = $word_doc])* #[serde(rename = $text)] $word,)*
        }

        impl Word for $name {
            const ALL: &'static [Self] = &[$(Self::$word),*];

            fn as_str(&self) -> &'static str {
                match self { $(Self::$word => $text),* }
            }
        }

        impl ReadJson for $name {
            fn read(node: Node<'_>, reader: &mut Reader) -> Option<Self> {
                reader.word(node)
            }
        }

        #[cfg(feature = "openapi")]
        super::schema::word_schema!($name, [$($doc),*], [$($text: [$($word_doc),*]),*]);

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }
    )*};
}

words! {
    /// Where a rollout is in its life.
    RolloutStatus {
        /// Waiting in the queue for its first attempt.
        Queuing = "queuing",
        /// Taken by a worker that has not reported yet.
        Preparing = "preparing",
        /// Its newest attempt is running.
        Running = "running",
        /// Ended without success and without attempts left.
        Failed = "failed",
        /// Ended with success.
        Succeeded = "succeeded",
        /// Given up by its owner.
        Cancelled = "cancelled",
        /// Waiting in the queue for another attempt.
        Requeuing = "requeuing",
    }

    /// Where an attempt is in its life.
    AttemptStatus {
        /// Taken by a worker that has not reported yet.
        Preparing = "preparing",
        /// At least one span has arrived, or its worker says so.
        Running = "running",
        /// Ended without success.
        Failed = "failed",
        /// Ended with success.
        Succeeded = "succeeded",
        /// Nothing was heard of it for `unresponsive_seconds`.
        Unresponsive = "unresponsive",
        /// It took longer than `timeout_seconds`.
        Timeout = "timeout",
    }

    /// What a worker is doing, derived from its attempts.
    WorkerStatus {
        /// It has nothing to do.
        Idle = "idle",
        /// It has an attempt.
        Busy = "busy",
        /// It was never seen at work, or its attempt was lost.
        Unknown = "unknown",
    }

    /// What a rollout is for.
    Mode {
        /// Training.
        Train = "train",
        /// Validation.
        Val = "val",
        /// Test.
        Test = "test",
    }

    /// How a span ended.
    StatusCode {
        /// Not said.
        Unset = "UNSET",
        /// Well.
        Ok = "OK",
        /// With an error.
        Error = "ERROR",
    }

    /// The language of a prompt template.
    TemplateEngine {
        /// Jinja.
        Jinja = "jinja",
        /// Python's f-strings.
        FString = "f-string",
        /// POML.
        Poml = "poml",
    }

    /// Direction of a list.
    SortOrder {
        /// Smallest first.
        Asc = "asc",
        /// Largest first.
        Desc = "desc",
    }

    /// How the filters of a query are joined.
    FilterLogic {
        /// All must hold.
        And = "and",
        /// One must hold.
        Or = "or",
    }
}

impl RolloutStatus {
    /// Whether the rollout has ended: failed, succeeded or cancelled.
    pub fn is_finished(self) -> bool {
        matches!(self, Self::Failed | Self::Succeeded | Self::Cancelled)
    }

    /// Whether the rollout waits for a worker.
    pub fn is_queued(self) -> bool {
        matches!(self, Self::Queuing | Self::Requeuing)
    }

    /// Whether the rollout's newest attempt is watched for its deadlines.
    pub fn is_active(self) -> bool {
        matches!(self, Self::Preparing | Self::Running)
    }
}

impl AttemptStatus {
    /// Whether the attempt was ended by its worker. Only then it has an `end_time`.
    pub fn is_ended(self) -> bool {
        matches!(self, Self::Failed | Self::Succeeded)
    }
}
