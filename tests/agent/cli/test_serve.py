"""`serve`, with signals that do not wake the main thread."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from leverwatch.agent.cli.options import Exit
from leverwatch.agent.cli.signals import StopRequests

AGENT = """
import os, signal, threading, time
from leverwatch.agent.cli.serve import serve
from leverwatch.agent.cli.signals import at_leaving
from leverwatch.agent.errors import ConfigError

class Agent:
    def start(self):
        threading.Thread(target=end, daemon=True).start()
    def reload(self):
        raise ConfigError(("is wrong",))
    def ask_to_stop(self):
        pass
    def stop(self):
        print("stopped")
        return frozenset()
"""
PROGRAM = (
    AGENT
    + """
def end():
    time.sleep(1)  # the main thread waits by now
    signal.pthread_kill(threading.get_ident(), signal.SIGTERM)
    time.sleep(60)

serve(Agent())
"""
)


def run(program: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", program],
        cwd=Path(__file__).parents[3],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


def test_a_signal_that_another_thread_takes_ends_it_all_the_same() -> None:
    done = run(PROGRAM)

    assert (done.returncode, done.stdout) == (0, "stopped\n"), done.stderr


def test_a_signal_that_comes_twice_at_once_is_one_request_and_a_later_one_ends_it() -> None:
    """As when `make` passes on what its whole group got."""
    clock = [10.0]
    requests = StopRequests(lambda: clock[0])
    counted = []
    for moment in (10.0, 10.0, 10.4, 10.6, 10.7, 12.0):
        clock[0] = moment
        counted.append(requests.count())

    assert counted == [1, 0, 0, 2, 0, 3]


def test_what_has_to_be_done_at_the_end_is_done_also_when_the_agent_does_not_stop() -> None:
    program = f"""{AGENT}
def end():
    os.kill(os.getpid(), signal.SIGTERM)

Agent.stop = lambda self: frozenset({{"stuck"}})
with at_leaving(lambda: print("cleaned up", flush=True)):
    serve(Agent())
"""
    done = run(program)

    assert (done.returncode, done.stdout.splitlines()[-1]) == (Exit.UNFINISHED, "cleaned up"), done.stderr


def test_a_reload_that_fails_prints_nothing_that_the_log_does_not_say() -> None:
    program = f"""{AGENT}
def end():
    os.kill(os.getpid(), signal.SIGHUP)
    os.kill(os.getpid(), signal.SIGTERM)

serve(Agent())
"""
    done = run(program)

    assert (done.returncode, done.stdout, done.stderr) == (0, "stopped\n", "")


def test_a_hangup_ends_what_does_not_reload() -> None:
    program = f"""{AGENT}
def end():
    os.kill(os.getpid(), signal.SIGHUP)

serve(Agent(), reloads=False)
"""
    done = run(program)

    assert (done.returncode, done.stdout) == (0, "stopped\n"), done.stderr
