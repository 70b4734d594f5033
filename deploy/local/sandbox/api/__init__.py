"""The door: authentication, parameters, idempotency, faults, lists and expansion."""
