-- What an organizer tells the registrant in the refund's mail, until Stripe has done it.
ALTER TABLE refunds ADD COLUMN message text CHECK (length(message) <= 1000);
