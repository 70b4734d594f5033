-- What is known of each registrant; events that carry no address find it here.
CREATE TABLE registrants (
    registrant_id uuid PRIMARY KEY,
    organization_id uuid NOT NULL,
    -- 0 until an event has told who they are: then money was heard of first.
    version integer NOT NULL DEFAULT 0,
    status text CHECK (status IN ('awaiting_payment', 'confirmed', 'released', 'cancelled')),
    facts jsonb,
    -- Mails are in state 'waiting' for the facts.
    has_waiting boolean NOT NULL DEFAULT false,
    -- All their money went back and the seat with it, whether or not the cancellation was heard of.
    has_all_back boolean NOT NULL DEFAULT false,
    keep_from timestamptz NOT NULL DEFAULT now(),
    CHECK ((version = 0) = (facts IS NULL))
);
CREATE INDEX registrants_age ON registrants (keep_from);

CREATE TABLE mails (
    email_id uuid PRIMARY KEY,
    organization_id uuid NOT NULL,
    registrant_id uuid NOT NULL,
    webinar_id uuid NOT NULL,
    kind text NOT NULL CHECK (
        kind IN ('confirmation', 'refund', 'refund_failed', 'released', 'cancelled', 'repeated')
    ),
    -- A refund's or an event's id; empty for what happens to a registrant once.
    cause text NOT NULL,
    state text NOT NULL CHECK (
        state IN ('waiting', 'queued', 'sending', 'sent', 'failed', 'withdrawn')
    ),
    -- The event that a waiting mail will be written from.
    waiting_event jsonb,
    message_id text,
    recipient text,
    -- The mail as it is sent, at every try; removed after 90 days.
    content bytea CHECK (octet_length(content) <= 1048576),
    -- A correction goes out after what it corrects.
    follows uuid REFERENCES mails ON DELETE SET NULL,
    -- How often it was taken up for sending; only the latest taker may say that it failed.
    claims integer NOT NULL DEFAULT 0,
    -- How often the server put it off: what the next delay is read from.
    deferrals integer NOT NULL DEFAULT 0,
    created_at timestamptz NOT NULL DEFAULT now(),
    -- When it may be taken up; while it is being sent, when its taker is given up for dead.
    due_at timestamptz NOT NULL DEFAULT now(),
    settled_at timestamptz,
    smtp_code integer,
    answer text,
    -- One mail for each registrant, kind and cause, however often events are delivered.
    UNIQUE (registrant_id, kind, cause),
    CHECK (state <> 'waiting' OR waiting_event IS NOT NULL),
    CHECK (state NOT IN ('queued', 'sending') OR content IS NOT NULL)
);
CREATE INDEX mails_due ON mails (due_at) WHERE state IN ('queued', 'sending');
CREATE INDEX mails_waiting ON mails (created_at) WHERE state = 'waiting';
CREATE INDEX mails_written ON mails (created_at) WHERE content IS NOT NULL;
CREATE INDEX mails_follows ON mails (follows) WHERE follows IS NOT NULL;
