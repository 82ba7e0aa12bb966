//! What an update says about one field.

use serde::{Serialize, Serializer};

use crate::lax::{Node, Object, Reader};

/// Absent, null and a value are three things in an update.
///
/// Fields of this type carry `#[serde(skip_serializing_if = "Patch::is_keep")]`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Patch<T> {
    /// The field is absent: leave it as it is.
    #[default]
    Keep,
    /// The field is null: clear it. Where a value is mandatory, this is refused.
    Clear,
    /// The field has a value: set it.
    Set(T),
}

impl<T> Patch<T> {
    /// Whether the field is absent.
    pub fn is_keep(&self) -> bool {
        matches!(self, Self::Keep)
    }

    /// Carries out the update on an optional field.
    pub fn apply(self, field: &mut Option<T>) {
        match self {
            Self::Keep => {}
            Self::Clear => *field = None,
            Self::Set(value) => *field = Some(value),
        }
    }

    /// Carries out the update on a mandatory field.
    ///
    /// # Errors
    /// [`NullNotAllowed`], naming the field, for null.
    pub fn apply_mandatory(self, name: &'static str, field: &mut T) -> Result<(), NullNotAllowed> {
        match self {
            Self::Keep => Ok(()),
            Self::Clear => Err(NullNotAllowed(name)),
            Self::Set(value) => {
                *field = value;
                Ok(())
            }
        }
    }

    /// Refuses null.
    ///
    /// # Errors
    /// [`NullNotAllowed`], naming the field, for null.
    pub fn not_null(&self, name: &'static str) -> Result<(), NullNotAllowed> {
        if matches!(self, Self::Clear) { Err(NullNotAllowed(name)) } else { Ok(()) }
    }

    /// Reads the member `name` of an update.
    pub fn member<'a>(
        object: &Object<'a>,
        name: &'static str,
        reader: &mut Reader,
        read: impl FnOnce(Node<'a>, &mut Reader) -> Option<T>,
    ) -> Option<Self> {
        match object.get(name) {
            None => Some(Self::Keep),
            Some(node) if node.is_null() => Some(Self::Clear),
            Some(_) => object.required(name, reader, read).map(Self::Set),
        }
    }
}

/// Null where a value is mandatory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NullNotAllowed(pub &'static str);

impl std::fmt::Display for NullNotAllowed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} is invalid; it cannot be a null value.", self.0)
    }
}

impl std::error::Error for NullNotAllowed {}

impl<T: Serialize> Serialize for Patch<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Keep | Self::Clear => serializer.serialize_none(),
            Self::Set(value) => serializer.serialize_some(value),
        }
    }
}
