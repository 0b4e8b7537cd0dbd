"""What spans tell as observations of calls, so that a call that two instrumentations saw counts once. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import partial

import msgspec

from leverwatch.collectors.records.formats.spans import LONGEST, Scalar, Span, text_of
from leverwatch.collectors.records.model_operations import operation_of_model
from leverwatch.collectors.records.observation import Key, Observation, Outline
from leverwatch.collectors.records.timestamps import EPOCH, parse_time
from leverwatch.collectors.records.vocabulary import operation_of

_WORK = {
    "openinference.span.kind": frozenset({"tool", "agent"}),
    "traceloop.span.kind": frozenset({"tool", "agent"}),
    "gen_ai.operation.name": frozenset({"execute_tool", "invoke_agent"}),
    "langfuse.observation.type": frozenset({"tool", "agent"}),
}
"""Kinds of spans whose inside is another piece of work than what is around them."""
_FIRST_NS, _LAST_NS = 10**17, 2**62
_MICROSECOND = EPOCH.resolution


class Call(msgspec.Struct, frozen=True, array_like=True, eq=False, gc=False):
    """A span that is a call to a model, with no more than is compared."""

    scope: str
    trace_id: str | None
    span_id: str | None
    parent_id: str | None
    start: str | int | float | None
    end: str | int | float | None
    operation: str
    failed: bool
    response: Scalar
    tokens: tuple[int | None, ...]
    """Numbers of tokens, in the order of `TOKENS`."""
    models: tuple[Scalar, ...]
    """What its attributes say of the model, what counts first."""
    process: tuple[str | None, ...]
    """What its resource tells of `PROCESS`."""


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(list[Call]).decode


class Around(msgspec.Struct, frozen=True, eq=False, gc=False):
    """A span that is no call, and may be around some."""

    trace_id: str | None
    span_id: str | None
    parent_id: str | None
    is_work: bool
    """Whether what is inside of it is another piece of work than what is around it."""


def around(span: Span) -> Around:
    """Return what matters of a span that is no call."""
    return Around(span.trace_id, span.span_id, span.parent_id, is_work(span.attributes))


class Observers:
    """The observations of calls; `others` are the known spans around them that are no calls."""

    def __init__(self, calls: Sequence[Call], others: Sequence[Around]) -> None:
        self._calls, self._others = calls, others
        self._around: dict[Key, Around] | None = None

    def outline(self) -> Outline:
        """Return what shows whether calls can be seen twice."""
        calls = self._calls
        ids, parents = {call.span_id for call in calls}, {call.parent_id for call in calls}
        if not ids.isdisjoint([other.parent_id for other in self._others]):
            known = self._known()
            parents.update([_nearest(call.trace_id or "", call, known)[0] for call in calls])
        for found in (ids, parents):
            found.discard(None)
        return Outline(Counter([call.scope for call in calls]), ids, parents)

    def of(self, index: int) -> Observation | None:
        """Return the observation of a call; None for one without ids."""
        return _observe(self._calls[index], self._known())

    def only(self, kept: Sequence[int]) -> Observers:
        """Return the observations of some of the calls."""
        return Observers([self._calls[index] for index in kept], self._others)

    def packed(self) -> Callable[[], Observers]:
        """Return what returns the same again, without the spans around them, and needs less memory until then."""
        try:
            return partial(_unpacked, _encode(self._calls))
        except (OverflowError, UnicodeEncodeError):
            # A time of more than 64 bits, or a text of no Unicode.
            return partial(Observers, self._calls, ())

    def _known(self) -> dict[Key, Around]:
        if self._around is None:
            self._around = {(other.trace_id or "", other.span_id or ""): other for other in self._others}
        return self._around


def _unpacked(calls: bytes) -> Observers:
    return Observers(_decode(calls), ())


def _observe(call: Call, others: Mapping[Key, Around]) -> Observation | None:
    if not call.trace_id or not call.span_id or max(len(call.trace_id), len(call.span_id)) > LONGEST:
        return None
    around, is_beyond = _nearest(call.trace_id, call, others) if call.parent_id else (None, False)
    start, end = _nanoseconds(call.start), _nanoseconds(call.end)
    if start is None or end is None or end < start:
        start = end = None
    models = _models(call.models)
    kind = operation_of(call.operation)
    if not call.operation and models:
        kind = operation_of_model(models[0]) or kind
    return Observation(
        call.trace_id,
        call.span_id,
        None if is_beyond else around,
        around if is_beyond else None,
        call.scope[:LONGEST],
        call.process,
        start,
        end,
        call.operation if kind is None else kind.value,
        call.failed,
        text_of(call.response),
        call.tokens,
        models,
    )


def _nearest(trace: str, call: Call, others: Mapping[Key, Around]) -> tuple[str | None, bool]:
    """Return the nearest span around one that may be a call, and whether a tool or an agent lies between."""
    is_beyond, passed = False, {call.span_id}
    parent = call.parent_id
    while parent is not None and parent not in passed:
        other = others.get((trace, parent))
        if other is None:
            return parent[:LONGEST], is_beyond
        passed.add(parent)
        is_beyond = is_beyond or other.is_work
        parent = other.parent_id
    return None, False


def is_work(attributes: Mapping[str, Scalar]) -> bool:
    """Return whether a span is a piece of work of its own, of a tool or an agent."""
    return any(str(attributes.get(name)).strip().lower() in kinds for name, kinds in _WORK.items())


def _models(told: Sequence[Scalar]) -> tuple[str, ...]:
    names = [name for name in dict.fromkeys(told) if isinstance(name, str)]
    return tuple([name for name in names if 0 < len(name) <= LONGEST])


def _nanoseconds(time: str | float | None) -> int | None:
    """Return a time of a span in nanoseconds since the epoch; None when it is not a sound one."""
    if isinstance(time, int):
        return time if _FIRST_NS <= time < _LAST_NS else None
    moment = parse_time(time, EPOCH.tzinfo) if isinstance(time, str) and EPOCH.tzinfo is not None else None
    return None if moment is None else (moment - EPOCH) // _MICROSECOND * 1000
