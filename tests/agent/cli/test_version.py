"""`leverwatch --version`, with a helper that fits, one of another version, and none."""

from __future__ import annotations

import sys
from types import ModuleType

import pytest
from click.testing import CliRunner

from leverwatch.agent.cli.main import main
from leverwatch.collectors import aggregation
from leverwatch.collectors.aggregation.native_columns import table_text

NATIVE = "leverwatch.collectors.aggregation._native"


@pytest.mark.parametrize(
    ("table", "said"),
    [
        (table_text(), "with its compiled helper"),
        (
            table_text() + "\nwater_litres",
            "without its compiled helper: the one that is here is of another version, and is not used",
        ),
        (None, "without its compiled helper"),
    ],
    ids=["fits", "of another version", "none"],
)
def test_the_version_says_whether_the_helper_is_used(
    table: str | None, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    helper = None if table is None else ModuleType(NATIVE)
    if helper is not None:
        helper.__dict__["TABLE"] = table
        monkeypatch.setattr(aggregation, "_native", helper, raising=False)
    else:
        monkeypatch.delattr(aggregation, "_native", raising=False)
    monkeypatch.setitem(sys.modules, NATIVE, helper)

    assert CliRunner().invoke(main, ["--version"]).output.endswith(f", {said}\n")
