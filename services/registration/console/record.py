"""Administration > Record: what admins and organizers did, which nobody can rewrite."""

from aiohttp import web

from services.registration.console.table import ConsoleRoute
from services.registration.console.visit import Visit
from services.registration.store import audit

PAGE_LENGTH = 50
_ID_LENGTH_MAX = 18


async def show_record(visit: Visit) -> web.Response:
    """GET …/administration/record?before=."""
    asked = visit.query.get("before", "")
    is_id = asked.isascii() and asked.isdigit() and len(asked) <= _ID_LENGTH_MAX
    async with visit.database.connection() as connection:
        entries = await audit.list_of(
            connection,
            visit.organization.id,
            before=int(asked) if is_id else None,
            limit=PAGE_LENGTH + 1,
        )
    shown = entries[:PAGE_LENGTH]
    return visit.page(
        "console/record.html",
        entries=shown,
        older=f"?before={shown[-1].id}" if len(entries) > PAGE_LENGTH else None,
    )


ROUTES = [
    ConsoleRoute("GET", "/console/{organization_id}/administration/record", show_record, "admin")
]
