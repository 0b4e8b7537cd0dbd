"""Which systems one view of the status page shows: found by a search, in an order, and on which page of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import NamedTuple
from urllib.parse import parse_qs, urlencode

from leverwatch.agent.snapshot import SystemView
from leverwatch.agent.web.page.attention import by_attention, flags

PAGE_SIZE = 50
"""Systems on one page."""
FEW = 10
"""Up to so many systems are seen at once: nothing is offered to find one among them."""

_LONGEST = 200
_MOST_FIELDS = 10


class Order(StrEnum):
    """In which order systems are shown; the value is that of `sort` in the address."""

    ATTENTION = "attention"
    NAME = "name"
    VOLUME = "volume"


ORDER_NAMES: Mapping[Order, str] = {
    Order.ATTENTION: "what needs attention",
    Order.NAME: "name",
    Order.VOLUME: "volume",
}


@dataclass(frozen=True, slots=True)
class View:
    """What the address of the page asks for."""

    search: str = ""
    order: Order = Order.ATTENTION
    page: int = 1
    system: str | None = None
    """The one system that is shown, whatever else is asked for; None: those that are found."""

    @classmethod
    def of(cls, query: str) -> View:
        """Read the query of an address. Whatever is not understood is as if it was not there."""
        try:
            fields = parse_qs(query, max_num_fields=_MOST_FIELDS)
        except ValueError:
            return cls()
        if "system" in fields:
            return cls(system=fields["system"][0])
        search, sort, page = (fields.get(name, [""])[0].strip() for name in ("q", "sort", "page"))
        number = int(page) if page.isascii() and page.isdigit() and len(page) < len(str(10**9)) else 1
        order = Order(sort) if sort in set(Order) else Order.ATTENTION
        return cls(search[:_LONGEST], order, max(number, 1))

    def address(self, page: int | None = None, order: Order | None = None) -> str:
        """The address of the same search on another page, or in another order from its first page on."""
        fields = {"q": self.search, "sort": order or self.order, "page": page or 1}
        left_out = {"q": "", "sort": Order.ATTENTION}
        return f"?{urlencode([(name, value) for name, value in fields.items() if value != left_out.get(name)])}"

    @staticmethod
    def of_system(name: str) -> str:
        """The address of one system, which stays the same."""
        return f"?{urlencode({'system': _readable(name)})}"

    @staticmethod
    def search_for(words: str) -> str:
        """The address of all systems that have these words in their name or their flags."""
        return f"?{urlencode({'q': words})}"


class Listing(NamedTuple):
    """The systems of one page, and where they are among all of them."""

    systems: Sequence[SystemView]
    view: View
    """What was asked for, with a page that exists."""
    total: int
    """All systems."""
    found: int
    """Those that the search found."""
    pages: int

    @property
    def first(self) -> int:
        """The number of the first system of the page among those found; the first of all is 1."""
        return (self.view.page - 1) * PAGE_SIZE + 1

    @property
    def last(self) -> int:
        """The number of the last system of the page."""
        return self.first + len(self.systems) - 1


def listing(systems: Sequence[SystemView], view: View) -> Listing:
    """Return the page of the systems that a view shows; a page beyond the last one is the last one."""
    found = systems
    if view.system is not None:
        found = [system for system in systems if _readable(system.system) == view.system]
    elif view.search:
        found = [system for system in systems if _is_found(system, view.search.casefold())]
    ordered = _ORDERS[view.order](found)
    pages = max(-(-len(ordered) // PAGE_SIZE), 1)
    page = min(view.page, pages)
    start = (page - 1) * PAGE_SIZE
    return Listing(ordered[start : start + PAGE_SIZE], replace(view, page=page), len(systems), len(ordered), pages)


def _readable(name: str) -> str:
    """A name as an address can have it: JSON allows half characters."""
    return name.encode("utf-8", "replace").decode()


def _is_found(view: SystemView, words: str) -> bool:
    return words in view.system.casefold() or any(words in flag.word.casefold() for flag in flags(view))


def _by_name(systems: Sequence[SystemView]) -> list[SystemView]:
    return sorted(systems, key=lambda view: view.system)


def _by_volume(systems: Sequence[SystemView]) -> list[SystemView]:
    """The largest first; those whose volume is unknown last, as it is no zero."""

    def order(view: SystemView) -> tuple[bool, float, str]:
        volume = view.verdict.volume.monthly_inferences
        return volume is None, -(volume or 0.0), view.system

    return sorted(systems, key=order)


_ORDERS: Mapping[Order, Callable[[Sequence[SystemView]], list[SystemView]]] = {
    Order.ATTENTION: by_attention,
    Order.NAME: _by_name,
    Order.VOLUME: _by_volume,
}
