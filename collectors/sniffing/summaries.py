"""Finds records that repeat or sum the tokens of others with the same id, as the end of a run does. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from leverwatch.collectors.records.fields import Path
from leverwatch.collectors.sniffing.columns import Column, Columns
from leverwatch.collectors.sniffing.field_names import LED, rank
from leverwatch.collectors.sniffing.models import looks_like_model
from leverwatch.collectors.sniffing.numerals import Scalar
from leverwatch.collectors.sniffing.words import Kind, is_word, kind_of

_MOST_KINDS = 8
_FEWEST = 3
"""Ids whose records must agree before it is no chance."""
_PROVEN, _LIKELY = 0.9, 0.5
_BY_CHANCE = 0.3
"""The share of calls that may have the tokens of another one of the same id."""
_ONE_CALL = frozenset({Kind.PART, Kind.ASKED, Kind.PENDING})
"""Records that a later one of the same call replaces: that one is the call, and no sum."""
_AMOUNTS = ("input_tokens", "output_tokens", "cached_input_tokens", "cost_usd", "latency_ms")
"""Fields whose numbers are the same by chance, and no ids."""


@dataclass(frozen=True, slots=True)
class Summaries:
    """Records that are sums of others."""

    path: Path
    """The path that tells them apart."""
    value: Scalar | None
    """Its value in them; None: they alone have one."""
    at: frozenset[int]
    id: Path
    """The id that they share with the records that they sum."""
    agreeing: int
    """How many of those that share an id have tokens that repeat or sum those of others."""
    sharing: int
    tokens: Path
    own: float
    """The sum of their tokens."""
    others: float
    """The sum of the tokens of the other records."""

    @property
    def is_proven(self) -> bool:
        """Whether nearly all of them agree."""
        return self.agreeing >= _PROVEN * len(self.at)

    def note(self, spell: Callable[[Path], str]) -> str:
        """Return a sentence about them, with what would be counted in either case."""
        which = (
            f"whose {spell(self.path)} is {self.value}" if self.value is not None else f"with {spell(self.path)}"
        )
        done = "left out" if self.is_proven else "counted all the same"
        return (
            f"inferences: {self.agreeing} of {len(self.at)} records {which}"
            f" repeat or sum {spell(self.tokens)} of other records with the same {spell(self.id)}, and are {done};"
            f" with them there are {len(self.at)} more inferences and {self.own + self.others:,.0f} output_tokens"
            f" in the sample, without them {self.others:,.0f}"
        )


def summaries_of(columns: Columns, kept: Sequence[int]) -> Summaries | None:
    """Return those of the records that are sums of the others; None when none are, or nothing tells them apart."""
    tokens = [path for path in columns.of if rank("output_tokens", path) is not None] or [
        path for path in columns.of if rank("input_tokens", path) is not None
    ]
    amounts = {path for path in columns.of if any(rank(name, path) is not None for name in _AMOUNTS)}
    ids = [path for path, column in columns.of.items() if path not in amounts and _is_shared_id(column)]
    if not tokens or not ids:
        return None
    inside, best = frozenset(kept), None
    for path, value, at in _parts(columns, inside):
        for id_ in ids:
            found = _compared(columns, path, value, at, inside - at, id_, tokens)
            if found is not None and (best is None or found.agreeing > best.agreeing):
                best = found
    return best


def _is_shared_id(column: Column) -> bool:
    """Whether several records have a value, and there are many values."""
    different = len(set(map(str, column.values)))
    whole = not any(isinstance(value, bool | float) for value in column.values)
    return whole and _FEWEST <= different < len(column.values) and all(map(is_word, column.values))


def _parts(columns: Columns, inside: frozenset[int]) -> Iterator[tuple[Path, Scalar | None, frozenset[int]]]:
    """Yield records that a word or a path of their own tells from the rest, no more of them than of the rest."""
    for path, column in columns.of.items():
        if rank("model", path) is not None and (path[0] == LED or all(map(looks_like_model, column.values))):
            continue  # each model has an entry of its own, and different ones answer the same
        at: dict[Scalar, set[int]] = defaultdict(set)
        words = all(isinstance(value, str | bool) and is_word(value) for value in column.values)
        if words and not column.is_numeric:  # in a table numbers are texts too
            for index, value in column.by_record.items():
                if index in inside and len(at) <= _MOST_KINDS:
                    at[value].add(index)
        if 2 <= len(at) <= _MOST_KINDS:
            for value, places in at.items():
                if kind_of(value) not in _ONE_CALL and 2 * len(places) <= len(inside):
                    yield path, value, frozenset(places)
        having = inside.intersection(column.at)
        if _FEWEST <= len(having) <= len(inside) / 2:
            yield path, None, having


def _compared(
    columns: Columns, path: Path, value: Scalar | None, at: frozenset[int], rest: frozenset[int], id_: Path,
    tokens: Sequence[Path],
) -> Summaries | None:  # fmt: skip
    ids = columns.of[id_].by_record
    if value is not None and any(
        kind_of(columns.of[path].by_record[it]) in _ONE_CALL for it in rest if it in columns.of[path].by_record
    ):
        return None
    sharing = [it for it in at if it in ids]
    for single in tokens:
        counts = columns.of[single].counts
        calls: dict[Scalar, list[tuple[int, float]]] = defaultdict(list)
        for index in sorted(rest):
            if index in ids and index in counts:
                calls[ids[index]].append((index, counts[index]))
        known = [it for it in sharing if ids[it] in calls]
        groups = list(calls.values())
        if len(known) < max(_FEWEST, _LIKELY * len(at)) or _are_versions(groups) or _repeat_each_other(groups):
            continue
        for told in tokens:
            sums = columns.of[told].counts
            agreeing = sum(it in sums and sums[it] > 0 and _agrees(sums[it], it, calls[ids[it]]) for it in known)
            if agreeing >= max(_FEWEST, _LIKELY * len(at)):
                own = sum(counts.get(it, sums.get(it, 0)) for it in at)
                others = sum(counts.get(it, 0) for it in rest)
                return Summaries(path, value, at, id_, agreeing, len(known), single, own, others)
    return None


def _agrees(number: float, at: int, calls: Sequence[tuple[int, float]]) -> bool:
    """Whether a number is that of the last call, or the sum of them, before this record or at all."""
    before = [count for index, count in calls if index < at]
    every = [count for _, count in calls]
    return any(told and number in (told[-1], sum(told)) for told in (before, every))


def _are_versions(calls: Sequence[Sequence[tuple[int, float]]]) -> bool:
    """Whether several records of an id only grow, each in the place of the one before."""
    several = [[count for _, count in found] for found in calls if len(found) > 1]
    steps = [after - before for found in several for before, after in pairwise(found)]
    return len(steps) > _FEWEST and all(step >= 0 for step in steps)


def _repeat_each_other(calls: Sequence[Sequence[tuple[int, float]]]) -> bool:
    """Whether calls of an id have each other's tokens too, as those of a fixed prompt do: then it says nothing."""
    several = [found for found in calls if len(found) > 1]
    again = sum(
        _agrees(count, index, [it for it in found if it[0] != index])
        for found in several
        for index, count in found
    )
    return again > _BY_CHANCE * sum(map(len, several))
