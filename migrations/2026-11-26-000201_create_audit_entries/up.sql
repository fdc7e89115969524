CREATE TABLE audit_entries (
    id uuid PRIMARY KEY,
    at timestamptz NOT NULL,
    action text NOT NULL CHECK (action IN (
        'USER_REGISTERED', 'SIGNED_IN', 'SIGN_IN_LOCKED', 'SIGNED_OUT', 'SIGNED_OUT_EVERYWHERE', 'SESSION_REVOKED',
        'REFRESH_TOKEN_REUSED', 'PASSWORD_CHANGED', 'PASSWORD_RESET', 'PASSWORD_SET', 'USER_UPDATED',
        'USER_DELETION_REQUESTED', 'USER_ROLE_CHANGED', 'USER_ACTIVATED', 'USER_DEACTIVATED', 'API_TOKEN_CREATED',
        'API_TOKEN_REVOKED', 'CONNECTED_ACCOUNT_CREATED', 'CONNECTED_ACCOUNT_UPDATED', 'CONNECTED_ACCOUNT_DELETED',
        'CATEGORY_CREATED', 'CATEGORY_UPDATED', 'CATEGORY_DELETED', 'ACCOUNT_CREATED', 'ACCOUNT_UPDATED', 'ACCOUNT_DELETED',
        'TRANSACTION_CREATED', 'TRANSACTION_UPDATED', 'TRANSACTION_DELETED', 'SIGHTING_ACCEPTED', 'SIGHTING_REJECTED',
        'EMAIL_IGNORED', 'EMAIL_RESTORED', 'EMAIL_DELETED', 'JOB_TRIGGERED', 'JOB_CANCELLED', 'JOB_RETRIED',
        'EMAIL_TEXT_READ')),
    owner uuid,
    actor uuid,
    credential_kind text CHECK (credential_kind IN ('SESSION', 'API_TOKEN', 'COMMAND_LINE')),
    credential uuid,
    address inet,
    subject_kind text CHECK (subject_kind IN ('USER', 'SESSION', 'API_TOKEN', 'CONNECTED_ACCOUNT', 'JOB', 'EMAIL', 'CATEGORY',
        'ACCOUNT', 'TRANSACTION', 'SIGHTING')),
    subject uuid,
    changes jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(changes) = 'object' AND octet_length(changes::text) <= 20000),
    request_id uuid,
    CHECK ((subject_kind IS NULL) = (subject IS NULL))
);
CREATE INDEX audit_entries_owner_index ON audit_entries (owner, id);
CREATE INDEX audit_entries_actor_index ON audit_entries (actor, id);
COMMENT ON TABLE audit_entries IS 'Who changed what. Rows are only appended; they outlive the people in them, who are pseudonyms then.';
COMMENT ON COLUMN audit_entries.id IS 'UUID version 7: the order of the entries.';
COMMENT ON COLUMN audit_entries.at IS 'When it happened.';
COMMENT ON COLUMN audit_entries.action IS 'What was done.';
COMMENT ON COLUMN audit_entries.owner IS 'Whose it was done to, who may read the entry; null where that is nobody. A pseudonym once the user is deleted.';
COMMENT ON COLUMN audit_entries.actor IS 'The user who did it; null for somebody who is not known, and for the command line. A pseudonym once the user is deleted.';
COMMENT ON COLUMN audit_entries.credential_kind IS 'What the actor showed; null where they showed nothing.';
COMMENT ON COLUMN audit_entries.credential IS 'The session or the API token; null where it was neither.';
COMMENT ON COLUMN audit_entries.address IS 'The address that the request came from; null where none is known.';
COMMENT ON COLUMN audit_entries.subject_kind IS 'What kind of row it was done to; null where it was none.';
COMMENT ON COLUMN audit_entries.subject IS 'The row that it was done to; it may be gone.';
COMMENT ON COLUMN audit_entries.changes IS 'The fields that changed, each with its values before and after: no secret and no text of a mail.';
COMMENT ON COLUMN audit_entries.request_id IS 'The id that the answer and the log carry; null for the command line.';

CREATE FUNCTION keep_audit_entries() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND current_setting('pennypost.pseudonymising', true) = 'on'
        AND (NEW.id, NEW.at, NEW.action) = (OLD.id, OLD.at, OLD.action) THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'audit entries are only appended: % is refused', TG_OP;
END
$$;
COMMENT ON FUNCTION keep_audit_entries() IS 'Refuses every change of what happened, but the one that pseudonymise_audit_entries makes.';
CREATE TRIGGER keep_audit_entries BEFORE UPDATE OR DELETE ON audit_entries
    FOR EACH ROW EXECUTE FUNCTION keep_audit_entries();
CREATE TRIGGER keep_all_audit_entries BEFORE TRUNCATE ON audit_entries
    FOR EACH STATEMENT EXECUTE FUNCTION keep_audit_entries();

CREATE FUNCTION pseudonymise_audit_entries(person uuid, pseudonym uuid) RETURNS bigint LANGUAGE plpgsql
    SET pennypost.pseudonymising = 'on' AS $$
DECLARE
    changed bigint;
BEGIN
    UPDATE audit_entries SET
        owner = CASE WHEN owner = person THEN pseudonym ELSE owner END,
        actor = CASE WHEN actor = person THEN pseudonym ELSE actor END,
        credential_kind = CASE WHEN actor = person THEN NULL ELSE credential_kind END,
        credential = CASE WHEN actor = person THEN NULL ELSE credential END,
        -- Whoever knocked at this person's door without a name may have been the person.
        address = CASE WHEN actor = person OR actor IS NULL THEN NULL ELSE address END,
        request_id = CASE WHEN actor = person OR actor IS NULL THEN NULL ELSE request_id END,
        subject_kind = CASE WHEN owner = person THEN NULL ELSE subject_kind END,
        subject = CASE WHEN owner = person THEN NULL ELSE subject END,
        changes = CASE WHEN owner = person THEN '{}' ELSE changes END
    WHERE owner = person OR actor = person;
    GET DIAGNOSTICS changed = ROW_COUNT;
    RETURN changed;
END
$$;
COMMENT ON FUNCTION pseudonymise_audit_entries(uuid, uuid) IS 'Leaves of a user who was deleted the time, the action and a pseudonym.';
