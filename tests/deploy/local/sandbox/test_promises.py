"""The table of promises is complete, and what it points to exists."""

import re
from dataclasses import fields
from pathlib import Path

from deploy.local.sandbox.api.faults import FAULTS as ALL_FAULTS
from deploy.local.sandbox.deliveries import Policy
from deploy.local.sandbox.server import OPERATIONS
from tests.deploy.local.sandbox.promised_faults import CARDS, DELIVERY_FAULTS, FAULTS
from tests.deploy.local.sandbox.promises import AREAS

FOLDER = Path(__file__).parent

# The areas that a double of Stripe must have for the product to be proven against it.
WANTED = {
    "common",
    "idempotency",
    "checkout",
    "hosted page",
    "products, prices, payment methods",
    "payment intents, charges",
    "refunds",
    "disputes",
    "balance transactions, balance, payouts",
    "events",
    "webhook endpoints",
    "accounts",
    "oauth",
    "control",
}


def _existing() -> set[str]:
    return {
        f"{path.relative_to(FOLDER).as_posix()}::{name}"
        for path in FOLDER.rglob("test_*.py")
        for name in re.findall(r"^(?:async )?def (test_\w+)", path.read_text(), re.MULTILINE)
    }


def _named() -> set[str]:
    promised = {
        test for area in AREAS.values() for tests in area.promises.values() for test in tests
    }
    return promised | set(FAULTS.values()) | set(DELIVERY_FAULTS.values()) | set(CARDS.values())


def test_every_area_is_there_and_promises_something() -> None:
    assert set(AREAS) == WANTED
    assert all(area.promises for area in AREAS.values())


def test_every_promise_names_tests_that_exist() -> None:
    assert all(tests for area in AREAS.values() for tests in area.promises.values())
    assert _named() - _existing() == set()


def test_every_operation_belongs_to_one_area() -> None:
    listed = [operation for area in AREAS.values() for operation in area.operations]

    assert sorted(listed) == sorted(f"{one.method} {one.path}" for one in OPERATIONS)


def test_every_fault_is_met_by_a_test() -> None:
    assert set(FAULTS) == ALL_FAULTS
    assert set(DELIVERY_FAULTS) == {one.name for one in fields(Policy)}


def test_every_card_is_used_where_the_table_says() -> None:
    for card, test in CARDS.items():
        path, _, _ = test.partition("::")
        text = (FOLDER / path).read_text() + (FOLDER / "bench.py").read_text()
        assert card in text.replace(" ", ""), card
