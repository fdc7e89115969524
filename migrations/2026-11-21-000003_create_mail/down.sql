DROP TABLE email_texts;
DROP TABLE email_sources;
DROP TABLE email_places;
DROP TABLE emails;
DROP TABLE connected_accounts;
