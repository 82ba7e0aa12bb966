//! What was said to a model and what it answered, in one form, whatever wrote it down.
//!
//! - [`message`]: the form.
//! - [`read`]: one message or part of any shape in use → the form. What is not understood becomes a JSON part with a
//!   note; nothing here fails.
//! - [`dialect`]: where the instrumentations put messages in the attributes of a span.
//! - [`conversation`]: a whole attempt as one conversation, without the history that agents send again every turn.

pub mod conversation;
pub mod dialect;
pub mod message;
pub mod read;

pub use conversation::{Conversation, Turn};
pub use dialect::{Dialect, SpanMessages};
pub use message::{Message, Part, Tool};
