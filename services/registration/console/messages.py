"""Settings > Messages: the organizer's own words in mails, with the mail as it is sent."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from aiohttp import web

from services.registration.catalogues import msgid, speech
from services.registration.console.message import Message as Words
from services.registration.console.table import ConsoleRoute
from services.registration.console.visit import Visit
from services.registration.pages.wording import LANGUAGE_NAMES, spoken_locale
from services.registration.previews import (
    MailPreview,
    PreviewUnavailable,
    Sample,
    framed,
    framed_text,
    preview_mail,
)
from services.registration.store import audit, messages, webinars
from services.registration.store.messages import Message
from services.registration.webinars import DURATION_MINUTES, HOLD_MINUTES, Webinar
from shared.events import OWN_WORDS_LENGTH_MAX
from shared.own_words import OWN_MAILS, OwnMail, placeholders_of, unknown_in
from shared.refusals import NotFound
from shared.text import plain_text

NAMES: dict[OwnMail, str] = {
    "confirmation": msgid("Confirmation"),
    "payment_due": msgid("Payment reminder"),
    "starts_soon": msgid("Reminder before the start"),
    "rescheduled": msgid("New time"),
    "released": msgid("Seat on sale again"),
    "cancelled": msgid("Cancellation"),
}
OCCASIONS: dict[OwnMail, str] = {
    "confirmation": msgid("As soon as a seat is theirs."),
    "payment_due": msgid("Some minutes before an unpaid hold ends, once."),
    "starts_soon": msgid("A day before the start, to whoever registered earlier."),
    "rescheduled": msgid("When you move the start."),
    "released": msgid("When nothing was paid in time."),
    "cancelled": msgid("When a registration or the webinar is cancelled."),
}
PLACEHOLDERS = {
    "name": msgid("Name of the registrant"),
    "title": msgid("Title"),
    "start": msgid("Start with date, time and zone"),
    "day": msgid("Date of the start"),
    "time": msgid("Time of the start, until when, and zone"),
    "organization": msgid("Name of your organization"),
    "amount": msgid("Price as registered for"),
    "pay_by": msgid("When the hold ends"),
    "previous_start": msgid("Start until now"),
}
MAY_BE_OFF: tuple[OwnMail, ...] = ("payment_due", "starts_soon")

NOT_AVAILABLE = msgid("The preview is not available now. The words can be saved all the same.")
TOO_LONG = msgid("Write up to %(most)s characters; these are %(count)s.")
UNREADABLE = msgid("Some of these characters cannot be stored. Type the words again.")
UNKNOWN = msgid("%(unknown)s stands for nothing here. You can write %(known)s.")

_PATH = "/console/{organization_id}/settings/messages"


async def show_messages(visit: Visit) -> web.Response:
    """GET …/settings/messages: every mail that can be added to."""
    async with visit.database.connection() as connection:
        listed = await messages.list_of(connection, visit.organization.id)
    return visit.page("console/messages.html", messages=listed, names=NAMES, occasions=OCCASIONS)


async def show_message(visit: Visit) -> web.Response:
    """GET …/settings/messages/{name}."""
    mail = _mail(visit)
    async with visit.database.connection() as connection:
        message = await messages.get(connection, visit.organization.id, mail)
    return await _page(visit, message)


async def save_message(visit: Visit) -> web.Response:
    """POST …/settings/messages/{name}: for mails from now on."""
    mail = _mail(visit)
    typed = Message(
        mail,
        words=_typed(visit),
        is_off=mail in MAY_BE_OFF and visit.fields.get("is_on") != "yes",
    )
    if problem := _problem_with(typed):
        return await _page(visit, typed, {"words": problem})
    async with visit.database.transaction() as connection:
        before = await messages.get(connection, visit.organization.id, mail)
        if replace(before, changed_at=None) != typed:
            await messages.save(connection, visit.organization.id, typed, visit.person.id)
            await audit.add(
                connection, visit.organization.id, visit.person.id, "settings_changed", mail
            )
    return visit.go(
        visit.path("settings", "messages", mail),
        msgid("The message is saved, for mails from now on."),
    )


async def show_preview(visit: Visit) -> web.Response:
    """GET …/settings/messages/{name}/preview: the mail with the words that are stored."""
    mail = _mail(visit)
    async with visit.database.connection() as connection:
        message = await messages.get(connection, visit.organization.id, mail)
    return await _preview(visit, mail, message.words)


async def preview_typed(visit: Visit) -> web.Response:
    """POST …/settings/messages/{name}/preview: the mail with the words as they are typed."""
    return await _preview(visit, _mail(visit), _typed(visit))


async def _preview(visit: Visit, mail: OwnMail, words: str) -> web.Response:
    locale = spoken_locale(visit.fields.get("locale", "")) or visit.locale
    try:
        shown = await _ask(visit, mail, words[:OWN_WORDS_LENGTH_MAX], locale)
    except PreviewUnavailable:
        return framed_text(speech(visit.locale).gettext(NOT_AVAILABLE), status=503)
    if visit.fields.get("as") == "text":
        return framed_text(shown.text)
    return framed(shown.html)


async def _ask(visit: Visit, mail: OwnMail, words: str, locale: str) -> MailPreview:
    async with visit.database.connection() as connection:
        now: datetime = await connection.fetchval("SELECT now()")
        webinar = await messages.find_example(connection, visit.organization.id)
        described: dict[UUID, str] = {}
        if webinar is not None:
            described = await webinars.descriptions(connection, [webinar.id])
    webinar = webinar or _example(visit, now)
    sample = Sample(
        webinar,
        visit.organization,
        visit.links,
        now,
        locale,
        description=described.get(webinar.id, ""),
    )
    return await preview_mail(visit.desk.bus, sample.event(mail, words))


def _example(visit: Visit, now: datetime) -> Webinar:
    """What an organization without webinars is shown."""
    return Webinar(
        id=UUID(int=0),
        organization_id=visit.organization.id,
        version=1,
        status="scheduled",
        kind="webinar",
        title=speech(visit.locale).gettext(msgid("Your webinar")),
        starts_at=(now + timedelta(days=14)).replace(minute=0, second=0, microsecond=0),
        duration_minutes=DURATION_MINUTES,
        time_zone="UTC",
        price_minor=4900,
        currency=visit.organization.default_currency or "EUR",
        capacity=None,
        seats_taken=0,
        hold_minutes=HOLD_MINUTES,
        description_version=1,
        refund_policy=None,
        join_url=None,
        created_at=now,
        cancelled_at=None,
    )


async def _page(
    visit: Visit, message: Message, errors: dict[str, str | Words] | None = None
) -> web.Response:
    shown: MailPreview | None = None
    try:
        shown = await _ask(visit, message.mail, message.words[:OWN_WORDS_LENGTH_MAX], visit.locale)
    except PreviewUnavailable:
        # The form works without it, and says so.
        shown = None
    facts: dict[str, Any] = {
        "message": message,
        "name": NAMES[message.mail],
        "occasion": OCCASIONS[message.mail],
        "may_be_off": message.mail in MAY_BE_OFF,
        "placeholders": [(name, PLACEHOLDERS[name]) for name in placeholders_of(message.mail)],
        "length_max": OWN_WORDS_LENGTH_MAX,
        "languages": LANGUAGE_NAMES,
        "preview": shown,
        "preview_path": visit.path("settings", "messages", message.mail, "preview"),
        "not_available": NOT_AVAILABLE,
        "errors": errors or {},
    }
    return visit.page(
        "console/message.html", status=422 if errors else 200, frames_own=True, **facts
    )


def _mail(visit: Visit) -> OwnMail:
    name = visit.request.match_info["name"]
    if name not in OWN_MAILS:
        raise NotFound
    return name


def _typed(visit: Visit) -> str:
    return "\n".join(visit.fields.get("words", "").splitlines()).strip()


def _problem_with(message: Message) -> str | Words | None:
    """What to say of words that cannot be kept."""
    count = len(message.words)
    if count > OWN_WORDS_LENGTH_MAX:
        return Words(TOO_LONG, {"most": OWN_WORDS_LENGTH_MAX, "count": count})
    try:
        plain_text(message.words)
    except ValueError:
        return UNREADABLE
    unknown = unknown_in(message.words, message.mail)
    if unknown:
        return Words(
            UNKNOWN,
            {
                "unknown": _in_braces(unknown[:5]),
                "known": _in_braces(placeholders_of(message.mail)),
            },
        )
    return None


def _in_braces(names: Any) -> str:
    return ", ".join(f"{{{name}}}" for name in names)


ROUTES = [
    ConsoleRoute("GET", _PATH, show_messages, "organizer"),
    ConsoleRoute("GET", _PATH + "/{name}", show_message, "organizer"),
    ConsoleRoute("POST", _PATH + "/{name}", save_message, "organizer"),
    ConsoleRoute("GET", _PATH + "/{name}/preview", show_preview, "organizer"),
    ConsoleRoute("POST", _PATH + "/{name}/preview", preview_typed, "organizer"),
]
