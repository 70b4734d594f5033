-- Outbox, inbox and dead letters of this service; the code behind them is in shared/.
CREATE TABLE outbox (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    event_id uuid NOT NULL,
    subject text NOT NULL,
    payload bytea NOT NULL CHECK (octet_length(payload) <= 65536),
    created_at timestamptz NOT NULL DEFAULT now(),
    stream_sequence bigint
);
-- Rows are found by not being stored yet, never by "id above the last": ids commit out of order.
CREATE INDEX outbox_waiting ON outbox (id) WHERE stream_sequence IS NULL;
CREATE INDEX outbox_stored ON outbox (stream_sequence) WHERE stream_sequence IS NOT NULL;
CREATE INDEX outbox_age ON outbox USING brin (created_at);

-- The stream's last sequence as the relays know it; they move it by compare-and-set.
CREATE TABLE relay (
    is_single boolean PRIMARY KEY DEFAULT true CHECK (is_single),
    last_sequence bigint NOT NULL DEFAULT 0
);
INSERT INTO relay DEFAULT VALUES;

CREATE TABLE inbox (
    consumer text NOT NULL,
    event_id uuid NOT NULL,
    seen_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (consumer, event_id)
);
CREATE INDEX inbox_age ON inbox USING brin (seen_at);

CREATE TABLE delivery_tries (
    consumer text NOT NULL,
    delivery text NOT NULL,
    tries integer NOT NULL DEFAULT 1,
    tried_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (consumer, delivery)
);

CREATE TABLE dead_letters (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    consumer text NOT NULL,
    delivery text NOT NULL,
    subject text NOT NULL,
    body bytea NOT NULL,
    headers jsonb NOT NULL,
    cause text NOT NULL,
    tries integer NOT NULL,
    parked_at timestamptz NOT NULL DEFAULT now(),
    replayed_at timestamptz,
    UNIQUE (consumer, delivery)
);
