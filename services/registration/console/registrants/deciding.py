"""One decision about a registration: money, seat with access, and mail together. No I/O here."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, cast, get_args

from services.registration.cancellations import CancelAsked, amount_back
from services.registration.catalogues import msgid
from services.registration.console.message import Message, Words
from services.registration.refunds import RefundAsked, check_amount
from services.registration.registrants import Occasion, Registrant
from shared.events import MESSAGE_LENGTH_MAX
from shared.money import AMOUNT_MINOR_MAX, currency_rule, major_units
from shared.refusals import Invalid
from shared.text import one_line, several_lines

Money = Literal["full", "policy", "part", "none"]
Seat = Literal["free", "keep"]

REASON_LENGTH_MAX = 500
AMOUNT_LENGTH_MAX = 20

CHOOSE_MONEY = msgid("Choose how much goes back.")
CHOOSE_SEAT = msgid("Choose what becomes of the seat.")
NOTHING_CHOSEN = msgid("Nothing would change: refund something, or free the seat.")
REASON_TOO_LONG = msgid("Shorten the reason to 500 characters on one line.")
MESSAGE_TOO_LONG = msgid("Shorten the message to 1,000 characters of plain text.")
MESSAGE_UNSENT = msgid("It goes with the mail: check the box above, or remove the message.")
AMOUNT_BAD = msgid("Type an amount such as %(example)s.")
AMOUNT_TOO_HIGH = msgid("At most %(most)s can be refunded.")
AMOUNT_STEP = msgid("This currency is refunded in steps of %(step)s.")


@dataclass(frozen=True)
class Choices:
    """What there is to decide for somebody."""

    left_minor: int
    policy_minor: int  # What the registrant would get back by cancelling now.
    has_seat: bool

    @property
    def is_any(self) -> bool:
        """Whether there is anything to decide at all."""
        return self.has_seat or self.left_minor > 0

    @property
    def has_policy(self) -> bool:
        """Whether the policy says something between all and nothing."""
        return self.has_seat and 0 < self.policy_minor < self.left_minor


@dataclass(frozen=True)
class Decision:
    """What was decided; the amount is what goes back if nothing else happens meanwhile."""

    money: Money
    amount_minor: int
    keeps_seat: bool
    notify: bool
    reason: str | None
    message: str | None  # To the registrant, in the mail.

    def cancels(self, registrant: Registrant) -> bool:
        """Whether this ends the registration, seat and access."""
        return registrant.is_active and not self.keeps_seat

    def as_cancel(self, key: str) -> CancelAsked:
        """As the rule that cancels takes it."""
        by_amount = self.money in ("policy", "part")
        return CancelAsked(
            by="organizer",
            refund="amount" if by_amount else "full" if self.money == "full" else "none",
            amount_minor=self.amount_minor if by_amount else None,
            notify=self.notify,
            idempotency_key=key,
            reason=self.reason,
            message=self.message,
        )

    def as_refund(self, key: str) -> RefundAsked:
        """As the rule that refunds takes it."""
        choices = (self.money, self.amount_minor, self.keeps_seat, self.notify)
        body = repr((*choices, self.reason, self.message))
        return RefundAsked(
            idempotency_key=key,
            body_sha256=hashlib.sha256(body.encode()).digest(),
            amount_minor=None if self.money == "full" else self.amount_minor,
            keep_seat=self.keeps_seat,
            reason=self.reason,
            notify=self.notify,
            message=self.message,
        )


def choices_for(registrant: Registrant, left_minor: int, occasion: Occasion) -> Choices:
    """What can be decided for this registrant now."""
    by_policy = CancelAsked(by="registrant", refund="policy")
    return Choices(
        left_minor=left_minor,
        policy_minor=amount_back(registrant, by_policy, left_minor, occasion),
        has_seat=registrant.is_active,
    )


def read_decision(
    fields: Mapping[str, str], registrant: Registrant, choices: Choices
) -> Decision | dict[str, Words]:
    """What the form says, or what to correct in it, by field."""
    errors: dict[str, Words] = {}
    money = _money(fields, choices)
    amount = 0
    if money is None:
        errors["money"] = CHOOSE_MONEY
    elif money == "part":
        read = read_amount(fields.get("amount", ""), choices.left_minor, registrant.currency or "")
        if isinstance(read, int):
            amount = read
        else:
            errors["amount"] = read
    else:
        amount = {"full": choices.left_minor, "policy": choices.policy_minor, "none": 0}[money]
    seat = fields.get("seat")
    # An unpaid seat cannot be kept for free: it is paid for, or ends.
    is_choosable = registrant.status == "confirmed"
    if is_choosable and seat not in get_args(Seat):
        errors["seat"] = CHOOSE_SEAT
    keeps_seat = is_choosable and seat == "keep"
    if not errors and not amount and (keeps_seat or not choices.has_seat):
        errors["money"] = NOTHING_CHOSEN
    try:
        reason = one_line(fields.get("reason", ""))
        if len(reason) > REASON_LENGTH_MAX:
            raise ValueError(REASON_TOO_LONG)
    except ValueError:
        errors["reason"], reason = REASON_TOO_LONG, ""
    notify = fields.get("notify") == "yes"
    message = _message(fields)
    if message is None:
        errors["message"] = MESSAGE_TOO_LONG
    elif message and not notify:
        errors["message"] = MESSAGE_UNSENT
    if errors or money is None:
        return errors
    return Decision(
        money=money,
        amount_minor=amount,
        keeps_seat=keeps_seat,
        notify=notify,
        reason=reason or None,
        message=message or None,
    )


def read_amount(typed: str, most_minor: int, currency: str) -> int | Words:
    """An amount as people type it, "24.50" or "24,50", or what to correct."""
    exponent, step = currency_rule(currency).exponent, currency_rule(currency).step
    example = str(major_units(max(step, most_minor // 2 // step * step), currency))
    typed = typed.strip()
    whole, _, part = typed.replace(",", ".").partition(".")
    digits = whole + part.ljust(exponent, "0")
    is_number = whole and digits.isascii() and digits.isdigit() and len(part) <= exponent
    if not is_number or len(typed) > AMOUNT_LENGTH_MAX:
        return Message(AMOUNT_BAD, {"example": example})
    amount = int(digits)
    if not 0 < amount <= AMOUNT_MINOR_MAX:
        return Message(AMOUNT_BAD, {"example": example})
    if amount > most_minor:
        most = f"{major_units(most_minor, currency)} {currency}"
        return Message(AMOUNT_TOO_HIGH, {"most": most})
    try:
        check_amount(amount, most_minor, currency)
    except Invalid:
        return Message(AMOUNT_STEP, {"step": f"{major_units(step, currency)} {currency}"})
    return amount


def _message(fields: Mapping[str, str]) -> str | None:
    """What is typed for the mail; None for what cannot stand there."""
    try:
        message = several_lines(fields.get("message", ""))
    except ValueError:
        return None
    return message if len(message) <= MESSAGE_LENGTH_MAX else None


def _money(fields: Mapping[str, str], choices: Choices) -> Money | None:
    if not choices.left_minor:
        return "none"
    money = fields.get("money")
    if money not in get_args(Money) or (money == "policy" and not choices.has_policy):
        return None
    return cast(Money, money)
