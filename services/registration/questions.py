"""The organizer's own questions: what may be asked, and what counts as an answer. No I/O here.

Answers are given by position. They are stored beside the wording that was answered, so that a
question edited later changes nobody's answer.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    TypeAdapter,
    ValidationError,
    ValidationInfo,
    WithJsonSchema,
    field_validator,
)

from services.registration.catalogues import msgid
from shared.refusals import InvalidFields
from shared.text import Line, one_line, several_lines

QUESTIONS_MAX = 5
CHOICES_MAX = 20
LABEL_LENGTH_MAX = 200
SHORT_LENGTH_MAX = 200
LONG_LENGTH_MAX = 2_000

Kind = Literal["short_text", "long_text", "choice", "checkbox"]
Wording = Annotated[Line, Field(min_length=1, max_length=LABEL_LENGTH_MAX)]

MISSING = msgid("Answer this question.")
NOT_CHOSEN = msgid("Choose one of the answers.")
NOT_CHECKED = msgid("Check this box to register.")
TOO_LONG = msgid("Shorten this answer.")
NOT_PLAIN = msgid("Type this answer again without control characters.")
WRONG_KIND = msgid("This is not an answer to this question.")
NOT_ASKED = msgid("There is no such question.")


class Question(BaseModel):
    """One question; a required checkbox must be checked."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Kind
    label: Wording
    required: Annotated[bool, Field(strict=True)] = False
    choices: Annotated[tuple[Wording, ...], Field(max_length=CHOICES_MAX)] = Field(
        default=(), validate_default=True
    )

    @field_validator("choices")
    @classmethod
    def _choices_make_sense(cls, choices: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        kind = info.data.get("kind")
        if kind != "choice":
            if choices and kind is not None:
                raise ValueError(f'must be left out when kind is "{kind}"')
            return ()
        if len(choices) < 2:
            raise ValueError('must name at least two answers when kind is "choice"')
        if len(set(choices)) < len(choices):
            raise ValueError("must not name an answer twice")
        return choices

    def as_json(self) -> dict[str, Any]:
        """The stored and published form; reading it back gives an equal question."""
        leave_out = None if self.kind == "choice" else {"choices"}
        return self.model_dump(mode="json", exclude=leave_out)


def _asked_once(questions: tuple[Question, ...]) -> tuple[Question, ...]:
    if len({question.label for question in questions}) < len(questions):
        raise ValueError("must not ask the same twice")
    return questions


Questions = Annotated[
    tuple[Question, ...], Field(max_length=QUESTIONS_MAX), AfterValidator(_asked_once)
]
_QUESTIONS = TypeAdapter[tuple[Question, ...]](Questions)


def _answer(value: Any) -> Any:
    if value is not None and not isinstance(value, str | bool):
        raise ValueError("must be a text, true, false or null")
    return value


Answer = Annotated[
    Any,
    AfterValidator(_answer),
    WithJsonSchema({"anyOf": [{"type": "string"}, {"type": "boolean"}, {"type": "null"}]}),
]
Answers = Annotated[
    list[Answer],
    Field(max_length=QUESTIONS_MAX, description="By position, as the webinar's questions stand"),
]


def parse_questions(value: Any) -> tuple[Question, ...]:
    """Questions from plain lists and mappings; raises InvalidFields naming `questions.0.label`."""
    try:
        return _QUESTIONS.validate_python(value)
    except ValidationError as failure:
        errors = failure.errors(include_url=False, include_input=False, include_context=False)
        raise InvalidFields(
            [
                {
                    "field": ".".join(map(str, ("questions", *error["loc"]))),
                    "message": str(error["msg"]).removeprefix("Value error, "),
                }
                for error in errors
            ]
        ) from None


def stored_questions(stored: Sequence[Mapping[str, Any]]) -> tuple[Question, ...]:
    """Questions as a webinar keeps them."""
    return tuple(Question.model_validate(question) for question in stored)


def wording(stored: Sequence[Mapping[str, Any]]) -> str:
    """Changes whenever the questions do: answers to others than were shown are not taken."""
    written = json.dumps(list(stored), sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(written.encode()).hexdigest()[:16]


def check_answers(
    questions: Sequence[Question], answers: Sequence[Any] | None, *, may_leave_out: bool = False
) -> tuple[list[dict[str, Any]], dict[str, str]]:
    """Each question's wording with its answer, and what to correct, by field: `answers.2`.

    What to correct is one of this module's sentences. An organizer who enters somebody by hand
    may leave out what that person would be required to answer.
    """
    given = list(answers or ())
    answered: list[dict[str, Any]] = []
    wrong = {f"answers.{place}": NOT_ASKED for place in range(len(questions), len(given))}
    for place, question in enumerate(questions):
        answer = given[place] if place < len(given) else None
        try:
            answer = _READERS[question.kind](question, answer)
            if question.required and not answer and not may_leave_out:
                raise ValueError(_MISSING.get(question.kind, MISSING))
        except ValueError as problem:
            wrong[f"answers.{place}"] = str(problem)
            continue
        answered.append({"question": question.label, "kind": question.kind, "answer": answer})
    return answered, wrong


_MISSING: dict[Kind, str] = {"choice": NOT_CHOSEN, "checkbox": NOT_CHECKED}


def _short_text(_question: Question, answer: Any) -> str | None:
    return _text(answer, one_line, SHORT_LENGTH_MAX)


def _long_text(_question: Question, answer: Any) -> str | None:
    return _text(answer, several_lines, LONG_LENGTH_MAX)


def _choice(question: Question, answer: Any) -> str | None:
    if answer in (None, ""):
        return None
    if answer not in question.choices:
        raise ValueError(NOT_CHOSEN)
    return str(answer)


def _checkbox(_question: Question, answer: Any) -> bool:
    if answer is not None and not isinstance(answer, bool):
        raise ValueError(WRONG_KIND)
    return bool(answer)


_READERS = {
    "short_text": _short_text,
    "long_text": _long_text,
    "choice": _choice,
    "checkbox": _checkbox,
}


def _text(answer: Any, read: Any, length_max: int) -> str | None:
    if answer is None:
        return None
    if not isinstance(answer, str):
        raise ValueError(WRONG_KIND)
    if len(answer) > 2 * length_max:
        raise ValueError(TOO_LONG)
    try:
        words: str = read(answer)
    except ValueError:
        raise ValueError(NOT_PLAIN) from None
    if len(words) > length_max:
        raise ValueError(TOO_LONG)
    return words or None
