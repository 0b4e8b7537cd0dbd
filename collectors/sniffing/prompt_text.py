"""Judges whether a text is one for a model: by what it says, and what it is called. Pure."""

from __future__ import annotations

import re

LEAST_WORDS = 8
"""A shorter text is hardly an instruction."""
_LOOKED_AT = 8_000
"""Characters of a text that are judged."""
_SIGNS = tuple(
    re.compile(sign, re.IGNORECASE)
    for sign in (
        r"\byou(?: are|'re) (?:an?|the|now|going|working|part|[a-z]+ed|helping|given|not)\b",
        r"\byour (?:task|job|role|goal|answers?|response|output|purpose|personal goal|objective|instructions)\b",
        r"\b(?:act|behave) as\b|\brole[- ]?play\b",
        r"\byou (?:must|should|will (?:be|receive|get)|can (?:use|only)|have (?:access|been|to)|may)\b",
        r"\b(?:respond|reply|answer)\b.{0,40}\b(?:in|with|only|as|the|to|using)\b",
        r"\b(?:do not|don't|never|always|make sure|ensure|avoid)\b",
        r"\bthe (?:user|assistant|customer|human)(?:'s)?\b",
        r"\bgiven (?:the|an?|this|these)\b|\bbased on (?:the|this|these)\b",
        r"\bstep[- ]by[- ]step\b|\bthink (?:carefully|about)\b",
        r"\b(?:return|output|produce)\b.{0,30}\b(?:only|json|list|valid|format|answer)\b",
        r"\bin the following format\b",
        r"\b(?:summari[sz]e|classify|extract|translate|rewrite|paraphrase|generate|critique)\b",
        r"^(?:use|consider|follow|write|choose|read|analy[sz]e|review|evaluate|determine)\b",
        r"\bhelpful\b.{0,30}\bassistant\b|\b(?:language model|ai assistant|chatbot)\b",
        r"\b(?:question|context|observation|thought|human|user|assistant|examples?)\s*:",
    )
)
_ADDRESSES = 4
"""Of the signs, so many of the first ones speak to the model itself."""
_FIELD = re.compile(r"\{\{?[\s#%/]*[A-Za-z_][\w.]*[\s%]*\}\}?|\$\{[^}]*\}|<<?/?[A-Za-z_]+>>?")
_PROMPTISH = re.compile(
    r"prompt|instruct|(?:^|_)system(?:_?(?:message|msg|text|content))?$|persona|backstory|preamble|guideline",
    re.IGNORECASE,
)
_DUBIOUS = re.compile(
    r"(?:^|_)(?:help|usage|description|desc|doc|error|warning|message|msg|log|sql|query|html|css|license|title"
    r"|label|tooltip|url|path|regex|pattern|version|banner|readme|deprecat\w*|epilog|summary|detail)s?$",
    re.IGNORECASE,
)
_ENOUGH, _WITH_A_NAME, _WITH_A_DUBIOUS_ONE = 3, 1, 6


def is_promptish(name: str) -> bool:
    """Return whether a name says that it is of a prompt."""
    return _PROMPTISH.search(_snake(name)) is not None


def is_dubious(name: str) -> bool:
    """Return whether a name says that it is of something else than a prompt."""
    return _DUBIOUS.search(_snake(name)) is not None


def is_prompt(text: str, name: str = "") -> bool:
    """Return whether a text is probably one for a model.

    Args:
        text: the text.
        name: of the constant, key or file that it is in; empty: it says nothing.
    """
    if words(text) < LEAST_WORDS:
        return False
    signs = score(text)
    addresses = any(sign.search(text[:_LOOKED_AT]) for sign in _SIGNS[:_ADDRESSES])
    if is_promptish(name):
        # In another language than English there are no signs, and the name is enough for a longer text.
        return signs >= _WITH_A_NAME or not text.isascii()
    return addresses and signs >= (_WITH_A_DUBIOUS_ONE if is_dubious(name) else _ENOUGH)


def score(text: str) -> int:
    """Return the number of signs that a text instructs a model."""
    head = text[:_LOOKED_AT]
    return sum(1 for sign in _SIGNS if sign.search(head)) + (1 if _FIELD.search(head) else 0)


def words(text: str) -> int:
    """Return about how many words a text has, also in a script without blanks."""
    head = text[:_LOOKED_AT]
    wide = sum(1 for char in head if "\u3040" <= char <= "\u9fff" or "\uac00" <= char <= "\ud7af")
    return len(head.split()) + wide // 2


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name)
