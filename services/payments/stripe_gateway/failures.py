"""How Stripe can fail us, named by what we know afterwards; nobody else sees stripe's exceptions.

`StripeUnavailable` leaves the outcome unknown: repeat the call with its idempotency key. Busy and
conflict did nothing yet. Refusals are final.
"""

from typing import Any


class StripeFailure(Exception):
    """Stripe did not do what it was asked for."""

    def __init__(self, message: str = "", *, request_id: str | None = None) -> None:
        self.message = message or (type(self).__doc__ or "").strip()
        self.request_id = request_id
        super().__init__(self.message)


class StripeUnavailable(StripeFailure):
    """No answer that can be read. Stripe may have done it or not: the outcome is unknown."""


class StripeBusy(StripeFailure):
    """Stripe did nothing because we ask too often, or because the object is locked."""

    def __init__(self, message: str, *, reason: str, request_id: str | None = None) -> None:
        super().__init__(message, request_id=request_id)
        self.reason = reason
        """`endpoint-rate`, `global-rate`, ... as Stripe says it, or `lock_timeout`."""

    @property
    def is_lock_timeout(self) -> bool:
        return self.reason == "lock_timeout"


class StripeConflict(StripeFailure):
    """A call with the same idempotency key is under way: wait, then repeat it."""


class StripeRefused(StripeFailure):
    """Stripe says no, and would say so again."""

    def __init__(
        self,
        message: str,
        *,
        status: int,
        code: str | None = None,
        param: str | None = None,
        request_id: str | None = None,
    ) -> None:
        super().__init__(message, request_id=request_id)
        self.status = status
        self.code = code
        self.param = param


class IdempotencyKeyReused(StripeRefused):
    """The key was used before with other parameters: that earlier call may well have succeeded."""


class CardDeclined(StripeRefused):
    """The bank said no; the message is Stripe's sentence for the payer."""

    def __init__(
        self,
        message: str,
        *,
        status: int,
        code: str | None = None,
        param: str | None = None,
        request_id: str | None = None,
        decline_code: str | None = None,
        payment_intent: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(message, status=status, code=code, param=param, request_id=request_id)
        self.decline_code = decline_code
        self.payment_intent = payment_intent
        """The declined intent as it is now, where Stripe sent it along."""


class StripeAccountRefused(StripeRefused):
    """Stripe does not let us act for this account: key wrong, right missing or access revoked."""

    @property
    def is_key_refused(self) -> bool:
        """The key itself is wrong, whichever account it was used for."""
        return self.status == 401


class NotFromStripe(Exception):
    """The webhook was not signed with one of our secrets, or long ago, or is not an event."""
