"""The organization: what it may change, what Stripe's readiness means, how it connects."""

import json
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

from services.registration.store import organizations
from shared.events import RegistrantCreated, StripeAccountDisconnected, StripeAccountUpdated
from tests.registration.office import PAYMENTS_URL, Office


async def test_what_is_changed_reaches_the_next_mails(office: Office) -> None:
    webinar = await office.schedule()

    reply = await office.organizer(
        "PATCH",
        "/api/v1/organization",
        {
            "name": "Escuela Sur",
            "sender_name": "Sur",
            "reply_to": "hola@example.org",
            "card_brands_blocked": ["american_express"],
        },
    )
    await office.register(webinar)

    assert reply.status == 200
    (created,) = await office.told(RegistrantCreated)
    assert (created.organization_name, created.sender_name) == ("Escuela Sur", "Sur")
    assert created.reply_to == "hola@example.org"
    assert created.card_brands_blocked == ("american_express",)


async def test_what_is_left_out_stays_and_null_clears(office: Office) -> None:
    path = "/api/v1/organization"
    await office.organizer("PATCH", path, {"sender_name": "Sur", "reply_to": "hola@example.org"})

    reply = await office.organizer("PATCH", path, {"reply_to": None})

    assert (reply.body["name"], reply.body["sender_name"]) == ("Escuela Norte", "Sur")
    assert reply.body["reply_to"] is None


async def test_bad_fields_are_named(office: Office) -> None:
    reply = await office.organizer(
        "PATCH",
        "/api/v1/organization",
        {
            "name": "",
            "reply_to": "nobody",
            "allowed_origins": ["https://a.example/path"],
            "card_brands_blocked": ["cash"],
        },
    )
    all_blocked = await office.organizer(
        "PATCH",
        "/api/v1/organization",
        {
            "card_brands_blocked": [
                "visa",
                "mastercard",
                "american_express",
                "discover_global_network",
            ]
        },
    )
    nameless = await office.organizer("PATCH", "/api/v1/organization", {"name": None})

    assert reply.fields == ["name", "reply_to", "allowed_origins.0", "card_brands_blocked.0"]
    assert all_blocked.fields == ["card_brands_blocked"]
    assert nameless.fields == ["name"]


async def test_the_newest_word_on_the_account_counts(office: Office) -> None:
    account = {"organization_id": office.organization_id, "stripe_account_id": "acct_1"}
    await office.deliver(
        StripeAccountUpdated(**account, version=5, is_ready=False, missing=("Add a bank account",)),
        StripeAccountUpdated(**account, version=4, is_ready=True),
    )

    waiting = (await office.organizer("GET", "/api/v1/organization")).body
    await office.deliver(StripeAccountUpdated(**account, version=6, is_ready=True, is_live=True))
    ready = (await office.organizer("GET", "/api/v1/organization")).body
    await office.deliver(StripeAccountDisconnected(**account, version=7, is_ready=True))
    gone = (await office.organizer("GET", "/api/v1/organization")).body

    assert (waiting["is_ready"], waiting["stripe_missing"]) == (False, ["Add a bank account"])
    assert (ready["is_ready"], ready["is_live"], ready["stripe_missing"]) == (True, True, [])
    assert (gone["is_ready"], gone["stripe_account_id"]) == (False, None)


async def test_what_pages_show_of_the_account_is_kept_as_long_as_it_is_connected(
    office: Office,
) -> None:
    account = {"organization_id": office.organization_id, "stripe_account_id": "acct_1"}
    await office.deliver(
        StripeAccountUpdated(
            **account,
            version=5,
            is_ready=False,
            requirements=("external_account",),
            mode="onboarding",
            is_submitted=False,
            charges_enabled=True,
            payouts_enabled=True,
            statement_descriptor="FARO STUDIO",
        )
    )

    async def shown() -> tuple[object, ...]:
        async with office.database.connection() as connection:
            known = await organizations.get(connection, office.organization_id)
        return (
            known.stripe_requirements,
            known.stripe_mode,
            known.stripe_is_submitted,
            known.stripe_may_charge,
            known.stripe_may_pay_out,
            known.statement_descriptor,
        )

    connected = await shown()
    await office.deliver(StripeAccountDisconnected(**account, version=6, is_ready=False))

    assert connected == (["external_account"], "onboarding", False, True, True, "FARO STUDIO")
    assert await shown() == ([], None, True, False, False, None)


async def test_paid_webinars_that_cannot_be_paid_for_are_an_exception(office: Office) -> None:
    webinar = await office.schedule()
    account = {"organization_id": office.organization_id, "stripe_account_id": "acct_1"}
    await office.deliver(StripeAccountDisconnected(**account, version=2, is_ready=False))

    reply = await office.organizer("GET", "/api/v1/exceptions")

    (shown,) = reply.body["exceptions"]
    assert (shown["kind"], shown["webinar_id"]) == ("sales_stopped", webinar["id"])


async def test_a_connect_ticket_is_signed_for_this_organization(office: Office) -> None:
    reply = await office.organizer("POST", "/api/v1/stripe-connection")

    assert reply.status == 201
    parts = urlsplit(reply.body["connect_url"])
    assert f"{parts.scheme}://{parts.netloc}{parts.path}" == f"{PAYMENTS_URL}/connect"
    ticket = parse_qs(parts.query)["ticket"][0]
    signed = json.loads(office.links.signer.verify("connect", ticket))
    assert signed["organization_id"] == str(office.organization_id)
    assert signed["person"]
    assert signed["way"] == "oauth"
    left = datetime.fromtimestamp(signed["expires"], UTC) - datetime.now(UTC)
    assert timedelta(minutes=9) < left <= timedelta(minutes=10)
