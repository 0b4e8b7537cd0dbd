"""Names the columns of a table without a header by the shapes of their values. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import permutations

from leverwatch.collectors.records.vocabulary import CallStatus
from leverwatch.collectors.sniffing.field_names import is_time, rank
from leverwatch.collectors.sniffing.models import is_title, looks_like_model
from leverwatch.collectors.sniffing.moments import moments_of
from leverwatch.collectors.sniffing.numerals import number_of, numerals_of
from leverwatch.collectors.sniffing.questions import is_statement
from leverwatch.collectors.sniffing.words import Kind, kind_of, outcome_of

_MOSTLY = 0.9
_OFTEN = 0.6
_FEWEST, _FEWEST_OF_SUMS = 2, 4
_FEWEST_WORDS = 3
_CODE, _TOOK = re.compile(r"[2-5]\d\d"), re.compile(r"\d+(?:\.\d+)? ?(?:ms|s)")
_TRUE = frozenset({"true", "false"})
_OUTCOMES = frozenset({"ok", "fail", "failed", "success", "error"})
_INSTEAD = frozenset({"fallback", "degraded", "timeout", "refused"})
"""Words for what a program did where no model answered."""
_ERROR = re.compile(r"(?i)error|exception|failed|timed? ?out|invalid|refused")
_Cells = Sequence[str]


@dataclass(frozen=True, slots=True)
class Named:
    """Names for the columns of a table without a header."""

    names: tuple[str, ...]
    notes: tuple[str, ...]


def names_by_shape(header: Sequence[str], rows: Sequence[Sequence[str]]) -> tuple[str, ...]:
    """Return the names of the columns of rows that have others than the header, by the shapes of their values: for
    the time, the model and the cost those of the header. Empty where the shapes tell no model and tokens."""
    named = named_by_shape(rows)
    if named is None or not {"model", "input_tokens", "output_tokens"} <= {*named.names}:
        return ()
    own = {
        field: next((it for it in header if rank(field, (it,)) is not None), field)
        for field in ("time", "model", "cost_usd")
    }
    return tuple(own.get(it, it) for it in named.names)


def named_by_shape(rows: Sequence[Sequence[str]]) -> Named | None:
    """Return names for the columns of rows of one width; None when none has times, or no column follows a model
    with two counts behind it. Without a model the counts are tokens where a third one is their sum."""
    if len(rows) < _FEWEST:
        return None
    columns = [[row[at].strip() for row in rows] for at in range(len(rows[0]))]
    times = [at for at, cells in enumerate(columns) if _are_times(cells)]
    models = [at for at, cells in enumerate(columns) if at not in times and _are_models(cells)]
    if not times:
        return None
    counts = [at for at, cells in enumerate(columns) if at not in times and _are_counts(cells)]
    names = [f"column{at + 1}" for at in range(len(columns))]
    chosen = _tokens(columns, counts, models[0] if models else None)
    if chosen is None and not models:
        return _asked_and_answered(columns, times[0])
    if chosen is None:
        return _answered_by_model(columns, times[0], models[0])
    if not models and len(rows) < _FEWEST_OF_SUMS:
        return None
    # Where no name tells, notes kept by hand, with days and few numbers, are no calls that a program wrote.
    told = [sum(bool(cell) for cell in columns[at]) for at in chosen[:2]]
    by_clock = sum(":" in cell for cell in columns[times[0]])
    if min(told) < _OFTEN * len(rows) or by_clock < _MOSTLY * len(rows):
        return None
    taken, given, total, is_proven = chosen
    names[times[0]], names[taken], names[given] = "time", "input_tokens", "output_tokens"
    if models:
        names[models[0]] = "model"
    if total is not None:
        names[total] = "total_tokens"
    of_cost = [at for at, cells in enumerate(columns) if at not in (*times, *counts) and _are_amounts(cells)]
    cost = of_cost[0] if len(of_cost) == 1 else None
    if cost is not None:
        names[cost] = "cost_usd"
    words = [at for at, cells in enumerate(columns) if _are_outcomes(cells)]
    if len(words) == 1:
        names[words[0]] = "success" if _is_flag(columns[words[0]]) else "status"
    said = [f"column {at + 1} as {name}" for at, name in enumerate(names) if name != f"column{at + 1}"]
    what = ", ".join(said)
    made_up = "the first line is no header, and the names of the columns are made up"
    notes = [f"columns: {made_up}; taken by their values are {what}. Is that right?"]
    if not is_proven:
        notes.append(
            f"input_tokens: columns {taken + 1} and {given + 1} are taken for tokens as the first two counts"
            " behind the model, input before output; nothing proves it"
        )
    if not models:
        notes.append(
            f"inferences: nothing but columns {taken + 1} and {given + 1}, whose sum another one is, says that"
            f" these are calls of models; if they count something else, there are {len(rows)} fewer in the sample"
        )
    return Named(tuple(names), tuple(notes))


def _answered_by_model(columns: Sequence[_Cells], time: int, model: int) -> Named | None:
    """Return names for the columns of a time, a model, and the code of an answer, a word for how it ended, or how
    long it took with a unit; None where there is none of them, or no time of day."""
    if sum(":" in cell for cell in columns[time]) < _MOSTLY * len(columns[time]):
        return None
    names = [f"column{at + 1}" for at in range(len(columns))]
    names[time], names[model] = "time", "model"
    for name, fits in (("status", _CODE), ("latency", _TOOK)):
        found = [
            at for at, cells in enumerate(columns) if _mostly(cells, [bool(fits.fullmatch(it)) for it in cells])
        ]
        if len(found) == 1 and (name != "status" or any(it.startswith("2") for it in columns[found[0]])):
            names[found[0]] = name
    ended = [at for at, cells in enumerate(columns) if names[at] == f"column{at + 1}" and _are_endings(cells)]
    if len(ended) == 1 and "status" not in names:
        names[ended[0]] = "status"
        good = [outcome_of(cell) is CallStatus.SUCCESS for cell in columns[ended[0]]]
        told = [at for at, cells in enumerate(columns) if _tell_errors(cells, good)]
        names = ["error" if at in told[:1] else name for at, name in enumerate(names)]
    said = [f"column {at + 1} as {name}" for at, name in enumerate(names) if name != f"column{at + 1}"]
    if len(said) < _FEWEST_WORDS:
        return None
    note = (
        "columns: the first line is no header, and the names of the columns are made up; taken by their values are"
        f" {', '.join(said)}. Is that right?"
    )
    return Named(tuple(names), (note,))


def _asked_and_answered(columns: Sequence[_Cells], time: int) -> Named | None:
    """Return names for the columns of a time, what was asked in words, and what was written for it; None where the
    second text is no statement of a database, and the first one mostly no question."""
    texts = [at for at, cells in enumerate(columns) if at != time and _are_texts(cells)]
    if len(texts) < 2 or sum(":" in cell for cell in columns[time]) < _MOSTLY * len(columns[time]):
        return None
    asked, answered = texts[0], texts[-1]
    written = _mostly(columns[answered], [is_statement(it) for it in columns[answered]])
    questions = sum("?" in it or "？" in it for it in columns[asked])  # noqa: RUF001
    if any(map(is_statement, columns[asked])) or not (written or 2 * questions >= len(columns[asked])):
        return None
    names = [f"column{at + 1}" for at in range(len(columns))]
    names[time], names[asked], names[answered] = "time", "question", "answer"
    note = (
        "columns: the first line is no header, and the names of the columns are made up; taken by their values are"
        f" column {time + 1} as time, column {asked + 1} as question and column {answered + 1} as answer."
        " Is that right?"
    )
    return Named(tuple(names), (note,))


def _are_texts(cells: _Cells) -> bool:
    """Whether nearly all cells have several words, as what people and models write has."""
    told = [cell for cell in cells if cell]
    return _mostly(cells, [len(cell.split()) >= _FEWEST_WORDS for cell in cells]) and len(told) >= _OFTEN * len(
        cells
    )


def most_common_width(rows: Sequence[Sequence[str]]) -> int:
    """Return how many cells most rows have."""
    return max(Counter(map(len, rows)).items(), key=lambda it: (it[1], it[0]))[0]


def _tokens(
    columns: Sequence[_Cells], counts: Sequence[int], model: int | None
) -> tuple[int, int, int | None, bool] | None:
    numbers = {at: [_number(cell) for cell in columns[at]] for at in counts}
    varied = [at for at in counts if len(set(numbers[at])) > 1]
    for one, other, total in permutations(counts, 3):
        if one < other and _sums(numbers[one], numbers[other], numbers[total]):
            return one, other, total, True
    behind = [at for at in varied if model is not None and at > model]
    if len(behind) >= 2 and behind[1] == behind[0] + 1:
        return behind[0], behind[1], None, False
    return None


def _sums(one: Sequence[float | None], other: Sequence[float | None], total: Sequence[float | None]) -> bool:
    told = [(a, b, c) for a, b, c in zip(one, other, total, strict=True) if None not in (a, b, c)]
    return (
        len(told) >= _MOSTLY * len(one)
        and all(a is not None and b is not None and a + b == c for a, b, c in told)
        and any(a and b for a, b, _ in told)
    )


def _number(cell: str) -> float | None:
    return number_of(cell, numerals_of([cell], whole=True))


def _mostly(cells: _Cells, hold: Sequence[bool]) -> bool:
    told = [it for cell, it in zip(cells, hold, strict=True) if cell]
    return len(told) >= _FEWEST and sum(told) >= _MOSTLY * len(told)


def _are_times(cells: _Cells) -> bool:
    dated = [("-" in cell or ":" in cell or "/" in cell) and is_time(cell) for cell in cells]
    return _mostly(cells, dated) or (
        moments_of([it for it in cells if it], day_first=True) is not None
        and all(any(sign in cell for sign in "-/:.") for cell in cells if cell)
    )


def _are_models(cells: _Cells) -> bool:
    return _mostly(cells, [looks_like_model(cell) or is_title(cell) for cell in cells])


def _are_counts(cells: _Cells) -> bool:
    return _mostly(cells, [cell.isascii() and cell.isdigit() for cell in cells])


def _are_amounts(cells: _Cells) -> bool:
    """Whether cells are decimal fractions, of which some are below a dollar."""
    numbers = [_fraction(cell) for cell in cells]
    known = [it for it in numbers if it is not None]
    return (
        _mostly(cells, [it is not None for it in numbers])
        and sum("." in cell for cell in cells) >= _MOSTLY * len(known)
        and all(0 <= it < 10 for it in known)
        and any(0 < it < 0.1 for it in known)
    )


def _fraction(cell: str) -> float | None:
    try:
        return float(cell.lstrip("$"))
    except ValueError:
        return None


def _is_flag(cells: _Cells) -> bool:
    return all(cell.lower() in _TRUE for cell in cells)


def _are_endings(cells: _Cells) -> bool:
    """Whether the cells are few words for how a call ended, one of which is a usual one."""
    words = {cell.lower() for cell in cells}
    return bool(words & _OUTCOMES) and all(outcome_of(it) is not None or it in _INSTEAD for it in words)


def _tell_errors(cells: _Cells, good: Sequence[bool]) -> bool:
    """Whether the cells of just the calls that did not succeed have a text that tells of an error."""
    told = [bool(cell) for cell in cells]
    return (
        any(told)
        and not any(map(bool.__and__, told, good))
        and all(kind_of(cell) is Kind.BAD or _ERROR.search(cell) is not None for cell in cells if cell)
    )


def _are_outcomes(cells: _Cells) -> bool:
    words = {cell.lower() for cell in cells if cell}
    return bool(words) and (words <= _TRUE or words <= _OUTCOMES)
