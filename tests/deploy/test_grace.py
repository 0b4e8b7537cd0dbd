"""Whoever starts the agent waits longer for its end than the agent needs."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
MOST_SECONDS = 20
"""Within which the agent ends after SIGTERM, whatever a source or the store does."""


def first(pattern: str, file: str) -> str:
    found = re.search(pattern, (ROOT / file).read_text(), re.MULTILINE)
    assert found, f"{file} says nothing of it"
    return found[1]


@pytest.mark.parametrize(
    ("pattern", "file"),
    [
        (r"^TimeoutStopSec=(\d+)s$", "docs/deploy/systemd/leverwatch.service"),
        (r"^terminationGracePeriodSeconds: (\d+)$", "helm/leverwatch/values.yaml"),
        (r"^    stop_grace_period: (\d+)s$", "docs/deploy/compose/compose.yaml"),
        (r"docker run -d (?:.*\n)+? +--stop-timeout (\d+)", "docs/deploy/container.md"),
        (r"`docker stop -t (\d+)`", "docs/deploy/container.md"),
    ],
)
def test_the_grace_is_longer_than_the_agent_needs(pattern: str, file: str) -> None:
    assert int(first(pattern, file)) >= 2 * MOST_SECONDS


@pytest.mark.parametrize(
    "file", ["docs/deploy/systemd/leverwatch.service", "docs/deploy/systemd.md", "docs/deploy/container.md"]
)
def test_what_is_written_of_the_deadline_is_it(file: str) -> None:
    assert first(r"(?:within|after) (\d+)\s+seconds", file) == str(MOST_SECONDS)


def test_the_compose_file_gives_it_to_the_agent() -> None:
    services = yaml.safe_load((ROOT / "docs/deploy/compose/compose.yaml").read_text())["services"]

    assert services["leverwatch"]["stop_grace_period"] == "60s"
