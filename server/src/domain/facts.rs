//! What the spans of an attempt say, span by span: the rules of [`SpanFacts`].

use std::cmp::Ordering;

use lightning_store_client::trace::gist::Gist;
use lightning_store_client::wire::Timestamp;
use lightning_store_client::wire::dashboard::{RewardDimension, SpanFacts};

/// By these rules facts are made. When they change, this number does, and facts are made anew.
pub const VERSION: i64 = 1;

/// Most models of one attempt.
const MAX_MODELS: usize = 8;

/// Most dimensions of one reward.
const MAX_DIMENSIONS: usize = 16;

/// So many answers of one attempt are remembered, the newest ones: the two observations of one answer come close to
/// each other, so an attempt of any length needs no more. Each takes 8 bytes.
pub const MAX_ANSWERS: usize = 1_024;

/// Where a span is in the order of its attempt: by number, then by start (none is last), then by id.
#[derive(Debug, Clone, PartialEq)]
pub struct SpanPlace {
    /// Its number.
    pub number: i64,
    /// When it began.
    pub start: Option<Timestamp>,
    /// Its id.
    pub span_id: String,
}

impl SpanPlace {
    fn compare(&self, other: &Self) -> Ordering {
        let start = |place: &Self| place.start.map_or(f64::INFINITY, Timestamp::seconds);
        self.number
            .cmp(&other.number)
            .then_with(|| start(self).total_cmp(&start(other)))
            .then_with(|| self.span_id.cmp(&other.span_id))
    }

    fn is_after(&self, other: Option<&Self>) -> bool {
        other.is_none_or(|other| self.compare(other) != Ordering::Less)
    }
}

/// What the spans of an attempt have said so far, and what is needed to go on.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct AttemptFacts {
    /// What they say.
    pub facts: SpanFacts,
    /// The span that the reward is from.
    pub reward_at: Option<SpanPlace>,
    /// The span that the last error is from.
    pub error_at: Option<SpanPlace>,
    /// The answers whose tokens are counted.
    pub answers: Answers,
}

impl AttemptFacts {
    /// Takes a span into account. Answers how many tokens it has added.
    pub fn add(&mut self, gist: Gist, place: &SpanPlace) -> u64 {
        let facts = &mut self.facts;
        facts.spans += 1;
        if let Some(error) = gist.error {
            facts.errors += 1;
            if place.is_after(self.error_at.as_ref()) {
                facts.last_error = Some(error);
                self.error_at = Some(place.clone());
            }
        }
        if !gist.rewards.is_empty() && place.is_after(self.reward_at.as_ref()) {
            let dimensions = gist.rewards.into_iter().take(MAX_DIMENSIONS);
            facts.rewards =
                dimensions.map(|reward| RewardDimension { name: reward.name, value: reward.value }).collect();
            facts.reward = facts.rewards.first().map(|reward| reward.value);
            self.reward_at = Some(place.clone());
        }
        if let Some(model) = gist.model
            && facts.models.len() < MAX_MODELS
            && !facts.models.contains(&model)
        {
            facts.models.push(model);
        }
        let answer = gist.response_id.as_deref();
        if let Some(cost) = gist.cost
            && self.answers.is_new(answer, What::Cost)
        {
            facts.cost = Some(facts.cost.unwrap_or(0.0) + cost);
        }
        let (input, output) = (gist.input_tokens, gist.output_tokens);
        if (input.is_none() && output.is_none()) || !self.answers.is_new(answer, What::Tokens) {
            return 0;
        }
        // Nonsense may be sent, and counts are stored as signed numbers.
        let most = i64::MAX.unsigned_abs() / 4;
        let (input, output) = (input.unwrap_or(0).min(most), output.unwrap_or(0).min(most));
        facts.input_tokens = facts.input_tokens.saturating_add(input).min(most);
        facts.output_tokens = facts.output_tokens.saturating_add(output).min(most);
        input + output
    }
}

/// What of an answer is counted.
#[derive(Debug, Clone, Copy)]
enum What {
    Tokens,
    Cost,
}

/// The newest [`MAX_ANSWERS`] answers that were counted, by hashes of their ids.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Answers(pub Vec<u64>);

impl Answers {
    /// Whether this is the first observation of an answer; it is remembered then. One without an id always is.
    fn is_new(&mut self, id: Option<&str>, what: What) -> bool {
        let Some(id) = id else { return true };
        let hash = hash(what, id);
        if self.0.contains(&hash) {
            return false;
        }
        if self.0.len() >= MAX_ANSWERS {
            self.0.remove(0);
        }
        self.0.push(hash);
        true
    }
}

/// FNV-1a: the same in every process.
fn hash(what: What, id: &str) -> u64 {
    let kind = match what {
        What::Tokens => 0,
        What::Cost => 1,
    };
    std::iter::once(kind)
        .chain(id.bytes())
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(number: i64) -> SpanPlace {
        SpanPlace { number, start: None, span_id: number.to_string() }
    }

    fn call(id: Option<&str>, tokens: u64, cost: Option<f64>) -> Gist {
        Gist {
            input_tokens: Some(tokens),
            output_tokens: Some(1),
            response_id: id.map(str::to_owned),
            cost,
            ..Gist::default()
        }
    }

    #[test]
    fn an_answer_that_was_observed_twice_counts_once() {
        let mut facts = AttemptFacts::default();
        assert_eq!(facts.add(call(Some("a"), 10, None), &place(1)), 11);
        assert_eq!(facts.add(call(Some("a"), 10, Some(0.5)), &place(2)), 0);
        assert_eq!(facts.add(call(Some("a"), 10, Some(0.5)), &place(3)), 0);
        assert_eq!(facts.add(call(Some("b"), 10, None), &place(4)), 11);
        assert_eq!(facts.add(call(None, 10, None), &place(5)), 11);
        assert_eq!(facts.add(call(None, 10, None), &place(6)), 11);
        let told = &facts.facts;
        assert_eq!((told.spans, told.input_tokens, told.output_tokens, told.cost), (6, 40, 4, Some(0.5)));
    }

    #[test]
    fn an_observation_without_numbers_does_not_hide_the_one_that_has_them() {
        let mut facts = AttemptFacts::default();
        facts.add(Gist { response_id: Some("a".to_owned()), ..Gist::default() }, &place(1));
        assert_eq!(facts.add(call(Some("a"), 10, None), &place(2)), 11);
    }

    #[test]
    fn the_answers_that_are_remembered_are_bounded() {
        let mut facts = AttemptFacts::default();
        for number in 0..3 * MAX_ANSWERS {
            assert_eq!(facts.add(call(Some(&number.to_string()), 1, None), &place(1)), 2);
        }
        assert_eq!(facts.answers.0.len(), MAX_ANSWERS);
        assert_eq!(facts.add(call(Some(&(3 * MAX_ANSWERS - 1).to_string()), 1, None), &place(1)), 0);
    }

    #[test]
    fn the_last_reward_counts_whenever_it_comes() {
        let reward = |value| Gist {
            rewards: vec![lightning_store_client::trace::reward::Reward { name: None, value }],
            ..Gist::default()
        };
        let mut facts = AttemptFacts::default();
        for (number, value, last) in [(2, 0.2, 0.2), (1, 0.1, 0.2), (5, 0.5, 0.5), (3, 0.3, 0.5)] {
            facts.add(reward(value), &place(number));
            assert_eq!(facts.facts.reward, Some(last));
        }
        let at =
            |start| SpanPlace { number: 5, start: Timestamp::from_seconds(start), span_id: String::new() };
        // One without a start is the last of its number.
        facts.add(reward(0.6), &at(9.0));
        assert_eq!(facts.facts.reward, Some(0.5));
    }

    #[test]
    fn models_are_told_once_in_the_order_in_which_they_were_heard_of() {
        let mut facts = AttemptFacts::default();
        for model in ["b", "a", "b", "c", "d", "e", "f", "g", "h", "i"] {
            facts.add(Gist { model: Some(model.to_owned()), ..Gist::default() }, &place(1));
        }
        assert_eq!(facts.facts.models.concat(), "bacdefgh");
    }
}
