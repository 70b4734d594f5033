"""API tokens made and revoked in the console."""

import re

from shared.events import ApiTokenChanged
from tests.registration.console.browser import PASSWORD, Browser
from tests.registration.office import Office


def tokens(office: Office) -> str:
    return f"/console/{office.organization_id}/administration/tokens"


async def test_a_token_is_shown_once_and_works_until_it_is_revoked(
    office: Office, admin: Browser
) -> None:
    made = await admin.post(tokens(office), {"name": "Website", "scopes": "read"})
    found = re.search(r"tq_[A-Za-z0-9_-]{40,}", made.html)
    assert found is not None
    listed = await admin.get(tokens(office))
    used = await office.call("GET", "/api/v1/organization", token=found[0])
    beyond = await office.call("PATCH", "/api/v1/organization", {}, token=found[0])
    token_id = await office.value("SELECT id FROM api_tokens WHERE name = 'Website'")

    revoked = await admin.post(f"{tokens(office)}/{token_id}/revoke", shown=listed)
    after = await office.call("GET", "/api/v1/organization", token=found[0])

    assert (made.status, used.status, beyond.status) == (200, 200, 403)
    assert made.headers["Cache-Control"] == "no-store"
    assert found[0] not in listed.html
    assert "Website" in listed.text
    assert (revoked.status, after.status) == (303, 401)
    assert (await office.told(ApiTokenChanged))[-1].is_revoked
    acts = await office.value("SELECT array_agg(act ORDER BY id) FROM audit_entries")
    assert acts == ["token_created", "token_revoked"]


async def test_a_token_without_name_or_scope_is_refused_and_the_rest_stays(
    office: Office, admin: Browser
) -> None:
    nameless = await admin.post(tokens(office), {"name": " ", "scopes": "refund"})
    powerless = await admin.post(tokens(office), {"name": "Website"})
    odd = await admin.post(tokens(office), {"name": "Website", "scopes": "everything"})

    assert nameless.status == powerless.status == odd.status == 422
    assert 'id="name-error"' in nameless.html
    assert 'value="refund" checked' in nameless.html
    assert 'value="Website"' in powerless.html
    assert 'id="scopes-error"' in powerless.html
    assert await office.value("SELECT count(*) FROM api_tokens") == 1


async def test_making_a_token_needs_the_password_of_late(office: Office, admin: Browser) -> None:
    shown = await admin.get(tokens(office))
    await office.execute("UPDATE sessions SET confirmed_at = now() - interval '1 hour'")

    asked = await admin.post(tokens(office), {"name": "Website", "scopes": "read"}, shown=shown)
    confirmed = await admin.post(asked.location, {"password": PASSWORD})
    made = await admin.post(tokens(office), {"name": "Website", "scopes": "read"})

    assert asked.status == 303
    assert asked.location.startswith("/console/confirm")
    assert (confirmed.status, confirmed.location) == (303, tokens(office)), "back to the form"
    assert made.status == 200


async def test_tokens_of_another_organization_are_not_found(office: Office, admin: Browser) -> None:
    shown = await admin.get(tokens(office))

    answer = await admin.post(f"{tokens(office)}/nonsense/revoke", shown=shown)

    assert answer.status == 404
