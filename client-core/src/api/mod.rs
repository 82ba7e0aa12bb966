//! Endpoints as data: the server builds its router from these constants, and clients send to them.

/// HTTP methods in use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// Reads.
    Get,
    /// Writes, and reads whose conditions travel in a body.
    Post,
}

impl Method {
    /// The method's name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
        }
    }
}

/// What happens when the same call is made twice: decides how a client repeats one whose answer got lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Repeat {
    /// It only reads.
    Reads,
    /// It writes. Clients give it an [`IDEMPOTENCY_KEY`], and a second call with that key is answered like the first
    /// and has no effect of its own.
    Keyed,
    /// It writes, but twice is no worse than once, so it has no key: signs of life, numbers for spans (one is
    /// skipped), OTLP (spans have keys of their own).
    Harmless,
}

/// The header that names a call, so that its repetitions are known: 1 to [`crate::lax::MAX_ID_BYTES`] visible ASCII
/// characters, made once per call and kept for its repetitions.
pub const IDEMPOTENCY_KEY: &str = "idempotency-key";

/// One operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Endpoint {
    /// What it is called, in `snake_case`.
    pub name: &'static str,
    /// Its method.
    pub method: Method,
    /// Its path; parameters in braces.
    pub path: &'static str,
    /// The status of its success.
    pub success: u16,
    /// What a repetition does.
    pub repeat: Repeat,
    /// What it does, in one sentence. Empty on wasm32, where nobody reads it and a page would have to load it.
    pub summary: &'static str,
}

macro_rules! endpoints {
    ($($(#[$doc:meta])* $constant:ident = $repeat:ident $method:ident $path:literal -> $success:literal $name:literal, $summary:literal;)*) => {
        $(
            #[doc = concat!("`", $path, "`: ", $summary)]
            pub const $constant: Endpoint = Endpoint {
                name: $name,
                method: Method::$method,
                path: $path,
                success: $success,
                repeat: Repeat::$repeat,
                summary: if cfg!(target_arch = "wasm32") { "" } else { $summary },
            };
        )*

        /// All of them.
        pub const ALL: &[Endpoint] = &[$($constant),*];
    };
}

/// The dialect of the published Python package.
pub mod v1_agl {
    use super::{Endpoint, Method, Repeat};

    endpoints! {
        HEALTH = Reads Get "/v1/agl/health" -> 200 "health", "Whether the process serves.";
        STATISTICS = Reads Get "/v1/agl/statistics" -> 200 "statistics", "What the store holds.";
        ENQUEUE = Keyed Post "/v1/agl/queues/rollouts/enqueue" -> 201 "enqueue_rollouts", "Create rollouts and queue them in order.";
        DEQUEUE = Keyed Post "/v1/agl/queues/rollouts/dequeue" -> 200 "dequeue_rollouts", "Take rollouts from the queue and start an attempt of each.";
        START_ROLLOUT = Keyed Post "/v1/agl/rollouts" -> 201 "start_rollout", "Create a rollout and start its first attempt at once.";
        QUERY_ROLLOUTS = Reads Get "/v1/agl/rollouts" -> 200 "query_rollouts", "List rollouts, each with its newest attempt.";
        SEARCH_ROLLOUTS = Reads Post "/v1/agl/rollouts/search" -> 200 "search_rollouts", "List rollouts; the conditions are in the body.";
        GET_ROLLOUT = Reads Get "/v1/agl/rollouts/{rollout_id}" -> 200 "get_rollout", "One rollout with its newest attempt.";
        UPDATE_ROLLOUT = Keyed Post "/v1/agl/rollouts/{rollout_id}" -> 200 "update_rollout", "Change a rollout; with the status queuing or requeuing it is queued again.";
        START_ATTEMPT = Keyed Post "/v1/agl/rollouts/{rollout_id}/attempts" -> 201 "start_attempt", "Start another attempt, whatever the rollout's status.";
        QUERY_ATTEMPTS = Reads Get "/v1/agl/rollouts/{rollout_id}/attempts" -> 200 "query_attempts", "List the attempts of a rollout.";
        SEARCH_ATTEMPTS = Reads Post "/v1/agl/rollouts/{rollout_id}/attempts/search" -> 200 "search_attempts", "List the attempts of a rollout; the conditions are in the body.";
        GET_LATEST_ATTEMPT = Reads Get "/v1/agl/rollouts/{rollout_id}/attempts/latest" -> 200 "get_latest_attempt", "The newest attempt of a rollout, or null.";
        UPDATE_ATTEMPT = Keyed Post "/v1/agl/rollouts/{rollout_id}/attempts/{attempt_id}" -> 200 "update_attempt", "Change an attempt (or the one called latest); the newest one takes its rollout along.";
        ADD_SPAN = Keyed Post "/v1/agl/spans" -> 201 "add_span", "Store a span; null if the attempt has one with this id.";
        ADD_SPANS = Keyed Post "/v1/agl/spans/batch" -> 201 "add_spans", "Store spans in one transaction; what became of each, in order.";
        QUERY_SPANS = Reads Get "/v1/agl/spans" -> 200 "query_spans", "List the spans of a rollout.";
        SEARCH_SPANS = Reads Post "/v1/agl/spans/search" -> 200 "search_spans", "List the spans of a rollout; the conditions are in the body.";
        NEXT_SEQUENCE_ID = Harmless Post "/v1/agl/spans/next" -> 200 "next_sequence_id", "The next number for a span of a rollout.";
        ADD_RESOURCES = Keyed Post "/v1/agl/resources" -> 201 "add_resources", "Store a new set of resources, which is then the latest.";
        QUERY_RESOURCES = Reads Get "/v1/agl/resources" -> 200 "query_resources", "List sets of resources.";
        GET_LATEST_RESOURCES = Reads Get "/v1/agl/resources/latest" -> 200 "get_latest_resources", "The resources that were written last, or null.";
        GET_RESOURCES = Reads Get "/v1/agl/resources/{resources_id}" -> 200 "get_resources", "One set of resources, or null.";
        UPDATE_RESOURCES = Keyed Post "/v1/agl/resources/{resources_id}" -> 200 "update_resources", "Store a new version of a set of resources, which is then the latest.";
        QUERY_WORKERS = Reads Get "/v1/agl/workers" -> 200 "query_workers", "List workers.";
        SEARCH_WORKERS = Reads Post "/v1/agl/workers/search" -> 200 "search_workers", "List workers; the conditions are in the body.";
        GET_WORKER = Reads Get "/v1/agl/workers/{worker_id}" -> 200 "get_worker", "One worker, or null.";
        UPDATE_WORKER = Harmless Post "/v1/agl/workers/{worker_id}" -> 200 "update_worker", "A worker's heartbeat.";
        WAIT_FOR_ROLLOUTS = Reads Post "/v1/agl/waits/rollouts" -> 200 "wait_for_rollouts", "Wait until rollouts are finished; those that are, in the order asked for.";
        EVENTS = Reads Get "/v1/agl/events" -> 200 "events", "What changes, as server-sent events.";
    }
}

/// The dialect of the specification: one object where [`v1_agl`] has a batch, a plain list where it has a page.
pub mod agl_v1 {
    use super::{Endpoint, Method, Repeat};

    endpoints! {
        HEALTH = Reads Get "/agl/v1/health" -> 200 "agl_v1_health", "Whether the process serves.";
        ENQUEUE = Keyed Post "/agl/v1/queues/rollouts/enqueue" -> 201 "agl_v1_enqueue_rollout", "Create a rollout and queue it.";
        DEQUEUE = Keyed Post "/agl/v1/queues/rollouts/dequeue" -> 200 "agl_v1_dequeue_rollout", "Take a rollout from the queue and start an attempt of it; null if there is none.";
        START_ROLLOUT = Keyed Post "/agl/v1/rollouts" -> 201 "agl_v1_start_rollout", "Create a rollout and start its first attempt at once.";
        QUERY_ROLLOUTS = Reads Get "/agl/v1/rollouts" -> 200 "agl_v1_query_rollouts", "List all rollouts.";
        SEARCH_ROLLOUTS = Reads Post "/agl/v1/rollouts/search" -> 200 "agl_v1_search_rollouts", "List rollouts by status and id.";
        GET_ROLLOUT = Reads Get "/agl/v1/rollouts/{rollout_id}" -> 200 "agl_v1_get_rollout", "One rollout.";
        UPDATE_ROLLOUT = Keyed Post "/agl/v1/rollouts/{rollout_id}" -> 200 "agl_v1_update_rollout", "Change a rollout; with the status queuing or requeuing it is queued again.";
        START_ATTEMPT = Keyed Post "/agl/v1/rollouts/{rollout_id}/attempts" -> 201 "agl_v1_start_attempt", "Start another attempt, whatever the rollout's status.";
        QUERY_ATTEMPTS = Reads Get "/agl/v1/rollouts/{rollout_id}/attempts" -> 200 "agl_v1_query_attempts", "List the attempts of a rollout.";
        GET_LATEST_ATTEMPT = Reads Get "/agl/v1/rollouts/{rollout_id}/attempts/latest" -> 200 "agl_v1_get_latest_attempt", "The newest attempt of a rollout, or null.";
        UPDATE_ATTEMPT = Keyed Post "/agl/v1/rollouts/{rollout_id}/attempts/{attempt_id}" -> 200 "agl_v1_update_attempt", "Change an attempt (or the one called latest); the newest one takes its rollout along.";
        ADD_SPAN = Keyed Post "/agl/v1/spans" -> 201 "agl_v1_add_span", "Store a span; the one stored first if the attempt has one with this id.";
        QUERY_SPANS = Reads Get "/agl/v1/spans" -> 200 "agl_v1_query_spans", "List the spans of a rollout.";
        NEXT_SEQUENCE_ID = Harmless Post "/agl/v1/spans/next" -> 200 "agl_v1_next_sequence_id", "The next number for a span of a rollout.";
        ADD_RESOURCES = Keyed Post "/agl/v1/resources" -> 201 "agl_v1_add_resources", "Store a new set of resources, which is then the latest.";
        GET_LATEST_RESOURCES = Reads Get "/agl/v1/resources/latest" -> 200 "agl_v1_get_latest_resources", "The resources that were written last, or null.";
        GET_RESOURCES = Reads Get "/agl/v1/resources/{resources_id}" -> 200 "agl_v1_get_resources", "One set of resources, or null.";
        UPDATE_RESOURCES = Keyed Post "/agl/v1/resources/{resources_id}" -> 200 "agl_v1_update_resources", "Replace a set of resources, which is then the latest.";
        WAIT_FOR_ROLLOUTS = Reads Post "/agl/v1/waits/rollouts" -> 200 "agl_v1_wait_for_rollouts", "Wait until rollouts are finished; those that are, in the order asked for.";
    }
}

/// What people look at: rows, sums and traces as a page shows them. The Python server has nothing of the kind.
pub mod dashboard {
    use super::{Endpoint, Method, Repeat};

    endpoints! {
        CAPABILITIES = Reads Get "/v1/agl/dashboard/capabilities" -> 200 "dashboard_capabilities", "What this server can do that the Python server cannot.";
        SUMMARY = Reads Get "/v1/agl/dashboard/summary" -> 200 "dashboard_summary", "Numbers of the store, and what happened lately.";
        ROLLOUTS = Reads Get "/v1/agl/dashboard/rollouts" -> 200 "dashboard_rollouts", "A page of rollouts with what their spans say.";
        ROLLOUT = Reads Get "/v1/agl/dashboard/rollouts/{rollout_id}" -> 200 "dashboard_rollout", "One rollout with all its attempts.";
        TRACE = Reads Get "/v1/agl/dashboard/rollouts/{rollout_id}/attempts/{attempt_id}/trace" -> 200 "dashboard_trace", "The spans of an attempt without their attributes.";
        SPAN = Reads Get "/v1/agl/dashboard/spans/{rollout_id}/{attempt_id}/{span_id}" -> 200 "dashboard_span", "One whole span.";
        QUEUE = Reads Get "/v1/agl/dashboard/queue" -> 200 "dashboard_queue", "Who waits, in order, and who was taken last.";
        WORKERS = Reads Get "/v1/agl/dashboard/workers" -> 200 "dashboard_workers", "A page of workers with what they did lately.";
        WORKER = Reads Get "/v1/agl/dashboard/workers/{worker_id}" -> 200 "dashboard_worker", "One worker with its attempts of the last hour.";
        RESOURCES = Reads Get "/v1/agl/dashboard/resources" -> 200 "dashboard_resources", "A page of sets of resources with what came of them.";
        RESOURCE_VERSIONS = Reads Get "/v1/agl/dashboard/resources/{resources_id}/versions" -> 200 "dashboard_resource_versions", "A set of resources with its superseded versions.";
        EXPORT_ROLLOUTS_JSONL = Reads Get "/v1/agl/dashboard/export/rollouts.jsonl" -> 200 "export_rollouts_jsonl", "All rollouts that match, a JSON object per line.";
        EXPORT_ROLLOUTS_CSV = Reads Get "/v1/agl/dashboard/export/rollouts.csv" -> 200 "export_rollouts_csv", "All rollouts that match, as a table.";
        EXPORT_SPANS_JSONL = Reads Get "/v1/agl/dashboard/export/spans.jsonl" -> 200 "export_spans_jsonl", "All spans of a rollout, a JSON object per line.";
    }
}

/// OpenTelemetry ingest.
pub mod otlp {
    use super::{Endpoint, Method, Repeat};

    endpoints! {
        TRACES = Harmless Post "/v1/traces" -> 200 "export_traces", "Store the spans of an OTLP/HTTP export.";
        METRICS = Harmless Post "/v1/metrics" -> 501 "export_metrics", "Not implemented: the store keeps spans only.";
        LOGS = Harmless Post "/v1/logs" -> 501 "export_logs", "Not implemented: the store keeps spans only.";
        PROFILES = Harmless Post "/v1/development/profiles" -> 501 "export_profiles", "Not implemented: the store keeps spans only.";
    }
}

/// For those who run the server.
pub mod ops {
    use super::{Endpoint, Method, Repeat};

    endpoints! {
        READY = Reads Get "/readyz" -> 200 "ready", "Whether requests can be served: 503 with the check that fails otherwise.";
        METRICS = Reads Get "/metrics" -> 200 "metrics", "Numbers for those who run the server, as Prometheus reads them.";
        OPENAPI = Reads Get "/openapi.json" -> 200 "openapi", "The list of all operations as an OpenAPI document.";
        DOCS = Reads Get "/docs" -> 200 "docs", "That document as a page on which operations can be tried (Swagger UI).";
        REDOC = Reads Get "/redoc" -> 200 "redoc", "That document as a page to read (ReDoc).";
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_operations_share_a_name_or_a_route() {
        let all: Vec<_> = [v1_agl::ALL, agl_v1::ALL, dashboard::ALL, otlp::ALL, ops::ALL].concat();
        for (index, one) in all.iter().enumerate() {
            for other in &all[index + 1..] {
                assert_ne!(one.name, other.name);
                assert!((one.method, one.path) != (other.method, other.path), "{}", one.path);
            }
        }
    }
}
