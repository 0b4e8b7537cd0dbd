"""Any history of refused and readable records, against a plain count of what the right settings can read."""

from __future__ import annotations

import gzip
import json
from collections import Counter
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from leverwatch.collectors.errors import SourceIncomplete
from leverwatch.collectors.interface import Result
from leverwatch.collectors.sources.files.config import FilesConfig
from tests.collectors.sources.files.logs import config
from tests.collectors.sources.files.tailing import Bench
from tests.examples import examples

COLUMNS = ["ts", "when", "app", "unit", "n", "id"]
TIME, BAD = "2026-03-10T08:00:00Z", "last Tuesday"
RECORDS: list[dict[str, str]] = [
    {"ts": TIME, "when": TIME, "app": "bot", "unit": "bot"},
    {"ts": TIME, "when": TIME, "app": "bot", "unit": "bot"},
    {"ts": TIME, "when": TIME, "app": "bot"},
    {"ts": TIME, "app": "qa"},
    {"ts": TIME, "app": "qa", "unit": "qa"},
    {"ts": BAD, "app": "bot", "unit": "bot"},
    {"ts": TIME, "when": TIME},
]
SETTINGS = [("{app}", "ts"), ("{app}", "ts"), ("{unit}", "ts"), ("{app}", "when"), ("{unit}", "when")]
STEP = st.tuples(
    st.sampled_from(["write", "write", "write", "cut", "change", "change", "rotate", "compress", "restart"]),
    st.integers(0, 10**6),
    st.lists(st.integers(0, len(RECORDS)), max_size=6),
    st.sampled_from([None, None, (1, True), (1, False), (2, True), (2, False)]),
)


def settings_of(kind: str, choice: int) -> FilesConfig:
    system, time = SETTINGS[choice % len(SETTINGS)]
    framing = {"framing": "json"} if kind in {"objects", "indented"} else {}
    fields = {"time": time, "input_tokens": "n"}
    if kind not in {"lines", "calls", "logfmt", "pattern"}:
        # Of a document that begins with all that the rotated one before says, only what is beyond counts.
        fields["request_id"] = "id"
    if kind == "calls":
        fields = {name: f"calls.{path}" for name, path in fields.items()}
        system, framing = system.replace("{", "{calls."), {"records": "calls"}
    form = {"type": kind if kind in {"csv", "logfmt"} else "jsonl", "fields": fields, **framing}
    if kind == "pattern":
        groups = "".join(rf'(?: {name}="(?P<{name}>[^"]*)")?' for name in (*COLUMNS[:4], "n"))
        form = {"type": "lines", "pattern": f"^INFO called{groups}", "fields": fields}
    return config(path="*.log", format=form, system=system, dedupe_window="0s")


def written(kind: str, number: int, serial: int) -> bytes:
    # No two logs have the same records, as nothing but the content tells a compressed log from a copy of another.
    # Of documents, only the mapped values tell the next one after a rotation from one that is written anew.
    if number == len(RECORDS):
        return b"\n" if kind == "csv" else b"out of memory\n"
    values = {**RECORDS[number], "n": serial, "id": f"call-{serial}"}
    if kind == "csv":
        return ",".join(str(values.get(name, "")) for name in COLUMNS).encode() + b"\n"
    if kind in {"logfmt", "pattern"}:
        return "INFO called {}\n".format(" ".join(f'{key}="{value}"' for key, value in values.items())).encode()
    if kind == "calls":
        # The second call of each line is refused by other settings than the first.
        return json.dumps({"calls": [values, None, {**RECORDS[4], "n": serial}]}).encode() + b"\n"
    return json.dumps(values, indent=2 if kind == "indented" else None).encode() + b"\n"


class History:
    """A log with a history, and what the right settings read of it."""

    def __init__(self, folder: Path, kind: str) -> None:
        self.kind, self.folder, self.live = kind, folder, folder / "app.log"
        self.bench = Bench(folder, settings_of(kind, 0))
        self.right: Counter[str] = Counter()
        self.begun, self.cut, self.old, self.serial = False, b"", 0, 0

    def write(self, numbers: list[int], cut: int | None) -> None:
        records = [written(self.kind, number, self.serial + at) for at, number in enumerate(numbers)]
        self.serial += len(records)
        data = self.cut + b"".join(records)
        if not self.begun and self.kind == "csv":
            data = ",".join(COLUMNS).encode() + b"\n" + data
        self.begun = True
        at = len(data) if cut is None or not numbers else len(data) - cut % len(records[-1])
        with self.live.open("ab") as log:
            log.write(data[:at])
        self.cut = data[at:]
        for number in numbers:
            if number < len(RECORDS) and RECORDS[number]["ts"] == TIME and "app" in RECORDS[number]:
                self.right[RECORDS[number]["app"]] += 1
            if number < len(RECORDS) and self.kind == "calls":
                self.right["qa"] += 1

    def step(self, name: str, choice: int, numbers: list[int]) -> None:
        if name in {"write", "cut"}:
            self.write(numbers, choice if name == "cut" else None)
        elif name in {"rotate", "compress"} and self.live.exists():
            self.write([], None)
            self.old, self.begun = self.old + 1, False
            self.live.rename(self.folder / f"app.log.{self.old}")
            if name == "compress":
                path = self.folder / f"app.log.{self.old}"
                path.with_name(path.name + ".gz").write_bytes(gzip.compress(path.read_bytes()))
                path.unlink()
        elif name == "change":
            self.bench.settings = settings_of(self.kind, choice)
            self.bench.restart()
        elif name == "restart":
            self.bench.restart()

    def run(self, crash: tuple[int, bool] | None) -> None:
        with suppress(SourceIncomplete):
            if crash is not None:
                self.bench.crash(*crash)
            self.bench.collect()


@pytest.mark.parametrize("kind", ["lines", "objects", "indented", "csv", "calls", "logfmt", "pattern"])
@pytest.mark.parametrize("chunk", [100, 1 << 20], ids=["small pieces", "at once"])
@given(steps=st.lists(STEP, min_size=1, max_size=10))
@example(steps=[("write", 0, [0], None), ("compress", 0, [], None), ("write", 0, [0], None)])
@settings(max_examples=examples(25), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_was_refused_counts_once_when_the_settings_are_right(
    tmp_path_factory: pytest.TempPathFactory, chunk: int, kind: str, steps: list[Any]
) -> None:
    history = History(tmp_path_factory.mktemp("refused"), kind)
    bench = history.bench
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("leverwatch.collectors.sources.files.read_context.CHUNK", chunk)
        patch.setattr("leverwatch.collectors.sources.files.collector._BATCH_BYTES", chunk)
        for name, choice, numbers, crash in steps:
            history.step(name, choice, numbers)
            history.run(crash)
        history.write([], None)
        history.step("change", 0, [])
        history.run(None)
        bench.settle()
        counted = dict(bench.store.counted())
        assert counted == dict(history.right)
        batches = len(bench.store.batches)
        bench.restart()
        bench.collect()

    assert bench.store.counted() == counted
    assert all(batch.read == sum(batch.tallies.values()) for batch in bench.store.batches)
    assert not any(batch.usage or batch.tallies for batch in bench.store.batches[batches:])
    assert bench.store.tallies[Result.COUNTED] >= sum(counted.values())
