from __future__ import annotations

import json
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leverwatch.collectors.records.framing.partial import Cri, Docker, Wrapping
from tests.collectors.records.framing.chunks import cut, records

CRI, DOCKER = Cri(), Docker()
CUTS = st.lists(st.integers(0, 4000), max_size=12)


def journal_entry(text: str) -> bytes:
    entry = {"__REALTIME_TIMESTAMP": "1773129600000000", "_SYSTEMD_UNIT": "chat.service", "MESSAGE": text}
    return json.dumps(entry).encode() + b"\n"


def cri(text: str, stream: str = "stdout", tag: str = "F") -> bytes:
    return f"2026-03-10T08:00:00.123456789Z {stream} {tag} {text}\n".encode()


def docker(text: str, stream: str = "stdout", ends: bool = True) -> bytes:
    entry = {"log": text + "\n" * ends, "stream": stream, "time": "2026-03-10T08:00:00.1Z"}
    return json.dumps(entry, separators=(",", ":")).encode() + b"\n"


def interleaved(wrapping: Wrapping, texts: list[str], seed: int) -> bytes:
    """Lines of two streams, cut into parts of up to 7 characters that take turns at random."""
    chance = random.Random(seed)
    queues: dict[str, list[bytes]] = {"stdout": [], "stderr": []}
    for number, text in enumerate(texts):
        stream = ("stdout", "stderr")[number % 2]
        parts = [text[at : at + 7] for at in range(0, len(text), 7)] or [""]
        for index, part in enumerate(parts):
            last = index == len(parts) - 1
            if wrapping is CRI:
                queues[stream].append(cri(part, stream, "F" if last else "P"))
            else:
                queues[stream].append(docker(part, stream, last))
    lines: list[bytes] = []
    while any(queues.values()):
        lines.append(queues[chance.choice([stream for stream, queue in queues.items() if queue])].pop(0))
    return b"".join(lines)


@pytest.mark.parametrize("wrapping", [CRI, DOCKER], ids=["cri", "docker"])
@given(
    texts=st.lists(st.text("abc {}\\\"'é", min_size=1, max_size=40), max_size=8),
    seed=st.integers(0, 99),
    places=CUTS,
)
def test_parts_of_two_streams_are_joined_however_the_file_is_cut(
    wrapping: Wrapping, texts: list[str], seed: int, places: list[int]
) -> None:
    data = interleaved(wrapping, texts, seed)
    found, lines, refused, ignored = records(wrapping, cut(data, places))
    whole = records(wrapping, [data])

    assert sorted(found) == sorted(text.encode() for text in texts if text.strip())
    assert ignored == sum(not text.strip() for text in texts)
    assert refused == 0
    assert sorted(zip(lines, found, strict=True)) == sorted(zip(whole[1], whole[0], strict=True))


def test_a_line_whose_end_is_to_come_stays_back_with_what_lies_across_it() -> None:
    first, out, err, end = cri("a"), cri("b", tag="P"), cri("c", "stderr", "P"), cri("d", "stderr")

    assert CRI.complete(first + out + err + end, final=False) == len(first)
    assert CRI.complete(first + out + err + end, final=True) == len(first + out + err + end)
    assert CRI.complete(first + err + out + end, final=False) == len(first)


def test_an_end_that_never_comes_does_not_hold_back_the_other_stream() -> None:
    data = cri("lost", tag="P") + cri("x" * 1000, "stderr") * 1100
    found, _, _, _ = records(CRI, [data, cri("late")])

    assert CRI.complete(data, final=False) == len(data)
    assert (found.count(b"lost"), found.count(b"late"), len(found)) == (1, 1, 1102)


def test_what_the_runtime_did_not_write_is_refused_at_its_line() -> None:
    units = CRI.split(cri("a") + b"nonsense\n\n" + cri("b"))

    assert (units.units, units.lines, units.ignored) == ([b"a", b"b"], [0, 3], 1)
    assert [(index, detail) for index, _, detail in units.refused] == [(1, "not a line of a container runtime")]
    for bad in (b'{"log": 5}', b'{"log": "\xff"}', b'{"x": ' + b"[" * 5000 + b"]" * 5000 + b"}"):
        units = DOCKER.split(docker("a") + bad + b"\n" + docker("b"))
        assert (units.units, [index for index, _, _ in units.refused]) == ([b"a", b"b"], [1])


def test_the_time_of_the_runtime_goes_with_the_text() -> None:
    assert CRI.split(cri("a")).times == ["2026-03-10T08:00:00.123456789Z"]
    assert DOCKER.split(docker("a")).times == ["2026-03-10T08:00:00.1Z"]
