//! The rules that every table keeps, read from the catalogue of a migrated database; and that nothing of a deleted user is left.

use diesel_async::SimpleAsyncConnection;
use serde_json::json;

use crate::support::app::TestApp;
use crate::support::database::TestDatabase;
use crate::support::rows::texts;

/// What the rules speak about. A view of this connection alone, so that no rule sees it.
const VIEWS: &str = "
CREATE TEMP VIEW our_tables AS
    SELECT oid, relname::text AS name FROM pg_class
    WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND relname <> '__diesel_schema_migrations';
CREATE TEMP VIEW our_columns AS
    SELECT tables.oid, tables.name AS table_name, attnum, attname::text AS name, attnotnull AS is_not_null,
        format_type(atttypid, atttypmod) AS type, tables.name || '.' || attname AS text
    FROM pg_attribute JOIN our_tables AS tables ON tables.oid = attrelid WHERE attnum > 0 AND NOT attisdropped;
CREATE TEMP VIEW owned_tables AS
    SELECT tables.*, attnum AS owner, columns.is_not_null FROM our_tables AS tables
    JOIN our_columns AS columns USING (oid) WHERE columns.name = 'user_id' AND tables.name <> 'jobs';
CREATE TEMP VIEW our_references AS
    SELECT conrelid, confrelid, conkey, confkey, confdeltype, confdelsetcols, conname,
        conrelid::regclass || '.' || conname AS text,
        ARRAY(SELECT attname::text FROM unnest(conkey) WITH ORDINALITY AS key (number, place)
            JOIN pg_attribute ON attrelid = conrelid AND attnum = number ORDER BY place) AS columns,
        ARRAY(SELECT attname::text FROM unnest(confkey) WITH ORDINALITY AS key (number, place)
            JOIN pg_attribute ON attrelid = confrelid AND attnum = number ORDER BY place) AS targets
    FROM pg_constraint WHERE contype = 'f';
";

/// A rule of the data model: the query names what breaks it, and each of the breaches has to be found by it.
struct Rule {
    sentence: &'static str,
    offenders: &'static str,
    breaches: &'static [&'static str],
}

const RULES: &[Rule] = &[
    Rule {
        sentence: "every table has a comment",
        offenders: "SELECT name AS text FROM our_tables WHERE obj_description(oid, 'pg_class') IS NULL",
        breaches: &["CREATE TABLE loose (id uuid PRIMARY KEY)", "COMMENT ON TABLE users IS NULL"],
    },
    Rule {
        sentence: "every column has a comment",
        offenders: "SELECT text FROM our_columns WHERE col_description(oid, attnum) IS NULL",
        breaches: &["ALTER TABLE users ADD loose integer", "COMMENT ON COLUMN emails.subject IS NULL"],
    },
    Rule {
        sentence: "every function has a comment",
        offenders: "SELECT proname::text AS text FROM pg_proc WHERE pronamespace = 'public'::regnamespace
            AND obj_description(oid, 'pg_proc') IS NULL",
        breaches: &["CREATE FUNCTION loose() RETURNS integer LANGUAGE sql AS 'SELECT 1'"],
    },
    Rule {
        sentence: "a row has a uuid as its id, where it has no natural key",
        offenders: "SELECT name AS text FROM our_tables AS tables WHERE EXISTS (
                SELECT FROM pg_constraint JOIN our_columns AS columns ON columns.oid = conrelid AND conkey = ARRAY[attnum]
                WHERE conrelid = tables.oid AND contype = 'p' AND columns.name = 'id' AND type = 'uuid')
            = (name IN ('roles', 'login_attempts', 'password_resets', 'email_sources', 'email_texts',
                'idempotency_keys', 'job_events', 'job_schedules'))",
        breaches: &[
            "CREATE TABLE loose (id bigint PRIMARY KEY)",
            "CREATE TABLE loose (id uuid NOT NULL)",
            "CREATE TABLE loose (id uuid, at date, PRIMARY KEY (id, at))",
        ],
    },
    Rule {
        sentence: "every table has a primary key",
        offenders: "SELECT name AS text FROM our_tables WHERE NOT EXISTS (
            SELECT FROM pg_constraint WHERE conrelid = our_tables.oid AND contype = 'p')",
        breaches: &["CREATE TABLE loose (id uuid)", "ALTER TABLE email_texts DROP CONSTRAINT email_texts_pkey"],
    },
    Rule {
        sentence: "a row knows when it was made; an event has its own moment",
        offenders: "SELECT name AS text FROM our_tables AS tables WHERE NOT EXISTS (SELECT FROM our_columns AS columns
            WHERE columns.oid = tables.oid AND is_not_null AND type = 'timestamp with time zone'
            AND columns.name = CASE WHEN tables.name IN ('job_events', 'audit_entries') THEN 'at' ELSE 'created_at' END)",
        breaches: &[
            "ALTER TABLE users ALTER created_at DROP NOT NULL",
            "ALTER TABLE users ALTER created_at TYPE timestamp",
            "ALTER TABLE job_events RENAME at TO moment",
        ],
    },
    Rule {
        sentence: "a row knows when it last changed, and a trigger sees to it; what is only appended to has neither",
        offenders: "SELECT name AS text FROM our_tables AS tables WHERE (
                EXISTS (SELECT FROM our_columns AS columns WHERE columns.oid = tables.oid AND is_not_null
                    AND columns.name = 'updated_at' AND type = 'timestamp with time zone')
                AND EXISTS (SELECT FROM pg_trigger WHERE tgrelid = tables.oid AND tgname = 'touch_updated_at'
                    AND tgfoid = 'touch_updated_at'::regproc AND tgenabled = 'O'))
            = (name IN ('email_places', 'email_sources', 'email_texts', 'job_events', 'audit_entries'))",
        breaches: &[
            "ALTER TABLE emails ALTER updated_at DROP NOT NULL",
            "DROP TRIGGER touch_updated_at ON emails",
            "CREATE TABLE loose (id uuid PRIMARY KEY)",
        ],
    },
    Rule {
        sentence: "every table is somebody's, but the system's own",
        offenders: "SELECT name AS text FROM our_tables WHERE name NOT IN (SELECT name FROM owned_tables)
            AND name NOT IN ('roles', 'users', 'login_attempts', 'jobs', 'job_events', 'job_workers', 'job_schedules',
                'audit_entries')",
        breaches: &["CREATE TABLE loose (id uuid PRIMARY KEY)"],
    },
    Rule {
        sentence: "what is somebody's goes with them",
        offenders: "SELECT name AS text FROM owned_tables AS owned WHERE NOT is_not_null OR NOT EXISTS (
            SELECT FROM our_references WHERE conrelid = owned.oid AND confrelid = 'users'::regclass
            AND conkey = ARRAY[owner] AND targets = ARRAY['id'] AND confdeltype = 'c')",
        breaches: &[
            "ALTER TABLE accounts ALTER user_id DROP NOT NULL",
            "ALTER TABLE emails DROP CONSTRAINT emails_user_id_fkey",
            "ALTER TABLE emails DROP CONSTRAINT emails_user_id_fkey, ADD FOREIGN KEY (user_id) REFERENCES users",
        ],
    },
    Rule {
        sentence: "what is somebody's is found by its owner",
        offenders: "SELECT name AS text FROM owned_tables AS owned WHERE NOT EXISTS (SELECT FROM pg_index
            WHERE indrelid = owned.oid AND indkey[0] = owner AND indpred IS NULL AND indisvalid)",
        breaches: &["DROP INDEX email_texts_user_index"],
    },
    Rule {
        sentence: "an owned row can be referred to together with its owner",
        offenders: "SELECT owned.name AS text FROM owned_tables AS owned JOIN our_columns AS id
            ON id.oid = owned.oid AND id.name = 'id' WHERE NOT EXISTS (SELECT FROM pg_constraint
            WHERE conrelid = owned.oid AND contype = 'u' AND conkey = ARRAY[owner, id.attnum])",
        breaches: &["ALTER TABLE sightings DROP CONSTRAINT sightings_user_id_id_key"],
    },
    Rule {
        sentence: "an owned row refers to no other owner's row",
        offenders: "SELECT text FROM our_references WHERE confrelid IN (SELECT oid FROM owned_tables)
            AND (columns[1] <> 'user_id' OR targets <> ARRAY['user_id', 'id'] OR cardinality(columns) <> 2)",
        breaches: &[
            "ALTER TABLE accounts ADD loose_id uuid REFERENCES categories (id)",
            "ALTER TABLE accounts ADD loose_id uuid, ADD FOREIGN KEY (loose_id, user_id) REFERENCES categories (user_id, id)",
        ],
    },
    Rule {
        sentence: "an optional reference is emptied alone; a required one holds its parent, or goes with it",
        offenders: "SELECT our_references.text FROM our_references JOIN our_columns AS child
            ON child.oid = conrelid AND child.attnum = conkey[2]
            WHERE confrelid IN (SELECT oid FROM owned_tables) AND NOT CASE WHEN child.is_not_null
                THEN confdeltype IN ('a', 'c') ELSE confdeltype = 'n' AND confdelsetcols IS NOT DISTINCT FROM ARRAY[child.attnum] END",
        breaches: &[
            "ALTER TABLE transactions DROP CONSTRAINT transactions_category_fkey, ADD FOREIGN KEY (user_id, category_id)
                REFERENCES categories (user_id, id) ON DELETE SET NULL",
            "ALTER TABLE transactions DROP CONSTRAINT transactions_category_fkey, ADD FOREIGN KEY (user_id, category_id)
                REFERENCES categories (user_id, id) ON DELETE CASCADE",
            "ALTER TABLE transactions DROP CONSTRAINT transactions_account_fkey, ADD FOREIGN KEY (user_id, account_id)
                REFERENCES accounts (user_id, id) ON DELETE SET NULL (account_id)",
        ],
    },
    Rule {
        sentence: "a row goes with its parent only where the parent alone owns it",
        offenders: "SELECT text FROM our_references WHERE confdeltype = 'c' AND confrelid <> 'users'::regclass
            AND (conrelid::regclass::text, confrelid::regclass::text) NOT IN (
                ('email_places', 'emails'), ('email_sources', 'emails'), ('email_texts', 'emails'),
                ('extractions', 'emails'), ('sightings', 'emails'), ('email_places', 'connected_accounts'),
                ('account_masks', 'accounts'), ('job_events', 'jobs'))",
        breaches: &[
            "ALTER TABLE transactions DROP CONSTRAINT transactions_account_fkey, ADD FOREIGN KEY (user_id, account_id)
                REFERENCES accounts (user_id, id) ON DELETE CASCADE",
        ],
    },
    Rule {
        sentence: "every id of another row is held by a foreign key, but those of jobs and of what outlives its target",
        offenders: "SELECT text FROM our_columns AS columns WHERE type = 'uuid' AND name LIKE '%\\_id' AND NOT EXISTS (
                SELECT FROM our_references WHERE conrelid = columns.oid AND attnum = ANY (conkey))
            AND text NOT IN ('audit_entries.request_id', 'extractions.job_id', 'idempotency_keys.result_id', 'jobs.user_id',
                'jobs.worker_id', 'llm_usages.job_id')",
        breaches: &[
            "ALTER TABLE accounts ADD loose_id uuid",
            "ALTER TABLE sightings DROP CONSTRAINT sightings_transaction_fkey",
        ],
    },
    Rule {
        sentence: "every foreign key has an index",
        offenders: "SELECT text FROM our_references WHERE NOT EXISTS (SELECT FROM pg_index
            WHERE indrelid = conrelid AND indpred IS NULL AND indisvalid
            AND (indkey::smallint[])[0:cardinality(conkey) - 1] @> conkey)",
        breaches: &[
            "DROP INDEX users_role_index",
            "DROP INDEX sightings_transaction_index",
            "DROP INDEX transactions_category_index",
        ],
    },
    Rule {
        sentence: "every text has a bound",
        offenders: "SELECT text FROM our_columns AS columns WHERE type ~ '^(text|character|citext)' AND NOT EXISTS (
            SELECT FROM pg_constraint WHERE conrelid = columns.oid AND contype = 'c' AND attnum = ANY (conkey) AND (
                pg_get_constraintdef(pg_constraint.oid) ~ ('length\\(' || name || '\\) (<=|<|=) ')
                OR pg_get_constraintdef(pg_constraint.oid) ~ ('length\\(' || name || '\\) >= \\d+\\) AND \\(length\\(' || name || '\\) <= ')
                OR pg_get_constraintdef(pg_constraint.oid) ~ ('length\\(array_to_string\\(' || name || ', [^)]*\\)\\) <= ')
                OR pg_get_constraintdef(pg_constraint.oid) ~ ('\\(' || name || ' = ANY \\(ARRAY')
                OR pg_get_constraintdef(pg_constraint.oid) ~ ('\\(' || name || ' ~ ''\\^[^*+]*\\$''')))",
        breaches: &[
            "ALTER TABLE users ADD loose text",
            "ALTER TABLE users ADD loose text[]",
            "ALTER TABLE users ADD loose text CHECK (length(loose) >= 3)",
            "ALTER TABLE users ADD loose text CHECK (loose ~ '^[a-z]+$')",
            "ALTER TABLE users ADD loose text CHECK (length(email) <= 254 OR loose IS NULL)",
        ],
    },
];

#[tokio::test(flavor = "multi_thread")]
async fn every_table_keeps_the_rules_of_the_data_model() {
    let database = TestDatabase::create().await;
    let pool = database.pool(1);
    let mut conn = pool.connection().await.unwrap();
    conn.batch_execute(VIEWS).await.unwrap();
    assert!(texts(&mut conn, "SELECT name AS text FROM owned_tables").await.len() >= 11);
    for rule in RULES {
        let offenders = texts(&mut conn, rule.offenders).await;
        assert!(offenders.is_empty(), "{}: {offenders:?}", rule.sentence);
    }
    drop(conn);
    pool.close();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_breach_of_each_rule_is_noticed() {
    let database = TestDatabase::create().await;
    let pool = database.pool(1);
    let mut conn = pool.connection().await.unwrap();
    conn.batch_execute(VIEWS).await.unwrap();
    for rule in RULES {
        for breach in rule.breaches {
            conn.batch_execute(&format!("BEGIN; {breach}")).await.unwrap();
            let offenders = texts(&mut conn, rule.offenders).await;
            assert_eq!(offenders.len(), 1, "{}: {breach}: {offenders:?}", rule.sentence);
            conn.batch_execute("ROLLBACK").await.unwrap();
        }
    }
    drop(conn);
    pool.close();
}

/// Every owned table, with how many rows of it are that user's.
async fn rows_of(test: &TestApp, username: &str) -> Vec<String> {
    let tables = "SELECT table_name::text AS text FROM information_schema.columns
        WHERE table_schema = 'public' AND column_name = 'user_id' AND table_name <> 'jobs' ORDER BY 1";
    let mut found = Vec::new();
    for table in test.texts(tables).await {
        let of_user = format!(
            "SELECT count(*) AS number FROM {table} WHERE user_id =
                (SELECT id FROM known_users WHERE username = '{username}')"
        );
        found.push(format!("{table}: {}", test.number(&of_user).await));
    }
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_user_leaves_nothing_behind_and_takes_nothing_of_anybody_else() {
    let test = TestApp::start().await;
    for name in ["ana", "bob"] {
        test.register(name).await.fetch_demo().await;
    }
    test.run_jobs().await;
    test.execute(
        "INSERT INTO password_resets (user_id, code_hash, expires_at) SELECT id, 'hash', now() FROM users;
        INSERT INTO api_tokens (id, user_id, name, prefix, token_hash, scopes)
            SELECT gen_random_uuid(), id, username, username, sha256(username::bytea), ARRAY['READ'] FROM users;
        INSERT INTO idempotency_keys (user_id, key, mutation, input_hash, result_id, expires_at)
            SELECT id, 'key', 'createCategory', sha256(uuid_send(id)), id, now() FROM users;
        INSERT INTO llm_usages (id, user_id, email_id, job_id, attempt, call, model, latency_ms, outcome)
            SELECT DISTINCT ON (user_id) gen_random_uuid(), user_id, id, gen_random_uuid(), 1, 1, 'm', 1, 'FAILED'
            FROM emails;
        CREATE TABLE known_users AS SELECT id, username FROM users",
    )
    .await;
    let (anas, bobs) = (rows_of(&test, "ana").await, rows_of(&test, "bob").await);
    assert!(anas.len() >= 11 && !anas.iter().any(|table| table.ends_with(": 0")), "{anas:?}");
    test.execute("DELETE FROM users WHERE username = 'ana'").await;
    let left = rows_of(&test, "ana").await;
    assert!(left.len() == anas.len() && left.iter().all(|table| table.ends_with(": 0")), "{left:?}");
    assert_eq!(rows_of(&test, "bob").await, bobs);
    let bob = test.sign_in("bob").await;
    assert!(bob.ledger().await.len() > 40);
    let again = test.register("ana").await;
    assert_eq!(
        again.data("{ me { emails { totalCount } } }", json!({})).await["me"]["emails"]["totalCount"],
        0
    );
    test.run_jobs().await;
    test.finish().await;
}
