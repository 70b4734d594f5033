-- Whether payments has a test key, so that rehearsals of a live organization charge no card.
ALTER TABLE organizations ADD COLUMN has_test_key boolean NOT NULL DEFAULT false;
