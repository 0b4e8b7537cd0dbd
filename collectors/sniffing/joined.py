"""Keeps the beginnings of calls where only these name the model: the ends with the same ids replace them. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

from leverwatch.collectors.records.fields import Path
from leverwatch.collectors.sniffing.columns import Column, Columns
from leverwatch.collectors.sniffing.ended import ids_beside
from leverwatch.collectors.sniffing.kept import Kinds
from leverwatch.collectors.sniffing.numerals import Scalar

_NEARLY = 0.9


def with_beginnings(found: Kinds, columns: Columns, models: set[Path], spell: Callable[[Path], str]) -> Kinds:
    """Return the kinds with the records that name the model of calls which end in others, as versions of these;
    the same kinds where all ends name one, or nothing joins them."""
    named = columns.covered(models)
    nameless = set(found.kept) - named
    if not nameless or found.versions is not None or len(found.only) != 1:
        return found
    (path, said), *_ = found.only.items()
    values: list[Scalar] = list(said) if isinstance(said, list) else [said]
    column = columns.of.get(path)
    if column is None or isinstance(said, Mapping):
        return found
    for word, begun in _beginnings(column, values, named):
        for ids in ids_beside(columns, path):
            if _are_of_one(ids.by_record, begun, found.kept, nameless):
                return _joined(found, path, (values, word), begun, ids, spell)
    return found


def _beginnings(column: Column, values: Sequence[Scalar], named: set[int]) -> Iterator[tuple[Scalar, list[int]]]:
    """Yield what else the field of kinds says, with the records, where nearly all of these name a model."""
    for word in dict.fromkeys(column.values):
        at = [it for it, value in column.by_record.items() if value == word]
        if word not in values and len(named.intersection(at)) >= _NEARLY * len(at):
            yield word, at


def _are_of_one(ids: Mapping[int, Scalar], begun: Sequence[int], ended: Sequence[int], nameless: set[int]) -> bool:
    """Whether each beginning and each end has an id of its own, and nearly all ends without a model have that of a
    beginning before them."""
    first = {str(ids[at]): at for at in begun if at in ids}
    last = {str(ids[at]) for at in ended if at in ids}
    if len(first) < _NEARLY * len(begun) or len(last) < _NEARLY * len(ended):
        return False
    follow = sum(first.get(str(ids[at]), at) < at for at in nameless if at in ids)
    return follow >= _NEARLY * len(nameless)


def _joined(
    found: Kinds,
    path: Path,
    words: tuple[Sequence[Scalar], Scalar],
    begun: Sequence[int],
    ids: Column,
    spell: Callable[[Path], str],
) -> Kinds:
    values, word = words
    name = spell(path)
    ends = {str(ids.by_record[at]) for at in found.kept if at in ids.by_record}
    open_ = sum(str(ids.by_record.get(at)) not in ends for at in begun)
    note = (
        f"request_id: {len(begun)} records whose {name} is {word} name the models of calls that others with their"
        f" {spell(ids.path)} end, and are replaced by these; {open_} of them have no end, and count as calls that"
        " succeeded"
    )
    status = found.status
    if status is not None and status[0] == path:
        status = path, {**status[1], "success": [*status[1].get("success", ()), word]}
    return replace(
        found,
        kept=sorted({*found.kept, *begun}),
        only={path: [*values, word]},
        status=status,
        notes=(*(it for it in found.notes if not it.startswith(_left_out(len(begun), name, word))), note),
        versions=ids.path,
    )


def _left_out(number: int, name: str, word: Scalar) -> str:
    return f"only: {number} records whose {name} is {word}"
