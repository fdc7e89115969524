//! `schema`: prints the GraphQL schema in the schema language.

use crate::cli::Ending;
use crate::cli::terminal::say_all;
use crate::error::Result;
use crate::graphql::schema;

pub(super) fn run() -> Result<Ending> {
    say_all(&schema::sdl()?);
    Ok(Ending::Done)
}
