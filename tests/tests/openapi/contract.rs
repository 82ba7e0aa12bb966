//! The document as a judge of requests and answers.

use std::collections::HashMap;

use jsonschema::{Draft, Validator};
use serde_json::{Value, json};

/// The document, with a validator for each schema that was asked for.
pub(crate) struct Contract {
    document: Value,
    validators: HashMap<String, Validator>,
}

/// An operation of the document: a JSON pointer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place(String);

impl Place {
    /// The place of an operation.
    pub(crate) fn operation(path: &str, method: &str) -> Self {
        Self("/paths".to_owned()).then(path).then(&method.to_ascii_lowercase())
    }

    /// A member of what is here.
    pub(crate) fn then(&self, name: &str) -> Self {
        Self(format!("{}/{}", self.0, name.replace('~', "~0").replace('/', "~1")))
    }
}

impl Contract {
    pub(crate) fn new(document: Value) -> Self {
        Self { document, validators: HashMap::new() }
    }

    /// What stands at a place, and where it really is if it is a reference.
    pub(crate) fn find(&self, place: &Place) -> Option<(Place, &Value)> {
        let value = self.document.pointer(&place.0)?;
        match value.get("$ref").and_then(Value::as_str).and_then(|reference| reference.strip_prefix('#')) {
            Some(pointer) => Some((Place(pointer.to_owned()), self.document.pointer(pointer)?)),
            None => Some((place.clone(), value)),
        }
    }

    /// The operation that takes a request: of several the one with the fewest parameters in its path.
    pub(crate) fn route(&self, path: &str, method: &str) -> Option<Place> {
        let fits = |template: &str| {
            let (mut wanted, mut given) = (template.split('/'), path.split('/'));
            wanted.by_ref().zip(given.by_ref()).all(|(wanted, given)| {
                if wanted.starts_with('{') { !given.is_empty() } else { wanted == given }
            }) && template.split('/').count() == path.split('/').count()
        };
        let paths = self.document["paths"].as_object()?;
        let fitting = paths.iter().filter(|(template, methods)| {
            fits(template) && methods.get(method.to_ascii_lowercase()).is_some()
        });
        let best =
            fitting.map(|(template, _)| template).min_by_key(|template| template.matches('{').count())?;
        Some(Place::operation(best, method))
    }

    /// What is wrong with a value, by the schema at a place.
    ///
    /// # Panics
    /// If that is no schema.
    pub(crate) fn faults(&mut self, schema: &Place, value: &Value) -> Vec<String> {
        let validator = self.validators.entry(schema.0.clone()).or_insert_with(|| {
            let whole = json!({
                "$schema": "https://json-schema.org/draft/2020-12/schema",
                "components": self.document["components"],
                "allOf": [self.document.pointer(&schema.0)],
            });
            let built = jsonschema::options().with_draft(Draft::Draft202012).build(&whole);
            built.unwrap_or_else(|error| panic!("{}: {error}", schema.0))
        });
        validator.iter_errors(value).map(|error| format!("{}: {error}", error.instance_path())).collect()
    }

    /// What is wrong with a JSON body, by the media type at a place; `None` if there is no such media type.
    pub(crate) fn body_faults(&mut self, holder: &Place, value: &Value) -> Option<Vec<String>> {
        let (holder, _) = self.find(holder)?;
        let schema = holder.then("content").then("application/json").then("schema");
        self.find(&schema)?;
        Some(self.faults(&schema, value))
    }
}
