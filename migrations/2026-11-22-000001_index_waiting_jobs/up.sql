-- The users whose long jobs wait for a slot, one after the other, however many jobs one of them has.
CREATE INDEX jobs_waiting_user_index ON jobs (queue, user_id, priority, run_at, id)
    WHERE state = 'QUEUED' AND priority >= 50 AND user_id IS NOT NULL;
COMMENT ON COLUMN jobs.interruptions IS 'How many attempts were handed back by a shutdown, a snooze or the end of a time slice and do not count as used.';
