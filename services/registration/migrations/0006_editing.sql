-- What follows when a webinar with registrants is edited: new times told, refunds offered.

-- Who had registered by refund_granted_at may have all of it back until refund_until.
ALTER TABLE webinars
    ADD COLUMN refund_until timestamptz,
    ADD COLUMN refund_granted_at timestamptz,
    ADD CHECK ((refund_until IS NULL) = (refund_granted_at IS NULL));

-- Registrants who still have to hear of a new start: those of a webinar whose number is above
-- after_number and at most last_number, and who know previous_starts_at.
CREATE TABLE reschedulings (
    id uuid PRIMARY KEY,
    organization_id uuid NOT NULL,
    webinar_id uuid NOT NULL REFERENCES webinars,
    previous_starts_at timestamptz NOT NULL,
    after_number bigint NOT NULL,
    last_number bigint NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    CHECK (after_number <= last_number)
);
CREATE INDEX reschedulings_untold ON reschedulings (webinar_id, created_at)
    WHERE after_number < last_number;

-- Whether seats were sold is asked before a policy changes.
CREATE INDEX registrants_paid ON registrants (webinar_id) WHERE paid_at IS NOT NULL;
