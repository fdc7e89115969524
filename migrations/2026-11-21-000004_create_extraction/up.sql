CREATE TABLE extractions (
    id uuid PRIMARY KEY,
    user_id uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    email_id uuid NOT NULL,
    extractor text NOT NULL CHECK (length(extractor) BETWEEN 1 AND 50),
    extractor_version integer NOT NULL CHECK (extractor_version >= 1),
    text_version integer NOT NULL CHECK (text_version >= 1),
    rules_revision bigint NOT NULL DEFAULT 0 CHECK (rules_revision >= 0),
    model text CHECK (length(model) <= 200),
    prompt_hash bytea CHECK (octet_length(prompt_hash) = 32),
    kind text NOT NULL CHECK (kind IN (
        'PURCHASE', 'AUTHORISATION', 'POSTED', 'DECLINED', 'REVERSAL', 'REFUND', 'TRANSFER', 'CASH', 'INCOME', 'FEE',
        'STATEMENT', 'BILL_DUE', 'PAYMENT_REQUEST', 'BALANCE', 'ORDER', 'SHIPPING', 'SUBSCRIPTION',
        'ONE_TIME_PASSWORD', 'MARKETING', 'SECURITY', 'UNRELATED')),
    kind_reason text NOT NULL CHECK (length(kind_reason) <= 500),
    outcome text NOT NULL CHECK (outcome IN ('FILED', 'IN_REVIEW', 'NOTHING', 'FAILED')),
    result jsonb NOT NULL CHECK (jsonb_typeof(result) = 'object'),
    job_id uuid,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (user_id, id),
    CONSTRAINT extractions_run_key UNIQUE NULLS NOT DISTINCT
        (email_id, extractor, extractor_version, text_version, rules_revision, model, prompt_hash),
    CONSTRAINT extractions_email_fkey FOREIGN KEY (user_id, email_id) REFERENCES emails (user_id, id) ON DELETE CASCADE
);
CREATE INDEX extractions_email_index ON extractions (user_id, email_id);
COMMENT ON TABLE extractions IS 'One run over one mail each, with everything it found; a retry overwrites a FAILED one and never files twice.';
COMMENT ON COLUMN extractions.id IS 'UUID version 7.';
COMMENT ON COLUMN extractions.user_id IS 'The owner.';
COMMENT ON COLUMN extractions.email_id IS 'The mail that was read.';
COMMENT ON COLUMN extractions.extractor IS 'The name of the whole pipeline that read it.';
COMMENT ON COLUMN extractions.extractor_version IS 'The pipeline''s version.';
COMMENT ON COLUMN extractions.text_version IS 'The version of the mail''s text that was read.';
COMMENT ON COLUMN extractions.rules_revision IS 'How much had been learned for the sender by then; 0 for nothing.';
COMMENT ON COLUMN extractions.model IS 'The language model, where one was asked; null otherwise.';
COMMENT ON COLUMN extractions.prompt_hash IS 'SHA-256 of the prompt without the mail, where a model was asked; null otherwise.';
COMMENT ON COLUMN extractions.kind IS 'What the mail is.';
COMMENT ON COLUMN extractions.kind_reason IS 'Why it was given that kind.';
COMMENT ON COLUMN extractions.outcome IS 'FILED (each draft is a transaction), IN_REVIEW (a draft waits for a person), NOTHING (no draft) or FAILED.';
COMMENT ON COLUMN extractions.result IS 'The drafts: value, span and stage of each field.';
COMMENT ON COLUMN extractions.job_id IS 'The job that ran it; jobs are aged out, so it may be gone. Null outside of jobs.';
COMMENT ON COLUMN extractions.created_at IS 'When the row was inserted.';
COMMENT ON COLUMN extractions.updated_at IS 'When the row last changed.';

CREATE TABLE transactions (
    id uuid PRIMARY KEY,
    user_id uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    booked_on date NOT NULL,
    occurred_at timestamptz,
    amount numeric(20, 4) NOT NULL CHECK (amount <> 0),
    currency text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    original_amount numeric(20, 4) CHECK (original_amount <> 0),
    original_currency text CHECK (original_currency ~ '^[A-Z]{3}$'),
    merchant text CHECK (length(merchant) BETWEEN 1 AND 200),
    description text CHECK (length(description) BETWEEN 1 AND 500),
    notes text CHECK (length(notes) BETWEEN 1 AND 5000),
    account_id uuid NOT NULL,
    category_id uuid,
    source text NOT NULL CHECK (source IN ('MAIL', 'MANUAL', 'IMPORT', 'API')),
    state text NOT NULL CHECK (state IN ('PENDING', 'POSTED', 'VOID')),
    edited_fields text[] NOT NULL DEFAULT '{}' CHECK (length(array_to_string(edited_fields, ',')) <= 500),
    deleted_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (user_id, id),
    CONSTRAINT transactions_original_check CHECK ((original_amount IS NULL) = (original_currency IS NULL)),
    CONSTRAINT transactions_account_fkey FOREIGN KEY (user_id, account_id) REFERENCES accounts (user_id, id),
    CONSTRAINT transactions_category_fkey FOREIGN KEY (user_id, category_id) REFERENCES categories (user_id, id)
        ON DELETE SET NULL (category_id)
);
CREATE INDEX transactions_booked_index ON transactions (user_id, booked_on, id) WHERE deleted_at IS NULL;
CREATE INDEX transactions_everyone_booked_index ON transactions (booked_on, id) WHERE deleted_at IS NULL;
CREATE INDEX transactions_account_index ON transactions (user_id, account_id, booked_on, id);
CREATE INDEX transactions_category_index ON transactions (user_id, category_id, booked_on, id);
COMMENT ON TABLE transactions IS 'The ledger. A deleted row stays as a tombstone, so that a re-sync does not bring it back.';
COMMENT ON COLUMN transactions.id IS 'UUID version 7; with booked_on the order of every list.';
COMMENT ON COLUMN transactions.user_id IS 'The owner.';
COMMENT ON COLUMN transactions.booked_on IS 'The day in the user''s zone, fixed at filing.';
COMMENT ON COLUMN transactions.occurred_at IS 'The moment, where the mail gives one; null otherwise.';
COMMENT ON COLUMN transactions.amount IS 'Signed from the account''s view: out is negative.';
COMMENT ON COLUMN transactions.currency IS 'ISO 4217 code of amount.';
COMMENT ON COLUMN transactions.original_amount IS 'What the merchant charged, signed, when billed in another currency; null otherwise.';
COMMENT ON COLUMN transactions.original_currency IS 'ISO 4217 code of original_amount; null without one.';
COMMENT ON COLUMN transactions.merchant IS 'Who was paid, or who paid; null when unknown.';
COMMENT ON COLUMN transactions.description IS 'What it was for; null when unknown.';
COMMENT ON COLUMN transactions.notes IS 'What a person wrote about it; null without notes.';
COMMENT ON COLUMN transactions.account_id IS 'The account; `Unassigned <currency>` when the mail names none.';
COMMENT ON COLUMN transactions.category_id IS 'The category; null when none fits.';
COMMENT ON COLUMN transactions.source IS 'MAIL, MANUAL, IMPORT or API: where the row came from.';
COMMENT ON COLUMN transactions.state IS 'PENDING (authorised), POSTED or VOID (reversed).';
COMMENT ON COLUMN transactions.edited_fields IS 'The columns that a person set; automation never overwrites them.';
COMMENT ON COLUMN transactions.deleted_at IS 'When a person deleted it; null while it counts.';
COMMENT ON COLUMN transactions.created_at IS 'When the row was inserted.';
COMMENT ON COLUMN transactions.updated_at IS 'When the row last changed.';

CREATE TABLE sightings (
    id uuid PRIMARY KEY,
    user_id uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    email_id uuid NOT NULL,
    event_key text NOT NULL CHECK (length(event_key) BETWEEN 1 AND 100),
    extraction_id uuid NOT NULL,
    state text NOT NULL CHECK (state IN ('FILED', 'IN_REVIEW', 'REJECTED')),
    reason text CHECK (length(reason) <= 500),
    transaction_id uuid,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (user_id, id),
    CONSTRAINT sightings_event_key UNIQUE (email_id, event_key),
    CONSTRAINT sightings_review_check CHECK (state <> 'IN_REVIEW' OR transaction_id IS NULL),
    CONSTRAINT sightings_email_fkey FOREIGN KEY (user_id, email_id) REFERENCES emails (user_id, id) ON DELETE CASCADE,
    CONSTRAINT sightings_extraction_fkey FOREIGN KEY (user_id, extraction_id) REFERENCES extractions (user_id, id),
    CONSTRAINT sightings_transaction_fkey FOREIGN KEY (user_id, transaction_id) REFERENCES transactions (user_id, id)
        ON DELETE SET NULL (transaction_id)
);
CREATE INDEX sightings_email_index ON sightings (user_id, email_id);
CREATE INDEX sightings_extraction_index ON sightings (user_id, extraction_id);
CREATE INDEX sightings_transaction_index ON sightings (user_id, transaction_id);
COMMENT ON TABLE sightings IS 'One event seen in one mail; the link from mails to transactions.';
COMMENT ON COLUMN sightings.id IS 'UUID version 7.';
COMMENT ON COLUMN sightings.user_id IS 'The owner.';
COMMENT ON COLUMN sightings.email_id IS 'The mail.';
COMMENT ON COLUMN sightings.event_key IS 'Given once, and kept by every later extraction of the mail.';
COMMENT ON COLUMN sightings.extraction_id IS 'The extraction that last read it.';
COMMENT ON COLUMN sightings.state IS 'FILED, IN_REVIEW (no transaction yet) or REJECTED (by a person).';
COMMENT ON COLUMN sightings.reason IS 'Why it waits for review or was rejected; null when filed.';
COMMENT ON COLUMN sightings.transaction_id IS 'The transaction that it is a sighting of; null without one.';
COMMENT ON COLUMN sightings.created_at IS 'When the row was inserted.';
COMMENT ON COLUMN sightings.updated_at IS 'When the row last changed.';

CREATE TRIGGER touch_updated_at BEFORE UPDATE ON extractions FOR EACH ROW EXECUTE FUNCTION touch_updated_at();
CREATE TRIGGER touch_updated_at BEFORE UPDATE ON transactions FOR EACH ROW EXECUTE FUNCTION touch_updated_at();
CREATE TRIGGER touch_updated_at BEFORE UPDATE ON sightings FOR EACH ROW EXECUTE FUNCTION touch_updated_at();
