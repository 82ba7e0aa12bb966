//! From links to spans and back.

use super::attributes::Attributes;
use super::link::{LinkRule, link_rules};
use super::store::{Trace, place};

impl Trace {
    /// The spans that the links of a span point to, by their places, in the order they arrived. Nothing if it has no
    /// links, or those it means have not been received.
    pub fn linked_from(&self, span: usize) -> Vec<usize> {
        if !self.spans()[span].links {
            return Vec::new();
        }
        let text = self.read_span(span);
        let rules = link_rules(&text.attributes());
        if rules.is_empty() {
            return Vec::new();
        }
        // A span's id leads straight to it.
        if let Some(rule) = rules.iter().find(|rule| rule.key == "span_id") {
            return self.find(&rule.value).filter(|target| self.fits(*target, &rules)).into_iter().collect();
        }
        // And so does an answer's id; other keys are looked for everywhere.
        if let Some(rule) = rules.iter().find(|rule| rule.key == "gen_ai.response.id") {
            let mut found: Vec<usize> =
                self.with_response(&rule.value).filter(|target| self.fits(*target, &rules)).collect();
            found.reverse();
            return found;
        }
        (0..self.len()).filter(|target| self.may_fit(*target, &rules) && self.fits(*target, &rules)).collect()
    }

    /// The spans whose links point to a span, by their places, in the order they arrived.
    pub fn linked_to(&self, span: usize) -> Vec<usize> {
        let linking = (0..self.len()).filter(|other| self.spans()[*other].links);
        linking
            .filter(|other| {
                let rules = link_rules(&self.read_span(*other).attributes());
                !rules.is_empty() && self.fits(span, &rules)
            })
            .collect()
    }

    /// The spans of which a span is the parent, by their places, in the order they arrived.
    pub fn children_of(&self, span: usize) -> Vec<usize> {
        let mut children: Vec<usize> = self.with_parent(self.spans()[span].id).collect();
        children.reverse();
        children
    }

    /// The span that is the parent of a span, if it was received.
    pub fn parent_of(&self, span: usize) -> Option<usize> {
        self.span_of_word(self.spans()[span].parent?).map(place)
    }

    /// Whether a look at the text of a span is worth it.
    fn may_fit(&self, span: usize, rules: &[LinkRule]) -> bool {
        rules.iter().all(|rule| match rule.key.as_str() {
            "trace_id" => self.trace_id(span) == rule.value,
            // A text with escapes may be written in several ways.
            _ => {
                rule.value.contains(['"', '\\', '/'])
                    || !rule.value.is_ascii()
                    || self.spans()[span].text().contains(&rule.value)
            }
        })
    }

    fn fits(&self, span: usize, rules: &[LinkRule]) -> bool {
        let own = |rule: &LinkRule| match rule.key.as_str() {
            "trace_id" => Some(self.trace_id(span) == rule.value),
            "span_id" => Some(self.span_id(span) == rule.value),
            _ => None,
        };
        if rules.iter().any(|rule| own(rule) == Some(false)) {
            return false;
        }
        if rules.iter().all(|rule| own(rule) == Some(true)) {
            return true;
        }
        let text = self.read_span(span);
        let attributes: Attributes<'_> = text.attributes();
        rules.iter().all(|rule| {
            own(rule).unwrap_or_else(|| attributes.string(&rule.key).as_deref() == Some(rule.value.as_str()))
        })
    }
}
