//! Random scripts: from a seed always the same.

use std::time::Duration;

use lightning_store_client::wire::{
    AttemptStatus, DequeueRollouts, Llm, Mode, NamedResources, NewRollout, Patch, RawJson, Resource,
    RolloutConfig, RolloutId, RolloutStatus, SpanRecord, StartRollout, Timestamp, UpdateAttempt,
    UpdateRollout, UpdateWorker, Word as _, WorkerId,
};

use crate::command::{Command, Pause};

/// Random numbers by `SplitMix64`: good enough, and the same everywhere for ever.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() % bound as u64).unwrap_or(0)
    }

    fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    fn one_of<T: Clone>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len())].clone()
    }

    /// A field of an update: mostly left alone, now and then null, else a value.
    fn patch<T>(&mut self, percent: usize, value: impl FnOnce(&mut Self) -> T) -> Patch<T> {
        match self.below(100) {
            number if number < percent => Patch::Set(value(self)),
            98.. => Patch::Clear,
            _ => Patch::Keep,
        }
    }

    /// The name of one of the things there are by then, or that of none.
    fn name<T: From<String>>(&mut self, none: &str) -> T {
        let name = if self.chance(4) { none.to_owned() } else { format!("#{}", self.below(1_000)) };
        name.into()
    }

    /// The name of one of the rollouts, mostly of those that have attempts.
    fn tried(&mut self) -> RolloutId {
        let number = self.below(1_000);
        if self.chance(90) { format!("@{number}").into() } else { self.name("ro-none") }
    }

    fn worker(&mut self) -> Option<WorkerId> {
        self.one_of(&[None, Some(""), Some("w-1"), Some("w-1"), Some("w-2"), Some("w-3")]).map(WorkerId::from)
    }

    fn json(&mut self) -> RawJson {
        RawJson::trusted(self.one_of(&[
            "{}",
            "{\"a\": 1.0}",
            "{\"n\":12345678901234567890123}",
            "{\"é\":null}",
        ]))
    }

    fn config(&mut self) -> RolloutConfig {
        let seconds =
            [None, None, None, Some(0.0), Some(0.5), Some(2.0), Some(60.0), Some(-1.0), Some(1e308)];
        let ill = [AttemptStatus::Failed, AttemptStatus::Timeout, AttemptStatus::Unresponsive];
        let retry_condition = match self.below(4) {
            0 => Vec::new(),
            1 => vec![self.one_of(AttemptStatus::ALL)],
            _ => ill.to_vec(),
        };
        RolloutConfig {
            timeout_seconds: self.one_of(&seconds),
            unresponsive_seconds: self.one_of(&seconds),
            max_attempts: self.one_of(&[1, 2, 3, 3, 5]),
            retry_condition,
        }
    }

    fn new_rollout(&mut self) -> NewRollout {
        NewRollout {
            input: self.json(),
            mode: self.chance(30).then(|| self.one_of(Mode::ALL)),
            resources_id: self.chance(10).then(|| self.name("rs-none")),
            config: self.chance(80).then(|| self.config()),
            metadata: self.chance(20).then(|| self.json()),
        }
    }

    fn update_rollout(&mut self) -> UpdateRollout {
        UpdateRollout {
            input: self.patch(10, Self::json),
            mode: self.patch(10, |random| random.one_of(Mode::ALL)),
            resources_id: self.patch(10, |random| random.name("rs-none")),
            status: self.patch(70, |random| random.one_of(RolloutStatus::ALL)),
            config: self.patch(20, Self::config),
            metadata: self.patch(10, Self::json),
        }
    }

    fn update_attempt(&mut self) -> UpdateAttempt {
        // Never unresponsive, long ago, at the start of all tests, and far ahead.
        let times =
            [0.0, 1.0, 1e6, 4e9].map(|seconds| Timestamp::from_seconds(seconds).unwrap_or(Timestamp::EPOCH));
        UpdateAttempt {
            status: self.patch(70, |random| random.one_of(AttemptStatus::ALL)),
            worker_id: self.patch(15, |random| random.one_of(&["", "w-1", "w-2", "w-4"]).into()),
            last_heartbeat_time: self.patch(15, |random| random.one_of(&times)),
            metadata: self.patch(15, Self::json),
        }
    }

    fn span(&mut self) -> (SpanRecord, bool) {
        let numbered = self.chance(50);
        let sequence_id = match self.below(200) {
            0 => i64::MAX,
            1..10 => -3,
            number => i64::try_from(number / 4).unwrap_or(0),
        };
        let span = SpanRecord {
            rollout_id: self.tried(),
            attempt_id: self.name("at-none"),
            sequence_id: if numbered { sequence_id } else { 0 },
            trace_id: self.one_of(&["t-1", "t-2"]).to_owned(),
            span_id: self.one_of(&["a", "b", "c", "d", "e", "f"]).to_owned(),
            parent_id: self.chance(30).then(|| "a".to_owned()),
            name: format!("name {}", self.below(1_000)),
            start_time: self.chance(50).then(|| Timestamp::from_micros(1_500_000)),
            end_time: self.chance(50).then(|| Timestamp::from_micros(2_500_000)),
            rest: "\"status\":{\"status_code\":\"OK\",\"description\":null}".to_owned(),
        };
        (span, numbered)
    }

    fn spans(&mut self) -> Vec<(SpanRecord, bool)> {
        let count = self.one_of(&[1, 1, 1, 1, 2, 3, 6, 0]);
        let mut spans: Vec<_> = (0..count).map(|_| self.span()).collect();
        // Those that come together mostly belong together.
        if self.chance(80)
            && let Some(id) = spans.first().map(|(span, _)| span.rollout_id.clone())
        {
            for (span, _) in &mut spans {
                span.rollout_id = id.clone();
            }
        }
        spans
    }

    fn resources(&mut self) -> NamedResources {
        let llm = |random: &mut Self| Llm {
            endpoint: "http://x".to_owned(),
            model: format!("model {}", random.below(1_000)),
            api_key: None,
            sampling_parameters: random.json(),
        };
        let names = self.one_of(&[&["main"][..], &["b", "a"], &[]]);
        NamedResources(names.iter().map(|name| ((*name).to_owned(), Resource::Llm(llm(self)))).collect())
    }

    fn pause(&mut self) -> Pause {
        match self.below(100) {
            0..15 => Pause::None,
            15..60 => Pause::For(Duration::from_millis(1)),
            60..80 => Pause::For(Duration::from_millis(self.one_of(&[100, 500, 1_000, 2_000, 3_500]))),
            80..97 => Pause::UntilDeadline(self.below(1_000), self.one_of(&[-1, 0, 1, 500])),
            97 => Pause::For(Duration::from_hours(24 * 365)),
            _ => Pause::For(Duration::from_secs(61)),
        }
    }

    fn command(&mut self, restarts: bool) -> Command {
        match self.below(100) {
            0..8 => {
                let count = self.one_of(&[1, 1, 1, 2, 3, 0]);
                Command::Enqueue((0..count).map(|_| self.new_rollout()).collect())
            }
            8..10 => {
                Command::StartRollout(StartRollout { rollout: self.new_rollout(), worker_id: self.worker() })
            }
            10..28 => Command::Dequeue(DequeueRollouts {
                limit: self.one_of(&[1, 1, 1, 2, 3, 100, 0, -1]),
                worker_id: self.worker(),
                wait_seconds: None,
            }),
            28..33 => Command::StartAttempt(self.name("ro-none"), self.worker()),
            33..47 => Command::UpdateRollout(self.name("ro-none"), self.update_rollout()),
            47..63 => {
                let id = self.tried();
                let attempt = if self.chance(60) { "latest".into() } else { self.name("at-none") };
                Command::UpdateAttempt(id, attempt, self.update_attempt())
            }
            63..79 => Command::AddSpans(self.spans()),
            79..83 => Command::NextSequenceId(self.one_of(&["#0", "#1", "#2", "ro-none"]).into()),
            83..86 => {
                let heartbeat_stats = self.patch(50, Self::json);
                let worker = self.one_of(&["w-1", "w-2", "w-5"]).into();
                Command::UpdateWorker(worker, UpdateWorker { heartbeat_stats })
            }
            86..89 => {
                let id = self.chance(60).then(|| self.name("rs-by-hand"));
                Command::PutResources(id, self.resources())
            }
            89..96 => Command::Check,
            96..98 if restarts => Command::Restart,
            _ => Command::Look,
        }
    }
}

/// What is done in turn, and how far the clock goes on before each.
pub(crate) type Script = Vec<(Pause, Command)>;

/// The script of a seed.
pub(crate) fn script(seed: u64, length: usize, restarts: bool) -> Script {
    let mut random = Random(seed);
    // The first rollouts come at once, so that the rest has something to work on.
    let first = Command::Enqueue((0..=random.below(3)).map(|_| random.new_rollout()).collect());
    let others = (1..length).map(|_| (random.pause(), random.command(restarts)));
    std::iter::once((Pause::None, first)).chain(others).collect()
}
