from __future__ import annotations

from collections.abc import Mapping

import pytest

from leverwatch.collectors.sources.prometheus.doubled import alike, doubled
from leverwatch.collectors.sources.prometheus.growth import Span
from leverwatch.collectors.sources.prometheus.totals import Grown

POD, SERVICE = ("pods", "10.0.0.1:8000"), ("services", "chat:8000")
Told = Mapping[tuple[str, str], Mapping[str, float]]


def span(told: Told) -> Span:
    """By target, the total of each kind of tokens."""
    return Span(
        {
            ("0.0", tuple(sorted({"job": job, "instance": instance, "kind": kind}.items()))): Grown(None, total)
            for (job, instance), totals in told.items()
            for kind, total in totals.items()
        }
    )


SAME = {"in": 5000.0, "out": 2000.0}


@pytest.mark.parametrize(
    ("told", "started", "is_one"),
    [
        # The start of the process says it, whatever was served between two scrapes.
        ({POD: SAME, SERVICE: {"in": 5020.0, "out": 2010.0}}, {POD: 7.25, SERVICE: 7.25}, True),
        ({POD: SAME, SERVICE: SAME}, {POD: 7.25, SERVICE: 7.5}, False),
        ({POD: SAME, SERVICE: SAME}, {POD: 7.25}, False),
        # Without it, only what is equal to the last digit is.
        ({POD: SAME, SERVICE: SAME}, {}, True),
        ({POD: SAME, SERVICE: {"in": 5000.0, "out": 2001.0}}, {}, False),
        ({POD: {"in": 5000.0}, SERVICE: {"in": 5000.0}}, {}, False),
        ({POD: {"in": 3.0, "out": 2.0}, SERVICE: {"in": 3.0, "out": 2.0}}, {}, False),
        # Other series, one address, and no address.
        ({POD: SAME, SERVICE: {**SAME, "cached": 9.0}}, {POD: 7.25, SERVICE: 7.25}, False),
        ({POD: SAME, ("services", POD[1]): SAME}, {}, False),
        ({("pods", ""): SAME, ("services", ""): SAME}, {}, False),
    ],
)
def test_two_targets_are_one_process(told: Told, started: Mapping[tuple[str, ...], float], is_one: bool) -> None:
    found = span(told)

    assert list(doubled(found, alike(found), started)) == ([(POD, SERVICE)] if is_one else [])
