"""Outcomes of rules, stored: registrants, their seats, refunds and events in one transaction."""

from collections.abc import Sequence
from uuid import UUID

from services.registration.links import Links
from services.registration.organizations import Organization
from services.registration.registrants import Occasion, Outcome, Registrant
from services.registration.store import organizations, refunds, registrants
from services.registration.store.messages import OWN_WORDS
from services.registration.webinars import Webinar
from shared import outbox
from shared.postgres import Connection

_ORGANIZATION = ", ".join(f"o.{column}" for column in organizations.COLUMNS.split(", "))


async def occasion_for(
    connection: Connection, links: Links, webinar: Webinar, registrant: Registrant | None = None
) -> Occasion:
    """What rules need to know around a registrant of a webinar that the caller has locked."""
    found = await connection.fetchrow(
        f"SELECT now(), d.description, {OWN_WORDS}, {_ORGANIZATION} FROM organizations o "
        "LEFT JOIN webinar_descriptions d ON d.webinar_id = $2 AND d.version = $3 WHERE o.id = $1",
        webinar.organization_id,
        webinar.id,
        None if registrant is None else registrant.description_version,
    )
    if found is None:
        raise LookupError(f"organization {webinar.organization_id} is not known")
    now, description, own_words, *organization = found.values()
    return Occasion(
        webinar=webinar,
        organization=Organization(*organization),
        links=links,
        now=now,
        description=description or "",
        own_words=own_words or {},
    )


async def save(
    connection: Connection,
    webinar_id: UUID,
    befores: Sequence[Registrant],
    outcomes: Sequence[Outcome],
) -> None:
    """Store what rules made of registrants of one webinar, which the caller has locked."""
    known = {before.id: before for before in befores}
    await registrants.save(
        connection,
        webinar_id,
        [(known[outcome.registrant.id], outcome.registrant) for outcome in outcomes],
    )
    for outcome in outcomes:
        if outcome.refund is not None:
            await refunds.add(connection, outcome.registrant, outcome.refund)
    await outbox.enqueue(connection, *(event for outcome in outcomes for event in outcome.events))


async def save_without_seats(
    connection: Connection, befores: Sequence[Registrant], outcomes: Sequence[Outcome]
) -> None:
    """The same for registrants of any webinars, where no seat moves and no webinar is locked."""
    changes = [
        (before, outcome.registrant) for before, outcome in zip(befores, outcomes, strict=True)
    ]
    await registrants.save_rows(connection, changes)
    await outbox.enqueue(connection, *(event for outcome in outcomes for event in outcome.events))
