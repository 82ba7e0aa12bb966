//! Schemas that cannot be derived: what those types look like on the wire.
//!
//! Only with the feature `openapi`. The types here stand for a shape in the document and are never made.

use utoipa::openapi::schema::{
    AllOfBuilder, AnyOfBuilder, ArrayBuilder, ObjectBuilder, OneOfBuilder, Schema, SchemaType, Type,
};
use utoipa::openapi::{Ref, RefOr};
use utoipa::{PartialSchema, ToSchema};

use super::{Attempt, AttemptedRollout, Rollout, RolloutWithAttempt};

/// Schemas by name.
type Schemas = Vec<(String, RefOr<Schema>)>;

/// The schema of a set of words, from the words and what is said about them.
pub(super) fn words(doc: &[&str], words: &[(&str, &[&str])]) -> RefOr<Schema> {
    let mut description = doc.iter().map(|line| line.trim()).collect::<Vec<_>>().join(" ");
    description.push('\n');
    for (word, doc) in words {
        description.push_str("\n- `");
        description.push_str(word);
        description.push_str("`: ");
        description.push_str(&doc.iter().map(|line| line.trim()).collect::<Vec<_>>().join(" "));
    }
    ObjectBuilder::new()
        .schema_type(Type::String)
        .description(Some(description))
        .enum_values(Some(words.iter().map(|(word, _)| *word)))
        .into()
}

/// Gives a set of words its schema.
macro_rules! word_schema {
    ($name:ident, [$($doc:literal),*], [$($text:literal: [$($word_doc:literal),*]),*]) => {
        impl utoipa::PartialSchema for $name {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
                crate::wire::schema::words(&[$($doc),*], &[$(($text, &[$($word_doc),*])),*])
            }
        }

        impl utoipa::ToSchema for $name {}
    };
}

pub(super) use word_schema;

fn with_attempt(description: &str, required: bool) -> RefOr<Schema> {
    let object = ObjectBuilder::new().property("attempt", Ref::from_schema_name(Attempt::name()));
    let object = if required { object.required("attempt") } else { object };
    AllOfBuilder::new()
        .description(Some(description))
        .item(Ref::from_schema_name(Rollout::name()))
        .item(object)
        .into()
}

fn parts_of_rollout(schemas: &mut Schemas) {
    schemas.push((Rollout::name().into_owned(), Rollout::schema()));
    schemas.push((Attempt::name().into_owned(), Attempt::schema()));
    Rollout::schemas(schemas);
    Attempt::schemas(schemas);
}

impl PartialSchema for AttemptedRollout {
    fn schema() -> RefOr<Schema> {
        with_attempt("A rollout with the attempt that was started.", true)
    }
}

impl ToSchema for AttemptedRollout {
    fn schemas(schemas: &mut Schemas) {
        parts_of_rollout(schemas);
    }
}

impl PartialSchema for RolloutWithAttempt {
    fn schema() -> RefOr<Schema> {
        with_attempt("A rollout with its newest attempt; without the key `attempt` if it has none.", false)
    }
}

impl ToSchema for RolloutWithAttempt {
    fn schemas(schemas: &mut Schemas) {
        parts_of_rollout(schemas);
    }
}

/// The value of an attribute of a span.
#[derive(Debug)]
pub struct AttributeValue(());

impl PartialSchema for AttributeValue {
    fn schema() -> RefOr<Schema> {
        let of = |kind: Type| ObjectBuilder::new().schema_type(kind);
        let list = |kind: Type| ArrayBuilder::new().items(of(kind));
        // Numbers that are none come back as null; null itself is refused, but answers are described by this too.
        let numbers = ArrayBuilder::new()
            .items(ObjectBuilder::new().schema_type(SchemaType::from_iter([Type::Number, Type::Null])));
        AnyOfBuilder::new()
            .description(Some(
                "A string, a boolean or a number, or a list of one of these. Kinds are kept: 1.0 stays a double. Null is \
                 refused; in answers it stands for a number that JSON does not have (NaN, infinity).",
            ))
            .item(of(Type::String))
            .item(of(Type::Boolean))
            .item(of(Type::Number))
            .item(of(Type::Null))
            .item(list(Type::String))
            .item(list(Type::Boolean))
            .item(numbers)
            .into()
    }
}

impl ToSchema for AttributeValue {}

/// One mistake in a request: [`Issue`](crate::lax::Issue) on the wire.
#[derive(Debug)]
pub struct ValidationIssue(());

impl PartialSchema for ValidationIssue {
    fn schema() -> RefOr<Schema> {
        let text =
            |description: &str| ObjectBuilder::new().schema_type(Type::String).description(Some(description));
        let step = OneOfBuilder::new()
            .item(ObjectBuilder::new().schema_type(Type::String))
            .item(ObjectBuilder::new().schema_type(Type::Integer));
        let place = ArrayBuilder::new()
            .items(step)
            .min_items(Some(1))
            .description(Some("Where it is: `body`, `query` or `path`, then the steps from there."));
        let input = ObjectBuilder::new()
            .schema_type(SchemaType::AnyValue)
            .description(Some("The faulty value; absent if it is long."));
        ObjectBuilder::new()
            .description(Some("One mistake in a request."))
            .property("type", text("The kind of mistake, such as `missing` or `int_parsing`."))
            .required("type")
            .property("loc", place)
            .required("loc")
            .property("msg", text("What was expected, for people."))
            .required("msg")
            .property("input", input)
            .into()
    }
}

impl ToSchema for ValidationIssue {}
