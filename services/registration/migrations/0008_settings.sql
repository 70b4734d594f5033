-- Above which refunds ask for the password again, and what admins did, which nobody rewrites.

-- Both null: every refund asks unless the password was given lately.
ALTER TABLE organizations
    ADD COLUMN refund_limit_minor bigint CHECK (refund_limit_minor >= 0),
    ADD COLUMN refund_limit_currency text CHECK (refund_limit_currency ~ '^[A-Z]{3}$'),
    ADD CHECK ((refund_limit_minor IS NULL) = (refund_limit_currency IS NULL));

CREATE TABLE audit_entries (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    organization_id uuid NOT NULL REFERENCES organizations,
    person_id uuid REFERENCES people, -- Null: the operator, from the command line.
    act text NOT NULL CHECK (length(act) <= 50),
    about text NOT NULL DEFAULT '' CHECK (length(about) <= 500),
    happened_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX audit_entries_of_organization ON audit_entries (organization_id, id);

CREATE FUNCTION refuse_rewriting() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'audit entries are only ever added';
END $$;
CREATE TRIGGER audit_entries_stay BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_entries
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewriting();
