-- A user who leaves is more than one who is kept out: nobody brings them back, and whatever stops the job, another one goes on.
ALTER TABLE users ADD COLUMN leaving_since timestamptz;
ALTER TABLE users ADD CONSTRAINT users_leaving_check CHECK (leaving_since IS NULL OR NOT is_active);
COMMENT ON COLUMN users.leaving_since IS 'Since when the user is being deleted; null for one who stays.';
CREATE INDEX users_leaving_index ON users (leaving_since) WHERE leaving_since IS NOT NULL;
