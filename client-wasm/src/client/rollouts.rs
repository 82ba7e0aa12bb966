//! Rollouts.

use js_sys::Promise;
use lightning_store_client::api::v1_agl;
use lightning_store_client::wire::RolloutId;
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

use super::LightningStoreClient;
use crate::call::call;
use crate::input;
use crate::items::Items;

#[wasm_bindgen]
impl LightningStoreClient {
    /// Creates a rollout and starts its first attempt at once, without the queue.
    #[wasm_bindgen(js_name = startRollout, unchecked_return_type = "Promise<AttemptedRollout>")]
    pub fn start_rollout(
        &self,
        #[wasm_bindgen(unchecked_param_type = "StartRollout | JsonText")] rollout: &JsValue,
        #[wasm_bindgen(unchecked_optional_param_type = "WriteOptions")] options: &JsValue,
    ) -> Promise {
        self.call(v1_agl::START_ROLLOUT, &[], Some(input::json(rollout, "rollout")), options)
    }

    /// One rollout with its newest attempt. Null if there is no such rollout.
    #[wasm_bindgen(js_name = getRollout, unchecked_return_type = "Promise<RolloutWithAttempt | null>")]
    pub fn get_rollout(
        &self,
        #[wasm_bindgen(js_name = rolloutId, unchecked_param_type = "RolloutId")] rollout_id: &JsValue,
        #[wasm_bindgen(unchecked_optional_param_type = "CallOptions")] options: &JsValue,
    ) -> Promise {
        call(&self.client, options, |client| {
            let rollout_id = input::id(rollout_id)?;
            Ok(async move { client.untyped().get_rollout(&rollout_id).await })
        })
    }

    /// One page of rollouts, each with its newest attempt. Like {@link searchRollouts}, but its conditions are in the
    /// URL, which can say less: no empty lists.
    #[wasm_bindgen(js_name = queryRollouts, unchecked_return_type = "Promise<Page<RolloutWithAttempt>>")]
    pub fn query_rollouts(
        &self,
        #[wasm_bindgen(unchecked_optional_param_type = "QueryRollouts | JsonText")] query: &JsValue,
        #[wasm_bindgen(unchecked_optional_param_type = "CallOptions")] options: &JsValue,
    ) -> Promise {
        self.list(v1_agl::QUERY_ROLLOUTS, &[], query, options)
    }

    /// One page of rollouts, each with its newest attempt.
    #[wasm_bindgen(js_name = searchRollouts, unchecked_return_type = "Promise<Page<RolloutWithAttempt>>")]
    pub fn search_rollouts(
        &self,
        #[wasm_bindgen(unchecked_optional_param_type = "QueryRollouts | JsonText")] query: &JsValue,
        #[wasm_bindgen(unchecked_optional_param_type = "CallOptions")] options: &JsValue,
    ) -> Promise {
        self.list(v1_agl::SEARCH_ROLLOUTS, &[], query, options)
    }

    /// All rollouts that match, each with its newest attempt, fetched page by page as they are asked for.
    ///
    /// In the order stored, which is the default, new rollouts come last and are not missed. But where changes decide
    /// what matches (a condition on the status) or in what order, a rollout may be skipped or come twice while others
    /// change.
    #[wasm_bindgen(unchecked_return_type = "Items<RolloutWithAttempt>")]
    pub fn rollouts(
        &self,
        #[wasm_bindgen(unchecked_optional_param_type = "QueryRollouts | JsonText")] query: &JsValue,
        #[wasm_bindgen(unchecked_optional_param_type = "CallOptions")] options: &JsValue,
    ) -> Result<Items, JsValue> {
        self.stream(v1_agl::SEARCH_ROLLOUTS, &[], query, options)
    }

    /// Changes a rollout; with the status `queuing` or `requeuing` it is queued again.
    #[wasm_bindgen(js_name = updateRollout, unchecked_return_type = "Promise<Rollout>")]
    pub fn update_rollout(
        &self,
        #[wasm_bindgen(js_name = rolloutId, unchecked_param_type = "RolloutId")] rollout_id: &JsValue,
        #[wasm_bindgen(unchecked_param_type = "UpdateRollout | JsonText")] update: &JsValue,
        #[wasm_bindgen(unchecked_optional_param_type = "WriteOptions")] options: &JsValue,
    ) -> Promise {
        self.call(v1_agl::UPDATE_ROLLOUT, &[rollout_id], Some(input::json(update, "update")), options)
    }

    /// Waits until these rollouts are finished, for so many seconds; null: for as long as it takes. Answers those that
    /// are finished, in the order asked for. Rollouts that do not exist are not waited for.
    #[wasm_bindgen(js_name = waitForRollouts, unchecked_return_type = "Promise<Rollout[]>")]
    pub fn wait_for_rollouts(
        &self,
        #[wasm_bindgen(js_name = rolloutIds, unchecked_param_type = "RolloutId[]")] rollout_ids: &JsValue,
        #[wasm_bindgen(js_name = timeoutSeconds, unchecked_optional_param_type = "number | null")]
        timeout_seconds: &JsValue,
        #[wasm_bindgen(unchecked_optional_param_type = "CallOptions")] options: &JsValue,
    ) -> Promise {
        call(&self.client, options, |client| {
            let ids = input::texts(rollout_ids, "list of ids")?;
            let timeout = input::optional(timeout_seconds, "timeoutSeconds", input::seconds)?;
            Ok(async move {
                let ids: Vec<_> = ids.into_iter().map(RolloutId::from).collect();
                client.untyped().wait_for_rollouts(&ids, timeout).await
            })
        })
    }
}
