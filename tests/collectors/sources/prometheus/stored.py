"""Samples of days that are long over, written into real servers."""

from __future__ import annotations

import subprocess
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import requests
from msgspec import Struct

from leverwatch.collectors.daily.answers import Answer
from leverwatch.collectors.daily.window import Days
from leverwatch.collectors.interface import CollectorContext
from leverwatch.collectors.sources.prometheus.collector import Counters
from leverwatch.collectors.sources.prometheus.config import PrometheusConfig

FIRST = datetime(2026, 3, 1, tzinfo=UTC)
NOW = datetime(2026, 3, 8, 12, tzinfo=UTC)
HOUR, DAY = 3600, 86_400


class Stored(Struct, frozen=True):
    """A series: seconds since the beginning of the first day, and value."""

    name: str
    labels: Mapping[str, str]
    samples: Sequence[tuple[float, float]]


def _line(series: Stored, moment: float, value: float, unit: int) -> str:
    labels = ",".join(f'{name}="{text}"' for name, text in series.labels.items())
    at = FIRST.timestamp() + moment
    return f"{series.name}{{{labels}}} {value!r} {int(at * unit) if unit > 1 else at}\n"


def into_blocks(found: Sequence[Stored], data: Path) -> None:
    """Make blocks for a Prometheus that has yet to start."""
    file = data.parent / "past.om"
    data.parent.mkdir(parents=True, exist_ok=True)
    with file.open("w") as out:
        for series in sorted(found, key=lambda it: it.name):
            out.writelines(_line(series, moment, value, 1) for moment, value in series.samples)
        out.write("# EOF\n")
    command = ["promtool", "tsdb", "create-blocks-from", "openmetrics", "--quiet", "--max-block-duration=720h"]
    subprocess.run([*command, file, data], check=True, capture_output=True, timeout=120)
    file.unlink()


def into_victoria(found: Sequence[Stored], url: str) -> None:
    """Send samples to a VictoriaMetrics."""
    for series in found:
        lines = "".join(_line(series, moment, value, 1000) for moment, value in series.samples)
        requests.post(f"{url}/api/v1/import/prometheus", lines.encode(), timeout=30).raise_for_status()
    requests.get(f"{url}/internal/force_flush", timeout=30).raise_for_status()


def source(url: str, now: datetime = NOW, **settings: Any) -> Counters:
    """Return a source of a server."""
    given = {"name": "metrics", "url": url, "system": "bot", **settings}
    config = PrometheusConfig.model_validate(given)
    return Counters(config, CollectorContext(Path(), Path(), lambda: now))


def day(number: int) -> date:
    """Return a day by its number; the first is 0."""
    return (FIRST + timedelta(days=number)).date()


def days(first: int, last: int) -> Days:
    """Return some consecutive days by their numbers."""
    return Days(day(first), day(last))


def calls(answer: Answer, by: str = "system") -> dict[tuple[str, int], float]:
    """Return the inferences by system, or by another name, and the number of the day; without zeros."""
    found: dict[tuple[str, int], float] = {}
    for row in answer.usage:
        key = (str(getattr(row, by)), (row.day - FIRST.date()).days)
        found[key] = found.get(key, 0.0) + row.inferences
    return {key: value for key, value in found.items() if value}


def every(step: float, begin: float, end: float, offset: float = 7.0) -> Iterable[float]:
    """Yield the times of scrapes from one time to another."""
    at = begin + offset
    while at < end:
        yield at
        at += step
