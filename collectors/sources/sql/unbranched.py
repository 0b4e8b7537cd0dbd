"""The code of a row, as in `codes`, for databases that work out every branch of a CASE for every row. Pure.

To ask first whether a row is plain spares them nothing. Each condition is worked out once, is 1 or 0, and what
follows from it is multiplied with it and added up.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from msgspec import Struct
from sqlalchemy import ColumnElement
from sqlalchemy.types import TypeEngine

from leverwatch.collectors.records.service_tiers import BOUNDS
from leverwatch.collectors.sources.sql.codes import (
    BESIDE_INPUT,
    BESIDE_OUTPUT,
    CALLS,
    CODE,
    FREE,
    LENGTH,
    NO_CALLS,
    ODD_ERRORS,
    SIZE,
    Codes,
    Values,
)
from leverwatch.collectors.sources.sql.engines.interface import TakesEveryBranch
from leverwatch.collectors.sources.sql.values import possible

_BESIDE = "beside"
_AS_PLUS = 7
"""Between that of a comparison and that of a product."""
_ZERO: ColumnElement[int] = sa.literal_column("0", sa.Integer)
Made = Mapping[str, ColumnElement[Any]]


class Unbranched(Struct, frozen=True):
    """Makes the code of rows."""

    codes: Codes
    """What it is asked of."""
    engine: TakesEveryBranch
    """Has ways to compare numbers."""

    def steps(self) -> Iterator[tuple[str, Callable[[Values], Made]]]:
        """Yield what more is known of rows by what was known before, each with a name; in the end the code."""
        if self._numbers:
            yield "tested", self._tested
            if self.codes.parts:
                yield "compared", self._compared
            if self.codes.sized:
                yield "measured", lambda values: {LENGTH: self._length(values)}
            yield "coded", self._coded

    @property
    def _numbers(self) -> tuple[str, ...]:
        return (*self.codes.amounts, CALLS) if self.codes.has_calls else self.codes.amounts

    def _tested(self, values: Values) -> Made:
        """Return for each number whether its field can have it."""
        return {
            _tested(name): _is(possible(name, values[name], within=self.engine.is_within), sa.Boolean)
            for name in self._numbers
        }

    def _compared(self, values: Values) -> Made:
        """Return whether the parts of the input stand beside it."""
        taken, parts = self.engine.stored(values["input_tokens"]), self._parts(values)
        if len(self.codes.parts) == 1:
            (name,) = self.codes.parts
            part = self.engine.stored(values[name])
            return {_BESIDE: _is(_times(part > taken, values[_tested(name)]))}
        return {_BESIDE: _is(parts > taken)}

    def _parts(self, values: Values) -> ColumnElement[Any]:
        return _added([self._or_zero(name, values) for name in self.codes.parts])

    def _length(self, values: Values) -> ColumnElement[Any]:
        """Return the length of the input with what stands beside it."""
        taken, parts = self.engine.stored(values["input_tokens"]), self.codes.parts
        if len(parts) == 1 and isinstance(values[parts[0]].type, sa.Integer):
            # One that stands beside it is one that can be.
            part = sa.func.coalesce(self.engine.stored(values[parts[0]]), _ZERO, type_=sa.Integer)
            return taken + part * values[_BESIDE]
        return taken + self._parts(values) * values[_BESIDE] if parts else taken

    def _coded(self, values: Values) -> Made:
        """Return the code."""
        codes = self.codes
        bits = {_tested(name): codes.unknown(name) for name in codes.amounts}
        bits |= {_tested(CALLS): codes.bit(NO_CALLS)} if codes.has_calls else {}
        # What can be is taken from all bits: to turn each condition around would be a step more for each.
        rights = _in_pairs([_bit(values[label], bit) for label, bit in bits.items()])
        found = _literal(sum(bits.values())) - rights
        wrongs = [*self._wrongs(values)]
        return {CODE: _plus(found, _in_pairs(wrongs)) if wrongs else found}

    def _wrongs(self, values: Values) -> Iterator[ColumnElement[int]]:
        """Yield the bits of how amounts do not fit each other, and the size."""
        codes = self.codes
        if codes.counts_failed:
            failed = values["errors"]
            some = _is(sa.and_(failed <= values[CALLS], sa.func.floor(failed) == failed))
            yield _bit(some == _ZERO, codes.bit(ODD_ERRORS))
        if codes.parts:
            yield values[_BESIDE] * _literal(codes.bit(BESIDE_INPUT))
        if codes.reasons:
            beside = self._or_zero("reasoning_tokens", values) > self.engine.stored(values["output_tokens"])
            yield _bit(_is(beside), codes.bit(BESIDE_OUTPUT))
        if "cost_usd" in codes.amounts and codes.tokens:
            used = [
                _times(_is(self.engine.stored(values[it]) > _ZERO), values[_tested(it)]) for it in codes.tokens
            ]
            yield _bit(_is(_times(values["cost_usd"] == _ZERO, _added(used) > _ZERO)), codes.bit(FREE))
        if codes.sized:
            whole = values[LENGTH]
            beyond = [sa.type_coerce(whole > _literal(bound), sa.Integer) for bound in BOUNDS]
            yield _is(_in_pairs(beyond)) * _literal(codes.bit(SIZE))

    def _or_zero(self, name: str, values: Values) -> ColumnElement[Any]:
        number = values[name]
        if isinstance(number.type, sa.Integer):
            return sa.func.coalesce(self.engine.stored(number), _ZERO, type_=sa.Integer) * sa.type_coerce(
                values[_tested(name)], sa.Integer
            )
        # Not multiplied: what is no number would not be zero.
        return sa.case((values[_tested(name)], number), else_=_ZERO)


def _tested(name: str) -> str:
    return f"is_{name}"


def _is(condition: ColumnElement[Any], type_: type[TypeEngine[Any]] = sa.Integer) -> ColumnElement[Any]:
    """Return 1 for a condition that holds, and 0 for one that does not, or that nothing is known of."""
    return sa.func.coalesce(condition, _ZERO, type_=type_)


def _bit(condition: ColumnElement[Any], bit: int) -> ColumnElement[int]:
    told = sa.type_coerce(condition, sa.Integer)
    return told if bit == 1 else told * _literal(bit)


def _times(condition: ColumnElement[Any], other: ColumnElement[Any]) -> ColumnElement[int]:
    """Return 1 where two conditions hold: numbers are multiplied faster than conditions are connected."""
    return sa.type_coerce(condition, sa.Integer) * sa.type_coerce(other, sa.Integer)


def _literal(number: int) -> ColumnElement[int]:
    return sa.literal_column(str(number), sa.Integer)


def _added(values: Sequence[ColumnElement[Any]]) -> ColumnElement[Any]:
    return sum(values[1:], values[0])


def _in_pairs(values: Sequence[ColumnElement[Any]]) -> ColumnElement[Any]:
    """Return the sum of small numbers, as one of sums of pairs: each step of it makes the type wider."""
    while len(values) > 1:
        pairs = [values[at : at + 2] for at in range(0, len(values), 2)]
        values = [_plus(*pair) if len(pair) > 1 else pair[0] for pair in pairs]
    return values[0]


def _plus(one: ColumnElement[Any], other: ColumnElement[Any]) -> ColumnElement[Any]:
    # Of an operator that it knows, SQLAlchemy would leave out the parentheses.
    return one.op("+", precedence=_AS_PLUS, return_type=sa.Integer())(other)
