"""One decision on money, seat, access and mail: form, check page, then it is carried out."""

from typing import Any

import pytest

from services.registration.registrants import Registrant
from shared.events import HoldEnded, RefundRequested, RegistrantCancelled
from tests.registration.console.browser import Browser
from tests.registration.console.registrants.people import named, paying, person_path
from tests.registration.office import FREE, Office, refunded
from tests.registration.pages.counter import Page

LATER = {"money": "full", "seat": "free", "notify": "yes"}


async def check(office: Office, organizer: Browser, registrant: Registrant, **typed: str) -> Page:
    """Fill in the form as it is shown, down to the check page."""
    shown = await organizer.get(person_path(office, registrant, "refund"))
    return await organizer.post(
        person_path(office, registrant, "refund", "check"), LATER | typed, shown=shown
    )


async def carry_out(
    office: Office, organizer: Browser, registrant: Registrant, **typed: str
) -> Page:
    """The same, and then the button of the check page."""
    checked = await check(office, organizer, registrant, **typed)
    assert checked.status == 200, checked.text
    return await organizer.post(person_path(office, registrant, "refund"), shown=checked)


async def refund_told(office: Office) -> RefundRequested:
    (told,) = await office.told(RefundRequested)
    return told


async def test_all_of_it_frees_the_seat_and_names_the_organizer(
    office: Office, organizer: Browser
) -> None:
    webinar = await office.schedule()
    ana = await paying(office, webinar)

    checked = await check(office, organizer, ana, reason="Fell ill")
    done = await organizer.post(person_path(office, ana, "refund"), shown=checked)

    assert "Refund €49.00 to Ana Ruiz?" in checked.text
    assert "Stripe’s fee, not returned €1.72" in checked.text
    assert "You are left with −€1.72" in checked.text
    assert "The seat is free again: 10 of 10 left." in checked.text
    assert (done.status, done.location) == (303, person_path(office, ana))
    told = await refund_told(office)
    assert (told.amount_minor, told.origin, told.keep_seat) == (None, "organizer", False)
    assert (told.reason, told.notify) == ("Fell ill", True)
    assert (await office.registrant(ana.id)).status == "cancelled"
    assert await office.seats_taken(webinar) == 0


async def test_a_part_with_the_seat_kept_leaves_everything_else_as_it_is(
    office: Office, organizer: Browser
) -> None:
    webinar = await office.schedule()
    ana = await paying(office, webinar)

    checked = await check(office, organizer, ana, money="part", amount="20,5", seat="keep")
    await organizer.post(person_path(office, ana, "refund"), shown=checked)

    assert "Refund €20.50 to Ana Ruiz?" in checked.text
    assert "You are left with €26.78" in checked.text
    assert "Ana Ruiz keeps the seat and can still join." in checked.text
    told = await refund_told(office)
    assert (told.amount_minor, told.keep_seat) == (2050, True)
    assert (await office.registrant(ana.id)).status == "confirmed"
    assert await office.told(RegistrantCancelled) == []


async def test_all_of_it_may_leave_the_seat(office: Office, organizer: Browser) -> None:
    webinar = await office.schedule()
    ana = await paying(office, webinar)

    await carry_out(office, organizer, ana, seat="keep")
    told = await refund_told(office)
    await office.deliver(refunded(ana, 4900, refund_id=told.refund_id, keep_seat=told.keep_seat))

    after = await office.registrant(ana.id)
    assert (after.status, after.refunded_minor) == ("confirmed", 4900)


async def test_a_seat_is_taken_away_without_a_refund_and_without_a_mail(
    office: Office, organizer: Browser
) -> None:
    webinar = await office.schedule()
    ana = await paying(office, webinar)

    shown = await organizer.get(person_path(office, ana, "refund"))
    checked = await organizer.post(
        person_path(office, ana, "refund", "check"), {"money": "none", "seat": "free"}, shown=shown
    )
    await organizer.post(person_path(office, ana, "refund"), shown=checked)

    assert "No mail is sent." in checked.text
    assert await office.told(RefundRequested) == []
    (told,) = await office.told(RegistrantCancelled)
    assert (told.cause, told.notify, told.refund_amount_minor) == ("organizer", False, 0)


async def test_the_policys_amount_is_offered_where_it_is_neither_all_nor_nothing(
    office: Office, organizer: Browser
) -> None:
    webinar = await office.schedule()
    ana = await paying(office, webinar)
    await office.execute("UPDATE webinars SET starts_at = now() + interval '3 days'")
    await office.execute("UPDATE registrants SET starts_at = now() + interval '3 days'")

    form = await organizer.get(person_path(office, ana, "refund"))
    await carry_out(office, organizer, ana, money="policy")

    assert "The policy today €24.50 goes back" in form.text
    assert "As the policy says €24.50" in form.text
    assert (await refund_told(office)).amount_minor == 2450


async def test_a_second_click_refunds_once(office: Office, organizer: Browser) -> None:
    webinar = await office.schedule()
    ana, ben = await paying(office, webinar), await paying(office, webinar, "Ben Okri")
    for registrant, typed in ((ana, {"seat": "free"}), (ben, {"seat": "keep", "money": "part"})):
        checked = await check(office, organizer, registrant, amount="10", **typed)
        path = person_path(office, registrant, "refund")

        first = await organizer.post(path, shown=checked)
        second = await organizer.post(path, shown=checked)

        assert first.location == second.location == person_path(office, registrant)
    assert [one.registrant_id for one in await office.told(RefundRequested)] == [ana.id, ben.id]


async def test_sums_that_changed_meanwhile_are_checked_again(
    office: Office, organizer: Browser
) -> None:
    webinar = await office.schedule()
    ana = await paying(office, webinar)
    checked = await check(office, organizer, ana)
    await office.deliver(refunded(ana, 1900))

    again = await organizer.post(person_path(office, ana, "refund"), shown=checked)
    done = await organizer.post(person_path(office, ana, "refund"), shown=again)

    assert again.status == 409
    assert "Something has changed since you looked." in again.text
    assert "Refund €30.00 to Ana Ruiz?" in again.text
    assert done.status == 303
    assert (await office.registrant(ana.id)).status == "cancelled"


@pytest.mark.parametrize(
    ("typed", "field", "words"),
    [
        ({"money": "part", "amount": ""}, "amount", "Type an amount such as 24.50."),
        ({"money": "part", "amount": "1e3"}, "amount", "Type an amount such as 24.50."),
        ({"money": "part", "amount": "10.001"}, "amount", "Type an amount such as 24.50."),
        ({"money": "part", "amount": "0"}, "amount", "Type an amount such as 24.50."),
        ({"money": "part", "amount": "49.01"}, "amount", "At most 49.00 EUR can be refunded."),
        ({"money": "gift"}, "money", "Choose how much goes back."),
        ({"money": "policy"}, "money", "Choose how much goes back."),
        ({"seat": "both"}, "seat", "Choose what becomes of the seat."),
        ({"money": "none", "seat": "keep"}, "money", "Nothing would change"),
        ({"reason": "x" * 501}, "reason", "Shorten the reason"),
        ({"message": "x" * 1001}, "message", "Shorten the message to 1,000 characters"),
        ({"message": "Sorry.", "notify": ""}, "message", "It goes with the mail"),
    ],
)
async def test_what_cannot_be_done_is_said_beside_the_field_and_what_was_typed_stays(
    office: Office, organizer: Browser, typed: dict[str, str], field: str, words: str
) -> None:
    webinar = await office.schedule()
    ana = await paying(office, webinar)

    page = await check(office, organizer, ana, **typed)

    assert page.status == 422
    assert words in page.text
    assert f'href="#{field}"' in page.html
    assert f'id="{field}-error"' in page.html
    if "amount" in typed:
        assert page.field("amount") == typed["amount"]
    assert await office.told(RefundRequested) == []


async def test_a_message_is_checked_and_goes_into_the_refunds_mail(
    office: Office, organizer: Browser
) -> None:
    ana = await paying(office, await office.schedule())
    typed = "Sorry, {name}:\r\nthe <b>room</b> is closed."

    checked = await check(office, organizer, ana, message=typed, reason="Flood")
    back = await organizer.post(
        person_path(office, ana, "refund", "check"), {"back": "yes"}, shown=checked
    )
    await organizer.post(person_path(office, ana, "refund"), shown=checked)

    shown = "Sorry, {name}:<br>the &lt;b&gt;room&lt;/b&gt; is closed."
    assert shown in checked.html
    assert "Sorry, {name}:\nthe &lt;b&gt;room&lt;/b&gt; is closed.</textarea>" in back.html
    told = await refund_told(office)
    assert (told.message, told.reason) == (typed.replace("\r", ""), "Flood")


async def test_a_message_goes_into_the_cancellations_mail_if_nothing_goes_back(
    office: Office, organizer: Browser
) -> None:
    ana = await paying(office, await office.schedule())

    await carry_out(office, organizer, ana, money="none", message="Until next time.")

    (told,) = await office.told(RegistrantCancelled)
    assert (told.message, told.notify) == ("Until next time.", True)


async def test_yen_are_refunded_without_decimals(office: Office, organizer: Browser) -> None:
    webinar = await office.schedule(price_minor=5000, currency="JPY", refund_policy=None)
    ana = await paying(office, webinar)

    bad = await check(office, organizer, ana, money="part", amount="10.5")
    await carry_out(office, organizer, ana, money="part", amount="1200", seat="keep")

    assert bad.status == 422
    assert (await refund_told(office)).amount_minor == 1200


async def test_back_leads_to_the_form_as_it_was_filled_in(
    office: Office, organizer: Browser
) -> None:
    webinar = await office.schedule()
    ana = await paying(office, webinar)
    checked = await check(office, organizer, ana, money="part", amount="12", reason="Late")

    back = await organizer.post(
        person_path(office, ana, "refund", "check"), {"back": "yes"}, shown=checked
    )

    assert back.status == 200
    assert (back.field("amount"), back.field("reason")) == ("12", "Late")
    assert back.field("key") == checked.field("key")


async def test_who_has_not_paid_is_cancelled_and_stripe_is_asked(
    office: Office, organizer: Browser
) -> None:
    webinar = await office.schedule()
    ana = await named(office, webinar, "Ana Ruiz")

    form = await organizer.get(person_path(office, ana, "refund"))
    await carry_out(office, organizer, ana)

    assert "Cancel Ana Ruiz" in form.text
    assert 'name="money"' not in form.html
    assert (await office.registrant(ana.id)).status == "cancelled"
    assert [one.reason for one in await office.told(HoldEnded)] == ["cancelled"]


async def test_a_free_seat_is_given_back(office: Office, organizer: Browser) -> None:
    webinar = await office.schedule(**FREE)
    ana = await named(office, webinar, "Ana Ruiz")

    await carry_out(office, organizer, ana)

    assert (await office.registrant(ana.id)).status == "cancelled"
    assert await office.seats_taken(webinar) == 0


async def test_money_without_a_seat_can_be_given_back(office: Office, organizer: Browser) -> None:
    webinar = await office.schedule()
    ana = await paying(office, webinar)
    await office.organizer("POST", f"/api/v1/registrants/{ana.id}/cancel", {"refund": "none"})

    form = await organizer.get(person_path(office, ana, "refund"))
    await carry_out(office, organizer, ana, money="part", amount="10")

    assert 'name="seat"' not in form.html
    assert (await refund_told(office)).amount_minor == 1000


async def test_where_nothing_is_left_nothing_is_offered(office: Office, organizer: Browser) -> None:
    webinar = await office.schedule()
    ana = await paying(office, webinar)
    await carry_out(office, organizer, ana)

    page = await organizer.get(person_path(office, ana, "refund"))

    assert (page.status, page.location) == (303, person_path(office, ana))


async def limit(office: Office, **fields: Any) -> None:
    await office.execute(
        "UPDATE organizations SET refund_limit_minor = $1, refund_limit_currency = $2",
        fields["amount_minor"],
        fields["currency"],
    )


async def test_above_the_limit_the_password_is_asked_for(
    office: Office, organizer: Browser
) -> None:
    webinar = await office.schedule()
    ana = await paying(office, webinar)
    await limit(office, amount_minor=4899, currency="EUR")
    checked = await check(office, organizer, ana)
    await office.execute("UPDATE sessions SET confirmed_at = now() - interval '1 day'")

    form = await organizer.get(person_path(office, ana, "refund"))
    done = await organizer.post(person_path(office, ana, "refund"), shown=checked)

    assert form.location.startswith("/console/confirm?next=")
    assert done.location.startswith("/console/confirm?next=")
    assert await office.told(RefundRequested) == []


async def test_up_to_the_limit_nobody_is_asked(office: Office, organizer: Browser) -> None:
    webinar = await office.schedule()
    ana = await paying(office, webinar)
    await limit(office, amount_minor=4900, currency="EUR")
    await office.execute("UPDATE sessions SET confirmed_at = now() - interval '1 day'")

    done = await carry_out(office, organizer, ana)

    assert done.location == person_path(office, ana)
    assert len(await office.told(RefundRequested)) == 1
    assert await office.value("SELECT count(*) FROM audit_entries") == 0


async def test_a_refund_above_the_limit_is_in_the_record(
    office: Office, organizer: Browser
) -> None:
    webinar = await office.schedule()
    ana = await paying(office, webinar)
    await limit(office, amount_minor=4899, currency="EUR")

    await carry_out(office, organizer, ana)

    assert await office.value("SELECT act || ': ' || about FROM audit_entries") == (
        f"refund_over_limit: 49.00 EUR, registrant {ana.id}"
    )
