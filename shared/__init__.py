"""Plumbing that every service uses: events, outbox, bus, web. No business rule."""
