//! Ids, each a type of its own, so that none can be taken for another.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::lax::{Node, ReadJson, Reader};

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
        #[cfg_attr(feature = "openapi", schema(value_type = String, max_length = 256))]
        #[serde(transparent)]
        pub struct $name(Arc<str>);

        impl $name {
            /// The id as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl<T: Into<Arc<str>>> From<T> for $name {
            fn from(text: T) -> Self {
                Self(text.into())
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Debug::fmt(&*self.0, f)
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl std::borrow::Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        impl ReadJson for $name {
            fn read(node: Node<'_>, reader: &mut Reader) -> Option<Self> {
                reader.id(node).map(|text| Self(text.into()))
            }
        }
    )*};
}

ids! {
    /// A rollout: `ro-` and 12 lowercase hexadecimal digits.
    RolloutId,
    /// An attempt: `at-` and 8 lowercase hexadecimal digits. Unique within its rollout only.
    AttemptId,
    /// A set of resources: `rs-` and 12 lowercase hexadecimal digits, or whatever an update named.
    ResourcesId,
    /// A worker: whatever it calls itself. The empty string is kept on attempts but names no worker.
    WorkerId,
}

impl AttemptId {
    /// The word that stands for a rollout's newest attempt where an attempt is named.
    pub const LATEST: &'static str = "latest";

    /// Whether this is [`AttemptId::LATEST`].
    pub fn is_latest(&self) -> bool {
        self.as_str() == Self::LATEST
    }
}
