COMMENT ON COLUMN jobs.interruptions IS 'How many attempts were handed back by a shutdown or a snooze and do not count as used.';
DROP INDEX jobs_waiting_user_index;
