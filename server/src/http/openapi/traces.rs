//! The operations with which people look at traces and resources.

use lightning_store_client::api::{Endpoint, dashboard as api};
use lightning_store_client::wire::Span;
use lightning_store_client::wire::dashboard::{Capabilities, LightTrace, ResourcesRows, ResourcesVersions};
use serde_json::{Value, json};

use super::components::Components;
use super::operation::Operation;
use super::{dashboard_queries as queries, examples};

/// What is known of such an operation; none for others.
pub(super) fn describe(endpoint: &Endpoint, c: &mut Components) -> Option<Operation> {
    Some(match *endpoint {
        api::CAPABILITIES => Operation::answers(&c.of::<Capabilities>(), &capabilities())
            .described("A page that gets a 404 here speaks to another server, and does without."),
        api::TRACE => Operation::answers(&c.of::<LightTrace>(), &trace())
            .described(
                "In the order in which they were stored. `after` of the answer, sent with the next request, gives those that \
                 came since.",
            )
            .filtered(&queries::trace())
            .finds(),
        api::SPAN => Operation::answers(&c.of::<Span>(), &examples::span())
            .described("As it was sent, with everything in it: secrets are not masked.")
            .finds(),
        api::RESOURCES => {
            let query = queries::resources(c);
            Operation::answers(&c.of::<ResourcesRows>(), &resources()).filtered(&query)
        }
        api::RESOURCE_VERSIONS => Operation::answers(&c.of::<ResourcesVersions>(), &versions())
            .described("As many superseded versions as the server keeps (`--resource-versions`). Secrets are masked.")
            .finds(),
        _ => return None,
    })
}

fn capabilities() -> Value {
    json!({
        "name": "lightning-store",
        "version": env!("CARGO_PKG_VERSION"),
        "store": "sqlite",
        "resource_versions": 100,
        "actions": false,
    })
}

fn trace() -> Value {
    let span = examples::span();
    json!({
        "items": [{
            "span_id": span["span_id"],
            "trace_id": span["trace_id"],
            "name": span["name"],
            "sequence_id": 1,
            "start_time": span["start_time"],
            "end_time": span["end_time"],
            "kind": "llm",
            "label": "gpt-4.1-mini",
            "output_tokens": 12,
        }],
        "total": 1,
        "after": 17,
        "more": false,
    })
}

fn resources() -> Value {
    let update = examples::resources();
    json!({
        "items": [{
            "resources_id": update["resources_id"],
            "version": update["version"],
            "create_time": update["create_time"],
            "update_time": update["update_time"],
            "latest": true,
            "names": [{"name": "prompt", "resource_type": "prompt_template", "text": "Answer with a number."}],
            "rollouts": 24,
            "mean_reward": 0.75,
        }],
        "total": 1,
        "limit": 100,
        "offset": 0,
    })
}

fn versions() -> Value {
    let update = examples::resources();
    let prompt = |text: &str| json!({"prompt": {"resource_type": "prompt_template", "template": text, "engine": "jinja"}});
    json!({
        "resources_id": update["resources_id"],
        "create_time": update["create_time"],
        "items": [
            {"version": 2, "update_time": update["update_time"], "resources": prompt("Answer with a number."),
             "rollouts": 16, "mean_reward": 0.875},
            {"version": 1, "update_time": update["create_time"], "resources": prompt("Answer."),
             "rollouts": 8, "mean_reward": 0.5},
        ],
    })
}
