CREATE FUNCTION touch_updated_at() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.updated_at := now();
    RETURN NEW;
END
$$;
COMMENT ON FUNCTION touch_updated_at() IS 'Keeps updated_at true whoever writes the row.';

CREATE TABLE roles (
    name text PRIMARY KEY CHECK (length(name) BETWEEN 1 AND 50),
    description text NOT NULL CHECK (length(description) <= 500),
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE roles IS 'The roles that a user can have. What a role may do is code; the names are rows so that a user refers to one that exists.';
COMMENT ON COLUMN roles.name IS 'The role''s name, as tokens carry it.';
COMMENT ON COLUMN roles.description IS 'What the role may do, for people.';
COMMENT ON COLUMN roles.created_at IS 'When the row was inserted.';
COMMENT ON COLUMN roles.updated_at IS 'When the row last changed.';

INSERT INTO roles (name, description) VALUES
    ('user', 'Sees and changes the rows of their own.'),
    ('admin', 'Sees everyone''s rows, and runs the server.');

CREATE TABLE users (
    id uuid PRIMARY KEY,
    display_name text NOT NULL CHECK (length(display_name) BETWEEN 1 AND 100),
    username text NOT NULL CHECK (length(username) BETWEEN 3 AND 50 AND position('@' IN username) = 0),
    email text NOT NULL CHECK (length(email) BETWEEN 3 AND 254 AND position('@' IN email) > 1),
    password_hash text NOT NULL CHECK (length(password_hash) <= 500),
    role text NOT NULL DEFAULT 'user' REFERENCES roles (name) CHECK (length(role) <= 50),
    is_active boolean NOT NULL DEFAULT true,
    base_currency text NOT NULL DEFAULT 'EUR' CHECK (base_currency ~ '^[A-Z]{3}$'),
    time_zone text NOT NULL DEFAULT 'UTC' CHECK (length(time_zone) BETWEEN 1 AND 64),
    last_login_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX users_username_key ON users (lower(username));
CREATE UNIQUE INDEX users_email_key ON users (lower(email));
CREATE INDEX users_role_index ON users (role);
COMMENT ON TABLE users IS 'The people who sign in. Deleting one removes every row that they own.';
COMMENT ON COLUMN users.id IS 'UUID version 7; the `sub` of the user''s tokens.';
COMMENT ON COLUMN users.display_name IS 'The name shown to people; at sign-up the username unless given.';
COMMENT ON COLUMN users.username IS 'The login name, unique ignoring case; it holds no @, so that one login field is never ambiguous.';
COMMENT ON COLUMN users.email IS 'The address for the server''s own mails, unique ignoring case.';
COMMENT ON COLUMN users.password_hash IS 'argon2id in PHC string format, parameters included.';
COMMENT ON COLUMN users.role IS 'The role that decides whose rows this user sees.';
COMMENT ON COLUMN users.is_active IS 'False for a user who may not sign in.';
COMMENT ON COLUMN users.base_currency IS 'ISO 4217 code: the currency of the user''s totals, and the one that an ambiguous sign is read as.';
COMMENT ON COLUMN users.time_zone IS 'IANA name: the zone whose days transactions are booked on.';
COMMENT ON COLUMN users.last_login_at IS 'When the user last signed in with a password; null before the first time.';
COMMENT ON COLUMN users.created_at IS 'When the row was inserted.';
COMMENT ON COLUMN users.updated_at IS 'When the row last changed.';

CREATE TABLE sessions (
    id uuid PRIMARY KEY,
    user_id uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    family uuid NOT NULL,
    token_hash bytea NOT NULL CHECK (octet_length(token_hash) = 32),
    previous_hash bytea CHECK (octet_length(previous_hash) = 32),
    rotated_at timestamptz,
    user_agent text CHECK (length(user_agent) <= 500),
    address inet,
    last_used_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    revoked_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (user_id, id),
    UNIQUE (token_hash)
);
CREATE INDEX sessions_previous_hash_index ON sessions (previous_hash) WHERE previous_hash IS NOT NULL;
COMMENT ON TABLE sessions IS 'One signed-in device each, with the hash of its refresh token.';
COMMENT ON COLUMN sessions.id IS 'UUID version 7; the `sid` of the access tokens made for the session.';
COMMENT ON COLUMN sessions.user_id IS 'The owner.';
COMMENT ON COLUMN sessions.family IS 'The chain of rotated tokens; reuse of an old one ends the whole chain.';
COMMENT ON COLUMN sessions.token_hash IS 'SHA-256 of the refresh token that is good now.';
COMMENT ON COLUMN sessions.previous_hash IS 'SHA-256 of the refresh token before the last rotation; null before the first.';
COMMENT ON COLUMN sessions.rotated_at IS 'When the token was last rotated; null before the first time.';
COMMENT ON COLUMN sessions.user_agent IS 'What the client calls itself, cut to 500 characters; null when it does not say.';
COMMENT ON COLUMN sessions.address IS 'The address that last used the session; null when unknown.';
COMMENT ON COLUMN sessions.last_used_at IS 'When the session was last used.';
COMMENT ON COLUMN sessions.expires_at IS 'When the refresh token stops being good.';
COMMENT ON COLUMN sessions.revoked_at IS 'When the session was ended; null while it lives.';
COMMENT ON COLUMN sessions.created_at IS 'When the device signed in.';
COMMENT ON COLUMN sessions.updated_at IS 'When the row last changed.';

CREATE TRIGGER touch_updated_at BEFORE UPDATE ON roles FOR EACH ROW EXECUTE FUNCTION touch_updated_at();
CREATE TRIGGER touch_updated_at BEFORE UPDATE ON users FOR EACH ROW EXECUTE FUNCTION touch_updated_at();
CREATE TRIGGER touch_updated_at BEFORE UPDATE ON sessions FOR EACH ROW EXECUTE FUNCTION touch_updated_at();
