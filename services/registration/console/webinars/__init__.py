"""The organizer's webinars: listed, scheduled, edited, priced, copied, embedded, cancelled."""

from services.registration.console.table import ConsoleRoute
from services.registration.console.webinars import editing, listing, payment

ROUTES: list[ConsoleRoute] = [
    *listing.ROUTES,
    *editing.ROUTES,
    *payment.ROUTES,
]
