SELECT s.category_id, s.name, s.currency, s.spent, s.number
FROM (
    SELECT t.category_id, c.name, t.currency, CASE WHEN c.id IS NULL THEN -t.lost ELSE -t.total END AS spent,
        CASE WHEN c.id IS NULL THEN t.losses ELSE t.number END AS number,
        row_number() OVER (PARTITION BY t.currency ORDER BY CASE WHEN c.id IS NULL THEN t.lost ELSE t.total END, t.category_id) AS place
    FROM (
        SELECT category_id, currency, sum(amount) AS total, count(*) AS number,
            sum(amount) FILTER (WHERE amount < 0) AS lost, count(*) FILTER (WHERE amount < 0) AS losses
        FROM transactions WHERE user_id = :user AND deleted_at IS NULL AND state <> 'VOID' AND booked_on BETWEEN :from AND :to
        GROUP BY category_id, currency
    ) AS t LEFT JOIN (SELECT id, kind, name FROM categories WHERE user_id = :user OFFSET 0) c ON c.id = t.category_id
    WHERE c.kind = 'EXPENSE' OR (c.id IS NULL AND t.losses > 0)
) AS s WHERE s.place <= 25 ORDER BY s.currency, s.place;
