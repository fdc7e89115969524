-- Whoever watches jobs asks for the ones that are not at their end, of one user or of all: few among those that are kept.
CREATE INDEX jobs_active_index ON jobs (user_id, id) WHERE state IN ('SCHEDULED', 'QUEUED', 'RUNNING', 'RETRYING');
