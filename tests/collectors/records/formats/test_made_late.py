"""A format is made at each start of each command, and reads records in few of them."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from leverwatch.collectors.records.codegen import Code
from leverwatch.collectors.records.formats.registry import NAMED


@pytest.mark.parametrize("name", ["openai", "anthropic", "nginx"])
def test_a_format_makes_nothing_that_decodes_before_it_reads(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    known = NAMED[name]
    made: list[Any] = []

    def decoder(*arguments: Any, **settings: Any) -> Any:
        made.append(arguments)
        return original(*arguments, **settings)

    original = msgspec.json.Decoder
    monkeypatch.setattr(msgspec.json, "Decoder", decoder)
    monkeypatch.setattr(Code, "compile", lambda *_: made.append("rows"))

    reader = known.build(("user",))

    assert not made
    monkeypatch.undo()
    assert reader.read([b"{}", b"[]"]).refused
