//! After a restart: asks over HTTP about everything that was acknowledged, and settles the doubts.

use std::collections::{BTreeMap, HashMap, HashSet};
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
    /// Who works on the attempt with this number.
    workers: HashMap<u64, Option<String>>,
}

/// Compares the journal with the server at this address for all rollouts that were `touched`, and settles the doubts.
/// What was found beyond the journal enters it, so that it may not be lost later.
///
/// # Panics
/// If the server does not answer.
pub async fn inspect(
    address: SocketAddr,
    journal: &mut Journal,
    mut touched: HashSet<String>,
    doubts: &[Doubt],
) {
    let mut client = Client::new(address);
    find_batches(&mut client, journal, &mut touched, doubts).await;
    let facts = doubts.iter().filter_map(|doubt| match doubt {
        Doubt::Facts(facts) => Some(facts.as_slice()),
        _ => None,
    });
    let doubtful: Vec<&[Fact]> = facts.collect();
    touched.extend(doubtful.iter().copied().flatten().filter_map(Fact::rollout).map(str::to_owned));
    let seen = look(address, &touched).await;
    let mut settled: Vec<HashSet<bool>> = vec![HashSet::new(); doubtful.len()];
    let mut unexpected = Vec::new();
    for id in touched {
        let Some(seen) = seen.get(&id) else {
            journal.findings.push(format!("{id} is lost"));
            continue;
        };
        let which = doubtful.iter().position(|facts| facts.iter().any(|fact| fact.rollout() == Some(&id)));
        let about: Vec<&Fact> = which.map_or(&[][..], |which| doubtful[which]).iter().collect();
        let about: Vec<&Fact> = about.into_iter().filter(|fact| fact.rollout() == Some(&id)).collect();
        match settle(journal, &id, seen, &about) {
            Some(happened) => {
                if let Some(which) = which {
                    settled[which].extend(happened);
                }
            }
            None => continue,
        }
        unexpected.extend(adopt(journal, &id, seen));
    }
    for (happened, facts) in settled.iter().zip(&doubtful) {
        if happened.len() > 1 {
            journal.findings.push(format!("a batch is stored by half: {facts:?}"));
        }
    }
    explain(journal, unexpected, doubts);
    resources(&mut client, journal, &doubtful).await;
}

/// Rollouts that no client knows belong to a batch in doubt, of which all or none are stored.
async fn find_batches(
    client: &mut Client,
    journal: &mut Journal,
    touched: &mut HashSet<String>,
    doubts: &[Doubt],
) {
    let mut batches: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    for doubt in doubts {
        if let Doubt::Batch(tag, size) = doubt {
            batches.insert(tag, (*size, 0));
        }
    }
    let limit = touched.len() + batches.values().map(|(size, _)| size).sum::<usize>() + 1;
    let path = format!("/v1/agl/rollouts?sort_by=start_time&sort_order=desc&limit={limit}");
    for rollout in items(client.get(&path).await.expect(200)) {
        let id = rollout["rollout_id"].as_str().expect("an id").to_owned();
        let batch = batches.get_mut(rollout["input"]["batch"].as_str().expect("a tag"));
        let is_known = journal.rollouts.contains_key(&id);
        match batch {
            Some((_, found)) => *found += 1,
            None if !is_known => journal.findings.push(format!("{id} appeared from nowhere: {rollout}")),
            None => {}
        }
        if !is_known {
            let known = Known { input: rollout["input"].clone(), status: (0, "queuing".to_owned()), ..Known::default() };
            journal.rollouts.insert(id.clone(), known);
            touched.insert(id);
        }
    }
    for (tag, (size, found)) in batches {
        if found != 0 && found != size {
            journal.findings.push(format!("{found} of the {size} rollouts of the batch {tag} are stored"));
        }
    }
}

/// Whether what is in doubt has happened, where that shows.
///
/// # Errors
/// If the rollout is neither as before nor as after.
fn settle(before: &Known, seen: &Seen, doubtful: &[&Fact]) -> Result<Option<bool>, String> {
    let newest = before.newest();
    let shown = seen.known.without_later(newest);
    let overtaken = seen.known.newest() > newest;
    let as_shown = |known: &Known| if overtaken { known.overtaken(newest) } else { known.clone() };
    match (as_shown(before).differs(&shown), as_shown(&before.after(doubtful)).differs(&shown)) {
        (None, None) => Ok(None),
        (None, Some(_)) => Ok(Some(false)),
        (Some(_), None) => Ok(Some(true)),
        (Some(text), Some(_)) if doubtful.is_empty() => Err(text),
        (Some(text), Some(other)) => Err(format!("{text}; nor as after the unanswered request: {other}")),
    }
}

/// Enters what is seen into the journal; the workers of attempts that nobody was told of.
fn adopt(journal: &mut Journal, id: &str, seen: &Seen, before: &Known) -> Vec<Option<String>> {
    for (span, (_, number)) in &seen.known.spans {
        let told = before.spans.get(span).is_some_and(|(_, number)| number.is_some());
        // Numbers that clients chose were given out to them before; these the server has chosen.
        if let Some(number) = number.filter(|_| !told)
            && !journal.numbers.get(id).is_some_and(|numbers| numbers.contains(&number) && seen.asked.contains(span))
        {
            journal.number(id, number);
        }
    }
    journal.rollouts.insert(id.to_owned(), seen.known.clone());
    let newest = before.newest();
    seen.workers.iter().filter(|(number, _)| **number > newest).map(|(_, worker)| worker.clone()).collect()
}
