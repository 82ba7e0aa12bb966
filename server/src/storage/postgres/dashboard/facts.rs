//! What spans say: read for those who look, and worked out of new spans.

use std::pin::pin;
use std::sync::LazyLock;

use deadpool_postgres::Client;
use futures_util::TryStreamExt as _;
use lightning_store_client::trace::gist::Gist;
use lightning_store_client::wire::RolloutId;
use lightning_store_client::wire::dashboard::{RewardDimension, SpanFacts};
use tokio_postgres::Row;
use tokio_postgres::types::ToSql;

use super::super::rows::Columns;
use super::super::text::{pack, unpack};
use super::super::{gone, row, rows, spans};
use crate::domain::facts::{AttemptFacts, SpanPlace, VERSION};
use crate::ids;
use crate::limits::{MAX_FACTS_ATTEMPTS, MAX_FACTS_BYTES};
use crate::storage::error::TxResult;
use crate::storage::facts::{AttemptPlace, FactsBatch, FoldedAttempt, RolloutFacts, answers};
use crate::storage::rows::RowKey;

/// The columns of [`told`].
pub(super) const TOLD: &str =
    "f.spans, f.errors, f.input_tokens, f.output_tokens, f.cost, f.models, f.rewards, f.last_error";

/// What is told of an attempt, from eight columns; nothing if they are null.
pub(super) fn told(columns: &mut Columns<'_>) -> TxResult<SpanFacts> {
    if columns.is_null()? {
        columns.skip(8);
        return Ok(SpanFacts::default());
    }
    let mut facts = SpanFacts {
        spans: columns.count()?,
        errors: columns.count()?,
        input_tokens: columns.count()?,
        output_tokens: columns.count()?,
        cost: columns.value()?,
        models: columns.optional_json()?.unwrap_or_default(),
        rewards: columns.optional_json()?.unwrap_or_default(),
        last_error: columns.optional_text()?,
        ..SpanFacts::default()
    };
    facts.reward = facts.rewards.first().map(|reward: &RewardDimension| reward.value);
    Ok(facts)
}

/// By which rules the facts were made.
pub(super) async fn version(client: &Client) -> TxResult<i64> {
    const SQL: &str = "/* facts_version */ SELECT version FROM projection";
    let row = row(client, SQL, &[]).await?.ok_or_else(|| gone("the row of the store"))?;
    Ok(row.try_get(0)?)
}

/// Spans that the facts do not know yet.
pub(super) async fn behind(client: &Client) -> TxResult<u64> {
    const SQL: &str = "/* behind */ SELECT coalesce(sum(CASE name WHEN 'spans' THEN amount ELSE -amount END), 0)::bigint \
                       FROM counts WHERE name IN ('spans', 'known_spans')";
    row(client, SQL, &[]).await?.map_or(Ok(0), |row| Columns::of(&row).count())
}

/// An attempt that has spans which its facts do not know.
struct Dirty {
    number: i64,
    day: i32,
    last_span: i64,
    place: AttemptPlace,
    before: SpanFacts,
    now: AttemptFacts,
}

/// What the next spans change, up to so many of them.
pub(super) async fn next(client: &Client, most: usize) -> TxResult<FactsBatch> {
    // By attempt: each from an index, and none is looked for once there are enough.
    const SQL: &str = "/* next_spans */ SELECT v.place, s.key, s.span_id, s.sequence_id, s.name, s.start_time, s.rest \
                       FROM unnest($1::integer[], $2::text[], $3::text[], $4::bigint[]) WITH ORDINALITY \
                       AS v (day, rollout_id, attempt_id, watermark, place) CROSS JOIN LATERAL \
                       (SELECT * FROM spans s WHERE s.day = v.day AND s.rollout_id = v.rollout_id \
                       AND s.attempt_id = v.attempt_id AND s.key > v.watermark ORDER BY s.key LIMIT $5) s LIMIT $5";
    let mut batch = FactsBatch {
        mark: None,
        attempts: Vec::new(),
        rollouts: Vec::new(),
        tokens: Vec::new(),
        more: false,
    };
    // A server with other rules has the facts for itself; before anybody has made any, there are no rules.
    if ![0, VERSION].contains(&version(client).await?) {
        return Ok(batch);
    }
    let mut dirty = dirty(client).await?;
    if dirty.is_empty() {
        return Ok(batch);
    }
    batch.more = dirty.len() >= MAX_FACTS_ATTEMPTS;
    let days: Vec<i32> = dirty.iter().map(|one| one.day).collect();
    let rollouts: Vec<_> = dirty.iter().map(|one| pack(one.place.rollout_id.as_str()).into_owned()).collect();
    let attempts: Vec<_> = dirty.iter().map(|one| pack(one.place.attempt_id.as_str()).into_owned()).collect();
    let marks: Vec<i64> = dirty.iter().map(|one| one.place.from).collect();
    let limit = i64::try_from(most).unwrap_or(i64::MAX);
    let values: [&(dyn ToSql + Sync); 5] = [&days, &rollouts, &attempts, &marks, &limit];
    let statement = client.prepare_cached(SQL).await?;
    let mut stream = pin!(client.query_raw(&statement, values).await?);
    let (mut count, mut bytes) = (0, 0);
    let mut is_cut = false;
    while let Some(row) = stream.try_next().await? {
        let mut columns = Columns::of(&row);
        let place = usize::try_from(columns.value::<i64>()? - 1).unwrap_or(usize::MAX);
        let Some(one) = dirty.get_mut(place) else { continue };
        let key = columns.value()?;
        let span_id = columns.text()?;
        let place = SpanPlace { number: columns.value()?, span_id, start: None };
        let name = columns.text()?;
        let place = SpanPlace { start: columns.optional_time()?, ..place };
        let rest = columns.str()?;
        bytes += rest.len();
        if bytes > MAX_FACTS_BYTES && count > 0 {
            is_cut = true;
            break;
        }
        let tokens = one.now.add(Gist::of(&name, rest), &place);
        one.place.to = key;
        if tokens > 0 {
            batch.tokens.push((key, tokens));
        }
        count += 1;
    }
    is_cut |= count == most;
    batch.more |= is_cut;
    for Dirty { number, last_span, mut place, before, now, .. } in dirty {
        if !is_cut {
            // The last keys may be those of spans that were there before.
            place.to = last_span;
        } else if place.to == place.from {
            continue;
        }
        batch.attempts.push(FoldedAttempt { key: RowKey(number), place: Some(place), before, now });
    }
    Ok(batch)
}

/// Some attempts that have new spans: from where the lot falls, so that servers do not all take the same ones.
async fn dirty(client: &Client) -> TxResult<Vec<Dirty>> {
    static SQL: LazyLock<[String; 2]> = LazyLock::new(|| {
        [">=", "<"].map(|sign| {
            format!(
                "/* dirty_attempts */ SELECT a.rollout_id, a.attempt_id, a.sequence_id, a.last_span, r.start_time, \
                 coalesce(f.watermark, 0), {TOLD}, f.reward_number, f.reward_time, f.reward_span, f.error_number, \
                 f.error_time, f.error_span, f.answers FROM (SELECT * FROM attempts WHERE is_dirty \
                 AND rollout_id {sign} $1 ORDER BY rollout_id, attempt_id LIMIT $2) a \
                 JOIN rollouts r ON r.rollout_id = a.rollout_id LEFT JOIN attempt_facts f \
                 ON f.rollout_id = a.rollout_id AND f.attempt_id = a.attempt_id"
            )
        })
    });
    // Ids are drawn by lot, too.
    let from = ids::rollout();
    let mut found = Vec::new();
    for sql in SQL.iter() {
        let count = i64::try_from(MAX_FACTS_ATTEMPTS - found.len()).unwrap_or(0);
        if count > 0 {
            for row in rows(client, sql, &[&from.as_str(), &count]).await? {
                found.push(read_dirty(&mut Columns::of(&row))?);
            }
        }
    }
    Ok(found)
}

fn read_dirty(columns: &mut Columns<'_>) -> TxResult<Dirty> {
    fn place(columns: &mut Columns<'_>) -> TxResult<Option<SpanPlace>> {
        let number = columns.value::<Option<i64>>()?;
        let start = columns.optional_time()?;
        let span_id = columns.value::<Option<&str>>()?.map(|id| unpack(id).into_owned());
        Ok(number.zip(span_id).map(|(number, span_id)| SpanPlace { number, start, span_id }))
    }
    let (rollout_id, attempt_id) = (columns.id()?, columns.id()?);
    let (number, last_span) = (columns.value()?, columns.value()?);
    let day = spans::day(columns.time()?);
    let from = columns.value()?;
    let before = told(columns)?;
    let now = AttemptFacts {
        facts: before.clone(),
        reward_at: place(columns)?,
        error_at: place(columns)?,
        answers: answers(columns.value::<Option<&[u8]>>()?.unwrap_or_default()),
    };
    let place = AttemptPlace { rollout_id, attempt_id, from, to: from };
    Ok(Dirty { number, day, last_span, place, before, now })
}

/// What is known of a rollout, with its id.
pub(in super::super) fn sums(row: &Row) -> TxResult<(RolloutId, RolloutFacts)> {
    let mut columns = Columns::of(row);
    let id = columns.id()?;
    let facts = RolloutFacts {
        newest: columns.value()?,
        spans: columns.count()?,
        errors: columns.count()?,
        tokens: columns.count()?,
        reward: columns.value()?,
        models: columns.optional_json()?.unwrap_or_default(),
    };
    Ok((id, facts))
}
