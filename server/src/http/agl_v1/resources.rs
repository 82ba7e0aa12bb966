//! Resources.

use axum::extract::State;
use lightning_store_client::wire::agl_v1::Resources;
use lightning_store_client::wire::{NamedResources, ResourcesId, ResourcesUpdate};

use crate::app::AppState;
use crate::http::answer::{self, Outcome};
use crate::http::error::ApiError;
use crate::http::extract::{Ids, Json};
use crate::http::keyed::Keyed;
use crate::service::once::{Call, Replay as _};
use crate::service::resources::PutResources;

pub(super) async fn add(
    State(state): State<AppState>,
    Keyed { call, body: Json(resources) }: Keyed<Json<NamedResources>>,
) -> Outcome {
    Ok(answer::created(&Resources::from(put(&state, call, None, resources).await?)))
}

pub(super) async fn get_latest(State(state): State<AppState>) -> Outcome {
    Ok(answer::ok(&state.store.get_latest_resources().await?.map(Resources::from)))
}

pub(super) async fn get(State(state): State<AppState>, ids: Ids) -> Outcome {
    Ok(answer::ok(&state.store.get_resources(ids.resources()).await?.map(Resources::from)))
}

pub(super) async fn update(
    State(state): State<AppState>,
    ids: Ids,
    Keyed { call, body: Json(resources) }: Keyed<Json<NamedResources>>,
) -> Outcome {
    Ok(answer::ok(&Resources::from(put(&state, call, Some(ids.resources()), resources).await?)))
}

/// `latest` is only a word when it is read; written to, it is an id (Compat).
pub(super) async fn update_latest(
    State(state): State<AppState>,
    Keyed { call, body: Json(resources) }: Keyed<Json<NamedResources>>,
) -> Outcome {
    Ok(answer::ok(&Resources::from(put(&state, call, Some("latest".into()), resources).await?)))
}

async fn put(
    state: &AppState,
    call: Option<Call>,
    resources_id: Option<ResourcesId>,
    resources: NamedResources,
) -> Result<ResourcesUpdate, ApiError> {
    Ok(state.store.transact(PutResources { resources_id, resources }.once(call)).await?)
}
