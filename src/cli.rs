//! The command line: one file per command, and the only place that speaks to a terminal.

mod data_folder;
mod import;
mod migrate;
mod schema;
mod serve;
mod servers;
mod settings;
mod signals;
mod terminal;
mod up;
mod user;
mod worker;

use std::fmt::Display;

use clap::{Parser, Subcommand};

use crate::config::{self, Config};
use crate::error::Result;

/// The exit code of a process that a second signal broke off, as shells count an interrupt.
pub const BROKEN_OFF: u8 = 130;

/// What a person typed.
#[derive(Debug, Parser)]
#[command(
    name = "pennypost",
    // What it is called, whatever its file was renamed to.
    bin_name = "pennypost",
    version,
    about = "Turns an inbox into a ledger, answered through one GraphQL schema.",
    after_help = config::help(),
    arg_required_else_help = true
)]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Start everything in one process, with a PostgreSQL and a Redis of its own where none is named.
    Up,
    /// Start the API alone.
    Serve,
    /// Start the workers alone.
    Worker,
    /// Read mails into a user's ledger: an mbox, a single mail, a Maildir, or a folder of .eml files.
    Import(import::Order),
    /// Bring the database to this version.
    Migrate,
    /// Print the GraphQL schema.
    Schema,
    /// Print .env.example: every setting with its default.
    Settings,
    /// Look after the people who sign in.
    #[command(subcommand)]
    User(user::Command),
}

/// How a command ended that did not fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// In order.
    Done,
    /// At once, because a second signal said so.
    BrokenOff,
}

/// Runs the command.
pub async fn run(arguments: Arguments) -> Result<Ending> {
    match arguments.command {
        Command::Up => up::run(Config::from_environment()?).await,
        Command::Serve => serve::run(Config::from_environment()?).await,
        Command::Worker => worker::run(Config::from_environment()?).await,
        Command::Import(order) => import::run(Config::from_environment()?, order).await,
        Command::Migrate => migrate::run(Config::from_environment()?).await,
        Command::User(command) => user::run(Config::from_environment()?, command).await,
        Command::Schema => schema::run(),
        Command::Settings => Ok(settings::run()),
    }
}

/// Says in one sentence why a command failed, and returns the exit code for it.
pub fn explain(error: &impl Display) -> u8 {
    terminal::complain(&format!("pennypost: {error}"));
    1
}

/// Says what is wrong with a command line, or what `--help` asks for, and returns the exit code for it.
pub fn explain_usage(usage: &clap::Error) -> u8 {
    // Nowhere to say that the terminal is gone.
    let _ = usage.print();
    u8::try_from(usage.exit_code()).unwrap_or(2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn help_calls_the_program_by_its_name_whatever_its_file_is_called() {
        for (arguments, usage) in [
            (vec!["/tmp/pennypost-0.1-debug", "--help"], "Usage: pennypost <COMMAND>"),
            (
                vec!["/tmp/pennypost-0.1-debug", "import", "--help"],
                "Usage: pennypost import --user <USER> <PATH>",
            ),
        ] {
            let help = Arguments::try_parse_from(arguments).unwrap_err().to_string();
            assert!(help.contains(usage), "{help}");
        }
    }
}
