//! What the document says, apart from what happens.

use std::fs;
use std::path::Path;

use lightning_store_client::api::{Endpoint, agl_v1, dashboard, ops, otlp, v1_agl};
use lightning_store_e2e::http::Request;
use lightning_store_e2e::server::Launch;
use serde_json::Value;

use crate::contract::{Contract, Place};
use crate::served;

fn endpoints() -> impl Iterator<Item = &'static Endpoint> {
    [v1_agl::ALL, dashboard::ALL, agl_v1::ALL, otlp::ALL, ops::ALL].into_iter().flatten()
}

/// The document is reviewed like code: a change shows in `tests/openapi.snapshot.json`.
#[tokio::test]
async fn the_document_is_the_one_that_was_reviewed() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("openapi.snapshot.json");
    let now = serde_json::to_string_pretty(&served().await).unwrap() + "\n";
    if std::env::var_os("UPDATE_SNAPSHOT").is_some() {
        fs::write(&file, &now).unwrap();
    }
    let reviewed = fs::read_to_string(&file).unwrap_or_default();
    let different = reviewed.lines().zip(now.lines()).enumerate().find(|(_, (left, right))| left != right);
    assert!(
        reviewed == now,
        "/openapi.json is not {} (first difference: {different:?}); if it should be as it is now, run this test with \
         UPDATE_SNAPSHOT=1 and review the change",
        file.display()
    );
}

#[tokio::test]
async fn every_endpoint_is_described_and_nothing_else() {
    let document = served().await;
    let mut described = Vec::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            described.push((operation["operationId"].as_str().unwrap(), method.as_str(), path.as_str()));
            assert!(!operation["tags"][0].as_str().unwrap().is_empty(), "{path}");
        }
    }
    for endpoint in endpoints() {
        let method = endpoint.method.as_str().to_ascii_lowercase();
        let place = (endpoint.name, method.as_str(), endpoint.path);
        let index = described.iter().position(|one| *one == place);
        described.remove(index.unwrap_or_else(|| panic!("{} is not described", endpoint.name)));
        let responses = &document["paths"][endpoint.path][&method]["responses"];
        assert!(responses[endpoint.success.to_string()].is_object(), "{}", endpoint.name);
        assert!(responses["500"].is_object() && responses["503"].is_object(), "{}", endpoint.name);
    }
    assert_eq!(described, []);
}

#[tokio::test]
async fn every_described_path_is_a_route() {
    let server = Launch::default().start();
    let mut client = server.client();
    for endpoint in endpoints() {
        // A method that no route has: the answer names those that it has.
        let answer = client.send(Request::new("DELETE", endpoint.path)).await;
        assert_eq!(answer.status, 405, "{}", endpoint.path);
        let allow = answer.header("allow").unwrap_or_default();
        assert!(
            allow.split(", ").any(|method| method == endpoint.method.as_str()),
            "{}: {allow}",
            endpoint.path
        );
    }
}

#[tokio::test]
async fn every_example_fits_its_schema() {
    let document = served().await;
    let mut contract = Contract::new(document.clone());
    let mut checked = 0;
    let mut check = |holder: &Place, media: &Value| {
        let Some(example) = media.pointer("/content/application~1json/example") else { return };
        assert_eq!(contract.body_faults(holder, example), Some(vec![]), "{holder:?}");
        checked += 1;
    };
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            let place = Place::operation(path, method);
            check(&place.then("requestBody"), &operation["requestBody"]);
            for (status, response) in operation["responses"].as_object().unwrap() {
                check(&place.then("responses").then(status), response);
            }
        }
    }
    assert!(checked > 70, "{checked}");
}

#[tokio::test]
async fn every_query_parameter_has_a_type_and_those_with_defaults_fit_them() {
    let document = served().await;
    let mut contract = Contract::new(document.clone());
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            for (index, parameter) in operation["parameters"].as_array().into_iter().flatten().enumerate() {
                let schema =
                    Place::operation(path, method).then("parameters").then(&index.to_string()).then("schema");
                assert!(contract.find(&schema).unwrap().1["type"].is_string(), "{path} {parameter}");
                if let Some(default) = parameter["schema"].get("default") {
                    assert_eq!(contract.faults(&schema, default), [""; 0], "{path} {parameter}");
                }
            }
        }
    }
}
