"""Administration > API tokens: made, shown once, revoked."""

from aiohttp import web

from services.registration import administration
from services.registration.access import SCOPES
from services.registration.catalogues import msgid
from services.registration.console.table import ConsoleRoute
from services.registration.console.visit import Visit
from services.registration.store import audit
from shared.refusals import Invalid

SCOPE_WORDS = {
    "read": msgid("See webinars, registrants, money and exceptions"),
    "write": msgid("Schedule, change and cancel webinars"),
    "register": msgid("Register people, without the limits for strangers"),
    "refund": msgid("Cancel registrations and give money back"),
    "charge": msgid("Charge a payment method on registration"),
    "admin": msgid("Change the organization and connect Stripe"),
}

BAD_NAME = msgid("Give the token a name of 1 to 200 characters, to know it by.")
NO_SCOPE = msgid("Choose what the token may do.")

_PATH = "/console/{organization_id}/administration/tokens"


async def show_tokens(visit: Visit) -> web.Response:
    """GET …/administration/tokens."""
    return await _tokens(visit)


async def make_token(visit: Visit) -> web.Response:
    """POST …/administration/tokens: the answer is the only page that ever shows it."""
    name, scopes = visit.fields.get("name", ""), visit.all("scopes")
    errors = {} if set(scopes) & set(SCOPES) else {"scopes": NO_SCOPE}
    token = ""
    if not errors:
        try:
            async with visit.database.transaction() as connection:
                token = await administration.create_token(
                    connection, visit.organization.id, name, scopes
                )
                await audit.add(
                    connection,
                    visit.organization.id,
                    visit.person.id,
                    "token_created",
                    f"{name.strip()}: {', '.join(sorted(scopes))}",
                )
        except Invalid as refusal:
            errors = {"scopes": NO_SCOPE} if refusal.field == "scopes" else {"name": BAD_NAME}
    if errors:
        return await _tokens(visit, errors=errors, name=name, scopes=scopes)
    return await _tokens(visit, token=token, made=name.strip())


async def revoke_token(visit: Visit) -> web.Response:
    """POST …/administration/tokens/{token_id}/revoke: at once, also at payments."""
    token_id = visit.request.match_info["token_id"]
    async with visit.database.transaction() as connection:
        listed = await administration.list_tokens(connection, visit.organization.id)
        await administration.revoke_token(connection, visit.organization.id, token_id)
        known = next(one for one in listed if one["id"] == token_id)
        if known["revoked_at"] is None:
            await audit.add(
                connection, visit.organization.id, visit.person.id, "token_revoked", known["name"]
            )
    return visit.go(
        visit.path("administration", "tokens"),
        msgid("The token “%(name)s” no longer works."),
        {"name": known["name"]},
    )


async def _tokens(
    visit: Visit,
    *,
    errors: dict[str, str] | None = None,
    name: str = "",
    scopes: list[str] | None = None,
    token: str = "",
    made: str = "",
) -> web.Response:
    async with visit.database.connection() as connection:
        listed = await administration.list_tokens(connection, visit.organization.id)
        now = await connection.fetchval("SELECT now()")
    return visit.page(
        "console/tokens.html",
        status=422 if errors else 200,
        tokens=[one for one in listed if one["revoked_at"] is None],
        revoked=[one for one in listed if one["revoked_at"] is not None],
        errors=errors or {},
        typed_name="".join(filter(str.isprintable, name))[:200],
        typed_scopes=scopes or [],
        scope_words=SCOPE_WORDS,
        token=token,
        made=made,
        now=now,
    )


ROUTES = [
    ConsoleRoute("GET", _PATH, show_tokens, "admin"),
    ConsoleRoute("POST", _PATH, make_token, "admin", needs_recent_sign_in=True),
    ConsoleRoute("POST", f"{_PATH}/{{token_id}}/revoke", revoke_token, "admin"),
]
