"""The agent listens as it is shipped, on machines with both protocols and with only one of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.e2e.networks import ADDRESSES, answering

pytestmark = pytest.mark.e2e


def configured(folder: Path, web: str = "") -> Path:
    path = folder / "leverwatch.yaml"
    path.write_text(f'store: {{url: "sqlite:///store.db"}}\n{web}')
    return path


@pytest.mark.parametrize(
    ("lacking", "answers"), [("nothing", [*ADDRESSES]), ("ipv6", ["127.0.0.1"]), ("ipv4", ["::1"])]
)
@pytest.mark.parametrize("web", ["", 'web: {listen: "localhost:9847"}\n'], ids=["default", "localhost"])
def test_it_answers_on_every_protocol_that_there_is(
    tmp_path: Path, lacking: str, answers: list[str], web: str
) -> None:
    assert answering(lacking, configured(tmp_path, web)) == answers


@pytest.mark.parametrize("lacking", ["ipv6", "ipv4"])
def test_the_probe_listener_does_too(tmp_path: Path, lacking: str) -> None:
    web = 'web: {listen: ":9847", probe_listen: ":9848"}\n'

    assert answering(lacking, configured(tmp_path, web), 9848) != []
