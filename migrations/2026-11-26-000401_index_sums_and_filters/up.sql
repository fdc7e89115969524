-- Holds what sums by month and by category need, so that their rows are not looked up one by one.
CREATE INDEX transactions_sum_index ON transactions (user_id, booked_on, id) INCLUDE (amount, currency, category_id, state)
    WHERE deleted_at IS NULL;
-- The same keys without the rest.
DROP INDEX transactions_booked_index;
ALTER INDEX transactions_sum_index RENAME TO transactions_booked_index;

-- What an admin looks for among everybody's rows, where few of them pass.
CREATE INDEX transactions_everyone_currency_index ON transactions (currency, booked_on, id) WHERE deleted_at IS NULL;
CREATE INDEX emails_everyone_status_index ON emails (extraction_status, received_at DESC, id DESC) WHERE deleted_at IS NULL;
CREATE INDEX extractions_everyone_outcome_index ON extractions (outcome, id);
CREATE INDEX audit_entries_everyone_action_index ON audit_entries (action, id);
