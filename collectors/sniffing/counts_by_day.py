"""Proposes a field map for documents of nothing but numbers of calls under days, models and providers. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from leverwatch.collectors.records.fields import Path
from leverwatch.collectors.records.formats.interface import Repeats
from leverwatch.collectors.records.shapes.spread import EVERY
from leverwatch.collectors.sniffing.calls_alone import PROVIDERS
from leverwatch.collectors.sniffing.columns import dotted
from leverwatch.collectors.sniffing.field_names import rank
from leverwatch.collectors.sniffing.guess import FieldGuess
from leverwatch.collectors.sniffing.models import looks_like_model
from leverwatch.collectors.sniffing.name_words import COST, TOKEN, word_set, words_of
from leverwatch.collectors.sniffing.presummed import names_outcomes
from leverwatch.collectors.sniffing.tallies import speaks_of_models
from leverwatch.collectors.sniffing.zones import NO_ZONE

_DAY = re.compile(r"(?<!\d)20\d\d-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])(?!\d)")
_CALLS = word_set("calls ai llm prompts completions generations inferences")
_LIMITS = word_set("limit limits max maximum quota quotas remaining left cap caps budget allowed rpm rpd tpm")
_BAD = word_set("failed failures failure errors error fehler erreurs errores")
_TOTALS = frozenset({"total", "totals", "all", "sum"})
_FEWEST, _MOST_LEVELS, _DEEPEST, _OFTEN = 3, 3, 2, 0.5
_Leaves = list[tuple[tuple[str, ...], int]]


def counts_by_day(documents: Sequence[Mapping[str, Any]], file_name: str = "") -> FieldGuess | None:
    """Return a field map for one document with whole numbers under keys that have a day, as `gemini_2026-03-10` or
    a day above models; None where there are none, or no name speaks of models, providers or calls."""
    if len(documents) != 1:
        return None
    known = speaks_of_models([dict(it) for it in documents], file_name)
    for above, node in _nodes(documents[0], ()):
        for levels in range(1, _MOST_LEVELS + 1):
            found = _leaves(node, levels)
            fields = None if found is None else _map(above, found, levels, is_known=known)
            if fields is not None:
                return fields
        fields = _models_of_days(above, node) or _models_of_a_day(documents[0], above, node)
        if fields is not None:
            return fields
    return None


def _models_of_days(above: Path, node: Mapping[str, Any]) -> FieldGuess | None:
    """Return a field map of entries by day that have, among others, how many calls each model had; None where they
    are none."""
    if len(node) < _FEWEST or not all(_DAY.fullmatch(key) and isinstance(it, dict) for key, it in node.items()):
        return None
    inner = [
        key for key in dict.fromkeys(key for it in node.values() for key in it)
        if all(_are_models(it.get(key, {})) for it in node.values()) and any(it.get(key) for it in node.values())
    ]  # fmt: skip
    if len(inner) != 1:
        return None
    total = sum(number for it in node.values() for number in it.get(inner[0], {}).values())
    beside = {key: sum(_count(it.get(key)) for it in node.values()) for it in node.values() for key in it}
    same = [key for key, number in beside.items() if number == total and not _BAD.intersection(words_of(key))]
    failed = {key: number for key, number in beside.items() if number and _BAD.intersection(words_of(key))}
    if not same and not _CALLS.intersection(words_of(inner[0])):
        return None
    place = dotted((*above, EVERY, inner[0], EVERY))
    alone = len(failed) == 1 and all(len(it.get(inner[0], {})) <= 1 for it in node.values())
    spelled = [dotted((*above, EVERY, key)) for key in failed] if alone else []
    notes = [
        f"inferences: the numbers at {place} are taken for numbers of calls by model, {total} in the sample"
        + (f", as many as {same[0]} says" if same else "; no field tells anything else of them"),
        *(
            f"errors: {key} says that {number} calls of the sample failed, "
            + (
                "of the one model of each day"
                if alone
                else "and not of which model: they count as inferences, of which there may be as many fewer"
            )
            for key, number in failed.items()
        ),
        "input_tokens and output_tokens: no field tells them, and they stay unknown",
        f"time: {NO_ZONE}",
    ]
    fields = {"time": "key.1", "model": "key.2", "request_id": "key.all", "inferences": place}
    if spelled:
        fields["errors"] = spelled[0]
    return FieldGuess(fields, {}, tuple(notes), (), Repeats.VERSIONS, extras={"records": place})


def _models_of_a_day(document: Mapping[str, Any], above: Path, node: Mapping[str, Any]) -> FieldGuess | None:
    """Return a field map of whole numbers by model in a document of one day; None where it has none."""
    is_limit = any(not _LIMITS.isdisjoint(words_of(key)) for key in above)
    if not above or not node or is_limit or not _are_models(node):
        return None
    around: Mapping[str, Any] = document
    found: list[Path] = []
    for depth in range(len(above)):
        found += [(*above[:depth], key) for key, it in around.items() if isinstance(it, str) and _DAY.match(it)]
        around = around[above[depth]]
    if not found or {word for key in above for word in words_of(key)} & (TOKEN | COST | _BAD):
        return None
    named = [path for path in found if rank("time", path) is not None] or found
    place = dotted((*above, EVERY))
    notes = (
        (
            f"inferences: the numbers at {place} are taken for numbers of calls, {sum(node.values())} in the"
            " sample; no field tells anything else of them. If they count something else, there are none"
        ),
        f"time: {dotted(named[-1])} is that of the whole document, and the calls may be of earlier days as well",
        "input_tokens and output_tokens: no field tells them, and they stay unknown",
        f"time: {NO_ZONE}",
    )
    fields = {"time": dotted(named[-1]), "model": "key.1", "inferences": place}
    return FieldGuess(fields, {}, notes, (), extras={"records": place})


def _are_models(node: Any) -> bool:
    return isinstance(node, dict) and all(looks_like_model(key) and _count(it) >= 0 for key, it in node.items())


def _count(value: Any) -> int:
    """Return a whole number; less than none where it is something else."""
    return value if isinstance(value, int) and not isinstance(value, bool) else -1


def _nodes(node: Mapping[str, Any], above: Path) -> Iterator[tuple[Path, Mapping[str, Any]]]:
    yield above, node
    for key, inner in node.items():
        if isinstance(inner, dict) and len(above) < _DEEPEST:
            yield from _nodes(inner, (*above, key))


def _leaves(node: Any, levels: int) -> _Leaves | None:
    """Return the whole numbers below so many keys, with these; None where something else is there."""
    if levels == 0:
        is_count = isinstance(node, int) and not isinstance(node, bool) and node >= 0
        return [((), node)] if is_count else None
    if not isinstance(node, dict) or not node:
        return None
    found: _Leaves = []
    for key, inner in node.items():
        below = _leaves(inner, levels - 1)
        if below is None:
            return None
        found += [((key, *keys), number) for keys, number in below]
    return found


def _map(above: Path, found: _Leaves, levels: int, *, is_known: bool) -> FieldGuess | None:
    dated = [at for at in range(levels) if all(_DAY.search(keys[at]) or keys[at] in _TOTALS for keys, _ in found)]
    if len(dated) != 1:
        return None
    at = dated[0]
    days = [keys for keys, _ in found if keys[at] not in _TOTALS]
    around = {word for keys in days for word in words_of(_DAY.sub(" ", keys[at]))}
    others = [number for number in range(levels) if number != at]
    words = around | {word for key in above for word in words_of(key)}
    words |= {word for keys in days for number in others for word in words_of(keys[number])}
    models = [
        number for number in others
        if sum(looks_like_model(keys[number]) for keys in days) >= _OFTEN * len(days)
    ]  # fmt: skip
    if any(names_outcomes((keys[number],)) for keys in days for number in others):
        return None  # how calls ended, which names no provider
    if (
        len(days) < (1 if is_known else _FEWEST)
        or words & (TOKEN | COST)
        or not (models or is_known or words & (_CALLS | PROVIDERS))
    ):
        return None
    place = dotted((*above, *[EVERY] * levels))
    stars = [any(keys[at][: match.start()] for keys in days if (match := _DAY.search(keys[at]))),
             any(keys[at][match.end() :] for keys in days if (match := _DAY.search(keys[at])))]  # fmt: skip
    key = f"key.{at + 1}"
    form = f"{'*' if stars[0] else ''}%Y-%m-%d{'*' if stars[1] else ''}"
    fields: dict[str, Any] = {"time": {"path": key, "format": form} if any(stars) else key}
    if models:
        fields["model"] = f"key.{models[0] + 1}"
    fields |= {"request_id": "key.all", "inferences": place}
    total = sum(number for keys, number in found if keys[at] not in _TOTALS)
    notes = [
        (
            f"inferences: the numbers at {place} are taken for numbers of calls, {total} in the sample; no"
            " field tells anything else of them. If they count something else, there are none"
        ),
        "input_tokens and output_tokens: no field tells them, and they stay unknown",
        f"time: {NO_ZONE}",
    ]
    if not models:
        notes.append("model: no field names one; all calls count under one that is unknown")
    sums = sorted({keys[at] for keys, _ in found if keys[at] in _TOTALS})
    notes += [f"not: entries whose {key} is {it} are left out, as the sums of the others" for it in sums]
    systems = () if models else tuple(f"key.{number + 1}" for number in others)
    excluded = {key: sums} if sums else {}
    return FieldGuess(fields, {}, tuple(notes), systems, Repeats.VERSIONS, {}, excluded, extras={"records": place})
