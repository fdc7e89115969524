-- A refresh token begins with its session's family, so that an old one is told from a stranger's guess.
CREATE UNIQUE INDEX sessions_family_key ON sessions (family);
DROP INDEX sessions_previous_hash_index;
ALTER TABLE sessions ADD rotation_salt bytea CHECK (octet_length(rotation_salt) = 32);
COMMENT ON COLUMN sessions.family IS 'Random, and the beginning of every refresh token of the session: reuse of an old one is known by it, and ends the session.';
COMMENT ON COLUMN sessions.rotation_salt IS 'With the previous refresh token it gives the present one again, to whoever sends the previous one twice within seconds; null before the first rotation.';
