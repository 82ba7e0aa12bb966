//! Plays a script on a store and on the model and compares them command by command.

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use lightning_store_client::wire::{DequeueRollouts, Timestamp};
use lightning_store_e2e::postgres::Cluster;
use lightning_store_server::clock::{Clock as _, ManualClock};
use lightning_store_server::storage::{Keep, Store, postgres};

use crate::command::{Command, Pause};
use crate::coverage::Coverage;
use crate::look::look;
use crate::model::Model;
use crate::random::Script;

/// Where the store keeps its data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// In memory. It cannot be restarted.
    Memory,
    /// In a file.
    Sqlite,
    /// In a PostgreSQL database.
    Postgres,
}

/// Where the data of one store are.
enum Place {
    Memory,
    File(tempfile::TempDir),
    Database(postgres::Address),
}

/// Where store and model differ.
#[derive(Debug)]
pub(crate) struct Difference {
    pub expected: String,
    pub got: String,
}

/// A store, its clock, and the model beside it.
struct Player {
    store: Store,
    clock: Arc<ManualClock>,
    model: Model,
    /// The moment of the operation before, in microseconds.
    last: i64,
    /// Whether the store may not know of that moment.
    is_last_unsure: bool,
    place: Place,
    /// What was done, if somebody wants to read it.
    log: Option<String>,
}

/// Plays a script. Answers what was done, if `log` is wanted, and the first difference.
pub(crate) async fn play(
    kind: Kind,
    script: Script,
    log: bool,
    coverage: &mut Coverage,
) -> (String, Result<(), Difference>) {
    let mut player = Player::new(kind, log.then(String::new)).await;
    let mut outcome = Ok(());
    for (pause, command) in script {
        outcome = player.step(pause, command, coverage).await;
        if outcome.is_err() {
            break;
        }
    }
    if outcome.is_ok() {
        outcome = look(&player.store, &player.model).await;
    }
    player.store.close().await;
    (player.log.unwrap_or_default(), outcome)
}

impl Player {
    async fn new(kind: Kind, log: Option<String>) -> Self {
        let clock = ManualClock::at(1_000_000);
        let place = match kind {
            Kind::Memory => Place::Memory,
            Kind::Sqlite => Place::File(tempfile::tempdir().unwrap()),
            Kind::Postgres => Place::Database(Cluster::shared().database().parse().unwrap()),
        };
        let store = open(&place, &clock).await;
        let model = Model::of(kind == Kind::Postgres);
        Self { store, clock, model, last: 0, is_last_unsure: false, place, log }
    }

    /// One command of the script.
    async fn step(
        &mut self,
        pause: Pause,
        command: Command,
        coverage: &mut Coverage,
    ) -> Result<(), Difference> {
        self.wait(pause);
        self.carry_out(command, coverage).await?;
        if self.model.is_order_open() {
            // The store was free to choose an order. Emptying the queue shows which one it has chosen.
            let all =
                Command::Dequeue(DequeueRollouts { limit: i64::MAX, worker_id: None, wait_seconds: None });
            self.carry_out(all, coverage).await?;
        }
        Ok(())
    }

    async fn carry_out(&mut self, command: Command, coverage: &mut Coverage) -> Result<(), Difference> {
        let command = command.resolved(&self.model);
        if matches!(command, Command::Look) {
            self.note(format_args!("look"));
            return look(&self.store, &self.model).await;
        }
        if matches!(command, Command::Restart) {
            self.store.close().await;
            self.store = open(&self.place, &self.clock).await;
            self.is_last_unsure = true;
        }
        let now = self.next_moment();
        // A number may come from memory, without an operation.
        self.is_last_unsure = matches!(command, Command::NextSequenceId(_));
        self.note(format_args!("{:.6} {command:?}", now.seconds()));
        let got = command.clone().ask(&self.store).await;
        self.note(format_args!("    {got:?}"));
        let before = self.model.statuses();
        let expected = command.expect(&mut self.model, now, &got);
        differ(&expected, &got)?;
        coverage.note(&command, &got, &before, &self.model.statuses());
        self.is_watchdog_in_time()
    }

    /// Lets the clock go on.
    fn wait(&self, pause: Pause) {
        match pause {
            Pause::None => {}
            Pause::For(duration) => self.clock.advance(duration),
            Pause::UntilDeadline(index, past) => {
                let index = index.checked_rem(self.model.rollouts.len());
                let Some(deadline) = index.and_then(|index| self.model.deadline(index)) else { return };
                let left = deadline.seconds() - self.clock.now().seconds();
                // A deadline after the end of all times is none to wait for.
                let left = Duration::try_from_secs_f64(left).unwrap_or_default();
                if left < Duration::from_hours(24 * 365) {
                    let micros = i64::try_from((left.as_nanos() + 500) / 1_000).unwrap_or(0) + past;
                    self.clock.advance(Duration::from_micros(micros.try_into().unwrap_or(0)));
                }
            }
        }
    }

    /// The moment of the operation that comes next: what the clock says, but later than that before.
    fn next_moment(&mut self) -> Timestamp {
        let behind = self.last + 1 - self.clock.now_micros();
        if self.is_last_unsure && behind > 0 {
            self.clock.advance(Duration::from_micros(behind.unsigned_abs()));
        }
        self.last = self.clock.now_micros().max(self.last + 1);
        Timestamp::from_micros(self.last)
    }

    /// The timer would not sleep past a deadline.
    fn is_watchdog_in_time(&self) -> Result<(), Difference> {
        let first = (0..self.model.rollouts.len()).filter_map(|index| self.model.deadline(index)).min();
        let next_check = *self.store.next_check().borrow();
        match first {
            Some(first) if next_check.is_none_or(|next_check| next_check > first) => Err(Difference {
                expected: format!("the watchdog looks at {:.6} at the latest", first.seconds()),
                got: format!("{next_check:?}"),
            }),
            _ => Ok(()),
        }
    }

    fn note(&mut self, line: std::fmt::Arguments<'_>) {
        if let Some(log) = &mut self.log {
            // Writing into a string cannot fail.
            let _ = writeln!(log, "{line}");
        }
    }
}

async fn open(place: &Place, clock: &Arc<ManualClock>) -> Store {
    match place {
        Place::File(folder) => {
            Store::sqlite(&folder.path().join("store.db"), clock.clone(), Keep::default()).unwrap()
        }
        Place::Memory => Store::memory(clock.clone(), Keep::default()).unwrap(),
        Place::Database(address) => {
            let source = postgres::Source::Process(clock.clone());
            Store::postgres(address.clone(), 2, source, Keep::default()).await.unwrap()
        }
    }
}

/// Fails if the two are not the same.
pub(crate) fn differ<T: PartialEq + std::fmt::Debug>(expected: &T, got: &T) -> Result<(), Difference> {
    if expected == got {
        return Ok(());
    }
    Err(Difference { expected: format!("{expected:?}"), got: format!("{got:?}") })
}

/// The shortest script that still fails, as far as leaving out commands and parts of commands gets.
pub(crate) async fn shrink(kind: Kind, mut script: Script) -> Script {
    let fails =
        async |script: &Script| play(kind, script.clone(), false, &mut Coverage::default()).await.1.is_err();
    let mut size = script.len() / 2;
    while size > 0 {
        let mut start = 0;
        while start < script.len() {
            let mut shorter = script.clone();
            shorter.drain(start..(start + size).min(script.len()));
            if fails(&shorter).await {
                script = shorter;
            } else {
                start += size;
            }
        }
        size /= 2;
    }
    for index in 0..script.len() {
        let mut part = 0;
        while let Some(command) = script[index].1.without(part) {
            let mut smaller = script.clone();
            smaller[index].1 = command;
            if fails(&smaller).await {
                script = smaller;
            } else {
                part += 1;
            }
        }
    }
    script
}
