//! Which rollouts, in what order: the statements of [`conditions`] on a connection.

use lightning_store_client::wire::dashboard::{FindRollouts, RolloutRows};
use parking_lot::RwLock;
use rusqlite::types::{Value as Sql, ValueRef};
use rusqlite::{Connection, params_from_iter};

use super::super::counts;
use super::super::soft::SoftState;
use super::{facts, rows};
use crate::storage::cursor::{Cursor, SortPlace, SortValue};
use crate::storage::dashboard::conditions::{self, Dialect, Value};
use crate::storage::dashboard::find::{Candidate, Found, Pass, is_whole, places_of};
use crate::storage::error::{StorageFailure, TxResult};
use crate::storage::rows::{RowKey, to_json};

/// A page of rollouts. `after` is where the page before has ended, if it is asked for so.
pub(in super::super) fn find_rollouts(
    connection: &Connection,
    soft: &RwLock<SoftState>,
    wanted: &FindRollouts,
    after: Option<&Cursor>,
) -> TxResult<RolloutRows> {
    let found = if is_whole(wanted) {
        Found::of_all(wanted, whole(connection, wanted, after)?, &counts::load(connection)?)
    } else {
        Found::of_matching(wanted, pass(connection, wanted, wanted.facets)?, after)
    };
    let items = rows::rollouts(connection, soft, &found.keys())?;
    Ok(found.with(wanted, items, facts::behind(connection)?))
}

/// The keys of all rollouts that match, in order.
pub(in super::super) fn find_keys(connection: &Connection, wanted: &FindRollouts) -> TxResult<Vec<RowKey>> {
    Ok(pass(connection, wanted, false)?.keys(wanted))
}

/// A page of all rollouts, from an index.
fn whole(connection: &Connection, wanted: &FindRollouts, after: Option<&Cursor>) -> TxResult<Vec<SortPlace>> {
    let page = conditions::page_of_all(Dialect::Sqlite, wanted, after, places_of(wanted));
    let mut statement = connection.prepare_cached(&page.sql)?;
    let mut cursor = statement.query(params_from_iter(values(page.values)?))?;
    let mut places = Vec::new();
    while let Some(row) = cursor.next()? {
        places.push(SortPlace { value: sort_value(row.get_ref(1)?)?, key: RowKey(row.get(0)?) });
    }
    Ok(places)
}

fn pass<'a>(connection: &Connection, wanted: &'a FindRollouts, facets: bool) -> TxResult<Pass<'a>> {
    let matching = conditions::matching(Dialect::Sqlite, &wanted.conditions, wanted.sort_by, facets)?;
    let mut statement = connection.prepare_cached(&matching.sql)?;
    let mut cursor = statement.query(params_from_iter(values(matching.values)?))?;
    let mut pass = Pass::of(&wanted.conditions, facets);
    while let Some(row) = cursor.next()? {
        let text = |column: usize| Ok::<_, rusqlite::Error>(row.get_ref(column)?.as_str().ok());
        let candidate = Candidate {
            key: RowKey(row.get(0)?),
            status: text(1)?,
            mode: text(2)?,
            newest: text(3)?,
            input: text(5)?,
            metadata: text(6)?,
            rollout_id: text(7)?.unwrap_or_default(),
        };
        pass.take(&candidate, || sort_value(row.get_ref(4)?))?;
    }
    Ok(pass)
}

fn values(values: Vec<Value>) -> TxResult<Vec<Sql>> {
    let sql = |value| {
        Ok(match value {
            Value::Id(text) | Value::Json(text) => Sql::Text(text),
            Value::Ids(ids) => Sql::Text(to_json(&ids)?),
            Value::Number(number) => Sql::Real(number),
            Value::Whole(number) => Sql::Integer(number),
        })
    };
    values.into_iter().map(sql).collect()
}

fn sort_value(value: ValueRef<'_>) -> TxResult<SortValue> {
    Ok(match value {
        ValueRef::Null => SortValue::Missing,
        #[expect(clippy::cast_precision_loss, reason = "counts, which are far below 2^53")]
        ValueRef::Integer(number) => SortValue::Number(number as f64),
        ValueRef::Real(number) => SortValue::Number(number),
        other => {
            let text = other.as_str().map_err(|error| StorageFailure::Unreadable(error.to_string()))?;
            SortValue::Text(text.to_owned())
        }
    })
}
