-- Rehearsals beside a live key are paid with a test key: what is read or listed says with which.
ALTER TABLE lookups ADD COLUMN is_live boolean NOT NULL DEFAULT true;
CREATE INDEX attempts_in_test_mode ON attempts (queued_at) WHERE NOT is_live;
CREATE INDEX charges_in_test_mode ON charges (taken_at) WHERE NOT is_live;

-- Told to registration with the account.
ALTER TABLE stripe_accounts ADD COLUMN has_test_key boolean NOT NULL DEFAULT false;
