from __future__ import annotations

from collections.abc import Iterator

import pytest

from leverwatch.collectors.sources.bucket import api, collector
from tests.collectors.sources.bucket import s3 as s3_module
from tests.collectors.sources.bucket.s3 import S3, s3


@pytest.fixture(scope="module")
def served() -> Iterator[S3]:
    with s3() as server:
        yield server


@pytest.fixture
def bucket(served: S3) -> S3:
    """An empty bucket."""
    served.objects.clear()
    served._keys.clear()
    served.fault = lambda _: None
    served.unpacks = lambda _: False
    return served


@pytest.fixture
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ten keys a page, so that few objects are many pages."""
    for module in (s3_module, api, collector):
        monkeypatch.setattr(module, "PAGE", 10)
