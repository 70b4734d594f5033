"""Choosing a way to connect, coming back to where one left, and the reader's language."""

from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest

from services.payments.connect.tickets import read_ticket
from services.registration.links import Links
from shared.tokens import BadToken
from tests.payments.account_world import ANNA
from tests.payments.connect_world import SIGNER, chosen_ticket, connect_world

HOME = "https://tickets.example.org/console/1/settings/payments"
NO_STRIPE = "http://127.0.0.1:1"


async def test_without_a_way_three_are_offered_and_the_ticket_is_not_used_up(
    postgres_url: str,
) -> None:
    async with connect_world(postgres_url, stripe_url=NO_STRIPE) as world:
        ticket = chosen_ticket(uuid4(), organization_name="Faro <Studio>", return_url=HOME)

        pages = [await world.browser.get("/connect", ticket=ticket) for _ in range(2)]

        for page in pages:
            assert page.status == 200
            assert "Connect Stripe to Faro &lt;Studio&gt;" in page.text
            for way in ("oauth", "onboarding", "key"):
                assert f'name="way" value="{way}"' in page.text
            assert f'href="{HOME}"' in page.text
        left = await world.browser.post("/connect", ticket=ticket, way="oauth")
        assert left.status == 303
        assert "/oauth/authorize" in left.location


async def test_forms_lead_to_stripe_and_nowhere_else(postgres_url: str) -> None:
    async with connect_world(
        postgres_url, stripe_url=NO_STRIPE, public_url="https://tickets.example.org"
    ) as world:
        page = await world.browser.get("/connect", ticket=chosen_ticket(uuid4()))

        policy = page.headers["Content-Security-Policy"]
        assert f"form-action 'self' {NO_STRIPE} https://*.stripe.com;" in policy
        assert "script" not in policy
        assert page.headers["X-Content-Type-Options"] == "nosniff"
        assert page.headers["X-Frame-Options"] == "DENY"
        assert page.headers["Strict-Transport-Security"] == "max-age=31536000"


@pytest.mark.parametrize("way", ["", "ransom", "OAUTH"])
async def test_a_way_that_there_is_not_leads_back_to_the_choice(
    postgres_url: str, way: str
) -> None:
    async with connect_world(postgres_url, stripe_url=NO_STRIPE) as world:
        page = await world.browser.post("/connect", ticket=chosen_ticket(uuid4()), way=way)

        assert page.status == 200
        assert 'name="way" value="oauth"' in page.text


async def test_a_choice_without_a_ticket_opens_nothing(postgres_url: str) -> None:
    async with connect_world(postgres_url, stripe_url=NO_STRIPE) as world:
        page = await world.browser.post("/connect", way="oauth", return_url="https://evil.example")

        assert page.status == 400
        assert "evil" not in page.text


async def test_a_key_is_explained_and_never_asked_for(postgres_url: str) -> None:
    organization_id = uuid4()
    async with connect_world(postgres_url, stripe_url=NO_STRIPE) as world:
        ticket = chosen_ticket(organization_id, return_url=HOME)

        page = await world.browser.post("/connect", ticket=ticket, way="key")

        assert page.status == 200
        assert "PAYMENTS_STRIPE_SECRET_KEY" in page.text
        assert f"PAYMENTS_STRIPE_ORGANIZATION_ID={organization_id}" in page.text
        assert "<input" not in page.text
        assert f'href="{HOME}"' in page.text


async def test_where_only_a_key_is_possible_it_is_explained_at_once(postgres_url: str) -> None:
    async with connect_world(postgres_url, stripe_url=NO_STRIPE, client_id=None) as world:
        page = await world.browser.get("/connect", ticket=chosen_ticket(uuid4()))

        assert page.status == 200
        assert "Use a restricted key" in page.text
        assert "Other ways to connect" not in page.text


async def test_success_is_shown_where_the_person_came_from(postgres_url: str) -> None:
    async with connect_world(postgres_url) as world:
        ticket = chosen_ticket(uuid4(), way="oauth", return_url=HOME)
        leaving = await world.browser.get("/connect", ticket=ticket)
        back = await world.browser.agree(leaving.location, ANNA)

        for _ in range(2):
            page = await world.browser.get(back.removeprefix(world.doors.public_url))
            assert page.status == 303
            assert page.location == f"{HOME}?connected=1"


async def test_after_a_no_at_stripe_a_link_leads_back(postgres_url: str) -> None:
    async with connect_world(postgres_url) as world:
        ticket = chosen_ticket(uuid4(), way="oauth", return_url=HOME)
        leaving = await world.browser.get("/connect", ticket=ticket)
        back = await world.browser.agree(leaving.location, ANNA, says="deny")

        page = await world.browser.get(back.removeprefix(world.doors.public_url))

        assert page.status == 200
        assert "You said no at Stripe" in page.text
        assert f'href="{HOME}"' in page.text


async def test_only_a_signed_way_back_is_followed(postgres_url: str) -> None:
    async with connect_world(postgres_url) as world:
        leaving = await world.browser.get(
            "/connect",
            ticket=chosen_ticket(uuid4(), way="oauth"),
            return_url="https://evil.example",
        )
        back = await world.browser.agree(leaving.location, ANNA)
        page = await world.browser.get(
            back.removeprefix(world.doors.public_url) + "&return_url=https%3A%2F%2Fevil.example"
        )

        assert page.status == 200
        assert "is connected to Stripe" in page.text
        assert "evil" not in page.text


@pytest.mark.parametrize(
    ("locale", "words"), [("es-MX", "Conectar Stripe"), ("en", "Connect Stripe")]
)
async def test_pages_speak_the_persons_language(postgres_url: str, locale: str, words: str) -> None:
    async with connect_world(postgres_url, stripe_url=NO_STRIPE) as world:
        page = await world.browser.get("/connect", ticket=chosen_ticket(uuid4(), locale=locale))

        assert f"<h1>{words}</h1>" in page.text
        assert f'<html lang="{locale[:2]}">' in page.text
        assert page.headers["Content-Language"] == locale[:2]


async def test_the_language_stays_the_same_on_the_way_back(postgres_url: str) -> None:
    async with connect_world(postgres_url) as world:
        ticket = chosen_ticket(uuid4(), way="oauth", locale="es")
        leaving = await world.browser.get("/connect", ticket=ticket)
        back = await world.browser.agree(leaving.location, ANNA, says="deny")

        page = await world.browser.get(back.removeprefix(world.doors.public_url))

        assert "Has dicho que no en Stripe" in page.text


@pytest.mark.parametrize(
    "given",
    [
        {"way": "ransom"},
        {"return_url": "javascript:alert(1)"},
        {"return_url": "//evil.example"},
        {"return_url": 'https://a.example/"onclick'},
        {"return_url": 5},
        {"person": 5},
        {"expires": "soon"},
        {"ticket_id": None},
    ],
)
def test_a_ticket_that_says_something_odd_is_refused(given: dict[str, Any]) -> None:
    with pytest.raises(BadToken):
        read_ticket(SIGNER, chosen_ticket(uuid4(), **given))


def test_a_ticket_of_registration_is_understood() -> None:
    organization_id, now = uuid4(), datetime.now(UTC)
    links = Links(SIGNER, "https://tickets.example.org", "https://pay.example.org")
    url = links.connect_url(
        uuid4(),
        organization_id,
        person="Inés " + "ß" * 190,
        now=now,
        way="onboarding",
        return_path="/console/1/settings/payments",
        locale="es",
        organization_name="Faro Studio",
    )
    assert url.startswith("https://pay.example.org/connect?ticket=")

    ticket = read_ticket(SIGNER, url.partition("ticket=")[2])

    assert ticket.organization_id == organization_id
    assert (ticket.way, ticket.locale) == ("onboarding", "es")
    assert ticket.return_url == HOME
    assert ticket.organization_name == "Faro Studio"
    assert ticket.expires_unix == int(now.timestamp()) + 600
