//! The class that JavaScript sees. What its methods have in common is in [`crate::call`]; they are in files by noun.

use js_sys::Promise;
use lightning_store_client::api::{Endpoint, v1_agl};
use lightning_store_client::wire::RawJson;
use lightning_store_client::{Client, Fetch, RetryPolicy};
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

use crate::call::call;
use crate::failure::Failure;
use crate::input::{self, all_millis, count, member, millis, number, string};
use crate::items::Items;

mod attempts;
mod dashboard;
mod events;
mod queue;
mod resources;
mod rollouts;
mod spans;
mod workers;

/// Talks to a lightning-store server.
///
/// Every method makes one call, repeats it after trouble of the network or the server, and has its effect at most once
/// however often that was. It fails with a `LightningStoreError`, or with the reason of its `AbortSignal`.
///
/// Objects go in and out as they are on the wire, with their `snake_case` keys; null stays null. Numbers of JavaScript
/// are exact up to 2^53. For larger ones there is JSON text: it is taken wherever an object is, and {@link text} answers
/// it.
#[wasm_bindgen]
pub struct LightningStoreClient {
    client: Client<Fetch>,
}

#[wasm_bindgen]
impl LightningStoreClient {
    /// A client of the server at `url`, which may have a path (`https://host/store/`) and a user and password. Nothing is
    /// sent yet.
    #[wasm_bindgen(constructor)]
    pub fn new(
        url: &JsValue,
        #[wasm_bindgen(unchecked_optional_param_type = "ClientOptions")] options: &JsValue,
    ) -> Result<LightningStoreClient, JsValue> {
        Ok(Self { client: build(url, options)? })
    }

    /// Whether the server is alive: asks once and does not repeat.
    #[wasm_bindgen(unchecked_return_type = "Promise<Health>")]
    pub fn health(
        &self,
        #[wasm_bindgen(unchecked_optional_param_type = "CallOptions")] options: &JsValue,
    ) -> Promise {
        call(&self.client, options, |client| Ok(async move { client.health().await }))
    }

    /// What the store holds.
    #[wasm_bindgen(unchecked_return_type = "Promise<Statistics>")]
    pub fn statistics(
        &self,
        #[wasm_bindgen(unchecked_optional_param_type = "CallOptions")] options: &JsValue,
    ) -> Promise {
        self.call(v1_agl::STATISTICS, &[], None, options)
    }

    /// A new key for the option `idempotencyKey`: for a call that may have to be repeated, even by another program. Keep
    /// it where it survives a crash, and make the call with it. Nothing is sent.
    #[wasm_bindgen(js_name = newKey, unchecked_return_type = "Promise<string>")]
    pub fn new_key(&self) -> Promise {
        let key = self.client.new_key();
        call(&self.client, &JsValue::UNDEFINED, |_| Ok(async move { Ok(key.as_str().to_owned()) }))
    }
}

impl LightningStoreClient {
    /// Makes a call whose answer nobody looks into.
    fn call(
        &self,
        endpoint: Endpoint,
        ids: &[&JsValue],
        body: Option<Result<RawJson, Failure>>,
        options: &JsValue,
    ) -> Promise {
        call(&self.client, options, |client| {
            let (ids, body) = (read_ids(ids)?, body.transpose()?);
            Ok(async move { client.untyped().call(endpoint, &borrowed(&ids), body.as_ref()).await })
        })
    }

    /// Asks for one page of a list.
    fn list(&self, endpoint: Endpoint, ids: &[&JsValue], query: &JsValue, options: &JsValue) -> Promise {
        call(&self.client, options, |client| {
            let (ids, query) = (read_ids(ids)?, input::query(query)?);
            Ok(async move { client.untyped().list(endpoint, &borrowed(&ids), &query).await })
        })
    }

    /// All items of a list.
    fn stream(
        &self,
        endpoint: Endpoint,
        ids: &[&JsValue],
        query: &JsValue,
        options: &JsValue,
    ) -> Result<Items, JsValue> {
        let (ids, query) = (read_ids(ids)?, input::query(query)?);
        Items::new(options, self.client.untyped().stream(endpoint, &borrowed(&ids), query))
    }
}

fn read_ids(ids: &[&JsValue]) -> Result<Vec<String>, Failure> {
    ids.iter().map(|id| input::id(id)).collect()
}

fn borrowed(ids: &[String]) -> Vec<&str> {
    ids.iter().map(String::as_str).collect()
}

fn build(url: &JsValue, options: &JsValue) -> Result<Client<Fetch>, Failure> {
    // An object of the class URL will do too.
    let url = js_sys::JsString::from(url.clone());
    let mut builder = Client::builder(String::from(url));
    if let Some(token) = member(options, "token", string)? {
        builder = builder.token(token);
    }
    if let Some(timeout) = member(options, "requestTimeoutMs", millis)? {
        builder = builder.request_timeout(timeout);
    }
    if let Some(size) = member(options, "pageSize", count)? {
        builder = builder.page_size(size);
    }
    if let Some(retry) = member(options, "retry", retry)? {
        builder = builder.retry(retry);
    }
    Ok(builder.build(Fetch)?)
}

/// `RetryOptions`, or false for none.
fn retry(value: &JsValue, _: &str) -> Result<RetryPolicy, Failure> {
    if value.as_bool() == Some(false) {
        return Ok(RetryPolicy::never());
    }
    let usual = RetryPolicy::default();
    Ok(RetryPolicy {
        delays: member(value, "delaysMs", all_millis)?.unwrap_or(usual.delays),
        probe_delays: member(value, "probeDelaysMs", all_millis)?.unwrap_or(usual.probe_delays),
        jitter: member(value, "jitter", number)?.unwrap_or(usual.jitter),
        max_retry_after: member(value, "maxRetryAfterMs", millis)?.unwrap_or(usual.max_retry_after),
    })
}
