//! SQL that diesel's query builder cannot say, prepared once a connection. `diesel::sql_query` prepares at every call,
//! and so do the builder's updates: one more round trip for each move of a job.

use std::marker::PhantomData;

use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::serialize::ToSql;
use diesel::sql_types::{HasSqlType, Untyped};

/// One statement. The text is a constant, so the cache of prepared statements cannot grow without end.
pub(super) fn statement(sql: &'static str) -> Statement {
    Statement { sql }
}

/// A statement without values.
pub(super) struct Statement {
    sql: &'static str,
}

/// A statement with one value more.
pub(super) struct Bound<Before, Value, SqlType> {
    before: Before,
    value: Value,
    sql_type: PhantomData<fn() -> SqlType>,
}

impl Statement {
    /// Gives `$1` its value.
    pub(super) fn bind<SqlType, Value>(self, value: Value) -> Bound<Self, Value, SqlType> {
        Bound { before: self, value, sql_type: PhantomData }
    }
}

impl<Before, Earlier, EarlierType> Bound<Before, Earlier, EarlierType> {
    /// Gives the next `$n` its value.
    pub(super) fn bind<SqlType, Value>(self, value: Value) -> Bound<Self, Value, SqlType> {
        Bound { before: self, value, sql_type: PhantomData }
    }
}

impl QueryFragment<Pg> for Statement {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql(self.sql);
        Ok(())
    }
}

impl<Before, Value, SqlType> QueryFragment<Pg> for Bound<Before, Value, SqlType>
where
    Before: QueryFragment<Pg>,
    Pg: HasSqlType<SqlType>,
    Value: ToSql<SqlType, Pg>,
{
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        self.before.walk_ast(out.reborrow())?;
        out.push_bind_param_value_only(&self.value)
    }
}

impl QueryId for Statement {
    type QueryId = ();
    // The key in the cache is the text itself.
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<Before, Value, SqlType> QueryId for Bound<Before, Value, SqlType> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl Query for Statement {
    type SqlType = Untyped;
}

impl<Before, Value, SqlType> Query for Bound<Before, Value, SqlType> {
    type SqlType = Untyped;
}
