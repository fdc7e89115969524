COMMENT ON COLUMN sessions.family IS 'The chain of rotated tokens; reuse of an old one ends the whole chain.';
ALTER TABLE sessions DROP COLUMN rotation_salt;
CREATE INDEX sessions_previous_hash_index ON sessions (previous_hash) WHERE previous_hash IS NOT NULL;
DROP INDEX sessions_family_key;
