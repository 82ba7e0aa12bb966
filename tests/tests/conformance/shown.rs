//! What people look at: lists of rollouts, the queue, workers, the overview.

use lightning_store_client::wire::dashboard::{
    AnyMode, Between, FindRollouts, FindWaiting, FindWorkers, Has, NewestStatus, PageStart, QueueView,
    RolloutConditions, RolloutRow, RolloutRows, RolloutSort, StoreSummary, SummaryWindow, WorkerRows,
    WorkerSort,
};
use lightning_store_client::wire::{
    AttemptStatus, Event, Mode, NewRollout, Patch, RawJson, RolloutConfig, RolloutId, RolloutStatus,
    SortOrder, SpanRecord, Timestamp, UpdateWorker as Heartbeat, Word as _,
};
use lightning_store_server::clock::Clock as _;
use lightning_store_server::service::add_spans::{AddSpans, NewSpan};
use lightning_store_server::service::enqueue::Enqueue;
use lightning_store_server::service::events::{Events, listen};
use lightning_store_server::service::projection::catch_up;
use lightning_store_server::service::watchdog::Check;
use lightning_store_server::service::workers::UpdateWorker;
use lightning_store_server::storage::cursor::Cursor;
use serde_json::json;

use crate::dice::Dice;
use crate::fixture::{Fixture, ids, retrying, span};

crate::sentences! {
    the_newest_page_comes_first_and_cheaply,
    every_condition_finds_what_a_simple_look_finds,
    every_order_has_missing_values_last_and_pages_join_without_a_gap,
    a_cursor_goes_on_where_it_was_whatever_has_come_meanwhile,
    numbers_by_words_leave_out_their_own_condition,
    an_export_has_every_rollout_in_order,
    the_queue_is_shown_in_order_and_stale_places_are_counted,
    who_waits_again_is_told_with_the_reason,
    a_worker_falls_silent_and_is_heard_of_again,
    workers_are_shown_with_what_they_did,
    secrets_in_heartbeats_are_masked,
    the_overview_counts_what_there_is_and_what_has_ended,
    the_overview_names_what_somebody_should_look_at,
    the_queue_is_told_as_it_changes,
    numbers_are_told_to_have_changed_also_when_facts_are_known,
}

const ALL: i64 = 500;

async fn find(f: &Fixture, wanted: FindRollouts) -> RolloutRows {
    let after = match &wanted.from {
        PageStart::After(text) => Some(text.parse::<Cursor>().unwrap()),
        PageStart::Offset(_) => None,
    };
    f.store.find_rollouts(wanted, after).await.unwrap()
}

fn found(rows: &RolloutRows) -> Vec<RolloutId> {
    rows.items.iter().map(|row| row.rollout_id.clone()).collect()
}

/// Rollouts of every kind, with their facts known.
async fn filled(f: &Fixture) {
    let mut dice = Dice(11);
    let configs = [RolloutConfig::default(), retrying()];
    for number in 0..90 {
        let words = ["Find the answer", "find\nnothing", "Schreibe \u{e9}t\u{e9}", "sum"];
        let input = match dice.below(3) {
            0 => json!({"task": dice.one_of(&words), "other": "hidden"}),
            1 => json!({"x": number, "question": null}),
            _ => json!(dice.one_of(&words)),
        };
        let metadata = match dice.below(4) {
            0 => None,
            1 => Some(json!({"step": dice.below(3), "split": "a:b"})),
            2 => Some(json!({"step": dice.below(3).to_string()})),
            _ => Some(json!({"list": [1]})),
        };
        let rollout = NewRollout {
            input: RawJson::trusted(input.to_string()),
            mode: dice.chance(75).then(|| dice.one_of(Mode::ALL)),
            resources_id: dice.chance(50).then(|| dice.one_of(&["rs-a", "rs-b"]).into()),
            config: Some(dice.one_of(&configs)),
            metadata: metadata.map(|metadata| RawJson::trusted(metadata.to_string())),
        };
        f.store.transact(Enqueue { rollouts: vec![rollout] }).await.unwrap();
        f.advance(0.25);
    }
    for _ in 0..110 {
        f.advance(0.5);
        let worker = dice.one_of(&["w-1", "w-2", "w-3"]);
        let Some(work) = f.dequeue(1, dice.chance(80).then_some(worker)).await.pop() else { break };
        for number in 1..=dice.below(4) {
            let mut attributes = json!({});
            if dice.chance(50) {
                attributes["agentlightning.reward.0.value"] =
                    json!(i32::try_from(dice.below(9)).unwrap() - 4);
            }
            if dice.chance(60) {
                attributes["gen_ai.response.model"] = json!(dice.one_of(&["m", "m-2", "a\"b"]));
                attributes["gen_ai.usage.prompt_tokens"] = dice.below(50).into();
            }
            let code = if dice.chance(20) { "ERROR" } else { "OK" };
            let span = SpanRecord {
                rest: format!(
                    "\"status\":{{\"status_code\":\"{code}\",\"description\":null}},\"attributes\":{attributes}"
                ),
                ..span(&work.attempt, i64::try_from(number).unwrap(), &format!("s{number}"))
            };
            let spans = [NewSpan { span, numbered: true }].into();
            f.store.transact(AddSpans { spans }).await.unwrap();
        }
        f.advance(1.0 + f64::from(u32::try_from(dice.below(8)).unwrap()));
        let id = &work.rollout.rollout_id;
        match dice.below(10) {
            0 => {}
            1 => drop(f.set_status(id, RolloutStatus::Cancelled).await),
            2 | 3 => drop(f.report(id, "latest", AttemptStatus::Failed).await),
            4 => drop(f.report(id, "latest", AttemptStatus::Timeout).await),
            _ => drop(f.report(id, "latest", AttemptStatus::Succeeded).await),
        }
    }
    catch_up(&f.store).await.unwrap();
}

async fn the_newest_page_comes_first_and_cheaply(f: Fixture) {
    let queued = ids(&f.enqueue(5).await);
    let page = find(&f, FindRollouts { limit: 2, ..FindRollouts::default() }).await;
    assert_eq!((found(&page), page.total), (vec![queued[4].clone(), queued[3].clone()], 5));
    let none = find(&f, FindRollouts { limit: 0, ..FindRollouts::default() }).await;
    assert_eq!((none.items.len(), none.total, none.behind), (0, 5, 0));
}

fn number(value: u64) -> f64 {
    f64::from(u32::try_from(value).unwrap())
}

fn tokens(row: &RolloutRow) -> f64 {
    number(row.facts.input_tokens + row.facts.output_tokens)
}

/// Whether a row fulfils the conditions, by what it shows.
fn fits(row: &RolloutRow, wanted: &RolloutConditions) -> bool {
    let newest = row.attempt.as_ref();
    let has = |has: &Has| match has {
        Has::Error => row.facts.errors > 0 || row.status == RolloutStatus::Failed,
        Has::Reward => row.facts.reward.is_some(),
        Has::Retry => row.attempts > 1,
    };
    let text = |text: &String| {
        let text = text.to_ascii_lowercase();
        row.input.to_ascii_lowercase().contains(&text) || row.rollout_id.as_str().contains(&text)
    };
    wanted.status_in.as_ref().is_none_or(|list| list.contains(&row.status))
        && wanted
            .attempt_status_in
            .as_ref()
            .is_none_or(|list| list.contains(&NewestStatus(newest.map(|newest| newest.status))))
        && wanted.mode_in.as_ref().is_none_or(|list| list.contains(&AnyMode(row.mode)))
        && wanted.rollout_id_in.as_ref().is_none_or(|list| list.contains(&row.rollout_id))
        && wanted.rollout_id_contains.as_ref().is_none_or(|part| row.rollout_id.as_str().contains(part))
        && wanted.text.as_ref().is_none_or(text)
        && wanted.worker_id.as_ref().is_none_or(|worker| {
            newest.and_then(|newest| newest.worker_id.as_ref()).is_some_and(|id| id.as_str() == worker)
        })
        && wanted
            .resources_id
            .as_ref()
            .is_none_or(|id| row.resources_id.as_ref().is_some_and(|known| known.as_str() == id))
        && wanted.model.as_ref().is_none_or(|model| row.facts.models.contains(model))
        && wanted.since.is_none_or(|since| row.start_time >= since)
        && wanted.until.is_none_or(|until| row.start_time < until)
        && wanted.has.iter().all(has)
        && wanted.reward.holds(row.facts.reward)
        && wanted.run_time.holds(row.run_time)
        && wanted.queue_wait.holds(row.queue_wait)
        && wanted.spans.holds(Some(number(row.facts.spans)))
        && wanted.tokens.holds(Some(tokens(row)))
        && wanted.metadata.iter().all(|(key, value)| row.metadata.get(key) == Some(value))
}

fn between(least: Option<f64>, most: Option<f64>) -> Between {
    Between { least, most }
}

fn conditions(all: &[RolloutRow]) -> Vec<RolloutConditions> {
    let some = |text: &str| Some(text.to_owned());
    let none = RolloutConditions::default;
    vec![
        RolloutConditions {
            status_in: Some(vec![RolloutStatus::Failed, RolloutStatus::Cancelled]),
            ..none()
        },
        RolloutConditions {
            attempt_status_in: Some(vec![NewestStatus(None), NewestStatus(Some(AttemptStatus::Timeout))]),
            ..none()
        },
        RolloutConditions { mode_in: Some(vec![AnyMode(None), AnyMode(Some(Mode::Val))]), ..none() },
        RolloutConditions {
            rollout_id_in: Some(vec![
                all[3].rollout_id.clone(),
                all[40].rollout_id.clone(),
                "ro-none".into(),
            ]),
            ..none()
        },
        RolloutConditions { rollout_id_contains: some("a1"), ..none() },
        RolloutConditions { text: some("FIND"), ..none() },
        RolloutConditions { text: some("find nothing"), ..none() },
        RolloutConditions { text: some("t\u{e9}"), ..none() },
        RolloutConditions { text: some("hidden"), ..none() },
        RolloutConditions { worker_id: some("w-2"), ..none() },
        RolloutConditions { resources_id: some("rs-b"), ..none() },
        RolloutConditions { model: some("m"), ..none() },
        RolloutConditions { model: some("a\"b"), ..none() },
        RolloutConditions { since: Some(all[30].start_time), until: Some(all[10].start_time), ..none() },
        RolloutConditions { has: vec![Has::Error], ..none() },
        RolloutConditions { has: vec![Has::Reward, Has::Retry], ..none() },
        RolloutConditions { reward: between(Some(-1.0), Some(2.0)), ..none() },
        RolloutConditions { run_time: between(Some(3.0), None), ..none() },
        RolloutConditions { queue_wait: between(None, Some(60.0)), ..none() },
        RolloutConditions { spans: between(None, Some(0.0)), ..none() },
        RolloutConditions { tokens: between(Some(20.0), Some(90.0)), ..none() },
        RolloutConditions { metadata: vec![("step".to_owned(), "1".to_owned())], ..none() },
        RolloutConditions { metadata: vec![("split".to_owned(), "a:b".to_owned())], ..none() },
        RolloutConditions {
            status_in: Some(vec![RolloutStatus::Succeeded]),
            mode_in: Some(vec![AnyMode(Some(Mode::Train))]),
            has: vec![Has::Reward],
            tokens: between(Some(1.0), None),
            text: some("n"),
            ..none()
        },
    ]
}

async fn every_condition_finds_what_a_simple_look_finds(f: Fixture) {
    filled(&f).await;
    let all = find(&f, FindRollouts { limit: ALL, ..FindRollouts::default() }).await.items;
    let mut empty = 0;
    for conditions in conditions(&all) {
        let expected: Vec<RolloutId> =
            all.iter().filter(|row| fits(row, &conditions)).map(|row| row.rollout_id.clone()).collect();
        empty += usize::from(expected.is_empty());
        for facets in [false, true] {
            let wanted = FindRollouts {
                conditions: conditions.clone(),
                limit: ALL,
                facets,
                ..FindRollouts::default()
            };
            let page = find(&f, wanted).await;
            assert_eq!(found(&page), expected, "{conditions:?}");
            assert_eq!(page.total, expected.len() as u64, "{conditions:?}");
        }
    }
    assert!(empty <= 3, "{empty} conditions say nothing about these rollouts");
}

/// What a row is sorted by, as a number or a text.
fn sort_value(row: &RolloutRow, by: RolloutSort) -> Option<Result<f64, String>> {
    Some(match by {
        RolloutSort::StartTime => Ok(row.start_time.seconds()),
        RolloutSort::EndTime => Ok(row.end_time?.seconds()),
        RolloutSort::RolloutId => Err(row.rollout_id.to_string()),
        RolloutSort::Status => Err(row.status.to_string()),
        RolloutSort::Mode => Err(row.mode?.to_string()),
        RolloutSort::Attempts => Ok(number(row.attempts)),
        RolloutSort::QueueWait => Ok(row.queue_wait?),
        RolloutSort::RunTime => Ok(row.run_time?),
        RolloutSort::Reward => Ok(row.facts.reward?),
        RolloutSort::Spans => Ok(number(row.facts.spans)),
        RolloutSort::Errors => Ok(number(row.facts.errors)),
        RolloutSort::Tokens => Ok(tokens(row)),
    })
}

async fn every_order_has_missing_values_last_and_pages_join_without_a_gap(f: Fixture) {
    filled(&f).await;
    let oldest_first = FindRollouts { limit: ALL, sort_order: SortOrder::Asc, ..FindRollouts::default() };
    let stored = find(&f, oldest_first).await.items;
    for sort_by in RolloutSort::ALL.iter().copied() {
        for sort_order in [SortOrder::Asc, SortOrder::Desc] {
            let mut expected: Vec<(usize, &RolloutRow)> = stored.iter().enumerate().collect();
            expected.sort_by(|(a_place, a), (b_place, b)| {
                let directed = |ordering: std::cmp::Ordering| match sort_order {
                    SortOrder::Asc => ordering,
                    SortOrder::Desc => ordering.reverse(),
                };
                let values = match (sort_value(a, sort_by), sort_value(b, sort_by)) {
                    (Some(Ok(a)), Some(Ok(b))) => directed(a.total_cmp(&b)),
                    (Some(Err(a)), Some(Err(b))) => directed(a.cmp(&b)),
                    (a, b) => b.is_some().cmp(&a.is_some()),
                };
                values.then(directed(a_place.cmp(b_place)))
            });
            let expected: Vec<RolloutId> =
                expected.into_iter().map(|(_, row)| row.rollout_id.clone()).collect();
            let wanted = FindRollouts { sort_by, sort_order, limit: ALL, ..FindRollouts::default() };
            let whole = find(&f, wanted.clone()).await;
            assert_eq!((found(&whole), whole.next), (expected.clone(), None), "{sort_by:?} {sort_order}");
            let (mut by_offset, mut by_cursor) = (Vec::new(), Vec::new());
            let mut page = FindRollouts { limit: 7, ..wanted };
            while by_offset.len() < expected.len() {
                page.from = PageStart::Offset(i64::try_from(by_offset.len()).unwrap());
                by_offset.extend(found(&find(&f, page.clone()).await));
            }
            page.from = PageStart::Offset(0);
            loop {
                let rows = find(&f, page.clone()).await;
                by_cursor.extend(found(&rows));
                let Some(next) = rows.next else { break };
                page.from = PageStart::After(next);
            }
            assert_eq!(by_offset, expected, "{sort_by:?} {sort_order} by offset");
            assert_eq!(by_cursor, expected, "{sort_by:?} {sort_order} by cursor");
        }
    }
}

async fn a_cursor_goes_on_where_it_was_whatever_has_come_meanwhile(f: Fixture) {
    let queued = ids(&f.enqueue(6).await);
    let page = find(&f, FindRollouts { limit: 3, ..FindRollouts::default() }).await;
    f.enqueue(4).await;
    let from = PageStart::After(page.next.unwrap());
    let next = find(&f, FindRollouts { limit: 3, from, ..FindRollouts::default() }).await;
    assert_eq!(found(&next), [queued[2].clone(), queued[1].clone(), queued[0].clone()]);
    assert_eq!((next.total, next.offset, next.next), (10, None, None));
}

async fn numbers_by_words_leave_out_their_own_condition(f: Fixture) {
    filled(&f).await;
    let all = find(&f, FindRollouts { limit: ALL, ..FindRollouts::default() }).await.items;
    let conditions = RolloutConditions {
        status_in: Some(vec![RolloutStatus::Succeeded]),
        mode_in: Some(vec![AnyMode(Some(Mode::Train)), AnyMode(None)]),
        ..RolloutConditions::default()
    };
    let wanted = FindRollouts { conditions: conditions.clone(), facets: true, ..FindRollouts::default() };
    let facets = find(&f, wanted).await.facets.unwrap();
    let count = |conditions: &RolloutConditions, holds: &dyn Fn(&RolloutRow) -> bool| {
        all.iter().filter(|row| fits(row, conditions) && holds(row)).count() as u64
    };
    let told =
        |numbers: &indexmap::IndexMap<String, u64>, word: &str| numbers.get(word).copied().unwrap_or(0);
    for status in RolloutStatus::ALL {
        let others = RolloutConditions { status_in: None, ..conditions.clone() };
        let expected = count(&others, &|row| row.status == *status);
        assert_eq!(told(&facets.status, status.as_str()), expected, "{status}");
    }
    for mode in AnyMode::ALL {
        let others = RolloutConditions { mode_in: None, ..conditions.clone() };
        assert_eq!(told(&facets.mode, mode.as_str()), count(&others, &|row| row.mode == mode.0), "{mode:?}");
    }
    for status in NewestStatus::ALL {
        let expected =
            count(&conditions, &|row| row.attempt.as_ref().map(|attempt| attempt.status) == status.0);
        assert_eq!(told(&facets.attempt_status, status.as_str()), expected, "{status:?}");
    }
    // Numbers of all are kept, not counted, and survive a restart.
    let kept = FindRollouts { facets: true, ..FindRollouts::default() };
    let counted = FindRollouts { sort_by: RolloutSort::Spans, ..kept.clone() };
    let whole = find(&f, kept.clone()).await.facets.unwrap();
    assert_eq!(whole.status.values().sum::<u64>(), all.len() as u64);
    assert_eq!(whole, find(&f, counted).await.facets.unwrap());
    let f = f.restarted().await;
    assert_eq!(find(&f, kept).await.facets.unwrap(), whole);
}

async fn an_export_has_every_rollout_in_order(f: Fixture) {
    filled(&f).await;
    let wanted = FindRollouts { sort_by: RolloutSort::Reward, limit: ALL, ..FindRollouts::default() };
    let page = find(&f, wanted.clone()).await;
    let keys = f.store.find_rollout_keys(wanted).await.unwrap();
    let rows = f.store.rollout_rows(keys).await.unwrap();
    assert_eq!(rows, page.items);
}

async fn queue(f: &Fixture, limit: i64, offset: i64) -> QueueView {
    f.store.view_queue(FindWaiting { limit, offset }, f.clock.now()).await.unwrap()
}

async fn the_queue_is_shown_in_order_and_stale_places_are_counted(f: Fixture) {
    let queued = f.enqueue(6).await;
    f.set_status(&queued[1].rollout_id, RolloutStatus::Cancelled).await;
    f.start_attempt(&queued[2].rollout_id).await;
    let view = queue(&f, 2, 1).await;
    let shown: Vec<_> = view.items.iter().map(|item| (item.position, item.row.rollout_id.clone())).collect();
    assert_eq!(shown, [(2, queued[3].rollout_id.clone()), (3, queued[4].rollout_id.clone())]);
    assert_eq!((view.queue.depth, view.queue.oldest, view.stale), (4, Some(queued[0].start_time), 2));
    assert_eq!((view.enqueued_last_minute, view.dequeued_last_minute, view.eta), (6, 0, None));
    assert!(view.items.iter().all(|item| item.reason.is_none() && item.since == queued[0].start_time));
    let taken = f.dequeue(1, None).await;
    let view = queue(&f, 10, 0).await;
    assert_eq!((view.queue.depth, view.dequeued_last_minute), (3, 1));
    assert_eq!(view.taken[0].rollout_id, taken[0].rollout.rollout_id);
    f.dequeue(10, None).await;
    let view = queue(&f, 10, 0).await;
    assert_eq!((view.queue.depth, view.queue.oldest, view.stale, view.items.len()), (0, None, 0, 0));
    f.advance(120.0);
    assert_eq!(queue(&f, 10, 0).await.dequeued_last_minute, 0);
}

async fn who_waits_again_is_told_with_the_reason(f: Fixture) {
    let config = RolloutConfig { timeout_seconds: Some(10.0), ..retrying() };
    let first = f.started(config.clone(), None).await;
    let second = f.started(config, None).await;
    f.advance(4.0);
    f.report(&first.rollout.rollout_id, "latest", AttemptStatus::Failed).await;
    f.advance(8.0);
    f.store.transact(Check).await.unwrap();
    let view = queue(&f, 10, 0).await;
    let told: Vec<_> = view.items.iter().map(|item| item.reason.as_deref().unwrap()).collect();
    assert_eq!(told, ["failed, attempt 1 of 3", "timeout, attempt 1 of 3"]);
    let since: Vec<f64> = view.items.iter().map(|item| item.since.seconds()).collect();
    let ended = f.latest(&first.rollout.rollout_id).await.end_time.unwrap();
    assert_eq!(since, [ended.seconds(), second.attempt.start_time.seconds() + 10.0]);
    let detail = f.store.rollout_detail(second.rollout.rollout_id).await.unwrap().unwrap();
    assert_eq!(detail.attempts[0].reason.as_deref(), Some("timeout 10 s"));
}

async fn heartbeat(f: &Fixture, id: &str, stats: &str) {
    let heartbeat_stats = Patch::Set(RawJson::trusted(stats));
    let request = Heartbeat { heartbeat_stats };
    f.store.transact(UpdateWorker { worker_id: id.into(), request }).await.unwrap();
}

fn everybody() -> FindWorkers {
    FindWorkers {
        worker_id_contains: None,
        status_in: None,
        sort_by: WorkerSort::WorkerId,
        sort_order: SortOrder::Asc,
        limit: 100,
        offset: 0,
    }
}

async fn workers(f: &Fixture, wanted: FindWorkers) -> WorkerRows {
    f.store.find_workers(wanted, f.clock.now()).await.unwrap()
}

async fn a_worker_falls_silent_and_is_heard_of_again(f: Fixture) {
    let work = f.started(RolloutConfig::default(), Some("w")).await;
    f.dequeue(1, Some("slow")).await;
    // One that says something every minute is not silent after half of it.
    for _ in 0..3 {
        heartbeat(&f, "slow", "{}").await;
        f.advance(60.0);
    }
    let silent = |rows: WorkerRows| -> Vec<String> {
        let silent = rows.items.iter().filter(|row| row.silent);
        silent.map(|row| row.worker.worker_id.to_string()).collect()
    };
    let rows = workers(&f, everybody()).await;
    assert_eq!((rows.counts.silent, silent(rows)), (1, vec!["w".to_owned()]));
    // A span of its attempt is a sign of life, too.
    f.add_span(&work.attempt, 1, "s").await;
    assert_eq!(silent(workers(&f, everybody()).await), Vec::<String>::new());
}

async fn workers_are_shown_with_what_they_did(f: Fixture) {
    for (worker, status, seconds) in [
        ("w-1", AttemptStatus::Succeeded, 2.0),
        ("w-2", AttemptStatus::Failed, 3.0),
        ("w-1", AttemptStatus::Failed, 6.0),
    ] {
        let work = f.started(RolloutConfig::default(), Some(worker)).await;
        f.advance(seconds);
        f.report(&work.rollout.rollout_id, "latest", status).await;
    }
    let running = f.started(RolloutConfig::default(), Some("w-3")).await;
    let rows = workers(
        &f,
        FindWorkers { sort_by: WorkerSort::Finished, sort_order: SortOrder::Desc, ..everybody() },
    )
    .await;
    let told: Vec<_> =
        rows.items.iter().map(|row| (row.worker.worker_id.as_str(), row.finished, row.succeeded)).collect();
    assert_eq!(told, [("w-1", 2, 1), ("w-2", 1, 0), ("w-3", 0, 0)]);
    let mean = rows.items[0].mean_run_time.unwrap();
    assert!((mean - 4.0).abs() < 0.001, "{mean}");
    assert_eq!(rows.items[2].current_since, Some(running.attempt.start_time));
    let by_time = FindWorkers {
        sort_by: WorkerSort::MeanRunTime,
        sort_order: SortOrder::Desc,
        limit: 2,
        ..everybody()
    };
    let rows = workers(&f, by_time).await;
    assert_eq!((rows.items[0].worker.worker_id.as_str(), rows.total), ("w-1", 3));
    let one = workers(&f, FindWorkers { worker_id_contains: Some("2".to_owned()), ..everybody() }).await;
    assert_eq!((one.total, one.counts.idle, one.counts.busy), (1, 2, 1));
    let detail = f.store.worker_detail("w-1".into(), f.clock.now()).await.unwrap().unwrap();
    let told: Vec<_> = detail.attempts.iter().map(|row| row.attempt.status).collect();
    assert_eq!(told, [AttemptStatus::Succeeded, AttemptStatus::Failed]);
    assert_eq!(f.store.worker_detail("w-9".into(), f.clock.now()).await.unwrap(), None);
    // What ended more than an hour ago is not counted.
    f.advance(3_700.0);
    let detail = f.store.worker_detail("w-1".into(), f.clock.now()).await.unwrap().unwrap();
    assert_eq!((detail.attempts.len(), detail.worker.finished), (0, 0));
}

async fn secrets_in_heartbeats_are_masked(f: Fixture) {
    heartbeat(&f, "w", r#"{"cpu":1,"env":{"api_key":"sk-0123456789abcdef"}}"#).await;
    let stats = |worker: &lightning_store_client::wire::Worker| worker.heartbeat_stats.clone().unwrap();
    let rows = workers(&f, everybody()).await;
    assert_eq!(stats(&rows.items[0].worker).as_str(), r#"{"cpu":1,"env":{"api_key":"••••cdef"}}"#);
    let detail = f.store.worker_detail("w".into(), f.clock.now()).await.unwrap().unwrap();
    assert!(!stats(&detail.worker.worker).as_str().contains("0123"));
}

async fn summary(f: &Fixture) -> StoreSummary {
    let started = Timestamp::from_seconds(1_000_000.0).unwrap();
    f.store.summary(SummaryWindow::QuarterHour, started, f.clock.now()).await.unwrap()
}

async fn the_overview_counts_what_there_is_and_what_has_ended(f: Fixture) {
    let first = f.started(RolloutConfig::default(), Some("w")).await;
    let rewarded = SpanRecord {
        rest: r#""status":{"status_code":"OK"},"attributes":{"agentlightning.reward.0.value":0.5,"gen_ai.usage.prompt_tokens":7}"#.to_owned(),
        ..span(&first.attempt, 1, "s")
    };
    let spans = [NewSpan { span: rewarded, numbered: true }].into();
    f.store.transact(AddSpans { spans }).await.unwrap();
    let batch = f.store.next_facts(10).await.unwrap();
    catch_up(&f.store).await.unwrap();
    assert_eq!(batch.tokens.iter().map(|(_, tokens)| *tokens).collect::<Vec<_>>(), [7]);
    f.report(&first.rollout.rollout_id, "latest", AttemptStatus::Succeeded).await;
    f.enqueue(2).await;
    let told = summary(&f).await;
    assert_eq!((told.rollouts.succeeded, told.rollouts.queuing, told.queue.depth), (1, 2, 2));
    assert_eq!((told.finished.succeeded, told.workers.idle, told.totals.spans), (1, 1, 1));
    assert_eq!(
        (told.rewards.len(), told.rewards[0].rollouts, told.rewards[0].mean.to_string()),
        (1, 1, "0.5".to_owned())
    );
    let last = told.steps.last().unwrap();
    assert_eq!((told.steps.len(), last.enqueued, last.begun, last.finished.succeeded), (60, 3, 1, 1));
    assert_eq!(
        (last.spans, last.tokens, last.queue_depth, last.busy_workers),
        (Some(1), Some(7), Some(2), Some(0))
    );
    assert_eq!(told.steps[0].spans, None);
    assert_eq!(told.latest[0].rollout_id, first.rollout.rollout_id);
    // What is over is remembered, and the same.
    f.advance(40.0);
    f.enqueue(1).await;
    let (one, other) = (summary(&f).await, summary(&f).await);
    assert_eq!((&one.steps, one.finished.succeeded), (&other.steps, 1));
    let enqueued: Vec<u64> = one.steps.iter().map(|step| step.enqueued).filter(|count| *count > 0).collect();
    assert_eq!(enqueued, [3, 1]);
    f.advance(3_600.0);
    assert_eq!((summary(&f).await.finished.succeeded, summary(&f).await.rollouts.succeeded), (0, 1));
}

async fn the_overview_names_what_somebody_should_look_at(f: Fixture) {
    let config = RolloutConfig { timeout_seconds: Some(5.0), ..RolloutConfig::default() };
    let work = f.started(config, Some("w")).await;
    f.advance(6.0);
    f.store.transact(Check).await.unwrap();
    let kinds = |summary: &StoreSummary| -> Vec<String> {
        summary.attention.iter().map(|one| serde_json::to_string(&one.kind).unwrap()).collect()
    };
    let told = summary(&f).await;
    assert_eq!(kinds(&told), ["\"rollout_failed\"", "\"attempt_timeout\""]);
    assert_eq!(told.attention[1].text, "attempt 1 of 1 ended: timeout 5 s");
    assert_eq!(told.attention[0].rollout_id.as_ref(), Some(&work.rollout.rollout_id));
    // Five that took a second, and one that runs on.
    for _ in 0..5 {
        let work = f.started(RolloutConfig::default(), Some("w")).await;
        f.advance(1.0);
        f.report(&work.rollout.rollout_id, "latest", AttemptStatus::Succeeded).await;
    }
    let long = f.started(RolloutConfig::default(), Some("v")).await;
    f.add_span(&long.attempt, 1, "s").await;
    f.advance(10.0);
    let told = summary(&f).await;
    assert_eq!(kinds(&told)[0], "\"running_long\"");
    f.advance(60.0);
    assert!(kinds(&summary(&f).await).contains(&"\"worker_silent\"".to_owned()));
}

async fn the_queue_is_told_as_it_changes(f: Fixture) {
    let topics = vec!["queue".parse().unwrap()];
    let mut events = listen(&f.store, topics, None).await.unwrap();
    let queued = f.enqueue(2).await;
    let depth = |events: Vec<Event>| match &events[..] {
        [Event::Queue(event)] => (event.depth, event.oldest),
        other => panic!("{other:?}"),
    };
    assert_eq!(depth(events.next().await), (2, Some(queued[0].start_time)));
    f.advance(1.0);
    f.dequeue(2, None).await;
    assert_eq!(depth(events.next().await), (0, None));
}

/// Waits until it is told that numbers have changed.
async fn told(events: &mut Events) {
    loop {
        match &events.next().await[..] {
            [] => {}
            [Event::Summary(_)] => return,
            other => panic!("{other:?}"),
        }
    }
}

async fn numbers_are_told_to_have_changed_also_when_facts_are_known(f: Fixture) {
    let work = f.started(RolloutConfig::default(), None).await;
    let topics = vec!["summary".parse().unwrap()];
    let mut events = listen(&f.store, topics, None).await.unwrap();
    f.add_span(&work.attempt, 1, "s").await;
    told(&mut events).await;
    // Changes that follow closely are told together, and not lost.
    f.enqueue(1).await;
    f.enqueue(1).await;
    told(&mut events).await;
    catch_up(&f.store).await.unwrap();
    told(&mut events).await;
    assert!(tokio::time::timeout(std::time::Duration::from_millis(1_200), told(&mut events)).await.is_err());
}
