DROP INDEX audit_entries_everyone_action_index;
DROP INDEX extractions_everyone_outcome_index;
DROP INDEX emails_everyone_status_index;
DROP INDEX transactions_everyone_currency_index;
DROP INDEX transactions_booked_index;
CREATE INDEX transactions_booked_index ON transactions (user_id, booked_on, id) WHERE deleted_at IS NULL;
