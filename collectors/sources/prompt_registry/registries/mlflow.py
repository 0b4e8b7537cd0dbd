"""The prompt registry of MLflow: a prompt is a registered model whose versions have a text as a tag.

An alias is at one version. `registered-models/alias` has that version, `registered-models/search` lists the names.
No answer tells when an alias moved.
"""

from __future__ import annotations

from typing import Any

from leverwatch.collectors.prompts.normalise import value_hash
from leverwatch.collectors.sources.prompt_registry.answers import at, parsed, says, text_at, texts_at
from leverwatch.collectors.sources.prompt_registry.interface import Names, Question, Registry, Served

_PATH = "/api/2.0/mlflow/registered-models"
_TEXT, _TYPE = "mlflow.prompt.text", "_mlflow_prompt_type"
_PROMPTS = "tags.`mlflow.prompt.is_prompt` = 'true'"
_PAGE = "100"
_NO_MODEL, _NO_ALIAS = "RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"


def _prompt(name: str, label: str) -> Question:
    return Question(f"{_PATH}/alias", {"name": name, "alias": label})


def _read(body: bytes) -> Served:
    version = at(parsed(body), "model_version")
    tags = _tags(at(version, "tags") if isinstance(version, dict) and version.get("tags") else [])
    if _TEXT not in tags:
        raise ValueError("the answer has no text of a prompt: it is the version of a model")
    text: Any = tags[_TEXT]
    if tags.get(_TYPE) == "chat":
        # The messages as JSON, whose layout says nothing.
        text = parsed(str(text).encode("utf-8", "surrogatepass"))
    return Served(value_hash(text), text_at(version, "version"))


def _tags(listed: Any) -> dict[str, str]:
    pairs = listed if isinstance(listed, list) else []
    return {text_at(one, "key"): str(one.get("value") or "") for one in pairs if isinstance(one, dict)}


def _is_gone(status: int, said: bytes) -> bool:
    error = says(said)
    code = error.get("error_code")
    if status == 404:
        return code == _NO_MODEL
    # An alias that is not there is a wrong parameter to it.
    message = str(error.get("message") or "")
    return status == 400 and code == _NO_ALIAS and "alias" in message and message.endswith("not found.")


def _list(after: str | None) -> Question:
    page = {} if after is None else {"page_token": after}
    return Question(f"{_PATH}/search", {"filter": _PROMPTS, "max_results": _PAGE, **page})


def _names(body: bytes, _after: str | None) -> Names:
    answer = parsed(body)
    if answer == {}:
        return Names(())  # there are none
    more = bool(answer.get("next_page_token")) if isinstance(answer, dict) else False
    return Names(
        texts_at(answer, "registered_models", each="name"), text_at(answer, "next_page_token") if more else None
    )


MLFLOW = Registry(
    title="MLflow",
    url="",
    label="production",
    prompt=_prompt,
    read=_read,
    is_gone=_is_gone,
    list=_list,
    names=_names,
)
