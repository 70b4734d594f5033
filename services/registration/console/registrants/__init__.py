"""Registrants in the console: found, understood, refunded, corrected, added."""

from services.registration.console.registrants import (
    adding,
    correcting,
    exceptions,
    exporting,
    listing,
    person,
    refunding,
)

ROUTES = [
    *exceptions.ROUTES,
    *listing.ROUTES,
    *adding.ROUTES,
    *exporting.ROUTES,
    *person.ROUTES,
    *refunding.ROUTES,
    *correcting.ROUTES,
]
