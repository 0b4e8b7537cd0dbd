"""The running agent: readiness, reload, shutdown, isolation, and several agents at once."""

from __future__ import annotations

import json
import socket
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest
import requests
import yaml
from sqlalchemy.engine import make_url

from leverwatch.agent.store.scope import Scope
from leverwatch.agent.store.store import Store
from tests.e2e.agents import leverwatch, leverwatch_json, running, start
from tests.e2e.servers import free_port, wait_until

pytestmark = pytest.mark.e2e

RELOADED = "leverwatch_config_last_reload_successful"


def lines(number: int, first: int = 0, pad: int = 0) -> bytes:
    moment = (datetime.now(UTC) - timedelta(days=1)).isoformat()
    records = (
        {"ts": moment, "app": "bot", "id": f"r{first + index}", "pad": "x" * pad} for index in range(number)
    )
    return b"".join(json.dumps(record).encode() + b"\n" for record in records)


def files(name: str = "gateway", path: str = "*.jsonl", **changes: Any) -> dict[str, Any]:
    fields = {"time": "ts", "request_id": "id"}
    form = {"type": "jsonl", "fields": fields}
    return {
        "name": name,
        "type": "files",
        "path": path,
        "format": form,
        "system": "{app}",
        "interval": "200ms",
    } | changes


def configure(folder: Path, port: int, *sources: dict[str, Any], **sections: Any) -> Path:
    config = {
        "store": {"url": "sqlite:///store.db"},
        "web": {"listen": f"127.0.0.1:{port}"},
        "evaluation": {"interval": "300ms"},
        "sources": list(sources),
        **sections,
    }
    path = folder / "leverwatch.yaml"
    path.write_text(yaml.safe_dump(config))
    return path


def inferences(url: str) -> float:
    store = Store(url)
    totals = store.totals(Scope(), 20)
    store.close()
    return sum(model.inferences for total in totals.values() for model in total.models)


def counted(source: str = "gateway") -> str:
    return f'leverwatch_records_total{{result="counted",source="{source}"}}'


def test_a_bad_configuration_is_refused_by_a_reload_and_a_good_one_is_taken(tmp_path: Path) -> None:
    port = free_port()
    (tmp_path / "a.jsonl").write_bytes(lines(3))
    config = configure(tmp_path, port, files(), systems={"bot": {"declared_strategy": "hybrid"}})
    good = config.read_text()
    declared = 'leverwatch_declared_strategy{strategy="hybrid",system="bot"}'
    with running(config, port) as agent:
        wait_until(lambda: agent.value(declared) == 1, 10, "the declaration")
        config.write_text(good.replace("hybrid", "hybird"))
        agent.reload()
        wait_until(lambda: agent.value(RELOADED) == 0, 10, "the refusal")

        assert agent.value(declared) == 1
        assert agent.process.poll() is None
        log = agent.log.read_text()
        assert "event=config_reload_failed" in log
        assert "systems.bot.declared_strategy: must be one of" in log
        assert 'leverwatch_log_warnings_total{event="config_reload_failed"}' in agent.metrics()

        config.write_text(good.replace("hybrid", "fine_tuning"))
        agent.reload()
        tuned = 'leverwatch_declared_strategy{strategy="fine_tuning",system="bot"}'
        wait_until(lambda: agent.value(tuned) == 1, 10, "the new declaration")
        assert agent.value(RELOADED) == 1


def test_a_hangup_while_the_agent_is_still_imported_is_a_reload_once_it_runs(tmp_path: Path) -> None:
    port = free_port()
    agent = start(configure(tmp_path, port, files()), port)
    try:
        maps = Path(f"/proc/{agent.process.pid}/maps")
        wait_until(lambda: "_pydantic_core" in maps.read_text(), 30, "its first imports", pause=0.001)
        for _ in range(3):
            agent.reload()

        wait_until(lambda: "event=config_reloaded" in agent.log.read_text(), 30, "the reload")
        assert agent.log.read_text().count("event=config_reloaded") == 1
        assert agent.terminate() == 0
    finally:
        agent.kill()


def test_sources_come_and_go_with_a_reload_and_keep_their_counts(tmp_path: Path) -> None:
    port = free_port()
    (tmp_path / "a.jsonl").write_bytes(lines(3))
    (tmp_path / "b.log").write_bytes(lines(5, first=100))
    config = configure(tmp_path, port, files())
    with running(config, port) as agent:
        wait_until(lambda: agent.value(counted()) == 3, 10, "the first source")
        configure(tmp_path, port, files(), files("late", "*.log", system="late"))
        agent.reload()
        wait_until(lambda: agent.value(counted("late")) == 5, 10, "the added source")
        configure(tmp_path, port, files("late", "*.log", system="late", interval="300ms"))
        agent.reload()
        wait_until(lambda: agent.value(counted()) is None, 10, "the removed source is gone")
        with (tmp_path / "b.log").open("ab") as log:
            log.write(lines(1, first=200))
        wait_until(lambda: agent.value(counted("late")) == 6, 10, "the changed source goes on")
    assert inferences(f"sqlite:///{tmp_path / 'store.db'}") == 9


def test_a_source_that_fails_does_not_disturb_another(tmp_path: Path) -> None:
    port = free_port()
    (tmp_path / "a.jsonl").write_bytes(lines(3))
    (tmp_path / "wrong.csv").write_text("one,two\n1,2\n")
    (tmp_path / "right.csv").write_text("when\n2026-01-01\n")
    table = {"type": "csv", "fields": {"time": "when"}}
    gone = {"name": "prompts", "type": "git", "repo": "nowhere", "systems": {"bot": ["*.md"]}, "interval": "200ms"}
    config = configure(tmp_path, port, files(), files("table", "*.csv", format=table, system="table"), gone)
    with running(config, port) as agent:
        wait_until(lambda: agent.value(counted()) == 3, 10, "the good source")
        wait_until(lambda: agent.value('leverwatch_collector_success{source="prompts"}') == 0, 10, "a failed run")
        wait_until(lambda: agent.value('leverwatch_collector_success{source="table"}') == 0, 10, "a failed run")

        assert agent.value('leverwatch_collector_success{source="gateway"}') == 1
        assert agent.value(counted("table")) == 1
        series = 'leverwatch_collector_failures_total{reason="incomplete",source="table"}'
        wait_until(lambda: (agent.value(series) or 0) >= 2, 10, "it is tried again")
        assert "no column when" in requests.get(agent.url, timeout=10).text


def test_an_agent_that_is_told_to_stop_finishes_its_transaction(tmp_path: Path) -> None:
    port = free_port()
    number = 300_000
    (tmp_path / "a.jsonl").write_bytes(lines(number, pad=50))
    # The compiled helper, which knows no path, would be done before the agent is told.
    config = configure(tmp_path, port, files(system="{path.stem}"))
    url = f"sqlite:///{tmp_path / 'store.db'}"
    with running(config, port) as agent:
        assert agent.terminate(seconds=15) == 0
    stopped = inferences(url)
    leverwatch_json("collect", config=config)

    assert stopped < number, "the backlog was too short for the test"
    assert inferences(url) == number


def test_collecting_by_hand_beside_a_running_agent_counts_nothing_twice(tmp_path: Path) -> None:
    port = free_port()
    config = configure(tmp_path, port, files(interval="100ms"))
    with running(config, port) as agent:
        for round_ in range(5):
            with (tmp_path / "a.jsonl").open("ab") as log:
                log.write(lines(2_000, first=round_ * 2_000))
            leverwatch_json("collect", config=config)
        assert agent.process.poll() is None
    assert inferences(f"sqlite:///{tmp_path / 'store.db'}") == 10_000


def test_two_agents_on_one_postgresql_count_once(tmp_path: Path, postgres_url: str) -> None:
    name = f"t{uuid4().hex}"
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"'.encode())
    url = make_url(postgres_url).set(database=name, drivername="postgresql").render_as_string(hide_password=False)
    (tmp_path / "second").mkdir()
    ports = free_port(), free_port()
    source = files(path=str(tmp_path / "a.jsonl"), interval="100ms", dedupe_window="0s")
    first = configure(tmp_path, ports[0], source, store={"url": url})
    second = configure(tmp_path / "second", ports[1], source, store={"url": url})
    with running(first, ports[0]) as one, running(second, ports[1]) as two:
        for round_ in range(20):
            with (tmp_path / "a.jsonl").open("ab") as log:
                log.write(lines(500, first=round_ * 500))
            wait_until(lambda seen=(round_ + 1) * 500: inferences(url) >= seen, 20, "the new lines")  # type: ignore[misc]  # bound now
        assert (one.process.poll(), two.process.poll()) == (None, None)
    assert inferences(url) == 10_000


def test_a_port_that_is_taken_is_said_so(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        agent = start(configure(tmp_path, port), port)
        assert agent.process.wait(30) == 1
    assert f"cannot listen on 127.0.0.1:{port}" in agent.log.read_text()


def test_a_store_that_cannot_be_opened_is_said_so(tmp_path: Path) -> None:
    config = configure(tmp_path, 0, store={"url": "sqlite:///missing/store.db"})

    done = leverwatch("collect", config=config)

    assert done.returncode == 3
    assert "unable to open database file" in done.stderr


def test_a_configuration_that_is_wrong_ends_the_start_with_every_problem(tmp_path: Path) -> None:
    config = tmp_path / "leverwatch.yaml"
    config.write_text("store: {urll: x}\nevaluation: {interval: 5}\n")

    done = leverwatch("run", config=config)

    assert done.returncode == 2
    assert 'leverwatch.yaml:1: store.urll: unknown key; did you mean "url"?' in done.stderr
    assert "leverwatch.yaml:2: evaluation.interval: " in done.stderr
