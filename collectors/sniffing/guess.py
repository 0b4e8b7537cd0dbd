"""Proposes a field map for records of an unknown format. Pure.

Doubts are noted, and no text of a call is shown.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from leverwatch.collectors.records.fields import Path
from leverwatch.collectors.records.formats.interface import Repeats
from leverwatch.collectors.records.names import is_usable
from leverwatch.collectors.records.vocabulary import is_cache_hit
from leverwatch.collectors.sniffing.belonging import belongs
from leverwatch.collectors.sniffing.bills import bill_of, said_of_bill, said_of_small_costs, small_costs
from leverwatch.collectors.sniffing.caches import (
    doubt_flags,
    doubt_prompts,
    doubt_words,
    is_of_prompts,
    set_cache_hit,
)
from leverwatch.collectors.sniffing.calls_alone import said_of, sign_of_calls, tells_clock
from leverwatch.collectors.sniffing.columns import Columns, Record, dotted, leaves
from leverwatch.collectors.sniffing.costs import set_cost
from leverwatch.collectors.sniffing.draft import MOST_OTHERS, Draft, first_that_tells
from leverwatch.collectors.sniffing.embeddings import set_tokens_of_embeddings
from leverwatch.collectors.sniffing.field_names import KNOWN, SYSTEMS, is_called, rank
from leverwatch.collectors.sniffing.gaps import doubt_what_is_missing
from leverwatch.collectors.sniffing.identities import set_identity
from leverwatch.collectors.sniffing.invariants.denials import left_out_by_words
from leverwatch.collectors.sniffing.invariants.every import doubt_all
from leverwatch.collectors.sniffing.invariants.searches import left_out_searches
from leverwatch.collectors.sniffing.invariants.sum_words import left_out_sums
from leverwatch.collectors.sniffing.json_texts import doubt_json_texts
from leverwatch.collectors.sniffing.kept import Kinds
from leverwatch.collectors.sniffing.kinds import kinds_of
from leverwatch.collectors.sniffing.models import NAMING_NONE, looks_like_model, set_model
from leverwatch.collectors.sniffing.numerals import Scalar, number_of, numerals_of
from leverwatch.collectors.sniffing.operations import doubt_names, set_operation
from leverwatch.collectors.sniffing.outcomes import set_status
from leverwatch.collectors.sniffing.parts import set_parts
from leverwatch.collectors.sniffing.presummed import set_inferences
from leverwatch.collectors.sniffing.products import set_product
from leverwatch.collectors.sniffing.scopes import set_tokens
from leverwatch.collectors.sniffing.second_calls import doubt_second_calls
from leverwatch.collectors.sniffing.stamps import is_stamp
from leverwatch.collectors.sniffing.times import set_time, spans_of_calls
from leverwatch.collectors.sniffing.turns import set_turns
from leverwatch.collectors.sniffing.units import set_latency
from leverwatch.collectors.sniffing.unmapped import unmapped_numbers
from leverwatch.collectors.sniffing.unreached import left_out_unreached
from leverwatch.collectors.sniffing.version_ids import version_id
from leverwatch.collectors.sniffing.word_columns import set_status_by_gaps, words_not_mapped
from leverwatch.collectors.sniffing.words import Kind, kind_of

__all__ = ["FieldGuess", "dotted", "leaves", "propose"]

_SECONDS = {"s": 1.0, "ms": 1e-3, "us": 1e-6, "ns": 1e-9}
_CALLS = frozenset(
    {"model", "input_tokens", "cached_input_tokens", "output_tokens", "reasoning_tokens", "finish_reason"}
)
"""A log of model calls has at least one of these fields."""
_PLAIN = ("trace_id", "sample_rate", "cache_hit", "tier", "attempts", "valid", "schema_mode", "finish_reason",
          "static_input_tokens")  # fmt: skip
"""Fields that are found by their names and values alone."""
_ORDER = (*KNOWN, "latency", "errors")


@dataclass(frozen=True, slots=True)
class FieldGuess:
    """A proposed field map that fits a sample of the records of a log."""

    fields: Mapping[str, Any]
    """The setting of each field, as written in the configuration: a path, or more than that."""
    others: Mapping[str, tuple[str, ...]]
    """Further paths that might have the same field, by field."""
    notes: tuple[str, ...]
    """Sentences about what should be checked: what was taken, what else it could be, what would change."""
    systems: tuple[str, ...]
    """Paths whose values may name the system."""
    repeats: Repeats = Repeats.CALLS
    """What a second record with the same request id is."""
    only: Mapping[str, Any] = field(default_factory=dict)
    """What a record must say to be a call, by path."""
    excluded: Mapping[str, Any] = field(default_factory=dict)
    """What a record must not say, by path."""
    unmapped: tuple[str, ...] = ()
    """The paths with numbers that are not mapped, with the range of their values."""
    words: tuple[str, ...] = ()
    """The paths with few words that are not mapped, with the number of these."""
    evidence: tuple[str, ...] = ()
    """Why each field is what it is."""
    extras: Mapping[str, Any] = field(default_factory=dict)
    """Further settings of the format."""

    @property
    def settings(self) -> dict[str, Any]:
        """What belongs beside the type of the format in the configuration."""
        return {
            **self.extras,
            **({"only": dict(self.only)} if self.only else {}),
            **({"not": dict(self.excluded)} if self.excluded else {}),
            "fields": dict(self.fields),
            **({"repeats": self.repeats.value} if self.repeats is not Repeats.CALLS else {}),
        }


def propose(
    records: Sequence[Record],
    spell: Callable[[Path], str] = dotted,
    *,
    clock: str | None = None,
    day_first: bool = True,
    is_tally: bool = False,
) -> FieldGuess | None:
    """Return a field map for these records; None when they have no time, or no field of a call to a model.

    Args:
        records: records of the log, in its order.
        spell: writes a path as the configuration does.
        clock: a time that a wrapper gives, so that the records need none; None: it gives none.
        day_first: whether days are written before months where nothing else tells.
        is_tally: whether the records are known to be sums of calls of models.
    """
    every = Columns(records)
    kinds = Kinds(range(len(records))) if is_tally else kinds_of(every, spell)
    return _proposed(records, every, kinds, spell, clock, day_first=day_first, is_tally=is_tally)


def _proposed(
    records: Sequence[Record],
    every: Columns,
    kinds: Kinds,
    spell: Callable[[Path], str],
    clock: str | None,
    *,
    day_first: bool,
    is_tally: bool,
) -> FieldGuess | None:
    columns = every if len(kinds.kept) == len(records) else Columns([records[at] for at in kinds.kept])
    draft = Draft(columns, spell, is_tally=is_tally)
    set_time(draft, clock, day_first=day_first)
    if "time" not in draft.paths:
        return None
    if kinds.model is None:
        set_model(draft)
    shared = set_identity(draft)
    set_operation(draft)
    set_tokens(draft, shared)
    set_tokens_of_embeddings(draft)
    set_parts(draft)
    made = set_product(draft)
    set_inferences(draft)
    set_turns(draft)
    if "inferences" in draft.paths and is_stamp(draft.settings["time"]):
        return None  # sums of a run, whose only time is in its id
    # After the tokens, which calls that failed do not have.
    excluded = _set_status(draft, kinds) or left_out_by_words(draft) or left_out_searches(draft)
    excluded = excluded or left_out_unreached(draft) or left_out_sums(draft)
    if excluded and not kinds.excluded:
        # What is left out says nothing of the calls: the doubts are about these alone.
        rest = kinds.without(excluded, every, [note for note in draft.notes if note.startswith("not:")])
        return _proposed(records, every, rest, spell, clock, day_first=day_first, is_tally=is_tally)
    set_cost(draft)
    set_latency(draft, spans_of_calls(columns))
    for name in _PLAIN:
        _set_plain(draft, name)
    set_cache_hit(draft)
    # Last of all: of words that nobody knows, only what else is there tells.
    set_status_by_gaps(draft)
    if is_tally:
        return _finished(draft, kinds, excluded, shared, every) if "inferences" in draft.paths else None
    bill = bill_of(draft)
    small = small_costs(draft)
    sign = sign_of_calls(columns) or bill or made or kinds.sign or small
    sign = None if _CALLS.intersection(draft.paths) else sign
    if not _CALLS.intersection(draft.paths) and (sign is None or not tells_clock(draft)):
        return None
    is_usage = belongs(draft.paths, columns, is_bill=(bill or kinds.sign or small) is not None)
    if is_usage is False:
        return None
    if sign is not None and not looks_like_model(kinds.model):
        draft.doubt("inferences", _said_of(sign, bill, small, draft))
    elif sign is None and is_usage is None:
        draft.doubt(
            "inferences",
            "no field has tokens, and no name looks like a model: these may be no calls of models at all",
        )
    return _finished(draft, kinds, excluded, shared, every)


def _said_of(sign: Sequence[Path], bill: Sequence[Path] | None, small: Sequence[Path] | None, draft: Draft) -> str:
    if sign is bill:
        return said_of_bill(sign, draft.spell)
    records = len(draft.columns)
    if sign is small:
        return said_of_small_costs(sign[0], records, draft.spell)
    return said_of(sign, records, draft.spell)


def _set_status(draft: Draft, kinds: Kinds) -> dict[Path, list[Scalar]]:
    if kinds.status is not None:
        path, words = kinds.status
        if draft.is_free(path):
            draft.set("status", {"path": draft.spell(path), **words}, path)
            return {}
    return set_status(draft)


def _set_plain(draft: Draft, name: str) -> None:
    fitting = [path for path in draft.named(name) if draft.fits(name, path)]
    if name == "cache_hit":
        prompts = {path for path in fitting if is_of_prompts(draft, _hits(draft, path))}
        for path in prompts:
            doubt_prompts(draft, path, len(_hits(draft, path)))
        fitting = [path for path in fitting if path not in prompts]
    if fitting:
        chosen = first_that_tells(draft, fitting, lambda column: dict(column.by_record))
        spelled = [draft.spell(path) for path in chosen]
        draft.set(name, spelled[0] if len(spelled) == 1 else spelled, *chosen)
        draft.others[name] = tuple(path for path in fitting if path not in chosen)[:MOST_OTHERS]
        _of_plain(draft, name, chosen[0])


def _hits(draft: Draft, path: Path) -> set[int]:
    return {at for at, value in draft.columns.of[path].by_record.items() if is_cache_hit(value)}


def _of_plain(draft: Draft, name: str, path: Path) -> None:
    column = draft.columns.of[path]
    if name == "finish_reason":
        failed = sum(kind_of(value) is Kind.BAD for value in column.values)
        if failed and "status" not in draft.paths:
            draft.doubt(
                "status", f"{failed} records of the sample failed by {draft.spell(path)}, and count as successes"
            )
    if name == "cache_hit":
        hits = sum(map(is_cache_hit, column.values))
        if hits:
            draft.doubt(
                name,
                f"{hits} records of the sample are answers from a cache by {draft.spell(path)}, and no inferences",
            )
    if name == "sample_rate" and any(number != 1 for number in column.numbers.values()):
        draft.doubt(name, f"every record counts as one call divided by {draft.spell(path)}")


def _finished(
    draft: Draft,
    kinds: Kinds,
    excluded: Mapping[Path, list[Scalar]],
    shared: Sequence[Path],
    every: Columns,
) -> FieldGuess:
    spell = draft.spell
    repeats = _repeats(draft, shared, kinds.versions)
    if kinds.versions is None:
        doubt_what_is_missing(draft, every)
    else:  # the records of a call complete each other
        draft.notes = [it for it in draft.notes if NAMING_NONE not in it]
    doubt_json_texts(draft)
    doubt_names(draft)
    doubt_second_calls(draft)
    doubt_all(draft)
    doubt_words(draft)
    doubt_flags(draft)
    if kinds.model is not None:
        draft.settings["model"] = {"constant": kinds.model}
        draft.notes = [note for note in draft.notes if not note.startswith("model:")]
    fields = {name: draft.settings[name] for name in _ORDER if name in draft.settings}
    outside = {**dict(kinds.excluded), **excluded}
    return FieldGuess(
        fields,
        {name: tuple(map(spell, paths)) for name, paths in draft.others.items() if paths and name in fields},
        tuple(dict.fromkeys((*kinds.notes, *draft.notes))),
        tuple(spell(path) for path in draft.columns.of if _names_systems(draft, path)),
        repeats,
        {spell(path): value for path, value in kinds.only.items()},
        {spell(path): value for path, value in outside.items()},
        unmapped_numbers(draft),
        words_not_mapped(draft),
        (
            f"{len(every)} records looked at, {len(draft.columns)} of them calls",
            *_evidence(draft),
            *draft.evidence,
        ),
    )


def _repeats(draft: Draft, shared: Sequence[Path], versions: Path | None) -> Repeats:
    if versions is not None and "request_id" not in draft.paths:
        # It may be mapped as that of a trace, which it is not.
        for name in [name for name, paths in draft.paths.items() if versions in paths]:
            del draft.paths[name], draft.settings[name]
        draft.set("request_id", draft.spell(versions), versions)
        return Repeats.VERSIONS
    chosen = {name: paths[0] for name, paths in draft.paths.items()}
    id_, said = version_id(shared, chosen, draft.columns.records, _took(draft))
    draft.notes += [
        f"request_id: {draft.spell(path)} is the same in different records{said.get(path, '')}" for path in shared
    ]
    if id_ is None or not draft.is_free(id_):
        return Repeats.CALLS
    draft.set("request_id", draft.spell(id_), id_)
    return Repeats.VERSIONS


def _took(draft: Draft) -> Callable[[Record], float | None]:
    """Return what tells the seconds that the call of a record took, as far as a number does."""
    name = next((it for it in ("latency_ms", "latency") if it in draft.paths), None)
    setting = None if name is None else draft.settings[name]
    unit = "ms" if name == "latency_ms" else setting.get("unit") if isinstance(setting, Mapping) else None
    if name is None or unit not in _SECONDS:
        return lambda _: None
    numbers, seconds = draft.paths[name][0], _SECONDS[unit]

    def took(record: Record) -> float | None:
        number = number_of(record.get(numbers), numerals_of([]))
        return None if number is None else number * seconds

    return took


def _evidence(draft: Draft) -> list[str]:
    said = []
    for name, paths in draft.paths.items():
        for path in paths:
            if path in draft.columns.of:
                share = draft.columns.share(path)
                place = rank(name, path) if name in KNOWN else None
                how = "by its values" if place is None else "by its name and values"
                said.append(f"{name}: {draft.spell(path)} in {share:.0%} of the records, {how}")
    return said


def _names_systems(draft: Draft, path: Path) -> bool:
    column = draft.columns.of[path]
    return (
        is_called(SYSTEMS, path)
        # What lacks it would be of no system, and not be counted.
        and draft.columns.share(path) == 1.0
        and all(isinstance(value, str | int) and is_usable(str(value)) for value in column.values)
    )
