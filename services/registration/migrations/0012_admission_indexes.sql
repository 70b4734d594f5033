-- Asked with webinar_id::text, as registrants_by_address is: only these can serve it. Several
-- indexes begin with the webinar now, and a plan that was made on an empty table may take any of
-- them and read all of a webinar for each batch of a rush.
DROP INDEX registrants_by_key;
CREATE UNIQUE INDEX registrants_by_key ON registrants (idempotency_key, webinar_id)
    WHERE idempotency_key IS NOT NULL;
DROP INDEX registrants_by_network;
CREATE INDEX registrants_by_network ON registrants (network, webinar_id)
    WHERE status = 'awaiting_payment' AND network IS NOT NULL;
