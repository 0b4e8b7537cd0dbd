"""Real git repositories with fixed dates, and a source that commits batches as the agent's store does."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO, Any

from msgspec.structs import replace

from leverwatch.collectors.interface import Batch, CollectorContext, PromptChange, Result, SourceState
from leverwatch.collectors.sources.git.child import Command, run_git
from leverwatch.collectors.sources.git.collector import GitCollector
from leverwatch.collectors.sources.git.config import GitConfig

START = datetime(2026, 1, 5, 9, tzinfo=UTC)
"""Committer date of the first commit of every repository; each further one is a day later."""
ENVIRON = {
    "PATH": os.environ["PATH"],
    "HOME": "/nonexistent",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_AUTHOR_NAME": "a",
    "GIT_AUTHOR_EMAIL": "a@example.com",
    "GIT_COMMITTER_NAME": "c",
    "GIT_COMMITTER_EMAIL": "c@example.com",
}

Files = Mapping[str, str | bytes | None]
"""Contents by path; None removes the file."""


def git(directory: Path, *arguments: str, data: bytes = b"", environ: Mapping[str, str] | None = None) -> str:
    """Run git and give its output without the last newline."""
    done = subprocess.run(
        ("git", "-C", str(directory), *arguments),
        input=data,
        capture_output=True,
        check=True,
        env={**ENVIRON, **(environ or {})},
    )
    return done.stdout.decode(errors="surrogateescape").rstrip("\n")


class Repo:
    """A repository with a working tree whose commits are a day apart."""

    def __init__(self, path: Path, *options: str) -> None:
        self.path = path
        self.clock = START
        path.mkdir(parents=True)
        git(path, "init", "--quiet", "--initial-branch=main", *options)

    def git(self, *arguments: str) -> str:
        """Run git here, dated by this repository's clock."""
        stamp = f"@{int(self.clock.timestamp())} +0000"
        return git(self.path, *arguments, environ={"GIT_AUTHOR_DATE": stamp, "GIT_COMMITTER_DATE": stamp})

    def write(self, files: Files) -> None:
        """Bring the working tree and the index to these contents."""
        for name, content in files.items():
            target = self.path / name
            if content is None:
                target.unlink()
                continue
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content.encode() if isinstance(content, str) else content)
        self.git("add", "--all")

    def commit(self, files: Files | None = None, *, at: datetime | None = None) -> str:
        """Commit (everything staged, and `files`); the next commit is a day later."""
        self.write(files or {})
        self.clock = at or self.clock
        self.git("commit", "--quiet", "--allow-empty", "--message=change")
        self.clock += timedelta(days=1)
        return self.head()

    def merge(self, branch: str, *options: str) -> str:
        """Merge a branch with a merge commit."""
        self.git("merge", "--quiet", "--no-ff", "--no-edit", *options, branch)
        self.clock += timedelta(days=1)
        return self.head()

    def head(self) -> str:
        """The present commit."""
        return self.git("rev-parse", "HEAD")


def fast_import(landings: Sequence[Files], start: int = 0, *, branch: str = "main") -> bytes:
    """A stream for `git fast-import`: one commit a landing, an hour apart, numbered from `start`."""
    lines: list[bytes] = []
    for number, files in enumerate(landings, start):
        stamp = int((START + timedelta(hours=number)).timestamp())
        lines.append(
            f"commit refs/heads/{branch}\ncommitter c <c@example.com> {stamp} +0000\ndata 1\nx\n".encode()
        )
        if number == start and start > 0:
            lines.append(f"from refs/heads/{branch}^0\n".encode())
        for path, content in files.items():
            if content is None:
                lines.append(f"D {path}\n".encode())
                continue
            data = content.encode() if isinstance(content, str) else content
            lines.append(f"M 100644 inline {path}\ndata {len(data)}\n".encode() + data + b"\n")
    return b"".join(lines)


@dataclass
class Watch:
    """A configured git source with its durable state, as the runner and the store would keep it."""

    config: GitConfig
    context: CollectorContext
    revision: int = 0
    stored: dict[str, bytes] = field(default_factory=dict)
    changes: dict[tuple[str, str], PromptChange] = field(default_factory=dict)
    tallies: dict[Result, int] = field(default_factory=dict)
    commands: list[str] = field(default_factory=list)
    loads: int = 0

    def __post_init__(self) -> None:
        self.restart()

    def restart(self, **settings: Any) -> None:
        """A new process, perhaps with other settings, on the same store."""
        self.config = GitConfig.model_validate({**self.config.model_dump(), **settings})
        self.collector = GitCollector(self.config, self.context, self._run)

    @contextmanager
    def _run(self, command: Command) -> Iterator[IO[bytes]]:
        words = [word for word in command.arguments[2:] if word != "-c" and "=" not in word]
        self.commands.append(next(word for word in words if not word.startswith("-")))
        with run_git(command) as output:
            yield output

    def _load(self) -> Mapping[str, bytes]:
        self.loads += 1
        return dict(self.stored)

    def state(self) -> SourceState:
        """What the store has, as the runner hands it over."""
        return SourceState(self.revision, self._load)

    def collect(self) -> list[Batch]:
        """One run: every batch is committed before the collector goes on."""
        self.commands.clear()
        batches = []
        for batch in self.collector.collect(self.state()):
            self.commit(batch)
            batches.append(batch)
        return batches

    def commit(self, batch: Batch) -> None:
        """Keep a batch, as the store does."""
        self.revision += 1
        for key, value in batch.state.items():
            if value is None:
                self.stored.pop(key, None)
            else:
                self.stored[key] = value
        fresh = {(change.system, change.change_id): change for change in batch.prompt_changes}
        assert len(fresh) == len(batch.prompt_changes), "change ids repeat within one batch"
        if batch.replace_prompt_changes:
            self.changes = {key: known for key, known in self.changes.items() if key in fresh}
        for identity, change in fresh.items():
            known = self.changes.get(identity)
            earliest = min(change.landed_at, known.landed_at) if known else change.landed_at
            self.changes[identity] = replace(change, landed_at=earliest)
        for result, number in batch.tallies.items():
            self.tallies[result] = self.tallies.get(result, 0) + number

    def events(self, system: str = "bot") -> list[tuple[int, str, int]]:
        """The system's changes, oldest first: (day since `START`, kind, prompts)."""
        changes = sorted(
            (change for change in self.changes.values() if change.system == system),
            key=lambda change: change.landed_at,
        )
        return [((change.landed_at - START).days, str(change.kind), change.prompts) for change in changes]


def watch(repo: Path | str, tmp_path: Path, **settings: Any) -> Watch:
    """A source called `prompts` that tracks every Markdown file for the system `bot`, unless told otherwise."""
    config = GitConfig.model_validate(
        {"name": "prompts", "repo": str(repo), "systems": {"bot": ["**/*.md"]}, **settings}
    )
    later = START + timedelta(days=365)
    context = CollectorContext(base_dir=tmp_path, cache_dir=tmp_path / "cache", now=lambda: later, environ=ENVIRON)
    return Watch(config, context)
