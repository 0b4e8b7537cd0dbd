"""Renders each snapshot once per format and serves the bytes, and their gzip, to every scrape."""

from __future__ import annotations

import struct
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple

from isal import isal_zlib
from prometheus_client import Metric, exposition
from prometheus_client.openmetrics import exposition as openmetrics
from prometheus_client.registry import Collector

from leverwatch.agent.exporter.collector import SnapshotCollector
from leverwatch.agent.exporter.families import AGENT, SYSTEMS
from leverwatch.agent.exporter.process_families import PROCESS, Readings, read_process
from leverwatch.agent.snapshot import AgentSnapshot, SystemsSnapshot

_EOF = b"# EOF\n"
_GZIP = 31
"""The `wbits` with which zlib writes the gzip format; it writes no time into the header."""


_RAW = -15
"""The `wbits` with which zlib writes DEFLATE without a header and a trailer."""
_GZIP_HEADER = b"\x1f\x8b\x08\0\0\0\0\0\0\xff"
"""DEFLATE, no flags, no time, an unknown system."""


class Format(Enum):
    """An exposition format; the value is its content type."""

    TEXT = exposition.CONTENT_TYPE_PLAIN_0_0_4
    OPENMETRICS = openmetrics.CONTENT_TYPE_LATEST


class Snapshots(NamedTuple):
    """The snapshots shown at one moment; None before the first evaluation or the first state of the agent."""

    systems: SystemsSnapshot | None = None
    agent: AgentSnapshot | None = None


class Payload:
    """A response body and its gzip, compressed on first use. It is kept in pieces, which other bodies share."""

    def __init__(self, *pieces: bytes) -> None:
        self.pieces = pieces
        """The consecutive pieces of the body, sent without being joined, so that no client costs a copy."""
        self._gzip: bytes | None = None
        self._lock = threading.Lock()

    @property
    def plain(self) -> bytes:
        """The whole body; joined at each call when there are several pieces."""
        return self.pieces[0] if len(self.pieces) == 1 else b"".join(self.pieces)

    def gzip(self) -> bytes:
        """The body compressed with gzip; computed once."""
        with self._lock:
            if self._gzip is None:
                # Level 1: an order of magnitude smaller already, at a fraction of the time of higher levels.
                stream = isal_zlib.compressobj(1, wbits=_GZIP)
                self._gzip = b"".join((*map(stream.compress, self.pieces), stream.flush()))
            return self._gzip


class _Front:
    """What scrapes share until a snapshot changes; its gzip goes on with what each of them has of its own."""

    def __init__(self, *pieces: bytes) -> None:
        self._pieces = pieces
        self._lock = threading.Lock()
        self._compressed: tuple[bytes, int] | None = None

    def followed_by(self, end: bytes) -> Payload:
        """Return the body that ends so."""
        return _Joined(self, self._pieces, end)

    def compressed(self) -> tuple[bytes, int]:
        """Return the pieces as raw DEFLATE that can be continued, and their CRC-32; computed once."""
        with self._lock:
            if self._compressed is None:
                stream, check = isal_zlib.compressobj(1, wbits=_RAW), 0
                for piece in self._pieces:
                    check = isal_zlib.crc32(piece, check)
                blocks = (*map(stream.compress, self._pieces), stream.flush(isal_zlib.Z_FULL_FLUSH))
                self._compressed = b"".join(blocks), check
            return self._compressed


class _Joined(Payload):
    """A front and an end. Only the end is compressed anew."""

    def __init__(self, front: _Front, pieces: tuple[bytes, ...], end: bytes) -> None:
        super().__init__(*pieces, end)
        self._front = front

    def gzip(self) -> bytes:
        """The body compressed with gzip (RFC 1952): one member, as not every reader looks for a second one."""
        blocks, check = self._front.compressed()
        end = self.pieces[-1]
        stream = isal_zlib.compressobj(1, wbits=_RAW)
        size = sum(map(len, self.pieces)) & 0xFFFFFFFF
        trailer = struct.pack("<II", isal_zlib.crc32(end, check), size)
        return b"".join((_GZIP_HEADER, blocks, stream.compress(end), stream.flush(), trailer))


def choose_format(accept: str) -> Format:
    """Return the format for an Accept header, negotiated by the Prometheus client library.

    Escaping schemes and newer versions of the two formats are not offered, as no metric name needs them; the
    content type of the response says which format was sent.
    """
    try:
        _, content_type = exposition.choose_encoder(accept)
    except (TypeError, ValueError):  # the library compares a version that is no number
        return Format.TEXT
    return Format.OPENMETRICS if content_type.startswith("application/openmetrics-text") else Format.TEXT


class _Part:
    """The part of the exposition that comes from one snapshot, rendered at most once in each format.

    It is rendered family by family: the text of all in the making takes several times what it takes at the end.
    A family with the same text as in the part `before` shares it, so that two parts are rarely twice as large.
    """

    def __init__(self, collector: Collector | None = None, before: _Part | None = None) -> None:
        self._collector = collector
        self.rendered: dict[Format, tuple[bytes, ...]] = {}
        # Not the part itself, as that would keep the one before it.
        self._before = {} if before is None else dict(before.rendered)
        self._lock = threading.Lock()

    def render(self, output: Format) -> tuple[bytes, ...]:
        """Return the rendered families, without the `# EOF` of OpenMetrics."""
        if self._collector is None:
            return ()
        with self._lock:
            if output not in self.rendered:
                known = {piece.partition(b"\n")[0]: piece for piece in self._before.pop(output, ())}
                self.rendered[output] = tuple(
                    _shared(_RENDERERS[output](_Single(metric)), known) for metric in self._collector.collect()
                )
            return self.rendered[output]

    def forget_before(self) -> None:
        """Keep nothing of the part before this one from now on."""
        self._before = {}


class _Single(Collector):
    """A collector of one metric."""

    def __init__(self, metric: Metric) -> None:
        self._metric = metric

    def collect(self) -> Iterator[Metric]:
        yield self._metric


def _shared(piece: bytes, known: dict[bytes, bytes]) -> bytes:
    """Return a rendered family: the equal object among those known, by their first line, if there is one."""
    before = known.get(piece.partition(b"\n")[0])
    return before if before == piece else piece


@dataclass(frozen=True)
class _Picture:
    """Both snapshots of one moment, with their bodies: one reference, so that a swap is atomic."""

    snapshots: Snapshots
    systems: _Part
    agent: _Part
    bodies: dict[Format, Payload]
    fronts: dict[Format, _Front]
    lock: threading.Lock

    def body(self, output: Format) -> Payload:
        with self.lock:
            if output not in self.bodies:
                end = _EOF if output is Format.OPENMETRICS else b""
                self.bodies[output] = Payload(*self._pieces(output), end)
            return self.bodies[output]

    def front(self, output: Format) -> _Front:
        with self.lock:
            if output not in self.fronts:
                self.fronts[output] = _Front(*self._pieces(output))
            return self.fronts[output]

    def _pieces(self, output: Format) -> tuple[bytes, ...]:
        return b"".join(self.agent.render(output)), *self.systems.render(output)


class Exposition:
    """The present snapshots and their rendered bytes. Threads may set and read it at the same time."""

    def __init__(self) -> None:
        self._setting = threading.Lock()
        # Prometheus prefers OpenMetrics; what else is rendered ahead depends on what was asked for.
        self._asked = frozenset({Format.OPENMETRICS})
        self._picture = _picture(Snapshots(), _Part(), _Part())

    @property
    def snapshots(self) -> Snapshots:
        """Both snapshots, read at the same moment."""
        return self._picture.snapshots

    def set_systems(self, snapshot: SystemsSnapshot) -> None:
        """Show the result of an evaluation from now on."""
        part = _Part(SnapshotCollector(SYSTEMS, snapshot), self._picture.systems)
        # Rendering thousands of systems takes a moment: it is spent here, before the swap, in the formats that
        # scrapes ask for, and no scrape waits for it.
        for output in self._asked:
            part.render(output)
        part.forget_before()
        with self._setting:
            before = self._picture
            self._picture = _picture(before.snapshots._replace(systems=snapshot), part, before.agent)

    def set_agent(self, snapshot: AgentSnapshot) -> None:
        """Show the state of the agent itself from now on."""
        part = _Part(SnapshotCollector(AGENT, snapshot))
        with self._setting:
            before = self._picture
            self._picture = _picture(before.snapshots._replace(agent=snapshot), before.systems, part)

    def body(self, output: Format) -> Payload:
        """Return the whole exposition in one format, rendering it if that was not done yet."""
        self._asked |= {output}
        return self._picture.body(output)

    def scrape(self, output: Format, read: Callable[[], Readings] = read_process) -> Payload:
        """Return the whole exposition in one format, and the metrics of the process as they are now."""
        self._asked |= {output}
        process = _RENDERERS[output](SnapshotCollector(PROCESS, read()))
        return self._picture.front(output).followed_by(process + (_EOF if output is Format.OPENMETRICS else b""))


def _picture(snapshots: Snapshots, systems: _Part, agent: _Part) -> _Picture:
    return _Picture(snapshots, systems, agent, {}, {}, threading.Lock())


def _text(collector: Collector) -> bytes:
    return exposition.generate_latest(collector)


def _openmetrics(collector: Collector) -> bytes:
    rendered: bytes = openmetrics.generate_latest(collector)  # type: ignore[no-untyped-call]  # untyped in the library
    return rendered.removesuffix(_EOF)


_RENDERERS: dict[Format, Callable[[Collector], bytes]] = {Format.TEXT: _text, Format.OPENMETRICS: _openmetrics}
