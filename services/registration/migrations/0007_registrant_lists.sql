-- The organizer's lists of registrants: each order and each search has its index. Pages are found
-- by keyset, so the thousandth costs what the first does.

-- Words as they are compared: without case and without accents, "José" as "jose". Compared byte
-- by byte (COLLATE "C"), in which whatever begins alike stands together.
CREATE FUNCTION folded(words text) RETURNS text
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN lower(regexp_replace(normalize(words, NFKD), '[\u0300-\u036f]', '', 'g')
        COLLATE pg_c_utf8);
-- People are looked for by their surname too: what follows the last space.
CREATE FUNCTION surname(name text) RETURNS text
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN folded(regexp_replace(name, '^.* ', ''));

CREATE INDEX registrants_by_status ON registrants (webinar_id, status, number);
CREATE INDEX registrants_by_name ON registrants (webinar_id, folded(name) COLLATE "C", number);
CREATE INDEX registrants_by_surname ON registrants (webinar_id, surname(name) COLLATE "C");
CREATE INDEX registrants_by_amount ON registrants (webinar_id, paid_minor, number);
-- As before, and now for the beginnings of addresses too.
DROP INDEX registrants_by_address;
CREATE INDEX registrants_by_address ON registrants (email_key text_pattern_ops, webinar_id);

-- Where the money is to be found in Stripe's dashboard.
ALTER TABLE registrants
    ADD COLUMN stripe_account_id text,
    ADD COLUMN stripe_payment_intent_id text,
    ADD COLUMN is_live boolean;

-- What happened to a registration and left no other trace; `words` is for people to read.
CREATE TABLE registrant_moments (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    organization_id uuid NOT NULL,
    registrant_id uuid NOT NULL REFERENCES registrants,
    what text NOT NULL CHECK (what IN (
        'checkout_opened', 'declined', 'added', 'corrected', 'mail_requested', 'noted')),
    words text CHECK (length(words) <= 1000),
    person_id uuid REFERENCES people,
    key text CHECK (length(key) <= 100), -- Of a form: sent twice, it is done once.
    happened_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (registrant_id, key)
);
