from __future__ import annotations

from io import BytesIO

from hypothesis import given
from hypothesis import strategies as st

from leverwatch.collectors.sources.evals.positions import (
    RESULT_FILE,
    ResultFilePosition,
    content_digest,
    decode_all,
    known_prefix,
    state_key,
)


def state(data: bytes, path: str = "/a", settings: str = "s") -> ResultFilePosition:
    return ResultFilePosition(
        path, len(data), 1, content_digest(BytesIO(data), len(data)), len(data), settings, ""
    )


@given(
    st.binary(max_size=60), st.lists(st.integers(0, 60), max_size=5), st.lists(st.binary(max_size=60), max_size=3)
)
def test_the_longest_prefix_that_was_read_is_found(data: bytes, cuts: list[int], others: list[bytes]) -> None:
    read = [data[:cut] for cut in cuts] + others

    prefix = known_prefix(BytesIO(data), len(data), map(state, read))

    assert prefix.offset == max((len(part) for part in read if data.startswith(part)), default=0)
    assert prefix.lines == data.count(b"\n", 0, prefix.offset)
    assert prefix.running.hexdigest() == content_digest(BytesIO(data), prefix.offset)


def test_files_come_back_as_they_were_and_those_of_other_settings_do_not() -> None:
    states = [state(b"x", "/a"), state(b"y", "/b", "other"), state(b"z", "/c")]
    stored = {state_key(one.path): RESULT_FILE.dumps(one) for one in states}

    assert decode_all("evals", stored, {"s"}) == {"/a": states[0], "/c": states[2]}
