"""Administration > Organizers: who belongs to the organization, and who is invited."""

from typing import Any

from aiohttp import web

from services.registration import members as rules
from services.registration.catalogues import msgid
from services.registration.console.table import ConsoleRoute
from services.registration.console.visit import Visit
from services.registration.pages.rendering import see_other
from services.registration.store import members as stored
from shared.refusals import Invalid, NotFound, Refusal

ROLE_WORDS = {"admin": msgid("Administrator"), "organizer": msgid("Organizer")}

_PATH = "/console/{organization_id}/administration"


async def show_administration(visit: Visit) -> web.Response:
    """GET …/administration: its first room."""
    return see_other(visit.path("administration", "payments"))


async def show_members(visit: Visit) -> web.Response:
    """GET …/administration/members."""
    return await _members(visit)


async def invite(visit: Visit) -> web.Response:
    """POST …/administration/members: mail an invitation."""
    email, role = visit.fields.get("email", "")[:320], visit.fields.get("role", "")
    try:
        async with visit.database.transaction() as connection:
            email = await rules.invite(
                connection, visit.links, visit.organization, visit.person, email, role
            )
    except Refusal as refusal:
        return await _members(
            visit,
            status=refusal.status,
            typed={"email": "".join(filter(str.isprintable, email)), "role": role},
            errors={refusal.field or "email": refusal.detail},
        )
    return visit.go(_list(visit), msgid("The invitation to %(email)s is sent."), {"email": email})


async def change_role(visit: Visit) -> web.Response:
    """POST …/administration/members/{person_id}/role: in force with the next request."""
    role = visit.fields.get("role", "")
    try:
        async with visit.database.transaction() as connection:
            member = await rules.change_role(
                connection, visit.organization.id, visit.person, visit.id("person_id"), role
            )
    except (rules.LastAdmin, Invalid) as refusal:
        return await _members(visit, status=refusal.status, refusal=refusal.detail)
    note = (
        msgid("%(name)s is an administrator now.")
        if role == "admin"
        else msgid("%(name)s is an organizer now.")
    )
    # Whoever demotes themselves may not see this list any more.
    is_own = member.person_id == visit.person.id and role != "admin"
    return visit.go(visit.path("webinars") if is_own else _list(visit), note, {"name": member.name})


async def show_removal(visit: Visit) -> web.Response:
    """GET …/administration/members/{person_id}/remove: what it means, before it is done."""
    async with visit.database.connection() as connection:
        member = await stored.find(connection, visit.organization.id, visit.id("person_id"))
    if member is None:
        raise NotFound
    return visit.page("console/member_remove.html", member=member)


async def remove(visit: Visit) -> web.Response:
    """POST …/administration/members/{person_id}/remove: in force with the next request."""
    try:
        async with visit.database.transaction() as connection:
            member = await rules.remove(
                connection, visit.organization.id, visit.person, visit.id("person_id")
            )
    except rules.LastAdmin as refusal:
        return await _members(visit, status=refusal.status, refusal=refusal.detail)
    if member.person_id == visit.person.id:
        return visit.go("/console")
    return visit.go(_list(visit), msgid("%(name)s is no longer a member."), {"name": member.name})


async def take_back(visit: Visit) -> web.Response:
    """POST …/administration/invitations/{invitation_id}/revoke."""
    async with visit.database.transaction() as connection:
        email = await rules.take_back(
            connection,
            visit.organization.id,
            visit.person,
            visit.request.match_info["invitation_id"],
        )
    return visit.go(
        _list(visit), msgid("The invitation to %(email)s is taken back."), {"email": email}
    )


async def send_again(visit: Visit) -> web.Response:
    """POST …/administration/invitations/{invitation_id}/resend: the old link is dead."""
    try:
        async with visit.database.transaction() as connection:
            email = await rules.invite_again(
                connection,
                visit.links,
                visit.organization,
                visit.person,
                visit.request.match_info["invitation_id"],
            )
    except rules.MailedEnough as refusal:
        return await _members(visit, status=refusal.status, refusal=refusal.detail)
    return visit.go(_list(visit), msgid("The invitation to %(email)s is sent."), {"email": email})


def _list(visit: Visit) -> str:
    return visit.path("administration", "members")


async def _members(
    visit: Visit,
    *,
    status: int = 200,
    typed: dict[str, str] | None = None,
    errors: dict[str, str] | None = None,
    refusal: str | None = None,
) -> web.Response:
    async with visit.database.connection() as connection:
        listed = await stored.list_of(connection, visit.organization.id)
        invitations = await stored.list_invitations(connection, visit.organization.id)
        now = await connection.fetchval("SELECT now()")
    facts: dict[str, Any] = {
        "members": listed,
        "admins_count": sum(member.role == "admin" for member in listed),
        "invitations": invitations,
        "role_words": ROLE_WORDS,
        "now": now,
    }
    return visit.page(
        "console/members.html",
        status=status,
        typed={"email": "", "role": "organizer"} | (typed or {}),
        errors=errors or {},
        refusal=refusal,
        **facts,
    )


ROUTES = [
    ConsoleRoute("GET", _PATH, show_administration, "organizer"),
    ConsoleRoute("GET", f"{_PATH}/members", show_members, "admin"),
    ConsoleRoute("POST", f"{_PATH}/members", invite, "admin"),
    ConsoleRoute("POST", f"{_PATH}/members/{{person_id}}/role", change_role, "admin"),
    ConsoleRoute("GET", f"{_PATH}/members/{{person_id}}/remove", show_removal, "admin"),
    ConsoleRoute("POST", f"{_PATH}/members/{{person_id}}/remove", remove, "admin"),
    ConsoleRoute("POST", f"{_PATH}/invitations/{{invitation_id}}/revoke", take_back, "admin"),
    ConsoleRoute("POST", f"{_PATH}/invitations/{{invitation_id}}/resend", send_again, "admin"),
]
