"""What one instrumentation saw of a call, and when two of them saw the same one. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import NamedTuple, Protocol

import msgspec

from leverwatch.collectors.records.fields import FIELD_INDEX
from leverwatch.collectors.records.recall import recall
from leverwatch.collectors.records.vocabulary import is_cache_hit

SLACK_NS = 5_000_000
"""How far one interval may reach over the other one that holds it: clocks of one process do not agree better."""
NEAR_NS = 1_000_000_000
"""How far a start or end of two spans with one response id may lie apart: some spans of streams begin when the
stream has ended."""
_HIT, _INPUT, _OUTPUT = FIELD_INDEX["cache_hit"], FIELD_INDEX["input_tokens"], FIELD_INDEX["output_tokens"]
_THOUGHT = 4
_DATE = re.compile(r"(?:-\d{4}-\d{2}-\d{2}|-\d{8}|-\d{3,4}|-latest|@[\w.-]+)$")
_REVISION = re.compile(r"-v\d+(?::\d+)?$")

Key = tuple[str, str]
"""The ids of the trace and the span, which no two observations share."""


class Observation(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What a span tells of its place among other spans, and of its call, beside the values of its row."""

    trace: str
    span: str
    within: str | None
    """The nearest span around it that may be a call: spans that are known to be something else are passed over."""
    beyond: str | None
    """The same, when a tool or an agent lies between them: what is inside is another piece of work."""
    scope: str
    """The name of the instrumentation; empty when it is unknown."""
    process: tuple[str | None, ...]
    """What the resource tells of the process; None where it tells nothing."""
    start: int | None
    """Nanoseconds since the epoch."""
    end: int | None
    kind: str
    """The operation."""
    failed: bool
    response: str | None
    """The id of the response."""
    tokens: tuple[int | None, ...]
    """Input, cached, written, output and reasoning tokens, as the span has them."""
    models: tuple[str, ...]
    """Every name that the span has for the model."""

    @property
    def key(self) -> Key:
        """Return what identifies the observation."""
        return self.trace, self.span


class Outline(NamedTuple):
    """What shows whether the calls of a chunk can be seen twice."""

    scopes: Mapping[str, int]
    """The number of rows of each instrumentation."""
    spans: set[str | None]
    """The ids of the spans of the rows."""
    parents: set[str | None]
    """The ids of the nearest spans around them that may be calls."""


class Observations(Protocol):
    """What the rows of a chunk tell of who saw their calls, worked out only where it is needed."""

    def outline(self) -> Outline:
        """Return what shows whether calls can be seen twice."""
        ...

    def of(self, index: int) -> Observation | None:
        """Return the observation of a row; None when it cannot be told from others."""
        ...

    def only(self, kept: Sequence[int]) -> Observations:
        """Return the observations of some of the rows."""
        ...

    def packed(self) -> Callable[[], Observations]:
        """Return what returns the same again, without what is known of the spans around them: it needs less
        memory."""
        ...


class Sight(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """An observation and the row of its span."""

    seen: Observation
    row: tuple[str | int | float | bool | None, ...]


@dataclass(frozen=True, slots=True, order=True)
class Fit:
    """How well two observations fit together: the least is the best. Never equal for different pairs."""

    relation: int
    """0: the same response, 1: one inside the other, 2: only their times tell."""
    tokens: int
    """0: equal, 1: nearly equal, 2: one of them tells none."""
    apart: int
    """The sum of the distances of their starts and ends in nanoseconds."""
    keys: tuple[Key, Key]


def fit(one: Sight, other: Sight) -> Fit | None:
    """Return how well two sights fit together; None when they are not of the same call.

    Different operations, outcomes, response ids, models or tokens are different calls. One span inside another one
    needs nothing else. Spans side by side, or of different traces, must be of two known instrumentations in one
    process, and one interval must hold the other.
    """
    a, b = one.seen, other.seen
    nested = a.trace == b.trace and (a.within == b.span or b.within == a.span)
    if not nested and not _side_by_side(one, other):
        return None
    tokens = _agreement(one, other, nested=nested)
    if tokens is None:
        return None
    return Fit(
        0 if _same_id(a, b) else 1 if nested else 2,
        tokens,
        abs((a.start or 0) - (b.start or 0)) + abs((a.end or 0) - (b.end or 0)),
        (min(a.key, b.key), max(a.key, b.key)),
    )


def may_join(one: Sight, other: Sight) -> bool:
    """Return whether two sights may be of the same call when a third one fits both."""
    differ = one.seen.scope != other.seen.scope and not _is_beyond(one.seen, other.seen)
    return fit(one, other) is not None or (differ and _agreement(one, other, nested=False) is not None)


def _agreement(one: Sight, other: Sight, *, nested: bool) -> int | None:
    """Return how near the tokens of two sights are, as `Fit.tokens`; None when they tell of different calls."""
    a, b = one.seen, other.seen
    same_id = _same_id(a, b)
    if a.kind != b.kind or a.failed != b.failed or (a.response and b.response and not same_id):
        return None
    if len({is_cache_hit(hit) for hit in (one.row[_HIT], other.row[_HIT]) if hit is not None}) > 1:
        return None
    if not same_id and not _models_agree(a.models, b.models):
        return None
    tokens = _compare_tokens(one, other, nested=nested)
    return 1 if tokens is None and same_id and nested else tokens


def _same_id(a: Observation, b: Observation) -> bool:
    return a.response is not None and a.response == b.response


def _is_beyond(a: Observation, b: Observation) -> bool:
    return a.trace == b.trace and (a.beyond == b.span or b.beyond == a.span)


def _side_by_side(one: Sight, other: Sight) -> bool:
    a, b = one.seen, other.seen
    if not a.scope or not b.scope or a.scope == b.scope or _is_beyond(a, b):
        return False
    if any(x is not None and y is not None and x != y for x, y in zip(a.process, b.process, strict=True)):
        return False
    if a.start is None or a.end is None or b.start is None or b.end is None:
        return False
    if a.start - SLACK_NS <= b.start and b.end <= a.end + SLACK_NS:
        return True
    if b.start - SLACK_NS <= a.start and a.end <= b.end + SLACK_NS:
        return True
    near = any(abs(x - y) <= NEAR_NS for x in (a.start, a.end) for y in (b.start, b.end))
    # The answer to another call may come from a cache, with its id.
    return near and _same_id(a, b) and not any(is_cache_hit(it.row[_HIT]) for it in (one, other))


def _compare_tokens(one: Sight, other: Sight, *, nested: bool) -> int | None:
    """Return 0 for equal tokens, 1 for nearly equal ones, 2 when nothing can be compared, None for others.

    Zeros are what some instrumentations write for unknown. Cached tokens may be inside the input or beside it,
    reasoning tokens likewise: one way of counting that gives the same is enough.
    """
    taken, more_taken = _inputs(one), _inputs(other)
    given, more_given = _outputs(one), _outputs(other)
    compares_input = bool(taken and more_taken)
    if compares_input and not taken & more_taken:
        return None
    if not (given and more_given):
        return 0 if compares_input else 2
    if given & more_given:
        return 0
    # A counter of chunks may be one off. An outer span may have the thinking in its output that an inner one left
    # out, unless both tell how much it was.
    close = any(abs(x - y) == 1 for x, y in product(given, more_given))
    told = one.seen.tokens[_THOUGHT] is not None and other.seen.tokens[_THOUGHT] is not None
    return 1 if compares_input and (close or (nested and not told)) else None


def _inputs(sight: Sight) -> set[float]:
    taken, cached, written, _, _ = sight.seen.tokens
    return _known(
        sight.row[_INPUT], taken, (taken or 0) + (cached or 0), (taken or 0) + (cached or 0) + (written or 0)
    )


def _outputs(sight: Sight) -> set[float]:
    output, reasoning = sight.seen.tokens[3:]
    return _known(sight.row[_OUTPUT], output, (output or 0) + (reasoning or 0))


def _known(whole: object, first: int | None, *sums: int) -> set[float]:
    found = {float(it) for it in (first, *sums)} if first else set()
    return found | {float(whole)} if isinstance(whole, int | float) and whole else found


def _models_agree(some: tuple[str, ...], others: tuple[str, ...]) -> bool:
    if not some or not others:
        return True
    return any(_same_model(*pair) for pair in product(some, others))


@recall(4096)
def _same_model(one: str, other: str) -> bool:
    one, other = _plain(one), _plain(other)
    return one == other or undated(one) == other or one == undated(other)


def _plain(name: str) -> str:
    return _REVISION.sub("", name.strip().lower().rpartition("/")[2])


def undated(model: str) -> str:
    """Return the name of a model without the date of its version."""
    return _DATE.sub("", model)
