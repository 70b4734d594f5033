"""Registrants in the console: found, understood, refunded, corrected, added."""

from services.registration.console.registrants import (
    adding,
    correcting,
    exceptions,
    listing,
    person,
    refunding,
)

ROUTES = [
    *exceptions.ROUTES,
    *listing.ROUTES,
    *adding.ROUTES,
    *person.ROUTES,
    *refunding.ROUTES,
    *correcting.ROUTES,
]
