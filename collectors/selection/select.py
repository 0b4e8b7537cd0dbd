"""Selects the texts of one version of a file. Pure."""

from __future__ import annotations

import codecs
from collections.abc import Iterable

from leverwatch.collectors.selection.selector import LARGEST, Part, Selector, Unparsable


def select(selector: Selector, content: bytes) -> dict[str, str]:
    """Return the selected texts by label, in the order of the file, without white space around them.

    The texts of a label that occurs several times are one text, in their order. A text that is empty is none.

    Raises:
        Unparsable: the file is no text in UTF-8, too large, or not in the language it should be in.
    """
    if len(content) > LARGEST:
        raise Unparsable(f"larger than {LARGEST >> 20} MiB")
    try:
        wide = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
        text = content.decode("utf-16" if wide else "utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        raise Unparsable("no text in UTF-8") from error
    try:
        return _joined(_parts(selector, text))
    except RecursionError as error:
        raise Unparsable("nested too deeply") from error


def _parts(selector: Selector, text: str) -> Iterable[Part]:
    # Each kind is imported when it is used: the parsers are an extra, and take time to load.
    if selector.names:
        from leverwatch.collectors.selection.code import named_texts

        yield from named_texts(text, selector.language, selector.names)
    if selector.keys:
        from leverwatch.collectors.selection.documents import keyed_texts

        yield from keyed_texts(text, selector.language, selector.keys)
    if selector.body or selector.front_matter:
        from leverwatch.collectors.selection.front_matter import parts_of

        yield from parts_of(text, selector.front_matter, body=selector.body)
    if selector.regex:
        from leverwatch.collectors.selection.expressions import matches

        yield from (Part("regex", found) for found in matches(selector.regex, text))


def _joined(parts: Iterable[Part]) -> dict[str, str]:
    found: dict[str, list[str]] = {}
    for part in parts:
        if text := part.text.strip():
            found.setdefault(part.label, []).append(text)
    return {label: "\n".join(texts) for label, texts in found.items()}
