"""Payments: takes the money for a registration once, and tells everyone what became of it.

It owns what is between an organization and Stripe: accounts, payments, attempts, refunds,
disputes and the ledger. Postgres is the truth, Stripe is reconciled into it, and whatever changed
leaves as an event in the same transaction.
"""
