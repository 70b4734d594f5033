-- A mail that lets its reader in loses its bytes once it is sent, and its address when all others do.
DROP INDEX mails_written;
CREATE INDEX mails_written ON mails (created_at)
    WHERE content IS NOT NULL OR recipient IS NOT NULL;
