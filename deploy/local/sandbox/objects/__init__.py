"""What Stripe's objects look like and how they change; no HTTP here."""
