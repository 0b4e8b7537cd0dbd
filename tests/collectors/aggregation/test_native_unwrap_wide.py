"""Where the processor looks at many bytes at once, the helper takes the same records out of their wrappers."""

from __future__ import annotations

import json
from itertools import product

from leverwatch.collectors.aggregation import _native
from tests.collectors.aggregation.test_native_wide import BROKEN, SOUND

DOCKER = ((1, False, ()),)
SHIPPED = ((2, True, (b"message",)),)
BEHIND_TIME = b"\x02"
PLACES = (*range(6), *range(56, 70), 126, 127, 128, 200)
REST = "y" * 140
"""What lets the text be read by blocks up to there."""


def unwrapped(lines: list[bytes], wrapper: tuple[tuple[int, bool, tuple[bytes, ...]], ...]) -> list[bytes]:
    """What is inside each line, whichever way it is read; empty where Python has to look at the line."""
    data = b"".join(it + b"\n" for it in lines)
    found = []
    for is_wide in (False, True):
        _native.wide(is_wide)
        found.append(_native.unwrap(data, wrapper, False))
    assert found[0] == found[1]
    assert found[1] is not None
    text, starts, _ = found[1]
    assert len(starts) == 4 * len(lines)
    return bytes(text).split(b"\n")[:-1]


def texts(escapes: tuple[str, ...]) -> list[str]:
    """Texts with each escape at every place of interest, alone and twice."""
    return [
        "{" + "x" * place + escape * times + REST
        for place, escape, times in product(PLACES, escapes, (1, 2))
        if "\n" not in escape
    ]


def test_every_escape_of_a_shipped_record_means_what_json_says_at_every_place_of_a_block() -> None:
    written = [text for text in texts(SOUND) if "\n" not in json.loads(f'"{text}"')]
    lines = [f'{{"message":"{text}"}}'.encode() for text in written]
    meant = [json.loads(f'"{text}"').encode() for text in written]
    assert unwrapped(lines, SHIPPED) == [BEHIND_TIME + it for it in meant]


def test_every_escape_of_a_line_of_docker_means_what_json_says_at_every_place_of_a_block() -> None:
    written = [text for text in texts(SOUND) if "\n" not in json.loads(f'"{text}"')]
    lines = [f'{{"log":"{text}\\n","stream":"stdout","time":"t"}}'.encode() for text in written]
    meant = [json.loads(f'"{text}"').encode() for text in written]
    assert unwrapped(lines, DOCKER) == [b"t" + BEHIND_TIME + it for it in meant]


def test_a_text_with_what_json_does_not_have_is_left_to_python_at_every_place_of_a_block() -> None:
    lines = [f'{{"message":"{text}"}}'.encode() for text in texts(BROKEN)]
    assert set(unwrapped(lines, SHIPPED)) == {b""}


def test_bytes_that_are_no_utf8_are_left_to_python_at_every_place_of_a_block() -> None:
    strange = (b"\xff", b"\xc0\x80", b"\xed\xa0\x80", b"\xe2\x82", b"\xf4\x90\x80\x80")
    lines = [
        b'{"message":"{' + b"x" * place + it + REST.encode() + b'"}' for place, it in product(PLACES, strange)
    ]
    assert set(unwrapped(lines, SHIPPED)) == {b""}


def test_spans_make_the_same_lines() -> None:
    contents = [*SOUND, *BROKEN]
    for content, place in product(contents, (0, 1, 31, 62, 63, 64)):
        data = (
            '{"resourceSpans":[{"resource":{},"scopeSpans":[{"scope":{},"spans":[{"traceId":"aa","spanId":"bb",'
            '"startTimeUnixNano":"1788220824031000000","endTimeUnixNano":"1788220824572000000","attributes":['
            f'{{"key":"model","value":{{"stringValue":"{"x" * place}{content}"}}}},'
            f'{{"key":"other","value":{{"stringValue":"{"x" * place}{content}{REST}"}}}}]}}]}}]}}]}}\n'
        ).encode()
        found = []
        for is_wide in (False, True):
            _native.wide(is_wide)
            found.append(_native.flatten(data, ((b"model", -1, 0, False),), {}))
        assert found[0] == found[1]
        assert (found[1] is None) == (content in BROKEN)
