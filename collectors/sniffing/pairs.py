"""Finds two columns whose names differ only in the word, or letter, for what was asked and answered. Pure."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from leverwatch.collectors.records.fields import Path
from leverwatch.collectors.sniffing.name_words import TOKEN, words_of

_SIDES = (
    ("input", "output"), ("inputs", "outputs"), ("inp", "outp"), ("inp", "out"), ("in", "out"), ("i", "o"),
    ("prompt", "completion"), ("prompt", "compl"), ("prompt", "comp"), ("prompt", "generated"),
    ("prompt", "generation"), ("prompt", "gen"), ("prompt", "predicted"), ("prompt", "response"),
    ("prompt", "answer"), ("prompt", "reply"), ("prompt", "eval"), ("prompt", "out"), ("prmpt", "cmpl"),
    ("prompt", "cmpl"), ("pr", "co"), ("p", "c"), ("p", "g"), ("p", "r"), ("ctx", "gen"), ("ctx", "out"),
    ("context", "generated"), ("context", "response"), ("up", "down"), ("sent", "received"), ("sent", "recv"),
    ("snd", "rcv"), ("tx", "rx"), ("request", "response"), ("req", "resp"), ("req", "res"), ("query", "answer"),
    ("query", "response"), ("question", "answer"), ("q", "a"), ("user", "assistant"), ("usr", "asst"),
    ("human", "ai"), ("consumed", "produced"), ("read", "written"), ("read", "write"), ("asked", "answered"),
    ("given", "generated"), ("ein", "aus"), ("rein", "raus"), ("hin", "her"), ("entree", "sortie"), ("ent", "sal"),
    ("source", "target"), ("src", "tgt"), ("encoder", "decoder"), ("prefill", "decode"),
    ("prompt", "output"), ("prompts", "outputs"), ("input", "completion"), ("input", "response"),
    ("input", "generated"), ("input", "answer"), ("message", "answer"), ("messages", "answer"),
)  # fmt: skip
"""Words and letters for what a model is given and for what it gives, of one kind each."""
_REST = re.compile(
    r"(?:nr|num|nb|no|n|t|tk|tkn|tkns|tok|toks|token|tokens|units?|count|cnt|ct|usage|llm|total|len|de|d)*"
)
"""What else a name of a number of tokens may be made of."""
_FRESH = re.compile("fresh|uncached|noncached")
"""What an input is called beside which that from a cache stands."""
_OF_A_PART = frozenset({"user", "usr", "human", "query", "question", "q"})
"""What a model is given besides these, such as instructions, may not be in their number."""
_SAYS_TOKENS = re.compile(r"tok|tkn|tk(?![a-z])")


@dataclass(frozen=True, slots=True)
class Pair:
    """Two columns that are named alike."""

    asked: Path
    answered: Path
    says_tokens: bool
    """Whether the names speak of tokens."""
    may_be_part: bool = False
    """Whether the input may be only a part of what the model was given."""


def pairs_of(paths: Iterable[Path]) -> list[Pair]:
    """Return the pairs among these paths, those first whose names say the most."""
    asked: dict[tuple[Path, str, int], Path] = {}
    answered: dict[tuple[Path, str, int], list[Path]] = defaultdict(list)
    for path in paths:
        for kind, rest in _parts(path, 0):
            asked.setdefault((path[:-1], rest, kind), path)
        for kind, rest in _parts(path, 1):
            answered[path[:-1], rest, kind].append(path)
    pairs: dict[tuple[Path, Path], tuple[int, Pair]] = {}
    for key, one in asked.items():
        for other in answered.get(key, ()):
            if one == other:
                continue
            scope, rest, kind = key
            said = bool(_SAYS_TOKENS.search(rest)) or any(TOKEN.intersection(words_of(it)) for it in scope)
            if said or "len" not in rest:
                may_be_part = _SIDES[kind][0] in _OF_A_PART
                pairs.setdefault((one, other), (kind, Pair(one, other, said, may_be_part)))
    ordered = sorted(pairs.values(), key=lambda it: (not it[1].says_tokens, -len(_SIDES[it[0]][0])))
    return [pair for _, pair in ordered]


def _parts(path: Path, side: int) -> Iterator[tuple[int, str]]:
    """Yield which pair of words a name may have one side of, and what is left of the name."""
    name = "".join(words_of(path[-1]))
    if side == 0:
        name = _FRESH.sub("", name)
    for kind, sides in enumerate(_SIDES):
        word = sides[side]
        for match in re.finditer(re.escape(word), name):
            before, after = name[: match.start()], name[match.end() :]
            if _REST.fullmatch(before) and _REST.fullmatch(after):
                yield kind, f"{before}|{after}"
