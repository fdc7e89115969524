SELECT date_trunc('month', t.booked_on::timestamp)::date AS starts_on, t.currency,
    coalesce(sum(t.amount) FILTER (WHERE c.kind = 'INCOME' OR (c.id IS NULL AND t.amount > 0)), 0),
    -coalesce(sum(t.amount) FILTER (WHERE c.kind = 'EXPENSE' OR (c.id IS NULL AND t.amount < 0)), 0), count(*)
FROM transactions t LEFT JOIN (SELECT id, kind FROM categories WHERE user_id = :user OFFSET 0) c ON c.id = t.category_id
WHERE t.user_id = :user AND t.deleted_at IS NULL AND t.state <> 'VOID' AND t.booked_on BETWEEN :from AND :to
    AND c.kind IS DISTINCT FROM 'TRANSFER' GROUP BY 1, 2 ORDER BY 1, 2;
