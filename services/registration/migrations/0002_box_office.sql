-- Organizations, webinars, registrants and their money as registration knows it.
-- Every row carries its organization. Events from payments are copied by version: newer wins.

CREATE TABLE organizations (
    id uuid PRIMARY KEY,
    name text NOT NULL CHECK (name <> '' AND length(name) <= 200),
    sender_name text CHECK (length(sender_name) <= 200),
    reply_to text CHECK (length(reply_to) <= 254),
    allowed_origins text[] NOT NULL DEFAULT '{}',
    card_brands_blocked text[] NOT NULL DEFAULT '{}',
    stripe_version bigint NOT NULL DEFAULT 0,
    stripe_account_id text,
    stripe_display_name text,
    stripe_missing text[] NOT NULL DEFAULT '{}',
    is_ready boolean NOT NULL DEFAULT false,
    is_live boolean NOT NULL DEFAULT false,
    default_currency text,
    created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE api_tokens (
    id text PRIMARY KEY,
    organization_id uuid NOT NULL REFERENCES organizations,
    name text NOT NULL CHECK (length(name) <= 200),
    token_hash text NOT NULL UNIQUE, -- SHA-256 of the whole token, hex; the token is shown once.
    scopes text[] NOT NULL,
    version integer NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL DEFAULT now(),
    revoked_at timestamptz
);
CREATE INDEX api_tokens_of_organization ON api_tokens (organization_id);

CREATE TABLE webinars (
    id uuid PRIMARY KEY,
    organization_id uuid NOT NULL REFERENCES organizations,
    version integer NOT NULL DEFAULT 1,
    status text NOT NULL DEFAULT 'scheduled' CHECK (status IN ('scheduled', 'cancelled')),
    kind text NOT NULL CHECK (kind IN ('webinar', 'virtual_event')),
    title text NOT NULL CHECK (title <> '' AND length(title) <= 200),
    starts_at timestamptz NOT NULL,
    duration_minutes integer NOT NULL CHECK (duration_minutes BETWEEN 1 AND 43200),
    time_zone text NOT NULL,
    price_minor integer NOT NULL DEFAULT 0 CHECK (price_minor >= 0),
    currency text CHECK (currency ~ '^[A-Z]{3}$'),
    capacity integer CHECK (capacity > 0),
    seats_taken integer NOT NULL DEFAULT 0 CHECK (seats_taken >= 0),
    hold_minutes integer NOT NULL DEFAULT 15 CHECK (hold_minutes BETWEEN 5 AND 120),
    description_version integer NOT NULL DEFAULT 1,
    refund_policy jsonb,
    join_url text CHECK (length(join_url) <= 2000),
    created_at timestamptz NOT NULL DEFAULT now(),
    cancelled_at timestamptz,
    told_at timestamptz, -- Once every registrant of a cancelled one was cancelled.
    CHECK (price_minor = 0 OR currency IS NOT NULL),
    -- The last word on overselling, whatever the code above it does.
    CONSTRAINT seats_within_capacity CHECK (seats_taken <= capacity)
);
CREATE INDEX webinars_of_organization ON webinars (organization_id, starts_at, id);
CREATE INDEX cancellations_due ON webinars (cancelled_at)
    WHERE status = 'cancelled' AND told_at IS NULL;

-- Registrants keep the description that they registered for.
CREATE TABLE webinar_descriptions (
    webinar_id uuid NOT NULL REFERENCES webinars,
    version integer NOT NULL,
    organization_id uuid NOT NULL,
    description text NOT NULL CHECK (octet_length(description) <= 16384),
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (webinar_id, version)
);

CREATE TABLE registrants (
    id uuid PRIMARY KEY,
    -- Rises with each admission of a webinar, which are one after the other: lists page by it.
    number bigint GENERATED ALWAYS AS IDENTITY,
    organization_id uuid NOT NULL,
    webinar_id uuid NOT NULL REFERENCES webinars,
    version integer NOT NULL DEFAULT 1,
    status text NOT NULL
        CHECK (status IN ('awaiting_payment', 'confirmed', 'released', 'cancelled')),
    holds_seat boolean NOT NULL,
    name text NOT NULL CHECK (length(name) <= 200),
    email text NOT NULL CHECK (length(email) <= 254),
    email_key text NOT NULL,
    locale text NOT NULL,
    -- The quote, frozen at admission.
    amount_minor integer NOT NULL CHECK (amount_minor >= 0),
    currency text,
    description_version integer NOT NULL,
    refund_policy jsonb,
    starts_at timestamptz NOT NULL,
    -- The hold.
    pay_by timestamptz,
    hold_ended_at timestamptz,
    hold_end_reason text CHECK (hold_end_reason IN ('lapsed', 'cancelled', 'superseded')),
    hold_answered_at timestamptz,
    hold_repeat_at timestamptz,
    -- What became of it.
    confirmed_at timestamptz,
    released_at timestamptz,
    cancelled_at timestamptz,
    cancel_cause text,
    cancel_key text,
    -- Money as payments says, at money_version and fee_version.
    paid_at timestamptz,
    paid_minor integer NOT NULL DEFAULT 0,
    refunded_minor integer NOT NULL DEFAULT 0,
    money_version integer NOT NULL DEFAULT 0,
    is_money_returned boolean NOT NULL DEFAULT false,
    fee_minor integer,
    net_minor integer,
    settlement_currency text,
    fee_version integer NOT NULL DEFAULT 0,
    decline_code text,
    decline_message text,
    declined_at timestamptz,
    -- How they reach us and we them.
    link_version integer NOT NULL DEFAULT 1,
    repeated_at timestamptz,
    idempotency_key text,
    body_sha256 bytea,
    network text,
    created_at timestamptz NOT NULL DEFAULT now(),
    CHECK (amount_minor = 0 OR currency IS NOT NULL),
    CHECK (holds_seat OR status <> 'confirmed'),
    CHECK (NOT holds_seat OR status <> 'released')
) WITH (fillfactor = 80);
-- A request that is sent again finds what its first sending made.
CREATE UNIQUE INDEX registrants_by_key ON registrants (webinar_id, idempotency_key)
    WHERE idempotency_key IS NOT NULL;
CREATE INDEX registrants_listed ON registrants (webinar_id, number);
-- Asked with webinar_id::text, which only this index can serve: on a table without statistics,
-- as in the first rush of an installation, the planner would rather read all of a webinar.
CREATE INDEX registrants_by_address ON registrants (email_key, webinar_id);
CREATE INDEX registrants_by_network ON registrants (webinar_id, network)
    WHERE status = 'awaiting_payment' AND network IS NOT NULL;
CREATE INDEX holds_due ON registrants (pay_by)
    WHERE status = 'awaiting_payment' AND hold_ended_at IS NULL;
CREATE INDEX holds_unanswered ON registrants (hold_repeat_at)
    WHERE hold_ended_at IS NOT NULL AND hold_answered_at IS NULL;
-- Somebody's money and no seat for it: an organization's exceptions.
CREATE INDEX money_without_seat ON registrants (organization_id)
    WHERE status = 'released' AND paid_at IS NOT NULL;

CREATE TABLE refunds (
    id uuid PRIMARY KEY,
    organization_id uuid NOT NULL,
    registrant_id uuid NOT NULL REFERENCES registrants,
    webinar_id uuid NOT NULL,
    -- The organizer's key, or one of our own for refunds that nobody asked for.
    idempotency_key text NOT NULL,
    body_sha256 bytea,
    amount_minor integer NOT NULL CHECK (amount_minor >= 0),
    currency text,
    status text NOT NULL CHECK (status IN ('requested', 'pending', 'succeeded', 'failed')),
    origin text NOT NULL,
    cause text NOT NULL,
    reason text,
    keep_seat boolean NOT NULL DEFAULT false,
    failure_reason text,
    version integer NOT NULL DEFAULT 0, -- The payment's, when the status was told.
    requested_at timestamptz NOT NULL DEFAULT now(),
    settled_at timestamptz,
    UNIQUE (registrant_id, idempotency_key)
);
CREATE INDEX refunds_unsettled ON refunds (organization_id, status) WHERE status <> 'succeeded';

CREATE TABLE disputes (
    id text PRIMARY KEY,
    organization_id uuid NOT NULL,
    registrant_id uuid NOT NULL REFERENCES registrants,
    amount_minor integer NOT NULL,
    currency text NOT NULL,
    status text NOT NULL,
    reason text,
    is_open boolean NOT NULL,
    version integer NOT NULL,
    told_at timestamptz NOT NULL
);
CREATE INDEX disputes_of_registrant ON disputes (registrant_id);
CREATE INDEX disputes_open ON disputes (organization_id) WHERE is_open;

-- Accepted by the mail server or given up; nothing is known of delivery.
CREATE TABLE mails (
    id uuid PRIMARY KEY,
    organization_id uuid NOT NULL,
    registrant_id uuid NOT NULL REFERENCES registrants,
    kind text NOT NULL,
    status text NOT NULL CHECK (status IN ('sent', 'failed')),
    message_id text NOT NULL,
    failure_reason text,
    told_at timestamptz NOT NULL
);
CREATE INDEX mails_of_registrant ON mails (registrant_id);
CREATE INDEX mails_failed ON mails (organization_id) WHERE status = 'failed';

CREATE TABLE joins (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    organization_id uuid NOT NULL,
    webinar_id uuid NOT NULL,
    registrant_id uuid NOT NULL REFERENCES registrants,
    joined_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX joins_of_registrant ON joins (registrant_id);
