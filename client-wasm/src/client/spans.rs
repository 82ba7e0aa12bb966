//! Spans.

use js_sys::Promise;
use lightning_store_client::api::v1_agl;
use lightning_store_client::wire::{AttemptId, RolloutId};
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

use super::LightningStoreClient;
use crate::call::call;
use crate::failure::Failure;
use crate::input::{self, member, number, string};
use crate::items::Items;

#[wasm_bindgen]
impl LightningStoreClient {
    /// A span of an attempt that begins and ends now, with new ids, to be filled in and stored. Nothing is sent.
    #[wasm_bindgen(unchecked_return_type = "Promise<Span>")]
    pub fn span(
        &self,
        #[wasm_bindgen(unchecked_param_type = "AttemptIds")] attempt: &JsValue,
        #[wasm_bindgen(unchecked_param_type = "string")] name: &JsValue,
    ) -> Promise {
        call(&self.client, &JsValue::UNDEFINED, |client| {
            let (rollout_id, attempt_id) = ids(attempt)?;
            let span = client.untyped().span(rollout_id, attempt_id, &string(name, "name")?);
            Ok(async move { Ok(span) })
        })
    }

    /// A span that says what an attempt is worth. The last one of a rollout counts. Nothing is sent: store it with
    /// {@link addSpans}.
    #[wasm_bindgen(unchecked_return_type = "Promise<Span>")]
    pub fn reward(
        &self,
        #[wasm_bindgen(unchecked_param_type = "AttemptIds")] attempt: &JsValue,
        #[wasm_bindgen(unchecked_param_type = "number")] value: &JsValue,
    ) -> Promise {
        call(&self.client, &JsValue::UNDEFINED, |client| {
            let (rollout_id, attempt_id) = ids(attempt)?;
            let span = client.untyped().reward(rollout_id, attempt_id, number(value, "value")?);
            Ok(async move { Ok(span) })
        })
    }

    /// Stores one span under the number that it has. Null if its attempt has a span with this id already, which is kept
    /// as it is.
    #[wasm_bindgen(js_name = addSpan, unchecked_return_type = "Promise<Span | null>")]
    pub fn add_span(
        &self,
        #[wasm_bindgen(unchecked_param_type = "SpanInput | JsonText")] span: &JsValue,
        #[wasm_bindgen(unchecked_optional_param_type = "WriteOptions")] options: &JsValue,
    ) -> Promise {
        self.call(v1_agl::ADD_SPAN, &[], Some(input::json(span, "span")), options)
    }

    /// Stores spans in one transaction. Those without a number (`sequence_id` 0) get the next ones of their rollouts. A
    /// span that is refused does not keep the others out: the answer says what became of each, in order.
    #[wasm_bindgen(js_name = addSpans, unchecked_return_type = "Promise<AddedSpan[]>")]
    pub fn add_spans(
        &self,
        #[wasm_bindgen(unchecked_param_type = "SpanInput[] | JsonText")] spans: &JsValue,
        #[wasm_bindgen(unchecked_optional_param_type = "WriteOptions")] options: &JsValue,
    ) -> Promise {
        let body = input::member_of("spans", spans, "list of spans");
        self.call(v1_agl::ADD_SPANS, &[], Some(body), options)
    }

    /// The next number for a span of a rollout, which needs not exist yet. Numbers may be left out when this call is
    /// repeated, but none is given twice.
    #[wasm_bindgen(js_name = nextSequenceId, unchecked_return_type = "Promise<number>")]
    pub fn next_sequence_id(
        &self,
        #[wasm_bindgen(js_name = rolloutId, unchecked_param_type = "RolloutId")] rollout_id: &JsValue,
        #[wasm_bindgen(js_name = attemptId, unchecked_param_type = "AttemptId")] attempt_id: &JsValue,
        #[wasm_bindgen(unchecked_optional_param_type = "CallOptions")] options: &JsValue,
    ) -> Promise {
        call(&self.client, options, |client| {
            let rollout_id = RolloutId::from(input::id(rollout_id)?);
            let attempt_id = AttemptId::from(input::id(attempt_id)?);
            Ok(async move { client.next_sequence_id(&rollout_id, &attempt_id).await })
        })
    }

    /// One page of the spans of a rollout; an empty one if there is no such rollout. Like {@link searchSpans}, but its
    /// conditions are in the URL, which can say less: no `sort_by` of null.
    #[wasm_bindgen(js_name = querySpans, unchecked_return_type = "Promise<Page<Span>>")]
    pub fn query_spans(
        &self,
        #[wasm_bindgen(unchecked_param_type = "QuerySpans | JsonText")] query: &JsValue,
        #[wasm_bindgen(unchecked_optional_param_type = "CallOptions")] options: &JsValue,
    ) -> Promise {
        self.list(v1_agl::QUERY_SPANS, &[], query, options)
    }

    /// One page of the spans of a rollout; an empty one if there is no such rollout.
    #[wasm_bindgen(js_name = searchSpans, unchecked_return_type = "Promise<Page<Span>>")]
    pub fn search_spans(
        &self,
        #[wasm_bindgen(unchecked_param_type = "QuerySpans | JsonText")] query: &JsValue,
        #[wasm_bindgen(unchecked_optional_param_type = "CallOptions")] options: &JsValue,
    ) -> Promise {
        self.list(v1_agl::SEARCH_SPANS, &[], query, options)
    }

    /// All spans of a rollout that match, fetched page by page. By number, which is the default, a span that arrives late
    /// with a low number may be missed; in the order stored (`sort_by: null`) none is.
    #[wasm_bindgen(unchecked_return_type = "Items<Span>")]
    pub fn spans(
        &self,
        #[wasm_bindgen(unchecked_param_type = "QuerySpans | JsonText")] query: &JsValue,
        #[wasm_bindgen(unchecked_optional_param_type = "CallOptions")] options: &JsValue,
    ) -> Result<Items, JsValue> {
        self.stream(v1_agl::SEARCH_SPANS, &[], query, options)
    }
}

/// Of an attempt nothing else counts.
fn ids(attempt: &JsValue) -> Result<(RolloutId, AttemptId), Failure> {
    let missing = |name: &str| Failure::invalid(format!("the attempt has no {name}"));
    let id = |name| member(attempt, name, string)?.ok_or_else(|| missing(name));
    Ok((RolloutId::from(id("rollout_id")?), AttemptId::from(id("attempt_id")?)))
}
