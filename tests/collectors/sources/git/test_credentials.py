from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import pytest
from msgspec.structs import replace
from pydantic import ValidationError

from leverwatch.collectors.errors import SourceUnavailable
from leverwatch.collectors.sources.git.config import GitConfig
from leverwatch.collectors.sources.git.credentials import remote
from tests.collectors.sources.git.http import git_server
from tests.collectors.sources.git.repo import ENVIRON, Repo, watch
from tests.collectors.sources.git.silent import marked


@contextmanager
def command_lines(mark: str) -> Iterator[set[str]]:
    """Every command line of a marked process that is seen while the block runs."""
    seen: set[str] = set()
    over = threading.Event()

    def look() -> None:
        while not over.is_set():
            seen.update(marked(mark).values())
            time.sleep(0.002)

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield seen
    finally:
        over.set()
        thread.join()


@pytest.mark.parametrize(
    ("written", "user", "password"),
    [
        ("prometheus:canary-word", "prometheus", "canary-word"),
        ("canary-token-without-password", "canary-token-without-password", ""),
        ("canary-token:", "canary-token", ""),
        ("x:can%2Fary%40%3Aword", "x", "can/ary@:word"),
        ("ca%20nary:canary%25%5C", "ca nary", "canary%\\"),
    ],
)
def test_credentials_reach_the_server_and_no_command_line_and_no_file(
    repo: Repo, tmp_path: Path, written: str, user: str, password: str
) -> None:
    repo.commit({"a.md": "1"})
    mark = uuid4().hex
    with git_server(tmp_path, user, password) as server:
        source = watch(f"http://{written}@127.0.0.1:{server.port}/repo", tmp_path)
        source.context = replace(source.context, environ={**ENVIRON, "MARK": mark})
        source.restart()
        with command_lines(f"MARK={mark}") as seen:
            for version in range(3):
                repo.commit({"a.md": f"more {version}"})
                source.collect()

    assert source.events()[0] == (0, "added", 1)
    assert f"{user}:{password}" in server.asked
    assert any("remote-http" in line for line in seen), "a transport was seen, so the check below can fail"
    assert not [line for line in seen if "canary" in line or "nary" in line or (password and password in line)]
    kept = [path.read_bytes() for path in (tmp_path / "cache").rglob("*") if path.is_file()]
    assert not any(b"nary" in content for content in kept)


def test_a_wrong_password_is_said_without_the_password(repo: Repo, tmp_path: Path) -> None:
    repo.commit({"a.md": "1"})
    with git_server(tmp_path, "user", "right") as server:
        source = watch(f"http://user:canary@127.0.0.1:{server.port}/repo", tmp_path)
        with pytest.raises(SourceUnavailable, match="Authentication failed") as caught:
            source.collect()

    assert "canary" not in str(caught.value)


def test_another_server_is_not_given_the_credentials() -> None:
    given = remote("https://user:canary@one.example:8443/team/a.git", {"GIT_CONFIG_COUNT": "2"})

    assert given.url == "https://one.example:8443/team/a.git"
    keys = [value for name, value in given.environ.items() if name.startswith("GIT_CONFIG_KEY_")]
    assert set(keys) == {
        "credential.https://one.example:8443.username",
        "credential.https://one.example:8443.helper",
    }
    assert given.environ["GIT_CONFIG_COUNT"] == "5"
    assert "GIT_CONFIG_KEY_1" not in given.environ, "what was set before stays"
    assert "canary" not in repr(given)


@pytest.mark.parametrize("repo", ["ssh://git@h.example/a", "git@h.example:a", "https://h.example/a", "file:///a"])
def test_an_address_without_a_secret_is_left_as_it_is(repo: str) -> None:
    assert remote(repo, {}).url == repo
    assert not remote(repo, {}).environ


@pytest.mark.parametrize(
    "repo",
    [
        "https://h.example/a.git?private_token=canary",
        "https://user:canary@h.example/a.git#canary",
        "ssh://user:canary@h.example/a.git",
        "user:canary@h.example:team/a.git",
        "https://user:canary%0Ahost=evil@h.example/a",
    ],
)
def test_an_address_whose_secret_cannot_be_kept_is_refused_without_showing_it(repo: str) -> None:
    with pytest.raises(ValidationError) as caught:
        GitConfig.model_validate({"name": "prompts", "repo": repo, "systems": {"bot": ["*.md"]}})

    assert "canary" not in str(caught.value.errors(include_input=False, include_context=False))
