//! What servers tell each other, so that somebody who waits on one hears of what happens on another at once: LISTEN and NOTIFY on
//! a connection of their own.
//!
//! Notes are written after the commit, apart from the transactions: PostgreSQL lets those that notify commit one at a time. While
//! one note is on its way, what comes meanwhile is gathered into the next. A note may be lost, with its connection or behind a
//! pooler that knows no LISTEN; then the look around of [`upkeep`](super::upkeep) finds what it would have told, and
//! listeners to events learn that they have missed something.
//!
//! Changes for listeners are only told while some server has listeners, which says so now and then.

use std::future::poll_fn;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::time::Duration;

use lightning_store_client::wire::{Event, RolloutId, Timestamp};
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;
use tokio::time::Instant;
use tokio_postgres::{AsyncMessage, Client};

use super::Shared;
use super::transaction::in_time;
use crate::clock::Clock as _;
use crate::ids;
use crate::storage::error::TxResult;
use crate::storage::wakeup::{Queued, Signals};

/// The channel of all servers of one database.
const CHANNEL: &str = "lightning_store";

/// PostgreSQL takes no longer note than 7,999 bytes.
const MOST_BYTES: usize = 7_900;

/// So many may wait to be told; beyond it they are lost.
const MOST_WAITING: usize = 8_192;

/// How often a server that has listeners says so, and how long that is believed.
const LISTENS_EVERY: Duration = Duration::from_secs(5);

/// See [`LISTENS_EVERY`].
const LISTENS_FOR: Duration = Duration::from_secs(15);

/// The pauses before a lost connection is made again.
const PAUSES: std::ops::Range<Duration> = Duration::from_millis(50)..Duration::from_secs(5);

/// What is told. Short names: a note is short.
#[derive(Debug, Default, Clone, Serialize, Deserialize)]
pub(super) struct Note {
    /// Who says so.
    #[serde(rename = "i", default)]
    instance: String,
    /// So many rollouts have come into the queue.
    #[serde(rename = "q", default, skip_serializing_if = "is_zero")]
    came: usize,
    /// These were finished.
    #[serde(rename = "f", default, skip_serializing_if = "Vec::is_empty")]
    finished: Vec<RolloutId>,
    /// Names and data of changes.
    #[serde(rename = "c", default, skip_serializing_if = "Vec::is_empty")]
    changes: Vec<(String, String)>,
    /// There are new spans.
    #[serde(rename = "s", default, skip_serializing_if = "std::ops::Not::not")]
    has_spans: bool,
    /// It has listeners.
    #[serde(rename = "l", default, skip_serializing_if = "std::ops::Not::not")]
    listens: bool,
    /// Some of what it had to tell is lost.
    #[serde(rename = "x", default, skip_serializing_if = "std::ops::Not::not")]
    has_lost: bool,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
fn is_zero(number: &usize) -> bool {
    *number == 0
}

impl Note {
    fn is_empty(&self) -> bool {
        let has_lists = !(self.finished.is_empty() && self.changes.is_empty());
        self.came == 0 && !has_lists && !self.has_spans && !self.listens && !self.has_lost
    }
}

/// What this server has to tell.
#[derive(Debug)]
pub(super) struct Notes {
    instance: String,
    sender: mpsc::Sender<Note>,
    has_lost: AtomicBool,
    /// Somebody listens elsewhere until then, in microseconds since 1970.
    heard_until: AtomicI64,
}

/// What waits to be told.
pub(super) type Mail = mpsc::Receiver<Note>;

impl Notes {
    pub(super) fn new() -> (Self, Mail) {
        let (sender, mail) = mpsc::channel(MOST_WAITING);
        let notes = Self {
            instance: ids::instance(),
            sender,
            has_lost: AtomicBool::new(false),
            heard_until: AtomicI64::new(i64::MIN),
        };
        (notes, mail)
    }

    /// Whether another server has listeners.
    pub(super) fn is_heard_elsewhere(&self, now_micros: i64) -> bool {
        now_micros < self.heard_until.load(Ordering::Relaxed)
    }

    /// Tells the other servers what was committed here at `now`.
    pub(super) fn tell(&self, signals: &Signals, (came, has_spans): (usize, bool), now: Timestamp) {
        let is_heard = self.is_heard_elsewhere(now.micros());
        let changes = signals.changes.iter().filter(|_| is_heard);
        let note = Note {
            came,
            has_spans,
            finished: signals.finished.clone(),
            changes: changes.filter_map(written).collect(),
            ..Note::default()
        };
        if !note.is_empty() && self.sender.try_send(note).is_err() {
            self.has_lost.store(true, Ordering::Relaxed);
        }
    }
}

fn written(event: &Event) -> Option<(String, String)> {
    Some((event.name().to_owned(), event.data().ok()?))
}

/// Carries notes to and fro until the store is closed.
pub(super) async fn carry(shared: Arc<Shared>, mut mail: Mail) {
    let mut pause = PAUSES.start;
    let mut was_lost = false;
    loop {
        let begun = Instant::now();
        let lost = tokio::select! {
            lost = session(&shared, &mut mail, was_lost) => lost,
            () = shared.closed.cancelled() => return,
        };
        if let Err(failure) = lost {
            tracing::debug!(%failure, "the connection for notes between servers is lost; making it again");
        }
        shared.meters.notes_lost();
        was_lost = true;
        if begun.elapsed() > PAUSES.end {
            pause = PAUSES.start;
        }
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = shared.closed.cancelled() => return,
        }
        pause = (pause * 2).min(PAUSES.end);
    }
}

/// Carries notes as long as the connection lasts.
async fn session(shared: &Shared, mail: &mut Mail, was_lost: bool) -> TxResult<()> {
    let tls = shared.address.tls().map_err(|error| super::gone(&error.to_string()))?;
    let (client, mut connection) = in_time(shared.address.config().connect(tls)).await?;
    let (heard, mut incoming) = mpsc::unbounded_channel();
    let _ends_with_us = AbortOnDrop(tokio::spawn(async move {
        while let Some(Ok(message)) = poll_fn(|cx| connection.poll_message(cx)).await {
            if let AsyncMessage::Notification(notification) = message
                && heard.send(notification.payload().to_owned()).is_err()
            {
                return;
            }
        }
    }));
    in_time(client.batch_execute(&format!("LISTEN {CHANNEL}"))).await?;
    if was_lost {
        // What was told meanwhile is not known.
        shared.wakeups.feed().miss();
    }
    let feed = shared.wakeups.feed();
    let mut says_so = tokio::time::interval(LISTENS_EVERY);
    loop {
        tokio::select! {
            payload = incoming.recv() => match payload {
                Some(payload) => hear(shared, &payload),
                None => return Err(super::gone("the connection")),
            },
            Some(note) = mail.recv() => tell(shared, &client, note, mail).await?,
            () = feed.listened() => say_so(shared, &client).await?,
            _ = says_so.tick() => {
                if feed.is_recording() {
                    say_so(shared, &client).await?;
                }
            }
        }
    }
}

/// A task that ends when nobody needs it any more.
struct AbortOnDrop(tokio::task::JoinHandle<()>);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Says that this server has listeners.
async fn say_so(shared: &Shared, client: &Client) -> TxResult<()> {
    send(shared, client, Note { listens: true, ..Note::default() }).await
}

/// Sends a note together with those that wait behind it.
async fn tell(shared: &Shared, client: &Client, first: Note, mail: &mut Mail) -> TxResult<()> {
    let mut size = 64;
    let mut next = Some(first);
    let mut gathered =
        Note { has_lost: shared.notes.has_lost.swap(false, Ordering::Relaxed), ..Note::default() };
    while let Some(note) = next {
        gathered.came += note.came;
        gathered.has_spans |= note.has_spans;
        for id in note.finished {
            size += id.as_str().len() + 4;
            if size > MOST_BYTES {
                send(shared, client, std::mem::take(&mut gathered)).await?;
                size = 64 + id.as_str().len() + 4;
            }
            gathered.finished.push(id);
        }
        for (name, data) in note.changes {
            // Quotes within are escaped.
            let length = name.len() + data.len() + data.matches(['"', '\\']).count() + 8;
            if length > MOST_BYTES - 64 {
                gathered.has_lost = true;
                continue;
            }
            size += length;
            if size > MOST_BYTES {
                send(shared, client, std::mem::take(&mut gathered)).await?;
                size = 64 + length;
            }
            gathered.changes.push((name, data));
        }
        next = mail.try_recv().ok();
    }
    send(shared, client, gathered).await
}

async fn send(shared: &Shared, client: &Client, mut note: Note) -> TxResult<()> {
    note.instance.clone_from(&shared.notes.instance);
    let payload = crate::storage::rows::to_json(&note)?;
    in_time(client.query_typed(
        "SELECT pg_notify($1, $2)",
        &[(&CHANNEL, tokio_postgres::types::Type::TEXT), (&payload, tokio_postgres::types::Type::TEXT)],
    ))
    .await?;
    Ok(())
}

/// Tells those who wait here what another server says.
fn hear(shared: &Shared, payload: &str) {
    let note: Note = match serde_json::from_str(payload) {
        Ok(note) => note,
        Err(error) => {
            tracing::debug!(%error, "a note that cannot be read was passed over");
            return;
        }
    };
    if note.instance == shared.notes.instance {
        return;
    }
    let now = shared.time.now();
    if note.listens {
        let until = now.micros().saturating_add(i64::try_from(LISTENS_FOR.as_micros()).unwrap_or(i64::MAX));
        shared.notes.heard_until.store(until, Ordering::Relaxed);
    }
    if note.has_lost {
        shared.wakeups.feed().miss();
    }
    if note.has_spans {
        shared.wakeups.interest().spans_are(now.micros());
    }
    let read = |(name, data): &(String, String)| Event::parse(name, data).ok().flatten();
    let changes = note.changes.iter().filter_map(read).collect();
    let queued = Queued::Moved(note.came, 0);
    shared.wakeups.publish(Signals { finished: note.finished, changes, queued }, now);
}
