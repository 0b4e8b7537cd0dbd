"""One demo for all tests that only read it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from leverwatch.agent.demo.build import Demo, build

NOW = datetime(2031, 5, 14, 10, 30, tzinfo=UTC)


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Demo:
    return build(tmp_path_factory.mktemp("demo"), NOW)
