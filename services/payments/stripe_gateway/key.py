"""Whether Stripe accepts our key, as this process last heard. No I/O here."""

import time
from collections.abc import Callable

from prometheus_client import Gauge

from services.payments import metrics

PROBE_SECONDS = 15.0


class StripeKey:
    """A key that is turned away is tried now and then, not by everyone who waits for it."""

    def __init__(
        self,
        clock: Callable[[], float] = time.monotonic,
        *,
        gauge: Gauge = metrics.stripe_key_refused,
    ) -> None:
        self._clock = clock
        self._gauge = gauge
        self._probe_at = 0.0
        self.is_refused = False

    def refused(self) -> None:
        """Stripe turned the key away (401): nothing of the call was done."""
        if not self.is_refused:
            self._probe_at = self._clock() + PROBE_SECONDS
        self.is_refused = True
        self._gauge.set(1)

    def accepted(self) -> None:
        """Stripe looked at a call, whatever it said to it."""
        self.is_refused = False
        self._gauge.set(0)

    def wait(self) -> float:
        """0: a call may go. Otherwise the seconds after which to ask again."""
        now = self._clock()
        if self.is_refused and now < self._probe_at:
            return self._probe_at - now
        self._probe_at = now + PROBE_SECONDS
        return 0.0
