//! Hearing what changes.

use lightning_store_client::wire::{
    Attempt, AttemptStatus, Event, NamedResources, RolloutConfig, RolloutFilter, RolloutId, Timestamp, Topic,
    UpdateWorker as Heartbeat, Window,
};
use lightning_store_server::service::add_spans::{AddSpans, NewSpan};
use lightning_store_server::service::events::{Events, listen};
use lightning_store_server::service::resources::PutResources;
use lightning_store_server::service::watchdog::Check;
use lightning_store_server::service::workers::UpdateWorker;
use lightning_store_server::storage::error::StoreError;
use lightning_store_server::storage::tx::{Operation, Tx};

use crate::fixture::{Fixture, ids, retrying, span};

crate::sentences! {
    a_rollout_is_told_with_its_newest_attempt_at_every_step,
    a_worker_is_told_of_when_it_works_and_when_it_sends_signs_of_life,
    new_versions_of_resources_are_told,
    new_spans_are_told_by_their_lowest_number_and_their_count,
    what_the_watchdog_does_is_told,
    only_what_is_wanted_is_told,
    what_is_undone_is_not_told,
    changes_of_one_thing_are_told_once_as_it_stands,
    who_is_cut_off_within_a_batch_misses_nothing,
    who_comes_back_after_a_restart_is_told_to_look_anew,
    nothing_that_is_answered_after_listening_began_is_missed,
}

async fn listening(f: &Fixture, topics: &[&str]) -> Events {
    let topics = topics.iter().map(|topic| topic.parse().unwrap()).collect();
    listen(&f.store, topics, None).await.unwrap()
}

/// What is told next in short words, numbers left out.
async fn told(events: &mut Events) -> Vec<String> {
    events.next().await.iter().map(short).collect()
}

fn short(event: &Event) -> String {
    let text = |text: Option<String>| text.unwrap_or_else(|| "none".to_owned());
    match event {
        Event::Rollout(event) => {
            let attempt = text(event.attempt_status.map(|status| status.to_string()));
            assert_eq!(event.attempt_id.is_some(), event.attempt_status.is_some());
            format!("{} {} {attempt}", event.rollout_id, event.status)
        }
        Event::Worker(event) => {
            let rollout = text(event.current_rollout_id.as_ref().map(ToString::to_string));
            format!("{} {} {rollout}", event.worker_id, event.status)
        }
        Event::Resources(event) => format!("{} {}", event.resources_id, event.version),
        Event::Spans(event) => {
            format!("{}/{} from {} count {}", event.rollout_id, event.attempt_id, event.from_seq, event.count)
        }
        Event::Queue(event) => {
            format!("{} wait since {:?}", event.depth, event.oldest.map(Timestamp::seconds))
        }
        Event::Summary(_) => "numbers".to_owned(),
        Event::Reset => "reset".to_owned(),
    }
}

fn spans_of(attempt: &Attempt) -> String {
    let (rollout_id, attempt_id) = (attempt.rollout_id.clone(), attempt.attempt_id.clone());
    Topic::Spans { rollout_id, attempt_id }.to_string()
}

async fn heartbeat(f: &Fixture, worker: &str) {
    let beat = UpdateWorker { worker_id: worker.into(), request: Heartbeat::default() };
    f.store.transact(beat).await.unwrap();
}

async fn a_rollout_is_told_with_its_newest_attempt_at_every_step(f: Fixture) {
    let mut events = listening(&f, &["rollouts"]).await;
    let id = ids(&f.enqueue_with(1, retrying()).await).remove(0);
    assert_eq!(told(&mut events).await, [format!("{id} queuing none")]);
    let attempt = f.dequeue(1, None).await.remove(0).attempt;
    assert_eq!(told(&mut events).await, [format!("{id} preparing preparing")]);
    f.add_span(&attempt, 1, "s").await;
    assert_eq!(told(&mut events).await, [format!("{id} running running")]);
    f.report(&id, "latest", AttemptStatus::Failed).await;
    assert_eq!(told(&mut events).await, [format!("{id} requeuing failed")]);
    f.start_attempt(&id).await;
    assert_eq!(told(&mut events).await, [format!("{id} preparing preparing")]);
    // An old attempt does not count.
    f.report(&id, attempt.attempt_id.as_str(), AttemptStatus::Succeeded).await;
    f.report(&id, "latest", AttemptStatus::Succeeded).await;
    assert_eq!(told(&mut events).await, [format!("{id} succeeded succeeded")]);
}

async fn a_worker_is_told_of_when_it_works_and_when_it_sends_signs_of_life(f: Fixture) {
    let mut events = listening(&f, &["workers"]).await;
    heartbeat(&f, "w").await;
    assert_eq!(told(&mut events).await, ["w unknown none"]);
    f.dequeue(1, Some("w")).await;
    assert_eq!(told(&mut events).await, ["w idle none"]);
    let id = f.started(RolloutConfig::default(), Some("w")).await.rollout.rollout_id;
    assert_eq!(told(&mut events).await.last(), Some(&format!("w busy {id}")));
    f.report(&id, "latest", AttemptStatus::Succeeded).await;
    assert_eq!(told(&mut events).await, ["w idle none"]);
}

async fn new_versions_of_resources_are_told(f: Fixture) {
    let mut events = listening(&f, &["resources"]).await;
    for version in 1..3 {
        let put = PutResources { resources_id: Some("rs-a".into()), resources: NamedResources::default() };
        f.store.transact(put).await.unwrap();
        assert_eq!(told(&mut events).await, [format!("rs-a {version}")]);
    }
}

async fn new_spans_are_told_by_their_lowest_number_and_their_count(f: Fixture) {
    let attempt = f.started(RolloutConfig::default(), None).await.attempt;
    let other = f.started(RolloutConfig::default(), None).await.attempt;
    let mut events = listening(&f, &[&spans_of(&attempt)]).await;
    let name = format!("{}/{}", attempt.rollout_id, attempt.attempt_id);
    f.add_span(&attempt, 4, "s-1").await;
    assert_eq!(told(&mut events).await, [format!("{name} from 4 count 1")]);
    let spans = [
        span(&attempt, 9, "s-2"),
        span(&other, 1, "s-1"),
        span(&attempt, 7, "s-3"),
        span(&attempt, 2, "s-1"),
        span(&attempt, 8, "s-4"),
    ];
    let spans = spans.into_iter().map(|span| NewSpan { span, numbered: true }).collect();
    f.store.transact(AddSpans { spans }).await.unwrap();
    assert_eq!(told(&mut events).await, [format!("{name} from 7 count 3")]);
    // A duplicate is nothing new.
    f.add_span(&attempt, 1, "s-1").await;
    f.add_span(&attempt, 10, "s-5").await;
    let mut last = told(&mut events).await;
    if last.is_empty() {
        last = told(&mut events).await;
    }
    assert_eq!(last, [format!("{name} from 10 count 1")]);
}

async fn what_the_watchdog_does_is_told(f: Fixture) {
    let config = RolloutConfig { timeout_seconds: Some(1.0), ..RolloutConfig::default() };
    let id = f.started(config, None).await.rollout.rollout_id;
    let mut events = listening(&f, &["rollouts"]).await;
    f.advance(2.0);
    f.store.transact(Check).await.unwrap();
    assert_eq!(told(&mut events).await, [format!("{id} failed timeout")]);
}

async fn only_what_is_wanted_is_told(f: Fixture) {
    let mut events = listening(&f, &["resources", "workers"]).await;
    f.enqueue(1).await;
    assert!(told(&mut events).await.is_empty());
    heartbeat(&f, "w").await;
    assert_eq!(told(&mut events).await.len(), 1);
}

/// Queues a rollout and then falls over.
struct Broken;

impl Operation for Broken {
    const NAME: &'static str = "broken";
    type Output = ();

    async fn run<T: Tx>(&self, tx: &mut T) -> Result<(), StoreError> {
        let beat = UpdateWorker { worker_id: "never".into(), request: Heartbeat::default() };
        beat.run(tx).await?;
        panic!("on purpose");
    }
}

async fn what_is_undone_is_not_told(f: Fixture) {
    let mut events = listening(&f, &["workers"]).await;
    assert!(f.store.transact(Broken).await.is_err());
    heartbeat(&f, "w").await;
    assert_eq!(told(&mut events).await, ["w unknown none"]);
}

async fn changes_of_one_thing_are_told_once_as_it_stands(f: Fixture) {
    let mut events = listening(&f, &["rollouts", "workers"]).await;
    let first = f.started(retrying(), Some("w")).await.rollout.rollout_id;
    let second = ids(&f.enqueue(1).await).remove(0);
    f.report(&first, "latest", AttemptStatus::Failed).await;
    let before = events.position().number;
    let batch = events.next().await;
    let words: Vec<String> = batch.iter().map(short).collect();
    let expected =
        [format!("{first} requeuing failed"), "w idle none".to_owned(), format!("{second} queuing none")];
    assert_eq!(words, expected);
    // Under the number of the first change of each, so they rise.
    let numbers: Vec<u64> = batch.iter().filter_map(Event::seq).collect();
    assert!(numbers[0] > before && numbers.is_sorted(), "{numbers:?}");
    assert!(events.position().number > numbers[2]);
}

async fn who_is_cut_off_within_a_batch_misses_nothing(f: Fixture) {
    let attempt = f.started(RolloutConfig::default(), None).await.attempt;
    let topics = || vec![spans_of(&attempt).parse().unwrap(), Topic::Workers];
    let mut events = listen(&f.store, topics(), None).await.unwrap();
    heartbeat(&f, "v").await;
    f.add_span(&attempt, 1, "s-1").await;
    heartbeat(&f, "w").await;
    f.add_span(&attempt, 2, "s-2").await;
    let batch = events.next().await;
    let name = format!("{}/{}", attempt.rollout_id, attempt.attempt_id);
    let words: Vec<String> = batch.iter().map(short).collect();
    let spans = format!("{name} from 1 count 2");
    assert_eq!(words, ["v unknown none", &spans, "w unknown none"]);
    let mut cut_off = events.position();
    cut_off.number = batch[0].seq().unwrap();
    drop(events);
    let mut events = listen(&f.store, topics(), Some(&cut_off)).await.unwrap();
    assert_eq!(told(&mut events).await, [&spans, "w unknown none"]);
    let done = events.position();
    drop(events);
    f.add_span(&attempt, 3, "s-3").await;
    let mut events = listen(&f.store, topics(), Some(&done)).await.unwrap();
    assert_eq!(told(&mut events).await, [format!("{name} from 3 count 1")]);
}

async fn who_comes_back_after_a_restart_is_told_to_look_anew(f: Fixture) {
    let position = listening(&f, &["rollouts"]).await.position();
    let f = f.remembering(10).await;
    let mut events = listen(&f.store, vec![Topic::Rollouts], Some(&position)).await.unwrap();
    assert_eq!(told(&mut events).await, ["reset"]);
    let id: RolloutId = ids(&f.enqueue(1).await).remove(0);
    assert_eq!(told(&mut events).await, [format!("{id} queuing none")]);
}

/// Whoever reads after it has begun to listen sees a change by reading or hears of it, also of those that were being
/// made when nobody listened yet.
async fn nothing_that_is_answered_after_listening_began_is_missed(f: Fixture) {
    for _ in 0..20 {
        let store = f.store.clone();
        let writing = tokio::spawn(async move {
            let mut all = Vec::new();
            for _ in 0..20 {
                let rollouts = vec![crate::fixture::new_rollout("1", None)];
                let enqueue = lightning_store_server::service::enqueue::Enqueue { rollouts };
                all.extend(ids(&store.transact(enqueue).await.unwrap()));
            }
            all
        });
        tokio::task::yield_now().await;
        let mut events = listening(&f, &["rollouts"]).await;
        let page = f.store.query_rollouts(RolloutFilter::default(), None, Window::default()).await.unwrap();
        let mut known: Vec<RolloutId> = page.items.into_iter().map(|item| item.rollout.rollout_id).collect();
        for id in writing.await.unwrap() {
            while !known.contains(&id) {
                for event in events.next().await {
                    let Event::Rollout(event) = event else { panic!("{event:?}") };
                    known.push(event.rollout_id);
                }
            }
        }
        // So that the next one begins while nobody listens.
        drop(events);
        f.advance(120.0);
        f.enqueue(1).await;
        f.advance(120.0);
        f.enqueue(1).await;
        assert!(!f.store.wakeups().feed().is_recording());
    }
}
