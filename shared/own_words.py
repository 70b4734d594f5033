"""Which mails an organizer may add words to, and the placeholders that these may hold. No I/O here.

Notifications fills the placeholders, registration checks them before a text is kept.
"""

import re
from typing import Literal, get_args

OwnMail = Literal[
    "confirmation", "payment_due", "starts_soon", "rescheduled", "released", "cancelled"
]
OWN_MAILS: tuple[OwnMail, ...] = get_args(OwnMail)

_EVERYWHERE = ("name", "title", "start", "day", "time", "organization", "amount")
_ALSO: dict[OwnMail, tuple[str, ...]] = {
    "payment_due": ("pay_by",),
    "rescheduled": ("previous_start",),
}

# Anything that looks meant as a placeholder, also "{Name}" and "{ name }".
_BRACES = re.compile(r"\{([^{}\n]{0,60})\}")


def placeholders_of(mail: OwnMail) -> tuple[str, ...]:
    """The names that stand for something in this mail."""
    return _EVERYWHERE + _ALSO.get(mail, ())


def unknown_in(text: str, mail: OwnMail) -> list[str]:
    """What stands in braces and means nothing in this mail, each once, in the text's order."""
    known = placeholders_of(mail)
    return list(dict.fromkeys(name for name in _BRACES.findall(text) if name not in known))
