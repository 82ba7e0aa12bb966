//! Resources as people look at them: a line for each, and what they held before. Secrets are masked.

use std::cmp::Ordering;

use lightning_store_client::trace::json::Json;
use lightning_store_client::trace::secrets::mask_json;
use lightning_store_client::wire::dashboard::{
    FindResources, MAX_RESOURCE_BRIEFS, ResourceBrief, ResourcesRow, ResourcesRows, ResourcesSort,
    ResourcesVersion, ResourcesVersions,
};
use lightning_store_client::wire::{NamedResources, RawJson, Resource, ResourcesId, SortOrder};

use crate::storage::error::{NotFound, StoreError};
use crate::storage::{ResourcesRecord, Store, VersionRecord};

/// Longest line about a resource, in characters.
const MAX_BRIEF_CHARACTERS: usize = 200;

/// A page of sets of resources.
///
/// # Errors
/// [`StoreError`].
pub async fn rows(store: &Store, request: FindResources) -> Result<ResourcesRows, StoreError> {
    let FindResources { resources_id_contains, sort_by, sort_order, limit, offset } = request;
    // There are few of them, and what they are sorted by is no column.
    let mut records = store.resources_records(resources_id_contains).await?;
    if sort_order == SortOrder::Desc {
        // The newest of equals first.
        records.reverse();
    }
    records.sort_by(|a, b| compare(sort_by, sort_order, a, b));
    let total = u64::try_from(records.len()).unwrap_or(0);
    let count = |number: i64| usize::try_from(number).unwrap_or(0);
    let items = records.into_iter().skip(count(offset)).take(count(limit)).map(row).collect();
    Ok(ResourcesRows { items, total, limit, offset })
}

fn compare(by: ResourcesSort, order: SortOrder, a: &ResourcesRecord, b: &ResourcesRecord) -> Ordering {
    let directed = |ordering: Ordering| if order == SortOrder::Desc { ordering.reverse() } else { ordering };
    directed(match by {
        ResourcesSort::UpdateTime => a.update.update_time.cmp(&b.update.update_time),
        ResourcesSort::CreateTime => a.update.create_time.cmp(&b.update.create_time),
        ResourcesSort::ResourcesId => a.update.resources_id.as_str().cmp(b.update.resources_id.as_str()),
        ResourcesSort::Version => a.update.version.cmp(&b.update.version),
        ResourcesSort::Rollouts => a.outcomes.rollouts.cmp(&b.outcomes.rollouts),
        ResourcesSort::MeanReward => match (a.outcomes.mean_reward, b.outcomes.mean_reward) {
            (Some(a), Some(b)) => a.total_cmp(&b),
            // Those without one come last in both directions.
            (a, b) => return b.is_some().cmp(&a.is_some()),
        },
    })
}

fn row(record: ResourcesRecord) -> ResourcesRow {
    let ResourcesRecord { update, is_latest, outcomes } = record;
    let brief = |(name, resource): (&String, &Resource)| brief(name, resource);
    ResourcesRow {
        names: update.resources.0.iter().take(MAX_RESOURCE_BRIEFS).map(brief).collect(),
        resources_id: update.resources_id,
        version: update.version,
        create_time: update.create_time,
        update_time: update.update_time,
        latest: is_latest,
        rollouts: outcomes.rollouts,
        mean_reward: outcomes.mean_reward,
    }
}

/// A resource in a line.
fn brief(name: &str, resource: &Resource) -> ResourceBrief {
    let (kind, text) = match resource {
        Resource::Llm(llm) => ("llm", format!("{} at {}", llm.model, llm.endpoint)),
        Resource::ProxyLlm(llm) => ("proxy_llm", format!("{} at {}", llm.model, llm.endpoint)),
        Resource::PromptTemplate(prompt) => {
            let line = prompt.template.lines().map(str::trim).find(|line| !line.is_empty());
            ("prompt_template", line.unwrap_or_default().to_owned())
        }
    };
    let text = match text.char_indices().nth(MAX_BRIEF_CHARACTERS - 1) {
        Some((end, last)) if end + last.len_utf8() < text.len() => format!("{}…", &text[..end]),
        _ => text,
    };
    ResourceBrief {
        name: name.to_owned(),
        resource_type: Some(kind.to_owned()),
        text: Some(text).filter(|text| !text.is_empty()),
    }
}

/// A set of resources with its versions that are kept.
///
/// # Errors
/// [`StoreError`]
pub async fn versions(store: &Store, resources_id: ResourcesId) -> Result<ResourcesVersions, StoreError> {
    let found = store.resources_versions(resources_id.clone()).await?;
    let (current, versions) = found.ok_or(NotFound::Resources(resources_id))?;
    let items = versions.into_iter().map(version).collect();
    Ok(ResourcesVersions { resources_id: current.resources_id, create_time: current.create_time, items })
}

fn version(record: VersionRecord) -> ResourcesVersion {
    let VersionRecord { version, update_time, resources, outcomes } = record;
    ResourcesVersion {
        version,
        update_time,
        resources: masked(&resources),
        rollouts: outcomes.rollouts,
        mean_reward: outcomes.mean_reward,
    }
}

/// Resources without their secrets.
fn masked(resources: &NamedResources) -> RawJson {
    let text = RawJson::of(resources).unwrap_or_else(|_| RawJson::empty_object());
    match Json::parse(text.as_str()) {
        Some(mut json) => {
            if mask_json("", &mut json) {
                RawJson::trusted(json.to_json())
            } else {
                text
            }
        }
        // Rather nothing than a secret.
        None => RawJson::empty_object(),
    }
}

#[cfg(test)]
mod tests {
    use lightning_store_client::wire::{Llm, PromptTemplate, TemplateEngine};

    use super::*;

    fn llm(key: &str) -> Resource {
        Resource::Llm(Llm {
            endpoint: "http://x/v1".to_owned(),
            model: "m".to_owned(),
            api_key: Some(key.to_owned()),
            sampling_parameters: RawJson::trusted(
                r#"{"seed":12345678901234567890123,"extra_headers":{"a":"b"}}"#,
            ),
        })
    }

    fn prompt(text: &str) -> Resource {
        Resource::PromptTemplate(PromptTemplate { template: text.to_owned(), engine: TemplateEngine::Jinja })
    }

    #[test]
    fn secrets_are_masked_and_numbers_stay_exact() {
        let resources =
            NamedResources([("main".to_owned(), llm("sk-0123456789abcdef"))].into_iter().collect());
        assert_eq!(
            masked(&resources).as_str(),
            r#"{"main":{"resource_type":"llm","endpoint":"http://x/v1","model":"m","api_key":"••••cdef","sampling_parameters":{"seed":12345678901234567890123,"extra_headers":{"a":"••••"}}}}"#
        );
    }

    #[test]
    fn a_resource_is_told_in_a_line() {
        assert_eq!(brief("a", &llm("k")).text.as_deref(), Some("m at http://x/v1"));
        let text = |template: &str| brief("p", &prompt(template)).text;
        assert_eq!(text("\n  Hello {name}\nmore").as_deref(), Some("Hello {name}"));
        assert_eq!(text(" "), None);
        let long = text(&"é".repeat(201)).unwrap();
        assert_eq!((long.chars().count(), long.ends_with('…')), (200, true));
        assert_eq!(text(&"é".repeat(200)).unwrap().chars().count(), 200);
    }
}
