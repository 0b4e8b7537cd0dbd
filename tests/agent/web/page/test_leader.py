"""The page says which of several agents decides."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from msgspec.structs import replace

from leverwatch.agent.snapshot import Leader
from leverwatch.agent.web.page.leader import who_decides
from leverwatch.agent.web.status_page import render
from tests.agent.exporter.samples import agent, systems

SEEN = datetime(2026, 3, 31, tzinfo=UTC)


@pytest.mark.parametrize(
    ("leads", "said"),
    [
        (True, " This agent, node-1:9847, decides for all agents on its store."),
        (False, " The agent node-1:9847 decides, and this one shows what it decided."),
    ],
)
def test_the_agent_that_decides_is_named(leads: bool, said: str) -> None:
    shown = replace(agent(), leader=Leader("node-1:9847", 3, leads, SEEN), shared=True)
    assert who_decides(shown) == said
    assert said in render(systems(), shown)


def test_an_agent_that_is_alone_says_nothing_of_others() -> None:
    assert who_decides(None) == who_decides(replace(agent(), leader=None)) == ""
