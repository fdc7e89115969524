//! Categories below others: the same page of each, in one statement.

use diesel::dsl::count_star;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Nullable, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use crate::db::schema::categories;
use crate::db::statement::statement;
use crate::page::Page;
use crate::viewer::Visibility;

/// A category below another one.
#[derive(Clone, Copy, Debug, QueryableByName)]
pub struct Child {
    /// The one above.
    #[diesel(sql_type = SqlUuid)]
    pub parent_id: Uuid,
    /// The category.
    #[diesel(sql_type = SqlUuid)]
    pub id: Uuid,
}

/// A page of what is right below each of the visible categories among `ids`, in the order in which they were made.
pub async fn of_parents(
    conn: &mut AsyncPgConnection,
    visibility: Visibility,
    ids: &[Uuid],
    page: Page<Uuid>,
) -> QueryResult<Vec<Child>> {
    // A page for each of many parents takes LATERAL, which diesel has no words for.
    let order = if page.is_from_end { "DESC" } else { "ASC" };
    let sql = format!(
        "SELECT page.* FROM categories parent CROSS JOIN LATERAL (
            SELECT c.parent_id, c.id FROM categories c
            WHERE c.user_id = parent.user_id AND c.parent_id = parent.id
                AND ($3 IS NULL OR c.id > $3) AND ($4 IS NULL OR c.id < $4)
            ORDER BY c.id {order} LIMIT $5
        ) AS page
        WHERE parent.id = ANY ($1) AND ($2 IS NULL OR parent.user_id = $2) ORDER BY page.parent_id, page.id"
    );
    statement(sql)
        .bind::<Array<SqlUuid>, _>(ids)
        .bind::<Nullable<SqlUuid>, _>(visibility.user())
        .bind::<Nullable<SqlUuid>, _>(page.after)
        .bind::<Nullable<SqlUuid>, _>(page.before)
        .bind::<BigInt, _>(page.limit)
        .load(conn)
        .await
}

/// How many categories are right below each of the visible ones among `ids`; one with none is left out.
pub async fn count_of_parents(
    conn: &mut AsyncPgConnection,
    visibility: Visibility,
    ids: &[Uuid],
) -> QueryResult<Vec<(Uuid, i64)>> {
    let mut query = categories::table
        .filter(categories::parent_id.eq_any(ids))
        .group_by(categories::parent_id)
        .select((categories::parent_id.assume_not_null(), count_star()))
        .into_boxed();
    if let Some(user) = visibility.user() {
        query = query.filter(categories::user_id.eq(user));
    }
    query.load(conn).await
}
