from __future__ import annotations

from collections.abc import Iterator

import pytest

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
    return served
