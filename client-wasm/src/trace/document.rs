//! JSON to look into.

use lightning_store_client::trace::secrets::{is_secret, mask_json};
use lightning_store_client::trace::{self, Json};
use wasm_bindgen::prelude::wasm_bindgen;

/// `JsonDocument` of `npm/traces.js`.
#[wasm_bindgen(js_name = Document, skip_typescript)]
pub struct Document(trace::Document);

#[wasm_bindgen(js_class = Document)]
impl Document {
    #[wasm_bindgen(constructor)]
    pub fn new(text: String) -> Self {
        Self(trace::Document::new(text))
    }

    /// Whether the value under a key is masked.
    #[wasm_bindgen(js_name = isSecret)]
    pub fn is_secret(key: &str) -> bool {
        is_secret(key)
    }

    /// JSON with its secrets masked; nothing if there is none, or it is no JSON.
    #[wasm_bindgen(js_name = maskSecrets)]
    pub fn mask_secrets(text: &str) -> Option<String> {
        let mut json = Json::parse(text)?;
        mask_json("", &mut json).then(|| json.to_json())
    }

    pub fn error(&self) -> Option<String> {
        self.0.error().map(str::to_owned)
    }

    pub fn node(&self, id: u32) -> String {
        self.0.node_text(id as usize)
    }

    pub fn children(&self, id: u32, first: u32, count: u32) -> String {
        self.0.children_text(id as usize, first as usize, count as usize)
    }

    pub fn find(&self, path: &str) -> i32 {
        super::waterfall::number(self.0.find(path))
    }

    pub fn path(&self, id: u32) -> String {
        self.0.path_text(id as usize)
    }

    pub fn search(&self, needle: &str, limit: u32) -> Vec<u32> {
        self.0.search(needle, limit as usize)
    }

    pub fn text(&self, id: u32) -> String {
        self.0.text(id as usize).to_owned()
    }

    pub fn string(&self, id: u32) -> String {
        self.0.string(id as usize)
    }

    pub fn pretty(&self, id: u32) -> String {
        self.0.pretty(id as usize)
    }

    pub fn embedded(&self, id: u32) -> Option<Document> {
        self.0.embedded(id as usize).map(Self)
    }
}
