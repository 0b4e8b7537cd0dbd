from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.collectors.sources.cloudwatch.amazon import ALONE, KEYS, Scripted, moto, scripted


@pytest.fixture(autouse=True)
def _credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {**KEYS, **ALONE}.items():
        monkeypatch.setenv(name, value)


@pytest.fixture(scope="module")
def moto_url() -> Iterator[str]:
    with moto() as url:
        yield url


@pytest.fixture
def served() -> Iterator[Scripted]:
    with scripted() as found:
        yield found
