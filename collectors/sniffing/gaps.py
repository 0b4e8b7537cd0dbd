"""Says what calls of a log do not tell, or tell from some record on only. Pure."""

from __future__ import annotations

import json
from collections.abc import Sequence

from leverwatch.collectors.records.fields import Path
from leverwatch.collectors.records.vocabulary import CallStatus
from leverwatch.collectors.sniffing.caches import doubt_zeros
from leverwatch.collectors.sniffing.columns import Columns, leaves
from leverwatch.collectors.sniffing.draft import Draft, fits
from leverwatch.collectors.sniffing.field_names import is_called, rank
from leverwatch.collectors.sniffing.name_words import TOKEN, token_field, word_set, words_of
from leverwatch.collectors.sniffing.words import outcome_of

MISSING = "calls of the sample have none, and theirs stay unknown"
"""Said of calls without tokens."""
_SAMPLES = word_set("sample sampled sampling samplerate samplingrate weight multiplier")
_USAGE = word_set("usage verbrauch consommation uso")
_LOOKED_AT, _LONGEST = 20, 10_000
_TOTALS = ("totaltokens", "tokens", "totaltokencount", "tokensused", "gesamttokens", "tokenstotal")


def doubt_what_is_missing(draft: Draft, every: Columns) -> None:
    """Say which of the main fields are not there, and which are missing in some of the calls; `every` has the
    records that are no calls as well."""
    columns = draft.columns
    if "model" not in draft.paths:
        draft.doubt("model", _no_model(draft, every))
    tokens = [name for name in ("input_tokens", "output_tokens") if name not in draft.paths]
    if tokens and not any(note.startswith(tokens[0]) for note in draft.notes):
        totals = [path for path, it in columns.of.items() if it.is_numeric and (is_called(_TOTALS, path) or (
            draft.is_free(path) and it.texts and _may_hold(path)))]  # fmt: skip
        more = f"; {draft.spell(totals[0])} is not split" if totals else ""
        unread = [path for name in tokens for path in draft.named(name)]
        inside = [path for path, column in columns.of.items() if holds_tokens(column.texts[:_LOOKED_AT])]
        more += f"; the values of {draft.spell(unread[0])} cannot be read as counts" if unread else ""
        more += f"; {draft.spell(inside[0])} has them in a text of JSON, which no path reaches" if inside else ""
        texts = [path for path, it in columns.of.items() if draft.is_free(path) and it.texts and _may_hold(path)
                 and not it.is_numeric]  # fmt: skip
        more += f"; {draft.spell(texts[0])} may have them in a text, which no path reaches" if texts else ""
        draft.doubt(" and ".join(tokens), f"no field tells them, and they stay unknown{more}")
    _doubt_samples(draft)
    failed = _failed(draft)
    doubt_zeros(draft, failed)
    for name in ("input_tokens", "output_tokens"):
        paths = draft.paths.get(name, ())
        if paths:
            _gap(draft, name, paths, failed)


def _may_hold(path: Path) -> bool:
    return not (TOKEN | _USAGE).isdisjoint(words_of(path[-1])) and token_field(path) is None


def _no_model(draft: Draft, every: Columns) -> str:
    """Return that no call names its model, and where that is told instead."""
    unknown = "all calls count under one that is unknown"
    elsewhere = [path for path in every.of if rank("model", path) is not None and fits("model", every.of[path])]
    if not elsewhere:
        return f"no field names one; {unknown}"
    return (
        f"only records that are left out name one, in {draft.spell(elsewhere[0])}; {unknown}. No id joins them:"
        " write the model into the record with the tokens too, or the same id into both, for `repeats: versions`"
    )


def _doubt_samples(draft: Draft) -> None:
    """Say which numbers may mean that not every call is logged."""
    for path, column in draft.columns.of.items():
        is_sample = not _SAMPLES.isdisjoint(words_of(path[-1])) and draft.is_free(path)
        if is_sample and any(number != 1 for number in column.numbers.values()):
            draft.doubt(
                "sample_rate",
                f"{draft.spell(path)} may say that only some calls are logged; it is no share from 0 to 1 that is"
                " named as one, is not mapped, and each record counts once",
            )


def holds_tokens(texts: Sequence[str]) -> bool:
    """Whether texts are JSON with tokens in it."""
    for text in texts:
        if not text.lstrip().startswith("{") or len(text) > _LONGEST:
            return False
        try:
            told = leaves(json.loads(text))
        except (ValueError, RecursionError):
            return False
        if not any(token_field(path) is not None for path in told if path):
            return False
    return bool(texts)


def _failed(draft: Draft) -> set[int]:
    path = draft.first("status")
    if path is None or path not in draft.columns.of:
        return set()
    setting = draft.settings["status"]
    error = setting.get("error") if isinstance(setting, dict) else None
    present = isinstance(error, dict)
    bad = set() if present or error is None else set(map(str, error))
    return {
        at
        for at, value in draft.columns.of[path].by_record.items()
        if present or str(value) in bad or (error is None and outcome_of(value) is CallStatus.ERROR)
    }


def _gap(draft: Draft, name: str, paths: tuple[Path, ...], failed: set[int]) -> None:
    columns = draft.columns
    told = columns.covered(paths)
    missing = [at for at in range(len(columns)) if at not in told and at not in failed]
    if not missing:
        return
    text = f"{len(missing)} of {len(columns) - len(failed)} {MISSING}"
    if len(missing) > 1 and missing == list(range(missing[0], len(columns))):
        text += f"; none has from record {missing[0] + 1} of the sample on"
    elif len(missing) > 1 and missing == list(range(missing[-1] + 1)):
        text += f"; none has before record {missing[-1] + 2} of the sample"
    draft.doubt(name, text)
