"""Stripe accounts of organizations: when one is ready, what is missing, what is told. No I/O."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal
from uuid import UUID

from shared.events import (
    Event,
    StripeAccountConnected,
    StripeAccountDisconnected,
    StripeAccountUpdated,
)
from shared.refusals import Refusal

Mode = Literal["direct_key", "oauth"]
Status = Literal["connected", "disconnecting", "disconnected"]

NAME_LENGTH_MAX = 200


class AccountTaken(Refusal):
    """This Stripe account is already connected to another organization."""

    code = "account_taken"


class AnotherAccountConnected(Refusal):
    """The organization is connected to another Stripe account; disconnect that one first."""

    code = "another_account_connected"


class OtherMode(Refusal):
    """The account was connected in test mode and this installation takes real payments."""

    code = "other_mode"


@dataclass(frozen=True)
class AccountFacts:
    """What Stripe says of an account."""

    stripe_account_id: str
    display_name: str | None = None
    country: str | None = None
    default_currency: str | None = None
    is_ready: bool = False
    may_pay_out: bool = False
    missing: tuple[str, ...] = ()


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
    may_pay_out: bool = False
    missing: tuple[str, ...] = ()

    @property
    def may_sell(self) -> bool:
        """Whether new payments may be opened."""
        return self.status == "connected" and self.is_ready

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
        missing.append("the application at Stripe, which is not finished")
    for name in (requirements.get("past_due") or []) + (requirements.get("currently_due") or []):
        missing.append(_requirement(str(name)))
    if not may_charge and not missing:
        missing.append(_reason(str(requirements.get("disabled_reason") or "")))
    if cards != "active":
        missing.append(
            "card payments, which Stripe is still checking"
            if cards == "pending"
            else "card payments, which are not switched on for this account"
        )
    return AccountFacts(
        stripe_account_id=str(document["id"]),
        display_name=_display_name(document),
        country=_text(document.get("country")),
        default_currency=(_text(document.get("default_currency")) or "").upper() or None,
        is_ready=may_charge and is_submitted and cards == "active",
        may_pay_out=bool(document.get("payouts_enabled")),
        missing=tuple(dict.fromkeys(missing)),
    )


def connect(
    current: Account | None, organization_id: UUID, facts: AccountFacts, mode: Mode, is_live: bool
) -> tuple[Account, list[Event]]:
    """An organization's account is connected; nothing is told if it was already.

    Raises AnotherAccountConnected: money never changes its way by accident.
    """
    if current is not None and current.status != "disconnected":
        if current.stripe_account_id != facts.stripe_account_id:
            raise AnotherAccountConnected(
                "The organization is connected to the Stripe account that ends in "
                f"{current.last_four}; disconnect that one first."
            )
        if current.status == "connected" and (current.mode, current.is_live) == (mode, is_live):
            return observe(current, facts, is_live=is_live)
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
        may_pay_out=facts.may_pay_out,
        missing=facts.missing,
    )
    return account, [_told(StripeAccountConnected, account)]


def observe(account: Account, facts: AccountFacts, *, is_live: bool) -> tuple[Account, list[Event]]:
    """What Stripe says now; told when it differs from what was told. `is_live` is our mode."""
    missing, is_ready = facts.missing, facts.is_ready
    if account.is_live != is_live:
        is_ready = False
        missing = (*missing, f"a connection in {_mode_word(is_live)} mode: connect it again")
    seen = replace(
        account,
        display_name=facts.display_name,
        country=facts.country,
        default_currency=facts.default_currency,
        is_ready=is_ready,
        may_pay_out=facts.may_pay_out,
        missing=missing,
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


def mode_problem(is_live_account: bool, is_live_key: bool) -> str | None:
    """Why an account's mode does not go with our key's, in words; None is fine."""
    if is_live_account == is_live_key:
        return None
    return (
        f"Stripe connected the account in {_mode_word(is_live_account)} mode, and this "
        f"installation works in {_mode_word(is_live_key)} mode."
    )


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
        missing=account.missing,
        is_live=account.is_live,
        default_currency=account.default_currency,
    )


# The first that matches names what Stripe asks for; its own names are for programmers.
_REQUIREMENTS = (
    (r"^external_account", "a bank account for payouts"),
    (r"^tos_acceptance", "agreement to Stripe’s terms"),
    (r"verification\.(additional_)?document", "a photo of an identity document"),
    (r"^business_profile", "a description of the business"),
    (r"^business_type", "the kind of business"),
    (r"^company\.", "details of the company"),
    (r"^(individual|representative|person_\w+)\.", "details of the person responsible"),
    (r"^(owners|directors|executives)\.", "details of the company’s owners or directors"),
)

_REASONS = {
    "requirements.past_due": "details that Stripe asked for, which are overdue",
    "requirements.pending_verification": "Stripe’s check of the details, which is under way",
    "under_review": "Stripe’s review of the account, which is under way",
    "listed": "Stripe’s review of the account, which is under way",
    "platform_paused": "the end of a pause that was set at Stripe",
}


def _requirement(name: str) -> str:
    for pattern, words in _REQUIREMENTS:
        if re.search(pattern, name):
            return words
    return f"further details ({name[:80]})"


def _reason(name: str) -> str:
    if name.startswith("rejected."):
        return "an account that Stripe accepts: it has rejected this one"
    return _REASONS.get(name, "Stripe’s leave to take payments")


def _display_name(document: Mapping[str, Any]) -> str | None:
    dashboard = (document.get("settings") or {}).get("dashboard") or {}
    profile = document.get("business_profile") or {}
    return _text(dashboard.get("display_name")) or _text(profile.get("name"))


def _text(value: Any) -> str | None:
    """One printable line, or nothing: it ends up in pages and events."""
    if not isinstance(value, str):
        return None
    line = "".join(letter for letter in value if letter.isprintable()).strip()
    return line[:NAME_LENGTH_MAX] or None
