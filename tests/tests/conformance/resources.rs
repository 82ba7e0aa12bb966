//! Resources.

use lightning_store_client::wire::{
    Attempt, Llm, NamedResources, RawJson, Resource, ResourcesField, ResourcesFilter, ResourcesUpdate, Sort,
    SortOrder, SpanRecord, Window,
};
use lightning_store_server::service::add_spans::{AddSpans, NewSpan};
use lightning_store_server::service::projection::catch_up;
use lightning_store_server::service::resources::PutResources;
use lightning_store_server::storage::Keep;

use crate::fixture::{Fixture, span};

crate::sentences! {
    what_was_written_last_is_the_latest,
    an_update_is_a_new_version_at_the_old_place,
    new_rollouts_get_the_latest_resources_of_that_moment,
    resources_are_kept_to_the_letter_over_a_restart,
    superseded_versions_are_kept_and_told_the_newest_first,
    only_so_many_superseded_versions_are_kept,
    rollouts_count_for_the_version_that_was_current_when_they_were_made,
    sets_are_told_with_the_number_of_their_rollouts,
    the_worth_of_rollouts_is_that_of_their_newest_attempts,
}

fn llm(model: &str) -> NamedResources {
    let llm = Llm {
        endpoint: "http://x".to_owned(),
        model: model.to_owned(),
        api_key: None,
        sampling_parameters: RawJson::trusted("{\"seed\":12345678901234567890123,\"t\":1.0}"),
    };
    NamedResources([("main".to_owned(), Resource::Llm(llm))].into_iter().collect())
}

async fn put(f: &Fixture, id: Option<&str>, model: &str) -> ResourcesUpdate {
    f.advance(1.0);
    f.store.transact(PutResources { resources_id: id.map(Into::into), resources: llm(model) }).await.unwrap()
}

async fn what_was_written_last_is_the_latest(f: Fixture) {
    assert_eq!(f.store.get_latest_resources().await.unwrap(), None);
    let first = put(&f, None, "a").await;
    let second = put(&f, None, "b").await;
    assert_eq!((first.version, first.create_time), (1, first.update_time));
    assert_eq!(f.store.get_latest_resources().await.unwrap(), Some(second));
    let again = put(&f, Some(first.resources_id.as_str()), "c").await;
    assert_eq!(f.store.get_latest_resources().await.unwrap(), Some(again));
    assert_eq!(f.store.get_resources("rs-none".into()).await.unwrap(), None);
}

async fn an_update_is_a_new_version_at_the_old_place(f: Fixture) {
    let first = put(&f, Some("rs-by-hand"), "a").await;
    put(&f, None, "b").await;
    let updated = put(&f, Some("rs-by-hand"), "c").await;
    assert_eq!((first.version, updated.version, updated.create_time), (1, 2, first.create_time));
    assert!(updated.update_time > updated.create_time);
    assert_eq!(updated.resources, llm("c"));
    let list = async |filter, sort| {
        let page = f.store.query_resources(filter, sort, Window::default()).await.unwrap();
        page.items.into_iter().map(|update| update.version).collect::<Vec<_>>()
    };
    let newest = Some(Sort { by: ResourcesField::UpdateTime, order: SortOrder::Desc });
    assert_eq!(list(ResourcesFilter::default(), None).await, [2, 1]);
    assert_eq!(list(ResourcesFilter::default(), newest).await, [2, 1]);
    let contains =
        ResourcesFilter { resources_id_contains: Some("by-h".to_owned()), ..ResourcesFilter::default() };
    assert_eq!(list(contains, None).await, [2]);
    let exact = ResourcesFilter { resources_id: Some(String::new()), ..ResourcesFilter::default() };
    assert_eq!(list(exact, None).await, [0; 0]);
    assert_eq!(f.store.totals().await.unwrap().resources, 2);
}

async fn new_rollouts_get_the_latest_resources_of_that_moment(f: Fixture) {
    let before = f.enqueue(1).await.remove(0);
    let first = put(&f, None, "a").await;
    let between = f.enqueue(1).await.remove(0);
    put(&f, None, "b").await;
    assert_eq!(before.resources_id, None);
    assert_eq!(between.resources_id, Some(first.resources_id.clone()));
    let found = f.store.get_rollout(between.rollout_id).await.unwrap().unwrap().rollout;
    assert_eq!(found.resources_id, Some(first.resources_id));
}

async fn resources_are_kept_to_the_letter_over_a_restart(f: Fixture) {
    let first = put(&f, None, "a").await;
    let f = f.restarted().await;
    assert_eq!(f.store.get_resources(first.resources_id.clone()).await.unwrap(), Some(first.clone()));
    assert_eq!(f.enqueue(1).await[0].resources_id, Some(first.resources_id));
    let second = put(&f, None, "b").await;
    assert_eq!(f.store.get_latest_resources().await.unwrap(), Some(second));
}

/// The versions of a set that are there, with the models they name.
async fn versions(f: &Fixture, id: &str) -> Vec<(i64, String)> {
    let (current, versions) = f.store.resources_versions(id.into()).await.unwrap().unwrap();
    assert_eq!((current.version, &current.resources), (versions[0].version, &versions[0].resources));
    let model = |resources: &NamedResources| match &resources.0["main"] {
        Resource::Llm(llm) => llm.model.clone(),
        other => panic!("{other:?}"),
    };
    versions.iter().map(|version| (version.version, model(&version.resources))).collect()
}

async fn superseded_versions_are_kept_and_told_the_newest_first(f: Fixture) {
    assert_eq!(f.store.resources_versions("rs-none".into()).await.unwrap(), None);
    let first = put(&f, Some("rs-x"), "a").await;
    put(&f, Some("rs-other"), "z").await;
    assert_eq!(versions(&f, "rs-x").await, [(1, "a".to_owned())]);
    put(&f, Some("rs-x"), "b").await;
    let f = f.restarted().await;
    put(&f, Some("rs-x"), "c").await;
    let expected = [(3, "c"), (2, "b"), (1, "a")].map(|(version, model)| (version, model.to_owned()));
    assert_eq!(versions(&f, "rs-x").await, expected);
    assert_eq!(versions(&f, "rs-other").await, [(1, "z".to_owned())]);
    let (_, kept) = f.store.resources_versions("rs-x".into()).await.unwrap().unwrap();
    assert_eq!((kept[2].update_time, &kept[2].resources), (first.update_time, &first.resources));
}

async fn only_so_many_superseded_versions_are_kept(f: Fixture) {
    let f = f.keeping(Keep { resource_versions: 2, ..Keep::default() }).await;
    assert_eq!(f.store.kept_versions(), 2);
    for model in ["a", "b", "c", "d", "e"] {
        put(&f, Some("rs-x"), model).await;
    }
    let expected = [(5, "e"), (4, "d"), (3, "c")].map(|(version, model)| (version, model.to_owned()));
    assert_eq!(versions(&f, "rs-x").await, expected);
    // A smaller number counts from the next update on.
    let f = f.keeping(Keep { resource_versions: 0, ..Keep::default() }).await;
    let version = put(&f, Some("rs-x"), "f").await.version;
    assert_eq!(versions(&f, "rs-x").await, [(version, "f".to_owned())]);
}

async fn rollouts_count_for_the_version_that_was_current_when_they_were_made(f: Fixture) {
    let enqueue = async |count| {
        f.advance(1.0);
        f.enqueue(count).await;
    };
    put(&f, Some("rs-x"), "a").await;
    enqueue(2).await;
    put(&f, Some("rs-x"), "b").await;
    enqueue(1).await;
    put(&f, Some("rs-y"), "z").await;
    enqueue(4).await;
    put(&f, Some("rs-x"), "c").await;
    enqueue(3).await;
    let counts = async |id: &str| {
        let (_, versions) = f.store.resources_versions(id.into()).await.unwrap().unwrap();
        versions.iter().map(|version| version.outcomes.rollouts).collect::<Vec<_>>()
    };
    assert_eq!(counts("rs-x").await, [3, 1, 2]);
    assert_eq!(counts("rs-y").await, [4]);
}

async fn sets_are_told_with_the_number_of_their_rollouts(f: Fixture) {
    put(&f, Some("rs-x"), "a").await;
    f.enqueue(2).await;
    put(&f, Some("rs-y"), "b").await;
    f.enqueue(1).await;
    put(&f, Some("rs-x"), "c").await;
    let told = async |contains: Option<&str>| {
        let records = f.store.resources_records(contains.map(str::to_owned)).await.unwrap();
        let told = records.into_iter().map(|record| {
            (
                record.update.resources_id.to_string(),
                record.update.version,
                record.is_latest,
                record.outcomes.rollouts,
            )
        });
        told.collect::<Vec<_>>()
    };
    let (x, y) = (("rs-x".to_owned(), 2, true, 2), ("rs-y".to_owned(), 1, false, 1));
    assert_eq!(told(None).await, [x, y.clone()]);
    assert_eq!(told(Some("-y")).await, [y]);
    assert_eq!(told(Some("Y")).await, []);
}

async fn reward(f: &Fixture, attempt: &Attempt, value: f64) {
    let rest = format!("\"attributes\":{{\"agentlightning.reward.0.value\":{value:?}}}");
    let span = SpanRecord { rest, ..span(attempt, 1, "reward") };
    f.store.transact(AddSpans { spans: [NewSpan { span, numbered: true }].into() }).await.unwrap();
}

async fn the_worth_of_rollouts_is_that_of_their_newest_attempts(f: Fixture) {
    put(&f, Some("rs-x"), "a").await;
    f.advance(1.0);
    f.enqueue(3).await;
    let first = f.dequeue(3, None).await;
    reward(&f, &first[0].attempt, 1.0).await;
    reward(&f, &first[1].attempt, -0.5).await;
    put(&f, Some("rs-x"), "b").await;
    f.advance(1.0);
    f.enqueue(2).await;
    let second = f.dequeue(2, None).await;
    reward(&f, &second[0].attempt, 0.25).await;
    catch_up(&f.store).await.unwrap();
    let means = async || {
        let record = f.store.resources_records(None).await.unwrap().remove(0);
        let (_, versions) = f.store.resources_versions("rs-x".into()).await.unwrap().unwrap();
        let versions: Vec<_> = versions.iter().map(|version| version.outcomes.mean_reward).collect();
        (record.outcomes.mean_reward, versions)
    };
    assert_eq!(means().await, (Some(0.25), vec![Some(0.25), Some(0.25)]));
    // Another attempt begins: what the one before was worth no longer counts.
    f.start_attempt(&first[1].rollout.rollout_id).await;
    f.start_attempt(&second[0].rollout.rollout_id).await;
    catch_up(&f.store).await.unwrap();
    assert_eq!(means().await, (Some(1.0), vec![None, Some(1.0)]));
}
