"""The price of a model: the user's file first, then the public list, else unknown."""

from __future__ import annotations

from datetime import date

from leverwatch.agent.framework.economics.model import Price, Unpriced
from leverwatch.agent.prices.entries import PriceList
from leverwatch.agent.prices.library import PriceLibrary


class PriceBook:
    """Answers for one state of the price file; answers are remembered."""

    def __init__(
        self, own: PriceList | None = None, public: PriceLibrary | None = None, *, unusable: str | None = None
    ) -> None:
        """Take the sources.

        Args:
            own: the user's file.
            public: the public list.
            unusable: name of a file of the user of which no version can be used. Public prices do not stand in for
                it, because it outranks them and may say something else: then every price is unknown.
        """
        self._unusable = unusable
        self._own = own
        self._public = public
        self._known: dict[tuple[str, date, str | None], Price | Unpriced] = {}

    def price(self, model: str, day: date, provider: str | None = None) -> Price | Unpriced:
        """What `model` cost on `day`. A model that nobody prices is unknown, never free."""
        key = (model, day, provider)
        found = self._known.get(key)
        if found is None:
            found = self._known[key] = self._find(model, day, provider)
        return found

    def _find(self, model: str, day: date, provider: str | None) -> Price | Unpriced:
        if self._unusable is not None:
            return Unpriced(model, f"{self._unusable} cannot be used")
        for source in (self._own, self._public):
            price = source.find(model, day, provider) if source is not None else None
            if price is not None:
                return price
        own = "no price file is configured" if self._own is None else f"{self._own.name} has no entry for it"
        if self._public is None:
            public = "public prices are not in use"
        else:
            public = f"{self._public.name} does not list it"
        return Unpriced(model, f"{own}, and {public}")
