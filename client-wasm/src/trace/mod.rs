//! Traces for JavaScript, in the second module of the package: bindings of [`lightning_store_client::trace`], without logic
//! of their own.
//!
//! Spans stay in wasm memory. What goes out are numbers, JSON text of what was asked for, and addresses of columns, which
//! `npm/traces.js` copies into typed arrays. The classes for people are there, and their declarations in `npm/trace.d.ts`;
//! those here are only called by them, with arguments that are in order.

mod document;
mod waterfall;

use lightning_store_client::trace::secrets::{is_secret, mask_json};
use lightning_store_client::trace::{Comparison, Json, text};
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

use waterfall::{Waterfall, order};

/// The memory of the module, for looking at columns.
#[wasm_bindgen(js_name = traceMemory, skip_typescript)]
pub(crate) fn memory() -> JsValue {
    wasm_bindgen::memory()
}

/// Two attempts side by side.
#[wasm_bindgen(skip_typescript)]
pub(crate) fn compare(a: &Waterfall, b: &Waterfall, by_sequence: bool) -> String {
    text::text(&Comparison::of(a.trace(), b.trace(), order(by_sequence)))
}

/// Whether the value under a key is masked.
#[wasm_bindgen(js_name = isSecret, skip_typescript)]
pub(crate) fn secret(key: &str) -> bool {
    is_secret(key)
}

/// JSON with its secrets masked; nothing if there is none, or it is no JSON.
#[wasm_bindgen(js_name = maskSecrets, skip_typescript)]
pub(crate) fn mask_secrets(text: &str) -> Option<String> {
    let mut json = Json::parse(text)?;
    mask_json("", &mut json).then(|| json.to_json())
}
