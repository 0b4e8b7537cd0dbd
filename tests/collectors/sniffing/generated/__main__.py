"""`python -m tests.collectors.sniffing.generated [--fresh] [--show] [--calls=N] [STYLE ...]`: the verdicts."""

from __future__ import annotations

import sys
import tempfile
from dataclasses import replace
from pathlib import Path

from .all_styles import FRESH_STYLES, STYLES
from .judge import EXACT, VERDICTS, Judgement, judge, sums


def main(arguments: list[str]) -> None:
    """Judge the named styles, or all; with `--show` also print what sniff said of those that are not exact.

    With `--fresh` they are the forty later ones. With `--calls` the logs have another number of calls, and are
    others.
    """
    names = {name for name in arguments if not name.startswith("--")}
    numbers = [int(name.removeprefix("--calls=")) for name in arguments if name.startswith("--calls=")]
    judgements = []
    for style in FRESH_STYLES if "--fresh" in arguments else STYLES:
        if not names or style.name in names:
            chosen = replace(style, number=numbers[0]) if numbers else style
            with tempfile.TemporaryDirectory(prefix="leverwatch-generated-") as folder:
                judgements.append(judge(chosen, Path(folder)))
    print(f"{'STYLE':30}{'EXPECTED':10}{'VERDICT':30}WRONG")
    for one in sorted(judgements, key=lambda judgement: VERDICTS.index(judgement.verdict)):
        wrong = ", ".join(f"{thing}: {how}" for thing, how in one.wrong.items())
        print(f"{one.style.name:30}{one.style.expected:10}{one.verdict:30}{wrong}")
    print(f"\n{len(judgements)} styles: {sums(judgements)}")
    if "--show" in arguments:
        for one in judgements:
            if one.verdict != EXACT:
                _show(one)


def _show(one: Judgement) -> None:
    print(f"\n===== {one.style.name} ({one.style.file}): {one.verdict}; {one.wrong}\n{one.said}")


if __name__ == "__main__":
    main(sys.argv[1:])
