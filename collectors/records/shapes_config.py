"""The settings of where in a document or a line the values of a call are."""

from __future__ import annotations

import re
from typing import Literal, Self

from pydantic import Field, field_validator, model_validator

from leverwatch.collectors.config import Model
from leverwatch.collectors.records.fields import parse_path
from leverwatch.collectors.records.shapes.lines import pattern_of
from leverwatch.collectors.records.shapes.spread import check_places

_RECORDS = (
    "Where in a document the records are: a path to an object, or to an array of them; `*` is every entry of an"
    " object. By default the document is the record."
)
_PAIRS = (
    "Paths to lists of keys and values, such as `[{key: model, value: m-1}]`, whose values are then found by their"
    " keys: `attributes.model`."
)


class Inside(Model):
    """Where the records of a document are, and their values."""

    # Without them, the settings that ranges were refused under would be others than before there were some.
    records: str | tuple[str, ...] = Field(
        default=(), description=_RECORDS, examples=["calls", "*.*"], exclude_if=lambda places: not places
    )
    pairs: str | tuple[str, ...] = Field(
        default=(), description=_PAIRS, examples=["attributes"], exclude_if=lambda paths: not paths
    )

    @model_validator(mode="after")
    def _places_are_sound(self) -> Self:
        if self.record_places:
            check_places(self.record_places)
        for path in self.pair_paths:
            parse_path(path)
        return self

    @property
    def record_places(self) -> tuple[str, ...]:
        """The places of the records in a document; empty: it is the record."""
        return (self.records,) if isinstance(self.records, str) else self.records

    @property
    def pair_paths(self) -> tuple[str, ...]:
        """The paths to lists of keys and values."""
        return (self.pairs,) if isinstance(self.pairs, str) else self.pairs


class InBlocks(Model):
    """Where a record of text begins that goes on over several lines."""

    block: str | None = Field(
        default=None,
        max_length=1000,
        description="A regular expression, as Python has them, of the start of each line at which a record begins"
        " that goes on over the next lines, which are read as if they stood on one, with ` | ` between them. By"
        " default each line is a record.",
        examples=[r"Timestamp: \d{4}-"],
        exclude_if=lambda block: block is None,
    )

    @field_validator("block")
    @classmethod
    def _block_is_sound(cls, block: str | None) -> str | None:
        try:
            found = None if block is None else re.compile(block)
        except (re.error, OverflowError, RecursionError) as error:
            raise ValueError(f"no regular expression: {error}") from None
        if found is not None and found.match("") is not None:
            raise ValueError("the expression fits an empty line, and so every line")
        return block

    @model_validator(mode="after")
    def _blocks_are_in_no_wrapper(self) -> Self:
        wrap: object = getattr(self, "wrap", None)
        if self.block is not None and wrap:
            raise ValueError("block: lines of one record cannot be in wrap, which is around each of them")
        return self


class Signed(Model):
    """How a line of pairs is written."""

    sign: Literal["=", ":"] = Field(
        default="=",
        description="What stands behind a key. With `:` a value goes on to the next key behind a comma, semicolon"
        " or bar: `Model: m-1 | Input tokens: 7`.",
    )


class Patterned(Model):
    """How a line of text is written."""

    pattern: str = Field(
        max_length=4000,
        description="A regular expression, as Python has them, that is found in each line with a record; its named"
        " groups are the values. A line without it is ignored.",
        examples=[r"(?P<model>\S+) took (?P<in>\d+) tokens"],
    )

    @field_validator("pattern")
    @classmethod
    def _pattern_is_sound(cls, pattern: str) -> str:
        pattern_of(pattern)
        return pattern

    @property
    def groups(self) -> frozenset[str]:
        """The names of the groups of the pattern."""
        return frozenset(pattern_of(self.pattern).groupindex)


class OfTexts(Model):
    """Which values of a record are objects as text."""

    objects: tuple[str, ...] = Field(
        default=(),
        description="Keys of the record whose values are texts of JSON objects: a path goes on into what such a"
        " text has, as in `response.usage.input_tokens`.",
        examples=[["response"]],
        exclude_if=lambda objects: not objects,
    )


class OfObjects(Model):
    """Which cells of a table are objects."""

    objects: tuple[str, ...] = Field(
        default=(),
        description="Names of columns whose cells are JSON objects: what such a cell has at a path is a column"
        " too, named by both, such as `usage.input_tokens`.",
        examples=[["usage"]],
        exclude_if=lambda objects: not objects,
    )
