"""A letter: one mail in its reader's language, before it is written as text and HTML. No I/O."""

from dataclasses import dataclass, field

from shared.localized import Language


@dataclass(frozen=True)
class Link:
    """Words to click on and where they lead."""

    words: str
    url: str


@dataclass(frozen=True)
class Row:
    """One line of a sum: its label and its amount."""

    label: str
    value: str
    is_strong: bool = False


@dataclass(frozen=True)
class Event:
    """What the letter is about."""

    title: str
    day: str
    span: str


@dataclass(frozen=True)
class Calendar:
    """A calendar file that comes along."""

    method: str
    content: bytes


@dataclass(frozen=True)
class Letter:
    """The same parts in every mail, most of them left out in most; templates only lay them out."""

    language: Language
    organization: str
    subject: str
    preview: str  # What inboxes show beside the subject.
    heading: str
    lead: tuple[str, ...]
    stamp: str = ""  # Above everything: that this is only a rehearsal.
    event: Event | None = None
    own_words: tuple[str, ...] = ()  # The organizer's paragraphs; lines within one stay apart.
    button: Link | None = None
    note: str = ""
    rows: tuple[Row, ...] = ()
    about: str = ""  # The title above the description.
    description: str = ""  # Markdown.
    policy_title: str = ""
    policy: str = ""
    link: Link | None = None
    footer: tuple[str, ...] = ()
    calendar: Calendar | None = field(default=None, repr=False)
