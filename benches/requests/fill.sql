-- Fills the database of `up` beside the users ana, cleo and chief, who have registered: `users` users and `rows` transactions in all,
-- as unevenly spread as people are, and what hangs on them. Foreign keys are true by construction and are not checked.
\set ON_ERROR_STOP on
SET session_replication_role = replica;
SET synchronous_commit = off;
SET work_mem = '256MB';
SELECT setseed(0.5);

-- UUID version 7 of that moment.
CREATE FUNCTION pg_temp.id_of(at timestamptz) RETURNS uuid LANGUAGE sql VOLATILE AS $$
    SELECT (regexp_replace(lpad(to_hex((extract(epoch FROM at) * 1000)::bigint), 12, '0'), '^(.{8})', '\1-')
        || '-7' || substr(gen_random_uuid()::text, 16))::uuid
$$;

INSERT INTO users (id, display_name, username, email, password_hash, time_zone, created_at, last_login_at)
SELECT pg_temp.id_of(now() - interval '5 years' + k * interval '1 hour'), 'User ' || k, 'user' || k, 'user' || k || '@mail.example',
    (SELECT password_hash FROM users WHERE username = 'ana'), 'Europe/Berlin', now() - interval '5 years' + k * interval '1 hour',
    now() - k * interval '1 minute'
FROM generate_series(1, :users - (SELECT count(*) FROM users)) AS k;

INSERT INTO categories (id, user_id, name, kind, colour, icon, created_at)
SELECT pg_temp.id_of(u.created_at + interval '1 minute'), u.id, c.name, c.kind, c.colour, c.icon, u.created_at
FROM users u CROSS JOIN (SELECT c.* FROM categories c JOIN users ON users.id = c.user_id WHERE username = 'ana') AS c
WHERE NOT EXISTS (SELECT 1 FROM categories own WHERE own.user_id = u.id);

INSERT INTO accounts (id, user_id, name, issuer, kind, currency, opening_balance, created_at)
SELECT pg_temp.id_of(u.created_at + k * interval '1 minute'), u.id, 'Bank ' || k, 'bank' || k || '.example',
    (ARRAY['BANK', 'CARD', 'WALLET', 'CASH', 'OTHER'])[k], (ARRAY['EUR', 'EUR', 'USD', 'EUR', 'GBP'])[k], k * 100, u.created_at
FROM users u CROSS JOIN LATERAL generate_series(1, 2 + abs(hashtext(u.username)) % 4) AS k;

INSERT INTO account_masks (id, user_id, account_id, issuer, kind, mask)
SELECT gen_random_uuid(), user_id, id, issuer, kind, right(id::text, 4) FROM accounts;

-- Who has how many: the largest thirty times the mean, the median a third of it; ana and cleo the mean, chief none.
CREATE TEMP TABLE sizes AS
WITH ranked AS (SELECT id, row_number() OVER (ORDER BY md5(username)) AS place FROM users WHERE username LIKE 'user%'),
weighed AS (SELECT id, place, 1.0 / (place + 5) AS weight FROM ranked),
mean AS (SELECT :rows / :users AS wanted),
spread AS (SELECT id, place, floor((:rows - 2 * (SELECT wanted FROM mean)) * weight / sum(weight) OVER ())::int AS wanted FROM weighed)
SELECT id AS user_id, wanted + CASE WHEN place = 1 THEN :rows - 2 * (SELECT wanted FROM mean) - (SELECT sum(wanted) FROM spread)
    ELSE 0 END AS wanted FROM spread
UNION ALL SELECT id, (SELECT wanted FROM mean) FROM users WHERE username IN ('ana', 'cleo');

CREATE TEMP TABLE owners AS
SELECT user_id, wanted::int AS wanted,
    (SELECT array_agg(a.id ORDER BY a.id) FROM accounts a WHERE a.user_id = s.user_id) AS accounts,
    (SELECT array_agg(a.currency ORDER BY a.id) FROM accounts a WHERE a.user_id = s.user_id) AS currencies,
    (SELECT array_agg(c.id ORDER BY c.id) FROM categories c WHERE c.user_id = s.user_id AND c.kind <> 'TRANSFER') AS categories
FROM sizes s;

-- In the order of time, as mails bring them: one user's rows lie among everybody's.
INSERT INTO transactions (id, user_id, booked_on, occurred_at, amount, currency, original_amount, original_currency, merchant, description,
    notes, account_id, category_id, source, state, edited_fields, deleted_at, created_at, updated_at)
SELECT pg_temp.id_of(at), user_id, at::date, CASE WHEN r1 < 0.6 THEN at END, amount, currencies[account],
    CASE WHEN r2 < 0.03 THEN amount * 1.1 END, CASE WHEN r2 < 0.03 THEN 'CHF' END,
    CASE WHEN r3 < 0.93 THEN 'Merchant ' || floor(300 * r3 * r3)::int END,
    CASE WHEN r4 < 0.3 THEN 'What was bought under number ' || k END, CASE WHEN r4 > 0.98 THEN 'a note' END,
    accounts[account], CASE WHEN r5 < 0.85 THEN categories[1 + floor(array_length(categories, 1) * (r5 / 0.85) ^ 2)::int] END,
    CASE WHEN r6 < 0.8 THEN 'MAIL' WHEN r6 < 0.9 THEN 'MANUAL' WHEN r6 < 0.95 THEN 'IMPORT' ELSE 'API' END,
    CASE WHEN r7 < 0.03 THEN 'PENDING' WHEN r7 < 0.05 THEN 'VOID' ELSE 'POSTED' END,
    CASE WHEN r8 < 0.04 THEN ARRAY['category_id'] ELSE '{}' END, CASE WHEN r8 > 0.98 THEN at + interval '1 day' END, at, at
FROM (
    SELECT o.*, r.*, 1 + floor(array_length(accounts, 1) * r9 * r9)::int AS account,
        current_date::timestamptz - r10 * interval '1826 days' AS at,
        ((CASE WHEN r1 < 0.12 THEN 1 ELSE -1 END) * (0.5 + 400 * r2 ^ 3))::numeric(20, 2) AS amount
    FROM owners o CROSS JOIN LATERAL (
        SELECT k, random() AS r1, random() AS r2, random() AS r3, random() AS r4, random() AS r5, random() AS r6, random() AS r7,
            random() AS r8, random() AS r9, random() AS r10 FROM generate_series(1, o.wanted) AS k
    ) AS r
) AS drawn ORDER BY drawn.at;

-- A mail, a reading and a sighting for the transactions of every fourth user, and for ana's; mails without money besides.
INSERT INTO connected_accounts (id, user_id, provider, address, status, created_at)
SELECT pg_temp.id_of(created_at), id, 'MBOX', 'import', 'ACTIVE', created_at FROM users;

CREATE TEMP TABLE mails AS
SELECT pg_temp.id_of(t.created_at) AS id, pg_temp.id_of(t.created_at) AS extraction_id, t.user_id, t.id AS transaction_id, t.created_at AS at,
    k, random() AS r
FROM transactions t JOIN users u ON u.id = t.user_id CROSS JOIN LATERAL generate_series(0, CASE WHEN random() < 0.3 THEN 1 ELSE 0 END) AS k
WHERE t.source = 'MAIL' AND (u.username = 'ana' OR abs(hashtext(u.username)) % 4 = 0);

INSERT INTO emails (id, user_id, fingerprint, message_id, sent_at, received_at, sender, sender_name, subject, size_bytes, authenticity,
    authenticity_reason, extraction_status, extraction_reason, deleted_at, created_at)
SELECT id, user_id, sha256(id::text::bytea), id || '@mail.example', at, at, 'alerts@bank' || floor(r * 9)::int || '.example', 'Bank',
    'You spent something at Merchant ' || floor(300 * r)::int, 4000, 'VERIFIED', 'it was filled in',
    CASE WHEN k = 0 THEN 'COMPLETED' WHEN r < 0.9 THEN 'SKIPPED' WHEN r < 0.97 THEN 'IGNORED' ELSE 'FAILED' END,
    CASE WHEN k = 1 THEN 'filled in' END, CASE WHEN r > 0.99 THEN at END, at
FROM mails;

INSERT INTO email_places (id, user_id, email_id, connected_account_id, provider_key, created_at)
SELECT gen_random_uuid(), m.user_id, m.id, c.id, m.id::text, m.at FROM mails m JOIN connected_accounts c ON c.user_id = m.user_id;

INSERT INTO extractions (id, user_id, email_id, extractor, extractor_version, text_version, kind, kind_reason, outcome, result, created_at)
SELECT extraction_id, user_id, id, 'offline', 1, 1, CASE WHEN k = 0 THEN 'PURCHASE' WHEN r < 0.5 THEN 'MARKETING' ELSE 'UNRELATED' END,
    'filled in', CASE WHEN k = 1 THEN 'NOTHING' WHEN r < 0.02 THEN 'IN_REVIEW' ELSE 'FILED' END, '{"drafts": []}', at
FROM mails;

INSERT INTO sightings (id, user_id, email_id, event_key, extraction_id, state, reason, transaction_id, created_at)
SELECT pg_temp.id_of(at), user_id, id, '1', extraction_id,
    CASE WHEN r < 0.02 THEN 'IN_REVIEW' WHEN r < 0.04 THEN 'REJECTED' ELSE 'FILED' END, CASE WHEN r < 0.04 THEN 'filled in' END,
    CASE WHEN r >= 0.04 THEN transaction_id END, at
FROM mails WHERE k = 0;

INSERT INTO llm_usages (id, user_id, email_id, extraction_id, job_id, attempt, call, model, input_tokens, output_tokens, cost_usd,
    latency_ms, outcome, created_at)
SELECT pg_temp.id_of(at), user_id, id, extraction_id, gen_random_uuid(), 1, 1, 'a-model', 900, 90, 0.0001, 800, 'ANSWERED', at
FROM mails WHERE r > 0.8;

-- Jobs at their end, sessions, tokens, and what the audit tells of all this.
INSERT INTO jobs (id, user_id, queue, kind, payload, state, attempt, max_attempts, version, started_at, finished_at, created_at)
SELECT pg_temp.id_of(at), user_id, 'email', CASE WHEN k % 2 = 0 THEN 'FETCH_EMAILS' ELSE 'EXTRACT_EMAILS' END, '{}',
    CASE WHEN k % 20 = 0 THEN 'FAILED' ELSE 'SUCCESS' END, 1, 5, 1, at, at + interval '1 second', at
FROM (SELECT u.id AS user_id, k, now() - k * interval '7 hours' AS at FROM users u CROSS JOIN generate_series(1, 100) AS k) AS past;

INSERT INTO job_events (job_id, version, at, state, attempt, data) SELECT id, 1, finished_at, state, 1,
    jsonb_build_object('run_at', run_at, 'progress', progress, 'cancel_requested_at', NULL, 'output_payload', NULL, 'error_payload', NULL) FROM jobs
WHERE state IN ('SUCCESS', 'FAILED') AND NOT EXISTS (SELECT 1 FROM job_events WHERE job_id = jobs.id);

INSERT INTO sessions (id, user_id, family, token_hash, user_agent, address, last_used_at, expires_at, created_at)
SELECT pg_temp.id_of(now() - k * interval '1 day'), u.id, gen_random_uuid(), sha256(gen_random_uuid()::text::bytea), 'filled in', '192.0.2.1',
    now() - k * interval '1 day', now() + interval '7 days', now() - k * interval '1 day'
FROM users u CROSS JOIN generate_series(1, 3) AS k;

INSERT INTO api_tokens (id, user_id, name, prefix, token_hash, scopes, created_at)
SELECT pg_temp.id_of(now() - k * interval '1 day'), u.id, 'token ' || k, substr(md5(u.id::text || k), 1, 12), sha256(gen_random_uuid()::text::bytea),
    ARRAY['READ'], now() - k * interval '1 day'
FROM users u CROSS JOIN generate_series(1, 3) AS k;

INSERT INTO audit_entries (id, at, action, owner, actor, credential_kind, address, subject_kind, subject, changes)
SELECT pg_temp.id_of(at), at, action, user_id, user_id, 'SESSION', '192.0.2.1', kind, subject, '{}'
FROM (
    SELECT created_at AS at, 'TRANSACTION_CREATED' AS action, user_id, 'TRANSACTION' AS kind, id AS subject FROM transactions
    WHERE source IN ('MANUAL', 'API', 'IMPORT')
    UNION ALL SELECT created_at, 'SIGNED_IN', user_id, 'SESSION', id FROM sessions
    UNION ALL SELECT created_at, 'API_TOKEN_CREATED', user_id, 'API_TOKEN', id FROM api_tokens
) AS past ORDER BY at;

RESET session_replication_role;
VACUUM (ANALYZE);
CHECKPOINT;
