"""Settings > Mail: in whose name registrants are written to, and whom their answers reach."""

from dataclasses import replace

from aiohttp import web

from services.registration.catalogues import msgid
from services.registration.console.settings.reading import Errors, read_mail, shown_again
from services.registration.console.table import ConsoleRoute
from services.registration.console.visit import Visit
from services.registration.store import audit, organizations

_PATH = "/console/{organization_id}/settings/mail"


async def show_mail(visit: Visit) -> web.Response:
    """GET …/settings/mail."""
    organization = visit.organization
    return _page(
        visit,
        {"sender_name": organization.sender_name or "", "reply_to": organization.reply_to or ""},
    )


async def save_mail(visit: Visit) -> web.Response:
    """POST …/settings/mail: for mails from now on."""
    values, errors = read_mail(visit.fields)
    if errors:
        return _page(visit, shown_again(visit.fields), errors)
    async with visit.database.transaction() as connection:
        before = await organizations.lock(connection, visit.organization.id)
        after = replace(before, **values)
        await organizations.save(connection, after)
        changed = [name for name in values if getattr(before, name) != getattr(after, name)]
        if changed:
            await audit.add(
                connection, before.id, visit.person.id, "settings_changed", ", ".join(changed)
            )
    return visit.go(visit.path("settings", "mail"), msgid("The settings are saved."))


def _page(visit: Visit, typed: dict[str, str], errors: Errors | None = None) -> web.Response:
    return visit.page(
        "console/settings_mail.html",
        status=422 if errors else 200,
        typed={"sender_name": "", "reply_to": ""} | typed,
        errors=errors or {},
    )


ROUTES = [
    ConsoleRoute("GET", _PATH, show_mail, "admin"),
    ConsoleRoute("POST", _PATH, save_mail, "admin"),
]
