//! Events.

use futures_util::StreamExt as _;
use lightning_store_client::EventItem;
use lightning_store_client::client::UntypedEvent;
use lightning_store_client::wire::{RawJson, Topic};
use serde::Serialize;
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

use super::LightningStoreClient;
use crate::failure::{Failure, Fields};
use crate::input::{self, member, string};
use crate::items::Items;

#[wasm_bindgen]
impl LightningStoreClient {
    /// What changes in any of these topics: from now on, or since the event whose id is the option `after`.
    ///
    /// It never ends by itself. When the connection is lost, or silent for 40 seconds, it is opened again and goes on
    /// where it was. What cannot be told any more is told as `reset`. Only a refusal, such as a wrong token, ends it:
    /// with a last `disconnected` whose `retryInMs` is null.
    #[wasm_bindgen(unchecked_return_type = "Items<StoreEvent>")]
    pub fn events(
        &self,
        #[wasm_bindgen(unchecked_param_type = "Topic[]")] topics: &JsValue,
        #[wasm_bindgen(unchecked_optional_param_type = "EventOptions")] options: &JsValue,
    ) -> Result<Items, JsValue> {
        let topics = input::texts(topics, "list of topics")?;
        let topics: Result<Vec<Topic>, _> = topics.iter().map(|topic| topic.parse()).collect();
        let topics = topics.map_err(|error| Failure::invalid(error.to_string()))?;
        let after = member(options, "after", string)?;
        Items::new(options, self.client.untyped().events(&topics, after).map(|item| Ok(told(item))))
    }
}

/// `StoreEvent`, as [`crate::typescript`] declares it.
#[derive(Serialize)]
#[serde(untagged, rename_all_fields = "camelCase")]
enum Told {
    Connected { r#type: &'static str },
    Event { r#type: String, id: Option<String>, data: RawJson },
    Disconnected { r#type: &'static str, error: Box<Fields>, retry_in_ms: Option<f64> },
}

fn told(item: EventItem<UntypedEvent>) -> Told {
    match item {
        EventItem::Connected => Told::Connected { r#type: "connected" },
        EventItem::Event { id, event } => Told::Event { r#type: event.name, id, data: event.data },
        EventItem::Disconnected { error, retry_in } => Told::Disconnected {
            r#type: "disconnected",
            error: Box::new(Fields::from(&error)),
            retry_in_ms: retry_in.map(|wait| wait.as_secs_f64() * 1e3),
        },
    }
}
