"""Registrants in the console: found, understood, refunded, corrected, added."""

from services.registration.console.registrants import listing

ROUTES = [
    *listing.ROUTES,
]
