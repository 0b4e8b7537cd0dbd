"""One source as the exporter and the status page show it, apart from the snapshot: a command that collects once
needs no more."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from msgspec import Struct, field

from leverwatch.collectors.interface import Problem, Result
from leverwatch.collectors.result_files import ResultFiles
from leverwatch.collectors.unattributed import Unattributed

if TYPE_CHECKING:
    from leverwatch.collectors.daily.day_states import DaysKnown


class SourceView(Struct, frozen=True):
    """One configured source and the result of its last run."""

    name: str
    type: str
    interval_seconds: float
    success: bool | None = None
    """Whether its last run succeeded; None: it has not run in this process."""
    duration_seconds: float | None = None
    last_success: datetime | None = None
    newest_record: datetime | None = None
    records: Mapping[Result, int] = field(default_factory=dict)
    """Records by result since the store exists, so that a restart loses none."""
    unreadable: Mapping[str, int] = field(default_factory=dict)
    """By field, values of counted records that could not be read, since the store exists."""
    runs: int = 0
    failures: Mapping[str, int] = field(default_factory=dict)
    """Failed runs by `CollectorError.reason`."""
    missed_runs: int = 0
    restated_inferences: float = 0.0
    """Inferences that it took back when it replaced whole days, since the store exists."""
    days: DaysKnown | None = None
    """What is known of its days; None: it is not asked for days, or what it stored cannot be read."""
    rows_refused: int = 0
    """Rows of its batches that the store could not hold, since the start."""
    error: str | None = None
    """The last failure in words; None after a success."""
    waits: str | None = None
    """What its settings have it wait for, in words; None: it did not wait in its last run."""
    result_files: ResultFiles | None = None
    """What became of files of evaluations; None: it reads none, or has not yet."""
    matches: int | None = None
    """How many files its globs or patterns match; None when it has none, or has not looked in this process."""
    unreadable_share: float | None = None
    """Of the records that this process read within a day, the share that was refused or names no system; None when
    it read none."""
    unattributed: Unattributed = Unattributed()
    """What calls had that name no system: of the latest answers of a source that is asked for days, else of what
    this process read."""
    unattributed_share: float | None = None
    """Of the calls that this process read within a day, the share that names no system; None when it read none."""
    concerns: Mapping[str, str] = field(default_factory=dict)
    """What is wrong although its last run succeeded, by the name of its event in the log."""
    samples: tuple[Problem, ...] = ()
    """A few places of each kind of bad input that this process met: place and reason, never content."""
