from typing import Any

import pytest

from services.registration import questions as rules
from services.registration.questions import (
    Question,
    check_answers,
    parse_questions,
    stored_questions,
    wording,
)
from services.registration.store import terms
from shared.refusals import InvalidFields
from tests.registration.office import FREE, Office, new_key

ASKED: list[dict[str, Any]] = [
    {"kind": "short_text", "label": "Company", "required": True},
    {"kind": "long_text", "label": "What should we talk about?"},
    {"kind": "choice", "label": "Level", "required": True, "choices": ["New", "Old hand"]},
    {"kind": "checkbox", "label": "I bring an offer of my own", "required": True},
    {"kind": "checkbox", "label": "Send me the recording"},
]
GOOD = ["Faro", "Prices\nand more", "New", True, False]


def asked(*labels: str) -> tuple[Question, ...]:
    return tuple(question for question in stored_questions(ASKED) if question.label in labels)


def problems(value: Any) -> list[str]:
    with pytest.raises(InvalidFields) as refused:
        parse_questions(value)
    return [error["field"] for error in refused.value.errors]


def test_questions_read_back_equal() -> None:
    questions = parse_questions(ASKED)

    assert stored_questions([question.as_json() for question in questions]) == questions


@pytest.mark.parametrize(
    ("value", "fields"),
    [
        ([{"kind": "short_text", "label": " "}], ["questions.0.label"]),
        ([{"kind": "short_text", "label": "x" * 201}], ["questions.0.label"]),
        ([ASKED[0], {"kind": "date", "label": "When?"}], ["questions.1.kind"]),
        ([{"kind": "choice", "label": "Level", "choices": ["New"]}], ["questions.0.choices"]),
        ([{"kind": "choice", "label": "Level"}], ["questions.0.choices"]),
        ([{"kind": "choice", "label": "Level", "choices": ["A", "A"]}], ["questions.0.choices"]),
        (
            [{"kind": "choice", "label": "Level", "choices": [str(n) for n in range(21)]}],
            ["questions.0.choices"],
        ),
        ([{"kind": "checkbox", "label": "Yes", "choices": ["A", "B"]}], ["questions.0.choices"]),
        ([ASKED[0], ASKED[0]], ["questions"]),
        ([*ASKED, {"kind": "short_text", "label": "Sixth"}], ["questions"]),
        ("none", ["questions"]),
    ],
)
def test_a_bad_question_is_named(value: Any, fields: list[str]) -> None:
    assert problems(value) == fields


def test_answers_are_kept_beside_the_wording_that_was_answered() -> None:
    answered, wrong = check_answers(stored_questions(ASKED), GOOD)

    assert wrong == {}
    assert [one["question"] for one in answered] == [one["label"] for one in ASKED]
    assert [one["answer"] for one in answered] == GOOD


@pytest.mark.parametrize(
    ("place", "answer", "advice"),
    [
        (0, None, rules.MISSING),
        (0, "  ", rules.MISSING),
        (0, "two\nlines", rules.NOT_PLAIN),
        (0, "x" * 201, rules.TOO_LONG),
        (0, True, rules.WRONG_KIND),
        (1, "x" * 2_001, rules.TOO_LONG),
        (1, "a\0b", rules.NOT_PLAIN),
        (2, "", rules.NOT_CHOSEN),
        (2, "Newish", rules.NOT_CHOSEN),
        (2, True, rules.NOT_CHOSEN),
        (3, False, rules.NOT_CHECKED),
        (3, None, rules.NOT_CHECKED),
        (4, "yes", rules.WRONG_KIND),
    ],
)
def test_each_bad_answer_is_named_by_its_place(place: int, answer: Any, advice: str) -> None:
    given = [*GOOD[:place], answer, *GOOD[place + 1 :]]

    _, wrong = check_answers(stored_questions(ASKED), given)

    assert wrong == {f"answers.{place}": advice}


def test_answers_to_nothing_are_refused() -> None:
    assert check_answers((), ["Faro"])[1] == {"answers.0": rules.NOT_ASKED}


def test_what_is_not_required_may_be_left_out() -> None:
    answered, wrong = check_answers(asked("What should we talk about?"), None)

    assert wrong == {}
    assert answered[0]["answer"] is None


def test_the_wording_changes_with_any_question() -> None:
    other = [{**ASKED[0], "required": False}, *ASKED[1:]]

    assert wording(ASKED) == wording([dict(reversed(one.items())) for one in ASKED])
    assert wording(ASKED) != wording(other)


async def test_the_organizers_questions_are_public_and_may_be_changed(office: Office) -> None:
    webinar = await office.schedule(questions=ASKED)
    public = await office.call("GET", f"/api/v1/webinars/{webinar['id']}")
    changed = await office.organizer(
        "PATCH", f"/api/v1/webinars/{webinar['id']}", {"questions": ASKED[:1]}
    )
    untouched = await office.organizer(
        "PATCH", f"/api/v1/webinars/{webinar['id']}", {"title": "Bread again"}
    )
    emptied = await office.organizer(
        "PATCH", f"/api/v1/webinars/{webinar['id']}", {"questions": []}
    )

    assert [one["label"] for one in public.body["questions"]] == [one["label"] for one in ASKED]
    assert len(changed.body["questions"]) == len(untouched.body["questions"]) == 1
    assert emptied.body["questions"] == []


async def test_a_bad_question_is_refused_and_named(office: Office) -> None:
    webinar = await office.schedule()

    reply = await office.organizer(
        "PATCH",
        f"/api/v1/webinars/{webinar['id']}",
        {"questions": [{"kind": "short_text", "label": ""}]},
    )

    assert reply.status == 422
    assert reply.fields == ["questions.0.label"]


@pytest.mark.parametrize("cost", [{}, FREE], ids=["paid", "free"])
async def test_answers_are_stored_with_the_wording_of_that_moment(
    office: Office, cost: dict[str, Any]
) -> None:
    webinar = await office.schedule(questions=ASKED, **cost)
    reply = await office.register(webinar, answers=GOOD)
    renamed = [{**ASKED[0], "label": "Employer"}, *ASKED[1:]]
    await office.organizer("PATCH", f"/api/v1/webinars/{webinar['id']}", {"questions": renamed})

    seen = await office.organizer("GET", f"/api/v1/registrants/{reply.body['id']}")

    assert reply.status == 201
    assert seen.body["answers"][0] == {
        "question": "Company", "kind": "short_text", "answer": "Faro"
    }  # fmt: skip
    assert [one["answer"] for one in seen.body["answers"]] == GOOD


async def test_each_bad_answer_is_named_and_nobody_is_admitted(office: Office) -> None:
    webinar = await office.schedule(questions=ASKED)

    reply = await office.register(webinar, answers=["Faro", None, "Newish", False])

    assert (reply.status, reply.code) == (422, "invalid")
    assert reply.fields == ["answers.2", "answers.3"]
    assert await office.seats_taken(webinar) == 0


async def test_an_answer_of_another_shape_is_named(office: Office) -> None:
    webinar = await office.schedule(questions=ASKED)

    reply = await office.register(webinar, answers=["Faro", 7, "New", True])

    assert reply.fields == ["answers.1"]


async def test_an_answer_too_many_is_named(office: Office) -> None:
    reply = await office.register(await office.schedule(), answers=["Faro"])

    assert reply.fields == ["answers.0"]


async def test_the_organization_may_leave_answers_out_but_not_send_wrong_ones(
    office: Office,
) -> None:
    webinar = await office.schedule(questions=ASKED)

    without = await office.register(webinar, token=office.token)
    wrong = await office.register(webinar, token=office.token, answers=["Faro", None, "Newish"])

    assert without.status == 201
    assert wrong.fields == ["answers.2"]


async def test_a_repeated_request_is_answered_as_before_though_the_questions_changed(
    office: Office,
) -> None:
    webinar = await office.schedule(questions=ASKED)
    key = new_key()
    first = await office.register(webinar, "ana@example.org", answers=GOOD, key=key)
    await office.organizer("PATCH", f"/api/v1/webinars/{webinar['id']}", {"questions": ASKED[:1]})

    again = await office.register(webinar, "ana@example.org", answers=GOOD, key=key)

    assert (first.status, again.status) == (201, 201)
    assert first.body["id"] == again.body["id"]


async def test_people_in_one_batch_keep_their_own_answers(office: Office) -> None:
    webinar = await office.schedule(questions=ASKED[:1], capacity=None)

    replies = [await office.register(webinar, answers=[name]) for name in ("Faro", "Norte")]

    for reply, name in zip(replies, ("Faro", "Norte"), strict=True):
        seen = await office.organizer("GET", f"/api/v1/registrants/{reply.body['id']}")
        assert seen.body["answers"][0]["answer"] == name


async def add_terms(office: Office, text: str | None = "Be on time.") -> int | None:
    async with office.database.transaction() as connection:
        return await terms.add(connection, office.organization_id, text=text)


async def test_strangers_accept_the_terms_that_hold(office: Office) -> None:
    version = await add_terms(office)
    webinar = await office.schedule()

    without = await office.register(webinar)
    other = await office.register(webinar, terms_version=7)
    accepted = await office.register(webinar, terms_version=version)

    assert without.fields == other.fields == ["terms_version"]
    assert accepted.status == 201
    seen = await office.organizer("GET", f"/api/v1/registrants/{accepted.body['id']}")
    assert seen.body["terms_version"] == version
    assert seen.body["terms_accepted_at"] == seen.body["created_at"]


async def test_the_terms_are_public(office: Office) -> None:
    webinar = await office.schedule()
    before = await office.call("GET", f"/api/v1/webinars/{webinar['id']}")
    await add_terms(office)

    after = await office.call("GET", f"/api/v1/webinars/{webinar['id']}")

    assert (before.body["terms_version"], before.body["terms_url"]) == (None, None)
    assert after.body["terms_version"] == 1
    assert after.body["terms_url"] == f"{webinar['public_url']}/terms"


async def test_the_organization_enters_people_who_accepted_elsewhere(office: Office) -> None:
    await add_terms(office)
    webinar = await office.schedule()

    reply = await office.register(webinar, token=office.token)

    seen = await office.organizer("GET", f"/api/v1/registrants/{reply.body['id']}")
    assert reply.status == 201
    assert seen.body["terms_version"] is None
    assert seen.body["terms_accepted_at"] is None


async def test_other_terms_are_another_version_and_the_same_ones_are_not(office: Office) -> None:
    first = await add_terms(office)
    same = await add_terms(office)
    second = await add_terms(office, "Be early.")

    assert (first, same, second) == (1, 1, 2)
    async with office.database.connection() as connection:
        now = await terms.current(connection, office.organization_id)
        then = await terms.find(connection, office.organization_id, 1)
    assert now is not None
    assert then is not None
    assert (now.text, then.text) == ("Be early.", "Be on time.")


async def test_terms_that_were_taken_back_need_not_be_accepted(office: Office) -> None:
    await add_terms(office)
    webinar = await office.schedule()
    assert await add_terms(office, None) is None

    reply = await office.register(webinar, terms_version=1)

    assert reply.status == 201
    seen = await office.organizer("GET", f"/api/v1/registrants/{reply.body['id']}")
    assert seen.body["terms_version"] is None
    async with office.database.connection() as connection:
        assert await terms.current(connection, office.organization_id) is None
