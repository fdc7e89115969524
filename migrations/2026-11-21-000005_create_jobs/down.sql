DROP TABLE job_schedules;
DROP TABLE job_workers;
DROP TABLE job_events;
DROP TABLE jobs;
DROP FUNCTION record_job_event();
