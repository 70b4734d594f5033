-- Rehearsals, and sums of what registrants come to, kept by the rows themselves.

-- An organizer's own try of the whole journey: takes no seat, enters no sum.
ALTER TABLE registrants ADD COLUMN is_rehearsal boolean NOT NULL DEFAULT false;
-- (holds_seat OR status <> 'confirmed'), as it was made without a name.
ALTER TABLE registrants DROP CONSTRAINT registrants_check1;
ALTER TABLE registrants ADD CONSTRAINT confirmed_have_seats
    CHECK (holds_seat OR status <> 'confirmed' OR is_rehearsal);
ALTER TABLE registrants ADD CONSTRAINT rehearsals_take_no_seat
    CHECK (NOT (is_rehearsal AND holds_seat));
CREATE INDEX rehearsals_of_webinar ON registrants (webinar_id, number) WHERE is_rehearsal;

-- Changes of one quarter of an hour: days begin on a quarter in every time zone. The counts of
-- a status are changes too, so one quarter's may be below zero; added up they are what there is.
CREATE TABLE registrant_counts (
    webinar_id uuid NOT NULL REFERENCES webinars,
    quarter timestamptz NOT NULL,
    organization_id uuid NOT NULL,
    registered bigint NOT NULL,
    awaiting_payment bigint NOT NULL,
    confirmed bigint NOT NULL,
    released bigint NOT NULL,
    cancelled bigint NOT NULL,
    PRIMARY KEY (webinar_id, quarter)
) WITH (fillfactor = 50);

-- Paid and refunded in the currency of the price, fee and net in that of the settlement.
CREATE TABLE registrant_money (
    webinar_id uuid NOT NULL REFERENCES webinars,
    quarter timestamptz NOT NULL,
    currency text NOT NULL,
    organization_id uuid NOT NULL,
    payers bigint NOT NULL,
    paid_minor bigint NOT NULL,
    refunded_minor bigint NOT NULL,
    fee_minor bigint NOT NULL,
    net_minor bigint NOT NULL,
    PRIMARY KEY (webinar_id, quarter, currency)
) WITH (fillfactor = 50);

CREATE FUNCTION quarter_of(moment timestamptz) RETURNS timestamptz
    LANGUAGE sql IMMUTABLE AS
    $$ SELECT date_bin('15 minutes', moment, timestamptz '2000-01-01 00:00:00+00') $$;

CREATE FUNCTION add_registrant_money(
    of_webinar uuid, of_organization uuid, in_currency text,
    more_payers bigint, more_paid bigint, more_refunded bigint, more_fee bigint, more_net bigint
) RETURNS void LANGUAGE sql AS $$
    INSERT INTO registrant_money AS money VALUES (
        of_webinar, quarter_of(now()), in_currency, of_organization,
        more_payers, more_paid, more_refunded, more_fee, more_net)
    ON CONFLICT (webinar_id, quarter, currency) DO UPDATE SET
        payers = money.payers + excluded.payers,
        paid_minor = money.paid_minor + excluded.paid_minor,
        refunded_minor = money.refunded_minor + excluded.refunded_minor,
        fee_minor = money.fee_minor + excluded.fee_minor,
        net_minor = money.net_minor + excluded.net_minor
$$;

-- Once for each statement, so once for a whole batch of admission. With a search path of its own:
-- operators change rows too, and theirs is another.
CREATE FUNCTION sum_new_registrants() RETURNS trigger LANGUAGE plpgsql
    SET search_path FROM CURRENT AS $$
DECLARE
    paid record;
BEGIN
    INSERT INTO registrant_counts AS counts
    SELECT webinar_id, quarter_of(now()), organization_id, count(*),
        count(*) FILTER (WHERE status = 'awaiting_payment'),
        count(*) FILTER (WHERE status = 'confirmed'),
        count(*) FILTER (WHERE status = 'released'),
        count(*) FILTER (WHERE status = 'cancelled')
    FROM new_registrants WHERE NOT is_rehearsal GROUP BY webinar_id, organization_id
    ON CONFLICT (webinar_id, quarter) DO UPDATE SET
        registered = counts.registered + excluded.registered,
        awaiting_payment = counts.awaiting_payment + excluded.awaiting_payment,
        confirmed = counts.confirmed + excluded.confirmed,
        released = counts.released + excluded.released,
        cancelled = counts.cancelled + excluded.cancelled;
    FOR paid IN
        SELECT * FROM new_registrants WHERE NOT is_rehearsal AND paid_at IS NOT NULL
            AND currency IS NOT NULL
    LOOP
        PERFORM add_registrant_money(paid.webinar_id, paid.organization_id, paid.currency,
            1, paid.paid_minor, paid.refunded_minor, 0, 0);
    END LOOP;
    RETURN NULL;
END $$;

CREATE TRIGGER new_registrants_summed AFTER INSERT ON registrants
    REFERENCING NEW TABLE AS new_registrants
    FOR EACH STATEMENT EXECUTE FUNCTION sum_new_registrants();

CREATE FUNCTION sum_changed_registrant() RETURNS trigger LANGUAGE plpgsql
    SET search_path FROM CURRENT AS $$
BEGIN
    IF old.status <> new.status THEN
        INSERT INTO registrant_counts AS counts VALUES (
            new.webinar_id, quarter_of(now()), new.organization_id, 0,
            (new.status = 'awaiting_payment')::int - (old.status = 'awaiting_payment')::int,
            (new.status = 'confirmed')::int - (old.status = 'confirmed')::int,
            (new.status = 'released')::int - (old.status = 'released')::int,
            (new.status = 'cancelled')::int - (old.status = 'cancelled')::int)
        ON CONFLICT (webinar_id, quarter) DO UPDATE SET
            awaiting_payment = counts.awaiting_payment + excluded.awaiting_payment,
            confirmed = counts.confirmed + excluded.confirmed,
            released = counts.released + excluded.released,
            cancelled = counts.cancelled + excluded.cancelled;
    END IF;
    IF new.currency IS NOT NULL AND ((old.paid_at IS NULL) <> (new.paid_at IS NULL)
        OR old.paid_minor <> new.paid_minor OR old.refunded_minor <> new.refunded_minor)
    THEN
        PERFORM add_registrant_money(new.webinar_id, new.organization_id, new.currency,
            (new.paid_at IS NOT NULL)::int - (old.paid_at IS NOT NULL)::int,
            new.paid_minor - old.paid_minor, new.refunded_minor - old.refunded_minor, 0, 0);
    END IF;
    -- A settlement currency may change, with the account's; then one sum falls, another rises.
    IF (old.settlement_currency, old.fee_minor, old.net_minor)
        IS DISTINCT FROM (new.settlement_currency, new.fee_minor, new.net_minor)
    THEN
        IF old.settlement_currency IS NOT NULL
            AND old.settlement_currency IS DISTINCT FROM new.settlement_currency
        THEN
            PERFORM add_registrant_money(new.webinar_id, new.organization_id,
                old.settlement_currency, 0, 0, 0,
                -coalesce(old.fee_minor, 0), -coalesce(old.net_minor, 0));
        END IF;
        IF new.settlement_currency IS NOT NULL THEN
            PERFORM add_registrant_money(new.webinar_id, new.organization_id,
                new.settlement_currency, 0, 0, 0,
                coalesce(new.fee_minor, 0) - CASE
                    WHEN old.settlement_currency = new.settlement_currency
                    THEN coalesce(old.fee_minor, 0) ELSE 0 END,
                coalesce(new.net_minor, 0) - CASE
                    WHEN old.settlement_currency = new.settlement_currency
                    THEN coalesce(old.net_minor, 0) ELSE 0 END);
        END IF;
    END IF;
    RETURN NULL;
END $$;

-- Deferred: the sums are locked last, after every registrant, and only while committing. A fee
-- needs no lock on its webinar, and admission touches no row of money.
CREATE CONSTRAINT TRIGGER changed_registrant_summed AFTER UPDATE ON registrants
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
    WHEN (NOT new.is_rehearsal AND (
        old.status <> new.status OR (old.paid_at IS NULL) <> (new.paid_at IS NULL)
        OR old.paid_minor <> new.paid_minor OR old.refunded_minor <> new.refunded_minor
        OR (old.settlement_currency, old.fee_minor, old.net_minor)
            IS DISTINCT FROM (new.settlement_currency, new.fee_minor, new.net_minor)))
    EXECUTE FUNCTION sum_changed_registrant();

-- Who has registered so far: counted when they came, their money when they paid.
INSERT INTO registrant_counts
SELECT webinar_id, quarter_of(created_at), organization_id, count(*),
    count(*) FILTER (WHERE status = 'awaiting_payment'),
    count(*) FILTER (WHERE status = 'confirmed'),
    count(*) FILTER (WHERE status = 'released'),
    count(*) FILTER (WHERE status = 'cancelled')
FROM registrants GROUP BY webinar_id, organization_id, quarter_of(created_at);

INSERT INTO registrant_money
SELECT webinar_id, quarter, currency, organization_id, sum(payers), sum(paid_minor),
    sum(refunded_minor), sum(fee_minor), sum(net_minor)
FROM (
    SELECT webinar_id, quarter_of(coalesce(paid_at, created_at)) AS quarter, currency,
        organization_id, (paid_at IS NOT NULL)::int AS payers, paid_minor, refunded_minor,
        0 AS fee_minor, 0 AS net_minor
    FROM registrants WHERE currency IS NOT NULL AND (paid_at IS NOT NULL OR paid_minor <> 0)
    UNION ALL
    SELECT webinar_id, quarter_of(coalesce(paid_at, created_at)), settlement_currency,
        organization_id, 0, 0, 0, coalesce(fee_minor, 0), coalesce(net_minor, 0)
    FROM registrants WHERE settlement_currency IS NOT NULL
) AS money
GROUP BY webinar_id, quarter, currency, organization_id;
