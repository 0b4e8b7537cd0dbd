"""Langfuse: prompts with versions, of which a label is at one.

`GET /api/public/v2/prompts` lists names by pages that count from 1. `GET /api/public/v2/prompts/NAME?label=LABEL`
is the version that a label is at, with what it takes over from other prompts put in. A version is written when a
label comes or leaves: `updatedAt` is the latest time that the move can have been.
"""

from __future__ import annotations

from urllib.parse import quote

from leverwatch.collectors.prompts.normalise import value_hash
from leverwatch.collectors.sources.prompt_registry.answers import (
    at,
    moment_at,
    number_at,
    parsed,
    says,
    text_at,
    texts_at,
)
from leverwatch.collectors.sources.prompt_registry.interface import Names, Question, Registry, Served

_PATH = "/api/public/v2/prompts"
_PAGE = "100"


def _prompt(name: str, label: str) -> Question:
    return Question(f"{_PATH}/{quote(name, safe='')}", {"label": label})


def _read(body: bytes) -> Served:
    answer = parsed(body)
    return Served(
        value_hash(at(answer, "prompt")), text_at(answer, "version"), moved_at=moment_at(answer, "updatedAt")
    )


def _is_gone(status: int, said: bytes) -> bool:
    return status == 404 and says(said).get("error") == "LangfuseNotFoundError"


def _list(after: str | None) -> Question:
    return Question(_PATH, {"limit": _PAGE, "page": after or "1"})


def _names(body: bytes, after: str | None) -> Names:
    answer = parsed(body)
    page = int(after or "1")
    pages = number_at(answer, "meta", "totalPages")
    return Names(texts_at(answer, "data", each="name"), str(page + 1) if page < pages else None)


LANGFUSE = Registry(
    title="Langfuse",
    url="https://cloud.langfuse.com",
    label="production",
    prompt=_prompt,
    read=_read,
    is_gone=_is_gone,
    list=_list,
    names=_names,
    needs="it needs the keys of a project: `user` is the public one (pk-lf-...), `password` or `password_file` the"
    " secret one (sk-lf-...)",
)
