"""The whole system, as its users meet it."""
