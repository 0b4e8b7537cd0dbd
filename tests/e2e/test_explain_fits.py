"""Every system of the demo is explained on one screen, and whole with --all."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from tests.e2e.agents import leverwatch

pytestmark = pytest.mark.e2e


def test_every_system_of_the_demo_is_explained_on_one_screen(tmp_path: Path) -> None:
    place = tmp_path / "demo"
    made = leverwatch("demo", "--folder", str(place), "--no-serve")
    assert made.returncode == 0, made.stderr
    config = next(place.rglob("leverwatch.yaml"))
    systems = yaml.safe_load(config.read_text())["systems"]
    assert len(systems) >= 5

    for system in systems:
        short = leverwatch("explain", system, config=config)
        whole = leverwatch("explain", system, "--all", config=config)
        lines = short.stdout.splitlines()

        assert short.returncode == whole.returncode == 0, short.stderr
        assert len(lines) <= 24, short.stdout
        assert max(map(len, lines)) <= 80, short.stdout
        assert lines[0] == whole.stdout.splitlines()[0]
        assert {"why", "money", "next"} <= {line[:10].strip() for line in lines}
