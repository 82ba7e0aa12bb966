//! Rollouts.

use axum::extract::State;
use lightning_store_client::lax::Query;
use lightning_store_client::wire::dashboard::{FindRollouts, PageStart};

use super::{fresh, seen};
use crate::app::AppState;
use crate::http::answer::Outcome;
use crate::http::error::ApiError;
use crate::http::extract::{Ids, Parameters};
use crate::storage::cursor::Cursor;
use crate::storage::error::NotFound;

pub(super) async fn find(State(state): State<AppState>, parameters: Parameters) -> Outcome {
    let (wanted, after) = parameters.read(read)?;
    Ok(fresh(&seen(&state).find_rollouts(wanted, after).await?))
}

/// What is wanted, and the cursor taken apart.
fn read(query: &mut Query) -> Option<(FindRollouts, Option<Cursor>)> {
    let wanted = FindRollouts::parameters(query)?;
    let PageStart::After(text) = &wanted.from else { return Some((wanted, None)) };
    match text.parse::<Cursor>() {
        Ok(cursor) if cursor.by == wanted.sort_by && cursor.order == wanted.sort_order => {
            Some((wanted, Some(cursor)))
        }
        _ => {
            let reason = "Input should be what `next` of a page in the same order says";
            query.refuse_value("after", reason)
        }
    }
}

pub(super) async fn detail(State(state): State<AppState>, ids: Ids) -> Outcome {
    let id = ids.rollout();
    match seen(&state).rollout_detail(id.clone()).await? {
        Some(detail) => Ok(fresh(&detail)),
        None => Err(ApiError::NotFound(NotFound::Rollout(id).to_string())),
    }
}
