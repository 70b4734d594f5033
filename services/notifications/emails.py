"""Which mail an event causes and what it says. No I/O here."""

from datetime import datetime
from functools import lru_cache

from services.notifications.calendar_file import calendar
from services.notifications.letter import Event, Letter, Link, Row
from services.notifications.plain_words import (
    SENDER_LENGTH_MAX,
    SUBJECT_TITLE_LENGTH_MAX,
    one_line,
    person,
    shortened,
)
from services.notifications.rendering import Sender
from services.notifications.words import say
from shared.events import (
    Refunded,
    RefundFailed,
    RegistrantCancelled,
    RegistrantConfirmed,
    RegistrantFacts,
    RegistrantReleased,
    RegistrationRepeated,
)
from shared.localized import (
    Language,
    format_date,
    format_deadline,
    format_money,
    format_span,
    format_start,
    language_of,
)


def is_told_of_cancelling(event: RegistrantCancelled) -> bool:
    """Whether a cancellation has a mail of its own; a refund that cancels tells it in its own."""
    return event.notify and event.cause != "refund"


def is_told_of_release(event: RegistrantReleased) -> bool:
    """Whether a seat that went back on sale is worth a mail: only to someone who was awaited."""
    return event.reason == "lapsed"


def takes_the_seat(event: Refunded) -> bool:
    """Whether a refund leaves nothing and so cancels the registration."""
    return event.refunded_minor >= event.paid_minor and not event.keep_seat


def confirmation(event: RegistrantConfirmed, sender: Sender, now: datetime) -> Letter:
    """The seat is theirs: when, the link, what was paid, what was promised."""
    words = _Words(event)
    is_paid = event.amount_minor > 0
    start = _start(event.starts_at, event.time_zone, words.locale)
    if is_paid:
        amount = words.money(event.amount_minor, event.currency)
        preview = words.say("confirmation.preview_paid", start=start, amount=amount)
        rows = [
            Row(words.say("confirmation.paid"), amount, is_strong=True),
            Row(words.say("confirmation.date"), words.date(event.occurred_at)),
        ]
    else:
        preview = words.say("confirmation.preview_free", start=start)
        rows = [Row(words.say("confirmation.price"), words.say("confirmation.free"))]
    return Letter(
        language=words.language,
        organization=words.organization,
        subject=words.say(
            "confirmation.subject",
            title=words.short_title,
            start=_deadline(event.starts_at, event.time_zone, words.locale),
        ),
        preview=preview,
        heading=words.heading("confirmation.heading"),
        lead=(words.say("confirmation.lead_paid" if is_paid else "confirmation.lead_free"),),
        event=words.event,
        button=Link(words.say("confirmation.button"), event.join_url),
        note=words.say("confirmation.note"),
        rows=tuple(rows),
        about=words.say("confirmation.about"),
        description=event.description,
        policy_title=words.say("confirmation.policy"),
        policy=event.refund_policy_text,
        link=Link(words.say("mail.see_or_cancel"), event.manage_url),
        footer=words.footer,
        calendar=calendar(
            event,
            method="PUBLISH",
            sequence=event.version,
            join_url=event.join_url,
            sender=sender,
            now=now,
        ),
    )


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
    words = _Words(facts)
    amount = words.money(event.amount_minor, event.currency)
    paid = words.money(event.paid_minor, event.currency)
    is_full = event.refunded_minor >= event.paid_minor
    is_all_at_once = is_full and event.amount_minor >= event.paid_minor
    # The policy pays only who cancels, also where that has not been heard of yet.
    is_seat_lost = status == "cancelled" or event.cause == "policy" or takes_the_seat(event)
    lead = [
        words.say("refund.lead_full", amount=amount)
        if is_all_at_once
        else words.say("refund.lead_part", amount=amount, paid=paid),
        words.say("mail.soon"),
    ]
    if event.cause in ("late", "duplicate", "webinar_cancelled"):
        lead.append(words.say(f"refund.{event.cause}"))
    elif is_seat_lost:
        lead.append(words.say("refund.seat_lost"))
    elif status == "confirmed":
        lead.append(words.say("refund.seat_kept"))
    rows = [Row(words.say("refund.row"), amount, is_strong=True)]
    if not is_all_at_once:
        rows.append(Row(words.say("refund.paid_row"), paid))
        rows.append(
            Row(words.say("refund.total_row"), words.money(event.refunded_minor, event.currency))
        )
    takes_out = has_calendar and is_seat_lost and event.cause != "duplicate"
    return Letter(
        language=words.language,
        organization=words.organization,
        subject=words.say("refund.subject", amount=amount, title=words.short_title),
        preview=lead[0],
        heading=words.heading("refund.heading_full" if is_full else "refund.heading_part"),
        lead=tuple(lead),
        event=words.event,
        note=words.say("cancelled.calendar") if takes_out else "",
        rows=tuple(rows),
        link=Link(words.say("mail.see"), facts.manage_url),
        footer=words.footer,
        # The cancellation that this refund brings along may not have been heard of yet.
        calendar=calendar(
            facts, method="CANCEL", sequence=facts.version + 1, sender=sender, now=now
        )
        if takes_out
        else None,
    )


def refund_failed(event: RefundFailed, facts: RegistrantFacts) -> Letter:
    """Takes back what the refund's own mail said."""
    words = _Words(facts)
    amount = words.money(event.amount_minor, event.currency)
    lead = words.say("refund_failed.lead", amount=amount)
    next_step = "refund_failed.lead_next_reply" if facts.reply_to else "refund_failed.lead_next"
    return Letter(
        language=words.language,
        organization=words.organization,
        subject=words.say("refund_failed.subject", amount=amount, title=words.short_title),
        preview=lead,
        heading=words.say("refund_failed.heading"),
        lead=(lead, words.say(next_step)),
        event=words.event,
        rows=(
            Row(words.say("refund_failed.row"), amount, is_strong=True),
            Row(
                words.say("refund_failed.total_row"),
                words.money(event.refunded_minor, event.currency),
            ),
        ),
        link=Link(words.say("mail.see"), facts.manage_url),
        footer=words.footer,
    )


def released(event: RegistrantReleased) -> Letter:
    """The hold lapsed unpaid: nothing was taken, and how to try again."""
    words = _Words(event)
    return Letter(
        language=words.language,
        organization=words.organization,
        subject=words.say("released.subject", title=words.short_title),
        preview=words.say("released.preview"),
        heading=words.say("released.heading"),
        lead=(words.say("released.lead"),),
        event=words.event,
        button=Link(words.say("released.button"), event.webinar_url) if event.webinar_url else None,
        note=words.say("released.note") if event.webinar_url else "",
        link=Link(words.say("mail.see"), event.manage_url),
        footer=words.footer,
    )


def cancelled(
    event: RegistrantCancelled, sender: Sender, now: datetime, *, has_calendar: bool
) -> Letter:
    """The registration is over: who ended it, what goes back."""
    words = _Words(event)
    lead = [words.say(f"cancelled.{event.cause}")]
    rows = []
    if event.refund_amount_minor and event.currency:
        amount = words.money(event.refund_amount_minor, event.currency)
        lead.append(words.say("cancelled.money", amount=amount))
        rows.append(Row(words.say("cancelled.row"), amount, is_strong=True))
    if has_calendar:
        lead.append(words.say("cancelled.link"))
    is_all_over = event.cause == "webinar_cancelled"
    return Letter(
        language=words.language,
        organization=words.organization,
        subject=words.say("cancelled.subject", title=words.short_title),
        preview=lead[0],
        heading=words.say("cancelled.heading_webinar" if is_all_over else "cancelled.heading"),
        lead=tuple(lead),
        event=words.event,
        note=words.say("cancelled.calendar") if has_calendar else "",
        rows=tuple(rows),
        link=Link(words.say("mail.see"), event.manage_url),
        footer=words.footer,
        calendar=calendar(event, method="CANCEL", sequence=event.version, sender=sender, now=now)
        if has_calendar
        else None,
    )


def repeated(event: RegistrationRepeated) -> Letter:
    """The owner of an address gets the link to what they have; whoever typed it learns nothing."""
    words = _Words(event)
    lead = words.say(f"repeated.{event.status}")
    return Letter(
        language=words.language,
        organization=words.organization,
        subject=words.say("repeated.subject", title=words.short_title),
        preview=lead,
        heading=words.say("repeated.heading"),
        lead=(lead, words.say("repeated.ignore")),
        event=words.event,
        button=Link(words.say("repeated.button"), event.manage_url),
        footer=words.footer,
    )


class _Words:
    """What every letter to one registrant needs, in their language."""

    def __init__(self, facts: RegistrantFacts) -> None:
        self.locale = facts.locale
        self.language: Language = language_of(facts.locale)
        self.organization = shortened(facts.organization_name, SENDER_LENGTH_MAX)
        self.short_title = shortened(facts.webinar_title, SUBJECT_TITLE_LENGTH_MAX)
        self.event = _event(
            one_line(facts.webinar_title),
            facts.starts_at,
            facts.duration_minutes,
            facts.time_zone,
            facts.locale,
        )
        self._time_zone = facts.time_zone
        self._name = person(facts.name)
        self._kind = say(self.language, f"kind.{facts.kind}")
        footer = "mail.footer_reply" if facts.reply_to else "mail.footer_no_reply"
        self.footer = (self.say(footer), self.say("mail.footer_why"))

    def say(self, key: str, **values: str) -> str:
        """A sentence; the kind of event and who organizes it are always known."""
        return say(self.language, key, kind=self._kind, organization=self.organization, **values)

    def heading(self, key: str) -> str:
        """A heading of good news, with the reader's name where that may be repeated."""
        heading = self.say(key)
        if self._name is None:
            return heading
        return say(self.language, "mail.named", heading=heading, name=self._name)

    def money(self, amount_minor: int, currency: str | None) -> str:
        return _money(amount_minor, currency or "", self.locale)

    def date(self, moment: datetime) -> str:
        return format_date(moment, self._time_zone, self.locale)


# A webinar's many mails say the same date; writing one takes longer than the rest of a subject.
_start = lru_cache(maxsize=512)(format_start)
_deadline = lru_cache(maxsize=512)(format_deadline)
_money = lru_cache(maxsize=512)(format_money)


@lru_cache(maxsize=512)
def _event(
    title: str, starts_at: datetime, duration_minutes: int, time_zone: str, locale: str
) -> Event:
    return Event(
        title,
        format_date(starts_at, time_zone, locale),
        format_span(starts_at, duration_minutes, time_zone, locale),
    )
