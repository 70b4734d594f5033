"""Pages of other origins: only those that the organization allows."""

from tests.registration.office import Office

SHOP = "https://shop.example.org"


async def allow(office: Office) -> None:
    reply = await office.organizer(
        "PATCH", "/api/v1/organization", {"allowed_origins": [f"{SHOP}/"]}
    )
    assert reply.body["allowed_origins"] == [SHOP]


async def test_an_allowed_page_may_read_answers_and_refusals(office: Office) -> None:
    await allow(office)
    webinar = await office.schedule(capacity=1)
    path = f"/api/v1/webinars/{webinar['id']}"
    person = {"name": "Ana", "email": "ana@example.org"}

    replies = [
        await office.call("GET", path, headers={"Origin": SHOP}),
        await office.call("POST", f"{path}/registrations", person, headers={"Origin": SHOP}),
        await office.call("POST", f"{path}/registrations", person, headers={"Origin": SHOP}),
    ]

    assert [reply.status for reply in replies] == [200, 201, 409]
    for reply in replies:
        assert reply.headers["Access-Control-Allow-Origin"] == SHOP
        assert reply.headers["Vary"] == "Origin"
    token = replies[1].body["manage_url"].rsplit("/", 1)[1]
    own = await office.call("GET", f"/api/v1/registrations/{token}", headers={"Origin": SHOP})
    assert own.headers["Access-Control-Allow-Origin"] == SHOP


async def test_browsers_are_told_beforehand_what_they_may_send(office: Office) -> None:
    await allow(office)
    webinar = await office.schedule()
    path = f"/api/v1/webinars/{webinar['id']}/registrations"

    allowed = await office.call("OPTIONS", path, headers={"Origin": SHOP})
    other = await office.call("OPTIONS", path, headers={"Origin": "https://evil.example"})

    assert allowed.status == other.status == 204
    assert allowed.headers["Access-Control-Allow-Methods"] == "POST"
    assert "Idempotency-Key" in allowed.headers["Access-Control-Allow-Headers"]
    assert "Access-Control-Allow-Origin" not in other.headers


async def test_other_pages_and_private_calls_are_not_allowed(office: Office) -> None:
    await allow(office)
    webinar = await office.schedule()

    foreign = await office.call(
        "GET", f"/api/v1/webinars/{webinar['id']}", headers={"Origin": "https://evil.example"}
    )
    private = await office.call(
        "GET", "/api/v1/organization", token=office.token, headers={"Origin": SHOP}
    )
    unknown = await office.call("GET", "/api/v1/registrations/x.y.z", headers={"Origin": SHOP})

    for reply in (foreign, private, unknown):
        assert "Access-Control-Allow-Origin" not in reply.headers
