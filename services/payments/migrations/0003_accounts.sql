-- The Stripe account of each organization, and what it takes to connect one.
CREATE TABLE stripe_accounts (
    organization_id uuid PRIMARY KEY,
    stripe_account_id text NOT NULL CHECK (stripe_account_id ~ '^[A-Za-z0-9_]{1,255}$'),
    mode text NOT NULL CHECK (mode IN ('direct_key', 'oauth')),
    is_live boolean NOT NULL,
    status text NOT NULL CHECK (status IN ('connected', 'disconnecting', 'disconnected')),
    -- Grows at every change, also when the organization moves to another account.
    version integer NOT NULL CHECK (version >= 1),
    display_name text,
    country text,
    default_currency text,
    is_ready boolean NOT NULL,
    may_pay_out boolean NOT NULL,
    missing text[] NOT NULL DEFAULT '{}',
    connected_by text,
    connected_at timestamptz NOT NULL DEFAULT now(),
    disconnected_at timestamptz,
    checked_at timestamptz,
    check_due_at timestamptz NOT NULL DEFAULT now()
);
-- Two organizations are never paid into one account: nobody could tell their money apart.
CREATE UNIQUE INDEX stripe_accounts_taken ON stripe_accounts (stripe_account_id)
WHERE status <> 'disconnected';
CREATE INDEX stripe_accounts_due ON stripe_accounts (check_due_at)
WHERE status <> 'disconnected';

-- Who connected or disconnected which account: only ever added to.
CREATE TABLE stripe_account_changes (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    organization_id uuid NOT NULL,
    stripe_account_id text NOT NULL,
    version integer NOT NULL,
    change text NOT NULL,
    person text,
    changed_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (organization_id, version)
);

-- A ticket opens the way to Stripe once.
CREATE TABLE connect_tickets (
    ticket_id text PRIMARY KEY,
    used_at timestamptz NOT NULL DEFAULT now()
);

-- One way to Stripe and back; neither the state nor the cookie can be read from here.
CREATE TABLE connect_states (
    state_hash bytea PRIMARY KEY,
    cookie_hash bytea NOT NULL,
    organization_id uuid NOT NULL,
    person text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL,
    -- Set by the first return: the code that comes with it is good for one exchange only.
    used_at timestamptz,
    -- What became of it, for a browser that returns twice.
    outcome text,
    detail text
);
