"""The models of the price file, and the rule that picks the entry for a model and a day."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from fnmatch import fnmatchcase
from typing import Annotated, Literal

from msgspec import Struct
from pydantic import Field

from leverwatch.agent.config.numbers import NoBool
from leverwatch.agent.framework.economics.amounts import Origin, Price
from leverwatch.agent.framework.model_names import spellings
from leverwatch.agent.prices.model_ids import own_names
from leverwatch.agent.prices.service import STANDARD, Service
from leverwatch.collectors.config import Model
from leverwatch.collectors.records.service_tiers import BOUNDS

# Beyond any price; times the tokens of a year it is still a number.
Usd = Annotated[float, Field(ge=0, le=1_000_000, allow_inf_nan=False), NoBool]
Pattern = Annotated[str, Field(min_length=1, max_length=200, pattern=r"\S")]

TierName = Literal["batch", "flex", "priority", "fast", "reserved", "other"]


class PriceEntry(Model):
    """The prices of one model, or of all models whose names match a glob, from a day on."""

    model: Pattern = Field(
        description="Name of the model as it is in the usage records; * stands for any characters, ? for one.",
        examples=["gpt-4o-mini*"],
    )
    provider: Pattern | None = Field(default=None, description="Only for this provider.", examples=["openai"])
    since: date | None = Field(
        default=None,
        alias="from",
        description="First day of these prices; without it they hold from the beginning.",
        examples=["2026-01-01"],
    )
    input: Usd = Field(description="USD for a million input tokens.")
    output: Usd = Field(description="USD for a million output tokens.")
    cached_input: Usd | None = Field(
        default=None, description="USD for a million input tokens read from a cache; default: as `input`."
    )
    cache_write: Usd | None = Field(
        default=None, description="USD for a million input tokens written to a cache; default: as `input`."
    )
    cache_write_1h: Usd | None = Field(
        default=None,
        description="USD for a million of those that are kept for an hour; default: as `cache_write`.",
    )
    tier: TierName | None = Field(
        default=None,
        description="Only for calls of this service tier, which have no price without such an entry; default: the"
        " standard tier.",
        examples=["batch"],
    )
    above: Literal[BOUNDS] | None = Field(  # type: ignore[valid-type]  # the bounds that records are told apart by
        default=None,
        description="Only for calls with more input tokens than this; others have the price of the entry without.",
        examples=[200_000],
    )
    training: Usd | None = Field(default=None, description="USD for a million training tokens.")
    hosting_per_hour: Usd | None = Field(
        default=None, description="USD for an hour of one dedicated instance that serves this model."
    )


class PriceFile(Model):
    """A file of prices."""

    prices: tuple[PriceEntry, ...] = Field(description="The entries, in any order.")


class EntryAtLine(Struct, frozen=True):
    """An entry with the line of the file that it starts on."""

    entry: PriceEntry
    line: int


class PriceList:
    """The entries of one file, indexed for look-ups."""

    def __init__(self, name: str, entries: Iterable[EntryAtLine]) -> None:
        self.name = name
        """The name of the file, shown with each price."""
        ranked = sorted(entries, key=_rank)
        self._size = len(ranked)
        # A file may have thousands of full names, and each model is looked up every day.
        self._full: dict[str, list[EntryAtLine]] = {}
        self._patterns: list[EntryAtLine] = []
        for placed in ranked:
            wild = _wild(placed.entry.model) > 0
            (self._patterns if wild else self._full.setdefault(placed.entry.model, [])).append(placed)

    def __len__(self) -> int:
        return self._size

    def find(
        self, model: str, day: date, provider: str | None = None, service: Service = STANDARD
    ) -> Price | None:
        """The price of a model on a day, for a kind of service; None when no entry fits.

        A full name outranks a pattern, a pattern with more characters one with fewer, an entry with the provider
        one without, one for longer inputs one for shorter ones; of what is left, the latest `from` that is not
        after the day counts. A name without the provider that is before it is looked up after the name itself, and
        before any pattern. What clouds call a model, and what it is called without its date, comes last.
        """
        known = list(spellings(model))
        full = ((name, it, placed) for name, it in known for placed in self._full.get(name, ()))
        wild = ((name, it, placed) for name, it in known for placed in self._patterns)
        for name, before, placed in (*full, *wild):
            if _holds(placed.entry, day, frozenset({provider or before}), service) and fnmatchcase(
                name, placed.entry.model
            ):
                return self._price(model, placed)
        for other in own_names(model):
            at = frozenset({provider}) if provider is not None else other.words
            for placed in (*self._full.get(other.name, ()), *self._patterns):
                if _holds(placed.entry, day, at, service) and fnmatchcase(other.name, placed.entry.model):
                    return self._price(model, placed, f"the price of {other.name}")
        return None

    def _price(self, model: str, placed: EntryAtLine, *notes: str) -> Price:
        entry = placed.entry
        return Price(
            model=model,
            input=entry.input,
            output=entry.output,
            cached_input=entry.cached_input,
            cache_write=entry.cache_write,
            cache_write_1h=entry.cache_write_1h,
            training=entry.training,
            hosting_per_hour=entry.hosting_per_hour,
            origin=Origin.CONFIGURED,
            source=f"{self.name}:{placed.line}",
            notes=notes,
        )


def _holds(entry: PriceEntry, day: date, providers: frozenset[str | None], service: Service) -> bool:
    """Return whether an entry holds on a day for a model of one of these providers, and for a kind of service."""
    return (
        (entry.since is None or entry.since <= day)
        and (entry.provider is None or entry.provider in providers)
        and (entry.tier or "") == service.tier
        and (entry.above or 0) <= service.above
    )


def _rank(placed: EntryAtLine) -> tuple[bool, int, bool, int, int, str]:
    """The sort key of an entry: more specific ones come first, whatever their order in the file."""
    entry = placed.entry
    wild = _wild(entry.model)
    latest = -(entry.since.toordinal() if entry.since else 0)
    return wild > 0, wild - len(entry.model), entry.provider is None, -(entry.above or 0), latest, entry.model


def _wild(pattern: str) -> int:
    return sum(pattern.count(mark) for mark in "*?[")
