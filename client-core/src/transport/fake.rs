//! A transport for tests: it answers what a script says and has a clock of its own, so that hours pass in no time.
//!
//! ```
//! use std::time::Duration;
//! use lightning_store_client::Client;
//! use lightning_store_client::transport::fake::{Answer, Fake};
//!
//! let fake = Fake::new([
//!     Answer::json(503, r#"{"detail": "busy", "error_type": "Overloaded", "request_id": "r-1"}"#),
//!     Answer::json(200, "null"),
//! ]);
//! let client = Client::builder("http://store:4747").build(fake.clone())?;
//! let worker = fake.run(client.get_worker(&"w-1".into()))?;
//!
//! assert_eq!(worker, None);
//! assert_eq!(fake.calls(), ["GET /v1/agl/workers/w-1", "GET /v1/agl/health", "GET /v1/agl/workers/w-1"]);
//! assert!(fake.elapsed() >= Duration::from_secs(1));
//! # Ok::<(), lightning_store_client::ClientError>(())
//! ```

use std::collections::VecDeque;
use std::fmt;
use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use bytes::Bytes;
use futures_core::Stream;
use futures_util::{StreamExt as _, stream};

use super::{Request, Response, Transport, TransportError};
use crate::api::v1_agl;
use crate::wire::Timestamp;

/// The time of day at which every fake begins.
const FIRST_SECOND: f64 = 1_800_000_000.0;

/// Scripted answers and a clock. Clones share both.
#[derive(Clone)]
pub struct Fake {
    state: Arc<Mutex<State>>,
}

struct State {
    answers: VecDeque<Answer>,
    /// Answers of the health probe; while there are none it is well.
    health: VecDeque<Answer>,
    requests: Vec<(Duration, Request)>,
    now: Duration,
    timers: Vec<(Duration, Waker)>,
    dice: u64,
}

/// One scripted answer.
pub struct Answer {
    after: Duration,
    kind: Kind,
}

enum Kind {
    Whole(Response<Bytes>),
    Streamed(Response<Vec<Piece>>),
    Lost(TransportError),
    Never,
}

/// A piece of a streamed answer.
#[derive(Debug, Clone)]
pub enum Piece {
    /// These bytes, this long after the piece before.
    Bytes(Duration, Bytes),
    /// The connection breaks.
    Broken,
    /// Nothing more comes, and the connection stays open.
    Silence,
}

impl Piece {
    /// A text, `millis` after the piece before.
    pub fn text(millis: u64, text: &str) -> Self {
        Self::Bytes(Duration::from_millis(millis), Bytes::copy_from_slice(text.as_bytes()))
    }
}

impl Answer {
    fn of(kind: Kind) -> Self {
        Self { after: Duration::ZERO, kind }
    }

    /// A JSON text.
    pub fn json(status: u16, body: &str) -> Self {
        let headers = vec![("content-type".to_owned(), "application/json".to_owned())];
        Self::of(Kind::Whole(Response { status, headers, body: Bytes::copy_from_slice(body.as_bytes()) }))
    }

    /// A stream of events, which ends after the last piece.
    pub fn stream(pieces: impl Into<Vec<Piece>>) -> Self {
        let headers = vec![("content-type".to_owned(), "text/event-stream".to_owned())];
        Self::of(Kind::Streamed(Response { status: 200, headers, body: pieces.into() }))
    }

    /// The connection breaks.
    pub fn broken() -> Self {
        Self::of(Kind::Lost(TransportError::Unreachable("connection reset".to_owned())))
    }

    /// Nothing ever comes: the request times out.
    pub fn never() -> Self {
        Self::of(Kind::Never)
    }

    /// The same answer with one more header.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        let headers = match &mut self.kind {
            Kind::Whole(response) => &mut response.headers,
            Kind::Streamed(response) => &mut response.headers,
            Kind::Lost(_) | Kind::Never => return self,
        };
        headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The same answer, so much later.
    #[must_use]
    pub fn after(mut self, wait: Duration) -> Self {
        self.after += wait;
        self
    }
}

impl Fake {
    /// Gives these answers in order, and to health probes that all is well.
    pub fn new(answers: impl IntoIterator<Item = Answer>) -> Self {
        let state = State {
            answers: answers.into_iter().collect(),
            health: VecDeque::new(),
            requests: Vec::new(),
            now: Duration::ZERO,
            timers: Vec::new(),
            dice: 0,
        };
        Self { state: Arc::new(Mutex::new(state)) }
    }

    /// Adds answers behind those that are left.
    pub fn answer(&self, answers: impl IntoIterator<Item = Answer>) {
        self.lock().answers.extend(answers);
    }

    /// Gives these answers to health probes; afterwards all is well again.
    pub fn answer_health(&self, answers: impl IntoIterator<Item = Answer>) {
        self.lock().health.extend(answers);
    }

    /// Answers that nobody asked for yet.
    pub fn unused(&self) -> usize {
        let state = self.lock();
        state.answers.len() + state.health.len()
    }

    /// Every request so far, and when it was sent.
    pub fn requests(&self) -> Vec<(Duration, Request)> {
        self.lock().requests.clone()
    }

    /// Every request so far as method and path, without the server and the query.
    pub fn calls(&self) -> Vec<String> {
        let line = |request: &Request| format!("{} {}", request.method.as_str(), path(&request.url));
        self.lock().requests.iter().map(|(_, request)| line(request)).collect()
    }

    /// How far its clock has gone.
    pub fn elapsed(&self) -> Duration {
        self.lock().now
    }

    /// Runs `future` to its end. When it waits, the clock jumps to the moment for which it does. Never blocks, so it
    /// runs on every platform.
    ///
    /// # Panics
    /// If the future waits for something that is not this fake's.
    pub fn run<F: Future>(&self, future: F) -> F::Output {
        struct Flag(AtomicBool);
        impl Wake for Flag {
            fn wake(self: Arc<Self>) {
                self.0.store(true, Ordering::Relaxed);
            }
        }

        let flag = Arc::new(Flag(AtomicBool::new(false)));
        let waker = Waker::from(Arc::clone(&flag));
        let mut context = Context::from_waker(&waker);
        let mut future = pin!(future);
        loop {
            if let Poll::Ready(output) = future.as_mut().poll(&mut context) {
                return output;
            }
            if !flag.0.swap(false, Ordering::Relaxed) {
                assert!(self.jump(), "the future waits for something that never comes");
            }
        }
    }

    /// Moves the clock to the next timer and wakes who set it. False if there is none.
    fn jump(&self) -> bool {
        let mut state = self.lock();
        let Some(next) = state.timers.iter().map(|(at, _)| *at).min() else { return false };
        state.now = state.now.max(next);
        let now = state.now;
        let (due, later) = std::mem::take(&mut state.timers).into_iter().partition(|(at, _)| *at <= now);
        state.timers = later;
        drop(state);
        let due: Vec<(Duration, Waker)> = due;
        for (_, waker) in due {
            waker.wake();
        }
        true
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes the answer to a request from the script and waits until it is there.
    async fn next(&self, request: Request) -> Result<Kind, TransportError> {
        let timeout = request.timeout;
        let answer = {
            let mut state = self.lock();
            let line = format!("{} {}", request.method.as_str(), request.url);
            let is_probe = request.url.ends_with(v1_agl::HEALTH.path);
            let now = state.now;
            state.requests.push((now, request));
            if is_probe {
                state.health.pop_front().unwrap_or_else(|| Answer::json(200, r#"{"status":"ok"}"#))
            } else {
                state.answers.pop_front().unwrap_or_else(|| panic!("the script has no answer for {line}"))
            }
        };
        if answer.after >= timeout || matches!(answer.kind, Kind::Never) {
            self.sleep(timeout).await;
            return Err(TransportError::TimedOut(timeout));
        }
        self.sleep(answer.after).await;
        match answer.kind {
            Kind::Lost(error) => Err(error),
            kind => Ok(kind),
        }
    }
}

impl fmt::Debug for Fake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.lock();
        f.debug_struct("Fake")
            .field("now", &state.now)
            .field("requests", &state.requests)
            .finish_non_exhaustive()
    }
}

fn path(url: &str) -> &str {
    let path =
        url.split_once("://").and_then(|(_, rest)| rest.find('/').map(|at| &rest[at..])).unwrap_or(url);
    path.split('?').next().unwrap_or(path)
}

/// The body of a streamed answer.
pub struct FakeBody(Pin<Box<dyn Stream<Item = Result<Bytes, TransportError>> + Send>>);

impl fmt::Debug for FakeBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FakeBody")
    }
}

impl Stream for FakeBody {
    type Item = Result<Bytes, TransportError>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.as_mut().poll_next(context)
    }
}

impl Transport for Fake {
    type Body = FakeBody;

    async fn send(&self, request: Request) -> Result<Response<Bytes>, TransportError> {
        match self.next(request).await? {
            Kind::Whole(response) => Ok(response),
            _ => Err(TransportError::Invalid("the script has a stream here".to_owned())),
        }
    }

    async fn open(&self, request: Request) -> Result<Response<FakeBody>, TransportError> {
        let Response { status, headers, body } = match self.next(request).await? {
            Kind::Streamed(response) => response,
            Kind::Whole(Response { status, headers, body }) => {
                Response { status, headers, body: vec![Piece::Bytes(Duration::ZERO, body)] }
            }
            Kind::Lost(error) => return Err(error),
            Kind::Never => return Err(TransportError::Invalid("never is never".to_owned())),
        };
        let fake = self.clone();
        let pieces = stream::iter(body).then(move |piece| {
            let fake = fake.clone();
            async move {
                match piece {
                    Piece::Bytes(wait, bytes) => {
                        fake.sleep(wait).await;
                        Ok(bytes)
                    }
                    Piece::Broken => Err(TransportError::Unreachable("connection reset".to_owned())),
                    Piece::Silence => std::future::pending().await,
                }
            }
        });
        Ok(Response { status, headers, body: FakeBody(Box::pin(pieces)) })
    }

    fn sleep(&self, duration: Duration) -> impl Future<Output = ()> {
        let until = self.elapsed().saturating_add(duration);
        let fake = self.clone();
        std::future::poll_fn(move |context| {
            let mut state = fake.lock();
            if state.now >= until {
                return Poll::Ready(());
            }
            state.timers.push((until, context.waker().clone()));
            Poll::Pending
        })
    }

    fn now(&self) -> Duration {
        self.elapsed()
    }

    fn wall_clock(&self) -> Timestamp {
        Timestamp::EPOCH.after(FIRST_SECOND + self.elapsed().as_secs_f64()).unwrap_or(Timestamp::EPOCH)
    }

    /// The same numbers in the same order for every fake.
    fn random(&self) -> u64 {
        let mut state = self.lock();
        state.dice = state.dice.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (state.dice ^ (state.dice >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed ^ (mixed >> 27)
    }
}
