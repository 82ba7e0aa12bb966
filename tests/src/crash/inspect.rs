//! After a restart: asks over HTTP about everything that was acknowledged, and settles the doubts.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::net::SocketAddr;

use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::journal::{Doubt, Fact, Journal, Known};
use crate::http::Client;

/// Connections to ask on.
const CLIENTS: usize = 4;

/// A rollout as the server shows it.
#[derive(Debug)]
struct Seen {
    known: Known,
    /// Who works on the attempt with this number
    workers: BTreeMap<u64, Option<String>>,
}

/// Compares the server at this address with the journal for all rollouts that were `touched`, and settles the doubts.
/// What is found beyond the journal enters it, so that it may not be lost later.
///
/// # Panics
/// If the server does not answer.
pub async fn inspect(
    address: SocketAddr,
    journal: &mut Journal,
    mut touched: BTreeSet<String>,
    doubts: &[Doubt],
) {
    let mut client = Client::new(address);
    touched.extend(find_batches(&mut client, journal, touched.len(), doubts).await);
    touched.extend(journal.waiting());
    touched.extend(doubts.iter().filter_map(|doubt| match doubt {
        Doubt::Attempt(rollout) => Some(rollout.clone()),
        _ => None,
    }));
    let facts = doubts.iter().filter_map(|doubt| match doubt {
        Doubt::Facts(facts) => Some(facts.as_slice()),
        _ => None,
    });
    let doubtful: Vec<&[Fact]> = facts.collect();
    touched.extend(doubtful.iter().copied().flatten().filter_map(Fact::rollout).map(str::to_owned));
    let seen = look(address, &touched).await;
    let mut happened: Vec<BTreeSet<bool>> = vec![BTreeSet::new(); doubtful.len()];
    let mut untold = Vec::new();
    for id in touched {
        let Some(seen) = seen.get(&id) else {
            journal.findings.push(format!("{id} is lost"));
            continue;
        };
        let before = journal.rollouts.get(&id).cloned().unwrap_or_default();
        let about = |fact: &&Fact| fact.rollout() == Some(&id);
        // One client at a time moves a rollout, so one request at the most is in doubt.
        let request = doubtful.iter().position(|facts| facts.iter().any(|fact| about(&fact)));
        let facts: Vec<&Fact> =
            request.map_or(&[][..], |request| doubtful[request]).iter().filter(about).collect();
        let after = before.after(&facts);
        match settle(&before, &after, seen) {
            Ok(settled) => request.into_iter().for_each(|request| happened[request].extend(settled)),
            Err(difference) => journal.findings.push(format!("{id} is not as acknowledged: {difference}")),
        }
        let later = seen.workers.range(before.newest() + 1..);
        untold.extend(later.map(|(_, worker)| (id.clone(), worker.clone())));
        adopt(journal, &id, seen, &after);
    }
    let halves = happened.iter().zip(&doubtful).filter(|(happened, _)| happened.len() > 1);
    journal.findings.extend(halves.map(|(_, facts)| format!("half of a batch is stored: {facts:?}")));
    explain(journal, &untold, doubts);
    resources(&mut client, journal, &doubtful).await;
}

/// Rollouts that no client was told of must be of a batch in doubt, of which all or none are stored.
async fn find_batches(
    client: &mut Client,
    journal: &mut Journal,
    touched: usize,
    doubts: &[Doubt],
) -> Vec<String> {
    let mut batches: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    for doubt in doubts {
        if let Doubt::Batch(tag, size) = doubt {
            batches.insert(tag, (*size, 0));
        }
    }
    let limit = touched + batches.values().map(|(size, _)| size).sum::<usize>() + 1;
    let path = format!("/v1/agl/rollouts?sort_by=start_time&sort_order=desc&limit={limit}");
    let mut found = Vec::new();
    for rollout in items(client.get(&path).await.expect(200)) {
        let id = rollout["rollout_id"].as_str().expect("an id").to_owned();
        let batch = rollout["input"]["batch"].as_str().and_then(|tag| batches.get_mut(tag));
        let is_known = journal.rollouts.contains_key(&id);
        match batch {
            Some((_, stored)) => *stored += 1,
            None if !is_known => journal.findings.push(format!("nobody has enqueued {rollout}")),
            None => {}
        }
        if !is_known {
            let known = Known {
                input: rollout["input"].clone(),
                status: (0, "queuing".to_owned()),
                ..Known::default()
            };
            journal.rollouts.insert(id.clone(), known);
            found.push(id);
        }
    }
    let halves = batches.into_iter().filter(|(_, (size, stored))| *stored != 0 && stored != size);
    journal.findings.extend(
        halves.map(|(tag, (size, stored))| {
            format!("{stored} of {size} rollouts of the batch {tag} are stored")
        }),
    );
    found
}

/// Whether the request in doubt has happened, where that shows.
///
/// # Errors
/// If the rollout is neither as before nor as after it.
fn settle(before: &Known, after: &Known, seen: &Seen) -> Result<Option<bool>, String> {
    let newest = before.newest();
    // Attempts that nobody was told of are explained elsewhere.
    let overtaken = seen.known.newest() > newest;
    let [before, after, shown] = [before, after, &seen.known].map(|known| known.up_to(newest, overtaken));
    match (before.differs(&shown), after.differs(&shown)) {
        (None, None) => Ok(None),
        (None, Some(_)) => Ok(Some(false)),
        (Some(_), None) => Ok(Some(true)),
        (Some(difference), Some(_)) if before == after => Err(difference),
        (Some(difference), Some(other)) => {
            Err(format!("{difference}; nor as after the unanswered request: {other}"))
        }
    }
}

/// Enters what is seen into the journal, with the numbers that the server has chosen for spans itself.
fn adopt(journal: &mut Journal, id: &str, seen: &Seen, known: &Known) {
    for (span, (_, number)) in &seen.known.spans {
        let is_told = known.spans.get(span).is_some_and(|(_, number)| number.is_some());
        if let Some(number) = number.filter(|_| !is_told) {
            journal.number(id, number);
        }
    }
    journal.rollouts.insert(id.to_owned(), seen.known.clone());
}

/// Attempts that nobody was told of must come from dequeues in doubt: not more than those asked for, by their workers.
fn explain(journal: &mut Journal, untold: &[(String, Option<String>)], doubts: &[Doubt]) {
    let mut claims: HashMap<Option<String>, usize> = HashMap::new();
    for doubt in doubts {
        if let Doubt::Claims(most, worker) = doubt {
            *claims.entry(worker.clone()).or_default() += most;
        }
    }
    for (id, worker) in untold {
        if doubts.iter().any(|doubt| matches!(doubt, Doubt::Attempt(rollout) if rollout == id)) {
            continue;
        }
        match claims.get_mut(worker) {
            Some(left) if *left > 0 => *left -= 1,
            _ => journal.findings.push(format!("{id} has an attempt of {worker:?} that nobody asked for")),
        }
    }
}

/// What the server shows of these rollouts.
async fn look(address: SocketAddr, ids: &BTreeSet<String>) -> HashMap<String, Seen> {
    let ids: Vec<String> = ids.iter().cloned().collect();
    let mut parts = JoinSet::new();
    for part in ids.chunks(ids.len().div_ceil(CLIENTS).max(1)) {
        let (mut client, part) = (Client::new(address), part.to_vec());
        parts.spawn(async move {
            let mut seen = Vec::new();
            for some in part.chunks(500) {
                let answer = client.post("/v1/agl/rollouts/search", &json!({"rollout_id_in": some})).await;
                for rollout in items(answer.expect(200)) {
                    seen.push(look_at(&mut client, &rollout).await);
                }
            }
            seen
        });
    }
    parts.join_all().await.into_iter().flatten().collect()
}

async fn look_at(client: &mut Client, rollout: &Value) -> (String, Seen) {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let id = text(&rollout["rollout_id"]).expect("an id");
    let mut known = Known { input: rollout["input"].clone(), ..Known::default() };
    let mut workers = BTreeMap::new();
    for attempt in items(client.get(&format!("/v1/agl/rollouts/{id}/attempts")).await.expect(200)) {
        let number = attempt["sequence_id"].as_u64().expect("a number");
        let [name, status] =
            [&attempt["attempt_id"], &attempt["status"]].map(|value| text(value).expect("a text"));
        workers.insert(number, text(&attempt["worker_id"]));
        known.attempts.insert(number, (name, status));
    }
    known.note = rollout["metadata"]["note"].as_u64().map(|note| (known.newest(), note));
    known.status = (known.newest(), text(&rollout["status"]).expect("a status"));
    for span in items(client.get(&format!("/v1/agl/spans?rollout_id={id}")).await.expect(200)) {
        let [name, attempt] =
            [&span["span_id"], &span["attempt_id"]].map(|value| text(value).expect("an id"));
        known.spans.insert(name, (attempt, span["sequence_id"].as_u64()));
    }
    (id, Seen { known, workers })
}

async fn resources(client: &mut Client, journal: &mut Journal, doubtful: &[&[Fact]]) {
    let mut stored = HashMap::new();
    for resources in items(client.get("/v1/agl/resources").await.expect(200)) {
        let id = resources["resources_id"].as_str().expect("an id").to_owned();
        let text = resources["resources"]["main"]["template"].as_str().expect("a text").to_owned();
        stored.insert(id, (resources["version"].as_u64().expect("a version"), text));
    }
    for fact in doubtful.iter().copied().flatten() {
        if let Fact::Resources(id, version, text) = fact
            && stored.get(id) == Some(&(*version, text.clone()))
        {
            journal.resources.insert(id.clone(), (*version, text.clone()));
        }
    }
    if stored != journal.resources {
        journal.findings.push(format!("resources {:?} → {stored:?}", journal.resources));
    }
}

/// Empties the queue: it hands out exactly the rollouts that wait. How many those are.
///
/// # Panics
/// If the server does not answer.
pub async fn empty_queue(address: SocketAddr, journal: &mut Journal) -> usize {
    let mut client = Client::new(address);
    let waiting = json!({"status_in": ["queuing", "requeuing"]});
    let waiting = ids(&items(client.post("/v1/agl/rollouts/search", &waiting).await.expect(200)));
    let mut handed_out = Vec::new();
    loop {
        let answer = client.post("/v1/agl/queues/rollouts/dequeue", &json!({"limit": 200})).await.expect(200);
        let Value::Array(rollouts) = answer else { panic!("{answer}") };
        if rollouts.is_empty() {
            break;
        }
        handed_out.extend(ids(&rollouts));
    }
    let distinct: HashSet<&String> = handed_out.iter().collect();
    if distinct.len() != handed_out.len() {
        journal
            .findings
            .push(format!("{} rollouts were handed out twice", handed_out.len() - distinct.len()));
    }
    let missing: Vec<&String> = waiting.iter().filter(|id| !distinct.contains(id)).collect();
    if !missing.is_empty() || distinct.len() != waiting.len() {
        let count = distinct.len();
        journal
            .findings
            .push(format!("{} wait, {count} are handed out; missing: {missing:?}", waiting.len()));
    }
    waiting.len()
}

fn ids(rollouts: &[Value]) -> Vec<String> {
    rollouts.iter().filter_map(|rollout| rollout["rollout_id"].as_str().map(str::to_owned)).collect()
}

fn items(mut page: Value) -> Vec<Value> {
    let Value::Array(items) = page["items"].take() else { panic!("no list: {page}") };
    items
}
