"""Words with values in them, as a form's errors carry them. No I/O here."""

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Message:
    """A key of the catalogues with what is put into it; `part.say` speaks it."""

    text: str
    values: dict[str, Any] = field(default_factory=dict)


Words = str | Message
"""A key of the catalogues, with values or without."""
