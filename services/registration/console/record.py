"""Administration > Record: what admins and organizers did, which nobody can rewrite."""

import re

from aiohttp import web

from services.registration.audit import Act
from services.registration.catalogues import msgid, speech
from services.registration.console.members import ROLE_WORDS
from services.registration.console.messages import NAMES
from services.registration.console.table import ConsoleRoute
from services.registration.console.visit import Visit
from services.registration.store import audit
from shared.localized import format_money
from shared.money import read_amount

SETTINGS: dict[str, str] = {
    "name": msgid("Name"),
    "privacy_url": msgid("Privacy notice"),
    "imprint_url": msgid("Imprint"),
    "terms": msgid("Terms"),
    "allowed_origins": msgid("Sites that may show our forms"),
    "sender_name": msgid("Sender’s name"),
    "reply_to": msgid("Answers go to"),
    "card_brands": msgid("Cards that you take"),
    "refund_limit": msgid("Password before refunds"),
} | {str(mail): name for mail, name in NAMES.items()}
WAYS = {
    "oauth": msgid("With an account that exists"),
    "onboarding": msgid("With a new account"),
    "key": msgid("With a restricted key"),
}

PAGE_LENGTH = 50
_ID_LENGTH_MAX = 18
_REFUND = re.compile(r"(?P<amount>[\d.]+) (?P<currency>[A-Z]{3}), registrant (?P<reference>.+)")


async def show_record(visit: Visit) -> web.Response:
    """GET …/administration/record?before=."""
    asked = visit.query.get("before", "")
    is_id = asked.isascii() and asked.isdigit() and len(asked) <= _ID_LENGTH_MAX
    async with visit.database.connection() as connection:
        entries = await audit.list_of(
            connection,
            visit.organization.id,
            before=int(asked) if is_id else None,
            limit=PAGE_LENGTH + 1,
        )
    shown = entries[:PAGE_LENGTH]
    return visit.page(
        "console/record.html",
        entries=[(entry, about_in_words(entry.act, entry.about, visit.locale)) for entry in shown],
        older=f"?before={shown[-1].id}" if len(entries) > PAGE_LENGTH else None,
    )


def about_in_words(act: Act, about: str, locale: str) -> str:
    """What an entry is about, in the reader's language as far as these are words of ours."""
    said = speech(locale).gettext

    def role(name: str) -> str:
        return said(ROLE_WORDS[name]) if name in ROLE_WORDS else name

    match act:
        case "settings_changed":
            names = about.split(", ")
            return ", ".join(said(SETTINGS[name]) if name in SETTINGS else name for name in names)
        case "member_invited" | "role_changed":
            email, _, roles = about.rpartition(": ")
            return f"{email}: {' → '.join(role(name) for name in roles.split(' → '))}"
        case "stripe_connect_started" if about in WAYS:
            return said(WAYS[about])
        case "refund_over_limit" if found := _REFUND.fullmatch(about):
            amount = read_amount(found["amount"], found["currency"])
            said_amount = format_money(amount, found["currency"], locale)
            words = said(msgid("%(amount)s, registration %(reference)s"))
            return words % {"amount": said_amount, "reference": found["reference"]}
    return about


ROUTES = [
    ConsoleRoute("GET", "/console/{organization_id}/administration/record", show_record, "admin")
]
