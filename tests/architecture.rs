//! The house's rules, held: who may import whom, that every file is listed, and how long and how open a file may be.
//!
//! A new file in `src` needs its name in a row of [`MODULES`]. A new import needs a module that the row allows; where
//! it points up the table, move the code instead.

#![expect(clippy::unwrap_used, reason = "a test that cannot read the tree fails")]

#[path = "architecture/compose.rs"]
mod compose;
#[path = "architecture/engine.rs"]
mod engine;
#[path = "architecture/page.rs"]
mod page;
#[path = "architecture/scan.rs"]
mod scan;
#[path = "architecture/tokens.rs"]
mod tokens;

use std::fs;
use std::path::{Path, PathBuf};

use scan::{Finding, scan};

/// The longest that a file may be, in lines.
const LONGEST_FILE: usize = 400;

/// What diesel prints, and no rule on form holds.
const GENERATED: &[&str] = &["src/db/schema.rs"];

const LEAVES: &[&str] = &[
    "clock",
    "config",
    "cores",
    "error",
    "keys",
    "metrics",
    "money",
    "page",
    "text",
    "viewer",
    "sealed",
    "telemetry",
];
const INFRASTRUCTURE: &[&str] = &["db", "redis", "mailer", "embedded"];
const DOMAINS: &[&str] = &[
    "users",
    "audit",
    "idempotency",
    "categories",
    "accounts",
    "transactions",
    "mailbox",
    "extraction",
    "jobs",
];
/// What every domain may reach: to enqueue, to act once, and to write down who changed what.
const SHARED_DOMAINS: &[&str] = &["jobs", "idempotency", "audit"];

/// One module at the top of the crate.
struct Module {
    /// Its name; `main` and `lib` are the crate's two roots.
    name: &'static str,
    /// The modules that it may import besides itself, in groups; `a::b` allows that one alone.
    may_import: &'static [&'static [&'static str]],
    /// Its files below `src/`.
    files: &'static [&'static str],
}

const fn module(
    name: &'static str,
    may_import: &'static [&'static [&'static str]],
    files: &'static [&'static str],
) -> Module {
    Module { name, may_import, files }
}

/// The table, in the order of the layers.
#[rustfmt::skip]
const MODULES: &[Module] = &[
    module("lib", &[], &["lib.rs"]),
    // 0: leaves
    module("clock", &[&["error"]], &["clock.rs"]),
    module("config", &[&["error"]], &["config.rs", "config/dot_env.rs", "config/limits.rs", "config/settings.rs", "config/source.rs", "config/tests.rs"]),
    module("cores", &[&["error"]], &["cores.rs"]),
    module("error", &[], &["error.rs"]),
    module("keys", &[&["error", "config"]], &["keys.rs"]),
    module("metrics", &[&["error"]], &["metrics.rs", "metrics/moment.rs", "metrics/process.rs"]),
    module("money", &[&["error"]], &["money.rs"]),
    module("page", &[&["error"]], &["page.rs"]),
    module("text", &[&["error"]], &["text.rs"]),
    module("viewer", &[&["error"]], &["viewer.rs"]),
    module("sealed", &[&["error", "config", "keys"]], &["sealed.rs"]),
    module("telemetry", &[&["error", "config"]], &["telemetry.rs", "telemetry/captured.rs"]),
    // 1: infrastructure
    module("db", &[LEAVES], &["db.rs", "db/migrate.rs", "db/narrow.rs", "db/pool.rs", "db/schema.rs", "db/statement.rs", "db/statistics.rs"]),
    module("redis", &[LEAVES], &["redis.rs"]),
    module("mailer", &[LEAVES], &["mailer.rs", "mailer/refusal.rs", "mailer/tests.rs"]),
    module("embedded", &[LEAVES], &[
        "embedded.rs", "embedded/binaries.rs", "embedded/child.rs", "embedded/data_folder.rs", "embedded/orphans.rs",
        "embedded/postgres.rs", "embedded/redis.rs", "embedded/supervisor.rs",
    ]),
    // 2: domains
    module("users", &[LEAVES, INFRASTRUCTURE, SHARED_DOMAINS, &["categories"]], &[
        "users.rs", "users/access_token.rs", "users/administration.rs", "users/api_token.rs", "users/common_passwords.rs", "users/deletion.rs", "users/directory.rs", "users/leftovers.rs",
        "users/login_attempt.rs", "users/operator.rs", "users/password.rs", "users/password_change.rs",
        "users/password_reset.rs", "users/profile.rs", "users/refresh_token.rs", "users/registration.rs",
        "users/rotation.rs", "users/session.rs", "users/sign_in.rs", "users/standing.rs", "users/token_text.rs", "users/user.rs",
    ]),
    module("audit", &[LEAVES, INFRASTRUCTURE, SHARED_DOMAINS], &[
        "audit.rs", "audit/action.rs", "audit/author.rs", "audit/changes.rs", "audit/list.rs",
    ]),
    module("idempotency", &[LEAVES, INFRASTRUCTURE, SHARED_DOMAINS], &["idempotency.rs"]),
    module("categories", &[LEAVES, INFRASTRUCTURE, SHARED_DOMAINS], &[
        "categories.rs", "categories/change.rs", "categories/children.rs", "categories/note.rs", "categories/tree.rs",
    ]),
    module("accounts", &[LEAVES, INFRASTRUCTURE, SHARED_DOMAINS], &["accounts.rs", "accounts/change.rs", "accounts/learn.rs", "accounts/note.rs"]),
    module("transactions", &[LEAVES, INFRASTRUCTURE, SHARED_DOMAINS, &["categories", "accounts"]], &[
        "transactions.rs", "transactions/aggregate.rs", "transactions/amount.rs", "transactions/edit.rs",
        "transactions/edited.rs", "transactions/file.rs", "transactions/filter.rs", "transactions/list.rs", "transactions/note.rs",
        "transactions/of_parents.rs", "transactions/refile.rs", "transactions/row.rs",
    ]),
    module("mailbox", &[LEAVES, INFRASTRUCTURE, SHARED_DOMAINS], &[
        "mailbox/import_folder_tests.rs",
        "mailbox/prepared_tests.rs",
        "mailbox/source_tests.rs",
        "mailbox.rs", "mailbox/authenticity.rs", "mailbox/beneath.rs", "mailbox/connected_account.rs",
        "mailbox/connected_account/change.rs", "mailbox/manage.rs",
        "mailbox/email.rs", "mailbox/email_text.rs", "mailbox/fingerprint.rs", "mailbox/fingerprint_tests.rs", "mailbox/folder.rs",
        "mailbox/folder_position.rs", "mailbox/folder_tests.rs", "mailbox/forwarded.rs", "mailbox/recognised.rs", "mailbox/retention.rs",
        "mailbox/hostile_tests.rs",
        "mailbox/html.rs", "mailbox/html/effort.rs", "mailbox/html/hiding.rs",
        "mailbox/html/long_tags.rs", "mailbox/html/open_elements.rs", "mailbox/html/tokens.rs", "mailbox/html/tokens_tests.rs",
        "mailbox/html/tree_tests.rs", "mailbox/html_tests.rs", "mailbox/intake.rs",
        "mailbox/import.rs", "mailbox/import_folder.rs", "mailbox/mbox.rs", "mailbox/message.rs",
        "mailbox/message_tests.rs", "mailbox/mime.rs", "mailbox/mime/charset.rs", "mailbox/mime/head.rs", "mailbox/mime_tests.rs", "mailbox/prepared.rs", "mailbox/settled.rs", "mailbox/source.rs", "mailbox/store.rs",
        "mailbox/to_read.rs", "mailbox/transfer.rs", "mailbox/unreadable.rs",
    ]),
    module("extraction", &[
        LEAVES, INFRASTRUCTURE, SHARED_DOMAINS, &["mailbox", "categories", "accounts", "transactions"],
    ], &[
        "extraction.rs", "extraction/accept.rs", "extraction/align.rs", "extraction/llm_cost.rs", "extraction/llm_usage.rs",
        "extraction/review.rs", "extraction/runs.rs", "extraction/booking.rs", "extraction/categorise.rs", "extraction/draft.rs",
        "extraction/evidence.rs", "extraction/evidence_tests.rs", "extraction/extractor.rs", "extraction/filing.rs",
        "extraction/offline.rs", "extraction/offline/amounts.rs", "extraction/offline/currency.rs",
        "extraction/offline/dates.rs", "extraction/offline/fold.rs", "extraction/offline/kind.rs",
        "extraction/offline/lexicon.rs", "extraction/offline/list_tests.rs", "extraction/offline/marks.rs",
        "extraction/offline/merchant.rs", "extraction/offline/number.rs", "extraction/offline/original.rs",
        "extraction/offline/pattern.rs", "extraction/offline/region.rs", "extraction/offline/rows.rs",
        "extraction/offline/sides.rs", "extraction/offline/tests.rs",
        "extraction/reading.rs", "extraction/run.rs", "extraction/sighting.rs",
    ]),
    module("jobs", &[LEAVES, INFRASTRUCTURE], &[
        "jobs.rs", "jobs/cancel.rs", "jobs/checkpoint.rs", "jobs/claim.rs", "jobs/cron.rs", "jobs/enqueue.rs", "jobs/erase.rs",
        "jobs/event.rs", "jobs/failure.rs", "jobs/finish.rs", "jobs/heartbeat.rs", "jobs/job.rs", "jobs/live.rs",
        "jobs/live/catch_up.rs", "jobs/live/follow.rs", "jobs/live/follow_many.rs", "jobs/live/read.rs",
        "jobs/live/tail.rs", "jobs/payload.rs",
        "jobs/promote.rs", "jobs/publish.rs", "jobs/read.rs", "jobs/rescue.rs", "jobs/retention.rs", "jobs/retry.rs",
        "jobs/running.rs", "jobs/schedule.rs", "jobs/state.rs", "jobs/statistics.rs", "jobs/stop.rs",
        "jobs/turn.rs", "jobs/wakeup.rs",
    ]),
    // 3: the connected application
    module("app", &[LEAVES, INFRASTRUCTURE, DOMAINS], &["app.rs"]),
    // 4: transports
    module("graphql", &[LEAVES, INFRASTRUCTURE, DOMAINS, &["app"]], &[
        "graphql/administration.rs", "graphql/administration/input.rs",
        "graphql/administration/mutation.rs", "graphql/administration/statistics.rs", "graphql/at_once.rs", "graphql/api_tokens.rs", "graphql/api_tokens/input.rs", "graphql/api_tokens/mutation.rs",
        "graphql/api_tokens/object.rs", "graphql/api_tokens/query.rs",
        "graphql/audit.rs", "graphql/audit/input.rs", "graphql/audit/object.rs", "graphql/audit/query.rs",
        "graphql/connected_accounts.rs",
        "graphql/change.rs", "graphql/connected_accounts/change.rs",
        "graphql/connected_accounts/input.rs",
        "graphql/connected_accounts/mutation.rs",
        "graphql/connected_accounts/object.rs",
        "graphql/connected_accounts/query.rs",
        "graphql/emails.rs",
        "graphql/emails/input.rs", "graphql/emails/mutation.rs",
        "graphql/emails/object.rs",
        "graphql/emails/query.rs",
        "graphql/extraction/object.rs", "graphql/extraction/query.rs",
        "graphql.rs", "graphql/accounts.rs", "graphql/accounts/input.rs", "graphql/accounts/mutation.rs", "graphql/accounts/object.rs", "graphql/accounts/query.rs",
        "graphql/categories.rs", "graphql/categories/input.rs", "graphql/categories/mutation.rs", "graphql/categories/object.rs", "graphql/categories/query.rs",
        "graphql/connection.rs", "graphql/context.rs", "graphql/cursor.rs", "graphql/database.rs",
        "graphql/engine.rs", "graphql/engine/test_schema.rs", "graphql/engine/tests.rs",
        "graphql/engine/tests/allowance.rs", "graphql/engine/tests/arbitrary.rs", "graphql/engine/tests/at_once.rs", "graphql/engine/tests/coercion.rs", "graphql/engine/tests/document.rs", "graphql/engine/tests/errors.rs",
        "graphql/engine/tests/facts.rs", "graphql/engine/tests/generated.rs", "graphql/engine/tests/introspection.rs", "graphql/engine/tests/limits.rs",
        "graphql/engine/tests/price.rs", "graphql/engine/tests/trusted.rs", "graphql/engine/tests/values.rs", "graphql/engine/tests/variables.rs", "graphql/error.rs",
        "graphql/extraction.rs", "graphql/extraction/input.rs", "graphql/extraction/mutation.rs",
        "graphql/global_id.rs", "graphql/guard.rs", "graphql/guard/allowance.rs", "graphql/guard/cache.rs", "graphql/guard/characters.rs",
        "graphql/guard/document.rs", "graphql/guard/limits.rs", "graphql/guard/merged.rs", "graphql/guard/one_of.rs", "graphql/guard/price.rs",
        "graphql/guard/scopes.rs", "graphql/guard/shape.rs", "graphql/guard/source.rs", "graphql/guard/trusted.rs", "graphql/guard/variables.rs", "graphql/jobs.rs", "graphql/jobs/event.rs",
        "graphql/jobs/input.rs", "graphql/jobs/mutation.rs", "graphql/jobs/object.rs", "graphql/jobs/query.rs",
        "graphql/jobs/queue_statistics.rs", "graphql/jobs/subscription.rs", "graphql/jobs/trigger.rs", "graphql/loaders.rs",
        "graphql/json.rs", "graphql/named.rs", "graphql/node.rs", "graphql/passwords.rs", "graphql/passwords/input.rs", "graphql/passwords/mutation.rs",
        "graphql/scalars.rs", "graphql/schema.rs", "graphql/schema/tests.rs", "graphql/sessions.rs",
        "graphql/sessions/input.rs", "graphql/sessions/mutation.rs", "graphql/sessions/object.rs",
        "graphql/sessions/query.rs", "graphql/sessions/signed_in.rs",
        "graphql/llm_usages.rs", "graphql/llm_usages/cost.rs", "graphql/llm_usages/object.rs", "graphql/llm_usages/query.rs",
        "graphql/loaders/counts.rs", "graphql/loaders/gathering.rs", "graphql/loaders/pages.rs", "graphql/sightings.rs", "graphql/sightings/input.rs",
        "graphql/sightings/mutation.rs", "graphql/sightings/object.rs", "graphql/sightings/query.rs",
        "graphql/transactions.rs", "graphql/transactions/aggregate.rs", "graphql/transactions/edit.rs",
        "graphql/transactions/mutation.rs", "graphql/transactions/input.rs", "graphql/transactions/object.rs",
        "graphql/transactions/query.rs", "graphql/user_error.rs", "graphql/users.rs", "graphql/users/input.rs",
        "graphql/users/mutation.rs", "graphql/users/object.rs", "graphql/users/query.rs",
    ]),
    module("worker", &[LEAVES, INFRASTRUCTURE, DOMAINS, &["app"]], &[
        "worker.rs", "worker/attempt.rs", "worker/delete_user.rs", "worker/extract_emails.rs", "worker/fetch_emails.rs", "worker/fetch_place.rs",
        "worker/heartbeat.rs",
        "worker/housekeeping.rs", "worker/kinds.rs", "worker/letters.rs", "worker/registry.rs", "worker/retention.rs",
        "worker/run_loop.rs",
        "worker/send_email.rs", "worker/settle.rs",
    ]),
    module("http", &[LEAVES, DOMAINS, &["app", "graphql::engine"]], &[
        "http.rs", "http/arrival.rs", "http/body.rs", "http/client_address.rs", "http/endpoint.rs", "http/event_stream.rs",
        "http/event_stream/event.rs", "http/event_stream/pump.rs", "http/event_stream/tests.rs",
        "http/graphql.rs", "http/graphql/tests.rs", "http/graphql/tests/compression.rs", "http/health.rs", "http/host.rs", "http/lasting.rs", "http/lasting/occupancy.rs",
        "http/lasting/operation.rs", "http/lasting/term.rs", "http/lasting/test_server.rs",
        "http/metrics.rs", "http/negotiation.rs", "http/origin.rs", "http/outcome.rs", "http/page.rs", "http/page/files.rs",
        "http/page/tests.rs", "http/parameters.rs", "http/problem.rs", "http/request_id.rs", "http/router.rs", "http/scrape.rs",
        "http/serve.rs", "http/status.rs", "http/websocket.rs", "http/websocket/close.rs",
        "http/websocket/connection.rs", "http/websocket/message.rs", "http/websocket/tests.rs",
    ]),
    // 5: the command line
    module("cli", &[LEAVES, INFRASTRUCTURE, DOMAINS, &["app", "graphql", "worker", "http"]], &[
        "cli.rs", "cli/data_folder.rs", "cli/import.rs", "cli/migrate.rs", "cli/schema.rs", "cli/serve.rs",
        "cli/servers.rs", "cli/settings.rs", "cli/signals.rs", "cli/terminal.rs", "cli/up.rs", "cli/user.rs",
        "cli/worker.rs",
    ]),
    module("main", &[&["cli", "telemetry", "config"]], &["main.rs"]),
];

/// What is wrong with the file at `path` below `src/`, each with the file and the line.
fn complaints(path: &str, text: &str) -> Vec<String> {
    let at = |line: usize, what: &str| format!("src/{path}:{line}: {what}");
    let Some(module) = MODULES.iter().find(|module| module.files.contains(&path)) else {
        return vec![at(1, "this file is not in the table MODULES of tests/architecture.rs")];
    };
    let mut found = Vec::new();
    for (line, finding) in scan(path, text) {
        match finding {
            Finding::Import(target) if !may_import(module, &target) => {
                let target =
                    if target.is_empty() { "the crate's root".to_owned() } else { target.join("::") };
                found.push(at(line, &format!("`{}` may not import {target}", module.name)));
            }
            Finding::Print(name) if module.name != "cli" => {
                found.push(at(line, &format!("only cli prints, and this is `{name}!`")));
            }
            Finding::Engine(target) => {
                found.extend(engine::complaint(path, &target).map(|what| at(line, &what)));
            }
            Finding::Allow => found.push(at(line, "say #[expect(.., reason = \"..\")], not #[allow]")),
            Finding::Import(_) | Finding::Print(_) => {}
        }
    }
    if !GENERATED.contains(&format!("src/{path}").as_str()) {
        found.extend(complaints_about_form(text).into_iter().map(|(line, what)| at(line, &what)));
    }
    found
}

fn may_import(module: &Module, target: &[String]) -> bool {
    let allowed = module.may_import.iter().copied().flatten().copied();
    allowed.chain([module.name]).any(|allowed| {
        let mut target = target.iter();
        allowed.split("::").all(|part| target.next().is_some_and(|found| found == part))
    })
}

fn complaints_about_form(text: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    let lines = text.lines().count();
    if lines > LONGEST_FILE {
        found.push((LONGEST_FILE + 1, format!("{lines} lines: a file has at most {LONGEST_FILE}")));
    }
    let opening = text.lines().map_while(|line| line.strip_prefix("//! ")).collect::<Vec<_>>().join(" ");
    if !opening.trim_end().ends_with('.') {
        found.push((1, "the first line says the file's purpose: `//! ` and a sentence".to_owned()));
    }
    found
}

/// Every Rust file below `folder`, as a path relative to `root`.
fn rust_files(root: &Path, folder: &Path) -> Vec<String> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path: PathBuf = entry.unwrap().path();
        if path.is_dir() {
            files.extend(rust_files(root, &path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path.strip_prefix(root).unwrap().to_str().unwrap().to_owned());
        }
    }
    files.sort();
    files
}

#[test]
fn every_file_keeps_the_rules() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let found: Vec<String> = rust_files(&src, &src)
        .iter()
        .flat_map(|path| complaints(path, &fs::read_to_string(src.join(path)).unwrap()))
        .collect();
    assert!(found.is_empty(), "\n{}\n", found.join("\n"));
}

#[test]
fn every_file_of_the_table_exists() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let listed = MODULES.iter().flat_map(|module| module.files);
    let gone: Vec<_> = listed.filter(|path| !src.join(path).is_file()).collect();
    assert!(gone.is_empty(), "listed in the table, and not there: {gone:?}");
}

#[test]
fn a_file_stands_in_the_row_of_its_module_and_in_no_other() {
    let mut seen = Vec::new();
    for module in MODULES {
        for file in module.files {
            let top = file.split('/').next().unwrap().trim_end_matches(".rs");
            assert_eq!(top, module.name, "{file} stands in the wrong row");
            assert!(!seen.contains(file), "{file} stands in the table twice");
            seen.push(file);
        }
    }
}

#[test]
fn the_table_has_no_cycle() {
    // A module may reach the ones that stand in its row; walking those never leads back to it. The domains that all
    // may reach are told apart: they name each other in the shared group, and must not use that.
    let reaches = |name: &str| {
        let module = MODULES.iter().find(|module| module.name == name).unwrap();
        let targets = module.may_import.iter().copied().flatten();
        let shared = SHARED_DOMAINS.contains(&name);
        targets
            .filter(move |target| !(shared && SHARED_DOMAINS.contains(target)))
            .map(|target| target.split("::").next().unwrap())
    };
    for module in MODULES {
        let mut below: Vec<&str> = reaches(module.name).collect();
        let mut next = 0;
        while let Some(name) = below.get(next).copied() {
            next += 1;
            for further in reaches(name) {
                if !below.contains(&further) {
                    below.push(further);
                }
            }
        }
        assert!(!below.contains(&module.name), "{} reaches itself", module.name);
    }
}

#[test]
fn an_upward_import_is_reported_with_file_and_line() {
    let text = "//! Text.\n\nuse crate::error::Error;\nuse crate::{\n    viewer,\n    graphql::{engine, context as c},\n};\n";
    assert_eq!(
        complaints("db/pool.rs", text),
        [
            "src/db/pool.rs:6: `db` may not import graphql::engine",
            "src/db/pool.rs:6: `db` may not import graphql::context"
        ]
    );
}

#[test]
fn a_path_inside_an_expression_or_a_macro_is_an_import_too() {
    let text = "//! Text.\nfn f() {\n    crate::http::serve();\n    format!(\"{}\", crate::app::NAME);\n}\n";
    assert_eq!(
        complaints("db.rs", text),
        ["src/db.rs:3: `db` may not import http::serve", "src/db.rs:4: `db` may not import app::NAME"]
    );
}

#[test]
fn a_way_through_super_is_an_import_too() {
    let text = "//! Text.\nuse super::pool::Pool;\nuse super::super::app::App;\nmod tests {\n    use super::super::x;\n    use super::super::super::worker::run;\n}\n";
    assert_eq!(
        complaints("db/migrate.rs", text),
        [
            "src/db/migrate.rs:3: `db` may not import app::App",
            "src/db/migrate.rs:6: `db` may not import worker::run"
        ]
    );
}

#[test]
fn comments_strings_and_visibilities_are_no_imports() {
    let text = r##"//! Text.
        // use crate::app::App;
        /* crate::http /* crate::http */ crate::http */
        pub(crate) const A: &str = "\" crate::worker::b";
        pub(super) const B: &str = r#"" use crate::app::App;"#;
        const C: (char, char, &'static [u8]) = ('"', '\'', br"crate::app::App");
        fn f<'a>(text: &'a str) -> crate::error::Result<&'a str> { r#match(text, '\u{22}') }
        use crate::worker::run;
    "##;
    assert_eq!(complaints("db.rs", text), ["src/db.rs:8: `db` may not import worker::run"]);
}

#[test]
fn a_glob_over_the_crate_is_refused() {
    assert_eq!(
        complaints("db.rs", "//! Text.\nuse crate::*;\n"),
        ["src/db.rs:2: `db` may not import the crate's root"]
    );
}

#[test]
fn the_binary_may_import_the_command_line_alone() {
    let text = "//! Text.\nuse pennypost::cli;\nuse pennypost::{app::App, config};\n";
    assert_eq!(complaints("main.rs", text), ["src/main.rs:3: `main` may not import app::App"]);
}

#[test]
fn http_may_import_the_engine_of_graphql_alone() {
    let http = MODULES.iter().find(|module| module.name == "http").unwrap();
    let path = |text: &str| text.split("::").map(str::to_owned).collect::<Vec<_>>();
    assert!(may_import(http, &path("graphql::engine::Engine")));
    assert!(!may_import(http, &path("graphql::context::Context")));
    assert!(!may_import(http, &path("graphql")));
}

#[test]
fn printing_and_allowing_are_reported() {
    let text = "//! Text.\n#![allow(dead_code)]\n#[cfg_attr(test, allow(unused))]\nfn f() {\n    println!(\"x\");\n    std::eprint!(\"x\");\n}\n";
    let found = complaints("db.rs", text);
    assert_eq!(found.len(), 4, "{found:?}");
    assert!(found[0].starts_with("src/db.rs:2: say #[expect"));
    assert!(found[1].starts_with("src/db.rs:3: say #[expect"));
    assert!(found[2].starts_with("src/db.rs:5: only cli prints"));
    assert!(found[3].starts_with("src/db.rs:6: only cli prints"));
}

#[test]
fn an_unlisted_a_silent_and_a_long_file_are_reported() {
    assert_eq!(
        complaints("db/helpers.rs", "//! Text.\n"),
        ["src/db/helpers.rs:1: this file is not in the table MODULES of tests/architecture.rs"]
    );
    assert!(complaints("db.rs", "use std::fs;\n")[0].contains("the file's purpose"));
    assert!(complaints("db.rs", "//! no sentence\n")[0].contains("the file's purpose"));
    let long = format!("//! Text.\n{}", "\n".repeat(LONGEST_FILE));
    assert_eq!(complaints("db.rs", &long), ["src/db.rs:401: 401 lines: a file has at most 400"]);
}
