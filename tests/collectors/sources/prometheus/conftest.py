"""A real Prometheus and a real VictoriaMetrics with the same samples."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.collectors.sources.prometheus.columns import Column, columns, fleet, scattered, witnesses
from tests.collectors.sources.prometheus.stored import Stored, into_blocks, into_victoria
from tests.e2e.servers import prometheus, victoria_metrics

SEED = 11


@contextmanager
def serving(kind: str, folder: Path, found: list[Stored]) -> Iterator[str]:
    """The address of a server of a kind that has some samples."""
    if kind == "prometheus":
        into_blocks(found, folder / "data")
        with prometheus(folder, {}) as server:
            yield server.url
    else:
        with victoria_metrics(folder) as url:
            into_victoria(found, url)
            yield url


@pytest.fixture(scope="session")
def known() -> dict[str, Column]:
    """All cases with their truth."""
    return columns()


@pytest.fixture(scope="session", params=["prometheus", "victoriametrics"])
def server(
    request: pytest.FixtureRequest, known: dict[str, Column], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """The address of a server that has the samples of all cases."""
    found = [series for column in known.values() for series in column.series]
    found += witnesses() + fleet(300.0) + scattered(SEED)
    folder: Path = tmp_path_factory.mktemp(request.param)
    with serving(request.param, folder, found) as url:
        yield url
