"""What needs a person: each kind in plain words, with what to do about it."""

from typing import Any

from aiohttp import web

from services.registration.catalogues import msgid
from services.registration.console.registrants.troubles import DISPUTE_REASONS, FAILURES, FLAGS
from services.registration.console.table import ConsoleRoute
from services.registration.console.visit import Visit
from services.registration.store import exceptions

_KINDS = {
    "hold_unanswered": (
        msgid("A payment is undecided"),
        msgid(
            "The time to pay is over, and Stripe has not said for an hour whether anything was "
            "paid. The seat stays kept. Taquilla goes on asking; if this stays, tell whoever runs "
            "Taquilla."
        ),
    ),
    "refund_failed": (
        msgid("A refund failed"),
        msgid("The money is still with you. Look at the payment at Stripe, then refund it again."),
    ),
    "refund_unanswered": (
        msgid("A refund is stuck"),
        msgid("Nothing was heard of it for an hour. Tell whoever runs Taquilla; do not repeat it."),
    ),
    "money_without_seat": (
        msgid("Paid, and no seat"),
        msgid("The money came after the seat was gone, and is still with you. Refund it."),
    ),
    "money_flagged": (
        msgid("Something is odd about a payment"),
        msgid("Compare it with the payment at Stripe, and refund or settle it there."),
    ),
    "dispute_open": (
        msgid("A payment is disputed"),
        msgid("Answer the bank in Stripe’s dashboard before its deadline. A refund does not help."),
    ),
    "mail_failed": (
        msgid("A mail was refused"),
        msgid("Ask for the right address, correct it, and send the mail again."),
    ),
    "sales_stopped": (
        msgid("Nobody can pay"),
        msgid("Your Stripe account takes no payments now. See what is missing, or make it free."),
    ),
}
_SETTLED_IN_SETTINGS = "sales_stopped"


async def show_exceptions(visit: Visit) -> web.StreamResponse:
    """GET …/exceptions."""
    async with visit.database.connection() as connection:
        found = await exceptions.list_named(connection, visit.organization.id)
    return visit.page(
        "console/exceptions.html",
        found=[_view(visit, dict(one)) for one in found],
        is_cut=len(found) == exceptions.EXCEPTIONS_MAX,
    )


def _view(visit: Visit, one: dict[str, Any]) -> dict[str, Any]:
    title, what_to_do = _KINDS[one["kind"]]
    person = visit.path("registrants", one["registrant_id"]) if one["name"] else ""
    known, detail = _explained(one["kind"], one["detail"] or "")
    return one | {
        "words": title,
        "what_to_do": what_to_do,
        "detail_words": known,
        "detail": detail,
        "person_path": person,
        "webinar_path": visit.path("webinars", one["webinar_id"]) if one["title"] else "",
        "refund_path": f"{person}/refund"
        if one["kind"] in ("refund_failed", "money_without_seat") and person
        else "",
        "correct_path": f"{person}/correct" if one["kind"] == "mail_failed" and person else "",
        "settings_path": visit.path("settings") if one["kind"] == _SETTLED_IN_SETTINGS else "",
    }


def _explained(kind: str, detail: str) -> tuple[str, str]:
    """A key of the catalogues, and what nobody can translate."""
    if kind == "money_flagged":
        cause, _, rest = detail.partition(" ")
        return (FLAGS[cause], rest.removesuffix(": ")) if cause in FLAGS else ("", detail)
    known = {"dispute_open": DISPUTE_REASONS, "refund_failed": FAILURES}.get(kind, {})
    if detail in known:
        return known[detail], ""
    return "", detail.replace("_", " ") if kind == "dispute_open" else detail


ROUTES = [
    ConsoleRoute("GET", "/console/{organization_id}/exceptions", show_exceptions, "organizer"),
]
