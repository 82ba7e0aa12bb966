//! What people look at. `npm/client.js` has a method for each of these calls.

use js_sys::Promise;
use lightning_store_client::api::{Endpoint, dashboard};
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

use super::{LightningStoreClient, borrowed};
use crate::call::call;
use crate::failure::Failure;
use crate::input;

#[wasm_bindgen]
impl LightningStoreClient {
    /// Makes the call of this name.
    #[wasm_bindgen(js_name = dashboardCall, skip_typescript)]
    pub fn dashboard_call(
        &self,
        name: &str,
        ids: Vec<JsValue>,
        query: &JsValue,
        options: &JsValue,
    ) -> Promise {
        call(&self.client, options, |client| {
            let endpoint = endpoint(name)?;
            let ids = ids.into_iter().map(|id| input::id(&id)).collect::<Result<Vec<_>, _>>()?;
            let query = input::query(query)?;
            Ok(async move { client.untyped().list(endpoint, &borrowed(&ids), &query).await })
        })
    }

    /// The URL of the call of this name.
    #[wasm_bindgen(js_name = dashboardUrl, skip_typescript)]
    pub fn dashboard_url(&self, name: &str, query: &JsValue) -> Promise {
        call(&self.client, &JsValue::UNDEFINED, |client| {
            let url = client.untyped().url(endpoint(name)?, &[], &input::query(query)?)?;
            Ok(async move { Ok(url) })
        })
    }
}

fn endpoint(name: &str) -> Result<Endpoint, Failure> {
    let found = dashboard::ALL.iter().find(|endpoint| endpoint.name == name);
    found.copied().ok_or_else(|| Failure::invalid(format!("there is no call {name}")))
}
