"""Says in one number what is known of a row, so that rows of one number can be added up as they are. Pure.

Most rows are plain: every amount is there, and is possible. To clean each amount of each row before it is added up
takes a database as long again as adding up. So one expression asks whether a row is plain, its code is 0 then, and
only of other rows it is worked out what is wrong. Rows are grouped by code, and what follows from it for
their sums is worked out here, once for a group.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from msgspec import Struct
from sqlalchemy import ColumnElement

from leverwatch.collectors.records.service_tiers import BOUNDS, SHORT
from leverwatch.collectors.sources.sql.values import possible

CALLS, LENGTH, CODE = "inferences", "length", "code"
PARTS = ("cached_input_tokens", "cache_write_tokens")
BESIDE_INPUT, BESIDE_OUTPUT, FREE, NO_CALLS, ODD_ERRORS, SIZE = range(6)
"""Bits, after one for each amount that is unknown or impossible; the size has the rest."""

Values = Mapping[str, ColumnElement[Any]]


class Codes(Struct, frozen=True):
    """What is asked of rows that have some amounts."""

    amounts: tuple[str, ...]
    """The amounts that have a column, `inferences` not among them."""
    has_calls: bool = False
    """Whether a row says how many calls it stands for."""

    @property
    def sized(self) -> bool:
        """Whether the length of the input of each call is known."""
        return "input_tokens" in self.amounts and not self.has_calls

    @property
    def counts_failed(self) -> bool:
        """Whether a row says how many of its calls failed."""
        return self.has_calls and "errors" in self.amounts

    @property
    def parts(self) -> tuple[str, ...]:
        """The parts of the input."""
        return tuple(it for it in PARTS if it in self.amounts) if "input_tokens" in self.amounts else ()

    @property
    def reasons(self) -> bool:
        """Whether there is a part of the output."""
        return {"output_tokens", "reasoning_tokens"} <= set(self.amounts)

    @property
    def tokens(self) -> tuple[str, ...]:
        """The wholes beside which a cost of zero says nothing."""
        return tuple(it for it in ("input_tokens", "output_tokens") if it in self.amounts)

    def bit(self, number: int) -> int:
        """Return a bit that is of no amount."""
        return 1 << (len(self.amounts) + number)

    def unknown(self, name: str) -> int:
        """Return the bit of an amount that is unknown or impossible."""
        return 1 << self.amounts.index(name)


def length(codes: Codes, values: Values) -> ColumnElement[Any] | None:
    """Return the length of the input with what is beside it; None: it is the input, or nothing asks for it."""
    if not (codes.sized and codes.parts):
        return None
    parts, taken = _added([_or_zero(name, values) for name in codes.parts]), values["input_tokens"]
    return sa.case((parts > taken, taken + parts), else_=taken)


def code(codes: Codes, values: Values) -> ColumnElement[int] | None:
    """Return the code of a row, 0 where it is plain; None: every row is.

    `values` has the `length` as well, where there is one.
    """
    told = [*_plain(codes, values)]
    if not told:
        return None
    bits = [_bit(possible(name, values[name]), 0, codes.unknown(name)) for name in codes.amounts]
    bits += _wrongs(codes, values)
    return sa.case((sa.and_(*told), sa.literal_column("0")), else_=_added(bits))


def _plain(codes: Codes, values: Values) -> Sequence[ColumnElement[bool]]:
    """Return the conditions of a plain row."""
    bounds: dict[str, ColumnElement[Any]] = {}
    if codes.sized:
        bounds["input_tokens"] = sa.literal_column(str(SHORT))
    if codes.reasons:
        bounds["reasoning_tokens"] = values["output_tokens"]
    for name in codes.parts if len(codes.parts) == 1 else ():
        bounds[name] = values["input_tokens"]
    if codes.counts_failed:
        bounds["errors"] = values[CALLS]
    named = (*codes.amounts, CALLS) if codes.has_calls else codes.amounts
    conditions = [possible(name, values[name], bounds.get(name)) for name in named]
    if len(codes.parts) > 1:
        conditions.append(_added([values[name] for name in codes.parts]) <= values["input_tokens"])
    if "cost_usd" in codes.amounts and codes.tokens:
        conditions.append(values["cost_usd"] > sa.literal_column("0"))
    if codes.counts_failed:
        conditions.append(sa.func.floor(values["errors"]) == values["errors"])
    return conditions


def _wrongs(codes: Codes, values: Values) -> Sequence[ColumnElement[int]]:
    """Return the bits of how amounts do not fit each other, and the size."""
    bits: list[ColumnElement[int]] = []
    parts = _added([_or_zero(name, values) for name in codes.parts]) if codes.parts else None
    if parts is not None:
        bits.append(_bit(parts > values["input_tokens"], codes.bit(BESIDE_INPUT)))
    if codes.reasons:
        beside = _or_zero("reasoning_tokens", values) > values["output_tokens"]
        bits.append(_bit(beside, codes.bit(BESIDE_OUTPUT)))
    if "cost_usd" in codes.amounts and codes.tokens:
        used = _added([_or_zero(whole, values) for whole in codes.tokens])
        free = sa.and_(values["cost_usd"] == sa.literal_column("0"), used > sa.literal_column("0"))
        bits.append(_bit(free, codes.bit(FREE)))
    if codes.has_calls:
        bits.append(_bit(possible(CALLS, values[CALLS]), 0, codes.bit(NO_CALLS)))
    if codes.counts_failed:
        failed = values["errors"]
        some = sa.and_(failed <= values[CALLS], sa.func.floor(failed) == failed)
        bits.append(_bit(some, 0, codes.bit(ODD_ERRORS)))
    if codes.sized:
        whole = values.get(LENGTH, values["input_tokens"])
        beyond = [_bit(whole > sa.literal_column(str(bound)), codes.bit(SIZE)) for bound in BOUNDS]
        # A length that is none is beyond nothing.
        is_known = possible("input_tokens", values["input_tokens"])
        bits.append(sa.case((is_known, _added(beyond)), else_=sa.literal_column("0")))
    return bits


def known(codes: Codes, number: int, sums: Mapping[str, float | None]) -> dict[str, float | None]:
    """Return what the sums of rows of one code say: the amounts, `inferences`, and `attempts` where they follow.

    Args:
        codes: what the code was asked of.
        number: the code.
        sums: the sum of each amount, and of `inferences`, over the rows as they are.
    """
    found = {name: sums[name] for name in codes.amounts}
    found[CALLS] = sums[CALLS]
    # Most rows are plain.
    if number:
        found |= dict.fromkeys(it for it in codes.amounts if number & codes.unknown(it))
        if number & codes.bit(BESIDE_INPUT):
            _add(found, "input_tokens", codes.parts)
        if number & codes.bit(BESIDE_OUTPUT):
            _add(found, "output_tokens", ("reasoning_tokens",))
        if number & codes.bit(FREE):
            found["cost_usd"] = None
        if number & codes.bit(NO_CALLS):
            found[CALLS] = None
    if codes.counts_failed:
        failed, calls = found["errors"], found[CALLS]
        if failed is not None:
            odd = calls is None or number & codes.bit(ODD_ERRORS)
            found[CALLS] = None if odd or calls is None else calls - failed
        tries = found.get("attempts")
        found["attempts"] = tries if tries is not None or failed is None else calls
    return found


def size(codes: Codes, number: int) -> int:
    """Return how many of the `BOUNDS` the input of each call of a code is beyond."""
    if not number:
        return 0
    # An input that is unknown is beyond nothing.
    is_known = codes.sized and not number & codes.unknown("input_tokens")
    return number // codes.bit(SIZE) if is_known else 0


def _add(found: dict[str, float | None], whole: str, parts: Sequence[str]) -> None:
    taken = found[whole]
    if taken is not None:
        found[whole] = taken + sum(found[name] or 0.0 for name in parts)


def _or_zero(name: str, values: Values) -> ColumnElement[Any]:
    return sa.case((possible(name, values[name]), values[name]), else_=sa.literal_column("0"))


def _bit(condition: ColumnElement[bool], then: int, otherwise: int = 0) -> ColumnElement[int]:
    return sa.case((condition, sa.literal_column(str(then))), else_=sa.literal_column(str(otherwise)))


def _added(values: Sequence[ColumnElement[Any]]) -> ColumnElement[Any]:
    return sum(values[1:], values[0])
