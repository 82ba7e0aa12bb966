//! Which rollouts, in what order: the statements of [`conditions`] on a connection.

use std::pin::pin;

use deadpool_postgres::Client;
use futures_util::TryStreamExt as _;
use lightning_store_client::wire::dashboard::{FindRollouts, RolloutRows};
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Row, RowStream};

use super::super::queries;
use super::super::text::{pack, unpack};
use super::{facts, rows};
use crate::storage::cursor::{Cursor, SortPlace, SortValue};
use crate::storage::dashboard::conditions::{self, Dialect, Statement, Value};
use crate::storage::dashboard::find::{Candidate, Found, Pass, is_whole, places_of};
use crate::storage::error::TxResult;
use crate::storage::rows::RowKey;

/// A page of rollouts. `after` is where the page before has ended, if it is asked for so.
pub(super) async fn find_rollouts(
    client: &Client,
    wanted: &FindRollouts,
    after: Option<&Cursor>,
) -> TxResult<RolloutRows> {
    let found = if is_whole(wanted) {
        let places = whole(client, wanted, after).await?;
        Found::of_all(wanted, places, &queries::counts(client).await?)
    } else {
        Found::of_matching(wanted, pass(client, wanted, wanted.facets).await?, after)
    };
    let items = rows::rollouts(client, &found.keys()).await?;
    Ok(found.with(wanted, items, facts::behind(client).await?))
}

/// The keys of all rollouts that match, in order.
pub(super) async fn find_keys(client: &Client, wanted: &FindRollouts) -> TxResult<Vec<RowKey>> {
    Ok(pass(client, wanted, false).await?.keys(wanted))
}

/// A page of all rollouts, from an index.
async fn whole(client: &Client, wanted: &FindRollouts, after: Option<&Cursor>) -> TxResult<Vec<SortPlace>> {
    let page = conditions::page_of_all(Dialect::Postgres, wanted, after, places_of(wanted));
    let mut stream = pin!(ask(client, page).await?);
    let mut places = Vec::new();
    while let Some(row) = stream.try_next().await? {
        places.push(SortPlace { value: sort_value(&row, 1)?, key: RowKey(row.try_get(0)?) });
    }
    Ok(places)
}

/// One pass over rows, which are let go as they come.
async fn pass<'a>(client: &Client, wanted: &'a FindRollouts, facets: bool) -> TxResult<Pass<'a>> {
    let matching = conditions::matching(Dialect::Postgres, &wanted.conditions, wanted.sort_by, facets)?;
    let mut stream = pin!(ask(client, matching).await?);
    let mut pass = Pass::of(&wanted.conditions, facets);
    while let Some(row) = stream.try_next().await? {
        let candidate = Candidate {
            key: RowKey(row.try_get(0)?),
            status: row.try_get(1)?,
            mode: row.try_get(2)?,
            newest: row.try_get(3)?,
            input: row.try_get(5)?,
            metadata: row.try_get(6)?,
            rollout_id: &unpack(row.try_get(7)?),
        };
        pass.take(&candidate, || sort_value(&row, 4))?;
    }
    Ok(pass)
}

async fn ask(client: &Client, statement: Statement) -> TxResult<RowStream> {
    let prepared = client.prepare_cached(&statement.sql).await?;
    let values: Vec<Box<dyn ToSql + Sync + Send>> = statement.values.into_iter().map(value).collect();
    let values = values.iter().map(|value| &**value as &(dyn ToSql + Sync));
    Ok(client.query_raw(&prepared, values).await?)
}

fn value(value: Value) -> Box<dyn ToSql + Sync + Send> {
    let packed = |id: String| pack(&id).into_owned();
    match value {
        Value::Id(id) => Box::new(packed(id)),
        Value::Ids(ids) => Box::new(ids.into_iter().map(packed).collect::<Vec<_>>()),
        Value::Json(text) => Box::new(text),
        Value::Number(number) => Box::new(number),
        Value::Whole(number) => Box::new(number),
    }
}

fn sort_value(row: &Row, column: usize) -> TxResult<SortValue> {
    let kind = row.columns().get(column).map(tokio_postgres::Column::type_);
    let value = if kind == Some(&Type::FLOAT8) {
        row.try_get::<_, Option<f64>>(column)?.map(SortValue::Number)
    } else if kind == Some(&Type::INT8) {
        #[expect(clippy::cast_precision_loss, reason = "counts, which are far below 2^53")]
        row.try_get::<_, Option<i64>>(column)?.map(|number| SortValue::Number(number as f64))
    } else {
        row.try_get::<_, Option<&str>>(column)?.map(|text| SortValue::Text(unpack(text).into_owned()))
    };
    Ok(value.unwrap_or(SortValue::Missing))
}
