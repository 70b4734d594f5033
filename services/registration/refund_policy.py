"""The refund policy: one structure that decides the money and writes the sentence. No I/O here.

No policy at all (None, JSON null) promises nothing: no sentence is written and cancelling pays
nothing back by itself. Money sent back by mistake is gone, while an organizer can always refund
more by hand; so silence is never read as a promise.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator

from services.registration.catalogues import speech
from shared.localized import format_hours, format_percent
from shared.money import percentage

BRACKETS_MAX = 10
HOURS_BEFORE_MAX = 365 * 24


class Bracket(BaseModel):
    """Until that many hours before the start, that share goes back."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    hours_before: Annotated[int, Field(ge=0, le=HOURS_BEFORE_MAX)]
    percent: Annotated[int, Field(ge=1, le=100)]


class RefundPolicy(BaseModel):
    """What a registrant who cancels gets back; frozen into each registration."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["brackets", "until_start", "none"]
    brackets: Annotated[tuple[Bracket, ...], Field(max_length=BRACKETS_MAX)] = Field(
        default=(), validate_default=True
    )

    @field_validator("brackets")
    @classmethod
    def _brackets_make_sense(
        cls, brackets: tuple[Bracket, ...], info: ValidationInfo
    ) -> tuple[Bracket, ...]:
        kind = info.data.get("kind")
        if kind != "brackets":
            if brackets and kind is not None:
                raise ValueError(f'must be left out when kind is "{kind}"')
            return ()
        if not brackets:
            raise ValueError('must name at least one bracket when kind is "brackets"')
        ordered = sorted(brackets, key=lambda bracket: -bracket.hours_before)
        for earlier, later in pairwise(ordered):
            if earlier.hours_before == later.hours_before:
                raise ValueError(f"names hours_before {later.hours_before} twice")
            if later.percent >= earlier.percent:
                raise ValueError(
                    f"must pay back less as the start comes nearer: percent at hours_before "
                    f"{later.hours_before} must be below {earlier.percent}"
                )
        return tuple(ordered)

    def as_json(self) -> dict[str, Any]:
        """The stored and published form; reading it back gives an equal policy."""
        leave_out = None if self.kind == "brackets" else {"brackets"}
        return self.model_dump(mode="json", exclude=leave_out)

    def ordered(self) -> tuple[Bracket, ...]:
        """The policy as brackets, the most generous first; none pay nothing back."""
        if self.kind == "until_start":
            return (Bracket(hours_before=0, percent=100),)
        return self.brackets

    def percent_at(self, time_left: timedelta) -> int:
        """The share that goes back when that much time is left until the start."""
        for bracket in self.ordered():
            if time_left >= timedelta(hours=bracket.hours_before):
                return bracket.percent
        return 0


@dataclass(frozen=True)
class Step:
    """One line of the policy as a page lists it; the last has no end and pays nothing back."""

    until: datetime | None
    percent: int
    amount_minor: int
    is_current: bool


def policy_start(starts_at_frozen: datetime, starts_at_now: datetime) -> datetime:
    """The start from which the hours count: the later of the two, in the registrant's favour."""
    return max(starts_at_frozen, starts_at_now)


def decide(
    policy: RefundPolicy | None,
    starts_at_frozen: datetime,
    starts_at_now: datetime,
    now: datetime,
    amount_minor: int,
    currency: str | None,
) -> int:
    """How much of an amount goes back to a registrant who cancels now."""
    if policy is None or currency is None or amount_minor <= 0:
        return 0
    time_left = policy_start(starts_at_frozen, starts_at_now) - now
    return percentage(amount_minor, policy.percent_at(time_left), currency)


def steps(
    policy: RefundPolicy | None,
    starts_at: datetime,
    now: datetime,
    amount_minor: int,
    currency: str | None,
) -> tuple[Step, ...]:
    """The policy as a list of moments and amounts, the one in force marked; empty without one."""
    if policy is None or currency is None:
        return ()
    listed: list[Step] = []
    is_past = True
    for bracket in policy.ordered():
        until = starts_at - timedelta(hours=bracket.hours_before)
        is_current = is_past and now <= until
        is_past = is_past and not is_current
        back = percentage(amount_minor, bracket.percent, currency)
        listed.append(Step(until, bracket.percent, back, is_current))
    return (*listed, Step(None, 0, 0, is_past))


def is_more_lenient(new: RefundPolicy | None, old: RefundPolicy | None) -> bool:
    """Whether at no moment less would go back under the new policy than under the old one."""
    return lost_bracket(new, old) is None


def lost_bracket(new: RefundPolicy | None, old: RefundPolicy | None) -> Bracket | None:
    """The earliest promise of the old policy that the new one would break; None breaks none.

    Looking at the old edges is enough: between two of them the old share stays the same, and no
    policy gives back less the more time is left.
    """
    promised = () if old is None else old.ordered()
    return next(
        (
            bracket
            for bracket in promised
            if _percent_at_hours(new, bracket.hours_before) < bracket.percent
        ),
        None,
    )


def sentence(policy: RefundPolicy | None, locale: str) -> str:
    """The policy in one sentence for pages and mails; empty without a structured policy."""
    if policy is None:
        return ""
    said = speech(locale)
    if policy.kind == "none":
        return said.gettext("If you cancel, your payment is not refunded.")
    if policy.kind == "until_start":
        return said.gettext("If you cancel before the start, you get everything back.")
    listed = [_step(bracket, locale) for bracket in policy.brackets]
    if len(listed) == 1:
        only = said.gettext("If you cancel, you get back %(step)s and nothing after that.")
        return only % {"step": listed[0]}
    several = said.gettext("If you cancel, you get back %(steps)s, and nothing after that.")
    return several % {"steps": ", ".join(listed)}


def _step(bracket: Bracket, locale: str) -> str:
    said = speech(locale)
    percent = format_percent(bracket.percent, locale)
    if not bracket.hours_before:
        return said.gettext("%(percent)s until the start") % {"percent": percent}
    hours = format_hours(bracket.hours_before, locale)
    until = said.gettext("%(percent)s until %(hours)s before the start")
    return until % {"percent": percent, "hours": hours}


def _percent_at_hours(policy: RefundPolicy | None, hours: int) -> int:
    return 0 if policy is None else policy.percent_at(timedelta(hours=hours))
