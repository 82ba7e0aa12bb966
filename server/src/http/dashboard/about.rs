//! What this server is.

use axum::extract::State;
use lightning_store_client::wire::dashboard::Capabilities;

use super::fresh;
use crate::app::AppState;
use crate::http::answer::Outcome;

pub(super) async fn capabilities(State(state): State<AppState>) -> Outcome {
    Ok(fresh(&Capabilities {
        name: "lightning-store".to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        store: state.store.name().to_ascii_lowercase(),
        resource_versions: u64::from(state.store.kept_versions()),
        actions: false,
    }))
}
