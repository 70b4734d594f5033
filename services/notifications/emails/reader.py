"""What every letter to a registrant needs, said in their language. No I/O here."""

from dataclasses import replace
from datetime import datetime
from functools import lru_cache

from services.notifications import placeholders
from services.notifications.letter import Event, Letter
from services.notifications.plain_words import (
    SENDER_LENGTH_MAX,
    SUBJECT_TITLE_LENGTH_MAX,
    one_line,
    person,
    shortened,
)
from services.notifications.words import say
from shared.events import RegistrantFacts
from shared.localized import (
    Language,
    format_date,
    format_deadline,
    format_money,
    format_span,
    format_start,
    language_of,
)


def stamped(letter: Letter) -> Letter:
    """The letter as a rehearsal's: nobody takes it for a real one, before or after opening it."""
    subject = say(letter.language, "mail.rehearsal_subject", subject=letter.subject)
    return replace(letter, subject=subject, stamp=say(letter.language, "mail.rehearsal_stamp"))


def sequence_of(facts: RegistrantFacts) -> int:
    """The calendar entry's number: each later one replaces those before it."""
    return max(facts.sequence, facts.version)


class Reader:
    """One registrant: their language, what they registered for, and who organizes it."""

    def __init__(self, facts: RegistrantFacts) -> None:
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
        self._facts = facts
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
        return _money(amount_minor, currency or "", self._facts.locale)

    def date(self, moment: datetime) -> str:
        return format_date(moment, self._facts.time_zone, self._facts.locale)

    def start(self, moment: datetime) -> str:
        """A moment with its weekday, year and zone."""
        return _start(moment, self._facts.time_zone, self._facts.locale)

    def deadline(self, moment: datetime) -> str:
        """The same without year and zone, for subjects."""
        return _deadline(moment, self._facts.time_zone, self._facts.locale)

    def own_words(self, text: str | None, **values: str) -> tuple[str, ...]:
        """The organizer's paragraphs with their placeholders filled; see `shared.own_words`."""
        if not text:
            return ()
        facts = self._facts
        is_free = facts.amount_minor == 0
        return placeholders.paragraphs(
            text,
            {
                "title": self.event.title,
                "start": self.start(facts.starts_at),
                "day": self.event.day,
                "time": self.event.span,
                "organization": self.organization,
                "amount": self.say("confirmation.free")
                if is_free
                else self.money(facts.amount_minor, facts.currency),
                **values,
            },
            name=self._name,
        )


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
