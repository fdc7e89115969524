//! `settings`: prints every setting, as `.env.example` holds them.

use crate::cli::Ending;
use crate::cli::terminal::say_all;
use crate::config;

pub(super) fn run() -> Ending {
    say_all(&config::env_example());
    Ending::Done
}
