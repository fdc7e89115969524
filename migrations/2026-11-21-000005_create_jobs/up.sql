CREATE TABLE jobs (
    id uuid PRIMARY KEY,
    user_id uuid,
    queue text NOT NULL CHECK (queue IN ('base', 'email')),
    kind text NOT NULL CHECK (length(kind) BETWEEN 1 AND 50),
    payload jsonb NOT NULL CHECK (jsonb_typeof(payload) = 'object'),
    state text NOT NULL CHECK (state IN (
        'SCHEDULED', 'QUEUED', 'RUNNING', 'RETRYING', 'SUCCESS', 'FAILED', 'CANCELLED')),
    priority smallint NOT NULL DEFAULT 0,
    run_at timestamptz NOT NULL DEFAULT now(),
    attempt integer NOT NULL DEFAULT 0 CHECK (attempt >= 0),
    max_attempts integer NOT NULL CHECK (max_attempts >= 1),
    interruptions integer NOT NULL DEFAULT 0 CHECK (interruptions BETWEEN 0 AND attempt),
    crash_count integer NOT NULL DEFAULT 0 CHECK (crash_count >= 0),
    version bigint NOT NULL DEFAULT 1 CHECK (version >= 1),
    worker_id uuid,
    lease_expires_at timestamptz,
    cancel_requested_at timestamptz,
    cancel_requested_by uuid,
    progress jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(progress) = 'object'),
    checkpoint jsonb CHECK (jsonb_typeof(checkpoint) = 'object'),
    output_payload jsonb CHECK (jsonb_typeof(output_payload) = 'object'),
    error_payload jsonb CHECK (jsonb_typeof(error_payload) = 'object'),
    unique_key text CHECK (length(unique_key) BETWEEN 1 AND 200),
    schedule_name text CHECK (length(schedule_name) BETWEEN 1 AND 100),
    started_at timestamptz,
    finished_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT jobs_lease_check CHECK ((state = 'RUNNING') = (lease_expires_at IS NOT NULL)),
    CONSTRAINT jobs_worker_check CHECK ((state = 'RUNNING') = (worker_id IS NOT NULL)),
    CONSTRAINT jobs_finished_check CHECK ((state IN ('SUCCESS', 'FAILED', 'CANCELLED')) = (finished_at IS NOT NULL))
);
CREATE INDEX jobs_ready_index ON jobs (queue, priority, run_at, id) WHERE state = 'QUEUED';
CREATE INDEX jobs_due_index ON jobs (run_at) WHERE state IN ('SCHEDULED', 'RETRYING');
CREATE INDEX jobs_lease_index ON jobs (lease_expires_at) WHERE state = 'RUNNING';
CREATE UNIQUE INDEX jobs_unique_key ON jobs (kind, unique_key)
    WHERE state IN ('SCHEDULED', 'QUEUED', 'RUNNING', 'RETRYING');
CREATE INDEX jobs_user_index ON jobs (user_id, id);
CREATE INDEX jobs_finished_index ON jobs (finished_at) WHERE finished_at IS NOT NULL;
COMMENT ON TABLE jobs IS 'Long work, one row a piece. Nobody''s facts depend on a row: it is aged out.';
COMMENT ON COLUMN jobs.id IS 'UUID version 7.';
COMMENT ON COLUMN jobs.user_id IS 'For whom it runs; null for the system''s own. No foreign key: a job outlives its user.';
COMMENT ON COLUMN jobs.queue IS 'base (the database-heavy work) or email (fetching, extracting, sending).';
COMMENT ON COLUMN jobs.kind IS 'What it does. No closed list: an older worker leaves a newer kind alone.';
COMMENT ON COLUMN jobs.payload IS 'What to work on: ids and numbers, never mail text or secrets.';
COMMENT ON COLUMN jobs.state IS 'SCHEDULED, QUEUED, RUNNING, RETRYING, SUCCESS, FAILED or CANCELLED.';
COMMENT ON COLUMN jobs.priority IS 'The lower runs first.';
COMMENT ON COLUMN jobs.run_at IS 'Not before this moment, by the database''s clock.';
COMMENT ON COLUMN jobs.attempt IS 'How often it was claimed; the fence of its writes. Never goes down.';
COMMENT ON COLUMN jobs.max_attempts IS 'How many attempts may be used up.';
COMMENT ON COLUMN jobs.interruptions IS 'How many attempts were handed back by a shutdown or a snooze and do not count as used.';
COMMENT ON COLUMN jobs.crash_count IS 'How often its worker vanished since the last checkpoint.';
COMMENT ON COLUMN jobs.version IS 'Counts the visible changes, from 1; each has its event.';
COMMENT ON COLUMN jobs.worker_id IS 'The worker that runs it; null unless RUNNING.';
COMMENT ON COLUMN jobs.lease_expires_at IS 'Until when the worker may be silent; null unless RUNNING.';
COMMENT ON COLUMN jobs.cancel_requested_at IS 'When somebody asked to cancel it; null otherwise.';
COMMENT ON COLUMN jobs.cancel_requested_by IS 'Who asked to cancel it; null otherwise.';
COMMENT ON COLUMN jobs.progress IS 'Counters for people: done, total and the kind''s own.';
COMMENT ON COLUMN jobs.checkpoint IS 'Where the next attempt goes on; null before the first checkpoint.';
COMMENT ON COLUMN jobs.output_payload IS 'What it did; null until it ends well.';
COMMENT ON COLUMN jobs.error_payload IS 'The last error: code, class, message, retryable, attempt, at; null without one.';
COMMENT ON COLUMN jobs.unique_key IS 'At most one active job of a kind has it; null for jobs that may stand side by side.';
COMMENT ON COLUMN jobs.schedule_name IS 'The schedule that made it; null otherwise.';
COMMENT ON COLUMN jobs.started_at IS 'When it was first claimed; null before.';
COMMENT ON COLUMN jobs.finished_at IS 'When it ended; null while it is active.';
COMMENT ON COLUMN jobs.created_at IS 'When it was enqueued.';
COMMENT ON COLUMN jobs.updated_at IS 'When the row last changed, heartbeats included.';

CREATE TABLE job_events (
    job_id uuid NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
    version bigint NOT NULL CHECK (version >= 1),
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    state text NOT NULL CHECK (length(state) <= 20),
    attempt integer NOT NULL CHECK (attempt >= 0),
    data jsonb NOT NULL CHECK (jsonb_typeof(data) = 'object'),
    PRIMARY KEY (job_id, version)
);
CREATE INDEX job_events_at_index ON job_events (at);
COMMENT ON TABLE job_events IS 'Every visible change of every job, in order; append only.';
COMMENT ON COLUMN job_events.job_id IS 'The job.';
COMMENT ON COLUMN job_events.version IS 'The job''s version that the change made.';
COMMENT ON COLUMN job_events.at IS 'When the change was made, by the database''s clock.';
COMMENT ON COLUMN job_events.state IS 'The state after the change.';
COMMENT ON COLUMN job_events.attempt IS 'The attempt after the change.';
COMMENT ON COLUMN job_events.data IS 'The other visible columns after the change.';

CREATE TABLE job_workers (
    id uuid PRIMARY KEY,
    host text NOT NULL CHECK (length(host) <= 255),
    process_id integer NOT NULL,
    software_version text NOT NULL CHECK (length(software_version) <= 50),
    slots jsonb NOT NULL CHECK (jsonb_typeof(slots) = 'object'),
    seen_at timestamptz NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE job_workers IS 'The workers and when they were last heard of; for people to look at, never for correctness.';
COMMENT ON COLUMN job_workers.id IS 'UUID version 7, new for each start of a worker.';
COMMENT ON COLUMN job_workers.host IS 'The machine''s name.';
COMMENT ON COLUMN job_workers.process_id IS 'The process on that machine.';
COMMENT ON COLUMN job_workers.software_version IS 'pennypost''s version.';
COMMENT ON COLUMN job_workers.slots IS 'How many jobs of each queue it runs at a time.';
COMMENT ON COLUMN job_workers.seen_at IS 'Its last heartbeat.';
COMMENT ON COLUMN job_workers.created_at IS 'When it started.';
COMMENT ON COLUMN job_workers.updated_at IS 'When the row last changed.';

CREATE TABLE job_schedules (
    name text PRIMARY KEY CHECK (length(name) BETWEEN 1 AND 100),
    cron text NOT NULL CHECK (length(cron) BETWEEN 1 AND 100),
    next_run_at timestamptz NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX job_schedules_next_run_index ON job_schedules (next_run_at);
COMMENT ON TABLE job_schedules IS 'The jobs that come again and again.';
COMMENT ON COLUMN job_schedules.name IS 'The schedule''s name, known to the code.';
COMMENT ON COLUMN job_schedules.cron IS 'When it is due, as a cron expression, in UTC.';
COMMENT ON COLUMN job_schedules.next_run_at IS 'The next moment at which it is due.';
COMMENT ON COLUMN job_schedules.created_at IS 'When the row was inserted.';
COMMENT ON COLUMN job_schedules.updated_at IS 'When the row last changed.';

CREATE FUNCTION record_job_event() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.version <> 1 THEN
            RAISE EXCEPTION 'job % starts at version %, not 1', NEW.id, NEW.version;
        END IF;
    ELSIF (NEW.state, NEW.attempt, NEW.run_at, NEW.progress, NEW.cancel_requested_at, NEW.output_payload, NEW.error_payload)
        IS NOT DISTINCT FROM
        (OLD.state, OLD.attempt, OLD.run_at, OLD.progress, OLD.cancel_requested_at, OLD.output_payload, OLD.error_payload) THEN
        IF NEW.version <> OLD.version THEN
            RAISE EXCEPTION 'job % went from version % to % without a visible change', NEW.id, OLD.version, NEW.version;
        END IF;
        RETURN NULL;
    ELSIF NEW.version <> OLD.version + 1 THEN
        RAISE EXCEPTION 'job % changed visibly and went from version % to %', NEW.id, OLD.version, NEW.version;
    END IF;
    INSERT INTO job_events (job_id, version, state, attempt, data) VALUES (NEW.id, NEW.version, NEW.state, NEW.attempt,
        jsonb_build_object('run_at', NEW.run_at, 'progress', NEW.progress, 'cancel_requested_at', NEW.cancel_requested_at,
            'output_payload', NEW.output_payload, 'error_payload', NEW.error_payload));
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION record_job_event() IS 'Writes the event of each visible change, and refuses a change that does not count its version.';

CREATE TRIGGER record_job_event AFTER INSERT OR UPDATE ON jobs FOR EACH ROW EXECUTE FUNCTION record_job_event();
CREATE TRIGGER touch_updated_at BEFORE UPDATE ON jobs FOR EACH ROW EXECUTE FUNCTION touch_updated_at();
CREATE TRIGGER touch_updated_at BEFORE UPDATE ON job_workers FOR EACH ROW EXECUTE FUNCTION touch_updated_at();
CREATE TRIGGER touch_updated_at BEFORE UPDATE ON job_schedules FOR EACH ROW EXECUTE FUNCTION touch_updated_at();
