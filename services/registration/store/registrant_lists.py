"""The organizer's list of a webinar's registrants: any order, any filter, a page at the same cost.

Pages are found by keyset: the place of the last row shown, never a number of rows to skip.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args
from uuid import UUID

from services.registration.registrants import Registrant, Status
from services.registration.store import registrants
from shared.postgres import Connection

Sort = Literal["newest", "oldest", "name", "amount"]
MailState = Literal["sent", "failed", "bounced"]

STATUSES: tuple[Status, ...] = get_args(Status)
FOUND_MAX = 1_000  # Of each way to be found: a search that finds more wants more letters.
REFERENCE_LENGTH_MIN = 6
QUESTIONS_MAX = 50  # Columns of a file, if the questions were reworded again and again.

_FOLDED_NAME = 'folded(name) COLLATE "C"'
_SURNAME = 'surname(name) COLLATE "C"'
# Sorts behind every text that begins as the one before it.
_LAST = "\U0010ffff"
_ORDERS: dict[Sort, tuple[str, str]] = {
    "newest": ("number", "DESC"),
    "oldest": ("number", "ASC"),
    "name": (_FOLDED_NAME, "ASC"),
    "amount": ("paid_minor", "DESC"),
}
_TURNED = {"ASC": "DESC", "DESC": "ASC"}
_BEHIND = {"ASC": ">", "DESC": "<"}


@dataclass(frozen=True)
class Listing:
    """Which registrants are asked for, in which order."""

    webinar_id: UUID
    organization_id: UUID
    status: Status | None = None
    mail: MailState | None = None
    search: str = ""
    sort: Sort = "newest"


@dataclass(frozen=True)
class ListedPage:
    """Some rows, and whether there are more on either side."""

    rows: list[Registrant]
    has_earlier: bool = False
    has_later: bool = False
    is_cut: bool = False  # More was found than is looked at.


async def page(
    connection: Connection,
    listing: Listing,
    *,
    after: int | None = None,
    before: int | None = None,
    limit: int,
) -> ListedPage:
    """The rows behind the registrant of that number, or those in front; else from the beginning.

    Cursors are numbers, so that nobody's name gets into an address.
    """
    ids, is_cut = await _found(connection, listing)
    if ids is not None and not ids:
        return ListedPage([], is_cut=is_cut)
    number, is_backward = (before, True) if before is not None else (after, False)
    place = None if number is None else await _place(connection, listing, number)
    is_first = place is None
    rows = await _rows(
        connection, listing, ids, place, is_backward=is_backward and not is_first, limit=limit + 1
    )
    has_more = len(rows) > limit
    rows = rows[:limit]
    if is_first or not is_backward:
        return ListedPage(rows, not is_first, has_more, is_cut)
    rows.reverse()
    return ListedPage(rows, has_more, True, is_cut)


async def _place(
    connection: Connection, listing: Listing, number: int
) -> tuple[str | int, int] | None:
    """Where in the order a number stands; None if the webinar has no such number."""
    column, _ = _ORDERS[listing.sort]
    found = await connection.fetchrow(
        f"SELECT {column} AS place, number FROM registrants WHERE webinar_id = $1 AND number = $2",
        listing.webinar_id,
        number,
    )
    return None if found is None else (found["place"], found["number"])


async def _rows(
    connection: Connection,
    listing: Listing,
    ids: Collection[UUID] | None,
    place: tuple[str | int, int] | None,
    *,
    is_backward: bool,
    limit: int,
) -> list[Registrant]:
    column, direction = _ORDERS[listing.sort]
    if is_backward:
        direction = _TURNED[direction]
    arguments: list[object] = [listing.webinar_id, listing.organization_id]
    conditions = ["webinar_id = $1", "organization_id = $2", "NOT is_rehearsal"]

    def given(argument: object) -> str:
        arguments.append(argument)
        return f"${len(arguments)}"

    if listing.status is not None:
        conditions.append(f"status = {given(listing.status)}")
    source = "registrants"
    if ids is not None:
        # Fenced: found by their ids, whatever order is asked for. A plan for any number of ids
        # would rather walk all of the webinar in that order.
        source = (
            f"(SELECT * FROM registrants WHERE id = ANY({given(list(ids))}::uuid[]) OFFSET 0) "
            "AS registrants"
        )
    if listing.mail == "sent":
        conditions.append(
            "(SELECT m.status FROM mails m WHERE m.registrant_id = registrants.id "
            "ORDER BY m.told_at DESC LIMIT 1) = 'sent'"
        )
    if place is not None and column == "number":
        conditions.append(f"number {_BEHIND[direction]} {given(place[1])}")
    elif place is not None:
        value, number = given(place[0]), given(place[1])
        conditions.append(f"({column}, number) {_BEHIND[direction]} ({value}, {number})")
    order = f"number {direction}"
    if column != "number":
        order = f"{column} {direction}, {order}"
    rows = await connection.fetch(
        f"SELECT {registrants.COLUMNS} FROM {source} "
        f"WHERE {' AND '.join(conditions)} ORDER BY {order} LIMIT {given(limit)}",
        *arguments,
    )
    return [Registrant(**row) for row in rows]


async def _found(connection: Connection, listing: Listing) -> tuple[Collection[UUID] | None, bool]:
    """Whom search and lost mails leave, and whether that was too many; None for everybody."""
    found: set[UUID] | None = None
    is_cut = False
    if listing.search:
        found, is_cut = await _search(connection, listing)
    if listing.mail in ("failed", "bounced"):
        lost = await _with_lost_mail(connection, listing)
        is_cut = is_cut or len(lost) > FOUND_MAX
        found = lost if found is None else found & lost
    return found, is_cut


async def _search(connection: Connection, listing: Listing) -> tuple[set[UUID], bool]:
    """By the beginning of name, surname, address or reference, each along its own index."""
    asked = listing.search
    folded: str = await connection.fetchval("SELECT folded($1)", asked)
    address = asked.lower()
    ways: list[Sequence[UUID]] = [
        await _ids(
            connection,
            f"webinar_id = $1 AND {column} >= $2 AND {column} < $3",
            listing.webinar_id,
            folded,
            folded + _LAST,
        )
        for column in (_FOLDED_NAME, _SURNAME)
    ]
    ways.append(
        await _ids(
            connection,
            "webinar_id = $1 AND email_key ~>=~ $2 AND email_key ~<~ $3",
            listing.webinar_id,
            address,
            address + _LAST,
        )
    )
    reference = _reference_span(asked)
    if reference is not None:
        ways.append(
            await _ids(
                connection,
                "webinar_id = $1 AND id BETWEEN $2 AND $3",
                listing.webinar_id,
                *reference,
            )
        )
    return {one for way in ways for one in way}, any(len(way) > FOUND_MAX for way in ways)


async def _ids(connection: Connection, where: str, *arguments: object) -> list[UUID]:
    rows = await connection.fetch(
        f"SELECT id FROM registrants WHERE {where} LIMIT {FOUND_MAX + 1}", *arguments
    )
    return [row["id"] for row in rows]


def _reference_span(asked: str) -> tuple[UUID, UUID] | None:
    """The ids that begin like what was typed; None if no id does."""
    digits = asked.strip().lower().replace("-", "")
    is_hexadecimal = all(digit in "0123456789abcdef" for digit in digits)
    if not is_hexadecimal or not REFERENCE_LENGTH_MIN <= len(digits) <= 32:
        return None
    return UUID(digits.ljust(32, "0")), UUID(digits.ljust(32, "f"))


async def _with_lost_mail(connection: Connection, listing: Listing) -> set[UUID]:
    """Whose latest mail is in the state asked for, along the index of those that are lost."""
    rows = await connection.fetch(
        "SELECT DISTINCT m.registrant_id FROM mails m JOIN registrants r ON r.id = m.registrant_id "
        "WHERE m.organization_id = $1 AND m.status IN ('failed', 'bounced') AND m.status = $3 "
        "AND r.webinar_id = $2 "
        "AND NOT EXISTS (SELECT FROM mails n WHERE n.registrant_id = m.registrant_id "
        f"AND n.told_at > m.told_at) LIMIT {FOUND_MAX + 1}",
        listing.organization_id,
        listing.webinar_id,
        listing.mail,
    )
    return {row["registrant_id"] for row in rows}


async def mail_states(connection: Connection, ids: Collection[UUID]) -> dict[UUID, MailState]:
    """What became of each registrant's latest mail; nobody without one."""
    rows = await connection.fetch(
        "SELECT DISTINCT ON (registrant_id) registrant_id, status FROM mails "
        "WHERE registrant_id = ANY($1::uuid[]) ORDER BY registrant_id, told_at DESC",
        list(ids),
    )
    return {row["registrant_id"]: row["status"] for row in rows}


async def money_on_its_way(connection: Connection, ids: Collection[UUID]) -> dict[UUID, int]:
    """Refunds under way, by registrant."""
    rows = await connection.fetch(
        "SELECT registrant_id, sum(amount_minor)::bigint AS amount_minor FROM refunds "
        "WHERE registrant_id = ANY($1::uuid[]) AND status IN ('requested', 'pending') "
        "GROUP BY registrant_id",
        list(ids),
    )
    return {row["registrant_id"]: row["amount_minor"] for row in rows}


async def questions_answered(connection: Connection, webinar_id: UUID) -> list[str]:
    """The wording of every question that somebody was asked, earlier wordings too."""
    rows = await connection.fetch(
        "SELECT DISTINCT one->>'question' AS question FROM registrants, "
        "jsonb_array_elements(answers) AS one WHERE webinar_id = $1 AND answers IS NOT NULL "
        f"ORDER BY question LIMIT {QUESTIONS_MAX}",
        webinar_id,
    )
    return [row["question"] for row in rows]


async def answers_of(
    connection: Connection, ids: Collection[UUID]
) -> dict[UUID, list[dict[str, Any]]]:
    """Answers by registrant; nobody who was asked nothing."""
    rows = await connection.fetch(
        "SELECT id, answers FROM registrants WHERE id = ANY($1::uuid[]) AND answers IS NOT NULL",
        list(ids),
    )
    return {row["id"]: row["answers"] for row in rows}
