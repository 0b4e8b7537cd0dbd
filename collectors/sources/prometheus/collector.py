"""Asks a server with the HTTP API of Prometheus how counters grew on whole days."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from hashlib import blake2b

from msgspec import Struct

from leverwatch.collectors.billed import UncountedTokens
from leverwatch.collectors.daily.answers import Answer
from leverwatch.collectors.daily.collector import DailyCollector
from leverwatch.collectors.daily.known_days import KINDS as KINDS
from leverwatch.collectors.daily.over_http import unfinished
from leverwatch.collectors.daily.sums import Group, added_up
from leverwatch.collectors.daily.uncounted import uncounted, without_system
from leverwatch.collectors.daily.window import DAY, Days
from leverwatch.collectors.errors import CollectorError, SourceUnavailable
from leverwatch.collectors.interface import CollectorContext, Result
from leverwatch.collectors.records.fields import parse_template, system_lookup
from leverwatch.collectors.sources.prometheus import queries
from leverwatch.collectors.sources.prometheus.api import Api, Series
from leverwatch.collectors.sources.prometheus.config import PrometheusConfig
from leverwatch.collectors.sources.prometheus.counting import (
    FIELDS,
    Naming,
    amounts_of,
    fractions,
    groups,
    twice,
    without_calls,
)
from leverwatch.collectors.sources.prometheus.coverage import Presence, missing
from leverwatch.collectors.sources.prometheus.doubled import alike, doubled
from leverwatch.collectors.sources.prometheus.growth import (
    MOST_STARTS,
    START,
    TARGET,
    Grid,
    Growth,
    Span,
    Totals,
    target_of,
)
from leverwatch.collectors.sources.prometheus.queries import PART
from leverwatch.collectors.sources.prometheus.selectors import Selector, among, parse_selector

_SETTLED = 60.0
"""Seconds; the newest samples may still be on their way."""
_WHOLE_DAY = queries.DAY
_MOST_KEPT = 1000
"""Sums of tokens without calls that are kept of a day."""
GAP, BEGINNING, INCOMPLETE, FRACTION = "gap", "unknown_beginning", "incomplete_answer", "fraction"
RESTLESS, NO_NUMBER, TWICE, NO_CALLS = "many_starts", "no_number", "scraped_twice", "missing_field"
"""Reasons of problems."""


class _Told(Struct):
    """What is found out about days."""

    groups: list[Group] = []
    problems: list[tuple[str, str, str]] = []
    filled: set[date] = set()
    partial: set[date] = set()


class Counters:
    """Counters that are asked for days."""

    def __init__(self, config: PrometheusConfig, context: CollectorContext) -> None:
        self._config, self._context = config, context
        self._counters = config.counters()
        self._gap = int(config.max_gap.total_seconds())
        self._bucket = int(config.gap_after.total_seconds())
        template = parse_template(config.system)
        self._naming = Naming(config.known, template.paths)
        self._system_of = system_lookup(template)
        self.asked: list[tuple[str, int]] = []
        """The path of each request for the last days, and the bytes of its answer."""

    @property
    def settings(self) -> str:
        """A digest of everything that the answers depend on; what the source shows of itself is not among it, but
        for the tenant."""
        config = self._config
        counters = [(it.role, [str(one) for one in it.selectors], it.scale) for it in self._counters]
        known = config.known
        told = (
            config.shown_url, config.tenants, counters, known.model, known.operation,
            tuple(known.operations.items()), sorted(known.failed.items()),
            known.errors_inside, known.cached_beside, sorted(known.unknown),
            config.system, sorted(config.replica_labels), self._gap, self._bucket, config.partial_above,
            config.witness,
        )  # fmt: skip
        return blake2b(repr(told).encode(), digest_size=8).hexdigest()

    def ask(self, days: Days) -> Answer:
        """Return what the counters grew by on some days.

        Raises:
            CollectorError: as for `Api.at`, and for files that have no secret or certificate.
        """
        api = Api(self._config, self._context)
        self.asked = api.asked
        growth = Growth(api, self._counters, self._gap, self._config.replica_labels)
        until = self._context.now().astimezone(UTC).timestamp() // 1 - _SETTLED
        totals = [growth.totals(grid) for grid in grids(days, until)]
        presence = self._presence(api, days, until, totals)
        told = _Told()
        newest: tuple[Span, float] | None = None
        for one in totals:
            begins = [self._is_known(api, one, number, presence) for number in range(one.grid.count)]
            for number, span in enumerate(growth.spans(one, begins), start=1):
                self._count(told, one, number, span, growth, api.place)
                newest = (span, one.grid.time(number)) if span.grown else newest
                self._cover(told, presence, one.grid.time(number - 1), one.grid.time(number), api.place)
        if newest is not None:
            told.problems += self._doubled(api, *newest)
        if api.is_partial:
            told.partial |= told.filled
            detail = "the server says that something is missing in its answer"
            told.problems.append((api.place, INCOMPLETE, detail))
        beside: list[UncountedTokens] = []
        if not self._config.counts_usage():
            beside, unattributed = uncounted(told.groups, self._system_of, _MOST_KEPT)
            if unattributed:
                told.problems.append((api.place, str(Result.UNATTRIBUTED), without_system(unattributed)))
            told.groups = []
        sums = added_up(told.groups, FIELDS, self._system_of)
        answer = Answer(
            uncounted=tuple(beside),
            usage=sums.usage,
            filled=frozenset(told.filled),
            tallies=sums.tallies,
            calls=sums.calls,
            unattributed=sums.unattributed,
            tiers=sums.tiers,
            partial=frozenset(told.partial),
            newest=datetime.fromtimestamp(max(presence.seen), UTC) if presence.seen else None,
            problems=(*told.problems, *((api.place, *it) for it in sums.problems)),
        )
        return unfinished(answer, api.seen)

    def _count(self, told: _Told, totals: Totals, number: int, span: Span, growth: Growth, place: str) -> None:
        """Add what was counted on one day."""
        day = _day(totals.grid.time(number - 1))

        def beside(part: str, target: tuple[str, ...]) -> bool:
            return (part, number, target) in totals.beside

        found = amounts_of(span, self._counters, self._naming, growth.reduced, beside)
        told.groups += groups(day, found, self._config.known)
        if span.unsure:
            told.partial.add(day)
            detail = f"{span.unsure} series had counted before their first sample, from which they count here"
            told.problems.append((f"{place}: {day}", BEGINNING, detail))
        if span.restless:
            told.partial.add(day)
            detail = (
                f"{span.restless} series fell more than {MOST_STARTS} times: gauges, or processes that do not live"
            )
            told.problems.append((f"{place}: {day}", RESTLESS, detail))
        if span.unknown:
            told.partial.add(day)
            detail = f"{span.unknown} series have a total that is no number: what they grew by is unknown"
            told.problems.append((f"{place}: {day}", NO_NUMBER, detail))
        if self._config.counts_usage() and (number_of := without_calls(found)):
            told.partial.add(day)
            detail = (
                f"inferences: {number_of} systems have tokens, and no counter of calls: their number is unknown"
            )
            told.problems.append((f"{place}: {day}", NO_CALLS, detail))
        if doubled := twice(span):
            detail = (
                f"{doubled} series have the same total and address under another job: scraped twice, they count"
                " twice; `matching` can leave one job out"
            )
            told.problems.append((f"{place}: {day}", TWICE, detail))
        for role in fractions(found):
            detail = f"{role}: grew by no whole number of calls; it is rounded"
            told.problems.append((f"{place}: {day}", FRACTION, detail))

    def _doubled(self, api: Api, span: Span, end: float) -> Iterator[tuple[str, str, str]]:
        """Yield a problem when targets at two addresses are one process; only what looks alike is asked about."""
        pairs = alike(span)
        if not pairs:
            return
        targets = [dict(zip(TARGET, it, strict=True)) for pair in pairs for it in pair]
        start = Selector(START, tuple(among(targets, TARGET)))
        found: Sequence[Series] = ()
        # A doubt is no reason to lose the answer.
        with suppress(CollectorError):
            found = api.at(f"last_over_time({start}[{queries.duration(self._gap)}])", end)
        started = {target_of(it.labels.items()): value for it in found for _, value in it.points}
        if twins := list(doubled(span, pairs, started)):
            (one, other), *_ = twins
            detail = (
                f"{len(twins)} pairs of targets are one process each, as {one[-1]} and {other[-1]}: scraped at two"
                " addresses, they count twice; `matching` can leave one out"
            )
            yield api.place, TWICE, detail

    def _cover(self, told: _Told, presence: Presence, begin: float, end: float, place: str) -> None:
        """Add for which share of one day there are samples."""
        share = missing(presence, self._buckets(begin, end))
        if not _is_seen(presence, begin, end) and not (share and _is_within(presence, begin, end)):
            return
        told.filled.add(_day(begin))
        if share > self._config.partial_above:
            told.partial.add(_day(begin))
            hours = share * (end - begin) / queries.HOUR
            detail = f"samples are missing for {share:.1%} of the time ({hours:.1f} h)"
            told.problems.append((f"{place}: {_day(begin)}", GAP, detail))

    def shown(self, days: Days) -> str:
        """Return the questions for some days in PromQL."""
        until = self._context.now().astimezone(UTC).timestamp() // 1 - _SETTLED
        lines = [] if self._config.preset is None else [f"# preset {self._config.preset}"]
        for grid in grids(days, until):
            lines += [
                f"# running totals from {_iso(grid.start)} to {_iso(grid.end)} by {queries.duration(grid.step)}",
                queries.totals(self._counters, self._gap, grid.step),
                "# what started anew",
                queries.restarts(self._counters, self._gap, grid.step),
            ]
        lines += [
            f"# when there are samples, every {queries.duration(self._bucket)}",
            queries.presence(self._counters[0], self._witness, None, self._bucket),
        ]
        return "\n".join(lines)

    @property
    def _witness(self) -> tuple[Selector, ...]:
        return tuple(parse_selector(it) for it in self._config.witness)

    def _presence(self, api: Api, days: Days, until: float, totals: Sequence[Totals]) -> Presence:
        targets = [labels for one in totals for labels in one.targets()]
        has_targets = any(labels.get(name) for labels in targets for name in TARGET)
        up = Selector("up", tuple(among(targets, TARGET))) if has_targets else None
        # A day more on both sides, as a gap is one when there are samples before and after it.
        begin, end = _midnight(days.first - DAY), min(_midnight(days.last + 2 * DAY), until)
        there = {queries.place_of(part)[0] for one in totals for part, _ in one.total}
        counter = self._counters[min(there, default=0)]
        query = queries.presence(counter, self._witness, up, self._bucket)
        found: dict[str, dict[float, float]] = {"seen": {}, "witness": {}, "down": {}}
        for series in api.over(query, begin + self._bucket, end, self._bucket):
            kind = series.labels.get(PART, "").partition(" ")[0]
            if kind not in found:
                raise SourceUnavailable(f"{api.place}: the answer has series that were not asked for")
            found[kind] = dict(series.points)
        return Presence(frozenset(found["seen"]), frozenset(found["witness"]), found["down"])

    def _buckets(self, begin: float, end: float) -> Sequence[float]:
        return [begin + self._bucket * number for number in range(1, int((end - begin) // self._bucket) + 1)]

    def _is_known(self, api: Api, totals: Totals, number: int, presence: Presence) -> bool:
        """Return whether anything was scraped in the day before a time, so that what has no sample then is new."""
        if any(number in points for points in totals.total.values()):
            return True
        begin = totals.grid.time(number)
        if _is_seen(presence, begin - _WHOLE_DAY, begin) or any(
            begin - _WHOLE_DAY < it <= begin for it in presence.witness
        ):
            return True
        is_born = any(number + 1 in points for points in totals.total.values())
        return is_born and api.has_data(begin - _WHOLE_DAY, begin - 1)


def grids(days: Days, until: float) -> Iterator[Grid]:
    """Yield the times that are asked for: all midnights, and then from the last one until now."""
    begin = _midnight(days.first)
    count = min(len(days), max(int((until - begin) // _WHOLE_DAY), 0))
    if count:
        yield Grid(begin, _WHOLE_DAY, count)
    last = begin + count * _WHOLE_DAY
    length = int(until - last)
    if count < len(days) and length >= _SETTLED:
        yield Grid(last, length, 1)


def _is_seen(presence: Presence, begin: float, end: float) -> bool:
    return any(begin < it <= end for it in presence.seen)


def _is_within(presence: Presence, begin: float, end: float) -> bool:
    """Return whether samples of a span without any are missing: a target did not answer, or there are some before
    and after."""
    if any(begin < it <= end for it in presence.down):
        return True
    return bool(presence.seen) and min(presence.seen) <= begin and max(presence.seen) > end


def _midnight(day: date) -> float:
    return datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()


def _day(moment: float) -> date:
    return datetime.fromtimestamp(moment, UTC).date()


def _iso(moment: float) -> str:
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=int(moment))).strftime("%Y-%m-%dT%H:%M:%SZ")


class PrometheusCollector(DailyCollector):
    """A `prometheus` source."""

    def __init__(self, config: PrometheusConfig, context: CollectorContext) -> None:
        super().__init__(config, context, Counters(config, context))
