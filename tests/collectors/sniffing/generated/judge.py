"""Does for each log what a user does (sniff, take the source as it is, collect), and judges what was counted."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from shutil import copyfile

from click.testing import CliRunner

from leverwatch.agent.cli.main import main

from .comparing import differences, stored
from .style import Style

EXACT = "exact"
EXPECTED_DOUBT = "doubt, as nobody could tell"
DOUBT = "doubt printed"
REFUSED = "refused with its reason"
GAVE_UP = "gave up without a reason"
UNUSABLE = "printed what cannot be used"
WRONG = "silently wrong"
VERDICTS = (EXACT, EXPECTED_DOUBT, DOUBT, REFUSED, GAVE_UP, UNUSABLE, WRONG)

_SETTINGS = {
    "calls": r"refused|inferences",
    "errors": r"status|errors",
    "day": r"time",
    "model": r"model",
    "operation": r"operation",
    "input": r"input_tokens|cached_input_tokens|cache_write_tokens",
    "cached": r"cached_input_tokens",
    "output": r"output_tokens|reasoning_tokens",
    "cost": r"cost_usd",
    "ms": r"latency|latency_ms",
}
"""The words of sniff whose mention in a doubt is about what is wrong."""


@dataclass(frozen=True)
class Judgement:
    """What became of one log."""

    style: Style
    verdict: str
    wrong: dict[str, str]
    """What differs from the truth, and how."""
    doubts: tuple[str, ...]
    said: str
    """All that sniff printed."""


def judge(style: Style, folder: Path, store: Path | None = None) -> Judgement:
    """Write the log of a style into an empty folder, and judge what a user gets who trusts `sniff`.

    `store` is a migrated, empty store to start with, as to make one takes longer than to count.
    """
    data, true = style.log()
    log = folder / style.file
    log.write_bytes(data)
    sniffed = CliRunner().invoke(main, ["sniff", str(log)])
    said = sniffed.output.replace(str(folder) + "/", "")
    if not isinstance(sniffed.exception, SystemExit | None):
        return Judgement(style, UNUSABLE, {"calls": repr(sniffed.exception)}, (), said)
    if sniffed.exit_code:
        return Judgement(style, _of_refusal(style, said), {}, (said,), said)
    doubts = doubts_in(said)
    if style.expected == "refused":
        return Judgement(style, WRONG, {"calls": "counted what is no usage log"}, doubts, said)
    source = block_in(sniffed.output)
    (folder / "leverwatch.yaml").write_text(
        f'store: {{url: "sqlite:///{folder / "store.db"}"}}\nsources:\n{with_system(source)}', encoding="utf-8"
    )
    if store is not None:
        copyfile(store, folder / "store.db")
    collected = CliRunner().invoke(main, ["collect", "--config", str(folder / "leverwatch.yaml")])
    if collected.exit_code > 1:
        return Judgement(style, UNUSABLE, {"calls": collected.output.strip()}, doubts, said)
    wrong = differences(stored(folder / "store.db"), true)
    return Judgement(style, _of_counting(style, wrong, doubts), wrong, doubts, said)


def _of_refusal(style: Style, said: str) -> str:
    if style.expected == "refused":
        return EXACT
    if not re.search(r"\bmissing\b|\bcannot\b|\bno (time|model|tokens|records)\b", said):
        return GAVE_UP
    return EXPECTED_DOUBT if style.expected == "doubt" else REFUSED


def _of_counting(style: Style, wrong: dict[str, str], doubts: tuple[str, ...]) -> str:
    """A latency that stays unknown is shown, and makes a log neither wrong nor doubtful; a wrong one does."""
    if style.expected == "doubt":
        named = any(_names(words, doubt) for words in style.about.values() for doubt in doubts)
        return EXPECTED_DOUBT if named else WRONG
    wrong = {thing: how for thing, how in wrong.items() if (thing, how) != ("ms", "unknown")}
    if not wrong:
        return EXACT
    causes = {thing: how for thing, how in wrong.items() if not _follows(thing, wrong)}
    return DOUBT if all(_doubted(style, thing, how, doubts) for thing, how in causes.items()) else WRONG


def _follows(thing: str, wrong: dict[str, str]) -> bool:
    """Tell whether what is wrong with an amount is no more than what wrongly counted calls bring with them."""
    if thing in ("calls", "day", "model", "operation") or "calls" not in wrong or wrong[thing] == "unknown":
        return False
    calls, amount = (_share(wrong[name]) for name in ("calls", thing))
    return (calls < 1) == (amount < 1) if thing == "errors" else abs(calls - amount) < 0.2


def _share(how: str) -> float:
    has, should = how.split(" for ")
    return float(has) / (float(should) or 1)


def _doubted(style: Style, thing: str, how: str, doubts: tuple[str, ...]) -> bool:
    """Tell whether a doubt is about what is wrong: it names a setting of it, or what the log calls it.

    That a number or a word is not mapped is said of what is unknown, and is no doubt about what is counted wrong.
    """
    about = [doubt for doubt in doubts if how == "unknown" or "that are not mapped" not in doubt]
    return any(_names(f"{_SETTINGS[thing]} {style.about.get(thing, '')}", doubt) for doubt in about)


def _names(words: str, doubt: str) -> bool:
    pattern = "|".join(re.escape(word) for word in words.replace("|", " ").split())
    return re.search(rf"(?<!\w)(?:{pattern})(?!\w)", doubt) is not None


def doubts_in(said: str) -> tuple[str, ...]:
    """Return the lines that say what is not sure: the comments of the source, and questions anywhere."""
    return tuple(line.strip() for line in said.splitlines() if "#" in line or line.rstrip().endswith("?"))


def block_in(said: str) -> str:
    """Return the source that was printed."""
    lines = said.split("\nSource:\n", 1)[1].splitlines()
    end = next((index for index, line in enumerate(lines) if line and not line.startswith(" ")), len(lines))
    return "\n".join(lines[:end]) + "\n"


def with_system(source: str) -> str:
    """Return the source with the first system that it proposes, or a constant where it proposes none."""

    def chosen(found: re.Match[str]) -> str:
        proposed = re.search(r'"\{[^"]*\}"', found[1])
        return f"system: {proposed[0] if proposed else 'house'}"

    return re.sub(r"system: NAME_OF_THE_SYSTEM(.*)", chosen, source)


def sums(judgements: list[Judgement]) -> str:
    """Return how many logs there are of each verdict, in one line."""
    numbers = Counter(judgement.verdict for judgement in judgements)
    return "; ".join(f"{numbers[verdict]} {verdict}" for verdict in VERDICTS if numbers[verdict])
