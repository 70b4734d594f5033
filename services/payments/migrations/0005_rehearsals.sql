-- An organizer's own try: its money is real only in live mode, and enters no report.
ALTER TABLE payments ADD COLUMN is_rehearsal boolean NOT NULL DEFAULT false;
