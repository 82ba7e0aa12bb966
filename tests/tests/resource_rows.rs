//! Resources as people look at them.

use lightning_store_e2e::http::Client;
use lightning_store_e2e::server::Launch;
use serde_json::{Value, json};

const ROWS: &str = "/v1/agl/dashboard/resources";

fn resources(model: &str, template: &str) -> Value {
    json!({
        "main": {"resource_type": "llm", "endpoint": "http://x/v1", "model": model, "api_key": "sk-0123456789abcdef",
                 "sampling_parameters": {"temperature": 1.0}},
        "prompt": {"resource_type": "prompt_template", "template": template, "engine": "jinja"},
    })
}

async fn put(client: &mut Client, id: &str, model: &str) {
    let template = format!("\n  Be brief, {model}.\nMore.");
    client.post(&format!("/v1/agl/resources/{id}"), &resources(model, &template)).await.expect(200);
}

async fn enqueue(client: &mut Client, id: &str, count: usize) {
    let rollouts = vec![json!({"input": 1, "resources_id": id}); count];
    client.post("/v1/agl/queues/rollouts/enqueue", &json!({"rollouts": rollouts})).await.expect(201);
}

#[tokio::test]
async fn a_row_tells_what_a_set_holds_and_who_names_it() {
    let server = Launch::default().start();
    let mut client = server.client();
    let empty = client.get(ROWS).await.expect(200);
    assert_eq!(empty, json!({"items": [], "total": 0, "limit": 100, "offset": 0}));
    put(&mut client, "rs-a", "small").await;
    put(&mut client, "rs-b", "other").await;
    enqueue(&mut client, "rs-a", 2).await;
    put(&mut client, "rs-a", "large").await;
    let answer = client.get(ROWS).await;
    assert_eq!(answer.header("cache-control").as_deref(), Some("no-store"));
    assert!(!answer.text().contains("sk-"), "{}", answer.text());
    let rows = answer.expect(200);
    let newest = &rows["items"][0];
    let stored = client.get("/v1/agl/resources/rs-a").await.expect(200);
    let expected = json!({
        "resources_id": "rs-a", "version": 2, "create_time": stored["create_time"],
        "update_time": stored["update_time"], "latest": true, "rollouts": 2, "mean_reward": null,
        "names": [
            {"name": "main", "resource_type": "llm", "text": "large at http://x/v1"},
            {"name": "prompt", "resource_type": "prompt_template", "text": "Be brief, large."},
        ],
    });
    assert_eq!(*newest, expected);
    assert_eq!(
        (&rows["items"][1]["resources_id"], &rows["items"][1]["latest"]),
        (&json!("rs-b"), &json!(false))
    );
}

#[tokio::test]
async fn rows_are_sorted_filtered_and_cut() {
    let server = Launch::default().start();
    let mut client = server.client();
    for id in ["rs-a", "rs-c", "rs-b"] {
        put(&mut client, id, "m").await;
    }
    put(&mut client, "rs-c", "m").await;
    enqueue(&mut client, "rs-b", 3).await;
    enqueue(&mut client, "rs-a", 1).await;
    for (query, expected, total) in [
        ("", "rs-c rs-b rs-a", 3),
        ("sort_by=update_time&sort_order=asc", "rs-a rs-b rs-c", 3),
        ("sort_by=create_time", "rs-b rs-c rs-a", 3),
        ("sort_by=resources_id&sort_order=asc", "rs-a rs-b rs-c", 3),
        ("sort_by=version", "rs-c rs-b rs-a", 3),
        ("sort_by=rollouts", "rs-b rs-a rs-c", 3),
        ("sort_by=mean_reward", "rs-b rs-c rs-a", 3),
        ("sort_by=resources_id&sort_order=asc&limit=1&offset=1", "rs-b", 3),
        ("resources_id_contains=c", "rs-c", 1),
        ("resources_id_contains=C", "", 0),
    ] {
        let rows = client.get(&format!("{ROWS}?{query}")).await.expect(200);
        let ids: Vec<&str> = rows["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|row| row["resources_id"].as_str().unwrap())
            .collect();
        assert_eq!((ids.join(" "), &rows["total"]), (expected.to_owned(), &json!(total)), "{query}");
    }
    for query in ["limit=0", "limit=501", "offset=-1", "sort_by=names", "sort_order=up"] {
        client.get(&format!("{ROWS}?{query}")).await.expect(422);
    }
}

#[tokio::test]
async fn versions_are_kept_as_many_as_was_said_and_masked() {
    let server = Launch::default().args(["--resource-versions", "2"]).start();
    let mut client = server.client();
    let capabilities = client.get("/v1/agl/dashboard/capabilities").await.expect(200);
    let expected = json!({"name": "lightning-store", "version": env!("CARGO_PKG_VERSION"), "store": "memory",
                          "resource_versions": 2, "actions": false});
    assert_eq!(capabilities, expected);
    for model in ["a", "b", "c", "d"] {
        put(&mut client, "rs-x", model).await;
        enqueue(&mut client, "rs-x", 1).await;
    }
    let answer = client.get(&format!("{ROWS}/rs-x/versions")).await;
    assert!(!answer.text().contains("sk-") && answer.text().contains("••••cdef"), "{}", answer.text());
    let versions = answer.expect(200);
    let told: Vec<_> = versions["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|version| {
            (
                version["version"].clone(),
                version["resources"]["main"]["model"].clone(),
                version["rollouts"].clone(),
            )
        })
        .collect();
    assert_eq!(
        told,
        [(4, "d"), (3, "c"), (2, "b")].map(|(number, model)| (json!(number), json!(model), json!(1)))
    );
    assert_eq!(
        versions["items"][0]["resources"]["main"]["sampling_parameters"]["temperature"].to_string(),
        "1.0"
    );
    let missing = client.get(&format!("{ROWS}/rs-none/versions")).await.expect(404);
    assert_eq!(missing["detail"], "Resources rs-none not found");
}
