//! The whole document: OpenAPI 3.1.

use http::StatusCode;
use lightning_store_client::api::{self, Endpoint, IDEMPOTENCY_KEY, Method, Repeat};
use lightning_store_client::lax::MAX_ID_BYTES;
use serde_json::{Map, Value, json};

use super::components::{Components, response};
use super::operation::Operation;
use super::operations::describe;

/// What a reader has to know before anything else.
const DESCRIPTION: &str = "\
A durable store for agent training by reinforcement learning. An algorithm enqueues *rollouts*; workers take them and \
execute them in *attempts*; attempts send back *spans*; *resources* (prompts, model endpoints) are versioned beside \
them.

There are two dialects over one store: `/v1/agl`, that of the published Python package `agentlightning`, and \
`/agl/v1`, with one object where the other has a batch and a plain list where it has a page.

**Requests** may be laxer than described here: numbers may stand in strings, `true` counts as 1, 2.0 is an integer, and \
unknown members are ignored, except on spans, which keep them. A request body is JSON whose content type says so, or \
says nothing.

**Answers** have all their keys; what is not known is null. Times are seconds since 1970 as doubles.

**Errors**: a request that makes no sense is answered 400, one with faulty fields 422 with all of them, one that names \
something unknown 404, one over a limit 413, one that comes too slowly 408. An unknown path is answered 404 with \
`{\"detail\": \"Not Found\"}`, a method that a path does not have (HEAD always) 405 with the header `Allow`, a head that \
is too large 431. 408, 500 and 503 may be sent again. Every answer carries its id in the header `x-request-id`.

**Repetitions**: a request whose answer got lost may be sent again without a second effect if it has an \
`Idempotency-Key`; the operations that take one say so. The others read, or are harmless when repeated.";

/// Every operation in the order in which the document has it.
pub(super) fn endpoints() -> impl Iterator<Item = &'static Endpoint> {
    [api::v1_agl::ALL, api::dashboard::ALL, api::agl_v1::ALL, api::otlp::ALL, api::ops::ALL]
        .into_iter()
        .flatten()
}

/// The document.
pub(super) fn document() -> Value {
    let mut components = Components::default();
    let mut paths = Map::new();
    for endpoint in endpoints() {
        let described = describe(endpoint, &mut components);
        debug_assert!(described.is_some(), "{} is not described", endpoint.name);
        let operation = operation(endpoint, described.unwrap_or_default(), &mut components);
        let path = paths.entry(endpoint.path).or_insert_with(|| json!({}));
        path[method(endpoint)] = operation;
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "lightning-store",
            "version": env!("CARGO_PKG_VERSION"),
            "description": DESCRIPTION,
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [{"url": ".", "description": "The server that this document is from."}],
        "tags": tags(),
        "x-tagGroups": groups(),
        "paths": paths,
        "components": components.finish(),
    })
}

fn method(endpoint: &Endpoint) -> &'static str {
    match endpoint.method {
        Method::Get => "get",
        Method::Post => "post",
    }
}

/// The tags in the order of the menus: the beginning of the paths that one stands for, its name, what is said of it.
const TAGS: &[(&str, &str, &str)] = &[
    ("/v1/agl/queues/", "queue", "Rollouts that wait for a worker."),
    ("/v1/agl/rollouts", "rollouts", "What is to be done, and how it went."),
    ("/v1/agl/rollouts/{rollout_id}/attempts", "attempts", "The tries at a rollout."),
    ("/v1/agl/waits/", "waits", "Waiting without polling."),
    ("/v1/agl/spans", "spans", "What happened in an attempt."),
    ("/v1/agl/resources", "resources", "The models and prompts that rollouts are done with, in versions."),
    ("/v1/agl/workers", "workers", "Who does the work."),
    ("/v1/agl/events", "events", "Hearing what changes."),
    ("/v1/agl/dashboard/", "dashboard", "What people look at: rows, sums and traces."),
    ("/v1/agl/", "store", "The store as a whole."),
    ("/agl/v1/queues/", "agl-v1-queue", "One rollout at a time."),
    ("/agl/v1/rollouts", "agl-v1-rollouts", "Rollouts, as plain lists and without their attempts."),
    ("/agl/v1/rollouts/{rollout_id}/attempts", "agl-v1-attempts", "Attempts, as plain lists."),
    ("/agl/v1/waits/", "agl-v1-waits", "Waiting without polling."),
    ("/agl/v1/spans", "agl-v1-spans", "Spans, as plain lists."),
    ("/agl/v1/resources", "agl-v1-resources", "Resources without their times and versions."),
    ("/agl/v1/", "agl-v1-store", "The store as a whole."),
    ("/v1/", "OpenTelemetry", "OTLP over HTTP, as protobuf or JSON."),
    ("/", "operations", "For those who run the server."),
];

/// The tag with the longest beginning that fits.
fn tag(endpoint: &Endpoint) -> &'static str {
    let fitting = TAGS.iter().filter(|(start, ..)| endpoint.path.starts_with(start));
    fitting.max_by_key(|(start, ..)| start.len()).map_or("", |(_, name, _)| name)
}

fn tags() -> Value {
    let tag = |(_, name, description): &(&str, &str, &str)| {
        let shown = name.strip_prefix("agl-v1-").unwrap_or(name);
        json!({"name": name, "description": description, "x-displayName": shown})
    };
    TAGS.iter().map(tag).collect()
}

/// The tags of each dialect together, for ReDoc's menu.
fn groups() -> Value {
    let group = |title: &str, belongs: fn(&str) -> bool| {
        let tags: Vec<_> =
            TAGS.iter().filter(|(start, ..)| belongs(start)).map(|(_, name, _)| *name).collect();
        json!({"name": title, "tags": tags})
    };
    json!([
        group("/v1/agl: the published Python package", |start| start.starts_with("/v1/agl")),
        group("/agl/v1: the specification", |start| start.starts_with("/agl/v1")),
        group("Further", |start| !start.contains("agl")),
    ])
}

/// What a success is called.
fn reason(status: u16) -> &'static str {
    StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason()).unwrap_or_default()
}

fn operation(endpoint: &Endpoint, operation: Operation, components: &mut Components) -> Value {
    let mut parameters = path_parameters(endpoint, components);
    if endpoint.repeat == Repeat::Keyed {
        parameters.push(idempotency_key());
    }
    let has_parameters = !parameters.is_empty() || !operation.parameters.is_empty();
    parameters.extend(operation.parameters);
    let mut responses = Map::new();
    responses.insert(
        endpoint.success.to_string(),
        response(reason(endpoint.success), operation.content, operation.headers),
    );
    let mut statuses = operation.statuses;
    if operation.request_body.is_some() {
        statuses.extend([400, 408, 413]);
    }
    if has_parameters || operation.checks_body {
        statuses.push(422);
    }
    statuses.extend([500, 503]);
    statuses.sort_unstable();
    statuses.dedup();
    for status in statuses {
        let own =
            operation.responses.iter().find(|(own, _)| *own == status).map(|(_, response)| response.clone());
        let shared = || json!({"$ref": format!("#/components/responses/{status}")});
        responses.insert(status.to_string(), own.unwrap_or_else(shared));
    }
    let mut described = json!({
        "operationId": endpoint.name,
        "tags": [tag(endpoint)],
        "summary": endpoint.summary,
    });
    if let Some(description) = operation.description {
        described["description"] = description.into();
    }
    if !parameters.is_empty() {
        described["parameters"] = parameters.into();
    }
    if let Some(body) = operation.request_body {
        described["requestBody"] = body;
    }
    described["responses"] = responses.into();
    described
}

/// The ids in the path.
fn path_parameters(endpoint: &Endpoint, components: &mut Components) -> Vec<Value> {
    let names = endpoint.path.split('/').filter_map(|segment| segment.strip_prefix('{')?.strip_suffix('}'));
    names
        .map(|name| {
            let (schema, description) = components.id(name);
            json!({"name": name, "in": "path", "required": true, "description": description, "schema": schema})
        })
        .collect()
}

/// The header that keeps a repeated call from having a second effect.
fn idempotency_key() -> Value {
    json!({
        "name": IDEMPOTENCY_KEY,
        "in": "header",
        "required": false,
        "description": "Names the call, for example by a random UUID. A request that comes again with the same key is \
                        answered as the first time and has no second effect, for 24 hours after a success. With \
                        another method, path, query or body the key is refused. Refusals are not remembered.",
        "schema": {
            "type": "string",
            "minLength": 1,
            "maxLength": MAX_ID_BYTES,
            "pattern": "^[!-~]+$",
            "examples": ["3f1c9a52-7d0b-4e63-9a8e-5b1d2c4f6a70"],
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_endpoint_is_described() {
        for endpoint in endpoints() {
            assert!(describe(endpoint, &mut Components::default()).is_some(), "{}", endpoint.name);
        }
    }

    #[test]
    fn every_reference_leads_somewhere_and_every_schema_is_used() {
        let document = document();
        let text = document.to_string();
        for reference in text.split("\"$ref\":\"#").skip(1).filter_map(|rest| rest.split('"').next()) {
            assert!(document.pointer(reference).is_some(), "{reference}");
        }
        for name in document["components"]["schemas"].as_object().unwrap().keys() {
            assert!(text.contains(&format!("\"#/components/schemas/{name}\"")), "{name} is not used");
        }
    }
}
