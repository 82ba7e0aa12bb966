//! Spans: what happened in an attempt, as OpenTelemetry tells it.
//!
//! [`Span`] is a span taken apart, for programs that make or look at one. The server stores and answers spans as
//! [`SpanRecord`](super::SpanRecord), which leaves most of the text as it came.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{Error as _, MapAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{AttemptId, JsonObject, RawJson, RolloutId, StatusCode, Timestamp};

/// Attributes in the order given. Values are strings, booleans, numbers, or lists of one of these.
pub type Attributes = JsonObject<RawJson>;

/// Declares an object that keeps the members it does not know in `extra`, written behind its own.
///
/// serde's `flatten` would do the same, but it does not keep raw JSON (big integers, `1.0`).
macro_rules! open_objects {
    ($($(#[$doc:meta])* $name:ident {
        $($(#[$field_doc:meta])* $field:ident: $type:ty $(= $default:expr)?),* $(,)?
    })*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq)]
        #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
        pub struct $name {
            $($(#[$field_doc])* pub $field: $type,)*
            /// Members that are not in this list, kept as they are.
            #[cfg_attr(feature = "openapi", schema(ignore))]
            pub extra: JsonObject<RawJson>,
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                let mut object = serializer.serialize_map(None)?;
                $(object.serialize_entry(stringify!($field), &self.$field)?;)*
                for (key, value) in &self.extra {
                    object.serialize_entry(key, value)?;
                }
                object.end()
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Members(PhantomData<$name>);

                impl<'de> Visitor<'de> for Members {
                    type Value = $name;

                    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                        f.write_str(concat!("an object: ", stringify!($name)))
                    }

                    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<$name, A::Error> {
                        $(let mut $field: Option<$type> = None;)*
                        let mut extra = JsonObject::default();
                        while let Some(key) = map.next_key::<String>()? {
                            match key.as_str() {
                                $(stringify!($field) => $field = Some(map.next_value()?),)*
                                _ => {
                                    extra.insert(key, map.next_value()?);
                                }
                            }
                        }
                        Ok($name {
                            $($field: open_objects!(@value $field $(= $default)?),)*
                            extra,
                        })
                    }
                }

                deserializer.deserialize_map(Members(PhantomData))
            }
        }
    )*};
    (@value $field:ident = $default:expr) => { $field.unwrap_or($default) };
    (@value $field:ident) => {
        $field.ok_or_else(|| A::Error::missing_field(stringify!($field)))?
    };
}

open_objects! {
    /// A span.
    Span {
        /// The rollout it belongs to.
        rollout_id: RolloutId,
        /// The attempt it belongs to.
        attempt_id: AttemptId,
        /// Its place among the spans of the rollout; two spans may share one.
        sequence_id: i64,
        /// The trace it is part of.
        trace_id: String,
        /// Its id: unique within the attempt, and the key by which a repeated span is known.
        span_id: String,
        /// The span that it is a part of. Null: of none.
        #[cfg_attr(feature = "openapi", schema(required = true))]
        parent_id: Option<String>,
        /// What it is.
        name: String,
        /// How it ended.
        status: SpanStatus,
        /// What is known of it.
        #[cfg_attr(feature = "openapi", schema(value_type = std::collections::HashMap<String, super::schema::AttributeValue>))]
        attributes: Attributes,
        /// What happened within it.
        events: Vec<SpanEvent>,
        /// What it is related to.
        links: Vec<SpanLink>,
        /// When it began.
        #[cfg_attr(feature = "openapi", schema(required = true))]
        start_time: Option<Timestamp>,
        /// When it ended.
        #[cfg_attr(feature = "openapi", schema(required = true))]
        end_time: Option<Timestamp>,
        /// Its own context.
        #[cfg_attr(feature = "openapi", schema(required = true))]
        context: Option<SpanContext>,
        /// Its parent's context.
        #[cfg_attr(feature = "openapi", schema(required = true))]
        parent: Option<SpanContext>,
        /// What made it.
        resource: SpanResource,
    }

    /// How a span ended.
    SpanStatus {
        /// Well or not.
        status_code: StatusCode,
        /// In words.
        description: Option<String> = None,
    }

    /// Something that happened at one moment.
    SpanEvent {
        /// What it is.
        name: String,
        /// What is known of it.
        #[cfg_attr(feature = "openapi", schema(value_type = std::collections::HashMap<String, super::schema::AttributeValue>))]
        attributes: Attributes,
        /// When it happened.
        timestamp: Option<Timestamp> = None,
    }

    /// A relation to another span.
    SpanLink {
        /// The other span.
        context: SpanContext,
        /// What is known of the relation.
        #[cfg_attr(feature = "openapi", schema(value_type = Option<std::collections::HashMap<String, super::schema::AttributeValue>>))]
        attributes: Option<Attributes> = None,
    }

    /// Where a span belongs in its trace.
    SpanContext {
        /// The trace.
        trace_id: String,
        /// The span.
        span_id: String,
        /// Whether it came from another process.
        is_remote: bool,
        /// What vendors added.
        #[cfg_attr(feature = "openapi", schema(value_type = std::collections::HashMap<String, String>))]
        trace_state: JsonObject<String>,
    }
}

/// What made a span. Unlike the other parts it keeps no unknown members.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SpanResource {
    /// What is known of it.
    #[cfg_attr(feature = "openapi", schema(value_type = std::collections::HashMap<String, super::schema::AttributeValue>))]
    pub attributes: Attributes,
    /// The schema of its attributes; may be empty.
    pub schema_url: String,
}
