"""Finds calls that make pictures, sounds or films, by the files that they write or the settings of such models.

Pure.
"""

from __future__ import annotations

import re

from leverwatch.collectors.interface import Operation
from leverwatch.collectors.records.fields import Path
from leverwatch.collectors.sniffing.columns import MOSTLY, Column
from leverwatch.collectors.sniffing.draft import Draft
from leverwatch.collectors.sniffing.models import looks_like_model
from leverwatch.collectors.sniffing.name_words import word_set, words_of

_ENDINGS = {
    Operation.IMAGE: "png jpg jpeg webp bmp tif tiff avif heic svg gif",
    Operation.AUDIO: "mp3 wav ogg opus flac m4a aac",
    Operation.OTHER: "mp4 webm mov mkv avi",
}
"""Endings of files; films have no operation of their own."""
_ENDS = {ending: operation for operation, endings in _ENDINGS.items() for ending in endings.split()}
_FILE = re.compile(r"[^\n]{1,400}\.([A-Za-z0-9]{3,4})(?:\?[^\n]*)?")
_GIVEN = word_set(
    "out output outputs result results saved save dest destination written generated rendered produced target"
    " ausgabe salida sortie saida ergebnis"
)
"""Words for what a call made: what it was given may be a picture as well."""
_TAKEN = word_set("in input source src prompt reference ref init mask request eingabe entrada entree")
_SETTINGS = frozenset({
    "numinferencesteps", "guidancescale", "cfgscale", "negativeprompt", "numtimesteps", "denoisingstrength",
    "denoisestrength", "numimages", "imagesize", "aspectratio", "clipskip",
})  # fmt: skip
"""Settings that nothing but makers of pictures and films have."""
_FEWEST_SETTINGS = 2
_TOKENS = ("input_tokens", "output_tokens", "cached_input_tokens", "reasoning_tokens", "finish_reason")


def set_product(draft: Draft) -> tuple[Path, ...] | None:
    """Map what all records made, where neither a word nor a model says what was asked for, and no tokens do.

    Returns the paths that say it; None where nothing does.
    """
    if any(name in draft.paths for name in (*_TOKENS, "operation")):
        return None
    models = draft.column("model")
    if models is not None and any(map(looks_like_model, models.values)):
        return None  # the name of the model decides
    files = {path: made for path, it in draft.columns.of.items() if (made := _made(draft, path, it)) is not None}
    settings = [path for path in draft.columns.of if "".join(words_of(path[-1])) in _SETTINGS]
    if len(set(files.values())) > 1 or not (files or len(settings) >= _FEWEST_SETTINGS):
        return None
    if not files and len(draft.columns.covered(settings)) < MOSTLY * len(draft.columns):
        return None
    operation = next(iter(files.values()), Operation.IMAGE)
    found = (*files, *settings)[:_FEWEST_SETTINGS]
    signs = " and ".join(map(draft.spell, found))
    draft.set("operation", {"constant": operation.value}, found[0])
    draft.doubt(
        "operation",
        f"all {len(draft.columns)} records are taken as {operation} by {signs}, and are no inferences; were they"
        f" generations of text, there would be {len(draft.columns)}",
    )
    return found


def _made(draft: Draft, path: Path, column: Column) -> Operation | None:
    """Return what nearly all records made, by the endings of files that they wrote; None where they did not."""
    own = frozenset(words_of(path[-1]))
    if not own & _GIVEN or own & _TAKEN or draft.columns.share(path) < MOSTLY:
        return None
    found = [_FILE.fullmatch(it.strip()) if isinstance(it, str) else None for it in column.values]
    kinds = {_ENDS.get(it[1].lower()) if it is not None else None for it in found}
    return kinds.pop() if len(kinds) == 1 else None
