from __future__ import annotations

import os
from pathlib import Path

import pytest

from leverwatch.agent.config.choosing_page import example_of, rows, table, with_table
from leverwatch.collectors.registry import source_types
from leverwatch.collectors.sources.prometheus.presets import PRESETS
from leverwatch.collectors.tells import LABELS, NO

FOLDER = Path(__file__).parents[3] / "docs/sources"
PAGE = FOLDER / "choosing.md"


def test_the_table_is_what_the_sources_say_of_themselves() -> None:
    current = PAGE.read_text()
    wanted = with_table(current, FOLDER)
    if os.environ.get("LEVERWATCH_UPDATE_GOLDEN"):
        PAGE.write_text(wanted)
        return

    assert current == wanted, "LEVERWATCH_UPDATE_GOLDEN=1 rewrites it"


def test_every_type_that_counts_says_what_it_can_tell_and_no_other_type_does() -> None:
    examples = [example for path in FOLDER.glob("*.md") if (example := example_of(path.read_text())) is not None]

    assert {it.type for it in examples if it.counts_usage()} == set(source_types()) - {
        "evals",
        "git",
        "models",
        "prompt-registry",
    }
    for it in examples:
        assert (it.tells() is not None) is it.counts_usage(), it.name


@pytest.mark.parametrize("name", LABELS)
def test_every_source_says_something_of_everything(name: str) -> None:
    told = {row.name: getattr(row.tells, name) for row in rows(FOLDER)}

    assert all(told.values()), told
    # A cell is no place for more.
    assert all(len(it) <= 200 for it in told.values()), told


def test_no_source_counts_without_a_permission_and_a_system() -> None:
    found = list(rows(FOLDER))

    for row in found:
        assert NO not in (row.tells.permission, row.tells.systems, row.tells.delay)
    # They tell tokens, and not of how many calls these are.
    assert [row.link for row in found if row.tells.calls == NO] == [
        "[prometheus](prometheus.md): llama.cpp", "[anthropic-report](usage-api.md), usage by day",
    ]  # fmt: skip


def test_a_server_is_in_a_row_of_what_its_own_counters_tell() -> None:
    told = {name: row.tells for row in rows(FOLDER) for name in row.link.partition(": ")[2].split(", ")}

    assert {*PRESETS} <= told.keys()
    assert (told["vllm"].tokens, told["triton"].tokens, told["tgi"].cached) == ("sums by day", NO, NO)
    assert told["litellm"].cost != NO == told["vllm"].cost


def test_a_page_without_the_marks_is_refused() -> None:
    with pytest.raises(ValueError, match="needs the lines"):
        with_table("# Which source\n", FOLDER)


def test_a_page_that_no_group_of_the_table_has_is_refused(tmp_path: Path) -> None:
    settings = ("- name: a", "  type: prometheus", "  url: http://x", "  preset: vllm", "  system: bot")
    (tmp_path / "new.md").write_text("".join(f"    {line}\n" for line in settings))

    with pytest.raises(ValueError, match="no group of the table has new"):
        table(tmp_path)


def test_a_page_with_several_presets_has_a_row_for_each_that_tells_something_else(tmp_path: Path) -> None:
    block = "    - name: db\n      type: sql\n      url: postgresql://h/d\n      preset: {}\n\n"
    presets = ("litellm-daily", "litellm-daily", "phoenix")
    page = (
        "# Calls\n\n"
        + "Text.\n\n".join(block.format(name) for name in presets)
        + "    - name: other\n      type: sql\n"
    )
    (tmp_path / "calls.md").write_text(page)

    found = [row for row in rows(tmp_path) if row.name == "calls"]

    assert [row.link for row in found] == ["[type: sql](calls.md)", "[type: sql](calls.md), phoenix"]
    assert [row.tells.latency for row in found] == ["no", "yes"]
