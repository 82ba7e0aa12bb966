//! Whole lists as files: sent in pieces while they are read, so that an export of any size takes 8 bytes of memory per
//! row and one piece.
//!
//! What belongs to an export is fixed when it begins, also its order; each row is as it stands when its piece is read.

use std::collections::VecDeque;
use std::io;

use axum::body::Body;
use axum::extract::State;
use bytes::Bytes;
use futures_util::stream;
use http::{HeaderValue, StatusCode, header};
use lightning_store_client::wire::dashboard::{ExportSpans, FindRollouts, RolloutRow};
use lightning_store_client::wire::{RolloutId, to_json};

use super::{seen, table, uncached};
use crate::app::AppState;
use crate::http::answer::{self, Answer, Outcome};
use crate::http::error::ApiError;
use crate::http::extract::Parameters;
use crate::limits::{EXPORT_PIECE_BYTES, EXPORT_PIECE_ROLLOUTS};
use crate::storage::Store;
use crate::storage::error::{NotFound, StoreError};
use crate::storage::rows::{RowKey, SpanKey};

pub(super) async fn rollouts_jsonl(State(state): State<AppState>, parameters: Parameters) -> Outcome {
    let keys = keys(&state, parameters).await?;
    let export = Rollouts { store: state.store, keys, form: Form::Lines };
    Ok(attachment("application/x-ndjson", "rollouts.jsonl", Bytes::new(), export))
}

pub(super) async fn rollouts_csv(State(state): State<AppState>, parameters: Parameters) -> Outcome {
    let keys = keys(&state, parameters).await?;
    let export = Rollouts { store: state.store, keys, form: Form::Table };
    Ok(attachment("text/csv; charset=utf-8", "rollouts.csv", table::head().into(), export))
}

async fn keys(state: &AppState, parameters: Parameters) -> Result<VecDeque<RowKey>, ApiError> {
    let wanted = parameters.read(FindRollouts::list)?;
    Ok(seen(state).find_rollout_keys(wanted).await?.into())
}

pub(super) async fn spans_jsonl(State(state): State<AppState>, parameters: Parameters) -> Outcome {
    let ExportSpans { rollout_id, attempt_id } = parameters.read(ExportSpans::parameters)?;
    let Some(keys) = seen(&state).span_keys(rollout_id.clone(), attempt_id.clone()).await? else {
        let rollout = state.store.get_rollout(rollout_id.clone()).await?;
        let missing = match attempt_id {
            Some(attempt) if rollout.is_some() => NotFound::Attempt(attempt, rollout_id),
            _ => NotFound::Rollout(rollout_id),
        };
        return Err(ApiError::NotFound(missing.to_string()));
    };
    let export = Spans { store: state.store, rollout_id, keys: keys.into() };
    Ok(attachment("application/x-ndjson", "spans.jsonl", Bytes::new(), export))
}

/// Something that is sent in pieces.
trait Export: Send + 'static {
    /// The next piece; none at the end.
    fn piece(&mut self) -> impl Future<Output = Result<Option<Vec<u8>>, StoreError>> + Send;
}

struct Rollouts {
    store: Store,
    keys: VecDeque<RowKey>,
    form: Form,
}

/// How rows are written.
#[derive(Debug, Clone, Copy)]
enum Form {
    /// A JSON object per line.
    Lines,
    /// CSV.
    Table,
}

impl Form {
    fn write(self, row: &RolloutRow, out: &mut Vec<u8>) {
        match self {
            Self::Lines => match to_json(row) {
                Ok(line) => {
                    out.extend_from_slice(&line);
                    out.push(b'\n');
                }
                Err(error) => tracing::error!(%error, "a row could not be written as JSON"),
            },
            Self::Table => table::push(row, out),
        }
    }
}

impl Export for Rollouts {
    async fn piece(&mut self) -> Result<Option<Vec<u8>>, StoreError> {
        let count = self.keys.len().min(EXPORT_PIECE_ROLLOUTS);
        if count == 0 {
            return Ok(None);
        }
        let rows = self.store.rollout_rows(self.keys.drain(..count).collect()).await?;
        let mut out = Vec::new();
        for row in &rows {
            self.form.write(row, &mut out);
        }
        Ok(Some(out))
    }
}

struct Spans {
    store: Store,
    rollout_id: RolloutId,
    keys: VecDeque<SpanKey>,
}

impl Export for Spans {
    async fn piece(&mut self) -> Result<Option<Vec<u8>>, StoreError> {
        const MOST: usize = 1_000;
        let next: Vec<SpanKey> = self.keys.iter().take(MOST).copied().collect();
        if next.is_empty() {
            return Ok(None);
        }
        let spans = self.store.spans_by_key(self.rollout_id.clone(), next, EXPORT_PIECE_BYTES).await?;
        self.keys.drain(..spans.len().min(self.keys.len()));
        let mut out = Vec::new();
        for span in &spans {
            span.write_json(&mut out);
            out.push(b'\n');
        }
        Ok(Some(out))
    }
}

/// A file that is sent in pieces. Trouble on the way breaks it off, so that nobody takes a part for the whole.
fn attachment(content_type: &'static str, name: &'static str, head: Bytes, export: impl Export) -> Answer {
    let pieces = stream::unfold((head, Some(export)), |(head, export)| async move {
        let mut export = export?;
        if !head.is_empty() {
            return Some((Ok(head), (Bytes::new(), Some(export))));
        }
        match export.piece().await {
            Ok(Some(piece)) => Some((Ok(Bytes::from(piece)), (Bytes::new(), Some(export)))),
            Ok(None) => None,
            Err(error) => {
                tracing::error!(%error, "an export was broken off");
                Some((Err(io::Error::other(error.to_string())), (Bytes::new(), None)))
            }
        }
    });
    let mut answer = uncached(answer::bytes(StatusCode::OK, content_type, Bytes::new()));
    *answer.body_mut() = Body::from_stream(pieces);
    if let Ok(disposition) = HeaderValue::from_str(&format!("attachment; filename=\"{name}\"")) {
        answer.headers_mut().insert(header::CONTENT_DISPOSITION, disposition);
    }
    answer
}
