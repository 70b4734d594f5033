"""What admission tells the other services, written for a whole batch at once. No I/O here.

The same JSON as the models in `shared.events` write, at a third of the price: what a batch has in
common is put together once. A test holds the two against each other.
"""

import json
from collections.abc import Iterator
from datetime import datetime
from uuid import UUID, uuid4

from services.registration.links import Links
from services.registration.organizations import Organization
from services.registration.refund_policy import sentence
from services.registration.verdicts import Application
from services.registration.webinars import Webinar
from shared.events import RegistrantConfirmed, RegistrantCreated

_dump = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode

Announcement = tuple[UUID, str, bytes]
"""An event's id, subject and body, as the outbox stores them."""


class Announcer:
    """Writes `RegistrantCreated`, and `RegistrantConfirmed` where there is nothing to pay."""

    def __init__(
        self,
        webinar: Webinar,
        organization: Organization,
        links: Links,
        *,
        now: datetime,
        pay_by: datetime | None,
        description: str,
    ) -> None:
        self._links = links
        self._policy = webinar.policy
        self._is_free = webinar.price_minor == 0
        self._shared = {
            "occurred_at": _moment(now),
            "organization_id": str(webinar.organization_id),
            "webinar_id": str(webinar.id),
            "webinar_title": webinar.title,
            "kind": webinar.kind,
            "starts_at": _moment(webinar.starts_at),
            "duration_minutes": webinar.duration_minutes,
            "time_zone": webinar.time_zone,
            "amount_minor": webinar.price_minor,
            "currency": None if self._is_free else webinar.currency,
            "organization_name": organization.name,
            "sender_name": organization.sender_name,
            "reply_to": organization.reply_to,
        }
        self._created = self._shared | {
            "version": 1,
            "pay_by": None if pay_by is None else _moment(pay_by),
            "card_brands_blocked": organization.card_brands_blocked,
        }
        self._confirmed = self._shared | {"version": 2, "description": description}

    def announce(self, application: Application) -> Iterator[Announcement]:
        """All that is told of one new registrant."""
        person = {
            "registrant_id": str(application.registrant_id),
            "name": application.name,
            "email": application.email,
            "locale": application.locale,
            "manage_url": application.manage_url,
        }
        event_id = uuid4()
        body = self._created | person
        body["event_id"] = str(event_id)
        body["payment_method"] = application.payment_method
        body["network"] = application.network
        yield event_id, RegistrantCreated.subject, _dump(body).encode()
        if not self._is_free:
            return
        event_id = uuid4()
        body = self._confirmed | person
        body["event_id"] = str(event_id)
        body["join_url"] = self._links.join_url(application.registrant_id)
        body["refund_policy_text"] = sentence(self._policy, application.locale)
        yield event_id, RegistrantConfirmed.subject, _dump(body).encode()


def _moment(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")
