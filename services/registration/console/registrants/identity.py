"""Names and addresses as an organizer types them: read, or what to correct. No I/O here."""

from collections.abc import Mapping

from services.registration.applications import email_address
from services.registration.catalogues import msgid
from services.registration.console.message import Words
from shared.text import one_line

NAME_LENGTH_MAX = 200
SHOWN_LENGTH_MAX = 400

NAME_BAD = msgid("Type a name of up to 200 characters.")
EMAIL_BAD = msgid("Type an e-mail address such as ana@example.org.")


def read_identity(fields: Mapping[str, str]) -> tuple[str, str, dict[str, Words]]:
    """Name and address, and what to correct in them, by field."""
    errors: dict[str, Words] = {}
    name = email = ""
    try:
        name = one_line(fields.get("name", ""))
        if not 0 < len(name) <= NAME_LENGTH_MAX:
            raise ValueError(NAME_BAD)
    except ValueError:
        errors["name"] = NAME_BAD
    try:
        email = email_address(one_line(fields.get("email", "")))
    except ValueError:
        errors["email"] = EMAIL_BAD
    return name, email, errors


def shown(typed: str) -> str:
    """What was typed, without characters that a page must not hold."""
    return "".join(filter(str.isprintable, typed))[:SHOWN_LENGTH_MAX]
