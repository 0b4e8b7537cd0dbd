"""How many connections there may be, who makes room, and who has to wait for a turn."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from leverwatch.agent.config.web import WebConfig
from leverwatch.agent.web.application import _RELOADS
from leverwatch.agent.web.transport.crowd import Member, Stage, spared
from leverwatch.agent.web.transport.limits import PROBE_LIMITS, Drop, Limits, affordable_connections
from leverwatch.agent.web.transport.turns import MOST, MOST_OF_ONE, TooManyWaiting, Turns


@pytest.mark.parametrize(
    ("wanted", "descriptors", "most"),
    [(512, 1024, 512), (2000, 1024, 704), (512, 256, 128), (512, 100, 11), (512, 20, 8), (512, 1_048_576, 512)],
)
def test_connections_leave_files_for_the_rest_of_the_agent(wanted: int, descriptors: int, most: int) -> None:
    assert affordable_connections(wanted, descriptors) == most


def test_the_page_about_security_has_these_limits_and_reasons() -> None:
    page = (Path(__file__).parents[4] / "docs/security.md").read_text()
    limits = Limits()
    rows = [
        f"| connections | `web.max_connections`, {limits.connections}; at most three quarters of",
        f"the probe listener: {PROBE_LIMITS.connections} |",
        f"| TLS handshake and header of a first request together | {limits.greeting:.0f} s |",
        f"| header of a further request, from its first byte | {limits.greeting:.0f} s |",
        f"| reloads over HTTP at a time | {_RELOADS} | 503 |",
        f"| body | {limits.body:.0f} s, {limits.body_bytes // 1024} KiB |",
        f"| first line, header | {limits.header_bytes // 1024} KiB |",
        f"| reading an answer | {limits.answer:.0f} s |",
        f"| {limits.idle:.0f} s; the probe listener: {PROBE_LIMITS.idle:.0f} s |",
        f"| requests in progress when the agent is stopped | {limits.stop:.0f} s; the probe",
        f"listener: {PROBE_LIMITS.stop:.0f} s |",
        f"Up to\n  {MOST} other requests wait for their check, {MOST_OF_ONE} from one address",
        *(f"`{reason}`" for reason in Drop),
    ]

    assert [row for row in rows if row not in page] == []
    assert WebConfig().max_connections == limits.connections


def test_the_one_that_waits_longest_makes_room() -> None:
    idle, silent, answered = Member(5, Stage.IDLE), Member(3, Stage.HANDSHAKE), Member(1, Stage.ANSWERING)

    assert spared({idle, silent, answered, Member(0, Stage.WORKING)}) is silent


def test_slow_readers_make_room_where_everybody_is_answered() -> None:
    slow = Member(1, Stage.ANSWERING)

    assert spared({Member(2, Stage.ANSWERING), slow, Member(0, Stage.WORKING)}) is slow


def test_nobody_leaves_while_the_agent_works_for_everybody() -> None:
    assert spared({Member(0, Stage.WORKING)}) is None
    assert spared(set()) is None


@pytest.fixture
def waiting() -> Iterator[tuple[Turns, threading.Event]]:
    """A queue whose turn client `a` has and does not end before the event."""
    turns, done, begun = Turns(most=3, most_of_one=2), threading.Event(), threading.Event()

    def hold() -> None:
        with turns.turn("a"):
            begun.set()
            assert done.wait(30)

    thread = threading.Thread(target=hold)
    thread.start()
    assert begun.wait(30)
    yield turns, done
    done.set()
    thread.join()


def test_one_client_has_its_share_of_the_queue_and_all_together_the_whole(
    waiting: tuple[Turns, threading.Event],
) -> None:
    turns, done = waiting
    entered: list[str] = []

    def enter(client: str) -> None:
        with turns.turn(client):
            entered.append(client)

    queue = [threading.Thread(target=enter, args=(client,)) for client in ("a", "b")]
    for thread in queue:
        thread.start()
    while turns.length < 3:
        assert not entered

    for client in ("a", "c"):
        with pytest.raises(TooManyWaiting), turns.turn(client):
            pass
    done.set()
    for thread in queue:
        thread.join(30)
    assert sorted(entered) == ["a", "b"]
    assert turns.length == 0
    with turns.turn("a"):
        pass
