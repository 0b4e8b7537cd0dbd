"""Asks CloudWatch for the days of Bedrock, and remembers which models there were."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, timedelta
from hashlib import blake2b

import msgspec
from msgspec import Struct

from leverwatch.collectors.daily.account import ACCOUNT, digest_of
from leverwatch.collectors.daily.answers import Answer
from leverwatch.collectors.daily.collector import NOTHING_STORED, DailyCollector, Trial
from leverwatch.collectors.daily.day_states import DaysKnown
from leverwatch.collectors.daily.known_days import KINDS as DAILY_KINDS
from leverwatch.collectors.daily.limited import limited
from leverwatch.collectors.daily.metered import answer_of
from leverwatch.collectors.daily.over_http import unfinished
from leverwatch.collectors.daily.window import DAY, Days
from leverwatch.collectors.interface import BackfillRequest, Batch, CollectorContext, SourceState
from leverwatch.collectors.prepared import prepared
from leverwatch.collectors.records.fields import parse_template, system_lookup
from leverwatch.collectors.sources.cloudwatch.api import Region, session_of
from leverwatch.collectors.sources.cloudwatch.config import KEPT, CloudWatchConfig
from leverwatch.collectors.sources.cloudwatch.series import (
    MANTLE,
    NAMESPACE,
    Place,
    Series,
    metered,
    unlisted,
    wanted,
)
from leverwatch.collectors.stored_state import Kind, entries, same

_MOST_REMEMBERED = 5000
_LISTED = timedelta(days=14)
"""How long after its last value CloudWatch lists a metric."""
UNLISTED = "unlisted_models"
"""The reason of a problem with days on which there may have been calls of models that are not known."""


class _Model(Struct, frozen=True, forbid_unknown_fields=True):
    """`Place` with nothing that may be left out."""

    region: str
    account: str
    model: str
    project: str


class _Stored(Struct, frozen=True, forbid_unknown_fields=True):
    models: tuple[_Model, ...]


class _OldModel(Struct, frozen=True, forbid_unknown_fields=True):
    region: str
    account: str
    model: str


class _OldStored(Struct, frozen=True, forbid_unknown_fields=True):
    models: tuple[_OldModel, ...]


def _encode(places: frozenset[Place]) -> bytes:
    models = tuple(_Model(it.region, it.account, it.model, it.project) for it in sorted(places))
    return msgspec.json.encode(_Stored(models))


def _decode(body: bytes) -> frozenset[Place]:
    stored = msgspec.json.decode(body, type=prepared(_Stored))
    return frozenset(Place(it.region, it.model, it.account, it.project) for it in stored.models)


def _without_projects(body: bytes) -> bytes:
    """The upgrade to version 2, which has the projects of `bedrock-mantle`."""
    stored = msgspec.json.decode(body, type=prepared(_OldStored))
    return msgspec.json.encode(_Stored(tuple(_Model(it.region, it.account, it.model, "") for it in stored.models)))


MODELS: Kind[frozenset[Place]] = Kind(
    name="models that had calls",
    key="models",
    encode=_encode,
    decode=_decode,
    upgrades=(same, _without_projects),
    is_json=True,
)
KINDS = (*DAILY_KINDS, ACCOUNT, MODELS)
"""What such a source stores."""


class Bedrock:
    """The metrics of Bedrock in some regions."""

    def __init__(self, config: CloudWatchConfig, context: CollectorContext) -> None:
        self._config, self._context = config, context
        template = parse_template(config.system)
        self._labels, self._system_of = template.paths, system_lookup(template)
        self._account: str | None = None
        self.met: frozenset[Place] = frozenset()
        """The models that had calls, of the regions that are asked. CloudWatch forgets their names after two
        weeks, and not their metrics."""
        self.is_first = True
        """Whether nothing was remembered by an earlier run."""

    @property
    def settings(self) -> str:
        """A digest of everything that the answers depend on; the credentials are not among it."""
        config = self._config
        told = (
            sorted(config.regions), config.system, config.linked_accounts, sorted(config.models),
            sorted(config.profiles.items()), config.profile, config.url, config.mantle,
        )  # fmt: skip
        return blake2b(repr(told).encode(), digest_size=8).hexdigest()

    def ask(self, days: Days) -> Answer:
        """Return what the metrics say of some days.

        Raises:
            CollectorError: as for `Region`.
        """
        oldest = (self._context.now().astimezone(UTC) - KEPT).date() + DAY
        days = Days(max(days.first, oldest), days.last)
        if not len(days):
            return Answer((), frozenset())
        deadline = time.monotonic() + self._config.timeout.total_seconds()
        place = f"source {self._config.name}: CloudWatch"
        values: dict[tuple[Series, date], float] = {}
        # The credentials may be those of another account by now.
        self._account = None
        session = session_of(self._config)
        regions = [Region(self._config, name, session) for name in self._config.regions]
        for region in regions:

            def read(region: Region = region) -> Mapping[tuple[Series, date], float]:
                return self._read(region, days)

            values |= limited(read, place=place, deadline=deadline, stopping=self._context.stopping)
        self._remember({series.place for series, _ in values})
        found = metered(values, self._labels, self._owner, self._config.profiles)
        answer = answer_of(found, self._system_of, place, self._unlisted(place, days))
        answer = unfinished(answer, [moment for region in regions for moment in region.seen])
        return msgspec.structs.replace(answer, account=self._whose())

    def shown(self, days: Days) -> str:
        """Return what is asked for some days, in the words of Amazon's command line."""
        start, end = days.first.isoformat(), (days.last + DAY).isoformat()
        return "\n".join(
            f"aws cloudwatch get-metric-data --region {region} --start-time {start}T00:00:00Z --end-time"
            f" {end}T00:00:00Z ({what}, Period 86400, Sum and SampleCount)"
            for region in self._config.regions
            for what in self._asked()
        )

    def _asked(self) -> Iterator[str]:
        yield f"{NAMESPACE}, each ModelId"
        if self._config.mantle:
            yield f"{MANTLE}, each Model and Project"

    def _read(self, region: Region, days: Days) -> Mapping[tuple[Series, date], float]:
        listed = region.series()
        met = [it for it in self.met if it.region == region.name and (self._config.mantle or not it.project)]
        named = [Place(region.name, model) for model in self._config.models]
        known = {series.place for series in listed}
        series = wanted(listed, unlisted(known, [*met, *named], linked=self._config.linked_accounts))
        if self._account is None and "account" in self._labels and any(not it.place.account for it in series):
            self._account = region.account()
        return region.values(series, days) if series else {}

    def _unlisted(self, place: str, days: Days) -> Iterator[tuple[str, str, str]]:
        listed = (self._context.now().astimezone(UTC) - _LISTED).date()
        if self.is_first and not self._config.models and days.first < listed:
            what = "models without a call for two weeks are not listed; name such ones in `models`"
            yield place, UNLISTED, what

    def _whose(self) -> str:
        return "" if self._account is None else digest_of(self._account)

    def _owner(self, place: Place) -> str | None:
        return place.account or self._account

    def _remember(self, places: set[Place]) -> None:
        if len(self.met) < _MOST_REMEMBERED:
            self.met = self.met | places


class CloudWatchCollector(DailyCollector):
    """A `cloudwatch` source."""

    def __init__(self, config: CloudWatchConfig, context: CollectorContext) -> None:
        self._bedrock, self._name = Bedrock(config, context), config.name
        super().__init__(config, context, self._bedrock)

    def collect(self, state: SourceState) -> Iterator[Batch]:
        """Yield as any source that is asked for days does, and store which models there were.

        Raises:
            CollectorError: as for `Bedrock.ask` and `load_known`.
        """
        return self._remembering(state, super().collect)

    def backfill(self, state: SourceState, history: BackfillRequest) -> Iterator[Batch]:
        """Yield the answers for the days of a range, and store which models there were.

        Raises:
            CollectorError: as for `collect`.
        """
        start = super().backfill
        return self._remembering(state, lambda rest: start(rest, history))

    def days(self, stored: Mapping[str, bytes]) -> DaysKnown:
        """Return what is known of the days of the source, from what it stores.

        Raises:
            StateFromNewer, StateUnreadable: as for `load_known`.
        """
        return super().days(_without_models(stored))

    def trial(self, day: date, stored: Mapping[str, bytes] = NOTHING_STORED) -> Trial:
        """Return what CloudWatch answers for a day; models that were met before are asked for as well.

        Raises:
            CollectorError: as for `collect`.
        """
        self._recall(stored)
        return super().trial(day, _without_models(stored))

    def _recall(self, stored: Mapping[str, bytes]) -> None:
        for _, places in entries(self._name, stored, MODELS):
            self._bedrock.met, self._bedrock.is_first = self._bedrock.met | places, False

    def _remembering(self, state: SourceState, run: Callable[[SourceState], Iterator[Batch]]) -> Iterator[Batch]:
        stored = state.load()
        self._recall(stored)
        rest = msgspec.structs.replace(state, load=lambda: _without_models(stored))
        kept = {MODELS.key: stored.get(MODELS.key, b"")}
        for batch in run(rest):
            now = MODELS.dumps(self._bedrock.met)
            if self._bedrock.met and now != kept[MODELS.key]:
                kept[MODELS.key] = now
                yield msgspec.structs.replace(batch, state={**batch.state, MODELS.key: now})
            else:
                yield batch


def _without_models(stored: Mapping[str, bytes]) -> dict[str, bytes]:
    return {key: value for key, value in stored.items() if not MODELS.holds(key)}
