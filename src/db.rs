//! PostgreSQL: the pool, the migrations, and which constraint said no.

use diesel::result::Error as DieselError;

use crate::error::Error;

pub mod migrate;
mod narrow;
pub mod pool;
#[rustfmt::skip]
#[expect(missing_docs, reason = "diesel prints this file")]
pub mod schema;
pub mod statement;
pub mod statistics;

pub(crate) use narrow::narrowed;
pub use pool::{Pool, PooledConnection};

/// Turns the violation of `constraint` into `error`; every other outcome passes as it is.
///
/// The database decides what is unique; the one who inserts names the constraint that may say no.
pub fn on_constraint(constraint: &str, error: impl FnOnce() -> Error) -> impl FnOnce(DieselError) -> Error {
    move |found| match &found {
        DieselError::DatabaseError(_, information) if information.constraint_name() == Some(constraint) => {
            error()
        }
        _ => found.into(),
    }
}

#[diesel::declare_sql_function]
extern "SQL" {
    /// PostgreSQL's `lower`, as the unique indexes on names use it. Whoever compares with it puts both sides through it:
    /// its idea of a small letter is not the one of Rust.
    fn lower(text: diesel::sql_types::Text) -> diesel::sql_types::Text;

    /// The elements of an array as rows.
    fn unnest(texts: diesel::sql_types::Array<diesel::sql_types::Text>) -> diesel::sql_types::Text;
}

/// The one of `names` at the place that `array_position` gave, which counts from one.
pub fn at_place<Name>(names: &[Name], place: Option<i32>) -> Option<&Name> {
    names.get(usize::try_from(place?).ok()?.checked_sub(1)?)
}

/// The pattern of `ILIKE` for what holds `text`; none when nothing is left of it.
pub fn containing(text: Option<&str>) -> Option<String> {
    let text = text.map(str::trim).filter(|text| !text.is_empty())?;
    let escaped = text.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
    Some(format!("%{escaped}%"))
}
