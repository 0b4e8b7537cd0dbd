"""Generates the table of `docs/sources/choosing.md`: what each source can tell, by what a team has.

Each row is what the example of a page says of itself, or a preset of `type: sql`: no list has what they tell.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import yaml
from msgspec import Struct
from msgspec.structs import replace
from pydantic import ValidationError

from leverwatch.agent.config.generated_part import with_part
from leverwatch.collectors.config import SourceConfig
from leverwatch.collectors.registry import source_types
from leverwatch.collectors.tells import LABELS, Tells

BEGIN = "<!-- sources: generated, do not edit -->"
END = "<!-- sources: end -->"
_EXAMPLE = re.compile(r"^    - name: .*\n(?:^(?:      .*)?\n)+", re.MULTILINE)
_GROUPS: Mapping[str, tuple[str, ...]] = {
    "A gateway": (
        "litellm", "litellm-daily", "litellm-spend-logs", "portkey", "kong", "apisix", "envoy-ai-gateway",
        "helicone-clickhouse", "usage-api: helicone", "usage-api: portkey", "open-webui",
    ),
    "A provider of models": (
        "openai", "usage-api: openai", "anthropic", "usage-api: anthropic", "usage-api: anthropic-report",
        "usage-api: openrouter",
    ),
    "A cloud": (
        "bedrock", "bedrock-athena", "azure-openai", "azure-apim", "vertex", "vertex-bigquery",
        "databricks-endpoint-usage", "snowflake-cortex-usage", "cloudwatch", "azure-monitor", "google-monitoring",
    ),
    "A server of models, or what is in front of it": ("prometheus", "ollama", "nginx", "envoy", "loki"),
    "Tracing by an SDK": (
        "otlp", "otel-traces-clickhouse", "langfuse", "usage-api: langfuse", "usage-api: langfuse-observations",
        "usage-api: langsmith", "mlflow", "phoenix",
    ),
}  # fmt: skip
"""What a team has, and the pages and presets of it, in this order."""
_REST = "A log or a table of your own"
_OWN = {"files": "", "bucket": ", object storage", "sql": "", "warehouses": ", of a warehouse or a lake"}
"""Pages of sources that tell what their settings map, with what tells them apart."""
_APIS = "usage-api"
"""The page of the APIs that tell usage: each is a row."""
_MAPPED = dict.fromkeys(("models", "tokens", "cached", "errors", "latency", "cost"), "where mapped")
_FINAL = re.compile(r"; a day is final \S+ after its end$")
"""What the page says of all of them below its table."""
_LABELS = dict.fromkeys(("models", "tokens", "cached", "errors", "latency", "cost"), "where a label has it")
_COLUMNS = ("systems", "models", "calls", "tokens", "cached", "errors", "latency", "cost", "delay", "permission")
_HEAD = (
    "| Source | Systems by | Models | A call is | Tokens | Cached | Errors | Latency | Cost | Delay |"
    " Needs at least |"
)


class Row(Struct, frozen=True):
    """What one source can tell."""

    name: str
    """Of the page, or of the preset."""
    link: str
    tells: Tells


def example_of(page: str) -> SourceConfig | None:
    """Return the source that a page begins with; None when it has none.

    Raises:
        ValidationError: it is no valid source.
    """
    found = _EXAMPLE.search(page)
    if found is None:
        return None
    (settings,) = yaml.safe_load(re.sub(r"^    ", "", found[0], flags=re.MULTILINE))
    return source_types()[settings["type"]].config.model_validate(settings)


def variants_of(page: str) -> Iterator[tuple[str, Tells]]:
    """Yield what the other examples of a page can tell, each with the preset or the API that it is for."""
    for block in list(_EXAMPLE.finditer(page))[1:]:
        try:
            example = example_of(block[0])
        except (ValidationError, yaml.YAMLError, KeyError, TypeError, ValueError):
            continue  # It leaves something out.
        told = None if example is None else example.tells()
        of = next((str(it) for name in ("api", "preset") if (it := getattr(example, name, None)) is not None), "")
        if told is not None and of:
            yield of, told


def rows(folder: Path) -> Iterator[Row]:
    """Yield what the examples of the pages of a folder, and all presets of tables, can tell."""
    for path in sorted(folder.glob("*.md")):
        example = example_of(path.read_text())
        told = None if example is None else example.tells()
        if example is not None and told is not None and path.stem != _APIS:
            name = path.stem
            others = {} if name in _OWN else dict(variants_of(path.read_text()))
            own = name in _OWN
            shown = name if example.type in ("files", name) and not own else f"type: {example.type}"
            if own:
                least = _least(example.type) or told.permission
                told = replace(told, **_MAPPED, calls="a record, or as many as it says", permission=least)
            if name == "loki":
                told = replace(told, **_LABELS)
            if name == "prometheus":
                yield from _servers()
                continue
            yield Row(name, f"[{shown}]({path.name}){_kind(example.type, name)}", told)
            yield from (
                Row(name, f"[{shown}]({path.name}), {of}", other) for of, other in others.items() if other != told
            )
    yield from _apis()
    yield from _presets()


def _apis() -> Iterator[Row]:
    from leverwatch.collectors.sources.usage_api.apis.registry import APIS

    for name, api in APIS.items():
        yield Row(f"{_APIS}: {name}", f"[{name}]({_APIS}.md), usage by day", api.tells)


def _servers() -> Iterator[Row]:
    """Yield what each server tells by its counters; those that tell the same are one row."""
    from leverwatch.collectors.sources.prometheus.config import PrometheusConfig
    from leverwatch.collectors.sources.prometheus.presets import PRESETS

    link = "[prometheus](prometheus.md): "
    alike: dict[Tells, list[str]] = {}
    for name in PRESETS:
        settings = {"name": "server", "url": "http://host", "system": "bot", "preset": name}
        alike.setdefault(PrometheusConfig.model_validate(settings).tells(), []).append(name)
    # Whoever looks for a server looks for its name.
    yield from (Row("prometheus", link + ", ".join(names), told) for told, names in alike.items())
    of_counters = dict.fromkeys(("tokens", "cached", "latency", "cost"), "where there is a counter")
    own = replace(next(iter(alike)), **of_counters, models="where a label has it")
    yield Row("prometheus", f"{link}counters of your own", own)


def _least(source_type: str) -> str:
    return {"sql": "SELECT on the table", "files": "to read the files and list their folders"}.get(source_type, "")


def _kind(source_type: str, name: str) -> str:
    return _OWN.get(name, ", log or export" if source_type == "files" else "")


def _presets() -> Iterator[Row]:
    from leverwatch.collectors.sources.sql.config import SqlConfig
    from leverwatch.collectors.sources.sql.presets.registry import presets

    for preset in presets():
        engine = preset.engines[0]
        settings = {"name": preset.name, "url": f"{engine}://host/name", "system": preset.system or "bot"}
        told = SqlConfig.model_validate({**settings, "preset": preset.name}).tells()
        of = f" in {engine}" if sum(it.name == preset.name for it in presets()) > 1 else ""
        yield Row(preset.name, f"[{preset.name}](sql.md#presets), tables{of}", told)


def table(folder: Path) -> str:
    """Return the table, and what else some of its rows cannot tell.

    Raises:
        ValueError: a row is in no group.
    """
    found = list(rows(folder))
    lines = [_HEAD, "|" + "---|" * (len(_COLUMNS) + 1)]
    group_of = {name: group for group, names in _GROUPS.items() for name in names}
    lost = {row.name for row in found} - {*group_of, *_OWN}
    if lost:
        raise ValueError(f"no group of the table has {', '.join(sorted(lost))}")
    for group in (*_GROUPS, _REST):
        names = _GROUPS.get(group, ())
        of_group = [row for row in found if group_of.get(row.name, _REST) == group]
        lines.append(f"| **{group}** |" + " |" * len(_COLUMNS))
        for row in sorted(of_group, key=lambda it: names.index(it.name) if it.name in names else 0):
            cells = (_FINAL.sub("", getattr(row.tells, name)) for name in _COLUMNS)
            lines.append(f"| {row.link} | {' | '.join(it.replace('|', '/') for it in cells)} |")
    more = []
    for row in found:
        cannot = [it for it in row.tells.cannot if it not in LABELS.values()]
        more += [f"- {row.link}: {', '.join(cannot)}."] if cannot else []
    return "\n".join((*lines, "", "Some also cannot tell:", "", *more))


def with_table(page: str, folder: Path) -> str:
    """Return the page with its generated part replaced.

    Raises:
        ValueError: the page lacks the marks of the generated part.
    """
    return with_part(page, BEGIN, END, f"{table(folder)}\n")
