"""Pictures of the real page with the demo's data, at three widths: `make pictures`."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

from playwright.sync_api import Page, sync_playwright

from tests.agent.web.browsing import CHROMIUM, FLAGS

ROOT = Path(__file__).parents[3]
FOLDER = ROOT / "docs/images"
ADDRESS = "127.0.0.1:19847"
WIDTHS = {"": (1280, 800), "-tablet": (820, 1100), "-phone": (390, 844)}


@contextmanager
def demo() -> Iterator[str]:
    """The address of a demo that serves; it ends with the context."""
    command = [sys.executable, "-m", "leverwatch", "demo", "--listen", ADDRESS]
    process = subprocess.Popen(command, cwd=ROOT, env=dict(os.environ), stdout=subprocess.DEVNULL)
    try:
        while not _ready():
            if process.poll() is not None:
                raise SystemExit(f"the demo ended with {process.returncode}")
            time.sleep(0.5)
        yield f"http://{ADDRESS}/"
    finally:
        process.terminate()
        process.wait(30)


def _ready() -> bool:
    try:
        with urlopen(f"http://{ADDRESS}/-/ready", timeout=5) as answer:
            return bool(answer.status == 200)
    except (URLError, OSError):
        return False


def take(page: Page, address: str) -> None:
    """Write the first screen at each width."""
    FOLDER.mkdir(exist_ok=True)
    for name, (width, height) in WIDTHS.items():
        page.set_viewport_size({"width": width, "height": height})
        page.goto(address)
        page.screenshot(path=FOLDER / f"status{name}.png")


def main() -> None:
    """Take them all."""
    with demo() as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        take(browser.new_page(), address)
        browser.close()


if __name__ == "__main__":
    main()
