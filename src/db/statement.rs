//! SQL that diesel's query builder cannot say, prepared once a connection. `diesel::sql_query` prepares at every call,
//! and so do the builder's updates: one more round trip for each, and a plan that is made anew.

use std::borrow::Cow;
use std::marker::PhantomData;

use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::serialize::ToSql;
use diesel::sql_types::{HasSqlType, Untyped};

/// One statement. The text is a constant, or put together from a few of them, and holds no value: the cache of prepared
/// statements keeps each text for as long as its connection lives.
pub fn statement(sql: impl Into<Cow<'static, str>>) -> Statement {
    Statement { sql: sql.into() }
}

/// A statement without values.
pub struct Statement {
    sql: Cow<'static, str>,
}

/// A statement with one value more.
pub struct Bound<Before, Value, SqlType> {
    before: Before,
    value: Value,
    sql_type: PhantomData<fn() -> SqlType>,
}

impl Statement {
    /// Gives `$1` its value.
    pub fn bind<SqlType, Value>(self, value: Value) -> Bound<Self, Value, SqlType> {
        Bound { before: self, value, sql_type: PhantomData }
    }
}

impl<Before, Earlier, EarlierType> Bound<Before, Earlier, EarlierType> {
    /// Gives the next `$n` its value.
    pub fn bind<SqlType, Value>(self, value: Value) -> Bound<Self, Value, SqlType> {
        Bound { before: self, value, sql_type: PhantomData }
    }
}

impl QueryFragment<Pg> for Statement {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql(&self.sql);
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
