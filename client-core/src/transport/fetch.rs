//! Requests from wasm32: the global `fetch` of browsers, workers and Node 18 or newer.
//!
//! A request whose future is dropped is aborted. That is also how to end one from outside: race the future of a call
//! against whatever should end it, such as an `AbortSignal`, and drop it.

use std::cell::Cell;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use futures_core::Stream;
use futures_util::future::{self, Either};
use futures_util::{StreamExt as _, stream};
use gloo_timers::future::TimeoutFuture;
use js_sys::{Array, Date, Function, Math, Promise, Reflect, Uint8Array};
use wasm_bindgen::{JsCast as _, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{
    AbortController, Crypto, Headers, ReadableStream, ReadableStreamDefaultReader, RequestCache, RequestInit,
};

use super::{Request, Response, Transport, TransportError};
use crate::client::Client;
use crate::error::ClientError;
use crate::wire::Timestamp;

/// The longest time that one timer can be set to, in milliseconds.
const MAX_TIMER_MILLIS: u32 = i32::MAX as u32;

/// Sends requests with the global `fetch`.
#[derive(Debug, Clone, Copy, Default)]
pub struct Fetch;

impl Client<Fetch> {
    /// A client with the usual settings. Nothing is sent yet.
    ///
    /// # Errors
    /// [`ClientError::Invalid`] if `url` is none.
    pub fn new(url: &str) -> Result<Self, ClientError> {
        Client::builder(url).build(Fetch)
    }
}

/// Aborts a request when it is dropped.
struct Abort(AbortController);

impl Abort {
    fn new() -> Result<Self, TransportError> {
        AbortController::new().map(Self).map_err(|error| invalid(&error))
    }
}

impl Drop for Abort {
    fn drop(&mut self) {
        // Of a request that is complete this does nothing.
        self.0.abort();
    }
}

/// Sends a request and waits for the head of its answer.
async fn fetch(request: &Request, abort: &Abort) -> Result<web_sys::Response, TransportError> {
    let request = assemble(request, abort).map_err(|error| invalid(&error))?;
    let global = js_sys::global();
    let fetch: Function = member(&global, "fetch")
        .and_then(|fetch| fetch.dyn_into().ok())
        .ok_or_else(|| TransportError::Invalid("there is no global fetch here".to_owned()))?;
    // Called by this name it is the same in windows, workers and Node.
    let answer = fetch.call1(&global, &request).map_err(|error| invalid(&error))?;
    let answer = JsFuture::from(Promise::resolve(&answer)).await.map_err(|error| unreachable(&error))?;
    Ok(answer.unchecked_into())
}

fn assemble(request: &Request, abort: &Abort) -> Result<web_sys::Request, JsValue> {
    let headers = Headers::new()?;
    for (name, value) in &request.headers {
        // Browsers have a name of their own; to give another would only cost a preflight request.
        if *name != "user-agent" {
            headers.set(name, value)?;
        }
    }
    let init = RequestInit::new();
    init.set_method(request.method.as_str());
    init.set_headers(&headers);
    init.set_cache(RequestCache::NoStore);
    init.set_signal(Some(&abort.0.signal()));
    if let Some(body) = &request.body {
        init.set_body(&Uint8Array::from(body.as_ref()));
    }
    web_sys::Request::new_with_str_and_init(&request.url, &init)
}

fn invalid(error: &JsValue) -> TransportError {
    TransportError::Invalid(text(error))
}

fn unreachable(error: &JsValue) -> TransportError {
    let mut reason = text(error);
    // Node says only in the cause what went wrong.
    if let Some(cause) = member(error, "cause") {
        reason = format!("{reason}: {}", text(&cause));
    }
    TransportError::Unreachable(reason)
}

/// What an exception says.
fn text(error: &JsValue) -> String {
    let part = |name| member(error, name).and_then(|text| text.as_string()).filter(|text| !text.is_empty());
    // Failures of several addresses have a code but no message.
    part("message").or_else(|| part("code")).unwrap_or_else(|| format!("{error:?}"))
}

/// A member of an object that is neither undefined nor null.
fn member(object: &JsValue, name: &str) -> Option<JsValue> {
    let value = Reflect::get(object, &JsValue::from_str(name)).ok()?;
    (!value.is_undefined() && !value.is_null()).then_some(value)
}

fn head(response: &web_sys::Response) -> (u16, Vec<(String, String)>) {
    let pair = |pair: JsValue| {
        let pair: Array = pair.unchecked_into();
        Some((pair.get(0).as_string()?, pair.get(1).as_string()?))
    };
    let headers = response.headers().entries().into_iter().flatten();
    (response.status(), headers.filter_map(pair).collect())
}

async fn sleep(duration: Duration) {
    let mut left = duration.as_millis();
    while left > 0 {
        let millis = u32::try_from(left).unwrap_or(MAX_TIMER_MILLIS).min(MAX_TIMER_MILLIS);
        TimeoutFuture::new(millis).await;
        left -= u128::from(millis);
    }
}

/// The result of `work`, if it comes in time.
async fn within<R>(
    timeout: Duration,
    work: impl Future<Output = Result<R, TransportError>>,
) -> Result<R, TransportError> {
    match future::select(std::pin::pin!(work), std::pin::pin!(sleep(timeout))).await {
        Either::Left((result, _)) => result,
        Either::Right(_) => Err(TransportError::TimedOut(timeout)),
    }
}

/// The body of a streamed answer.
pub struct FetchBody(Pin<Box<dyn Stream<Item = Result<Bytes, TransportError>>>>);

impl fmt::Debug for FetchBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FetchBody")
    }
}

impl Stream for FetchBody {
    type Item = Result<Bytes, TransportError>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.as_mut().poll_next(context)
    }
}

/// Reads a body piece by piece. `abort` lives as long as the stream does.
fn pieces(body: Option<ReadableStream>, abort: Abort) -> FetchBody {
    let Some(body) = body else { return FetchBody(stream::empty().boxed_local()) };
    let reader: ReadableStreamDefaultReader = body.get_reader().unchecked_into();
    FetchBody(Box::pin(stream::unfold((reader, abort), |(reader, abort)| async move {
        let piece = match JsFuture::from(reader.read()).await {
            Ok(piece) => piece,
            Err(error) => return Some((Err(unreachable(&error)), (reader, abort))),
        };
        if member(&piece, "done").is_some_and(|done| done.is_truthy()) {
            return None;
        }
        let bytes = member(&piece, "value").map(|value| Uint8Array::new(&value).to_vec());
        Some((Ok(bytes.unwrap_or_default().into()), (reader, abort)))
    })))
}

impl Transport for Fetch {
    type Body = FetchBody;

    async fn send(&self, request: Request) -> Result<Response<Bytes>, TransportError> {
        let abort = Abort::new()?;
        let timeout = request.timeout;
        within(timeout, async {
            let response = fetch(&request, &abort).await?;
            let (status, headers) = head(&response);
            let body = response.array_buffer().map_err(|error| unreachable(&error))?;
            let body = JsFuture::from(body).await.map_err(|error| unreachable(&error))?;
            Ok(Response { status, headers, body: Uint8Array::new(&body).to_vec().into() })
        })
        .await
    }

    async fn open(&self, request: Request) -> Result<Response<FetchBody>, TransportError> {
        let abort = Abort::new()?;
        let response = within(request.timeout, fetch(&request, &abort)).await?;
        let (status, headers) = head(&response);
        Ok(Response { status, headers, body: pieces(response.body(), abort) })
    }

    async fn sleep(&self, duration: Duration) {
        sleep(duration).await;
    }

    fn now(&self) -> Duration {
        let millis = member(&js_sys::global(), "performance")
            .and_then(|clock| Some((member(&clock, "now")?.dyn_into::<Function>().ok()?, clock)))
            .and_then(|(now, clock)| now.call0(&clock).ok()?.as_f64())
            .unwrap_or_else(never_set_back);
        Duration::try_from_secs_f64(millis / 1e3).unwrap_or_default()
    }

    fn wall_clock(&self) -> Timestamp {
        Timestamp::from_seconds(Date::now() / 1e3).unwrap_or(Timestamp::EPOCH)
    }

    fn random(&self) -> u64 {
        let mut bytes = [0; 8];
        let crypto = member(&js_sys::global(), "crypto").map(JsValue::unchecked_into::<Crypto>);
        let filled = crypto.is_some_and(|crypto| crypto.get_random_values_with_u8_array(&mut bytes).is_ok());
        if filled { u64::from_ne_bytes(bytes) } else { dice() }
    }
}

/// The time of day in milliseconds, except where it goes back.
fn never_set_back() -> f64 {
    thread_local!(static LATEST: Cell<f64> = const { Cell::new(0.0) });
    LATEST.with(|latest| {
        latest.set(latest.get().max(Date::now()));
        latest.get()
    })
}

fn dice() -> u64 {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "below 2³²")]
    let half = || u64::from((Math::random() * 4_294_967_296.0) as u32);
    half() << 32 | half()
}
