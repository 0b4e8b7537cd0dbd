"""Looks prices up: in the user's file first, then in the public list; a model in neither is unpriced."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import TYPE_CHECKING

from msgspec.structs import replace

from leverwatch.agent.framework.economics.amounts import Price, Unpriced
from leverwatch.agent.framework.model_names import spellings
from leverwatch.agent.prices.library import PriceLibrary
from leverwatch.agent.prices.model_ids import base_of
from leverwatch.agent.prices.service import STANDARD, Service

if TYPE_CHECKING:
    from leverwatch.agent.prices.entries import PriceList


class PriceBook:
    """Looks prices up in one version of the price file, and caches the results."""

    def __init__(
        self,
        own: PriceList | None = None,
        public: PriceLibrary | None = None,
        *,
        unusable: str | None = None,
        deployments: Mapping[str, str] | None = None,
        no_public: str = "public prices are not in use",
    ) -> None:
        """Make a price book.

        Args:
            own: the entries of the user's file; None without one.
            public: the public list; None when it is not used.
            unusable: the name of a configured file no version of which could be read. Then every price is unknown:
                the file may say something else than the public list, which must not replace it.
            no_public: why there is no public list.
            deployments: the model behind each name that only its owner can explain.
        """
        self._unusable = unusable
        self._own = own
        self._public = public
        self._deployments = deployments or {}
        self._no_public = no_public
        self._known: dict[tuple[str, date, str | None, bool, str], Price | Unpriced] = {}

    def says_the_same(self, other: PriceBook) -> bool:
        """Whether both look prices up in the same lists, so that a day has the same price in both."""
        mine, its = (
            (book._unusable, book._own, book._public, book._deployments, book._no_public)  # noqa: SLF001
            for book in (self, other)
        )
        return all(one is another or one == another for one, another in zip(mine, its, strict=True))

    def price(
        self, model: str, day: date, provider: str | None = None, *, of_base: bool = True, tier: str = ""
    ) -> Price | Unpriced:
        """Return the price of `model` on `day` in USD per million tokens; `Unpriced`, never zero, when unknown.

        `of_base`: whether a fine-tuned model without a price of its own has that of the model it was made of.
        `tier`: the service tier and the length of the input, as `collectors/records/service_tiers.py` has them. A
        tier without a price of its own is unpriced; a long input without one costs what a short one does.
        """
        key = (model, day, provider, of_base, tier)
        found = self._known.get(key)
        if found is None:
            found = self._known[key] = self._find(model, day, provider, Service.of(tier), of_base=of_base)
        return found

    def _find(
        self, model: str, day: date, provider: str | None, service: Service, *, of_base: bool
    ) -> Price | Unpriced:
        if self._unusable is not None:
            return Unpriced(model, f"{self._unusable} cannot be used")
        name = next((self._deployments[it.name] for it in spellings(model) if it.name in self._deployments), model)
        notes = () if name == model else (f"a deployment of {name}",)
        price = self._listed(name, day, provider, service)
        if price is None and of_base and (base := base_of(name)) is not None:
            price = self._listed(base, day, provider, service)
            notes = (*notes, f"of {base}: fine-tuned models often cost more")
        if isinstance(price, Unpriced):
            return replace(price, model=model)
        if price is not None:
            return replace(price, model=model, notes=(*price.notes, *notes)) if notes else price
        own = "no price file is configured" if self._own is None else f"{self._own.name} has no entry for it"
        public = self._no_public if self._public is None else f"{self._public.name} does not list it"
        return Unpriced(model, f"{own}, and {public}")

    def _listed(self, model: str, day: date, provider: str | None, service: Service) -> Price | Unpriced | None:
        """Return the price in the first list that has the model; `Unpriced` when that does not have the tier."""
        for source in (self._own, self._public):
            if source is None:
                continue
            price = source.find(model, day, provider, service)
            if price is not None:
                return price
            if service != STANDARD and source.find(model, day, provider) is not None:
                return Unpriced(model, f"{source.name} has no price of it for {service.words}")
        return None
