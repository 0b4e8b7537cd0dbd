"""LangSmith: prompts with commits, of which a tag is at one.

`GET /api/v1/commits/OWNER/NAME/TAG` has the commit that a tag is at, without the model beside the prompt; `GET
/api/v1/repos/` lists the prompts of a workspace by pages. The owner of the workspace's own prompts is `-`.
"""

from __future__ import annotations

from urllib.parse import quote

from leverwatch.collectors.prompts.normalise import value_hash
from leverwatch.collectors.sources.prompt_registry.answers import at, number_at, parsed, says, text_at, texts_at
from leverwatch.collectors.sources.prompt_registry.interface import Names, Question, Registry, Served

_PAGE = 100


def _prompt(name: str, label: str) -> Question:
    owner, slash, repo = name.partition("/")
    if not slash:
        owner, repo = "-", name
    return Question("/api/v1/commits/" + "/".join(quote(part, safe="-") for part in (owner, repo, label)))


def _read(body: bytes) -> Served:
    answer = parsed(body)
    return Served(value_hash(at(answer, "manifest")), text_at(answer, "commit_hash"))


def _is_gone(status: int, said: bytes) -> bool:
    # What is between here and there, as a proxy, answers with no JSON.
    return status == 404 and bool(says(said))


def _list(after: str | None) -> Question:
    own = {"is_public": "false", "is_archived": "false"}
    return Question("/api/v1/repos/", {"limit": str(_PAGE), "offset": after or "0", **own})


def _names(body: bytes, after: str | None) -> Names:
    answer = parsed(body)
    names = texts_at(answer, "repos", each="repo_handle")
    end = int(after or "0") + len(names)
    return Names(names, str(end) if names and end < number_at(answer, "total") else None)


LANGSMITH = Registry(
    title="LangSmith",
    url="https://api.smith.langchain.com",
    label="production",
    prompt=_prompt,
    read=_read,
    is_gone=_is_gone,
    list=_list,
    names=_names,
    needs="it needs an API key of the workspace (lsv2_...) as `token` or `token_file`",
    key_header="X-Api-Key",
)
