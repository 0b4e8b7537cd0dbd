"""What reading the changes of prompts from a repository costs: CPU of the collector and of the git that it runs.

    python -m tests.benchmarks.bench_git [REPOSITORY PATTERN]

Each repository is read as a whole, and then once more after ten new commits. Both are shown as a ratio to `git log
--first-parent --raw` of the same repository, in turn with it. That opens no file: with git's own print of all
versions of the prompts it is the floor, which is shown in brackets. Without a repository of your own, some are
made: of new texts of prompts, of lines changed in prompts (packed as `git gc` does it), of code in which every
hundredth landing touches one, of merged branches, and of large prompts. Figures depend on the machine; the ratios
hardly do.
"""

from __future__ import annotations

import random
import resource
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median
from typing import NamedTuple

from leverwatch.collectors.interface import Batch
from tests.collectors.sources.git.repo import ENVIRON, Files, Watch, fast_import, git, watch

ROUNDS = 5
NEW = 10
WORDS = ("you", "answer", "questions", "of", "customers", "about", "the", "weather", "never", "guess", "cite")


class Made(NamedTuple):
    """A repository that a benchmark is about."""

    name: str
    pattern: str
    stream: bytes
    """What `git fast-import` reads: all of it but the newest commits."""
    more: bytes
    """The newest commits."""
    packed: bool = False
    """Whether the oldest ones are packed anew, as they are after a `git gc` or a clone."""


def _text(rng: random.Random, words: int) -> str:
    return "\n".join(" ".join(rng.choices(WORDS, k=10)) for _ in range(words // 10))


def _code(rng: random.Random, number: int) -> str:
    return "\n".join(f"value_{number}_{line} = {rng.random()}" for line in range(40))


def small_commits(rng: random.Random, _: int) -> Files:
    """One prompt of forty in each landing."""
    return {f"prompts/team{rng.randrange(8)}/p{rng.randrange(5)}.md": _text(rng, 300)}


class Edits:
    """One to three lines of one prompt of twenty in each landing."""

    def __init__(self) -> None:
        self._texts: dict[str, list[str]] = {}

    def __call__(self, rng: random.Random, _: int) -> Files:
        path = f"prompts/p{rng.randrange(20)}.md"
        lines = self._texts.setdefault(path, _text(rng, 600).split("\n"))
        for _ in range(rng.randrange(1, 4)):
            lines[rng.randrange(len(lines))] = _text(rng, 10)
        return {path: "\n".join(lines)}


def code(rng: random.Random, number: int) -> Files:
    """Two modules of two thousand, and in every hundredth landing a prompt."""
    files: dict[str, str] = {
        f"src/p{rng.randrange(20)}/q{rng.randrange(10)}/m{rng.randrange(10)}.py": _code(rng, number)
        for _ in range(2)
    }
    if number % 100 == 0:
        files[f"prompts/p{rng.randrange(5)}.md"] = _text(rng, 300)
    return files


def large_prompts(rng: random.Random, number: int) -> Files:
    """A prompt of 200 kB, and every tenth landing a file beside it of 2 MB."""
    files: dict[str, str | bytes] = {f"prompts/p{rng.randrange(4)}.md": _text(rng, 35_000)}
    if number % 10 == 0:
        files["assets/image.bin"] = rng.randbytes(2_000_000)
    return files


def _merged(rng: random.Random, landings: int) -> bytes:
    """Landings that are merges of branches of eight commits; each of these touches a prompt and code."""
    lines: list[bytes] = []
    mark = 0

    def commit(reference: str, parents: list[str], files: Files) -> None:
        nonlocal mark
        mark += 1
        lines.append(f"commit {reference}\nmark :{mark}\n".encode())
        lines.append(f"committer c <c@example.com> {1_767_603_600 + mark * 600} +0000\ndata 1\nx\n".encode())
        for word, parent in zip(("from", "merge"), parents, strict=False):
            lines.append(f"{word} {parent}\n".encode())
        for path, content in files.items():
            data = str(content).encode()
            lines.append(f"M 100644 inline {path}\ndata {len(data)}\n".encode() + data + b"\n")

    commit("refs/heads/main", [], {"prompts/a.md": "a"})
    tip = mark
    for number in range(landings):
        merged: dict[str, str | bytes | None] = {}
        branch = tip
        for _ in range(8):
            files = {**code(rng, 1), f"prompts/p{number % 30}.md": _text(rng, 300)}
            commit("refs/heads/branch", [f":{branch}"], files)
            branch = mark
            merged |= files
        commit("refs/heads/main", [f":{tip}", f":{branch}"], merged)
        tip = mark
    return b"".join(lines)


def _made(name: str, pattern: str, files: Callable[[random.Random, int], Files], landings: int) -> Made:
    rng = random.Random(name)
    all_ = [files(rng, number) for number in range(landings + NEW)]
    return Made(name, pattern, fast_import(all_[:landings]), fast_import(all_[landings:], landings))


def made() -> Iterator[Made]:
    """The repositories, one after the other."""
    rng = random.Random("few")
    last = fast_import([small_commits(rng, number) for number in range(NEW)], 1000)
    yield _made("40 small commits", "prompts/**", small_commits, 40)
    yield _made("3,000 small commits", "prompts/**/*.md", small_commits, 3000)
    yield _made("3,000 edits, packed", "prompts/**/*.md", Edits(), 3000)._replace(packed=True)
    yield _made("code, 1% on prompts", "prompts/**/*.md", code, 4000)
    yield Made("merged branches", "prompts/**/*.md", _merged(rng, 400), last)
    yield _made("large prompts", "prompts/**/*.md", large_prompts, 150)


def cpu(action: Callable[[], object]) -> float:
    """Seconds of CPU that an action takes here and in the processes that it starts."""

    def used() -> float:
        each = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
        return sum(one.ru_utime + one.ru_stime for one in each)

    before = used()
    action()
    return used() - before


def _read(source: Watch) -> float:
    """Seconds of CPU of one run, without what its store does."""
    batches: list[Batch] = []
    seconds = cpu(lambda: batches.extend(source.collector.collect(source.state())))
    for batch in batches:
        source.commit(batch)
    return seconds


def _plain(repo: Path, *arguments: str) -> None:
    """Git's own log, which is thrown away."""
    command = ("git", "-C", str(repo), "log", "--first-parent", "--raw", *arguments)
    subprocess.run(command, stdout=subprocess.DEVNULL, check=True, env=ENVIRON)


def _contents(repo: Path, pattern: str) -> float:
    """Seconds of CPU in which git alone prints every version of the files that match, newest first."""
    listed = git(repo, "log", "--first-parent", "--raw", "--no-abbrev", "--format=", "--", f":(glob){pattern}")
    names = dict.fromkeys(line.split()[3] for line in listed.splitlines() if line)
    data = "".join(f"{name}\n" for name in names if name.strip("0")).encode()
    command = ("git", "-C", str(repo), "cat-file", "--batch", "--buffer")
    return cpu(lambda: subprocess.run(command, input=data, stdout=subprocess.PIPE, check=True, env=ENVIRON))


def first(name: str, repo: Path, pattern: str, folder: Path) -> list[Watch]:
    """Print what a first run costs; return the sources as they are after it."""
    seconds, plain, narrow, contents, watches = [], [], [], [], []
    for number in range(ROUNDS):
        source = watch(repo, folder / str(number), systems={"bot": [pattern]})
        seconds.append(_read(source))
        plain.append(cpu(lambda: _plain(repo)))
        narrow.append(cpu(lambda: _plain(repo, "--", f":(glob){pattern}")))
        contents.append(_contents(repo, pattern))
        watches.append(source)
    landed = len(watches[0].changes)
    least = median(plain) + median(contents)
    ratios = (
        f"{median(seconds) / median(plain):5.2f} of git log ({least / median(plain):5.2f} with git's own print of"
        f" the prompts), {median(seconds) / median(narrow):6.2f} of its paths"
    )
    print(f"{name:22} first  {median(seconds) * 1e3:8.1f} ms  {ratios}; {landed:,} changes", flush=True)
    return watches


def again(name: str, repo: Path, old: str, watches: list[Watch]) -> None:
    """Print what it costs to read what is new."""
    seconds = [_read(source) for source in watches]
    plain = [cpu(lambda: _plain(repo, f"{old}..HEAD")) for _ in watches]
    idle = [_read(source) for source in watches]
    print(
        f"{name:22} {NEW} new {median(seconds) * 1e3:8.1f} ms  {median(seconds) / median(plain):5.2f} of git log;"
        f" without anything new {median(idle) * 1e3:.1f} ms",
        flush=True,
    )


def main() -> None:
    """Print all figures."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if len(sys.argv) == 3:
            first(sys.argv[1], Path(sys.argv[1]).absolute(), sys.argv[2], folder)
            return
        for number, one in enumerate(made()):
            repo = folder / f"{number}"
            repo.mkdir()
            git(repo, "init", "--quiet", "--bare", "--initial-branch=main")
            git(repo, "fast-import", "--quiet", data=one.stream)
            if one.packed:
                git(repo, "repack", "-adfq")
            old = git(repo, "rev-parse", "HEAD")
            watches = first(one.name, repo, one.pattern, folder)
            git(repo, "fast-import", "--quiet", data=one.more)
            again(one.name, repo, old, watches)


if __name__ == "__main__":
    main()
