"""Where rehearsals are paid while everybody else pays with real money: the test key's account."""

import time
from dataclasses import replace

import structlog

from services.payments.account_checks import read_own_facts
from services.payments.accounts import Account
from services.payments.stripe_gateway import StripeFailure, StripeGateway

log = structlog.get_logger(__name__)

RETRY_SECONDS = 30


class PlayMoney:
    """Stripe's test mode beside a live key: its gateway, and the account of that key."""

    def __init__(self, stripe: StripeGateway) -> None:
        assert not stripe.is_live
        self.stripe = stripe
        self._account_id: str | None = None
        self._due = 0.0

    @property
    def is_known(self) -> bool:
        """Whether rehearsals can be paid: Stripe has told whose the key is."""
        return self._account_id is not None

    async def round(self) -> int:
        """One round, for `shared.workers.run_worker`: learn the account's id, once."""
        if self.is_known or time.monotonic() < self._due:
            return 0
        try:
            facts = await read_own_facts(self.stripe)
        except StripeFailure as failure:
            self._due = time.monotonic() + RETRY_SECONDS
            log.error(
                "the account of PAYMENTS_STRIPE_TEST_SECRET_KEY is not known yet: no rehearsal "
                "can be paid",
                failure=type(failure).__name__,
                says=str(failure)[:300],
                remedy="It is tried again every 30 seconds.",
            )
            return 0
        self._account_id = facts.stripe_account_id
        return 1

    def instead_of(self, account: Account) -> Account | None:
        """Into which account a rehearsal is paid; None as long as nobody knows.

        Whoever may not sell may not rehearse it either: only the money is played with.
        """
        if self._account_id is None:
            return None
        return replace(
            account, stripe_account_id=self._account_id, mode="direct_key", is_live=False
        )
