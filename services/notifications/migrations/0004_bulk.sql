-- Mails that go to everybody of a webinar at once let all others pass.
ALTER TABLE mails ADD COLUMN is_bulk boolean NOT NULL DEFAULT false;
DROP INDEX mails_due;
CREATE INDEX mails_due ON mails (is_bulk, due_at) WHERE state IN ('queued', 'sending');
