//! The binary: reads the command line, calls, and alone ends with a code.

use std::process::ExitCode;

use clap::Parser;
use pennypost::cli::{self, Arguments, Ending};

/// Threads of many kinds allocate here; the system's allocator keeps an arena for each and gives little back.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// The stack of each thread that answers requests: four times tokio's. The guard bounds how deep a document may nest; this
/// is the second belt, for what recurses over it.
const STACK_BYTES: usize = 8 * 1024 * 1024;

fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        // Also --help and --version come this way, with the code 0.
        Err(usage) => return code(cli::explain_usage(&usage)),
    };
    // Fails only when one is installed already, and then TLS has what it needs.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let runtime =
        tokio::runtime::Builder::new_multi_thread().enable_all().thread_stack_size(STACK_BYTES).build();
    let runtime = match runtime {
        Ok(runtime) => runtime,
        Err(error) => {
            return code(cli::explain(&format!("This machine gives no thread to start with: {error}")));
        }
    };
    let ended = runtime.block_on(cli::run(arguments));
    // What still runs has had its time, or was told twice to stop.
    runtime.shutdown_background();
    match ended {
        Ok(Ending::Done) => ExitCode::SUCCESS,
        Ok(Ending::BrokenOff) => code(cli::BROKEN_OFF),
        Err(error) => code(cli::explain(&error)),
    }
}

fn code(code: u8) -> ExitCode {
    ExitCode::from(code)
}
