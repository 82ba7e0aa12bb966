//! Names of calls, by which their repetitions are known.

use std::fmt;
use std::sync::Arc;

use crate::error::ClientError;
use crate::lax::MAX_ID_BYTES;
use crate::transport::Transport;

/// The name of one call. A server that has carried out a call answers a repetition with the same key and the same
/// content from memory, for 24 hours, and does nothing; the same key with other content is refused.
///
/// The client makes a key for every call that needs one. Bring your own to repeat a call after your program has ended:
/// keep it together with what the call is about, before you make it.
///
/// ```
/// use lightning_store_client::IdempotencyKey;
///
/// let key = IdempotencyKey::new("import-2026-11-03/batch-17")?;
/// assert_eq!(key.as_str(), "import-2026-11-03/batch-17");
/// assert!(IdempotencyKey::new("no spaces").is_err());
/// # Ok::<(), lightning_store_client::ClientError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct IdempotencyKey(Arc<str>);

impl IdempotencyKey {
    /// A key of your own: 1 to 256 visible ASCII characters.
    ///
    /// # Errors
    /// [`ClientError::Invalid`] for other texts.
    pub fn new(text: impl Into<Arc<str>>) -> Result<Self, ClientError> {
        let text = text.into();
        if text.is_empty() || text.len() > MAX_ID_BYTES || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(ClientError::invalid(format!(
                "an idempotency key is 1 to {MAX_ID_BYTES} visible ASCII characters, which {text:?} is not"
            )));
        }
        Ok(Self(text))
    }

    /// A new key, laid out like a UUID of version 7: keys of later calls sort behind those of earlier ones, so that an
    /// index of them grows at its end.
    pub(crate) fn make(transport: &impl Transport) -> Self {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "milliseconds since 1970 fit in 48 bits"
        )]
        let millis = (transport.wall_clock().seconds() * 1e3) as u64 & 0xffff_ffff_ffff;
        let (high, low) = (transport.random(), transport.random());
        let text = format!(
            "{:08x}-{:04x}-7{:03x}-{:04x}-{:012x}",
            millis >> 16,
            millis & 0xffff,
            high & 0xfff,
            (low >> 48) & 0x3fff | 0x8000,
            low & 0xffff_ffff_ffff,
        );
        Self(text.into())
    }

    /// The key as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for IdempotencyKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::str::FromStr for IdempotencyKey {
    type Err = ClientError;

    fn from_str(text: &str) -> Result<Self, ClientError> {
        Self::new(text)
    }
}
