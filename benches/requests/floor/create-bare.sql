INSERT INTO transactions (id, user_id, booked_on, amount, currency, merchant, description, account_id, category_id, source, state)
VALUES ((lpad(to_hex((extract(epoch FROM clock_timestamp()) * 1000)::bigint), 12, '0') || '7'
    || substr(replace(gen_random_uuid()::text, '-', ''), 14))::uuid, :writer, :booked, -12.34, 'EUR', 'Merchant 7', 'What was bought',
    :account, :category, 'MANUAL', 'POSTED') RETURNING id, booked_on, amount, currency;
