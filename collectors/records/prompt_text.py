"""Which prompt a record was answered with: a hash of its system prompt, or of its name and version. Pure.

Of a prompt nothing but the hash leaves this module.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from hashlib import blake2b
from typing import Any

import msgspec

from leverwatch.collectors.records.fields import Template, text_of

_HASH_BYTES = 8
_SYSTEM_ROLES = frozenset({"system", "developer"})
_TEXT_KEYS = ("text", "content", "parts", "value")
"""Keys under which producers have the text of a message or of a block, the first one wins."""
_MOST_NESTED = 8
_SENTENCE = 8
"""From so many words on a value is a text and no name: dates and times in it are no other version."""
_MONTH = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?"


@cache
def _moments() -> re.Pattern[str]:
    """Dates, times of day and names of weekdays, as templates fill them in.

    Compiled with the first prompt: most commands see none.
    """
    return re.compile(
        r"\b\d{4}-\d{2}-\d{2}(?:[t ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?)?(?: ?(?:z|utc|gmt|[+-]\d{2}:?\d{2})\b)?"
        r"|\b\d{1,2}[./]\d{1,2}[./]\d{2,4}\b"
        r"|\b\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?: ?[ap]m\b)?(?: ?(?:z|utc|gmt)\b)?"
        rf"|\b\d{{1,2}}(?:st|nd|rd|th)?\.? {_MONTH},? \d{{4}}\b"
        rf"|\b{_MONTH} \d{{1,2}}(?:st|nd|rd|th)?,? \d{{4}}\b"
        r"|\b(?:mon|tues|wednes|thurs|fri|satur|sun)day\b",
        re.IGNORECASE,
    )


def version_of(template: Template, values: tuple[object, ...]) -> str | None:
    """Return the version of the prompt of a record: 64 bits in hexadecimal, the same on every machine.

    White space does not matter, nor do dates and times inside a text. None: a value of the template is unknown.

    Args:
        template: how the version is made of values, as the system is.
        values: a text, a number, or messages and blocks of text as producers have them; of messages, those of the
            system and the developer are the prompt.
    """
    parts = [template.literals[0]]
    for value, literal in zip(values, template.literals[1:], strict=True):
        text = _normalised(value)
        if not text:
            return None
        parts += (text, literal)
    return blake2b("\0".join(parts).encode(errors="replace"), digest_size=_HASH_BYTES).hexdigest()


def _normalised(value: object) -> str:
    words = _text(value).split()
    text = " ".join(words)
    return " ".join(_moments().sub(" ", text).split()) if len(words) >= _SENTENCE else text


def _text(value: object) -> str:
    if isinstance(value, str):
        return _of_json(value) if value.lstrip()[:1] in ("[", "{") else value
    return "\n".join(_texts(value, 0)) if isinstance(value, list | dict) else text_of(value)


def _of_json(text: str) -> str:
    """Return the prompt of messages that are JSON inside a text; any other text as it is."""
    try:
        found = msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return text
    told = [*_texts(found, 0)]
    return "\n".join(told) if told or _are_messages(found) or not found else text


def _texts(value: Any, depth: int) -> Iterator[str]:
    """Yield the texts of a prompt in messages, blocks or plain texts."""
    if isinstance(value, str):
        yield value
    elif depth > _MOST_NESTED:
        return
    elif isinstance(value, list):
        chosen = [one for one in value if one.get("role") in _SYSTEM_ROLES] if _are_messages(value) else value
        for one in chosen:
            yield from _texts(one, depth + 1)
    elif isinstance(value, dict):
        key = next((key for key in _TEXT_KEYS if value.get(key)), None)
        if key is not None:
            yield from _texts(value[key], depth + 1)
        elif isinstance(value.get("messages"), list):
            yield from _texts(value["messages"], depth + 1)


def _are_messages(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(it, dict) and "role" in it for it in value)
