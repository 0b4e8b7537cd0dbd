"""Decides which systems and models are stored under their own names, so that no input can fill the store with
names."""

from __future__ import annotations

import math
import time
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from operator import add, attrgetter

from msgspec import Struct, field
from msgspec.structs import replace
from sqlalchemy import ColumnElement, Connection, func, insert, select, text, tuple_, update

from leverwatch.agent.config import Config
from leverwatch.agent.config.models import OTHER_SYSTEMS
from leverwatch.agent.log import get_logger
from leverwatch.agent.store.engine import batched
from leverwatch.agent.store.highest import highest_sum
from leverwatch.agent.store.schema import COUNTS, stored_systems, usage_daily, usage_totals
from leverwatch.collectors.interface import Operation, TierCount, UsageRow

log = get_logger(__name__)

OVERFLOW_SYSTEM = OTHER_SYSTEMS
"""The name under which all systems beyond the limit are stored. Records that use this name are counted with
them."""
OTHER_MODELS = "other"
"""The name under which all models of a system beyond the limit are stored."""

_LOCK = 7_235_910_448_202
"""An arbitrary number, the same in every agent: on a shared PostgreSQL only one of them admits names at a time."""
_KEPT_PAIRS = 100_000
_SILENCE_SECONDS = 3600.0
_NOISE = 1e-6
"""Sums of fractions may come out this far below zero although nothing was taken back."""
_WHEN = attrgetter("operation", "day")
_counts = attrgetter(*COUNTS)

Pair = tuple[str, str]
"""A system and one of its models."""


class NameLimits(Struct, frozen=True):
    """The largest numbers of names in the store."""

    declared: frozenset[str] = frozenset()
    """Systems that are always stored under their own names."""
    systems: int = 10_000
    """The largest number of other systems with their own names."""
    models: int = 200
    """The largest number of models of a system, and of all systems beyond the limit together."""

    @classmethod
    def of(cls, config: Config) -> NameLimits:
        """Return the limits of a configuration."""
        limits = config.limits
        return cls(frozenset(config.systems), limits.stored_systems, limits.stored_models)


class KnownNames(Struct, frozen=True):
    """Names that are certainly in the store, from which none is ever removed."""

    pairs: set[Pair] = field(default_factory=set)
    systems: set[str] = field(default_factory=set)

    def forget(self) -> None:
        """Forget all names: the store may have another database now."""
        self.pairs.clear()
        self.systems.clear()


def named(column: ColumnElement[str], systems: Collection[str] | None) -> Iterator[ColumnElement[bool]]:
    """Yield conditions that together select the rows of these systems; None: of all that have names of their own.

    Each fits into one statement, and no row matches two of them.
    """
    if systems is None:
        yield column != OVERFLOW_SYSTEM
    else:
        for part in batched(sorted({*systems} - {OVERFLOW_SYSTEM})):
            yield column.in_(part)


def read_names(connection: Connection) -> list[str]:
    """Return the systems with something to decide on, in order of first appearance."""
    table = stored_systems.c
    query = (
        select(table.system).where(table.first_counted.is_not(None)).order_by(table.first_counted, table.system)
    )
    return list(connection.scalars(query))


def read_overflow(
    connection: Connection, counting_for: Callable[[str, Collection[str]], Collection[str]]
) -> float:
    """Return the inferences of all systems without a name of their own, as a counter shows them: it never
    falls. `counting_for` returns which of the sources that feed a system count, as that of a `Scope`."""
    table = usage_totals.c
    feeding = connection.scalars(select(table.source).where(table.system == OVERFLOW_SYSTEM).distinct()).all()
    sources = counting_for(OVERFLOW_SYSTEM, feeding)
    return highest_sum(connection, "inferences", OVERFLOW_SYSTEM, Operation.GENERATION.value, sources)


class FoldWarning:
    """Logs that names were folded, at most once an hour, so that unbounded input cannot fill the log."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._silent_until = -math.inf

    def say(self, source: str, admission: Admission) -> None:
        """Log the folded names of a batch, unless that was done within the last hour."""
        now = self._monotonic()
        if now >= self._silent_until:
            self._silent_until = now + _SILENCE_SECONDS
            log.warning(
                "names_folded", source=source, systems=admission.folded_systems, models=admission.folded_models
            )


class Admission:
    """Decides for one writing transaction which of its names are admitted; call `confirm` once it is committed.

    A name in the store stays there, so that a correction of a call is added to the cell in which the call was
    counted. For the same reason a row that takes something back never adds a name.
    """

    def __init__(self, connection: Connection, limits: NameLimits, known: KnownNames, now: datetime) -> None:
        self._connection, self._limits, self._known, self._now = connection, limits, known, now
        self._locked = False
        self._pairs: set[Pair] = set()
        self._systems: set[str] = set()
        self._renamed: dict[Pair, Pair] = {}
        self._astray_cells: dict[tuple[str, str, object, date], Pair] = {}
        self.folded_systems = 0
        """The number of systems in the batch that are beyond the limit."""
        self.folded_models = 0
        """The number of pairs of system and model in the batch whose model is beyond the limit."""

    def confirm(self) -> None:
        """Remember the names of the transaction, which is committed."""
        if len(self._known.pairs) > _KEPT_PAIRS:
            self._known.pairs.clear()
        self._known.pairs.update(self._pairs)
        self._known.systems.update(self._systems)

    def usage(self, source: str, rows: Sequence[UsageRow]) -> Sequence[UsageRow]:
        """Return the rows under the names that they are stored under."""
        unknown = [
            pair
            for pair in dict.fromkeys((row.system, row.model) for row in rows)
            if pair not in self._known.pairs
        ]
        folded = self._has_folded(source)
        back = [row for row in rows if min(_counts(row)) < -_NOISE] if unknown or folded else []
        names = self._names(unknown, {(row.system, row.model) for row in back}, folded=folded) if unknown else {}
        self._pairs.update(pair for pair in unknown if pair not in names)
        astray = self._astray(source, back, names) if folded else {}
        self._renamed.update(names)
        self._astray_cells.update({(row.system, row.model, *_WHEN(row)): pair for row, pair in astray.items()})
        return _renamed(rows, names, astray) if names or astray else rows

    def tiers(self, counts: Sequence[TierCount]) -> list[TierCount]:
        """Return counts under the names under which `usage` returned the rows that they are part of."""
        named = []
        for count in counts:
            pair = (count.system, count.model)
            cell = (*pair, Operation.GENERATION, count.day)
            system, model = self._astray_cells.get(cell) or self._renamed.get(pair, pair)
            named.append(count if (system, model) == pair else replace(count, system=system, model=model))
        return named

    def systems(self, names: Iterable[str], *, counted: bool) -> frozenset[str]:
        """Return the systems that may be named in the store; `counted`: they will be decided on."""
        wanted = dict.fromkeys(names)
        new = [name for name in wanted if name not in self._known.systems]
        admitted = self._admit(new, frozenset(), counted=counted) if new else set()
        return frozenset(name for name in wanted if name in self._known.systems or name in admitted)

    def _has_folded(self, source: str) -> bool:
        """Return whether anything of the source was ever stored under the name of all other systems."""
        table = usage_totals.c
        query = select(table.source).where(table.source == source, table.system == OVERFLOW_SYSTEM).limit(1)
        return self._connection.execute(query).first() is not None

    def _astray(self, source: str, back: Sequence[UsageRow], names: Mapping[Pair, Pair]) -> dict[UsageRow, Pair]:
        """Rows that take back what was counted under another name, each with that name."""
        targets = {
            row: (*names.get((row.system, row.model), (row.system, row.model)), *_WHEN(row)) for row in back
        }
        cells = tuple_(*(usage_daily.c[name] for name in ("system", "model", "operation", "day")))
        found: set[tuple[object, ...]] = set()
        for part in batched(list(dict.fromkeys(targets.values()))):
            query = select(*cells.clauses).where(usage_daily.c.source == source, cells.in_(part))
            found.update(tuple(cell) for cell in self._connection.execute(query))
        lost = [row for row, cell in targets.items() if cell not in found and cell[0] != OVERFLOW_SYSTEM]
        models = self._models({OVERFLOW_SYSTEM})[OVERFLOW_SYSTEM] if lost else set()
        return {row: (OVERFLOW_SYSTEM, row.model if row.model in models else OTHER_MODELS) for row in lost}

    def _names(self, unknown: Sequence[Pair], back: Collection[Pair], *, folded: bool) -> dict[Pair, Pair]:
        """Return the stored names of the pairs that do not keep their own."""
        new = [name for name in dict.fromkeys(system for system, _ in unknown) if name not in self._known.systems]
        never = frozenset(system for system, _ in back) if folded else frozenset()
        beyond = set(new) - (self._admit(new, never, counted=True) if new else set())
        self.folded_systems += len(beyond - {OVERFLOW_SYSTEM})
        renamed = {pair: (OVERFLOW_SYSTEM, pair[1]) if pair[0] in beyond else pair for pair in unknown}
        stored = self._models({system for system, _ in renamed.values()})
        never_models = {renamed[pair] for pair in back if pair in renamed}
        for pair, (system, model) in renamed.items():
            models = stored[system]
            if model in models or model == OTHER_MODELS:
                continue
            takes_back = OTHER_MODELS in models and (system, model) in never_models
            if not takes_back and len(models - {OTHER_MODELS}) < self._limits.models:
                models.add(model)
            else:
                renamed[pair] = (system, OTHER_MODELS)
                self.folded_models += 1
        return {pair: name for pair, name in renamed.items() if pair != name}

    def _admit(self, names: Sequence[str], never: Collection[str], *, counted: bool) -> set[str]:
        """Return the names that are in the store, after adding those for which there is room."""
        self._lock()
        table = stored_systems.c
        stored: dict[str, bool] = {}
        for part in batched(names):
            query = select(table.system, table.first_counted).where(table.system.in_(part))
            stored.update((name, moment is not None) for name, moment in self._connection.execute(query))
        room = None
        admitted = []
        for name in names:
            if name in stored or name in never or name == OVERFLOW_SYSTEM:
                continue
            if name not in self._limits.declared:
                room = self._room() if room is None else room
                if room <= 0:
                    continue
                room -= 1
            admitted.append(name)
        if admitted:
            moment = self._now if counted else None
            self._connection.execute(
                insert(stored_systems),
                [{"system": name, "first_written": self._now, "first_counted": moment} for name in admitted],
            )
        self._count([name for name, was_counted in stored.items() if counted and not was_counted])
        found = {*stored, *admitted}
        if counted:
            self._systems.update(found)
        return found

    def _count(self, names: Sequence[str]) -> None:
        for part in batched(names):
            self._connection.execute(
                update(stored_systems).where(stored_systems.c.system.in_(part)).values(first_counted=self._now)
            )

    def _room(self) -> int:
        number = self._connection.scalar(select(func.count()).select_from(stored_systems)) or 0
        for part in batched(sorted(self._limits.declared)):
            declared = select(func.count()).where(stored_systems.c.system.in_(part))
            number -= self._connection.scalar(declared) or 0
        return self._limits.systems - number

    def _models(self, systems: Collection[str]) -> Mapping[str, set[str]]:
        self._lock()
        found: dict[str, set[str]] = defaultdict(set)
        for part in batched(sorted(systems)):
            query = select(usage_totals.c.system, usage_totals.c.model).where(usage_totals.c.system.in_(part))
            for system, model in self._connection.execute(query.distinct()):
                found[system].add(model)
        return found

    def _lock(self) -> None:
        # SQLite has one writer anyway. Two agents that counted the names at the same time would both find room.
        if not self._locked and self._connection.dialect.name == "postgresql":
            self._connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
        self._locked = True


def _renamed(
    rows: Sequence[UsageRow], names: Mapping[Pair, Pair], astray: Mapping[UsageRow, Pair]
) -> list[UsageRow]:
    """Return the rows under their stored names. Rows that now share a cell become one, as very many names may
    be folded."""
    kept: list[UsageRow] = []
    sums: dict[tuple[str, str, Operation, date], list[float]] = {}
    for row in rows:
        pair = (row.system, row.model)
        name = (astray.get(row) if astray else None) or names.get(pair, pair)
        if name == pair:
            kept.append(row)
            continue
        cell = (*name, row.operation, row.day)
        before = sums.get(cell)
        sums[cell] = list(_counts(row)) if before is None else list(map(add, before, _counts(row)))
    kept += [UsageRow(*cell, *total) for cell, total in sums.items()]
    return kept
