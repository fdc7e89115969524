DROP TABLE audit_entries;
DROP FUNCTION keep_audit_entries();
DROP FUNCTION pseudonymise_audit_entries(uuid, uuid);
