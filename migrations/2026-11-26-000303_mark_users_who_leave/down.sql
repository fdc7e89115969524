DROP INDEX users_leaving_index;
ALTER TABLE users DROP CONSTRAINT users_leaving_check;
ALTER TABLE users DROP COLUMN leaving_since;
