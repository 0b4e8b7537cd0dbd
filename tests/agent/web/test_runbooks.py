"""The runbooks that the agent serves."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urljoin

import pytest
import requests

from leverwatch.agent.exporter.render import Exposition
from leverwatch.agent.web import runbooks
from leverwatch.agent.web.server import Server, State, create_app
from leverwatch.agent.web.style import style_source

WRITTEN = sorted(path.stem for path in (Path(__file__).parents[3] / "docs" / "runbooks").glob("*.md"))


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    server = Server("127.0.0.1", 0, create_app(State(Exposition(), lambda: (True, ""))))
    server.start()
    yield server
    server.stop()


def get(server: Server, path: str) -> requests.Response:
    return requests.get(f"http://127.0.0.1:{server.port}{path}", timeout=30)


def test_every_runbook_that_is_written_is_served_and_listed() -> None:
    assert list(runbooks.alerts()) == WRITTEN
    assert re.findall(r'href="runbooks/(\w+)"', runbooks.index()) == WRITTEN


@pytest.mark.parametrize("alert", WRITTEN)
def test_a_runbook_is_a_page_under_both_of_its_names_and_all_its_links_lead_somewhere(
    server: Server, alert: str
) -> None:
    page = get(server, f"/runbooks/{alert}")

    assert page.headers["Content-Type"] == "text/html; charset=utf-8"
    assert style_source() in page.headers["Content-Security-Policy"]
    assert f"<h1>{alert}</h1>" in page.text
    assert "<h2>Mitigation</h2>" in page.text
    assert get(server, f"/runbooks/{alert}.md").text == page.text
    targets = set(re.findall(r'href="([^"]+)"', page.text))
    assert {"..", "../runbooks"} <= targets
    for target in targets:
        assert requests.get(urljoin(page.url, target), timeout=30).ok, target


def test_what_is_no_runbook_is_not_found(server: Server) -> None:
    for path in ("/runbooks/Nothing", "/runbooks/../runbooks/x", "/runbooks/LeverwatchDown.txt", "/runbooks/"):
        assert get(server, path).status_code == 404


def test_a_link_to_a_page_that_is_not_served_is_its_words_alone() -> None:
    page = runbooks.page("LeverwatchBaselineMissing")

    assert "<p>The rule says what counts as a baseline.</p>" in page
