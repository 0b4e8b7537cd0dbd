"""Asks how much each series of some counters grew between equally distant times."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

from msgspec import Struct

from leverwatch.collectors.sources.prometheus import queries
from leverwatch.collectors.sources.prometheus.api import Api
from leverwatch.collectors.sources.prometheus.config import Counter
from leverwatch.collectors.sources.prometheus.queries import HOUR, PART
from leverwatch.collectors.sources.prometheus.selectors import NAME, Selector, among
from leverwatch.collectors.sources.prometheus.totals import Grown, Labels, corrected, recovered

TARGET = ("job", "instance")
START = "process_start_time_seconds"
_Place = tuple[str, Labels]
"""Which counter by which name, and the labels of a series."""


class Grid(Struct, frozen=True):
    """Times at equal distances, in seconds since 1970."""

    start: float
    step: int
    count: int
    """How many spans there are between them."""

    @property
    def end(self) -> float:
        """The last of the times."""
        return self.start + self.step * self.count

    def at(self, moment: float) -> int:
        """Return the number of a time."""
        return round((moment - self.start) / self.step)

    def time(self, number: int) -> float:
        """Return a time by its number."""
        return self.start + self.step * number


class Totals(Struct, frozen=True):
    """The running totals of all series at the times of a grid, by number."""

    grid: Grid
    total: Mapping[_Place, Mapping[int, float]]
    now: Mapping[_Place, Mapping[int, float]]
    """The samples of the last minutes, where there are replicas."""
    beside: frozenset[tuple[str, int, tuple[str, ...]]]
    """Names that lay beside an earlier one in a span, by the number of its end, at a target."""

    def targets(self) -> list[Mapping[str, str]]:
        """Return the labels of all series."""
        return [dict(labels) for _, labels in self.total]


class Span(Struct, frozen=True):
    """How much all series grew in one span."""

    grown: Mapping[_Place, Grown]
    unsure: int = 0
    """Series that are older than their first sample, so that they are counted from it."""


class Growth:
    """Asks one server for some counters."""

    def __init__(self, api: Api, counters: Sequence[Counter], gap: int, replica_labels: Sequence[str]) -> None:
        self._api, self._counters, self._gap = api, counters, gap
        self._replica_labels = frozenset(replica_labels)
        self._selectors = dict(queries.parts(counters))

    def totals(self, grid: Grid) -> Totals:
        """Return the running totals at the times of a grid.

        Raises:
            CollectorError: as for `Api.at`.
        """
        found: dict[str, dict[_Place, dict[int, float]]] = {"total": {}, "now": {}, "beside": {}}

        def read(query: str) -> None:
            for kind, place, points in self._marked(query, grid.start, grid.end, grid.step):
                found[kind][place] = {grid.at(moment): value for moment, value in points}

        read(queries.totals(self._counters, self._gap, grid.step))
        if any(name in self._replica_labels for _, labels in found["total"] for name, _ in labels):
            read(queries.fresh(self._counters))
        beside = frozenset(
            (part, number, target_of(labels))
            for (part, labels), points in found["beside"].items()
            for number in points
        )
        return Totals(grid, found["total"], found["now"], beside)

    def spans(self, totals: Totals, begins_known: Sequence[bool]) -> Iterator[Span]:
        """Yield how much all series grew in each span of the grid.

        `begins_known` says of each span whether anything was scraped before it: what has no sample then is new.

        Raises:
            CollectorError: as for `Api.at`.
        """
        grid = totals.grid
        if not totals.total or not grid.count:
            yield from (Span({}) for _ in range(grid.count))
            return
        query = queries.restarts(self._counters, self._gap, grid.step)
        anew: dict[int, set[_Place]] = defaultdict(set)
        for _, place, points in self._marked(query, grid.time(1), grid.end, grid.step):
            for moment, _ in points:
                anew[grid.at(moment)].add(place)
        born = {number: self._born(totals, number) for number in range(1, grid.count + 1)}
        old = self._old(grid, [place for places in born.values() for place in places])
        for number in range(1, grid.count + 1):
            known = begins_known[number - 1]
            unsure = {it for it in born[number] if not known or (number, target_of(it[1])) in old}
            yield self._span(totals, number, anew[number], unsure)

    def _born(self, totals: Totals, number: int) -> set[_Place]:
        """Return the series that have their first sample in a span, none of whose replicas has an earlier one."""
        before = {
            (part, self.reduced(labels)) for (part, labels), points in totals.total.items() if number - 1 in points
        }
        return {
            (part, labels)
            for (part, labels), points in totals.total.items()
            if number in points and (part, self.reduced(labels)) not in before
        }

    def _old(self, grid: Grid, born: Sequence[_Place]) -> set[tuple[int, tuple[str, ...]]]:
        targets = [dict(labels) for _, labels in born]
        if not any(target.get(label) for target in targets for label in TARGET):
            return set()
        selector = Selector(START, tuple(among(targets, TARGET)))
        query = queries.old_processes(selector, self._gap, grid.step)
        found = self._marked(query, grid.time(1), grid.end, grid.step)
        return {(grid.at(moment), target_of(place[1])) for _, place, points in found for moment, _ in points}

    def _span(self, totals: Totals, number: int, anew: set[_Place], unsure: set[_Place]) -> Span:
        grid = totals.grid
        begin, end = grid.time(number - 1), grid.time(number)
        firsts = self._firsts(begin, end, unsure - anew) if unsure - anew else {}
        whole = {it: self._samples(begin, end, [it]).get(it, []) for it in sorted(unsure & anew)}
        pieces = self._pieces(begin, end, anew - unsure) if anew - unsure else {}
        grown = {}
        for place, points in totals.total.items():
            if number not in points:
                continue
            before, after = points.get(number - 1), points[number]
            if place in firsts:
                before = firsts[place]
            told = None
            if samples := whole.get(place):
                before, told = samples[0], recovered(samples[0], samples)
            elif place in anew:
                told = corrected(before, after, pieces.get(place, ()))
            grown[place] = Grown(before, after, told, totals.now.get(place, {}).get(number - 1))
        return Span(grown, len(unsure))

    def _firsts(self, begin: float, end: float, of: set[_Place]) -> dict[_Place, float]:
        query = queries.firsts(self._counters, int(end - begin))
        found = ((place, points[0][1]) for _, place, points in self._marked(query, end, None, None) if points)
        return {place: value for place, value in found if place in of}

    def _pieces(
        self, begin: float, end: float, of: set[_Place]
    ) -> dict[_Place, list[tuple[float | None, Sequence[float]]]]:
        """Return the hours in which series started anew, with all of their samples; of other hours nobody asks."""
        named = sorted({part for part, _ in of})
        query = queries.hours([(part, self._selectors[part]) for part in named], self._gap)
        # Backwards from the end, as the present day ends now; the first hour may begin before the day.
        count = -int(-(end - begin) // HOUR)
        anew: dict[float, set[_Place]] = defaultdict(set)
        before: dict[tuple[_Place, float], float] = {}
        for kind, place, points in self._marked(query, end - (count - 1) * HOUR, end, HOUR):
            for moment, value in points:
                if place not in of:
                    continue
                if kind == "reset":
                    anew[moment].add(place)
                else:
                    before[place, moment] = value
        first_hour = end - (count - 1) * HOUR
        is_cut = first_hour - HOUR < begin
        starts = self._befores(begin, anew[first_hour]) if is_cut and anew.get(first_hour) else {}
        found: dict[_Place, list[tuple[float | None, Sequence[float]]]] = defaultdict(list)
        for moment in sorted(anew):
            start = max(moment - HOUR, begin)
            for place, samples in self._samples(start, moment, sorted(anew[moment])).items():
                first = starts.get(place) if moment == first_hour and is_cut else before.get((place, moment))
                found[place].append((first, samples))
        return found

    def _befores(self, moment: float, of: set[_Place]) -> dict[_Place, float]:
        query = queries.totals(self._counters, self._gap, HOUR)
        found = self._marked(query, moment, None, None)
        return {place: points[0][1] for kind, place, points in found if kind == "total" and place in of and points}

    def _samples(self, begin: float, end: float, of: Sequence[_Place]) -> dict[_Place, list[float]]:
        """Return all samples of some series after a time and until another one."""
        found: dict[_Place, list[float]] = {}
        wanted = set(of)
        for part in sorted({part for part, _ in of}):
            selector = self._selectors[part]
            known = [dict(labels) for one, labels in of if one == part]
            labels = sorted({label for one in known for label in one})
            narrow = selector.narrowed(among(known, labels))
            for series in self._api.at(f"{narrow}[{queries.duration(-(-(end - begin) // 1))}]", end):
                place = (part, _labels(series.labels))
                if place in wanted:
                    found[place] = [value for moment, value in series.points if moment > begin]
        return found

    def reduced(self, labels: Labels) -> Labels:
        """Return labels without those that tell replicas apart."""
        return tuple(it for it in labels if it[0] not in self._replica_labels) if self._replica_labels else labels

    def _marked(
        self, query: str, start: float, end: float | None, step: float | None
    ) -> Iterator[tuple[str, _Place, Sequence[tuple[float, float]]]]:
        if end is None or step is None:
            found = self._api.at(query, start)
        else:
            found = self._api.over(query, start, end, step)
        for series in found:
            kind, _, part = series.labels[PART].partition(" ")
            yield kind, (part, _labels(series.labels)), series.points


def _labels(given: Mapping[str, str]) -> Labels:
    return tuple(sorted((name, value) for name, value in given.items() if value and name not in (NAME, PART)))


def target_of(labels: Iterable[tuple[str, str]]) -> tuple[str, ...]:
    """Return what tells a target apart from others."""
    known = dict(labels)
    return tuple(known.get(label, "") for label in TARGET)
