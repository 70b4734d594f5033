-- Payments, their attempts, the money that arrived and went back, and what waits for a worker.
--
-- A row with a due_at waits for a worker; taking it moves due_at into the future, which is its
-- lease: whoever dies while working on it has it taken over after that time.

CREATE TABLE payments (
    payment_id uuid PRIMARY KEY,
    registrant_id uuid NOT NULL UNIQUE, -- However often a registrant arrives: one payment.
    organization_id uuid NOT NULL,
    webinar_id uuid NOT NULL,
    amount_minor integer NOT NULL CHECK (amount_minor > 0),
    currency text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    webinar_title text NOT NULL,
    registrant_name text NOT NULL,
    email text NOT NULL,
    locale text NOT NULL,
    manage_url text NOT NULL,
    card_brands_blocked text[] NOT NULL DEFAULT '{}',
    hold_until timestamptz NOT NULL,
    pay_by timestamptz NOT NULL, -- The later of the hold and the first session's end.
    hold_end text CHECK (hold_end IN ('lapsed', 'cancelled', 'superseded')),
    hold_end_answered_at timestamptz,
    is_odd boolean NOT NULL DEFAULT false, -- Money of another amount came: closed, for a person.
    paid_at timestamptz,
    has_charges boolean NOT NULL DEFAULT false, -- These three spare reading tables that are empty.
    has_refunds boolean NOT NULL DEFAULT false,
    has_disputes boolean NOT NULL DEFAULT false,
    fee_minor bigint,
    net_minor bigint,
    settlement_currency text,
    version integer NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE attempts (
    payment_id uuid NOT NULL REFERENCES payments,
    number integer NOT NULL CHECK (number BETWEEN 1 AND 3), -- At most three attempts a payment.
    kind text NOT NULL CHECK (kind IN ('session', 'intent')),
    status text NOT NULL CHECK (status IN ('queued', 'calling', 'open', 'settled')),
    outcome text CHECK (outcome IN
        ('paid', 'expired', 'refused', 'void', 'declined', 'odd', 'unreachable')),
    stripe_account_id text NOT NULL, -- The account that takes the money.
    acting_for text, -- The account as calls name it; null where the key is the account's own.
    is_live boolean NOT NULL,
    idempotency_key text NOT NULL UNIQUE,
    params jsonb, -- Frozen when the call is let go; every repetition sends the same.
    network text,
    queued_at timestamptz NOT NULL DEFAULT now(),
    called_at timestamptz,
    look_up_at timestamptz, -- Without an answer until then Stripe is asked what it has.
    expires_at timestamptz,
    stripe_object_id text UNIQUE, -- Kept for ever: money from any session is seen.
    url text,
    processing_since timestamptz,
    is_closing boolean NOT NULL DEFAULT false, -- The session is to be expired, the intent cancelled.
    refusal text,
    settled_at timestamptz,
    due_at timestamptz,
    tries integer NOT NULL DEFAULT 0,
    PRIMARY KEY (payment_id, number),
    CHECK ((status = 'settled') = (outcome IS NOT NULL)),
    CHECK (status = 'queued' OR params IS NOT NULL OR outcome = 'void')
);
-- A new attempt needs the old one settled, whoever asks and however many at once.
CREATE UNIQUE INDEX attempts_one_unsettled ON attempts (payment_id) WHERE status <> 'settled';
CREATE INDEX attempts_due ON attempts (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX attempts_live ON attempts ((coalesce(acting_for, ''))) WHERE status <> 'settled';
CREATE INDEX attempts_by_account ON attempts ((coalesce(acting_for, '')), queued_at);
CREATE INDEX attempts_by_network ON attempts (network, queued_at) WHERE network IS NOT NULL;

-- One row for each charge that took money: an intent succeeds with exactly one.
CREATE TABLE charges (
    stripe_payment_intent_id text PRIMARY KEY,
    stripe_charge_id text UNIQUE, -- Null until an event tells it.
    payment_id uuid NOT NULL REFERENCES payments,
    stripe_account_id text NOT NULL,
    acting_for text,
    is_live boolean NOT NULL,
    amount_minor integer NOT NULL CHECK (amount_minor >= 0),
    currency text NOT NULL,
    role text NOT NULL CHECK (role IN ('payment', 'duplicate', 'odd')),
    taken_at timestamptz NOT NULL
);
-- A registrant pays once; whatever else arrives is a duplicate or odd.
CREATE UNIQUE INDEX charges_one_payment ON charges (payment_id) WHERE role = 'payment';
CREATE INDEX charges_by_payment ON charges (payment_id);

CREATE TABLE refunds (
    refund_id uuid PRIMARY KEY,
    organization_id uuid NOT NULL,
    registrant_id uuid NOT NULL,
    webinar_id uuid NOT NULL,
    payment_id uuid REFERENCES payments, -- Null while the payment is not known yet.
    stripe_payment_intent_id text REFERENCES charges,
    requested_minor integer CHECK (requested_minor > 0), -- Null: all that is unrefunded.
    amount_minor integer CHECK (amount_minor >= 0), -- As decided under the payment's lock.
    currency text,
    origin text NOT NULL,
    cause text NOT NULL,
    reason text,
    keep_seat boolean NOT NULL DEFAULT false,
    notify boolean NOT NULL DEFAULT true,
    status text NOT NULL CHECK (status IN
        ('waiting', 'requested', 'calling', 'pending', 'succeeded', 'failed')),
    stripe_refund_id text UNIQUE,
    failure_reason text,
    requested_at timestamptz NOT NULL DEFAULT now(),
    called_at timestamptz,
    settled_at timestamptz,
    due_at timestamptz,
    tries integer NOT NULL DEFAULT 0,
    CHECK (status IN ('waiting', 'failed')
        OR (payment_id IS NOT NULL AND amount_minor IS NOT NULL AND currency IS NOT NULL))
);
CREATE INDEX refunds_by_payment ON refunds (payment_id);
CREATE INDEX refunds_due ON refunds (due_at) WHERE due_at IS NOT NULL;

CREATE TABLE disputes (
    stripe_dispute_id text PRIMARY KEY,
    payment_id uuid NOT NULL REFERENCES payments,
    stripe_payment_intent_id text NOT NULL REFERENCES charges,
    amount_minor integer NOT NULL,
    currency text NOT NULL,
    status text NOT NULL,
    reason text,
    opened_at timestamptz NOT NULL,
    closed_at timestamptz
);
CREATE INDEX disputes_by_payment ON disputes (payment_id);

-- What Stripe booked for our payments, one row for each of its balance transactions.
CREATE TABLE ledger (
    stripe_balance_transaction_id text PRIMARY KEY,
    payment_id uuid NOT NULL REFERENCES payments,
    type text NOT NULL,
    source text NOT NULL, -- The charge, refund or dispute.
    amount_minor bigint NOT NULL,
    fee_minor bigint NOT NULL,
    net_minor bigint NOT NULL,
    currency text NOT NULL,
    stripe_created_at timestamptz NOT NULL,
    booked_at timestamptz NOT NULL DEFAULT now(),
    CHECK (net_minor = amount_minor - fee_minor)
);
CREATE INDEX ledger_by_payment ON ledger (payment_id);

CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the ledger is only ever added to';
END
$$;
-- Books are corrected by further entries, never by changing what was booked.
CREATE TRIGGER ledger_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- Cards that were declined: reported once each, whoever tells it first.
CREATE TABLE declines (
    stripe_charge_id text PRIMARY KEY, -- Of the failed charge, or the intent where there is none.
    payment_id uuid NOT NULL REFERENCES payments,
    decline_code text,
    declined_at timestamptz NOT NULL DEFAULT now()
);

-- Holds that ended, also those of registrants that this service does not know yet.
CREATE TABLE hold_ends (
    registrant_id uuid PRIMARY KEY,
    organization_id uuid NOT NULL,
    webinar_id uuid NOT NULL,
    reason text NOT NULL CHECK (reason IN ('lapsed', 'cancelled', 'superseded')),
    ended_at timestamptz NOT NULL DEFAULT now(),
    due_at timestamptz, -- Not null while no payment of the registrant was found.
    tries integer NOT NULL DEFAULT 0
);
CREATE INDEX hold_ends_due ON hold_ends (due_at) WHERE due_at IS NOT NULL;

-- The webhook inbox; reconciliation puts what it lists into the same one.
CREATE TABLE stripe_events (
    stripe_event_id text PRIMARY KEY, -- A repeated delivery changes nothing.
    account text, -- The connected account; null for the key's own.
    type text NOT NULL,
    body bytea NOT NULL,
    source text NOT NULL CHECK (source IN ('webhook', 'reconciliation')),
    received_at timestamptz NOT NULL DEFAULT now(),
    processed_at timestamptz,
    due_at timestamptz DEFAULT now(),
    tries integer NOT NULL DEFAULT 0,
    failure text
);
CREATE INDEX stripe_events_due ON stripe_events (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX stripe_events_age ON stripe_events USING brin (received_at);

-- Objects to be read from Stripe: after a mismatch, or because an event only names them.
CREATE TABLE lookups (
    kind text NOT NULL CHECK (kind IN ('session', 'intent', 'balance_transaction')),
    stripe_object_id text NOT NULL,
    acting_for text,
    payment_id uuid REFERENCES payments,
    reason text NOT NULL,
    due_at timestamptz NOT NULL DEFAULT now(),
    tries integer NOT NULL DEFAULT 0,
    PRIMARY KEY (kind, stripe_object_id)
);
CREATE INDEX lookups_due ON lookups (due_at);

-- How far the events of each account have been listed.
CREATE TABLE reconciliations (
    account text PRIMARY KEY, -- '' is the key's own.
    listed_until timestamptz,
    listed_at timestamptz,
    swept_at timestamptz,
    due_at timestamptz NOT NULL DEFAULT now(),
    tries integer NOT NULL DEFAULT 0,
    failure text
);

-- What a person has to look at; each cause once for each thing that it is about.
CREATE TABLE exceptions (
    exception_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    cause text NOT NULL,
    about text NOT NULL,
    organization_id uuid,
    registrant_id uuid,
    payment_id uuid,
    detail text NOT NULL DEFAULT '',
    raised_at timestamptz NOT NULL DEFAULT now(),
    resolved_at timestamptz,
    UNIQUE (cause, about)
);

-- Copies of API tokens, to answer requests over the bus.
CREATE TABLE api_tokens (
    token_id text PRIMARY KEY,
    token_hash text NOT NULL,
    organization_id uuid NOT NULL,
    scopes text[] NOT NULL,
    is_revoked boolean NOT NULL,
    version integer NOT NULL
);
CREATE INDEX api_tokens_by_hash ON api_tokens (token_hash);

-- Idempotency keys of requests for refunds, unique for each registrant.
CREATE TABLE refund_keys (
    registrant_id uuid NOT NULL,
    idempotency_key text NOT NULL,
    body_hash bytea NOT NULL,
    refund_id uuid NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (registrant_id, idempotency_key)
);
