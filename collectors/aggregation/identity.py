"""What makes two records the same call: their id, and what they say. Pure.

A key is the XXH64 of the id. Its seed is that of the names (system, model, operation, outcome), to which the time
and every number of tokens that the record tells are added, each times a factor of its own. An unknown number adds
nothing, and a zero adds its factor, so that the two differ. The compiled helper computes the same.

Keys are stored: whoever changes any of this makes every stored key one of nothing, which is another version of
them (`stored_ids.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from xxhash import xxh64_intdigest

from leverwatch.collectors.counted_fields import Unit, amounts

NUMBERS = amounts(Unit.TOKENS)
"""The fields with numbers of tokens, in the order in which `identity` takes them."""
FACTORS: Mapping[str, int] = {name: xxh64_intdigest(name.encode()) | 1 for name in ("time", *NUMBERS)}
"""Odd numbers whose bits are spread."""

Identify = Callable[..., int]
"""Returns the key of a record, given its id, the seed of its names, its time in milliseconds since the epoch (many
programs that pass records on cut off what is below), and its numbers of tokens (None: unknown)."""

_MASK = 2**64 - 1
_TIME = FACTORS["time"]
_OF_NUMBERS = tuple(FACTORS[name] for name in NUMBERS)


def identity(id_: str, seed: int, millis: int, *numbers: Any) -> int:
    """Return the key of a record; see `Identify`."""
    seed += millis * _TIME
    for number, factor in zip(numbers, _OF_NUMBERS, strict=True):
        if number is not None:
            seed += (int(number) + 1) * factor
    return xxh64_intdigest(id_.encode(errors="surrogatepass"), seed & _MASK)


def seed_of(*parts: object) -> int:
    """Return the seed of the hashes of ids that belong to the same names."""
    return xxh64_intdigest("\0".join(map(str, parts)).encode())


def id_key(id_: str, seed: int) -> int:
    """Return the key of an id alone."""
    return xxh64_intdigest(id_.encode(errors="surrogatepass"), seed)


def in_slot(key: int, slot: int) -> int:
    """Return the key of an id alone within one slot of time."""
    return (key + slot * _TIME) & _MASK
