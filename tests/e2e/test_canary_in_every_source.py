"""What people wrote is found nowhere, whatever type of source holds it and whatever goes wrong with it."""

from __future__ import annotations

import gzip
import json
import re
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
import yaml
from sqlalchemy import text

from leverwatch.collectors.interface import Result
from tests.collectors.sources.bucket import s3 as buckets
from tests.collectors.sources.evals import samples
from tests.collectors.sources.git.repo import Repo, git
from tests.collectors.sources.models.server import Answer, Provider, models, provider
from tests.collectors.sources.prometheus.pretended import answered, failure
from tests.collectors.sources.web import Web, web
from tests.e2e import clouds, platforms
from tests.e2e.agents import running
from tests.e2e.forked import Forked
from tests.e2e.kills.ledger import Ledger
from tests.e2e.servers import free_port, wait_until
from tests.e2e.test_canary import PAGES, SCALAR
from tests.fuzz.records import CANARY, record

pytestmark = pytest.mark.e2e

CANARIES = (CANARY, samples.CANARY)
SECRET = "s3cr3t-t0k3n"
ASKED_FOR_DAYS = frozenset(
    {"sql", "prometheus", "cloudwatch", "azure-monitor", "google-monitoring", "usage-api", "loki"}
)
ALL_RESULTS = frozenset(Result) - {Result.NOT_A_CALL, Result.PART, Result.OUT_OF_RANGE}
"""Of the log below: every way in which a record of a field map can end."""
FIELDS = {
    "time": "ts", "request_id": "id", "model": "model", "status": "status", "operation": "operation",
    "input_tokens": "in",
}  # fmt: skip


def lines() -> bytes:
    """A record for each result, with the canary beside what is read and in the place of it."""
    good = {"ts": "2026-03-10T08:00:00Z", "id": "r1", "model": "m", "app": "bot", "answer": CANARY}
    records: list[Any] = [
        good,
        good,
        *(good | {"id": f"{n}", name: CANARY} for n, name in enumerate(("ts", "status", "operation", "in"))),
        {"id": CANARY, "app": "bot"},
        good | {"id": "skipped", "skip": CANARY},
        good | {"ts": "2999-01-01T00:00:00Z", "id": CANARY},
        good | {"ts": -1, "id": CANARY},
        good | {"app": CANARY * 30},
        good | {"app": {"text": CANARY}},
        CANARY,
        [CANARY],
    ]
    raw = [json.dumps(record).encode() for record in records]
    damaged = [b'{"answer": "' + CANARY.encode(), b"\xff" + CANARY.encode(), b"", b"\0" + CANARY.encode()]
    too_long = b'{"answer": "' + CANARY.encode() * 1_600_000 + b'"}'
    return b"\n".join([*raw, *damaged, too_long, b""])


def documents() -> Iterator[tuple[str, bytes]]:
    """Result files of every format, whole, with the canary in the place of each number and time, and cut off."""
    whole = {
        "promptfoo.json": samples.promptfoo(
            [samples.promptfoo_row(True, 0.5), samples.promptfoo_row(False, 0.25)]
        ),
        "inspect.json": samples.inspect_log(),
        "lm.json": samples.lm_eval(),
        "own.jsonl": samples.own(answer=CANARY, prompt=CANARY),
    }
    quoted = json.dumps(CANARY).encode()
    for name, document in whole.items():
        data = json.dumps(document).encode() + b"\n"
        yield name, data
        yield f"cut-{name}", data[: len(data) // 2] + CANARY.encode()
        for number, match in enumerate(SCALAR.finditer(data)):
            yield f"{number}-{name}", data[: match.start()] + quoted + data[match.end() :]


def answer(query: Mapping[str, str]) -> Answer:
    """Of the provider, by the wish in the query; git is refused in words that it passes on."""
    if "dropped_total" in query.get("query", ""):
        return failure(422, CANARY, CANARY)
    if "query" in query:
        return answered(query, {"app": CANARY * 30, CANARY: CANARY, "code": CANARY})
    if "service" in query:
        return Answer(CANARY.encode(), status=403, headers={"Content-Type": "text/plain"})
    if "start_time" in query:
        return bill(int(query["start_time"]))
    match query.get("wish"):
        case "error":
            return Answer(CANARY.encode(), status=500)
        case "refusal":
            return Answer(CANARY.encode(), status=401)
        case "nonsense":
            return Answer(json.dumps({"data": CANARY, CANARY: 1}).encode())
        case "elsewhere":
            return Answer(CANARY.encode(), status=302, headers={"Location": f"http://127.0.0.1:1/{CANARY}"})
    return models(
        {"id": "m", "shutdown_date": "2027-01-14", "description": CANARY},
        {"id": "dated", "shutdown_date": CANARY},
        {"id": CANARY * 30, "shutdown_date": "2027-01-14"},
        {"id": f"{CANARY}\n", "shutdown_date": "2027-01-14"},
        about=CANARY,
    )


def bill(start: int) -> Answer:
    """A page of usage or costs of a provider, with a text wherever nobody reads one."""
    result = {"num_model_requests": 2, "model": "m", "line_item": "m", "amount": {"value": 1, "note": CANARY}}
    bucket = {"start_time": start, "results": [{**result, "object": CANARY, CANARY: 1}], "note": CANARY}
    return Answer(json.dumps({"data": [bucket], "note": CANARY}).encode())


def repository(folder: Path) -> Repo:
    """Prompts, messages, names of authors and of a branch with the canary in them."""
    repo = Repo(folder)
    repo.git("config", "user.name", CANARY)
    for number in range(2):
        repo.write({"system.md": f"{CANARY} {number}", "other.md": CANARY.encode() + b"\xff"})
        repo.git("commit", "--quiet", f"--message={CANARY}")
    repo.git("branch", CANARY)
    return repo


def database(path: Path) -> None:
    """A table of calls with the canary in the place of each value."""
    with closing(sqlite3.connect(path)) as found:
        found.execute("CREATE TABLE calls (at TEXT, outcome TEXT, tokens TEXT, app TEXT)")
        at = f"{datetime.now(UTC) - timedelta(days=2):%Y-%m-%dT12:00:00}"
        good = (at, "ok", "5", "bot")
        odd = (
            (*good[:place], value, *good[place + 1 :])
            for place in range(4)
            for value in (CANARY * 30, *([f"2 {CANARY}"] if place < 3 else []))
        )
        found.executemany("INSERT INTO calls VALUES (?, ?, ?, ?)", [good, *odd])
        found.commit()


def sources(folder: Path, url: str) -> list[dict[str, Any]]:
    """Every type of source, in order and out of it."""
    (folder / "app.log").write_bytes(lines())
    (folder / "torn.log.gz").write_bytes(gzip.compress(record("openai", "r1", "m") * 100)[:-40])
    for name, data in documents():
        path = folder / "evals" / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(data)
    whole = repository(folder / "whole").path
    git(folder, "clone", "-q", "--depth=1", whole.as_uri(), "shallow")
    patterns = {"bot": ["**/*.md"]}
    broken = repository(folder / "broken").path
    for path in (broken / ".git" / "objects").glob("??/*"):
        path.chmod(0o600)
        path.write_bytes(CANARY.encode())
    web = url.replace("http://", f"http://user:{SECRET}@")
    by_fields = {"type": "jsonl", "fields": FIELDS, "not": {"skip": {"present": True}}}
    table = {"type": "sql", "url": "sqlite:///calls.db", "table": "calls", "time_is": "text", "system": "{app}"}
    metrics = {"type": "prometheus", "url": url, "method": "get", "token": SECRET}
    headers = {"X-Scope-OrgID": SECRET}
    database(folder / "calls.db")
    asked = {"url": url.removesuffix("/v1/models"), "token": SECRET}
    files: list[dict[str, Any]] = [
        {"name": "app", "path": "app.log", "format": by_fields, "system": "{app}"},
        {"name": "torn", "path": "torn.log.gz", "format": "openai", "system": "bot-torn"},
    ]
    repositories = {"whole": "whole", "copy": whole.as_uri(), "shallow": "shallow", "broken": "broken", "web": web}
    wishes = {"models": "", "error": "?wish=error", "refusal": "?wish=refusal", "nonsense": "?wish=nonsense"}
    wishes["elsewhere"] = "?wish=elsewhere"
    return [
        *({"type": "files", "quiet_after": "0s", **each} for each in files),
        *({"name": n, "type": "git", "repo": r, "systems": patterns} for n, r in repositories.items()),
        {"name": "evals", "type": "evals", "path": "evals/*", "system": "bot"},
        {"name": "table", **table, "fields": {"time": "at", "status": "outcome", "input_tokens": "tokens"}},
        {"name": "dropped", **table, "fields": {"time": "at", "model": "nowhere"}},
        {
            "name": "metrics",
            **metrics,
            "metrics": {"inferences": "calls_total"},
            "system": "{app}",
            "failed": {"code": "x"},
        },
        {
            "name": "counters",
            **metrics,
            "metrics": {"inferences": "dropped_total"},
            "system": "bot",
            "headers": headers,
        },
        *({"name": n, "type": "models", "url": url + wish, "token": SECRET} for n, wish in wishes.items()),
        {"name": "lines", "type": "loki", "query": '{app="gw"}', "system": "bot-of-lines", **asked},
        *(
            {"name": api, "type": "usage-api", "api": api, "system": f"bot-of-{api}", **asked}
            for api in ("openai", "anthropic", "openrouter")
        ),
    ]


def archive(server: buckets.S3) -> Iterator[dict[str, Any]]:
    """A bucket with records in order and out of it, and one whose key is refused."""
    good = {"ts": f"{datetime.now(UTC):%Y-%m-%dT00:00:00Z}", "id": CANARY, "model": "m", "answer": CANARY}
    odd = [good | {name: CANARY} for name in ("ts", "status", "in")] + [CANARY]
    body = b"".join(json.dumps(it).encode() + b"\n" for it in (good, *odd))
    server.put("2026/a", body + CANARY.encode())
    server.put("2026/b", gzip.compress(body)[:-9])
    for name, secret in (("bucket", buckets.SECRET), ("bucket-refused", SECRET)):
        yield {
            "name": name, "type": "bucket", "url": f"s3://{buckets.BUCKET}", "endpoint": server.url,
            "region": "us-east-1", "key_id": buckets.KEY_ID, "secret": secret, "path": "2026/*",
            "format": {"type": "jsonl", "fields": FIELDS}, "system": f"bot-of-{name}",
        }  # fmt: skip


def configure(folder: Path, store: str, log: str, served: Provider, sky: Web, objects: buckets.S3) -> Path:
    document = {
        "store": {"url": store},
        "cache_dir": "cache",
        "server": {"listen": f"127.0.0.1:{free_port()}"},
        "evaluation": {"interval": "500ms"},
        "log": {"level": "debug", "format": log},
        "sources": [
            {**source, "interval": "500ms"}
            for source in (
                *sources(folder, served.url),
                *clouds.sources(sky.url, SECRET),
                *platforms.sources(sky.url, SECRET),
                *archive(objects),
            )
        ],
    }
    path = folder / "leverwatch.yaml"
    path.write_text(yaml.safe_dump(document))
    return path


def command(config: Path, *arguments: str) -> int | None:
    """Run it to its end; what it says goes to `agent.log`."""
    life = Forked(config, arguments, {})
    wait_until(lambda: life.code() is not None, 60, " ".join(arguments))
    return life.code()


def kept(config: Path, store: str) -> dict[str, bytes]:
    """Everything that the agent said and stored."""
    found = {path.name: path.read_bytes() for path in config.parent.glob("agent.log")}
    ledger = Ledger(store)
    with ledger.reading() as connection:
        for table in ledger.tables():
            rows = connection.execute(text(f"SELECT * FROM {table}")).all()  # noqa: S608 - a constant
            values = (
                bytes(v) if isinstance(v, bytes | memoryview) else str(v).encode() for row in rows for v in row
            )
            found[f"table {table}"] = b"\n".join(values)
    if store.startswith("sqlite"):
        database = Path(store.removeprefix("sqlite:///"))
        found |= {path.name: path.read_bytes() for path in database.parent.glob(f"{database.name}*")}
    return found


def commands(pid: int) -> Iterator[bytes]:
    """Yield the command line of a process and of those that it started, each of which may end in between."""
    waiting = [str(pid)]
    while waiting:
        one = waiting.pop()
        with suppress(OSError):
            yield Path(f"/proc/{one}/cmdline").read_bytes()
            for children in Path(f"/proc/{one}/task").glob("*/children"):
                waiting += children.read_text().split()


def assert_nowhere(found: Mapping[str, bytes]) -> None:
    for name, data in found.items():
        for canary in (*CANARIES, SECRET, buckets.SECRET):
            for form in (canary.encode(), canary.encode().hex().encode(), canary[:12].encode()):
                assert form not in data, f"{name}: {data[max(0, data.find(form) - 300) :][:400]!r}"


def test_no_type_of_source_and_no_error_lets_a_text_or_a_token_out(
    tmp_path: Path, store_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    log_format = "json" if store_url.startswith("postgresql") else "logfmt"
    for name, value in clouds.environment(SECRET).items():
        monkeypatch.setenv(name, value)
    with provider() as served, web() as sky, buckets.s3() as objects:
        served.answer = answer
        sky.answer = lambda asked: (
            platforms.answer(asked, CANARY)
            if asked.path.startswith("/platforms/")
            else clouds.answer(asked, CANARY)
        )
        config = configure(tmp_path, store_url, log_format, served, sky, objects)
        assert command(config, "backfill", "--dry-run") == 1
        for arguments in (["collect"], ["collect", "--format", "json"], ["backfill", "--format", "json"]):
            assert command(config, *arguments) == 1
        for arguments in (
            ["evaluate"], ["explain", "bot"], ["explain", "bot", "--format", "json"], ["metrics"],
            ["check-config"], ["check-config", "--format", "json"], ["replay", "--since", "2026-11-20"],
        ):  # fmt: skip
            assert command(config, *arguments) == 0, arguments
        asked_for_days = {it["type"]: it["name"] for it in yaml.safe_load(config.read_text())["sources"]}
        for kind in ASKED_FOR_DAYS:
            assert command(config, "check-source", asked_for_days[kind].removesuffix("-refused")) in (0, 1)
        port = int(yaml.safe_load(config.read_text())["server"]["listen"].rpartition(":")[2])
        with running(config, port) as agent:
            processes: set[bytes] = set()

            def failing_now() -> set[str]:
                processes.update(commands(agent.process.pid))
                return set(re.findall(failing, agent.metrics()))

            failing = r'leverwatch_collector_success{source="([\w-]+)"} 0'
            wanted = {
                *clouds.REFUSED,
                *platforms.REFUSED,
                "bucket-refused",
                "shallow",
                "broken",
                "web",
                "dropped",
                "error",
                "refusal",
                "nonsense",
                "elsewhere",
                "counters",
            }
            wait_until(lambda: wanted <= failing_now(), 60, "all were tried")
            pages = {page: requests.get(agent.url + page, timeout=20).content for page in PAGES}
            processes.update(commands(agent.process.pid))
            pages["processes"] = b"\n".join(sorted(processes))
            assert agent.terminate() == 0
        found = kept(config, store_url)
        said = [*served.tokens, *(it.headers.get("Authorization") for it in sky.asked)]

    assert_nowhere(found | pages)
    # All of it was read, tried and said: what is looked for was there to be found.
    assert f"Bearer {SECRET}" in said
    assert {SECRET, f"Bearer {SECRET}"} <= set(said)
    log = found["agent.log"].decode()
    assert ('"event": "bad_input"' if log_format == "json" else "event=bad_input") in log
    with Ledger(store_url).reading() as connection:
        rows = connection.execute(text("SELECT source, result FROM record_tallies")).all()
    results = {row.result for row in rows if row.source in {"app", "torn"}}
    assert results == ALL_RESULTS
    assert {
        "whole",
        "copy",
        "evals",
        "models",
        "table",
        "bedrock",
        "azure",
        "vertex",
        "bucket",
        *platforms.COUNTED,
    } <= {row.source for row in rows if row.result == "counted"}
