"""Which targets seem to be one process at two addresses, as a pod by its own address and by its service. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

from leverwatch.collectors.sources.prometheus.growth import TARGET, Span, target_of

Target = tuple[str, ...]
"""The values of `TARGET`."""
Pair = tuple[Target, Target]
_NEAR = 0.01
"""By which share totals may differ, as they are read at other moments."""
_LARGE = 1000.0
"""Two totals of at least as much are equal by chance in no fleet."""
_NEIGHBOURS = 20
"""With how many targets of about the same total each is compared; a fleet under one balancer is all alike."""


def alike(span: Span) -> list[Pair]:
    """Return the targets at different addresses whose series have about the same totals, each with each."""
    totals = _totals(span)
    order = sorted(totals, key=lambda it: (len(totals[it]), sum(value for _, value in totals[it]), it))
    found = []
    for at, one in enumerate(order):
        for other in order[at + 1 : at + 1 + _NEIGHBOURS]:
            if len(totals[other]) != len(totals[one]) or one[-1] == other[-1]:
                continue
            if all(_is_near(a, b) for a, b in zip(totals[one], totals[other], strict=True)):
                found.append((one, other))
    return found


def doubled(span: Span, pairs: Iterable[Pair], started: Mapping[Target, float]) -> Iterator[Pair]:
    """Yield the targets of which it is as good as certain that they are one process.

    Args:
        span: what their series grew by.
        pairs: as from `alike`.
        started: when the process of a target says that it started, in seconds since 1970, where it says so. Where
            it does not, two large totals have to be equal to the last digit, and no total may differ.
    """
    totals = _totals(span)
    for one, other in pairs:
        starts = started.get(one), started.get(other)
        if None not in starts:
            if starts[0] == starts[1]:
                yield one, other
        elif starts == (None, None) and _is_same(totals[one], totals[other]):
            yield one, other


def _totals(span: Span) -> Mapping[Target, Sequence[tuple[str, float]]]:
    found: dict[Target, list[tuple[str, float]]] = defaultdict(list)
    for (part, labels), grown in span.grown.items():
        target = target_of(labels)
        if target[TARGET.index("instance")] and grown.after > 0:
            found[target].append((part, grown.after))
    return {target: sorted(values) for target, values in found.items()}


def _is_near(one: tuple[str, float], other: tuple[str, float]) -> bool:
    return one[0] == other[0] and abs(one[1] - other[1]) <= _NEAR * max(one[1], other[1])


def _is_same(one: Sequence[tuple[str, float]], other: Sequence[tuple[str, float]]) -> bool:
    return one == other and sum(value >= _LARGE for _, value in one) > 1
