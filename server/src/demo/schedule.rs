//! When what comes into the queue.

use lightning_store_client::wire::Mode;

use super::dialects::Dialect;
use super::fleet::{BEAT, WORKERS};
use super::plan::{Agent, Fate, Plan, Task};
use super::random::Random;
use super::story::{Event, Story};
use super::{math, sql};

/// Seconds of history for each rollout.
const PACE: f64 = 18.0;

/// Rollouts of one step of training.
const STEP: usize = 24;

/// Rollouts of the step that is being worked on at present.
const LAST_STEP: usize = 20;

/// From so many seconds before the present on no attempt is ended by the store, so that what runs then keeps running.
const QUIET: f64 = 900.0;

/// Every case at least once: at these places of the first step.
const CASES: &[(usize, Fate)] = &[
    (3, Fate::Slow),
    (5, Fate::Silent),
    (7, Fate::Dies),
    (9, Fate::FailsFirst),
    (11, Fate::Fails),
    (STEP - 1, Fate::Cancelled),
];

/// Writes down everything that has happened up to the present.
pub(super) fn past(story: &mut Story, rollouts: usize, present: f64, is_live: bool) {
    let begin = present - (number(rollouts) * PACE).clamp(1_800.0, 86_000.0);
    for agent in [Agent::Math, Agent::Sql] {
        for version in 0..agent.versions() {
            story.will(
                begin - 30.0 + agent.since(version) * (present - begin),
                Event::Improve(agent, version),
            );
        }
    }
    // The one with many spans, the one that is tried again at present, and the one that nobody waits for.
    let earlier = rollouts.saturating_sub(LAST_STEP + 3);
    let steps = earlier.div_ceil(STEP).max(1);
    let last = present - 320.0;
    let mut left = earlier;
    for step in 0..steps {
        let progress = number(step) / number(steps);
        let at = begin + progress * (last - begin);
        let count = left.min(STEP);
        left -= count;
        let is_limited = at < present - QUIET || is_live;
        let mut plans = plans(&mut story.random, step, progress, count, is_limited);
        if step == 0 {
            for (place, fate) in CASES {
                if let Some(plan) = plans.get_mut(*place) {
                    plan.fate = *fate;
                }
            }
        }
        story.will(at, Event::Enqueue(plans));
    }
    story.steps = steps;
    let long = Plan { task: Task::Repository, mode: Some(Mode::Test), ..fine(&mut story.random, steps, 0.6) };
    story.will(present - 1_500.0, Event::Enqueue(vec![Plan { is_limited: false, ..long }]));
    let silent =
        Plan { fate: Fate::Abandoned, mode: None, is_limited: false, ..fine(&mut story.random, steps, 1.0) };
    story.will(present - 130.0, Event::Enqueue(vec![silent]));
    let again = Plan { fate: Fate::Dies, mode: Some(Mode::Train), ..fine(&mut story.random, steps, 1.0) };
    story.will(present - 85.0, Event::Enqueue(vec![again]));
    let newest = plans(&mut story.random, steps, 1.0, LAST_STEP, is_live);
    let newest = newest.into_iter().map(|plan| Plan { fate: Fate::Fine, ..plan }).collect();
    story.will(present - 35.0, Event::Enqueue(newest));
    for worker in 0..WORKERS {
        let first = present - 300.0 + number(worker) * BEAT / number(WORKERS);
        story.will(first, Event::Beat(worker));
    }
    if is_live {
        story.will(present + 20.0, Event::Step);
    }
}

/// How a run goes on that was told earlier: nobody knows any more who did what.
pub(super) fn onward(story: &mut Story, present: f64, is_live: bool) {
    for worker in 0..WORKERS {
        story.will(present + number(worker) * BEAT / number(WORKERS), Event::Beat(worker));
    }
    if is_live {
        story.will(present + 1.0, Event::Step);
    }
}

/// The next step of a training that goes on.
pub(super) fn step(story: &mut Story, at: f64) {
    story.steps += 1;
    let count = usize::try_from(story.random.whole(6, 14)).unwrap_or(8);
    let plans = plans(&mut story.random, story.steps, 1.0, count, true);
    story.will(at, Event::Enqueue(plans));
    let next = at + story.random.between(35.0, 70.0);
    story.will(next, Event::Step);
}

/// What to do with a rollout that somebody else has enqueued.
pub(super) fn foreign(random: &mut Random, mode: Option<Mode>) -> Plan {
    Plan { mode, is_limited: false, ..fine(random, 0, 1.0) }
}

fn fine(random: &mut Random, step: usize, progress: f64) -> Plan {
    Plan {
        task: Task::Math(math::problem(random)),
        dialect: Dialect::AgentOps,
        fate: Fate::Fine,
        mode: Some(Mode::Train),
        progress,
        step,
        is_limited: true,
    }
}

/// The rollouts of one step of training. Each fifth step validates.
fn plans(random: &mut Random, step: usize, progress: f64, count: usize, is_limited: bool) -> Vec<Plan> {
    let mode = match step % 5 {
        4 => Mode::Val,
        _ if step % 10 == 7 => Mode::Test,
        _ => Mode::Train,
    };
    let dialects = [
        Dialect::AgentOps,
        Dialect::AgentOps,
        Dialect::LiteLlm,
        Dialect::NewLiteLlm,
        Dialect::Weave,
        Dialect::OpenInference,
    ];
    let plan = |place: usize| {
        let task = if random.chance(0.55) {
            Task::Math(math::problem(random))
        } else {
            Task::Sql(sql::question(random))
        };
        let fate = match random.whole(0, 99) {
            0..=2 if is_limited => Fate::Slow,
            3..=4 if is_limited => Fate::Silent,
            5 if is_limited => Fate::Dies,
            6..=10 => Fate::FailsFirst,
            11..=13 => Fate::Fails,
            14 => Fate::Cancelled,
            _ => Fate::Fine,
        };
        let mode = if random.chance(0.04) { None } else { Some(mode) };
        Plan { task, dialect: dialects[place % dialects.len()], fate, mode, progress, step, is_limited }
    };
    (0..count).map(plan).collect()
}

fn number(count: usize) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}
