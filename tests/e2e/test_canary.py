"""What people wrote and what models answered is found nowhere, in whatever format, wrapper and state it came."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
import yaml
from click.testing import CliRunner

from leverwatch.agent.cli.main import main
from tests.collectors.records.framing.test_frames import frame
from tests.collectors.records.framing.test_partial import cri, docker
from tests.e2e.agents import leverwatch, leverwatch_json, running
from tests.e2e.servers import free_port, wait_until
from tests.fuzz.fuzz import available
from tests.fuzz.records import CANARY, HEADER, record, settings

pytestmark = pytest.mark.e2e

SCALAR = re.compile(rb'(?<=[:,\[ ])-?\d+(?:\.\d+)?(?=[,}\] ])|"\d{4}-\d\d-\d\d[^"]*"|"success"|"OK"|"DEFAULT"')
WRAPPERS = ("", "docker", "cri", "journald", "json-string", "prefix", "length-prefixed")
# Text that stands before JSON ends at its brace: these have none.
NO_PREFIX = frozenset({"nginx", "envoy"})
PAGES = ("/", "/metrics", "/-/healthy", "/-/ready", "/api/v1/systems", "/nothing")


def records(name: str) -> Iterator[bytes]:
    """A whole record; the same with the canary in the place of each number, time and status; and pieces of it."""
    whole = record(name, "r1", "m1")
    yield whole
    quoted = json.dumps(CANARY).encode()
    for match in SCALAR.finditer(whole):
        yield whole[: match.start()] + quoted + whole[match.end() :]
    for match in re.finditer(CANARY.encode(), whole):
        yield whole[: match.end()]
        yield whole[match.start() :]
        yield whole[: match.start()] + CANARY.encode() + b'": "' + whole[match.start() :]
    yield CANARY.encode()
    yield b'{"%b": "%b", "type": "%b"}' % ((CANARY.encode(),) * 3)


def wrapped(wrapper: str, text: bytes) -> bytes:
    line = text.decode()
    match wrapper:
        case "docker":
            return docker(line)
        case "cri":
            return cri(line[:40], tag="P") + cri(line[40:])
        case "journald":
            entry = {"__REALTIME_TIMESTAMP": "1773129600000000", "MESSAGE": line, CANARY: CANARY}
            return json.dumps(entry).encode() + b"\n"
        case "json-string":
            return json.dumps({"message": line, CANARY: CANARY}).encode() + b"\n"
        case "prefix":
            return f"INFO {CANARY} ".encode() + text + b"\n"
        case "length-prefixed":
            return frame(text)
    return text + b"\n"


def combinations() -> list[tuple[str, str]]:
    return [
        (name, wrapper)
        for name in available()
        for wrapper in (WRAPPERS if name != "csv" else ("",))
        if wrapper not in {"prefix", "length-prefixed"} or name not in NO_PREFIX
    ]


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("canary")
    sources: list[dict[str, Any]] = []
    for name, wrapper in combinations():
        source = f"{name}-{wrapper or 'bare'}"
        data = b"".join(wrapped(wrapper, text) for text in records(name))
        (folder / f"{source}.log").write_bytes((HEADER + b"\n" if name == "csv" else b"") + data)
        form = settings(name)
        form = {"type": form} if isinstance(form, str) else dict(form)
        if wrapper == "length-prefixed":
            form["framing"] = wrapper
        elif wrapper:
            form["wrap"] = wrapper
        sources.append(
            {
                "name": source, "type": "files", "path": f"{source}.log", "format": form, "system": source,
                "quiet_after": "0s", "interval": "500ms",
            }
        )  # fmt: skip
    path = folder / "leverwatch.yaml"
    document = {
        "store": {"url": "sqlite:///store.db"},
        "server": {"listen": f"127.0.0.1:{free_port()}"},
        "evaluation": {"interval": "500ms"},
        "log": {"level": "debug"},
        "sources": sources,
    }
    path.write_text(yaml.safe_dump(document))
    return path


def assert_nowhere(config: Path, *outputs: str | bytes) -> None:
    kept = {
        path.name: path.read_bytes()
        for path in config.parent.iterdir()
        if path.name.startswith(("store.db", "agent.log"))
    }
    assert "store.db" in kept
    for index, output in enumerate(outputs):
        kept[f"output {index}"] = output if isinstance(output, bytes) else output.encode()
    for name, data in kept.items():
        for form in (CANARY, CANARY.encode().hex(), CANARY[:6]):
            assert form.encode() not in data, f"{name}: {data[max(0, data.find(form.encode()) - 200) :][:300]!r}"


def test_the_canary_is_in_no_output_of_a_pass_over_everything(config: Path) -> None:
    done = leverwatch("collect", "--format", "json", config=config)
    reports = {report["source"]: report for report in json.loads(done.stdout)}

    assert set(reports) == {f"{name}-{wrapper or 'bare'}" for name, wrapper in combinations()}
    for source, report in reports.items():
        # The whole record counts, or its copies with a damaged value do; and some of the damage is told.
        assert report["records"] >= 1, (source, report)
        assert report["malformed"], (source, report)
    assert_nowhere(config, done.stdout, done.stderr)
    leverwatch_json("evaluate", config=config)
    for command in (("metrics",), ("explain", "openai-bare"), ("check-config",)):
        shown = leverwatch(*command, config=config)
        assert_nowhere(config, shown.stdout, shown.stderr)


def _counted(metrics: str) -> set[str]:
    """The sources of which something was counted."""
    return set(
        re.findall(r'^leverwatch_records_total{result="counted",source="([^"]+)"} [1-9]', metrics, re.MULTILINE)
    )


def test_the_canary_is_on_no_page_and_in_no_log_of_the_running_agent(config: Path) -> None:
    (config.parent / "store.db").unlink(missing_ok=True)
    document = yaml.safe_load(config.read_text())
    # The commands have written lines of key=value before; the other format is left for the agent.
    config.write_text(yaml.safe_dump(document | {"log": {"level": "debug", "format": "json"}}))
    with running(config, int(document["server"]["listen"].rpartition(":")[2])) as agent:
        wanted = {f"{name}-{wrapper or 'bare'}" for name, wrapper in combinations()}
        wait_until(lambda: wanted <= _counted(agent.metrics()), 90, "all is read", pause=0.5)
        pages = [requests.get(agent.url + page, timeout=20).content for page in PAGES]
        assert agent.terminate() == 0
    assert b'"event": "bad_input"' in (config.parent / "agent.log").read_bytes()
    assert_nowhere(config, *pages)


@pytest.mark.parametrize("name", available())
def test_the_canary_is_in_nothing_that_sniff_prints(config: Path, name: str) -> None:
    for output in ("text", "json"):
        arguments = ["sniff", str(config.parent / f"{name}-bare.log"), "--format", output]
        assert CANARY not in CliRunner().invoke(main, arguments).output
