"""Settings > Organization: its name, legal links, terms, and the sites that may embed forms."""

from dataclasses import replace

from aiohttp import web

from services.registration.catalogues import msgid
from services.registration.console.settings.reading import (
    Errors,
    read_organization,
    read_terms,
    shown_again,
)
from services.registration.console.table import ConsoleRoute
from services.registration.console.visit import Visit
from services.registration.store import audit, organizations, terms

_PATH = "/console/{organization_id}/settings/organization"


async def show_organization(visit: Visit) -> web.Response:
    """GET …/settings/organization."""
    async with visit.database.connection() as connection:
        current = await terms.current(connection, visit.organization.id)
    organization = visit.organization
    return _page(
        visit,
        {
            "name": organization.name,
            "privacy_url": organization.privacy_url or "",
            "imprint_url": organization.imprint_url or "",
            "terms_url": (current and current.url) or "",
            "terms_text": (current and current.text) or "",
            "allowed_origins": "\n".join(organization.allowed_origins),
        },
    )


async def save_organization(visit: Visit) -> web.Response:
    """POST …/settings/organization: other terms are a new version, older consents keep theirs."""
    values, errors = read_organization(visit.fields)
    own_terms, terms_errors = read_terms(visit.fields)
    errors |= terms_errors
    if errors:
        return _page(visit, shown_again(visit.fields), errors)
    async with visit.database.transaction() as connection:
        before = await organizations.lock(connection, visit.organization.id)
        old_terms = await terms.current(connection, before.id)
        after = replace(before, **values)
        await organizations.save(connection, after)
        await terms.add(connection, before.id, text=own_terms["text"], url=own_terms["url"])
        changed = [name for name in values if getattr(before, name) != getattr(after, name)]
        if own_terms != {
            "text": old_terms and old_terms.text,
            "url": old_terms and old_terms.url,
        }:
            changed.append("terms")
        if changed:
            await audit.add(
                connection, before.id, visit.person.id, "settings_changed", ", ".join(changed)
            )
    return visit.go(visit.path("settings", "organization"), msgid("The settings are saved."))


def _page(visit: Visit, typed: dict[str, str], errors: Errors | None = None) -> web.Response:
    empty = dict.fromkeys(
        ("name", "privacy_url", "imprint_url", "terms_url", "terms_text", "allowed_origins"), ""
    )
    return visit.page(
        "console/settings_organization.html",
        status=422 if errors else 200,
        typed=empty | typed,
        errors=errors or {},
    )


ROUTES = [
    ConsoleRoute("GET", _PATH, show_organization, "admin"),
    ConsoleRoute("POST", _PATH, save_organization, "admin"),
]
