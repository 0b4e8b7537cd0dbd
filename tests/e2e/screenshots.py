"""Pictures of the dashboards, for the documentation: `make screenshots`.

A real Prometheus knows the past of the demo by a replay, and its present by scraping the agent. The page of
`grafana/preview` asks it what the shipped dashboards ask, draws the answers with Grafana's own components in a
real Chromium, and has Grafana's own code check every unit, colour and value mapping. Any problem ends this with 1.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, FloatRect, sync_playwright
from tqdm import tqdm

from leverwatch.agent.demo.build import live
from tests.e2e.history import History, company_with_a_past

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "build/preview"
CHROMIUM = "/usr/bin/chromium"
FLAGS = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync"),
)
WIDTH, TALLEST = 1440, 12_000
PAST_DAYS = 90
"""As far as *Fleet* and *System* look back."""
BEAT = 10.0
"""Seconds between new lines in the log of the demo."""


@dataclass(frozen=True)
class Picture:
    """What one picture shows."""

    dashboard: str
    until: str = ""
    """The row before which it ends; empty: the whole dashboard."""
    system: str = ""
    lately: bool = False
    """Whether only the minutes of the live agent are shown, in place of the dashboard's own time range."""


PICTURES = (
    Picture("fleet"),
    Picture("system", until="Outlook", system="support-bot"),
    Picture("agent", until="Records", lately=True),
)


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name is the base class's
        """Say nothing of requests."""


@contextmanager
def _served(folder: Path) -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _go_on(history: History, minutes: int) -> None:
    """Let the demo live: new lines all the time, and once in a while one that is no record."""
    for beat in tqdm(range(int(minutes * 60 / BEAT)), desc="the agent at work", unit="beat"):
        time.sleep(BEAT)
        live(history.demo.folder, datetime.now(UTC), BEAT)
        if beat % 20 == 10:
            with (history.demo.folder / "logs" / f"gateway-{history.today}.jsonl").open("a") as log:
                log.write("no record\n")


def _take(browser: Browser, address: str, picture: Picture, request: dict[str, Any], out: Path) -> list[str]:
    """Write one picture and, in the folder for whole ones, the dashboard to its end; what is wrong with it."""
    page = browser.new_page(viewport={"width": WIDTH, "height": TALLEST})
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("response", lambda answer: problems.append(f"{answer.status} {answer.url}") if not answer.ok else None)
    page.add_init_script(f"window.request = {json.dumps(request)}")
    page.goto(address)
    page.wait_for_function("window.result", timeout=60_000)
    found: list[str] = page.evaluate("window.result.problems")
    if found:
        return found
    page.wait_for_load_state("networkidle")
    drawn = page.locator("[data-kind]").count()
    if drawn != len(request["dashboard"]["panels"]):
        problems.append(f"{drawn} of {len(request['dashboard']['panels'])} panels")
    whole = page.locator("#root > div").first.bounding_box()
    if whole is None or problems:
        return problems or ["nothing was drawn"]
    page.screenshot(path=ROOT / f"build/dashboard-{picture.dashboard}.png", clip=whole)
    if picture.until:
        end = page.locator(f'[data-kind="row"][data-title="{picture.until}"]').bounding_box()
        assert end is not None, picture.until
        whole = FloatRect(x=whole["x"], y=whole["y"], width=whole["width"], height=end["y"] - whole["y"])
    page.screenshot(path=out / f"dashboard-{picture.dashboard}.png", clip=whole)
    page.close()
    return []


def _take_all(prometheus: str, minutes: int, out: Path) -> int:
    failed = 0
    with _served(PAGE) as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=[*FLAGS])
        for picture in PICTURES:
            file = ROOT / f"grafana/dashboards/{picture.dashboard}.json"
            request = {
                "dashboard": json.loads(file.read_text("utf-8")),
                "prometheus": prometheus,
                "choices": {"system": picture.system} if picture.system else {},
                "theme": "dark",
                "width": WIDTH,
                **({"from": f"now-{minutes}m"} if picture.lately else {}),
            }
            for problem in _take(browser, address, picture, request, out):
                print(f"{picture.dashboard}: {problem}", file=sys.stderr)
                failed = 1
        browser.close()
    return failed


def main() -> int:
    """Take every picture; 1 when something is wrong with a dashboard."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    # Long enough for the first alerts to fire, which wait for fifteen minutes.
    parser.add_argument("--minutes", type=int, default=20, help="how long the agent works before (default: 20)")
    parser.add_argument("--prometheus", help="address of a Prometheus that knows a demo already")
    parser.add_argument("--out", type=Path, default=ROOT / "docs/images")
    options = parser.parse_args()
    if options.prometheus:
        return _take_all(options.prometheus, options.minutes, options.out)
    with (
        tempfile.TemporaryDirectory() as folder,
        company_with_a_past(Path(folder), PAST_DAYS) as history,
    ):
        _go_on(history, options.minutes)
        return _take_all(history.prometheus.url, options.minutes, options.out)


if __name__ == "__main__":
    sys.exit(main())
