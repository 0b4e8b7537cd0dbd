"""Asks Loki for the lines of whole days: a few sums a day, and no line."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import date, datetime
from difflib import get_close_matches
from hashlib import blake2b

import msgspec

from leverwatch.collectors.daily.answers import Answer
from leverwatch.collectors.daily.collector import DailyCollector
from leverwatch.collectors.daily.errors import SchemaDiffers
from leverwatch.collectors.daily.http_config import auth_of, tls_of
from leverwatch.collectors.daily.known_days import KINDS as KINDS
from leverwatch.collectors.daily.over_http import fetched, unfinished
from leverwatch.collectors.daily.sums import Group, added_up
from leverwatch.collectors.daily.window import DAY, Days
from leverwatch.collectors.errors import CollectorError
from leverwatch.collectors.http_values import Limits
from leverwatch.collectors.interface import CollectorContext
from leverwatch.collectors.prepared import prepared
from leverwatch.collectors.records.fields import parse_template, system_lookup
from leverwatch.collectors.sources.loki.config import LokiConfig
from leverwatch.collectors.sources.loki.counting import (
    Vector,
    before,
    groups,
    labels_of,
    moment,
    queries,
    read,
    told_by,
)
from leverwatch.collectors.sources.loki.errors import TooOld, meaning

_PATH, _LABELS = "/loki/api/v1/query", "/loki/api/v1/labels"
_LARGEST = 64 << 20
_WAIT = 60.0
_FIELDS = (
    "inferences", "model", "operation", "status", "tier", "input_tokens", "cached_input_tokens", "output_tokens",
    "cost_usd", "latency_ms",
)  # fmt: skip


class _Names(msgspec.Struct):
    data: list[str] = []


class Lines:
    """Lines of a log, which are counted by day."""

    def __init__(self, config: LokiConfig, context: CollectorContext) -> None:
        self._config, self._context = config, context
        template = parse_template(config.system)
        self._words, self._system_of = template.paths, system_lookup(template)
        self._place = f"source {config.name}: {config.shown_url}"
        self._queries = queries(config, self._words)
        self._labels = tuple(dict.fromkeys((*labels_of(config, self._words), *config.labels.amounts().values())))
        self._lacking: Sequence[str] = ()

    @property
    def settings(self) -> str:
        """A digest of everything that the answers depend on; no secret is among it, but who the tenant is."""
        config = self._config
        labels = config.labels.model_dump()
        told = (config.shown_url, config.query, config.failed, labels, config.system, config.tenants)
        return blake2b(repr(told).encode(), digest_size=8).hexdigest()

    def ask(self, days: Days) -> Answer:
        """Return how many lines there were on some days, and what they tell.

        Raises:
            CollectorError: as for `fetched`.
        """
        deadline = time.monotonic() + self._config.timeout.total_seconds()
        seen: list[datetime] = []
        found: list[Group] = []
        partial: set[date] = set()
        filled: set[date] = set()
        told: set[str] = set()
        for day in days:
            answers: dict[str, Vector] = {}
            try:
                for what, query in self._queries.items():
                    answers[what], warned = self._asked(query, day, deadline, seen)
                    if warned:
                        partial.add(day)
                    if not any(answers.get("calls", {}).values()):
                        # Without a line there is nothing else to ask for.
                        break
                else:
                    filled.add(day)
                    found += groups(self._config, self._words, day, answers)
                    told |= told_by(self._config, self._words, answers)
            except TooOld:
                # As if its lines were deleted; and the beginning of the next one may be cut off.
                partial.discard(day)
                partial.add(day + DAY)
        if days.first in filled and self._is_cut_off(days.first, deadline, seen):
            partial.add(days.first)
        self._lacking = [it for it in self._labels if it not in told] if filled else []
        sums = added_up(found, _FIELDS, self._system_of)
        answer = Answer(
            usage=sums.usage,
            filled=frozenset(filled),
            tallies=sums.tallies,
            calls=sums.calls,
            unattributed=sums.unattributed,
            tiers=sums.tiers,
            partial=frozenset(partial & filled),
            untold=frozenset(partial - filled),
            problems=tuple((self._place, *it) for it in sums.problems),
        )
        return unfinished(answer, seen)

    def doubts(self) -> Sequence[str]:
        """Return which labels no line of the last answer has, and which ones streams have instead."""
        if not self._lacking:
            return ()
        known: Sequence[str] = ()
        # What `check-source` says beside an answer must not fail.
        with suppress(CollectorError, msgspec.DecodeError):
            body = self._get(_LABELS, {"start": str(int((self._context.now() - 30 * DAY).timestamp()))}, [])
            known = msgspec.json.decode(body, type=prepared(_Names)).data
        found = []
        for label in self._lacking:
            near = get_close_matches(label, known, 1)
            meant = f"; is {near[0]} meant?" if near else ""
            of = "streams have one" if label in known else "no stream has one, and no stage of `query` makes one"
            found.append(f"label {label}: no line has a value of it ({of}){meant if label not in known else ''}")
        return found

    def shown(self, days: Days) -> str:
        """Return the queries about the first of some days, with when they are evaluated."""
        return "\n".join(
            (*self._queries.values(), f"# each at {moment(days.first)}, the last nanosecond of the day")
        )

    def _is_cut_off(self, day: date, deadline: float, seen: list[datetime]) -> bool:
        """Return whether the server looks back to the middle of a day: no earlier day is asked for that tells."""
        try:
            self._get(_PATH, {"query": before(self._config), "time": moment(day - DAY)}, seen, deadline)
        except TooOld:
            return True
        return False

    def _asked(self, query: str, day: date, deadline: float, seen: list[datetime]) -> tuple[Vector, bool]:
        body = self._get(_PATH, {"query": query, "time": moment(day)}, seen, deadline)
        try:
            return read(body, labels_of(self._config, self._words))
        except ValueError as error:
            raise SchemaDiffers(f"{self._place}: {error}") from None

    def _get(
        self, path: str, parameters: Mapping[str, str], seen: list[datetime], deadline: float | None = None
    ) -> bytes:
        base, config = self._context.base_dir, self._config
        return fetched(
            config.address(path),
            place=self._place,
            limits=Limits(_WAIT, time.monotonic() + _WAIT if deadline is None else deadline, _LARGEST),
            auth=auth_of(config, self._place, base),
            now=self._context.now,
            parameters=parameters,
            tls=tls_of(config, self._place, base),
            stopping=self._context.stopping,
            saw=seen.append,
            meaning=lambda status, said: meaning(self._place, status, said),
        )


class LokiCollector(DailyCollector):
    """A `loki` source."""

    def __init__(self, config: LokiConfig, context: CollectorContext) -> None:
        super().__init__(config, context, Lines(config, context))
