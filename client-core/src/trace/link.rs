//! Tags, and links from a span to those it speaks of.

use serde::Serialize;

use super::attributes::{Attributes, numbered, scalar_text};
use super::json::Json;
use super::sort::sorted;

/// One condition of a link. All conditions of a span must hold for the span it points to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LinkRule {
    /// `trace_id`, `span_id`, or the key of an attribute.
    pub key: String,
    /// What it must be, exactly; an attribute must be this string.
    pub value: String,
}

/// The conditions `agentlightning.link.<i>.key_match` and `.value_match`. A condition of which a half is missing can
/// hold for nothing and is left out, and so is the link if no other is there.
pub fn link_rules(attributes: &Attributes<'_>) -> Vec<LinkRule> {
    let mut halves: Vec<(u64, Option<String>, Option<String>)> = Vec::new();
    for entry in attributes.starting("agentlightning.link.") {
        let Some((index, half)) = entry.key["agentlightning.link.".len()..].split_once('.') else { continue };
        let Ok(index) = index.parse() else { continue };
        // Keys are sorted, so that those of one index lie together.
        if halves.last().is_none_or(|last| last.0 != index) {
            halves.push((index, None, None));
        }
        let Some(last) = halves.last_mut() else { continue };
        match half {
            "key_match" => last.1 = scalar_text(entry.value),
            "value_match" => last.2 = scalar_text(entry.value),
            _ => {}
        }
    }
    let halves = sorted(halves, &|a, b| a.0.cmp(&b.0));
    halves.into_iter().filter_map(|(_, key, value)| Some(LinkRule { key: key?, value: value? })).collect()
}

/// Tags: `agentlightning.tag.<i>`, or one list in `agentlightning.tag` (one string is a list of one).
pub fn tags(attributes: &Attributes<'_>) -> Vec<String> {
    let listed = |key: &str| match attributes.get(key).map(Json::of) {
        Some(Json::Array(items)) => items.into_iter().map(Json::into_text).collect(),
        Some(Json::String(text)) => vec![text],
        _ => Vec::new(),
    };
    let mut tags = listed("agentlightning.tag");
    tags.extend(
        attributes
            .unflatten("agentlightning.tag.")
            .map(numbered)
            .unwrap_or_default()
            .into_iter()
            .map(Json::into_text),
    );
    if tags.is_empty() {
        tags = listed("tag.tags");
    }
    tags
}

#[cfg(test)]
mod tests {
    use super::super::attributes::with;
    use super::*;

    #[test]
    fn tags_come_in_two_forms() {
        for attributes in [
            r#"{"agentlightning.tag.1":"b","agentlightning.tag.0":"a"}"#,
            r#"{"agentlightning.tag":["a","b"]}"#,
            r#"{"tag.tags":["a","b"]}"#,
        ] {
            assert_eq!(with(attributes, tags), ["a", "b"], "{attributes}");
        }
        assert_eq!(with(r#"{"agentlightning.tag":"a"}"#, tags), ["a"]);
        assert!(with("{}", tags).is_empty());
    }

    #[test]
    fn half_a_condition_is_none() {
        let attributes = r#"{"agentlightning.link.1.key_match":"span_id","agentlightning.link.1.value_match":"s",
            "agentlightning.link.0.key_match":"gen_ai.response.id","agentlightning.link.0.value_match":"r",
            "agentlightning.link.2.key_match":"x","agentlightning.link.y.value_match":"x","agentlightning.link.z":1}"#;
        let rules = with(attributes, link_rules);
        let rules: Vec<_> = rules.iter().map(|rule| (rule.key.as_str(), rule.value.as_str())).collect();
        assert_eq!(rules, [("gen_ai.response.id", "r"), ("span_id", "s")]);
    }
}
