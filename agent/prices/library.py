"""The public prices that are part of the package genai-prices. Nothing is fetched."""

from __future__ import annotations

import sys
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

    def find(self, model: str, day: date, provider: str | None = None) -> Price | None:
        """The price of a model on a day; None when the package does not know it.

        Args:
            model: as a usage record names it; `provider/model` is understood.
            day: prices with dates are taken as of noon, UTC.
            provider: as the package names it; without one the first provider with such a model is taken.
        """
        if provider is not None:
            found = self._calculate(model, day, provider)
            return None if found is None else self._price(model, found)
        identity = identify(model)
        found = None if identity is None else self._calculate(identity.name, day, identity.provider)
        if identity is None and "/" in model:
            # A provider that is known to the package, whatever it may be called by others.
            before, _, rest = model.partition("/")
            found = self._calculate(rest, day, before)
        return None if found is None else self._price(model, found)

    def _calculate(self, model: str, day: date, provider: str | None) -> PriceCalculation | None:
        moment = datetime.combine(day, _NOON)
        usage = self._package.Usage(input_tokens=1, output_tokens=1)
        try:
            found: PriceCalculation = self._package.calc_price(
                usage, model, provider_id=provider, genai_request_timestamp=moment
            )
        except (LookupError, ValueError):
            # ValueError: prices that cannot be worked out from tokens alone.
            return None
        return found if is_the_same(model, found.model, provider) else None

    def _price(self, model: str, found: PriceCalculation) -> Price | None:
        listed = found.model_price
        tokens = {kind: _base(getattr(listed, f"{kind}_mtok")) for kind in _KINDS}
        entered, written = tokens["input"], tokens["output"]
        if entered is None or written is None:
            return None
        notes = [f"listed as {found.model.id} of {found.provider.id}"]
        if any(hasattr(getattr(listed, f"{kind}_mtok"), "tiers") for kind in _KINDS):
            notes.append("long prompts cost more; the price of short ones is used")
        if listed.requests_kcount:
            notes.append("a price for each request is left out")
        return Price(
            model=model,
            input=entered,
            output=written,
            cached_input=tokens["cache_read"],
            cache_write=tokens["cache_write"],
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


_KINDS = ("input", "output", "cache_read", "cache_write")


def _base(price: Any) -> float | None:
    """Return a price in USD per million tokens; of a tiered price, its first tier."""
    value = getattr(price, "base", price)
    return float(value) if isinstance(value, Decimal) else None
