"""The refund policy as a form: steps with hours and percent. No I/O here."""

from collections.abc import Mapping
from itertools import pairwise

from services.registration.catalogues import msgid
from services.registration.console.message import Message, Words
from services.registration.refund_policy import (
    BRACKETS_MAX,
    HOURS_BEFORE_MAX,
    Bracket,
    RefundPolicy,
)

STEPS_SHOWN = 4
ROWS = range(1, BRACKETS_MAX + 1)
POLICY_FIELDS = ("policy", *(f"{name}_{row}" for row in ROWS for name in ("hours", "percent")))

_HOURS_WRONG = msgid("Type whole hours before the start, up to 8760.")
_PERCENT_WRONG = msgid("Type a whole percentage from 1 to 100.")


def type_policy(policy: RefundPolicy | None) -> dict[str, str]:
    """The form's fields for a policy."""
    typed = dict.fromkeys(POLICY_FIELDS, "")
    if policy is None:
        return typed
    typed["policy"] = policy.kind
    for row, bracket in zip(ROWS, policy.brackets, strict=False):
        typed[f"hours_{row}"] = str(bracket.hours_before)
        typed[f"percent_{row}"] = str(bracket.percent)
    return typed


def rows_shown(typed: Mapping[str, str]) -> range:
    """The rows to fill in: four, and more for a policy that was made by a program."""
    filled = [row for row in ROWS if typed[f"hours_{row}"] or typed[f"percent_{row}"]]
    return range(1, max(STEPS_SHOWN, *filled, 0) + 1)


def read_policy(typed: Mapping[str, str]) -> tuple[RefundPolicy | None, dict[str, Words]]:
    """The policy, or what is wrong by field; without a choice there is no policy."""
    match typed["policy"]:
        case "":
            return None, {}
        case "until_start":
            return RefundPolicy(kind="until_start"), {}
        case "none":
            return RefundPolicy(kind="none"), {}
        case "brackets":
            return _read_steps(typed)
        case _:
            return None, {"policy": msgid("Choose what goes back if people cancel.")}


def _read_steps(typed: Mapping[str, str]) -> tuple[RefundPolicy | None, dict[str, Words]]:
    errors: dict[str, Words] = {}
    steps: list[tuple[int, Bracket]] = []
    for row in ROWS:
        hours, percent = typed[f"hours_{row}"].strip(), typed[f"percent_{row}"].strip()
        if not hours and not percent:
            continue
        if not _is_whole(hours, 0, HOURS_BEFORE_MAX):
            errors[f"hours_{row}"] = _HOURS_WRONG
        elif not _is_whole(percent, 1, 100):
            errors[f"percent_{row}"] = _PERCENT_WRONG
        else:
            steps.append((row, Bracket(hours_before=int(hours), percent=int(percent))))
    if errors:
        return None, errors
    if not steps:
        return None, {"hours_1": msgid("Fill in at least one step.")}
    steps.sort(key=lambda step: -step[1].hours_before)
    for (_, earlier), (row, later) in pairwise(steps):
        if later.hours_before == earlier.hours_before:
            errors[f"hours_{row}"] = msgid("Two steps name the same hours: change one.")
        elif later.percent >= earlier.percent:
            errors[f"percent_{row}"] = Message(
                msgid("Less goes back as the start comes nearer: type less than %(percent)s here."),
                {"percent": earlier.percent},
            )
    if errors:
        return None, errors
    return RefundPolicy(kind="brackets", brackets=tuple(step for _, step in steps)), {}


def _is_whole(typed: str, smallest: int, largest: int) -> bool:
    is_number = typed.isascii() and typed.isdigit() and len(typed) <= 4
    return is_number and smallest <= int(typed) <= largest
