//! The queue.

use axum::extract::State;
use lightning_store_client::wire::dashboard::FindWaiting;

use super::{fresh, seen};
use crate::app::AppState;
use crate::http::answer::Outcome;
use crate::http::extract::Parameters;

pub(super) async fn view(State(state): State<AppState>, parameters: Parameters) -> Outcome {
    let wanted = parameters.read(FindWaiting::parameters)?;
    Ok(fresh(&seen(&state).view_queue(wanted, state.clock.now()).await?))
}
