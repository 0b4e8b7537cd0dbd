"""How the parts of a call's tokens relate to its input and output; decided here for every format.

Cached and cache-write tokens belong to the input, reasoning tokens to the output. Some producers count them inside
the whole, some beside it, and some change their mind between two models. What is stored is always the whole with
its parts inside.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from msgspec import Struct
from msgspec.structs import replace

WHOLES: Mapping[str, tuple[str, ...]] = {
    "input_tokens": ("cached_input_tokens", "cache_write_tokens"),
    "output_tokens": ("reasoning_tokens",),
}
"""The fields that are wholes, and their parts."""


class Stands(StrEnum):
    """Where a producer counts a part of the tokens."""

    INSIDE = "inside"
    """The whole includes the part."""
    BESIDE = "beside"
    """The whole leaves the part out."""
    UNSAID = "unsaid"
    """Nothing says it: inside, unless the numbers of the record prove the other."""


class Tokens(Struct, frozen=True):
    """The numbers of tokens that one record tells; None: it does not tell them."""

    input: float | None = None
    cached: float | None = None
    written: float | None = None
    output: float | None = None
    reasoning: float | None = None
    total: float | None = None
    """The sum as the producer has it, which can prove where the parts stand."""


def whole_tokens(told: Tokens, cached: Stands, reasoning: Stands) -> Tokens:
    """Return the tokens with every part inside its whole; see `wholes`."""
    taken, output = wholes(
        told.input, told.cached, told.written, told.output, told.reasoning, told.total, cached, reasoning
    )
    if taken == told.input and output == told.output:
        return told
    return replace(told, input=taken, output=output)


def wholes(
    taken: float | None, read: float | None, written: float | None, output: float | None, thought: float | None,
    total: float | None, cached: Stands, reasoning: Stands,
) -> tuple[float | None, float | None]:  # fmt: skip
    """Return the input and output tokens with every part inside its whole.

    The numbers are input, cached, written, output and reasoning tokens, and the total, as in `Tokens`. `cached` is
    where cached and cache-write tokens stand, `reasoning` where reasoning tokens stand, as far as the format is
    known. The total of a record overrules that when only another combination gives it. A part that is larger than
    its whole cannot be inside.
    """
    beside_input = (read or 0) + (written or 0)
    beside_output = thought or 0
    adds_input, adds_output = cached is Stands.BESIDE, reasoning is Stands.BESIDE
    if total is not None and taken is not None and output is not None:
        plain = taken + output
        if plain != total or adds_input or adds_output:
            fitting = {
                (bool(beside_input) and more_input, bool(beside_output) and more_output)
                for more_input in (False, True)
                for more_output in (False, True)
                if plain + more_input * beside_input + more_output * beside_output == total
            }
            said = (bool(beside_input) and adds_input, bool(beside_output) and adds_output)
            if len(fitting) == 1 and said not in fitting:
                ((adds_input, adds_output),) = fitting
    if taken is not None and (adds_input or beside_input > taken):
        taken += beside_input
    if output is not None and (adds_output or beside_output > output):
        output += beside_output
    return taken, output


def add_beside(whole: float | None, part: float | None) -> float | None:
    """Return a whole with a part that stands beside it; an unknown whole stays unknown, and an unknown part adds
    nothing."""
    return whole if whole is None or part is None else whole + part
