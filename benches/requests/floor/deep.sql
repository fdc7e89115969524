SELECT t.id, t.booked_on, t.merchant, t.amount, t.currency, a.id, a.name, c.id, c.name
FROM (
    SELECT * FROM transactions WHERE user_id = :user AND deleted_at IS NULL AND (booked_on, id) < (:day, :row)
    ORDER BY booked_on DESC, id DESC LIMIT 50
) AS t JOIN accounts a ON a.id = t.account_id LEFT JOIN categories c ON c.id = t.category_id
ORDER BY t.booked_on DESC, t.id DESC;
