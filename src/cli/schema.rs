//! `schema`: prints the GraphQL schema in the schema language.

use crate::cli::Ending;
use crate::cli::terminal::say_all;
use crate::error::Result;

pub(super) fn run() -> Result<Ending> {
    say_all(&crate::cli::serve::schema_text()?);
    Ok(Ending::Done)
}
