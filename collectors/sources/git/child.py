"""Runs one git command as a child process, with a time limit. No process that it starts outlives the agent."""

from __future__ import annotations

import io
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from select import POLLHUP, POLLIN, poll
from tempfile import TemporaryFile
from threading import Event, Thread
from typing import IO

from msgspec import Struct

from leverwatch.collectors.sources.git.errors import GitFailed, GitMissing, GitStopped, GitTimeout

_LOOK_SECONDS = 0.1
"""Seconds between two checks of the time limit and of the wish to stop."""
_GRACE_SECONDS = 1.0
"""Seconds between SIGTERM, after which git can clean up, and SIGKILL."""
_PIPE = 1024 * 1024
"""Bytes that git can print before they are read: the fewer times the two wait for each other, the better."""
_ENOUGH = 64 * 1024
_PAUSE_SECONDS = 0.002
"""Seconds to let git go on when less than `_ENOUGH` bytes are there: it prints each object by itself, and a reader
that wakes up for each one costs more than the reading does. In that time git does not fill the pipe."""
_BLOCK = 512
"""Bytes of a block, the unit of `ulimit -f`."""

# The shell, git and whatever git starts are one process group. Beside git a process waits for the end of a pipe
# whose other end only the agent holds: when the agent is gone, however it went, the kernel closes the pipe, and
# the group is killed. (The kernel's own signal for the death of a parent goes to git alone, not to its
# transports, and counts the end of a thread as that death.) The shell stays, so that all it started has a parent.
_SCRIPT = """
trap : TERM
umask 077
exec 9<"/dev/fd/$1"
{ trap '' TERM; read -r nothing <&9; kill -KILL 0; } </dev/null >/dev/null 2>&1 &
watcher=$!
if [ "$2" != 0 ]; then ulimit -f "$2" 2>/dev/null || :; fi
shift 2
"$@" 9<&-
code=$?
kill -KILL "$watcher"
wait "$watcher" 2>/dev/null
exit "$code"
"""


class Command(Struct, frozen=True):
    """Everything that one run of git needs."""

    arguments: tuple[str, ...]
    """The arguments of `git`. Every user of the machine can read them while it runs, so they must hold no
    secret."""
    environ: Mapping[str, str]
    timeout: float
    """The time limit in seconds."""
    input: bytes = b""
    stopping: Callable[[], bool] = lambda: False
    """Called while the command runs; when it returns true, the command is ended."""
    largest_file: int = 0
    """The largest file in bytes that it may write, where the system supports such a limit; 0: no limit."""


class _Gathered(io.RawIOBase):
    """The output of a process, of which each read gives some more than the process happened to write last."""

    def __init__(self, output: io.RawIOBase) -> None:
        self._output = output
        # `select` cannot ask for a file whose number is above 1,023, as those of an agent with many files are.
        self._waiting = poll()
        self._waiting.register(output, POLLIN | POLLHUP)

    def fileno(self) -> int:
        return self._output.fileno()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview, /) -> int:  # type: ignore[override]
        space = memoryview(buffer)
        got = 0
        while number := self._output.readinto(space[got:]):
            got += number
            if got >= min(_ENOUGH, len(space)):
                break
            time.sleep(_PAUSE_SECONDS)
            if not self._waiting.poll(0):
                break
        return got

    def close(self) -> None:
        self._output.close()
        super().close()


@contextmanager
def run_git(command: Command) -> Iterator[IO[bytes]]:
    """A context manager that starts a command and gives its standard output; leaving it waits for the end.

    An exception inside the context ends the command.

    Raises:
        GitMissing: git is not on PATH.
        GitTimeout: the time limit was reached.
        GitStopped: the agent stops.
        GitFailed: git exited with an error.
    """
    with TemporaryFile() as feed, TemporaryFile() as complaints:
        feed.write(command.input)
        feed.seek(0)
        # Python's own descriptors are closed in every child, so that no other child holds the agent's end open.
        theirs, ours = os.pipe()
        try:
            process = _start(command, feed, complaints, theirs)
            with _ended(process, command) as told:
                if not isinstance(process.stdout, io.RawIOBase):  # never; the type does not say so
                    raise GitFailed("git has no output")
                try:
                    yield io.BufferedReader(_Gathered(process.stdout), _PIPE)
                except Exception:
                    if told:  # what was read was cut for that reason
                        raise told[0] from None
                    raise
                code = process.wait()
        finally:
            os.close(theirs)
            os.close(ours)
        if told:
            raise told[0]
        if code != 0:
            complaints.seek(0)
            raise GitFailed(complaints.read().decode(errors="replace"))


def _start(command: Command, feed: IO[bytes], complaints: IO[bytes], lifeline: int) -> subprocess.Popen[bytes]:
    git = shutil.which("git", path=command.environ.get("PATH", os.defpath))
    if git is None:
        raise GitMissing("git cannot be started: there is no git on PATH")
    blocks = max(1, command.largest_file // _BLOCK) if command.largest_file else 0
    try:
        return subprocess.Popen(
            ("/bin/sh", "-c", _SCRIPT, "git", str(lifeline), str(blocks), git, *command.arguments),
            stdin=feed,
            stdout=subprocess.PIPE,
            bufsize=0,
            pipesize=_PIPE,
            stderr=complaints,
            env=dict(command.environ),
            start_new_session=True,
            pass_fds=(lifeline,),
        )
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "an argument holds a NUL"
        raise GitMissing(f"git cannot be started: {reason}") from error


@contextmanager
def _ended(process: subprocess.Popen[bytes], command: Command) -> Iterator[list[Exception]]:
    """A context manager that ends the command at its time limit or when the agent stops, and in the end all of its
    processes; it gives a list with the reason, if it ended the command."""
    told: list[Exception] = []
    over = Event()

    def watch() -> None:
        end = time.monotonic() + command.timeout
        while not over.wait(min(_LOOK_SECONDS, max(0.0, end - time.monotonic()))):
            if command.stopping():
                told.append(GitStopped("git was ended, because the agent stops"))
            elif time.monotonic() >= end:
                told.append(GitTimeout(f"git took longer than {command.timeout:g} s"))
            if told:
                _end(process)
                return

    watching = Thread(target=watch, name="git", daemon=True)
    watching.start()
    try:
        yield told
    finally:
        over.set()
        watching.join()
        if process.poll() is None:
            _end(process)
        process.wait()
        if process.stdout is not None:
            process.stdout.close()
        if told or process.returncode != 0:
            _reap(process.pid)


def _end(process: subprocess.Popen[bytes]) -> None:
    """End the whole process group: first with SIGTERM, so that git can clean up, and then with SIGKILL."""
    end = time.monotonic() + _GRACE_SECONDS
    _signal(process, signal.SIGTERM)
    while process.poll() is None and time.monotonic() < end:
        time.sleep(0.02)
    _signal(process, signal.SIGKILL)


def _signal(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    try:
        os.killpg(process.pid, number)
    except ProcessLookupError:
        return


def _reap(group: int) -> None:
    """Wait until no process of the group exists that could still write a file.

    Where the agent is the first process of a container, orphaned processes become its children, and it has to
    collect their exit status.
    """
    end = time.monotonic() + _GRACE_SECONDS
    while time.monotonic() < end:
        with suppress(ChildProcessError):
            os.waitpid(-group, os.WNOHANG)
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return
        time.sleep(0.01)
