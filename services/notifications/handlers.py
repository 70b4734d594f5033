"""Events come in here: each one's mail is written and queued in its own transaction.

Events arrive in any order. Which mails a registrant gets is decided under their row's lock, from
what is known then; what became untrue before it was sent is withdrawn.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeVar
from uuid import UUID, uuid5

from services.notifications import emails, rendering, store
from services.notifications.letter import Letter
from services.notifications.rendering import Sender
from services.notifications.store import Earlier, Kind, Noted, Written
from shared.events import (
    AccountMailRequested,
    PaymentProcessing,
    Refunded,
    RefundFailed,
    RegistrantCancelled,
    RegistrantConfirmed,
    RegistrantCorrected,
    RegistrantFacts,
    RegistrantMailRequested,
    RegistrantReleased,
    RegistrationRepeated,
)
from shared.messaging import Bus
from shared.postgres import Connection, after_commit

# What is said only to someone who has a seat or may still get one.
_TOLD_TO_THE_ACTIVE: tuple[Kind, ...] = (
    "confirmation",
    "payment_due",
    "rescheduled",
    "starts_soon",
)

_OF_THE_WEBINAR = (
    "webinar_title",
    "kind",
    "starts_at",
    "duration_minutes",
    "time_zone",
    "sequence",
)
_OF_THE_PERSON = ("name", "email", "locale", "manage_url")

F = TypeVar("F", bound=RegistrantFacts)


@dataclass(frozen=True)
class Handlers:
    """What is done on each event that this service follows."""

    sender: Sender
    wake: Callable[[], None]

    def subscribe(self, bus: Bus) -> None:
        """Follow the events that cause mails.

        `RegistrantCreated` is not among them: whoever gets a mail has had another event with
        the same facts, and in a rush it would be most of this service's work.
        """
        bus.on(RegistrantConfirmed, self.on_registrant_confirmed)
        bus.on(RegistrantCorrected, self.on_registrant_corrected)
        bus.on(RegistrantCancelled, self.on_registrant_cancelled)
        bus.on(RegistrantReleased, self.on_registrant_released)
        bus.on(RegistrationRepeated, self.on_registration_repeated)
        bus.on(RegistrantMailRequested, self.on_registrant_mail_requested)
        bus.on(AccountMailRequested, self.on_account_mail_requested)
        bus.on(PaymentProcessing, self.on_payment_processing)
        bus.on(Refunded, self.on_refunded)
        bus.on(RefundFailed, self.on_refund_failed)

    async def on_registrant_confirmed(
        self, event: RegistrantConfirmed, connection: Connection
    ) -> None:
        """A seat is theirs: confirm it, unless it is known to be lost since."""
        noted = await store.note_registrant(connection, event, "confirmed")
        # Of a newer version there is another confirmation, to the right address.
        is_newest = noted.version <= event.version
        if noted.status == "confirmed" and is_newest and not noted.has_all_back:
            if noted.was_known:
                await store.withdraw(connection, event.registrant_id, "released", "payment_due")
            if noted.sequence > event.sequence:
                event = await _as_known(connection, event, _OF_THE_WEBINAR)
            letter = emails.confirmation(event, self.sender, _now())
            await self._queue(connection, event, "confirmation", "", letter)
        await self._write_waiting(connection, event, noted)

    async def on_registrant_corrected(
        self, event: RegistrantCorrected, connection: Connection
    ) -> None:
        """Mails go to the new address from now on; one that is due now is asked for by itself."""
        noted = await store.note_registrant(connection, event, event.status)
        await self._write_waiting(connection, event, noted)

    async def on_registrant_cancelled(
        self, event: RegistrantCancelled, connection: Connection
    ) -> None:
        """They are out: what said otherwise is withdrawn, and they are told unless told already."""
        noted = await store.note_registrant(connection, event, "cancelled")
        await store.withdraw(connection, event.registrant_id, *_TOLD_TO_THE_ACTIVE, "released")
        event = await _as_corrected(connection, event, noted)
        if emails.is_told_of_cancelling(event):
            earlier = await store.find_told_of_seat(connection, event.registrant_id)
            letter = emails.cancelled(
                event, self.sender, _now(), has_calendar=_may_have_arrived(earlier)
            )
            follows = earlier.email_id if earlier else None
            await self._queue(
                connection, event, "cancelled", "", letter, follows, is_bulk=emails.is_bulk(event)
            )
        await self._write_waiting(connection, event, noted)

    async def on_registrant_released(
        self, event: RegistrantReleased, connection: Connection
    ) -> None:
        """An unpaid seat is on sale again: worth a mail only if they let it lapse."""
        noted = await store.note_registrant(connection, event, "released")
        if noted.status == "released" and noted.was_known:
            await store.withdraw(connection, event.registrant_id, "payment_due")
        event = await _as_corrected(connection, event, noted)
        if noted.status == "released" and emails.is_told_of_release(event):
            await self._queue(connection, event, "released", "", emails.released(event))
        await self._write_waiting(connection, event, noted)

    async def on_registration_repeated(
        self, event: RegistrationRepeated, connection: Connection
    ) -> None:
        """An address registered again: its owner gets the link to what there is."""
        noted = await store.note_registrant(connection, event, event.status)
        event = await _as_corrected(connection, event, noted)
        await self._queue(
            connection, event, "repeated", str(event.event_id), emails.repeated(event)
        )
        await self._write_waiting(connection, event, noted)

    async def on_registrant_mail_requested(
        self, event: RegistrantMailRequested, connection: Connection
    ) -> None:
        """What was asked for is sent if it is still true of the registrant and of the start."""
        assumed = "awaiting_payment" if event.join_url is None else "confirmed"
        noted = await store.note_registrant(connection, event, assumed)
        is_true = (
            noted.status == "awaiting_payment"
            if event.mail == "payment_due"
            else noted.status == assumed and not noted.has_all_back
        )
        if is_true and event.sequence >= noted.sequence:
            await self._write_requested(connection, event)
        await self._write_waiting(connection, event, noted)

    async def _write_requested(
        self, connection: Connection, event: RegistrantMailRequested
    ) -> None:
        registrant_id, follows, good_until = event.registrant_id, None, None
        if event.mail == "confirmation":
            letter = emails.confirmation(event, self.sender, _now())
        elif event.mail == "rescheduled":
            await store.withdraw(connection, registrant_id, "starts_soon")
            earlier = await store.find_told_of_seat(connection, registrant_id)
            follows = earlier.email_id if earlier else None
            letter = emails.rescheduled(event, self.sender, _now())
            good_until = event.starts_at
        elif event.mail == "starts_soon":
            letter = emails.starts_soon(event)
            good_until = event.starts_at
        else:
            letter = emails.payment_due(event)
            good_until = event.pay_by
        await self._queue(
            connection,
            event,
            event.mail,
            event.cause,
            letter,
            follows,
            good_until=good_until,
            is_bulk=emails.is_bulk(event),
        )
        # The earlier ones had an older time, or links or an address that are wrong now.
        await store.withdraw_others(connection, registrant_id, event.mail, event.cause)

    async def on_payment_processing(self, event: PaymentProcessing, connection: Connection) -> None:
        """They have done their part: a mail that asks for it is not sent any more."""
        await store.lock_registrant(connection, event.registrant_id, event.organization_id)
        await store.withdraw(connection, event.registrant_id, "payment_due")

    async def on_account_mail_requested(
        self, event: AccountMailRequested, connection: Connection
    ) -> None:
        """Someone who signs in gets a link; it is not sent once it has stopped working."""
        message_id = f"<{event.kind}.{event.event_id}@{self.sender.domain}>"
        sender_name = self.sender.name or "Taquilla"
        content = rendering.write(
            emails.account(event, sender_name),
            sender=self.sender,
            sender_name=sender_name,
            reply_to=None,
            recipient=event.email,
            message_id=message_id,
            now=_now(),
        )
        mail = Written(message_id, event.email, content, event.expires_at)
        await store.queue_account_mail(connection, event, mail)
        after_commit(self.wake)

    async def on_refunded(self, event: Refunded, connection: Connection) -> None:
        """Money went back; the mail waits here if nothing has told yet whose it was."""
        takes_the_seat = emails.takes_the_seat(event)
        if not event.notify and not takes_the_seat:
            return
        known = await store.lock_registrant(connection, event.registrant_id, event.organization_id)
        if takes_the_seat:
            await store.mark_all_back(connection, event.registrant_id)
            await store.withdraw(connection, event.registrant_id, *_TOLD_TO_THE_ACTIVE, "released")
        if not event.notify:
            return
        if known.facts is None:
            await store.hold_mail(connection, event, "refund")
            await store.mark_waiting(connection, event.registrant_id)
            return
        await self._write_refund(connection, event, known.facts, known.status)

    async def on_refund_failed(self, event: RefundFailed, connection: Connection) -> None:
        """A refund did not happen: only who was told that it did is told."""
        known = await store.lock_registrant(connection, event.registrant_id, event.organization_id)
        refund = await store.find_mail(
            connection, event.registrant_id, "refund", str(event.refund_id)
        )
        if known.facts is None or refund is None or refund.state == "waiting":
            # The refund itself may still come.
            await store.hold_mail(connection, event, "refund_failed")
        elif refund.state not in store.NOT_ARRIVED:
            await self._write_refund_failed(connection, event, known.facts, refund.email_id)

    async def _write_waiting(
        self, connection: Connection, facts: RegistrantFacts, noted: Noted
    ) -> None:
        if not noted.has_waiting:
            return
        waiting = await store.take_waiting(connection, facts.registrant_id, "refund")
        for held in waiting:
            refund = Refunded.model_validate(held)
            await self._write_refund(connection, refund, facts, noted.status)

    async def _write_refund(
        self, connection: Connection, event: Refunded, facts: RegistrantFacts, status: str | None
    ) -> None:
        confirmation = await store.find_told_of_seat(connection, event.registrant_id)
        letter = emails.refund(
            event,
            facts,
            status,
            self.sender,
            _now(),
            has_calendar=_may_have_arrived(confirmation),
        )
        cause = str(event.refund_id)
        follows = confirmation.email_id if confirmation else None
        email_id = await self._queue(
            connection, facts, "refund", cause, letter, follows, is_bulk=emails.is_bulk(event)
        )
        failures = await store.take_waiting(connection, event.registrant_id, "refund_failed", cause)
        for held in failures:
            failure = RefundFailed.model_validate(held)
            await self._write_refund_failed(connection, failure, facts, email_id)

    async def _write_refund_failed(
        self,
        connection: Connection,
        event: RefundFailed,
        facts: RegistrantFacts,
        refund_email_id: UUID | None,
    ) -> None:
        letter = emails.refund_failed(event, facts)
        cause = str(event.refund_id)
        await self._queue(
            connection,
            facts,
            "refund_failed",
            cause,
            letter,
            refund_email_id,
            is_bulk=emails.is_bulk(event),
        )

    async def _queue(
        self,
        connection: Connection,
        facts: RegistrantFacts,
        kind: Kind,
        cause: str,
        letter: Letter,
        follows: UUID | None = None,
        *,
        good_until: datetime | None = None,
        is_bulk: bool = False,
    ) -> UUID | None:
        told = cause or facts.registrant_id
        if isinstance(facts, RegistrantMailRequested):
            # Its cause is unique only together with the registrant.
            told = uuid5(facts.registrant_id, f"{kind}/{cause}")
        message_id = f"<{kind}.{told}@{self.sender.domain}>"
        content = rendering.write(
            emails.stamped(letter) if facts.is_rehearsal else letter,
            sender=self.sender,
            sender_name=facts.sender_name or facts.organization_name,
            reply_to=facts.reply_to,
            recipient=facts.email,
            message_id=message_id,
            now=_now(),
        )
        mail = Written(message_id, facts.email, content, good_until, is_bulk)
        email_id = await store.queue_mail(connection, facts, kind, cause, mail, follows)
        after_commit(self.wake)
        return email_id


async def _as_corrected(connection: Connection, event: F, noted: Noted) -> F:
    """The event to whom it is for now: a correction may have been heard of before it."""
    if noted.version <= event.version:
        return event
    return await _as_known(connection, event, _OF_THE_PERSON)


async def _as_known(connection: Connection, event: F, names: Sequence[str]) -> F:
    """The event with what is known now of these: something newer has been heard of before it."""
    known = await store.lock_registrant(connection, event.registrant_id, event.organization_id)
    if known.facts is None:
        return event
    return event.model_copy(update={name: getattr(known.facts, name) for name in names})


def _may_have_arrived(mail: Earlier | None) -> bool:
    """Whether somebody may have read it: not if it was never tried, was refused or came back."""
    return mail is not None and mail.was_tried and mail.state not in store.NOT_ARRIVED


def _now() -> datetime:
    return datetime.now(UTC)
