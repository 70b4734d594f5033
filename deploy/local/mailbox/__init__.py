"""A mail server that delivers to nobody: it takes mail by SMTP, keeps it, and shows it."""
