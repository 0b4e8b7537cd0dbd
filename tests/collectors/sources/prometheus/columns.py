"""The traffic of some days whose truth is known, and what scrapes every 15 s saw of it."""

from __future__ import annotations

import random
from bisect import bisect_right
from collections.abc import Callable, Sequence
from itertools import accumulate

from tests.collectors.sources.prometheus.stored import DAY, HOUR, Stored, every

_DAYS = 4
_SCRAPE = 15.0


def _traffic(seed: int) -> Sequence[int]:
    """Return how many calls there were until the end of each second, about two a second."""
    chance = random.Random(seed)
    return list(accumulate(chance.choices((0, 1, 2, 3, 4), k=_DAYS * DAY)))


def _until(total: Sequence[int], moment: float) -> int:
    return total[int(moment) - 1] if moment >= 1 else 0


class Column:
    """Calls of one case: what happened on each day, and the series that were scraped."""

    def __init__(self, name: str, truth: Sequence[int], series: Sequence[Stored]) -> None:
        self.name, self.truth, self.series = name, truth, series


def _labels(case: str, **more: str) -> dict[str, str]:
    return {"case": case, "job": "sim", "instance": case, **more}


def _scraped(
    case: str, seen: Callable[[float], float | None], begin: float = 0, end: float = _DAYS * DAY, **more: str
) -> Stored:
    found = ((at, seen(at)) for at in every(_SCRAPE, begin, end))
    samples = [(at, float(value)) for at, value in found if value is not None]
    return Stored("calls_total", _labels(case, **more), samples)


def _by_day(total: Sequence[int]) -> list[int]:
    return [_until(total, (day + 1) * DAY) - _until(total, day * DAY) for day in range(_DAYS)]


def columns() -> dict[str, Column]:
    """Return all cases."""
    found = [_plain(), _resets(), _gap(), _born(), _burst(), _pods(), _replicas()]
    return {column.name: column for column in found}


def _plain() -> Column:
    total = _traffic(1)
    return Column("plain", _by_day(total), [_scraped("plain", lambda at: _until(total, at))])


def _resets() -> Column:
    total = _traffic(2)
    # The last one is between the last scrape of a day and the first one of the next.
    restarts = [DAY + 5 * HOUR + 3, DAY + 5.5 * HOUR, DAY + 20 * HOUR + 11, 2 * DAY + 2]

    def seen(at: float) -> float:
        last = bisect_right(restarts, at)
        return _until(total, at) - (_until(total, restarts[last - 1]) if last else 0)

    return Column("resets", _by_day(total), [_scraped("resets", seen)])


def _gap() -> Column:
    total = _traffic(3)
    begin, end = DAY + 22 * HOUR, 2 * DAY + 2 * HOUR
    return Column(
        "gap",
        _by_day(total),
        [_scraped("gap", lambda at: None if begin < at < end else _until(total, at))],
    )


def _born() -> Column:
    first, second = DAY + 11 * HOUR, DAY + 15 * HOUR
    seen = _scraped("born", lambda at: None if at < first else 1 if at < second else 2)
    return Column("born", [0, 2, 0, 0], [seen])


def _burst() -> Column:
    total = _traffic(4)
    begin = DAY + 10 * HOUR
    truth = [0, 500 + _until(total, 2 * DAY) - _until(total, begin), *_by_day(total)[2:]]

    def seen(at: float) -> float:
        return 500 + _until(total, at) - _until(total, begin)

    return Column("burst", truth, [_scraped("burst", seen, begin)])


def _pods() -> Column:
    total = _traffic(5)
    series = []
    for hour in range(24):
        begin = DAY + hour * HOUR

        def seen(at: float, begin: float = begin) -> float:
            return _until(total, at) - _until(total, begin)

        series.append(_scraped("pods", seen, begin, begin + HOUR, pod=f"pod-{hour}"))
    return Column("pods", [0, _by_day(total)[1], 0, 0], series)


def _replicas() -> Column:
    total = _traffic(6)
    gap = (DAY + 23 * HOUR, 2 * DAY + HOUR)
    first = _scraped("replicas", lambda at: None if gap[0] < at < gap[1] else _until(total, at), replica="a")
    later = [(at + 4, float(_until(total, at + 4))) for at, _ in _scraped("replicas", lambda _: 0.0).samples]
    return Column(
        "replicas", _by_day(total), [first, Stored("calls_total", _labels("replicas", replica="b"), later)]
    )


def witnesses() -> list[Stored]:
    """Return what else a Prometheus scrapes: itself, and whether each target answers."""
    begin, end = DAY + 22 * HOUR, 2 * DAY + 2 * HOUR
    minutes = list(every(60.0, 0, _DAYS * DAY))
    up = [(at, float(not begin < at < end)) for at in minutes]
    return [
        Stored("prometheus_build_info", {"job": "prometheus"}, [(at, 1.0) for at in minutes]),
        Stored("up", {"job": "sim", "instance": "gap"}, up),
    ]


def fleet(step: float, days: int = _DAYS) -> list[Stored]:
    """Return 100 series as pods of a cluster have them, with whether each of their targets answers."""
    found = []
    for number in range(100):
        target = {"job": "serving/chat-model-server", "instance": f"10.42.{number % 7}.{number}:8000"}
        labels = {
            **target, "namespace": "serving", "pod": f"chat-model-server-6c9f7d5b8d-{number:05d}",
            "container": "server", "endpoint": "http", "model_name": "meta-llama/Llama-3.3-70B-Instruct",
        }  # fmt: skip
        times = list(every(step, 0, days * DAY, offset=number % 10))
        found.append(Stored("fleet_total", labels, [(at, float(int(at) * 2 + number)) for at in times]))
        found.append(Stored("up", target, [(at, 1.0) for at in times]))
    return found


def scattered(seed: int, number: int = 40) -> list[Stored]:
    """Return counters that start anew, are not scraped for a while, begin and end at any time."""
    chance = random.Random(seed)
    found = []
    for at in range(number):
        begin = chance.choice([0, 0, chance.randrange(_DAYS * DAY)])
        end = chance.choice([_DAYS * DAY, _DAYS * DAY, begin + chance.randrange(2 * DAY)])
        gaps = [
            (it := chance.randrange(_DAYS * DAY), it + chance.randrange(20 * HOUR))
            for _ in range(chance.randrange(3))
        ]
        rarely = chance.choice([0.0, 0.002, 0.05])
        value, samples = float(chance.randrange(3)), []
        for moment in every(240.0, begin, min(end, _DAYS * DAY), offset=chance.randrange(240)):
            value = float(chance.randrange(9)) if chance.random() < rarely else value + chance.randrange(4)
            if not any(first < moment < last for first, last in gaps):
                samples.append((moment, value))
        found.append(Stored("scattered_total", {"case": f"s{at}", "job": "scattered"}, samples))
    return found
