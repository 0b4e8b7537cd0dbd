from __future__ import annotations

from pathlib import Path

import pytest

from leverwatch.collectors.sources.git.address import cache_name, is_remote, local_path, redactor, shown


@pytest.mark.parametrize(
    ("repo", "remote"),
    [
        ("https://git.example.com/a.git", True),
        ("file:///srv/a.git", True),
        ("ssh://git@git.example.com/a", True),
        ("git@git.example.com:team/a.git", True),
        ("git.example.com:a", True),
        ("/srv/a.git", False),
        ("prompts.git", False),
        ("./a:b", False),
        ("../a", False),
    ],
)
def test_a_transport_makes_an_address_remote(repo: str, remote: bool) -> None:
    assert is_remote(repo) is remote


def test_a_relative_path_starts_at_the_configuration(tmp_path: Path) -> None:
    assert local_path("a/../b.git", tmp_path) == tmp_path.resolve() / "b.git"
    assert local_path("/srv/a.git", tmp_path) == Path("/srv/a.git")


@pytest.mark.parametrize(
    ("repo", "expected"),
    [
        ("https://user:canary@git.example.com/a.git", "https://git.example.com/a.git"),
        ("https://canary@git.example.com:8443/a.git", "https://git.example.com:8443/a.git"),
        ("https://user:can/ary@git.example.com/a.git", "https://git.example.com/a.git"),
        ("https://user:c@nary@git.example.com/a.git", "https://git.example.com/a.git"),
        ("https://git.example.com/a.git?private_token=canary", "https://git.example.com/a.git"),
        ("https://git.example.com/@scope/a", "https://git.example.com/@scope/a"),
        ("https://git.example.com:8443/@scope/a", "https://git.example.com:8443/@scope/a"),
        ("git@git.example.com:team/a.git", "git.example.com:team/a.git"),
        ("user:canary@git.example.com:team/a.git", "git.example.com:team/a.git"),
        ("/srv/odd@name", "/srv/odd@name"),
    ],
)
def test_an_address_is_shown_without_credentials(repo: str, expected: str) -> None:
    assert shown(repo) == expected


@pytest.mark.parametrize(
    ("repo", "text", "expected"),
    [
        (
            "https://user:canary@h.example/a",
            "fatal: unable to access 'https://user:canary@h.example/a/': no",
            "fatal: unable to access 'https://h.example/a/': no",
        ),
        ("https://user:canary@h.example/a", "bad password canary given", "bad password [redacted] given"),
        ("https://user:can%2Fary@h.example/a", "bad password can/ary given", "bad password [redacted] given"),
        ("https://canarytoken@h.example/a", "no user canarytoken", "no user [redacted]"),
        ("https://git@h.example/a", "git: no such thing", "git: no such thing"),
        ("https://h.example/a", "see https://x:canary@other.example/b", "see https://other.example/b"),
        ("/srv/a", "see https://x:canary@other.example/b", "see https://other.example/b"),
        ("/srv/a", "asked 'https://h.example/b?token=canary#canary': no", "asked 'https://h.example/b': no"),
        (
            "https://user:word@h.example/a",
            "redirected to https://login.example/?state=canary",
            "redirected to https://login.example/",
        ),
    ],
)
def test_credentials_are_taken_out_of_any_text(repo: str, text: str, expected: str) -> None:
    assert redactor(repo)(text) == expected


def test_a_new_token_finds_the_old_copy_and_another_branch_does_not() -> None:
    first = cache_name("team/prompts", "https://a:old@h.example/x", None)

    assert first == cache_name("team/prompts", "https://a:new@h.example/x", None)
    assert first != cache_name("team/prompts", "https://h.example/x", "main")
    assert "/" not in first
