CREATE TABLE api_tokens (
    id uuid PRIMARY KEY,
    user_id uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    name text NOT NULL CHECK (length(name) BETWEEN 1 AND 100),
    prefix text NOT NULL CHECK (length(prefix) <= 20),
    token_hash bytea NOT NULL CHECK (octet_length(token_hash) = 32),
    scopes text[] NOT NULL CHECK (scopes <@ ARRAY['READ', 'WRITE', 'INGEST', 'ADMIN'] AND cardinality(scopes) BETWEEN 1 AND 4
        AND length(array_to_string(scopes, ',')) <= 100),
    expires_at timestamptz,
    last_used_at timestamptz,
    revoked_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (user_id, id)
);
CREATE UNIQUE INDEX api_tokens_prefix_key ON api_tokens (prefix);
COMMENT ON TABLE api_tokens IS 'Personal API tokens, for programs of a user''s own. Nobody can read a token here: only its hash is kept.';
COMMENT ON COLUMN api_tokens.id IS 'UUID version 7.';
COMMENT ON COLUMN api_tokens.user_id IS 'The owner.';
COMMENT ON COLUMN api_tokens.name IS 'What the owner calls it.';
COMMENT ON COLUMN api_tokens.prefix IS 'The middle of the token, by which it is found; it is no secret.';
COMMENT ON COLUMN api_tokens.token_hash IS 'SHA-256 of the whole token.';
COMMENT ON COLUMN api_tokens.scopes IS 'What the token may do: READ, WRITE, INGEST, ADMIN.';
COMMENT ON COLUMN api_tokens.expires_at IS 'When it stops being good; null for never.';
COMMENT ON COLUMN api_tokens.last_used_at IS 'When it was last used, to the minute; null before the first time.';
COMMENT ON COLUMN api_tokens.revoked_at IS 'When its owner revoked it; null while it is good.';
COMMENT ON COLUMN api_tokens.created_at IS 'When the row was inserted.';
COMMENT ON COLUMN api_tokens.updated_at IS 'When the row last changed.';
CREATE TRIGGER touch_updated_at BEFORE UPDATE ON api_tokens FOR EACH ROW EXECUTE FUNCTION touch_updated_at();
