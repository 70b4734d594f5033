"""Refusals: the named ways in which a rule says no. No I/O here."""

from typing import ClassVar


class Refusal(Exception):
    """Something asked for is not possible; a subclass's docstring is what the asker reads."""

    status: ClassVar[int] = 409
    code: ClassVar[str] = "refused"

    def __init__(self, detail: str | None = None, *, field: str | None = None) -> None:
        self.detail = detail or (type(self).__doc__ or "Refused.").strip()
        self.field = field
        super().__init__(self.detail)


class NotFound(Refusal):
    """There is nothing here under this address."""

    status = 404
    code = "not_found"


class Invalid(Refusal):
    """A field holds something that cannot be used."""

    status = 422
    code = "invalid"


class InvalidFields(Refusal):
    """Some fields hold something that cannot be used."""

    status = 422
    code = "invalid"

    def __init__(self, errors: list[dict[str, str]]) -> None:
        self.errors = errors
        super().__init__()


class Unauthorized(Refusal):
    """Send a valid API token: Authorization: Bearer <token>."""

    status = 401
    code = "unauthorized"


class Forbidden(Refusal):
    """This API token does not have the scope that this call needs."""

    status = 403
    code = "forbidden"


class TooMany(Refusal):
    """Too many requests; wait a little and try again."""

    status = 429
    code = "too_many"


class Unavailable(Refusal):
    """This is not possible right now; try again in a moment."""

    status = 503
    code = "unavailable"
