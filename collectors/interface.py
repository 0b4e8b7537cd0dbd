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
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum
from pathlib import Path
from typing import Protocol, runtime_checkable

from msgspec import Struct, field

from leverwatch.collectors.billed import BilledAmount, UncountedTokens
from leverwatch.collectors.counted_fields import Counts


class Operation(StrEnum):
    """The kind of call to a model server. Only `GENERATION` counts for the volume rules."""

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
    """The result of one record. Every record that is read has exactly one."""

    COUNTED = "counted"
    DUPLICATE = "duplicate"
    UNATTRIBUTED = "unattributed"
    """A readable record that names no system (a template field is missing or empty)."""
    IGNORED = "ignored"
    """A line that is not a record by design: a blank line, a CSV header."""
    INVALID_LINE = "invalid_line"
    """A record that cannot be decoded: invalid JSON, wrong number of CSV columns, invalid encoding."""
    MISSING_FIELD = "missing_field"
    MISTYPED_FIELD = "mistyped_field"
    BAD_TIME = "bad_time"
    FUTURE = "future"
    """The time of the record is later than the clock, by more than clocks drift."""
    UNKNOWN_OPERATION = "unknown_operation"
    UNKNOWN_STATUS = "unknown_status"
    NOT_A_CALL = "not_a_call"
    """A readable record of something that is no model call: a tool, a workflow, an upload."""
    FILTERED = "filtered"
    """A record that `only` or `not` of its format leaves out, whatever else it holds."""
    PART = "part"
    """A later part of a streamed call that is already counted."""
    TORN_LINE = "torn_line"
    """Part of a line whose other part is lost (by truncation, corruption or the end of the file)."""
    OUT_OF_RANGE = "out_of_range"
    """A record of days that a backfill was not asked for, or one that an earlier read of the same bytes has
    settled."""


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
"""The results that stand for bad input."""

UNREADABLE_VALUE = "unreadable_value"
"""The reason of a problem with a value that is unknown because it cannot be read; its record counts."""

UNKNOWN_MODEL = "unknown"
"""The model of a record that names none."""


@dataclass(frozen=True, init=False, repr=False, eq=False)
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
    """What a landing, or a label that moved, changed in a system's prompts; the most significant first."""

    MODIFIED = "modified"
    ADDED = "added"
    REVERTED = "reverted"
    """The content equals an earlier version of the same prompt."""
    REMOVED = "removed"
    RENAMED = "renamed"
    FORMATTING = "formatting"
    """Only white space changed: the hash of the normalised content is the same."""
    FIRST_SEEN = "first_seen"
    """What a label pointed at when a registry was first asked: nothing changed, and what was before is unknown."""


COUNTING_KINDS: frozenset[ChangeKind] = frozenset({ChangeKind.MODIFIED, ChangeKind.ADDED, ChangeKind.REVERTED})
"""The kinds that make a day an active day."""


OF_LABEL = "label/"
"""The beginning of the `change_id` of each change that a registry of prompts tells; no other one begins so."""
EARLIEST_LANDING = datetime(2005, 4, 7, 22, 13, 13, tzinfo=UTC)
"""The date of the first commit that git ever recorded: a landing that is dated earlier has a wrong date."""


class PromptChange(Struct, frozen=True):
    """One landing on the default branch that touched a system's prompts, or one move of the labels that production
    reads them by."""

    system: str
    change_id: str
    """An id of the change of content, so that a rebased copy of a landing counts as the same change."""
    landed_at: datetime
    """Committer date of the landing, in UTC; a sound date in the place of a wrong one. Of a label, when it moved,
    or when that was seen."""
    kind: ChangeKind
    prompts: int
    """How many tracked prompts the landing touched."""
    bulk: bool = False
    """Whether one landing changed more prompts than a person edits (the threshold is a setting of the source)."""


OTHER_PROMPTS = "other"
"""What stands for all versions of a prompt that are not told apart."""
MOST_PROMPTS = 64
"""The largest number of versions of a system's prompt that are told apart on one day: the heaviest ones."""


class PromptCount(Struct, frozen=True):
    """Additions to the inferences that one version of a system's prompt served on a UTC day."""

    system: str
    day: date
    version: str
    """A hash, never a text; or `OTHER_PROMPTS`."""
    inferences: float
    """Negative when they are taken back."""


class TierCount(Struct, frozen=True):
    """Additions to what generations of one tier used on a UTC day whose records tell no cost.

    They are among those of the `UsageRow` of the same system, model and day; what is of no tier here is of the
    standard one. Negative when they are taken back.
    """

    system: str
    model: str
    day: date
    tier: str
    """The tier and the length of the inputs, as `collectors/records/service_tiers.py` names them."""
    input_tokens: float
    """With those that were read from a cache and written to one."""
    cached_input_tokens: float
    cache_write_tokens: float
    write_1h_tokens: float
    """Those of them that are kept for an hour."""
    output_tokens: float
    inferences: float
    """Without those whose input or output tokens are unknown."""


class EvalResult(Struct, frozen=True):
    """One metric of one run of an evaluation suite against one model and prompt.

    Two results with the same source, system, model, prompt version, suite, suite hash, metric and time are the
    same result; the one read last is kept.
    """

    system: str
    model: str
    """The name of the model as in usage, as far as the source's settings map it."""
    prompt_version: str
    """Empty when the file has none."""
    suite: str
    suite_hash: str
    """Digest of the test cases; results with different digests cannot be compared."""
    metric: str
    value: float
    stderr: float | None
    """Standard error of `value`; None when unknown."""
    n: int
    """The number of test cases from which `value` is computed."""
    at: datetime
    higher_is_better: bool | None
    """Whether a higher value is better; None: the file does not say."""
    passed: int | None = None
    """How many of the `n` test cases passed, when `value` is their share."""
    source: str = ""
    """The name of the source. Collectors leave it empty; the store sets it."""
    errored: int = 0
    """How many cases of the run ended with an error, whether or not they count in `n`."""
    cases: int = 0
    """How many cases the run had, those with an error too; 0: as many as `n`."""


class ModelShutdown(Struct, frozen=True):
    """The day on which a provider stops serving a model."""

    model: str
    shutdown: date | None
    """The last UTC day; None: the provider lists the model without one."""


class Problem(Struct, frozen=True):
    """One piece of bad input for the log: its place and the reason, never its content."""

    place: str
    """`path:line` or a commit."""
    reason: str
    """A `Result`, `UNREADABLE_VALUE`, or what is doubtful about a setting."""
    detail: str


class Progress(Struct, frozen=True):
    """The progress of a run, in the source's own unit."""

    done: int
    total: int
    unit: str = "B"


class Batch(Struct, frozen=True):
    """What one transaction writes: usage and findings, and the source state that marks them as done."""

    state: Mapping[str, bytes | None]
    """Changes to the source's durable key-value state; None deletes a key. Each value says its version, as written
    by a `Kind` of `leverwatch.collectors.stored_state`."""
    usage: tuple[UsageRow, ...] = ()
    """Added to what the store has, unless the batch `replaces` days. A negative count takes back what an earlier
    batch of the source added."""
    tallies: Mapping[Result, int] = field(default_factory=dict)
    """The number of records by result."""
    read: int = 0
    """Records read, counted independently of the tallies; both sums must be equal."""
    unreadable: Mapping[str, int] = field(default_factory=dict)
    """By field, the number of values that are unknown in counted records because they cannot be read."""
    prompt_changes: tuple[PromptChange, ...] = ()
    replace_prompt_changes: bool = False
    """True: `prompt_changes` are all changes of the source. Stored changes that are not among them are deleted;
    the others keep their earliest `landed_at`, but none before `EARLIEST_LANDING`."""
    prompt_counts: tuple[PromptCount, ...] = ()
    """What records tell of the versions that served; added to what the store has."""
    tier_counts: tuple[TierCount, ...] = ()
    """What of `usage` is of another tier than the standard; added, or replacing days, as that is."""
    uncounted_tokens: tuple[UncountedTokens, ...] = ()
    """Of the days that the batch replaces; no system is fed by them."""
    billed: tuple[BilledAmount, ...] = ()
    """What is billed for the days that the batch replaces: no usage, but compared with what tokens cost."""
    eval_results: tuple[EvalResult, ...] = ()
    model_shutdowns: tuple[ModelShutdown, ...] = ()
    """Models that the source lists. A model that is not among them keeps its stored day: providers remove a model
    from their list when it is shut down."""
    days_seen: frozenset[date] = frozenset()
    """UTC days for which the source had at least one readable record, whatever its result. A system that a
    source feeds and that has no row on such a day had a true zero; on any other day it is unknown."""
    newest_record: datetime | None = None
    """Time of the newest record that was counted in the batch."""
    problems: tuple[Problem, ...] = ()
    """The first few problems of the batch (the tallies have them all)."""
    progress: Progress | None = None
    replaces: frozenset[date] = frozenset()
    """UTC days for which `usage` is complete: for sources that are queried by whole days, and may get more, less
    or something else for the same day later. All stored rows of the source on these days are deleted first,
    whatever they name; a system without a row on such a day had a true zero. A row of another day, or with a
    negative count, is a fault of the collector, and nothing is written. A source either adds to a day or replaces
    it: what it added is gone once it replaces the day. Empty: `usage` is added."""
    calls: Mapping[Result, int] = field(default_factory=dict)
    """Of records that are sums of many calls, the number of calls by result, by which it is judged how much was
    refused. Empty: every record is one."""
    unattributed: Mapping[str, int] = field(default_factory=dict)
    """Of the calls that name no system, how many have what where their system would be: paths with their values,
    as far as these may be shown, on one line; an empty line for those that are not told apart."""


class Matched(Struct, frozen=True):
    """What the globs or patterns of a source match, as of its latest run."""

    files: int
    nothing: tuple[str, ...] = ()
    """What is configured and matches nothing: a glob as written, or a system and its pattern."""


class SourceState(Struct, frozen=True):
    """The durable state of a source at one revision. Each committed batch increases the revision by exactly
    one."""

    revision: int
    load: Callable[[], Mapping[str, bytes]]
    """Returns the whole state; a collector that still has the state of this revision need not call it."""


def utc_now() -> datetime:
    """Return the time of the wall clock, in UTC."""
    return datetime.now(UTC)


class CollectorContext(Struct, frozen=True):
    """What a collector uses of its environment, injected so that tests can replace it."""

    base_dir: Path
    """The folder of the configuration file, which relative paths in it start from."""
    cache_dir: Path
    """A folder for fetched copies. Losing it costs time, but no counts."""
    now: Callable[[], datetime] = utc_now
    environ: Mapping[str, str] = field(default_factory=lambda: os.environ)
    workers: int = 1
    """The number of threads that may read a backlog."""
    stopping: Callable[[], bool] = lambda: False
    """Returns whether the agent is stopping; long operations call it and give up."""


class BackfillRequest(Struct, frozen=True):
    """What a backfill is asked for: a range of UTC days, both inclusive (None: no limit), and further files."""

    since: date | None = None
    until: date | None = None
    paths: tuple[str, ...] = ()
    """Absolute globs."""
    refused: bool = False
    """Whether to read again what was refused, although no setting changed."""

    @property
    def limited(self) -> bool:
        """Whether some days are excluded."""
        return self.since is not None or self.until is not None

    def holds(self, day: date) -> bool:
        """Return whether a day is asked for."""
        return (self.since is None or self.since <= day) and (self.until is None or day <= self.until)


class Collector(Protocol):
    """One configured source."""

    def collect(self, state: SourceState) -> Iterator[Batch]:
        """Yield what is new since `state`, oldest first.

        When the generator is resumed after a yield, the batch is committed and the revision is one higher. When it
        is closed, or an exception is thrown into it, nothing of that batch is stored, and the collector must
        discard what it remembers (the next call may come with any revision).

        Raises:
            CollectorError: the source cannot be read. Batches that were yielded before stay counted.
        """
        ...


@runtime_checkable
class Backfills(Protocol):
    """A collector that can read history in addition to what it follows."""

    def backfill(self, state: SourceState, history: BackfillRequest) -> Iterator[Batch]:
        """Yield what is asked for and not counted yet, under the rules of `Collector.collect`.

        What was counted before, by this or by `collect`, is never counted again.
        """
        ...


@runtime_checkable
class Matches(Protocol):
    """A collector that reads what globs or patterns match."""

    def matched(self) -> Matched | None:
        """Return what they matched when `collect` last looked; None before that."""
        ...
