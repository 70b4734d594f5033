"""Copying, embedding and cancelling a webinar; the mail's preview over the bus."""

from datetime import date, datetime
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from shared.events import RegistrantCancelled, WebinarCancelled
from tests.registration.console.browser import Browser, new_organization
from tests.registration.console.forms import as_shown
from tests.registration.console.test_messages import with_notifications
from tests.registration.console.test_webinars import webinars_path
from tests.registration.office import FREE, Office, account_connected
from tests.registration.pages.counter import Page


async def others_of(office: Office, webinar: dict[str, Any]) -> list[dict[str, Any]]:
    found = (await office.organizer("GET", "/api/v1/webinars")).body["webinars"]
    return [one for one in found if one["id"] != webinar["id"]]


async def copy(office: Office, organizer: Browser, webinar: dict[str, Any], **typed: str) -> Page:
    shown = await organizer.get(webinars_path(office, webinar["id"], "copy"))
    fields = as_shown(shown) | {"do": "save"} | typed
    return await organizer.post(webinars_path(office, "new"), fields, shown=shown)


async def cancel(
    office: Office, organizer: Browser, webinar: dict[str, Any], title: str | None = None
) -> Page:
    path = webinars_path(office, webinar["id"], "cancel")
    shown = await organizer.get(webinars_path(office, "new"))
    return await organizer.post(path, {"title": title or webinar["title"]}, shown=shown)


async def test_a_copy_is_the_same_but_for_its_date_and_has_no_registrants(
    office: Office, organizer: Browser
) -> None:
    questions = [{"kind": "short_text", "label": "Company"}]
    webinar = await office.schedule(questions=questions)
    await office.paid(webinar)

    sent = await copy(office, organizer, webinar, date="2090-01-02")

    (copied,) = await others_of(office, webinar)
    assert (sent.status, sent.location) == (303, webinars_path(office, copied["id"]))
    same = (
        "title", "kind", "duration_minutes", "time_zone", "description", "price_minor",
        "currency", "capacity", "hold_minutes", "refund_policy", "join_url", "questions",
    )  # fmt: skip
    assert {name: copied[name] for name in same} == {name: webinar[name] for name in same}
    assert copied["seats_taken"] == 0
    starts_at = datetime.fromisoformat(copied["starts_at"])
    assert starts_at.astimezone(ZoneInfo(copied["time_zone"])).date() == date(2090, 1, 2)


async def test_a_copy_asks_for_its_date(office: Office, organizer: Browser) -> None:
    webinar = await office.schedule()

    shown = await organizer.get(webinars_path(office, webinar["id"], "copy"))
    refused = await copy(office, organizer, webinar)

    assert (shown.status, shown.field("date")) == (200, "")
    assert "A copy of “Bread at home”." in shown.text
    assert "correct" not in shown.text
    assert refused.status == 422
    assert refused.field("copy_of") == webinar["id"]
    assert await others_of(office, webinar) == []


async def test_a_copy_is_free_while_stripe_is_not_ready(office: Office, organizer: Browser) -> None:
    webinar = await office.schedule()
    await office.deliver(account_connected(office.organization_id, version=2, is_ready=False))

    await copy(office, organizer, webinar, date="2090-01-02")

    (copied,) = await others_of(office, webinar)
    assert (copied["price_minor"], copied["currency"]) == (0, None)


async def test_a_price_that_stripe_takes_no_more_is_not_copied(
    office: Office, organizer: Browser
) -> None:
    webinar = await office.schedule()
    await office.execute("UPDATE webinars SET price_minor = 10")

    refused = await copy(office, organizer, webinar, date="2090-01-02")

    assert refused.status == 422
    assert "Stripe does not take the price of the original any more." in refused.text
    assert await others_of(office, webinar) == []


async def test_nothing_is_copied_from_another_organization(
    office: Office, organizer: Browser
) -> None:
    theirs = await office.schedule(price_minor=123_00)
    own = await office.schedule(**FREE)
    other = await new_organization(office)
    await office.execute(
        "UPDATE webinars SET organization_id = $1 WHERE id = $2", other, UUID(theirs["id"])
    )

    seen = await organizer.get(webinars_path(office, theirs["id"], "copy"))
    await copy(office, organizer, own, date="2090-01-02", copy_of=theirs["id"])

    assert seen.status == 404
    (copied,) = await others_of(office, own)
    assert copied["price_minor"] == 0


async def test_the_public_link_and_a_frame_are_there_to_copy(
    office: Office, organizer: Browser
) -> None:
    webinar = await office.schedule(title='Bread "at" <home>')
    path = webinars_path(office, webinar["id"], "embed")

    before = await organizer.get(path)
    await office.execute("UPDATE organizations SET allowed_origins = '{https://www.example.org}'")
    after = await organizer.get(path)

    assert f'value="{webinar["public_url"]}"' in before.html
    assert f"&lt;iframe src=&#34;{webinar['public_url']}/embed&#34;" in before.html
    # Twice escaped: as HTML in a field, and as an attribute of that HTML.
    assert "title=&#34;Bread &amp;#34;at&amp;#34; &amp;lt;home&amp;gt;&#34;" in before.html
    assert "No site may show it yet" in before.text
    assert "https://www.example.org" in after.text
    assert "No site may show it yet" not in after.text


async def test_a_free_webinar_is_cancelled_once_its_title_was_typed(
    office: Office, organizer: Browser
) -> None:
    webinar = await office.schedule(**FREE)
    registrant = await office.admitted(webinar)

    shown = await organizer.get(webinars_path(office, webinar["id"], "cancel"))
    wrong = await cancel(office, organizer, webinar, "Bread")
    done = await cancel(office, organizer, webinar, "  bread at  HOME ")
    await office.workers.cancel_registrants()

    assert "1 registrant is told by mail" in shown.text
    assert wrong.status == 422
    assert "Type the title as it stands above" in wrong.text
    assert wrong.field("title") == "Bread"
    assert (done.status, done.location) == (303, webinars_path(office, webinar["id"]))
    assert len(await office.told(WebinarCancelled)) == 1
    (told,) = await office.told(RegistrantCancelled)
    assert told.registrant_id == registrant.id


async def test_whoever_has_paid_is_refunded_before_a_webinar_is_cancelled(
    office: Office, organizer: Browser
) -> None:
    webinar = await office.schedule()
    await office.paid(webinar)

    shown = await organizer.get(webinars_path(office, webinar["id"], "cancel"))
    refused = await cancel(office, organizer, webinar)

    assert "refund them first" in shown.text
    assert "Type the title" not in shown.text
    assert refused.status == 409
    assert "refund them first" in refused.text
    assert await office.told(WebinarCancelled) == []


async def test_a_second_click_says_that_it_is_cancelled(office: Office, organizer: Browser) -> None:
    webinar = await office.schedule(**FREE)
    await cancel(office, organizer, webinar)

    again = await cancel(office, organizer, webinar)

    assert again.status == 409
    assert "It is cancelled already" in again.text
    assert len(await office.told(WebinarCancelled)) == 1


async def test_foreign_and_missing_webinars_are_not_found(
    office: Office, organizer: Browser
) -> None:
    webinar = await office.schedule(**FREE)
    await office.execute("UPDATE webinars SET organization_id = $1", await new_organization(office))

    for place in ("copy", "embed", "cancel"):
        answers = [
            await organizer.get(webinars_path(office, one, place))
            for one in (webinar["id"], uuid4(), "no-id")
        ]
        assert [answer.status for answer in answers] == [404] * 3
        assert len({answer.text for answer in answers}) == 1
    assert (await cancel(office, organizer, webinar)).status == 404
    assert await office.told(WebinarCancelled) == []


async def test_the_mail_is_previewed_with_what_was_typed(
    office: Office, organizer: Browser, nats_url: str, nats_prefix: str
) -> None:
    webinar = await office.schedule()
    path = webinars_path(office, webinar["id"], "edit")
    async with with_notifications(organizer, nats_url, nats_prefix):
        shown = await organizer.get(path)
        typed = {"do": "mail", "title": "Typed title", "description": "Bring *salt*."}
        mail = await organizer.post(f"{path}/preview", as_shown(shown) | typed, shown=shown)

    assert 'value="mail"' in shown.html
    assert mail.status == 200
    assert "Typed title" in mail.text
    assert "salt</em>" in mail.html
    assert "sandbox" in mail.headers["Content-Security-Policy"]


async def test_without_notifications_the_mails_preview_says_so(
    office: Office, organizer: Browser
) -> None:
    webinar = await office.schedule()
    path = webinars_path(office, webinar["id"], "edit")
    shown = await organizer.get(path)

    page = await organizer.post(f"{path}/preview", as_shown(shown) | {"do": "mail"}, shown=shown)

    assert page.status == 503
    assert "The mail cannot be shown right now" in page.text
