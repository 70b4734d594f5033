"""The organizer's own questions as a form: up to five, each a row. No I/O here."""

from collections.abc import Mapping, Sequence
from typing import Any

from services.registration.catalogues import msgid
from services.registration.console.message import Words
from services.registration.questions import QUESTIONS_MAX, Question, parse_questions
from shared.refusals import InvalidFields

ROWS = range(1, QUESTIONS_MAX + 1)
QUESTION_FIELDS = tuple(
    f"question_{name}_{row}" for row in ROWS for name in ("label", "kind", "choices", "required")
)
QUESTION_KINDS = {
    "short_text": msgid("One line"),
    "long_text": msgid("Several lines"),
    "choice": msgid("One of several answers"),
    "checkbox": msgid("A box to check"),
}

_WRONG: dict[str, Words] = {
    "label": msgid("Shorten the question to one line of at most 200 characters."),
    "kind": msgid("Choose how it is answered."),
    "choices": msgid("Type 2 to 20 different answers, each on a line of its own."),
    "required": msgid("Choose whether it must be answered."),
}


def type_questions(stored: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """The form's fields for the questions of a webinar."""
    typed = dict.fromkeys(QUESTION_FIELDS, "")
    for row, one in zip(ROWS, stored, strict=False):
        question = Question.model_validate(one)
        typed[f"question_label_{row}"] = question.label
        typed[f"question_kind_{row}"] = question.kind
        typed[f"question_choices_{row}"] = "\n".join(question.choices)
        typed[f"question_required_{row}"] = "yes" if question.required else ""
    return typed


def read_own_questions(
    typed: Mapping[str, str],
) -> tuple[list[dict[str, Any]], dict[str, Words]]:
    """The questions as a webinar keeps them, and what is wrong by field; empty rows are none."""
    errors: dict[str, Words] = {}
    rows: list[int] = []
    given: list[dict[str, Any]] = []
    for row in ROWS:
        label = typed[f"question_label_{row}"].strip()
        kind = typed[f"question_kind_{row}"] or "short_text"
        choices = [line.strip() for line in typed[f"question_choices_{row}"].split("\n")]
        choices = [choice for choice in choices if choice]
        if not label:
            if choices:
                errors[f"question_label_{row}"] = msgid("Type the question to these answers.")
            continue
        rows.append(row)
        # Answers that were typed for another kind are not asked for.
        given.append(
            {
                "label": label,
                "kind": kind,
                "required": bool(typed[f"question_required_{row}"]),
                "choices": choices if kind == "choice" else [],
            }
        )
    try:
        questions = parse_questions(given)
    except InvalidFields as refused:
        for error in refused.errors:
            _, _, rest = error["field"].partition(".")
            place, _, name = rest.partition(".")
            if not place:
                same = msgid("Two questions are the same: change one.")
                errors[f"question_label_{rows[_repeated(given)]}"] = same
                continue
            name = name.partition(".")[0]
            errors[f"question_{name}_{rows[int(place)]}"] = _WRONG[name]
        return [], errors
    return [question.as_json() for question in questions], errors


def _repeated(given: Sequence[Mapping[str, Any]]) -> int:
    """Which question has been asked before."""
    labels = [one["label"] for one in given]
    return next((at for at, label in enumerate(labels) if label in labels[:at]), 0)
