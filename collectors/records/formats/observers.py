"""What spans tell as observations of calls, so that a call that two instrumentations saw counts once. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import msgspec

from leverwatch.collectors.records.formats.dialects import Told
from leverwatch.collectors.records.formats.spans import Scalar, Span
from leverwatch.collectors.records.observation import Key, Observation, Outline
from leverwatch.collectors.records.timestamps import EPOCH, parse_time
from leverwatch.collectors.records.vocabulary import operation_of

PROCESS = ("service.name", "service.instance.id", "host.name", "k8s.pod.name", "container.id", "process.pid")
"""Attributes of a resource that tell two processes apart."""
_WORK = {
    "openinference.span.kind": frozenset({"tool", "agent"}),
    "traceloop.span.kind": frozenset({"tool", "agent"}),
    "gen_ai.operation.name": frozenset({"execute_tool", "invoke_agent"}),
    "langfuse.observation.type": frozenset({"tool", "agent"}),
}
"""Kinds of spans whose inside is another piece of work than what is around them."""
_LONGEST = 256
"""Characters of an id or a name that is compared."""
_FIRST_NS, _LAST_NS = 10**17, 2**62
_MICROSECOND = EPOCH.resolution


class Call(msgspec.Struct, frozen=True, eq=False, gc=False):
    """A span that is a call to a model."""

    span: Span
    operation: str
    told: Mapping[str, Told]
    tokens: tuple[int | None, ...]
    """Numbers of tokens, in the order of `TOKENS`."""
    response: Scalar


class Observers:
    """The observations of calls; `others` are the known spans around them that are no calls."""

    def __init__(self, calls: Sequence[Call], others: Sequence[Span]) -> None:
        self._calls, self._others = calls, others
        self._around: dict[Key, Span] | None = None
        self._processes: dict[int, tuple[str | None, ...]] = {}

    def outline(self) -> Outline:
        """Return what shows whether calls can be seen twice."""
        spans = [call.span for call in self._calls]
        ids, parents = {span.span_id for span in spans}, {span.parent_id for span in spans}
        if not ids.isdisjoint([other.parent_id for other in self._others]):
            around = self._known()
            parents.update([_around(span.trace_id or "", span, around)[0] for span in spans])
        for found in (ids, parents):
            found.discard(None)
        return Outline(Counter([span.scope for span in spans]), ids, parents)

    def of(self, index: int) -> Observation | None:
        """Return the observation of a call; None for one without ids."""
        return _observe(self._calls[index], self._known(), self._processes)

    def only(self, kept: Sequence[int]) -> Observers:
        """Return the observations of some of the calls."""
        return Observers([self._calls[index] for index in kept], self._others)

    def alone(self) -> Observers:
        """Return the same, without the spans around them."""
        return Observers(self._calls, ())

    def _known(self) -> dict[Key, Span]:
        if self._around is None:
            self._around = {(other.trace_id or "", other.span_id or ""): other for other in self._others}
        return self._around


def _observe(
    call: Call, others: Mapping[Key, Span], processes: dict[int, tuple[str | None, ...]]
) -> Observation | None:
    span = call.span
    if not span.trace_id or not span.span_id or max(len(span.trace_id), len(span.span_id)) > _LONGEST:
        return None
    process = processes.get(id(span.resource))
    if process is None:
        process = processes[id(span.resource)] = tuple([_text(span.resource.get(name)) for name in PROCESS])
    around, is_beyond = _around(span.trace_id, span, others) if span.parent_id else (None, False)
    start, end = _nanoseconds(span.start), _nanoseconds(span.end)
    if start is None or end is None or end < start:
        start = end = None
    kind = operation_of(call.operation)
    return Observation(
        span.trace_id,
        span.span_id,
        None if is_beyond else around,
        around if is_beyond else None,
        span.scope[:_LONGEST],
        process,
        start,
        end,
        call.operation if kind is None else kind.value,
        span.failed or bool(span.attributes.get("error.type")),
        _text(call.response),
        call.tokens,
        _models(call),
    )


def _around(trace: str, span: Span, others: Mapping[Key, Span]) -> tuple[str | None, bool]:
    """Return the nearest span around one that may be a call, and whether a tool or an agent lies between."""
    is_beyond, passed = False, {span.span_id}
    parent = span.parent_id
    while parent is not None and parent not in passed:
        other = others.get((trace, parent))
        if other is None:
            return parent[:_LONGEST], is_beyond
        passed.add(parent)
        is_beyond = is_beyond or _is_work(other.attributes)
        parent = other.parent_id
    return None, False


def _is_work(attributes: Mapping[str, Scalar]) -> bool:
    return any(str(attributes.get(name)).strip().lower() in kinds for name, kinds in _WORK.items())


def _models(call: Call) -> tuple[str, ...]:
    told = call.told.get("model")
    values = {} if told is None else {told[2]: None}
    # Only wanted attributes are read: these are the names of models.
    values.update({value: None for name, value in call.span.attributes.items() if "model" in name})
    return tuple([value for value in values if isinstance(value, str) and 0 < len(value) <= _LONGEST])


def _nanoseconds(time: str | float | None) -> int | None:
    """Return a time of a span in nanoseconds since the epoch; None when it is not a sound one."""
    if isinstance(time, int):
        return time if _FIRST_NS <= time < _LAST_NS else None
    moment = parse_time(time, EPOCH.tzinfo) if isinstance(time, str) and EPOCH.tzinfo is not None else None
    return None if moment is None else (moment - EPOCH) // _MICROSECOND * 1000


def _text(value: Scalar) -> str | None:
    text = "" if value is None else str(value).strip()
    return text if 0 < len(text) <= _LONGEST else None
