"""The settings of those entries of a field map that are numbers."""

from __future__ import annotations

from typing import Any, Literal

from msgspec.structs import replace
from pydantic import Field

from leverwatch.collectors import counted_fields
from leverwatch.collectors.records.field_config import FieldEntry, Unit
from leverwatch.collectors.records.field_specs import COUNTERS
from leverwatch.collectors.records.field_values import BOUNDED, TEXT, Mistyped, Written, number_reader
from leverwatch.collectors.records.tokens import Stands

_TOKENS = frozenset(counted_fields.amounts(counted_fields.Unit.TOKENS))
PartOfDollar = Literal["cents", "millis", "micros", "nanos"]


class NumberEntry(FieldEntry):
    """How a number is written."""

    adds = True
    constant: int | float | None = Field(default=None, description="The value of every record.")
    decimal: str | None = Field(
        default=None, min_length=1, max_length=1, description="Decimal sign of numbers in texts.", examples=[","]
    )
    thousands: str | None = Field(
        default=None,
        min_length=1,
        max_length=1,
        description="What stands between thousands in texts.",
        examples=["."],
    )
    multiples: bool = Field(
        default=False,
        description="`k` or `M` may stand behind the number in texts, for thousands and millions.",
        # Without it a map is stored as it was before there was any.
        exclude_if=lambda multiples: not multiples,
    )
    of_session: str | None = Field(
        default=None,
        min_length=1,
        description="The value is a counter that only grows within the session that this path names: what counts"
        " is how much it grew since the record of the session before.",
        examples=["session_id"],
    )

    # Without it a map is stored as it was before there was one.
    rounded: bool = Field(
        default=False,
        description="Fractions, as estimates of tokens have them, are rounded to whole numbers, each by itself.",
        exclude_if=lambda rounded: not rounded,
    )

    def _further(self, name: str) -> dict[str, Any]:
        if self.rounded and name not in _TOKENS:
            raise ValueError(f"{name}: only numbers of tokens are rounded")
        if self.of_session is not None and name not in COUNTERS:
            raise ValueError(f"{name}: is no counter that could grow in a session")
        if self.constant is not None:
            try:
                constant = BOUNDED[name](number_reader(None)(self.constant))
            except Mistyped as error:
                raise ValueError(f"{name}: {error}") from error
            return {"constant": constant}
        return {"written": self._written(name), "session": self.of_session}

    def _written(self, name: str) -> Written | None:
        if self.decimal is None and self.thousands is None:
            is_bare = not (self.multiples or self.rounded)
            return None if is_bare else Written("", multiples=self.multiples, rounded=self.rounded)
        thousands = self.thousands or ""
        decimal = self.decimal or ("," if thousands == "." else ".")
        for sign in (decimal, thousands):
            if sign and (sign.isalnum() or sign in "+-_"):
                raise ValueError(f"{name}: {sign} is no sign between digits")
        if decimal == thousands or decimal.isspace():
            raise ValueError(f"{name}: decimal and thousands are two signs")
        return Written(decimal, thousands, multiples=self.multiples, rounded=self.rounded)


class PartEntry(NumberEntry):
    """How a part of the tokens is written, and where it stands."""

    stands: Literal["inside", "beside"] | None = Field(
        default=None,
        description="Whether input tokens (output tokens, of reasoning) include it, or it is to be added to them;"
        " without it the numbers of the record tell.",
    )

    total: str | None = Field(
        default=None,
        min_length=1,
        description="With `stands: beside`, the path of the total of the call: where it is the sum of input and"
        " output tokens alone, these include the part. For logs of several providers.",
    )

    def _further(self, name: str) -> dict[str, Any]:
        stands = None if self.stands is None else Stands(self.stands)
        if self.total is not None and (stands is not Stands.BESIDE or self.of_session is not None):
            raise ValueError(f"{name}: total says which records include it: needs stands: beside, of no session")
        return {**super()._further(name), "stands": stands, "total": self.total}


class DurationEntry(NumberEntry):
    """How a duration is written."""

    unit: Unit | Literal["text"] = Field(
        description="The unit of the number; `text`: each value is a text that says its own, such as `1.2s`."
    )

    def _further(self, name: str) -> dict[str, Any]:
        further = super()._further(name)
        if self.unit == TEXT and further.get("written") is not None:
            raise ValueError(f"{name}: unit: text reads its own numbers; decimal and thousands have no effect")
        return {**further, "unit": self.unit}


class CostEntry(NumberEntry):
    """How a cost is written."""

    # Without them a map is stored as it was before there were any.
    unit: PartOfDollar | None = Field(
        default=None,
        description="The cost is a number of these parts of a US dollar: hundredths, thousandths, millionths,"
        " billionths; else of dollars.",
        exclude_if=lambda unit: unit is None,
    )
    dollar_sign: bool = Field(
        default=False,
        description="`$`, `US$` or `USD` may stand before or behind the number in texts.",
        exclude_if=lambda sign: not sign,
    )

    def _further(self, name: str) -> dict[str, Any]:
        further = super()._further(name)
        return further if "constant" in further else {**further, "unit": self.unit}

    def _written(self, name: str) -> Written | None:
        written = super()._written(name)
        if not self.dollar_sign:
            return written
        return Written(".", "", dollars=True) if written is None else replace(written, dollars=True)
