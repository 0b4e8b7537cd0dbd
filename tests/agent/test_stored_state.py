"""What sources stored and cannot be trusted makes its source fail, and no other one; nothing of it is counted."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, insert, update

from leverwatch.agent.log import configure
from leverwatch.agent.scheduling.runner import RunReport, SourceRunner
from leverwatch.agent.store.schema import source_state, sources
from leverwatch.agent.store.scope import Scope
from leverwatch.agent.store.store import Store
from leverwatch.collectors.aggregation import counters
from leverwatch.collectors.aggregation.pipeline import KINDS as COUNTING_KINDS
from leverwatch.collectors.interface import CollectorContext, Result
from leverwatch.collectors.registry import source_types
from tests.collectors.aggregation.test_streams import PARTS, chunk
from tests.collectors.records.formats.test_otlp import SEMCONV, export, span
from tests.collectors.sources.azure_monitor.azure import RESOURCE, Azure
from tests.collectors.sources.azure_monitor.azure import TOKEN as AZURE_TOKEN
from tests.collectors.sources.bucket.s3 import BUCKET, KEY_ID, SECRET, s3
from tests.collectors.sources.cloudwatch.amazon import ALONE, KEYS, metric, result, scripted
from tests.collectors.sources.evals.samples import lines, own
from tests.collectors.sources.git.repo import Repo
from tests.collectors.sources.google_monitoring.google import CALLS, GEMINI, Google
from tests.collectors.sources.google_monitoring.google import TOKEN as GOOGLE_TOKEN
from tests.collectors.sources.models.server import Answer, Provider, models, provider
from tests.collectors.sources.prometheus.pretended import answered
from tests.collectors.sources.stored_values import kinds_of
from tests.collectors.sources.web import web

SOURCES: dict[str, dict[str, Any]] = {
    "gateway": {"type": "files", "path": "logs/*.jsonl", "format": "openai", "system": "bot"},
    "traces": {"type": "files", "path": "traces/*.json", "format": "otlp", "system": "bot"},
    "app": {
        "type": "files",
        "path": "app/*.jsonl",
        "format": {
            "type": "jsonl",
            "fields": {"time": "ts", "output_tokens": {"path": "out", "of_session": "chat"}},
        },
        "system": "app",
    },
    "archive": {
        "type": "bucket",
        "url": f"s3://{BUCKET}",
        "key_id": KEY_ID,
        "secret": SECRET,
        "path": "app/{date:%Y/%m/%d}/*",
        "format": {"type": "jsonl", "fields": {"time": "ts"}},
        "system": "app",
        "history": "2d",
    },
    "tests": {"type": "evals", "path": "evals/*", "system": "bot"},
    "prompts": {"type": "git", "repo": "repo", "systems": {"bot": ["**/*.md"]}},
    "provider": {"type": "models"},
    "registry": {
        "type": "prompt-registry",
        "api": "http",
        "path": "/{prompt}",
        "content": "data",
        "systems": {"bot-of-a-registry": ["answer"]},
    },
    "account": {"type": "usage-api", "api": "openai", "token": "k", "system": "bot-of-an-account"},
    "lines": {"type": "loki", "query": '{app="gw"}', "system": "bot-of-lines"},
    "table": {
        "type": "sql",
        "url": "sqlite:///calls.db",
        "table": "calls",
        "time_is": "text",
        "fields": {"time": "at"},
        "system": "bot-of-a-table",
    },
    "bedrock": {"type": "cloudwatch", "regions": ["us-east-1"], "system": "bot-of-bedrock", "history": "3d"},
    "azure": {
        "type": "azure-monitor",
        "resources": [RESOURCE],
        "token": AZURE_TOKEN,
        "system": "bot-of-azure",
        "history": "3d",
    },
    "vertex": {
        "type": "google-monitoring",
        "projects": ["p"],
        "token": GOOGLE_TOKEN,
        "system": "bot-of-vertex",
        "history": "3d",
    },
    "metrics": {
        "type": "prometheus",
        "method": "get",
        "metrics": {"inferences": "calls_total"},
        "history": "5d",
        "system": "bot-of-metrics",
    },
}
AT_THE_PROVIDER = frozenset({"usage-api", "prometheus", "loki", "prompt-registry"})
ASKED = {
    "table": "bot-of-a-table",
    "bedrock": "bot-of-bedrock",
    "azure": "bot-of-azure",
    "vertex": "bot-of-vertex",
    "account": "bot-of-an-account",
    "metrics": "bot-of-metrics",
}
"""The system of each source that is asked for the same days in every run."""


@dataclass
class World:
    """A source of every type, all of them on one store."""

    folder: Path
    store: Store
    urls: Mapping[str, str]
    """By type of source."""
    now: datetime = field(default_factory=lambda: datetime.now(UTC) + timedelta(minutes=10))
    runners: dict[str, SourceRunner] = field(default_factory=dict)

    def restart(self, *names: str) -> None:
        """A new process, with all sources or those of these names."""
        context = CollectorContext(self.folder, self.folder / "cache", lambda: self.now)
        self.runners.clear()
        for name in names or SOURCES:
            settings = SOURCES[name]
            source = source_types()[settings["type"]]
            kind = "models" if settings["type"] in AT_THE_PROVIDER else settings["type"]
            address = "endpoint" if kind == "bucket" else "url"
            more = {address: self.urls[kind]} if kind in self.urls else {}
            config = source.config.model_validate({"name": name, **settings, **more})
            self.runners[name] = SourceRunner(config, source.build(config, context), self.store)

    def run(self) -> dict[str, RunReport]:
        """One run of every source; what went wrong."""
        reports = {name: runner.run() for name, runner in self.runners.items()}
        return {name: report for name, report in reports.items() if not report.success}

    def figures(self) -> tuple[Any, ...]:
        """Everything that was counted."""
        # Some are asked for the same days in every run; what is stored of them says whether that counts once.
        found = self.store.totals(Scope(), 20)
        tallies = {**self.store.tallies(), **{name: found[system].models for name, system in ASKED.items()}}
        return tallies, found["bot"].models, self.store.prompt_totals(), self.store.shutdowns()

    def stored(self, source: str) -> dict[str, bytes]:
        return dict(self.store.source_state(source).load())

    def put(self, source: str, key: str, value: bytes | None) -> None:
        """Write a value as nothing of the program would."""
        there = (source_state.c.source == source) & (source_state.c.key == key)
        with self.store.writing() as connection:
            if value is None:
                connection.execute(delete(source_state).where(there))
            elif connection.execute(update(source_state).where(there).values(versioned=value)).rowcount == 0:
                connection.execute(insert(source_state).values(source=source, key=key, versioned=value))


@pytest.fixture(scope="module")
def served() -> Iterator[Provider]:
    day = datetime.now(UTC).date() - timedelta(days=2)
    start = int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp())
    bucket = {"start_time": start, "results": [{"num_model_requests": 1}]}
    with provider() as found:
        listed = models({"id": "gpt-4o", "shutdown_date": "2027-01-14"})
        found.answer = lambda query: (
            Answer(b'{"status": "success", "data": {"resultType": "vector", "result": []}}')
            if "app=" in query.get("query", "")
            else answered(query)
            if "query" in query
            else Answer(json.dumps({"data": [bucket]}).encode(), headers={"openai-organization": "org-Xm2"})
            if "start_time" in query
            else listed
        )
        yield found


@pytest.fixture(scope="module")
def clouds() -> Iterator[dict[str, str]]:
    """A call the day before yesterday, in the metrics of each cloud; the addresses of the clouds."""
    at = datetime.now(UTC).replace(hour=12, minute=0, second=0, microsecond=0) - timedelta(days=2)
    azure, google = Azure(), Google()
    azure.add("ModelRequests", at, 1, StatusCode="200", ModelDeploymentName="d", ModelName="m")
    google.add(CALLS, at, 1, response_code="200", **GEMINI)

    def amazon(operation: str, asked: dict[str, Any]) -> tuple[int, Any]:
        if operation == "ListMetrics":
            return 200, {"Metrics": [metric("Invocations", ModelId="m")]}
        values = {at.replace(hour=0): 1.0} if asked["StartTime"] <= at.timestamp() < asked["EndTime"] else {}
        return 200, {"MetricDataResults": [result(query, values) for query in asked["MetricDataQueries"]]}

    with (
        pytest.MonkeyPatch.context() as patch,
        scripted() as bedrock,
        web() as microsoft,
        web() as vertex,
        s3() as bucket,
    ):
        for name, value in {**KEYS, **ALONE}.items():
            patch.setenv(name, value)
        bedrock.answer, microsoft.answer, vertex.answer = amazon, azure, google
        record = {"ts": f"{at:%Y-%m-%dT%H:%M:%SZ}"}
        bucket.put(f"app/{datetime.now(UTC):%Y/%m/%d}/a", json.dumps(record).encode() + b"\n")
        yield {
            "cloudwatch": bedrock.url,
            "azure-monitor": microsoft.url,
            "google-monitoring": vertex.url,
            "bucket": bucket.url,
        }


@pytest.fixture(scope="module")
def read(
    tmp_path_factory: pytest.TempPathFactory, served: Provider, clouds: dict[str, str]
) -> Iterator[tuple[World, dict[Path, bytes]]]:
    """Everything was read: streamed calls, spans, counters of sessions, a last line without its end, results,
    prompts and models. With the files that tests may change, as they were then."""
    root = tmp_path_factory.mktemp("world")
    for folder in ("logs", "evals", "traces", "app"):
        (root / folder).mkdir()
    (root / "logs/app.jsonl").write_bytes(b"".join(PARTS) + chunk("c2", end=True)[:-1])
    (root / "app/app.jsonl").write_bytes(
        b'{"ts": "last Tuesday"}\n{"ts": "2026-03-10T07:00:00Z", "out": 4, "chat": "a"}\n'
        b'{"ts": "2026-03-10T08:00:00Z", "out": 2, "chat": "b"}'
    )
    (root / "evals/own.jsonl").write_bytes(lines(own()))
    (root / "traces/spans.json").write_text(json.dumps(export(span(SEMCONV))) + "\n")
    Repo(root / "repo").commit({"a.md": "1"})
    with closing(sqlite3.connect(root / "calls.db")) as calls:
        calls.execute("CREATE TABLE calls (at TEXT)")
        calls.execute(
            "INSERT INTO calls VALUES (?)", [f"{datetime.now(UTC) - timedelta(days=2):%Y-%m-%dT12:00:00}"]
        )
        calls.commit()
    store = Store(f"sqlite:///{root / 'store.db'}")
    store.migrate()
    made = World(root, store, {"models": served.url, **clouds})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(counters, "MOST_SESSIONS", 1)  # so that one is forgotten
        made.restart()
        assert made.run() == {}
        made.now += timedelta(minutes=10)
        assert made.run() == {}
        assert made.figures()[0]["gateway"]["counted"] == 2
        store.close()
        yield made, {path: path.read_bytes() for path in _changing(root)}


def _changing(root: Path) -> Iterator[Path]:
    yield from root.glob("store.db*")
    for folder in ("logs", "evals"):
        yield from (root / folder).iterdir()


@pytest.fixture
def world(read: tuple[World, dict[Path, bytes]]) -> Iterator[World]:
    """What was read, whatever another test did to it; each test starts the sources that it is about."""
    made, were = read
    for path in [*_changing(made.folder)]:
        if path not in were:
            path.unlink()
    for path, data in were.items():
        if path.read_bytes() != data:
            # Not a new file: it would be another one with the same records.
            with path.open("r+b") as file:
                file.write(data)
                file.truncate()
    store = Store(f"sqlite:///{made.folder / 'store.db'}")
    yield World(made.folder, store, made.urls, made.now)
    store.close()


def test_every_value_that_a_source_stores_is_of_a_known_kind_and_says_its_version(world: World) -> None:
    found = set()
    for name, settings in SOURCES.items():
        for key, value in world.stored(name).items():
            (kind,) = (kind for kind in kinds_of(settings["type"]) if kind.holds(key))
            assert value.startswith((b'{"version":%d,' % kind.version, b"version %d\n" % kind.version)), key
            found.add((settings["type"], kind.key))

    # CloudWatch is asked for its account where a system is named by it, and keeps it as a `usage-api` source does.
    others = {(name, kind.key) for name in source_types() for kind in kinds_of(name)} - found
    # What counting stores of objects is what it stores of files.
    counting = {("bucket", kind.key) for kind in COUNTING_KINDS}
    assert others - counting == {("cloudwatch", "account")}


KINDS = [
    ("gateway", "file/", "position in a file"),
    ("gateway", "version/", "list of the records of a document"),
    ("gateway", "seen/", "list of ids"),
    ("gateway", "calls/", "list of ids"),
    ("gateway", "open/", "call that later records may change"),
    ("app", "refused/", "list of the refused ranges of a file"),
    ("app", "partial/", "number of times that a line without an end was counted"),
    ("app", "session/", "list of the counters of a session"),
    ("app", "lost-sessions", "list of forgotten sessions"),
    ("traces", "observed/", "list of observations"),
    ("archive", "days/", "list of days of a path"),
    ("archive", "prefix/", "position in a prefix"),
    ("archive", "objects/", "list of objects that were read"),
    ("archive", "records/", "list of records of objects"),
    ("tests", "file/", "position in a file of results"),
    ("prompts", "history", "history of the prompts"),
    ("provider", "list", "digest of the list of models"),
    ("table", "days", "days that were asked for"),
    ("table", "questions", "questions that were asked"),
    ("bedrock", "models", "models that had calls"),
    ("account", "days", "days that were asked for"),
    ("account", "questions", "questions that were asked"),
    ("account", "account", "account that answers"),
    ("metrics", "days", "days that were asked for"),
    ("metrics", "questions", "questions that were asked"),
]
each = pytest.mark.parametrize(("source", "prefix", "name"), KINDS, ids=lambda value: value)


def version_of(value: bytes) -> int:
    found = re.match(rb'(?:version |\{"version":)([0-9]+)', value)
    assert found is not None
    return int(found[1])


def newer(value: bytes) -> bytes:
    version = version_of(value)
    return value.replace(b"%d" % version, b"%d" % (version + 1), 1)


def refused(world: World, source: str, wanted: str, capsys: pytest.CaptureFixture[str], *more: str) -> None:
    """One run in which this source fails with this message, counts nothing, and others, these too, go on."""
    configure()
    before, stored = world.figures(), world.stored(source)
    (world.folder / "logs/more.jsonl").write_bytes(chunk("c9", end=True))
    (world.folder / "evals/more.jsonl").write_bytes(lines(own(value=0.5, ts="2026-10-02T08:00:00Z")))
    world.restart(*{"gateway", "tests", *more, source})
    failed = world.run()

    assert list(failed) == [source]
    report = failed[source]
    assert (report.reason, report.read, dict(report.tallies)) == ("refused", 0, {})
    assert report.error is not None
    assert report.error.startswith(f"source {source}: ")
    assert wanted in report.error
    view = world.runners[source].view()
    assert (view.success, view.failures, view.error) == (False, {"refused": 1}, report.error)
    (line,) = (one for one in capsys.readouterr().err.splitlines() if "event=collector_failed" in one)
    assert f"source={source} reason=refused" in line
    # Twice in one process, too: what was refused half-way leaves nothing to go on with.
    assert world.runners[source].run().reason == "refused"
    after = world.figures()
    assert world.stored(source) == stored
    assert after[0].get(source) == before[0].get(source)
    for other in {"gateway", "tests"} - {source}:
        assert after[0][other]["counted"] > before[0][other]["counted"]


@each
def test_a_value_of_a_newer_version_makes_its_source_fail_and_no_other(
    world: World, source: str, prefix: str, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    key, value = next((key, value) for key, value in world.stored(source).items() if key.startswith(prefix))
    world.put(source, key, newer(value))

    wanted = f"{key}: the stored {name} is of version {version_of(value) + 1}, and this leverwatch knows none"
    refused(world, source, wanted, capsys)

    world.put(source, key, value)
    world.restart(source)
    counted = world.figures()[0][source]
    assert world.run() == {}
    # What came meanwhile is counted once, and nothing twice.
    new = 1 if source in {"gateway", "tests"} else 0
    now = world.figures()[0][source]
    assert now == (counted if not new else {**now, Result.COUNTED: counted[Result.COUNTED] + 1})


@each
def test_a_damaged_value_makes_its_source_fail_and_no_other(
    world: World, source: str, prefix: str, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    key, value = next((key, value) for key, value in world.stored(source).items() if key.startswith(prefix))
    world.put(source, key, value.replace(b'"offset":', b'"at":').replace(b'"head":', b'"at":') + b"?")

    refused(world, source, f"{key}: the stored {name} (version {version_of(value)}) cannot be read: ", capsys)


@pytest.mark.parametrize("source", SOURCES)
def test_a_key_of_a_kind_that_is_not_known_makes_its_source_fail_and_no_other(
    world: World, source: str, capsys: pytest.CaptureFixture[str]
) -> None:
    world.put(source, "cursor/1", b"version 1\nx")

    refused(
        world, source, "cursor/1: no source of this type stores such a key: a source", capsys, "prompts", "table"
    )


def test_what_was_refused_half_way_is_read_anew_also_when_the_store_is_back_where_it_was(world: World) -> None:
    """As when a backup is put back under an agent that runs on."""
    whole = chunk("c7", usage={"prompt_tokens": 9, "completion_tokens": 4}, object="chat.completion")
    world.restart("gateway")
    (world.folder / "logs/whole.jsonl").write_bytes(whole)
    assert world.run() == {}
    before, revision = world.figures(), world.store.source_state("gateway").revision
    key, value = next((key, value) for key, value in world.stored("gateway").items() if key.startswith("seen/"))

    def go_to(revision: int, value: bytes) -> None:
        world.put("gateway", key, value)
        with world.store.writing() as connection:
            connection.execute(update(sources).where(sources.c.source == "gateway").values(revision=revision))

    go_to(revision + 1, newer(value))
    assert list(world.run()) == ["gateway"]
    go_to(revision, value)
    # Another delivery of a call that was counted: without what was stored of it, it would be a new one.
    (world.folder / "logs/again.jsonl").write_bytes(whole + whole)
    assert world.run() == {}

    assert world.figures()[1:] == before[1:]


def test_stored_ids_are_read_once_there_is_something_to_count(world: World) -> None:
    """A run that finds nothing new, as most do, would spend most of its time on them."""
    key, value = next((key, value) for key, value in world.stored("gateway").items() if key.startswith("seen/"))
    world.put("gateway", key, value[:-1])

    world.restart("gateway")
    assert world.run() == {}
    (world.folder / "logs/more.jsonl").write_bytes(chunk("c8"))
    assert list(world.run()) == ["gateway"]


def test_values_without_a_version_are_read_and_written_anew_when_they_change(world: World) -> None:
    def bare(key: str, value: bytes) -> bytes:
        if key.startswith(("seen/", "calls/")):
            # A list of ids had no checksum either, and did not say what it is a list of.
            return value.split(b"\n", 2)[2]
        return value.removeprefix(b"version 1\n").replace(b'{"version":1,', b"{", 1)

    for name in SOURCES:
        for key, value in world.stored(name).items():
            world.put(name, key, bare(key, value))
    world.restart()
    before, stored = world.figures(), {name: world.stored(name) for name in SOURCES}
    assert world.run() == {}
    assert world.figures() == before
    # Only of what is asked for days, and of labels, every run says anew what is known of them.
    still = [name for name in SOURCES if name not in {*ASKED, "lines", "registry"}]
    assert {name: world.stored(name) for name in still} == {name: stored[name] for name in still}
    assert world.stored("table")["days"].startswith(b'{"version":2,')

    with (world.folder / "logs/app.jsonl").open("ab") as log:
        log.write(b"\n" + b"".join(PARTS) + chunk("c3", end=True))
    assert world.run() == {}

    assert world.figures()[0]["gateway"]["counted"] == before[0]["gateway"]["counted"] + 1
    changed = [value for key, value in world.stored("gateway").items() if stored["gateway"].get(key) != value]
    assert changed
    assert all(value.startswith((b"version ", b'{"version":')) for value in changed)
