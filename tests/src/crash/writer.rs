//! A client under whose mixed load the server is killed.
//!
//! At any time one writer owns a rollout: whoever claimed it, until it gives it back to the queue or ends it. So each
//! writer knows what the store must answer, and every difference is a loss.
//!
//! Some writers give their calls idempotency keys. When the crash leaves such a call unanswered, they make it again after
//! the restart, twice, and have no doubts then: it has had one effect, whether it was carried out before or not.

use std::net::SocketAddr;

use serde_json::{Value, json};
use tokio::sync::watch;

use super::journal::{Doubt, Fact};
use super::otlp::{OtlpSpan, export};
use super::random::Random;
use crate::http::{Answer, Client, Request};
use crate::span::span;

/// So many attempts may a rollout have.
const MAX_ATTEMPTS: u64 = 3;
/// Claims that are worked on at a time; the others are left as they are.
const MAX_CLAIMS: usize = 12;

/// An attempt that this writer works on.
#[derive(Clone, Debug)]
struct Claim {
    rollout: String,
    attempt: String,
    number: u64,
    running: bool,
}

/// A client that lives through crashes.
#[derive(Debug, Default)]
pub struct Writer {
    name: String,
    random: Random,
    serial: u64,
    /// The version of its resources
    pub version: u64,
    claims: Vec<Claim>,
    /// Of this round: what was acknowledged, in order
    pub facts: Vec<Fact>,
    /// Of this round: what the last, unanswered request may have done
    pub doubts: Vec<Doubt>,
    /// Requests that were answered, over all rounds
    pub answered: u64,
    /// Calls that were left unanswered and made again, over all rounds
    pub repeated: u64,
    has_keys: bool,
    calls: u64,
}

impl Writer {
    /// The name of its resources.
    pub fn resources(&self) -> String {
        format!("rs-{}", self.name)
    }

    /// A writer with a name of its own.
    pub fn new(number: usize, random: Random) -> Self {
        Self { name: format!("w-{number}"), random, ..Self::default() }
    }

    /// The same with idempotency keys.
    #[must_use]
    pub fn with_keys(self) -> Self {
        Self { has_keys: true, ..self }
    }

    /// Sends request after request until one is not answered. If that has a key, it is sent again as soon as the server
    /// is `restarted`.
    pub async fn run(mut self, client: Client, restarted: watch::Receiver<Option<SocketAddr>>) -> Self {
        self.facts.clear();
        self.doubts.clear();
        let mut client = Connection { client, restarted, was_cut: false };
        while self.step(&mut client).await.is_some() {
            self.answered += 1;
            if client.was_cut {
                break;
            }
        }
        self
    }

    async fn step(&mut self, client: &mut Connection) -> Option<()> {
        if self.claims.len() > MAX_CLAIMS {
            self.claims.remove(0);
        }
        match self.random.within(0, 99) {
            0..11 => self.enqueue(client).await,
            11..17 => self.start_rollout(client).await,
            17..20 => self.put_resources(client).await,
            20..23 => self.wait(client).await,
            choice if choice < 40 || self.claims.is_empty() => self.dequeue(client).await,
            choice => {
                let index = self.random.index(self.claims.len());
                match choice {
                    ..53 => self.next_number(client, index).await,
                    53..68 => self.add_span(client, index).await,
                    68..79 => self.export(client, index).await,
                    79..91 => self.update_attempt(client, index).await,
                    91..97 => self.update_rollout(client, index).await,
                    _ => self.start_attempt(client, index).await,
                }
            }
        }
    }

    /// None if there was no answer; then there are doubts.
    async fn send(
        &mut self,
        connection: &mut Connection,
        request: Request,
        doubts: Vec<Doubt>,
    ) -> Option<Answer> {
        let what = request.target.clone();
        let Ok(answer) = connection.client.try_send(request).await else {
            self.doubts = doubts;
            return None;
        };
        assert!(answer.status < 300, "{what} was answered {}: {}", answer.status, answer.text());
        Some(answer)
    }

    /// The same for a call that has an effect: with a key there are no doubts, as it can be made again.
    async fn call(
        &mut self,
        connection: &mut Connection,
        request: Request,
        doubts: Vec<Doubt>,
    ) -> Option<Answer> {
        if !self.has_keys {
            return self.send(connection, request, doubts).await;
        }
        self.calls += 1;
        let request = request.header("Idempotency-Key", &format!("{}-{}", self.name, self.calls));
        if let Ok(answer) = connection.client.try_send(request.clone()).await {
            assert!(answer.status < 300, "{} was answered {}", request.target, answer.text());
            return Some(answer);
        }
        connection.was_cut = true;
        let restarted = connection.restarted.wait_for(Option::is_some).await;
        let address = restarted.ok().and_then(|address| *address);
        let Some(address) = address else {
            self.doubts = doubts;
            return None;
        };
        self.repeated += 1;
        let mut client = Client::new(address);
        let answer = client.send(request.clone()).await;
        assert!(answer.status < 300, "{} was answered {}", request.target, answer.text());
        // A look into an empty queue is not remembered, and somebody may have queued something meanwhile.
        if answer.body != "[]" {
            let again = client.send(request.clone()).await;
            assert_eq!((answer.status, answer.text()), (again.status, again.text()), "{}", request.target);
        }
        Some(answer)
    }

    async fn enqueue(&mut self, client: &mut Connection) -> Option<()> {
        self.serial += 1;
        let (tag, size) = (format!("{}-{}", self.name, self.serial), self.random.within(1, 6));
        let inputs: Vec<Value> = (0..size).map(|n| json!({"batch": tag, "n": n})).collect();
        let rollouts: Vec<Value> =
            inputs.iter().map(|input| json!({"input": input, "config": config()})).collect();
        let request = post("/v1/agl/queues/rollouts/enqueue", &json!({"rollouts": rollouts}));
        let answer = self.call(client, request, vec![Doubt::Batch(tag, inputs.len())]).await?.value();
        for (rollout, input) in list(&answer).iter().zip(inputs) {
            self.facts.push(Fact::Rollout(text(&rollout["rollout_id"]), input));
        }
        Some(())
    }

    async fn start_rollout(&mut self, client: &mut Connection) -> Option<()> {
        self.serial += 1;
        let tag = format!("{}-{}", self.name, self.serial);
        let body = json!({"input": {"batch": tag, "n": 0}, "config": config()});
        let doubts = vec![Doubt::Batch(tag, 1), Doubt::Claims(1, None)];
        let rollout = self.call(client, post("/v1/agl/rollouts", &body), doubts).await?.value();
        self.claimed(&rollout);
        Some(())
    }

    async fn dequeue(&mut self, client: &mut Connection) -> Option<()> {
        let limit = self.random.within(1, 3);
        let request =
            post("/v1/agl/queues/rollouts/dequeue", &json!({"limit": limit, "worker_id": self.name}));
        let most = usize::try_from(limit).unwrap_or(0);
        let doubts = vec![Doubt::Claims(most, Some(self.name.clone()))];
        let answer = self.call(client, request, doubts).await?.value();
        for rollout in list(&answer) {
            self.claimed(rollout);
        }
        Some(())
    }

    fn claimed(&mut self, rollout: &Value) {
        let (id, attempt) = (text(&rollout["rollout_id"]), text(&rollout["attempt"]["attempt_id"]));
        let number = number(&rollout["attempt"]["sequence_id"]);
        self.facts.push(Fact::Rollout(id.clone(), rollout["input"].clone()));
        self.facts.push(Fact::Attempt(id.clone(), number, attempt.clone()));
        self.claims.push(Claim { rollout: id, attempt, number, running: false });
    }

    async fn start_attempt(&mut self, client: &mut Connection, index: usize) -> Option<()> {
        let claim = self.claims.remove(index);
        let request = post(&format!("/v1/agl/rollouts/{}/attempts", claim.rollout), &json!({}));
        let rollout = self.call(client, request, vec![Doubt::Attempt(claim.rollout)]).await?.value();
        self.claimed(&rollout);
        Some(())
    }

    async fn next_number(&mut self, client: &mut Connection, index: usize) -> Option<()> {
        let Claim { rollout, attempt, .. } = self.claims[index].clone();
        let request = post("/v1/agl/spans/next", &json!({"rollout_id": rollout, "attempt_id": attempt}));
        let answer = self.send(client, request, Vec::new()).await?.value();
        self.facts.push(Fact::Number(rollout, number(&answer["sequence_id"])));
        Some(())
    }

    async fn add_span(&mut self, client: &mut Connection, index: usize) -> Option<()> {
        let Claim { rollout, attempt, .. } = self.claims[index].clone();
        let request = post("/v1/agl/spans/next", &json!({"rollout_id": rollout, "attempt_id": attempt}));
        let issued = self.send(client, request, Vec::new()).await?.value();
        let sequence = number(&issued["sequence_id"]);
        self.facts.push(Fact::Number(rollout.clone(), sequence));
        let id = self.random.number();
        let request = post("/v1/agl/spans", &span(&rollout, &attempt, sequence, &hex(id)));
        let mut facts = vec![Fact::Span(rollout, attempt, hex(id), Some(sequence))];
        self.running(index, &mut facts);
        self.call(client, request, vec![Doubt::Facts(facts.clone())]).await?;
        self.claims[index].running = true;
        self.facts.extend(facts);
        Some(())
    }

    /// Some of the spans with a number, some of another claim; all of them are one batch.
    async fn export(&mut self, client: &mut Connection, index: usize) -> Option<()> {
        let other = self.random.index(self.claims.len());
        let (mut spans, mut facts) = (Vec::new(), Vec::new());
        for position in 0..self.random.within(2, 6) {
            let at = if position % 3 == 2 { other } else { index };
            let Claim { rollout, attempt, .. } = self.claims[at].clone();
            let span_id = self.random.number();
            facts.push(Fact::Span(rollout.clone(), attempt.clone(), hex(span_id), None));
            self.running(at, &mut facts);
            spans.push(OtlpSpan { rollout_id: rollout, attempt_id: attempt, span_id, sequence_id: None });
        }
        let mut request = Request::new("POST", "/v1/traces");
        request.headers.push(("Content-Type".to_owned(), "application/x-protobuf".to_owned()));
        request.body = export(&spans).into();
        let answer = self.send(client, request, vec![Doubt::Facts(facts.clone())]).await?;
        assert!(answer.body.is_empty(), "an export was answered with a partial success: {}", answer.text());
        for fact in &facts {
            let of = |claim: &&mut Claim| Some(claim.rollout.as_str()) == fact.rollout();
            for claim in self.claims.iter_mut().filter(of) {
                claim.running = true;
            }
        }
        self.facts.extend(facts);
        Some(())
    }

    async fn update_attempt(&mut self, client: &mut Connection, index: usize) -> Option<()> {
        let Claim { rollout, attempt, number, .. } = self.claims[index].clone();
        let (status, outcome) = match self.random.within(0, 3) {
            0 => ("running", "running"),
            1 | 2 => ("succeeded", "succeeded"),
            _ if number < MAX_ATTEMPTS => ("failed", "requeuing"),
            _ => ("failed", "failed"),
        };
        let request =
            post(&format!("/v1/agl/rollouts/{rollout}/attempts/{attempt}"), &json!({"status": status}));
        let facts = vec![
            Fact::AttemptStatus(rollout.clone(), number, status),
            Fact::RolloutStatus(rollout, number, outcome),
        ];
        if status != "running" {
            self.claims.remove(index);
        }
        self.call(client, request, vec![Doubt::Facts(facts.clone())]).await?;
        if status == "running" {
            self.claims[index].running = true;
        }
        self.facts.extend(facts);
        Some(())
    }

    async fn update_rollout(&mut self, client: &mut Connection, index: usize) -> Option<()> {
        let Claim { rollout, number, .. } = self.claims[index].clone();
        let note = self.random.number() % 1_000_000;
        let mut body = json!({"metadata": {"note": note}});
        let mut facts = vec![Fact::Note(rollout.clone(), number, note)];
        let status = [None, Some("cancelled"), Some("queuing"), Some("succeeded")][self.random.index(4)];
        if let Some(status) = status {
            body["status"] = status.into();
            facts.push(Fact::RolloutStatus(rollout.clone(), number, status));
            self.claims.remove(index);
        }
        let request = post(&format!("/v1/agl/rollouts/{rollout}"), &body);
        self.call(client, request, vec![Doubt::Facts(facts.clone())]).await?;
        self.facts.extend(facts);
        Some(())
    }

    async fn put_resources(&mut self, client: &mut Connection) -> Option<()> {
        let id = self.resources();
        let text = format!("text {}", self.random.number());
        let body = json!({"main": {"resource_type": "prompt_template", "template": text, "engine": "jinja"}});
        let request = post(&format!("/v1/agl/resources/{id}"), &body);
        let doubt = Doubt::Facts(vec![Fact::Resources(id.clone(), self.version + 1, text.clone())]);
        let answer = self.call(client, request, vec![doubt]).await?.value();
        self.version = number(&answer["version"]);
        self.facts.push(Fact::Resources(id, self.version, text));
        Some(())
    }

    async fn wait(&mut self, client: &mut Connection) -> Option<()> {
        let ids: Vec<&str> = self.claims.iter().map(|claim| claim.rollout.as_str()).collect();
        let request = post("/v1/agl/waits/rollouts", &json!({"rollout_ids": ids, "timeout": 0.005}));
        let answer = self.send(client, request, Vec::new()).await?.value();
        assert!(list(&answer).is_empty(), "nobody has finished these: {answer}");
        Some(())
    }

    /// What a span of a claim makes of its attempt and rollout.
    fn running(&self, index: usize, facts: &mut Vec<Fact>) {
        let Claim { rollout, number, running, .. } = &self.claims[index];
        if !running {
            facts.push(Fact::AttemptStatus(rollout.clone(), *number, "running"));
            facts.push(Fact::RolloutStatus(rollout.clone(), *number, "running"));
        }
    }
}

/// A connection to a server that will be killed.
struct Connection {
    client: Client,
    /// Where the next one listens
    restarted: watch::Receiver<Option<SocketAddr>>,
    /// Whether a call was left unanswered
    was_cut: bool,
}

fn post(target: &str, body: &Value) -> Request {
    Request::new("POST", target).json(body)
}

fn config() -> Value {
    json!({"max_attempts": MAX_ATTEMPTS, "retry_condition": ["failed"]})
}

fn hex(span_id: u64) -> String {
    format!("{span_id:016x}")
}

fn list(value: &Value) -> &[Value] {
    value.as_array().expect("a list")
}

fn text(value: &Value) -> String {
    value.as_str().expect("a text").to_owned()
}

fn number(value: &Value) -> u64 {
    value.as_u64().expect("a number")
}
