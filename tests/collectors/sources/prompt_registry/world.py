"""A source of type `prompt-registry`, a store, and a clock that a test moves."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import select

from leverwatch.agent.scheduling.runner import RunReport, SourceRunner
from leverwatch.agent.store.schema import prompt_changes
from leverwatch.agent.store.store import Store
from leverwatch.collectors.interface import CollectorContext
from leverwatch.collectors.sources.prompt_registry.collector import PromptRegistryCollector
from leverwatch.collectors.sources.prompt_registry.config import PromptRegistryConfig
from tests.collectors.sources.prompt_registry.registries import (
    KEY,
    OWN_PATHS,
    USER,
    Langfuse,
    LangSmith,
    MLflow,
    Own,
    PromptLayer,
    Prompts,
)
from tests.collectors.sources.usage_api.server import Served, serving

START = datetime(2026, 11, 2, 9, tzinfo=UTC)
APIS: dict[str, type[Prompts]] = {
    "langfuse": Langfuse, "langsmith": LangSmith, "mlflow": MLflow, "promptlayer": PromptLayer, "http": Own,
}  # fmt: skip
LABELS = {"promptlayer": "prod"}


def config_of(api: str, url: str, **more: Any) -> PromptRegistryConfig:
    given: dict[str, Any] = {"name": "registry", "api": api, "url": url, "systems": {"bot": ["answer"]}}
    if api == "langfuse":
        given |= {"user": USER, "password": KEY}
    elif api in {"langsmith", "promptlayer"}:
        given["token"] = KEY
    elif api == "http":
        given |= OWN_PATHS
    return PromptRegistryConfig.model_validate(given | more)


class World:
    """Each run is that of another process."""

    def __init__(self, api: str, folder: Path, served: Served, prompts: Prompts) -> None:
        self.api, self.served, self.prompts = api, served, prompts
        self.label = LABELS.get(api, "production")
        self.now = START
        self.settings: dict[str, Any] = {}
        self.store = Store(f"sqlite:///{folder / 'store.db'}")
        self.store.migrate()

    def config(self) -> PromptRegistryConfig:
        return config_of(self.api, self.served.url, **self.settings)

    def collector(self) -> PromptRegistryCollector:
        nowhere = Path("/nowhere")
        context = CollectorContext(base_dir=nowhere, cache_dir=nowhere, now=lambda: self.now)
        return PromptRegistryCollector(self.config(), context)

    def run(self, *, fails: bool = False) -> RunReport:
        report = SourceRunner(self.config(), self.collector(), self.store, now=lambda: self.now).run()
        assert report.success is not fails, report.error
        self.now += timedelta(hours=1)
        return report

    def move(self, name: str, version: int, at: datetime | None = None) -> None:
        self.prompts.move(name, version, self.label, at)

    def changes(self) -> list[tuple[str, str, str, int]]:
        """What is stored: system, time of day, kind and number of prompts, the oldest first."""
        table = prompt_changes.c
        query = select(table.system, table.landed_at, table.kind, table.prompts).order_by(*table)
        with self.store.reading() as connection:
            rows = sorted(connection.execute(query).all(), key=lambda row: row.landed_at)
        return [(row.system, f"{row.landed_at:%H:%M}", row.kind, row.prompts) for row in rows]


@contextmanager
def world(api: str, folder: Path) -> Iterator[World]:
    prompts = APIS[api]()
    with serving(prompts) as served:
        made = World(api, folder, served, prompts)
        try:
            yield made
        finally:
            made.store.close()
