"""Finds the tokens of embeddings, which have a name of their own: all of them are input. Pure."""

from __future__ import annotations

from leverwatch.collectors.interface import Operation
from leverwatch.collectors.records.fields import Path
from leverwatch.collectors.sniffing.draft import Draft
from leverwatch.collectors.sniffing.field_names import is_called
from leverwatch.collectors.sniffing.name_words import without_estimate
from leverwatch.collectors.sniffing.words import operation_named

_NAMES = (
    "tokens", "totaltokens", "tokencount", "totaltokencount", "tokensused", "usedtokens", "numtokens", "ntokens",
    "tokenstotal", "tokensembedded", "embeddedtokens", "embeddingtokens", "embedtokens", "tokensprocessed",
)  # fmt: skip
_MOSTLY = 0.9


def set_tokens_of_embeddings(draft: Draft) -> None:
    """Map a number of tokens that is not split as the input of embeddings, where these tell no other one."""
    models = draft.column("model")
    if models is None:
        return
    inside = {at for at, it in models.by_record.items() if operation_named(it) is Operation.EMBEDDING}
    taken = draft.paths.get("input_tokens", ())
    told = {at for path in taken if path in draft.columns.of for at in draft.columns.of[path].by_record}
    silent = inside - told
    if not silent or (not taken and len(inside) < len(draft.columns)):
        return
    for path, column in draft.columns.of.items():
        if not draft.is_free(path) or not column.counts or not _is_named(path):
            continue
        # What other calls without an input have by this name is not their input.
        outside = column.counts.keys() - told - inside
        if outside or len(column.counts.keys() & silent) < _MOSTLY * len(silent):
            continue
        setting = draft.settings.get("input_tokens")
        before = [setting] if isinstance(setting, str) else [*setting] if isinstance(setting, list) else []
        if taken and not before:
            return
        spelled = [*before, draft.spell(path)]
        draft.set("input_tokens", spelled[0] if len(spelled) == 1 else spelled, *taken, path)
        draft.doubt(
            "input_tokens",
            f"{draft.spell(path)} is taken for that of {len(silent)} embeddings, which have no output",
        )
        return


def _is_named(path: Path) -> bool:
    bare = without_estimate(path[-1])
    return is_called(_NAMES, path[-1:] if bare is None else ("".join(bare),))
