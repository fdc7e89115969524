DROP TABLE sessions;
DROP TABLE users;
DROP TABLE roles;
DROP FUNCTION touch_updated_at();
