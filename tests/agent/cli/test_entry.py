from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
PROGRAM = """
import atexit, sys, threading, time
import click
from leverwatch.agent.cli import entry, main as main_module

@click.command()
@click.argument("arguments", nargs=-1)
def main(arguments):
    {body}

atexit.register(print, "at exit")
main_module.main = main
sys.argv = ["leverwatch", *sys.argv[1:]]
entry.command()
"""


def run(body: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", PROGRAM.format(body=body), *arguments],
        cwd=ROOT, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip


@pytest.mark.parametrize("code", [0, 1, 130])
def test_a_command_ends_with_its_code_after_all_that_it_printed(code: int) -> None:
    done = run(f"print('x' * 100_000); sys.exit({code})")

    assert (done.returncode, done.stderr) == (code, "")
    assert done.stdout == "x" * 100_000 + "\nat exit\n"


def test_a_command_does_not_take_python_apart() -> None:
    freed = "type('Kept', (), {'__del__': lambda self, write=os.write: write(1, b'freed')})()"
    done = run(f"import os; sys.kept = {freed}")

    assert (done.returncode, done.stdout) == (0, "at exit\n")


def test_a_thread_that_python_waits_for_goes_on_to_its_end() -> None:
    done = run("threading.Thread(target=lambda: (time.sleep(0.2), print('done'))).start()")

    assert (done.returncode, done.stdout) == (0, "done\nat exit\n")


def test_a_message_instead_of_a_code_is_printed() -> None:
    done = run("raise SystemExit('it cannot')")

    assert (done.returncode, done.stderr) == (1, "it cannot\n")


def test_an_error_is_shown_as_python_shows_it() -> None:
    done = run("1 / 0")

    assert done.returncode == 1
    assert done.stderr.endswith("ZeroDivisionError: division by zero\n")


def test_a_hangup_before_the_agent_is_imported_does_not_end_it() -> None:
    body = "import os, signal; os.kill(os.getpid(), signal.SIGHUP); print('goes on')"

    assert run(body, "run").stdout == "goes on\nat exit\n"
    assert run(body, "collect").returncode == -signal.SIGHUP
