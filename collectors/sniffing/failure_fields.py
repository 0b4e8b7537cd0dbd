"""Maps a field of failures, such as the text of an error, as the outcome of calls. Pure."""

from __future__ import annotations

from leverwatch.collectors.records.fields import Path
from leverwatch.collectors.sniffing.columns import Column
from leverwatch.collectors.sniffing.draft import Draft
from leverwatch.collectors.sniffing.failures import failure_paths, is_nothing, real_failures, with_output
from leverwatch.collectors.sniffing.numerals import Scalar
from leverwatch.collectors.sniffing.words import is_word

_FIRST_FAULT, _LAST_FAULT = 300, 599


def _counts(draft: Draft, path: Path) -> bool:
    """Whether values are numbers of failures, of which there may be several in a record; if so, that is said."""
    column = draft.columns.of[path]
    several = _how(column) != "codes" and any(number > 1 for number in column.numbers.values())
    if several:
        draft.settled.add(path)
        draft.doubt(
            "status", f"{draft.spell(path)} counts failures, and no field says of how many calls: not mapped"
        )
    return several


def by_failures(draft: Draft) -> None:
    """Map the field that most of the failed records have, by its words, codes or flags, or by being there."""
    found = [
        (path, real_failures(draft.columns.of[path])) for path in failure_paths(draft) if not _counts(draft, path)
    ]
    failures = [(path, real) for path, real in found if real]
    if not failures:
        for path, _ in found:
            draft.settled.add(path)
        return
    # Words are better than texts, and a field that more of the failures have is better.
    failures.sort(key=lambda it: (_how(draft.columns.of[it[0]]) == "text", -len(it[1])))
    path, real = failures[0]
    spelled = draft.spell(path)
    draft.settled.update(it for it, _ in failures)
    how = _how(draft.columns.of[path])
    answered = with_output(draft)
    told_output = sum(at in answered for at in real)
    if len(real) == told_output == len(draft.columns) and len(real) > 1:
        draft.doubt(
            "status",
            f"all records have {spelled} and output tokens, so that it is no outcome of a call: not mapped",
        )
        return
    if how == "codes":
        draft.set("status", spelled, path)
    elif how == "flag":
        values = list(dict.fromkeys(draft.columns.of[path].values))
        good = [value for value in values if is_nothing(value)]
        bad = [value for value in values if value not in good]
        draft.set("status", {"path": spelled, **({"success": good} if good else {}), "error": bad}, path)
    else:
        good = [value for value in dict.fromkeys(draft.columns.of[path].values) if is_nothing(value)]
        setting = {"path": spelled, **({"success": good} if good else {}), "error": {"present": True}}
        draft.set("status", setting, path)
        draft.doubt(
            "status",
            f"{len(real)} of {len(draft.columns)} records have {spelled}, and are taken for failed calls; the"
            " others"
            " for successes",
        )
    if told_output > 0.5 * len(real):
        draft.doubt(
            "status", f"{told_output} of the {len(real)} records with {spelled} have output tokens all the same"
        )


def _how(column: Column) -> str:
    real = real_failures(column)
    values = set(real.values())
    if all(
        value is True or value == 1 or str(value).lower() in {"true", "1", "yes", "ja", "oui"} for value in values
    ):
        return "flag"
    codes = [_code(value) for value in column.values]
    if all(code is not None for code in codes):
        return "codes"
    return "words" if all(map(is_word, values)) and not any(isinstance(it, float) for it in values) else "text"


def _code(value: Scalar) -> int | None:
    text = str(value).strip()
    return int(text) if text.isdecimal() and _FIRST_FAULT <= int(text) <= _LAST_FAULT else None
