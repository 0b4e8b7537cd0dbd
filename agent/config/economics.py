"""What a team says of costs: for every system, and for one."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from msgspec import Struct
from pydantic import Field, ValidationInfo, create_model, field_validator

from leverwatch.agent.config.numbers import NoBool
from leverwatch.agent.framework.economics.amounts import Amount, Hosting, Origin
from leverwatch.agent.framework.economics.assumptions import ASSUMPTIONS, Assumption, resolve
from leverwatch.collectors.config import Model

INSTALL_PRICES = "pip install 'leverwatch[prices]'"
"""What brings the public prices."""
Text = Annotated[str, Field(min_length=1, pattern=r"\S")]


class PricesConfig(Model):
    """Where prices of models come from. A model that nobody prices has an unknown price, not none."""

    file: Path | None = Field(
        default=None,
        description="A file of prices, read again whenever it changes. It outranks public prices.",
        examples=["prices.yaml"],
    )
    public: bool = Field(
        default=True,
        description="Take prices that the file does not have from the package genai-prices, when the extra "
        "`prices` is installed. Nothing is fetched.",
    )
    deployments: dict[Annotated[str, Field(min_length=1, max_length=200)], Text] = Field(
        default_factory=dict,
        description="The model behind each name that only you can explain: a deployment of Azure, a provisioned "
        "model or application profile of Bedrock, an endpoint of Vertex.",
        examples=[{"my-gpt": "gpt-4o-mini"}],
    )


class _Range(Model):
    low: float = Field(description="Hardly ever less.")
    likely: float = Field(description="The best guess.")
    high: float = Field(description="Hardly ever more.")

    @field_validator("likely", "high")
    @classmethod
    def _ordered(cls, value: float, info: ValidationInfo) -> float:
        below = "low" if info.field_name == "likely" else "likely"
        if value < info.data.get(below, value):
            raise ValueError(f"must not be below {below}")
        return value

    def amount(self) -> Amount:
        """Return the number or range as an `Amount` of origin `configured`."""
        return Amount(self.low, self.likely, self.high, Origin.CONFIGURED)


class EconomicsBase(Model):
    """What a tuned model would cost. What is left out is assumed, and shown as assumed."""

    hosting: Hosting | None = Field(
        default=None,
        description="How a tuned model would be paid for. Default: `per_token` when `tuned_model` is set, else "
        "`dedicated`.",
        examples=["dedicated"],
    )
    tuned_model: Text | None = Field(
        default=None,
        description="Name of the tuned model, as the price sources know it.",
        examples=["ft:gpt-4o-mini"],
    )
    tuned_provider: Text | None = Field(
        default=None, description="Provider of the tuned model, as the price sources know it.", examples=["openai"]
    )

    def amounts(self) -> dict[str, Amount]:
        """Return the configured inputs by name."""
        found = {}
        for assumption in ASSUMPTIONS:
            value = getattr(self, assumption.name)
            if isinstance(value, _Range):
                found[assumption.name] = value.amount()
            elif value is not None:
                found[assumption.name] = Amount.exactly(float(value), Origin.CONFIGURED)
        return found


@cache
def _range_of(*, above_zero: bool, ceiling: float | None) -> tuple[Any, type[_Range]]:
    """Return the types of a bounded number and of a range of such numbers."""
    bounds: dict[str, Any] = {"gt": 0} if above_zero else {"ge": 0}
    if ceiling is not None:
        bounds["le"] = ceiling
    number: Any = Annotated[float, Field(allow_inf_nan=False, **bounds), NoBool]
    name = ("Positive" if above_zero else "") + ("Share" if ceiling is not None else "") + "Range"
    fields: dict[str, Any] = {
        key: (number, Field(description=field.description)) for key, field in _Range.model_fields.items()
    }
    doc = "A number that is not known exactly. `low` <= `likely` <= `high`."
    return number, create_model(name, __base__=_Range, __doc__=doc, **fields)


def _field(assumption: Assumption) -> tuple[Any, Any]:
    number, ranged = _range_of(above_zero=assumption.above_zero, ceiling=assumption.ceiling)
    description = assumption.meaning
    if assumption.default is not None:
        low, likely, high = (f"{value:_}" for value in assumption.default)
        when = "Measured, else assumed" if assumption.measurable else "Assumed"
        description += f" {when}: {likely}" + (f", from {low} to {high}." if low != high else ".")
    return number | ranged | None, Field(default=None, description=description)


_fields: dict[str, Any] = {assumption.name: _field(assumption) for assumption in ASSUMPTIONS}
if TYPE_CHECKING:
    EconomicsConfig = EconomicsBase
else:
    # One setting for each input of the economics, so that the two can never differ.
    EconomicsConfig = create_model(
        "EconomicsConfig", __base__=EconomicsBase, __doc__=EconomicsBase.__doc__, **_fields
    )


class EconomicsPlan(Struct, frozen=True):
    """The configured costs of one system."""

    hosting: Hosting
    tuned_model: str | None
    tuned_provider: str | None
    configured: Mapping[str, Amount]

    def inputs(self, measured: Mapping[str, Amount] | None = None) -> dict[str, Amount]:
        """Return every input: the configured one, else the measured, else the assumed."""
        return resolve(self.configured, measured=measured)


def plan_of(system: EconomicsBase, everywhere: EconomicsBase) -> EconomicsPlan:
    """Return the plan of one system; settings that the system lacks are taken from those for all systems."""
    owner = system if system.tuned_model is not None else everywhere
    hosting = system.hosting
    if hosting is None and system.tuned_model is None:
        hosting = everywhere.hosting
    if hosting is None:
        hosting = Hosting.DEDICATED if owner.tuned_model is None else Hosting.PER_TOKEN
    return EconomicsPlan(
        hosting, owner.tuned_model, owner.tuned_provider, {**everywhere.amounts(), **system.amounts()}
    )
