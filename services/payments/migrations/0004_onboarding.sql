-- Accounts that Stripe makes for an organization, and what pages show of every account.
ALTER TABLE stripe_accounts DROP CONSTRAINT stripe_accounts_mode_check;
ALTER TABLE stripe_accounts ADD CONSTRAINT stripe_accounts_mode_check
CHECK (mode IN ('direct_key', 'oauth', 'onboarding'));
ALTER TABLE stripe_accounts ADD COLUMN is_submitted boolean NOT NULL DEFAULT true;
ALTER TABLE stripe_accounts ADD COLUMN may_charge boolean NOT NULL DEFAULT false;
ALTER TABLE stripe_accounts ADD COLUMN statement_descriptor text;

-- `missing` holds codes from here on, no longer words: every account is read again.
UPDATE stripe_accounts SET check_due_at = now() WHERE status <> 'disconnected';

-- Where the person comes back to, in which language, and for onboarding which account it is about.
ALTER TABLE connect_states ADD COLUMN return_url text;
ALTER TABLE connect_states ADD COLUMN locale text;
ALTER TABLE connect_states ADD COLUMN stripe_account_id text;
