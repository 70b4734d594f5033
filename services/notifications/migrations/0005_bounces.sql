-- A mail that a server took may come back; it is found by its Message-ID.
-- Rows from before are known to be right: looking at them would keep the table locked.
ALTER TABLE mails DROP CONSTRAINT mails_state_check;
ALTER TABLE mails ADD CONSTRAINT mails_state_check CHECK (
    state IN ('waiting', 'queued', 'sending', 'sent', 'failed', 'bounced', 'withdrawn')
) NOT VALID;
CREATE INDEX mails_by_message_id ON mails (message_id) WHERE message_id IS NOT NULL;
