//! What a trainer learns from: for each call of a model its prompt and answer in tokens, and its reward.
//!
//! The rules are those of the Python package's `TracerTraceToTriplet`, so that a viewer shows what training will see.
//! Where that fails or forgets, this goes on: spans without times are matched by their numbers, circles are opened, and
//! calls and rewards that are left out are listed with the reason.

use indexmap::IndexSet;
use serde::Serialize;

use super::attributes::Attributes;
use super::facts::agent_name;
use super::json::Json;
use super::reward::is_reward_operation;
use super::sort::sort;
use super::store::{Trace, place};
use super::tree::{Place, Tree, TreeOptions};

/// Which call a reward is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RewardMatch {
    /// The last call without a reward that ended before the reward was given.
    #[default]
    FirstOccurrence,
    /// The same among the siblings of the reward that come before it.
    FirstSibling,
}

/// What is a call, and how rewards find it.
#[derive(Debug, Clone)]
pub struct TripletOptions {
    /// Which call a reward is for.
    pub reward_match: RewardMatch,
    /// Moves floating spans below those in which they happened first.
    pub repair_hierarchy: bool,
    /// What the name of a call's span contains.
    pub call_name: String,
    /// What the name of the agent around a call contains. `None`: any agent, or none.
    pub agent: Option<String>,
    /// Leaves out calls within the computation of a reward.
    pub exclude_in_reward: bool,
    /// Leaves out calls without token ids of prompt and answer; a reward goes to another call then.
    pub skip_without_tokens: bool,
}

impl Default for TripletOptions {
    fn default() -> Self {
        Self {
            reward_match: RewardMatch::FirstOccurrence,
            repair_hierarchy: true,
            call_name: "openai.chat.completion".to_owned(),
            agent: None,
            exclude_in_reward: true,
            skip_without_tokens: false,
        }
    }
}

/// One transition.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Triplet {
    /// The call.
    pub span_id: String,
    /// The id of its answer. Null: it has none.
    pub response_id: Option<String>,
    /// The agent around it; `*` if there is none.
    pub agent: String,
    /// How many tokens its prompt has; 0 if their ids are not known.
    pub prompt_tokens: usize,
    /// How many tokens its answer has; 0 if their ids are not known.
    pub response_tokens: usize,
    /// Its reward. Null: none was matched.
    pub reward: Option<f64>,
    /// The span of the reward. Null: none was matched.
    pub reward_span_id: Option<String>,
    /// Token ids are missing: trainers skip it.
    pub no_token_ids: bool,
}

/// Why a call is no transition.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum LeftOut {
    /// Another call has the same answer.
    DuplicateResponseId,
    /// It lies within a call, and has no answer of its own.
    WithinCall,
    /// It lies within the computation of a reward.
    WithinReward,
    /// It lies outside the agent that was asked for.
    OtherAgent,
    /// It has no token ids.
    NoTokenIds,
}

/// A call that is no transition.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LeftOutCall {
    /// The call.
    pub span_id: String,
    /// Why.
    pub reason: LeftOut,
}

/// A reward that was matched to no call.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct UnmatchedReward {
    /// The span of the reward.
    pub span_id: String,
    /// The primary reward.
    pub value: f64,
}

/// The transitions of an attempt.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct Training {
    /// In the order in which trainers get them.
    pub triplets: Vec<Triplet>,
    /// Calls that are left out.
    pub left_out: Vec<LeftOutCall>,
    /// Rewards that no call has got.
    pub unmatched_rewards: Vec<UnmatchedReward>,
}

/// Where token ids of prompts are. The first list of integers is taken.
const PROMPT_IDS: &[&str] = &["prompt_token_ids", "agentlightning.operation.output.prompt_token_ids"];
const RESPONSE_IDS: &[&str] = &[
    "response_token_ids",
    "agentlightning.operation.output.response_token_ids.0",
    "agentlightning.operation.output.choices.0.token_ids",
    "agentlightning.operation.output.choices.0.provider_specific_fields.token_ids",
];

/// The token ids of a call's prompt and answer; nothing where they are not known.
pub fn token_ids(attributes: &Attributes<'_>) -> (Vec<i64>, Vec<i64>) {
    let first = |keys: &[&str]| {
        let lists = keys.iter().filter_map(|key| match Json::of(attributes.get(key)?) {
            Json::Array(items) => items.iter().map(Json::as_integer).collect::<Option<Vec<i64>>>(),
            _ => None,
        });
        lists.take(1).next().unwrap_or_default()
    };
    (first(PROMPT_IDS), first(RESPONSE_IDS))
}

impl Training {
    /// What a trainer gets from a trace.
    pub fn of(trace: &Trace, options: &TripletOptions) -> Self {
        let tree = Tree::build(trace, TreeOptions::training(options.repair_hierarchy));
        let mut training = Self::default();
        let calls = training.find_calls(trace, &tree, options);
        let mut kept = Vec::new();
        for call in calls {
            let text = trace.read_span(call.span);
            let (prompt, response) = token_ids(&text.attributes());
            let no_token_ids = prompt.is_empty() || response.is_empty();
            let span_id = trace.span_id(call.span).to_owned();
            if no_token_ids && options.skip_without_tokens {
                training.left_out.push(LeftOutCall { span_id, reason: LeftOut::NoTokenIds });
                continue;
            }
            kept.push(tree.node_of(call.span));
            training.triplets.push(Triplet {
                span_id,
                response_id: call.response_id,
                agent: call.agent,
                prompt_tokens: prompt.len(),
                response_tokens: response.len(),
                reward: None,
                reward_span_id: None,
                no_token_ids,
            });
        }
        training.match_rewards(trace, &tree, options.reward_match, &kept);
        training
    }

    /// The calls, depth first.
    fn find_calls(&mut self, trace: &Trace, tree: &Tree, options: &TripletOptions) -> Vec<Call> {
        let mut calls = Vec::new();
        let mut answers = IndexSet::new();
        // By node: what holds below it.
        let mut around: Vec<Around> = Vec::with_capacity(tree.nodes.len());
        for node in &tree.nodes {
            let above = node.parent.map_or_else(
                || Around { agent: options.agent.is_none().then(|| "*".to_owned()), ..Around::default() },
                |parent| around[place(parent)].clone(),
            );
            let mut below = above.clone();
            if let Place::Span(span) = node.place {
                let span = place(span);
                let name = trace.name(span);
                let text = trace.read_span(span);
                let attributes = text.attributes();
                if name.contains(&options.call_name) {
                    let response_id = attributes
                        .string("gen_ai.response.id")
                        .or_else(|| attributes.string("agentlightning.operation.output.id"));
                    let reason = above.reason(response_id.as_deref(), &answers);
                    match (above.agent, reason) {
                        (Some(agent), None) => {
                            answers.extend(response_id.as_deref().map(Box::from));
                            calls.push(Call { span, response_id, agent });
                            below.in_call = true;
                        }
                        (agent, reason) => {
                            let reason = reason.filter(|_| agent.is_some()).unwrap_or(LeftOut::OtherAgent);
                            self.left_out
                                .push(LeftOutCall { span_id: trace.span_id(span).to_owned(), reason });
                        }
                    }
                }
                if let Some(agent) = agent_name(name, &attributes) {
                    let wanted = options.agent.as_ref().is_none_or(|wanted| agent.contains(wanted.as_str()));
                    below.agent = wanted.then_some(agent);
                }
                let is_reward =
                    trace.spans()[span].reward.is_some() || is_reward_operation(name, &attributes);
                below.in_reward |= options.exclude_in_reward && is_reward;
            }
            around.push(below);
        }
        calls
    }

    fn match_rewards(&mut self, trace: &Trace, tree: &Tree, policy: RewardMatch, kept: &[u32]) {
        // By node: the transition of the call.
        let mut triplet_of: Vec<Option<usize>> = vec![None; tree.nodes.len()];
        for (triplet, node) in kept.iter().enumerate() {
            triplet_of[place(*node)] = Some(triplet);
        }
        // By span: some call has got its reward.
        let mut given = vec![false; trace.len()];
        match policy {
            RewardMatch::FirstOccurrence => {
                let mut all: Vec<u32> = (0..super::store::index(tree.nodes.len())).collect();
                let start = |node: u32| tree.nodes[place(node)].start.unwrap_or(f64::INFINITY);
                sort(&mut all, &|a, b| start(a).total_cmp(&start(b)));
                self.match_in_order(trace, tree, &mut all.into_iter(), &triplet_of, &mut given);
            }
            RewardMatch::FirstSibling => {
                for node in 0..super::store::index(tree.nodes.len()) {
                    self.match_in_order(trace, tree, &mut tree.children(node), &triplet_of, &mut given);
                }
            }
        }
        for node in &tree.nodes {
            let Place::Span(span) = node.place else { continue };
            let span = place(span);
            if let Some(value) = trace.spans()[span].reward.filter(|_| !given[span]) {
                self.unmatched_rewards
                    .push(UnmatchedReward { span_id: trace.span_id(span).to_owned(), value });
            }
        }
    }

    /// Gives each reward to the last call before it that has none and had ended by then.
    fn match_in_order(
        &mut self,
        trace: &Trace,
        tree: &Tree,
        nodes: &mut dyn Iterator<Item = u32>,
        triplet_of: &[Option<usize>],
        given: &mut [bool],
    ) {
        // Calls so far that have no reward, with their ends.
        let mut open: Vec<(usize, f64)> = Vec::new();
        for number in nodes {
            let node = &tree.nodes[place(number)];
            if let Some(triplet) = triplet_of[place(number)] {
                // Without an end it may have ended at any time.
                open.push((triplet, node.end.unwrap_or(f64::NEG_INFINITY)));
            }
            let Place::Span(span) = node.place else { continue };
            let span = place(span);
            let Some(value) = trace.spans()[span].reward else { continue };
            let start = node.start.unwrap_or(f64::INFINITY);
            let Some(at) = open.iter().rposition(|(_, end)| *end <= start) else { continue };
            let (triplet, _) = open.remove(at);
            let triplet = &mut self.triplets[triplet];
            triplet.reward = Some(value);
            triplet.reward_span_id = Some(trace.span_id(span).to_owned());
            given[span] = true;
        }
    }
}

struct Call {
    span: usize,
    response_id: Option<String>,
    agent: String,
}

/// What holds within a node.
#[derive(Debug, Clone, Default)]
struct Around {
    /// The agent. `None`: not the one that was asked for.
    agent: Option<String>,
    in_reward: bool,
    in_call: bool,
}

impl Around {
    fn reason(&self, response_id: Option<&str>, answers: &IndexSet<Box<str>>) -> Option<LeftOut> {
        if self.in_reward {
            return Some(LeftOut::WithinReward);
        }
        match response_id {
            None if self.in_call => Some(LeftOut::WithinCall),
            Some(id) if answers.contains(id) => Some(LeftOut::DuplicateResponseId),
            _ => None,
        }
    }
}

/// The reward of an attempt.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FinalReward {
    /// The primary reward of the last span that has one, by sequence number.
    pub value: f64,
    /// That span.
    pub span_id: String,
    /// Its dimensions, the primary one first.
    pub dimensions: Vec<super::reward::Reward>,
}

impl FinalReward {
    /// `None` if no span has a reward.
    pub fn of(trace: &Trace) -> Option<Self> {
        let rewarded = (0..trace.len()).filter(|span| trace.spans()[*span].reward.is_some());
        let last = rewarded.max_by(|a, b| trace.compare(super::store::Order::Sequence, *a, *b))?;
        Some(Self {
            value: trace.spans()[last].reward?,
            span_id: trace.span_id(last).to_owned(),
            dimensions: super::reward::rewards(trace.name(last), &trace.read_span(last).attributes()),
        })
    }
}
