from __future__ import annotations

import json
import socket
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

import leverwatch.agent.app
from leverwatch.agent.app import Agent
from leverwatch.agent.config import load_config
from leverwatch.agent.errors import StoreError
from leverwatch.agent.exporter.render import Format
from leverwatch.agent.log import configure, get_logger
from leverwatch.agent.scheduling.runner import SourceRunner
from leverwatch.agent.scheduling.source_runner import source_runner
from leverwatch.agent.web.transport.limits import PROBE_LIMITS, Drop

HEAD = 'store: {url: "sqlite:///store.db"}\nserver: {listen: "127.0.0.1:0"}\nsources:\n'
SOURCE = (
    "  - {{name: {0}, type: files, path: {0}.jsonl, format: {{type: jsonl, fields: {{time: ts}}}}, system: {0}}}\n"
)


def test_a_reload_that_fails_half_way_leaves_every_source_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "leverwatch.yaml"
    file.write_text(HEAD + SOURCE.format("one") + SOURCE.format("two"))
    running = Agent(load_config(file), lambda: load_config(file))
    running.start()

    def failing(config: Any, *rest: Any, **named: Any) -> SourceRunner:
        if config.name == "four":
            raise StoreError("the database is gone")
        return source_runner(config, *rest, **named)

    def shown() -> list[str]:
        snapshot = running.exposition.snapshots.agent
        assert snapshot is not None
        return [source.name for source in snapshot.sources]

    try:
        file.write_text(HEAD + SOURCE.format("one") + SOURCE.format("three") + SOURCE.format("four"))
        monkeypatch.setattr(leverwatch.agent.app, "source_runner", failing)
        with pytest.raises(StoreError):
            running.reload()
        monkeypatch.undo()
        assert shown() == ["one", "two"]

        running.reload()
        assert shown() == ["four", "one", "three"]
    finally:
        running.stop()


def test_a_reload_changes_where_the_page_leads_to(tmp_path: Path) -> None:
    file = tmp_path / "leverwatch.yaml"
    file.write_text(HEAD + SOURCE.format("one"))
    running = Agent(load_config(file), lambda: load_config(file))
    running.start()

    def shown() -> tuple[str | None, str | None]:
        snapshot = running.exposition.snapshots.agent
        assert snapshot is not None
        return snapshot.runbook_url, snapshot.grafana_url

    try:
        assert shown() == (None, None)
        links = '{listen: "127.0.0.1:0", runbook_url: "http://wiki.example/r/", grafana_url: "http://g.example"}'
        file.write_text(HEAD.replace('{listen: "127.0.0.1:0"}', links) + SOURCE.format("one"))
        running.reload()
        assert shown() == ("http://wiki.example/r", "http://g.example")
    finally:
        running.stop()


def test_a_reload_changes_the_log(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "leverwatch.yaml"
    file.write_text(HEAD + SOURCE.format("one"))
    loaded = load_config(file)
    configure(loaded.config.log.level, loaded.config.log.format)
    running = Agent(loaded, lambda: load_config(file))
    running.store.migrate()

    try:
        file.write_text("log: {format: json, level: debug}\n" + HEAD + SOURCE.format("one"))
        capsys.readouterr()
        running.reload()
        get_logger("leverwatch.test").debug("seen")
    finally:
        running.store.close()
        configure()

    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert [(line["event"], line.get("changed")) for line in lines] == [
        ("config_reloaded", "log.format,log.level"),
        ("seen", None),
    ]


def test_results_of_an_evaluation_are_shown_at_once_however_rarely_systems_are_evaluated(tmp_path: Path) -> None:
    file, results = tmp_path / "leverwatch.yaml", tmp_path / "graded.jsonl"
    file.write_text(
        HEAD.replace("sources:", "evaluation: {interval: 12h}\nsystems: {desk: {}}\nsources:")
        + "  - {name: graded, type: evals, path: graded.jsonl, system: desk, interval: 100ms}\n"
    )
    line = {
        "ts": "2026-02-03T08:00:00Z",
        "model": "ash",
        "suite": "replies",
        "metric": "tone",
        "value": 0.5,
        "n": 40,
    }
    running = Agent(load_config(file), lambda: load_config(file))

    def shown() -> set[str]:
        snapshot = running.exposition.snapshots.systems
        views = () if snapshot is None else snapshot.systems
        return {it.metric for view in views if view.assessment for it in view.assessment.evaluations}

    def within_seconds(metrics: set[str]) -> bool:
        end = time.monotonic() + 30
        while shown() != metrics and time.monotonic() < end:
            time.sleep(0.05)
        return shown() == metrics

    try:
        results.write_text(json.dumps(line) + "\n")
        running.start()
        assert within_seconds({"tone"})
        with results.open("a") as end:
            end.write(json.dumps({**line, "metric": "length"}) + "\n")
        assert within_seconds({"tone", "length"})
    finally:
        running.stop()


def test_an_agent_whose_store_was_deleted_is_not_ready_until_it_is_back(tmp_path: Path) -> None:
    file = tmp_path / "leverwatch.yaml"
    file.write_text(HEAD.replace("sources:", "evaluation: {interval: 100ms}\nsources: []"))
    (tmp_path / "elsewhere").mkdir()
    running = Agent(load_config(file), lambda: load_config(file))
    running.start()

    def eventually(said: str) -> None:
        deadline = time.monotonic() + 60
        while said not in str(running.ready()) and time.monotonic() < deadline:
            time.sleep(0.05)
        assert said in str(running.ready())

    def trusted() -> float:
        text = running.exposition.body(Format.TEXT).plain.decode()
        (line,) = [line for line in text.splitlines() if line.startswith("leverwatch_store_trusted ")]
        return float(line.split()[1])

    try:
        eventually("True")
        assert trusted() == 1
        for part in tmp_path.glob("store.db*"):
            part.rename(tmp_path / "elsewhere" / part.name)
        eventually("the store cannot be trusted: the file was deleted while it was open")
        time.sleep(0.3)
        assert not (tmp_path / "store.db").exists()
        for part in (tmp_path / "elsewhere").iterdir():
            part.rename(tmp_path / part.name)
        eventually("True")
    finally:
        running.stop()


def test_each_listener_takes_as_many_connections_as_it_says(tmp_path: Path) -> None:
    file = tmp_path / "leverwatch.yaml"
    web = 'web: {listen: "127.0.0.1:0", probe_listen: "127.0.0.1:0", max_connections: 9}\n'
    file.write_text(f'store: {{url: "sqlite:///store.db"}}\n{web}')
    running = Agent(load_config(file), lambda: load_config(file))
    running.start()
    try:
        assert running.probe_server is not None
        for server, most in ((running.server, 9), (running.probe_server, PROBE_LIMITS.connections)):
            with ExitStack() as stack:
                crowd = [
                    stack.enter_context(socket.create_connection(("127.0.0.1", server.port), timeout=20))
                    for _ in range(most)
                ]
                for connection in crowd:
                    connection.sendall(b"GET /-/healthy HTTP/1.1\r\nHost: a\r\n\r\n")
                    assert connection.recv(15) == b"HTTP/1.1 200 OK"
                assert server.dropped[Drop.ROOM] == 0
                with socket.create_connection(("127.0.0.1", server.port), timeout=20) as one_more:
                    one_more.sendall(b"GET /-/healthy HTTP/1.1\r\nHost: a\r\n\r\n")
                    assert one_more.recv(15) == b"HTTP/1.1 200 OK"
                assert server.dropped[Drop.ROOM] == 1
    finally:
        running.stop()
