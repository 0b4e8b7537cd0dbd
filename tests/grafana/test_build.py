from __future__ import annotations

import io
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from grafana.build import FOLDERS, RULES_BELOW, files, main
from grafana.fields import metrics
from grafana.model import Query
from tests.grafana.queries import FILES, ROOT, load, panels, rows_of_words


def run(*arguments: str, folders: tuple[Path, ...], rules_below: tuple[Path, ...] = ()) -> tuple[int, list[str]]:
    output = io.StringIO()
    code = main(list(arguments), output, folders, rules_below)
    return code, output.getvalue().splitlines()


def test_the_committed_files_are_what_the_table_says() -> None:
    assert run("--check", folders=FOLDERS, rules_below=RULES_BELOW) == (0, []), "`make dashboards` rewrites them"


def test_they_are_written_once_and_then_left_alone(tmp_path: Path) -> None:
    here, there = tmp_path / "a", tmp_path / "b"
    code, lines = run(folders=(here, there))

    assert (code, len(lines)) == (0, 8)
    assert {path.name for path in here.iterdir()} == {"fleet.json", "system.json", "agent.json", "texts.md"}
    assert run(folders=(here, there)) == (0, [])
    assert run("--check", folders=(here, there)) == (0, [])


def test_a_check_names_what_differs_is_missing_or_too_much_and_changes_nothing(tmp_path: Path) -> None:
    run(folders=(tmp_path,))
    (tmp_path / "fleet.json").write_text("{}")
    (tmp_path / "agent.json").unlink()
    (tmp_path / "old.json").write_text("{}")

    code, lines = run("--check", folders=(tmp_path,))

    assert code == 1
    assert lines == [f"differs: {tmp_path / name}.json" for name in ("agent", "fleet", "old")]
    assert (tmp_path / "fleet.json").read_text() == "{}"
    run(folders=(tmp_path,))
    assert {path.name for path in tmp_path.iterdir()} == {path.name for path in files((tmp_path,), ())}


def test_rules_in_other_forms_are_written_and_checked_as_dashboards_are(tmp_path: Path) -> None:
    assert run(folders=(), rules_below=(tmp_path,))[0] == 0
    mimir = tmp_path / "rules/leverwatch.mimir.yaml"
    mimir.write_text(mimir.read_text().replace("for: 15m", "for: 5m", 1))

    assert run("--check", folders=(), rules_below=(tmp_path,)) == (1, [f"differs: {mimir}"])


def test_other_arguments_are_refused(tmp_path: Path) -> None:
    assert run("--chekc", folders=(tmp_path,)) == (2, ["usage: python -m grafana.build [--check]"])


def test_it_runs_as_the_makefile_runs_it() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "grafana.build", "--check"], cwd=ROOT, capture_output=True, text=True, check=False
    )

    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_metrics_are_named_once_in_order_of_appearance() -> None:
    queries = (
        Query('up{a="b"} / leverwatch_b{x="y"}'),
        Query('rate(leverwatch_a_total{x="y"}[5m]) * leverwatch_b{}'),
    )

    assert metrics(queries) == ["up", "leverwatch_b", "leverwatch_a_total"]


@pytest.mark.parametrize("kind", ["dashboards", "datasources"])
def test_provisioning_files_are_of_the_version_that_grafana_reads(kind: str) -> None:
    (file,) = (ROOT / "grafana/provisioning" / kind).glob("*.yaml")
    document = yaml.safe_load(file.read_text())

    assert document["apiVersion"] == 1
    assert len(document["providers" if kind == "dashboards" else "datasources"]) == 1


def test_every_text_of_a_panel_is_on_the_page_of_texts() -> None:
    told = (ROOT / "grafana/dashboards/texts.md").read_text("utf-8")

    for file in FILES:
        for panel in panels(load(file)):
            defaults = panel["fieldConfig"]["defaults"]
            assert f"| {panel['title']} | {defaults['noValue']} |" in told
            for mapping in defaults["mappings"]:
                assert all(f"| {panel['title']} | {one['text']} |" in told for one in mapping["options"].values())
            for text in rows_of_words(panel):
                assert f"| {panel['title']} | {text} | no query of the table has a row" in told
