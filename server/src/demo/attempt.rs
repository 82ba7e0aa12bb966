//! One attempt from its begin to its end: which spans arrive when, and how it ends.

use lightning_store_client::wire::{Attempt, AttemptStatus, Timestamp};

use super::dialects::Dialect;
use super::errors;
use super::fleet::Worker;
use super::pen::{Pen, Sent, broken, time};
use super::plan::{Fate, Plan, SILENCE, TIMEOUT, Task};
use super::random::Random;
use super::script::{Script, Step};
use super::tree;

/// How an attempt ends.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum End {
    /// The worker says so.
    Reported(AttemptStatus),
    /// The store gives it up at a moment, by which time nothing more is heard of it.
    GivenUp(f64),
    /// Not at all.
    Never,
}

/// An attempt as it will go.
#[derive(Debug)]
pub(super) struct Course {
    pub(super) sent: Vec<Sent>,
    pub(super) end: End,
    /// When the worker is free again.
    pub(super) free: f64,
}

/// Works out how an attempt goes.
pub(super) fn course(
    plan: &Plan,
    attempt: &Attempt,
    worker: &Worker,
    begun: f64,
    random: &mut Random,
) -> Course {
    let is_first = attempt.sequence_id == 1;
    let fate = if is_first || plan.fate == Fate::Fails { plan.fate } else { Fate::Fine };
    if fate == Fate::Dies {
        let given_up = begun + SILENCE + 0.01;
        return Course { sent: Vec::new(), end: End::GivenUp(given_up), free: given_up + 30.0 };
    }
    let start = begun + random.between(0.3, 1.5);
    let tracer = plan.dialect.tracer();
    let ids = (attempt.rollout_id.clone(), attempt.attempt_id.clone());
    let mut pen = Pen::new(ids.0, ids.1, tracer, &worker.host, start, random);
    if matches!(plan.task, Task::Repository) {
        tree::write(&mut pen);
    } else {
        let mut script = plan.play(pen.random);
        spoil(&mut script, fate, pen.random);
        plan.dialect.write(&mut pen, &script);
        orphan(&mut pen, fate);
    }
    let mut sent = pen.finish();
    if plan.dialect == Dialect::Weave {
        number(&mut sent, attempt.sequence_id);
    }
    let last = sent.last().map_or(start, |sent| sent.at);
    match fate {
        Fate::Slow => {
            let given_up = begun + TIMEOUT + 0.01;
            sent.retain(|sent| sent.at < given_up);
            Course { sent, end: End::GivenUp(given_up), free: given_up + 5.0 }
        }
        Fate::Silent => {
            sent.truncate(sent.len().div_ceil(2));
            let given_up = sent.last().map_or(begun, |sent| sent.at) + SILENCE + 0.01;
            Course { sent, end: End::GivenUp(given_up), free: given_up + 30.0 }
        }
        Fate::Abandoned => {
            sent.truncate(2);
            Course { sent, end: End::Never, free: f64::INFINITY }
        }
        Fate::Fails | Fate::FailsFirst => {
            Course { sent, end: End::Reported(AttemptStatus::Failed), free: last + 0.2 }
        }
        Fate::Fine | Fate::Cancelled | Fate::Dies => {
            Course { sent, end: End::Reported(AttemptStatus::Succeeded), free: last + 0.2 }
        }
    }
}

/// Changes what happens according to what is to come of it.
fn spoil(script: &mut Script, fate: Fate, random: &mut Random) {
    match fate {
        Fate::Fails | Fate::FailsFirst => {
            script.steps.truncate(script.steps.len().div_ceil(2).max(2));
            script.steps.push(errors::fatal(random));
            script.rewards.clear();
            script.succeeds = false;
        }
        // A tool that does not answer.
        Fate::Slow => {
            let middle = script.steps.len() / 2;
            script.steps.insert(middle, Step::Pause(TIMEOUT * 1.2));
        }
        _ => {}
    }
}

/// Now and then a span names a parent that never arrives, and one fails on a machine that nobody traces.
fn orphan(pen: &mut Pen<'_>, fate: Fate) {
    if fate != Fate::Fine || !pen.random.chance(0.05) {
        return;
    }
    let missing = pen.id();
    let end = time(pen.now + 0.4);
    let span = pen.span("GET", Some(&missing), 0.4);
    let mut span = span
        .attribute("http.method", "GET")
        .attribute("http.url", "http://tools.internal/health")
        .attribute("http.status_code", 503);
    if pen.random.chance(0.5) {
        span = broken(
            span,
            "httpx.ConnectError",
            "All connection attempts failed",
            &errors::trace("health", "httpx.ConnectError", "All connection attempts failed"),
        );
    }
    span.end_time = Some(end);
    pen.wait(0.4);
    pen.send(&span);
}

/// Gives numbers in the order of starts, as tracers do that ask for them when a call begins.
fn number(sent: &mut [Sent], attempt: i64) {
    let start = |sent: &Sent| sent.span.span.start_time.map_or(0.0, Timestamp::seconds);
    let mut places: Vec<usize> = (0..sent.len()).collect();
    places.sort_by(|a, b| start(&sent[*a]).total_cmp(&start(&sent[*b])));
    for (number, place) in (1_000 * (attempt - 1) + 1..).zip(places) {
        sent[place].span.span.sequence_id = number;
        sent[place].span.numbered = true;
    }
}
