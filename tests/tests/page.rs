//! The dashboard as the program serves it: its files, how they may be kept, and where it stands.

use lightning_store_e2e::http::{Answer, Client, Request};
use lightning_store_e2e::server::Launch;

async fn get(client: &mut Client, target: &str) -> Answer {
    client.send(Request::new("GET", target)).await
}

/// The page.
fn html(answer: &Answer) -> String {
    assert_eq!(answer.status, 200);
    let html = answer.text();
    assert!(
        html.contains("<base href="),
        "this program has no dashboard: run `make build`, which makes it\n{html}"
    );
    html
}

/// What the page links to.
fn links(html: &str) -> Vec<String> {
    ["src=\"", "href=\"./"]
        .iter()
        .flat_map(|start| html.split(start).skip(1).filter_map(|rest| rest.split('"').next()))
        .map(|link| link.trim_start_matches("./").to_owned())
        .filter(|link| link.starts_with("assets/"))
        .collect()
}

#[tokio::test]
async fn every_path_shows_the_page_with_its_policy() {
    let server = Launch::default().start();
    let mut client = server.client();
    for target in ["/", "/rollouts", "/rollouts/ro-1?attempt=latest", "/no/such/place"] {
        let answer = get(&mut client, target).await;
        assert!(html(&answer).contains("<base href=\"/\">"), "{target}");
        assert_eq!(answer.header("cache-control").as_deref(), Some("no-cache"));
        let policy = answer.header("content-security-policy").unwrap();
        assert!(policy.starts_with("default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; "), "{policy}");
        assert!(!policy.contains("unsafe-inline") && !policy.contains("http"), "{policy}");
        assert_eq!(answer.header("x-content-type-options").as_deref(), Some("nosniff"));
        assert_eq!(answer.header("referrer-policy").as_deref(), Some("no-referrer"));
    }
    for (target, status) in [("/v1/agl/nothing", 404), ("/assets/none-1234.js", 404)] {
        assert_eq!(get(&mut client, target).await.status, status, "{target}");
    }
}

#[tokio::test]
async fn files_come_packed_and_are_kept_for_ever() {
    let server = Launch::default().start();
    let mut client = server.client();
    let page = get(&mut client, "/").await;
    let links = links(&html(&page));
    assert!(links.len() >= 2, "{links:?}");
    for link in links {
        let file = format!("/{link}");
        let plain = get(&mut client, &file).await;
        assert_eq!((plain.status, plain.header("content-encoding")), (200, None), "{file}");
        let keep = plain.header("cache-control").unwrap();
        assert!(keep.contains("immutable"), "{file}: {keep}");
        let packed =
            client.send(Request::new("GET", &file).header("accept-encoding", "gzip, deflate, br")).await;
        if plain.body.len() > 2_000 {
            assert_eq!(packed.header("content-encoding").as_deref(), Some("br"), "{file}");
            assert!(packed.body.len() < plain.body.len(), "{file}");
        }
        if file.rsplit('.').next() == Some("wasm") {
            assert_eq!(plain.header("content-type").as_deref(), Some("application/wasm"));
        }
        let tag = plain.header("etag").unwrap();
        let again = client.send(Request::new("GET", &file).header("if-none-match", &tag)).await;
        assert_eq!((again.status, again.body.len()), (304, 0), "{file}");
    }
}

#[tokio::test]
async fn the_page_stands_below_any_path() {
    let server = Launch::default().start();
    let mut client = server.client();
    let behind = |prefix: &str| Request::new("GET", "/queue").header("x-forwarded-prefix", prefix);
    let answer = client.send(behind("/x/y")).await;
    assert!(html(&answer).contains("<base href=\"/x/y/\">"));
    for hostile in ["//elsewhere.example", "/\"><script>", "https://elsewhere.example"] {
        let answer = client.send(behind(hostile)).await;
        assert!(html(&answer).contains("<base href=\"/\">"), "{hostile}");
    }
    let server = Launch::default().args(["--public-path", "/store"]).start();
    let answer = server.client().send(behind("/x/y")).await;
    assert!(html(&answer).contains("<base href=\"/store/\">"));
}

#[tokio::test]
async fn without_a_dashboard_there_is_a_plain_page() {
    let server = Launch::default().args(["--no-dashboard"]).start();
    let answer = get(&mut server.client(), "/rollouts").await;
    assert_eq!(answer.status, 200);
    let html = answer.text();
    assert!(html.contains("lightning-store") && !html.contains("<script"), "{html}");
}
