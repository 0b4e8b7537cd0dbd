"""Files whose records do not end with a newline, followed by the collector."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from leverwatch.collectors.interface import Result
from tests.collectors.records.framing.test_frames import frame
from tests.collectors.records.framing.test_partial import cri, docker
from tests.collectors.sources.files.logs import FIELDS, config
from tests.collectors.sources.files.tailing import Bench, append, compress, compress_zstd, line
from tests.examples import examples

APPS = list("abcdef")


def settings(**format_: Any) -> Any:
    return config(path="*.log", format={"type": "jsonl", "fields": FIELDS, **format_}, system="{app}")


def document(app: str, indent: int | None = 2) -> bytes:
    return json.dumps(json.loads(line(app)), indent=indent).encode()


def parts(app: str) -> bytes:
    text = line(app).decode().strip()
    return cri(text[:20], tag="P") + cri(f'{{"ts": 1773129600, "app": "{app}2"}}', "stderr") + cri(text[20:])


def entries(app: str) -> bytes:
    text = line(app).decode().strip()
    return docker(text[:20], ends=False) + docker(text[20:])


def days() -> bytes:
    half = [{"2026-03-10": {app: {"n": 1} for app in APPS[:3]}, "version": 2}]
    return b"\n".join(
        json.dumps(it, indent=2).encode() for it in [*half, {"2026-03-09": {app: {} for app in APPS[3:]}}]
    )


def session(*apps: str) -> bytes:
    return json.dumps({"ts": "2026-03-10T08:00:00Z", "turns": [{"calls": [{"app": it}]} for it in apps]}).encode()


def pairs(app: str) -> bytes:
    said = [{"key": "app", "value": {"string_value": app}}, {"key": "x", "value": {"int_value": "1"}}]
    return json.dumps({"ts": "2026-03-10T08:00:00Z", "params": said}).encode() + b"\n"


def texts(app: str) -> bytes:
    return f'2026-03-10 08:00:00,123 INFO called msg="a \\"b=c\\" d" app={app} n=1\n'.encode()


def shaped(system: str = "{app}", **format_: Any) -> Any:
    return config(path="*.log", format={"type": "jsonl", "fields": {"time": "ts"}, **format_}, system=system)


SHAPES: dict[str, tuple[Any, bytes]] = {
    "pretty": (settings(framing="json"), b"\n".join(map(document, APPS))),
    "no newline": (settings(framing="json"), b"".join(document(app, None) for app in APPS)),
    "array": (settings(framing="json"), json.dumps([json.loads(line(app)) for app in APPS], indent=1).encode()),
    "one-line array": (settings(framing="json"), json.dumps([json.loads(line(app)) for app in APPS]).encode()),
    "frames": (settings(framing="length-prefixed"), b"".join(frame(line(app).strip()) for app in APPS)),
    "packed frames": (settings(framing="length-prefixed"), b"".join(frame(line(app), True) for app in APPS)),
    "cri": (settings(wrap="cri"), b"".join(map(parts, APPS))),
    "docker": (settings(wrap="docker"), b"".join(map(entries, APPS))),
    "days and systems as keys": (
        shaped("{key.2}", framing="json", records="*.*", fields={"time": "key.1"}), days()
    ),
    "calls of sessions": (
        shaped(r"{turns.calls.app}", records="turns.calls"), b"\n".join([session("a", "b"), session(*"cdef"), b""])
    ),
    "calls of one document": (
        shaped("{turns.calls.app}", framing="json", records="turns.calls"), session(*APPS)
    ),
    "keys and values": (shaped("{params.app}", pairs="params"), b"".join(map(pairs, APPS))),
    "logfmt": (shaped(type="logfmt"), b"".join(map(texts, APPS))),
    "dictionaries": (
        shaped(wrap="python"),
        b"".join(f"08:00 INFO got {json.loads(line(it))!r} from it\n".encode() for it in APPS),
    ),
    "lines by a pattern": (
        shaped(type="lines", pattern=r"^(?P<ts>\S+ \S+) INFO .* app=(?P<app>\w+) "), b"".join(map(texts, APPS))
    ),
    "logfmt in cri": (
        shaped(type="logfmt", wrap="cri"),
        b"".join(cri(texts(it).decode()[:60], tag="P") + cri(texts(it).decode().strip()[60:]) for it in APPS),
    ),
}  # fmt: skip
SHAPE = pytest.mark.parametrize("shape", SHAPES)


def expected(shape: str) -> dict[str, int]:
    return dict.fromkeys([*APPS, *(f"{app}2" for app in APPS if shape == "cri")], 1)


@SHAPE
@given(places=st.lists(st.integers(0, 3000), max_size=5), crash=st.booleans(), committed=st.booleans())
@hypothesis_settings(max_examples=examples(15), suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_file_that_grows_in_any_pieces_counts_every_record_once(
    tmp_path_factory: pytest.TempPathFactory, shape: str, places: list[int], crash: bool, committed: bool
) -> None:
    made, data = SHAPES[shape]
    folder = tmp_path_factory.mktemp("grows")
    bench = Bench(folder, made)
    ends = sorted({place % (len(data) + 1) for place in places} | {len(data)})
    for start, end in zip([0, *ends], ends, strict=False):
        append(folder / "app.log", data[start:end])
        if crash:
            bench.crash(1, committed)
        bench.collect()
        bench.restart()

    assert bench.settle() == expected(shape)
    assert bench.store.tallies == {Result.COUNTED: len(expected(shape))}


@SHAPE
@pytest.mark.parametrize("pack", [compress, compress_zstd])
def test_a_file_that_is_compressed_half_read_goes_on_where_it_stood(tmp_path: Path, shape: str, pack: Any) -> None:
    made, data = SHAPES[shape]
    bench, log = Bench(tmp_path, made), tmp_path / "app.log"
    append(log, data[: len(data) // 2])
    bench.collect()
    append(log, data[len(data) // 2 :])
    pack(log)

    assert bench.collect() == expected(shape)
    assert bench.settle() == expected(shape)


@pytest.mark.parametrize("indent", [2, None], ids=["over several lines", "on one line"])
def test_a_small_object_without_a_newline_is_counted_at_once_and_once(tmp_path: Path, indent: int | None) -> None:
    bench = Bench(tmp_path, settings(framing="json"))
    for app in APPS:
        (tmp_path / f"{app}.log").write_bytes(document(app, indent))
    assert bench.collect() == dict.fromkeys(APPS, 1)
    bench.restart()
    append(tmp_path / "a.log", b"\n")
    (tmp_path / "b.log").rename(tmp_path / "g.log")
    (tmp_path / "h.log").write_bytes(document("c", indent))
    assert bench.settle() == dict.fromkeys(APPS, 1)


def test_objects_that_begin_alike_are_not_taken_for_copies_of_those_that_are_gone(tmp_path: Path) -> None:
    bench = Bench(tmp_path, settings(framing="json"))
    same = b'{"schema": "one that is the same in every object and longer than half of it and than a mark", '
    for number, app in enumerate(APPS):
        (tmp_path / f"{app}.log").write_bytes(same + line(app, pad="x" * (6 - number))[1:-1])
        bench.collect()
        (tmp_path / f"{app}.log").unlink()

    assert bench.collect() == dict.fromkeys(APPS, 1)


@pytest.mark.parametrize("shape", ["pretty", "array", "frames", "cri", "docker"])
def test_a_record_that_is_too_long_costs_only_itself(
    tmp_path: Path, shape: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("leverwatch.collectors.content.feed.MAX_RECORD", 50_000)
    monkeypatch.setattr("leverwatch.collectors.records.framing.frames.MAX_RECORD", 50_000)
    monkeypatch.setattr("leverwatch.collectors.sources.files.read_context.CHUNK", 4096)
    made, data = SHAPES[shape]
    long = line("long", pad="x" * 60_000).strip()
    bad = {
        "pretty": b"\n" + document("long")[:-2] + b',\n  "pad": "' + b"x" * 60_000 + b'"\n}\n',
        "array": long[:-1] + b"}\n",
        "frames": frame(long),
        "cri": cri("x" * 60_000, tag="P") + cri("end"),
        "docker": docker("x" * 60_000, ends=False) + docker("end"),
    }[shape]
    bench = Bench(tmp_path, made)
    append(tmp_path / "app.log", bad + data)

    assert bench.settle() == expected(shape)
    # The last part of a line that was dropped stands alone.
    assert bench.store.tallies[Result.INVALID_LINE] == (2 if shape in ("cri", "docker") else 1)


@pytest.mark.parametrize("cut", [1, 20])
def test_a_broken_record_at_the_end_is_refused_when_quiet_and_names_its_line(tmp_path: Path, cut: int) -> None:
    bench = Bench(tmp_path, settings(framing="json"))
    append(tmp_path / "app.log", document("a") + b"\n" + document("b")[:cut])
    assert bench.collect() == {"a": 1}
    assert bench.settle() == {"a": 1}
    assert [problem.place.rpartition(":")[2] for problem in bench.store.problems] == ["5"]
    append(tmp_path / "app.log", document("b")[cut:])
    assert bench.settle() == {"a": 1, "b": 1}


@SHAPE
def test_no_record_that_is_whole_is_remembered_as_one_that_may_go_on(tmp_path: Path, shape: str) -> None:
    made, data = SHAPES[shape]
    bench = Bench(tmp_path, made)
    for start in range(0, len(data), 50):
        append(tmp_path / "app.log", data[start : start + 50])
        bench.collect()

    assert bench.settle() == expected(shape)
    assert not [key for key in bench.store.state if key.startswith("partial/")]
