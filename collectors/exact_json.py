"""Reads a JSON object into a dataclass whose defaults do not stand in for what is missing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, is_dataclass
from functools import cache, reduce
from operator import or_
from types import UnionType
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

import msgspec

T = TypeVar("T")


def exact_decoder(kind: type[T]) -> Callable[[bytes], T]:
    """A function that reads JSON into a dataclass, which may hold others.

    Every field has to be there, with its type, and no other one; also where the class has a default. The function
    raises a `msgspec.MsgspecError` that names the field and not its value.
    """

    @cache
    def decoder() -> msgspec.json.Decoder[Any]:
        # Made when it is needed first, as that takes milliseconds: many commands read nothing.
        return msgspec.json.Decoder(_strict(kind))

    def decode(data: bytes) -> T:
        return msgspec.convert(decoder().decode(data), kind, from_attributes=True)

    return decode


def _strict(kind: Any) -> Any:
    """The same type with structs in the place of dataclasses."""
    if is_dataclass(kind) and isinstance(kind, type):
        hints = get_type_hints(kind)
        members = [(field.name, _strict(hints[field.name])) for field in fields(kind)]
        return msgspec.defstruct(kind.__name__, members, forbid_unknown_fields=True)
    arguments = get_args(kind)
    if not arguments:
        return kind
    origin, inner = get_origin(kind), [_strict(argument) for argument in arguments]
    if origin in {Union, UnionType}:
        return reduce(or_, inner)
    return origin[tuple(inner)]
