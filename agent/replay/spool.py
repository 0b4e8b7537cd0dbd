"""Collects samples in temporary files by family while systems are replayed one by one, and writes OpenMetrics.

OpenMetrics wants all samples of a family together, and among them all samples of a series, oldest first. A replay
produces them system by system. A temporary file has one line for each run of days with the same value, so it stays
small however short the step between samples is.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import BinaryIO

from prometheus_client import Metric
from prometheus_client.openmetrics.exposition import generate_latest
from prometheus_client.registry import Collector
from prometheus_client.samples import Sample

from leverwatch.agent.errors import CommandError
from leverwatch.agent.exporter.collector import SnapshotCollector
from leverwatch.agent.exporter.families import SYSTEMS
from leverwatch.agent.exporter.family import Family
from leverwatch.agent.exporter.family import Sample as FamilySample
from leverwatch.agent.snapshot import SystemsSnapshot

_EOF = b"# EOF\n"
_DAY_SECONDS = 86_400
_LABEL_NAME = re.compile(r"(?!__)[A-Za-z_][A-Za-z0-9_]*")

OF_A_SYSTEM = tuple(number for number, family in enumerate(SYSTEMS) if "system" in family.labels)
"""Indexes in `SYSTEMS` of the families whose samples belong to one system each."""
OF_ALL = tuple(number for number, family in enumerate(SYSTEMS) if "system" not in family.labels)
"""Indexes in `SYSTEMS` of the other families: settings, and figures over all systems."""


def checked_labels(labels: Mapping[str, str]) -> Mapping[str, str]:
    """Return `labels` if they can be added to every series.

    Raises:
        CommandError: a name is not a valid label name, or a family already has a label of that name.
    """
    taken = {label for family in SYSTEMS for label in family.labels}
    for name in labels:
        if not _LABEL_NAME.fullmatch(name):
            raise CommandError(f"--label {name}: this is no label name")
        if name in taken:
            raise CommandError(f"--label {name}: the metrics have a label of this name")
    return labels


def moments(day: date, step: timedelta, end: datetime) -> list[int]:
    """Return the times of the samples of a verdict as of `day`, in seconds since the epoch, one every `step`.

    They lie in the next UTC day and not after `end`, as a running agent decides on a day when the next one begins.
    """
    start = int(datetime.combine(day + timedelta(days=1), time(), UTC).timestamp())
    stop = min(start + _DAY_SECONDS, int(end.timestamp()))
    return list(range(start, stop, int(step.total_seconds())))


class Spool:
    """The samples of a replay. Close it by leaving its `with` block."""

    def __init__(self, folder: Path, labels: Mapping[str, str]) -> None:
        self._folder, self._labels = folder, labels
        self._headers: dict[int, bytes] = {}
        self._files: dict[int, BinaryIO] = {}
        self._stack = ExitStack()
        self.series = 0

    def __enter__(self) -> Spool:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def add(self, families: Iterable[int], days: Sequence[SystemsSnapshot | None]) -> None:
        """Add some families (indexes in `SYSTEMS`) of one snapshot for each day; None is a day without samples."""
        for number in families:
            runs: dict[bytes, list[tuple[int, int, bytes]]] = {}
            before: list[FamilySample] = []
            shown: list[tuple[bytes, bytes]] = []
            for index, snapshot in enumerate(days):
                samples = [] if snapshot is None else list(SYSTEMS[number].samples(snapshot))
                if snapshot is not None and samples != before:  # rendering is what a replay spends its time on
                    shown = list(self._rendered(number, snapshot))
                before = samples
                for series, value in shown if samples else ():
                    _extend(runs.setdefault(series, []), index, value)
            self._keep(number, runs)

    def _rendered(self, number: int, snapshot: SystemsSnapshot) -> Iterator[tuple[bytes, bytes]]:
        """Yield the series of a family with their values, in the same bytes as in a scrape."""
        collector = _Labelled(SYSTEMS[number], snapshot, self._labels)
        text: bytes = generate_latest(collector)  # type: ignore[no-untyped-call]  # untyped in the library
        header = b""
        # Not splitlines: a label value may hold a carriage return, which is not escaped.
        for line in text.removesuffix(_EOF).split(b"\n")[:-1]:
            if line.startswith(b"# "):
                header += line + b"\n"
                continue
            series, _, value = line.rpartition(b" ")
            yield series, value
        if header:
            self._headers.setdefault(number, header)

    def _keep(self, number: int, runs: Mapping[bytes, list[tuple[int, int, bytes]]]) -> None:
        if not runs:
            return
        if number not in self._files:
            self._files[number] = self._stack.enter_context((self._folder / str(number)).open("w+b"))
        file = self._files[number]
        self.series += len(runs)
        for series, found in runs.items():
            file.writelines(b"%d %d %s %s\n" % (first, last, series, value) for first, last, value in found)

    def write(self, output: BinaryIO, days: Sequence[Sequence[int]]) -> int:
        """Write all samples as OpenMetrics, at the given times of each day, and return how many they are."""
        endings = [[b" %d\n" % moment for moment in day] for day in days]
        written = 0
        for number in sorted(self._files):
            file = self._files[number]
            file.seek(0)
            output.write(self._headers[number])
            for line in file:
                first, last, sample = line[:-1].split(b" ", 2)
                for day in endings[int(first) : int(last) + 1]:
                    output.write(b"".join(sample + ending for ending in day))
                    written += len(day)
        output.write(_EOF)
        return written


class _Labelled(Collector):
    """A collector of one family of a snapshot that adds the same labels to every sample."""

    def __init__(
        self, family: Family[SystemsSnapshot], snapshot: SystemsSnapshot, labels: Mapping[str, str]
    ) -> None:
        self._inner = SnapshotCollector((family,), snapshot)
        self._labels = labels

    def collect(self) -> Iterator[Metric]:
        for metric in self._inner.collect():
            metric.samples = [
                Sample(sample.name, {**sample.labels, **self._labels}, sample.value) for sample in metric.samples
            ]
            yield metric


def _extend(runs: list[tuple[int, int, bytes]], index: int, value: bytes) -> None:
    if runs and runs[-1][1] == index - 1 and runs[-1][2] == value:
        runs[-1] = (runs[-1][0], index, value)
    else:
        runs.append((index, index, value))
