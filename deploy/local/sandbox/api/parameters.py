"""Describes what an operation accepts, and checks a request against it as Stripe would."""

import re
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from deploy.local.sandbox.api.refusals import (
    Refusal,
    invalid_value,
    missing_parameter,
    unknown_parameter,
    unplayed_parameter,
)

_INTEGER = re.compile(r"-?\d{1,18}")
_EMAIL = re.compile(r"[^@\s<>()\[\],;:\"]+@[^@\s.<>(),;]+(\.[^@\s.<>(),;]+)+")


class Kind(ABC):
    """One sort of value; `read` returns it or raises a refusal that names the parameter."""

    is_required = False

    @abstractmethod
    def read(self, value: Any, param: str) -> Any:
        """The value as the sandbox keeps it."""


@dataclass(frozen=True)
class Text(Kind):
    longest: int = 5000
    is_required: bool = False
    may_be_unset: bool = False

    def read(self, value: Any, param: str) -> str | None:
        if not isinstance(value, str):
            raise invalid_value(param, f"Invalid string: {value}", "parameter_invalid_string")
        if value == "":
            if self.may_be_unset:
                return None
            raise invalid_value(
                param,
                f"You passed an empty string for '{param}'. We assume empty values are an attempt "
                f"to unset a parameter; however '{param}' cannot be unset. You should remove "
                f"'{param}' from your request or supply a non-empty value.",
                "parameter_invalid_empty",
            )
        if len(value) > self.longest:
            raise invalid_value(
                param,
                f"Invalid string: {value[:15]}...{value[-15:]}; must be at most {self.longest} "
                "characters",
            )
        return value


@dataclass(frozen=True)
class Email(Text):
    longest: int = 512

    def read(self, value: Any, param: str) -> str | None:
        address = super().read(value, param)
        if address is not None and not _EMAIL.fullmatch(address):
            raise invalid_value(param, f"Invalid email address: {address}", "email_invalid")
        return address


@dataclass(frozen=True)
class Url(Text):
    def read(self, value: Any, param: str) -> str | None:
        address = super().read(value, param)
        if address is not None and not re.match(r"https?://[^\s/]+", address):
            raise invalid_value(param, "Not a valid URL", "url_invalid")
        return address


@dataclass(frozen=True)
class Integer(Kind):
    least: int | None = None
    most: int | None = None
    is_required: bool = False

    def read(self, value: Any, param: str) -> int:
        if not isinstance(value, str) or not _INTEGER.fullmatch(value):
            raise invalid_value(param, f"Invalid integer: {value}", "parameter_invalid_integer")
        number = int(value)
        if self.least is not None and number < self.least:
            message = (
                "Invalid non-negative integer"
                if self.least == 0
                else f"This value must be greater than or equal to {self.least}."
            )
            raise invalid_value(param, message, "parameter_invalid_integer")
        if self.most is not None and number > self.most:
            raise invalid_value(
                param,
                f"This value must be less than or equal to {self.most}.",
                "parameter_invalid_integer",
            )
        return number


@dataclass(frozen=True)
class Flag(Kind):
    is_required: bool = False

    def read(self, value: Any, param: str) -> bool:
        if value not in ("true", "false"):
            raise invalid_value(param, f"Invalid boolean: {value}", "parameter_invalid_boolean")
        return bool(value == "true")


@dataclass(frozen=True)
class Choice(Kind):
    among: Sequence[str]
    is_required: bool = False
    unplayed: Sequence[str] = ()

    def read(self, value: Any, param: str) -> str:
        if value in self.unplayed:
            raise Refusal(400, f"The sandbox does not play {param}={value}.", param=param)
        if not isinstance(value, str) or value not in self.among:
            words = [*self.among, *self.unplayed]
            listed = words[0]
            if len(words) == 2:
                listed = f"{words[0]} or {words[1]}"
            elif len(words) > 2:
                listed = f"{', '.join(words[:-1])}, or {words[-1]}"
            raise invalid_value(param, f"Invalid {param}: must be one of {listed}")
        return value


@dataclass(frozen=True)
class Record(Kind):
    """Named parts; anything else is unknown, and `unplayed` ones are refused openly."""

    parts: Mapping[str, Kind]
    is_required: bool = False
    unplayed: frozenset[str] = field(default_factory=frozenset)

    def read(self, value: Any, param: str) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise invalid_value(param, "Invalid object", "parameter_invalid_object")
        for name in value:
            if name not in self.parts:
                full_name = f"{param}[{name}]" if param else name
                if name in self.unplayed:
                    raise unplayed_parameter(full_name)
                raise unknown_parameter(full_name)
        accepted: dict[str, Any] = {}
        for name, kind in self.parts.items():
            full_name = f"{param}[{name}]" if param else name
            if name in value:
                accepted[name] = kind.read(value[name], full_name)
            elif kind.is_required:
                raise missing_parameter(full_name)
        return accepted


@dataclass(frozen=True)
class Many(Kind):
    item: Kind
    most: int = 100
    is_required: bool = False
    may_be_unset: bool = False

    def read(self, value: Any, param: str) -> list[Any]:
        if value == "" and self.may_be_unset:
            return []
        if not isinstance(value, dict) or not all(key.isdigit() for key in value):
            raise invalid_value(param, "Invalid array", "parameter_invalid_array")
        if len(value) > self.most:
            raise invalid_value(param, f"Array {param} exceeded maximum {self.most} allowed items.")
        return [
            self.item.read(value[key], f"{param}[{index}]")
            for index, key in enumerate(sorted(value, key=int))
        ]


@dataclass(frozen=True)
class Metadata(Kind):
    """Up to 50 texts; an empty one is kept as an order to unset it."""

    def read(self, value: Any, param: str) -> dict[str, str]:
        if value == "":
            return {}
        if not isinstance(value, dict) or not all(isinstance(v, str) for v in value.values()):
            raise invalid_value(param, "Invalid object", "parameter_invalid_object")
        if len(value) > 50:
            raise invalid_value(param, "Metadata can have at most 50 keys")
        for name, text in value.items():
            if len(name) > 40:
                raise invalid_value(
                    param, f"Metadata keys must be at most 40 characters long: {name}"
                )
            if len(text) > 500:
                raise invalid_value(
                    f"{param}[{name}]", "Metadata values can have up to 500 characters"
                )
        return dict(value)


@dataclass(frozen=True)
class Moments(Kind):
    """A filter on time: one second, or bounds."""

    def read(self, value: Any, param: str) -> dict[str, int]:
        if isinstance(value, str):
            exactly = Integer().read(value, param)
            return {"gte": exactly, "lte": exactly}
        if not isinstance(value, dict):
            raise invalid_value(param, "Invalid object", "parameter_invalid_object")
        for name in value:
            if name not in ("gt", "gte", "lt", "lte"):
                raise unknown_parameter(f"{param}[{name}]")
        return {name: Integer().read(bound, f"{param}[{name}]") for name, bound in value.items()}


@dataclass(frozen=True)
class Removed(Kind):
    """What older versions of the API took, refused with a code of its own."""

    code: str
    instead: str

    def read(self, value: Any, param: str) -> Any:
        raise invalid_value(
            param, f"The parameter {param} is no longer supported. {self.instead}", self.code
        )


class Unused(Kind):
    """Accepted as Stripe does, and without any effect here."""

    def read(self, value: Any, param: str) -> Any:
        return value


EXPAND = Many(Text(), most=20)
LIST_PARTS: dict[str, Kind] = {
    "limit": Integer(),
    "starting_after": Text(),
    "ending_before": Text(),
}


def merged_metadata(current: dict[str, str], change: dict[str, str] | None) -> dict[str, str]:
    """Metadata after an update: given keys replace, empty values unset, no key at all clears."""
    if change is None:
        return current
    if not change:
        return {}
    return {name: text for name, text in {**current, **change}.items() if text != ""}
