"""The HTTP API of Prometheus: questions for numbers, and what its errors mean."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from datetime import datetime
from math import isfinite
from typing import Any

import msgspec
from msgspec import Struct

from leverwatch.collectors.daily.errors import SchemaDiffers
from leverwatch.collectors.daily.http_config import auth_of, tls_of
from leverwatch.collectors.daily.over_http import fetched
from leverwatch.collectors.errors import SourceRefused, SourceUnavailable
from leverwatch.collectors.http_values import Form, Limits
from leverwatch.collectors.interface import CollectorContext
from leverwatch.collectors.sources.prometheus.config import PrometheusConfig
from leverwatch.collectors.sources.prometheus.errors import is_missing, meaning

_LARGEST = 256 << 20
MOST_POINTS = 10_000
"""Points of a series in one answer; Prometheus refuses more than 11,000."""
# Thanos: all replicas as one, and no answer rather than a part of it. VictoriaMetrics knows the last two.
_WHOLE = {
    "dedup": "true",
    "partial_response": "false",
    "max_source_resolution": "0s",
    "nocache": "1",
    "deny_partial_response": "1",
}


class Series(Struct, frozen=True):
    """The numbers of one series."""

    labels: Mapping[str, str]
    points: Sequence[tuple[float, float]]
    """Time in seconds since 1970, and value."""
    odd: Sequence[float] = ()
    """The times at which the value is no number, in seconds since 1970."""


class _Found(Struct):
    metric: dict[str, str]
    value: tuple[float, str] | None = None
    values: list[tuple[float, str]] = []
    histogram: Any = None
    histograms: Any = None

    @property
    def points(self) -> list[tuple[float, str]]:
        return self.values or ([self.value] if self.value is not None else [])


class _Data(Struct):
    resultType: str = ""  # noqa: N815 - the name in the API
    result: list[_Found] = []


class _Reply(Struct):
    status: str
    data: _Data | None = None
    warnings: list[str] | None = None
    isPartial: bool = False  # noqa: N815 - the name in the API


_reply = msgspec.json.Decoder(_Reply)


class _Labels(Struct):
    status: str
    data: list[str] = []


_labels = msgspec.json.Decoder(_Labels)


class Api:
    """A server, for the length of one question about days: all its answers together have one limit of time."""

    def __init__(self, config: PrometheusConfig, context: CollectorContext) -> None:
        self.place = place_of(config)
        self._config, self._context = config, context
        self._auth = auth_of(config, self.place, context.base_dir)
        self._tls = tls_of(config, self.place, context.base_dir)
        seconds = config.timeout.total_seconds()
        self._limits = Limits(seconds, time.monotonic() + seconds, _LARGEST)
        self._timeout = f"{max(int(seconds), 1)}s"
        self.is_partial = False
        """Whether a server said that something is missing in its answer."""
        self.seen: list[datetime] = []
        """The times that the server said it was."""
        self.asked: list[tuple[str, int]] = []
        """The path of each request, and the bytes of its answer."""

    def at(self, query: str, moment: float) -> list[Series]:
        """Return what a query finds at a time, in seconds since 1970; also the samples of a range.

        Raises:
            CollectorError: there is no whole answer.
        """
        return self._series("api/v1/query", {"query": query, "time": f"{moment:.3f}"})

    def over(self, query: str, start: float, end: float, step: float) -> list[Series]:
        """Return what a query finds at the start, at every step after it, and at the end.

        Raises:
            CollectorError: as for `at`.
        """
        found: dict[tuple[tuple[str, str], ...], list[tuple[float, float]]] = {}
        odd: dict[tuple[tuple[str, str], ...], list[float]] = {}
        while start <= end:
            last = min(end, start + (MOST_POINTS - 1) * step)
            given = {"query": query, "start": f"{start:.3f}", "end": f"{last:.3f}", "step": f"{step:.3f}"}
            for series in self._series("api/v1/query_range", given):
                labels = tuple(sorted(series.labels.items()))
                found.setdefault(labels, []).extend(series.points)
                odd.setdefault(labels, []).extend(series.odd)
            start = last + step
        return [Series(dict(labels), points, odd[labels]) for labels, points in found.items()]

    def has_data(self, start: float, end: float) -> bool:
        """Return whether the server has any series of a time; false also when it may not be asked.

        Raises:
            CollectorError: there is no answer.
        """
        given = {"start": f"{start:.3f}", "end": f"{end:.3f}", "limit": "1"}
        try:
            body = self._body("api/v1/labels", given)
            return bool(_labels.decode(body).data)
        except (SourceRefused, msgspec.DecodeError):
            return False

    def _series(self, path: str, given: Mapping[str, str]) -> list[Series]:
        body = self._body(path, {**given, "timeout": self._timeout, **_WHOLE})
        try:
            reply = _reply.decode(body)
        except msgspec.DecodeError:
            raise SourceUnavailable(f"{self.place}: the answer is none of the API of Prometheus") from None
        if reply.status != "success" or reply.data is None:
            raise SourceUnavailable(f"{self.place}: the answer is no success")
        self.is_partial |= reply.isPartial or any(map(is_missing, reply.warnings or ()))
        if any(it.histogram is not None or it.histograms is not None for it in reply.data.result):
            raise SchemaDiffers(
                f"{self.place}: a selector finds a native histogram, which is no counter; the server can keep its"
                " buckets as counters as well (`always_scrape_classic_histograms`)"
            )
        found = [(it.metric, [(at, _number(text)) for at, text in it.points]) for it in reply.data.result]
        if any(number is None for _, points in found for _, number in points):
            raise SourceUnavailable(f"{self.place}: the answer is none of the API of Prometheus")
        return [
            Series(
                labels,
                [(at, number) for at, number in points if number is not None and isfinite(number)],
                [at for at, number in points if number is not None and not isfinite(number)],
            )
            for labels, points in found
        ]

    def _body(self, path: str, given: Mapping[str, str]) -> bytes:
        is_post = self._config.method == "post"
        body = fetched(
            self._config.address(path),
            place=self.place,
            limits=self._limits,
            auth=self._auth,
            tls=self._tls,
            now=self._context.now,
            stopping=self._context.stopping,
            saw=self.seen.append,
            body=Form(given) if is_post else None,
            parameters=None if is_post else given,
            meaning=lambda status, said: meaning(self.place, status, said),
        )
        self.asked.append((path, len(body)))
        return body


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def place_of(config: PrometheusConfig) -> str:
    """Return how messages name what a source asks."""
    return f"source {config.name}: {config.shown_url}"
