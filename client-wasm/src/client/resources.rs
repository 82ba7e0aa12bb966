//! Resources, in versions.

use js_sys::Promise;
use lightning_store_client::api::v1_agl;
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

use super::LightningStoreClient;
use crate::input;
use crate::items::Items;

#[wasm_bindgen]
impl LightningStoreClient {
    /// Stores a new set of resources, which is then the latest.
    #[wasm_bindgen(js_name = addResources, unchecked_return_type = "Promise<ResourcesUpdate>")]
    pub fn add_resources(
        &self,
        #[wasm_bindgen(unchecked_param_type = "NamedResourcesInput | JsonText")] resources: &JsValue,
        #[wasm_bindgen(unchecked_optional_param_type = "WriteOptions")] options: &JsValue,
    ) -> Promise {
        self.call(v1_agl::ADD_RESOURCES, &[], Some(input::json(resources, "set of resources")), options)
    }

    /// Stores a new version of a set of resources, or its first one; it is then the latest.
    #[wasm_bindgen(js_name = updateResources, unchecked_return_type = "Promise<ResourcesUpdate>")]
    pub fn update_resources(
        &self,
        #[wasm_bindgen(js_name = resourcesId, unchecked_param_type = "ResourcesId")] resources_id: &JsValue,
        #[wasm_bindgen(unchecked_param_type = "NamedResourcesInput | JsonText")] resources: &JsValue,
        #[wasm_bindgen(unchecked_optional_param_type = "WriteOptions")] options: &JsValue,
    ) -> Promise {
        self.call(
            v1_agl::UPDATE_RESOURCES,
            &[resources_id],
            Some(input::json(resources, "set of resources")),
            options,
        )
    }

    /// The resources that were written last. Null if there are none.
    #[wasm_bindgen(js_name = getLatestResources, unchecked_return_type = "Promise<ResourcesUpdate | null>")]
    pub fn get_latest_resources(
        &self,
        #[wasm_bindgen(unchecked_optional_param_type = "CallOptions")] options: &JsValue,
    ) -> Promise {
        self.call(v1_agl::GET_LATEST_RESOURCES, &[], None, options)
    }

    /// One set of resources. Null if there is no such set.
    #[wasm_bindgen(js_name = getResources, unchecked_return_type = "Promise<ResourcesUpdate | null>")]
    pub fn get_resources(
        &self,
        #[wasm_bindgen(js_name = resourcesId, unchecked_param_type = "ResourcesId")] resources_id: &JsValue,
        #[wasm_bindgen(unchecked_optional_param_type = "CallOptions")] options: &JsValue,
    ) -> Promise {
        self.call(v1_agl::GET_RESOURCES, &[resources_id], None, options)
    }

    /// One page of sets of resources.
    #[wasm_bindgen(js_name = queryResources, unchecked_return_type = "Promise<Page<ResourcesUpdate>>")]
    pub fn query_resources(
        &self,
        #[wasm_bindgen(unchecked_optional_param_type = "QueryResources | JsonText")] query: &JsValue,
        #[wasm_bindgen(unchecked_optional_param_type = "CallOptions")] options: &JsValue,
    ) -> Promise {
        self.list(v1_agl::QUERY_RESOURCES, &[], query, options)
    }

    /// All sets of resources that match, fetched page by page. In the order stored, which is the default, new sets come
    /// last and are not missed.
    #[wasm_bindgen(unchecked_return_type = "Items<ResourcesUpdate>")]
    pub fn resources(
        &self,
        #[wasm_bindgen(unchecked_optional_param_type = "QueryResources | JsonText")] query: &JsValue,
        #[wasm_bindgen(unchecked_optional_param_type = "CallOptions")] options: &JsValue,
    ) -> Result<Items, JsValue> {
        self.stream(v1_agl::QUERY_RESOURCES, &[], query, options)
    }
}
