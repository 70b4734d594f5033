"""All SQL of the registration service, one file a subject. No rules here."""
