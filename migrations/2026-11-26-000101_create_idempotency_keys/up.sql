CREATE TABLE idempotency_keys (
    user_id uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    key text NOT NULL CHECK (length(key) BETWEEN 1 AND 200),
    mutation text NOT NULL CHECK (length(mutation) BETWEEN 1 AND 100),
    input_hash bytea NOT NULL CHECK (octet_length(input_hash) = 32),
    result_id uuid NOT NULL,
    expires_at timestamptz NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (user_id, key)
);
CREATE INDEX idempotency_keys_expires_index ON idempotency_keys (expires_at);
COMMENT ON TABLE idempotency_keys IS 'What a mutation made under a key of the client''s, so that a second call with the key makes nothing.';
COMMENT ON COLUMN idempotency_keys.user_id IS 'Whose key it is.';
COMMENT ON COLUMN idempotency_keys.key IS 'The key, as the client chose it.';
COMMENT ON COLUMN idempotency_keys.mutation IS 'The mutation that it was first used with.';
COMMENT ON COLUMN idempotency_keys.input_hash IS 'SHA-256 of the whole input that it was first used with.';
COMMENT ON COLUMN idempotency_keys.result_id IS 'The row that was made; it may be gone by now.';
COMMENT ON COLUMN idempotency_keys.expires_at IS 'From when on the key is as good as new.';
COMMENT ON COLUMN idempotency_keys.created_at IS 'When the row was inserted.';
COMMENT ON COLUMN idempotency_keys.updated_at IS 'When the row last changed.';

CREATE TRIGGER touch_updated_at BEFORE UPDATE ON idempotency_keys FOR EACH ROW EXECUTE FUNCTION touch_updated_at();
