"""Makes types ready for msgspec, one at a time.

What a type needs is worked out when it is first decoded, and other threads meet the type before that is done: a
source that read its stored state beside another one of its kind could end the whole agent. So what sources decode,
which run beside each other, is made ready here first.
"""

from __future__ import annotations

from threading import RLock
from typing import Any, TypeVar

import msgspec

T = TypeVar("T")

_lock = RLock()
_ready: set[Any] = set()


def prepared(kind: type[T]) -> type[T]:
    """Return the type, a struct or a dataclass or one made of such, which any thread may decode from now on."""
    if kind not in _ready:
        with _lock:
            msgspec.json.Decoder(kind)
            _ready.add(kind)
    return kind


def decoder_of(kind: type[T], *, strict: bool = True) -> msgspec.json.Decoder[T]:
    """Return a decoder of a type, which any thread may use."""
    with _lock:
        return msgspec.json.Decoder(prepared(kind), strict=strict)
