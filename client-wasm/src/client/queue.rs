//! The queue.

use js_sys::Promise;
use lightning_store_client::Dequeue;
use lightning_store_client::api::v1_agl;
use lightning_store_client::wire::WorkerId;
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

use super::LightningStoreClient;
use crate::call::call;
use crate::failure::Failure;
use crate::input::{self, count, member, seconds, string};

#[wasm_bindgen]
impl LightningStoreClient {
    /// Creates rollouts and queues them in this order. All of them or none.
    #[wasm_bindgen(unchecked_return_type = "Promise<Rollout[]>")]
    pub fn enqueue(
        &self,
        #[wasm_bindgen(unchecked_param_type = "NewRollout[] | JsonText")] rollouts: &JsValue,
        #[wasm_bindgen(unchecked_optional_param_type = "WriteOptions")] options: &JsValue,
    ) -> Promise {
        let body = input::member_of("rollouts", rollouts, "list of rollouts");
        self.call(v1_agl::ENQUEUE, &[], Some(body), options)
    }

    /// Takes rollouts from the queue and starts an attempt of each; an empty list if there was none in time.
    ///
    /// An aborted call may have taken rollouts that nobody works on, until their time is up. Better let it end: with a
    /// short `wait_seconds`, or with a key of your own, to make it again.
    #[wasm_bindgen(unchecked_return_type = "Promise<AttemptedRollout[]>")]
    pub fn dequeue(
        &self,
        #[wasm_bindgen(unchecked_optional_param_type = "Dequeue")] request: &JsValue,
        #[wasm_bindgen(unchecked_optional_param_type = "WriteOptions")] options: &JsValue,
    ) -> Promise {
        call(&self.client, options, |client| {
            let request = dequeue(request)?;
            Ok(async move { client.untyped().dequeue(&request).await })
        })
    }
}

/// Unlike the request of the same shape on the wire it may wait for any time.
fn dequeue(request: &JsValue) -> Result<Dequeue, Failure> {
    let usual = Dequeue::default();
    Ok(Dequeue {
        limit: member(request, "limit", count)?.unwrap_or(usual.limit),
        worker_id: member(request, "worker_id", string)?.map(WorkerId::from),
        wait: member(request, "wait_seconds", seconds)?.unwrap_or(usual.wait),
    })
}
