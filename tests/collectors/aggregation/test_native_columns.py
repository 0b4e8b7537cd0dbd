from __future__ import annotations

import importlib
import os

import pytest

from leverwatch.collectors.aggregation import _native, compiled
from leverwatch.collectors.aggregation.native_columns import HEADER, header, table_text


def test_the_header_of_the_helper_is_the_table() -> None:
    if os.environ.get("LEVERWATCH_UPDATE_GOLDEN") == "1":
        HEADER.write_text(header(), encoding="utf-8")
    assert HEADER.read_text(encoding="utf-8") == header()


def test_a_helper_that_was_built_of_another_table_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    assert table_text() == _native.TABLE
    try:
        monkeypatch.setattr(_native, "TABLE", table_text().replace("on_failure", "on_success"))
        assert not importlib.reload(compiled).IS_COMPILED
        monkeypatch.delattr(_native, "TABLE")
        assert not importlib.reload(compiled).IS_COMPILED
    finally:
        monkeypatch.undo()
        importlib.reload(compiled)
    assert compiled.IS_COMPILED
