import re
from typing import Any

from services.registration.store import terms
from shared.events import RegistrantCreated
from tests.registration.office import FREE, Office
from tests.registration.pages.counter import Counter, path_of, public_path

ASKED: list[dict[str, Any]] = [
    {"kind": "short_text", "label": "Company <b>", "required": True},
    {"kind": "long_text", "label": "What should we talk about?"},
    {"kind": "choice", "label": "Level", "required": True, "choices": ["New", "Old hand"]},
    {"kind": "choice", "label": "Town", "choices": ["Jaca", "León", "Lugo", "Soria", "Teruel"]},
    {"kind": "checkbox", "label": "I bring an offer of my own", "required": True},
]
GOOD: dict[str, Any] = {
    "answers.0": "Faro",
    "answers.1": "Prices\r\nand <more>",
    "answers.2": "Old hand",
    "answers.3": "Soria",
    "answers.4": "yes",
}


async def let_terms_hold(office: Office, text: str | None, url: str | None = None) -> None:
    async with office.database.transaction() as connection:
        await terms.add(connection, office.organization_id, text=text, url=url)


async def answers_of(office: Office) -> list[Any]:
    (created,) = await office.told(RegistrantCreated)
    seen = await office.organizer("GET", f"/api/v1/registrants/{created.registrant_id}")
    return [one["answer"] for one in seen.body["answers"]]


async def test_the_form_asks_what_the_organizer_asks(counter: Counter) -> None:
    webinar = await counter.office.schedule(questions=ASKED)

    page = await counter.get(public_path(webinar))

    assert "Company <b>" in page.text
    assert "What should we talk about? (optional)" in page.text
    assert page.html.count('type="radio"') == 2
    assert "<option>Teruel</option>" in page.html
    assert re.search(r'<input type="checkbox" id="answers\.4"[^>]* required>', page.html)


async def test_answers_are_kept(counter: Counter) -> None:
    webinar = await counter.office.schedule(questions=ASKED)

    answer = await counter.register(webinar, **GOOD)

    assert answer.status == 303
    assert await answers_of(counter.office) == [
        "Faro",
        "Prices\nand <more>",
        "Old hand",
        "Soria",
        True,
    ]


async def test_bad_answers_come_back_typed_and_marked(counter: Counter) -> None:
    webinar = await counter.office.schedule(questions=ASKED)

    refused = await counter.register(
        webinar, **{**GOOD, "answers.0": "", "answers.2": "", "answers.4": ""}
    )

    assert refused.status == 422
    assert "3 things to correct" in refused.text
    for place, advice in ((0, "Answer this question."), (2, "Choose one of the answers.")):
        assert f'href="#answers.{place}">{advice}' in refused.html
        assert f'id="answers.{place}-error"' in refused.html
    assert "Check this box to register." in refused.text
    assert "Prices\nand &lt;more&gt;</textarea>" in refused.html
    assert "<option selected>Soria</option>" in refused.html


async def test_every_mistake_is_named_at_once(counter: Counter) -> None:
    await let_terms_hold(counter.office, "Be on time.")
    webinar = await counter.office.schedule(questions=ASKED[:1])

    refused = await counter.register(webinar, email="ana@")

    linked = re.findall(r'<li><a href="#([^"]+)"', refused.html)
    assert linked == ["email", "answers.0", "terms_version"]


async def test_answers_to_questions_that_were_changed_meanwhile_are_asked_again(
    counter: Counter,
) -> None:
    office = counter.office
    webinar = await office.schedule(questions=ASKED[:2])
    shown = await counter.get(public_path(webinar))
    swapped = [{**ASKED[0], "label": "Your pet's name"}, ASKED[1]]
    await office.organizer("PATCH", f"/api/v1/webinars/{webinar['id']}", {"questions": swapped})

    refused = await counter.register(webinar, shown, **{"answers.0": "Faro"})
    taken = await counter.register(webinar, refused, **{"answers.0": "Rex"})

    assert refused.status == 409
    assert "The questions have changed." in refused.text
    assert "Your pet's name" in refused.text
    assert taken.status == 303
    assert await answers_of(office) == ["Rex", None]


async def test_the_terms_are_accepted_by_a_box_and_read_on_a_page(counter: Counter) -> None:
    await let_terms_hold(counter.office, "Be **on time**. <script>alert(1)</script>")
    webinar = await counter.office.schedule(**FREE)

    page = await counter.get(public_path(webinar))
    read = await counter.get(f"{public_path(webinar)}/terms")
    refused = await counter.register(webinar)
    taken = await counter.register(webinar, refused, terms_version="1")

    assert f'href="{webinar["public_url"]}/terms"' in page.html
    assert "I accept the terms of Escuela Norte ." in page.text
    assert "<strong>on time</strong>" in read.html
    assert "<script>" not in read.html
    assert refused.status == 422
    assert "Accept the terms to register." in refused.text
    assert taken.status == 303


async def test_terms_that_changed_meanwhile_are_accepted_anew(counter: Counter) -> None:
    await let_terms_hold(counter.office, "Be on time.")
    webinar = await counter.office.schedule()
    shown = await counter.get(public_path(webinar))
    await let_terms_hold(counter.office, "Be early.")

    refused = await counter.register(webinar, shown, terms_version="1")

    assert refused.status == 422
    assert 'name="terms_version" value="2" aria-invalid' in refused.html


async def test_terms_may_stand_elsewhere(counter: Counter) -> None:
    await let_terms_hold(counter.office, None, "https://norte.example/terms")
    webinar = await counter.office.schedule()

    page = await counter.get(public_path(webinar))
    read = await counter.get(f"{public_path(webinar)}/terms")

    assert 'href="https://norte.example/terms" target="_blank" rel="noopener"' in page.html
    assert 'href="https://norte.example/terms"' in read.html


async def test_without_terms_there_is_no_box_and_no_page(counter: Counter) -> None:
    webinar = await counter.office.schedule()

    page = await counter.get(public_path(webinar))
    read = await counter.get(f"{public_path(webinar)}/terms")

    assert "terms_version" not in page.html
    assert read.status == 404


async def test_legal_links_stand_below_every_page(counter: Counter) -> None:
    office = counter.office
    await office.execute(
        "UPDATE organizations SET privacy_url = 'https://norte.example/privacy', "
        "imprint_url = 'https://norte.example/imprint'"
    )
    webinar = await office.schedule()
    registrant = await office.admitted(webinar)

    for path in (public_path(webinar), path_of(office.links.manage_url(registrant.id))):
        page = await counter.get(path)
        assert '<a href="https://norte.example/privacy">Privacy</a>' in page.html
        assert '<a href="https://norte.example/imprint">Legal notice</a>' in page.html
