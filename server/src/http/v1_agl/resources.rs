//! Resources.

use axum::extract::State;
use lightning_store_client::wire::{NamedResources, QueryResources, ResourcesId};

use crate::app::AppState;
use crate::http::answer::{self, Outcome};
use crate::http::extract::{Ids, Json, Parameters};
use crate::http::keyed::Keyed;
use crate::service::once::{Call, Replay as _};
use crate::service::resources::PutResources;

pub(in crate::http) async fn add(
    State(state): State<AppState>,
    Keyed { call, body: Json(resources) }: Keyed<Json<NamedResources>>,
) -> Outcome {
    let put = PutResources { resources_id: None, resources };
    Ok(answer::created(&state.store.transact(put.once(call)).await?))
}

pub(in crate::http) async fn query(State(state): State<AppState>, parameters: Parameters) -> Outcome {
    let request = parameters.read(QueryResources::parameters)?;
    let (sort, window) = request.list.check()?;
    Ok(answer::ok(&state.store.query_resources(request.filter, sort, window).await?))
}

pub(in crate::http) async fn get_latest(State(state): State<AppState>) -> Outcome {
    Ok(answer::ok(&state.store.get_latest_resources().await?))
}

pub(in crate::http) async fn get(State(state): State<AppState>, ids: Ids) -> Outcome {
    Ok(answer::ok(&state.store.get_resources(ids.resources()).await?))
}

pub(in crate::http) async fn update(
    State(state): State<AppState>,
    ids: Ids,
    Keyed { call, body: Json(resources) }: Keyed<Json<NamedResources>>,
) -> Outcome {
    replace(&state, call, ids.resources(), resources).await
}

/// `latest` is only a word when it is read; written to, it is an id (Compat).
pub(in crate::http) async fn update_latest(
    State(state): State<AppState>,
    Keyed { call, body: Json(resources) }: Keyed<Json<NamedResources>>,
) -> Outcome {
    replace(&state, call, ResourcesId::from("latest"), resources).await
}

async fn replace(
    state: &AppState,
    call: Option<Call>,
    id: ResourcesId,
    resources: NamedResources,
) -> Outcome {
    let put = PutResources { resources_id: Some(id), resources };
    Ok(answer::ok(&state.store.transact(put.once(call)).await?))
}
