"""What admission tells the other services, written for a whole batch at once. No I/O here.

The same fields as the models in `shared.events`, at a fraction of their price: what a batch has in
common is put together once. A test holds the two against each other.
"""

from datetime import datetime
from typing import Any
from uuid import uuid4

from services.registration.links import Links
from services.registration.organizations import Organization
from services.registration.registrants import calendar_sequence
from services.registration.verdicts import Application
from services.registration.webinars import Webinar


class Announcer:
    """Writes the bodies of one batch's events."""

    def __init__(
        self,
        webinar: Webinar,
        organization: Organization,
        links: Links,
        *,
        now: datetime,
        pay_by: datetime | None,
        description: str,
        own_words: str | None,
    ) -> None:
        self._links = links
        shared = {
            "occurred_at": now,
            "organization_id": webinar.organization_id,
            "webinar_id": webinar.id,
            "webinar_title": webinar.title,
            "kind": webinar.kind,
            "starts_at": webinar.starts_at,
            "duration_minutes": webinar.duration_minutes,
            "time_zone": webinar.time_zone,
            "amount_minor": webinar.price_minor,
            "currency": webinar.currency if webinar.price_minor else None,
            "organization_name": organization.name,
            "sender_name": organization.sender_name,
            "reply_to": organization.reply_to,
            "is_rehearsal": False,
        }
        self._created = shared | {
            "version": 1,
            "sequence": calendar_sequence(1, webinar),
            "pay_by": pay_by,
            "card_brands_blocked": organization.card_brands_blocked,
        }
        self._confirmed = shared | {
            "version": 2,
            "sequence": calendar_sequence(2, webinar),
            "description": description,
            "own_words": own_words,
        }

    def created(self, application: Application) -> dict[str, Any]:
        """`RegistrantCreated`. It happens once, so the registrant's id serves as the event's."""
        body = self._created.copy()
        body["event_id"] = body["registrant_id"] = application.registrant_id
        body["name"] = application.name
        body["email"] = application.email
        body["locale"] = application.locale
        body["manage_url"] = application.manage_url
        body["payment_method"] = application.payment_method
        body["network"] = application.network
        if application.is_rehearsal:
            body["is_rehearsal"] = True
        return body

    def confirmed(self, application: Application) -> dict[str, Any]:
        """`RegistrantConfirmed`, where there is nothing to pay."""
        body = self._confirmed | {
            "event_id": uuid4(),
            "registrant_id": application.registrant_id,
            "name": application.name,
            "email": application.email,
            "locale": application.locale,
            "manage_url": application.manage_url,
            "join_url": self._links.join_url(application.registrant_id),
            "refund_policy_text": "",  # Where nothing is paid there is nothing to give back.
        }
        if application.is_rehearsal:
            body["is_rehearsal"] = True
        return body
