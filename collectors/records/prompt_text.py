"""Which prompt a record was answered with: a hash of its system prompt, or of its name and version. Pure.

Of a prompt nothing but the hash leaves this module.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cache
from hashlib import blake2b
from typing import Any

import msgspec

from leverwatch.collectors.records.fields import Template, text_of

_HASH_BYTES = 8
_SYSTEM_ROLES = frozenset({"system", "developer"})
_TEXT_KEYS = ("text", "content", "parts", "value")
"""Keys under which producers have the text of a message or of a block, the first one wins."""
_INSTRUCTIONS = ("system", "instructions", "systemInstruction", "system_instruction")
"""Keys of the body of a request under which providers have the prompt beside the messages."""
_REQUEST_KEYS = frozenset({"messages", "input", "contents"})
"""Every body of a request has one of these."""
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


_MAYBE_MOMENT = re.compile(r"\d|day", re.IGNORECASE)
"""What every one of them has."""
MOST_KNOWN = 4096
"""So many texts are recognised, by a digest of 16 bytes each."""


class Versions:
    """Finds the version of the prompt of each record, as `version_of` does.

    A prompt comes with many records, so that a text that was seen before is recognised by its digest. The texts
    themselves are not kept.
    """

    def __init__(self, template: Template) -> None:
        self._template = template
        self._known: dict[bytes, str | None] = {}

    def of(self, values: tuple[object, ...]) -> str | None:
        """Return the version of a record with these values of the template; None: one of them is unknown."""
        texts = [*map(_text, values)]
        if not all(texts):
            return None
        sized = texts if len(texts) == 1 else [f"{len(text)}:{text}" for text in texts]
        key = blake2b("".join(sized).encode(errors="surrogatepass"), digest_size=16).digest()
        try:
            return self._known[key]
        except KeyError:
            if len(self._known) >= MOST_KNOWN:
                self._known.clear()
            found = self._known[key] = _version(self._template, texts)
            return found


def version_of(template: Template, values: tuple[object, ...]) -> str | None:
    """Return the version of the prompt of a record: 64 bits in hexadecimal, the same on every machine.

    White space does not matter, nor do dates and times inside a text. None: a value of the template is unknown.

    Args:
        template: how the version is made of values, as the system is.
        values: a text, a number, or messages and blocks of text as producers have them; of messages, those of the
            system and the developer are the prompt.
    """
    return _version(template, map(_text, values))


def _version(template: Template, texts: Iterable[str]) -> str | None:
    parts = [template.literals[0]]
    for raw, literal in zip(texts, template.literals[1:], strict=True):
        text = _normalised(raw)
        if not text:
            return None
        parts += (text, literal)
    return blake2b("\0".join(parts).encode(errors="replace"), digest_size=_HASH_BYTES).hexdigest()


def _normalised(raw: str) -> str:
    words = raw.split()
    text = " ".join(words)
    if len(words) < _SENTENCE or not _MAYBE_MOMENT.search(text):
        return text
    return " ".join(_moments().sub(" ", text).split())


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
    without = _are_messages(found) or (isinstance(found, dict) and not _REQUEST_KEYS.isdisjoint(found))
    return "\n".join(told) if told or without or not found else text


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
            return
        for part in (*(value.get(name) for name in _INSTRUCTIONS), value.get("messages")):
            if part:
                yield from _texts(part, depth + 1)


def _are_messages(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(it, dict) and "role" in it for it in value)
