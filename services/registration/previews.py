"""Mails as they would be sent, for whoever edits their words: notifications is asked for them."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from aiohttp import web
from pydantic import BaseModel, ValidationError
from pydantic_core import to_json

from services.registration.links import Links
from services.registration.organizations import Organization
from services.registration.refund_policy import sentence
from services.registration.webinars import Webinar
from shared.events import (
    Event,
    RegistrantCancelled,
    RegistrantConfirmed,
    RegistrantMailRequested,
    RegistrantReleased,
)
from shared.messaging import Bus, NoAnswer
from shared.own_words import OwnMail

ANSWER_SECONDS = 3
SAMPLE_AMOUNT_MINOR = 4900

# A mail brings its own styles, which our pages' rules would refuse. So it stands in a frame of
# its own, where nothing but these styles works: no script, no form, no request, no navigation.
_FRAME_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'self'; sandbox"
)


class PreviewUnavailable(Exception):
    """Notifications gave no answer in time; the words can be saved all the same."""


class MailPreview(BaseModel):
    """A mail as its reader gets it."""

    subject: str
    html: str
    text: str


@dataclass(frozen=True)
class Sample:
    """A made-up registrant of a webinar, who pays if it has a price."""

    webinar: Webinar
    organization: Organization
    links: Links
    now: datetime
    locale: str
    description: str = ""
    name: str = "Ana García"

    def event(self, mail: OwnMail, own_words: str | None) -> Event:
        """The event that would cause this mail."""
        webinar, organization, links = self.webinar, self.organization, self.links
        registrant_id = UUID(int=0)
        amount_minor, currency = webinar.price_minor, webinar.currency
        if mail == "payment_due" and amount_minor == 0:
            # Nobody is reminded of a payment where there is nothing to pay.
            amount_minor, currency = SAMPLE_AMOUNT_MINOR, organization.default_currency or "EUR"
        facts = {
            "organization_id": organization.id,
            "registrant_id": registrant_id,
            "webinar_id": webinar.id,
            "version": 2,
            "name": self.name,
            "email": "ana@example.org",
            "locale": self.locale,
            "webinar_title": webinar.title or "…",
            "kind": webinar.kind,
            "starts_at": webinar.starts_at,
            "duration_minutes": webinar.duration_minutes,
            "time_zone": webinar.time_zone,
            "amount_minor": amount_minor,
            "currency": currency,
            "manage_url": f"{links.public_url}/r/…",
            "organization_name": organization.name,
            "sender_name": organization.sender_name,
            "reply_to": organization.reply_to,
            "own_words": own_words or None,
        }
        promised = {
            "join_url": f"{links.public_url}/j/…",
            "description": self.description,
            "refund_policy_text": sentence(webinar.policy, self.locale)
            if webinar.price_minor
            else "",
        }
        match mail:
            case "confirmation":
                return RegistrantConfirmed(**facts, **promised)
            case "released":
                url = links.webinar_url(webinar.id)
                return RegistrantReleased(**facts, reason="lapsed", webinar_url=url)
            case "cancelled":
                return RegistrantCancelled(
                    **facts,
                    cause="organizer",
                    refund_amount_minor=webinar.price_minor,
                )
            case "payment_due":
                return RegistrantMailRequested(
                    **facts, mail=mail, cause="sample", pay_by=self.now + timedelta(minutes=5)
                )
            case "rescheduled":
                return RegistrantMailRequested(
                    **facts,
                    **promised,
                    mail=mail,
                    cause="sample",
                    previous_starts_at=webinar.starts_at - timedelta(days=1),
                )
            case "starts_soon":
                return RegistrantMailRequested(**facts, **promised, mail=mail, cause="sample")


async def preview_mail(bus: Bus | None, event: Event) -> MailPreview:
    """The mail that an event would cause, exactly as it is sent; raises PreviewUnavailable."""
    if bus is None:
        raise PreviewUnavailable
    body = to_json({"subject": event.subject, "event": event.model_dump(mode="json")})
    try:
        answer = await bus.ask("notifications", "preview", body, seconds=ANSWER_SECONDS)
        if answer.status != 200:
            raise PreviewUnavailable
        return MailPreview.model_validate(answer.body)
    except (NoAnswer, ValidationError) as failure:
        raise PreviewUnavailable from failure


def framed(html: str) -> web.Response:
    """A mail's HTML for a frame on one of our pages, or for a tab of its own."""
    return _framed(html, "text/html", 200)


def framed_text(text: str, *, status: int = 200) -> web.Response:
    """Plain text for the same place."""
    return _framed(text, "text/plain", status)


def _framed(content: str, content_type: str, status: int) -> web.Response:
    return web.Response(
        text=content,
        status=status,
        content_type=content_type,
        charset="utf-8",
        headers={
            "Content-Security-Policy": _FRAME_POLICY,
            "X-Content-Type-Options": "nosniff",
            "X-Frame-Options": "SAMEORIGIN",
            "Cross-Origin-Opener-Policy": "same-origin",
            "Cross-Origin-Resource-Policy": "same-origin",
            "Referrer-Policy": "no-referrer",
            "Cache-Control": "no-store",
        },
    )
