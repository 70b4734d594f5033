"""How a door of the console is declared: who may use it. Nothing is open by omission."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Literal
from urllib.parse import parse_qs
from uuid import UUID

from aiohttp import web

from services.registration.console import cookies
from services.registration.console.visit import (
    AdminsOnly,
    ConfirmPassword,
    Visit,
    asking,
    local_path,
)
from services.registration.pages.forms import BadForm, refuse_foreign_forms
from services.registration.pages.rendering import Renderer, locale_of, see_other
from services.registration.people import Membership
from services.registration.routes.table import DESK
from services.registration.store import exceptions, organizations, people, sessions
from shared.postgres import Connection
from shared.refusals import NotFound
from shared.web import read_bytes

Access = Literal["anyone", "signed_in", "organizer", "admin"]
"""Anyone; whoever is signed in; any member, or an admin, of the organization in the path."""

FORM_BYTES_MAX = 64 * 1024
FIELDS_MAX = 200

Handle = Callable[[Visit], Awaitable[web.StreamResponse]]


@dataclass(frozen=True)
class ConsoleRoute:
    """One door of the console."""

    method: Literal["GET", "POST"]
    path: str
    handle: Handle
    access: Access
    needs_recent_sign_in: bool = False

    def __post_init__(self) -> None:
        """Raises ValueError where path and access cannot both be meant."""
        names_organization = "{organization_id}" in self.path
        if names_organization != (self.access in ("organizer", "admin")):
            raise ValueError(f"{self.path}: access {self.access} does not fit its path")


def bind(
    route: ConsoleRoute, renderer: Renderer
) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    """The door as aiohttp calls it: the visitor is known and allowed before the handler runs."""

    async def answer(request: web.Request) -> web.StreamResponse:
        desk = request.app[DESK]
        visit = Visit(request, desk, renderer, locale_of(request))
        try:
            async with desk.database.connection() as connection:
                await _recognize(visit, connection)
                if route.access != "anyone" and visit.person_or_none is None:
                    return _to_sign_in(request)
                if route.access in ("organizer", "admin"):
                    await _enter(visit, connection, route.access)
        except AdminsOnly:
            return await _refer_to_admins(visit)
        if route.method == "POST":
            refuse_foreign_forms(request, desk.links.public_url)
            visit.values = await _read_form(request)
            visit.check_form()
        try:
            if route.needs_recent_sign_in:
                await visit.require_recent_sign_in()
            response = await route.handle(visit)
        except ConfirmPassword:
            return see_other(asking("/console/confirm", await _way_back(request)))
        await _keep_note(visit, response)
        return response

    return answer


async def _recognize(visit: Visit, connection: Connection) -> None:
    token = cookies.read(visit.request, cookies.SESSION)
    if token is None:
        return
    found = await sessions.find(connection, cookies.hash_of(token))
    if found is None:
        return
    session, visit.note = found
    person = await people.find(connection, session.person_id)
    if person is None:
        return
    visit.person_or_none, visit.session_or_none = person, session
    visit.is_confirmed = session.is_confirmed(await connection.fetchval("SELECT now()"))
    visit.memberships = await people.memberships_of(connection, person.id)
    visit.locale = locale_of(visit.request, person.locale)


async def _enter(visit: Visit, connection: Connection, access: Access) -> None:
    """Raises NotFound for organizations that one is no member of, whether they exist or not."""
    membership = _membership_of(visit)
    if membership is None:
        raise NotFound
    visit.organization_or_none = await organizations.get(connection, membership.organization_id)
    visit.role = membership.role
    visit.exceptions_count = await exceptions.count_open(connection, membership.organization_id)
    if access == "admin" and membership.role != "admin":
        raise AdminsOnly


async def _refer_to_admins(visit: Visit) -> web.Response:
    """Who is no admin reads whom to ask."""
    async with visit.database.connection() as connection:
        admins = await people.admins_of(connection, visit.organization.id)
    return visit.page("console/admins_only.html", status=403, admins=admins)


def _membership_of(visit: Visit) -> Membership | None:
    try:
        organization_id = UUID(visit.request.match_info["organization_id"])
    except ValueError:
        return None
    return next((one for one in visit.memberships if one.organization_id == organization_id), None)


async def _keep_note(visit: Visit, response: web.StreamResponse) -> None:
    """Store what the next page has to say, or forget what this one has said."""
    if visit.session_or_none is None or visit.note is None:
        return
    is_left = response.status == 303
    if not is_left and not visit.is_note_shown:
        return
    async with visit.database.connection() as connection:
        await sessions.put_note(connection, visit.session.id_hash, visit.note if is_left else None)


async def _read_form(request: web.Request) -> dict[str, list[str]]:
    if not request.body_exists:
        return {}
    if request.content_type != "application/x-www-form-urlencoded":
        raise BadForm
    body = await read_bytes(request, FORM_BYTES_MAX)
    try:
        return parse_qs(
            body.decode(), keep_blank_values=True, errors="strict", max_num_fields=FIELDS_MAX
        )
    except ValueError:  # Also what is not UTF-8.
        raise BadForm from None


def _to_sign_in(request: web.Request) -> web.Response:
    if request.method != "GET":
        return see_other("/sign-in")
    return see_other(asking("/sign-in", request.path_qs))


async def _way_back(request: web.Request) -> str:
    """Where the password is asked from: the page itself, or the one whose form was sent.

    No page of the console names itself to the next one, so the nearest page above is taken.
    """
    if request.method == "GET":
        return local_path(request.path_qs)
    path = request.path
    while path.startswith("/console/"):
        asked = request.clone(method="GET", rel_url=path)
        if (await request.app.router.resolve(asked)).http_exception is None:
            return local_path(path)
        path = path.rpartition("/")[0]
    return local_path(None)
