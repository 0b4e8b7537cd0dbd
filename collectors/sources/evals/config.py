"""The configuration of an `evals` source."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, field_validator

from leverwatch.collectors.config import Duration, SourceConfig
from leverwatch.collectors.records.fields import parse_template
from leverwatch.collectors.records.system_config import System, declared_by, doubts_of, names_others

FACTS = ("system", "suite", "model", "prompt_version", "folder", "file")
"""The placeholders of templates: values of the result, and folder and file name (without extension)."""


def _name(text: str) -> str:
    if not (text.strip() and text.isprintable()):
        raise ValueError("must be printable and not blank")
    return text


ModelName = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(_name)]


class EvalsConfig(SourceConfig):
    """Results of evaluations in files."""

    type: Literal["evals"] = "evals"
    interval: Duration = Field(
        default=timedelta(minutes=5), description="Pause between two runs of the collector.", examples=["5m"]
    )
    path: str | tuple[str, ...] = Field(
        description="Glob, or several; relative to the configuration file. `**` matches folders at any depth.",
        examples=["evals/**/*.json"],
    )
    format: Literal["auto", "own", "promptfoo", "inspect", "lm-eval", "deepeval", "ragas", "mlflow"] = Field(
        default="auto",
        description="What the files are. `auto` takes `.jsonl` and `.ndjson` for `own` and looks into all others.",
    )
    system: System = Field(
        default="{system}",
        description="System of every result: a constant, or a template over `system`, `suite`, `model`, "
        "`prompt_version`, `folder` and `file`, or rules over these of which the first that fits names it.",
        examples=["support-bot", "{folder}"],
    )
    model: str = Field(
        default="{model}",
        description="Model of every result, for files that name none: a constant, or a template as of `system`.",
        examples=["gpt-4o-mini", "{folder}"],
    )
    metrics: tuple[ModelName, ...] = Field(
        default=(),
        description="Columns of a table (`ragas`, `mlflow`) that are scores; left out, they are found.",
        examples=[["faithfulness", "exact_match"]],
    )
    models: dict[ModelName, ModelName] = Field(
        default_factory=dict,
        description="Names of models as usage has them, by the name that the file has.",
        examples=[{"gpt-4o": "gpt-4o-2024-08-06"}],
    )

    @field_validator("path")
    @classmethod
    def _path_is_not_empty(cls, path: str | tuple[str, ...]) -> str | tuple[str, ...]:
        if not path or any(not part for part in ([path] if isinstance(path, str) else path)):
            raise ValueError("needs a path")
        return path

    @field_validator("system", "model")
    @classmethod
    def _template_is_sound(cls, system: str) -> str:
        unknown = [name for name in parse_template(system).paths if name not in FACTS]
        if unknown:
            raise ValueError(f"{{{unknown[0]}}} is not known; a result has {', '.join(FACTS)}")
        return system

    def absences(self, base_dir: Path) -> Iterator[tuple[tuple[str | int, ...], str]]:
        """Yield each glob that matches no file now."""
        # Imported here: most commands only read the configuration.
        from leverwatch.collectors.paths import absences

        return absences(self.path, base_dir)

    def declared_systems(self) -> frozenset[str]:
        """The systems that are named here as they are."""
        return declared_by(self.system)

    def names_others(self) -> bool:
        """Whether results may name others."""
        return names_others(self.system)

    def doubts(self) -> Iterator[tuple[tuple[str | int, ...], str]]:
        """Yield each rule for the system that never fits."""
        yield from ((("system",), why) for why in doubts_of(self.system))
