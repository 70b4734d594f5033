"""Stripe's rate limit, when a test turns it on: a bucket for each account and endpoint."""

import re
import time

from deploy.local.sandbox.api.refusals import rate_limited
from deploy.local.sandbox.settings import Settings

_ID = re.compile(r"[a-z]+_.*\d.*")


class Pace:
    """Lets through as many requests a second as the settings say, and refuses the rest."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._buckets: dict[tuple[str, str], tuple[float, float]] = {}

    def admit(self, account: str, method: str, path: str) -> None:
        rate = self._settings.requests_per_second
        if not rate:
            return
        # An id in the path is not part of the endpoint's name.
        name = "/".join(part for part in path.split("/") if not _ID.fullmatch(part))
        now = time.monotonic()
        left, since = self._buckets.get((account, f"{method} {name}"), (rate, now))
        left = min(rate, left + (now - since) * rate)
        if left < 1:
            self._buckets[account, f"{method} {name}"] = (left, now)
            raise rate_limited("endpoint-rate")
        self._buckets[account, f"{method} {name}"] = (left - 1, now)
