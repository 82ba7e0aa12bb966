//! Rollouts and lists of them.

use lightning_store_client::wire::{
    FilterLogic, Mode, NewRollout, Patch, RawJson, RolloutField, RolloutFilter, RolloutId, RolloutStatus,
    Sort, SortOrder, UpdateRollout as Change, Window,
};
use lightning_store_server::service::enqueue::Enqueue;
use lightning_store_server::service::update_rollout::UpdateRollout;
use lightning_store_server::storage::error::StoreError;

use crate::fixture::{Fixture, ids, new_rollout};

crate::sentences! {
    input_and_metadata_are_kept_to_the_letter,
    an_update_changes_what_it_names_and_nothing_else,
    an_update_of_nothing_there_is_refused,
    a_rollout_has_an_end_exactly_while_it_is_finished,
    filters_are_joined_by_and_or_or,
    an_empty_list_matches_nothing_and_no_list_everything,
    lists_are_sorted_stably_with_nulls_in_their_place,
    totals_count_all_matches_whatever_the_page,
    the_newest_attempt_comes_along,
    totals_survive_a_restart,
}

async fn list(f: &Fixture, filter: RolloutFilter, sort: Option<Sort<RolloutField>>) -> Vec<RolloutId> {
    let page = f.store.query_rollouts(filter, sort, Window::default()).await.unwrap();
    assert_eq!(page.total, page.items.len() as u64);
    page.items.into_iter().map(|item| item.rollout.rollout_id).collect()
}

async fn update(f: &Fixture, id: &RolloutId, request: Change) -> lightning_store_client::wire::Rollout {
    f.store.transact(UpdateRollout { rollout_id: id.clone(), request }).await.unwrap()
}

async fn input_and_metadata_are_kept_to_the_letter(f: Fixture) {
    let text = r#"{"z": 1.0, "a": [12345678901234567890123, -0.0, 1e-7], "é": "\u0000 😀", "z2": null}"#;
    let request = NewRollout { metadata: Some(RawJson::trusted(text)), ..new_rollout(text, None) };
    let stored = f.store.transact(Enqueue { rollouts: vec![request] }).await.unwrap().remove(0);
    let f = f.restarted().await;
    let found = f.store.get_rollout(stored.rollout_id.clone()).await.unwrap().unwrap().rollout;
    assert_eq!(found.input.as_str(), text);
    assert_eq!(found.metadata.as_ref().map(RawJson::as_str), Some(text));
    assert_eq!(found, stored);
    let plain = f.enqueue(1).await.remove(0);
    assert_eq!(plain.metadata, Some(RawJson::empty_object()));
}

async fn an_update_changes_what_it_names_and_nothing_else(f: Fixture) {
    let before = f.enqueue(1).await.remove(0);
    let id = before.rollout_id.clone();
    assert_eq!(update(&f, &id, Change::default()).await, before);
    let change =
        Change { mode: Patch::Set(Mode::Val), resources_id: Patch::Set("rs-x".into()), ..Change::default() };
    let after = update(&f, &id, change).await;
    assert_eq!((after.mode, after.resources_id.as_ref().map(AsRef::as_ref)), (Some(Mode::Val), Some("rs-x")));
    assert_eq!(
        (after.input.clone(), after.status, after.start_time),
        (before.input, before.status, before.start_time)
    );
    let clear = Change {
        input: Patch::Clear,
        mode: Patch::Clear,
        resources_id: Patch::Clear,
        metadata: Patch::Clear,
        ..Change::default()
    };
    let cleared = update(&f, &id, clear).await;
    assert!(cleared.input.is_null());
    assert_eq!((cleared.mode, cleared.resources_id.clone(), cleared.metadata.clone()), (None, None, None));
    assert_eq!(f.store.get_rollout(id).await.unwrap().unwrap().rollout, cleared);
}

async fn an_update_of_nothing_there_is_refused(f: Fixture) {
    let request = Change { status: Patch::Set(RolloutStatus::Failed), ..Change::default() };
    let missing = f.store.transact(UpdateRollout { rollout_id: "ro-none".into(), request }).await;
    assert!(
        matches!(&missing, Err(StoreError::NotFound(text)) if text.to_string().contains("does not exist"))
    );
    // Null is refused before anything is looked up.
    for request in [
        Change { status: Patch::Clear, ..Change::default() },
        Change { config: Patch::Clear, ..Change::default() },
    ] {
        let refused = f.store.transact(UpdateRollout { rollout_id: "ro-none".into(), request }).await;
        assert!(matches!(refused, Err(StoreError::Null(_))));
    }
}

async fn a_rollout_has_an_end_exactly_while_it_is_finished(f: Fixture) {
    use RolloutStatus as R;
    let id = f.enqueue(1).await.remove(0).rollout_id;
    for status in [
        R::Running,
        R::Succeeded,
        R::Running,
        R::Failed,
        R::Queuing,
        R::Cancelled,
        R::Preparing,
        R::Requeuing,
    ] {
        f.advance(1.0);
        let rollout = f.set_status(&id, status).await;
        assert_eq!(rollout.end_time.is_some(), status.is_finished(), "{status}");
        assert!(rollout.end_time.is_none_or(|end| end > rollout.start_time));
    }
}

async fn filters_are_joined_by_and_or_or(f: Fixture) {
    let all = ids(&f.enqueue(3).await);
    f.set_status(&all[2], RolloutStatus::Cancelled).await;
    let filter = |statuses: &[RolloutStatus], wanted: &[RolloutId], contains: Option<&RolloutId>, logic| {
        RolloutFilter {
            status_in: (!statuses.is_empty()).then(|| statuses.to_vec()),
            rollout_id_in: (!wanted.is_empty()).then(|| wanted.to_vec()),
            rollout_id_contains: contains.map(ToString::to_string),
            logic,
        }
    };
    let (and, or) = (FilterLogic::And, FilterLogic::Or);
    let cancelled = &[RolloutStatus::Cancelled];
    let table = [
        (filter(cancelled, &[], None, and), vec![2]),
        (filter(&[], &[all[1].clone(), all[0].clone(), all[1].clone()], None, and), vec![0, 1]),
        (filter(cancelled, &all[..1], None, and), vec![]),
        (filter(cancelled, &all[..1], None, or), vec![0, 2]),
        (filter(&[], &all[..1], Some(&all[1]), and), vec![]),
        (filter(&[], &all[..1], Some(&all[1]), or), vec![0, 1]),
        (filter(&[], &[], Some(&all[1]), or), vec![1]),
        (filter(&[], &[], Some(&RolloutId::from("RO-")), and), vec![]),
        (filter(&[], &[], Some(&RolloutId::from("")), and), vec![0, 1, 2]),
        (filter(&[], &[], None, or), vec![0, 1, 2]),
    ];
    for (filter, expected) in table {
        let expected: Vec<_> = expected.into_iter().map(|index: usize| all[index].clone()).collect();
        assert_eq!(list(&f, filter.clone(), None).await, expected, "{filter:?}");
    }
}

async fn an_empty_list_matches_nothing_and_no_list_everything(f: Fixture) {
    f.enqueue(2).await;
    for logic in [FilterLogic::And, FilterLogic::Or] {
        let none = RolloutFilter { status_in: Some(Vec::new()), logic, ..RolloutFilter::default() };
        assert_eq!(list(&f, none, None).await, []);
        let none = RolloutFilter { rollout_id_in: Some(Vec::new()), logic, ..RolloutFilter::default() };
        assert_eq!(list(&f, none, None).await, []);
        assert_eq!(list(&f, RolloutFilter { logic, ..RolloutFilter::default() }, None).await.len(), 2);
    }
}

async fn lists_are_sorted_stably_with_nulls_in_their_place(f: Fixture) {
    let all = ids(&f.enqueue(4).await);
    let mode = |mode| Change { mode: Patch::Set(mode), ..Change::default() };
    update(&f, &all[0], mode(Mode::Train)).await;
    update(&f, &all[2], mode(Mode::Test)).await;
    f.set_status(&all[3], RolloutStatus::Failed).await;
    f.advance(1.0);
    f.set_status(&all[1], RolloutStatus::Failed).await;
    let (asc, desc) = (SortOrder::Asc, SortOrder::Desc);
    let table = [
        (RolloutField::StartTime, asc, [0, 1, 2, 3]),
        // All were created in one transaction: in both directions what ties keeps its order.
        (RolloutField::StartTime, desc, [0, 1, 2, 3]),
        (RolloutField::Mode, asc, [1, 3, 2, 0]),
        (RolloutField::Mode, desc, [0, 2, 1, 3]),
        (RolloutField::EndTime, asc, [3, 1, 0, 2]),
        (RolloutField::EndTime, desc, [0, 2, 1, 3]),
        (RolloutField::Status, asc, [1, 3, 0, 2]),
        (RolloutField::ResourcesId, desc, [0, 1, 2, 3]),
    ];
    for (by, order, expected) in table {
        let expected = expected.map(|index| all[index].clone());
        assert_eq!(
            list(&f, RolloutFilter::default(), Some(Sort { by, order })).await,
            expected,
            "{by:?} {order:?}"
        );
    }
}

async fn totals_count_all_matches_whatever_the_page(f: Fixture) {
    let all = ids(&f.enqueue(5).await);
    f.dequeue(2, None).await;
    let queuing =
        RolloutFilter { status_in: Some(vec![RolloutStatus::Queuing; 2]), ..RolloutFilter::default() };
    for (filter, total) in [(RolloutFilter::default(), 5), (queuing, 3)] {
        for (limit, offset, items) in [(2, 0, 2), (-1, 1, total - 1), (2, 99, 0), (i64::MAX, 0, total)] {
            let page = f.store.query_rollouts(filter.clone(), None, Window { limit, offset }).await.unwrap();
            assert_eq!((page.total, page.items.len() as u64), (total, items));
            assert_eq!((page.limit, page.offset), (limit, offset));
        }
    }
    let page =
        f.store.query_rollouts(RolloutFilter::default(), None, Window { limit: 2, offset: 3 }).await.unwrap();
    assert_eq!(page.items.iter().map(|item| item.rollout.rollout_id.clone()).collect::<Vec<_>>(), all[3..]);
}

async fn the_newest_attempt_comes_along(f: Fixture) {
    let all = ids(&f.enqueue(2).await);
    f.start_attempt(&all[0]).await;
    let newest = f.start_attempt(&all[0]).await.attempt;
    let page = f.store.query_rollouts(RolloutFilter::default(), None, Window::default()).await.unwrap();
    assert_eq!((&page.items[0].attempt, &page.items[1].attempt), (&Some(newest), &None));
}

async fn totals_survive_a_restart(f: Fixture) {
    let all = ids(&f.enqueue(3).await);
    f.dequeue(1, Some("w")).await;
    f.set_status(&all[2], RolloutStatus::Cancelled).await;
    let before = f.store.totals().await.unwrap();
    assert_eq!((before.rollouts, before.attempts, before.workers), (3, 1, 1));
    let f = f.restarted().await;
    assert_eq!(f.store.totals().await.unwrap(), before);
    let one = |status| RolloutFilter { status_in: Some(vec![status]), ..RolloutFilter::default() };
    for status in [RolloutStatus::Queuing, RolloutStatus::Preparing, RolloutStatus::Cancelled] {
        assert_eq!(list(&f, one(status), None).await.len(), 1, "{status}");
    }
}
