"""What the compiled helper reads of spans: a line of each, with no more than what counts.

The helper writes the lines, and adds up their numbers. What a span means is asked once for each combination of its
texts, its resource and its scope, by reading a document that is made of such a line. Pure.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import islice

import msgspec

from leverwatch.collectors.records.fields import FIELD_INDEX
from leverwatch.collectors.records.formats.dialects import (
    AMOUNTS,
    BREAKDOWN,
    CACHE_HIT,
    ERROR,
    OTHER_PARAMETERS,
    PARAMETERS,
    TOKENS,
    spellings,
)
from leverwatch.collectors.records.formats.interface import Parsed, split_lines
from leverwatch.collectors.records.formats.plain import NAME, TOTAL, Place, Plainly, Plan, Spans
from leverwatch.collectors.records.formats.producers import MEANS_MORE
from leverwatch.collectors.records.formats.span_kinds import KINDS

_NUMBERS = (*TOKENS, "total", "cost", "response")
"""What the helper reads by itself, in its order."""
_KEYS = b"ikwohTdy"
"""The keys of these in a line."""
_FIELDS = (
    "input_tokens",
    "cached_input_tokens",
    "cache_write_tokens",
    "output_tokens",
    "reasoning_tokens",
    TOTAL,
    "cost_usd",
)
_TEXTS = ("model", "finish", "schema", "tier")
_NAMED, _UNUSUAL = -1, -2
_TIME = FIELD_INDEX["time"]
_PATHS: tuple[Place, ...] = (
    ((b"t",), "time", 0), ((b"q",), "request_id", 0), ((b"c",), "trace_id", 0), ((b"l",), "latency_ms", 0),
    *(((_KEYS[at : at + 1],), field, 0) for at, field in enumerate(_FIELDS)),
    *(((name,), NAME, 1) for name in (b"x", b"r", b"a")),
)  # fmt: skip
_NOTHING = msgspec.Raw()
_attributes = msgspec.json.Decoder(dict[str, msgspec.Raw])


def _begin(name: str) -> bytes:
    return b'{"key":%b,"value":{"' % msgspec.json.encode(name)


_COST = _begin(spellings("cost")[0])
_MEMBERS = tuple(
    (key, _begin(spellings(what)[0]) + (b'stringValue":' if what == "response" else b'intValue":'))
    for key, what in zip(_KEYS.decode(), _NUMBERS, strict=True)
    if what != "cost"
)
"""The members of a line of which the kind is known, and how their attributes begin."""
_MOST_KNOWN = 1_000
_DOCUMENT = (
    b'{"resourceSpans":[{"resource":%b,"scopeSpans":[{"scope":%b,"spans":[{"traceId":%b,"spanId":"%b",'
    b'"parentSpanId":%b,"startTimeUnixNano":%d,"endTimeUnixNano":%d,"status":{%b},"attributes":[%b]}]}]}]}'
)


class _Line(msgspec.Struct, gc=False):
    """A line of a span."""

    r: int
    """The number of its resource and scope."""
    t: int
    """Its start in microseconds."""
    lasted: int = msgspec.field(name="l")
    """Nanoseconds from start to end."""
    c: msgspec.Raw
    """The ids of its trace, of both, and of its parent."""
    q: str
    p: msgspec.Raw
    a: str
    """All other attributes that are read, as JSON."""
    b: int = 0
    """Nanoseconds of the start beyond its microseconds."""
    x: msgspec.Raw = _NOTHING
    """The code of its status."""
    i: msgspec.Raw = _NOTHING
    k: msgspec.Raw = _NOTHING
    w: msgspec.Raw = _NOTHING
    o: msgspec.Raw = _NOTHING
    h: msgspec.Raw = _NOTHING
    T: msgspec.Raw = _NOTHING
    d: msgspec.Raw = _NOTHING
    y: msgspec.Raw = _NOTHING


_line = msgspec.json.Decoder(_Line).decode


class _Scope(msgspec.Struct, gc=False):
    name: str | None = None


_scope = msgspec.json.Decoder(_Scope).decode


class SpanLines:
    """Says what the helper reads of spans; `template` are the attributes that name the system, and `read` reads
    documents of spans.

    Raises:
        ValueError: an attribute of the template is a number that is counted, or means something of its own.
    """

    def __init__(self, template: Sequence[str], read: Callable[[Sequence[bytes]], Parsed]) -> None:
        self._read = read
        told: dict[str, tuple[int, int, bool]] = dict.fromkeys(
            (*KINDS, PARAMETERS, OTHER_PARAMETERS, ERROR, CACHE_HIT, *template), (_NAMED, 0, False)
        )
        told |= {name: (_NAMED, 0, False) for what in _TEXTS for name in spellings(what)}
        numbers = {
            name: (at, rank, what in AMOUNTS)
            for at, what in enumerate(_NUMBERS)
            for rank, name in enumerate(spellings(what))
        }
        names: tuple[str, ...] = (*MEANS_MORE, *BREAKDOWN)
        unusual = dict.fromkeys(names, (_UNUSUAL, 0, False))
        if not numbers.keys().isdisjoint(template) or not unusual.keys().isdisjoint(template):
            raise ValueError("the system is named by what is counted")
        self.names: tuple[tuple[bytes, int, int, bool], ...] = tuple(
            (name.encode(), *it) for name, it in (told | numbers | unusual).items()
        )
        """The attributes that are read, each with what it is and its rank among those that tell the same."""
        self.contexts: dict[tuple[bytes, bytes], int] = {}
        """The numbers of pairs of resource and scope, as they were written."""
        self._known: dict[str, bytes] = {}
        self._written: list[tuple[bytes, bytes]] = []

    def plan(self) -> Plan:
        """Return what the helper needs to count them."""
        return Plan(
            _PATHS, self.read, has_extended=True, rule=Plainly(), beside=False, latency_in=1e6, by_line=True,
            spans=self,
        )  # fmt: skip

    def read(self, units: Sequence[bytes]) -> Parsed:
        """Read lines; the times of the rows are in microseconds, as the helper has them."""
        parsed = self.calls(units, self.written())
        rows = [(*row[:_TIME], row[_TIME] // 1000, *row[_TIME + 1 :]) for row in parsed.rows]
        return Parsed(
            rows=rows,
            lines=parsed.lines,
            refused=parsed.refused,
            passed=parsed.passed,
            seen=parsed.seen,
            unreadable=parsed.unreadable,
        )

    def calls(self, lines: Sequence[bytes], written: Sequence[tuple[bytes, bytes]]) -> Parsed:
        """Read lines as the documents are read; `written` are the resources and scopes of that time."""
        return self._read([self._document(line, written) for line in lines])

    def forget(self) -> None:
        """Forget the resources and scopes, as nothing is remembered by their numbers any more."""
        self.contexts, self._written = {}, []

    def scopes(self, numbers: Mapping[int, int]) -> Counter[str]:
        """Return how many spans each instrumentation has, given the number of each resource and scope."""
        found: Counter[str] = Counter()
        for at, number in numbers.items():
            found[_scope(self.written()[at][1]).name or ""] += number
        return found

    def written(self) -> Sequence[tuple[bytes, bytes]]:
        """Return the resources and scopes that are known, by their numbers."""
        new = islice(self.contexts, len(self._written), None)
        self._written += [(resource or b"{}", scope or b"{}") for resource, scope in new]
        return self._written

    def _attributes(self, texts: str) -> bytes:
        """Return the attributes that are no numbers, of which spans have few combinations."""
        made = self._known.get(texts)
        if made is None:
            told = ((_begin(name), bytes(raw)) for name, raw in _attributes.decode(texts).items())
            made = b",".join([b'%b%b":%b}}' % (begin, _kind(raw), raw) for begin, raw in told])
            if len(self._known) >= _MOST_KNOWN:
                self._known.clear()
            self._known[texts] = made
        return made

    def _document(self, line: bytes, written: Sequence[tuple[bytes, bytes]]) -> bytes:
        told = _line(line)
        resource, scope = written[told.r]
        attributes = [
            b"%b%b}}" % (begin, raw) for key, begin in _MEMBERS if (raw := getattr(told, key)) is not _NOTHING
        ]
        if told.d is not _NOTHING:
            attributes.append(b'%b%b":%b}}' % (_COST, _kind(bytes(told.d)), told.d))
        if named := self._attributes(told.a):
            attributes.insert(0, named)
        start = told.t * 1000 + told.b
        status = b"" if told.x is _NOTHING else b'"code":%b' % told.x
        return _DOCUMENT % (
            resource, scope, told.c, told.q.rpartition(":")[2].encode(), told.p, start, start + told.lasted,
            status, b",".join(attributes),
        )  # fmt: skip


class CallLines:
    """The lines of those spans of a chunk that are calls; `calls` has a 1 for each span that is one."""

    def __init__(self, text: bytes, calls: bytearray, spans: Spans) -> None:
        self._text, self._calls, self._spans = text, calls, spans
        self._written = spans.written()
        self.number = calls.count(1)

    def places(self, lines: Iterable[int]) -> list[int]:
        """Return the places among the calls of lines that are some."""
        return [self._calls.count(1, 0, line) for line in lines]

    def lines(self) -> list[int]:
        """Return the indices of their lines."""
        return [at for at, is_call in enumerate(self._calls) if is_call]

    def text(self, first: int, behind: int) -> bytes:
        """Return the calls from one to before another."""
        if first == 0 and behind == self.number:
            return self._text
        return b"".join([line + b"\n" for line in self._text.split(b"\n")[first:behind]])

    def read(self, data: bytes) -> Parsed:
        """Read lines that `text` returned."""
        return self._spans.calls(split_lines(data), self._written)

    def some(self, first: int, behind: int) -> Parsed:
        """Read the calls from one to before another."""
        return self._spans.calls(self._text.split(b"\n")[first:behind], self._written)


def _kind(raw: bytes) -> bytes:
    """Return the key under which a value of an attribute is written."""
    first = raw[:1]
    if first == b'"':
        return b"stringValue"
    if first == b"{":
        return b"arrayValue"
    if first in (b"t", b"f"):
        return b"boolValue"
    return b"doubleValue" if b"." in raw or b"e" in raw or b"E" in raw else b"intValue"
