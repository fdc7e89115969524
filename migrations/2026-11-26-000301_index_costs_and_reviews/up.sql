-- What a user's calls cost in a period, and everyone's.
CREATE INDEX llm_usages_created_index ON llm_usages (user_id, created_at);
CREATE INDEX llm_usages_everyone_created_index ON llm_usages (created_at);
-- What waits for a person is little, however much was seen.
CREATE INDEX sightings_review_index ON sightings (user_id, id) WHERE state = 'IN_REVIEW';
CREATE INDEX sightings_everyone_review_index ON sightings (id) WHERE state = 'IN_REVIEW';
