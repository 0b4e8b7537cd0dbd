from __future__ import annotations

import os
from pathlib import Path

import pytest
import requests

from leverwatch.collectors.bearer import Bearer, read_token
from leverwatch.collectors.errors import SourceRefused

TOKEN = "tok-canary-5150"


def test_a_token_comes_from_the_setting_or_from_its_file_and_may_be_none(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text(f"  {TOKEN}\n")

    assert read_token("source s", "given", None) == "given"
    assert read_token("source s", None, file) == TOKEN
    assert read_token("source s", None, None) is None


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (None, "cannot be read"),
        (b"\xff", "cannot be read"),
        (b" \n", "is empty"),
        (f"{TOKEN}\nsecond".encode(), "has characters that no token can have"),
        (f"{TOKEN}\N{EURO SIGN}".encode(), "has characters that no token can have"),
    ],
)
def test_a_file_without_a_usable_token_is_refused_and_not_quoted(
    content: bytes | None, reason: str, tmp_path: Path
) -> None:
    file = tmp_path / "token"
    if content is not None:
        file.write_bytes(content)

    with pytest.raises(SourceRefused) as raised:
        read_token("source s", None, file)
    assert str(raised.value) == f"source s: the token file {file} {reason}"


def test_a_pipe_in_the_place_of_the_file_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")

    with pytest.raises(SourceRefused, match="cannot be read"):
        read_token("source s", None, tmp_path / "pipe")


@pytest.mark.parametrize(("token", "sent"), [(TOKEN, f"Bearer {TOKEN}"), (None, None)])
def test_what_is_sent_is_the_token_alone(token: str | None, sent: str | None) -> None:
    request = requests.Request("GET", "http://127.0.0.1/", auth=Bearer(token)).prepare()

    assert request.headers.get("Authorization") == sent
