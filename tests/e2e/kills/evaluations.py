"""Files of results of evaluations: lines that are added, and documents that are written anew."""

from __future__ import annotations

import json
import random
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.collectors.sources.evals.samples import own, promptfoo, promptfoo_row

Key = tuple[str, str, str]
"""Source, suite and metric."""
_CASES = 8


@dataclass
class Evaluations:
    """Two folders, each of a source of its own."""

    folder: Path
    random: random.Random
    expected: dict[Key, float] = field(default_factory=dict)
    written: dict[Key, set[float]] = field(default_factory=lambda: defaultdict(set))
    """Every value that a file ever had."""
    results: Counter[str] = field(default_factory=Counter)
    """Of the lines."""
    number: int = 0

    def __post_init__(self) -> None:
        for name in ("lines", "documents"):
            (self.folder / name).mkdir(parents=True)
        self._partial = b""
        self._half: tuple[Path, bytes] | None = None

    def sources(self) -> list[dict[str, Any]]:
        """For the configuration."""
        return [
            {"name": "eval-lines", "type": "evals", "path": str(self.folder / "lines/*.jsonl")},
            {
                "name": "eval-documents",
                "type": "evals",
                "path": str(self.folder / "documents/*.json"),
                "system": "bot",
            },
        ]

    def step(self) -> None:
        """Lines are added, or a document comes or changes."""
        if self.random.random() < 0.5:
            self._add_lines()
        else:
            self._write_document()

    def finish(self) -> None:
        """Complete what was begun."""
        if self._partial:
            with self._file.open("ab") as file:
                file.write(self._partial)
            self._partial = b""
        if self._half:
            path, data = self._half
            path.write_bytes(data)
            self._half = None

    def _line(self) -> bytes:
        chance = self.random.random()
        if chance < 0.03:
            self.results["invalid_line"] += 1
            return b'{"broken": \n'
        if chance < 0.06:
            self.results["missing_field"] += 1
            return json.dumps(own(metric=...)).encode() + b"\n"
        self.number += 1
        suite, value = f"suite-{self.number}", self.random.randrange(101) / 100
        self._expect("eval-lines", suite, "accuracy", value)
        self.results["counted"] += 1
        return json.dumps(own(suite=suite, value=value)).encode() + b"\n"

    def _add_lines(self) -> None:
        self.finish()
        self._file = self.folder / "lines" / f"{self.number // 200}.jsonl"
        data = b"".join(self._line() for _ in range(self.random.randrange(1, 30)))
        if self.random.random() < 0.5:
            raw = self._line()
            cut = self.random.randrange(1, len(raw))
            data, self._partial = data + raw[:cut], raw[cut:]
        with self._file.open("ab") as file:
            file.write(data)

    def _write_document(self) -> None:
        self.finish()
        name = f"doc-{self.random.randrange(40)}"
        # Eighths and sums of them are exact.
        scores = [self.random.randrange(9) / 8 for _ in range(_CASES)]
        passed = [self.random.random() < 0.5 for _ in range(_CASES)]
        rows = [
            promptfoo_row(success, score, case=str(case))
            for case, (success, score) in enumerate(zip(passed, scores, strict=True))
        ]
        # What differs in nothing else is one content, and one of two such files would be its copy.
        document = promptfoo(rows) | {"evalId": name, "config": {"description": name}}
        self._expect("eval-documents", name, "pass_rate", sum(passed) / _CASES)
        self._expect("eval-documents", name, "score", sum(scores) / _CASES)
        self._expect("eval-documents", name, "tone", sum(scores) / 2 / _CASES)
        path, data = self.folder / "documents" / f"{name}.json", json.dumps(document).encode()
        if self.random.random() < 0.3:
            path.write_bytes(data[: self.random.randrange(1, len(data))])
            self._half = path, data
        elif self.random.random() < 0.5:
            path.write_bytes(data)
        else:
            hidden = path.with_name(".new")
            hidden.write_bytes(data)
            hidden.rename(path)

    def _expect(self, source: str, suite: str, metric: str, value: float) -> None:
        self.expected[source, suite, metric] = value
        self.written[source, suite, metric].add(value)
