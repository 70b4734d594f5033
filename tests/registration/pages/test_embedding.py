"""The form in a frame: only where the organization allows it, and paying leaves the frame."""

import re
from html import unescape
from uuid import UUID

import pytest

from services.registration.pages.embedding import embed_snippet, frame_ancestors
from tests.registration.office import Office
from tests.registration.pages.builders import LINKS, WEBINAR_ID
from tests.registration.pages.counter import Counter, Page, public_path


def ancestors(page: Page) -> str:
    policy = page.headers["Content-Security-Policy"]
    found = re.search(r"frame-ancestors ([^;]*)", policy)
    assert found is not None
    return found[1]


async def allow(office: Office, *origins: str) -> None:
    await office.execute("UPDATE organizations SET allowed_origins = $1", list(origins))


async def test_the_allowed_origins_may_frame_the_form_and_nobody_else(counter: Counter) -> None:
    await allow(counter.office, "https://norte.example", "http://localhost:3000")
    webinar = await counter.office.schedule()

    framed = await counter.get(f"{public_path(webinar)}/embed")
    page = await counter.get(public_path(webinar))

    assert framed.status == 200
    assert ancestors(framed) == "https://norte.example http://localhost:3000"
    assert "X-Frame-Options" not in framed.headers
    assert ancestors(page) == "'none'"
    assert page.headers["X-Frame-Options"] == "DENY"


async def test_nobody_frames_it_unless_allowed(counter: Counter) -> None:
    webinar = await counter.office.schedule()

    page = await counter.get(f"{public_path(webinar)}/embed")

    assert page.status == 200
    assert ancestors(page) == "'none'"


@pytest.mark.parametrize(
    "origin",
    ["https://a.example; script-src *", "https://a.example *", "*", "https:", "'self'", "data:"],
)
def test_what_is_more_than_an_origin_frames_nothing(origin: str) -> None:
    assert frame_ancestors([origin, "https://[::1]:8443"]) == ["https://[::1]:8443"]


async def test_the_framed_form_is_sent_to_the_whole_window_and_works(counter: Counter) -> None:
    await allow(counter.office, "https://norte.example")
    webinar = await counter.office.schedule()

    framed = await counter.get(f"{public_path(webinar)}/embed")
    answer = await counter.register(webinar, framed)

    assert f'action="{public_path(webinar)}"' in framed.html
    assert 'target="_top"' in framed.html
    assert "Bread at home" in framed.text
    assert "Register and pay €49.00" in framed.text
    assert "If you cannot come" in framed.text
    assert 'class="topbar"' not in framed.html
    assert answer.location.startswith("https://pay.example.org/pay/")


async def test_a_webinar_that_is_not_there_has_no_form(counter: Counter) -> None:
    assert (await counter.get(f"/w/{UUID(int=1)}/embed")).status == 404


def test_what_is_pasted_names_the_form() -> None:
    snippet = embed_snippet(LINKS, WEBINAR_ID, 'Bread "at home" <b>')

    assert f'src="https://tickets.example/w/{WEBINAR_ID}/embed"' in snippet
    title = re.search(r'title="([^"]*)"', snippet)
    assert title is not None
    assert unescape(title[1]) == 'Bread "at home" <b>'
