//! TypeScript types of the wire, from the same schemas that the server's own description is made of: what is said there
//! of a member, whether it may be null and whether it may be absent, is said here.
//!
//! Answers have all their keys, requests may leave many out. A type that is in both and differs is declared twice: `Span`
//! as it is answered, `SpanInput` as it may be sent.
//!
//! There is no second derive beside utoipa's for this (tsify was considered): its attributes would say the same things once
//! more, and neither recordings nor a document that people read would show where they are wrong.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context as _, Result, bail};
use lightning_store_client::api::{dashboard, v1_agl};
use lightning_store_client::wire::{
    QueueEvent, ResourcesEvent, RolloutEvent, SpanError, SpansEvent, SummaryEvent, WorkerEvent,
};
use serde_json::{Map, Value, json};
use utoipa::{PartialSchema, ToSchema};

use crate::schema::{self, Form, Names};

/// What the methods of the client answer. The types that these are made of follow.
const ANSWERS: &[&str] = &[
    "Attempt",
    "AttemptedRollout",
    "Health",
    "QueueEvent",
    "ResourcesEvent",
    "ResourcesUpdate",
    "Rollout",
    "RolloutEvent",
    "RolloutWithAttempt",
    "Span",
    "SpanError",
    "SpansEvent",
    "Statistics",
    "SummaryEvent",
    "Worker",
    "WorkerEvent",
];

/// What they take.
const REQUESTS: &[&str] = &[
    "NamedResources",
    "NewRollout",
    "QueryAttempts",
    "QueryResources",
    "QueryRollouts",
    "QuerySpans",
    "QueryWorkers",
    "Span",
    "StartRollout",
    "UpdateAttempt",
    "UpdateRollout",
    "UpdateWorker",
];

/// A page of something, from which the generic type is made.
const PAGE: &str = "PageOfWorker";

/// What the methods of the dashboard answer.
const DASHBOARD: &[&str] = &[
    "Capabilities",
    "LightTrace",
    "QueueView",
    "ResourcesRows",
    "ResourcesVersions",
    "RolloutDetail",
    "RolloutRows",
    "StoreSummary",
    "WorkerDetail",
    "WorkerRows",
];

/// What they take: the conditions of a list, by its path.
const DASHBOARD_QUERIES: &[(&str, &str, &str)] = &[
    ("DashboardQueueQuery", dashboard::QUEUE.path, "Which part of the queue."),
    ("DashboardResourcesQuery", dashboard::RESOURCES.path, "Which sets of resources, and in what order."),
    (
        "DashboardRolloutsQuery",
        dashboard::ROLLOUTS.path,
        "Which rollouts, and in what order. All conditions that are given must hold.",
    ),
    ("DashboardSummaryQuery", dashboard::SUMMARY.path, "How far back."),
    (
        "DashboardTraceQuery",
        dashboard::TRACE.path,
        "Which spans of an attempt, in the order in which they came.",
    ),
    ("DashboardWorkersQuery", dashboard::WORKERS.path, "Which workers, and in what order."),
];

/// Answers in which what would be null, false or empty is absent.
const SPARSE: &[&str] = &["LightSpan"];

/// The declarations.
///
/// # Errors
/// If a schema is missing, or is of a kind that this module does not know.
pub(crate) fn declarations() -> Result<String> {
    let schemas = schemas(&lightning_store_server::http::openapi::document())?;
    let answers = schema::closure(&schemas, &[ANSWERS, DASHBOARD].concat())?;
    let queries: Vec<&str> = DASHBOARD_QUERIES.iter().map(|(name, _, _)| *name).collect();
    let requests = schema::closure(&schemas, &[REQUESTS, &queries].concat())?;
    let mut names = Names::default();
    for name in answers.intersection(&requests) {
        if schema::differs(&schemas, name)? {
            names.twofold.insert((*name).to_owned());
        }
    }

    let mut out = String::new();
    let mut declare = |name: &str, form: Form| -> Result<()> {
        let text = schema::declaration(&schemas[name], name, form, &names)
            .with_context(|| format!("in the schema of {name}"))?;
        out.push_str(&text);
        out.push('\n');
        Ok(())
    };
    for name in &answers {
        declare(name, if SPARSE.contains(name) { Form::Request } else { Form::Answer })?;
    }
    for name in &requests {
        if !answers.contains(name) || names.twofold.contains(*name) {
            declare(name, Form::Request)?;
        }
    }
    out.push_str(&page(&schemas, &names)?);
    Ok(out)
}

/// All schemas by name: those of the server's description, and those of events.
fn schemas(document: &Value) -> Result<BTreeMap<String, Value>> {
    fn add<T: ToSchema>(schemas: &mut BTreeMap<String, Value>) -> Result<()> {
        schemas.insert(T::name().into_owned(), serde_json::to_value(<T as PartialSchema>::schema())?);
        Ok(())
    }
    let components = document.pointer("/components/schemas").and_then(Value::as_object);
    let components = components.context("the server's description has no schemas")?;
    let mut schemas: BTreeMap<_, _> =
        components.iter().map(|(name, schema)| (name.clone(), schema.clone())).collect();
    add::<RolloutEvent>(&mut schemas)?;
    add::<WorkerEvent>(&mut schemas)?;
    add::<ResourcesEvent>(&mut schemas)?;
    add::<SpansEvent>(&mut schemas)?;
    add::<QueueEvent>(&mut schemas)?;
    add::<SummaryEvent>(&mut schemas)?;
    add::<SpanError>(&mut schemas)?;
    let resources =
        ("QueryResources", v1_agl::QUERY_RESOURCES.path, "Which sets of resources, and in what order.");
    for (name, path, description) in DASHBOARD_QUERIES.iter().chain([&resources]) {
        schemas.insert((*name).to_owned(), conditions(document, path, description)?);
    }
    Ok(schemas)
}

/// The parameters of a query string as an object.
fn conditions(document: &Value, path: &str, description: &str) -> Result<Value> {
    let parameters = document["paths"][path]["get"]["parameters"].as_array();
    let mut properties = Map::new();
    let parameters = parameters.with_context(|| format!("GET {path} has no parameters"))?;
    for parameter in parameters.iter().filter(|parameter| parameter["in"] == "query") {
        let name = parameter["name"].as_str().context("a parameter has no name")?;
        if parameter["required"] != json!(false) {
            bail!("the parameter {name} is required, which nobody has provided for here");
        }
        let mut schema = parameter["schema"].clone();
        schema["description"] = parameter["description"].clone();
        properties.insert(name.to_owned(), schema);
    }
    Ok(json!({"type": "object", "description": description, "properties": properties}))
}

/// A page of anything.
fn page(schemas: &BTreeMap<String, Value>, names: &Names) -> Result<String> {
    let mut page = schemas.get(PAGE).with_context(|| format!("there is no schema {PAGE}"))?.clone();
    page["properties"]["items"]["items"] = json!({"$ref": "#/components/schemas/T"});
    schema::declaration(&page, "Page<T>", Form::Answer, names)
}

/// Names, sorted.
pub(crate) type NameSet<'a> = BTreeSet<&'a str>;
