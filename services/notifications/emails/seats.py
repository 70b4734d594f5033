"""Mails about a seat: it is theirs, waits for money, has a new time, or is gone. No I/O here."""

from datetime import datetime

from services.notifications.calendar_file import calendar
from services.notifications.emails.reader import Reader, sequence_of
from services.notifications.letter import Letter, Link, Row
from services.notifications.placeholders import parted
from services.notifications.rendering import Sender
from shared.events import (
    RegistrantCancelled,
    RegistrantConfirmed,
    RegistrantMailRequested,
    RegistrantReleased,
    RegistrationRepeated,
)


def is_told_of_cancelling(event: RegistrantCancelled) -> bool:
    """Whether a cancellation has a mail of its own; a refund that cancels tells it in its own."""
    return event.notify and event.cause != "refund"


def is_told_of_release(event: RegistrantReleased) -> bool:
    """Whether a seat that went back on sale is worth a mail: only to someone who was awaited."""
    return event.reason == "lapsed"


def confirmation(
    event: RegistrantConfirmed | RegistrantMailRequested, sender: Sender, now: datetime
) -> Letter:
    """The seat is theirs: when, the link, what was paid, what was promised."""
    reader = Reader(event)
    is_paid = event.amount_minor > 0
    start = reader.start(event.starts_at)
    if is_paid:
        amount = reader.money(event.amount_minor, event.currency)
        preview = reader.say("confirmation.preview_paid", start=start, amount=amount)
        rows = [
            Row(reader.say("confirmation.paid"), amount, is_strong=True),
            Row(reader.say("confirmation.date"), reader.date(event.occurred_at)),
        ]
    else:
        preview = reader.say("confirmation.preview_free", start=start)
        rows = [Row(reader.say("confirmation.price"), reader.say("confirmation.free"))]
    return Letter(
        language=reader.language,
        organization=reader.organization,
        subject=reader.say(
            "confirmation.subject",
            title=reader.short_title,
            start=reader.deadline(event.starts_at),
        ),
        preview=preview,
        heading=reader.heading("confirmation.heading"),
        lead=(reader.say("confirmation.lead_paid" if is_paid else "confirmation.lead_free"),),
        own_words=reader.own_words(event.own_words),
        event=reader.event,
        button=Link(reader.say("confirmation.button"), event.join_url or event.manage_url),
        note=reader.say("confirmation.note"),
        rows=tuple(rows),
        about=reader.say("confirmation.about"),
        description=event.description,
        policy_title=reader.say("confirmation.policy"),
        policy=event.refund_policy_text,
        link=Link(reader.say("mail.see_or_cancel"), event.manage_url),
        footer=reader.footer,
        calendar=calendar(
            event,
            method="PUBLISH",
            sequence=sequence_of(event),
            join_url=event.join_url or "",
            sender=sender,
            now=now,
        ),
    )


def released(event: RegistrantReleased) -> Letter:
    """The hold lapsed unpaid: nothing was taken, and how to try again."""
    reader = Reader(event)
    return Letter(
        language=reader.language,
        organization=reader.organization,
        subject=reader.say("released.subject", title=reader.short_title),
        preview=reader.say("released.preview"),
        heading=reader.say("released.heading"),
        lead=(reader.say("released.lead"),),
        own_words=reader.own_words(event.own_words),
        event=reader.event,
        button=Link(reader.say("released.button"), event.webinar_url)
        if event.webinar_url
        else None,
        note=reader.say("released.note") if event.webinar_url else "",
        link=Link(reader.say("mail.see"), event.manage_url),
        footer=reader.footer,
    )


def cancelled(
    event: RegistrantCancelled, sender: Sender, now: datetime, *, has_calendar: bool
) -> Letter:
    """The registration is over: who ended it, what goes back."""
    reader = Reader(event)
    lead = [reader.say(f"cancelled.{event.cause}")]
    rows = []
    if event.refund_amount_minor and event.currency:
        amount = reader.money(event.refund_amount_minor, event.currency)
        lead.append(reader.say("cancelled.money", amount=amount))
        rows.append(Row(reader.say("cancelled.row"), amount, is_strong=True))
    if has_calendar:
        lead.append(reader.say("cancelled.link"))
    is_all_over = event.cause == "webinar_cancelled"
    return Letter(
        language=reader.language,
        organization=reader.organization,
        subject=reader.say("cancelled.subject", title=reader.short_title),
        preview=lead[0],
        heading=reader.say("cancelled.heading_webinar" if is_all_over else "cancelled.heading"),
        lead=tuple(lead),
        # What is said to this one person comes before what everybody is told.
        own_words=(*parted(event.message or ""), *reader.own_words(event.own_words)),
        event=reader.event,
        note=reader.say("cancelled.calendar") if has_calendar else "",
        rows=tuple(rows),
        link=Link(reader.say("mail.see"), event.manage_url),
        footer=reader.footer,
        calendar=calendar(
            event, method="CANCEL", sequence=sequence_of(event), sender=sender, now=now
        )
        if has_calendar
        else None,
    )


def repeated(event: RegistrationRepeated) -> Letter:
    """The owner of an address gets the link to what they have; whoever typed it learns nothing."""
    reader = Reader(event)
    lead = reader.say(f"repeated.{event.status}")
    return Letter(
        language=reader.language,
        organization=reader.organization,
        subject=reader.say("repeated.subject", title=reader.short_title),
        preview=lead,
        heading=reader.say("repeated.heading"),
        lead=(lead, reader.say("repeated.ignore")),
        event=reader.event,
        button=Link(reader.say("repeated.button"), event.manage_url),
        footer=reader.footer,
    )


def payment_due(event: RegistrantMailRequested) -> Letter:
    """The hold is about to end unpaid: until when the seat is held, and where to pay."""
    reader = Reader(event)
    amount = reader.money(event.amount_minor, event.currency)
    deadline = reader.start(event.pay_by or event.starts_at)
    return Letter(
        language=reader.language,
        organization=reader.organization,
        subject=reader.say("payment_due.subject", title=reader.short_title),
        preview=reader.say("payment_due.preview", deadline=deadline),
        heading=reader.say("payment_due.heading"),
        lead=(
            reader.say("payment_due.lead", deadline=deadline),
            reader.say("payment_due.paying"),
        ),
        own_words=reader.own_words(event.own_words, pay_by=deadline),
        event=reader.event,
        button=Link(reader.say("payment_due.button", amount=amount), event.manage_url),
        rows=(Row(reader.say("payment_due.row"), amount, is_strong=True),),
        link=Link(reader.say("mail.see_or_cancel"), event.manage_url),
        footer=reader.footer,
    )


def rescheduled(event: RegistrantMailRequested, sender: Sender, now: datetime) -> Letter:
    """The start moved: the old time beside the new one, the calendar's entry moved along."""
    reader = Reader(event)
    previous = event.previous_starts_at or event.starts_at
    lead = [reader.say("rescheduled.lead")]
    link = Link(reader.say("mail.see_or_cancel"), event.manage_url)
    if event.refund_until is not None and event.amount_minor:
        lead.append(reader.say("rescheduled.refund", until=reader.start(event.refund_until)))
        link = Link(reader.say("rescheduled.refund_button"), event.manage_url)
    return Letter(
        language=reader.language,
        organization=reader.organization,
        subject=reader.say(
            "rescheduled.subject",
            title=reader.short_title,
            start=reader.deadline(event.starts_at),
        ),
        preview=reader.say("rescheduled.preview", start=reader.start(event.starts_at)),
        heading=reader.say("rescheduled.heading"),
        lead=tuple(lead),
        own_words=reader.own_words(event.own_words, previous_start=reader.start(previous)),
        event=reader.event,
        button=Link(reader.say("confirmation.button"), event.join_url) if event.join_url else None,
        note=reader.say("rescheduled.calendar") if event.join_url else "",
        rows=(
            Row(reader.say("rescheduled.before"), reader.start(previous)),
            Row(reader.say("rescheduled.after"), reader.start(event.starts_at), is_strong=True),
        ),
        link=link,
        footer=reader.footer,
        # Who has not paid yet has nothing in their calendar.
        calendar=calendar(
            event,
            method="PUBLISH",
            sequence=sequence_of(event),
            join_url=event.join_url,
            sender=sender,
            now=now,
        )
        if event.join_url
        else None,
    )


def starts_soon(event: RegistrantMailRequested) -> Letter:
    """It begins before long: when, and by which link."""
    reader = Reader(event)
    return Letter(
        language=reader.language,
        organization=reader.organization,
        subject=reader.say(
            "starts_soon.subject",
            title=reader.short_title,
            start=reader.deadline(event.starts_at),
        ),
        preview=reader.say("starts_soon.preview", start=reader.start(event.starts_at)),
        heading=reader.heading("starts_soon.heading"),
        lead=(reader.say("starts_soon.lead"),),
        own_words=reader.own_words(event.own_words),
        event=reader.event,
        button=Link(reader.say("confirmation.button"), event.join_url or event.manage_url),
        note=reader.say("starts_soon.note"),
        link=Link(reader.say("mail.see_or_cancel"), event.manage_url),
        footer=reader.footer,
    )
