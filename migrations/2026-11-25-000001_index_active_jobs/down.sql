DROP INDEX jobs_active_index;
