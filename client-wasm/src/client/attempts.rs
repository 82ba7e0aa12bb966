//! Attempts of a rollout.

use js_sys::Promise;
use lightning_store_client::api::v1_agl;
use lightning_store_client::wire::{RawJson, StartAttempt, WorkerId};
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

use super::LightningStoreClient;
use crate::call::call;
use crate::failure::Failure;
use crate::input;
use crate::items::Items;

#[wasm_bindgen]
impl LightningStoreClient {
    /// Starts another attempt of a rollout, whatever its status and however many it had.
    #[wasm_bindgen(js_name = startAttempt, unchecked_return_type = "Promise<AttemptedRollout>")]
    pub fn start_attempt(
        &self,
        #[wasm_bindgen(js_name = rolloutId, unchecked_param_type = "RolloutId")] rollout_id: &JsValue,
        #[wasm_bindgen(js_name = workerId, unchecked_optional_param_type = "WorkerId | null")]
        worker_id: &JsValue,
        #[wasm_bindgen(unchecked_optional_param_type = "WriteOptions")] options: &JsValue,
    ) -> Promise {
        call(&self.client, options, |client| {
            let rollout_id = input::id(rollout_id)?;
            let worker_id = input::optional(worker_id, "workerId", input::string)?.map(WorkerId::from);
            let body = RawJson::of(&StartAttempt { worker_id });
            let body = body.map_err(|error| Failure::invalid(error.to_string()))?;
            Ok(async move { client.untyped().call(v1_agl::START_ATTEMPT, &[&rollout_id], Some(&body)).await })
        })
    }

    /// The newest attempt of a rollout. Null if it has none, or if there is no such rollout.
    #[wasm_bindgen(js_name = getLatestAttempt, unchecked_return_type = "Promise<Attempt | null>")]
    pub fn get_latest_attempt(
        &self,
        #[wasm_bindgen(js_name = rolloutId, unchecked_param_type = "RolloutId")] rollout_id: &JsValue,
        #[wasm_bindgen(unchecked_optional_param_type = "CallOptions")] options: &JsValue,
    ) -> Promise {
        self.call(v1_agl::GET_LATEST_ATTEMPT, &[rollout_id], None, options)
    }

    /// One page of the attempts of a rollout; an empty one if there is no such rollout. Like {@link searchAttempts}, but
    /// its conditions are in the URL, which can say less: no `sort_by` of null.
    #[wasm_bindgen(js_name = queryAttempts, unchecked_return_type = "Promise<Page<Attempt>>")]
    pub fn query_attempts(
        &self,
        #[wasm_bindgen(js_name = rolloutId, unchecked_param_type = "RolloutId")] rollout_id: &JsValue,
        #[wasm_bindgen(unchecked_optional_param_type = "QueryAttempts | JsonText")] query: &JsValue,
        #[wasm_bindgen(unchecked_optional_param_type = "CallOptions")] options: &JsValue,
    ) -> Promise {
        self.list(v1_agl::QUERY_ATTEMPTS, &[rollout_id], query, options)
    }

    /// One page of the attempts of a rollout; an empty one if there is no such rollout.
    #[wasm_bindgen(js_name = searchAttempts, unchecked_return_type = "Promise<Page<Attempt>>")]
    pub fn search_attempts(
        &self,
        #[wasm_bindgen(js_name = rolloutId, unchecked_param_type = "RolloutId")] rollout_id: &JsValue,
        #[wasm_bindgen(unchecked_optional_param_type = "QueryAttempts | JsonText")] query: &JsValue,
        #[wasm_bindgen(unchecked_optional_param_type = "CallOptions")] options: &JsValue,
    ) -> Promise {
        self.list(v1_agl::SEARCH_ATTEMPTS, &[rollout_id], query, options)
    }

    /// All attempts of a rollout, fetched page by page. New ones come last and are not missed.
    #[wasm_bindgen(unchecked_return_type = "Items<Attempt>")]
    pub fn attempts(
        &self,
        #[wasm_bindgen(js_name = rolloutId, unchecked_param_type = "RolloutId")] rollout_id: &JsValue,
        #[wasm_bindgen(unchecked_optional_param_type = "QueryAttempts | JsonText")] query: &JsValue,
        #[wasm_bindgen(unchecked_optional_param_type = "CallOptions")] options: &JsValue,
    ) -> Result<Items, JsValue> {
        self.stream(v1_agl::SEARCH_ATTEMPTS, &[rollout_id], query, options)
    }

    /// Changes an attempt; `latest` stands for the newest one, which takes its rollout along.
    #[wasm_bindgen(js_name = updateAttempt, unchecked_return_type = "Promise<Attempt>")]
    pub fn update_attempt(
        &self,
        #[wasm_bindgen(js_name = rolloutId, unchecked_param_type = "RolloutId")] rollout_id: &JsValue,
        #[wasm_bindgen(js_name = attemptId, unchecked_param_type = "AttemptId")] attempt_id: &JsValue,
        #[wasm_bindgen(unchecked_param_type = "UpdateAttempt | JsonText")] update: &JsValue,
        #[wasm_bindgen(unchecked_optional_param_type = "WriteOptions")] options: &JsValue,
    ) -> Promise {
        self.call(
            v1_agl::UPDATE_ATTEMPT,
            &[rollout_id, attempt_id],
            Some(input::json(update, "update")),
            options,
        )
    }
}
