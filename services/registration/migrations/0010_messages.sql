-- What an organization adds to its mails, and the mails that nobody's click causes.

-- Without a row: no words of their own, and the mail is sent.
CREATE TABLE messages (
    organization_id uuid NOT NULL REFERENCES organizations,
    mail text NOT NULL CHECK (
        mail IN ('confirmation', 'payment_due', 'starts_soon', 'rescheduled', 'released',
                 'cancelled')
    ),
    words text NOT NULL DEFAULT '' CHECK (length(words) <= 4000),
    -- Only reminders can be done without.
    is_off boolean NOT NULL DEFAULT false
        CHECK (NOT is_off OR mail IN ('payment_due', 'starts_soon')),
    changed_at timestamptz NOT NULL DEFAULT now(),
    changed_by uuid REFERENCES people,
    PRIMARY KEY (organization_id, mail)
);

-- Holds whose payer was reminded, or must not be while their payment is processing.
CREATE TABLE payment_reminders (
    registrant_id uuid PRIMARY KEY REFERENCES registrants,
    organization_id uuid NOT NULL,
    asked_at timestamptz,
    processing_at timestamptz,
    CHECK (asked_at IS NOT NULL OR processing_at IS NOT NULL)
);

-- How far the reminders of one start have come, by the registrants' numbers. A start that moved
-- is another start.
CREATE TABLE start_reminders (
    webinar_id uuid NOT NULL REFERENCES webinars,
    starts_at timestamptz NOT NULL,
    organization_id uuid NOT NULL,
    after_number bigint NOT NULL DEFAULT 0,
    done_at timestamptz,
    PRIMARY KEY (webinar_id, starts_at)
);
CREATE INDEX webinars_starting ON webinars (starts_at) WHERE status = 'scheduled';
