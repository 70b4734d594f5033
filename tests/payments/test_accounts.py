"""When an account is ready, what is missing in words, and what each change tells."""

from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest

from services.payments.accounts import (
    Account,
    AccountFacts,
    AnotherAccountConnected,
    connect,
    end_connection,
    in_words,
    observe,
    read_account,
    start_disconnecting,
)
from shared.events import (
    StripeAccountConnected,
    StripeAccountDisconnected,
    StripeAccountFacts,
    StripeAccountUpdated,
)

ORGANIZATION = uuid4()
READY = AccountFacts("acct_1", "Anna Talks", "DE", "EUR", is_ready=True, may_pay_out=True)


def stripe_account(**changes: Any) -> dict[str, Any]:
    return {
        "id": "acct_1",
        "charges_enabled": True,
        "details_submitted": True,
        "payouts_enabled": True,
        "capabilities": {"card_payments": "active"},
        "requirements": {"currently_due": [], "past_due": [], "disabled_reason": None},
        "country": "DE",
        "default_currency": "eur",
        "business_profile": {"name": "Anna GmbH"},
        "settings": {
            "dashboard": {"display_name": "Anna Talks"},
            "payments": {"statement_descriptor": "ANNA TALKS"},
        },
    } | changes


def account(**changes: Any) -> Account:
    made, _ = connect(None, ORGANIZATION, READY, "oauth", False)
    return replace(made, **changes)


def told(events: list[Any]) -> StripeAccountFacts:
    (event,) = events
    assert isinstance(event, StripeAccountFacts)
    return event


def test_an_account_that_may_charge_cards_is_ready_and_nothing_is_missing() -> None:
    facts = read_account(stripe_account())

    assert facts == AccountFacts(
        "acct_1",
        "Anna Talks",
        "DE",
        "EUR",
        is_ready=True,
        is_submitted=True,
        may_charge=True,
        may_pay_out=True,
        missing=(),
        statement_descriptor="ANNA TALKS",
    )


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"charges_enabled": False}, "Stripe’s leave to take payments"),
        ({"details_submitted": False}, "the application at Stripe, which is not finished"),
        (
            {"capabilities": {"card_payments": "inactive"}},
            "card payments, which are not switched on for this account",
        ),
        (
            {"capabilities": {"card_payments": "pending"}},
            "card payments, which Stripe is still checking",
        ),
        (
            {"capabilities": {"transfers": "active"}},
            "card payments, which are not switched on for this account",
        ),
        (
            {"charges_enabled": False, "requirements": {"disabled_reason": "rejected.fraud"}},
            "an account that Stripe accepts: it has rejected this one",
        ),
        (
            {"charges_enabled": False, "requirements": {"disabled_reason": "under_review"}},
            "Stripe’s review of the account, which is under way",
        ),
        (
            {"charges_enabled": False, "requirements": {"past_due": ["external_account"]}},
            "a bank account for payouts",
        ),
    ],
)
def test_whatever_stops_card_payments_makes_it_not_ready_and_is_named(
    changes: dict[str, Any], words: str
) -> None:
    facts = read_account(stripe_account(**changes))

    assert not facts.is_ready
    assert in_words("en", facts.missing) == [words]


@pytest.mark.parametrize(
    ("requirement", "words"),
    [
        ("tos_acceptance.date", "agreement to Stripe’s terms"),
        ("individual.verification.document", "a photo of an identity document"),
        ("business_profile.url", "a description of the business"),
        ("company.tax_id", "details of the company"),
        ("person_1ABC.dob.day", "details of the person responsible"),
        ("owners.first_name", "details of the company’s owners or directors"),
        ("something.new", "further details (something.new)"),
    ],
)
def test_what_stripe_asks_for_is_said_in_plain_words(requirement: str, words: str) -> None:
    facts = read_account(stripe_account(requirements={"currently_due": [requirement] * 2}))

    assert facts.missing == (requirement,)
    assert in_words("en", facts.missing) == [words]
    assert facts.is_ready, "it may still take payments meanwhile"


def test_an_account_of_ones_own_that_lists_no_capability_goes_by_its_charges() -> None:
    assert read_account(stripe_account(capabilities={})).is_ready
    assert not read_account(stripe_account(capabilities={}, charges_enabled=False)).is_ready


@pytest.mark.parametrize("empty", [None, {}])
def test_an_account_without_details_is_read_all_the_same(empty: Any) -> None:
    facts = read_account(
        {"id": "acct_1", "capabilities": empty, "requirements": empty, "settings": empty}
    )

    assert not facts.is_ready
    assert facts.display_name is None


def test_a_name_is_one_printable_line() -> None:
    dashboard = {"display_name": "An\r\nna\x00\u202e Talks" + "x" * 500}
    facts = read_account(stripe_account(settings={"dashboard": dashboard}))

    assert facts.display_name is not None
    assert facts.display_name.startswith("Anna Talks")
    assert len(facts.display_name) == 200


def test_connecting_is_told_with_the_facts_of_the_account() -> None:
    made, events = connect(None, ORGANIZATION, READY, "oauth", False)

    event = told(events)
    assert isinstance(event, StripeAccountConnected)
    assert (event.organization_id, event.stripe_account_id) == (ORGANIZATION, "acct_1")
    assert (event.version, event.is_ready, event.default_currency) == (1, True, "EUR")
    assert made.may_sell


def test_connecting_the_same_account_again_tells_nothing() -> None:
    first = account()

    assert connect(first, ORGANIZATION, READY, "oauth", False) == (first, [])


def test_another_account_never_takes_the_place_of_a_connected_one() -> None:
    with pytest.raises(AnotherAccountConnected, match="ends in ct_1"):
        connect(account(), ORGANIZATION, replace(READY, stripe_account_id="acct_2"), "oauth", False)


def test_after_disconnecting_another_account_may_follow_with_a_newer_version() -> None:
    gone, _ = end_connection(account())

    made, events = connect(
        gone, ORGANIZATION, replace(READY, stripe_account_id="acct_2"), "oauth", False
    )

    assert made.stripe_account_id == "acct_2"
    assert told(events).version == made.version == 3


def test_a_change_is_told_once_with_a_newer_version() -> None:
    unready = replace(READY, is_ready=False, missing=("external_account",))

    seen, events = observe(account(), unready, is_live=False)

    event = told(events)
    assert isinstance(event, StripeAccountUpdated)
    assert (event.version, event.is_ready) == (2, False)
    assert event.requirements == ("external_account",)
    assert event.missing == ("a bank account for payouts",)
    assert observe(seen, unready, is_live=False) == (seen, [])


def test_a_key_of_the_other_mode_makes_a_connection_unready() -> None:
    seen, events = observe(account(), READY, is_live=True)

    assert not seen.may_sell
    assert told(events).missing == ("a connection in live mode: connect it again",)


def test_disconnecting_stops_sales_at_once_and_is_told_once() -> None:
    leaving, events = start_disconnecting(account())

    assert isinstance(told(events), StripeAccountDisconnected)
    assert not told(events).is_ready
    assert not leaving.may_sell
    assert start_disconnecting(leaving) == (leaving, [])
    gone, later = end_connection(leaving)
    assert (gone.status, later) == ("disconnected", [])


def test_access_that_ends_at_stripe_is_told() -> None:
    gone, events = end_connection(account())

    assert gone.status == "disconnected"
    assert isinstance(told(events), StripeAccountDisconnected)
    assert end_connection(gone) == (gone, [])


def test_nothing_seen_brings_a_leaving_account_back() -> None:
    leaving, _ = start_disconnecting(account())

    assert observe(leaving, READY, is_live=False) == (leaving, [])


def test_only_a_connected_account_is_named_in_calls_to_stripe() -> None:
    assert account().acting_for == "acct_1"
    assert account(mode="direct_key").acting_for is None


def test_an_application_that_nobody_finished_may_give_way_to_another_account() -> None:
    unfinished = AccountFacts("acct_1", is_submitted=False, missing=("application",))
    begun, _ = connect(None, ORGANIZATION, unfinished, "onboarding", False)
    other = replace(READY, stripe_account_id="acct_2")

    made, events = connect(begun, ORGANIZATION, other, "oauth", False)

    assert begun.is_begun
    assert (made.stripe_account_id, made.mode, made.may_sell) == ("acct_2", "oauth", True)
    assert told(events).version == 2


def test_an_account_that_stripe_made_stays_once_its_application_was_sent() -> None:
    made, _ = connect(None, ORGANIZATION, READY, "onboarding", False)

    with pytest.raises(AnotherAccountConnected):
        connect(made, ORGANIZATION, replace(READY, stripe_account_id="acct_2"), "oauth", False)


def test_what_pages_show_of_an_account_is_told() -> None:
    facts = read_account(stripe_account(payouts_enabled=False))

    _, events = connect(None, ORGANIZATION, facts, "onboarding", False)

    event = told(events)
    assert (event.mode, event.is_submitted, event.charges_enabled) == ("onboarding", True, True)
    assert (event.payouts_enabled, event.statement_descriptor) == (False, "ANNA TALKS")
