//! What spans say, on its way into the database.
//!
//! An attempt's facts know its spans up to a key. Who writes more of them holds the lock of the rollout and has looked that the
//! key is still the one from which it has gone on: of two servers that have taken the same spans into account, one finds
//! that it was too late, and leaves it at that. What is known of a rollout is put together under that lock, as its attempts
//! may be told of by several servers.

use futures_util::future::try_join;
use indexmap::IndexMap;
use lightning_store_client::wire::{RolloutId, Timestamp};

use super::dashboard::facts::sums;
use super::text::pack;
use super::transaction::{PostgresTx, Values, ids};
use crate::domain::facts::{SpanPlace, VERSION};
use crate::storage::error::TxResult;
use crate::storage::facts::{
    AttemptPlace, FactsBatch, FoldedAttempt, RolloutFacts, answer_bytes, list_text, signed,
};

/// By how much the number of spans that are known changes, in the shard of this connection.
const COUNT: &str = "/* count_known_spans */ INSERT INTO counts (name, shard, amount) \
                     VALUES ('known_spans', pg_backend_pid() % 64, $1) ON CONFLICT (name, shard) \
                     DO UPDATE SET amount = counts.amount + excluded.amount";

/// An attempt and its place.
type Placed<'a> = (&'a FoldedAttempt, &'a AttemptPlace);

/// Writes what some spans say, but for attempts of which another server was quicker to tell.
pub(super) async fn put(tx: &mut PostgresTx<'_>, batch: &FactsBatch) -> TxResult<()> {
    // Held together by those who write facts, and alone by who forgets them.
    const LOCK: &str = "/* lock_facts */ SELECT version FROM projection FOR SHARE";
    const KNOWN: &str = "/* watermarks */ SELECT coalesce(f.watermark, 0), p.version FROM unnest($1::text[], $2::text[]) \
                         WITH ORDINALITY AS v (rollout_id, attempt_id, place) CROSS JOIN projection p LEFT JOIN attempt_facts f \
                         ON f.rollout_id = v.rollout_id AND f.attempt_id = v.attempt_id ORDER BY v.place";
    const SUMS: &str = "/* get_rollout_facts */ SELECT rollout_id, newest, spans, errors, tokens, reward, models \
                        FROM rollout_facts WHERE rollout_id = ANY($1)";
    let placed: Vec<Placed<'_>> =
        batch.attempts.iter().filter_map(|folded| Some((folded, folded.place.as_ref()?))).collect();
    let rollouts: Vec<&RolloutId> = placed.iter().map(|(_, place)| &place.rollout_id).collect();
    tx.lock(&rollouts).await?;
    let rollouts = ids(&rollouts);
    let attempts = ids(&placed.iter().map(|(_, place)| &place.attempt_id).collect::<Vec<_>>());
    tx.rows(LOCK, &[]).await?;
    let (known, found) =
        try_join(tx.rows(KNOWN, &[&rollouts, &attempts]), tx.rows(SUMS, &[&rollouts])).await?;
    let mut follows: Vec<Placed<'_>> = Vec::with_capacity(placed.len());
    for (one, row) in placed.into_iter().zip(&known) {
        if one.1.from == row.try_get::<_, i64>(0)? && row.try_get::<_, i64>(1)? == VERSION {
            follows.push(one);
        }
    }
    if follows.is_empty() {
        return Ok(());
    }
    let mut rollouts: IndexMap<RolloutId, RolloutFacts> = IndexMap::new();
    for row in &found {
        let (id, facts) = sums(row)?;
        rollouts.insert(id, facts);
    }
    let mut new = 0;
    for (folded, place) in &follows {
        let now = &folded.now.facts;
        new += signed(now.spans) - signed(folded.before.spans);
        rollouts.entry(place.rollout_id.clone()).or_default().follow(folded.key, &folded.before, now);
    }
    write_attempts(tx, &follows)?;
    write_rollouts(tx, &rollouts)?;
    tx.writes.push((COUNT, vec![Box::new(new)]));
    Ok(())
}

fn write_attempts(tx: &mut PostgresTx<'_>, attempts: &[Placed<'_>]) -> TxResult<()> {
    const PUT: &str = "/* put_attempt_facts */ INSERT INTO attempt_facts (rollout_id, attempt_id, watermark, spans, errors, \
                       input_tokens, output_tokens, cost, models, rewards, reward_number, reward_time, reward_span, \
                       last_error, error_number, error_time, error_span, answers) SELECT * FROM unnest($1::text[], \
                       $2::text[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[], $8::float8[], \
                       $9::text[], $10::text[], $11::bigint[], $12::float8[], $13::text[], $14::text[], $15::bigint[], \
                       $16::float8[], $17::text[], $18::bytea[]) ON CONFLICT (rollout_id, attempt_id) DO UPDATE SET \
                       watermark = excluded.watermark, spans = excluded.spans, errors = excluded.errors, \
                       input_tokens = excluded.input_tokens, output_tokens = excluded.output_tokens, \
                       cost = excluded.cost, models = excluded.models, rewards = excluded.rewards, \
                       reward_number = excluded.reward_number, reward_time = excluded.reward_time, \
                       reward_span = excluded.reward_span, last_error = excluded.last_error, \
                       error_number = excluded.error_number, error_time = excluded.error_time, \
                       error_span = excluded.error_span, answers = excluded.answers";
    const CLEAN: &str = "/* clean_attempts */ UPDATE attempts a SET is_dirty = a.last_span > v.watermark \
                         FROM unnest($1::text[], $2::text[], $3::bigint[]) AS v (rollout_id, attempt_id, watermark) \
                         WHERE a.rollout_id = v.rollout_id AND a.attempt_id = v.attempt_id AND a.is_dirty";
    /// A list of one column of each attempt.
    macro_rules! column {
        (|$folded:pat_param, $place:pat_param| $value:expr) => {
            Box::new(attempts.iter().map(|($folded, $place)| $value).collect::<Vec<_>>())
        };
    }
    let models = attempts.iter().map(|(folded, _)| list_text(&folded.now.facts.models));
    let rewards = attempts.iter().map(|(folded, _)| list_text(&folded.now.facts.rewards));
    let place = || -> Values {
        vec![
            column!(|_, place| packed(place.rollout_id.as_str())),
            column!(|_, place| packed(place.attempt_id.as_str())),
            column!(|_, place| place.to),
        ]
    };
    let mut values = place();
    values.push(column!(|folded, _| signed(folded.now.facts.spans)));
    values.push(column!(|folded, _| signed(folded.now.facts.errors)));
    values.push(column!(|folded, _| signed(folded.now.facts.input_tokens)));
    values.push(column!(|folded, _| signed(folded.now.facts.output_tokens)));
    values.push(column!(|folded, _| folded.now.facts.cost));
    values.push(Box::new(models.collect::<TxResult<Vec<_>>>()?));
    values.push(Box::new(rewards.collect::<TxResult<Vec<_>>>()?));
    values.extend(places(attempts.iter().map(|(folded, _)| folded.now.reward_at.as_ref())));
    values.push(column!(|folded, _| folded.now.facts.last_error.as_deref().map(packed)));
    values.extend(places(attempts.iter().map(|(folded, _)| folded.now.error_at.as_ref())));
    values.push(column!(|folded, _| answer_bytes(&folded.now.answers)));
    tx.writes.push((PUT, values));
    tx.writes.push((CLEAN, place()));
    Ok(())
}

/// Three lists: numbers, starts and ids of spans.
fn places<'a>(places: impl Iterator<Item = Option<&'a SpanPlace>> + Clone) -> Values {
    let numbers: Vec<_> = places.clone().map(|place| place.map(|place| place.number)).collect();
    let starts: Vec<_> =
        places.clone().map(|place| place.and_then(|place| place.start).map(Timestamp::seconds)).collect();
    let ids: Vec<_> = places.map(|place| place.map(|place| packed(&place.span_id))).collect();
    vec![Box::new(numbers), Box::new(starts), Box::new(ids)]
}

fn write_rollouts(tx: &mut PostgresTx<'_>, rollouts: &IndexMap<RolloutId, RolloutFacts>) -> TxResult<()> {
    const PUT: &str = "/* put_rollout_facts */ INSERT INTO rollout_facts (rollout_id, newest, spans, errors, tokens, reward, \
                       models) SELECT * FROM unnest($1::text[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[], \
                       $6::float8[], $7::text[]) ON CONFLICT (rollout_id) DO UPDATE SET newest = excluded.newest, \
                       spans = excluded.spans, errors = excluded.errors, tokens = excluded.tokens, \
                       reward = excluded.reward, models = excluded.models";
    /// A list of one column of each rollout.
    macro_rules! column {
        (|$facts:ident| $value:expr) => {
            Box::new(rollouts.values().map(|$facts| $value).collect::<Vec<_>>())
        };
    }
    let models = rollouts.values().map(|facts| list_text(&facts.models)).collect::<TxResult<Vec<_>>>()?;
    let values: Values = vec![
        Box::new(rollouts.keys().map(|id| packed(id.as_str())).collect::<Vec<_>>()),
        column!(|facts| facts.newest),
        column!(|facts| signed(facts.spans)),
        column!(|facts| signed(facts.errors)),
        column!(|facts| signed(facts.tokens)),
        column!(|facts| facts.reward),
        Box::new(models),
    ];
    tx.writes.push((PUT, values));
    Ok(())
}

/// Forgets what spans say, to work it out anew by the rules with this number, unless another server has done so.
pub(super) async fn clear(tx: &mut PostgresTx<'_>, version: i64) -> TxResult<()> {
    const MARK: &str =
        "/* reset_facts */ UPDATE projection SET version = $1 WHERE version <> $1 RETURNING version";
    const REST: [&str; 4] = [
        "/* clear_attempt_facts */ DELETE FROM attempt_facts",
        "/* clear_rollout_facts */ DELETE FROM rollout_facts",
        "/* clear_known_spans */ DELETE FROM counts WHERE name = 'known_spans'",
        "/* look_at_all_attempts */ UPDATE attempts SET is_dirty = true WHERE last_span > 0 AND NOT is_dirty",
    ];
    if tx.row(MARK, &[&version]).await?.is_some() {
        tx.writes.extend(REST.map(|sql| (sql, Vec::new())));
    }
    Ok(())
}

fn packed(text: &str) -> String {
    pack(text).into_owned()
}
