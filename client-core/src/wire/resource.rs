//! Resources: the models and prompts that rollouts are done with, in versions.

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};

use super::{JsonObject, ListRequest, RawJson, ResourcesId, SortField, TemplateEngine, Timestamp};
use crate::lax::{Kind, Node, Object, Query, ReadJson, Reader, Step};

/// A model endpoint.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Llm {
    /// Its URL.
    pub endpoint: String,
    /// The model's name there.
    pub model: String,
    /// The key to use. Null: none.
    #[serde(default)]
    pub api_key: Option<String>,
    /// Anything to hand to the model, such as its temperature: an object.
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    #[serde(default = "RawJson::empty_object")]
    pub sampling_parameters: RawJson,
}

/// A prompt with places to fill in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PromptTemplate {
    /// The text.
    pub template: String,
    /// The language of its places.
    pub engine: TemplateEngine,
}

/// One resource, told apart by `resource_type`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "resource_type", rename_all = "snake_case")]
pub enum Resource {
    /// A model endpoint.
    Llm(Llm),
    /// A model endpoint behind the proxy that records its calls.
    ProxyLlm(Llm),
    /// A prompt.
    PromptTemplate(PromptTemplate),
}

const LLM: &str = "llm";
const PROXY_LLM: &str = "proxy_llm";
const PROMPT_TEMPLATE: &str = "prompt_template";

impl<'de> Deserialize<'de> for Resource {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Tag {
            resource_type: String,
        }
        // Derived, an internally tagged enum would buffer its content, which raw JSON does not survive.
        let raw = RawJson::deserialize(deserializer)?;
        let resource = match raw.read::<Tag>().map_err(D::Error::custom)?.resource_type.as_str() {
            LLM => raw.read().map(Self::Llm),
            PROXY_LLM => raw.read().map(Self::ProxyLlm),
            PROMPT_TEMPLATE => raw.read().map(Self::PromptTemplate),
            other => return Err(D::Error::unknown_variant(other, &[LLM, PROXY_LLM, PROMPT_TEMPLATE])),
        };
        resource.map_err(D::Error::custom)
    }
}

impl Llm {
    fn members(object: &Object<'_>, reader: &mut Reader) -> Option<Self> {
        let text = |node: Node<'_>, reader: &mut Reader| Some(reader.string(node)?.into_owned());
        let endpoint = object.required("endpoint", reader, text);
        let model = object.required("model", reader, text);
        let api_key = object.nullable("api_key", reader, text);
        let sampling_parameters =
            object.optional("sampling_parameters", reader, |node, reader| reader.dictionary(node));
        Some(Self {
            endpoint: endpoint?,
            model: model?,
            api_key: api_key?,
            sampling_parameters: sampling_parameters?.unwrap_or_else(RawJson::empty_object),
        })
    }
}

impl PromptTemplate {
    fn members(object: &Object<'_>, reader: &mut Reader) -> Option<Self> {
        let template =
            object.required("template", reader, |node, reader| Some(reader.string(node)?.into_owned()));
        let engine = object.required("engine", reader, TemplateEngine::read);
        Some(Self { template: template?, engine: engine? })
    }
}

impl ReadJson for Resource {
    fn read(node: Node<'_>, reader: &mut Reader) -> Option<Self> {
        let object = reader.object(node)?;
        let Some(tag) = object.get("resource_type") else {
            let msg = "Unable to extract tag using discriminator 'resource_type'";
            return reader.refuse("union_tag_not_found", msg, Some(node));
        };
        let tag = if tag.kind() == Kind::String { tag.text() } else { None };
        match tag.as_deref() {
            Some(LLM) => {
                reader.within(Step::Field(LLM.into()), |reader| Llm::members(&object, reader)).map(Self::Llm)
            }
            Some(PROXY_LLM) => reader
                .within(Step::Field(PROXY_LLM.into()), |reader| Llm::members(&object, reader))
                .map(Self::ProxyLlm),
            Some(PROMPT_TEMPLATE) => reader
                .within(Step::Field(PROMPT_TEMPLATE.into()), |reader| {
                    PromptTemplate::members(&object, reader)
                })
                .map(Self::PromptTemplate),
            _ => {
                let msg = format!(
                    "Input tag found using 'resource_type' does not match any of the expected tags: \
                     '{LLM}', '{PROXY_LLM}', '{PROMPT_TEMPLATE}'"
                );
                reader.refuse("union_tag_invalid", msg, Some(node))
            }
        }
    }
}

/// Resources by name, in the order given; may be empty. Body of `POST /v1/agl/resources` and of
/// `POST /v1/agl/resources/{resources_id}`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(value_type = std::collections::HashMap<String, Resource>))]
#[serde(transparent)]
pub struct NamedResources(pub JsonObject<Resource>);

impl ReadJson for NamedResources {
    fn read(node: Node<'_>, reader: &mut Reader) -> Option<Self> {
        reader.members(node, Resource::read).map(Self)
    }
}

/// One version of a set of resources.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ResourcesUpdate {
    /// The id of the set.
    pub resources_id: ResourcesId,
    /// When the set was created.
    pub create_time: Timestamp,
    /// When this version was written.
    pub update_time: Timestamp,
    /// 1, then one more with every update of this set.
    pub version: i64,
    /// The resources.
    pub resources: NamedResources,
}

/// A field that resources can be sorted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ResourcesField {
    /// By id.
    ResourcesId,
    /// By creation.
    CreateTime,
    /// By the last update.
    UpdateTime,
    /// By version.
    Version,
}

impl SortField for ResourcesField {
    const FIELDS: &'static [(&'static str, Option<Self>)] = &[
        ("resources_id", Some(Self::ResourcesId)),
        ("create_time", Some(Self::CreateTime)),
        ("update_time", Some(Self::UpdateTime)),
        ("version", Some(Self::Version)),
        ("resources", None),
    ];
}

/// Which resources a query wants; both must hold.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ResourcesFilter {
    /// Only this set.
    pub resources_id: Option<String>,
    /// Only with this text in the id, case-sensitive.
    pub resources_id_contains: Option<String>,
}

/// The query of `GET /v1/agl/resources`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueryResources {
    /// Which resources.
    pub filter: ResourcesFilter,
    /// In what order, and which part of the list.
    pub list: ListRequest,
}

impl QueryResources {
    /// Reads it from a query string.
    pub fn parameters(query: &mut Query) -> Option<Self> {
        let list = ListRequest::parameters(query, None)?;
        Some(Self {
            filter: ResourcesFilter {
                resources_id: query.string("resources_id"),
                resources_id_contains: query.string("resources_id_contains"),
            },
            list,
        })
    }
}
