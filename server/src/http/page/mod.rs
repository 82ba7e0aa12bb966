//! What a browser gets for every path that is no route: the dashboard, or a plain page where there is none.
//!
//! The dashboard's files are compiled into the program, not into this library: `main` hands them over. Its routes are its
//! own, so that its page is the answer to every path; only below `assets/` a missing file is missing.
//!
//! It works below any path: its links are relative to the base that this module writes into the page, which comes from
//! `--public-path` or, from a proxy, with each request ([`PublicPath`]).

mod public_path;

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use bytes::Bytes;
use http::HeaderMap;

pub use self::public_path::{InvalidPath, PublicPath};
use super::answer::Outcome;
use super::error::ApiError;
use super::file::{File, Forms, Keep};

const HTML: &str = "text/html; charset=utf-8";

const PLAIN_POLICY: &str =
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";

/// What the dashboard may do: run its own files and ask its own server.
const POLICY: &str = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self' data:; \
                      connect-src 'self'; font-src 'self'; base-uri 'self'; form-action 'none'; frame-ancestors 'none'";

/// The folder of files whose names say what is in them.
const ASSETS: &str = "assets/";

const INDEX: &str = "index.html";
const BASE: &str = "<base href=\"";

/// The page for other paths. Clones share it.
#[derive(Debug, Clone)]
pub struct Pages(Arc<Kind>);

#[derive(Debug)]
enum Kind {
    Plain(File),
    Dashboard { files: HashMap<String, File>, shell: Shell, public_path: Option<PublicPath> },
}

/// The page of the dashboard around the value of its base.
#[derive(Debug)]
struct Shell {
    before: String,
    after: String,
}

impl Pages {
    /// Without a dashboard.
    pub fn plain() -> Self {
        let page = Bytes::from_static(include_bytes!("plain.html"));
        Self(Arc::new(Kind::Plain(File::plain(HTML, page).policed(PLAIN_POLICY))))
    }

    /// With a dashboard, if its page is among the files: by path, with `.gz` and `.br` beside them where they are packed.
    pub fn dashboard(
        files: impl IntoIterator<Item = (Cow<'static, str>, Cow<'static, [u8]>)>,
        public_path: Option<PublicPath>,
    ) -> Option<Self> {
        let mut by_name: BTreeMap<String, Forms> = BTreeMap::new();
        for (path, body) in files {
            let body = match body {
                Cow::Borrowed(body) => Bytes::from_static(body),
                Cow::Owned(body) => body.into(),
            };
            let (name, form): (_, fn(&mut Forms) -> &mut Option<Bytes>) =
                if let Some(name) = path.strip_suffix(".br") {
                    (name, |forms| &mut forms.brotli)
                } else if let Some(name) = path.strip_suffix(".gz") {
                    (name, |forms| &mut forms.gzip)
                } else {
                    (&*path, |forms| &mut forms.plain)
                };
            *form(by_name.entry(name.to_owned()).or_default()) = Some(body);
        }
        let shell = Shell::of(&by_name.remove(INDEX)?.plain?)?;
        let file = |(name, forms): (String, Forms)| {
            let keep = if name.starts_with(ASSETS) { Keep::ForEver } else { Keep::Ask };
            let file = File::new(content_type(&name), forms).kept(keep);
            (name, file)
        };
        let files = by_name.into_iter().map(file).collect();
        Some(Self(Arc::new(Kind::Dashboard { files, shell, public_path })))
    }

    /// What a path gets.
    pub(super) fn answer(&self, path: &str, request: &HeaderMap) -> Outcome {
        let (files, shell, public_path) = match &*self.0 {
            Kind::Plain(page) => return Ok(page.answer(request)),
            Kind::Dashboard { files, shell, public_path } => (files, shell, public_path),
        };
        let name = path.trim_start_matches('/');
        if let Some(file) = files.get(name) {
            return Ok(file.answer(request));
        }
        if name.starts_with(ASSETS) {
            return Err(ApiError::NoRoute);
        }
        let base = public_path.clone().or_else(|| PublicPath::of_proxy(request)).unwrap_or_default();
        // Caches ask each time, and its tag is another one below another base: no need of `Vary`.
        let page = File::plain(HTML, shell.below(&base)).policed(POLICY).kept(Keep::Ask);
        Ok(page.answer(request))
    }
}

impl Shell {
    fn of(page: &[u8]) -> Option<Self> {
        let page = std::str::from_utf8(page).ok()?;
        let (before, rest) = page.split_once(BASE)?;
        let (_, after) = rest.split_once('"')?;
        Some(Self { before: format!("{before}{BASE}"), after: format!("\"{after}") })
    }

    fn below(&self, base: &PublicPath) -> Bytes {
        format!("{}{base}{}", self.before, self.after).into()
    }
}

fn content_type(name: &str) -> &'static str {
    match name.rsplit_once('.').map(|(_, extension)| extension) {
        Some("html") => HTML,
        Some("js" | "mjs") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("json" | "map") => "application/json",
        Some("wasm") => "application/wasm",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("ico") => "image/x-icon",
        Some("txt") => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use axum::body::to_bytes;
    use http::{HeaderValue, StatusCode, header};

    use super::*;

    fn dashboard(public_path: Option<&str>) -> Pages {
        let files: [(&'static str, &'static [u8]); 5] = [
            ("index.html", b"<!doctype html><base href=\"/\"><script src=\"./assets/a-1.js\"></script>"),
            ("assets/a-1.js", b"plain"),
            ("assets/a-1.js.br", b"brotli"),
            ("assets/a-1.js.gz", b"gzip"),
            ("icon.svg", b"<svg/>"),
        ];
        let files = files.map(|(name, body)| (Cow::Borrowed(name), Cow::Borrowed(body)));
        Pages::dashboard(files, public_path.map(|path| path.parse().unwrap())).unwrap()
    }

    async fn text(pages: &Pages, path: &str, headers: &[(&'static str, &'static str)]) -> String {
        let headers = headers
            .iter()
            .map(|(name, value)| (header::HeaderName::from_static(name), HeaderValue::from_static(value)));
        let answer = pages.answer(path, &headers.collect()).unwrap();
        String::from_utf8(to_bytes(answer.into_body(), 10_000).await.unwrap().to_vec()).unwrap()
    }

    #[tokio::test]
    async fn every_path_is_one_of_the_page_except_files() {
        let pages = dashboard(None);
        for path in ["/", "/rollouts", "/rollouts/ro-1", "/index.html", "/a/b.c"] {
            assert!(text(&pages, path, &[]).await.contains("<base href=\"/\">"), "{path}");
        }
        assert_eq!(text(&pages, "/icon.svg", &[]).await, "<svg/>");
        assert_eq!(text(&pages, "/assets/a-1.js", &[("accept-encoding", "gzip, br")]).await, "brotli");
        assert_eq!(text(&pages, "/assets/a-1.js", &[]).await, "plain");
        assert!(pages.answer("/assets/a-2.js", &HeaderMap::new()).is_err());
    }

    #[tokio::test]
    async fn the_base_is_where_the_page_stands() {
        let forwarded = [("x-forwarded-prefix", "/x/y")];
        assert!(text(&dashboard(None), "/queue", &forwarded).await.contains("<base href=\"/x/y/\">"));
        let pages = dashboard(Some("/store"));
        assert!(text(&pages, "/queue", &forwarded).await.contains("<base href=\"/store/\">"));
        let hostile = [("x-forwarded-prefix", "/\"><script>")];
        assert!(text(&dashboard(None), "/", &hostile).await.contains("<base href=\"/\">"));
    }

    #[test]
    fn what_is_named_by_its_content_is_kept_for_ever() {
        let pages = dashboard(None);
        let kept = |path: &str| {
            let answer = pages.answer(path, &HeaderMap::new()).unwrap();
            answer.headers()[header::CACHE_CONTROL].to_str().unwrap().to_owned()
        };
        assert!(kept("/assets/a-1.js").contains("immutable"));
        assert_eq!(kept("/"), "no-cache");
        let tag = pages.answer("/", &HeaderMap::new()).unwrap().headers()[header::ETAG].clone();
        let again = pages.answer("/", &HeaderMap::from_iter([(header::IF_NONE_MATCH, tag)])).unwrap();
        assert_eq!(again.status(), StatusCode::NOT_MODIFIED);
    }

    #[test]
    fn files_without_a_page_are_no_dashboard() {
        assert!(Pages::dashboard([(Cow::Borrowed("a.js"), Cow::Borrowed(&b"x"[..]))], None).is_none());
        let no_base = (Cow::Borrowed("index.html"), Cow::Borrowed(&b"<!doctype html>"[..]));
        assert!(Pages::dashboard([no_base], None).is_none());
    }
}
