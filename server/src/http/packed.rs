//! Answers that are compressed for those who take that.

use std::io::Write as _;

use axum::body::{Body, HttpBody as _, to_bytes};
use axum::extract::Request;
use axum::middleware::Next;
use flate2::Compression;
use flate2::write::GzEncoder;
use http::{HeaderValue, header};

use super::answer::Answer;
use super::file::accepts;
use crate::limits::MIN_PACKED_BYTES;

/// Packs what comes back, if it is large. Only whole answers: what is sent in pieces has to leave piece by piece.
pub(super) async fn pack(request: Request, next: Next) -> Answer {
    let is_taken = accepts(request.headers(), "gzip");
    let mut answer = next.run(request).await;
    if answer.body().size_hint().exact().is_none_or(|size| size < MIN_PACKED_BYTES) {
        return answer;
    }
    answer.headers_mut().append(header::VARY, HeaderValue::from_static("accept-encoding"));
    if !is_taken {
        return answer;
    }
    let (mut head, body) = answer.into_parts();
    // It is in memory, so that nothing can be in its way.
    let body = to_bytes(body, usize::MAX).await.unwrap_or_default();
    let plain = body.clone();
    // Beside the threads that answer others: a large one takes some hundredths of a second.
    let packed = tokio::task::spawn_blocking(move || gzip(&plain, Compression::default())).await;
    let Some(packed) = packed.ok().flatten() else { return Answer::from_parts(head, Body::from(body)) };
    head.headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    Answer::from_parts(head, Body::from(packed))
}

/// Packs a body. Into memory that cannot fail.
pub(super) fn gzip(body: &[u8], level: Compression) -> Option<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::with_capacity(body.len() / 4), level);
    encoder.write_all(body).ok()?;
    encoder.finish().ok()
}
