//! What spans say of their attempts and rollouts.

use std::collections::{HashMap, HashSet};

use lightning_store_client::wire::dashboard::{RolloutDetail, SpanFacts};
use lightning_store_client::wire::{Attempt, AttemptStatus, RolloutConfig, RolloutId, SpanRecord, Timestamp};
use lightning_store_server::service::add_spans::{AddSpans, NewSpan};
use lightning_store_server::service::projection::{ClearFacts, PutFacts, catch_up};
use serde_json::{Value, json};

use crate::dice::Dice;
use crate::fixture::{Fixture, retrying, span};

crate::sentences! {
    facts_follow_the_spans,
    nothing_is_said_before_there_are_spans,
    sums_are_those_of_all_attempts_and_the_reward_is_that_of_the_newest,
    the_last_reward_by_number_wins_whenever_it_comes,
    an_answer_that_was_observed_twice_counts_once,
    a_span_that_was_stored_twice_counts_once,
    spans_that_were_looked_at_twice_count_once,
    facts_go_on_after_a_restart,
    other_rules_make_facts_anew,
    random_spans_are_summed_as_a_simple_look_does,
}

/// A span with attributes.
fn told(attempt: &Attempt, number: i64, span_id: &str, attributes: &Value) -> SpanRecord {
    SpanRecord {
        rest: format!(
            "\"status\":{{\"status_code\":\"OK\",\"description\":null}},\"attributes\":{attributes}"
        ),
        ..span(attempt, number, span_id)
    }
}

fn rewarded(attempt: &Attempt, number: i64, value: f64) -> SpanRecord {
    let attributes =
        json!({"agentlightning.reward.0.name": "primary", "agentlightning.reward.0.value": value});
    told(attempt, number, &format!("reward {number}"), &attributes)
}

fn called(attempt: &Attempt, number: i64, span_id: &str, answer: &str, tokens: u64) -> SpanRecord {
    let attributes = json!({
        "gen_ai.response.model": "m",
        "gen_ai.response.id": answer,
        "gen_ai.usage.prompt_tokens": tokens,
        "gen_ai.usage.completion_tokens": 1,
    });
    told(attempt, number, span_id, &attributes)
}

async fn add(f: &Fixture, spans: impl IntoIterator<Item = SpanRecord>) {
    let spans = spans.into_iter().map(|span| NewSpan { span, numbered: true }).collect();
    f.store.transact(AddSpans { spans }).await.unwrap();
}

pub(crate) async fn detail(f: &Fixture, id: &RolloutId) -> RolloutDetail {
    f.store.rollout_detail(id.clone()).await.unwrap().unwrap()
}

async fn facts_follow_the_spans(f: Fixture) {
    let work = f.started(RolloutConfig::default(), None).await;
    let (id, attempt) = (&work.rollout.rollout_id, &work.attempt);
    let failed = json!({"exception.type": "ValueError", "exception.message": "no"});
    add(&f, [called(attempt, 1, "a", "r-1", 10), told(attempt, 2, "b", &failed), rewarded(attempt, 3, 0.5)])
        .await;
    assert_eq!((detail(&f, id).await.behind, detail(&f, id).await.row.facts.spans), (3, 0));
    catch_up(&f.store).await.unwrap();
    let seen = detail(&f, id).await;
    let facts = &seen.row.facts;
    assert_eq!((seen.behind, facts.spans, facts.errors), (0, 3, 1));
    assert_eq!((facts.input_tokens, facts.output_tokens, facts.reward), (10, 1, Some(0.5)));
    assert_eq!(
        (facts.models.concat(), facts.last_error.as_deref()),
        ("m".to_owned(), Some("ValueError: no"))
    );
    assert_eq!(facts.rewards[0].name.as_deref(), Some("primary"));
    assert_eq!(*facts, seen.attempts[0].facts);
    f.report(id, "latest", AttemptStatus::Failed).await;
    assert_eq!(detail(&f, id).await.attempts[0].reason.as_deref(), Some("ValueError"));
}

async fn nothing_is_said_before_there_are_spans(f: Fixture) {
    let work = f.started(RolloutConfig::default(), None).await;
    catch_up(&f.store).await.unwrap();
    let seen = detail(&f, &work.rollout.rollout_id).await;
    assert_eq!((seen.behind, seen.row.facts, seen.attempts.len()), (0, SpanFacts::default(), 1));
    assert_eq!(f.store.rollout_detail("ro-none".into()).await.unwrap(), None);
}

async fn sums_are_those_of_all_attempts_and_the_reward_is_that_of_the_newest(f: Fixture) {
    let work = f.started(retrying(), None).await;
    let id = &work.rollout.rollout_id;
    add(&f, [called(&work.attempt, 1, "a", "r", 10), rewarded(&work.attempt, 2, 0.25)]).await;
    catch_up(&f.store).await.unwrap();
    f.report(id, "latest", AttemptStatus::Failed).await;
    let second = f.dequeue(1, None).await.remove(0).attempt;
    let row = detail(&f, id).await.row;
    // The newest attempt has no reward yet, and what it costs is what both have cost.
    assert_eq!((row.facts.reward, row.facts.spans, row.attempts), (None, 2, 2));
    // The same id is another answer in another attempt.
    add(&f, [called(&second, 3, "a", "r", 100), rewarded(&second, 4, 0.75)]).await;
    catch_up(&f.store).await.unwrap();
    let row = detail(&f, id).await.row;
    assert_eq!((row.facts.reward, row.facts.spans, row.facts.input_tokens), (Some(0.75), 4, 110));
    // Late news of the first one change the sums only.
    add(&f, [rewarded(&work.attempt, 5, 0.1)]).await;
    catch_up(&f.store).await.unwrap();
    let seen = detail(&f, id).await;
    assert_eq!((seen.row.facts.reward, seen.row.facts.spans), (Some(0.75), 5));
    assert_eq!(seen.attempts[0].facts.reward, Some(0.1));
}

async fn the_last_reward_by_number_wins_whenever_it_comes(f: Fixture) {
    let work = f.started(RolloutConfig::default(), None).await;
    let id = &work.rollout.rollout_id;
    for (number, value, last) in [(5, 0.5, 0.5), (2, 0.2, 0.5), (9, 0.9, 0.9), (7, 0.7, 0.9)] {
        add(&f, [rewarded(&work.attempt, number, value)]).await;
        catch_up(&f.store).await.unwrap();
        assert_eq!(detail(&f, id).await.row.facts.reward, Some(last));
    }
}

async fn an_answer_that_was_observed_twice_counts_once(f: Fixture) {
    let work = f.started(RolloutConfig::default(), None).await;
    let attempt = &work.attempt;
    add(&f, [called(attempt, 1, "agent", "r-1", 10), called(attempt, 2, "proxy", "r-1", 10)]).await;
    catch_up(&f.store).await.unwrap();
    add(&f, [called(attempt, 3, "late", "r-1", 10), called(attempt, 4, "other", "r-2", 7)]).await;
    catch_up(&f.store).await.unwrap();
    let facts = detail(&f, &work.rollout.rollout_id).await.row.facts;
    assert_eq!((facts.spans, facts.input_tokens, facts.output_tokens), (4, 17, 2));
}

async fn a_span_that_was_stored_twice_counts_once(f: Fixture) {
    let work = f.started(RolloutConfig::default(), None).await;
    for _ in 0..3 {
        add(&f, [called(&work.attempt, 1, "a", "", 10)]).await;
        catch_up(&f.store).await.unwrap();
    }
    let seen = detail(&f, &work.rollout.rollout_id).await;
    assert_eq!((seen.row.facts.spans, seen.row.facts.input_tokens, seen.behind), (1, 10, 0));
}

async fn spans_that_were_looked_at_twice_count_once(f: Fixture) {
    let work = f.started(RolloutConfig::default(), None).await;
    catch_up(&f.store).await.unwrap();
    add(&f, [called(&work.attempt, 1, "a", "r", 10)]).await;
    let (one, other) = (f.store.next_facts(10).await.unwrap(), f.store.next_facts(10).await.unwrap());
    add(&f, [called(&work.attempt, 2, "b", "s", 5)]).await;
    f.store.transact(PutFacts(one)).await.unwrap();
    // Where several servers write, the slower one leaves it at that; where one does, it is told that something is amiss.
    drop(f.store.transact(PutFacts(other)).await);
    let seen = detail(&f, &work.rollout.rollout_id).await;
    assert_eq!((seen.row.facts.spans, seen.behind), (1, 1));
    catch_up(&f.store).await.unwrap();
    let seen = detail(&f, &work.rollout.rollout_id).await;
    assert_eq!((seen.row.facts.spans, seen.row.facts.input_tokens, seen.behind), (2, 15, 0));
}

async fn facts_go_on_after_a_restart(f: Fixture) {
    let work = f.started(RolloutConfig::default(), None).await;
    add(&f, [called(&work.attempt, 1, "a", "r", 10)]).await;
    catch_up(&f.store).await.unwrap();
    add(&f, [called(&work.attempt, 2, "b", "r", 10), called(&work.attempt, 3, "c", "s", 5)]).await;
    let f = f.restarted().await;
    catch_up(&f.store).await.unwrap();
    let seen = detail(&f, &work.rollout.rollout_id).await;
    assert_eq!((seen.row.facts.spans, seen.row.facts.input_tokens, seen.behind), (3, 15, 0));
}

async fn other_rules_make_facts_anew(f: Fixture) {
    let work = f.started(RolloutConfig::default(), None).await;
    add(&f, [called(&work.attempt, 1, "a", "r", 10), rewarded(&work.attempt, 2, 0.5)]).await;
    catch_up(&f.store).await.unwrap();
    let before = detail(&f, &work.rollout.rollout_id).await;
    f.store.transact(ClearFacts { version: 999 }).await.unwrap();
    let cleared = detail(&f, &work.rollout.rollout_id).await;
    assert_eq!((cleared.row.facts, cleared.behind), (SpanFacts::default(), 2));
    catch_up(&f.store).await.unwrap();
    assert_eq!(detail(&f, &work.rollout.rollout_id).await, before);
}

/// What a simple look at the spans of an attempt, in the order in which they came, says.
#[derive(Default)]
struct Naive {
    spans: Vec<SpanRecord>,
}

impl Naive {
    fn facts(&self) -> SpanFacts {
        let mut facts = SpanFacts { spans: self.spans.len() as u64, ..SpanFacts::default() };
        let mut answers: HashSet<String> = HashSet::new();
        for span in &self.spans {
            let members: Value = serde_json::from_str(&format!("{{{}}}", span.rest)).unwrap();
            let attributes = &members["attributes"];
            facts.errors += u64::from(members["status"]["status_code"] == "ERROR");
            if let Some(model) = attributes["gen_ai.response.model"].as_str()
                && !facts.models.iter().any(|known| known == model)
                && facts.models.len() < 8
            {
                facts.models.push(model.to_owned());
            }
            let Some(tokens) = attributes["gen_ai.usage.prompt_tokens"].as_u64() else { continue };
            let is_new =
                attributes["gen_ai.response.id"].as_str().is_none_or(|id| answers.insert(id.to_owned()));
            if is_new {
                facts.input_tokens += tokens;
                facts.output_tokens += attributes["gen_ai.usage.completion_tokens"].as_u64().unwrap();
            }
        }
        let mut ordered: Vec<&SpanRecord> = self.spans.iter().collect();
        let start = |span: &SpanRecord| span.start_time.map_or(f64::INFINITY, Timestamp::seconds);
        ordered.sort_by(|a, b| {
            let place = |span: &SpanRecord| (span.sequence_id, span.span_id.clone());
            place(a).0.cmp(&place(b).0).then(start(a).total_cmp(&start(b))).then(place(a).1.cmp(&place(b).1))
        });
        for span in ordered {
            let members: Value = serde_json::from_str(&format!("{{{}}}", span.rest)).unwrap();
            if let Some(value) = members["attributes"]["agentlightning.reward.0.value"].as_f64() {
                facts.reward = Some(value);
            }
            if members["status"]["status_code"] == "ERROR" {
                facts.last_error = Some(members["status"]["description"].as_str().unwrap().to_owned());
            }
        }
        facts
    }
}

fn random_span(dice: &mut Dice, attempt: &Attempt, count: usize) -> SpanRecord {
    let mut attributes = json!({});
    if dice.chance(60) {
        attributes["gen_ai.usage.prompt_tokens"] = dice.below(100).into();
        attributes["gen_ai.usage.completion_tokens"] = dice.below(10).into();
        if dice.chance(70) {
            attributes["gen_ai.response.id"] = format!("r-{}", dice.below(12)).into();
        }
    }
    if dice.chance(50) {
        attributes["gen_ai.response.model"] = format!("model-{}", dice.below(12)).into();
    }
    if dice.chance(20) {
        attributes["agentlightning.reward.0.value"] =
            json!(f64::from(u32::try_from(dice.below(1000)).unwrap()) / 8.0);
    }
    let status = if dice.chance(15) {
        json!({"status_code": "ERROR", "description": format!("error {}", dice.below(1000))})
    } else {
        json!({"status_code": "OK", "description": null})
    };
    let start = dice.chance(80).then(|| f64::from(u32::try_from(dice.below(5)).unwrap()));
    SpanRecord {
        start_time: start.and_then(Timestamp::from_seconds),
        rest: format!("\"status\":{status},\"attributes\":{attributes}"),
        // Numbers collide, so that order within one counts, too.
        ..span(attempt, i64::try_from(dice.below(8)).unwrap() + 1, &format!("s{count}"))
    }
}

async fn random_spans_are_summed_as_a_simple_look_does(f: Fixture) {
    let mut dice = Dice(7);
    f.enqueue(300).await;
    let work = f.dequeue(300, None).await;
    let mut naive: HashMap<RolloutId, Naive> = HashMap::new();
    for round in 0..8 {
        let mut spans = Vec::new();
        for count in 0..700 {
            let one = dice.one_of(&work);
            let span = random_span(&mut dice, &one.attempt, round * 1_000 + count);
            naive.entry(one.rollout.rollout_id.clone()).or_default().spans.push(span.clone());
            spans.push(span);
        }
        // One transaction per attempt may store them in another order than they are listed in: each by itself.
        for span in spans {
            add(&f, [span]).await;
        }
        if round % 3 != 1 {
            catch_up(&f.store).await.unwrap();
        }
    }
    catch_up(&f.store).await.unwrap();
    for (id, naive) in naive {
        let told = detail(&f, &id).await.row.facts;
        let expected = naive.facts();
        assert_eq!(SpanFacts { rewards: Vec::new(), ..told.clone() }, expected);
        assert_eq!(told.rewards.first().map(|reward| reward.value), expected.reward);
    }
}
