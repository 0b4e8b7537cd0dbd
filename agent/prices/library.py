"""The public prices that are part of the package genai-prices. Nothing is fetched."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from decimal import Decimal
from importlib import import_module
from importlib.metadata import version
from importlib.util import find_spec, module_from_spec
from types import ModuleType
from typing import TYPE_CHECKING, Any

from leverwatch.agent.framework.economics.amounts import Origin, Price
from leverwatch.agent.prices.model_ids import identify
from leverwatch.agent.prices.same_model import is_the_same
from leverwatch.agent.prices.service import STANDARD, Service
from leverwatch.collectors.records.service_tiers import BOUNDS, Tier, next_bound

if TYPE_CHECKING:
    from genai_prices.types import PriceCalculation

_PACKAGE = "genai-prices"
_FETCHER = "httpx2"
"""What the package imports to update its data."""
_NOON = time(12, tzinfo=UTC)


class PriceLibrary:
    """Prices by model and day, from the data in the installed package.

    The package can also update its data over the network; that is not used.
    """

    def __init__(self) -> None:
        """Load the data, which takes a moment.

        Raises:
            ImportError: the extra `prices` is not installed.
        """
        _put_off(_FETCHER)
        # Imported here: it is an extra, and its data is large.
        self._package: Any = import_module("genai_prices")
        self.name = f"{_PACKAGE} {version(_PACKAGE)}"

    def find(
        self, model: str, day: date, provider: str | None = None, service: Service = STANDARD
    ) -> Price | None:
        """The price of a model on a day; None when the package does not know it.

        A tier that the package does not list for the model on that day has none. What it lists for a tier need not
        be all prices: the others are the standard ones, as its makers have it.

        Args:
            model: as a usage record names it; `provider/model` is understood.
            day: prices with dates are taken as of noon, UTC.
            provider: as the package names it; without one the first provider with such a model is taken.
            service: the kind of service.
        """
        if provider is not None:
            found = self._calculate(model, day, provider, service)
            return None if found is None else self._price(model, found, service)
        identity = identify(model)
        found = None if identity is None else self._calculate(identity.name, day, identity.provider, service)
        if identity is None and "/" in model:
            # A provider that is known to the package, whatever it may be called by others.
            before, _, rest = model.partition("/")
            found = self._calculate(rest, day, before, service)
        return None if found is None else self._price(model, found, service)

    def _calculate(self, model: str, day: date, provider: str | None, service: Service) -> PriceCalculation | None:
        if service.tier not in _CONTEXTS:
            return None
        context = _CONTEXTS[service.tier]
        moment = datetime.combine(day, _NOON)
        usage = self._package.Usage(input_tokens=1, output_tokens=1)
        try:
            found: PriceCalculation = self._package.calc_price(
                usage, model, provider_id=provider, genai_request_timestamp=moment, price_context=context
            )
        except (LookupError, ValueError):
            # ValueError: prices that cannot be worked out from tokens alone.
            return None
        if context and not _lists(found, context, moment):
            return None
        return found if is_the_same(model, found.model, provider) else None

    def _price(self, model: str, found: PriceCalculation, service: Service) -> Price | None:
        listed = found.model_price
        told = {kind: getattr(listed, f"{kind}_mtok", None) for kind in _KINDS}
        if any(_is_between(value, service.above) for value in told.values()):
            return None
        tokens = {kind: _of_length(value, service.above) for kind, value in told.items()}
        entered, written = tokens["input"], tokens["output"]
        if entered is None or written is None:
            return None
        notes = [f"listed as {found.model.id} of {found.provider.id}"]
        if service.above == 0 and any(hasattr(value, "tiers") for value in told.values()):
            notes.append("long prompts cost more; the price of short ones is used")
        if listed.requests_kcount:
            notes.append("a price for each request is left out")
        return Price(
            model=model,
            input=entered,
            output=written,
            cached_input=tokens["cache_read"],
            cache_write=tokens["cache_write"],
            cache_write_1h=tokens["cache_write_1h"],
            origin=Origin.ASSUMED,
            source=self.name,
            notes=tuple(notes),
        )


class _Later(ModuleType):
    """A package that is loaded in place when anything of it is used, its submodules included.

    `importlib.util.LazyLoader` does the same, but takes an `import` of the package for a use of it.
    """

    def __getattr__(self, name: str) -> Any:
        spec: Any = self.__spec__
        package: Any = self
        package.__class__ = ModuleType
        package.__path__ = spec.submodule_search_locations
        spec.loader.exec_module(package)
        return getattr(package, name)


def _put_off(name: str) -> None:
    """Have a package loaded when something of it is first used, and not when it is imported."""
    spec = None if name in sys.modules else find_spec(name)
    if spec is not None and spec.loader is not None:
        module = module_from_spec(spec)
        del module.__path__
        module.__class__ = _Later
        sys.modules[name] = module


_KINDS = ("input", "output", "cache_read", "cache_write", "cache_write_1h")
_CONTEXTS: Mapping[Tier, Mapping[str, str]] = {
    Tier.STANDARD: {},
    Tier.BATCH: {"processing": "batch"},
    Tier.FLEX: {"service_tier": "flex"},
    Tier.PRIORITY: {"service_tier": "priority"},
    Tier.FAST: {"service_tier": "fast", "speed": "fast"},
}
"""What the package calls the tiers that it may have a price for."""


def _lists(found: PriceCalculation, context: Mapping[str, str], moment: datetime) -> bool:
    """Return whether the package lists prices for a context: without any it would give the standard ones."""
    return any(found.model is model for model in found.provider.models) and any(
        (variant.constraint is None or variant.constraint.active(moment))
        and all(context.get(name) == value for name, value in variant.when.items())
        for variant in found.model.price_variants or ()
    )


def _of_length(price: Any, above: int) -> float | None:
    """Return a price in USD per million tokens, which all tokens of an input of more than `above` have."""
    value = getattr(price, "base", price)
    for tier in getattr(price, "tiers", ()):
        if tier.start <= above:
            value = tier.price
    return float(value) if isinstance(value, Decimal) else None


def _is_between(price: Any, above: int) -> bool:
    """Return whether a price changes between two bounds: which inputs are beyond it is not known."""
    return any(
        tier.start not in BOUNDS and above and above < tier.start < next_bound(above)
        for tier in getattr(price, "tiers", ())
    )
