"""Logs whose path says of which system they are: the containers of a Kubernetes node, folders of teams."""

from __future__ import annotations

import json
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leverwatch.collectors.interface import Result
from tests.collectors.sources.files.logs import config
from tests.collectors.sources.files.tailing import Bench, append, compress, copytruncate, line
from tests.examples import examples

PATTERN = r"/(?P<namespace>[^_/]+)_(?P<pod>[^_/]+)_[^_/]+/(?P<container>[^/]+)/[^/]+$"
NODE: dict[str, Any] = {
    "path": "pods/*/*/*.log",
    "format": {"type": "jsonl", "wrap": ["cri", "prefix"], "fields": {"time": "ts", "request_id": "id"}},
    "path_pattern": PATTERN,
    "system": "{path.namespace}/{path.container}",
}
STAMP = "2026-03-10T08:00:00.123456789Z"


def said(number: int) -> bytes:
    """What a container says of one call, the runtime having split it, between lines that are no records."""
    text = json.dumps({"ts": "2026-03-10T08:00:00Z", "id": f"r{number}"})
    parts = f"{STAMP} stdout P {text[:9]}\n{STAMP} stderr F Started\n{STAMP} stdout F {text[9:]}\n"
    return f"{STAMP} stdout F serving on :80\n{parts}".encode()


class Node:
    """The folder of a node's container logs, as the kubelet keeps it."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._number = folder, 0
        self.said: Counter[str] = Counter()

    def log(self, namespace: str, pod: str, container: str, restarts: int = 0) -> Path:
        folder = self._folder / f"pods/{namespace}_{pod}_5d-{pod}/{container}"
        folder.mkdir(parents=True, exist_ok=True)
        return folder / f"{restarts}.log"

    def say(self, namespace: str, pod: str, container: str, restarts: int = 0) -> None:
        self._number += 1
        append(self.log(namespace, pod, container, restarts), said(self._number))
        self.said[f"{namespace}/{container}"] += 1

    def rotate(self, log: Path) -> Path:
        """What the kubelet does when a log is large; it compresses all rotated ones but the latest."""
        for older in log.parent.glob(f"{log.name}.*-*"):
            if older.suffix != ".gz":
                compress(older)
        self._number += 1
        return log.rename(log.with_name(f"{log.name}.20260310-{self._number:06}"))


@pytest.mark.parametrize("glob", ["pods/*/*/*.log", "containers/*.log"])
def test_a_node_is_counted_by_namespace_and_container(tmp_path: Path, glob: str) -> None:
    node, bench = Node(tmp_path), Bench(tmp_path, config(**{**NODE, "path": glob}))
    (tmp_path / "containers").mkdir()
    for pod, container in (("chat-7f", "app"), ("chat-8d", "app"), ("chat-8d", "proxy")):
        node.say("shop", pod, container)
        link = tmp_path / f"containers/{pod}_shop_{container}-0123.log"
        link.symlink_to(node.log("shop", pod, container))
    node.say("lab", "chat-7f", "app", restarts=2)
    (tmp_path / "containers/chat-7f_lab_app-4567.log").symlink_to(node.log("lab", "chat-7f", "app", 2))

    assert bench.collect() == {"shop/app": 2, "shop/proxy": 1, "lab/app": 1}
    assert bench.store.tallies.keys() == {Result.COUNTED, Result.IGNORED}


ACTIONS = st.lists(
    st.tuples(
        st.sampled_from(["say", "say", "rotate", "collect", "restart"]),
        st.sampled_from([("shop", "chat-7f", "app"), ("shop", "chat-7f", "proxy"), ("lab", "chat-7f", "app")]),
    ),
    max_size=20,
)


@settings(max_examples=examples(15), deadline=None)
@given(ACTIONS)
def test_whatever_the_kubelet_rotates_each_call_counts_for_its_container(
    actions: list[tuple[str, tuple[str, str, str]]],
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        node, bench = Node(Path(folder)), Bench(Path(folder), config(**NODE))
        for action, container in actions:
            if action == "say":
                node.say(*container)
            elif action == "rotate" and node.log(*container).exists():
                bench.collect()
                node.rotate(node.log(*container))
            elif action == "collect":
                bench.collect()
                bench.wait(1)
            elif action == "restart":
                bench.restart()
        bench.collect()

        assert bench.settle() == node.said


def test_a_rotated_log_that_no_run_saw_counts_for_its_folder(tmp_path: Path) -> None:
    bench = Bench(tmp_path, config(path="team=*/app.jsonl", system="{path.team}-{app}"))
    log = tmp_path / "team=red/app.jsonl"
    log.parent.mkdir()
    append(log, line("a"))
    bench.collect()
    bench.wait(60)
    for number in (2, 1):
        append(log, line("a", id=number))
        log.rename(log.with_name(f"app.jsonl.{number}"))
        append(log, line("b", id=number))

    assert bench.collect() == {"red-a": 3, "red-b": 2}


def test_an_unfinished_line_is_taken_back_from_the_system_it_was_counted_for(tmp_path: Path) -> None:
    bench = Bench(tmp_path, config(path="*/app.jsonl", system="{path.parent}"))
    for team in ("red", "blue"):
        (tmp_path / team).mkdir()
        append(tmp_path / team / "app.jsonl", line("x", id=team)[:-1])
    bench.collect()
    bench.wait(400)
    assert bench.collect() == {"red": 1, "blue": 1}

    append(tmp_path / "red/app.jsonl", b" and more\n")
    append(tmp_path / "blue/app.jsonl", b"\n")

    assert bench.collect() == {"blue": 1}


def test_a_log_that_moves_to_another_folder_stays_with_the_system_it_began_for(tmp_path: Path) -> None:
    bench = Bench(tmp_path, config(path="*/app.jsonl", system="{path.parent}"))
    for team in ("red", "blue"):
        (tmp_path / team).mkdir()
    append(tmp_path / "red/app.jsonl", line("x", id=1))
    bench.collect()
    copytruncate(tmp_path / "red/app.jsonl", tmp_path / "blue/app.jsonl")
    append(tmp_path / "blue/app.jsonl", line("x", id=2))

    assert bench.settle() == {"red": 2}


def test_what_no_pattern_told_is_read_again_under_another_pattern(tmp_path: Path) -> None:
    (tmp_path / "x-red").mkdir()
    append(tmp_path / "x-red/app.jsonl", line("x"))
    known = {"path": "*/app.jsonl", "system": "{path.team}"}
    bench = Bench(tmp_path, config(**known, path_pattern="/team-(?P<team>[^/]+)/"))
    bench.collect()
    assert bench.store.tallies == {Result.UNATTRIBUTED: 1}

    bench.settings = config(**known, path_pattern="/x-(?P<team>[^/]+)/")
    bench.restart()

    assert bench.collect() == {"red": 1}


def test_records_of_a_system_that_the_path_tells_are_duplicates_within_it_only(tmp_path: Path) -> None:
    bench = Bench(tmp_path, config(path="*/*.jsonl", system="{path.parent}"))
    for team, name in (("red", "a"), ("red", "b"), ("blue", "a")):
        (tmp_path / team).mkdir(exist_ok=True)
        append(tmp_path / team / f"{name}.jsonl", line("x", id="r1") + line(name, id=f"{team}{name}"))

    assert bench.collect() == {"red": 3, "blue": 2}
    assert bench.store.tallies[Result.DUPLICATE] == 1
