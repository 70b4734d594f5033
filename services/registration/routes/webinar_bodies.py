"""What organizers send to schedule and change a webinar."""

from datetime import UTC, datetime
from typing import Annotated, Any
from urllib.parse import urlsplit
from zoneinfo import available_timezones

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
)

from services.registration.applications import CurrencyCode
from services.registration.questions import Questions
from services.registration.refund_policy import RefundPolicy
from services.registration.webinars import DURATION_MINUTES, HOLD_MINUTES
from shared.events import Kind
from shared.money import AMOUNT_MINOR_MAX
from shared.web import Line, Text

DESCRIPTION_BYTES_MAX = 16 * 1024
URL_LENGTH_MAX = 2000


def _description(value: str) -> str:
    if len(value.encode()) > DESCRIPTION_BYTES_MAX:
        raise ValueError(f"must have at most {DESCRIPTION_BYTES_MAX // 1024} KiB")
    # JSON writes other control characters six times as long: an event would outgrow its limit.
    if any(character < " " and character not in "\n\r\t" for character in value):
        raise ValueError("must not contain control characters other than line breaks and tabs")
    return value


def _web_address(value: str) -> str:
    try:
        parts = urlsplit(value)
        is_web = parts.scheme in ("http", "https") and bool(parts.hostname) and " " not in value
    except ValueError:
        is_web = False
    if not is_web:
        raise ValueError("must be a web address that starts with https:// or http://")
    return value


def _time_zone(value: str) -> str:
    if value not in available_timezones():
        raise ValueError("must be a time zone such as Europe/Madrid")
    return value


def _in_utc(value: datetime) -> datetime:
    try:
        return value.astimezone(UTC)
    except OverflowError:
        raise ValueError("must be a date that exists in every time zone") from None


Title = Annotated[Line, Field(min_length=1, max_length=200)]
Moment = Annotated[AwareDatetime, AfterValidator(_in_utc)]
Minutes = Annotated[int, Field(ge=1, le=43_200)]
TimeZone = Annotated[str, AfterValidator(_time_zone)]
Description = Annotated[
    Text, AfterValidator(_description), Field(description="Markdown, at most 16 KiB")
]
Price = Annotated[
    int,
    Field(ge=0, le=AMOUNT_MINOR_MAX),
    # No price is free, whether it is left out, taken away or 0.
    BeforeValidator(lambda value: 0 if value is None else value),
]
Capacity = Annotated[int, Field(ge=1, le=1_000_000)]
HoldMinutes = Annotated[int, Field(ge=5, le=120)]
WebAddress = Annotated[Line, Field(max_length=URL_LENGTH_MAX), AfterValidator(_web_address)]


class WebinarBody(BaseModel):
    """A webinar or virtual event; without a price it is free, without a capacity unlimited."""

    model_config = ConfigDict(strict=True)

    title: Title
    kind: Kind = "webinar"
    starts_at: Moment
    duration_minutes: Minutes = DURATION_MINUTES
    time_zone: TimeZone = "UTC"
    description: Description = ""
    price_minor: Price = 0
    currency: CurrencyCode | None = None
    capacity: Capacity | None = None
    hold_minutes: HoldMinutes = HOLD_MINUTES
    refund_policy: RefundPolicy | None = None
    join_url: WebAddress | None = None
    questions: Questions = ()

    def given(self) -> dict[str, Any]:
        """All fields by name, as they are stored."""
        return {name: _stored(getattr(self, name)) for name in type(self).model_fields}


def _stored(value: Any) -> Any:
    if isinstance(value, tuple):
        return [question.as_json() for question in value]
    return value.as_json() if isinstance(value, RefundPolicy) else value


_LEFT_OUT: Any = None


def _without_defaults(schema: dict[str, Any]) -> None:
    for field in schema["properties"].values():
        field.pop("default", None)


class WebinarChanges(BaseModel):
    """What is to change; a field that is left out stays as it is."""

    model_config = ConfigDict(strict=True, json_schema_extra=_without_defaults)

    title: Title = _LEFT_OUT
    kind: Kind = _LEFT_OUT
    starts_at: Moment = _LEFT_OUT
    duration_minutes: Minutes = _LEFT_OUT
    time_zone: TimeZone = _LEFT_OUT
    description: Description = _LEFT_OUT
    price_minor: Price = _LEFT_OUT
    currency: CurrencyCode | None = None
    capacity: Capacity | None = None
    hold_minutes: HoldMinutes = _LEFT_OUT
    refund_policy: RefundPolicy | None = None
    join_url: WebAddress | None = None
    refund_until: Annotated[
        Moment | None,
        Field(
            description="With a changed starts_at: until then registrants who cancel get all of it"
        ),
    ] = None
    questions: Questions = _LEFT_OUT

    def given(self) -> dict[str, Any]:
        """The fields that were sent by name, as they are stored."""
        return {name: _stored(getattr(self, name)) for name in self.model_fields_set}
