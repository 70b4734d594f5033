"""Scheduling and editing in the console: what is typed is read, kept, explained and previewed."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

from shared.events import RegistrantMailRequested
from tests.registration.console.browser import Browser, new_organization
from tests.registration.console.forms import TYPED, as_shown
from tests.registration.console.test_webinars import webinars_path
from tests.registration.office import FREE, Office
from tests.registration.pages.counter import Page


async def schedule(office: Office, organizer: Browser, **typed: str) -> Page:
    return await organizer.post(webinars_path(office, "new"), TYPED | typed)


async def only_webinar(office: Office) -> dict[str, Any]:
    (webinar,) = (await office.organizer("GET", "/api/v1/webinars")).body["webinars"]
    return dict(webinar)


async def now_of(office: Office, webinar: dict[str, Any]) -> dict[str, Any]:
    return dict((await office.organizer("GET", f"/api/v1/webinars/{webinar['id']}")).body)


async def edit(office: Office, organizer: Browser, webinar: dict[str, Any], **typed: str) -> Page:
    """Open the form, change some fields, save."""
    path = webinars_path(office, webinar["id"], "edit")
    shown = await organizer.get(path)
    return await organizer.post(path, as_shown(shown) | {"do": "save"} | typed, shown=shown)


async def test_a_webinar_is_scheduled_as_typed_and_free(office: Office, organizer: Browser) -> None:
    sent = await schedule(
        office,
        organizer,
        kind="virtual_event",
        seats="40",
        join_url="https://meet.example.org/b",
        policy="brackets",
        hours_1="12", percent_1="50", hours_3="48", percent_3="100",
        question_label_2="Company", question_kind_2="short_text", question_required_2="yes",
        question_label_4="Size", question_kind_4="choice", question_choices_4="S\r\nM\r\n\r\nL",
    )  # fmt: skip

    webinar = await only_webinar(office)
    assert (sent.status, sent.location) == (303, webinars_path(office, webinar["id"]))
    starts_at = datetime(2090, 6, 1, 18, 0, tzinfo=ZoneInfo("Europe/Madrid"))
    assert datetime.fromisoformat(webinar["starts_at"]) == starts_at
    assert (webinar["kind"], webinar["capacity"], webinar["duration_minutes"]) == (
        "virtual_event",
        40,
        90,
    )
    assert (webinar["price_minor"], webinar["currency"]) == (0, None)
    assert webinar["description"] == "Bring **flour**."
    assert webinar["refund_policy"]["brackets"] == [
        {"hours_before": 48, "percent": 100},
        {"hours_before": 12, "percent": 50},
    ]
    assert [question["label"] for question in webinar["questions"]] == ["Company", "Size"]
    assert webinar["questions"][0]["required"] is True
    assert webinar["questions"][1]["choices"] == ["S", "M", "L"]


async def test_bad_input_is_explained_at_its_field_and_everything_typed_stays(
    office: Office, organizer: Browser
) -> None:
    mistakes = {
        "title": " ",
        "date": "soon",
        "zone": "Mars",
        "seats": "none",
        "hours_2": "x",
        "question_choices_3": "S",
    }
    sent = TYPED | mistakes
    sent |= {"policy": "brackets", "question_label_3": "Size", "question_kind_3": "choice"}
    sent["description"] = "Kept <b>words</b>"

    page = await organizer.post(webinars_path(office, "new"), sent)

    assert page.status == 422
    assert "6 things to correct" in page.text
    for field in mistakes:
        assert f'href="#{field}"' in page.html
        assert f'id="{field}-error"' in page.html
        assert re.search(
            rf'<(input|textarea)[^>]* id="{field}"[^>]* aria-invalid="true"', page.html
        )
    shown = as_shown(page)
    assert {name: shown[name] for name in sent if name != "do"} == {
        name: value for name, value in sent.items() if name != "do"
    }
    assert await office.value("SELECT count(*) FROM webinars") == 0


async def test_a_city_is_enough_for_a_time_zone(office: Office, organizer: Browser) -> None:
    await schedule(office, organizer, zone="new york")

    assert (await only_webinar(office))["time_zone"] == "America/New_York"


async def test_the_next_form_begins_with_the_zone_of_the_newest_webinar(
    office: Office, organizer: Browser
) -> None:
    await office.schedule(time_zone="Asia/Tokyo")

    page = await organizer.get(webinars_path(office, "new"))

    assert page.field("zone") == "Asia/Tokyo"


async def test_saving_the_form_as_it_is_changes_nothing(office: Office, organizer: Browser) -> None:
    questions = [{"kind": "choice", "label": "Size", "required": True, "choices": ["S", "M"]}]
    brackets = [{"hours_before": 60 - at, "percent": 60 - at} for at in range(6)]
    policy = {"kind": "brackets", "brackets": brackets}
    webinar = await office.schedule(
        questions=questions, refund_policy=policy, description="One\n\n<b>two</b>\n"
    )
    before = await now_of(office, webinar)

    sent = await edit(office, organizer, webinar)

    assert (sent.status, sent.location) == (303, webinars_path(office, webinar["id"]))
    assert await now_of(office, webinar) == before


async def test_only_what_was_changed_is_changed(office: Office, organizer: Browser) -> None:
    webinar = await office.schedule()
    before = await now_of(office, webinar)

    await edit(office, organizer, webinar, title="Bread again", seats="")

    after = await now_of(office, webinar)
    assert {name for name in after if after[name] != before[name]} == {
        "title",
        "capacity",
        "version",
    }
    assert (after["title"], after["capacity"], after["version"]) == ("Bread again", None, 2)


async def test_two_who_edit_at_once_do_not_overwrite_each_other(
    office: Office, organizer: Browser
) -> None:
    webinar = await office.schedule()
    path = webinars_path(office, webinar["id"], "edit")
    opened = await organizer.get(path)
    await office.organizer("PATCH", f"/api/v1/webinars/{webinar['id']}", {"title": "Theirs"})

    page = await organizer.post(path, as_shown(opened) | {"title": "Mine"}, shown=opened)

    assert page.status == 409
    assert "Somebody else has changed this meanwhile" in page.text
    assert page.field("title") == "Mine"
    assert (await now_of(office, webinar))["title"] == "Theirs"


async def test_a_registration_meanwhile_does_not_stand_in_the_way(
    office: Office, organizer: Browser
) -> None:
    webinar = await office.schedule(**FREE)
    path = webinars_path(office, webinar["id"], "edit")
    opened = await organizer.get(path)
    await office.admitted(webinar)

    page = await organizer.post(path, as_shown(opened) | {"title": "Mine"}, shown=opened)

    assert page.status == 303


async def test_seats_do_not_go_below_those_taken(office: Office, organizer: Browser) -> None:
    webinar = await office.schedule()
    await office.admitted(webinar)
    await office.admitted(webinar)

    page = await edit(office, organizer, webinar, seats="1")

    assert page.status == 409
    assert "More seats are taken already" in page.text
    assert 'href="#seats"' in page.html


async def test_after_a_sale_a_stricter_policy_is_refused_with_what_is_allowed(
    office: Office, organizer: Browser
) -> None:
    webinar = await office.schedule()
    await office.paid(webinar)

    refused = await edit(office, organizer, webinar, policy="none")
    allowed = await edit(office, organizer, webinar, policy="until_start")

    assert refused.status == 409
    assert "until 168 hours before the start at least 100 % must go back" in refused.text
    assert allowed.status == 303
    assert (await now_of(office, webinar))["refund_policy"] == {"kind": "until_start"}


async def test_moving_the_start_mails_everybody_who_registered(
    office: Office, organizer: Browser
) -> None:
    webinar = await office.schedule()
    paid = await office.paid(webinar)
    opened = await organizer.get(webinars_path(office, webinar["id"], "edit"))

    sent = await edit(office, organizer, webinar, date="2090-06-01", time="09:30")
    await office.workers.tell_new_starts()

    assert "If you change the start, 1 registrant is mailed" in opened.text
    assert sent.status == 303
    (told,) = await office.told(RegistrantMailRequested)
    assert (told.registrant_id, told.mail) == (paid.id, "rescheduled")
    assert told.starts_at == datetime(2090, 6, 1, 9, 30, tzinfo=ZoneInfo("Europe/Madrid"))


async def test_the_choice_of_a_refund_is_offered_with_a_moved_start(
    office: Office, organizer: Browser
) -> None:
    webinar = await office.schedule(starts_at="2090-05-01T10:00:00Z")
    await office.paid(webinar)
    offer = {"offer_refund": "yes", "refund_date": "2090-05-20", "refund_time": "12:00"}

    unmoved = await edit(office, organizer, webinar, **offer)
    too_late = await edit(
        office, organizer, webinar, **offer | {"date": "2090-05-10", "time": "12:00"}
    )
    offered = await edit(
        office, organizer, webinar, **offer | {"date": "2090-06-01", "time": "12:00"}
    )

    assert (unmoved.status, too_late.status) == (422, 422)
    assert "Change the start as well" in unmoved.text
    assert "between now and the new start" in too_late.text
    assert offered.status == 303
    until = datetime.fromisoformat((await now_of(office, webinar))["refund_until"])
    assert until == datetime(2090, 5, 20, 12, 0, tzinfo=ZoneInfo("Europe/Madrid"))


async def test_a_cancelled_webinar_is_not_changed(office: Office, organizer: Browser) -> None:
    webinar = await office.schedule(**FREE)
    path = webinars_path(office, webinar["id"], "edit")
    opened = await organizer.get(path)
    await office.organizer("POST", f"/api/v1/webinars/{webinar['id']}/cancel")
    version = (await now_of(office, webinar))["version"]

    page = await organizer.post(
        path, as_shown(opened) | {"title": "Mine", "version": str(version)}, shown=opened
    )

    assert page.status == 409
    assert "cannot be changed any more" in page.text


async def test_show_preview_saves_nothing_and_shows_what_could_be_read(
    office: Office, organizer: Browser
) -> None:
    typed = {"do": "preview", "duration": "x", "policy": "none", "title": "Only looking"}

    page = await schedule(office, organizer, **typed)

    assert page.status == 200
    aside = page.html.split('id="preview"')[1]
    assert "Only looking" in aside
    assert "your payment is not refunded" in aside
    assert page.field("duration") == "x"
    assert await office.value("SELECT count(*) FROM webinars") == 0


async def test_the_public_page_is_previewed_as_it_would_be_and_registers_nobody(
    office: Office, organizer: Browser
) -> None:
    webinar = await office.schedule()
    path = webinars_path(office, webinar["id"], "edit")
    shown = await organizer.get(path)
    fields = as_shown(shown) | {"title": "Typed", "description": "Bring *salt*.", "do": "page"}

    page = await organizer.post(f"{path}/preview", fields, shown=shown)
    new = await organizer.post(
        webinars_path(office, "new", "preview"), TYPED | {"title": "Unsaved"}, shown=shown
    )

    assert (page.status, new.status) == (200, 200)
    assert "This is a preview" in page.text
    assert "Typed" in page.text
    assert "€49.00" in page.text
    assert "<em>salt</em>" in page.html
    assert "<fieldset disabled>" in page.html
    assert "Unsaved" in new.text
    assert "Register" in new.text
    assert (await now_of(office, webinar))["title"] == "Bread at home"


async def test_registrants_words_are_escaped_in_form_and_previews(
    office: Office, organizer: Browser
) -> None:
    evil = '<script>alert("x")</script>'
    webinar = await office.schedule(title=evil, description=evil)
    path = webinars_path(office, webinar["id"], "edit")

    shown = await organizer.get(path)
    preview = await organizer.post(f"{path}/preview", as_shown(shown), shown=shown)

    assert "<script>alert" not in shown.html
    assert "<script>alert" not in preview.html


async def test_a_foreign_webinar_answers_as_a_missing_one(
    office: Office, organizer: Browser
) -> None:
    webinar = await office.schedule()
    other = await new_organization(office)
    shown = await organizer.get(webinars_path(office, "new"))
    await office.execute("UPDATE webinars SET organization_id = $1", other)

    for parts in (("edit",), ("edit", "preview")):
        answers = [
            await organizer.post(webinars_path(office, one, *parts), as_shown(shown), shown=shown)
            for one in (webinar["id"], uuid4(), "no-id")
        ]
        assert {answer.status for answer in answers} == {404}
        assert len({answer.text for answer in answers}) == 1
    gets = [
        await organizer.get(webinars_path(office, one, "edit")) for one in (webinar["id"], uuid4())
    ]
    assert [answer.status for answer in gets] == [404, 404]


async def test_a_new_webinar_in_the_past_by_a_minute_is_refused(
    office: Office, organizer: Browser
) -> None:
    past = datetime.now(UTC) - timedelta(minutes=1)

    page = await schedule(
        office, organizer, date=past.date().isoformat(), time=f"{past:%H:%M}", zone="UTC"
    )

    assert page.status == 422
