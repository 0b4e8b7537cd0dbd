"""Any lines, however they are cut: each gets exactly one result, and disturbs no other."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from leverwatch.collectors.aggregation.lines import Lines
from leverwatch.collectors.interface import Result
from tests.collectors.sources.files.logs import count, ingest, record, sums

LINES = st.lists(
    st.one_of(
        st.builds(
            lambda n, app, tokens, status: record(id=n, app=app, usage={"prompt_tokens": tokens}, status=status),
            st.integers(0, 20),
            st.sampled_from(["a", "b"]),
            st.one_of(st.none(), st.integers(0, 100)),
            st.sampled_from([None, "error", "success"]),
        ),
        st.binary(max_size=30).map(lambda raw: raw.replace(b"\n", b"") + b"\n"),
    ),
    max_size=30,
)


@given(LINES)
def test_every_line_gets_exactly_one_result(lines: list[bytes]) -> None:
    assert sum(count(b"".join(lines)).tallies.values()) == len(lines)


@given(LINES, st.data())
def test_how_lines_are_cut_into_chunks_changes_nothing(lines: list[bytes], data: st.DataObject) -> None:
    whole = count(b"".join(lines))
    cut = data.draw(st.integers(0, len(lines)))
    made = ingest()
    for first, part in ((1, lines[:cut]), (cut + 1, lines[cut:])):
        made.add(Lines(b"".join(part), "app.jsonl", first))
    pieces = made.drain()

    assert sums(pieces.usage) == sums(whole.usage)
    assert pieces.tallies == whole.tallies
    assert sorted(pieces.problems, key=str) == sorted(whole.problems, key=str)


@given(st.binary(max_size=80))
def test_a_random_line_never_raises_and_never_disturbs_its_neighbours(raw: bytes) -> None:
    line = raw.replace(b"\n", b" ") + b"\n"
    counted = count(record(id=1) + line + record(id=2))

    assert counted.tallies[Result.COUNTED] >= 2
    assert sum(counted.tallies.values()) == 3
