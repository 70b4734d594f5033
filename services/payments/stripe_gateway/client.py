"""The one way to Stripe: raw requests of the real SDK, plain dicts back, failures by our names."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Literal, NoReturn, Self

import stripe
from prometheus_client import Gauge

from services.payments import metrics
from services.payments.stripe_events import API_VERSION
from services.payments.stripe_gateway.failures import (
    CardDeclined,
    IdempotencyKeyReused,
    StripeAccountRefused,
    StripeBusy,
    StripeConflict,
    StripeRefused,
    StripeUnavailable,
)
from services.payments.stripe_gateway.key import StripeKey
from services.payments.stripe_gateway.transport import Transport

API_URL = "https://api.stripe.com"
CONNECT_URL = "https://connect.stripe.com"

# Repeating is the due-rows' business: they know the key, the pace and the deadline of a call,
# and a retry inside the SDK would hide from all three. It also never repeats a 429.
NETWORK_RETRIES = 0

# With telemetry the SDK's first request reads and writes a file in the home directory.
stripe.enable_telemetry = False
stripe.set_app_info("Taquilla")

Method = Literal["get", "post", "delete"]


@dataclass(frozen=True)
class StripeAnswer:
    """An answer with its headers, for the few who need those."""

    body: dict[str, Any]
    headers: Mapping[str, str]


class StripeGateway:
    """Calls to Stripe with one key; made inside the event loop that uses it, closed after.

    `raw_request` costs less than half of the SDK's typed calls, which turn every answer into
    nested objects that nobody here needs.
    """

    def __init__(
        self,
        secret_key: str,
        *,
        api_url: str = API_URL,
        connect_url: str = CONNECT_URL,
        client_id: str | None = None,
        has_test_key: bool = False,
        refused_gauge: Gauge = metrics.stripe_key_refused,
    ) -> None:
        """`has_test_key` says that rehearsals are paid with another key than this one."""
        api_url, connect_url = api_url.rstrip("/"), connect_url.rstrip("/")
        self.client_id = client_id
        self.connect_url = connect_url
        self.is_live = is_live_key(secret_key)
        self.has_test_key = has_test_key
        self.key = StripeKey(gauge=refused_gauge)
        self._transport = Transport(
            is_tls=any(url.startswith("https:") for url in (api_url, connect_url))
        )
        self.sdk = stripe.StripeClient(
            secret_key,
            client_id=client_id,
            stripe_version=API_VERSION,
            base_addresses={
                "api": api_url,
                "connect": connect_url,
                "files": api_url,
                "meter_events": api_url,
            },
            max_network_retries=NETWORK_RETRIES,
            http_client=self._transport,
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the connections."""
        await self._transport.close_async()

    async def raw_request(
        self,
        method: Method,
        path: str,
        params: Mapping[str, Any] | None = None,
        *,
        account: str | None = None,
        idempotency_key: str | None = None,
        on: Literal["api", "connect"] = "api",
    ) -> dict[str, Any]:
        """One request, its answer as a plain dict; raises a StripeFailure.

        `account` is the connected account to act for, None with the account's own key. Every
        call that makes or moves something passes an idempotency key that was stored before.
        """
        answer = await self.raw_answer(
            method, path, params, account=account, idempotency_key=idempotency_key, on=on
        )
        return answer.body

    async def raw_answer(
        self,
        method: Method,
        path: str,
        params: Mapping[str, Any] | None = None,
        *,
        account: str | None = None,
        idempotency_key: str | None = None,
        on: Literal["api", "connect"] = "api",
    ) -> StripeAnswer:
        """Like `raw_request`, with the headers."""
        options = {"stripe_account": account, "idempotency_key": idempotency_key}
        given = {name: option for name, option in options.items() if option is not None}
        try:
            response = await self.sdk.raw_request_async(
                method, path, **{**(params or {}), **given, "base": on}
            )
        except stripe.StripeError as failure:
            # OAuth says 401 about other things than the key.
            if on == "api" and failure.http_status:
                self._heard(failure.http_status)
            _raise_named(failure)
        except (AttributeError, TypeError, UnicodeDecodeError) as failure:
            # The SDK stumbles over bytes and error documents in a form that is not Stripe's.
            raise StripeUnavailable("The answer is not Stripe's.") from failure
        if on == "api":
            self.key.accepted()
        if not isinstance(response.data, dict):
            raise StripeUnavailable("The answer is not Stripe's.")
        return StripeAnswer(response.data, response.headers)

    def _heard(self, status: int) -> None:
        if status == 401:
            self.key.refused()
        elif status < 500:
            self.key.accepted()


def is_live_key(secret_key: str) -> bool:
    """Whether a secret or restricted key moves real money; test keys say so."""
    return not secret_key.startswith(("sk_test_", "rk_test_"))


def _raise_named(failure: stripe.StripeError) -> NoReturn:
    """Say what happened by our own names, judged by the status and Stripe's codes, never words."""
    status = failure.http_status or 0
    document = failure.json_body if isinstance(failure.json_body, Mapping) else {}
    request_id = failure.request_id
    error = document.get("error")
    if isinstance(error, str):
        # OAuth's form (RFC 6749 5.2), made into the API's.
        error = {"code": error, "message": document.get("error_description") or error}
    if not isinstance(error, Mapping) or status >= 500 or status < 400:
        # Without Stripe's own document (a proxy's page, silence) Stripe has not spoken.
        raise StripeUnavailable(failure.user_message or "", request_id=request_id) from failure

    message, code = str(error.get("message") or ""), error.get("code")
    if status == 429 or code in ("rate_limit", "lock_timeout"):
        headers = failure.headers or {}
        reason = headers.get("Stripe-Rate-Limited-Reason") or code or "unknown"
        raise StripeBusy(message, reason=str(reason), request_id=request_id) from failure
    if status == 409:
        raise StripeConflict(message, request_id=request_id) from failure
    if error.get("type") == "card_error":
        intent = error.get("payment_intent")
        raise CardDeclined(
            message,
            status=status,
            code=code,
            param=error.get("param"),
            request_id=request_id,
            decline_code=error.get("decline_code"),
            payment_intent=intent if isinstance(intent, dict) else None,
        ) from failure
    kind = StripeRefused
    if status in (401, 403) or code == "account_invalid":
        kind = StripeAccountRefused
    elif error.get("type") == "idempotency_error":
        kind, code = IdempotencyKeyReused, code or "idempotency_error"
    raise kind(
        message, status=status, code=code, param=error.get("param"), request_id=request_id
    ) from failure
