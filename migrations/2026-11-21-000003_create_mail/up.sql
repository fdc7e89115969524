CREATE TABLE connected_accounts (
    id uuid PRIMARY KEY,
    user_id uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    provider text NOT NULL CHECK (provider IN ('GMAIL', 'IMAP', 'MBOX', 'DEMO')),
    address text NOT NULL CHECK (length(address) BETWEEN 1 AND 254),
    status text NOT NULL CHECK (status IN ('PENDING', 'ACTIVE', 'NEEDS_REAUTH', 'PAUSED', 'FAILED')),
    status_reason text CHECK (length(status_reason) <= 1000),
    settings jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(settings) = 'object'),
    sealed_credentials bytea CHECK (octet_length(sealed_credentials) <= 65536),
    sync_state jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(sync_state) = 'object'),
    last_sync_at timestamptz,
    email_count bigint NOT NULL DEFAULT 0 CHECK (email_count >= 0),
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (user_id, id)
);
CREATE UNIQUE INDEX connected_accounts_address_key ON connected_accounts (user_id, provider, lower(address));
COMMENT ON TABLE connected_accounts IS 'The mailboxes that a user lets the server read.';
COMMENT ON COLUMN connected_accounts.id IS 'UUID version 7.';
COMMENT ON COLUMN connected_accounts.user_id IS 'The owner.';
COMMENT ON COLUMN connected_accounts.provider IS 'GMAIL, IMAP, MBOX (a file of the user''s) or DEMO (the shipped mailbox).';
COMMENT ON COLUMN connected_accounts.address IS 'The mailbox''s address; for an MBOX account its name. Unique for the user and provider, ignoring case.';
COMMENT ON COLUMN connected_accounts.status IS 'PENDING (consent still due), ACTIVE, NEEDS_REAUTH (the grant is gone), PAUSED (by a person) or FAILED.';
COMMENT ON COLUMN connected_accounts.status_reason IS 'Why it is not ACTIVE, for a person; null when it is.';
COMMENT ON COLUMN connected_accounts.settings IS 'What the provider needs to know and is no secret: for MBOX the file below IMPORT_DIR.';
COMMENT ON COLUMN connected_accounts.sealed_credentials IS 'The provider''s secrets, sealed; null where the provider has none.';
COMMENT ON COLUMN connected_accounts.sync_state IS 'How far the last sync came, in the provider''s own terms.';
COMMENT ON COLUMN connected_accounts.last_sync_at IS 'When a sync last finished; null before the first.';
COMMENT ON COLUMN connected_accounts.email_count IS 'How many messages were seen here, kept as they are stored.';
COMMENT ON COLUMN connected_accounts.created_at IS 'When the row was inserted.';
COMMENT ON COLUMN connected_accounts.updated_at IS 'When the row last changed.';

CREATE TABLE emails (
    id uuid PRIMARY KEY,
    user_id uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    fingerprint bytea NOT NULL CHECK (octet_length(fingerprint) = 32),
    message_id text CHECK (length(message_id) <= 1000),
    sent_at timestamptz,
    received_at timestamptz NOT NULL,
    sender text CHECK (length(sender) <= 500),
    sender_name text CHECK (length(sender_name) <= 500),
    subject text CHECK (length(subject) <= 2000),
    size_bytes integer NOT NULL CHECK (size_bytes >= 0),
    authenticity text NOT NULL CHECK (authenticity IN ('VERIFIED', 'UNVERIFIED', 'FAILED')),
    authenticity_reason text NOT NULL CHECK (length(authenticity_reason) <= 500),
    extraction_status text NOT NULL DEFAULT 'PENDING'
        CHECK (extraction_status IN ('PENDING', 'COMPLETED', 'SKIPPED', 'FAILED', 'IGNORED')),
    extraction_reason text CHECK (length(extraction_reason) <= 500),
    deleted_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (user_id, id),
    CONSTRAINT emails_fingerprint_key UNIQUE (user_id, fingerprint)
);
CREATE INDEX emails_received_index ON emails (user_id, received_at DESC, id DESC);
CREATE INDEX emails_everyone_received_index ON emails (received_at DESC, id DESC);
CREATE INDEX emails_pending_index ON emails (user_id, id) WHERE extraction_status = 'PENDING' AND deleted_at IS NULL;
COMMENT ON TABLE emails IS 'One row a message, in whatever number of places it was seen.';
COMMENT ON COLUMN emails.id IS 'UUID version 7.';
COMMENT ON COLUMN emails.user_id IS 'The owner.';
COMMENT ON COLUMN emails.fingerprint IS 'SHA-256 over what makes the message itself; the function is frozen.';
COMMENT ON COLUMN emails.message_id IS 'The Message-ID header without its brackets; null when absent.';
COMMENT ON COLUMN emails.sent_at IS 'The Date header; null when absent or unreadable.';
COMMENT ON COLUMN emails.received_at IS 'When the mailbox received it, as far as it says; otherwise when it was sent, or stored.';
COMMENT ON COLUMN emails.sender IS 'The address in From, in lower case; null when absent.';
COMMENT ON COLUMN emails.sender_name IS 'The display name in From; null when absent.';
COMMENT ON COLUMN emails.subject IS 'The Subject header, decoded; null when absent.';
COMMENT ON COLUMN emails.size_bytes IS 'The size of the raw message in bytes.';
COMMENT ON COLUMN emails.authenticity IS 'VERIFIED, UNVERIFIED or FAILED: whether the sender is who From says.';
COMMENT ON COLUMN emails.authenticity_reason IS 'What authenticity rests on.';
COMMENT ON COLUMN emails.extraction_status IS 'PENDING, COMPLETED (an extraction ran, whatever it found), SKIPPED (a filter or its size kept it out), FAILED, IGNORED (by a person).';
COMMENT ON COLUMN emails.extraction_reason IS 'Why it was skipped, failed or ignored; null otherwise.';
COMMENT ON COLUMN emails.deleted_at IS 'When a person deleted it: source and texts are gone, the row stays so that a re-sync brings nothing back.';
COMMENT ON COLUMN emails.created_at IS 'When the row was inserted.';
COMMENT ON COLUMN emails.updated_at IS 'When the row last changed.';

CREATE TABLE email_places (
    id uuid PRIMARY KEY,
    user_id uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    email_id uuid NOT NULL,
    connected_account_id uuid NOT NULL,
    provider_key text NOT NULL CHECK (length(provider_key) BETWEEN 1 AND 500),
    created_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (user_id, id),
    CONSTRAINT email_places_provider_key UNIQUE (connected_account_id, provider_key),
    CONSTRAINT email_places_email_fkey FOREIGN KEY (user_id, email_id) REFERENCES emails (user_id, id) ON DELETE CASCADE,
    CONSTRAINT email_places_connected_account_fkey FOREIGN KEY (user_id, connected_account_id)
        REFERENCES connected_accounts (user_id, id) ON DELETE CASCADE
);
CREATE INDEX email_places_email_index ON email_places (user_id, email_id);
CREATE INDEX email_places_connected_account_index ON email_places (user_id, connected_account_id);
COMMENT ON TABLE email_places IS 'Where a message was seen: one row for each mailbox and key.';
COMMENT ON COLUMN email_places.id IS 'UUID version 7.';
COMMENT ON COLUMN email_places.user_id IS 'The owner.';
COMMENT ON COLUMN email_places.email_id IS 'The message.';
COMMENT ON COLUMN email_places.connected_account_id IS 'The mailbox.';
COMMENT ON COLUMN email_places.provider_key IS 'The message''s key there: a Gmail id; folder, UIDVALIDITY and UID; in a file the SHA-256 of its bytes.';
COMMENT ON COLUMN email_places.created_at IS 'When it was first seen there.';

CREATE TABLE email_sources (
    email_id uuid PRIMARY KEY,
    user_id uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    raw bytea NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT email_sources_email_fkey FOREIGN KEY (user_id, email_id) REFERENCES emails (user_id, id) ON DELETE CASCADE
);
CREATE INDEX email_sources_user_index ON email_sources (user_id, email_id);
COMMENT ON TABLE email_sources IS 'The raw messages, in a table of their own that retention erases.';
COMMENT ON COLUMN email_sources.email_id IS 'The message.';
COMMENT ON COLUMN email_sources.user_id IS 'The owner.';
COMMENT ON COLUMN email_sources.raw IS 'The MIME bytes as they came, compressed with gzip (RFC 1952).';
COMMENT ON COLUMN email_sources.created_at IS 'When the row was inserted.';

CREATE TABLE email_texts (
    email_id uuid NOT NULL,
    version integer NOT NULL CHECK (version >= 1),
    user_id uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    text text NOT NULL CHECK (length(text) <= 1000000),
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (email_id, version),
    CONSTRAINT email_texts_email_fkey FOREIGN KEY (user_id, email_id) REFERENCES emails (user_id, id) ON DELETE CASCADE
);
CREATE INDEX email_texts_user_index ON email_texts (user_id, email_id);
COMMENT ON TABLE email_texts IS 'What extraction read; a row never changes, spans point into it.';
COMMENT ON COLUMN email_texts.email_id IS 'The message.';
COMMENT ON COLUMN email_texts.version IS 'The version of the code that made text of MIME.';
COMMENT ON COLUMN email_texts.user_id IS 'The owner.';
COMMENT ON COLUMN email_texts.text IS 'The text; a span counts its UTF-16 units.';
COMMENT ON COLUMN email_texts.created_at IS 'When the row was inserted.';

CREATE TRIGGER touch_updated_at BEFORE UPDATE ON connected_accounts FOR EACH ROW EXECUTE FUNCTION touch_updated_at();
CREATE TRIGGER touch_updated_at BEFORE UPDATE ON emails FOR EACH ROW EXECUTE FUNCTION touch_updated_at();
