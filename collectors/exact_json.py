"""Decodes a JSON object into a dataclass or a struct, without using defaults of the class for missing fields."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, is_dataclass
from functools import cache, reduce
from operator import or_
from types import UnionType
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

import msgspec
from msgspec import structs

from leverwatch.collectors.prepared import decoder_of, prepared

T = TypeVar("T")


def exact_decoder(kind: type[T]) -> Callable[[bytes], T]:
    """Return a function that decodes JSON into a dataclass or a struct, which may contain further ones.

    Every field must be there with the right type, even if the class has a default for it, and no other field. The
    function raises a `msgspec.MsgspecError` that names the field and not its value.
    """

    @cache
    def decoder() -> msgspec.json.Decoder[Any]:
        # Made when it is needed first, as that takes milliseconds: many commands read nothing.
        return decoder_of(_strict(kind))

    def decode(data: bytes) -> T:
        return msgspec.convert(decoder().decode(data), prepared(kind), from_attributes=True)

    return decode


def _strict(kind: Any) -> Any:
    """Return the type with structs without defaults in place of dataclasses and structs."""
    if isinstance(kind, type) and (is_dataclass(kind) or issubclass(kind, msgspec.Struct)):
        hints = get_type_hints(kind)
        given: Any = fields(kind) if is_dataclass(kind) else structs.fields(kind)
        members = [(field.name, _strict(hints[field.name])) for field in given]
        return msgspec.defstruct(kind.__name__, members, forbid_unknown_fields=True)
    arguments = get_args(kind)
    if not arguments:
        return kind
    origin, inner = get_origin(kind), [_strict(argument) for argument in arguments]
    if origin in {Union, UnionType}:
        return reduce(or_, inner)
    return origin[tuple(inner)]
