//! What is to be done, and how it will go.

use lightning_store_client::wire::{
    AttemptStatus, Llm, Mode, NamedResources, NewRollout, PromptTemplate, RawJson, Resource, ResourcesId,
    RolloutConfig, TemplateEngine,
};
use serde_json::{Value, json};

use super::dialects::Dialect;
use super::random::Random;
use super::script::Script;
use super::texts::{API_KEY, JUDGE_PROMPT, MATH_PROMPTS, SQL_PROMPTS};
use super::{math, sql};

/// Seconds after which an attempt is ended.
pub(super) const TIMEOUT: f64 = 300.0;

/// Seconds of silence after which an attempt is given up.
pub(super) const SILENCE: f64 = 60.0;

/// What an attempt is about.
#[derive(Debug, Clone)]
pub(super) enum Task {
    Math(math::Problem),
    Sql(sql::Question),
    /// The one with many spans.
    Repository,
}

/// How a rollout goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    /// Well, at the first attempt.
    Fine,
    /// The first attempt fails.
    FailsFirst,
    /// Every attempt fails.
    Fails,
    /// The first attempt takes too long.
    Slow,
    /// The first attempt falls silent half-way.
    Silent,
    /// The worker dies before the first span.
    Dies,
    /// The worker is never heard of again, and nobody waits for it.
    Abandoned,
    /// It is called off before anybody takes it.
    Cancelled,
}

/// One rollout to be.
#[derive(Debug, Clone)]
pub(super) struct Plan {
    pub(super) task: Task,
    pub(super) dialect: Dialect,
    pub(super) fate: Fate,
    pub(super) mode: Option<Mode>,
    /// How far the training is, from 0 to 1.
    pub(super) progress: f64,
    pub(super) step: usize,
    /// Whether attempts are ended that take too long or fall silent.
    pub(super) is_limited: bool,
}

/// One of the two agents that are trained.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Agent {
    Math,
    Sql,
}

impl Agent {
    /// The set of its resources.
    pub(super) fn resources_id(self) -> ResourcesId {
        ResourcesId::from(match self {
            Self::Math => "demo-math-agent",
            Self::Sql => "demo-sql-agent",
        })
    }

    /// The model at some moment of the training.
    pub(super) fn model(self, progress: f64) -> String {
        let (name, steps) = match self {
            Self::Math => ("qwen2.5-7b-math", 240.0),
            Self::Sql => ("qwen2.5-coder-7b-sql", 160.0),
        };
        format!("{name}-step-{:.0}", (progress * steps / 20.0).floor() * 20.0)
    }

    fn prompts(self) -> (&'static [&'static str], TemplateEngine) {
        match self {
            Self::Math => (MATH_PROMPTS, TemplateEngine::FString),
            Self::Sql => (SQL_PROMPTS, TemplateEngine::Jinja),
        }
    }

    /// How many versions of its prompt there are.
    pub(super) fn versions(self) -> usize {
        self.prompts().0.len()
    }

    /// Its prompt at some moment of the training.
    pub(super) fn version(self, progress: f64) -> usize {
        let versions = self.versions();
        (0..versions).rev().find(|version| self.since(*version) <= progress).unwrap_or(0)
    }

    /// From which moment of the training on a version of its prompt was used.
    pub(super) fn since(self, version: usize) -> f64 {
        let part = |count: usize| f64::from(u32::try_from(count).unwrap_or(1));
        let late = if self == Self::Sql { 0.07 } else { 0.0 };
        if version == 0 { 0.0 } else { part(version) / part(self.versions()) * 0.95 + late }
    }

    /// Its resources in some version.
    pub(super) fn resources(self, version: usize) -> NamedResources {
        let (prompts, engine) = self.prompts();
        let llm = |model: String, key: Option<&str>, temperature: f64| Llm {
            endpoint: "http://vllm.internal:8000/v1".to_owned(),
            model,
            api_key: key.map(str::to_owned),
            sampling_parameters: RawJson::trusted(
                json!({"temperature": temperature, "top_p": 0.95, "max_tokens": 1024}).to_string(),
            ),
        };
        let template = |text: &str, engine| {
            Resource::PromptTemplate(PromptTemplate { template: text.to_owned(), engine })
        };
        let model = self.model(self.since(version));
        let temperature = if version >= 2 { 0.7 } else { 1.0 };
        let judge = llm("qwen2.5-72b-instruct".to_owned(), None, 0.0);
        let mut named = NamedResources::default();
        named.0.insert("main_llm".to_owned(), Resource::Llm(llm(model, Some(API_KEY), temperature)));
        named.0.insert("system_prompt".to_owned(), template(prompts[version.min(prompts.len() - 1)], engine));
        if version >= 1 {
            named.0.insert("judge_llm".to_owned(), Resource::ProxyLlm(judge));
            named.0.insert("judge_prompt".to_owned(), template(JUDGE_PROMPT, TemplateEngine::FString));
        }
        named
    }
}

impl Plan {
    /// The agent that does it. None: one that is not trained.
    pub(super) fn agent(&self) -> Option<Agent> {
        match self.task {
            Task::Math(_) => Some(Agent::Math),
            Task::Sql(_) => Some(Agent::Sql),
            Task::Repository => None,
        }
    }

    /// The rollout to enqueue.
    pub(super) fn rollout(&self, random: &mut Random) -> NewRollout {
        let input = match &self.task {
            // Tasks come in several shapes.
            Task::Math(problem) if random.chance(0.2) => json!(problem.question),
            Task::Math(problem) => {
                json!({"question": problem.question, "expected_answer": problem.answer, "grade": 7})
            }
            Task::Sql(question) => {
                json!({"task": question.text, "db_id": question.database, "gold_query": question.query})
            }
            Task::Repository => json!({"prompt": "Read the repository and write down what each part is for.",
                                       "revision": "9f31c2e", "budget": {"tokens": 9_007_199_254_740_993_i64}}),
        };
        let agent = match self.agent() {
            Some(Agent::Math) => "math",
            Some(Agent::Sql) => "sql",
            None => "repository",
        };
        let metadata = json!({"experiment": "demo-grpo-7", "agent": agent, "step": self.step,
                              "group": random.whole(0, 7), "api_key": API_KEY});
        let config = self.is_limited.then(|| RolloutConfig {
            timeout_seconds: Some(TIMEOUT),
            unresponsive_seconds: Some(SILENCE),
            max_attempts: 3,
            retry_condition: vec![AttemptStatus::Timeout, AttemptStatus::Unresponsive, AttemptStatus::Failed],
        });
        NewRollout {
            input: RawJson::trusted(input.to_string()),
            mode: self.mode,
            resources_id: self.agent().map(Agent::resources_id),
            config,
            metadata: Some(RawJson::trusted(Value::to_string(&metadata))),
        }
    }

    /// Plays an attempt.
    pub(super) fn play(&self, random: &mut Random) -> Script {
        let noise = random.between(-0.1, 0.1);
        let skill = (0.25 + 0.65 * self.progress + noise).clamp(0.05, 0.97);
        let version = self.agent().map_or(0, |agent| agent.version(self.progress));
        match &self.task {
            Task::Sql(question) => {
                sql::play(question, skill, version, Agent::Sql.model(self.progress), random)
            }
            Task::Math(problem) => {
                math::play(problem, skill, version, Agent::Math.model(self.progress), random)
            }
            Task::Repository => {
                let problem = math::problem(random);
                math::play(&problem, skill, version, Agent::Math.model(self.progress), random)
            }
        }
    }
}
