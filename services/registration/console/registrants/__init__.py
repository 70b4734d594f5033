"""Registrants in the console: found, understood, refunded, corrected, added."""

from services.registration.console.registrants import listing, person, refunding

ROUTES = [
    *listing.ROUTES,
    *person.ROUTES,
    *refunding.ROUTES,
]
