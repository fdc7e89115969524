CREATE TABLE llm_usages (
    id uuid PRIMARY KEY,
    user_id uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    email_id uuid NOT NULL,
    extraction_id uuid,
    job_id uuid NOT NULL,
    attempt integer NOT NULL CHECK (attempt >= 1),
    call integer NOT NULL CHECK (call >= 1),
    model text NOT NULL CHECK (length(model) BETWEEN 1 AND 200),
    input_tokens integer CHECK (input_tokens >= 0),
    output_tokens integer CHECK (output_tokens >= 0),
    cost_usd numeric(20, 10) CHECK (cost_usd >= 0),
    latency_ms integer NOT NULL CHECK (latency_ms >= 0),
    outcome text NOT NULL CHECK (outcome IN ('ANSWERED', 'TRUNCATED', 'REFUSED', 'INVALID', 'RATE_LIMITED', 'FAILED')),
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (user_id, id),
    CONSTRAINT llm_usages_call_key UNIQUE (job_id, attempt, call),
    CONSTRAINT llm_usages_email_fkey FOREIGN KEY (user_id, email_id) REFERENCES emails (user_id, id),
    CONSTRAINT llm_usages_extraction_fkey FOREIGN KEY (user_id, extraction_id) REFERENCES extractions (user_id, id)
        ON DELETE SET NULL (extraction_id)
);
CREATE INDEX llm_usages_email_index ON llm_usages (user_id, email_id);
CREATE INDEX llm_usages_extraction_index ON llm_usages (user_id, extraction_id);
COMMENT ON TABLE llm_usages IS 'One call of a language model each: what it cost, and what came of it.';
COMMENT ON COLUMN llm_usages.id IS 'UUID version 7.';
COMMENT ON COLUMN llm_usages.user_id IS 'The owner of the mail.';
COMMENT ON COLUMN llm_usages.email_id IS 'The mail that the model was asked about.';
COMMENT ON COLUMN llm_usages.extraction_id IS 'The reading that used the answer; null when none did.';
COMMENT ON COLUMN llm_usages.job_id IS 'The job that called; jobs are aged out, so it may be gone.';
COMMENT ON COLUMN llm_usages.attempt IS 'The attempt of that job.';
COMMENT ON COLUMN llm_usages.call IS 'Which call of that attempt, from 1.';
COMMENT ON COLUMN llm_usages.model IS 'The model, as its server names it.';
COMMENT ON COLUMN llm_usages.input_tokens IS 'Tokens sent; null when the server did not say.';
COMMENT ON COLUMN llm_usages.output_tokens IS 'Tokens answered; null when the server did not say.';
COMMENT ON COLUMN llm_usages.cost_usd IS 'What the call cost, in US dollars; null for a model whose price is not known.';
COMMENT ON COLUMN llm_usages.latency_ms IS 'How long the call took, in milliseconds.';
COMMENT ON COLUMN llm_usages.outcome IS 'ANSWERED, TRUNCATED, REFUSED (by the model), INVALID (no answer of the asked form), RATE_LIMITED or FAILED.';
COMMENT ON COLUMN llm_usages.created_at IS 'When the call was made.';
COMMENT ON COLUMN llm_usages.updated_at IS 'When the row last changed.';

CREATE TRIGGER touch_updated_at BEFORE UPDATE ON llm_usages FOR EACH ROW EXECUTE FUNCTION touch_updated_at();
