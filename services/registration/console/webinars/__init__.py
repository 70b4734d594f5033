"""The organizer's webinars: listed, scheduled, edited, priced, copied, embedded, cancelled."""

from services.registration.console.table import ConsoleRoute
from services.registration.console.webinars import (
    editing,
    embedding,
    ending,
    listing,
    payment,
    previewing,
)

ROUTES: list[ConsoleRoute] = [
    *listing.ROUTES,
    *editing.ROUTES,
    *previewing.ROUTES,
    *payment.ROUTES,
    *embedding.ROUTES,
    *ending.ROUTES,
]
