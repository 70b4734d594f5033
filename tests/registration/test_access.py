"""Who may do what: scopes, strangers, and other organizations."""

from typing import Any
from uuid import uuid4

import pytest

from services.registration import administration
from services.registration.access import SCOPES
from services.registration.routes import ROUTES
from shared.events import ApiTokenChanged
from shared.refusals import Invalid, NotFound
from tests.registration.office import FREE, Office, new_key, new_organization

BODIES: dict[str, dict[str, Any]] = {
    "create_webinar": {"title": "x", "starts_at": "2099-01-01T00:00:00Z"},
    "change_webinar": {"title": "Taken over"},
    "change_organization": {"name": "Taken over"},
}


def path_of(path: str, webinar_id: str, registrant_id: str) -> str:
    return path.replace("{webinar_id}", webinar_id).replace("{registrant_id}", registrant_id)


async def test_every_scoped_route_refuses_strangers_and_lesser_tokens(office: Office) -> None:
    webinar = await office.schedule()
    registrant = await office.admitted(webinar)
    tokens: dict[str, str] = {}
    for scope in SCOPES:
        lesser = tuple(other for other in SCOPES if other != scope)
        async with office.database.transaction() as connection:
            tokens[scope] = await administration.create_token(
                connection, office.organization_id, "lesser", lesser
            )
    scoped = [route for route in ROUTES if not route.is_public]
    before = await office.subjects()

    for route in scoped:
        path = path_of(route.path, webinar["id"], str(registrant.id))
        body = BODIES.get(route.handle.__name__, {})
        for token, status in (
            (None, 401),
            ("tq_wrong", 401),
            ("nonsense", 401),
            (tokens[route.access], 403),
        ):
            reply = await office.call(route.method, path, body, token=token)
            assert reply.status == status, (route.method, path, token)

    assert len(scoped) >= 12
    assert await office.subjects() == before


async def test_another_organization_finds_nothing_and_changes_nothing(office: Office) -> None:
    """A foreign id answers as a missing one does, on every route that takes an id."""
    webinar = await office.schedule()
    registrant = await office.paid(webinar)
    stranger = await new_organization(office.database, uuid4())
    before = await office.subjects()
    rows = await office.value("SELECT array_agg(r::text ORDER BY id) FROM registrants r")

    for route in (one for one in ROUTES if not one.is_public and "{" in one.path):
        answers = []
        for ids in ((webinar["id"], str(registrant.id)), (str(uuid4()), str(uuid4()))):
            reply = await office.call(
                route.method,
                path_of(route.path, *ids),
                BODIES.get(route.handle.__name__, {}),
                token=stranger,
                headers={"Idempotency-Key": new_key()},
            )
            answers.append((reply.status, reply.body))
        assert answers[0] == answers[1]
        assert answers[0][0] == 404

    assert await office.subjects() == before
    assert await office.value("SELECT array_agg(r::text ORDER BY id) FROM registrants r") == rows
    public = await office.call("GET", f"/api/v1/webinars/{webinar['id']}", token=stranger)
    assert public.status == 200
    assert "seats_taken" not in public.body
    charge = await office.register(webinar, token=stranger, payment_method="pm_1")
    assert charge.status == 403


async def test_lists_show_the_own_organization_only(office: Office) -> None:
    await office.schedule(**FREE)
    stranger = await new_organization(office.database, uuid4())

    reply = await office.call("GET", "/api/v1/webinars", token=stranger)

    assert reply.body == {"webinars": [], "next": None}


async def test_a_revoked_token_opens_nothing_at_once(office: Office) -> None:
    async with office.database.transaction() as connection:
        listed = await administration.list_tokens(connection, office.organization_id)
        await administration.revoke_token(connection, office.organization_id, listed[0]["id"])

    reply = await office.organizer("GET", "/api/v1/organization")

    assert (reply.status, reply.code) == (401, "unauthorized")
    made, revoked = await office.told(ApiTokenChanged)
    assert (made.version, made.is_revoked) == (1, False)
    assert (revoked.version, revoked.is_revoked) == (2, True)
    assert revoked.token_hash == made.token_hash
    assert set(made.scopes) == set(SCOPES)


async def test_a_token_is_stored_as_a_hash(office: Office) -> None:
    stored = await office.value("SELECT array_agg(t::text) FROM api_tokens t")

    assert office.token.startswith("tq_")
    assert all(office.token not in row for row in stored)


async def test_tokens_are_made_for_organizations_and_scopes_that_exist(office: Office) -> None:
    async with office.database.transaction() as connection:
        for scopes in ((), ("everything",)):
            with pytest.raises(Invalid):
                await administration.create_token(connection, office.organization_id, "x", scopes)
        with pytest.raises(Invalid):
            await administration.create_token(connection, office.organization_id, " ", ("read",))
        with pytest.raises(NotFound):
            await administration.create_token(connection, uuid4(), "x", ("read",))
        with pytest.raises(NotFound):
            await administration.revoke_token(connection, office.organization_id, "unknown")


async def test_an_organization_is_made_once(office: Office) -> None:
    async with office.database.transaction() as connection:
        await administration.create_organization(connection, office.organization_id, "Other")

    reply = await office.organizer("GET", "/api/v1/organization")

    assert reply.body["name"] == "Escuela Norte"
