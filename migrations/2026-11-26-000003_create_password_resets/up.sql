CREATE TABLE password_resets (
    user_id uuid PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
    code_hash text NOT NULL CHECK (length(code_hash) <= 500),
    tries integer NOT NULL DEFAULT 0 CHECK (tries >= 0),
    expires_at timestamptz NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE password_resets IS 'The code that was last mailed to a user who cannot sign in. It is gone when it was used.';
COMMENT ON COLUMN password_resets.user_id IS 'The owner.';
COMMENT ON COLUMN password_resets.code_hash IS 'argon2id of the code, in PHC string format.';
COMMENT ON COLUMN password_resets.tries IS 'How often a code was tried against this one.';
COMMENT ON COLUMN password_resets.expires_at IS 'When the code stops being good.';
COMMENT ON COLUMN password_resets.created_at IS 'When the row was inserted.';
COMMENT ON COLUMN password_resets.updated_at IS 'When the row last changed.';
CREATE TRIGGER touch_updated_at BEFORE UPDATE ON password_resets FOR EACH ROW EXECUTE FUNCTION touch_updated_at();
