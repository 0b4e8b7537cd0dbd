"""Which systems a page of many shows, and what an address asks for."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from leverwatch.agent.snapshot import SystemView
from leverwatch.agent.web.page.attention import by_attention
from leverwatch.agent.web.page.listing import PAGE_SIZE, Order, View, listing
from tests.agent.exporter import samples


def many(count: int) -> Sequence[SystemView]:
    """Systems of every kind, with names that do not sort as they come."""
    kinds = samples.systems().systems
    return [
        replace(kinds[number % len(kinds)], system=f"s-{number * 7919 % 1000:03}-{number}")
        for number in range(count)
    ]


SYSTEMS = many(3 * PAGE_SIZE - 9)


@pytest.mark.parametrize(
    ("query", "view"),
    [
        ("", View()),
        ("page=1", View()),
        ("page=3", View(page=3)),
        ("page=0", View()),
        ("page=-2", View()),
        ("page=two&sort=colour", View()),
        ("page=%C2%B2", View()),
        ("page=" + "9" * 5000, View()),
        ("q=+Chat+bot%2F2+&sort=name", View("Chat bot/2", Order.NAME)),
        ("q=%C3%BC%FF", View("ü\ufffd")),
        ("q=" + "a" * 500, View("a" * 200)),
        ("q=a&q=b", View("a")),
        ("&".join("q=a" for _ in range(50)), View()),
        ("sort=volume&utm=x", View(order=Order.VOLUME)),
    ],
)
def test_an_address_that_is_not_understood_shows_what_a_plain_one_does(query: str, view: View) -> None:
    assert View.of(query) == view


@given(st.builds(View, st.text(max_size=40).map(str.strip), st.sampled_from(Order), st.integers(1, 10**8)))
def test_a_link_leads_to_the_view_it_was_made_of(view: View) -> None:
    readable = replace_surrogates(view)

    assert View.of(readable.address(readable.page).removeprefix("?")) == readable


def replace_surrogates(view: View) -> View:
    """The view, with a search that an address can have."""
    return View(view.search.encode("utf-8", "replace").decode(), view.order, view.page)


@pytest.mark.parametrize("order", Order)
@pytest.mark.parametrize("search", ["", "s-1", "DIFFERS"])
def test_all_pages_together_show_every_system_that_is_found_once_and_in_order(order: Order, search: str) -> None:
    first = listing(SYSTEMS, View(search, order))
    shown = [
        view.system
        for page in range(1, first.pages + 1)
        for view in listing(SYSTEMS, View(search, order, page)).systems
    ]

    assert len(shown) == len(set(shown)) == first.found > 0
    assert first.total == len(SYSTEMS)
    if not search:
        assert set(shown) == {view.system for view in SYSTEMS}
    if search == "s-1":
        assert set(shown) == {view.system for view in SYSTEMS if "s-1" in view.system}
    if order is Order.NAME:
        assert shown == sorted(shown)


def test_the_first_page_begins_with_what_needs_attention() -> None:
    assert listing(SYSTEMS, View()).systems == by_attention(SYSTEMS)[:PAGE_SIZE]


def test_a_volume_that_is_unknown_comes_after_all_that_are_known() -> None:
    found = listing(samples.systems().systems, View(order=Order.VOLUME)).systems
    volumes = [view.verdict.volume.monthly_inferences for view in found]
    known = [volume for volume in volumes if volume is not None]

    assert None in volumes
    assert volumes == [*sorted(known, reverse=True), *[None] * (len(volumes) - len(known))]


@pytest.mark.parametrize(("page", "shown"), [(1, (1, 50)), (3, (101, 141)), (99, (101, 141))])
def test_a_page_says_where_it_is_and_one_beyond_the_last_is_the_last(page: int, shown: tuple[int, int]) -> None:
    found = listing(SYSTEMS, View(page=page))

    assert (found.first, found.last) == shown
    assert (found.view.page, found.pages) == (min(page, 3), 3)


def test_without_any_system_there_is_one_page() -> None:
    assert listing((), View(page=4)).pages == 1
    assert listing(SYSTEMS, View("no such name")).systems == []
