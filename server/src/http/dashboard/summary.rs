//! The overview.

use axum::extract::State;
use lightning_store_client::wire::dashboard::SummaryWindow;

use super::{fresh, seen};
use crate::app::AppState;
use crate::http::answer::Outcome;
use crate::http::extract::Parameters;

pub(super) async fn summary(State(state): State<AppState>, parameters: Parameters) -> Outcome {
    let window = parameters.read(SummaryWindow::parameters)?;
    Ok(fresh(&seen(&state).summary(window, state.started, state.clock.now()).await?))
}
