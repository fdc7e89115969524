DROP TABLE sightings;
DROP TABLE transactions;
DROP TABLE extractions;
