"""Faults on order: what a test wants to go wrong, for which requests and how often."""

import fnmatch
import random
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from deploy.local.sandbox.world import new_id

RATE_LIMIT_REASONS = (
    "global-rate",
    "global-concurrency",
    "endpoint-rate",
    "endpoint-concurrency",
    "resource-specific",
)

# Before anything is looked at, the idempotency key included.
AT_THE_DOOR = frozenset(
    ("rate_limit", "lock_timeout", "server_error", "unavailable", "invalid_key",
     "timeout_before_commit", "reset_before_commit", "latency")
)  # fmt: skip
# While the key is held: another request with it gets a 409.
IN_EXECUTION = frozenset(("server_error_stored", "slow_execution"))
# When everything has happened and is stored, and the caller does not learn of it.
AFTER_COMMIT = frozenset(
    ("timeout_after_commit", "reset_after_commit", "truncated_body", "bad_gateway")
)
FAULTS = AT_THE_DOOR | IN_EXECUTION | AFTER_COMMIT


@dataclass
class Rule:
    """Which requests a fault meets, and what it does to them."""

    fault: str
    method: str | None = None
    path: str = "*"  # a pattern, * for anything: /v1/checkout/sessions, /v1/*/expire
    account: str | None = None
    nth: int = 1  # the first matching request that it meets
    times: int | None = 1  # how many it meets; null for all from then on
    share: float = 1.0  # of those, by chance
    reason: str = "endpoint-rate"  # of a rate limit
    executed: bool = False  # of server_error_stored: whether it happened all the same
    seconds: float = 1.0  # of latency and slow_execution
    spread: float = 0.0  # further seconds of latency, evenly spread
    limit: float = 120.0  # a hanging answer is given up after so many seconds
    id: str = field(default_factory=lambda: new_id("fault_", 12))
    seen: int = 0
    met: int = 0

    @classmethod
    def read(cls, values: dict[str, Any]) -> "Rule":
        """Raises ValueError for what is no rule."""
        names = {one.name for one in fields(cls)} - {"id", "seen", "met"}
        for name in values:
            if name not in names:
                raise ValueError(f"A fault has no {name}.")
        if values.get("fault") not in FAULTS:
            raise ValueError(f"fault is one of {', '.join(sorted(FAULTS))}.")
        rule = cls(**values)
        if rule.fault == "rate_limit" and rule.reason not in RATE_LIMIT_REASONS:
            raise ValueError(f"reason is one of {', '.join(RATE_LIMIT_REASONS)}.")
        return rule

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    def meets(self, method: str, path: str, account: str) -> bool:
        """Whether this request is one of those; counts it."""
        if self.method is not None and self.method.upper() != method:
            return False
        if self.account is not None and self.account != account:
            return False
        if not fnmatch.fnmatchcase(path, self.path):
            return False
        self.seen += 1
        if self.seen < self.nth or (self.times is not None and self.met >= self.times):
            return False
        if self.share < 1.0 and random.random() >= self.share:
            return False
        self.met += 1
        return True

    def wait(self) -> float:
        return self.seconds + random.random() * self.spread


class Faults:
    """The rules in force; the first that meets a request of each phase applies."""

    def __init__(self) -> None:
        self.rules: list[Rule] = []

    def add(self, rule: Rule) -> None:
        self.rules.append(rule)

    def clear(self) -> None:
        self.rules.clear()

    def meeting(self, method: str, path: str, account: str) -> list[Rule]:
        """The rules that meet a request, in the order in which they were made."""
        if not self.rules:
            return []
        return list(self._meeting(method, path, account))

    def _meeting(self, method: str, path: str, account: str) -> Iterator[Rule]:
        for rule in self.rules:
            if rule.meets(method, path, account):
                yield rule
