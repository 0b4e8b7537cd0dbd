from __future__ import annotations

from isal.isal_zlib import crc32

from leverwatch.collectors.content.fingerprint import Fingerprint
from leverwatch.collectors.sources.files.checkpoint import FileCheckpoint
from leverwatch.collectors.sources.files.identity import Relation, could_match, relation

TEXT = b"".join(b"line %03d\n" % number for number in range(100))


def known(text: bytes = TEXT, **changes: bytes) -> FileCheckpoint:
    prefix = Fingerprint()
    prefix.feed(text)
    state = FileCheckpoint("id", "/logs/app.log", "/logs/app.log", 1, 1)
    return state.consumed(prefix, prefix.lines, changes.get("header"))


def judged(state: FileCheckpoint, text: bytes) -> Relation:
    lengths = {state.span, *(length for length, _ in state.marks)}
    crcs = {length: crc32(text[:length]) for length in lengths if length <= len(text)}
    total = None if len(text) > max(lengths) else len(text)
    return relation(state, crcs, total, text.rfind(b"\n") + 1)


def test_a_file_that_begins_with_all_that_was_consumed_continues_it() -> None:
    assert judged(known(), TEXT) is Relation.CONTINUES
    assert judged(known(), TEXT + b"more\n") is Relation.CONTINUES


def test_a_file_that_differs_anywhere_before_the_position_is_another_one() -> None:
    assert judged(known(), b"L" + TEXT[1:]) is Relation.DIFFERENT
    assert judged(known(), TEXT[:-2] + b"X\n") is Relation.DIFFERENT


def test_the_beginning_of_what_was_consumed_is_shorter() -> None:
    for end in (9, 300, 640, 899):
        assert judged(known(), TEXT[:end]) is Relation.SHORTER


def test_a_few_common_lines_do_not_make_a_longer_file_a_copy() -> None:
    # The marks up to 128 bytes agree and nothing is known of the rest, which is more than half of the file.
    state = known(TEXT[:128] + b"x" * 4000 + b"\n")
    early = [mark for mark in state.marks if mark[0] <= 128]
    thinned = FileCheckpoint("id", "/l", "/l", 1, 1, offset=4129, records=2, marks=tuple(early))

    other = TEXT[:128] + b" another line\n" * 20
    assert relation(thinned, dict(early), len(other), len(other)) is Relation.DIFFERENT


def test_nothing_in_common_is_seen_from_the_first_bytes() -> None:
    assert could_match(known(), TEXT, complete=True)
    assert not could_match(known(), b"other\n" * 50, complete=True)
    assert not could_match(known(b""), TEXT, complete=True)
