-- Mails to people who sign in, who are no registrants; mails that are of no use after a time.
ALTER TABLE mails ALTER COLUMN registrant_id DROP NOT NULL;
ALTER TABLE mails ALTER COLUMN webinar_id DROP NOT NULL;
ALTER TABLE mails ADD COLUMN good_until timestamptz; -- Not sent any more from then on.
-- Rows from before are known to be right: looking at them would keep the table locked.
ALTER TABLE mails DROP CONSTRAINT mails_kind_check;
ALTER TABLE mails ADD CONSTRAINT mails_kind_check CHECK (
    CASE
        WHEN registrant_id IS NULL
            THEN kind IN ('invitation', 'password_reset', 'password_changed')
        ELSE webinar_id IS NOT NULL AND kind IN (
            'confirmation', 'refund', 'refund_failed', 'released', 'cancelled', 'repeated',
            'payment_due', 'rescheduled', 'starts_soon'
        )
    END
) NOT VALID;
-- What asked for it is its cause: one mail, however often that is delivered.
CREATE UNIQUE INDEX mails_of_accounts ON mails (cause) WHERE registrant_id IS NULL;
CREATE INDEX mails_good_until ON mails (good_until)
    WHERE good_until IS NOT NULL AND state IN ('queued', 'sending');

-- Facts of the same version are newer once the webinar has moved.
ALTER TABLE registrants ADD COLUMN sequence integer NOT NULL DEFAULT 0;
