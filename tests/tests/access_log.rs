//! The access log: who asked for what, and nothing of what was said.

use lightning_store_e2e::server::Launch;
use serde_json::{Value, json};

#[tokio::test]
async fn each_request_is_one_line_with_its_route_and_without_its_content() {
    let server = Launch::default().args(["--access-log", "--log-format", "json"]).start();
    let mut client = server.client();
    let body = json!({"rollouts": [{"input": "a secret task"}]});
    let rollouts = client.post("/v1/agl/queues/rollouts/enqueue", &body).await.expect(201);
    let id = rollouts[0]["rollout_id"].as_str().expect("an id").to_owned();
    client.get(&format!("/v1/agl/rollouts/{id}?token=secret")).await.expect(200);
    client.get("/v1/agl/rollouts/ro-none").await.expect(404);
    drop(client);
    let log = server.stop().stderr;

    assert!(!log.contains("secret"), "{log}");
    let lines: Vec<Value> = log.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let requests: Vec<&Value> = lines.iter().filter(|line| line["target"] == "access").collect();
    let told: Vec<_> = requests
        .iter()
        .map(|line| (line["method"].as_str(), line["route"].as_str(), line["status"].as_u64()))
        .collect();
    assert_eq!(
        told,
        [
            (Some("POST"), Some("/v1/agl/queues/rollouts/enqueue"), Some(201)),
            (Some("GET"), Some("/v1/agl/rollouts/{rollout_id}"), Some(200)),
            (Some("GET"), Some("/v1/agl/rollouts/{rollout_id}"), Some(404)),
        ]
    );
    for line in requests {
        assert!(line["milliseconds"].as_f64().is_some_and(|time| time > 0.0), "{line}");
        assert!(line["peer"].as_str().is_some_and(|peer| peer.starts_with("127.0.0.1:")), "{line}");
        assert_eq!(line["request_id"].as_str().map(str::len), Some(16), "{line}");
    }
}

#[tokio::test]
async fn without_the_option_requests_that_go_well_are_not_logged() {
    let server = Launch::default().start();
    server.client().get("/v1/agl/health").await.expect(200);
    let log = server.stop().stderr;
    assert!(!log.contains("health"), "{log}");
}
