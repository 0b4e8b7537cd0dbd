"""What passes between a source, the runner and the store.

A collector is built from its configuration and a `CollectorContext`, and yields a `Batch` of what was found, with
the durable state that marks it as done. What a batch counts is added to what is stored, or replaces whole days of
it (`Batch.replaces`). The runner commits each batch, with its state, in one transaction before it asks for the
next one; that is what makes counts exact across crashes. A collector returns data or raises
`leverwatch.collectors.errors.CollectorError`; it never logs, times, counts or retries on its own behalf.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from enum import StrEnum
from pathlib import Path
from typing import Protocol, runtime_checkable

from leverwatch.collectors.counted_fields import Counts


class Operation(StrEnum):
    """What a call asked of a model server. Only `GENERATION` feeds the volume rules."""

    GENERATION = "generation"
    EMBEDDING = "embedding"
    RERANK = "rerank"
    IMAGE = "image"
    AUDIO = "audio"
    MODERATION = "moderation"
    TOOL = "tool"
    AGENT = "agent"
    OTHER = "other"


class Result(StrEnum):
    """What became of one record. Every record read gets exactly one result."""

    COUNTED = "counted"
    DUPLICATE = "duplicate"
    UNATTRIBUTED = "unattributed"
    """A readable record that names no system (a template field is missing or empty)."""
    IGNORED = "ignored"
    """A line that is not a record by design: a blank line, a CSV header."""
    INVALID_LINE = "invalid_line"
    """Not decodable: broken JSON, wrong number of CSV columns, bad encoding."""
    MISSING_FIELD = "missing_field"
    MISTYPED_FIELD = "mistyped_field"
    BAD_TIME = "bad_time"
    FUTURE = "future"
    """The record's time lies further ahead of the clock than clocks drift."""
    UNKNOWN_OPERATION = "unknown_operation"
    UNKNOWN_STATUS = "unknown_status"
    NOT_A_CALL = "not_a_call"
    """A readable record of something that is no model call: a tool, a workflow, an upload."""
    PART = "part"
    """Part of a streamed call that is already counted."""
    TORN_LINE = "torn_line"
    """Part of a line whose other part is gone (cut by truncation, corruption or the end of a file)."""
    OUT_OF_RANGE = "out_of_range"
    """Read by a backfill that was asked for other days, or read again by one and settled before."""


MALFORMED: frozenset[Result] = frozenset(
    {
        Result.INVALID_LINE,
        Result.MISSING_FIELD,
        Result.MISTYPED_FIELD,
        Result.BAD_TIME,
        Result.FUTURE,
        Result.UNKNOWN_OPERATION,
        Result.UNKNOWN_STATUS,
        Result.TORN_LINE,
    }
)
"""The results that mean bad input."""

UNKNOWN_MODEL = "unknown"
"""The model of a record that names none."""


@dataclass(frozen=True)
class _Cell:
    __slots__ = ()

    system: str
    model: str
    operation: Operation
    day: date


# The fields of the last base come first.
@dataclass(frozen=True, slots=True)
class UsageRow(Counts, _Cell):
    """Additions to one (system, model, operation, day) cell; `day` is a UTC day.

    What is added up, and what each count means, is in the table of counted fields, `Counts`.
    """


class ChangeKind(StrEnum):
    """What a landing did to a system's prompts, most telling first."""

    MODIFIED = "modified"
    ADDED = "added"
    REVERTED = "reverted"
    """The content equals an earlier version of the same prompt."""
    REMOVED = "removed"
    RENAMED = "renamed"
    FORMATTING = "formatting"
    """White space only: the normalised content hash is unchanged."""


COUNTING_KINDS: frozenset[ChangeKind] = frozenset({ChangeKind.MODIFIED, ChangeKind.ADDED, ChangeKind.REVERTED})
"""The kinds that make a day an active day."""


@dataclass(frozen=True, slots=True)
class PromptChange:
    """One landing on the default branch that touched a system's prompts."""

    system: str
    change_id: str
    """Stable for the same content transition, so that a rebased copy of a landing is the same change."""
    landed_at: datetime
    """Committer date of the landing, in UTC."""
    kind: ChangeKind
    prompts: int
    """How many tracked prompts the landing touched."""
    bulk: bool = False
    """More prompts in one landing than a person edits (the threshold is the source's setting)."""


@dataclass(frozen=True, slots=True)
class EvalResult:
    """One metric of one run of an evaluation suite against one model and prompt.

    Two results with the same source, system, model, prompt version, suite, suite hash, metric and time are the
    same result; the one that was read last stands.
    """

    system: str
    model: str
    """As usage names it, as far as the source's settings say."""
    prompt_version: str
    """Empty when the file names none."""
    suite: str
    suite_hash: str
    """Names what was asked. Results with different hashes cannot be compared."""
    metric: str
    value: float
    stderr: float | None
    """Standard error of `value`; None when unknown."""
    n: int
    """Test cases behind `value`."""
    at: datetime
    higher_is_better: bool | None
    """None: the file does not say."""
    passed: int | None = None
    """Of `n`, when `value` is the share of cases that passed."""
    source: str = ""
    """Known to the store; a collector leaves it empty."""


@dataclass(frozen=True, slots=True)
class ModelShutdown:
    """The day on which a provider stops serving a model."""

    model: str
    shutdown: date | None
    """None: the provider lists the model without such a day."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One piece of bad input, for the log: where, and why. Never its content."""

    place: str
    """`path:line` or a commit."""
    reason: Result
    detail: str


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run is, in the source's own unit."""

    done: int
    total: int
    unit: str = "B"


@dataclass(frozen=True)
class Batch:
    """What one transaction writes: additions, and the source state that makes them done."""

    state: Mapping[str, bytes | None]
    """Changes to the source's durable key-value state; None deletes a key. Each value says its version, as written
    by a `Kind` of `leverwatch.collectors.stored_state`."""
    usage: tuple[UsageRow, ...] = ()
    """Added to what the store has, unless the batch `replaces` days. A negative count takes back what an earlier
    batch of the source added."""
    tallies: Mapping[Result, int] = field(default_factory=dict)
    """Records by what became of them."""
    read: int = 0
    """Records, as they were counted when they were read; the tallies have to come to the same."""
    prompt_changes: tuple[PromptChange, ...] = ()
    replace_prompt_changes: bool = False
    """True: these are all changes of the source. Changes no longer among them are dropped, and one that was
    known keeps its earliest `landed_at`."""
    eval_results: tuple[EvalResult, ...] = ()
    model_shutdowns: tuple[ModelShutdown, ...] = ()
    """Models that the source listed. One that is not among them keeps the day that was known: providers take a
    model off their list when it is gone."""
    days_seen: frozenset[date] = frozenset()
    """UTC days for which the source held at least one readable record, whatever became of it. A system that a
    source feeds and that has no row on such a day had a true zero; on any other day it is unknown."""
    newest_record: datetime | None = None
    """Time of the newest record counted in the batch."""
    problems: tuple[Problem, ...] = ()
    """The first few problems of the batch (the tallies have them all)."""
    progress: Progress | None = None
    replaces: frozenset[date] = frozenset()
    """UTC days of which `usage` holds everything that the source knows: for sources that are asked for whole days,
    and may be told more, less or something else about a day later. All rows that the source had on these days are
    taken out first, whatever they named; a system without a row on such a day had a true zero. A row of another
    day, or with a negative count, is a fault of the collector, and nothing is written. A source either adds to a
    day or replaces it: what it added is gone once it replaces the day. Empty: `usage` is added."""


@dataclass(frozen=True)
class SourceState:
    """The durable state of a source at one revision. Each committed batch raises the revision by exactly one."""

    revision: int
    load: Callable[[], Mapping[str, bytes]]
    """Reads the whole state; a collector that remembers the state of this revision need not call it."""


def utc_now() -> datetime:
    """The wall clock, in UTC."""
    return datetime.now(UTC)


@dataclass(frozen=True)
class CollectorContext:
    """Everything a collector may know of the outside, injected so that tests can choose it."""

    base_dir: Path
    """Relative paths of the configuration start here (the folder of the configuration file)."""
    cache_dir: Path
    """A folder of the agent's own for fetched copies; losing it loses time, never counts."""
    now: Callable[[], datetime] = utc_now
    environ: Mapping[str, str] = field(default_factory=lambda: os.environ)
    workers: int = 1
    """Processes that may read a backlog."""
    stopping: Callable[[], bool] = lambda: False
    """Whether the agent is to end: what takes long, or waits for somebody else, asks now and then and gives up."""


@dataclass(frozen=True, slots=True)
class BackfillRequest:
    """What a backfill is asked for: UTC days, both included (None: no limit), and more places to look at."""

    since: date | None = None
    until: date | None = None
    paths: tuple[str, ...] = ()
    """Absolute globs."""

    @property
    def limited(self) -> bool:
        """Whether some days are left out."""
        return self.since is not None or self.until is not None

    def holds(self, day: date) -> bool:
        """Whether a day is asked for."""
        return (self.since is None or self.since <= day) and (self.until is None or day <= self.until)


class Collector(Protocol):
    """One configured source."""

    def collect(self, state: SourceState) -> Iterator[Batch]:
        """Yield what is new since `state`, oldest first.

        When the generator is resumed after a yield, the batch is committed and the revision is one higher. When
        it is closed or thrown into instead, nothing of that batch is in the store, and whatever the collector
        remembers must be discarded (the next call may come with any revision).

        Raises:
            CollectorError: the source cannot be read. Batches yielded before stay counted.
        """
        ...


@runtime_checkable
class Backfills(Protocol):
    """A collector that can read history apart from what it follows."""

    def backfill(self, state: SourceState, history: BackfillRequest) -> Iterator[Batch]:
        """Yield what was asked for and is not counted yet, under the rules of `Collector.collect`.

        Whatever was counted before, by this or by `collect`, never counts again.
        """
        ...
