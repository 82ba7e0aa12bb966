//! One call as a promise.

use std::future::Future;
use std::pin::Pin;

use futures_util::future::{AbortHandle, Abortable};
use js_sys::{Promise, Reflect};
use lightning_store_client::{Client, ClientError, Fetch, IdempotencyKey};
use serde::Serialize;
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast as _, JsValue};
use wasm_bindgen_futures::future_to_promise;
use web_sys::AbortSignal;

use crate::failure::Failure;
use crate::input::{member, string};

/// Work that ends in JSON text.
type Work = Pin<Box<dyn Future<Output = Result<String, Failure>>>>;

/// What every method takes as its last argument.
pub(crate) struct CallOptions {
    pub(crate) signal: Option<AbortSignal>,
    key: Option<IdempotencyKey>,
}

impl CallOptions {
    /// Reads them.
    pub(crate) fn read(options: &JsValue) -> Result<Self, Failure> {
        let key = member(options, "idempotencyKey", string)?;
        Ok(Self {
            signal: member(options, "signal", signal)?,
            key: key.map(IdempotencyKey::new).transpose()?,
        })
    }
}

/// A signal, known by its shape: other realms have classes of their own.
fn signal(value: &JsValue, what: &str) -> Result<AbortSignal, Failure> {
    if Reflect::has(value, &"aborted".into()) == Ok(true) {
        return Ok(value.clone().unchecked_into());
    }
    Err(Failure::invalid(format!("{what} is no AbortSignal")))
}

/// Starts a call. `make` reads what it was given at once, so that later changes of those objects do no harm.
pub(crate) fn call<R, F>(
    client: &Client<Fetch>,
    options: &JsValue,
    make: impl FnOnce(Client<Fetch>) -> Result<F, Failure>,
) -> Promise
where
    R: Serialize,
    F: Future<Output = Result<R, ClientError>> + 'static,
{
    start(CallOptions::read(options).and_then(|options| {
        let client = options.key.map_or_else(|| client.clone(), |key| client.with_key(key));
        let future = make(client)?;
        let work: Work = Box::pin(async move { text(&future.await?) });
        Ok((options.signal, work))
    }))
}

// Not generic, so that it is there once.
fn start(started: Result<(Option<AbortSignal>, Work), Failure>) -> Promise {
    match started {
        Ok((signal, work)) => {
            future_to_promise(async move { Ok(until(signal.as_ref(), work).await?.into()) })
        }
        Err(failure) => Promise::reject(&failure.into()),
    }
}

/// The JSON text of an answer.
pub(crate) fn text(answer: &impl Serialize) -> Result<String, Failure> {
    serde_json::to_string(answer)
        .map_err(|error| Failure::invalid(format!("the answer cannot be written: {error}")))
}

/// The result of `work`, unless `signal` comes first: then the work is dropped, and with it its request.
pub(crate) async fn until<R>(
    signal: Option<&AbortSignal>,
    work: impl Future<Output = Result<R, Failure>> + Unpin,
) -> Result<R, Failure> {
    let Some(signal) = signal else { return work.await };
    if signal.aborted() {
        return Err(Failure::Aborted(signal.reason()));
    }
    let (handle, registration) = AbortHandle::new_pair();
    let listener = Listener::new(signal, move || handle.abort());
    let result = Abortable::new(work, registration).await;
    drop(listener);
    result.unwrap_or_else(|_| Err(Failure::Aborted(signal.reason())))
}

/// Listens to a signal as long as it lives.
struct Listener<'a> {
    signal: &'a AbortSignal,
    closure: Closure<dyn FnMut()>,
}

impl<'a> Listener<'a> {
    fn new(signal: &'a AbortSignal, act: impl FnMut() + 'static) -> Self {
        let closure = Closure::new(act);
        // Of an object that only looks like a signal nothing is heard.
        let _ = signal.add_event_listener_with_callback("abort", closure.as_ref().unchecked_ref());
        Self { signal, closure }
    }
}

impl Drop for Listener<'_> {
    fn drop(&mut self) {
        let _ =
            self.signal.remove_event_listener_with_callback("abort", self.closure.as_ref().unchecked_ref());
    }
}
