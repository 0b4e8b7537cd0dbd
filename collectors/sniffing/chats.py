"""Proposes a pattern for lines of a chat: questions alone, or what one who always answers at once says. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from statistics import mean, median

from leverwatch.collectors.sniffing.calls_alone import PROVIDERS
from leverwatch.collectors.sniffing.line_tokens import AT_FIRST, LEVELS, TIME
from leverwatch.collectors.sniffing.name_words import words_of
from leverwatch.collectors.sniffing.questions import is_statement

_START = rf"^\W{{0,3}}(?P<time>{TIME})(?!\d)[^\w\n]{{0,6}}"
_SAYS = re.compile(rf"{_START}(?P<who>[^\W\d][\w .'@#-]{{0,40}}?)[ *\])]{{0,4}}[:>] +(?P<said>\S.*)")
_SAID = re.compile(rf"{_START}(?P<said>\S.*)")
_ASKED = (
    rf"{AT_FIRST}[^:?\n]{{0,80}}?(?::[^:?\n]{{0,40}}?)?(?<![^\W_])(?:(?:[Uu]ser|USER|[Nn]ew|[Rr]eceived|[Ii]ncoming"
    r"|[Pp]rocessing|[Ff]inal|[Cc]hat|LLM)(?:'s)? )?(?:[Pp]rompt|PROMPT|[Qq]uestion|QUESTION|[Qq]uery|QUERY)"
    r"(?: \([^()\n]{0,40}\)| received| from [\w@.-]{1,40})? ?[:=] *(?=\S)"
)
_QUESTION = re.compile(r"[?？][\"')\]*]*\s*$")  # noqa: RUF001
_FEWEST, _MOSTLY, _OFTEN = 3, 0.8, 0.6
_AT_ONCE, _SLOWER, _LONGER, _FREQUENT = 30.0, 2.0, 1.5, 0.25
"""Seconds within which a program answers; how much slower people are, and shorter their texts; its share."""
_DATES = ("%Y-%m-%d", "%m/%d/%Y", "%d.%m.%Y", "%d/%m/%Y", "%Y/%m/%d")
_CLOCKS = (" %H:%M:%S", ", %H:%M:%S", ", %I:%M:%S %p", " %I:%M:%S %p")


@dataclass(frozen=True, slots=True)
class Chat:
    """A pattern of lines that are a call each."""

    pattern: str
    note: str


def chat_in(texts: Sequence[str]) -> Chat | None:
    """Return the pattern of the answers of a program, or of questions to one; None where there are none."""
    return _answering(texts) or _questions(texts) or _asked(texts)


def _questions(texts: Sequence[str]) -> Chat | None:
    said = [match["said"] for text in texts if (match := _SAID.match(text))]
    asked = sum(_QUESTION.search(it) is not None for it in said)
    if len(said) < max(_FEWEST, _MOSTLY * len(texts)) or asked < _OFTEN * len(said):
        return None
    if any(LEVELS.intersection(it.lower() for it in re.findall(r"[A-Z]{4,}", text[:80])) for text in texts):
        return None  # a program says much else
    note = (
        f"inferences: nothing but questions says that lines are calls of a model; each of the {len(said)} lines"
        " with a time counts as one. Is each of them one call of a model? If not, there are fewer"
    )
    return Chat(rf"{_START}(?P<question>\S.*)", note)


def _asked(texts: Sequence[str]) -> Chat | None:
    """Return the pattern of lines that tell of a question by a word for it, where the log speaks of models."""
    pattern = re.compile(_ASKED)
    found = [match for text in texts if (match := pattern.match(text))]
    said = [match.string[match.end() :] for match in found]
    if len(said) < _FEWEST or any(map(is_statement, said)):
        return None
    if 2 * sum(len(it.split()) > 2 for it in said) < len(said):
        return None
    # Nothing but a model is given prompts.
    is_prompt = all("prompt" in match[0].lower() for match in found)
    if not is_prompt and not any(_QUESTION.search(it) for it in said):
        return None
    if not is_prompt and not any(
        _is_of_models(word) for text in texts for word in re.findall(r"[A-Za-z]{2,}", text[:200])
    ):
        return None
    note = (
        f"inferences: each of the {len(said)} lines of the sample that tell what was asked counts as one call, as"
        " no line tells an answer or tokens. Is each of them one call of a model? If not, there are fewer"
    )
    return Chat(rf"{_ASKED}(?P<question>.*)", note)


def _answering(texts: Sequence[str]) -> Chat | None:
    lines = [match for text in texts if (match := _SAYS.match(text)) and _first(match["who"]) not in LEVELS]
    names = dict.fromkeys(match["who"] for match in lines)
    for who in names if 2 <= len(names) <= len(lines) / 2 else ():
        own = [it for it in lines if it["who"] == who]
        others = [len(it["said"]) for it in lines if it["who"] != who]
        if len(own) < max(_FEWEST, _FREQUENT * len(lines)) or len(own) > len(others):
            continue
        gaps = [*_gaps(lines, who)]
        back = [gap for name in names if name != who for gap in _gaps(lines, name)]
        if len(gaps) < len(own) or median(gaps) > _AT_ONCE or (back and median(back) < _SLOWER * median(gaps)):
            continue
        if mean(len(it["said"]) for it in own) < _LONGER * mean(others):
            continue
        note = (
            f"inferences: each of the {len(own)} lines of {who} counts as one call, as it always answers what"
            f" another one said, and at once; the other {len(others)} lines are left out. Is {who} a model?"
        )
        return Chat(rf"{_START}(?P<who>{re.escape(who)})[ *\])]{{0,4}}[:>] +(?P<answer>\S.*)", note)
    return None


def _gaps(lines: Sequence[re.Match[str]], who: str) -> Iterator[float]:
    """Yield the seconds from what another one said to each answer to it."""
    for before, after in pairwise(lines):
        if after["who"] == who and before["who"] != who:
            begun, ended = _moment(before["time"]), _moment(after["time"])
            if begun is not None and ended is not None:
                yield (ended - begun).total_seconds() % 86_400


def _moment(text: str) -> datetime | None:
    plain = re.sub(r"(?:[.,]\d{1,9})?(?: ?(?:Z|UTC|[+-]\d\d:?\d\d))?$", "", text.replace("T", " "))
    for date in _DATES:
        for clock in _CLOCKS:
            try:
                return datetime.strptime(plain, f"{date}{clock}")  # noqa: DTZ007 only differences are looked at
            except ValueError:
                continue
    return None


def _first(text: str) -> str:
    return next(iter(re.findall(r"[^\W\d_]+", text[:40])), "").lower()


def _is_of_models(word: str) -> bool:
    own = words_of(word)
    return not PROVIDERS.isdisjoint(own) or not {"ai", "assistant", "chatbot", "prompt", "rag"}.isdisjoint(own)
