"""How fast Stripe is called: a bucket for each account and endpoint, a share kept for money back.

Stripe allows 25 calls a second to an endpoint and 100 to an account; whoever asks more gets 429.
Each process paces itself: with several replicas set PAYMENTS_STRIPE_REQUESTS_PER_SECOND to a part.
No I/O here.
"""

import asyncio
import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

Endpoint = Literal["sessions", "intents", "expire", "refunds", "reads", "events"]

OPENING: tuple[Endpoint, ...] = ("sessions", "intents")
ACCOUNT_FACTOR = 4  # Of the endpoint's rate: 80 a second where an endpoint gets 20.
RESERVED_SHARE = 0.25  # Of the account's bucket: openings leave it to refunds and reads.
PAUSE_SECONDS = 1.0
PAUSE_SECONDS_MAX = 30.0
BUCKETS_MAX = 10_000


@dataclass(slots=True)
class _Bucket:
    rate: float
    level: float
    filled_at: float
    paused_until: float = 0.0
    refusals: int = 0

    def fill(self, now: float) -> None:
        # One more than the rate: a slow bucket must be able to hold a whole token.
        self.level = min(self.rate + 1, self.level + (now - self.filled_at) * self.rate)
        self.filled_at = now

    def wait(self, now: float, floor: float) -> float:
        """Seconds until one call may go without sinking below the floor."""
        self.fill(now)
        short = floor + 1 - self.level
        return max(0.0 if short < 1e-9 else short / self.rate, self.paused_until - now)


class Pacer:
    """Lets calls go, one token each; every account for itself."""

    def __init__(
        self, requests_per_second: float, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._rate = requests_per_second
        self._clock = clock
        self._buckets: dict[tuple[str | None, str], _Bucket] = {}

    def try_admit(self, acting_for: str | None, endpoint: Endpoint) -> float:
        """0: the call may go now. Otherwise the seconds after which to ask again."""
        now = self._clock()
        calls = self._bucket(acting_for, endpoint, self._rate, now)
        total = self._bucket(acting_for, "", self._rate * ACCOUNT_FACTOR, now)
        if self._rate == 0:
            return max(0.0, calls.paused_until - now, total.paused_until - now)
        floor = total.rate * RESERVED_SHARE if endpoint in OPENING else 0.0
        wait = max(calls.wait(now, 0.0), total.wait(now, floor))
        if wait > 0:
            return wait
        calls.level -= 1
        total.level -= 1
        return 0.0

    async def admit(self, acting_for: str | None, endpoint: Endpoint) -> None:
        """Wait until the call may go."""
        while (wait := self.try_admit(acting_for, endpoint)) > 0:  # noqa: ASYNC110 # Time is waited for.
            await asyncio.sleep(wait * random.uniform(1.0, 1.2))

    def refused(self, acting_for: str | None, endpoint: Endpoint, reason: str) -> float:
        """Stripe said 429: pause that bucket, with full jitter; the seconds of the pause."""
        now = self._clock()
        name = endpoint if reason.startswith("endpoint") else ""
        rate = self._rate if name else self._rate * ACCOUNT_FACTOR
        bucket = self._bucket(acting_for, name, rate, now)
        bucket.refusals += 1
        longest = min(PAUSE_SECONDS * 2 ** (bucket.refusals - 1), PAUSE_SECONDS_MAX)
        pause = random.uniform(longest / 4, longest)
        bucket.level = 0.0
        bucket.paused_until = max(bucket.paused_until, now + pause)
        return pause

    def answered(self, acting_for: str | None, endpoint: Endpoint) -> None:
        """A call got through: the next refusal pauses briefly again."""
        for name in (endpoint, ""):
            bucket = self._buckets.get((acting_for, name))
            if bucket is not None:
                bucket.refusals = 0

    def exhausted(self) -> list[str]:
        """Accounts that may open nothing at the moment; '' is the key's own."""
        now = self._clock()
        names = []
        for acting_for in {account for account, _ in self._buckets}:
            total = self._buckets.get((acting_for, ""))
            calls = self._buckets.get((acting_for, "sessions"))
            waits = [
                bucket.wait(now, bucket.rate * RESERVED_SHARE if bucket is total else 0.0)
                if self._rate
                else bucket.paused_until - now
                for bucket in (total, calls)
                if bucket is not None
            ]
            if max(waits, default=0.0) > 0:
                names.append(acting_for or "")
        return names

    def _bucket(self, acting_for: str | None, name: str, rate: float, now: float) -> _Bucket:
        bucket = self._buckets.get((acting_for, name))
        if bucket is None:
            if len(self._buckets) >= BUCKETS_MAX:
                # Full buckets say nothing that a new one would not say.
                self._buckets = {
                    key: kept
                    for key, kept in self._buckets.items()
                    if kept.paused_until > now or now - kept.filled_at < 60
                }
            bucket = self._buckets[acting_for, name] = _Bucket(rate, rate + 1, now)
        return bucket
