"""Events with defaults, and the service's own parts at work on a real database and mailbox."""

import asyncio
import contextlib
import email
import email.policy
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any
from uuid import UUID

from deploy.local.mailbox.server import Mailbox, running_mailbox
from services.notifications.delivery import Delivery
from services.notifications.handlers import Handlers
from services.notifications.mailer import Mailer
from services.notifications.rendering import Sender
from shared.events import (
    EVENTS,
    AccountMailRequested,
    Event,
    Refunded,
    RefundFailed,
    RegistrantCancelled,
    RegistrantConfirmed,
    RegistrantCorrected,
    RegistrantMailRequested,
    RegistrantReleased,
    RegistrationRepeated,
)
from shared.messaging import Bus
from shared.postgres import Database, open_pool
from shared.tasks import stop_tasks
from tests.servers import fresh_database
from tests.waiting import eventually

STARTS_AT = datetime(2026, 11, 26, 17, 0, tzinfo=UTC)
SENDER = Sender("Taquilla", "tickets@example.org")
REGISTRANT_ID = UUID("7f3c9a52-0000-4000-8000-000000000001")


def _facts(**facts: Any) -> dict[str, Any]:
    return {
        "organization_id": UUID(int=1),
        "registrant_id": REGISTRANT_ID,
        "webinar_id": UUID(int=2),
        "version": 2,
        "name": "Ana Torres",
        "email": "ana@example.net",
        "webinar_title": "Price your work",
        "starts_at": STARTS_AT,
        "duration_minutes": 90,
        "time_zone": "Europe/Madrid",
        "amount_minor": 4900,
        "currency": "EUR",
        "manage_url": "https://box.example.org/r/manage-token",
        "organization_name": "Faro Studio",
        "reply_to": "hello@faro.example",
    } | facts


def confirmed(**facts: Any) -> RegistrantConfirmed:
    return RegistrantConfirmed(
        **_facts(
            **{
                "join_url": "https://box.example.org/j/join-token",
                "description": "Bring **one offer**.\n\n- a price\n- a proposal",
                "refund_policy_text": "Cancel until 48 hours before the start: all comes back.",
            }
            | facts
        )
    )


def cancelled(**facts: Any) -> RegistrantCancelled:
    return RegistrantCancelled(**_facts(**{"cause": "registrant", "version": 3} | facts))


def corrected(**facts: Any) -> RegistrantCorrected:
    """Their address was wrong; their page has moved with it."""
    return RegistrantCorrected(
        **_facts(
            **{
                "version": 3,
                "email": "ana.torres@example.net",
                "manage_url": "https://box.example.org/r/newer-token",
                "status": "confirmed",
            }
            | facts
        )
    )


def released(**facts: Any) -> RegistrantReleased:
    return RegistrantReleased(
        **_facts(
            **{"reason": "lapsed", "webinar_url": "https://box.example.org/w/2", "version": 2}
            | facts
        )
    )


def requested(mail: str, **facts: Any) -> RegistrantMailRequested:
    """A mail that was asked for, with all that any of them shows; to a seat that is theirs."""
    return RegistrantMailRequested(
        **_facts(
            **{
                "mail": mail,
                "cause": "once",
                "sequence": 4,
                "join_url": "https://box.example.org/j/join-token",
                "description": "Bring **one offer**.",
                "refund_policy_text": "Cancel until 48 hours before the start: all comes back.",
                "previous_starts_at": STARTS_AT - timedelta(days=1),
            }
            | facts
        )
    )


def payment_due(**facts: Any) -> RegistrantMailRequested:
    """To someone whose seat is held, for some minutes yet."""
    pay_by = datetime.now(UTC) + timedelta(minutes=5)
    return requested(
        "payment_due", **{"join_url": None, "version": 1, "pay_by": pay_by, "sequence": 2} | facts
    )


def account_mail(**facts: Any) -> AccountMailRequested:
    return AccountMailRequested(
        **{
            "organization_id": UUID(int=1),
            "kind": "invitation",
            "email": "bo@example.net",
            "link": "https://box.example.org/welcome/secret-token",
            "organization_name": "Faro Studio",
            "inviter_name": "Ana Torres",
            "expires_at": datetime.now(UTC) + timedelta(days=7),
        }
        | facts
    )


def repeated(**facts: Any) -> RegistrationRepeated:
    return RegistrationRepeated(**_facts(**{"status": "confirmed", "version": 2} | facts))


def _refund_facts(**facts: Any) -> dict[str, Any]:
    return {
        "organization_id": UUID(int=1),
        "refund_id": UUID(int=5),
        "payment_id": UUID(int=6),
        "registrant_id": REGISTRANT_ID,
        "webinar_id": UUID(int=2),
        "version": 2,
        "amount_minor": 2450,
        "currency": "EUR",
        "paid_minor": 4900,
        "refunded_minor": 2450,
        "origin": "organizer",
        "cause": "organizer",
    } | facts


def refunded(**facts: Any) -> Refunded:
    return Refunded(**_refund_facts(**facts))


def refunded_in_full(**facts: Any) -> Refunded:
    return refunded(**{"amount_minor": 4900, "refunded_minor": 4900} | facts)


def refund_failed(**facts: Any) -> RefundFailed:
    return RefundFailed(
        **_refund_facts(
            **{"version": 3, "refunded_minor": 0, "failure_reason": "expired_or_canceled_card"}
            | facts
        )
    )


@dataclass
class Notifications:
    """The service without its bus: events go straight into their transaction."""

    database: Database
    bus: Bus
    mailbox: Mailbox
    delivery: Delivery

    async def receive(self, *events: Event) -> None:
        for event in events:
            await self.bus.handle(event)

    async def mails(self) -> list[dict[str, Any]]:
        async with self.database.connection() as connection:
            return [
                dict(row) for row in await connection.fetch("SELECT * FROM mails ORDER BY kind")
            ]

    async def states(self) -> dict[str, str]:
        return {mail["kind"]: mail["state"] for mail in await self.mails()}

    async def published(self) -> list[Event]:
        async with self.database.connection() as connection:
            rows = await connection.fetch("SELECT subject, payload FROM outbox ORDER BY id")
        return [EVENTS[row["subject"]].model_validate_json(row["payload"]) for row in rows]

    def received(self) -> list[bytes]:
        return [mail.raw for mail in self.mailbox.mails.find()]

    async def settled(self) -> dict[str, str]:
        """The states once no mail is waiting for the server any more."""

        async def states() -> dict[str, str] | None:
            found = await self.mails()
            if any(mail["state"] in ("queued", "sending") for mail in found):
                return None
            return {mail["kind"]: mail["state"] for mail in found}

        return await eventually(states)

    async def make_older(self, age: timedelta) -> None:
        async with self.database.transaction() as connection:
            await connection.execute("UPDATE mails SET created_at = created_at - $1::interval", age)


def read(raw: bytes) -> EmailMessage:
    """A mail as a mail program reads it."""
    message = email.message_from_bytes(raw, policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    return message


def part(message: EmailMessage, kind: str) -> str:
    """The text of the mail's part of that type."""
    for found in message.walk():
        if found.get_content_type() == kind:
            content = found.get_content()
            text = content if isinstance(content, str) else content.decode()
            return text.replace("\r\n", "\n")
    raise AssertionError(f"no {kind} in {[found.get_content_type() for found in message.walk()]}")


@contextlib.asynccontextmanager
async def notifications(
    postgres_url: str,
    directory: Path,
    *,
    retry_seconds: Sequence[float] = (0.05,),
    lease_seconds: float = 30,
    connections: int = 2,
) -> AsyncIterator[Notifications]:
    """Handlers, database and mailbox; mails stay queued until `running(delivery)`."""
    async with (
        fresh_database(postgres_url, "notifications") as made,
        running_mailbox(directory) as mailbox,
    ):
        pool = await open_pool(made["notifications"], name="test")
        database = Database(pool)
        bus = Bus(service="notifications", url="nats://unused", prefix="", database=database)
        mailer = mailer_to(mailbox.smtp_port, connections=connections)
        delivery = Delivery(
            database, mailer, retry_seconds=retry_seconds, lease_seconds=lease_seconds
        )
        Handlers(SENDER, delivery.wake.set).subscribe(bus)
        try:
            yield Notifications(database, bus, mailbox, delivery)
        finally:
            await mailer.close()
            await pool.close()


def mailer_to(port: int, **settings: Any) -> Mailer:
    return Mailer(
        host="127.0.0.1",
        port=port,
        sender=SENDER.address,
        security=settings.pop("security", "none"),
        **settings,
    )


@contextlib.asynccontextmanager
async def running(delivery: Delivery) -> AsyncIterator[asyncio.Task[None]]:
    """Deliver while the block runs; at its end the task is gone as if its process were."""
    task = asyncio.create_task(delivery.run())
    try:
        yield task
    finally:
        await stop_tasks([task])
