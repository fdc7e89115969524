SELECT t.id, t.booked_on, t.merchant, t.amount, t.currency, a.id, a.name, c.id, c.name
FROM transactions t JOIN accounts a ON a.id = t.account_id LEFT JOIN categories c ON c.id = t.category_id
WHERE t.user_id = :user AND t.deleted_at IS NULL AND (t.booked_on, t.id) < (:day, :row)
ORDER BY t.booked_on DESC, t.id DESC LIMIT 50;
