"""Which observations are of one call: a function of the observations alone, in whatever order they came."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from operator import attrgetter

from leverwatch.collectors.records.observation import NEAR_NS, SLACK_NS, Fit, Key, Observation, Sight, may_join

Group = tuple[Key, ...]
"""The keys of the observations of one call, ascending; at least two."""
_SHIFT = 30
"""The smallest cells of the index are 2**30 ns, about a second."""
_MOST_CELLS = 256


class Index:
    """Finds the sights that may be of the same call as another one."""

    def __init__(self) -> None:
        self._buckets: dict[tuple[str, str, bool], dict[tuple[int, int], dict[Key, None]]] = {}
        """Sights by scope, operation and outcome, then by level and cell: each is in the at most two cells of the
        level at which it is shorter than a cell."""
        self._levels: dict[tuple[str, str, bool], dict[int, int]] = {}
        self._inner: dict[Key, dict[Key, None]] = {}
        self._responses: dict[tuple[str, int], dict[Key, None]] = {}
        """Sights by response id and the times of their starts and ends."""

    def add(self, seen: Observation) -> None:
        """Add an observation."""
        if seen.within is not None:
            self._inner.setdefault((seen.trace, seen.within), {})[seen.key] = None
        for ends in _ends(seen, around=0):
            self._responses.setdefault(ends, {})[seen.key] = None
        name = (seen.scope, seen.kind, seen.failed)
        for place in _cells(seen):
            self._buckets.setdefault(name, {}).setdefault(place, {})[seen.key] = None
            levels = self._levels.setdefault(name, {})
            levels[place[0]] = levels.get(place[0], 0) + 1

    def remove(self, seen: Observation) -> None:
        """Remove an observation that was added."""
        if seen.within is not None:
            _discard(self._inner, (seen.trace, seen.within), seen.key)
        for ends in _ends(seen, around=0):
            _discard(self._responses, ends, seen.key)
        name = (seen.scope, seen.kind, seen.failed)
        for place in _cells(seen):
            _discard(self._buckets[name], place, seen.key)
            self._levels[name][place[0]] -= 1
            if not self._levels[name][place[0]]:
                del self._levels[name][place[0]]
        if name in self._buckets and not self._buckets[name]:
            del self._buckets[name], self._levels[name]

    def near(self, seen: Observation) -> Iterator[Key]:
        """Yield the keys of observations that may fit; some more than once."""
        if seen.within is not None:
            yield seen.trace, seen.within
        yield from self._inner.get(seen.key, ())
        for ends in _ends(seen, around=1):
            yield from self._responses.get(ends, ())
        if seen.scope and seen.start is not None and seen.end is not None:
            for name, bucket in self._buckets.items():
                scope, kind, failed = name
                if scope and scope != seen.scope and kind == seen.kind and failed == seen.failed:
                    yield from self._overlapping(bucket, self._levels[name], seen.start, seen.end)

    @staticmethod
    def _overlapping(
        bucket: Mapping[tuple[int, int], Iterable[Key]], levels: Iterable[int], start: int, end: int
    ) -> Iterator[Key]:
        for level in levels:
            shift = _SHIFT + level
            first, last = (start - SLACK_NS) >> shift, (end + SLACK_NS) >> shift
            if last - first < _MOST_CELLS:
                for cell in range(first, last + 1):
                    yield from bucket.get((level, cell), ())
            else:
                for (other, cell), keys in bucket.items():
                    if other == level and first <= cell <= last:
                        yield from keys


def _cells(seen: Observation) -> tuple[tuple[int, int], ...]:
    if not seen.scope or seen.start is None or seen.end is None:
        return ()
    level = max(0, (seen.end - seen.start).bit_length() - _SHIFT)
    first, last = seen.start >> (_SHIFT + level), seen.end >> (_SHIFT + level)
    return ((level, first),) if first == last else ((level, first), (level, last))


def _ends(seen: Observation, around: int) -> set[tuple[str, int]]:
    if seen.response is None or seen.start is None or seen.end is None:
        return set()
    cells = {moment // NEAR_NS for moment in (seen.start, seen.end)}
    return {(seen.response, cell + more) for cell in cells for more in range(-around, around + 1)}


def _discard(found: dict[object, dict[Key, None]] | dict, name: object, key: Key) -> None:  # type: ignore[type-arg]
    del found[name][key]
    if not found[name]:
        del found[name]


def connected(starts: Iterable[Key], fits: Mapping[Key, Mapping[Key, Fit]]) -> list[Key]:
    """Return everything that fits together with these, directly or through others."""
    found = dict.fromkeys(starts)
    waiting = list(found)
    while waiting:
        for key in fits.get(waiting.pop(), ()):
            if key not in found:
                found[key] = None
                waiting.append(key)
    return list(found)


def groups_of(
    keys: Iterable[Key], fits: Mapping[Key, Mapping[Key, Fit]], sight_of: Callable[[Key], Sight]
) -> list[Group]:
    """Return the groups among `connected` keys: the best fits first, one of each instrumentation in a call."""
    pairs = {found.keys: found for key in keys for found in fits.get(key, {}).values()}
    members: dict[Key, list[Key]] = {}
    for pair in sorted(pairs.values(), key=attrgetter("relation", "tokens", "apart", "keys")):
        one, other = (members.get(key) or [key] for key in pair.keys)
        if one is other or any(not may_join(sight_of(a), sight_of(b)) for a in one for b in other):
            continue
        joined = sorted([*one, *other])
        members.update(dict.fromkeys(joined, joined))
    return [tuple(joined) for joined in {id(joined): joined for joined in members.values()}.values()]
