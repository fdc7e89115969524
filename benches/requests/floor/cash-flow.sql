SELECT t.starts_on, t.currency, sum(t.earned) FILTER (WHERE c.id IS NULL) + coalesce(sum(t.total) FILTER (WHERE c.kind = 'INCOME'), 0),
    -(sum(t.spent) FILTER (WHERE c.id IS NULL) + coalesce(sum(t.total) FILTER (WHERE c.kind = 'EXPENSE'), 0)), sum(t.number)
FROM (
    SELECT date_trunc('month', booked_on::timestamp)::date AS starts_on, currency, category_id, sum(amount) AS total,
        sum(amount) FILTER (WHERE amount > 0) AS earned, sum(amount) FILTER (WHERE amount < 0) AS spent, count(*) AS number
    FROM transactions WHERE user_id = :user AND deleted_at IS NULL AND state <> 'VOID' AND booked_on BETWEEN :from AND :to
    GROUP BY 1, 2, 3
) AS t LEFT JOIN categories c ON c.id = t.category_id
WHERE c.kind IS DISTINCT FROM 'TRANSFER' GROUP BY 1, 2 ORDER BY 1, 2;
