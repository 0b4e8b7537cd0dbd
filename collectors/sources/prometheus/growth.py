"""Asks how much each series of some counters grew between equally distant times."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

from msgspec import Struct

from leverwatch.collectors.errors import SourceUnavailable
from leverwatch.collectors.sources.prometheus import queries
from leverwatch.collectors.sources.prometheus.api import Api, Series
from leverwatch.collectors.sources.prometheus.config import Counter
from leverwatch.collectors.sources.prometheus.queries import DAY, HOUR, PART
from leverwatch.collectors.sources.prometheus.selectors import NAME, Selector, among
from leverwatch.collectors.sources.prometheus.totals import Grown, Labels, corrected, recovered, starts

TARGET = ("job", "instance")
WRITER = (*TARGET, "exported_job", "exported_instance", "pod")
"""What tells processes apart whose samples came through one target, as by federation or a gateway."""
MOST_STARTS = 24
"""Of one series on one day: what starts anew more often is no counter of a process that serves."""
START = "process_start_time_seconds"
_Target = tuple[str, ...]
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
    beside: frozenset[tuple[str, int, _Target]]
    """Names that lay beside an earlier one in a span, by the number of its end, and by `writer_of`."""

    def targets(self) -> list[Mapping[str, str]]:
        """Return the labels of all series."""
        return [dict(labels) for _, labels in self.total]


class Span(Struct, frozen=True):
    """How much all series grew in one span."""

    grown: Mapping[_Place, Grown]
    unsure: int = 0
    """Series that are older than their first sample, so that they are counted from it."""
    restless: int = 0
    """Series that started anew more than `MOST_STARTS` times."""
    unknown: int = 0
    """Series whose total at the end is no number."""


class Growth:
    """Asks one server for some counters."""

    def __init__(self, api: Api, counters: Sequence[Counter], gap: int, replica_labels: Sequence[str]) -> None:
        self._api, self._counters, self._gap = api, counters, gap
        self._replica_labels = frozenset(replica_labels)
        self._selectors = dict(queries.parts(counters))
        self._odd: set[tuple[_Place, int]] = set()
        """Totals that are no number, by the number of their time."""

    def totals(self, grid: Grid) -> Totals:
        """Return the running totals at the times of a grid.

        Raises:
            CollectorError: as for `Api.at`.
        """
        found: dict[str, dict[_Place, dict[int, float]]] = defaultdict(lambda: defaultdict(dict))
        for kind, place, number, value in self._on(grid, queries.totals(self._counters, self._gap, grid.step)):
            found[kind][place][number] = value
        if any(name in self._replica_labels for _, labels in found["total"] for name, _ in labels):
            for kind, place, number, value in self._on(grid, queries.fresh(self._counters)):
                found[kind][place][number] = value
        beside = frozenset(
            (part, number, writer_of(labels))
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
        for _, place, number, _ in self._on(grid, query, first=1):
            anew[number].add(place)
        born = {number: self._born(totals, number) for number in range(1, grid.count + 1)}
        processes = self._processes(grid, [place for places in born.values() for place in places])
        for number in range(1, grid.count + 1):
            known = begins_known[number - 1]
            kinds = {it: processes.get((number, target_of(it[1]))) for it in born[number]}
            unsure = {
                it for it in born[number] if not known or kinds[it] == "old" or (it, number - 1) in self._odd
            }
            same = {it for it in born[number] - unsure - anew[number] if kinds[it] == "running"}
            yield self._span(totals, number, anew[number], unsure, self._relabelled(totals, number, same))

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

    def _processes(self, grid: Grid, born: Sequence[_Place]) -> dict[tuple[int, _Target], str]:
        """Return of targets of new series whether their process is older than the span, and was scraped before."""
        targets = [dict(labels) for _, labels in born]
        if not any(target.get(label) for target in targets for label in TARGET):
            return {}
        query = queries.old_processes(Selector(START, tuple(among(targets, TARGET))), self._gap, grid.step)
        found = self._on(grid, query, first=1)
        return {(number, target_of(labels)): kind for kind, (_, labels), number, _ in found}

    def _relabelled(self, totals: Totals, number: int, born: set[_Place]) -> dict[_Place, float]:
        """Return the total that new series of running processes had under other labels, as after a label was added
        to all series: of the only one that has other names of labels, the same values, and is there no longer."""
        before: dict[tuple[str, _Target], list[tuple[Labels, float]]] = defaultdict(list)
        for (part, labels), points in totals.total.items() if born else ():
            if number - 1 in points and number in points:
                before[part, target_of(labels)].append((labels, points[number]))
        found: dict[_Place, list[tuple[Labels, float]]] = {}
        for part, labels in born:
            new, total = dict(labels), totals.total[part, labels][number]
            found[part, labels] = [
                (old, value)
                for old, value in before[part, target_of(labels)]
                if value <= total
                and {name for name, _ in old} != set(new)
                and all(new.get(name, text) == text for name, text in old)
            ]
        if not any(found.values()):
            return {}
        fresh = self._marked(self._api.at(queries.fresh(self._counters), totals.grid.time(number)))
        alive = {place for _, place, _, _ in fresh}
        gone = {place: [it for it in old if (place[0], it[0]) not in alive] for place, old in found.items()}
        return {place: old[0][1] for place, old in gone.items() if len(old) == 1}

    def _span(
        self,
        totals: Totals,
        number: int,
        anew: set[_Place],
        unsure: set[_Place],
        relabelled: Mapping[_Place, float],
    ) -> Span:
        grid = totals.grid
        begin, end = grid.time(number - 1), grid.time(number)
        firsts = self._firsts(begin, end, unsure - anew) if unsure - anew else {}
        whole = {it: self._samples(begin, end, [it]).get(it, []) for it in sorted(unsure & anew)}
        pieces = self._pieces(begin, end, anew - unsure) if anew - unsure else {}
        grown = {}
        anews: list[Sequence[tuple[float | None, Sequence[float]]]] = [[(None, it)] for it in whole.values()]
        anews += pieces.values()
        restless = sum(1 for one in anews if sum(starts(first, it) for first, it in one) > MOST_STARTS)
        for place, points in totals.total.items():
            if number not in points:
                continue
            before, after = points.get(number - 1), points[number]
            # Of what is unsure and has no first sample, nothing is known.
            before = firsts.get(place, after if place in unsure else relabelled.get(place, before))
            told = None
            if samples := whole.get(place):
                before, told = samples[0], recovered(samples[0], samples)
            elif place in anew:
                told = corrected(before, after, pieces.get(place, ()))
            grown[place] = Grown(before, after, told, totals.now.get(place, {}).get(number - 1))
        return Span(grown, len(unsure), restless, sum(at == number for _, at in self._odd))

    def _firsts(self, begin: float, end: float, of: set[_Place]) -> dict[_Place, float]:
        query = queries.firsts(self._counters, int(end - begin))
        found = self._marked(self._api.at(query, end))
        return {place: value for _, place, _, value in found if place in of}

    def _pieces(
        self, begin: float, end: float, of: set[_Place]
    ) -> dict[_Place, list[tuple[float | None, Sequence[float]]]]:
        """Return the hours in which series started anew, with all of their samples; of other hours nobody asks."""
        parts = [(part, self._selectors[part]) for part in sorted({part for part, _ in of})]
        full = int((end - begin) // HOUR)
        rest = int(end - begin) - full * HOUR
        found: list[Series] = []
        if full:
            query = queries.hours(parts, self._gap, HOUR)
            found += self._api.over(query, begin + HOUR, begin + full * HOUR, HOUR)
        if rest:
            found += self._api.at(queries.hours(parts, self._gap, rest), end)
        anew: dict[float, set[_Place]] = defaultdict(set)
        before: dict[tuple[_Place, float], float] = {}
        for kind, place, moment, value in self._marked(found):
            if place in of and kind == "reset":
                anew[moment].add(place)
            elif place in of:
                before[place, moment] = value
        pieces: dict[_Place, list[tuple[float | None, Sequence[float]]]] = defaultdict(list)
        for moment in sorted(anew):
            length = HOUR if moment < begin + full * HOUR + 1 else rest
            for place, samples in self._samples(moment - length, moment, sorted(anew[moment])).items():
                pieces[place].append((before.get((place, moment)), samples))
        return pieces

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

    def _on(self, grid: Grid, query: str, first: int = 0) -> Iterator[tuple[str, _Place, int, float]]:
        """Yield what a query finds at the times of a grid, from one of them on: what it is, where, when, and the
        value."""
        if grid.step == DAY:
            found = self._api.over(query, grid.time(first), grid.end, grid.step)
        else:
            # Some servers move the times of a range to multiples of its step, which midnights are of days alone.
            found = [it for n in range(first, grid.count + 1) for it in self._api.at(query, grid.time(n))]
        for series in found:
            kind, place = self._mark(series)
            if kind == "total":
                self._odd.update((place, grid.at(moment)) for moment in series.odd)
        for kind, place, moment, value in self._marked(found):
            if abs(moment - grid.time(grid.at(moment))) > 1 or not first <= grid.at(moment) <= grid.count:
                raise SourceUnavailable(f"{self._api.place}: the answer has times that were not asked for")
            yield kind, place, grid.at(moment), value

    def _mark(self, series: Series) -> tuple[str, _Place]:
        kind, _, part = series.labels.get(PART, "").partition(" ")
        if part not in self._selectors and kind not in ("old", "running"):
            raise SourceUnavailable(f"{self._api.place}: the answer has series that were not asked for")
        return kind, (part, _labels(series.labels))

    def _marked(self, found: Iterable[Series]) -> Iterator[tuple[str, _Place, float, float]]:
        for series in found:
            kind, place = self._mark(series)
            for moment, value in series.points:
                yield kind, place, moment, value


def _labels(given: Mapping[str, str]) -> Labels:
    return tuple(sorted((name, value) for name, value in given.items() if value and name not in (NAME, PART)))


def target_of(labels: Iterable[tuple[str, str]]) -> _Target:
    """Return what tells a target apart from others."""
    known = dict(labels)
    return tuple(known.get(label, "") for label in TARGET)


def writer_of(labels: Iterable[tuple[str, str]]) -> _Target:
    """Return what tells the process apart that wrote a series, also behind a target of many."""
    known = dict(labels)
    return tuple(known.get(label, "") for label in WRITER)
