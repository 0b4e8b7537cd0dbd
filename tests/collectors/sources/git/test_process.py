from __future__ import annotations

import time
from pathlib import Path

import pytest

from leverwatch.collectors.sources.git.child import Command, run_git
from leverwatch.collectors.sources.git.errors import GitFailed, GitTimeout
from leverwatch.collectors.sources.git.process import Git, environment, summary
from tests.collectors.sources.git.repo import ENVIRON, Repo


def alias(repo: Repo, script: str) -> None:
    repo.git("config", "alias.work", f"!{script}")


def test_variables_that_point_elsewhere_are_left_out() -> None:
    outside = {"GIT_DIR": "/x", "GIT_TRACE": "1", "GIT_SSH_COMMAND": "ssh -i key", "HOME": "/h", "LC_ALL": "de_DE"}

    inside = environment(outside)

    assert inside["GIT_SSH_COMMAND"] == "ssh -i key"
    assert (inside["HOME"], inside["LC_ALL"], inside["GIT_TERMINAL_PROMPT"]) == ("/h", "C", "0")
    assert "GIT_DIR" not in inside
    assert "GIT_TRACE" not in inside


def _has_ended(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] in {"Z", "X"}
    except (FileNotFoundError, ProcessLookupError):
        return True


def test_a_slow_git_is_ended_when_its_time_is_up(repo: Repo) -> None:
    alias(repo, "sleep 600")

    command = Command(("-C", str(repo.path), "work"), ENVIRON, 0.2)
    with pytest.raises(GitTimeout, match=r"longer than 0\.2 s"), run_git(command) as output:
        output.read()


def test_a_caller_that_gives_up_ends_the_command_and_its_children(repo: Repo) -> None:
    alias(repo, "sleep 600 & echo $!; wait")
    children = []

    def give_up() -> None:
        with run_git(Command(("-C", str(repo.path), "work"), ENVIRON, 60.0)) as output:
            children.append(int(output.readline()))
            raise KeyError

    with pytest.raises(KeyError):
        give_up()

    deadline = time.monotonic() + 10
    while not _has_ended(children[0]) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert _has_ended(children[0])


def test_a_large_input_and_a_large_output_do_not_block_each_other(repo: Repo) -> None:
    alias(repo, "cat; cat >&2 /dev/null")
    data = b"x" * 10_000_000

    with run_git(Command(("-C", str(repo.path), "work"), ENVIRON, 60.0, data)) as output:
        assert output.read() == data


def test_a_failure_carries_redacted_words_and_no_trace_of_the_others(repo: Repo) -> None:
    alias(repo, "echo fatal: canary >&2; exit 3")
    git = Git(run_git, ENVIRON, 60.0, lambda text: text.replace("canary", "[redacted]"))

    with pytest.raises(GitFailed, match=r"fatal: \[redacted\]") as caught:
        git.read(repo.path, "work")
    assert caught.value.__context__ is None
    assert caught.value.__cause__ is None


def test_hooks_of_the_repository_do_not_run(repo: Repo, tmp_path: Path) -> None:
    repo.commit({"a.md": "1"})
    mark = tmp_path / "hook-ran"
    hook = repo.path / ".git" / "hooks" / "reference-transaction"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(f"#!/bin/sh\ntouch {mark}\n")
    hook.chmod(0o755)
    git = Git(run_git, ENVIRON, 60.0, str)

    git.read(repo.path, "update-ref", "refs/heads/x", "HEAD")
    assert not mark.exists()

    repo.git("update-ref", "refs/heads/y", "HEAD")
    assert mark.exists(), "the hook works, so the check above can fail"


@pytest.mark.parametrize(
    ("complaint", "expected"),
    [
        ("warning: slow\nfatal: no such thing\nhint: try\n", "fatal: no such thing"),
        ("something odd\n", "something odd"),
        ("", "git failed without a word"),
        ("fatal: " + "x" * 1000, "fatal: " + "x" * 293),
    ],
)
def test_the_telling_line_of_a_complaint_is_kept(complaint: str, expected: str) -> None:
    assert summary(complaint) == expected
