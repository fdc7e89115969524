CREATE TABLE login_attempts (
    subject text COLLATE "C" PRIMARY KEY CHECK (length(subject) BETWEEN 1 AND 200),
    failures integer NOT NULL CHECK (failures >= 0),
    failed_at timestamptz NOT NULL,
    locked_until timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX login_attempts_failed_at_index ON login_attempts (failed_at);
COMMENT ON TABLE login_attempts IS 'How often a password or a code was wrong of late, by what the attempts have in common.';
COMMENT ON COLUMN login_attempts.subject IS 'What is counted: an address, a name (as its hash), a known device or a known place of a user.';
COMMENT ON COLUMN login_attempts.failures IS 'Attempts that failed, or whose end is not known yet.';
COMMENT ON COLUMN login_attempts.failed_at IS 'When the last one was counted; a day later all are forgotten.';
COMMENT ON COLUMN login_attempts.locked_until IS 'Until then every attempt is refused unread; null when none is.';
COMMENT ON COLUMN login_attempts.created_at IS 'When the row was inserted.';
COMMENT ON COLUMN login_attempts.updated_at IS 'When the row last changed.';
CREATE TRIGGER touch_updated_at BEFORE UPDATE ON login_attempts FOR EACH ROW EXECUTE FUNCTION touch_updated_at();
