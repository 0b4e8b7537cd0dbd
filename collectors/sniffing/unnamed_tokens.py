"""Finds the tokens of a call where no name tells them: by pairs of names, by sums, by the cost. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from leverwatch.collectors.records.fields import Path
from leverwatch.collectors.sniffing.columns import Column
from leverwatch.collectors.sniffing.draft import Draft
from leverwatch.collectors.sniffing.field_names import rank
from leverwatch.collectors.sniffing.models import looks_like_model
from leverwatch.collectors.sniffing.name_words import (
    COST,
    TOKEN,
    bare_field,
    is_special,
    says_nothing,
    sides_of_cache,
    token_field,
    words_of,
)
from leverwatch.collectors.sniffing.numerals import Scalar
from leverwatch.collectors.sniffing.pairs import pairs_of
from leverwatch.collectors.sniffing.prices import prices_of
from leverwatch.collectors.sniffing.words import Kind, kind_of

WHOLES = ("input_tokens", "output_tokens")
_MOSTLY = 0.9
_FEWEST = 5
_MOST_COUNTS, _MOST_COSTS = 8, 4
"""Columns of which combinations are tried."""


@dataclass(frozen=True, slots=True)
class Choice:
    """The paths of input and output, and what is to be said about them."""

    paths: tuple[Path, Path]
    doubt: str | None
    evidence: tuple[str, ...] = ()


def choice_of(draft: Draft, fitting: Mapping[str, Sequence[Path]]) -> Choice | None:
    """Return the paths of input and output where the names do not tell both of them; None when nothing does.

    Args:
        draft: the field map so far.
        fitting: the paths that names tell; one of the two has none.
    """
    counts = {path: column for path, column in draft.columns.of.items() if _may_count(draft, path, column)}
    known = [paths[0] for paths in fitting.values() if paths]
    by_name = [
        (pair.asked, pair.answered, pair.says_tokens and not pair.may_be_part)
        for pair in pairs_of([*counts, *known])
        if all(path in known or path in counts for path in (pair.asked, pair.answered))
        and all(
            paths[0] == path if paths else token_field(path) in (None, name)
            for (name, paths), path in zip(fitting.items(), (pair.asked, pair.answered), strict=True)
        )
    ]
    for asked, answered, is_sure in by_name:
        return _named(draft, asked, answered, is_sure=is_sure)
    fresh = None if fitting["input_tokens"] else _by_sides_of_cache(draft, fitting["output_tokens"])
    if known or fresh is not None:
        return fresh
    return _by_bare_names(draft) or _by_price(draft, counts) or _by_sum(draft, counts) or _by_shape(draft, counts)


def _may_count(draft: Draft, path: Path, column: Column) -> bool:
    return (
        draft.is_free(path)
        and bool(column.counts)
        and draft.fits("input_tokens", path)
        and not any(isinstance(value, bool) for value in column.values)
        and not any(map(looks_like_model, path[:-1]))  # the number of one of several models
        and all(rank(name, path) is None for name in ("cached_input_tokens", "reasoning_tokens", "latency_ms"))
        and not _names_outcome(path)
    )


def _names_outcome(path: Path) -> bool:
    """Whether a number is of calls that ended in some way, as `ok` and `http_429` are."""
    is_amount = bare_field(path) is not None or not TOKEN.isdisjoint(words_of(path[-1]))
    return not is_amount and kind_of(path[-1]) in (Kind.GOOD, Kind.BAD)


def _named(draft: Draft, asked: Path, answered: Path, *, is_sure: bool) -> Choice:
    spelled = f"{draft.spell(asked)} and {draft.spell(answered)}"
    proof = proof_of(draft, asked, answered)
    evidence = (f"{spelled} are named as two sides of a call", *([proof] if proof else []))
    if is_sure or proof is not None:
        return Choice((asked, answered), None, evidence)
    turned = _turned_by_price(draft, asked, answered)
    what = (
        f"their names say that the first one is the input, though the cost is such that {draft.spell(answered)} is"
        if turned
        else "no name speaks of tokens"
    )
    return Choice((asked, answered), f"{spelled} are taken for tokens, though {what}", evidence)


def _by_bare_names(draft: Draft) -> Choice | None:
    """Return the only two columns that are called `in` and `out`, or alike."""
    named = {
        name: [path for path in draft.columns.of if bare_field(path) == name and draft.is_free(path)]
        for name in WHOLES
    }
    found = {name: [path for path in paths if draft.fits(name, path)] for name, paths in named.items()}
    if any(len(paths) != 1 for paths in found.values()):
        return None
    asked, answered = (found[name][0] for name in WHOLES)
    return _named(draft, asked, answered, is_sure=False)


def _by_sides_of_cache(draft: Draft, given: Sequence[Path]) -> Choice | None:
    """Return what a cache of prompts had not, as the input beside which the rest stands, and the output."""
    of = draft.columns.of
    counts = [
        path
        for path, it in of.items()
        if draft.is_free(path) and draft.fits("input_tokens", path) and not _is_flag(it)
    ]
    given = given or [path for path in counts if bare_field(path) == "output_tokens"]
    sides = [(hit, miss) for hit, miss in sides_of_cache(counts) if of[hit].counts.keys() & of[miss].counts.keys()]
    is_call = "model" in draft.paths or any(not COST.isdisjoint(words_of(path[-1])) for path in of)
    if len(sides) != 1 or not given or not is_call:
        return None
    (hit, miss), answered = sides[0], given[0]
    spelled = ", ".join(map(draft.spell, (hit, miss, answered)))
    doubt = (
        f"{spelled} are taken for tokens from the cache of prompts, for the rest of the input, and for the output"
    )
    return Choice(
        (miss, answered), doubt, (f"{draft.spell(hit)} and {draft.spell(miss)} are two sides of a cache",)
    )


def _is_flag(column: Column) -> bool:
    return any(isinstance(it, bool) for it in column.values) or max(column.counts.values()) <= 1


def _by_price(draft: Draft, counts: Mapping[Path, Column]) -> Choice | None:
    """Return two columns of which a cost is made, at fixed prices of each model; answers are the dearer ones."""
    varied = [path for path, column in counts.items() if _varies(column)][:_MOST_COUNTS]
    for cost in costs_of(draft, set(varied)):
        for one, other in combinations(varied, 2):
            found = _prices(draft, cost, one, other)
            if not found or any(price <= 0 for it in found for price in it):
                continue
            dearer = sum(it[1] > it[0] for it in found)
            if dearer not in (0, len(found)) or any(abs(a - b) < 0.01 * b for a, b in found):
                continue
            asked, answered = (one, other) if dearer else (other, one)
            return Choice(
                (asked, answered),
                f"{draft.spell(asked)} and {draft.spell(answered)} are chosen because {draft.spell(cost)} is made"
                " of them at a fixed price for each, and the dearer ones are taken for the output; no name tells",
            )
    return None


def _by_sum(draft: Draft, counts: Mapping[Path, Column]) -> Choice | None:
    """Return two columns of counts of which a third one is the sum, as input and output are."""
    enough = {path: column.counts for path, column in counts.items() if len(column.counts) >= _FEWEST}
    for total, sums in enough.items():
        for first, second in combinations((path for path in enough if path != total), 2):
            one, other = enough[first], enough[second]
            if not _is_sum(sums, one, other) or not (any(one.values()) and any(other.values())):
                continue
            taken, given = (first, second) if sum(one.values()) >= sum(other.values()) else (second, first)
            return Choice(
                (taken, given),
                f"{draft.spell(taken)} and {draft.spell(given)} are chosen because {draft.spell(total)} is their"
                " sum, and the larger one is taken for the input; no name tells",
            )
    return None


def _by_shape(draft: Draft, counts: Mapping[Path, Column]) -> Choice | None:
    """Return the only two columns that speak of tokens, or else the only two columns of counts whose names say
    nothing at all."""
    if "model" not in draft.paths:
        return None
    whole = [path for path, it in counts.items() if _varies(it) and len(it.counts) >= _MOSTLY * len(draft.columns)]
    speaking = [path for path in whole if _speaks_of_tokens(path)]
    silent = [path for path in whole if says_nothing(path)]
    found = speaking if len(speaking) == len(WHOLES) else [] if speaking else silent
    if len(found) != len(WHOLES):
        return None
    found.sort(key=lambda path: -sum(counts[path].counts.values()))
    spelled, what = " and ".join(map(draft.spell, found)), " with names of tokens" if speaking else ""
    return Choice(
        (found[0], found[1]),
        f"{spelled} are chosen as the only counts{what}, and the larger ones are taken for the input; no name"
        " tells",
    )


def _speaks_of_tokens(path: Path) -> bool:
    return not TOKEN.isdisjoint(words_of(path[-1])) and not is_special(path)


def _varies(column: Column) -> bool:
    return len(set(column.counts.values())) > _FEWEST


def proof_of(draft: Draft, asked: Path, answered: Path) -> str | None:
    """Return what proves that two columns are the tokens of a call, and which is which; None when nothing does."""
    for cost in costs_of(draft, {asked, answered}):
        found = _prices(draft, cost, asked, answered)
        if found and all(0 < one <= other for one, other in found):
            return f"{draft.spell(cost)} is made of them at a fixed price for each"
    of = draft.columns.of
    for path, column in of.items():
        known = path not in (asked, answered) and ("total" in words_of(path[-1]) or _speaks_of_tokens(path))
        if known and _is_sum(column.counts, of[asked].counts, of[answered].counts):
            return f"{draft.spell(path)} is their sum"
    return None


def of_one_total(draft: Draft, asked: Sequence[Path], answered: Sequence[Path]) -> tuple[Path, Path] | None:
    """Return the only two of several paths to input and output that make a total; None: no two do, or more."""
    of = draft.columns.of
    totals = [
        path for path, it in of.items() if "total" in words_of(path[-1]) and it.counts and draft.is_free(path)
    ]
    totals = [path for path in totals if path not in asked and path not in answered]
    found = {
        (one, other)
        for one in asked
        for other in answered
        for total in totals
        if one != other and _is_sum(of[total].counts, of[one].counts, of[other].counts, fewest=1)
    }
    return found.pop() if len(found) == 1 else None


def _turned_by_price(draft: Draft, asked: Path, answered: Path) -> bool:
    """Whether a cost is made of two columns, and that for the input is the dearer one."""
    found = [_prices(draft, cost, asked, answered) for cost in costs_of(draft, {asked, answered})]
    return any(it and all(one > other > 0 for one, other in it) for it in found)


def _is_sum(
    sums: Mapping[int, float], one: Mapping[int, float], other: Mapping[int, float], fewest: int = _FEWEST
) -> bool:
    # What failed may have zeros for all three, which prove nothing either way.
    told = {it for it, number in sums.items() if number or one.get(it) or other.get(it)}
    at = one.keys() & other.keys() & told
    return len(at) >= max(fewest, _MOSTLY * len(told)) and all(one[it] + other[it] == sums[it] > 0 for it in at)


def costs_of(draft: Draft, without: set[Path]) -> Iterator[Path]:
    """Yield the columns that may have a cost, those first whose names say so."""
    found = [
        path
        for path, column in draft.columns.of.items()
        if path not in without and draft.is_free(path) and column.is_numeric and column.numbers
    ]
    named = [path for path in found if not COST.isdisjoint(words_of(path[-1]))]
    broken = [
        path
        for path in found
        if path not in named and any(not number.is_integer() for number in draft.columns.of[path].numbers.values())
    ]
    yield from [*named, *broken][:_MOST_COSTS]


def _prices(draft: Draft, cost: Path, *counts: Path) -> list[tuple[float, ...]]:
    of = draft.columns.of
    found = prices_of(of[cost].numbers, [of[path].counts for path in counts], groups_of(draft))
    return [it.each for it in found]


def groups_of(draft: Draft) -> Mapping[int, Scalar]:
    """Return what has prices of its own, by record: the model, or nothing where none is told."""
    model = draft.column("model")
    return dict.fromkeys(range(len(draft.columns)), "") if model is None else model.by_record
