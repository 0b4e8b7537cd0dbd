"""Finds answers of a cache, and words on records that may be no calls. Pure."""

from __future__ import annotations

from leverwatch.collectors.records.fields import Path
from leverwatch.collectors.sniffing.columns import Column
from leverwatch.collectors.sniffing.draft import Draft
from leverwatch.collectors.sniffing.field_names import SYSTEMS, is_called
from leverwatch.collectors.sniffing.name_words import word_set, words_of
from leverwatch.collectors.sniffing.numerals import Scalar
from leverwatch.collectors.sniffing.words import Kind, is_word, kind_of, operation_named

_SOURCES = (
    "cache", "cachestatus", "cacheresult", "cachestate", "servedfrom", "servedby", "source", "origin",
    "answeredby", "answeredfrom", "responsesource", "cachehit",
)  # fmt: skip
_FLAGS = frozenset({Kind.PENDING, Kind.CACHED, Kind.RETRY, Kind.DERIVED})
_OF_FLAGS = _FLAGS | {Kind.BAD}
_NO_CALL = word_set("mock mocked fake simulated simulation replay replayed duplicate duplicated deduped shadow"
                    " warmup healthcheck offline precomputed reused")  # fmt: skip
_STUBS = _NO_CALL | word_set("stub stubbed stubs dummy canned fixture none test")
_SET, _UNSET = frozenset({"true", "yes", "y", "1"}), frozenset({"false", "no", "n", "0"})
_SECRETS = word_set("key apikey secret password passwd auth authorization bearer credential credentials user"
                    " username userid email")  # fmt: skip
"""Words for what nobody may read in a doubt, and what says nothing of a call."""
_MOST_WORDS = 12
_MOST_NOTES, _MOST_LISTED = 4, 4


def set_cache_hit(draft: Draft) -> None:
    """Map by which word a record says that a cache answered, where no flag does."""
    for path, column in draft.columns.of.items():
        if "cache_hit" in draft.paths or not draft.is_free(path) or not is_called(_SOURCES, path):
            continue
        if not _are_words(column):
            continue
        values = list(dict.fromkeys(column.values))
        hits = [value for value in values if kind_of(value) is Kind.CACHED]
        misses = [value for value in values if value not in hits]
        if is_of_prompts(draft, {at for at, value in column.by_record.items() if value in hits}):
            doubt_prompts(draft, path, sum(value in hits for value in column.values))
            continue
        if hits and misses:
            draft.set("cache_hit", {"path": draft.spell(path), "hit": hits, "miss": misses}, path)
            number = sum(value in hits for value in column.values)
            draft.doubt(
                "cache_hit",
                f"{number} records whose {draft.spell(path)} is {_listed(hits)} are answers from a cache, and no"
                f" inferences; were they, there would be {number} more",
            )
            _set_status_beside(draft, path, column, misses)


def _set_status_beside(draft: Draft, path: Path, column: Column, misses: list[Scalar]) -> None:
    """Map the words for where an answer came from as its outcome, too, where one of them is of a failure, no field
    tells outcomes, and just what failed has no output."""
    bad = [value for value in misses if kind_of(value) is Kind.BAD]
    good = [value for value in dict.fromkeys(column.values) if value not in bad]
    given = draft.column("output_tokens")
    if "status" in draft.paths or not bad or len(bad) == len(misses) or given is None:
        return
    failed = {at for at, value in column.by_record.items() if value in bad}
    if not any(given.counts.get(at, 0) > 0 for at in failed):
        draft.settings["status"] = {"path": draft.spell(path), "success": good, "error": bad}
        draft.paths["status"] = (path,)


def doubt_words(draft: Draft) -> None:
    """Say which words, of fields that are not mapped, may mean that a record is no call of its own."""
    notes = 0
    for path, column in draft.columns.of.items():
        told = draft.is_free(path) and path not in draft.settled and not is_called(SYSTEMS, path)
        told = told and _SECRETS.isdisjoint(words_of(path[-1]))
        if not told or not _are_words(column) or notes >= _MOST_NOTES:
            continue
        unknown = _unknown_words(column)
        for value in dict.fromkeys(column.values):
            kind = kind_of(value)
            if kind is None and not _STUBS.isdisjoint(words_of(str(value))):
                kind = Kind.PENDING
            if kind in _FLAGS or (kind is Kind.BAD and "status" not in draft.paths):
                number = column.values.count(value)
                notes += 1
                draft.doubt(
                    "inferences",
                    f"{number} records whose {draft.spell(path)} is {value} count as calls that succeeded; if"
                    " the word"
                    f" means {kind}, there are {number} fewer"
                    + (", and as many errors where these failed" if kind is Kind.RETRY else ""),
                )
                if unknown:
                    # What stands in one record alone may be its content, and no word of the program.
                    often = [word for word in unknown if column.values.count(word) > 1][:_MOST_LISTED]
                    others = [f"{word} ({column.values.count(word)} records)" for word in often]
                    others += [f"{len(unknown) - len(often)} more"] if len(unknown) > len(often) else []
                    draft.doubt(
                        "inferences",
                        f"{draft.spell(path)} also says {', '.join(others)}, of which nothing is known: these"
                        " count as calls too",
                    )
                    unknown = []


def doubt_flags(draft: Draft) -> None:
    """Say which flags, of fields that are not mapped, may mean that a record is no call of its own."""
    for path, column in draft.columns.of.items():
        if not draft.is_free(path) or path in draft.settled or not _is_flag(column):
            continue
        number = sum(_is_set(value) for value in column.values)
        kind = kind_of(path[-1])
        if "attempt" in words_of(path[-1]) and not any(isinstance(it, bool | str) for it in column.values):
            continue  # the first one is a call
        if number and (kind in _OF_FLAGS or not _NO_CALL.isdisjoint(words_of(path[-1]))):
            draft.doubt(
                "inferences",
                f"{number} records with {draft.spell(path)} count as calls that succeeded; if it means that they"
                f" are none, there are {number} fewer",
            )


def _unknown_words(column: Column) -> list[Scalar]:
    return [
        value
        for value in dict.fromkeys(column.values)
        if kind_of(value) is None and _STUBS.isdisjoint(words_of(str(value)))
    ]


def is_of_prompts(draft: Draft, hits: set[int]) -> bool:
    """Whether records that say so hit the cache of prompts, which is a call: they read tokens from it, and all
    others none."""
    cached, given = draft.column("cached_input_tokens"), draft.column("output_tokens")
    if cached is None or given is None or not hits:
        return False
    read = {at for at, number in cached.counts.items() if number > 0}
    return hits == read and all(given.counts.get(at, 0) > 0 for at in hits)


def doubt_prompts(draft: Draft, path: Path, number: int) -> None:
    """Say that hits are taken for those of the cache of prompts, and leave the field out."""
    draft.settled.add(path)
    draft.doubt(
        "cache_hit",
        f"{number} records hit a cache by {draft.spell(path)}, the same that read cached tokens: it is taken for"
        f" the cache of prompts, and they are calls; were they answers, there would be {number} fewer",
    )


def _is_flag(column: Column) -> bool:
    return all(value in (0, 1) or str(value).strip().lower() in _SET | _UNSET for value in column.values)


def _is_set(value: Scalar) -> bool:
    return value is True or value == 1 or str(value).strip().lower() in _SET


def doubt_zeros(draft: Draft, failed: set[int]) -> None:
    """Say how many calls tell that they took and gave no token at all."""
    columns = [draft.column(name) for name in ("input_tokens", "output_tokens")]
    known = [column.counts for column in columns if column is not None]
    # What costs something was called, as what makes images or speech is, which counts no tokens.
    cost, models = draft.column("cost_usd"), draft.column("model")
    called = {at for at, number in cost.numbers.items() if number > 0} if cost is not None else set()
    if models is not None:
        called |= {at for at, model in models.by_record.items() if operation_named(model) is not None}
    number = sum(
        not any(counts[at] for counts in known)
        for at in set.intersection(*(set(counts) for counts in known))
        if at not in failed and at not in called
    ) if len(known) == len(columns) else 0  # fmt: skip
    if number:
        draft.doubt(
            "inferences",
            f"{number} records have 0 input and 0 output tokens, and count as calls that succeeded; if they"
            " are none,"
            f" there are {number} fewer",
        )


def _are_words(column: Column) -> bool:
    return (
        1 < len(set(map(str, column.values))) <= _MOST_WORDS
        and all(isinstance(value, str) for value in column.values)
        and all(map(is_word, column.values))
    )


def _listed(values: list[Scalar]) -> str:
    return ", ".join(map(str, values))
