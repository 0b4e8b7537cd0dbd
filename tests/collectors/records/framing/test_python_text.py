"""Dictionaries and objects as Python prints them."""

from __future__ import annotations

import datetime
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leverwatch.collectors.interface import Result
from leverwatch.collectors.records.framing.python_text import printed
from tests.collectors.records.framing.test_partial import cri, docker
from tests.collectors.sources.files.logs import FIELDS, config, count, sums

RECORD = {"ts": "2026-03-10T08:00:00Z", "usage": {"prompt_tokens": 7}, "said": 'it\'s "a"', "ok": True}
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.from_regex(r"[a-z_]{1,9}", fullmatch=True), VALUES, min_size=1, max_size=4))
def test_any_dictionary_is_read_as_it_was(record: dict[str, Any]) -> None:
    found = printed(f"09:00 INFO got {record!r} from it")

    assert found == (json.loads(json.dumps(record).encode(errors="replace")), "09:00 INFO got ")


ZONE = datetime.timezone(datetime.timedelta(hours=-3))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("Usage(prompt=3, parts=Parts(cached=None), done=[Choice(why='stop')])",
         {"prompt": 3, "parts": {"cached": None}, "done": [{"why": "stop"}]}),
        ("{'a': Decimal('0.10'), 'b': UUID('1-2'), 'c': np.float64(0.5)}", {"a": "0.10", "b": "1-2", "c": 0.5}),
        (f"{{'a': {datetime.datetime(2026, 3, 1, 9, 7, tzinfo=datetime.UTC)!r}}}",
         {"a": "2026-03-01T09:07:00.000000Z"}),
        (f"{{'a': {datetime.datetime(2026, 3, 1, 9, 7, 2, 30, tzinfo=ZONE)!r}}}",
         {"a": "2026-03-01T09:07:02.000030-03:00"}),
        ("{'a': datetime.date(2026, 3, 1)}", {"a": "2026-03-01"}),
        ("{'a': <Reason.STOP: 'stop'>, 'b': <object at 0x7f>, 'c': Kind.CHAT}",
         {"a": "stop", "b": None, "c": "Kind.CHAT"}),
        ("{'a': nan, 'b': -inf, 'c': b'raw', 'd': 'x' 'y', 'e': (1, {2})}",
         {"a": None, "b": None, "c": "raw", "d": "xy", "e": [1, [2]]}),
        ("set {1, 2} of f(x) and {'only': 1}", {"only": 1}),
        ('{"a": true, "b": null}', {"a": True, "b": None}),
    ],
)  # fmt: skip
def test_what_else_python_prints_has_a_value(text: str, value: Any) -> None:
    found = printed(text)

    assert found is not None
    assert found[0] == value


@pytest.mark.parametrize(
    "text",
    ["plain", "f(x) {y} {'z'}", "{'a': 1", "{'a': 'b}", "Usage(prompt=3", "{'a': }", "[" * 5000, "{'a': " * 900],
)
def test_what_is_no_whole_dictionary_is_none(text: str) -> None:
    assert printed(text) is None


def test_records_count_where_they_lie_and_one_that_is_cut_short_is_refused() -> None:
    lines = [
        f"2026-03-10 08:00:00,123 | DEBUG | RAW: {RECORD!r}",
        "2026-03-10 08:00:01 | INFO | it {answers}",
        "{'ts': '2026-03-10T08:00:02Z', 'said': 'canary",
        "",
        "2026-03-10 08:00:03 INFO Usage(usage=Parts(prompt_tokens=5), app='bot')",
    ]
    counted = count(
        "\n".join([*lines, ""]).encode(),
        config(format={"type": "jsonl", "fields": FIELDS, "wrap": "python"}, system="a"),
    )

    assert counted.tallies == {Result.COUNTED: 2, Result.IGNORED: 2, Result.INVALID_LINE: 1}
    assert [it.place for it in counted.problems] == ["app.jsonl:3"]
    assert "canary" not in repr(counted)
    assert sums(counted.usage)["input_tokens"] == 12


@pytest.mark.parametrize(
    ("data", "wrap"),
    [
        (docker(f"INFO {RECORD!r}"), ["docker", "python"]),
        (cri(repr(RECORD)[:30], tag="P") + cri(repr(RECORD)[30:]), ["cri", "python"]),
        (json.dumps({"msg": f"got {RECORD!r}"}).encode() + b"\n", ["json-string", "python"]),
    ],
)
def test_dictionaries_are_read_within_what_other_programs_put_around_them(data: bytes, wrap: Any) -> None:
    counted = count(data, config(format={"type": "jsonl", "fields": FIELDS, "wrap": wrap}, system="a"))

    assert counted.tallies == {Result.COUNTED: 1}
    assert sums(counted.usage)["input_tokens"] == 7


def test_pairs_are_text_and_no_dictionaries() -> None:
    with pytest.raises(ValueError, match="logfmt reads text"):
        config(format={"type": "logfmt", "fields": FIELDS, "wrap": "python"})
