-- What payments tells of the Stripe account beyond whether it is ready: for settings and public pages.
ALTER TABLE organizations
    ADD COLUMN stripe_requirements text[] NOT NULL DEFAULT '{}', -- Codes; stripe_missing has words.
    ADD COLUMN stripe_mode text,
    ADD COLUMN stripe_is_submitted boolean NOT NULL DEFAULT true,
    ADD COLUMN stripe_may_charge boolean NOT NULL DEFAULT false,
    ADD COLUMN stripe_may_pay_out boolean NOT NULL DEFAULT false,
    ADD COLUMN statement_descriptor text; -- What payers read on their card's statement.
