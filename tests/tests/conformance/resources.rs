//! Resources.

use lightning_store_client::wire::{
    Llm, NamedResources, RawJson, Resource, ResourcesField, ResourcesFilter, ResourcesUpdate, Sort,
    SortOrder, Window,
};
use lightning_store_server::service::resources::PutResources;

use crate::fixture::Fixture;

crate::sentences! {
    what_was_written_last_is_the_latest,
    an_update_is_a_new_version_at_the_old_place,
    new_rollouts_get_the_latest_resources_of_that_moment,
    resources_are_kept_to_the_letter_over_a_restart,
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
