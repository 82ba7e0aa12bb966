//! Which operation takes and answers what: one arm for each endpoint, looked up by the endpoint itself.

use lightning_store_client::api::{Endpoint, agl_v1 as agl, ops, otlp as otlp_api, v1_agl as v1};
use lightning_store_client::wire::agl_v1::{Resources, SearchRollouts};
use lightning_store_client::wire::{
    AddSpans, Attempt, AttemptedRollout, DequeueRollouts, EnqueueRollouts, Health, NamedResources,
    NewRollout, NextSequenceId, QueueEvent, ResourcesEvent, ResourcesUpdate, Rollout, RolloutEvent,
    RolloutWithAttempt, SequenceId, Span, SpanError, SpansEvent, StartAttempt, StartRollout, Statistics,
    SummaryEvent, UpdateAttempt, UpdateRollout, UpdateWorker, WaitForRollouts, Worker, WorkerEvent,
};
use serde_json::json;

use super::components::{Components, list_of, nullable};
use super::operation::Operation;
use super::{dashboard, examples, otlp, queries, traces};

/// What is known of an operation; none for one that is not in the table.
pub(super) fn describe(endpoint: &Endpoint, components: &mut Components) -> Option<Operation> {
    v1_agl(endpoint, components)
        .or_else(|| dashboard::describe(endpoint, components))
        .or_else(|| agl_v1(endpoint, components))
        .or_else(|| further(endpoint, components))
        .or_else(|| traces::describe(endpoint, components))
}

fn v1_agl(endpoint: &Endpoint, components: &mut Components) -> Option<Operation> {
    let c = components;
    Some(match *endpoint {
        v1::HEALTH => health(c),
        v1::STATISTICS => Operation::answers(&c.of::<Statistics>(), &examples::statistics()),
        v1::ENQUEUE => Operation::answers(&list_of(&c.of::<Rollout>()), &json!([examples::queuing()]))
            .takes(&c.of::<EnqueueRollouts>(), &json!({"rollouts": [examples::new_rollout()]})),
        v1::DEQUEUE => {
            Operation::answers(&list_of(&c.of::<AttemptedRollout>()), &json!([examples::preparing()]))
                .may_take(
                    &c.of::<DequeueRollouts>(),
                    &json!({"limit": 1, "worker_id": examples::WORKER_ID, "wait_seconds": 30.0}),
                )
        }
        v1::START_ROLLOUT => Operation::answers(&c.of::<AttemptedRollout>(), &examples::preparing())
            .takes(&c.of::<StartRollout>(), &examples::start_rollout()),
        v1::QUERY_ROLLOUTS => {
            let query = queries::rollouts(c);
            rollouts(c).lists(&query)
        }
        v1::SEARCH_ROLLOUTS => {
            let query = queries::rollouts(c);
            rollouts(c).searches(
                c,
                "QueryRollouts",
                &query,
                &json!({"status_in": ["queuing", "requeuing"], "limit": 20}),
            )
        }
        v1::GET_ROLLOUT => Operation::answers(&c.of::<RolloutWithAttempt>(), &examples::running()).finds(),
        v1::UPDATE_ROLLOUT => update_rollout(c),
        v1::START_ATTEMPT => Operation::answers(&c.of::<AttemptedRollout>(), &examples::preparing())
            .may_take(&c.of::<StartAttempt>(), &json!({"worker_id": examples::WORKER_ID}))
            .finds(),
        v1::QUERY_ATTEMPTS => {
            let query = queries::attempts(c);
            attempts(c).lists(&query)
        }
        v1::SEARCH_ATTEMPTS => {
            let query = queries::attempts(c);
            attempts(c).searches(
                c,
                "QueryAttempts",
                &query,
                &json!({"sort_by": "start_time", "sort_order": "desc"}),
            )
        }
        v1::GET_LATEST_ATTEMPT => latest_attempt(c),
        v1::UPDATE_ATTEMPT => update_attempt(c),
        v1::ADD_SPAN => Operation::answers(&nullable(&c.of::<Span>()), &examples::span())
            .takes(&c.of::<Span>(), &examples::span())
            .finds(),
        v1::ADD_SPANS => add_spans(c),
        v1::QUERY_SPANS => {
            let query = queries::spans(c);
            spans(c).lists(&query)
        }
        v1::SEARCH_SPANS => {
            let query = queries::spans(c);
            let example =
                json!({"rollout_id": examples::ROLLOUT_ID, "attempt_id": "latest", "name_contains": "chat"});
            spans(c).searches(c, "QuerySpans", &query, &example)
        }
        v1::NEXT_SEQUENCE_ID => next_sequence_id(c),
        v1::ADD_RESOURCES | v1::UPDATE_RESOURCES => {
            Operation::answers(&c.of::<ResourcesUpdate>(), &examples::resources())
                .takes(&c.of::<NamedResources>(), &examples::named_resources())
        }
        v1::QUERY_RESOURCES => {
            let query = queries::resources(c);
            Operation::answers(&c.page::<ResourcesUpdate>(), &examples::page(&examples::resources()))
                .lists(&query)
        }
        v1::GET_LATEST_RESOURCES | v1::GET_RESOURCES => {
            Operation::answers(&nullable(&c.of::<ResourcesUpdate>()), &examples::resources())
        }
        v1::QUERY_WORKERS => {
            let query = queries::workers(c);
            workers(c).lists(&query)
        }
        v1::SEARCH_WORKERS => {
            let query = queries::workers(c);
            workers(c).searches(c, "QueryWorkers", &query, &json!({"status_in": ["busy"]}))
        }
        v1::GET_WORKER => Operation::answers(&nullable(&c.of::<Worker>()), &examples::worker()),
        v1::UPDATE_WORKER => Operation::answers(&c.of::<Worker>(), &examples::worker())
            .may_take(&c.of::<UpdateWorker>(), &json!({"heartbeat_stats": {"cpu_percent": 12.5}})),
        v1::WAIT_FOR_ROLLOUTS => wait_for_rollouts(c),
        v1::EVENTS => events(c),
        _ => return None,
    })
}

fn agl_v1(endpoint: &Endpoint, components: &mut Components) -> Option<Operation> {
    let c = components;
    Some(match *endpoint {
        agl::HEALTH => health(c),
        agl::ENQUEUE => Operation::answers(&c.of::<Rollout>(), &examples::queuing())
            .takes(&c.of::<NewRollout>(), &examples::new_rollout()),
        agl::DEQUEUE => Operation::answers(&nullable(&c.of::<AttemptedRollout>()), &examples::preparing())
            .described("A body is not looked at.")
            .filtered(&queries::wait()),
        agl::START_ROLLOUT => Operation::answers(&c.of::<AttemptedRollout>(), &examples::preparing())
            .takes(&c.of::<NewRollout>(), &examples::new_rollout()),
        agl::QUERY_ROLLOUTS => {
            Operation::answers(&list_of(&c.of::<Rollout>()), &json!([examples::queuing()]))
        }
        agl::SEARCH_ROLLOUTS => {
            Operation::answers(&list_of(&c.of::<Rollout>()), &json!([examples::queuing()]))
                .takes(&c.of::<SearchRollouts>(), &json!({"status": ["queuing"], "rollout_ids": null}))
        }
        agl::GET_ROLLOUT => Operation::answers(&c.of::<Rollout>(), &examples::queuing()).finds(),
        agl::UPDATE_ROLLOUT => update_rollout(c),
        agl::START_ATTEMPT => Operation::answers(&c.of::<AttemptedRollout>(), &examples::preparing())
            .described("A body is not looked at.")
            .finds(),
        agl::QUERY_ATTEMPTS => {
            Operation::answers(&list_of(&c.of::<Attempt>()), &json!([examples::attempt("running")]))
        }
        agl::GET_LATEST_ATTEMPT => latest_attempt(c),
        agl::UPDATE_ATTEMPT => update_attempt(c),
        agl::ADD_SPAN => Operation::answers(&c.of::<Span>(), &examples::span())
            .takes(&c.of::<Span>(), &examples::span())
            .finds(),
        agl::QUERY_SPANS => {
            let query = queries::spans_of_attempt(c);
            Operation::answers(&list_of(&c.of::<Span>()), &json!([examples::span()])).filtered(&query)
        }
        agl::NEXT_SEQUENCE_ID => next_sequence_id(c),
        agl::ADD_RESOURCES | agl::UPDATE_RESOURCES => {
            Operation::answers(&c.of::<Resources>(), &examples::plain_resources())
                .takes(&c.of::<NamedResources>(), &examples::named_resources())
        }
        agl::GET_LATEST_RESOURCES | agl::GET_RESOURCES => {
            Operation::answers(&nullable(&c.of::<Resources>()), &examples::plain_resources())
        }
        agl::WAIT_FOR_ROLLOUTS => wait_for_rollouts(c),
        _ => return None,
    })
}

fn further(endpoint: &Endpoint, components: &mut Components) -> Option<Operation> {
    let text = |kind: &str| Operation::gives(Some(json!({kind: {"schema": {"type": "string"}}})));
    Some(match *endpoint {
        otlp_api::TRACES => otlp::traces(components),
        otlp_api::METRICS | otlp_api::LOGS | otlp_api::PROFILES => Operation::gives(None),
        ops::READY => {
            let schema = components.named("Ready", || {
                json!({
                    "type": "object",
                    "description": "What was checked.",
                    "properties": {
                        "status": {"type": "string", "description": "`ready`"},
                        "checks": {"type": "object", "additionalProperties": {"type": "string"}, "description": "Each check, and `ok`."},
                    },
                    "required": ["status", "checks"],
                })
            });
            Operation::answers(&schema, &json!({"status": "ready", "checks": {"store": "ok"}}))
        }
        ops::OPENAPI => Operation::gives(Some(json!({"application/json": {"schema": {"type": "object"}}}))),
        ops::METRICS => text("text/plain"),
        ops::DOCS | ops::REDOC => text("text/html"),
        _ => return None,
    })
}

fn health(c: &mut Components) -> Operation {
    Operation::answers(&c.of::<Health>(), &json!({"status": "ok"}))
}

fn rollouts(c: &mut Components) -> Operation {
    Operation::answers(&c.page::<RolloutWithAttempt>(), &examples::page(&examples::running()))
}

fn attempts(c: &mut Components) -> Operation {
    Operation::answers(&c.page::<Attempt>(), &examples::page(&examples::attempt("running")))
}

fn spans(c: &mut Components) -> Operation {
    Operation::answers(&c.page::<Span>(), &examples::page(&examples::span()))
}

fn workers(c: &mut Components) -> Operation {
    Operation::answers(&c.page::<Worker>(), &examples::page(&examples::worker()))
}

fn update_rollout(c: &mut Components) -> Operation {
    Operation::answers(&c.of::<Rollout>(), &examples::cancelled())
        .takes(&c.of::<UpdateRollout>(), &json!({"status": "cancelled"}))
        .finds()
}

fn latest_attempt(c: &mut Components) -> Operation {
    Operation::answers(&nullable(&c.of::<Attempt>()), &examples::attempt("running"))
}

fn update_attempt(c: &mut Components) -> Operation {
    Operation::answers(&c.of::<Attempt>(), &examples::attempt("running"))
        .takes(&c.of::<UpdateAttempt>(), &json!({"status": "running", "worker_id": examples::WORKER_ID}))
        .finds()
}

fn next_sequence_id(c: &mut Components) -> Operation {
    let example = json!({"rollout_id": examples::ROLLOUT_ID, "attempt_id": examples::ATTEMPT_ID});
    Operation::answers(&c.of::<SequenceId>(), &json!({"sequence_id": 1}))
        .takes(&c.of::<NextSequenceId>(), &example)
}

fn wait_for_rollouts(c: &mut Components) -> Operation {
    Operation::answers(&list_of(&c.of::<Rollout>()), &json!([examples::cancelled()]))
        .takes(&c.of::<WaitForRollouts>(), &json!({"rollout_ids": [examples::ROLLOUT_ID], "timeout": 30.0}))
}

fn add_spans(c: &mut Components) -> Operation {
    let outcome = json!({
        "oneOf": [c.of::<Span>(), c.of::<SpanError>(), {"type": "null"}],
        "description": "The span as it is stored; or why it is not; or null, if its attempt has one with this id.",
    });
    Operation::answers(&list_of(&outcome), &json!([examples::span(), null, examples::span_error()]))
        .takes(&c.of::<AddSpans>(), &json!({"spans": [examples::span()]}))
}

fn events(c: &mut Components) -> Operation {
    const DESCRIPTION: &str = "\
Server-sent events that say where to look; they are no history. Changes of one thing that follow each other closely are \
told once, as it stands in the end. The names of the messages and their data:

- `rollout`: RolloutEvent. Signs of life alone are not told; they come with the spans.
- `worker`: WorkerEvent.
- `resources`: ResourcesEvent.
- `spans`: SpansEvent.
- `queue`: QueueEvent.
- `summary`: SummaryEvent. Numbers have changed, or facts about spans have become known: fetch again what is shown. Told at \
most once a second.
- `reset`: `{}`. What was missed is not known: fetch anew what is shown.

Ids are `<instance>.<number>`. Whoever comes back within a minute with the last one in the header `Last-Event-ID` is told \
what was missed. A comment comes every 15 seconds when nothing else does.";
    // Named in the description: a stream has no schema of its own in OpenAPI 3.1.
    let schema = json!({
        "type": "string",
        "x-messages": [
            c.of::<RolloutEvent>(),
            c.of::<WorkerEvent>(),
            c.of::<ResourcesEvent>(),
            c.of::<SpansEvent>(),
            c.of::<QueueEvent>(),
            c.of::<SummaryEvent>(),
        ],
    });
    let mut operation =
        Operation::gives(Some(json!({"text/event-stream": {"schema": schema, "example": examples::EVENTS}})))
            .described(DESCRIPTION)
            .filtered(&queries::listen());
    operation.parameters.push(json!({
        "name": "last-event-id",
        "in": "header",
        "required": false,
        "description": "Where listening has ended.",
        "schema": {"type": "string", "examples": ["5e0f1a2b.17"]},
    }));
    operation
}
