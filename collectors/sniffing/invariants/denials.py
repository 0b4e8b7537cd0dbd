"""Finds records that say themselves that no model was called. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from leverwatch.collectors.records.fields import Path
from leverwatch.collectors.sniffing.columns import Column
from leverwatch.collectors.sniffing.draft import Draft
from leverwatch.collectors.sniffing.name_words import COST, TOKEN, word_set, words_of
from leverwatch.collectors.sniffing.numerals import Scalar
from leverwatch.collectors.sniffing.words import is_word

_NONE = word_set(
    "heuristic heuristics rule rules rulebased deterministic template templated hardcoded canned stub stubbed mock"
    " mocked dummy fake placeholder offline noop dryrun skipped disabled unused simulated simulation"
    " locally prefilter prefiltered smalltalk greeting shortcircuit shortcircuited hardcode scripted"
)
"""Words for what answers in the place of a model."""
_PROVIDERS, _NOBODY = word_set("provider vendor backend"), word_set("system internal none program app n/a -")
"""Names of who answers, and what stands there where the program itself does something, and no model."""
_CACHE = word_set("cache cached caching cachestatus")
"""Names of what says of a cache that it was off or passed over, and nothing of the model."""
_CALLED = word_set("called used invoked made sent executed")
_ASKED = word_set("api llm model ai call network request")
_DENYING = word_set("mock mocked dryrun simulated offline skipped stub stubbed fake noop")
_SAID = re.compile(
    r"\bno (?:api|llm|model|ai|network|remote)(?:[- ](?:calls?|requests?|key|usage|needed|used|made))+"
    r"|\bwithout (?:an? |any |the )?(?:api|llm|model) ?(?:calls?)?|\boffline\b|\bdry[- ]?run\b|\bnot called\b"
    r"|\b(?:api|llm|model) (?:was )?not (?:called|used)|\bheuristics? only\b|\bmock(?:ed)?\b|\bskipped\b",
    re.IGNORECASE,
)
_TRUE, _FALSE = frozenset({"true", "yes", "1"}), frozenset({"false", "no", "0"})
_SO_FAR = word_set("after before balance remaining left limit running cumulative lifetime sofar")
_MOST_WORDS, _LONGEST = 24, 400


def left_out_by_words(draft: Draft) -> dict[Path, list[Scalar]]:
    """Return the values of records that say that nothing was called, and have no amounts while others have: what
    a call must not say."""
    empty, told = empty_records(draft)
    if not told:
        return {}
    left_out: dict[Path, list[Scalar]] = {}
    for path, value, at in _denied(draft):
        # Only one field is looked at at a time: what it leaves out may be all that another one would.
        if path not in left_out and left_out:
            break
        if at <= empty and len(at) < len(draft.columns):
            draft.settled.add(path)
            draft.doubt(
                "not",
                f"{len(at)} records whose {draft.spell(path)} is {value}, which says that no model was called, and"
                f" which have no tokens and no cost, are left out; were they calls, there would be {len(at)} more",
            )
            left_out.setdefault(path, []).append(value)
    return left_out


def doubt_denials(draft: Draft) -> None:
    """Say which records that count say that nothing was called."""
    empty, told = empty_records(draft)
    for path, value, at in _denied(draft):
        # Words and flags of fields that are not mapped are doubted for more than this.
        is_mapped = not draft.is_free(path)
        if path not in draft.settled and (is_mapped or str(value).lower() in _FALSE):
            has = "no tokens and no cost" if at <= empty else "amounts all the same"
            draft.settled.add(path)
            draft.doubt(
                "inferences",
                f"{len(at)} records whose {draft.spell(path)} is {value} have {has}, and count as calls; if it"
                f" means that no model was called, there are {len(at)} fewer",
            )
    if not told:
        return
    for path, column in draft.columns.of.items():
        saying = {
            it
            for it, text in column.by_record.items()
            if it in empty and isinstance(text, str) and len(text) <= _LONGEST and _SAID.search(text)
        }
        if saying and path not in draft.settled and draft.is_free(path):
            draft.doubt(
                "inferences",
                f"{len(saying)} records say in {draft.spell(path)} that nothing was called, have no tokens and no"
                f" cost, and count as calls; if they are none, there are {len(saying)} fewer",
            )
            return


def empty_records(draft: Draft) -> tuple[set[int], set[int]]:
    """Return the records that have neither tokens nor a cost, or none but zeros, and those that have some."""
    mapped = {it for name in ("input_tokens", "output_tokens", "cost_usd") for it in draft.paths.get(name, ())}
    columns = [
        column.numbers
        for path, column in draft.columns.of.items()
        if column.is_numeric
        and not _is_so_far(path)
        and (path in mapped or (TOKEN | COST).intersection(word for key in path for word in words_of(key)))
    ]
    told = {at for column in columns for at, number in column.items() if number > 0}
    return set(range(len(draft.columns))) - told, told


def _is_so_far(path: Path) -> bool:
    """Whether a number is what all calls took by then, which a record without a call has as well."""
    return not _SO_FAR.isdisjoint(words_of(path[-1]))


def _denied(draft: Draft) -> Iterator[tuple[Path, Scalar, set[int]]]:
    """Yield the path, the value and the records of each word or flag that says that no model was called."""
    for path, column in draft.columns.of.items():
        for value in _denying(path, column):
            yield path, value, {at for at, it in column.by_record.items() if it == value}


def _denying(path: Path, column: Column) -> list[Scalar]:
    values = list(dict.fromkeys(column.values))
    if len(values) > _MOST_WORDS or not all(map(is_word, values)):
        return []
    name = frozenset(words_of(path[-1]))
    flags = [value for value in values if str(value).lower() in _TRUE | _FALSE]
    if not name.isdisjoint(_CACHE) and not flags:
        return []
    if flags:
        if len(flags) < len(values):
            return []
        if name & _CALLED and name & _ASKED and not name - _CALLED - _ASKED - {"was", "is"}:
            return [value for value in flags if str(value).lower() in _FALSE]
        joined = "".join(words_of(path[-1]))
        says = name & _DENYING or "dryrun" in joined
        return [value for value in flags if str(value).lower() in _TRUE] if says else []
    by_nobody = not name.isdisjoint(_PROVIDERS)
    return [
        value
        for value in values
        if isinstance(value, str)
        and (_is_none(words_of(value)) or (by_nobody and value.strip().lower() in _NOBODY))
    ]


def _is_none(words: Sequence[str]) -> bool:
    return not _NONE.isdisjoint(words) or "dryrun" in "".join(words)
