from __future__ import annotations

import traceback
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest

from leverwatch.collectors.aggregation.batch_loops import compile_loops
from leverwatch.collectors.aggregation.identity import identity
from leverwatch.collectors.records.codegen import Code
from leverwatch.collectors.records.formats.rows import Value, compile_rows
from leverwatch.collectors.records.layout import Layout


def shown(error: BaseException) -> str:
    return "".join(traceback.format_exception(error))


def test_a_traceback_shows_the_line_of_a_loop_that_failed() -> None:
    loops = compile_loops(Layout({"time": ("when", "started")}), identity)
    with pytest.raises(AttributeError) as failed:
        loops.times([SimpleNamespace(when=SimpleNamespace(ended=0))])

    assert "<generated times" in shown(failed.value)
    assert "found.append(o_when.started)" in shown(failed.value)


def test_a_traceback_shows_the_line_of_a_row_that_failed() -> None:
    def fail(value: Any) -> Any:
        raise ArithmeticError(value)

    record = msgspec.defstruct("Record", [("n", int | None, None)])
    make = compile_rows(record, [Value((("n",),), convert=fail)], {}, None, None)
    with pytest.raises(ArithmeticError) as failed:
        make([record(1)], [], {})

    assert "<generated make_rows" in shown(failed.value)
    assert "v0 = convert0(v0)" in shown(failed.value)


def test_functions_of_the_same_lines_share_a_file_and_not_their_names() -> None:
    def made(answer: int) -> Any:
        code = Code()
        code.add(0, "def answer():", "    return it")
        return code.compile("answer", {"it": answer})

    first, second = made(1), made(2)

    assert (first(), second()) == (1, 2)
    assert first.__code__.co_filename == second.__code__.co_filename


def test_what_is_in_an_object_that_is_null_is_unknown() -> None:
    code = Code()
    code.add(0, "def read(r):")
    code.add(1, f"return {code.value(1, ('usage', 'details', 'cached'))}")
    read = code.compile("read")

    assert read(SimpleNamespace(usage=None)) is None
    assert read(SimpleNamespace(usage=SimpleNamespace(details=None))) is None
    assert read(SimpleNamespace(usage=SimpleNamespace(details=SimpleNamespace(cached=7)))) == 7
