"""Stripe's refusals: what goes wrong, in the words, shapes and statuses that the API uses."""

from typing import Any

_DOCUMENTED = "https://docs.stripe.com/error-codes/"


class Refusal(Exception):
    """A request that is answered with an error object.

    `is_stored` says whether the idempotency layer keeps the answer: Stripe keeps what began to
    execute, and forgets what failed validation.
    """

    def __init__(
        self,
        status: int,
        message: str,
        *,
        type: str = "invalid_request_error",
        code: str | None = None,
        param: str | None = None,
        is_stored: bool = False,
        headers: dict[str, str] | None = None,
        **details: Any,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.is_stored = is_stored
        self.headers = headers or {}
        error: dict[str, Any] = {}
        if code is not None:
            error["code"] = code
            error["doc_url"] = _DOCUMENTED + code.replace("_", "-")
        error["message"] = message
        if param is not None:
            error["param"] = param
        error["type"] = type
        error.update({name: value for name, value in details.items() if value is not None})
        self.error = error

    def body(self) -> dict[str, Any]:
        return {"error": self.error}


def unknown_parameter(param: str) -> Refusal:
    return Refusal(
        400, f"Received unknown parameter: {param}", code="parameter_unknown", param=param
    )


def missing_parameter(param: str) -> Refusal:
    return Refusal(400, f"Missing required param: {param}.", code="parameter_missing", param=param)


def invalid_value(param: str, message: str, code: str | None = None) -> Refusal:
    return Refusal(400, message, code=code, param=param)


def unplayed_parameter(param: str) -> Refusal:
    """A parameter that Stripe knows and this sandbox does not play; it says so."""
    return Refusal(400, f"The sandbox does not play the parameter {param}.", param=param)


def no_such(
    noun: str,
    thing_id: str,
    *,
    param: str = "id",
    status: int = 404,
    is_stored: bool = False,
) -> Refusal:
    return Refusal(
        status,
        f"No such {noun}: '{thing_id}'",
        code="resource_missing",
        param=param,
        is_stored=is_stored,
    )


def unrecognized_url(method: str, path: str) -> Refusal:
    return Refusal(
        404,
        f"Unrecognized request URL ({method}: {path}). Please see https://docs.stripe.com or we "
        "can help at https://support.stripe.com/.",
    )


def no_key() -> Refusal:
    return Refusal(
        401,
        "You did not provide an API key. You need to provide your API key in the Authorization "
        "header, using Bearer auth (e.g. 'Authorization: Bearer YOUR_SECRET_KEY'). See "
        "https://docs.stripe.com/api#authentication for details, or we can help at "
        "https://support.stripe.com/.",
        headers={"WWW-Authenticate": 'Basic realm="Stripe"'},
    )


def invalid_key(key: str) -> Refusal:
    shown = key[:8] + "*" * max(0, len(key) - 12) + key[-4:] if len(key) > 12 else "*" * len(key)
    return Refusal(
        401,
        f"Invalid API Key provided: {shown}",
        headers={"WWW-Authenticate": 'Basic realm="Stripe"'},
    )


def account_invalid(key: str, account: str) -> Refusal:
    return Refusal(
        403,
        f"The provided key '{key[:8]}***{key[-4:]}' does not have access to account '{account}' "
        "(or that account does not exist). Application access may have been revoked.",
        code="account_invalid",
    )


def idempotency_mismatch(key: str) -> Refusal:
    return Refusal(
        400,
        "Keys for idempotent requests can only be used with the same parameters they were first "
        f"used with. Try using a key other than '{key}' if you meant to execute a different "
        "request.",
        type="idempotency_error",
    )


def idempotency_in_use(key: str) -> Refusal:
    return Refusal(
        409,
        "There is currently another in-progress request using this Idempotent Key "
        f"({key}). This probably means you submitted twice, and the other request is still "
        "going through.",
        type="idempotency_error",
        code="idempotency_key_in_use",
    )


def server_error() -> Refusal:
    return Refusal(
        500,
        "Sorry! There was an error while talking to one of our backends. Support has been "
        "notified.",
        type="api_error",
    )


def rate_limited(reason: str) -> Refusal:
    return Refusal(
        429,
        "Request rate limit exceeded. Learn more about rate limits here "
        "https://docs.stripe.com/rate-limits.",
        code="rate_limit",
        headers={"Stripe-Rate-Limited-Reason": reason, "Stripe-Should-Retry": "false"},
    )


def lock_timeout() -> Refusal:
    return Refusal(
        429,
        "This object cannot be accessed right now because another API request or Stripe process "
        "is currently accessing it. If you see this error intermittently, retry the request.",
        code="lock_timeout",
        headers={"Stripe-Should-Retry": "true"},
    )
