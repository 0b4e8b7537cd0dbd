"""Renders each snapshot once and serves the bytes, and their gzip, to every scrape in both formats."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Generic, NamedTuple

from leverwatch.agent.exporter.families import AGENT, SYSTEMS
from leverwatch.agent.exporter.family import Family, S
from leverwatch.agent.exporter.lines import END, Format, Text, choose_format, chunks, head, texts
from leverwatch.agent.exporter.packed import Packed, Piece
from leverwatch.agent.exporter.payload import Followed, Payload, packed
from leverwatch.agent.exporter.process_families import PROCESS, Readings, read_process
from leverwatch.agent.snapshot import AgentSnapshot, SystemsSnapshot

MOST_PLAIN = 32 << 20
"""So many bytes of samples are kept as they are, for scrapes without gzip at no cost. Beyond it, at some two
thousand systems with several models, they are kept packed, in a sixteenth of the memory; a scrape with gzip costs
no more, and one without it is unpacked while it is sent."""

__all__ = ["Exposition", "Format", "Payload", "Snapshots", "choose_format"]


class Snapshots(NamedTuple):
    """The snapshots shown at one moment; None before the first evaluation or the first state of the agent."""

    systems: SystemsSnapshot | None = None
    agent: AgentSnapshot | None = None


class _Part(Generic[S]):
    """The part of the exposition that comes from one snapshot, rendered at most once."""

    def __init__(
        self,
        families: Iterable[Family[S]] = (),
        snapshot: S | None = None,
        before: _Part[S] | None = None,
        most: int = MOST_PLAIN,
    ) -> None:
        self._families, self._snapshot, self._most = families, snapshot, most
        # Not the part itself, as that would keep the one before it.
        self._before: Mapping[str, Text] = {} if before is None else before.by_name()
        self._texts: dict[Family[S], Text] | None = None
        self._formats: dict[Format, tuple[Piece, ...]] = {}
        self._lock = threading.Lock()

    def by_name(self) -> dict[str, Text]:
        """Return what is rendered already, by the name of the family."""
        return {family.name: text for family, text in (self._texts or {}).items()}

    def render(self) -> dict[Family[S], Text]:
        """Return the lines of the samples of each family."""
        with self._lock:
            if self._texts is None:
                if self._snapshot is None:
                    self._texts = {}
                else:
                    self._texts = texts(self._families, self._snapshot, self._before, self._most)
                self._before = {}
            return self._texts

    def pieces(self, output: Format) -> tuple[Piece, ...]:
        """Return the body in one format, without the `# EOF` of OpenMetrics; one that is packed is one piece."""
        rendered = self.render()
        with self._lock:
            if output not in self._formats:
                pieces = _pieces(rendered, output)
                are_packed = any(isinstance(piece, Packed) for piece in pieces)
                self._formats[output] = (packed(pieces),) if are_packed else pieces
            return self._formats[output]


def _pieces(rendered: Mapping[Family[S], Text], output: Format) -> tuple[Piece, ...]:
    found: list[Piece] = []
    for family, text in rendered.items():
        found.append(head(family, output))
        if isinstance(text, Packed):
            found.append(text)
        else:
            found += text
    return tuple(found)


@dataclass(frozen=True)
class _Picture:
    """Both snapshots of one moment, with their bodies: one reference, so that a swap is atomic."""

    snapshots: Snapshots
    systems: _Part[SystemsSnapshot]
    agent: _Part[AgentSnapshot]
    bodies: dict[Format, Payload]
    fronts: dict[Format, Payload]
    lock: threading.Lock

    def body(self, output: Format) -> Payload:
        front = self.front(output)
        with self.lock:
            if output not in self.bodies:
                self.bodies[output] = Payload(*front.pieces, _end(output))
            return self.bodies[output]

    def front(self, output: Format) -> Payload:
        """What scrapes share until a snapshot changes."""
        with self.lock:
            if output not in self.fronts:
                self.fronts[output] = Payload(*self.agent.pieces(output), *self.systems.pieces(output))
            return self.fronts[output]


class Exposition:
    """The present snapshots and their rendered bytes. Threads may set and read it at the same time.

    Up to `most` bytes of samples are kept as they are, and more are kept packed.
    """

    def __init__(self, most: int = MOST_PLAIN) -> None:
        self._setting, self._most = threading.Lock(), most
        self._picture = _picture(Snapshots(), _Part(), _Part())

    @property
    def snapshots(self) -> Snapshots:
        """Both snapshots, read at the same moment."""
        return self._picture.snapshots

    def set_systems(self, snapshot: SystemsSnapshot) -> None:
        """Show the result of an evaluation from now on."""
        part = _Part(SYSTEMS, snapshot, self._picture.systems, self._most)
        # Rendering thousands of systems takes a moment: it is spent here, before the swap, and no scrape waits.
        part.render()
        with self._setting:
            before = self._picture
            self._picture = _picture(before.snapshots._replace(systems=snapshot), part, before.agent)

    def set_agent(self, snapshot: AgentSnapshot) -> None:
        """Show the state of the agent itself from now on."""
        part = _Part(AGENT, snapshot)
        with self._setting:
            before = self._picture
            self._picture = _picture(before.snapshots._replace(agent=snapshot), before.systems, part)

    def body(self, output: Format) -> Payload:
        """Return the whole exposition in one format, rendering it if that was not done yet."""
        return self._picture.body(output)

    def scrape(self, output: Format, read: Callable[[], Readings] = read_process) -> Payload:
        """Return the whole exposition in one format, and the metrics of the process as they are now."""
        readings = read()
        process = b"".join(
            head(family, output) + text for family in PROCESS if (text := b"".join(chunks(family, readings)))
        )
        return Followed(self._picture.front(output), process + _end(output))


def _picture(snapshots: Snapshots, systems: _Part[SystemsSnapshot], agent: _Part[AgentSnapshot]) -> _Picture:
    return _Picture(snapshots, systems, agent, {}, {}, threading.Lock())


def _end(output: Format) -> bytes:
    return END if output is Format.OPENMETRICS else b""
