-- The oldest sources, which retention erases first.
CREATE INDEX email_sources_created_index ON email_sources (created_at);
