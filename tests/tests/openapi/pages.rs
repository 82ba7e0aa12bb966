//! `/docs` and `/redoc`: whole without the network, and kept from doing more than they need.

use std::io::Read as _;

use flate2::read::GzDecoder;
use lightning_store_e2e::http::{Answer, Client, Request};
use lightning_store_e2e::server::Launch;

const PAGES: [&str; 2] = ["/docs", "/redoc"];

async fn get(client: &mut Client, target: &str, headers: &[(&str, &str)]) -> Answer {
    let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    client.send(Request { headers, ..Request::new("GET", target) }).await
}

/// The values of `src` and `href`.
fn links(html: &str) -> Vec<String> {
    ["src=\"", "href=\""]
        .iter()
        .flat_map(|start| html.split(start).skip(1).filter_map(|rest| rest.split('"').next()))
        .map(str::to_owned)
        .collect()
}

#[tokio::test]
async fn pages_link_to_what_this_server_has_and_to_nothing_else() {
    let server = Launch::default().start();
    let mut client = server.client();
    for page in PAGES {
        let answer = get(&mut client, page, &[]).await;
        assert_eq!(answer.status, 200);
        let html = answer.text();
        assert!(!html.contains("//"), "{page} names another place: {html}");
        let links = links(&html);
        assert!(links.len() >= 5, "{links:?}");
        for link in links.iter().filter(|link| *link != "data:,") {
            assert!(!link.starts_with('/'), "{link} does not survive a path before it");
            let answer = get(&mut client, &format!("/{link}"), &[]).await;
            assert_eq!(answer.status, 200, "{link}");
            let kind = answer.header("content-type").unwrap();
            let expected = match link.rsplit('.').next() {
                Some("js") => "text/javascript",
                Some("css") => "text/css",
                _ => "application/json",
            };
            assert!(kind.starts_with(expected), "{link}: {kind}");
            assert_eq!(answer.header("x-content-type-options").as_deref(), Some("nosniff"), "{link}");
            assert!(!answer.body.is_empty(), "{link}");
        }
    }
}

#[tokio::test]
async fn pages_run_nothing_inline_and_load_nothing_from_elsewhere() {
    let server = Launch::default().start();
    let mut client = server.client();
    for page in PAGES {
        let answer = get(&mut client, page, &[]).await;
        let html = answer.text();
        assert!(!html.contains("<style") && !html.contains("style=") && !html.contains("onload"), "{html}");
        for script in html.split("<script").skip(1) {
            assert!(script.contains(" src=") && script.contains("></script>"), "{script}");
        }
        let policy = answer.header("content-security-policy").unwrap();
        assert!(policy.starts_with("default-src 'none'; script-src 'self'; "), "{policy}");
        for source in policy.split([';', ' ']).filter(|word| !word.is_empty()) {
            let known = source.ends_with("-src")
                || ["'none'", "'self'", "data:", "blob:"].contains(&source)
                || ["base-uri", "form-action", "frame-ancestors"].contains(&source)
                || source.starts_with("'sha256-");
            assert!(known, "{source} in {policy}");
        }
        assert!(!policy.contains("unsafe-eval") && !policy.contains("script-src 'self' '"), "{policy}");
    }
}

#[tokio::test]
async fn programs_of_the_pages_load_nothing_from_elsewhere_by_themselves() {
    let server = Launch::default().start();
    let mut client = server.client();
    for (program, elsewhere) in [
        ("/redoc/redoc.standalone.js", "cdn.redoc.ly"),
        ("/docs/start.js", "https:"),
        ("/redoc/start.js", "https:"),
    ] {
        let answer = get(&mut client, program, &[]).await;
        assert!(!answer.text().contains(elsewhere), "{program}");
    }
}

#[tokio::test]
async fn files_come_packed_for_those_who_take_it_and_not_twice() {
    let server = Launch::default().start();
    let mut client = server.client();
    for file in ["/docs/swagger-ui-bundle.js", "/docs/swagger-ui.css", "/redoc/redoc.standalone.js"] {
        let plain = get(&mut client, file, &[]).await;
        assert_eq!(plain.header("content-encoding"), None);
        assert!(plain.body.len() > 100_000, "{file}");
        let packed = get(&mut client, file, &[("accept-encoding", "gzip, deflate, br")]).await;
        assert_eq!(packed.header("content-encoding").as_deref(), Some("gzip"));
        assert_eq!(packed.header("vary").as_deref(), Some("accept-encoding"));
        let mut unpacked = Vec::new();
        GzDecoder::new(&*packed.body).read_to_end(&mut unpacked).unwrap();
        assert_eq!(unpacked, plain.body);
    }
    for file in ["/docs", "/redoc", "/openapi.json", "/docs/swagger-ui-bundle.js", "/redoc/start.js"] {
        let tag = get(&mut client, file, &[]).await.header("etag").unwrap();
        let again = get(&mut client, file, &[("if-none-match", &tag)]).await;
        assert_eq!((again.status, again.body.len()), (304, 0), "{file}");
        let changed = get(&mut client, file, &[("if-none-match", "\"another\"")]).await;
        assert_eq!(changed.status, 200, "{file}");
    }
}

#[tokio::test]
async fn what_is_no_file_of_a_page_is_not_found() {
    let server = Launch::default().start();
    let mut client = server.client();
    for target in ["/docs/none.js", "/docs/redoc.standalone.js"] {
        assert_eq!(get(&mut client, target, &[]).await.status, 404, "{target}");
    }
}
