"""Tells calls from other records by the words of a field that tells kinds of records apart. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import median

from leverwatch.collectors.records.fields import Path
from leverwatch.collectors.sniffing.calls_alone import names_provider
from leverwatch.collectors.sniffing.columns import Column, Columns
from leverwatch.collectors.sniffing.field_names import is_called, rank
from leverwatch.collectors.sniffing.kept import Kinds
from leverwatch.collectors.sniffing.models import is_vendor, looks_like_models
from leverwatch.collectors.sniffing.numerals import Scalar
from leverwatch.collectors.sniffing.questions import asks_something_else
from leverwatch.collectors.sniffing.rest import failures_of, ids_of
from leverwatch.collectors.sniffing.words import Kind, is_word, kind_of, operation_like, outcome_of, subject_of

_NAMES = (
    "event", "eventtype", "eventname", "evt", "type", "kind", "recordtype", "msg", "message", "mt",
    "messagetemplate", "action", "phase",
    "stage", "category", "direction", "object", "name", "logger", "state", "status", "outcome", "result", "level",
    "step", "span", "topic", "hook", "callback", "operation", "entry", "entrytype", "logtype", "ereignis", "art",
    "typ",
)  # fmt: skip
_SENTENCES = frozenset(_NAMES[: _NAMES.index("action")])
_MOST_KINDS = 20
_COMMON = 3
"""How often a value of several words must occur to be no text of a call."""
_FEW, _LONGEST = 8, 120
_CALLS, _OTHERS = 0.8, 0.1


@dataclass(frozen=True, slots=True)
class _Group:
    value: Scalar
    at: frozenset[int]
    tokens: float
    """The share that has tokens."""
    answers: float
    """The share that has output tokens."""
    kind: Kind | None


def by_kind_field(
    columns: Columns, calls: set[int], answers: set[int], spell: Callable[[Path], str]
) -> Kinds | None:
    """Return what the best field that tells kinds of records apart leaves out; None where none does.

    Args:
        columns: the records.
        calls: those that have what calls have.
        answers: those with output.
        spell: writes a path as the configuration does.
    """
    best: tuple[tuple[int, int], Kinds] | None = None
    for path, column in columns.of.items():
        if not _is_kind(column, path, len(columns)):
            continue
        place = _place(path)
        groups = _groups(column, calls, answers)
        if place is None:
            # By another name it is one where its words say of every record what it is of a call, or who answered.
            if not (all(it.kind is not None for it in groups) or names_provider(column, calls)):
                continue
            place = len(_NAMES)
        found = _split(path, groups, columns, spell)
        if found is not None and (best is None or (-len(found.kept), place) < best[0]):
            best = ((-len(found.kept), place), found)
    return None if best is None else best[1]


def _place(path: Path) -> int | None:
    return next((at for at, name in enumerate(_NAMES) if is_called((name,), path[-1:])), None)


def _is_kind(column: Column, path: Path, records: int) -> bool:
    values = set(map(str, column.values))
    if not 2 <= len(values) <= _MOST_KINDS or len(column.at) < records / 2:
        return False
    if any(isinstance(value, int | float) and not isinstance(value, bool) for value in column.values):
        return False
    if all(map(is_word, column.values)):
        return True
    # Sentences that a program writes come again and again; what it seldom says is as short, and begins alike.
    often = {value for value in values if column.values.count(value) >= _COMMON}
    heads = {value.split(" ")[0] for value in often}
    common = often == values or (
        len(values) * _FEW <= len(column.values)
        and all(len(value) <= _LONGEST and value.split(" ")[0] in heads for value in values)
    )
    return common and any(is_called((name,), path[-1:]) for name in _SENTENCES)


def _groups(column: Column, tokens: set[int], answers: set[int]) -> list[_Group]:
    at: dict[Scalar, set[int]] = {}
    for index, value in column.by_record.items():
        at.setdefault(value, set()).add(index)
    return [
        _Group(value, frozenset(places), len(places & tokens) / len(places), len(places & answers) / len(places),
               kind_of(value))
        for value, places in at.items()
    ]  # fmt: skip


def _split(path: Path, groups: Sequence[_Group], columns: Columns, spell: Callable[[Path], str]) -> Kinds | None:
    """Return what the values of a field leave out; None when they do not tell calls from other records."""
    if all(operation_like(it.value) is not None and it.kind in (None, Kind.GOOD) for it in groups):
        return None
    groups = [replace(it, kind=None) if _is_no_sum(it, groups, columns) else it for it in groups]
    calls = [it for it in groups if it.tokens >= _CALLS and it.kind is not Kind.DERIVED]
    calls = _without_twins(calls, columns)
    asked = [it for it in calls if it.kind in (Kind.ASKED, Kind.PENDING, Kind.PART) and it.answers <= _OTHERS]
    answered = [it for it in calls if it not in asked and it.answers > _OTHERS]
    if answered:
        calls = [it for it in calls if it not in asked]
    derived = [it for it in groups if it.tokens > _OTHERS and it.kind is Kind.DERIVED]
    others = [it for it in groups if it not in calls and it not in derived]
    if not calls or not (others or derived):
        return None
    if any(_OTHERS < it.tokens < _CALLS for it in others):
        return None
    if rank("status", path) is not None and any(it.kind is None for it in others):
        return None  # how calls ended, in words that nobody knows
    are_failures = rank("status", path) is not None and all(it.kind is Kind.BAD for it in calls)
    if are_failures and any(it.kind is Kind.GOOD for it in others):
        return None  # those that failed say the most, as where an answer is cut off
    known = columns.covered(
        p
        for p, it in columns.of.items()
        if rank("model", p) is not None
        or rank("request_id", p) is not None
        or (looks_like_models(it) and not is_vendor(it))
    )
    failures = failures_of(columns) if others else set()
    failed = [
        it
        for it in others
        if (
            it.kind is Kind.BAD
            and (len(it.at & known) >= _CALLS * len(it.at) or _ends_a_call(it, calls, groups, columns))
        )
        # Whatever a kind is called: what names a model and says that it failed is a failed call.
        or len(it.at & known & failures) >= _CALLS * len(it.at)
    ]
    left_out = [it for it in (*others, *derived) if it not in failed]
    if not left_out and not failed:
        return None
    return _filtered(path, calls, failed, left_out, columns, spell)


def _is_no_sum(group: _Group, groups: Sequence[_Group], columns: Columns) -> bool:
    """Whether records have a word for sums or a period, and tokens that are hardly more than those of the other
    records, and no sum of them."""
    if group.kind is not Kind.DERIVED:
        return False
    rest = {at for it in groups if it is not group and it.tokens >= _CALLS for at in it.at}
    own, others = (
        {at: number for path, it in columns.of.items() if rank("output_tokens", path) is not None
         for at, number in it.counts.items() if at in chosen and number > 0}
        for chosen in (group.at, rest)
    )  # fmt: skip
    if not own or not others or (len(others) < _COMMON and len(own) <= len(others)):
        return False
    few = max(own.values()) <= max(others.values()) and median(own.values()) <= 2 * median(others.values())
    return few and (len(groups) > 2 or 2 * _number_of_sums(own, others) < len(own))


def _number_of_sums(own: Mapping[int, float], others: Mapping[int, float]) -> int:
    """Return how many numbers are those of another record, or the sum of the records just before or behind."""
    total, place, found = 0.0, {0.0}, 0
    before = {}
    for at in sorted({*own, *others}):
        before[at] = total
        total += others.get(at, 0.0)
        place.add(total)
    single = set(others.values())
    for at, number in own.items():
        found += number in single or before[at] - number in place or before[at] + number in place
    return found


def _ends_a_call(failed: _Group, calls: Sequence[_Group], groups: Sequence[_Group], columns: Columns) -> bool:
    """Whether an error is that of a call, though it names no model: by its name, or by an id of what had begun."""
    subject = subject_of(failed.value)
    if subject and any(subject == subject_of(it.value) for it in calls):
        return True
    begun = [it for it in groups if it.kind in (Kind.ASKED, Kind.PENDING) and it not in calls]
    ended = frozenset().union(*(it.at for it in calls))
    for column in columns.of.values():
        values = column.by_record
        wrong, right = _values_at(values, failed.at), _values_at(values, ended)
        if len(right) <= _COMMON or len(right) < _CALLS * len(ended) or not wrong or wrong & right:
            continue
        started = [_values_at(values, it.at) for it in begun]
        if any(
            len(wrong & it) >= _CALLS * len(failed.at) and len(right & it) >= _CALLS * len(right) for it in started
        ):
            return True
    return False


def _values_at(values: Mapping[int, Scalar], at: frozenset[int]) -> set[str]:
    return {str(values[it]) for it in at if it in values}


def _without_twins(calls: Sequence[_Group], columns: Columns) -> list[_Group]:
    """Return the groups without those that tell of the same calls as another one, by the ids of both."""
    kept: list[_Group] = []
    ids = ids_of(columns)
    for group in sorted(calls, key=lambda it: (-it.answers, -len(it.at))):
        # Parts of one call grow into it, and none of them is another record of it.
        twin = group.kind is not Kind.PART and any(
            len(own := {values[at] for at in group.at if at in values}) >= _CALLS * len(group.at)
            and len(own & {values[at] for at in other.at if at in values}) >= _CALLS * len(own)
            for values in ids
            for other in kept
            if other.kind is not Kind.PART and not asks_something_else(columns, values, group.at, other.at)
        )
        if not twin:
            kept.append(group)
    return kept


def _filtered(
    path: Path,
    calls: Sequence[_Group],
    failed: Sequence[_Group],
    left_out: Sequence[_Group],
    columns: Columns,
    spell: Callable[[Path], str],
) -> Kinds | None:
    name = spell(path)
    kept = sorted({at for it in (*calls, *failed) for at in it.at})
    notes = []
    is_outcome = rank("status", path) is not None and all(
        outcome_of(it.value) is not None for it in (*calls, *failed)
    )
    if not left_out and is_outcome:
        return None  # an ordinary status
    own_status = failed and not any(
        rank("status", p) is not None and p != path and columns.share(p) > _OTHERS for p in columns.of
    )
    status = (
        (path, {"success": [it.value for it in calls], "error": [it.value for it in failed]})
        if own_status
        else None
    )
    for it in left_out:
        what = f", which is {it.kind}" if it.kind is not None else ""
        more = "errors" if it.kind in (Kind.RETRY, Kind.BAD) else "inferences"
        theirs = ", with their tokens and their cost" if it.kind is Kind.DERIVED else ""
        notes.append(
            f"{'not' if is_outcome else 'only'}: {len(it.at)} records whose {name} is"
            f" {it.value}{what}"
            f" are left out; were they calls, there would be {len(it.at)} more {more}{theirs}"
        )
    if status:
        notes.append(f"status: {name} tells it: {_values(failed)} are failed calls")
    values = [it.value for it in (*calls, *failed)]
    if is_outcome:
        return Kinds(kept, {}, {path: [it.value for it in left_out]}, status, tuple(notes))
    if not left_out:
        return Kinds(kept, {}, {}, status, tuple(notes))
    return Kinds(kept, {path: values[0] if len(values) == 1 else values}, {}, status, tuple(notes))


def _values(groups: Sequence[_Group]) -> str:
    return ", ".join(str(it.value) for it in groups)
