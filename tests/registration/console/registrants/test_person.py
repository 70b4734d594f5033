"""One registrant's page: facts, money, everything that happened, the mail once more."""

from datetime import UTC, datetime, timedelta

import pytest

from shared.events import DisputeOpened, RegistrantMailRequested
from tests.registration.console.browser import Browser
from tests.registration.console.registrants.people import (
    mail_bounced,
    mail_failed,
    mail_sent,
    named,
    paying,
    payment_failed,
    person_path,
)
from tests.registration.office import (
    FREE,
    Office,
    checkout_expired,
    checkout_opened,
    fee_settled,
    new_key,
    payment_succeeded,
    refund_failed,
    refunded,
)


async def test_the_page_tells_all_that_happened_the_latest_first(
    office: Office, organizer: Browser
) -> None:
    webinar = await office.schedule()
    ana = await named(office, webinar, "Ana Ruiz")
    await office.deliver(
        checkout_opened(ana),
        payment_failed(ana, "Your card has insufficient funds."),
        payment_failed(ana, "Your card was declined."),
        payment_succeeded(ana, stripe_account_id="acct_1", stripe_payment_intent_id="pi_ana"),
        fee_settled(ana),
        mail_sent(ana),
        refund_failed(ana, 1000, failure_reason="disputed"),
        refunded(ana, 2000, version=3),
        mail_failed(ana, "refund"),
    )

    page = await organizer.get(person_path(office, ana))

    story = page.text.partition("What happened")[2]
    told = [
        "Registered",
        "Opened Stripe’s payment page",
        "Card declined Your card has insufficient funds.",
        "Card declined Your card was declined.",
        "€49.00 paid",
        "Seat confirmed",
        "Mail accepted: Confirmation",
        "Refund of €10.00 failed The payment is disputed",
        "€20.00 refunded in Stripe’s dashboard",
        "Mail failed: Refund 550 no such user",
    ]
    places = [story.find(words) for words in told]
    assert -1 not in places, told[places.index(-1)]
    assert sorted(story.count(words) for words in told) == [1] * len(told)
    assert "Paid €49.00 EUR" in page.text
    assert "Stripe’s fee €1.72" in page.text
    assert "Net €47.28" in page.text


async def test_what_was_heard_late_stands_where_it_happened(
    office: Office, organizer: Browser
) -> None:
    webinar = await office.schedule()
    ana = await named(office, webinar, "Ana Ruiz")
    opened_at = datetime.now(UTC)
    await office.deliver(
        payment_succeeded(ana, paid_at=opened_at + timedelta(minutes=2)),
        payment_failed(ana, "Declined.", occurred_at=opened_at + timedelta(minutes=1)),
        checkout_opened(ana, occurred_at=opened_at),
    )

    page = await organizer.get(person_path(office, ana))

    story = page.text.partition("What happened")[2]
    told = ("€49.00 paid", "Card declined", "Opened Stripe’s payment page", "Registered")
    places = [story.find(words) for words in told]
    assert -1 not in places
    assert places == sorted(places)


async def test_the_money_is_one_click_away_at_stripe(office: Office, organizer: Browser) -> None:
    webinar = await office.schedule()
    ana = await paying(office, webinar)
    ben = await named(office, webinar, "Ben Okri")
    await office.deliver(
        payment_succeeded(
            ben, stripe_account_id="acct_1", stripe_payment_intent_id="pi_ben", is_live=True
        ),
        DisputeOpened(
            organization_id=ben.organization_id,
            registrant_id=ben.id,
            webinar_id=ben.webinar_id,
            payment_id=ben.id,
            version=1,
            dispute_id="du_ben",
            amount_minor=4900,
            currency="EUR",
            status="needs_response",
            reason="product_not_received",
        ),
    )

    in_test = await organizer.get(person_path(office, ana))
    live = await organizer.get(person_path(office, ben))

    assert "https://dashboard.stripe.com/acct_1/test/payments/pi_ana" in in_test.html
    assert "https://dashboard.stripe.com/acct_1/payments/pi_ben" in live.html
    assert "https://dashboard.stripe.com/acct_1/disputes/du_ben" in live.html
    assert "The bank disputes €49.00 The seat was not received" in live.text


async def test_a_seat_that_was_never_paid_says_so(office: Office, organizer: Browser) -> None:
    webinar = await office.schedule()
    ana = await named(office, webinar, "Ana Ruiz")
    await office.end_hold(ana)
    await office.deliver(checkout_expired(ana))

    page = await organizer.get(person_path(office, ana))

    assert "Paid Nothing" in page.text
    assert "Seat released: nothing was paid in time" in page.text
    assert "dashboard.stripe.com" not in page.html


async def test_the_mail_is_sent_again_once_for_each_click(
    office: Office, organizer: Browser
) -> None:
    webinar = await office.schedule(title="Bread at home")
    ana = await paying(office, webinar)
    shown = await organizer.get(person_path(office, ana))
    path = person_path(office, ana, "mail")

    sent = await organizer.post(path, shown=shown)
    await organizer.post(path, shown=shown)
    await organizer.post(path, shown=await organizer.get(person_path(office, ana)))

    assert (sent.status, sent.location) == (303, person_path(office, ana))
    told = await office.told(RegistrantMailRequested, ana.id)
    assert [one.mail for one in told] == ["confirmation", "confirmation"]
    assert told[0].cause != told[1].cause
    assert told[0].join_url == office.links.join_url(ana.id)
    assert told[0].description == "Bring **flour**."
    after = await organizer.get(person_path(office, ana))
    assert after.text.count("Mail sent again: Confirmation by Inés Carvajal") == 2


async def test_who_has_not_paid_is_mailed_the_way_to_pay(
    office: Office, organizer: Browser
) -> None:
    webinar = await office.schedule()
    ana = await named(office, webinar, "Ana Ruiz")
    shown = await organizer.get(person_path(office, ana))

    page = await organizer.post(person_path(office, ana, "mail"), shown=shown)

    (told,) = await office.told(RegistrantMailRequested, ana.id)
    assert (told.mail, told.pay_by, told.join_url) == ("payment_due", ana.pay_by, None)
    note = await organizer.get(page.location)
    assert f"The mail is on its way to {ana.email} again." in note.text


async def test_without_a_seat_no_mail_is_offered_or_sent(
    office: Office, organizer: Browser
) -> None:
    webinar = await office.schedule(**FREE)
    ana = await named(office, webinar, "Ana Ruiz")
    before = await organizer.get(person_path(office, ana))
    await office.organizer("POST", f"/api/v1/registrants/{ana.id}/cancel", {"refund": "none"})

    after = await organizer.get(person_path(office, ana))
    await organizer.post(person_path(office, ana, "mail"), shown=before)

    assert "Send the mail again" in before.text
    assert "Send the mail again" not in after.text
    assert await office.told(RegistrantMailRequested) == []


async def test_a_failed_mail_is_said_first(office: Office, organizer: Browser) -> None:
    webinar = await office.schedule(**FREE)
    ana = await named(office, webinar, "Ana Ruiz")
    await office.deliver(mail_failed(ana))

    page = await organizer.get(person_path(office, ana))

    assert "The last mail could not be handed over." in page.text


async def test_a_mail_that_came_back_is_said_first_and_in_what_happened(
    office: Office, organizer: Browser
) -> None:
    webinar = await office.schedule(**FREE)
    ana = await named(office, webinar, "Ana Ruiz")
    sent = mail_sent(ana)
    await office.deliver(sent, mail_bounced(sent))

    page = await organizer.get(person_path(office, ana))

    assert "The last mail came back." in page.text
    assert "could not be handed over" not in page.text
    story = page.text.partition("What happened")[2]
    assert "Mail bounced: Confirmation 5.1.1" in story
    assert "Mail accepted" not in story


@pytest.mark.parametrize("cause", ["registrant", "organizer"])
async def test_a_cancellation_says_who_did_it(
    office: Office, organizer: Browser, cause: str
) -> None:
    webinar = await office.schedule(**FREE)
    ana = await named(office, webinar, "Ana Ruiz")
    await office.organizer(
        "POST", f"/api/v1/registrants/{ana.id}/cancel", {}, Idempotency_Key=new_key()
    )
    await office.execute("UPDATE registrants SET cancel_cause = $1", cause)

    page = await organizer.get(person_path(office, ana))

    said = {"registrant": "by the registrant", "organizer": "by an organizer"}[cause]
    assert f"Cancelled {said}" in page.text
