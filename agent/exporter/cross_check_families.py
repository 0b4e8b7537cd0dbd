"""Metric families of sources that compare with an authoritative one."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from leverwatch.agent.exporter.family import Family, Sample, timestamp
from leverwatch.agent.exporter.per_system import as_of
from leverwatch.agent.framework.cross_check import WINDOW_DAYS, CrossCheck
from leverwatch.agent.snapshot import SystemsSnapshot

_COMPARED, _AUTHORITATIVE = "compared", "authoritative"
_PAIR = "for every source that compares, and every system that an authoritative one counts too"
_DIVERGING = "while the newest days diverge"


def _family(
    name: str,
    meaning: str,
    values: Callable[[CrossCheck], Iterable[Sample]],
    emitted: str,
    *labels: str,
) -> Family[SystemsSnapshot]:
    def samples(snapshot: SystemsSnapshot) -> Iterable[Sample]:
        for view in snapshot.systems:
            for check in view.cross_checks:
                whose = (view.system, check.source, ", ".join(check.authoritative))
                for more, number in values(check):
                    yield (*whose, *more), number

    return Family(name, "gauge", as_of(meaning), ("system", "source", "authoritative", *labels), emitted, samples)


def _both(compared: float, authoritative: float) -> Iterable[Sample]:
    return [((_COMPARED,), compared), ((_AUTHORITATIVE,), authoritative)]


def _newest(check: CrossCheck) -> Iterable[Sample]:
    return _both(check.days[-1].compared, check.days[-1].authoritative) if check.days else []


def _diverging(check: CrossCheck) -> Iterable[Sample]:
    found = check.divergence
    return _both(found.compared, found.authoritative) if found else []


CROSS_CHECKS: tuple[Family[SystemsSnapshot], ...] = (
    _family(
        "leverwatch_cross_check_comparable_ratio",
        f"Share of the last {WINDOW_DAYS} days that both sources know whole, and that are compared.",
        lambda check: [((), len(check.days) / WINDOW_DAYS)],
        _PAIR,
    ),
    _family(
        "leverwatch_cross_check_inferences",
        "Inferences of the newest day that both sources know whole, as the source that compares and as the"
        " authoritative ones counted them.",
        _newest,
        f"{_PAIR}, once there is such a day",
        "counted_by",
    ),
    _family(
        "leverwatch_cross_check_day_timestamp_seconds",
        "Midnight UTC that starts that day.",
        lambda check: [((), timestamp(check.days[-1].day))] if check.days else [],
        f"{_PAIR}, once there is such a day",
    ),
    _family(
        "leverwatch_cross_check_diverging_inferences",
        "Inferences of all days since both sources diverge, as each of them counted them.",
        _diverging,
        _DIVERGING,
        "counted_by",
    ),
    _family(
        "leverwatch_cross_check_diverging_since_timestamp_seconds",
        "Midnight UTC that starts the first of these days.",
        lambda check: [((), timestamp(check.divergence.since))] if check.divergence else [],
        _DIVERGING,
    ),
)
"""The families of comparisons."""
