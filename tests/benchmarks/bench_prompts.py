"""What a `prompt` template costs: whole ingest of a file with it, as a multiple of the same file without it.

Run as `python -m tests.benchmarks.bench_prompts [RECORDS]`. By processor time, the best of three with both ways
taking turns. Without the template the compiled helper counts JSON lines by a field map; with it Python does. A
prompt has 1,200 characters and changes every 2,000 calls, except in the last row, where each call has its own.
"""

from __future__ import annotations

import json
import random
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from leverwatch.collectors.interface import CollectorContext, Result, SourceState
from leverwatch.collectors.sources.files.collector import FilesCollector
from leverwatch.collectors.sources.files.config import FilesConfig

TURNS = 3
_EVERY = 2_000
_FIELDS = {"time": "ts", "request_id": "id", "model": "model", "input_tokens": "in", "output_tokens": "out"}
_JSONL = {"type": "jsonl", "fields": _FIELDS}
Make = Callable[[random.Random, int], Mapping[str, Any]]


def _words(rng: random.Random, number: int) -> str:
    return " ".join(rng.choices(("answer", "each", "guest", "of", "room", "12", "politely"), k=number))


def _system(number: int, *, own: bool = False) -> str:
    return _words(random.Random(number if own else number // _EVERY), 200)


def _messages(rng: random.Random, number: int) -> list[dict[str, str]]:
    return [{"role": "system", "content": _system(number)}, {"role": "user", "content": _words(rng, 60)}]


def _plain(number: int) -> dict[str, Any]:
    return {"ts": 1_780_000_000 + number, "id": f"r-{number}", "model": "m", "in": 700, "out": 30}


def _openai(rng: random.Random, number: int) -> Mapping[str, Any]:
    answer = {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": _words(rng, 40)}}
    return {
        "id": f"chatcmpl-{number}", "object": "chat.completion", "created": 1_780_000_000 + number, "model": "m",
        "choices": [answer], "usage": {"prompt_tokens": 700, "completion_tokens": 30, "total_tokens": 730},
        "request": {"messages": _messages(rng, number)},
    }  # fmt: skip


def _named(_: random.Random, number: int) -> Mapping[str, Any]:
    return _plain(number) | {"prompt": "greet", "version": number // _EVERY}


ROWS: Mapping[str, tuple[Any, str, Make]] = {
    "name and version": (_JSONL, "{prompt}@{version}", _named),
    "text": (_JSONL, "{system}", lambda _, at: _plain(at) | {"system": _system(at)}),
    "messages": (_JSONL, "{messages}", lambda rng, at: _plain(at) | {"messages": _messages(rng, at)}),
    "messages of openai": ("openai", "{request.messages}", _openai),
    "text of each call": (_JSONL, "{system}", lambda _, at: _plain(at) | {"system": _system(at, own=True)}),
}
"""By the name of the row: format, template of the prompt, and what a record is."""


def seconds(path: Path, format_: object, prompt: str | None) -> float:
    """Processor time of reading the whole file."""
    settings = {"name": "bench", "path": str(path), "format": format_, "system": "bot", "prompt": prompt}
    source = FilesConfig.model_validate(settings)
    collector = FilesCollector(source, CollectorContext(path.parent, path.parent / "cache"))
    started = time.process_time()
    counted = sum(batch.tallies.get(Result.COUNTED, 0) for batch in collector.collect(SourceState(0, dict)))
    took = time.process_time() - started
    if not counted:
        raise SystemExit("nothing was counted")
    return took


def main() -> None:
    """Print a row for each kind of template."""
    number = int(sys.argv[1]) if len(sys.argv) > 1 else 20_000
    print(f"  {'prompt':20} {'without':>10} {'with':>10} {'ratio':>6}   microseconds of CPU for a record")
    for name, (format_, prompt, make) in ROWS.items():
        with tempfile.TemporaryDirectory() as folder:
            path, rng = Path(folder) / "log", random.Random(20310509)
            with path.open("w") as file:
                for at in range(number):
                    file.write(json.dumps(make(rng, at), separators=(",", ":")) + "\n")
            turns = [(seconds(path, format_, None), seconds(path, format_, prompt)) for _ in range(TURNS)]
        without, told = (min(turn[way] for turn in turns) / number * 1e6 for way in (0, 1))
        print(f"  {name:20} {without:10.2f} {told:10.2f} {told / without:6.1f}", flush=True)


if __name__ == "__main__":
    main()
