"""Every door x everybody x every kind of id: made from the table of routes, so none is left out."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID, uuid4

import pytest

from services.registration.console import ROUTES
from services.registration.console.table import ConsoleRoute
from tests.registration.console.browser import (
    Browser,
    new_organization,
    open_console,
)
from tests.registration.console.foreign_ids import ID_KINDS, ids_of
from tests.registration.office import Office

_PARAMETER = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True)
class Asked:
    """A door and how it answered."""

    door: str
    status: int
    location: str


def door(route: ConsoleRoute) -> str:
    return f"{route.method} {route.path}"


def names_of(route: ConsoleRoute) -> list[str]:
    return _PARAMETER.findall(route.path)


def filled(route: ConsoleRoute, organization_id: UUID, **ids: object) -> str:
    values = {"organization_id": organization_id} | ids
    return _PARAMETER.sub(lambda found: str(values.get(found[1], uuid4())), route.path)


def closed() -> Iterator[ConsoleRoute]:
    return (route for route in ROUTES if route.access != "anyone")


def of_organizations() -> Iterator[ConsoleRoute]:
    return (route for route in ROUTES if route.access in ("organizer", "admin"))


async def ask(browser: Browser, route: ConsoleRoute, path: str, csrf: str = "") -> Asked:
    page = await (
        browser.get(path) if route.method == "GET" else browser.post_raw(path, {"csrf": csrf})
    )
    return Asked(door(route), page.status, page.headers.get("Location", ""))


async def csrf_of(browser: Browser) -> str:
    return (await browser.get("/console/confirm")).field("csrf")


async def test_nobody_gets_further_than_the_sign_in_page(office: Office, browser: Browser) -> None:
    answers = [
        await ask(browser, route, filled(route, office.organization_id)) for route in closed()
    ]

    assert [
        one for one in answers if one.status != 303 or not one.location.startswith("/sign-in")
    ] == []


@pytest.mark.parametrize("role", ["organizer", "admin"])
async def test_another_organization_is_not_there(office: Office, role: str) -> None:
    foreign_id = await new_organization(office)
    async with open_console(office, role) as browser:  # type: ignore[arg-type] # Both are roles.
        csrf = await csrf_of(browser)
        for route in of_organizations():
            foreign = await ask(browser, route, filled(route, foreign_id), csrf)
            missing = await ask(browser, route, filled(route, uuid4()), csrf)

            assert (foreign.status, missing.status) == (404, 404), foreign.door


async def test_what_only_admins_may_is_refused_to_organizers(
    office: Office, organizer: Browser
) -> None:
    csrf = await csrf_of(organizer)

    answers = [
        await ask(organizer, route, filled(route, office.organization_id), csrf)
        for route in ROUTES
        if route.access == "admin"
    ]

    assert [one for one in answers if one.status != 403] == []


async def test_no_form_is_taken_without_the_browsers_own_secret(
    office: Office, admin: Browser
) -> None:
    answers = [
        await ask(admin, route, filled(route, office.organization_id))
        for route in ROUTES
        if route.method == "POST"
    ]

    assert [one for one in answers if one.status != 403] == []


def test_every_id_of_a_path_is_of_a_kind_that_is_tried() -> None:
    unknown = {
        name
        for route in ROUTES
        for name in names_of(route)
        if name not in ID_KINDS and name != "organization_id"
    }

    assert unknown == set()


async def test_a_foreign_id_answers_exactly_as_a_missing_one(
    office: Office, admin: Browser
) -> None:
    csrf = await csrf_of(admin)
    different: list[tuple[str, int, int]] = []
    foreign = await ids_of(office, await new_organization(office))
    for route in of_organizations():
        names = [name for name in names_of(route) if name != "organization_id"]
        if not names:
            continue
        pages = []
        for ids in ({name: foreign[name] for name in names}, {name: uuid4() for name in names}):
            path = filled(route, office.organization_id, **ids)
            page = await (
                admin.get(path) if route.method == "GET" else admin.post_raw(path, {"csrf": csrf})
            )
            html = page.html
            for value in ids.values():
                html = html.replace(str(value), "the id")
            pages.append((page.status, html))
        # 422: a form that is not filled in is judged before what it is about.
        if pages[0] != pages[1] or pages[0][0] not in (404, 422):
            different.append((door(route), pages[0][0], pages[1][0]))

    assert different == []
