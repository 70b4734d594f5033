"""Previews: what would be sent, of events that never happened."""

import json
from typing import Any

import pytest

from services.notifications.previews import Previews
from shared.events import Event, RegistrantConfirmed
from shared.refusals import Refusal
from tests.notifications.builders import (
    SENDER,
    account_mail,
    cancelled,
    confirmed,
    payment_due,
    refunded,
    released,
    requested,
)


async def preview(event: Event) -> dict[str, Any]:
    body = json.dumps({"subject": event.subject, "event": event.model_dump(mode="json")})
    answer = await Previews(SENDER).preview(body.encode(), {})
    assert answer.status == 200
    return answer.body


@pytest.mark.parametrize(
    "event",
    [
        confirmed(own_words="Hello {name}"),
        released(own_words="Hello {name}"),
        cancelled(own_words="Hello {name}"),
        payment_due(own_words="Hello {name}"),
        *(
            requested(mail, own_words="Hello {name}")
            for mail in ("confirmation", "rescheduled", "starts_soon")
        ),
    ],
)
async def test_a_preview_is_the_mail_with_its_own_words_filled(event: Event) -> None:
    shown = await preview(event)

    assert "Price your work" in shown["subject"]
    assert "Hello Ana Torres" in shown["html"]
    assert "Hello Ana Torres" in shown["text"]


@pytest.mark.parametrize("event", [refunded(), account_mail()])
async def test_what_has_no_words_of_an_organizer_is_not_shown(event: Event) -> None:
    with pytest.raises(Refusal):
        await preview(event)


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"[]",
        b'{"subject": "registration.registrant.confirmed", "event": {}}',
        b'{"subject": "no.such.event", "event": {}}',
        json.dumps(
            {"subject": RegistrantConfirmed.subject, "event": {"own_words": "x" * 5000}}
        ).encode(),
    ],
)
async def test_what_is_no_event_is_refused(body: bytes) -> None:
    with pytest.raises(Refusal) as refusal:
        await Previews(SENDER).preview(body, {})

    assert refusal.value.status in (400, 422)
