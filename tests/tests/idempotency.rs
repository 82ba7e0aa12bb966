//! Calls with an `Idempotency-Key` have one effect, whichever they are.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use lightning_store_client::api::{Endpoint, IDEMPOTENCY_KEY, Repeat, agl_v1, v1_agl};
use lightning_store_e2e::http::{Answer, Client, Request};
use lightning_store_e2e::server::{Launch, Server};
use lightning_store_e2e::span::span;
use serde_json::{Value, json};

const ENQUEUE: &str = "/v1/agl/queues/rollouts/enqueue";
const DEQUEUE: &str = "/v1/agl/queues/rollouts/dequeue";

/// What a call is about: a rollout that is running and has a span, another one that waits in the queue.
struct Story {
    rollout: String,
    attempt: String,
}

impl Story {
    async fn begin(client: &mut Client) -> Self {
        let rollouts = json!({"rollouts": [{"input": 1, "config": {"max_attempts": 9}}, {"input": 2}]});
        client.post(ENQUEUE, &rollouts).await.expect(201);
        let taken = client.post(DEQUEUE, &json!({"worker_id": "w"})).await.expect(200);
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        Self { rollout: text(&taken[0]["rollout_id"]), attempt: text(&taken[0]["attempt"]["attempt_id"]) }
    }

    fn path(&self, endpoint: &Endpoint) -> String {
        let path = endpoint.path.replace("{rollout_id}", &self.rollout);
        path.replace("{attempt_id}", &self.attempt).replace("{resources_id}", "rs-mine")
    }

    /// What to send to an endpoint, and something else for comparison.
    fn bodies(&self, endpoint: &Endpoint) -> (Value, Value) {
        let rollout = |input: i32| json!({"input": input, "metadata": {"of": input}});
        let resources = |text: &str| json!({"main": {"resource_type": "prompt_template", "template": text, "engine": "jinja"}});
        let a_span = |number, id: &str| span(&self.rollout, &self.attempt, number, id);
        match endpoint.name {
            "enqueue_rollouts" => {
                let body = |input| json!({"rollouts": [rollout(input), rollout(input + 1)]});
                (body(3), body(4))
            }
            "agl_v1_enqueue_rollout" | "start_rollout" | "agl_v1_start_rollout" => (rollout(3), rollout(4)),
            "dequeue_rollouts" => (json!({"limit": 1, "worker_id": "v"}), json!({"limit": 2})),
            "start_attempt" | "agl_v1_start_attempt" | "agl_v1_dequeue_rollout" => {
                (json!({"worker_id": "v"}), json!({"worker_id": "u"}))
            }
            "update_rollout" | "agl_v1_update_rollout" => {
                let body = |note: i32| json!({"status": "requeuing", "metadata": {"note": note}});
                (body(1), body(2))
            }
            "update_attempt" | "agl_v1_update_attempt" => {
                (json!({"status": "succeeded", "metadata": {"a": 1}}), json!({"status": "failed"}))
            }
            "add_span" | "agl_v1_add_span" => (a_span(7, "s-7"), a_span(8, "s-8")),
            "add_spans" => {
                let unknown = span("ro-none", "at-none", 1, "s-9");
                let spans = json!([a_span(7, "s-7"), a_span(0, "s-8"), a_span(7, "s-7"), unknown]);
                (json!({"spans": spans}), json!({"spans": [a_span(9, "s-9")]}))
            }
            "add_resources" | "agl_v1_add_resources" | "update_resources" | "agl_v1_update_resources" => {
                (resources("a"), resources("b"))
            }
            other => panic!("{other} has a key: say here what to send to it"),
        }
    }
}

fn keyed(path: &str, body: &Value, key: &str) -> Request {
    Request::new("POST", path).json(body).header("Idempotency-Key", key)
}

/// Everything that the server shows, but for the time that it runs.
async fn everything(client: &mut Client) -> Vec<Value> {
    let mut statistics = client.get("/v1/agl/statistics").await.expect(200);
    statistics["uptime"] = Value::Null;
    let mut all = vec![statistics];
    for list in ["rollouts", "resources", "workers"] {
        all.push(client.get(&format!("/v1/agl/{list}")).await.expect(200));
    }
    for rollout in all[1]["items"].as_array().unwrap().clone() {
        let id = rollout["rollout_id"].as_str().unwrap();
        all.push(client.get(&format!("/v1/agl/rollouts/{id}/attempts")).await.expect(200));
        all.push(client.get(&format!("/v1/agl/spans?rollout_id={id}")).await.expect(200));
    }
    all
}

fn assert_refused(answer: &Answer, words: &str) {
    let body = answer.expect(422);
    let issue = &body["detail"][0];
    assert_eq!(issue["loc"], json!(["header", IDEMPOTENCY_KEY]), "{body}");
    assert!(issue["type"].is_string() && issue["msg"].as_str().unwrap().contains(words), "{body}");
}

#[tokio::test]
async fn every_keyed_endpoint_has_one_effect_per_key() {
    let server = Launch::default().start();
    let mut client = server.client();
    let endpoints = [v1_agl::ALL, agl_v1::ALL].into_iter().flatten();
    let mut walked = 0;
    for endpoint in endpoints.filter(|endpoint| endpoint.repeat == Repeat::Keyed) {
        let story = Story::begin(&mut client).await;
        let (path, (body, other)) = (story.path(endpoint), story.bodies(endpoint));
        let before = everything(&mut client).await;
        let first = client.send(keyed(&path, &body, endpoint.name)).await;
        assert_eq!(first.status, endpoint.success, "{}: {}", endpoint.name, first.text());
        let after = everything(&mut client).await;
        assert_ne!(before, after, "{} has no effect", endpoint.name);

        let second = client.send(keyed(&path, &body, endpoint.name)).await;
        assert_eq!((first.status, first.text()), (second.status, second.text()), "{}", endpoint.name);
        assert_eq!(after, everything(&mut client).await, "{} has had two effects", endpoint.name);

        assert_refused(&client.send(keyed(&path, &other, endpoint.name)).await, "make a new key");
        assert_refused(
            &client.send(keyed(&format!("{path}?x=1"), &body, endpoint.name)).await,
            "make a new key",
        );
        for (key, words) in [("", "at least 1"), ("a b", "visible ASCII"), (&*"k".repeat(257), "256 bytes")] {
            assert_refused(&client.send(keyed(&path, &body, key)).await, words);
        }
        assert_eq!(after, everything(&mut client).await, "{}: a refused call had an effect", endpoint.name);
        walked += 1;
    }
    assert_eq!(walked, 19);
}

/// The paths of what is called latest are routes of their own.
#[tokio::test]
async fn paths_that_end_in_latest_honour_keys_too() {
    let server = Launch::default().start();
    let mut client = server.client();
    for dialect in ["/v1/agl", "/agl/v1"] {
        let story = Story::begin(&mut client).await;
        let attempt = format!("{dialect}/rollouts/{}/attempts/latest", story.rollout);
        let resources = format!("{dialect}/resources/latest");
        for (path, body) in [(attempt, json!({"status": "failed"})), (resources, json!({}))] {
            let first = client.send(keyed(&path, &body, &path)).await;
            assert_eq!(first.status, 200, "{path}: {}", first.text());
            let after = everything(&mut client).await;
            assert_eq!(client.send(keyed(&path, &body, &path)).await.text(), first.text());
            assert_eq!(after, everything(&mut client).await, "{path}");
        }
    }
}

#[tokio::test]
async fn a_key_counts_for_the_whole_store() {
    let server = Launch::default().start();
    let mut client = server.client();
    client.send(keyed(ENQUEUE, &json!({"rollouts": []}), "k")).await.expect(201);
    assert_refused(&client.send(keyed(DEQUEUE, &json!({}), "k")).await, "make a new key");
    let other_dialect = ENQUEUE.replace("/v1/agl", "/agl/v1");
    assert_refused(&client.send(keyed(&other_dialect, &json!({"input": 1}), "k")).await, "make a new key");
}

#[tokio::test]
async fn what_is_harmless_looks_at_no_key_and_refusals_are_not_remembered() {
    let server = Launch::default().start();
    let mut client = server.client();
    let story = Story::begin(&mut client).await;
    let next = json!({"rollout_id": story.rollout, "attempt_id": story.attempt});
    for number in 1..4 {
        let answer = client.send(keyed("/v1/agl/spans/next", &next, "a b")).await.expect(200);
        assert_eq!(answer["sequence_id"], number);
    }
    client.send(keyed("/v1/agl/workers/w", &json!({}), "k")).await.expect(200);
    client.send(keyed("/v1/agl/rollouts/ro-none", &json!({"mode": "val"}), "k")).await.expect(404);
    client.send(keyed(ENQUEUE, &json!({"rollouts": 1}), "k")).await.expect(422);
    client.send(keyed(ENQUEUE, &json!({"rollouts": [{"input": 1}]}), "k")).await.expect(201);
}

#[tokio::test]
async fn an_answer_that_got_lost_in_a_crash_is_given_after_the_restart() {
    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join("store.db");
    let start = || -> Server { Launch::sqlite(&database).start() };
    let server = start();
    let story = Story::begin(&mut server.client()).await;
    let (dequeue, span) = (json!({"limit": 5}), span(&story.rollout, &story.attempt, 4, "s-4"));
    let claimed = server.client().send(keyed(DEQUEUE, &dequeue, "dequeue")).await;
    let added = server.client().send(keyed("/v1/agl/spans", &span, "span")).await;
    server.kill();
    let server = start();
    let again = server.client().send(keyed(DEQUEUE, &dequeue, "dequeue")).await;
    assert_eq!((again.status, again.text()), (200, claimed.text()));
    assert_eq!(again.value().as_array().unwrap().len(), 1);
    // Not null, as it would be of a duplicate.
    let again = server.client().send(keyed("/v1/agl/spans", &span, "span")).await;
    assert_eq!((again.status, again.text()), (201, added.text()));
}

#[tokio::test]
async fn the_number_of_keys_is_bounded_by_an_option() {
    let server = Launch::default().args(["--idempotency-keys", "2"]).start();
    let mut client = server.client();
    let body = json!({"rollouts": [{"input": 1}]});
    for key in ["a", "b", "c", "c", "b", "a"] {
        client.send(keyed(ENQUEUE, &body, key)).await.expect(201);
    }
    assert_eq!(client.get("/v1/agl/statistics").await.expect(200)["total_rollouts"], 4);
    let refused = Launch::default().args(["--idempotency-keys", "0"]).run();
    assert!(!refused.status.success() && refused.stderr.contains("the least is 1"), "{}", refused.stderr);
}
