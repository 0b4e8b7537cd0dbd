from __future__ import annotations

import os
import resource
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path
from uuid import uuid4

import pytest

from leverwatch.collectors.sources.git.child import Command, run_git
from leverwatch.collectors.sources.git.errors import GitFailed, GitStopped
from tests.collectors.sources.git.repo import ENVIRON, Repo
from tests.collectors.sources.git.silent import marked, silent_server
from tests.e2e.servers import wait_until

FETCHING = """
import os, sys, threading
from leverwatch.collectors.sources.git.child import Command, run_git
def fetch():
    with run_git(Command(tuple(sys.argv[1:]), dict(os.environ), 600.0)) as output:
        output.read()
thread = threading.Thread(target=fetch)
thread.start()
thread.join()
"""


def test_nothing_of_a_fetch_outlives_an_agent_that_is_killed(tmp_path: Path) -> None:
    mark = f"MARK={uuid4().hex}"
    name, _, value = mark.partition("=")
    with silent_server() as port:
        agent = subprocess.Popen(
            [sys.executable, "-c", FETCHING, "ls-remote", f"http://127.0.0.1:{port}/x.git"],
            env={**os.environ, **ENVIRON, name: value, "HOME": str(tmp_path)},
        )
        wait_until(lambda: any("git-remote-http" in line for line in marked(mark).values()), 20, "the transport")
        assert len(marked(mark)) >= 4, "the agent, the shell, git and its transport"
        agent.kill()
        agent.wait()

        wait_until(lambda: not marked(mark), 2, "the end of everything that was started")


def test_a_fetch_ends_when_the_agent_stops() -> None:
    mark = f"MARK={uuid4().hex}"
    name, _, value = mark.partition("=")
    started = time.monotonic()
    with silent_server() as port:
        arguments = ("ls-remote", f"http://127.0.0.1:{port}/x.git")
        command = Command(
            arguments, {**ENVIRON, name: value}, 600.0, stopping=lambda: time.monotonic() > started + 0.5
        )
        with pytest.raises(GitStopped, match="the agent stops"), run_git(command) as output:
            output.read()

    assert time.monotonic() - started < 60
    assert not marked(mark)


def test_words_that_were_cut_because_the_agent_stops_are_no_error_of_their_own(tmp_path: Path) -> None:
    slow = tmp_path / "git"
    slow.write_text("#!/bin/sh\nexec sleep 600\n")
    slow.chmod(0o755)
    command = Command(("x",), {**ENVIRON, "PATH": f"{tmp_path}:{ENVIRON['PATH']}"}, 600.0, stopping=lambda: True)

    with pytest.raises(GitStopped), run_git(command) as output:
        raise ValueError(output.read())


def test_a_command_leaves_no_process_behind_when_it_succeeds(repo: Repo) -> None:
    mark = f"MARK={uuid4().hex}"
    name, _, value = mark.partition("=")
    for _ in range(3):
        with run_git(Command(("-C", str(repo.path), "status"), {**ENVIRON, name: value}, 60.0)) as output:
            assert b"main" in output.read()

    assert not marked(mark)


def test_a_file_that_grows_beyond_its_limit_ends_the_command(repo: Repo) -> None:
    repo.git("config", "alias.grow", "!head -c 1000000 /dev/zero >grown")
    command = Command(("-C", str(repo.path), "grow"), ENVIRON, 60.0, largest_file=100_000)

    with pytest.raises(GitFailed), run_git(command) as output:
        output.read()

    assert (repo.path / "grown").stat().st_size <= 100_000


def test_what_git_writes_is_its_users_alone_whatever_the_umask_is(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        with run_git(Command(("init", "-q", "--bare", str(tmp_path / "new")), ENVIRON, 60.0)) as output:
            output.read()
    finally:
        os.umask(before)

    assert not any(path.stat().st_mode & 0o077 for path in (tmp_path / "new").rglob("*"))


def test_an_agent_with_more_than_a_thousand_open_files_can_read_from_git(tmp_path: Path) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, max(soft, 4096)), hard))
    with ExitStack() as opened:
        for _ in range(1100):
            opened.enter_context(Path(os.devnull).open())
        with run_git(Command(("--version",), {**ENVIRON, "HOME": str(tmp_path)}, 60.0)) as output:
            assert output.read().startswith(b"git version")
