"""Registries of prompts on a real socket, which speak as theirs are documented, errors and pages included."""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote

from tests.collectors.sources.usage_api.server import Asked, Reply

KEY = "sk-Qm7Rt2-never-to-be-seen"
USER = "pk-lf-1"
PAGE = 2
"""The most that a page has, whatever is asked for."""


@dataclass
class Version:
    """One version of a prompt."""

    text: Any
    labels: set[str] = field(default_factory=set)
    written: datetime = datetime(2026, 10, 1, tzinfo=UTC)
    config: Any = field(default_factory=dict)


@dataclass
class Prompts:
    """What a registry holds: by name, the versions from 1 on."""

    held: dict[str, list[Version]] = field(default_factory=dict)
    refuse: list[Reply] = field(default_factory=list)
    """What is answered before anything else, each once."""

    def create(self, name: str, text: Any, config: Any = None) -> int:
        self.held.setdefault(name, []).append(Version(text, config=config or {}))
        return len(self.held[name])

    def move(self, name: str, version: int, label: str = "production", at: datetime | None = None) -> None:
        self.unlabel(name, label, at)
        self.held[name][version - 1].labels.add(label)
        self.held[name][version - 1].written = at or datetime(2026, 10, 1, tzinfo=UTC)

    def unlabel(self, name: str, label: str = "production", at: datetime | None = None) -> None:
        for version in self.held[name]:
            if label in version.labels:
                version.labels.remove(label)
                version.written = at or version.written

    def at(self, name: str, label: str) -> tuple[int, Version] | None:
        versions = enumerate(self.held.get(name, ()), 1)
        return next(((number, one) for number, one in versions if label in one.labels), None)

    def __call__(self, asked: Asked) -> Reply:
        return self.refuse.pop(0) if self.refuse else self.answer(asked)

    def answer(self, asked: Asked) -> Reply:
        raise NotImplementedError


def rfc3339(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.000Z")


class Langfuse(Prompts):
    """`/api/public/v2/prompts`, as its API reference and its server have it."""

    def answer(self, asked: Asked) -> Reply:
        expected = base64.b64encode(f"{USER}:{KEY}".encode()).decode()
        if asked.headers.get("authorization") != f"Basic {expected}":
            return Reply({"error": "UnauthorizedError", "message": "Invalid credentials"}, 401)
        name = unquote(asked.path.removeprefix("/api/public/v2/prompts").removeprefix("/"))
        if not name:
            return self._list(asked)
        label = asked.first("label", "production")
        found = self.at(name, label)
        if found is None:
            message = f"Prompt not found: '{name}' with label '{label}'"
            return Reply({"message": message, "error": "LangfuseNotFoundError"}, 404)
        number, version = found
        return Reply(
            {
                "id": f"{name}-{number}", "createdAt": "2026-10-01T00:00:00.000Z",
                "updatedAt": rfc3339(version.written), "projectId": "p", "createdBy": "API", "name": name,
                "prompt": version.text, "version": number, "isActive": None, "config": version.config, "tags": [],
                "type": "text" if isinstance(version.text, str) else "chat",
                "labels": sorted(version.labels), "commitMessage": None, "resolutionGraph": None,
            }
        )  # fmt: skip

    def _list(self, asked: Asked) -> Reply:
        page, limit = int(asked.first("page", "1")), min(int(asked.first("limit", "50")), PAGE)
        names = sorted(self.held)
        data = [
            {
                "name": name, "type": "text", "tags": [], "lastConfig": {},
                "lastUpdatedAt": "2026-10-01T00:00:00.000Z", "versions": [*range(1, len(self.held[name]) + 1)],
                "labels": sorted({label for one in self.held[name] for label in one.labels}),
            }
            for name in names[(page - 1) * limit : page * limit]
        ]  # fmt: skip
        pages = -(-len(names) // limit)
        meta = {"page": page, "limit": limit, "totalItems": len(names), "totalPages": pages}
        return Reply({"data": data, "meta": meta})


class MLflow(Prompts):
    """`registered-models` of the prompt registry, in the words of a server of MLflow 3.17."""

    def answer(self, asked: Asked) -> Reply:
        return self._search(asked) if asked.path.endswith("/search") else self._alias(asked)

    def _alias(self, asked: Asked) -> Reply:
        name, alias = asked.first("name"), asked.first("alias")
        if name not in self.held:
            return _mlflow_error(404, "RESOURCE_DOES_NOT_EXIST", f"Registered Model with name={name} not found")
        found = self.at(name, alias)
        if found is None:
            return _mlflow_error(400, "INVALID_PARAMETER_VALUE", f"Registered model alias {alias} not found.")
        number, version = found
        is_text = isinstance(version.text, str)
        text = version.text if is_text else re.sub(r"'", '"', repr(version.text))
        return Reply(
            {
                "model_version": {
                    "name": name, "version": f"{number}", "creation_timestamp": 1795942857657,
                    "last_updated_timestamp": 1795942857657, "current_stage": "None", "description": "first",
                    "source": "dummy-source", "run_id": "", "status": "READY",
                    "tags": [
                        {"key": "mlflow.prompt.is_prompt", "value": "true"},
                        {"key": "_mlflow_prompt_type", "value": "text" if is_text else "chat"},
                        {"key": "mlflow.prompt.text", "value": text},
                    ],
                    "run_link": "", "aliases": sorted(version.labels),
                }
            }
        )  # fmt: skip

    def _search(self, asked: Asked) -> Reply:
        assert asked.first("filter") == "tags.`mlflow.prompt.is_prompt` = 'true'"
        start = int(asked.first("page_token", "0").removeprefix("at-"))
        names = sorted(self.held)
        listed = [{"name": name, "creation_timestamp": 1} for name in names[start : start + PAGE]]
        more = {"next_page_token": f"at-{start + PAGE}"} if start + PAGE < len(names) else {}
        return Reply({"registered_models": listed, **more} if listed else {})


def _mlflow_error(status: int, code: str, message: str) -> Reply:
    return Reply({"error_code": code, "message": message, "sqlstate": "KAM00", "error_class": code}, status)


class LangSmith(Prompts):
    """`/api/v1/commits` and `/api/v1/repos`, as its API reference and its SDK have them."""

    def answer(self, asked: Asked) -> Reply:
        if asked.headers.get("x-api-key") != KEY or "authorization" in asked.headers:
            return Reply({"detail": "Invalid token"}, 401)
        if asked.path == "/api/v1/repos/":
            return self._list(asked)
        owner, repo, tag = map(unquote, asked.path.removeprefix("/api/v1/commits/").split("/"))
        found = self.at(repo if owner == "-" else f"{owner}/{repo}", tag)
        if found is None:
            return Reply({"detail": "Commit not found"}, 404)
        number, version = found
        manifest = {
            "lc": 1, "type": "constructor", "id": ["langchain", "prompts", "chat", "ChatPromptTemplate"],
            "kwargs": {"messages": version.text, "input_variables": ["question"]},
        }  # fmt: skip
        return Reply({"commit_hash": f"{number:08x}", "manifest": manifest, "examples": []})

    def _list(self, asked: Asked) -> Reply:
        assert (asked.first("is_public"), asked.first("is_archived")) == ("false", "false")
        start, limit = int(asked.first("offset")), min(int(asked.first("limit")), PAGE)
        names = sorted(self.held)
        repos = [{"repo_handle": name, "full_name": f"-/{name}"} for name in names[start : start + limit]]
        return Reply({"repos": repos, "total": len(names)})


class PromptLayer(Prompts):
    """`/prompt-templates/NAME?label=LABEL`, as its API reference has it."""

    def answer(self, asked: Asked) -> Reply:
        if asked.headers.get("x-api-key") != KEY:
            return Reply({"success": False, "message": "Unauthorized"}, 401)
        name = unquote(asked.path.removeprefix("/prompt-templates/"))
        found = self.at(name, asked.first("label"))
        if found is None:
            return Reply({"success": False, "message": "Prompt template not found"}, 404)
        number, version = found
        content = [{"type": "text", "text": version.text}]
        return Reply(
            {
                "success": True, "id": 17, "prompt_name": name, "version": number, "workspace_id": 42,
                "prompt_template": {"type": "chat", "messages": [{"role": "system", "content": content}]},
                "metadata": {"model": {"provider": "openai", "name": "gpt-4o", "parameters": version.config}},
                "commit_message": f"version {number}", "tags": [], "created_at": "2026-10-01T00:00:00Z",
                "snippets": [], "llm_kwargs": None,
            }
        )  # fmt: skip


class Own(Prompts):
    """One that only the settings describe: `/p/NAME/LABEL`."""

    def answer(self, asked: Asked) -> Reply:
        name, label = map(unquote, asked.path.removeprefix("/p/").split("/"))
        found = self.at(name, label)
        if found is None:
            return Reply(b"<h1>no</h1>", 404)
        number, version = found
        moved = version.written.timestamp()
        return Reply({"data": [{"rev": number, "body": version.text, "label": {"moved": moved * 1000}}]})


OWN_PATHS = {
    "path": "/p/{prompt}/{label}", "content": "data[0].body", "version": "data[0].rev",
    "moved_at": "data[0].label.moved",
}  # fmt: skip
