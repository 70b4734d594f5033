"""Checks JSON against stripe-python's own class annotations, which are exactly its API version.

Finds unknown fields, wrong types, null where it is not Optional, missing fields that are not
Optional, and values outside the documented ones. It cannot find a missing nullable field.
"""

import importlib
import inspect
import re
from decimal import Decimal
from functools import cache
from types import UnionType
from typing import Any, ClassVar, ForwardRef, Literal, Union, get_args, get_origin

import stripe
from stripe._object_classes import OBJECT_CLASSES, V2_OBJECT_CLASSES
from stripe._stripe_object import StripeObject, UntypedStripeObject

# Not the ast module: parsing from within a deep stack fails in Python 3.11.
_IMPORT = re.compile(r"^\s*from (\S+) import (?:\(([^)]*)\)|([^(\n]+))$", re.MULTILINE)


def problems(value: Any, *, is_v2: bool = False) -> list[str]:
    """What is wrong with an API answer, by its own `object`."""
    if not isinstance(value, dict):
        return [f"not an object: {value!r}"]
    if "error" in value and "object" not in value:
        return _check(value["error"], stripe.ErrorObject, "error")
    name = value.get("object")
    if value.get("deleted"):
        return [] if set(value) == {"id", "object", "deleted"} else [f"deleted with {set(value)}"]
    if name == "list":
        return [
            problem
            for index, item in enumerate(value["data"])
            for problem in (f"data[{index}].{one}" for one in problems(item, is_v2=is_v2))
        ] + _list_problems(value, "list")
    classes = V2_OBJECT_CLASSES if is_v2 else OBJECT_CLASSES
    if name not in classes:
        return [f"unknown object {name!r}"]
    found = _check(value, _class_at(classes[name]), str(name))
    if name == "event":
        found += [f"event.data.object: {one}" for one in problems(value["data"]["object"])]
    return found


def _class_at(place: tuple[str, str]) -> type[StripeObject]:
    found: type[StripeObject] = getattr(importlib.import_module(place[0]), place[1])
    return found


@cache
def _names_in(module: str) -> dict[str, str]:
    """The names that a module imports for type checking only, and where they come from."""
    source = inspect.getsource(importlib.import_module(module))
    found = {}
    for place, several, one in _IMPORT.findall(source):
        for item in (several or one).replace("\n", " ").split(","):
            original, _, alias = item.strip().partition(" as ")
            if original:
                found[alias or original] = f"{place}:{original}"
    return found


def _resolve(name: str, module: str) -> Any:
    here = importlib.import_module(module)
    if hasattr(here, name):
        return getattr(here, name)
    place, _, original = _names_in(module)[name].partition(":")
    return getattr(importlib.import_module(place), original)


@cache
def _fields(kind: type) -> dict[str, tuple[Any, str]]:
    """Every annotated field, with the module that its annotation is to be read in."""
    found: dict[str, tuple[Any, str]] = {}
    for one in reversed(kind.__mro__):
        if not one.__module__.startswith("stripe.") or one is StripeObject:
            continue
        for name, annotation in inspect.get_annotations(one).items():
            origin: Any = get_origin(annotation)
            if origin is not ClassVar and not name.startswith("_"):
                found[name] = (annotation, one.__module__)
    return found


def _check(value: Any, kind: type, path: str) -> list[str]:
    if not isinstance(value, dict):
        return [f"{path}: {value!r} is not a {kind.__name__}"]
    fields = _fields(kind)
    found = [f"{path}.{name}: unknown field" for name in value.keys() - fields.keys()]
    for name, (annotation, module) in fields.items():
        if name in value:
            found += _match(value[name], annotation, module, f"{path}.{name}")
        elif not _is_optional(annotation):
            found.append(f"{path}.{name}: missing")
    return found


def _is_optional(annotation: Any) -> bool:
    return get_origin(annotation) in (Union, UnionType) and type(None) in get_args(annotation)


def _match(value: Any, annotation: Any, module: str, path: str) -> list[str]:
    if isinstance(annotation, ForwardRef):
        annotation = annotation.__forward_arg__
    if isinstance(annotation, str):
        annotation = eval(annotation, {}, _Names(module))
    origin, parts = get_origin(annotation), get_args(annotation)
    if origin in (Union, UnionType):
        return _match_any(value, parts, module, path)
    if origin is Literal:
        return [] if value in parts else [f"{path}: {value!r} is not one of {parts[:8]}"]
    if annotation is Any:
        return []
    if origin is list:
        if not isinstance(value, list):
            return [f"{path}: {value!r} is not a list"]
        return [
            problem
            for index, item in enumerate(value)
            for problem in _match(item, parts[0], module, f"{path}[{index}]")
        ]
    if origin is dict or origin is UntypedStripeObject:
        if not isinstance(value, dict):
            return [f"{path}: {value!r} is not a mapping"]
        return [
            problem
            for name, item in value.items()
            for problem in _match(item, parts[-1], module, f"{path}.{name}")
        ]
    if origin is stripe.ListObject:
        return _list_problems(value, path) + [
            problem
            for index, item in enumerate(value.get("data", []))
            for problem in _match(item, parts[0], module, f"{path}.data[{index}]")
        ]
    if annotation is type(None):
        return [] if value is None else [f"{path}: {value!r} is not null"]
    if inspect.isclass(annotation) and issubclass(annotation, StripeObject):
        return _check(value, annotation, path)
    return _match_plain(value, annotation, path)


def _match_plain(value: Any, annotation: Any, path: str) -> list[str]:
    wanted = {float: (int, float), Decimal: (str,)}.get(annotation, (annotation,))
    if not isinstance(value, wanted) or (isinstance(value, bool) and annotation is not bool):
        return [f"{path}: {value!r} is not {annotation}"]
    return []


def _match_any(value: Any, parts: tuple[Any, ...], module: str, path: str) -> list[str]:
    if value is None:
        return [] if type(None) in parts else [f"{path}: null"]
    literals = [part for part in parts if get_origin(part) is Literal]
    if literals and isinstance(value, str):
        # Stripe's enums are open; ours may only say what is documented.
        return _match(value, literals[0], module, path)
    tries = [_match(value, part, module, path) for part in parts if part is not type(None)]
    return min(tries, key=len)


def _list_problems(value: Any, path: str) -> list[str]:
    if not isinstance(value, dict) or value.get("object") != "list":
        return [f"{path}: not a list object"]
    if set(value) != {"object", "data", "has_more", "url"}:
        return [f"{path}: a list with {sorted(value)}"]
    return []


class _Names(dict[str, Any]):
    """The names of a module, for annotations that are written as text."""

    def __init__(self, module: str) -> None:
        super().__init__()
        self._module = module

    def __missing__(self, name: str) -> Any:
        return _resolve(name, self._module)
