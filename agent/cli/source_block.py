"""The source block that `leverwatch sniff` prints."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import yaml

from leverwatch.collectors.sniffing.guess import FieldGuess
from leverwatch.collectors.sniffing.sniff import Guess

_BMP = 0xFFFF
_PLAIN = re.compile(r"[A-Za-z_][\w.\\-]*")


def source_block(path: Path, found: Guess, doubted: Iterable[str] = ()) -> list[str]:
    """Return the lines of an item of `sources`, with comments where something is uncertain, and on what is
    doubted."""
    return [_printable(line) for line in _lines(path, found, doubted)]


def _lines(path: Path, found: Guess, doubted: Iterable[str]) -> list[str]:
    settings = found.settings
    return [
        "  - name: usage",
        "    type: files",
        f"    path: {json.dumps(str(path), ensure_ascii=False)}",
        *(_map(settings, found.fields) if found.fields is not None else [f"    format: {_flow(settings)}"]),
        *(f"    # {doubt}" for doubt in doubted),
        f"    system: NAME_OF_THE_SYSTEM{_templates(found.fields)}",
    ]


def _map(settings: Any, fields: FieldGuess) -> Iterable[str]:
    yield "    format:"
    for key, value in settings.items():
        if key != "fields":
            yield f"      {key}: {flow(value)}"
    yield "      fields:"
    for field, setting in settings["fields"].items():
        others = fields.others.get(field, ())
        yield f"        {field}: {flow(setting)}{'  # or: ' if others else ''}{', '.join(map(_text, others))}"
    for note in fields.notes:
        yield f"        # {note}"
    if fields.unmapped:
        yield f"        # numbers that are not mapped: {', '.join(fields.unmapped)}"
    if fields.words:
        yield f"        # words that are not mapped: {', '.join(fields.words)}"


def _printable(line: str) -> str:
    """Return a line with escapes in place of what a log has in its names and nobody can print.

    A break of a line would end a comment, and YAML has no control characters. In a quoted text the escapes mean
    the same characters again.
    """
    if line.isprintable():
        return line
    return "".join(
        it if it.isprintable() else f"\\u{ord(it):04x}" if ord(it) <= _BMP else f"\\U{ord(it):08x}" for it in line
    )


def _templates(fields: FieldGuess | None) -> str:
    found = [] if fields is None else [json.dumps(f"{{{path}}}", ensure_ascii=False) for path in fields.systems]
    return f"  # or of every record: {', '.join(found)}" if found else ""


def _flow(settings: Any) -> str:
    return settings if isinstance(settings, str) else flow(settings)


def flow(value: Any) -> str:
    """Return a value as YAML on one line."""
    if isinstance(value, Mapping):
        return f"{{{', '.join(f'{_text(str(key))}: {flow(inner)}' for key, inner in value.items())}}}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(flow, value))}]"
    return _text(value) if isinstance(value, str) else json.dumps(value)


def _text(text: str) -> str:
    """Return a text as YAML, in quotes where it would otherwise be read as something else."""
    plain = _PLAIN.fullmatch(text) and yaml.safe_load(text) == text
    return text if plain else json.dumps(text, ensure_ascii=False)
