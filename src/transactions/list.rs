//! Lists of transactions, the newest first. Every read starts from whose rows are visible.

use chrono::NaiveDate;
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sql_types::{Nullable, Text};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use crate::db::schema::{accounts, categories, transactions};
use crate::page::Page;
use crate::transactions::filter::{Filter, Joined, matching};
use crate::transactions::row::{Brief, Listed, Transaction, Wanted};
use crate::viewer::Visibility;

/// One stretch of the visible transactions, sorted by (booked on, id), as much of each as is wanted; `newest_first` turns the order round.
pub async fn list(
    conn: &mut AsyncPgConnection,
    visibility: Visibility,
    filter: &Filter,
    newest_first: bool,
    page: Page<(NaiveDate, Uuid)>,
    wanted: Wanted,
) -> QueryResult<Vec<Listed>> {
    let mut query = matching(visibility, filter).limit(page.limit);
    let (above, below) = if newest_first { (page.before, page.after) } else { (page.after, page.before) };
    if let Some((day, id)) = above {
        query = query.filter(
            transactions::booked_on.gt(day).or(transactions::booked_on.eq(day).and(transactions::id.gt(id))),
        );
        query = query.filter(transactions::booked_on.ge(day));
    }
    if let Some((day, id)) = below {
        query = query.filter(
            transactions::booked_on.lt(day).or(transactions::booked_on.eq(day).and(transactions::id.lt(id))),
        );
        query = query.filter(transactions::booked_on.le(day));
    }
    let sorted = if newest_first == page.is_from_end {
        query.order((transactions::booked_on.asc(), transactions::id.asc()))
    } else {
        query.order((transactions::booked_on.desc(), transactions::id.desc()))
    };
    let names = (
        name(wanted.account_name, accounts::name.nullable()),
        name(wanted.category_name, categories::name.nullable()),
    );
    let listed = if wanted.whole {
        let rows: Vec<(Transaction, FoundNames)> =
            sorted.select((Transaction::as_select(), names)).load(conn).await?;
        rows.into_iter().map(|(row, names)| Listed::whole(row, names.into())).collect()
    } else {
        let rows: Vec<(Brief, FoundNames)> = sorted.select((Brief::as_select(), names)).load(conn).await?;
        rows.into_iter().map(|(row, names)| Listed::brief(row, names.into())).collect()
    };
    Ok(page.in_order(listed))
}

/// A name that comes with the rows, or none.
type Name = Box<dyn BoxableExpression<Joined, Pg, SqlType = Nullable<Text>>>;
type FoundNames = (Option<String>, Option<String>);

fn name<Column>(is_wanted: bool, column: Column) -> Name
where
    Column: BoxableExpression<Joined, Pg, SqlType = Nullable<Text>> + 'static,
{
    if is_wanted { Box::new(column) } else { Box::new(None::<String>.into_sql()) }
}

/// How many visible transactions pass the filter.
pub async fn count(
    conn: &mut AsyncPgConnection,
    visibility: Visibility,
    filter: &Filter,
) -> QueryResult<i64> {
    matching(visibility, filter).count().get_result(conn).await
}

/// The visible ones among `ids`.
pub async fn for_ids(
    conn: &mut AsyncPgConnection,
    visibility: Visibility,
    ids: &[Uuid],
) -> QueryResult<Vec<Transaction>> {
    let query = matching(visibility, &Filter::default()).filter(transactions::id.eq_any(ids));
    query.select(Transaction::as_select()).load(conn).await
}

/// The living transaction with that id, when it is visible.
pub async fn find(
    conn: &mut AsyncPgConnection,
    visibility: Visibility,
    id: Uuid,
) -> QueryResult<Option<Transaction>> {
    let query = matching(visibility, &Filter::default()).filter(transactions::id.eq(id));
    query.select(Transaction::as_select()).first(conn).await.optional()
}
