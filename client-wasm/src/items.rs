//! Lists and events, fetched one by one: what the asynchronous iterators of `npm/client.js` ask.

use std::cell::RefCell;
use std::rc::Rc;

use futures_util::future::{AbortHandle, Abortable};
use futures_util::stream::LocalBoxStream;
use futures_util::{Stream, StreamExt as _};
use js_sys::Promise;
use lightning_store_client::ClientError;
use serde::Serialize;
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen_futures::future_to_promise;
use web_sys::AbortSignal;

use crate::call::{CallOptions, text, until};
use crate::failure::Failure;

/// A list or the events of a store. One `next` at a time.
#[wasm_bindgen(skip_typescript)]
pub struct Items {
    state: Rc<RefCell<State>>,
}

enum State {
    /// Not being read.
    Idle(LocalBoxStream<'static, Result<String, Failure>>, Option<AbortSignal>),
    /// Being read, and how to stop that.
    Reading(AbortHandle),
    Closed,
}

impl Items {
    /// The items of `stream`, until the signal of `options` says no.
    pub(crate) fn new<R: Serialize>(
        options: &JsValue,
        stream: impl Stream<Item = Result<R, ClientError>> + 'static,
    ) -> Result<Self, JsValue> {
        let stream = stream.map(|item| text(&item?));
        let state = State::Idle(stream.boxed_local(), CallOptions::read(options)?.signal);
        Ok(Self { state: Rc::new(RefCell::new(state)) })
    }
}

#[wasm_bindgen]
impl Items {
    /// The next item as JSON text; undefined if there is none.
    pub fn next(&self) -> Promise {
        let state = Rc::clone(&self.state);
        let (handle, registration) = AbortHandle::new_pair();
        let State::Idle(mut stream, signal) = state.replace(State::Reading(handle)) else {
            state.replace(State::Closed);
            return Promise::resolve(&JsValue::UNDEFINED);
        };
        future_to_promise(async move {
            let next = until(signal.as_ref(), Box::pin(async { stream.next().await.transpose() }));
            // Closed meanwhile: the stream, and with it its connection, is dropped here.
            let Ok(result) = Abortable::new(next, registration).await else { return Ok(JsValue::UNDEFINED) };
            match result {
                Ok(Some(item)) => {
                    state.replace(State::Idle(stream, signal));
                    Ok(item.into())
                }
                Ok(None) => {
                    state.replace(State::Closed);
                    Ok(JsValue::UNDEFINED)
                }
                Err(failure) => {
                    state.replace(State::Closed);
                    Err(failure.into())
                }
            }
        })
    }

    /// Ends it: a `next` that waits has no item, and its connection is closed.
    pub fn close(&self) {
        if let State::Reading(handle) = self.state.replace(State::Closed) {
            handle.abort();
        }
    }
}
