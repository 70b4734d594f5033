"""Stripe accounts of organizations: when one is ready, what is missing, what is told. No I/O."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal
from uuid import UUID

from services.payments.words import say
from shared.events import (
    Event,
    StripeAccountConnected,
    StripeAccountDisconnected,
    StripeAccountUpdated,
)
from shared.localized import Language
from shared.refusals import Refusal

Mode = Literal["direct_key", "oauth", "onboarding"]
Status = Literal["connected", "disconnecting", "disconnected"]

NAME_LENGTH_MAX = 200
CODE_LENGTH_MAX = 100

APPLICATION = "application"
"""Stripe's first form is not sent yet."""
UNREAD = "account.unread"
"""The account could not be read yet; the next check does."""


class AccountTaken(Refusal):
    """This Stripe account is already connected to another organization."""

    code = "account_taken"


class AnotherAccountConnected(Refusal):
    """The organization is connected to another Stripe account; disconnect that one first."""

    code = "another_account_connected"

    def __init__(self, current: "Account") -> None:
        self.current = current
        super().__init__(
            "The organization is connected to the Stripe account that ends in "
            f"{current.last_four}; disconnect that one first."
        )


@dataclass(frozen=True)
class AccountFacts:
    """What Stripe says of an account."""

    stripe_account_id: str
    display_name: str | None = None
    country: str | None = None
    default_currency: str | None = None
    is_ready: bool = False
    is_submitted: bool = True
    may_charge: bool = False
    may_pay_out: bool = False
    missing: tuple[str, ...] = ()
    """Codes, Stripe's or ours, of what is still wanted; `in_words` says them."""
    statement_descriptor: str | None = None


@dataclass(frozen=True)
class Account:
    """The account into which an organization is paid."""

    organization_id: UUID
    stripe_account_id: str
    mode: Mode
    is_live: bool
    status: Status = "connected"
    version: int = 1
    display_name: str | None = None
    country: str | None = None
    default_currency: str | None = None
    is_ready: bool = False
    is_submitted: bool = True
    may_charge: bool = False
    may_pay_out: bool = False
    missing: tuple[str, ...] = ()
    """Codes, Stripe's or ours, of what is still wanted; `in_words` says them."""
    statement_descriptor: str | None = None
    has_test_key: bool = False
    """Whether rehearsals are paid with a test key beside the live one."""

    @property
    def may_sell(self) -> bool:
        """Whether new payments may be opened."""
        return self.status == "connected" and self.is_ready

    @property
    def is_begun(self) -> bool:
        """Whether Stripe still waits for the application of an account that it made for us."""
        return self.status == "connected" and self.mode == "onboarding" and not self.is_submitted

    @property
    def acting_for(self) -> str | None:
        """The `account` of every call to Stripe: none with the account's own key."""
        return None if self.mode == "direct_key" else self.stripe_account_id

    @property
    def last_four(self) -> str:
        return self.stripe_account_id[-4:]


def read_account(document: Mapping[str, Any]) -> AccountFacts:
    """What an account object of Stripe's API means for us; it may take payments or it tells why."""
    capabilities = document.get("capabilities") or {}
    # An account of one's own lists none as long as it never asked for any.
    cards = capabilities.get("card_payments", "active" if not capabilities else "unrequested")
    may_charge = bool(document.get("charges_enabled"))
    is_submitted = bool(document.get("details_submitted"))
    requirements = document.get("requirements") or {}

    missing: list[str] = []
    if not is_submitted:
        missing.append(APPLICATION)
    for name in (requirements.get("past_due") or []) + (requirements.get("currently_due") or []):
        missing.append(str(name)[:CODE_LENGTH_MAX])
    if not may_charge and not missing:
        reason = str(requirements.get("disabled_reason") or "unknown")
        missing.append(f"disabled.{reason[:CODE_LENGTH_MAX]}")
    if cards != "active" and is_submitted:
        missing.append("card_payments.pending" if cards == "pending" else "card_payments.off")
    return AccountFacts(
        stripe_account_id=str(document["id"]),
        display_name=_display_name(document),
        country=_text(document.get("country")),
        default_currency=(_text(document.get("default_currency")) or "").upper() or None,
        is_ready=may_charge and is_submitted and cards == "active",
        is_submitted=is_submitted,
        may_charge=may_charge,
        may_pay_out=bool(document.get("payouts_enabled")),
        missing=tuple(dict.fromkeys(missing)),
        statement_descriptor=_statement_descriptor(document),
    )


def connect(
    current: Account | None,
    organization_id: UUID,
    facts: AccountFacts,
    mode: Mode,
    is_live: bool,
    *,
    has_test_key: bool = False,
) -> tuple[Account, list[Event]]:
    """An organization's account is connected; nothing is told if it was already.

    Raises AnotherAccountConnected: money never changes its way by accident.
    """
    is_taken = current is not None and current.status != "disconnected"
    if current is not None and is_taken and not _may_be_replaced(current, facts):
        if current.stripe_account_id != facts.stripe_account_id:
            raise AnotherAccountConnected(current)
        if current.status == "connected" and (current.mode, current.is_live) == (mode, is_live):
            return observe(current, facts, is_live=is_live, has_test_key=has_test_key)
    account = Account(
        organization_id=organization_id,
        stripe_account_id=facts.stripe_account_id,
        mode=mode,
        is_live=is_live,
        version=1 if current is None else current.version + 1,
        display_name=facts.display_name,
        country=facts.country,
        default_currency=facts.default_currency,
        is_ready=facts.is_ready,
        is_submitted=facts.is_submitted,
        may_charge=facts.may_charge,
        may_pay_out=facts.may_pay_out,
        missing=facts.missing,
        statement_descriptor=facts.statement_descriptor,
        has_test_key=has_test_key,
    )
    return account, [_told(StripeAccountConnected, account)]


def _may_be_replaced(current: Account, facts: AccountFacts) -> bool:
    """An application that nobody finished never took money: another account may take its place."""
    return current.is_begun and current.stripe_account_id != facts.stripe_account_id


def observe(
    account: Account, facts: AccountFacts, *, is_live: bool, has_test_key: bool = False
) -> tuple[Account, list[Event]]:
    """What Stripe says now; told when it differs from what was told. `is_live` is our mode."""
    missing, is_ready = facts.missing, facts.is_ready
    if account.is_live != is_live:
        is_ready = False
        missing = (*missing, f"connection.{_mode_word(is_live)}")
    seen = replace(
        account,
        display_name=facts.display_name,
        country=facts.country,
        default_currency=facts.default_currency,
        is_ready=is_ready,
        is_submitted=facts.is_submitted,
        may_charge=facts.may_charge,
        may_pay_out=facts.may_pay_out,
        missing=missing,
        statement_descriptor=facts.statement_descriptor,
        has_test_key=has_test_key,
    )
    if seen == account or account.status != "connected":
        return account, []
    seen = replace(seen, version=account.version + 1)
    return seen, [_told(StripeAccountUpdated, seen)]


def start_disconnecting(account: Account) -> tuple[Account, list[Event]]:
    """Sales stop now; the account is let go once nothing is open any more."""
    if account.status != "connected":
        return account, []
    leaving = replace(
        account, status="disconnecting", is_ready=False, missing=(), version=account.version + 1
    )
    return leaving, [_told(StripeAccountDisconnected, leaving)]


def end_connection(account: Account) -> tuple[Account, list[Event]]:
    """The account is gone: we let it go, or its owner took the right away at Stripe."""
    if account.status == "disconnected":
        return account, []
    was_told = account.status == "disconnecting"
    gone = replace(
        account, status="disconnected", is_ready=False, missing=(), version=account.version + 1
    )
    return gone, [] if was_told else [_told(StripeAccountDisconnected, gone)]


def _mode_word(is_live: bool) -> str:
    return "live" if is_live else "test"


def _told(
    event: type[StripeAccountConnected | StripeAccountUpdated | StripeAccountDisconnected],
    account: Account,
) -> Event:
    return event(
        organization_id=account.organization_id,
        version=account.version,
        stripe_account_id=account.stripe_account_id,
        display_name=account.display_name,
        is_ready=account.is_ready,
        missing=tuple(in_words("en", account.missing)),
        requirements=account.missing,
        is_live=account.is_live,
        default_currency=account.default_currency,
        mode=account.mode,
        is_submitted=account.is_submitted,
        charges_enabled=account.may_charge,
        payouts_enabled=account.may_pay_out,
        statement_descriptor=account.statement_descriptor,
        has_test_key=account.has_test_key,
    )


# The first that matches names what Stripe asks for; its own names are for programmers. Behind
# them are ours, for what Stripe says in other ways than by a list.
_REQUIREMENTS = (
    (r"^external_account", "external_account"),
    (r"^tos_acceptance", "tos_acceptance"),
    (r"verification\.(additional_)?document", "document"),
    (r"^business_profile", "business_profile"),
    (r"^business_type", "business_type"),
    (r"^company\.", "company"),
    (r"^(individual|representative|person_\w+)\.", "person"),
    (r"^(owners|directors|executives)\.", "owners"),
    (rf"^{re.escape(APPLICATION)}$", "application"),
    (rf"^{re.escape(UNREAD)}$", "unread"),
    (r"^card_payments\.pending$", "cards_pending"),
    (r"^card_payments\.", "cards_off"),
    (r"^disabled\.requirements\.past_due$", "past_due"),
    (r"^disabled\.requirements\.pending_verification$", "pending_verification"),
    (r"^disabled\.(under_review|listed)$", "review"),
    (r"^disabled\.platform_paused$", "paused"),
    (r"^disabled\.rejected", "rejected"),
    (r"^disabled\.", "leave"),
    (r"^connection\.live$", "mode_live"),
    (r"^connection\.test$", "mode_test"),
)


def in_words(language: Language, codes: Iterable[str]) -> list[str]:
    """What Stripe still wants, each thing once, in the reader's words."""
    return list(dict.fromkeys(_phrase(language, code) for code in codes))


def _phrase(language: Language, code: str) -> str:
    for pattern, key in _REQUIREMENTS:
        if re.search(pattern, code):
            return say(language, f"requirement.{key}")
    return say(language, "requirement.other", code=code[:80])


def _display_name(document: Mapping[str, Any]) -> str | None:
    dashboard = (document.get("settings") or {}).get("dashboard") or {}
    profile = document.get("business_profile") or {}
    return _text(dashboard.get("display_name")) or _text(profile.get("name"))


def _statement_descriptor(document: Mapping[str, Any]) -> str | None:
    """What payers read on their card's statement."""
    payments = (document.get("settings") or {}).get("payments") or {}
    return _text(payments.get("statement_descriptor"))


def _text(value: Any) -> str | None:
    """One printable line, or nothing: it ends up in pages and events."""
    if not isinstance(value, str):
        return None
    line = "".join(letter for letter in value if letter.isprintable()).strip()
    return line[:NAME_LENGTH_MAX] or None
