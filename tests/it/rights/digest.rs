//! What the whole database holds, as one line for each table: equal lines, equal rows.

use crate::support::app::TestApp;

/// (table, column, why it moves when anybody asks for anything).
const MOVES: [(&str, &str, &str); 2] = [
    ("api_tokens", "last_used_at", "the use of a token is noted, to the minute"),
    ("api_tokens", "updated_at", "a note is a change of the row"),
];

/// Every table, with how many rows it has and what they add up to.
pub async fn digest(test: &TestApp) -> Vec<String> {
    let tables = "SELECT relname::text AS text FROM pg_catalog.pg_class
        WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') ORDER BY relname";
    let tables = test.texts(tables).await;
    assert!(MOVES.iter().all(|(table, ..)| tables.iter().any(|known| known == table)), "{tables:?}");
    let lines: Vec<String> = tables.iter().map(|table| line(table)).collect();
    let lines = test.texts(&lines.join(" UNION ALL ")).await;
    assert!(lines.len() > 20 && lines.len() == tables.len(), "{lines:?}");
    lines
}

/// Fails, and names the tables, unless the database is as it was.
pub async fn assert_unchanged(test: &TestApp, before: &[String], what: &str) {
    let after = digest(test).await;
    let changed: Vec<_> = before.iter().zip(&after).filter(|(before, after)| before != after).collect();
    assert!(changed.is_empty(), "{what}: the database changed: {changed:?}");
}

fn line(table: &str) -> String {
    let moves: Vec<&str> =
        MOVES.iter().filter(|(of, ..)| *of == table).map(|(_, column, _)| *column).collect();
    let row = if moves.is_empty() {
        "rows".to_owned()
    } else {
        format!("(to_jsonb(rows) - '{{{}}}'::text[])", moves.join(","))
    };
    format!(
        "SELECT '{table}: ' || count(*) || ' rows, ' || md5(coalesce(string_agg(line, '' ORDER BY line), '')) AS text
         FROM (SELECT md5({row}::text) AS line FROM {table} AS rows) AS lines"
    )
}
