"""What the page says of files of evaluations that were refused or are gone, from files on a disk to the words."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from leverwatch.agent.config.load import Loaded, load_config
from leverwatch.agent.evaluation.decide import Plan
from leverwatch.agent.evaluation.evaluate import evaluate
from leverwatch.agent.scheduling.source_runner import source_runner
from leverwatch.agent.source_view import SourceView
from leverwatch.agent.store.store import Store
from leverwatch.agent.web.status_page import render
from leverwatch.collectors.interface import utc_now
from leverwatch.collectors.paths import Discovery
from leverwatch.collectors.result_files import MOST_SHOWN, ResultFiles
from tests.agent.exporter import samples
from tests.agent.web.test_status_page import Outline

CANARY = "what grandmother keeps in the blue jar"
LINE = {
    "ts": "2026-02-03T08:00:00Z", "system": "desk", "model": "ash", "suite": "replies", "metric": "accuracy",
    "value": 0.75, "n": 40,
}  # fmt: skip


class Desk:
    """A folder of results, read into a real store by the runner of a configured source."""

    def __init__(self, folder: Path) -> None:
        self.results = folder / "results"
        self.results.mkdir()
        self._file = folder / "leverwatch.yaml"
        self.store = Store(f"sqlite:///{folder / 'store.db'}")
        self.store.migrate()
        self.loaded = self.configured("graded")

    def configured(self, name: str, path: str = "results/**/*") -> Loaded:
        source = {"name": name, "type": "evals", "path": path, "system": "desk"}
        document = {"store": {"url": "sqlite:///store.db"}, "systems": {"desk": {}}, "sources": [source]}
        self._file.write_text(json.dumps(document))
        return self.reload()

    def reload(self) -> Loaded:
        self.loaded = load_config(self._file)
        self._runner = source_runner(self.loaded.config.sources[0], self.loaded, self.store)
        return self.loaded

    def write(self, name: str, *lines: Any) -> Path:
        path = self.results / name
        path.parent.mkdir(exist_ok=True)
        path.write_text("".join(it if isinstance(it, str) else json.dumps(it) + "\n" for it in lines))
        old = time.time() - 3_600
        os.utime(path, (old, old))
        return path

    def view(self) -> SourceView:
        self._runner.run()
        return self._runner.view()

    def page(self) -> str:
        shown = replace(samples.agent(), sources=(self.view(),))
        return Outline(render(evaluate(self.store, Plan.of(self.loaded.config), utc_now()), shown)).text()


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    made = Desk(tmp_path)
    yield made
    made.store.close()


def test_a_refused_file_is_on_the_page_with_its_reason_and_never_its_content_until_it_is_mended(
    desk: Desk,
) -> None:
    good = desk.write("good.jsonl", LINE)
    broken = desk.write("broken.json", f'{{"results": "{CANARY}"')
    half = desk.write("half.jsonl", LINE, {**LINE, "value": CANARY})
    page = desk.page()

    assert "Files of evaluations" in page
    assert f"graded, refused: {broken} invalid_line: " in page
    assert f"graded, refused: {half} mistyped_field: line 2: " in page
    assert str(good) not in page
    assert CANARY not in page

    desk.write("broken.json", LINE)
    desk.write("half.jsonl", LINE, {**LINE, "suite": "greetings"})
    assert "Files of evaluations" not in desk.page()


def test_files_that_were_read_and_are_gone_are_on_the_page_also_after_a_restart(desk: Desk) -> None:
    desk.write("kept.jsonl", LINE)
    gone = desk.write("gone.jsonl", {**LINE, "suite": "greetings"})
    assert "gone" not in desk.page()

    gone.unlink()
    desk.configured("graded")
    assert f"graded, gone, or no longer matched by its path (their results stay): {gone}" in desk.page()


def test_a_file_that_was_only_moved_is_not_gone(desk: Desk) -> None:
    moved = desk.write("one/a.jsonl", LINE)
    desk.page()

    moved.rename(desk.results / "renamed.jsonl")
    assert desk.view().result_files == ResultFiles()


def test_a_file_in_a_folder_that_cannot_be_listed_is_not_said_to_be_gone(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    hidden = desk.write("two/b.jsonl", LINE)
    desk.page()

    def discover(*_: object) -> Discovery:
        return Discovery(failures={str(hidden.parent): "Permission denied"})

    # Permissions hide nothing from the user that many tests run as.
    monkeypatch.setattr("leverwatch.collectors.sources.evals.collector.discover", discover)
    assert desk.view().result_files == ResultFiles()


def test_results_of_a_source_that_is_no_longer_configured_are_said_to_stay(desk: Desk) -> None:
    desk.write("good.jsonl", LINE)
    desk.page()
    desk.configured("regraded", path="other/*")

    assert "No longer configured (their results stay): graded" in desk.page()


def test_what_has_no_results_on_purpose_is_not_among_the_refused_and_the_lists_are_bounded() -> None:
    read = {f"f{number:02}": "missing_field: suite" for number in range(MOST_SHOWN + 3)}
    read |= {"quiet": "ignored: has no results: it was cancelled"}
    gone = {f"g{number:02}": "missing_field: suite" for number in range(MOST_SHOWN + 1)}
    found = ResultFiles.of({**read, **gone}, read.keys())

    assert [path for path, _ in found.refused] == sorted(read)[:MOST_SHOWN]
    assert (found.refused_more, len(found.gone), found.gone_more) == (3, MOST_SHOWN, 1)


def test_results_of_a_system_that_nothing_else_names_are_said_to_be_there(desk: Desk) -> None:
    desk.write("good.jsonl", LINE)
    desk.configured("graded")
    assert "nothing else names" not in desk.page()

    document = json.loads((desk.results.parent / "leverwatch.yaml").read_text())
    document["sources"][0]["system"] = "dsek"
    (desk.results.parent / "leverwatch.yaml").write_text(json.dumps(document))
    desk.reload()
    assert "Of systems that nothing else names (no usage, no prompt, no declaration): dsek" in desk.page()
