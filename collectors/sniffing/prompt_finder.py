"""Finds prompts in one file: which way of selecting gives them. Pure."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator
from typing import Any

import yaml
from msgspec import Struct

from leverwatch.collectors.selection.languages import DOCUMENTS, GRAMMARS, language_of
from leverwatch.collectors.selection.named_literals import named_literals
from leverwatch.collectors.selection.select import select
from leverwatch.collectors.selection.selector import Selector, Unparsable
from leverwatch.collectors.sniffing.prompt_text import is_dubious, is_prompt, is_promptish, words

_TEXTS = frozenset(
    {"md", "mdx", "txt", "j2", "jinja", "jinja2", "tmpl", "tpl", "hbs", "mustache", "liquid", "xml"}
)
_PROMPTS = frozenset({"prompt", "prompty", "promptfile"})
_FOLDER = re.compile(r"(?:^|[_-])(?:prompts?|instructions?|personas?)(?:$|[_-])", re.IGNORECASE)
_NO_PROMPT = re.compile(
    r"^(?:readme|changelog|changes|history|license|licence|notice|contributing|security|code_of_conduct|authors"
    r"|requirements.*|robots|llms.*|agents|claude|gemini|copilot-instructions|support|todo)$",
    re.IGNORECASE,
)
_HINT = re.compile(rb"prompt|instruct|you are|you're|your task|assistant|persona|backstory|system", re.IGNORECASE)
_PLAIN_NAMES = frozenset(
    {"content", "text", "value", "template", "description", "message", "body", "data", "role"}
)
_ODD_KEY = re.compile(r"[*?\[\]\\]")
_NO_KEYS = frozenset({"", "<<"})
_MOST_VALUES = 50_000
_DEEPEST = 30
_Loader = getattr(yaml, "CBaseLoader", yaml.BaseLoader)


class Within(Struct, frozen=True):
    """What is a prompt in a file; nothing of it: the whole file."""

    names: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()
    body: bool = False

    @property
    def is_whole(self) -> bool:
        """Whether the file is the prompt."""
        return not (self.names or self.keys or self.body)


def ending_of(path: str) -> str:
    """Return the ending of a file's name in small letters, without the dot."""
    return path.rpartition("/")[2].rpartition(".")[2].lower() if "." in path.rpartition("/")[2] else ""


def is_candidate(path: str) -> bool:
    """Return whether a file of that name is worth a look."""
    if language_of(path) is not None:
        return True
    stem = path.rpartition("/")[2].partition(".")[0]
    known = ending_of(path) in _TEXTS | _PROMPTS or (not ending_of(path) and in_prompt_folder(path))
    return known and not _NO_PROMPT.match(stem)


def in_prompt_folder(path: str) -> bool:
    """Return whether a folder above a file is one for prompts."""
    return any(_FOLDER.search(folder) for folder in path.split("/")[:-1])


def find(path: str, content: bytes) -> Within | None:
    """Return what of a file is a prompt; None: nothing that is recognised.

    Raises:
        Unparsable: it is no text, or not in the language of its name.
    """
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Unparsable("no text in UTF-8") from error
    if "\0" in text:
        raise Unparsable("no text")
    if not _HINT.search(content) and not in_prompt_folder(path) and ending_of(path) not in _PROMPTS:
        return None
    language = language_of(path)
    if language in GRAMMARS:
        return _in_code(path, text, language)
    if language in DOCUMENTS:
        return _in_document(text, str(language))
    return _in_text(path, text)


def _in_text(path: str, text: str) -> Within | None:
    stem = path.rpartition("/")[2].partition(".")[0]
    name = "prompt" if in_prompt_folder(path) else stem
    is_by_name = ending_of(path) in _PROMPTS or (in_prompt_folder(path) and words(text) >= 1)
    if not is_by_name and not is_prompt(text, name):
        return None
    return Within(body=True) if re.match(r"\A---[ \t]*\r?\n.*?\n---[ \t]*\r?\n", text, re.DOTALL) else Within()


def _in_code(path: str, text: str, language: str) -> Within | None:
    names: dict[str, None] = {}
    stem = path.rpartition("/")[2].partition(".")[0]
    about = "prompt " if is_promptish(stem) or in_prompt_folder(path) else ""
    for found in named_literals(f"{text}\n".encode(), language):
        own = found.steps[-1]
        called = own if own not in _PLAIN_NAMES else next(reversed(found.steps[:-1]), own)
        if not (is_prompt(found.text, called) or (about and not is_dubious(own) and is_prompt(found.text, about))):
            continue
        name = own if own not in _PLAIN_NAMES else ".".join(found.steps[-2:])
        if name not in names and _gives(name, language, text):
            names[name] = None
    return Within(names=tuple(names)) if names else None


def _gives(name: str, language: str, text: str) -> bool:
    """Return whether a selector of that name finds a text of some words."""
    try:
        found = select(Selector(names=(name,), language=language), text.encode())
    except (Unparsable, ValueError):
        return False
    return any(words(one) >= 1 for one in found.values())


def _in_document(text: str, language: str) -> Within | None:
    try:
        if language == "json":
            documents = [json.loads(text)]
        elif language == "toml":
            documents = [tomllib.loads(text)]
        else:
            documents = list(yaml.load_all(text, Loader=_Loader))
    except (ValueError, TypeError, RecursionError, yaml.YAMLError) as error:
        raise Unparsable(f"not {language}") from error
    paths: dict[tuple[str, ...], None] = {}
    budget = [_MOST_VALUES]
    for document in documents:
        for steps, value, is_system in _values(document, (), budget):
            named = [step for step in steps if step != "[*]"]
            called = next((step for step in reversed(named) if step not in _PLAIN_NAMES), "")
            if is_prompt(value, "system" if is_system else called):
                paths[steps] = None
    if not paths:
        return None
    return Within(keys=tuple(_joined(steps) for steps in _general(list(paths))))


def _values(
    value: Any, steps: tuple[str, ...], budget: list[int], *, is_system: bool = False
) -> Iterator[tuple[tuple[str, ...], str, bool]]:
    budget[0] -= 1
    if budget[0] < 0 or len(steps) > _DEEPEST:
        return
    if isinstance(value, str):
        yield steps, value, is_system
    elif isinstance(value, list):
        for inner in value:
            yield from _values(inner, (*steps, "[*]"), budget, is_system=is_system)
    elif isinstance(value, dict):
        role = str(value.get("role", "")).lower() in {"system", "developer"}
        for key, inner in value.items():
            if isinstance(key, str) and key not in _NO_KEYS and not _ODD_KEY.search(key):
                yield from _values(inner, (*steps, key), budget, is_system=is_system or role)


def _general(paths: list[tuple[str, ...]]) -> list[tuple[str, ...]]:
    """Return paths in which a step that three or more differ by, and nothing else, stands for any."""
    for place in range(max(map(len, paths)) - 1):
        alike: dict[tuple[str, ...], list[tuple[str, ...]]] = {}
        for steps in paths:
            if place < len(steps) - 1 and steps[place] != "[*]" and is_promptish(steps[-1]):
                alike.setdefault((*steps[:place], "*", *steps[place + 1 :]), []).append(steps)
        for general, each in alike.items():
            if len(each) > 2:
                paths = [general, *(steps for steps in paths if steps not in each)]
    return paths


def _joined(steps: tuple[str, ...]) -> str:
    path = ".".join(step.replace(".", "\\.") for step in steps)
    return path.replace(".[*]", "[*]")
