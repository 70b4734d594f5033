"""Accept payments: what is known of the account, the way to Stripe, the way out."""

import json
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from services.registration.people import PASSWORD_CONFIRMED_FOR
from services.registration.store import refund_limits
from shared.events import StripeAccountDisconnected, StripeAccountUpdated, StripeDisconnectRequested
from tests.registration.console.browser import PASSWORD, Browser, new_person
from tests.registration.office import PAYMENTS_URL, PUBLIC_URL, Office


def room(office: Office, *parts: str) -> str:
    return "/".join((f"/console/{office.organization_id}/settings/payments", *parts))


def administration(office: Office) -> str:
    return f"/console/{office.organization_id}/administration/payments"


async def is_told(office: Office, **fields: Any) -> None:
    """Payments tells something newer of the account."""
    await office.deliver(
        StripeAccountUpdated(
            **{
                "organization_id": office.organization_id,
                "version": 5,
                "stripe_account_id": "acct_1Abcd7Qx2",
                "display_name": "Faro Studio SL",
                "is_ready": True,
                "default_currency": "EUR",
                "mode": "oauth",
                "charges_enabled": True,
                "payouts_enabled": True,
                "statement_descriptor": "FARO STUDIO",
            }
            | fields
        )
    )


async def is_disconnected(office: Office) -> None:
    await office.deliver(
        StripeAccountDisconnected(
            organization_id=office.organization_id,
            version=6,
            stripe_account_id="acct_1",
            is_ready=False,
        )
    )


async def sign_in_was_long_ago(office: Office) -> None:
    await office.execute(
        "UPDATE sessions SET confirmed_at = now() - $1::interval",
        PASSWORD_CONFIRMED_FOR + timedelta(minutes=1),
    )


async def test_settings_and_administration_lead_to_the_same_page(
    office: Office, admin: Browser
) -> None:
    await is_disconnected(office)

    settings = await admin.get(f"/console/{office.organization_id}/settings")
    rooms = await admin.get(f"/console/{office.organization_id}/administration")
    one, other = await admin.get(settings.location), await admin.get(rooms.location)

    assert (settings.location, rooms.location) == (room(office), administration(office))
    for page in (one, other):
        assert "Connect to Stripe" in page.text
        assert "Create an account at Stripe" in page.text
        assert "Use a restricted key" in page.text
        assert f'action="{room(office, "connect")}"' in page.html
        assert (
            "Every organizer of this organization can take payments into this account." in page.text
        )


@pytest.mark.parametrize("way", ["oauth", "onboarding", "key"])
async def test_each_way_goes_to_payments_with_a_ticket(
    office: Office, admin: Browser, way: str
) -> None:
    await is_disconnected(office)
    shown = await admin.get(room(office))

    onward = await admin.post(room(office, "connect"), {"way": way}, shown=shown)

    assert onward.status == 303
    assert onward.location.startswith(f"{PAYMENTS_URL}/connect?ticket=")
    (token,) = parse_qs(urlsplit(onward.location).query)["ticket"]
    ticket = json.loads(office.links.signer.verify("connect", token))
    assert ticket["way"] == way
    assert ticket["organization_id"] == str(office.organization_id)
    assert ticket["person"] == str(await office.value("SELECT id FROM people"))
    assert ticket["return_url"] == PUBLIC_URL + room(office)
    assert ticket["organization_name"] == "Escuela Norte"
    assert await office.value("SELECT act || ' ' || about FROM audit_entries") == (
        f"stripe_connect_started {way}"
    )


async def test_the_page_lets_its_forms_end_at_payments_and_stripe(
    office: Office, admin: Browser
) -> None:
    page = await admin.get(room(office))

    policy = page.headers["Content-Security-Policy"]
    (targets,) = [part for part in policy.split("; ") if part.startswith("form-action")]
    assert {PAYMENTS_URL, "https://connect.stripe.com"} <= set(targets.split())


async def test_who_is_back_from_stripe_reads_that_it_worked(office: Office, admin: Browser) -> None:
    await is_told(office)

    page = await admin.get(room(office) + "?connected=1")
    later = await admin.get(room(office))

    assert "Faro Studio SL is connected to Stripe. You can now put a price" in page.text
    assert "acct_…7Qx2" in page.text
    assert "FARO STUDIO" in page.text
    assert "Test: no card is charged" in page.text
    assert "TEST MODE" in page.text
    assert "is connected to Stripe." not in later.text


async def test_who_is_back_before_the_news_looks_again_by_itself(
    office: Office, admin: Browser
) -> None:
    await is_disconnected(office)

    first = await admin.get(room(office) + "?connected=1")
    last = await admin.get(room(office) + "?connected=20")
    odd = await admin.get(room(office) + "?connected=x")

    assert "It appears here in a moment" in first.text
    assert "connected=2" in first.html
    assert "http-equiv" not in last.html
    assert odd.status == 200
    assert "It appears here" not in odd.text


async def test_what_stripe_still_wants_is_said_in_plain_words(
    office: Office, admin: Browser
) -> None:
    await is_told(
        office,
        is_ready=False,
        payouts_enabled=False,
        requirements=("external_account", "individual.verification.document"),
    )

    page = await admin.get(room(office) + "?connected=1")

    assert "Stripe needs something from you" in page.text
    assert "A bank account for payouts" in page.text
    assert "A photo of your identity document" in page.text
    assert "Waiting for you" in page.text
    assert "external_account" not in page.html


async def test_an_application_that_is_not_finished_goes_on_at_stripe(
    office: Office, admin: Browser
) -> None:
    await is_told(office, is_ready=False, mode="onboarding", is_submitted=False)

    page = await admin.get(room(office))

    assert "Go on at Stripe" in page.text
    assert 'value="onboarding"' in page.html


async def test_a_live_account_shows_no_banner(office: Office, admin: Browser) -> None:
    await is_told(office, is_live=True)

    page = await admin.get(room(office))

    assert "TEST MODE" not in page.text
    assert "Live" in page.text


async def test_an_organizer_sees_whom_to_ask_and_cannot_connect(
    office: Office, organizer: Browser
) -> None:
    await new_person(office, "eva@example.org", "admin", name="Eva Ruiz")
    await is_disconnected(office)

    page = await organizer.get(room(office))
    connecting = await organizer.post(room(office, "connect"), {"way": "oauth"}, shown=page)
    leaving = await organizer.post(room(office, "disconnect"), shown=page)
    choosing = await organizer.post(room(office, "choices"), {"brands": "visa"}, shown=page)

    assert "Eva Ruiz" in page.text
    assert "eva@example.org" in page.text
    assert room(office, "connect") not in page.html
    assert connecting.status == leaving.status == choosing.status == 403
    assert await office.told(StripeDisconnectRequested) == []


async def test_disconnecting_says_what_will_happen_and_asks_payments(
    office: Office, admin: Browser
) -> None:
    webinar = await office.schedule()
    await office.admitted(webinar)
    await office.admitted(webinar)
    await office.schedule(price_minor=0, currency=None, refund_policy=None)
    await is_told(office)

    asked = await admin.get(room(office, "disconnect"))
    done = await admin.post(room(office, "disconnect"), shown=asked)

    assert "One webinar with a price stops selling" in asked.text
    assert "2 open payments end" in asked.text
    assert "Nobody who has paid loses a seat" in asked.text
    assert (done.status, done.location) == (303, room(office))
    (request,) = await office.told(StripeDisconnectRequested)
    assert request.account_id == "acct_1Abcd7Qx2"
    assert request.organization_id == office.organization_id
    assert request.person == str(await office.value("SELECT id FROM people"))
    assert "Sales stop within a few seconds" in (await admin.get(room(office))).text
    assert await office.value("SELECT act || ' ' || about FROM audit_entries") == (
        "stripe_disconnect_asked acct_…7Qx2"
    )


async def test_an_account_of_the_servers_key_is_not_ours_to_let_go(
    office: Office, admin: Browser
) -> None:
    await is_told(office, mode="direct_key")

    page = await admin.get(room(office))
    asked = await admin.get(room(office, "disconnect"))
    done = await admin.post(room(office, "disconnect"), shown=page)

    assert "key in the server’s settings" in page.text
    assert room(office, "disconnect") not in page.html
    assert asked.location == done.location == room(office)
    assert await office.told(StripeDisconnectRequested) == []


async def test_connecting_and_disconnecting_need_the_password_of_late(
    office: Office, admin: Browser
) -> None:
    await is_told(office)
    shown = await admin.get(room(office))
    await sign_in_was_long_ago(office)

    answers = [
        await admin.post(room(office, "connect"), {"way": "oauth"}, shown=shown),
        await admin.get(room(office, "disconnect")),
        await admin.post(room(office, "disconnect"), shown=shown),
        await admin.post(
            room(office, "choices"),
            {"brands": "visa", "limit": "1000", "limit_currency": "EUR"},
            shown=shown,
        ),
    ]

    for answer in answers:
        assert answer.status == 303
        assert answer.location.startswith("/console/confirm?next=")
    assert await office.told(StripeDisconnectRequested) == []
    assert await office.value("SELECT refund_limit_minor FROM organizations") is None
    back = await admin.post(answers[0].location, {"password": PASSWORD})
    assert back.location == room(office)


@pytest.mark.parametrize("what", ["connect", "disconnect", "choices"])
async def test_a_form_without_our_token_changes_nothing(
    office: Office, admin: Browser, what: str
) -> None:
    await is_told(office)

    answer = await admin.post_raw(room(office, what), {"way": "oauth", "brands": "visa"})

    assert answer.status == 403
    assert await office.told(StripeDisconnectRequested) == []
    assert await office.value("SELECT card_brands_blocked FROM organizations") == []
    assert await office.value("SELECT count(*) FROM audit_entries") == 0


async def test_cards_and_the_limit_of_refunds_are_kept(office: Office, admin: Browser) -> None:
    saved = await admin.post(
        room(office, "choices"),
        {"brands": "visa", "limit": "150,50", "limit_currency": "EUR"},
        shown=await admin.get(room(office)),
    )
    page = await admin.get(room(office))

    assert saved.status == 303
    assert await office.value("SELECT card_brands_blocked FROM organizations") == [
        "american_express",
        "discover_global_network",
        "mastercard",
    ]
    async with office.database.connection() as connection:
        limit = await refund_limits.find(connection, office.organization_id)
    assert limit is not None
    assert (limit.amount_minor, limit.currency) == (15_050, "EUR")
    assert 'value="150.50"' in page.html
    assert 'value="visa" checked' in page.html
    assert 'value="mastercard" checked' not in page.html


async def test_bad_choices_are_marked_and_kept(office: Office, admin: Browser) -> None:
    shown = await admin.get(room(office))

    none = await admin.post(room(office, "choices"), {"limit_currency": "EUR"}, shown=shown)
    odd = await admin.post(
        room(office, "choices"),
        {"brands": "visa", "limit": "a lot", "limit_currency": "JPY"},
        shown=shown,
    )
    foreign = await admin.post(
        room(office, "choices"),
        {"brands": "visa", "limit": "5", "limit_currency": "XXX"},
        shown=shown,
    )

    assert none.status == odd.status == foreign.status == 422
    assert 'id="brands-error"' in none.html
    assert 'value="a lot"' in odd.html
    assert "in JPY like 100" in odd.text
    assert 'id="limit_currency-error"' in foreign.html
    assert await office.value("SELECT card_brands_blocked FROM organizations") == []
