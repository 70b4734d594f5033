"""Mails to people who sign in here: invitation, new password. No I/O here."""

from services.notifications.letter import Letter, Link
from services.notifications.plain_words import SENDER_LENGTH_MAX, one_line, person, shortened
from services.notifications.words import say
from shared.events import AccountMailRequested
from shared.localized import format_start, language_of


def account(event: AccountMailRequested, sender_name: str) -> Letter:
    """Who asks, for whom, and one link; nobody's registration is spoken of."""
    language = language_of(event.locale)
    organization = shortened(event.organization_name or sender_name, SENDER_LENGTH_MAX)
    inviter = person(event.inviter_name or "")
    if event.kind == "invitation" and inviter:
        heading = say(language, "invitation.heading_by", inviter=inviter, organization=organization)
    else:
        heading = say(language, f"{event.kind}.heading", organization=organization)
    lead = say(language, f"{event.kind}.lead", email=one_line(event.email))
    note = ""
    if event.expires_at is not None:
        # Nothing tells in which zone its reader lives.
        until = format_start(event.expires_at, "UTC", event.locale)
        note = say(language, "account.expires", until=until)
    return Letter(
        language=language,
        organization=organization,
        subject=say(language, f"{event.kind}.subject", organization=organization),
        preview=lead,
        heading=heading,
        lead=(lead,),
        button=Link(say(language, f"{event.kind}.button"), event.link),
        note=note,
        footer=(say(language, f"account.footer_{event.kind}"),),
    )
