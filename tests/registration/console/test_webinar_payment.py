"""Add payment: free by default, an amount as people write it, and whom to ask without Stripe."""

from typing import Any

from tests.registration.console.browser import Browser, new_organization, new_person
from tests.registration.console.test_webinars import webinars_path
from tests.registration.office import FREE, Office, account_connected
from tests.registration.pages.counter import Page


async def save(
    office: Office, browser: Browser, webinar: dict[str, Any], amount: str, currency: str = "EUR"
) -> Page:
    path = webinars_path(office, webinar["id"], "payment")
    return await browser.post(path, {"amount": amount, "currency": currency, "do": "save"})


async def price_of(office: Office, webinar: dict[str, Any]) -> tuple[int, str | None]:
    body = (await office.organizer("GET", f"/api/v1/webinars/{webinar['id']}")).body
    return body["price_minor"], body["currency"]


async def test_a_webinar_is_free_until_an_amount_is_saved(
    office: Office, organizer: Browser
) -> None:
    webinar = await office.schedule(**FREE)

    page = await organizer.get(webinars_path(office, webinar["id"], "payment"))

    for words in (
        "Free now",
        "Save amount",
        "Keep it free",
        "Stripe is the only payment service. Its fee varies by currency",
        "At least €0.50 EUR.",
        "Put into the description how to cancel, what is refunded",
        "You say nothing about refunds yet",
    ):
        assert words in page.text
    assert 'href="https://stripe.com/pricing"' in page.html


async def test_an_amount_is_saved_as_people_write_it(office: Office, organizer: Browser) -> None:
    webinar = await office.schedule(**FREE)
    for amount, currency, price_minor in (
        ("49", "EUR", 4900),
        ("49.00", "EUR", 4900),
        (" 49,00 ", "EUR", 4900),
        ("5000", "JPY", 5000),
        ("5,12", "KWD", 5120),
        ("5", "ISK", 500),
    ):
        sent = await save(office, organizer, webinar, amount, currency)

        assert (sent.status, sent.location) == (303, webinars_path(office, webinar["id"]))
        assert await price_of(office, webinar) == (price_minor, currency)


async def test_an_odd_amount_is_explained_and_kept(office: Office, organizer: Browser) -> None:
    webinar = await office.schedule(**FREE)
    for amount, currency, field, words in (
        ("", "EUR", "amount", "Type the amount as a number, such as 49.00"),
        ("1.000,00", "EUR", "amount", "without separating thousands"),
        ("€49", "EUR", "amount", "without a currency sign"),
        ("-49", "EUR", "amount", "such as 49.00"),
        ("50.00", "JPY", "amount", "such as 4900"),
        ("0", "EUR", "amount", "above 0"),
        ("0.49", "EUR", "amount", "smallest amount that Stripe charges is €0.50"),
        ("1000000", "EUR", "amount", "largest amount that Stripe charges is €999,999.99"),
        ("5.50", "ISK", "amount", "in steps of"),
        ("5.111", "KWD", "amount", "in steps of"),
        ("49", "XXX", "currency", "Choose a currency from the list"),
        ("49", "", "currency", "Choose a currency from the list"),
    ):
        page = await save(office, organizer, webinar, amount, currency)

        assert page.status == 422
        assert words in page.text
        assert f'href="#{field}"' in page.html
        assert f'id="{field}-error"' in page.html
        assert page.field("amount") == amount
        assert await price_of(office, webinar) == (0, None)


async def test_every_currency_says_what_amounts_it_takes(
    office: Office, organizer: Browser
) -> None:
    webinar = await office.schedule(price_minor=5000, currency="JPY")

    page = await organizer.get(webinars_path(office, webinar["id"], "payment"))

    html = page.html.replace("\N{NO-BREAK SPACE}", " ")
    assert "At least ¥50 JPY. Whole amounts only." in page.text
    assert 'value="KWD" data-rules="At least KWD 0.010. In steps of KWD 0.010."' in html
    assert '<option value="JPY"' in html
    assert page.field("amount") == "5000"


async def test_a_paid_webinar_is_made_free_again(office: Office, organizer: Browser) -> None:
    webinar = await office.schedule()
    path = webinars_path(office, webinar["id"], "payment")

    sent = await organizer.post(path, {"amount": "nonsense", "do": "free"})

    assert sent.status == 303
    assert await price_of(office, webinar) == (0, None)


async def test_a_new_price_leaves_those_alone_who_have_registered(
    office: Office, organizer: Browser
) -> None:
    webinar = await office.schedule()
    paid = await office.paid(webinar)

    page = await organizer.get(webinars_path(office, webinar["id"], "payment"))
    await save(office, organizer, webinar, "99")

    assert "1 who has registered keeps the old one" in page.text
    assert await office.registrant(paid.id) == paid
    assert (await office.admitted(webinar)).amount_minor == 9900


async def test_the_policy_stands_beside_the_price(office: Office, organizer: Browser) -> None:
    webinar = await office.schedule()

    page = await organizer.get(webinars_path(office, webinar["id"], "payment"))

    assert "If you cancel, you get back 100% until 7 days before the start" in page.text
    assert "€24.50 back" in page.text


async def test_an_organizer_without_stripe_sees_whom_to_ask(
    office: Office, organizer: Browser
) -> None:
    await office.deliver(account_connected(office.organization_id, version=2, is_ready=False))
    await office.execute("UPDATE organizations SET stripe_account_id = NULL")
    await new_person(office, "ada@example.org", "admin", name="Ada Admin")
    webinar = await office.schedule(**FREE)

    page = await organizer.get(webinars_path(office, webinar["id"], "payment"))
    refused = await organizer.post(
        webinars_path(office, webinar["id"], "payment"),
        {"amount": "49", "currency": "EUR", "do": "save"},
    )

    assert "No Stripe account is connected yet" in page.text
    assert "Ada Admin" in page.text
    assert 'href="mailto:ada%40example.org"' in page.html
    assert "Save amount" not in page.text
    assert refused.status == 409
    assert "No Stripe account is connected yet" in refused.text
    assert await price_of(office, webinar) == (0, None)


async def test_an_admin_without_stripe_is_led_to_the_settings(
    office: Office, admin: Browser
) -> None:
    await office.deliver(account_connected(office.organization_id, version=2, is_ready=False))
    webinar = await office.schedule(**FREE)

    page = await admin.get(webinars_path(office, webinar["id"], "payment"))

    assert f'href="/console/{office.organization_id}/settings/payments"' in page.html
    assert "Stripe still needs something" in page.text


async def test_a_price_is_given_up_without_stripe_too(office: Office, organizer: Browser) -> None:
    webinar = await office.schedule()
    await office.deliver(account_connected(office.organization_id, version=2, is_ready=False))

    sent = await organizer.post(webinars_path(office, webinar["id"], "payment"), {"do": "free"})

    assert sent.status == 303
    assert await price_of(office, webinar) == (0, None)


async def test_a_cancelled_webinar_has_no_new_price(office: Office, organizer: Browser) -> None:
    webinar = await office.schedule(**FREE)
    await office.organizer("POST", f"/api/v1/webinars/{webinar['id']}/cancel")

    page = await save(office, organizer, webinar, "49")

    assert page.status == 409
    assert "cannot be changed any more" in page.text


async def test_another_organizations_price_is_not_found(office: Office, organizer: Browser) -> None:
    webinar = await office.schedule()
    shown = await organizer.get(webinars_path(office, webinar["id"], "payment"))
    await office.execute("UPDATE webinars SET organization_id = $1", await new_organization(office))

    path = webinars_path(office, webinar["id"], "payment")
    seen = await organizer.get(path)
    sent = await organizer.post(path, {"amount": "1", "currency": "EUR"}, shown=shown)

    assert (seen.status, sent.status) == (404, 404)
