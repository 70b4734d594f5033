"""What needs a person: every kind in plain words, counted beside the tab, gone once settled."""

import re
from uuid import uuid4

from services.registration.console.registrants.exceptions import _KINDS
from services.registration.store import exceptions
from shared.events import DisputeClosed, DisputeOpened, PaymentFlagged
from tests.registration.console.browser import Browser, new_organization
from tests.registration.console.registrants.people import (
    mail_bounced,
    mail_failed,
    mail_sent,
    named,
    paying,
    person_path,
    webinar_path,
)
from tests.registration.office import (
    FREE,
    Office,
    checkout_expired,
    payment_succeeded,
    refund_failed,
    refunded,
)


def tab_count(html: str) -> str:
    found = re.search(r'/exceptions"[^>]*>Exceptions(?: <span class="count">(\d+)</span>)?', html)
    assert found is not None
    return found[1] or ""


async def exceptions_page(office: Office, organizer: Browser) -> tuple[str, str]:
    page = await organizer.get(f"/console/{office.organization_id}/exceptions")
    assert page.status == 200
    return page.text, page.html


async def test_without_trouble_the_page_says_so_and_the_tab_counts_nothing(
    office: Office, organizer: Browser
) -> None:
    text, html = await exceptions_page(office, organizer)

    assert "Nothing needs you" in text
    assert tab_count(html) == ""


async def test_every_kind_has_its_own_words() -> None:
    assert set(_KINDS) == set(exceptions._KINDS)


async def test_a_refused_mail_counts_until_a_later_one_is_accepted(
    office: Office, organizer: Browser
) -> None:
    webinar = await office.schedule(**FREE)
    ana = await named(office, webinar, "Ana Ruiz")
    await office.deliver(mail_failed(ana))

    text, html = await exceptions_page(office, organizer)
    await office.deliver(mail_sent(ana))
    after, after_html = await exceptions_page(office, organizer)

    assert "A mail was refused" in text
    assert "550 no such user" in text
    assert f'{person_path(office, ana, "correct")}"' in html
    assert (tab_count(html), tab_count(after_html)) == ("1", "")
    assert "Nothing needs you" in after


async def test_a_mail_that_came_back_counts_as_one_that_was_refused(
    office: Office, organizer: Browser
) -> None:
    webinar = await office.schedule(**FREE)
    sent = mail_sent(await named(office, webinar, "Ana Ruiz"))
    await office.deliver(sent, mail_bounced(sent, "5.2.1"))

    text, html = await exceptions_page(office, organizer)

    assert "A mail was refused" in text
    assert "5.2.1" in text
    assert tab_count(html) == "1"


async def test_a_failed_refund_counts_until_the_money_went_back(
    office: Office, organizer: Browser
) -> None:
    webinar = await office.schedule()
    ana = await paying(office, webinar)
    await office.deliver(refund_failed(ana, 4900, failure_reason="account_refused"))

    text, html = await exceptions_page(office, organizer)
    await office.deliver(refunded(ana, 4900, version=3))
    after, _ = await exceptions_page(office, organizer)

    assert "A refund failed" in text
    assert "Stripe refused access to the account" in text
    assert "€49.00 EUR" in text
    assert f'{person_path(office, ana, "refund")}"' in html
    assert "Nothing needs you" in after


async def test_money_without_a_seat_leads_to_the_refund(office: Office, organizer: Browser) -> None:
    webinar = await office.schedule()
    ana = await named(office, webinar, "Ana Ruiz")
    await office.end_hold(ana)
    await office.deliver(checkout_expired(ana))
    await office.start(webinar)
    await office.deliver(payment_succeeded(ana))
    await office.execute("DELETE FROM refunds")

    text, html = await exceptions_page(office, organizer)

    assert "Paid, and no seat" in text
    assert f'{person_path(office, ana, "refund")}"' in html


async def test_a_dispute_and_odd_money_name_whom_they_are_about(
    office: Office, organizer: Browser
) -> None:
    webinar = await office.schedule()
    ana = await paying(office, webinar)
    about = {
        "organization_id": ana.organization_id,
        "registrant_id": ana.id,
        "webinar_id": ana.webinar_id,
        "payment_id": uuid4(),
    }
    dispute = about | {"dispute_id": "du_1", "amount_minor": 4900, "currency": "EUR"}
    await office.deliver(
        DisputeOpened(**dispute, version=1, status="needs_response", reason="fraudulent"),
        PaymentFlagged(**about, cause="odd_money", about="ch_1", detail="4800 instead of 4900"),
    )

    text, html = await exceptions_page(office, organizer)
    await office.deliver(DisputeClosed(**dispute, version=2, status="won"))
    after, _ = await exceptions_page(office, organizer)

    assert tab_count(html) == "2"
    assert "A payment is disputed" in text
    assert "The card’s owner did not pay this" in text
    assert "Another amount or currency came than was asked for ch_1: 4800 instead of 4900" in text
    assert text.count("Ana Ruiz , Bread at home") == 2
    assert "A payment is disputed" not in after


async def test_another_organizations_trouble_is_not_ours(
    office: Office, organizer: Browser
) -> None:
    webinar = await office.schedule(**FREE)
    ana = await named(office, webinar, "Ana Ruiz")
    await office.deliver(mail_failed(ana))
    stranger = await new_organization(office)
    for table in ("mails", "registrants", "webinars"):
        await office.execute(f"UPDATE {table} SET organization_id = $1", stranger)

    text, html = await exceptions_page(office, organizer)

    assert "Nothing needs you" in text
    assert tab_count(html) == ""


async def test_what_went_wrong_in_a_rehearsal_is_no_exception(
    office: Office, organizer: Browser
) -> None:
    webinar = await office.schedule()
    await organizer.post(webinar_path(office, webinar, "rehearsal"))
    rehearsal = await office.registrant(
        await office.value("SELECT id FROM registrants WHERE is_rehearsal")
    )
    await office.deliver(
        payment_succeeded(rehearsal),
        mail_failed(rehearsal),
        refund_failed(rehearsal, 4900, failure_reason="account_refused"),
    )

    text, html = await exceptions_page(office, organizer)
    # Of anybody else the same would be listed.
    await office.execute("UPDATE registrants SET is_rehearsal = false, holds_seat = true")
    _, html_of_others = await exceptions_page(office, organizer)

    assert "Nothing needs you" in text
    assert (tab_count(html), tab_count(html_of_others)) == ("", "2")
