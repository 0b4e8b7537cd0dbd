"""A few histories with the real agent and real kills."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.oracle.history import history
from tests.oracle.killed import KilledWorld
from tests.oracle.steps import Archive, Backfill, Write

pytestmark = pytest.mark.e2e


@pytest.mark.parametrize("name", ["jsonl", "json-documents", "claude-code", "openai-chunks", "otlp"])
def test_the_counts_of_an_agent_that_is_killed_again_and_again_are_those_of_the_plain_counter(
    name: str, tmp_path: Path
) -> None:
    """A line is never quiet for long in these, as the clock is the real one."""
    made = history(name, 1, most=15)
    steps = [replace(it, waits=0.0) if isinstance(it, Write) else it for it in made.steps]
    steps = [it for it in steps if not isinstance(it, Archive | Backfill)]
    # A run that is killed may not have seen a log before it is rotated away, so that the glob must match it then.
    made = replace(made, glob="*.log*", sees_first=False, steps=tuple(steps))

    world = KilledWorld(tmp_path, made)

    assert world.run() == []
    assert world.kills
