from __future__ import annotations

import gc
import subprocess
import sys
import weakref

import pytest

from leverwatch.agent.memory import collected_as_usual, collecting_rarely, give_back_freed, rarely_collected

PROGRAM = """
import sys, threading
from leverwatch.agent.memory import give_back

def resident():
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) // 1024 for line in status if line.startswith("VmRSS:"))

if sys.argv[1] == "told":
    assert give_back()
del_me = bytearray(20 << 20)
del del_me
kept = []
before = resident()
def work():
    # The small block above the large ones holds a heap at its height.
    blocks = [bytes(4 << 20) for _ in range(8)]
    for block in blocks:
        memoryview(bytearray(block))[::4096]
    kept.append(bytearray(100_000))
for _ in range(4):
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
print(resident() - before)
"""


def grown(how: str) -> int:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, how], capture_output=True, text=True, check=True, timeout=120
    )
    return int(done.stdout)


def test_large_blocks_are_given_back_by_whichever_thread_they_were_used() -> None:
    assert grown("told") < 10 < grown("not told")


class Node:
    def __init__(self) -> None:
        self.itself = self


def test_what_is_in_a_cycle_is_freed_at_once_when_memory_is_given_back() -> None:
    with rarely_collected():
        found = weakref.ref(Node())
        assert found() is not None

        give_back_freed()

        assert found() is None


def test_a_command_looks_for_garbage_rarely_while_it_runs_and_an_agent_as_usual() -> None:
    usual = gc.get_threshold()

    with rarely_collected():
        assert gc.get_threshold()[0] > 10 * usual[0]
        collected_as_usual()
        assert gc.get_threshold() == usual
    assert gc.get_threshold() == usual


@pytest.mark.parametrize("before", [(700, 10, 10), (500_000, 5, 5), (0, 10, 10)])
def test_for_a_while_garbage_is_looked_for_more_rarely_and_never_more_often(before: tuple[int, int, int]) -> None:
    usual = gc.get_threshold()
    gc.set_threshold(*before)
    try:
        with collecting_rarely():
            within = gc.get_threshold()
        assert gc.get_threshold() == before
    finally:
        gc.set_threshold(*usual)

    assert within == ((200_000, *before[1:]) if before[0] == 700 else before)


def test_what_a_command_made_is_not_scanned_when_it_ends() -> None:
    scanned: list[str] = []

    with rarely_collected():
        made = [[number] for number in range(10 * gc.get_threshold()[0] // 200)]
        gc.callbacks.append(lambda phase, _info: scanned.append(phase))
    try:
        later = [[number] for number in range(10)]
    finally:
        gc.callbacks.pop()

    assert len(made) > 700 > len(later)
    assert scanned == []
