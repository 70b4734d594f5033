"""Mails about money that goes back, or did not. No I/O here."""

from datetime import datetime

from services.notifications.calendar_file import calendar
from services.notifications.emails.reader import Reader, sequence_of
from services.notifications.letter import Letter, Link, Row
from services.notifications.placeholders import parted
from services.notifications.rendering import Sender
from shared.events import Refunded, RefundFailed, RegistrantFacts


def takes_the_seat(event: Refunded) -> bool:
    """Whether a refund leaves nothing and so cancels the registration."""
    return event.refunded_minor >= event.paid_minor and not event.keep_seat


def refund(
    event: Refunded,
    facts: RegistrantFacts,
    status: str | None,
    sender: Sender,
    now: datetime,
    *,
    has_calendar: bool,
) -> Letter:
    """Money went back: how much of it, and what becomes of the seat."""
    reader = Reader(facts)
    amount = reader.money(event.amount_minor, event.currency)
    paid = reader.money(event.paid_minor, event.currency)
    is_full = event.refunded_minor >= event.paid_minor
    is_all_at_once = is_full and event.amount_minor >= event.paid_minor
    # The policy pays only who cancels, also where that has not been heard of yet.
    is_seat_lost = status == "cancelled" or event.cause == "policy" or takes_the_seat(event)
    lead = [
        reader.say("refund.lead_full", amount=amount)
        if is_all_at_once
        else reader.say("refund.lead_part", amount=amount, paid=paid),
        reader.say("mail.soon"),
    ]
    if event.cause in ("late", "duplicate", "webinar_cancelled"):
        lead.append(reader.say(f"refund.{event.cause}"))
    elif is_seat_lost:
        lead.append(reader.say("refund.seat_lost"))
    elif status == "confirmed":
        lead.append(reader.say("refund.seat_kept"))
    rows = [Row(reader.say("refund.row"), amount, is_strong=True)]
    if not is_all_at_once:
        rows.append(Row(reader.say("refund.paid_row"), paid))
        rows.append(
            Row(reader.say("refund.total_row"), reader.money(event.refunded_minor, event.currency))
        )
    takes_out = has_calendar and is_seat_lost and event.cause != "duplicate"
    return Letter(
        language=reader.language,
        organization=reader.organization,
        subject=reader.say("refund.subject", amount=amount, title=reader.short_title),
        preview=lead[0],
        heading=reader.heading("refund.heading_full" if is_full else "refund.heading_part"),
        lead=tuple(lead),
        own_words=parted(event.message or ""),
        event=reader.event,
        note=reader.say("cancelled.calendar") if takes_out else "",
        rows=tuple(rows),
        link=Link(reader.say("mail.see"), facts.manage_url),
        footer=reader.footer,
        # The cancellation that this refund brings along may not have been heard of yet.
        calendar=calendar(
            facts, method="CANCEL", sequence=sequence_of(facts) + 1, sender=sender, now=now
        )
        if takes_out
        else None,
    )


def refund_failed(event: RefundFailed, facts: RegistrantFacts) -> Letter:
    """Takes back what the refund's own mail said."""
    reader = Reader(facts)
    amount = reader.money(event.amount_minor, event.currency)
    lead = reader.say("refund_failed.lead", amount=amount)
    next_step = "refund_failed.lead_next_reply" if facts.reply_to else "refund_failed.lead_next"
    return Letter(
        language=reader.language,
        organization=reader.organization,
        subject=reader.say("refund_failed.subject", amount=amount, title=reader.short_title),
        preview=lead,
        heading=reader.say("refund_failed.heading"),
        lead=(lead, reader.say(next_step)),
        event=reader.event,
        rows=(
            Row(reader.say("refund_failed.row"), amount, is_strong=True),
            Row(
                reader.say("refund_failed.total_row"),
                reader.money(event.refunded_minor, event.currency),
            ),
        ),
        link=Link(reader.say("mail.see"), facts.manage_url),
        footer=reader.footer,
    )
