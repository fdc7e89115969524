WITH account AS (
    SELECT id, user_id, currency FROM accounts WHERE user_id = :writer AND id = :account FOR SHARE
), ids AS (
    SELECT lpad(to_hex((extract(epoch FROM clock_timestamp()) * 1000)::bigint), 12, '0') || '7' AS start
), made AS (
    INSERT INTO transactions (id, user_id, booked_on, amount, currency, merchant, description, account_id, category_id, source, state)
    SELECT (start || substr(replace(gen_random_uuid()::text, '-', ''), 14))::uuid, user_id, :booked, -12.34, currency, 'Merchant 7',
        'What was bought', id, :category, 'MANUAL', 'POSTED'
    FROM account, ids RETURNING id, user_id, booked_on, amount, currency
), noted AS (
    INSERT INTO audit_entries (id, at, action, owner, actor, credential_kind, credential, address, subject_kind, subject, changes, request_id)
    SELECT (start || substr(replace(gen_random_uuid()::text, '-', ''), 14))::uuid, now(), 'TRANSACTION_CREATED', user_id, user_id, 'SESSION',
        :session, '127.0.0.1', 'TRANSACTION', made.id,
        '{"amount": {"after": "-12.34 EUR", "before": null}, "bookedOn": {"after": "2026-11-24", "before": null}, "merchant": {"after": "Merchant 7", "before": null}, "description": {"after": "What was bought", "before": null}, "state": {"after": "POSTED", "before": null}, "accountId": {"after": "018bb19a-2b00-7b1c-8d10-6a5ad1db0a02", "before": null}, "categoryId": {"after": "018bb19a-2b00-7b1c-8d10-6a5ad1db0a01", "before": null}}',
        gen_random_uuid()
    FROM made, ids
) SELECT id, booked_on, amount, currency FROM made;
