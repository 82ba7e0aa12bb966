//! Workers.

use js_sys::Promise;
use lightning_store_client::api::v1_agl;
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

use super::LightningStoreClient;
use crate::input;
use crate::items::Items;

#[wasm_bindgen]
impl LightningStoreClient {
    /// A worker's heartbeat. Makes the worker known if it is not.
    #[wasm_bindgen(js_name = updateWorker, unchecked_return_type = "Promise<Worker>")]
    pub fn update_worker(
        &self,
        #[wasm_bindgen(js_name = workerId, unchecked_param_type = "WorkerId")] worker_id: &JsValue,
        #[wasm_bindgen(unchecked_optional_param_type = "UpdateWorker | JsonText")] update: &JsValue,
        #[wasm_bindgen(unchecked_optional_param_type = "CallOptions")] options: &JsValue,
    ) -> Promise {
        self.call(v1_agl::UPDATE_WORKER, &[worker_id], Some(input::json(update, "update")), options)
    }

    /// One worker. Null if it was never seen.
    #[wasm_bindgen(js_name = getWorker, unchecked_return_type = "Promise<Worker | null>")]
    pub fn get_worker(
        &self,
        #[wasm_bindgen(js_name = workerId, unchecked_param_type = "WorkerId")] worker_id: &JsValue,
        #[wasm_bindgen(unchecked_optional_param_type = "CallOptions")] options: &JsValue,
    ) -> Promise {
        self.call(v1_agl::GET_WORKER, &[worker_id], None, options)
    }

    /// One page of workers. Like {@link searchWorkers}, but its conditions are in the URL, which can say less: no empty
    /// lists.
    #[wasm_bindgen(js_name = queryWorkers, unchecked_return_type = "Promise<Page<Worker>>")]
    pub fn query_workers(
        &self,
        #[wasm_bindgen(unchecked_optional_param_type = "QueryWorkers | JsonText")] query: &JsValue,
        #[wasm_bindgen(unchecked_optional_param_type = "CallOptions")] options: &JsValue,
    ) -> Promise {
        self.list(v1_agl::QUERY_WORKERS, &[], query, options)
    }

    /// One page of workers.
    #[wasm_bindgen(js_name = searchWorkers, unchecked_return_type = "Promise<Page<Worker>>")]
    pub fn search_workers(
        &self,
        #[wasm_bindgen(unchecked_optional_param_type = "QueryWorkers | JsonText")] query: &JsValue,
        #[wasm_bindgen(unchecked_optional_param_type = "CallOptions")] options: &JsValue,
    ) -> Promise {
        self.list(v1_agl::SEARCH_WORKERS, &[], query, options)
    }

    /// All workers that match, fetched page by page.
    #[wasm_bindgen(unchecked_return_type = "Items<Worker>")]
    pub fn workers(
        &self,
        #[wasm_bindgen(unchecked_optional_param_type = "QueryWorkers | JsonText")] query: &JsValue,
        #[wasm_bindgen(unchecked_optional_param_type = "CallOptions")] options: &JsValue,
    ) -> Result<Items, JsValue> {
        self.stream(v1_agl::SEARCH_WORKERS, &[], query, options)
    }
}
