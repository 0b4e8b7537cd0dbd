"""Keeps the beginnings of calls where only these name the model: the ends with the same ids replace them. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

from leverwatch.collectors.records.fields import Path
from leverwatch.collectors.sniffing.columns import Column, Columns
from leverwatch.collectors.sniffing.ended import ids_beside
from leverwatch.collectors.sniffing.kept import TELLING_NOTHING, Kinds
from leverwatch.collectors.sniffing.numerals import Scalar
from leverwatch.collectors.sniffing.started import in_turn

_NEARLY, _ALIKE = 0.9, 0.75


def with_beginnings(
    found: Kinds, columns: Columns, models: set[Path], tokens: set[int], spell: Callable[[Path], str]
) -> Kinds:
    """Return the kinds with the records that name the model of calls which end in others, as versions of these;
    the same kinds where all ends name one, or nothing joins them.

    Args:
        found: the kinds.
        columns: the records.
        models: the paths that name a model.
        tokens: the records that tell tokens.
        spell: writes a path.
    """
    named = columns.covered(models)
    if set(found.kept) <= named or found.versions is not None:
        return found
    if not found.only and not found.excluded and found.status is None and len(found.kept) == len(columns):
        return _by_ids(found, columns, named, tokens, spell)
    if len(found.only) != 1:
        return found
    (path, said), *_ = found.only.items()
    if path not in columns.of:
        return found
    if isinstance(said, Mapping):
        return _by_presence(found, columns, named, (path, spell))
    values: list[Scalar] = list(said) if isinstance(said, list) else [said]
    for word, begun in _beginnings(columns.of[path], values, named):
        for ids in ids_beside(columns, path):
            if _are_of_one(ids, begun, found.kept, named):
                return _by_word(found, path, (values, word), begun, ids, spell)
    return found


def _beginnings(column: Column, values: Sequence[Scalar], named: set[int]) -> Iterator[tuple[Scalar, list[int]]]:
    """Yield what else the field of kinds says, with the records, where nearly all of these name a model."""
    for word in dict.fromkeys(column.values):
        at = [it for it, value in column.by_record.items() if value == word]
        if word not in values and len(named.intersection(at)) >= _NEARLY * len(at):
            yield word, at


def _are_of_one(ids: Column, begun: Sequence[int], ended: Sequence[int], named: set[int]) -> bool:
    """Whether each beginning and each end has an id of its own, and nearly all ends without a model have that of a
    beginning before them."""
    values, nameless = ids.by_record, set(ended) - named
    first = {str(values[at]): at for at in begun if at in values}
    last = {str(values[at]) for at in ended if at in values}
    if len(first) < _NEARLY * len(begun) or len(last) < _NEARLY * len(ended):
        return False
    follow = sum(first.get(str(values[at]), at) < at for at in nameless if at in values)
    return follow >= _NEARLY * len(nameless)


def _by_presence(
    found: Kinds, columns: Columns, named: set[int], told: tuple[Path, Callable[[Path], str]]
) -> Kinds:
    """Return the same where calls are told by what only they have, and no word says which records begin one."""
    path, spell = told
    begun = sorted(named.difference(found.kept))
    rest = set(range(len(columns))).difference(begun, found.kept)
    for ids in ids_beside(columns, path) if begun else ():
        if _are_of_one(ids, begun, found.kept, named) and not rest.intersection(ids.by_record):
            note = _said(found, f"without {spell(path)}", begun, ids, spell)
            only = {ids.path: {"present": True}} if rest else {}
            kept = sorted({*found.kept, *begun})
            return replace(found, kept=kept, only=only, notes=(note,), versions=ids.path)
    return found


def _by_ids(
    found: Kinds, columns: Columns, named: set[int], tokens: set[int], spell: Callable[[Path], str]
) -> Kinds:
    """Return the same where nothing but the id tells which records are of one call: those that name the model
    begin it, those with tokens end it, and what has the id of a call without tokens ends that as a failure."""
    begun, answered = sorted(named - tokens), sorted(tokens - named)
    if not begun or not answered or named & tokens:
        return found
    for ids in ids_beside(columns, ()):
        values = {at: str(value) for at, value in ids.by_record.items()}
        done = {values[at] for at in answered if at in values}
        open_ = {values[at] for at in begun if at in values} - done
        rest = [at for at in values if at not in named and at not in tokens]
        ended = sorted([*answered, *(at for at in rest if values[at] in open_)])
        if not _are_of_one(ids, begun, ended, named):
            continue
        kept = sorted({*begun, *ended})
        others = set(rest).difference(ended)
        apart = next((it for it, column in columns.of.items() if others and set(column.at) == others), None)
        if others and apart is None:
            continue
        note = _said(replace(found, kept=ended), "without tokens", begun, ids, spell)
        left = (
            f"not: {len(others)} records with {'' if apart is None else spell(apart)} have the id of a call that"
            f" others tell, and are left out; were they calls, there would be {len(others)} more"
        )
        return replace(
            found,
            kept=kept,
            only={ids.path: {"present": True}} if len(values) < len(columns) else {},
            excluded={} if apart is None else {apart: {"present": True}},
            notes=(*(it for it in found.notes if TELLING_NOTHING not in it), note, *((left,) if others else ())),
            versions=ids.path,
        )
    return _in_turn(found, columns, begun, answered, spell)


def _in_turn(
    found: Kinds, columns: Columns, begun: Sequence[int], answered: Sequence[int], spell: Callable[[Path], str]
) -> Kinds:
    """Return the kinds without the records that begin a call, where no id joins them with those that end one: each
    record is one of the two, and nearly each beginning stands before an end."""
    alike = _ALIKE * len(begun) <= len(answered) <= len(begun)
    path = next(
        (it for it, column in columns.of.items() if column.is_numeric and set(column.at) == {*answered}), None
    )
    if path is None or not alike or len(begun) + len(answered) < len(columns) or not in_turn(begun, answered):
        return found
    note = (
        f"only: {len(begun)} records without {spell(path)}, each before one that has it, are left out as the"
        f" beginnings of calls; were they calls, such as failed ones, there would be {len(begun)} more"
    )
    kept = (it for it in found.notes if TELLING_NOTHING not in it)
    return replace(found, kept=answered, only={path: {"present": True}}, notes=(*kept, note))


def _by_word(
    found: Kinds,
    path: Path,
    words: tuple[Sequence[Scalar], Scalar],
    begun: Sequence[int],
    ids: Column,
    spell: Callable[[Path], str],
) -> Kinds:
    values, word = words
    status = found.status
    if status is not None and status[0] == path:
        status = path, {**status[1], "success": [*status[1].get("success", ()), word]}
    outdated = f"only: {len(begun)} records whose {spell(path)} is {word}"
    note = _said(found, f"whose {spell(path)} is {word}", begun, ids, spell)
    return replace(
        found,
        kept=sorted({*found.kept, *begun}),
        only={path: [*values, word]},
        status=status,
        notes=(*(it for it in found.notes if not it.startswith(outdated)), note),
        versions=ids.path,
    )


def _said(found: Kinds, which: str, begun: Sequence[int], ids: Column, spell: Callable[[Path], str]) -> str:
    ends = {str(ids.by_record[at]) for at in found.kept if at in ids.by_record}
    unended = sum(str(ids.by_record.get(at)) not in ends for at in begun)
    return (
        f"request_id: {len(begun)} records {which} name the models of calls that others with their"
        f" {spell(ids.path)} end, and are replaced by these; {unended} of them have no end, and count as calls"
        " that succeeded"
    )
