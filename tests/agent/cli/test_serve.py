"""`serve`, with signals that do not wake the main thread."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

PROGRAM = """
import signal, threading, time
from leverwatch.agent.cli.serve import serve

class Agent:
    def start(self):
        threading.Thread(target=end, daemon=True).start()
    def ask_to_stop(self):
        pass
    def stop(self):
        print("stopped")
        return frozenset()

def end():
    time.sleep(1)  # the main thread waits by now
    signal.pthread_kill(threading.get_ident(), signal.SIGTERM)
    time.sleep(60)

serve(Agent())
"""


def test_a_signal_that_another_thread_takes_ends_it_all_the_same() -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        cwd=Path(__file__).parents[3],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )

    assert (done.returncode, done.stdout) == (0, "stopped\n"), done.stderr
